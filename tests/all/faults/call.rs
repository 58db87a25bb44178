//! A call by one of the ways, and what the caller is told.

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

use super::leaving::Leaving;
use super::served::{Served, Stderr};
use super::table::At;
use crate::cases::word;
use crate::cli::program;
use crate::client::{self, Request};

/// An entry point, and a sender behind it.
#[derive(Clone, Copy, Debug)]
pub enum Way {
    /// The library's functions.
    Typed(Sender),
    /// The HTTP API, served.
    Http(Sender),
    /// The program, a process for each call. It has the one sender.
    Program,
    /// The program, serving and logging to where nothing can be logged.
    Served(Stderr),
    /// The program, serving a client that leaves while the call is at the provider.
    Left,
}

impl Way {
    pub const ALL: [Self; 8] = [
        Self::Typed(Sender::Host),
        Self::Typed(Sender::Component),
        Self::Http(Sender::Host),
        Self::Http(Sender::Component),
        Self::Program,
        Self::Served(Stderr::Full),
        Self::Served(Stderr::Undrained),
        Self::Left,
    ];

    pub fn sender(self) -> Sender {
        match self {
            Self::Typed(sender) | Self::Http(sender) => sender,
            Self::Program | Self::Served(_) | Self::Left => Sender::Host,
        }
    }
}

/// What makes calls in one way.
pub enum Caller {
    Typed(Engine),
    Http(SocketAddr),
    Program {
        /// The global options.
        options: Vec<String>,
        /// Where the accounts file and the root certificate are.
        _folder: tempfile::TempDir,
    },
    Served(Served),
    Leaving(Box<Leaving>),
}

/// A call to make.
#[derive(Clone, Debug)]
pub struct Call {
    pub integration: &'static str,
    pub at: At,
    /// The user to change; without one, a user is created.
    pub id: Option<String>,
    pub email: String,
}

/// What the caller was told.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Told {
    pub status: u16,
    pub code: String,
    pub outcome: String,
    pub limit: String,
    pub provider: Option<u16>,
    /// Seconds to wait. The program does not say.
    pub wait: Option<u64>,
    /// The user's id.
    pub id: Option<String>,
    /// What the program exited with.
    pub exit: Option<i32>,
    /// What the log says of the client, when it is read.
    pub client: String,
}

impl Caller {
    /// Serves an engine, and calls it over HTTP.
    pub async fn served(engine: Engine) -> Self {
        let server = Server::bind(([127, 0, 0, 1], 0).into(), engine, None, 64);
        let server = server.await.expect("a port of loopback");
        let address = server.address();
        tokio::spawn(server.serve(std::future::pending()));
        Self::Http(address)
    }

    /// Calls the program, which finds these accounts and this root certificate.
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

    pub async fn call(&mut self, call: &Call) -> Told {
        match self {
            Self::Typed(engine) => call.typed(engine).await,
            Self::Http(address) => call.http(*address).await,
            Self::Served(served) => call.http(served.address).await,
            Self::Leaving(leaving) => leaving.stay(call).await,
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
        self.at.id()
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
            (Some(_), _) => json!({"first_name": "Ida"}),
        }
    }

    fn in_a_project(&self) -> bool {
        self.integration == "pivotal_tracker"
    }

    async fn typed(&self, engine: &Engine) -> Told {
        let project = Collection {
            id: "1".to_owned(),
            type_: None,
        };
        let options = Options {
            collections: self.in_a_project().then_some(project).into_iter().collect(),
            ..Options::default()
        };
        let text = |text: &str| Some(text.to_owned());
        let answered = match &self.id {
            None => {
                let email = Email {
                    address: self.email.clone(),
                    type_: None,
                };
                let user = NewUser {
                    name: text("Ines Halvorsen"),
                    first_name: text("Ines"),
                    last_name: text("Halvorsen"),
                    nick_name: text("Ines"),
                    emails: Some(vec![email]),
                    ..NewUser::default()
                };
                engine.create_user(&self.account(), user, options).await
            }
            Some(id) => {
                let mut changes = UserChanges::default();
                if self.in_a_project() {
                    let role = Role {
                        id: None,
                        name: text("viewer"),
                    };
                    changes.roles = RolesChange::Set(vec![role]);
                } else {
                    changes.first_name = StringChange::Set("Ida".to_owned());
                }
                engine
                    .update_user(&self.account(), id, changes, options)
                    .await
            }
        };
        answered.map_or_else(Told::error, Told::response)
    }

    /// Over HTTP.
    pub fn request(&self) -> Request {
        let path = self
            .id
            .as_ref()
            .map_or_else(String::new, |id| format!("/{id}"));
        let project = if self.in_a_project() {
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

    pub async fn http(&self, server: SocketAddr) -> Told {
        let response = client::send(server, &self.request()).await;
        let response = response.expect("a response");
        let wait = response.header("retry-after");
        let wait = wait.map(|seconds| seconds.parse().expect("seconds"));
        Told {
            wait,
            status: response.status,
            ..Told::body(response.body.as_deref().unwrap_or_default())
        }
    }

    fn program(&self, options: &[String]) -> Told {
        let mut arguments: Vec<String> = options.to_vec();
        arguments.push("users".to_owned());
        match &self.id {
            None => arguments.push("create".to_owned()),
            Some(id) => arguments.extend(["update".to_owned(), id.clone()]),
        }
        arguments.extend(["--account", &self.account(), "--input", "-"].map(str::to_owned));
        if self.in_a_project() {
            arguments.extend(["--collection", "1"].map(str::to_owned));
        }
        let mut process = program(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let input = process.stdin.take().expect("its input");
        serde_json::to_writer(input, &self.body()).expect("it reads");
        let output = process.wait_with_output().expect("its output");
        let failed = !output.status.success();
        assert_eq!(failed, output.stdout.is_empty(), "{output:?}");
        let said = if failed {
            // What is logged comes before it.
            let mut lines = output.stderr.split(|byte| *byte == b'\n');
            lines.rfind(|line| !line.is_empty()).expect("an error")
        } else {
            &output.stdout
        };
        Told {
            exit: output.status.code(),
            ..Told::body(said)
        }
    }
}

impl Told {
    fn response(response: Response) -> Self {
        let Body::User(user) = response.body else {
            panic!("expected a user")
        };
        Self {
            status: 200,
            id: user.id,
            ..Self::default()
        }
    }

    fn error(error: Error) -> Self {
        Self {
            status: error.status,
            code: word(&error.code),
            outcome: word(&error.outcome),
            limit: error.limit.as_ref().map(word).unwrap_or_default(),
            provider: error.provider.map(|provider| provider.status),
            wait: error.retry_after.map(u64::from),
            ..Self::default()
        }
    }

    /// What a body of the HTTP API says. Only these members are read: the rest may be nested deeper than a test wants to read.
    fn body(body: &[u8]) -> Self {
        let said: Said = serde_json::from_slice(body)
            .unwrap_or_else(|error| panic!("{error} in {}", String::from_utf8_lossy(body)));
        let Said {
            id,
            status,
            code,
            outcome,
            limit,
            provider_status: provider,
        } = said;
        Self {
            status: status.unwrap_or(200),
            id,
            code,
            outcome,
            limit,
            provider,
            ..Self::default()
        }
    }
}

/// The members of a response that the table is about.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct Said {
    id: Option<String>,
    #[serde(rename = "statusCode")]
    status: Option<u16>,
    code: String,
    outcome: String,
    limit: String,
    provider_status: Option<u16>,
}
