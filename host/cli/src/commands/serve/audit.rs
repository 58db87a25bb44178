//! `--audit`.

use std::path::Path;

use unified_ticketing::EngineBuilder;
use unified_ticketing::audit::FileAudit;
use unified_ticketing::store::Secret;

use crate::args::Global;
use crate::error::{CliError, ExitStatus};
use crate::setup::secret_of_environment;

/// Has the engine write its audit to this file. The MACs in it are under the store's secret, or, without a store, under one of its
/// own.
pub(super) fn open(
    file: &Path,
    global: &Global,
    builder: EngineBuilder,
) -> Result<EngineBuilder, CliError> {
    let failed = |error: &dyn std::error::Error| {
        let message = format!("--audit {}: {error}", file.display());
        CliError::new(ExitStatus::Configuration, message)
    };
    let mut builder = builder;
    if global.store.is_none() {
        // Before the file: without its secret, a file that is there is an error.
        let secret = match secret_of_environment() {
            Some(secret) => secret,
            None if is_regular_or_missing(file) => Secret::create_beside(file),
            // Nothing is made beside a device.
            None => Secret::random(),
        };
        let secret = secret.map_err(|error| failed(&error))?;
        if let Some(warning) = secret.warning() {
            tracing::warn!("{warning}");
        }
        builder = builder.audit_secret(secret);
    }
    let audit = FileAudit::open(file).map_err(|error| failed(&error))?;
    Ok(builder.audit(audit))
}

fn is_regular_or_missing(file: &Path) -> bool {
    std::fs::metadata(file).map_or(true, |metadata| metadata.is_file())
}
