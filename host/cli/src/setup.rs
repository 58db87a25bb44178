//! From the global options to accounts and an engine.

use std::path::Path;

use tokio::runtime::{Builder, Runtime};
use unified_ticketing::{Account, Accounts, Engine, EngineBuilder, FileAccounts};
use unified_ticketing_sandbox::Sandbox;

use crate::args::Global;
use crate::failure::{Failure, Status};

/// A runtime for one call at a time.
pub(crate) fn runtime() -> Result<Runtime, Failure> {
    started(&mut Builder::new_current_thread())
}

/// A runtime for a server, with a thread for each processor.
pub(crate) fn server_runtime() -> Result<Runtime, Failure> {
    started(&mut Builder::new_multi_thread())
}

fn started(builder: &mut Builder) -> Result<Runtime, Failure> {
    builder.enable_all().build().map_err(|error| {
        Failure::new(
            Status::Other,
            format!("the runtime does not start: {error}"),
        )
    })
}

impl Global {
    /// The accounts: those of the sandbox, which then is started in this process, or those of the file.
    ///
    /// Must be called within a runtime.
    pub(crate) async fn open_accounts(&self) -> Result<FileAccounts, Failure> {
        if !self.sandbox {
            return self.read_accounts();
        }
        let sandbox = Sandbox::bind(([127, 0, 0, 1], 0).into()).await;
        let sandbox = sandbox.map_err(|error| {
            Failure::new(
                Status::Other,
                format!("the sandbox does not start: {error}"),
            )
        })?;
        let accounts = FileAccounts::parse(
            Path::new("the sandbox's accounts"),
            &sandbox.accounts_file(),
            |_| None,
        );
        // It ends with the process.
        tokio::spawn(sandbox.serve(std::future::pending()));
        accounts.map_err(|faults| Failure::accounts(&faults))
    }

    fn read_accounts(&self) -> Result<FileAccounts, Failure> {
        FileAccounts::read(&self.accounts).map_err(|faults| {
            let failure = Failure::accounts(&faults);
            if self.accounts.exists() {
                failure
            } else {
                failure
                    .hint("name a file with `--accounts FILE`, or try things out with `--sandbox`")
            }
        })
    }

    /// An engine in the making, with these accounts and the limits of the options.
    pub(crate) fn builder(
        &self,
        accounts: impl Accounts + 'static,
    ) -> Result<EngineBuilder, Failure> {
        let builder = Engine::builder()
            .accounts(accounts)
            .deadline(self.deadline)
            .max_memory(self.max_memory)
            .max_cpu(self.max_cpu)
            .max_requests(self.max_requests)
            .max_response_body(self.max_response_body)
            .max_response_headers(self.max_response_headers);
        let Some(file) = &self.ca_file else {
            return Ok(builder);
        };
        let pem = std::fs::read(file).map_err(|error| {
            Failure::new(
                Status::Configuration,
                format!("--ca-file {}: {error}", file.display()),
            )
        })?;
        Ok(builder.root_certificates(pem))
    }

    /// An engine for one call at a time.
    pub(crate) fn engine(&self, accounts: FileAccounts) -> Result<Engine, Failure> {
        let engine = self.builder(accounts)?.max_instances(1).build();
        engine.map_err(|error| Failure::new(Status::Configuration, error.to_string()))
    }
}

/// The account of this id or name.
pub(crate) fn find<'a>(
    accounts: &'a FileAccounts,
    id_or_name: &str,
) -> Result<&'a Account, Failure> {
    accounts.find(id_or_name).ok_or_else(|| {
        let known: Vec<String> = accounts
            .iter()
            .map(|account| format!("`{}`", account.name().unwrap_or(account.id())))
            .collect();
        let there = if known.is_empty() {
            "none at all".to_owned()
        } else {
            known.join(", ")
        };
        Failure::unknown_account(&format!(
            "there is no account `{id_or_name}`; there is {there}"
        ))
    })
}
