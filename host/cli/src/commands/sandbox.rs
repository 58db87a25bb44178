//! `sandbox`: serves the simulators.

use std::net::SocketAddr;

use unified_ticketing_sandbox::Sandbox;

use crate::error::{CliError, ExitStatus};
use crate::setup::server_runtime;
use crate::signal::StopSignal;
use crate::terminal::Terminal;

pub(super) fn serve(listen: SocketAddr, terminal: &mut Terminal) -> Result<(), CliError> {
    server_runtime()?.block_on(async {
        let mut stop = StopSignal::listen();
        let sandbox = Sandbox::bind(listen).await;
        let sandbox = sandbox.map_err(|error| CliError::cannot_listen(listen, &error))?;
        terminal.note(&format!(
            "the sandbox listens on http://{}; interrupt to stop",
            sandbox.address()
        ));
        terminal.result(sandbox.accounts_file().as_bytes())?;
        sandbox.serve(stop.received()).await.map_err(|error| {
            CliError::new(ExitStatus::Other, format!("the sandbox stopped: {error}"))
        })
    })
}
