//! The signals that ask a command to stop.

use std::io;

/// SIGINT and SIGTERM, or Ctrl-C. While this exists, they do not end the process by themselves.
pub(crate) struct StopSignal {
    #[cfg(unix)]
    signals: Option<(tokio::signal::unix::Signal, tokio::signal::unix::Signal)>,
}

impl StopSignal {
    /// Listens for the signals; if that fails, they end the process. Must be called within a runtime.
    pub(crate) fn listen() -> Self {
        Self::try_listen().unwrap_or(Self {
            #[cfg(unix)]
            signals: None,
        })
    }

    /// Listens for the signals. Must be called within a runtime.
    ///
    /// # Errors
    ///
    /// The process cannot listen for signals.
    #[cfg_attr(
        not(unix),
        expect(
            clippy::unnecessary_wraps,
            reason = "on Unix, listening for signals can fail"
        )
    )]
    pub(crate) fn try_listen() -> io::Result<Self> {
        Ok(Self {
            #[cfg(unix)]
            signals: {
                use tokio::signal::unix::{SignalKind, signal};
                Some((
                    signal(SignalKind::interrupt())?,
                    signal(SignalKind::terminate())?,
                ))
            },
        })
    }

    /// Waits for a signal.
    pub(crate) async fn received(&mut self) {
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
