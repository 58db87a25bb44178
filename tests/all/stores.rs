//! Stores, for the tests that hold for each kind of them.

mod hooked;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use unified_ticketing::store::{Secret, Sqlite, Store};

pub use self::hooked::{Hook, Hooked, Method};

/// A kind of store.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A file.
    Sqlite,
}

/// Makes a test of each of these functions for each kind of store.
macro_rules! on_each_store {
    (@ $module:ident $kind:ident $($test:ident)+) => {
        mod $module {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    super::$test($crate::stores::Kind::$kind).await;
                }
            )+
        }
    };
    ($($test:ident)+) => {
        $crate::stores::on_each_store!(@ sqlite Sqlite $($test)+);
    };
}
pub(crate) use on_each_store;

/// A store in a place of its own, and its secret.
pub struct Place {
    pub url: String,
    folder: tempfile::TempDir,
}

impl Place {
    /// A place for a store that is made on first use.
    pub fn new(kind: Kind) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let url = match kind {
            Kind::Sqlite => format!("sqlite:{}", folder.path().join("calls.db").display()),
        };
        Self { url, folder }
    }

    /// The folder of its files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn secret(&self) -> PathBuf {
        self.folder.path().join("calls.secret")
    }

    /// The program's arguments for it.
    pub fn arguments(&self) -> [String; 2] {
        let secret = self.secret();
        [
            format!("--store={}", self.url),
            format!("--secret={}", secret.display()),
        ]
    }

    pub fn open(&self) -> (Arc<dyn Store>, Secret) {
        open(&self.url, &self.secret())
    }

    /// Everything that is kept, and where.
    pub fn contents(&self) -> Vec<(String, Vec<u8>)> {
        let files = std::fs::read_dir(self.folder.path()).expect("a folder");
        let files = files.map(|file| file.expect("a file").path());
        let content = |file: PathBuf| {
            let bytes = std::fs::read(&file).expect("a file");
            (file.display().to_string(), bytes)
        };
        files.map(content).collect()
    }
}

/// Opens a store, which is made on first use.
pub fn open(url: &str, secret: &Path) -> (Arc<dyn Store>, Secret) {
    let secret = Secret::from_file_or_new(secret).expect("a secret");
    let store: Arc<dyn Store> = match url.split_once(':') {
        Some(("sqlite", path)) => Arc::new(Sqlite::open(path, &secret).expect("a store")),
        _ => panic!("no kind of store has the URL {url}"),
    };
    (store, secret)
}
