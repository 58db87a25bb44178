//! From the global options to accounts and an engine.

use std::path::Path;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use unified_ticketing::{Account, Accounts, Engine, EngineBuilder, FileAccounts};
use unified_ticketing_sandbox::Sandbox;

use super::Global;
use super::failure::{Failure, Status};

/// A duration, such as `30s`, `500ms` or `1m 30s`. A bare number, such as `0.5`, is seconds.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let duration = match text.parse() {
        Ok(seconds) => Duration::try_from_secs_f64(seconds).ok(),
        Err(_) => humantime::parse_duration(text).ok(),
    };
    duration
        .filter(|duration| !duration.is_zero())
        .ok_or_else(|| "expected a positive duration, such as `20s`, `500ms` or `20`".to_owned())
}

/// A size, such as `64MiB`, `4MB` or `1024`.
pub(super) fn size(text: &str) -> Result<usize, String> {
    let size: bytesize::ByteSize = text.parse()?;
    usize::try_from(size.as_u64())
        .ok()
        .filter(|size| *size > 0)
        .ok_or_else(|| "expected a positive size that fits into memory".to_owned())
}

/// A runtime for one call at a time.
pub(super) fn runtime() -> Result<Runtime, Failure> {
    started(&mut Builder::new_current_thread())
}

/// A runtime for a server, with a thread for each processor.
pub(super) fn server_runtime() -> Result<Runtime, Failure> {
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
    pub(super) async fn open_accounts(&self) -> Result<FileAccounts, Failure> {
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
    pub(super) fn builder(
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
    pub(super) fn engine(&self, accounts: FileAccounts) -> Result<Engine, Failure> {
        let engine = self.builder(accounts)?.max_instances(1).build();
        engine.map_err(|error| Failure::new(Status::Configuration, error.to_string()))
    }
}

/// The account of this id or name.
pub(super) fn find<'a>(
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_has_a_unit_or_is_seconds() {
        for (text, milliseconds) in [
            ("30s", 30_000),
            ("500ms", 500),
            ("20", 20_000),
            ("0.3", 300),
            ("1.5s", 1_500),
            ("1m 30s", 90_000),
            ("2min", 120_000),
        ] {
            let expected = Duration::from_millis(milliseconds);
            assert_eq!(duration(text), Ok(expected), "{text}");
        }
        for text in ["", "0", "0s", "-1", "s", "1x", "inf", "nan", "1e400", "1 2"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
