//! Runtimes, accounts and engines, by the global options.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use secrecy::ExposeSecret as _;
use tokio::runtime::{Builder, Runtime};
use unified_ticketing::store::{Secret, SecretError, Store, StoreError, StoreUrl};
use unified_ticketing::{Account, Accounts, Engine, EngineBuilder, FileAccounts, Proxy};
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

    /// Returns a builder of an engine, with these accounts, the store and the limits of the options.
    ///
    /// Must be called within a runtime.
    pub(crate) async fn engine_builder(
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
        if let Some(url) = &self.proxy {
            let proxy = url
                .expose_secret()
                .parse::<Proxy>()
                .map_err(|error| CliError::new(ExitStatus::Usage, format!("--proxy: {error}")))?;
            builder = builder.proxy(proxy);
        }
        let certificates = self.root_certificates()?;
        if let Some(url) = &self.store {
            let opened = open_store(
                url.expose_secret(),
                self.secret.as_deref(),
                certificates.as_deref(),
            );
            let (store, secret) = opened.await?;
            builder = builder.store(store, secret);
        }
        Ok(match certificates {
            Some(pem) => builder.root_certificates(pem),
            None => builder,
        })
    }

    /// The kind of the store: the rest of its URL may hold a password.
    pub(crate) fn store_kind(&self) -> Option<&str> {
        let url = self.store.as_ref()?.expose_secret();
        Some(url.split(':').next().unwrap_or_default())
    }

    /// Reads the file of `--ca-file`.
    fn root_certificates(&self) -> Result<Option<Vec<u8>>, CliError> {
        let read = |file: &PathBuf| {
            std::fs::read(file).map_err(|error| {
                CliError::new(
                    ExitStatus::Configuration,
                    format!("--ca-file {}: {error}", file.display()),
                )
            })
        };
        self.ca_file.as_ref().map(read).transpose()
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
            let url = format!("sqlite:{}", folder.join("import.db").display());
            global.store = Some(url.into());
        }
        Ok(global)
    }

    /// Builds an engine for one call at a time.
    ///
    /// Must be called within a runtime.
    pub(crate) async fn engine(&self, accounts: FileAccounts) -> Result<Engine, CliError> {
        let builder = self.engine_builder(accounts).await?.scope(SCOPE);
        let engine = builder.max_instances(1).build();
        engine.map_err(|error| CliError::new(ExitStatus::Configuration, error.to_string()))
    }
}

/// Opens the store of this URL, and its secret: that of the file or the variable, else the one beside the store or in the state
/// folder. No error has the URL, which may have a password.
async fn open_store(
    url: &str,
    secret_file: Option<&Path>,
    root_certificates: Option<&[u8]>,
) -> Result<(Arc<dyn Store>, Secret), CliError> {
    let url: StoreUrl = url
        .parse()
        .map_err(|error| CliError::new(ExitStatus::Usage, format!("--store: {error}")))?;
    let name = match url.path() {
        Some(path) => format!("--store sqlite:{}", path.display()),
        None => "--store postgres://…".to_owned(),
    };
    let secret = match (secret_file, secret_of_environment(), url.path()) {
        (Some(file), _, _) => Secret::from_file_or_new(file),
        (None, Some(secret), _) => secret,
        (None, None, Some(path)) => Secret::create_beside(path),
        (None, None, None) => Secret::from_file_or_new(state_folder()?.join("store.secret")),
    };
    let secret = secret
        .map_err(|error| CliError::new(ExitStatus::Configuration, format!("{name}: {error}")))?;
    if let Some(warning) = secret.warning() {
        tracing::warn!("{warning}");
    }
    let store = url.open(&secret, root_certificates).await;
    let store = store.map_err(|error| {
        let status = match error {
            // A file that cannot be opened is not there later either.
            StoreError::Unavailable(_) if url.path().is_none() => ExitStatus::Later,
            _ => ExitStatus::Configuration,
        };
        CliError::new(status, format!("{name}: {error}"))
    })?;
    Ok((store, secret))
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
    create_private_folder(&folder).map_err(|error| {
        let message = format!("{}: {error}", folder.display());
        CliError::new(ExitStatus::Configuration, message)
            .hint("name another store with `--store sqlite:PATH`")
    })?;
    Ok(folder)
}

/// Makes a folder for the user alone, unless it is there.
pub(crate) fn create_private_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Returns the secret that the environment has, if it has one.
pub(crate) fn secret_of_environment() -> Option<Result<Secret, SecretError>> {
    let text = std::env::var(SECRET).ok()?;
    Some(Secret::from_text(&text))
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
