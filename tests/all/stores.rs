//! Stores, for the tests that hold for each kind of them.

mod hooked;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use unified_ticketing::store::{Secret, Store, StoreUrl};

use crate::postgres::{Schema, server};

pub use self::hooked::{Hook, Hooked, Method};

/// A kind of store.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A file.
    Sqlite,
    /// A database.
    Postgres,
}

impl Kind {
    /// Whether it can be tested here. Where it cannot, that has been said.
    pub fn is_there(self) -> bool {
        match self {
            Self::Sqlite => true,
            Self::Postgres => server().is_some(),
        }
    }
}

/// Makes a test of each of these functions for each kind of store.
macro_rules! on_each_store {
    (@ $module:ident $kind:ident $($test:ident)+) => {
        mod $module {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    let kind = $crate::stores::Kind::$kind;
                    if kind.is_there() {
                        super::$test(kind).await;
                    }
                }
            )+
        }
    };
    ($($test:ident)+) => {
        $crate::stores::on_each_store!(@ sqlite Sqlite $($test)+);
        $crate::stores::on_each_store!(@ postgres Postgres $($test)+);
    };
}
pub(crate) use on_each_store;

/// A store in a place of its own, and its secret.
pub struct Place {
    pub url: String,
    folder: tempfile::TempDir,
    schema: Option<Schema>,
}

impl Kind {
    /// A place for a store, which is made on first use.
    pub async fn place(self) -> Place {
        let folder = tempfile::tempdir().expect("a folder");
        let schema = match self {
            Self::Sqlite => None,
            Self::Postgres => Some(server().expect("a server").schema().await),
        };
        let url = match &schema {
            None => format!("sqlite:{}", folder.path().join("calls.db").display()),
            Some(schema) => schema.url(),
        };
        Place {
            url,
            folder,
            schema,
        }
    }
}

impl Place {
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

    pub async fn open(&self) -> (Arc<dyn Store>, Secret) {
        open(&self.url, &self.secret()).await
    }

    /// Everything that is kept, and where.
    pub async fn contents(&self) -> Vec<(String, Vec<u8>)> {
        if let Some(schema) = &self.schema {
            return schema.contents().await;
        }
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
pub async fn open(url: &str, secret: &Path) -> (Arc<dyn Store>, Secret) {
    let secret = Secret::from_file_or_new(secret).expect("a secret");
    let url: StoreUrl = url.parse().expect("the URL of a store");
    // On a machine that has other things to do, a server may not answer in time.
    for _ in 0..9 {
        if let Ok(store) = url.open(&secret, None).await {
            return (store, secret);
        }
    }
    let store = url.open(&secret, None).await;
    (store.expect("a store"), secret)
}

/// Bytes as hexadecimal digits.
pub fn hexadecimal(bytes: &[u8]) -> String {
    let digits = |text: String, byte: &u8| text + &format!("{byte:02x}");
    bytes.iter().fold(String::new(), digits)
}
