//! A call by an entry point, and the result that the caller observes.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;

use serde_json::{Value, json};
use unified_ticketing::server::Server;
use unified_ticketing::types::{
    Body, Collection, Email, Error, NewUser, Options, Response, Role, RolesChange, StringChange,
    UserChanges,
};
use unified_ticketing::{Engine, Sender};

use super::broken_log::{BrokenLogServer, Stderr};
use super::disconnected::LoggedServer;
use super::rows::Endpoint;
use crate::cases::kebab_case;
use crate::cli::program;
use crate::client::{self, Request};

/// An entry point, with the sender behind it.
#[derive(Clone, Copy, Debug)]
pub enum EntryPoint {
    /// The library's functions.
    Typed(Sender),
    /// The HTTP API, served.
    Http(Sender),
    /// The program, one process per call. The host sends.
    Program,
    /// `serve` with a log that cannot be written.
    BrokenLog(Stderr),
    /// `serve` with a client that disconnects while the provider has the request.
    Disconnected,
}

impl EntryPoint {
    pub const ALL: [Self; 8] = [
        Self::Typed(Sender::Host),
        Self::Typed(Sender::Component),
        Self::Http(Sender::Host),
        Self::Http(Sender::Component),
        Self::Program,
        Self::BrokenLog(Stderr::Full),
        Self::BrokenLog(Stderr::Undrained),
        Self::Disconnected,
    ];

    pub fn sender(self) -> Sender {
        match self {
            Self::Typed(sender) | Self::Http(sender) => sender,
            Self::Program | Self::BrokenLog(_) | Self::Disconnected => Sender::Host,
        }
    }
}

/// The caller at an entry point.
pub enum Caller {
    Typed(Engine),
    Http(SocketAddr),
    Program {
        /// The global options.
        options: Vec<String>,
        /// The folder of the accounts file and the root certificate.
        _folder: tempfile::TempDir,
    },
    BrokenLog(BrokenLogServer),
    Logged(Box<LoggedServer>),
}

/// The input of a call.
#[derive(Clone, Debug)]
pub struct Call {
    pub integration: &'static str,
    pub endpoint: Endpoint,
    /// The user to change; without one, a user is created.
    pub id: Option<String>,
    pub email: String,
}

/// The result that the caller observes.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Observed {
    pub status: u16,
    pub code: String,
    pub outcome: String,
    pub limit: String,
    pub provider_status: Option<u16>,
    /// Seconds. The program does not print them.
    pub retry_after: Option<u64>,
    /// The user's id.
    pub id: Option<String>,
    /// The exit code of the program.
    pub exit: Option<i32>,
    /// The field `client` of the log, if the log was read.
    pub client: String,
}

impl Caller {
    /// Serves an engine, and calls it over HTTP.
    pub async fn serve(engine: Engine) -> Self {
        let server = Server::builder(engine).bind(([127, 0, 0, 1], 0).into());
        let server = server.await.expect("a port of loopback");
        let address = server.address();
        tokio::spawn(server.serve(std::future::pending()));
        Self::Http(address)
    }

    /// Calls the program with these accounts and this root certificate.
    pub fn program(accounts: &str, root: &str, limits: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            let path: PathBuf = folder.path().join(name);
            std::fs::write(&path, text).expect("a file");
            path.to_str().expect("a path in UTF-8").to_owned()
        };
        let (accounts, root) = (write("accounts.toml", accounts), write("root.pem", root));
        let common = [
            "--accounts",
            &accounts,
            "--ca-file",
            &root,
            "--log-format",
            "json",
        ];
        let options = common
            .iter()
            .chain(limits)
            .map(|option| (*option).to_owned());
        Self::Program {
            options: options.collect(),
            _folder: folder,
        }
    }

    pub async fn call(&mut self, call: &Call) -> Observed {
        match self {
            Self::Typed(engine) => call.typed(engine).await,
            Self::Http(address) => call.http(*address).await,
            Self::BrokenLog(server) => call.http(server.address).await,
            Self::Logged(server) => server.call(call).await,
            Self::Program { options, .. } => {
                let (call, options) = (call.clone(), options.clone());
                let run = tokio::task::spawn_blocking(move || call.program(&options));
                run.await.expect("no panic inside")
            }
        }
    }
}

impl Call {
    fn account(&self) -> String {
        self.endpoint.id()
    }

    pub fn operation(&self) -> &'static str {
        if self.id.is_some() {
            "update"
        } else {
            "create"
        }
    }

    fn body(&self) -> Value {
        match (&self.id, self.integration) {
            (None, _) => json!({
                "name": "Ines Halvorsen",
                "first_name": "Ines",
                "last_name": "Halvorsen",
                "nick_name": "Ines",
                "emails": [{"email": self.email}],
            }),
            (Some(_), "pivotal_tracker") => json!({"roles": [{"name": "viewer"}]}),
            // What an integration does not take is a warning.
            (Some(_), _) => json!({"first_name": "Ida", "name": "Ida Halvorsen"}),
        }
    }

    fn needs_project(&self) -> bool {
        self.integration == "pivotal_tracker"
    }

    async fn typed(&self, engine: &Engine) -> Observed {
        let project = Collection {
            id: "1".to_owned(),
            type_: None,
        };
        let options = Options {
            collections: self
                .needs_project()
                .then_some(project)
                .into_iter()
                .collect(),
            ..Options::default()
        };
        let some = |value: &str| Some(value.to_owned());
        let result = match &self.id {
            None => {
                let email = Email {
                    address: self.email.clone(),
                    type_: None,
                };
                let user = NewUser {
                    name: some("Ines Halvorsen"),
                    first_name: some("Ines"),
                    last_name: some("Halvorsen"),
                    nick_name: some("Ines"),
                    emails: Some(vec![email]),
                    ..NewUser::default()
                };
                engine.create_user(&self.account(), user, options).await
            }
            Some(id) => {
                let mut changes = UserChanges::default();
                if self.needs_project() {
                    let role = Role {
                        id: None,
                        name: some("viewer"),
                    };
                    changes.roles = RolesChange::Set(vec![role]);
                } else {
                    changes.first_name = StringChange::Set("Ida".to_owned());
                    changes.name = StringChange::Set("Ida Halvorsen".to_owned());
                }
                engine
                    .update_user(&self.account(), id, changes, options)
                    .await
            }
        };
        result.map_or_else(Observed::from_error, Observed::from_response)
    }

    /// The request of the HTTP API.
    pub fn request(&self) -> Request {
        let path = self
            .id
            .as_ref()
            .map_or_else(String::new, |id| format!("/{id}"));
        let project = if self.needs_project() {
            "&collections[][id]=1"
        } else {
            ""
        };
        let account = self.account();
        Request {
            method: if self.id.is_some() { "PATCH" } else { "POST" }.to_owned(),
            target: format!(
                "/unified/ticketing/users{path}?integrated_account_id={account}{project}"
            ),
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: self.body().to_string().into_bytes(),
        }
    }

    pub async fn http(&self, server: SocketAddr) -> Observed {
        let response = client::send(server, &self.request()).await;
        let response = response.expect("a response");
        let retry_after = response.header("retry-after");
        let retry_after = retry_after.map(|seconds| seconds.parse().expect("seconds"));
        Observed {
            retry_after,
            status: response.status,
            ..Observed::from_body(response.body.as_deref().unwrap_or_default())
        }
    }

    fn program(&self, options: &[String]) -> Observed {
        let mut arguments: Vec<String> = options.to_vec();
        arguments.push("users".to_owned());
        match &self.id {
            None => arguments.push("create".to_owned()),
            Some(id) => arguments.extend(["update".to_owned(), id.clone()]),
        }
        arguments.extend(["--account", &self.account(), "--input", "-"].map(str::to_owned));
        if self.needs_project() {
            arguments.extend(["--collection", "1"].map(str::to_owned));
        }
        let mut process = program(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let input = process.stdin.take().expect("its input");
        serde_json::to_writer(input, &self.body()).expect("the program reads");
        let output = process.wait_with_output().expect("its output");
        let failed = !output.status.success();
        assert_eq!(failed, output.stdout.is_empty(), "{output:?}");
        let body = if failed {
            // Lines of the log come before the error.
            let mut lines = output.stderr.split(|byte| *byte == b'\n');
            lines.rfind(|line| !line.is_empty()).expect("an error")
        } else {
            &output.stdout
        };
        Observed {
            exit: output.status.code(),
            ..Observed::from_body(body)
        }
    }
}

impl Observed {
    fn from_response(response: Response) -> Self {
        let Body::User(user) = response.body else {
            panic!("expected a user")
        };
        Self {
            status: 200,
            id: user.id,
            ..Self::default()
        }
    }

    fn from_error(error: Error) -> Self {
        Self {
            status: error.status,
            code: kebab_case(&error.code),
            outcome: kebab_case(&error.outcome),
            limit: error.limit.as_ref().map(kebab_case).unwrap_or_default(),
            provider_status: error.provider.map(|provider| provider.status),
            retry_after: error.retry_after.map(u64::from),
            ..Self::default()
        }
    }

    /// The members of a body of the HTTP API. Only these are read: the others may be nested too deeply for `Value`.
    fn from_body(body: &[u8]) -> Self {
        let members: Members = serde_json::from_slice(body)
            .unwrap_or_else(|error| panic!("{error} in {}", String::from_utf8_lossy(body)));
        let Members {
            id,
            status,
            code,
            outcome,
            limit,
            provider_status,
        } = members;
        Self {
            status: status.unwrap_or(200),
            id,
            code,
            outcome,
            limit,
            provider_status,
            ..Self::default()
        }
    }
}

/// The members of a response that rows have.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct Members {
    id: Option<String>,
    #[serde(rename = "statusCode")]
    status: Option<u16>,
    code: String,
    outcome: String,
    limit: String,
    provider_status: Option<u16>,
}
