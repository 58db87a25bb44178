//! Signals that ask a command to stop.

/// Listens to interrupts and to requests to terminate. They no longer end the process by themselves.
pub(super) struct Stop {
    #[cfg(unix)]
    signals: Option<(tokio::signal::unix::Signal, tokio::signal::unix::Signal)>,
}

impl Stop {
    /// Listens from now on. Must be called within a runtime.
    pub(super) fn listen() -> Self {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let interrupt = signal(SignalKind::interrupt());
            let terminate = signal(SignalKind::terminate());
            Self {
                // Where they cannot be listened to, they end the process.
                signals: interrupt.ok().zip(terminate.ok()),
            }
        }
        #[cfg(not(unix))]
        Self {}
    }

    /// Resolves when one has come.
    pub(super) async fn signalled(&mut self) {
        #[cfg(unix)]
        match &mut self.signals {
            Some((interrupt, terminate)) => {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
            }
            None => std::future::pending().await,
        }
        #[cfg(not(unix))]
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
