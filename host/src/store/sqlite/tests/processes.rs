//! Several processes on one file: this program runs itself, with one of its own tests.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use super::super::super::{Claimed, KeptOutcome};
use super::{Sqlite, Store as _, numbered, open, secret, store_in};

/// Where a child finds the store.
const STORE: &str = "UNIFIED_TICKETING_TEST_STORE";

/// A command that runs one of these tests on a store.
fn child(test: &str, store: &OsStr) -> Command {
    let (_, module) = module_path!().split_once("::").unwrap();
    let mut command = Command::new(env::current_exe().unwrap());
    command.args([
        &format!("{module}::{test}"),
        "--exact",
        "--ignored",
        "--nocapture",
    ]);
    command.env(STORE, store).stdout(Stdio::piped());
    command
}

/// What a child prints, after the mark that its lines have. The test harness may print before it on the same line.
fn lines(child: &mut Child) -> impl Iterator<Item = String> + use<> {
    let output = BufReader::new(child.stdout.take().unwrap());
    let lines = output.lines().map_while(Result::ok);
    lines.filter_map(|line| Some(line.split_once("store: ")?.1.to_owned()))
}

#[test]
fn processes_at_once_claim_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = store_in(&folder);
    let spawn = || child("claim_all", path.as_os_str()).spawn().unwrap();
    let mut children = [spawn(), spawn(), spawn()];
    let mut claimed = Vec::new();
    for child in &mut children {
        claimed.extend(lines(child));
        assert!(child.wait().unwrap().success());
    }
    claimed.sort();
    let mut expected: Vec<_> = (0..100).map(|number| number.to_string()).collect();
    expected.sort();
    assert_eq!(claimed, expected);
}

#[expect(clippy::print_stdout, reason = "it tells its parent")]
#[ignore = "a process of `processes_at_once_claim_once`"]
#[tokio::test]
async fn claim_all() {
    let store = open(env::var_os(STORE).unwrap().as_ref());
    for number in 0..100 {
        match store.claim(numbered(number)).await.unwrap() {
            Claimed::New(_) => println!("store: {number}"),
            Claimed::InFlight { .. } => {}
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn killed_process_has_kept_everything() {
    let folder = tempfile::tempdir().unwrap();
    let path = store_in(&folder);
    let mut child = child("keep_forever", path.as_os_str()).spawn().unwrap();
    let kept: Vec<u32> = lines(&mut child)
        .take(50)
        .map(|line| line.parse().unwrap())
        .collect();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(kept, (0..50).collect::<Vec<_>>());
    let store = open(&path);
    for number in kept {
        let found = store.claim(numbered(number)).await.unwrap();
        assert!(matches!(found, Claimed::Done(_)), "{number}: {found:?}");
    }
}

#[expect(clippy::print_stdout, reason = "it tells its parent")]
#[ignore = "a process of `killed_process_has_kept_everything`"]
#[tokio::test]
async fn keep_forever() {
    let store = open(env::var_os(STORE).unwrap().as_ref());
    for number in 0.. {
        let Claimed::New(claim) = store.claim(numbered(number)).await.unwrap() else {
            panic!("{number} is not new");
        };
        let kept = store.keep(claim, KeptOutcome::Done, b"made".into(), None);
        assert!(kept.await.unwrap());
        println!("store: {number}");
    }
}

/// Root can write every file, so another user tries. Within one process SQLite would use again what it has opened before.
#[cfg(unix)]
#[test]
fn read_only_file_is_unavailable() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
    use std::os::unix::process::CommandExt as _;

    const NOBODY: u32 = 65_534;
    let folder = tempfile::tempdir().unwrap();
    let path = store_in(&folder);
    let is_root = fs::metadata(folder.path()).unwrap().uid() == 0;
    if is_root {
        chown(folder.path(), Some(NOBODY), Some(NOBODY)).unwrap();
    }
    for (mode, expected) in [
        (None, "opened"),
        (
            Some(0o400),
            "the store is unavailable: its file cannot be written",
        ),
        (Some(0o600), "opened"),
    ] {
        if let Some(mode) = mode {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        }
        let mut command = child("open_and_tell", path.as_os_str());
        if is_root {
            command.uid(NOBODY).gid(NOBODY).current_dir("/");
        }
        let mut child = command.spawn().unwrap();
        assert_eq!(lines(&mut child).collect::<Vec<_>>(), [expected]);
        assert!(child.wait().unwrap().success());
    }
}

#[expect(clippy::print_stdout, reason = "it tells its parent")]
#[ignore = "a process of `read_only_file_is_unavailable`"]
#[test]
fn open_and_tell() {
    match Sqlite::open(env::var_os(STORE).unwrap(), &secret()) {
        Ok(_) => println!("store: opened"),
        Err(error) => println!("store: {error}"),
    }
}
