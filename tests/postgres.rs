//! A Postgres server for tests: the one that `UNIFIED_TICKETING_TEST_POSTGRES` names (a URL without a query), or the one that is
//! installed, started in a folder of its own, on a Unix socket. Shared by the tests of the library and those that cross a boundary.

use std::env;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, OnceLock};

use tempfile::TempDir;
use tokio_postgres::{Client, NoTls};

/// The variable with the URL of a server that is there.
const VARIABLE: &str = "UNIFIED_TICKETING_TEST_POSTGRES";

/// Does what its input says, and says when it is done. At the end of its input the tests have ended, however they did: it stops the
/// server, and leaves nothing behind.
const KEEPER: &str = r#"
    programs=$1 folder=$2
    data=$folder/data log=$folder/log
    "$programs/initdb" --pgdata "$data" --username tests --auth trust --encoding UTF8 --locale C >>"$log" 2>&1
    while read -r command; do
        case $command in
            start) "$programs/pg_ctl" --pgdata "$data" --wait --log "$log" --options "-k $folder -h ''" start >>"$log" 2>&1 ;;
            stop) "$programs/pg_ctl" --pgdata "$data" --wait --mode fast stop >>"$log" 2>&1 ;;
        esac
        echo "$command $?"
    done
    "$programs/pg_ctl" --pgdata "$data" --wait --mode immediate stop >>"$log" 2>&1
    rm -rf "$folder"
"#;

/// A server that runs.
pub(crate) struct Server {
    url: String,
    keeper: Option<Keeper>,
}

struct Keeper {
    process: Child,
    commands: Option<ChildStdin>,
    answers: Mutex<BufReader<ChildStdout>>,
    folder: TempDir,
}

/// The server of all tests of this program; none where there is none, which is then said.
pub(crate) fn server() -> Option<&'static Server> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    let server = SERVER.get_or_init(|| match env::var(VARIABLE) {
        Ok(url) => Some(Server { url, keeper: None }),
        Err(_) => Server::try_start(),
    });
    if server.is_none() {
        skip();
    }
    server.as_ref()
}

/// Says that a test is skipped, past what captures the output of tests.
fn skip() {
    let name = std::thread::current().name().unwrap_or("a test").to_owned();
    let _ = writeln!(
        std::io::stderr(),
        "SKIPPED {name}: there is no Postgres; install Debian's `postgresql`, or set {VARIABLE} to the URL of a server"
    );
}

impl Server {
    /// Starts a server of its own, which can be stopped; none where Postgres is not installed, which is then said.
    pub(crate) fn start() -> Option<Self> {
        let server = Self::try_start();
        if server.is_none() {
            skip();
        }
        server
    }

    fn try_start() -> Option<Self> {
        let keeper = Keeper::start(&programs()?);
        let folder = keeper.folder.path().to_str().expect("text");
        let server = Self {
            url: format!("postgres://tests@{}/postgres", folder.replace('/', "%2F")),
            keeper: Some(keeper),
        };
        server.command("start");
        Some(server)
    }

    /// Has the server of [`Server::start`] do this: `stop`, `start`.
    pub(crate) fn command(&self, command: &str) {
        self.keeper
            .as_ref()
            .expect("a server of its own")
            .command(command);
    }

    /// The folder of the socket of a server of its own.
    pub(crate) fn folder(&self) -> &Path {
        self.keeper
            .as_ref()
            .expect("a server of its own")
            .folder
            .path()
    }

    /// Makes an empty schema, where one test is alone.
    pub(crate) async fn schema(&self) -> Schema {
        // Every state has keys of its own.
        let tag = RandomState::new().hash_one(std::process::id());
        let name = format!("test_{tag:016x}");
        let client = connect(&self.url).await;
        let sql = format!("CREATE SCHEMA {name}");
        client.batch_execute(&sql).await.expect("a schema");
        let server = self.url.clone();
        Schema { server, name }
    }
}

/// A schema, which is dropped with this.
pub(crate) struct Schema {
    server: String,
    name: String,
}

impl Schema {
    /// The URL of the database, for connections that see this schema alone.
    pub(crate) fn url(&self) -> String {
        format!("{}?options=-csearch_path%3D{}", self.server, self.name)
    }

    /// Its name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// A connection that is none of the store's.
    pub(crate) async fn connect(&self) -> Client {
        connect(&self.url()).await
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        // Where it fails the server is gone, and the schema with it.
        let drop = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            let sql = format!("SET statement_timeout = 5000; DROP SCHEMA {name} CASCADE");
            runtime.expect("a runtime").block_on(async {
                if let Ok((client, connection)) = tokio_postgres::connect(&server, NoTls).await {
                    tokio::spawn(connection);
                    let _ = client.batch_execute(&sql).await;
                }
            });
        });
        let _ = drop.join();
    }
}

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls)
        .await
        .expect("a connection");
    tokio::spawn(connection);
    client
}

/// The folder of the newest server that is installed. Debian has no links to its programs.
fn programs() -> Option<PathBuf> {
    let debian = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten();
    let mut debian: Vec<PathBuf> = debian.flatten().map(|version| version.path()).collect();
    debian.sort_by_key(|folder| folder.file_name()?.to_str()?.parse::<u32>().ok());
    let debian = debian.into_iter().rev().map(|version| version.join("bin"));
    let path = env::var_os("PATH").unwrap_or_default();
    let mut folders = debian.chain(env::split_paths(&path));
    folders.find(|folder| {
        ["initdb", "pg_ctl", "postgres"]
            .iter()
            .all(|program| folder.join(program).is_file())
    })
}

impl Keeper {
    fn start(programs: &Path) -> Self {
        use std::os::unix::fs::{MetadataExt as _, chown};
        use std::os::unix::process::CommandExt as _;

        /// Debian's user without rights.
        const NOBODY: u32 = 65_534;
        let folder = tempfile::Builder::new()
            .prefix("pg")
            .tempdir()
            .expect("a folder");
        let mut command = Command::new("sh");
        command.args(["-c", KEEPER, "keeper"]);
        command.arg(programs).arg(folder.path()).current_dir("/");
        // Postgres does not run as root.
        if std::fs::metadata(folder.path()).is_ok_and(|folder| folder.uid() == 0) {
            chown(folder.path(), Some(NOBODY), Some(NOBODY)).expect("a folder of another");
            command.uid(NOBODY).gid(NOBODY);
        }
        let process = command
            // A signal of the terminal is for the tests.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut process = process.expect("a shell");
        Self {
            commands: process.stdin.take(),
            answers: Mutex::new(BufReader::new(process.stdout.take().expect("its answers"))),
            process,
            folder,
        }
    }

    fn command(&self, command: &str) {
        let mut answers = self.answers.lock().expect("no panic inside");
        let mut commands = self.commands.as_ref().expect("a keeper");
        writeln!(commands, "{command}").expect("a keeper");
        let mut answer = String::new();
        answers.read_line(&mut answer).expect("an answer");
        let log = self.folder.path().join("log");
        let log = || std::fs::read_to_string(&log).unwrap_or_default();
        assert_eq!(answer, format!("{command} 0\n"), "{}", log());
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.commands.take());
        let _ = self.process.wait();
    }
}
