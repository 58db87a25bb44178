//! `sandbox`: the simulators as a server.

use std::net::SocketAddr;

use unified_ticketing_sandbox::Sandbox;

use crate::failure::{Failure, Status};
use crate::setup::server_runtime;
use crate::signal::Stop;
use crate::terminal::Terminal;

pub(super) fn serve(listen: SocketAddr, terminal: &mut Terminal) -> Result<(), Failure> {
    server_runtime()?.block_on(async {
        let mut stop = Stop::listen();
        let sandbox = Sandbox::bind(listen).await;
        let sandbox = sandbox.map_err(|error| Failure::cannot_listen(listen, &error))?;
        terminal.note(&format!(
            "the sandbox listens on http://{}; interrupt to stop",
            sandbox.address()
        ));
        terminal.result(sandbox.accounts_file().as_bytes())?;
        sandbox
            .serve(stop.signalled())
            .await
            .map_err(|error| Failure::new(Status::Other, format!("the sandbox stopped: {error}")))
    })
}
