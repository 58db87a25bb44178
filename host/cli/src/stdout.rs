//! Whether the process was started without a standard output.
//!
//! The standard library opens `/dev/null` in its place before `main` begins, and a result would be lost without a word. So it is
//! looked at before that.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

static CLOSED: AtomicBool = AtomicBool::new(false);

#[cfg(unix)]
#[ctor::ctor(unsafe)]
fn look() {
    let flags = rustix::io::fcntl_getfd(io::stdout());
    CLOSED.store(flags.is_err(), Ordering::Relaxed);
}

/// Fails where standard output was closed from the start.
pub(crate) fn check() -> io::Result<()> {
    #[cfg(unix)]
    if CLOSED.load(Ordering::Relaxed) {
        return Err(rustix::io::Errno::BADF.into());
    }
    Ok(())
}
