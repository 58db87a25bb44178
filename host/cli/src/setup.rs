//! Runtimes, accounts and engines, by the global options.

use std::path::{Path, PathBuf};

use tokio::runtime::{Builder, Runtime};
use unified_ticketing::store::{Secret, Sqlite};
use unified_ticketing::{Account, Accounts, Engine, EngineBuilder, FileAccounts};
use unified_ticketing_sandbox::Sandbox;

use crate::args::Global;
use crate::error::{CliError, ExitStatus};

/// The scope of the program's idempotency keys.
pub(crate) const SCOPE: &str = "cli";

/// The variable that can have the store's secret.
const SECRET: &str = "UNIFIED_TICKETING_SECRET";

/// Starts a runtime for one call at a time.
pub(crate) fn call_runtime() -> Result<Runtime, CliError> {
    start(&mut Builder::new_current_thread())
}

/// Starts a runtime for a server, with a thread for each processor.
pub(crate) fn server_runtime() -> Result<Runtime, CliError> {
    start(&mut Builder::new_multi_thread())
}

fn start(builder: &mut Builder) -> Result<Runtime, CliError> {
    builder.enable_all().build().map_err(|error| {
        CliError::new(
            ExitStatus::Other,
            format!("the runtime does not start: {error}"),
        )
    })
}

impl Global {
    /// Returns the accounts of the sandbox, which is started in this process, or of the accounts file.
    ///
    /// Must be called within a runtime.
    pub(crate) async fn open_accounts(&self) -> Result<FileAccounts, CliError> {
        if !self.sandbox {
            return self.read_accounts();
        }
        let sandbox = Sandbox::bind(([127, 0, 0, 1], 0).into()).await;
        let sandbox = sandbox.map_err(|error| {
            CliError::new(
                ExitStatus::Other,
                format!("the sandbox does not start: {error}"),
            )
        })?;
        let accounts = FileAccounts::parse(
            Path::new("the sandbox's accounts"),
            &sandbox.accounts_file(),
            |_| None,
        );
        // The sandbox ends with the process.
        tokio::spawn(sandbox.serve(std::future::pending()));
        accounts.map_err(|error| CliError::accounts(&error))
    }

    fn read_accounts(&self) -> Result<FileAccounts, CliError> {
        FileAccounts::from_file(&self.accounts).map_err(|error| {
            let error = CliError::accounts(&error);
            if self.accounts.exists() {
                error
            } else {
                error.hint("name a file with `--accounts FILE`, or try things out with `--sandbox`")
            }
        })
    }

    /// Returns a builder of an engine, with these accounts and the limits of the options.
    pub(crate) fn engine_builder(
        &self,
        accounts: impl Accounts + 'static,
    ) -> Result<EngineBuilder, CliError> {
        let mut builder = Engine::builder()
            .accounts(accounts)
            .deadline(self.deadline)
            .settle(self.settle)
            .max_memory(self.max_memory)
            .max_cpu(self.max_cpu)
            .max_requests(self.max_requests)
            .max_response_body(self.max_response_body)
            .max_response_headers(self.max_response_headers);
        if let Some(url) = &self.store {
            let (store, secret) = self.open_store(url)?;
            builder = builder.store(store, secret);
        }
        let Some(file) = &self.ca_file else {
            return Ok(builder);
        };
        let pem = std::fs::read(file).map_err(|error| {
            CliError::new(
                ExitStatus::Configuration,
                format!("--ca-file {}: {error}", file.display()),
            )
        })?;
        Ok(builder.root_certificates(pem))
    }

    /// Opens the store of this URL, and its secret.
    fn open_store(&self, url: &str) -> Result<(Sqlite, Secret), CliError> {
        let failed = |message: String| {
            CliError::new(
                ExitStatus::Configuration,
                format!("--store {url}: {message}"),
            )
        };
        let path = url
            .strip_prefix("sqlite:")
            .filter(|path| !path.is_empty())
            .ok_or_else(|| failed("expected `sqlite:PATH`".to_owned()))?;
        let secret = match (&self.secret, std::env::var(SECRET)) {
            (Some(file), _) => Secret::from_file_or_new(file),
            (None, Ok(text)) => Secret::from_text(&text),
            (None, Err(_)) => Secret::create_beside(path),
        };
        let secret = secret.map_err(|error| failed(error.to_string()))?;
        if let Some(warning) = secret.warning() {
            tracing::warn!("{warning}");
        }
        let store = Sqlite::open(path, &secret).map_err(|error| failed(error.to_string()))?;
        Ok((store, secret))
    }

    /// Returns these options with a store: the one that they name, else a file in the state folder. The sandbox of this process
    /// forgets everything at its end, so its store is in `scratch`.
    pub(crate) fn with_store(&self, scratch: &Path) -> Result<Self, CliError> {
        let mut global = self.clone();
        if global.store.is_none() {
            let folder = if self.sandbox {
                scratch.to_owned()
            } else {
                state_folder()?
            };
            global.store = Some(format!("sqlite:{}", folder.join("import.db").display()));
        }
        Ok(global)
    }

    /// Builds an engine for one call at a time.
    pub(crate) fn engine(&self, accounts: FileAccounts) -> Result<Engine, CliError> {
        let builder = self.engine_builder(accounts)?.scope(SCOPE);
        let engine = builder.max_instances(1).build();
        engine.map_err(|error| CliError::new(ExitStatus::Configuration, error.to_string()))
    }
}

/// Returns the folder for what the program remembers, and makes it for the user alone.
fn state_folder() -> Result<PathBuf, CliError> {
    // Only Linux has a folder of this kind; elsewhere it is among the user's data.
    let base = dirs::state_dir().or_else(dirs::data_local_dir);
    let folder = base.map(|base| base.join("unified-ticketing"));
    let folder = folder.ok_or_else(|| {
        let message = "there is no folder for the store: the user has no home";
        CliError::new(ExitStatus::Configuration, message)
            .hint("name one with `--store sqlite:PATH`")
    })?;
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(&folder).map_err(|error| {
        let message = format!("{}: {error}", folder.display());
        CliError::new(ExitStatus::Configuration, message)
            .hint("name another store with `--store sqlite:PATH`")
    })?;
    Ok(folder)
}

/// Returns the account of this id or name.
pub(crate) fn find_account<'a>(
    accounts: &'a FileAccounts,
    id_or_name: &str,
) -> Result<&'a Account, CliError> {
    accounts.find(id_or_name).ok_or_else(|| {
        let known: Vec<String> = accounts
            .iter()
            .map(|account| format!("`{}`", account.name().unwrap_or(account.id())))
            .collect();
        let known = if known.is_empty() {
            "none at all".to_owned()
        } else {
            known.join(", ")
        };
        CliError::unknown_account(&format!(
            "there is no account `{id_or_name}`; there is {known}"
        ))
    })
}
