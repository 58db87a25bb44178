//! Keys on the command line.

use std::ffi::OsString;
use std::process::Stdio;

use serde_json::Value;
use tokio::net::TcpListener;

use super::{ADDRESS, INTEGRATION, KEY, LOST, NEVER, count, creations, fault, held_simulators};
use crate::cli::{ProgramOutput, program, run, signal};
use crate::serve::Simulators;
use crate::stores::{Kind, Place, on_each_store};

/// The program, with the simulators' accounts and a store.
pub(super) struct Program {
    folder: tempfile::TempDir,
    store: Vec<String>,
}

impl Program {
    pub(super) fn new(simulators: &Simulators, place: &Place) -> Self {
        let program = Self {
            folder: tempfile::tempdir().expect("a folder"),
            store: place.arguments().to_vec(),
        };
        program.write_accounts(&simulators.accounts);
        program
    }

    fn write_accounts(&self, accounts: &str) {
        let file = self.folder.path().join("accounts.toml");
        std::fs::write(file, accounts).expect("a file");
    }

    fn arguments(&self, arguments: &[&str]) -> Vec<OsString> {
        let accounts = self.folder.path().join("accounts.toml");
        let accounts = ["--accounts".into(), accounts.into_os_string()];
        let common = self.store.iter().map(OsString::from);
        let given = arguments.iter().map(OsString::from);
        let all = accounts.into_iter().chain(common).chain(given);
        all.collect()
    }

    fn users(&self, arguments: &[&str]) -> ProgramOutput {
        let common = ["--settle=900ms", "users"];
        let account = ["--account", INTEGRATION];
        run(self.arguments(&[&common[..], arguments, &account].concat()))
    }

    /// The arguments that create a user of this name, with the key.
    fn create_with_key(&self, name: &str) -> Vec<OsString> {
        let user = ["users", "create", "--account", INTEGRATION, "--name", name];
        let more = ["--email", ADDRESS, "--idempotency-key", KEY];
        self.arguments(&[&user[..], &more].concat())
    }

    pub(super) fn create(&self, email: &str, arguments: &[&str]) -> ProgramOutput {
        let create = ["create", "--name", "Ines Halvorsen", "--email", email];
        self.users(&[&create[..], arguments].concat())
    }
}

/// The id in the user that was printed.
#[track_caller]
fn id(output: &ProgramOutput) -> String {
    assert_eq!(output.code, 0, "{}", output.stderr);
    let user: Value = serde_json::from_str(&output.stdout).expect("JSON");
    match &user["id"] {
        Value::String(id) => id.clone(),
        id => id.to_string(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn command_with_key_is_carried_out_once() {
    let (simulators, place) = (Simulators::start().await, Kind::Sqlite.place().await);
    let program = Program::new(&simulators, &place);
    let key = ["--idempotency-key", "joiner \"4711\", again"];
    let created = id(&program.create(ADDRESS, &key));
    for more in [&[][..], &["--format", "raw"], &["--resend"]] {
        assert_eq!(
            id(&program.create(ADDRESS, &[&key[..], more].concat())),
            created
        );
    }
    let mismatch = program.create("other@kelpworks.example", &key);
    assert_eq!(
        (mismatch.code, mismatch.stdout.as_str()),
        (3, ""),
        "{}",
        mismatch.stderr
    );
    assert_eq!(creations(&simulators).await, 1);

    let user = created.as_str();
    let update = [
        "update",
        user,
        "--name",
        "Ida Strand",
        "--idempotency-key",
        KEY,
    ];
    let delete = ["delete", user, "--yes", "--idempotency-key", KEY];
    for (command, method) in [(&update[..], "PUT"), (&delete, "DELETE")] {
        for _ in 0..2 {
            let done = program.users(command);
            assert_eq!(done.code, 0, "{}", done.stderr);
        }
        assert_eq!(count(&simulators, INTEGRATION, method).await, 1);
    }
    let again = program.users(&delete[..3]);
    assert_eq!(again.code, 5, "{}", again.stderr);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn automatic_key_is_that_of_the_request() {
    let (simulators, place) = (Simulators::start().await, Kind::Sqlite.place().await);
    let program = Program::new(&simulators, &place);
    let auto = ["--idempotency-key", "auto"];
    fault(&simulators, NEVER).await;
    let unknown = program.create(ADDRESS, &auto);
    assert_eq!(unknown.code, 6, "{}", unknown.stderr);
    let created = id(&program.create(ADDRESS, &["--idempotency-key=auto", "--resend"]));
    for more in [&[][..], &["--format=normalized"], &["--ignore-remote-data"]] {
        assert_eq!(
            id(&program.create(ADDRESS, &[&auto[..], more].concat())),
            created
        );
    }
    assert_eq!(creations(&simulators).await, 2);
    let other = id(&program.create("other@kelpworks.example", &auto));
    assert_ne!(other, created);
    assert_eq!(creations(&simulators).await, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unknown_command_is_sent_by_resend_alone() {
    let (simulators, place) = (Simulators::start().await, Kind::Sqlite.place().await);
    let program = Program::new(&simulators, &place);
    let key = ["--idempotency-key", KEY];
    fault(&simulators, NEVER).await;
    for _ in 0..2 {
        let unknown = program.create(ADDRESS, &key);
        assert_eq!(
            (unknown.code, unknown.stdout.as_str()),
            (6, ""),
            "{}",
            unknown.stderr
        );
    }
    // Without a key it is the same creation, in another process.
    assert_eq!(program.create(ADDRESS, &[]).code, 6);
    assert_eq!(creations(&simulators).await, 1);
    let sent = id(&program.create(ADDRESS, &["--idempotency-key", KEY, "--resend"]));
    assert_eq!(id(&program.create(ADDRESS, &key)), sent);
    assert_eq!(creations(&simulators).await, 2);

    // The user is shown late.
    let target = format!("reads/{INTEGRATION}");
    simulators
        .control("PUT", &target, r#"{"late_by": 1}"#)
        .await;
    fault(&simulators, LOST).await;
    let another = ["--idempotency-key", "another"];
    let unknown = program.create("lost@kelpworks.example", &another);
    assert_eq!(unknown.code, 6, "{}", unknown.stderr);
    let settled = program.create("lost@kelpworks.example", &another);
    assert!(settled.stderr.contains("settled"), "{}", settled.stderr);
    assert_ne!(id(&settled), sent);
    assert_eq!(creations(&simulators).await, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn command_in_flight_is_conflict() {
    let ((simulators, relay), place) = (held_simulators().await, Kind::Sqlite.place().await);
    let cli = Program::new(&simulators, &place);
    relay.hold(true);
    let create = cli.create_with_key("Ines");
    let first = program(&create)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    simulators.reached(INTEGRATION, 1).await;
    let second = run(&create);
    assert_eq!(
        (second.code, second.stdout.as_str()),
        (7, ""),
        "{}",
        second.stderr
    );
    assert!(second.stderr.contains("in flight"), "{}", second.stderr);
    relay.hold(false);
    let first = first.wait_with_output().expect("its output");
    assert_eq!(first.status.code(), Some(0));
    assert_eq!(creations(&simulators).await, 1);
}

on_each_store!(interrupted_command_gives_its_key_back);

async fn interrupted_command_gives_its_key_back(kind: Kind) {
    let (simulators, place) = (Simulators::start().await, kind.place().await);
    let cli = Program::new(&simulators, &place);
    // The server accepts connections and sends nothing, so TLS is never established.
    let silent = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let own = format!("http://{}/", simulators.address);
    let other = format!("https://{}/", silent.local_addr().expect("its address"));
    cli.write_accounts(&simulators.accounts.replace(&own, &other));
    let create = cli.create_with_key("Ines Halvorsen");
    let interrupted = program(&create)
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let _connection = silent.accept().await.expect("a connection");
    signal("INT", &interrupted);
    let interrupted = interrupted.wait_with_output().expect("its output");
    assert_eq!(interrupted.status.code(), Some(130), "{interrupted:?}");
    cli.write_accounts(&simulators.accounts);
    id(&cli.create(ADDRESS, &["--idempotency-key", KEY]));
    assert_eq!(creations(&simulators).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn key_of_command_without_store_is_warning() {
    let (simulators, place) = (Simulators::start().await, Kind::Sqlite.place().await);
    let cli = Program {
        store: Vec::new(),
        ..Program::new(&simulators, &place)
    };
    let created = cli.create(ADDRESS, &["--idempotency-key", KEY]);
    id(&created);
    assert!(
        created.stderr.contains("idempotency-key-ignored"),
        "{}",
        created.stderr
    );
}
