//! `sandbox`: the simulators as a server.

use std::net::SocketAddr;

use unified_ticketing_sandbox::Sandbox;

use super::Terminal;
use super::failure::{Failure, Status};
use super::setup::server_runtime;

pub(super) fn serve(listen: SocketAddr, terminal: &mut Terminal) -> Result<(), Failure> {
    server_runtime()?.block_on(async {
        let sandbox = Sandbox::bind(listen).await;
        let sandbox = sandbox.map_err(|error| Failure::cannot_listen(listen, &error))?;
        terminal.note(&format!(
            "the sandbox listens on http://{}; interrupt to stop",
            sandbox.address()
        ));
        terminal.result(sandbox.accounts_file().as_bytes())?;
        sandbox
            .serve(stopped())
            .await
            .map_err(|error| Failure::new(Status::Other, format!("the sandbox stopped: {error}")))
    })
}

/// Resolves when the process is asked to stop.
pub(super) async fn stopped() {
    let interrupted = tokio::signal::ctrl_c();
    #[cfg(unix)]
    if let Ok(mut terminated) =
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
    {
        tokio::select! {
            _ = interrupted => {}
            _ = terminated.recv() => {}
        }
        return;
    }
    let _ = interrupted.await;
}
