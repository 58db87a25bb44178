//! What the tests of the library share: a provider's accounts, and the log.

use std::sync::{Arc, Mutex};

use crate::accounts::{Account, AccountBuilder, MemoryAccounts};
pub(crate) use crate::raw_provider::{Act, Provider, response, response_text};

impl Provider {
    /// An account of Dixa at this server, which needs no settings.
    pub(crate) fn account(&self) -> AccountBuilder {
        Account::builder("62f44730-dd91-461e-bd6a-aedd9e0ad79d", "dixa")
            .base_url(format!("http://{}/v1", self.address))
            .credential("api_token", "the-token-of-dixa")
    }

    pub(crate) fn accounts(&self) -> MemoryAccounts {
        [self.account().build().unwrap()].into_iter().collect()
    }
}

/// The log of this thread while the guard lives.
pub(crate) struct Log {
    written: Arc<Mutex<Vec<u8>>>,
    _guard: tracing::subscriber::DefaultGuard,
}

struct Written(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    pub(crate) fn start() -> Self {
        let written = Arc::new(Mutex::new(Vec::new()));
        let writer = Arc::clone(&written);
        let log = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_writer(move || Written(Arc::clone(&writer)));
        Self {
            written,
            _guard: tracing::subscriber::set_default(log.finish()),
        }
    }

    pub(crate) fn clear(&self) {
        self.written.lock().unwrap().clear();
    }

    /// Waits for a line with all of these.
    pub(crate) async fn line(&self, words: &[&str]) -> String {
        let start = std::time::Instant::now();
        loop {
            let text = String::from_utf8(self.written.lock().unwrap().clone()).unwrap();
            let mut lines = text.lines();
            if let Some(line) = lines.find(|line| words.iter().all(|word| line.contains(word))) {
                return line.to_owned();
            }
            assert!(start.elapsed().as_secs() < 30, "{words:?} in {text}");
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    }
}
