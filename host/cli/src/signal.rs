//! Signals that ask a command to stop.

use std::io;

/// Listens to interrupts and to requests to terminate. They no longer end the process by themselves.
pub(crate) struct Stop {
    #[cfg(unix)]
    signals: Option<(tokio::signal::unix::Signal, tokio::signal::unix::Signal)>,
}

impl Stop {
    /// Listens from now on; where that cannot be done, the signals end the process. Must be called within a runtime.
    pub(crate) fn listen() -> Self {
        Self::try_listen().unwrap_or(Self {
            #[cfg(unix)]
            signals: None,
        })
    }

    /// Listens from now on. Must be called within a runtime.
    ///
    /// # Errors
    ///
    /// When the signals cannot be listened to.
    #[cfg_attr(
        not(unix),
        expect(
            clippy::unnecessary_wraps,
            reason = "where there are signals, listening for them can fail"
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

    /// Resolves when one has come.
    pub(crate) async fn signalled(&mut self) {
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
