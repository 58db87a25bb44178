//! A provider that sends the responses of a test, and the program with an account of it.

use std::process::{Command, Stdio};

use super::support::program;
use crate::provider::{Provider, ProviderResponse};

/// Returns a folder with an accounts file: the account `dixa` at this URL.
pub fn accounts_folder(url: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let file = format!(
        "[[account]]\nid = \"62f44730-dd91-461e-bd6a-aedd9e0ad79d\"\nintegration = \"dixa\"\nname = \"dixa\"\n\
         base_url = \"{url}\"\ncredentials = {{ api_token = \"a-token-of-dixa\" }}\n"
    );
    std::fs::write(folder.path().join("accounts.toml"), file).expect("a file");
    folder
}

/// A kind of standard output.
#[derive(Clone, Copy, Debug)]
pub enum Stdout {
    Full,
    Closed,
    ReaderGone,
    Read,
}

const AGENT: &str =
    r#"{"data": {"id": "a1", "displayName": "Ines", "email": "ines@kelpworks.example"}}"#;

/// A provider and an account of it.
pub struct Fixture {
    pub provider: Provider,
    pub folder: tempfile::TempDir,
}

impl Fixture {
    pub async fn start() -> Self {
        let provider = Provider::start().await;
        let folder = accounts_folder(&provider.url());
        let fixture = Self { provider, folder };
        fixture.respond(201, &[], AGENT);
        fixture
    }

    /// Has the provider send this response from now on.
    pub fn respond(&self, status: u16, headers: &[(&str, &str)], body: &str) {
        self.provider.respond(Some(response(status, headers, body)));
    }

    /// Creates a user; returns the exit code, standard output and standard error.
    pub fn create(&self, arguments: &[&str], stdout: Stdout) -> (Option<i32>, String, String) {
        let create = ["create", "--name", "Ines", "--email"];
        let create = [&create[..], &["ines@kelpworks.example"], arguments];
        self.users(&create.concat(), stdout)
    }

    /// Runs a command of `users`; returns the exit code, standard output and standard error.
    pub fn users(&self, arguments: &[&str], stdout: Stdout) -> (Option<i32>, String, String) {
        let accounts = self.accounts();
        let common = ["--accounts", &accounts, "users"];
        run(
            &[&common[..], arguments, &["--account=dixa"]].concat(),
            stdout,
        )
    }

    /// The path of the accounts file.
    pub fn accounts(&self) -> String {
        let accounts = self.folder.path().join("accounts.toml");
        accounts.to_str().expect("text").to_owned()
    }
}

/// Returns a provider's response.
pub fn response(status: u16, headers: &[(&str, &str)], body: &str) -> ProviderResponse {
    let headers = headers.iter();
    let headers = headers.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    ProviderResponse {
        status,
        headers: headers.collect(),
        body: body.as_bytes().to_vec(),
    }
}

pub fn run(arguments: &[&str], stdout: Stdout) -> (Option<i32>, String, String) {
    let mut command = program(arguments);
    if let Stdout::Closed = stdout {
        // Only a shell starts a program without standard output.
        let mut shell = Command::new("sh");
        shell.args(["-c", "exec \"$0\" \"$@\" >&-"]);
        shell.arg(command.get_program()).args(command.get_args());
        command = shell;
    }
    match stdout {
        Stdout::Full => {
            let full = std::fs::File::options().write(true).open("/dev/full");
            command.stdout(full.expect("/dev/full"));
        }
        Stdout::ReaderGone => {
            let (reader, writer) = std::io::pipe().expect("a pipe");
            drop(reader);
            command.stdout(writer);
        }
        Stdout::Closed | Stdout::Read => {
            command.stdout(Stdio::piped());
        }
    }
    let run = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn();
    let output = run
        .expect("it starts")
        .wait_with_output()
        .expect("its output");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}
