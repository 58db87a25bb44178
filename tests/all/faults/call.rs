//! A call by an entry point, and the result that the caller observes.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;

use serde_json::{Value, json};
use unified_ticketing::server::Server;
use unified_ticketing::types::{
    Body, Error, Options, Response, Role, RolesChange, StringChange, UserChanges, UserQuery,
};
use unified_ticketing::{Engine, Sender};
use unified_ticketing_guest::integration::OperationName;

use super::broken_log::{BrokenLogServer, Stderr};
use super::disconnected::LoggedServer;
use super::rows::Endpoint;
use crate::cases::kebab_case;
use crate::cli::program;
use crate::client::{self, Request};
use crate::life::{new_user, options};

/// An entry point, with the sender behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
        Self::Disconnected,
        Self::BrokenLog(Stderr::Full),
        Self::BrokenLog(Stderr::Undrained),
    ];

    /// The position in the list of all.
    pub fn position(self) -> usize {
        let position = Self::ALL.iter().position(|other| *other == self);
        position.expect("it is one of all")
    }

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

/// The parameter by which a creation is not settled.
pub const NOT_SETTLED: &str = "&unified_settle=false";

/// The input of a call.
#[derive(Clone, Debug)]
pub struct Call {
    pub integration: &'static str,
    pub endpoint: Endpoint,
    pub operation: OperationName,
    /// The user that the call is for, where the operation has one.
    pub id: String,
    /// The address of a user to create.
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
    /// The user's id; of a list, the first user's.
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

    /// The body of a request of the HTTP API, where it has one.
    fn body(&self) -> Option<Value> {
        match (self.operation, self.integration) {
            (OperationName::Create, _) => Some(json!({
                "name": "Ines Halvorsen",
                "first_name": "Ines",
                "last_name": "Halvorsen",
                "nick_name": "Ines",
                "emails": [{"email": self.email}],
            })),
            (OperationName::Update, "pivotal_tracker") => {
                Some(json!({"roles": [{"name": "viewer"}]}))
            }
            // What an integration does not take is a warning.
            (OperationName::Update, _) => Some(json!({
                "first_name": "Ida", "last_name": "Halvorsen", "name": "Ida Halvorsen",
            })),
            (OperationName::Get | OperationName::List | OperationName::Delete, _) => None,
        }
    }

    fn needs_project(&self) -> bool {
        self.integration == "pivotal_tracker"
    }

    async fn typed(&self, engine: &Engine) -> Observed {
        let options = Options {
            settle: false,
            ..options(self.integration)
        };
        let some = |value: &str| Some(value.to_owned());
        let (account, id) = (&self.account(), &self.id);
        let result = match self.operation {
            OperationName::Create => {
                let user = new_user(&self.email);
                engine.create_user(account, user, options).await
            }
            OperationName::Update => {
                let mut changes = UserChanges::default();
                if self.needs_project() {
                    let role = Role {
                        id: None,
                        name: some("viewer"),
                    };
                    changes.roles = RolesChange::Set(vec![role]);
                } else {
                    let set = |value: &str| StringChange::Set(value.to_owned());
                    changes.first_name = set("Ida");
                    changes.last_name = set("Halvorsen");
                    changes.name = set("Ida Halvorsen");
                }
                engine.update_user(account, id, changes, options).await
            }
            OperationName::Get => engine.get_user(account, id, options).await,
            OperationName::List => {
                let query = UserQuery {
                    email: None,
                    cursor: None,
                    limit: Some(1),
                };
                engine.list_users(account, query, options).await
            }
            OperationName::Delete => engine.delete_user(account, id, options).await,
        };
        result.map_or_else(Observed::from_error, Observed::from_response)
    }

    /// The request of the HTTP API. It looks for nobody after a creation.
    pub fn request(&self) -> Request {
        let mut target = "/unified/ticketing/users".to_owned();
        if self.operation.has_id() {
            target = format!("{target}/{}", self.id);
        }
        target = format!("{target}?integrated_account_id={}", self.account());
        if self.needs_project() {
            target.push_str("&collections[][id]=1");
        }
        match self.operation {
            OperationName::Create => target.push_str(NOT_SETTLED),
            OperationName::List => target.push_str("&limit=1"),
            OperationName::Update | OperationName::Get | OperationName::Delete => {}
        }
        let body = self.body();
        let json = ("content-type".to_owned(), "application/json".to_owned());
        Request {
            method: self.operation.http_method().to_owned(),
            target,
            headers: body.iter().map(|_| json.clone()).collect(),
            body: body.map_or_else(Vec::new, |body| body.to_string().into_bytes()),
        }
    }

    pub async fn http(&self, server: SocketAddr) -> Observed {
        Self::send(server, &self.request()).await
    }

    /// Sends a request of a call.
    pub async fn send(server: SocketAddr, request: &Request) -> Observed {
        let response = client::send(server, request).await;
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
        arguments.extend(["users", self.operation.verb()].map(str::to_owned));
        if self.operation.has_id() {
            arguments.push(self.id.clone());
        }
        arguments.extend(["--account", &self.account()].map(str::to_owned));
        if self.needs_project() {
            arguments.extend(["--collection", "1"].map(str::to_owned));
        }
        let more: &[&str] = match self.operation {
            OperationName::Create | OperationName::Update => &["--input", "-"],
            OperationName::Get => &[],
            OperationName::List => &["--limit", "1"],
            OperationName::Delete => &["--yes"],
        };
        arguments.extend(more.iter().map(|argument| (*argument).to_owned()));
        let mut process = program(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let input = process.stdin.take().expect("its input");
        if let Some(body) = self.body() {
            serde_json::to_writer(input, &body).expect("the program reads");
        }
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
        let id = match response.body {
            Body::User(user) => user.id,
            Body::Users(page) => page.users.into_iter().next().and_then(|user| user.id),
            Body::Deleted(id) => Some(id),
            Body::Raw(body) => panic!("expected a user, but found {body:?}"),
        };
        Self {
            status: 200,
            id,
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
            result,
            status,
            code,
            outcome,
            limit,
            provider_status,
        } = members;
        Self {
            status: status.unwrap_or(200),
            id: id.or_else(|| result.into_iter().next()?.id),
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
    result: Vec<Listed>,
    #[serde(rename = "statusCode")]
    status: Option<u16>,
    code: String,
    outcome: String,
    limit: String,
    provider_status: Option<u16>,
}

/// A user of a list.
#[derive(serde::Deserialize)]
struct Listed {
    id: Option<String>,
}
