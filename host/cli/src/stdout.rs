//! Whether the process was started without a standard output.
//!
//! The standard library then opens `/dev/null` as standard output before `main` starts, and a result would be lost in silence. So
//! this is checked earlier.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

static CLOSED: AtomicBool = AtomicBool::new(false);

#[cfg(unix)]
#[ctor::ctor(unsafe)]
fn record() {
    let flags = rustix::io::fcntl_getfd(io::stdout());
    CLOSED.store(flags.is_err(), Ordering::Relaxed);
}

/// Fails if standard output was closed at the start.
pub(crate) fn ensure_open() -> io::Result<()> {
    #[cfg(unix)]
    if CLOSED.load(Ordering::Relaxed) {
        return Err(rustix::io::Errno::BADF.into());
    }
    Ok(())
}
