//! A canary in every credential, looked for in every byte that comes out.
//!
//! The provider answers with the credentials in every form and place: what comes back through the server and the program, and all
//! that they log, must not have them. The same search over what the provider received must find them.

use std::process::Stdio;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::cli::program;
use crate::client::{Request, Response};
use crate::provider::{Answer, Provider};
use crate::serve::Serve;

/// An account whose credentials are canaries.
struct Bird {
    integration: &'static str,
    settings: &'static str,
    /// The name of the credential, and the user name that goes before it in a `Basic` header, if that is how it is sent.
    credential: &'static str,
    user: Option<&'static str>,
    update: bool,
}

const BIRDS: [Bird; 8] = [
    Bird::new("dixa", "api_token"),
    Bird {
        user: Some("ops@kelpworks.example"),
        ..Bird::new("gorgias", "api_key")
    },
    Bird::new("gorgias", "access_token"),
    Bird {
        settings: r#"settings = { workspace_id = "w", user_id = "u" }"#,
        update: true,
        ..Bird::new("hive", "api_key")
    },
    Bird {
        update: true,
        ..Bird::new("pivotal_tracker", "api_token")
    },
    Bird {
        update: true,
        ..Bird::new("planhat", "api_token")
    },
    Bird {
        user: Some(""),
        update: true,
        ..Bird::new("teamwork", "api_key")
    },
    Bird {
        update: true,
        ..Bird::new("teamwork", "access_token")
    },
];

/// The token that the server asks its clients for: a secret like the others, that no provider may see.
const SERVER_TOKEN: &str = "canary/of-the-server=0";

impl Bird {
    const fn new(integration: &'static str, credential: &'static str) -> Self {
        Self {
            integration,
            settings: "",
            credential,
            user: None,
            update: false,
        }
    }

    /// The secret. Its `/` is escaped by some writers of JSON, its `"` by all, its `+` and space by some of percent-encoding.
    fn secret(&self) -> String {
        format!("canary/{}+{}\"song 1", self.integration, self.credential)
    }

    fn id(number: usize) -> String {
        format!("{number:08x}-0000-4000-8000-000000000000")
    }

    fn account(&self, number: usize, provider: &str) -> String {
        let (integration, credential, settings) =
            (self.integration, self.credential, self.settings);
        let email = match self.user {
            Some(user) if !user.is_empty() => format!("email = '{user}', "),
            _ => String::new(),
        };
        format!(
            "[[account]]\nid = \"{}\"\nname = \"{integration}-{credential}\"\nintegration = \"{integration}\"\n{settings}\n\
             base_url = \"{provider}/{integration}\"\ncredentials = {{ {email}{credential} = '{}' }}\n",
            Self::id(number),
            self.secret(),
        )
    }

    /// The forms in which a provider could say the secret. (The contract promises these.)
    fn forms(&self) -> Vec<String> {
        let secret = self.secret();
        let (mut escaped, mut encoded) = (String::new(), String::new());
        for byte in secret.bytes() {
            escaped.push_str(&format!("\\u{byte:04x}"));
            encoded.push_str(&format!("%{byte:02x}"));
        }
        let mut forms = vec![
            secret.clone(),
            secret.replace('"', "\\\""),
            secret.replace('/', "\\/").replace('"', "\\u0022"),
            escaped,
            utf8_percent_encode(&secret, NON_ALPHANUMERIC).to_string(),
            encoded,
            secret.replace('+', "%2B").replace(' ', "+"),
        ];
        forms.extend(self.basic());
        forms
    }

    /// What comes after `Basic `. Teamwork's key is the user, and anything the password.
    fn basic(&self) -> Option<String> {
        let secret = self.secret();
        let pair = match self.user? {
            "" => format!("{secret}:x"),
            user => format!("{user}:{secret}"),
        };
        Some(STANDARD.encode(pair))
    }

    /// Answers that say the secret in this form.
    fn answers(form: &str) -> Vec<Answer> {
        let json = |name: &str| (name.to_owned(), "application/json".to_owned());
        let answer = |status: u16, headers: Vec<(String, String)>, body: String| Answer {
            status,
            headers,
            body: body.into_bytes(),
        };
        // A form with a bare quote makes what would be JSON none: that is an answer, too.
        let object = format!(
            "{{\"id\": \"1\", \"name\": \"{form}\", \"{form}\": [\"x {form} y\"], \"data\": {{\"id\": \"{form}\"}}}}"
        );
        let errors = format!("{{\"message\": \"{form}\", \"errors\": [\"{form}\"]}}");
        // No header is written as JSON is.
        let header = if form.contains('\\') { "" } else { form };
        let cut = ("content-length".to_owned(), "1000".to_owned());
        vec![
            answer(200, vec![json("content-type")], object.clone()),
            answer(400, vec![json("content-type")], errors.clone()),
            answer(401, vec![json("content-type")], errors.clone()),
            answer(422, vec![json("content-type")], errors.clone()),
            answer(500, vec![], format!("<pre>authorization: {form}</pre>")),
            answer(
                302,
                vec![("location".to_owned(), format!("/?{header}"))],
                String::new(),
            ),
            answer(
                200,
                vec![("content-type".to_owned(), header.to_owned())],
                "{}".to_owned(),
            ),
            answer(
                429,
                vec![("retry-after".to_owned(), header.to_owned())],
                errors,
            ),
            answer(200, vec![json("content-type"), cut], object),
        ]
    }
}

/// Texts that no byte string may contain.
fn needles() -> Vec<String> {
    let mut needles: Vec<String> = BIRDS.iter().flat_map(Bird::forms).collect();
    needles.push(SERVER_TOKEN.to_owned());
    // However else it is written, no bird sings.
    needles.extend(["canary/", "canary%2F", "canary\\/"].map(str::to_owned));
    needles
}

/// The first needle found.
fn found(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes).to_lowercase();
    needles()
        .into_iter()
        .find(|needle| text.contains(&needle.to_lowercase()))
}

#[track_caller]
fn clean(what: &str, bytes: &[u8]) {
    if let Some(needle) = found(bytes) {
        panic!("{what}: `{needle}` in {}", String::from_utf8_lossy(bytes));
    }
}

fn bytes(response: &Response) -> Vec<u8> {
    let mut bytes = response.body.clone().unwrap_or_default();
    for (name, value) in &response.headers {
        bytes.extend_from_slice(format!("\n{name}: {value}").as_bytes());
    }
    bytes
}

fn accounts(provider: &Provider) -> String {
    let numbered = BIRDS.iter().enumerate();
    numbered
        .map(|(number, bird)| bird.account(number, &provider.url()))
        .collect()
}

const BODY: &str = r#"{"name": "Ines Halvorsen", "first_name": "Ines", "last_name": "Halvorsen", "nick_name": "Ines",
    "emails": [{"email": "ines@kelpworks.example"}], "unknown": 1}"#;

fn calls(bird: &Bird, number: usize) -> Vec<Request> {
    let project = match bird.integration {
        "pivotal_tracker" => "&collections[][id]=1",
        _ => "",
    };
    let options = [
        "",
        "&truto_response_format=raw",
        "&truto_response_format=normalized",
        "&unified_dry_run=true",
        "&unified_strict=true",
    ];
    let target = |path: &str, options: &str| {
        format!(
            "/unified/ticketing/users{path}?integrated_account_id={}{project}{options}",
            Bird::id(number)
        )
    };
    let request = |method: &str, target: String, body: &str| Request {
        method: method.to_owned(),
        target,
        headers: vec![
            ("content-type".to_owned(), "application/json".to_owned()),
            ("authorization".to_owned(), format!("Bearer {SERVER_TOKEN}")),
        ],
        body: body.as_bytes().to_vec(),
    };
    let mut calls: Vec<Request> = options
        .iter()
        .map(|options| request("POST", target("", options), BODY))
        .collect();
    if bird.update {
        let body = match bird.integration {
            "pivotal_tracker" => r#"{"roles": [{"name": "viewer"}]}"#,
            _ => r#"{"first_name": "Ida"}"#,
        };
        calls.push(request("PATCH", target("/1", ""), body));
    }
    calls
}

#[tokio::test]
async fn no_secret_comes_out_of_the_server() {
    let provider = Provider::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let tokens = folder.path().join("tokens");
    std::fs::write(&tokens, format!("{SERVER_TOKEN}\n")).expect("a file");
    let tokens = tokens.to_str().expect("a path in UTF-8");
    for (route, log) in [("halves", "json"), ("handler", "text")] {
        let arguments = ["--route", route, "--log-format", log, "-vv"];
        let arguments = [arguments.as_slice(), &["--token-file", tokens]].concat();
        let mut serve = Serve::of(&accounts(&provider), &arguments);
        let mut answered = 0;
        for (number, bird) in BIRDS.iter().enumerate() {
            let mut heard = Vec::new();
            for answer in bird.forms().iter().flat_map(|form| Bird::answers(form)) {
                provider.answer(Some(answer));
                for call in calls(bird, number) {
                    let response = serve.call(&call).await;
                    clean(
                        &format!("{} {}", call.method, call.target),
                        &bytes(&response),
                    );
                    answered += 1;
                }
                heard.extend(provider.received());
            }
            // Nobody answers at all.
            provider.answer(None);
            for call in calls(bird, number) {
                clean(&call.target, &bytes(&serve.call(&call).await));
            }
            heard.extend(provider.received());
            let secret = bird.basic().unwrap_or_else(|| bird.secret());
            assert!(!heard.is_empty());
            for request in heard {
                let headers: Vec<&str> = request
                    .headers
                    .iter()
                    .filter(|(_, value)| value.contains(&secret))
                    .map(|(name, _)| name.as_str())
                    .collect();
                let expected = match bird.integration {
                    "hive" => "api_key",
                    "pivotal_tracker" => "x-trackertoken",
                    _ => "authorization",
                };
                assert_eq!(headers, [expected], "{secret} in {request:?}");
                // And nowhere else.
                clean("the target", request.target.as_bytes());
                clean("the body", &request.body);
                assert!(!format!("{request:?}").contains(SERVER_TOKEN));
            }
        }
        assert!(answered > 2000, "{answered}");
        serve.terminate();
        serve.ended().await;
        let said = serve.said();
        assert!(said.len() > 100_000, "what it logs is looked at: {said}");
        clean("the log", said.as_bytes());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_comes_out_of_the_program() {
    let provider = Provider::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("accounts.toml");
    std::fs::write(&file, accounts(&provider)).expect("a file");
    let run = |arguments: &[&str]| {
        let mut process = program(["--accounts", file.to_str().expect("a path in UTF-8"), "-vv"]);
        let output = process
            .args(arguments)
            .env("RUST_BACKTRACE", "1")
            .stdin(Stdio::null())
            .output()
            .expect("the program runs");
        clean(&format!("{arguments:?}: stdout"), &output.stdout);
        clean(&format!("{arguments:?}: stderr"), &output.stderr);
        output
    };
    for command in [&["accounts", "list"], &["accounts", "check"]] {
        assert!(run(command).status.success());
    }
    run(&["users", "create", "--account", "nobody"]);
    for bird in &BIRDS {
        let name = format!("{}-{}", bird.integration, bird.credential);
        let create = ["users", "create", "--account", &name, "--collection", "1"];
        let user = [
            ["--name", "Ines Halvorsen"],
            ["--first-name", "Ines"],
            ["--last-name", "Halvorsen"],
            ["--nick-name", "Ines"],
            ["--email", "ines@kelpworks.example"],
        ]
        .concat();
        let with = |more: &[&'static str]| run(&[create.as_slice(), &user, more].concat());
        assert!(with(&["--dry-run"]).status.success());
        for form in bird.forms() {
            for answer in Bird::answers(&form) {
                provider.answer(Some(answer));
                with(&["--log-format", "json"]);
            }
        }
        with(&["--format", "raw"]);
        with(&["--strict"]);
        provider.answer(None);
        with(&[]);
        let heard = provider.received();
        let secret = bird.basic().unwrap_or_else(|| bird.secret());
        assert!(heard.len() > 60);
        assert!(heard.iter().all(|request| {
            request
                .headers
                .iter()
                .any(|(_, value)| value.contains(&secret))
        }));
    }
}

/// What is printed of values that hold secrets.
#[tokio::test]
async fn no_secret_is_printed_by_debug() {
    let provider = Provider::start().await;
    let file = accounts(&provider);
    let parse = || unified_ticketing::FileAccounts::parse("a".as_ref(), &file, |_| None);
    let accounts = parse().expect("good accounts");
    clean("accounts", format!("{accounts:?}").as_bytes());
    for account in accounts.iter() {
        clean("an account", format!("{account:?}").as_bytes());
    }
    let builder = unified_ticketing::Engine::builder().accounts(parse().expect("good accounts"));
    clean("a builder", format!("{builder:?}").as_bytes());
    let engine = builder.build().expect("an engine");
    clean("an engine", format!("{engine:?}").as_bytes());

    // A file with a fault is quoted, but not its secrets.
    for broken in [
        file.replace("api_token", "token"),
        file.replace("base_url", "base-url"),
        file.replacen("credentials", "credentials = 1\ncredentials", 1),
        file.replacen("'canary", "canary", 1),
        file.replace("\" }", "\" "),
    ] {
        let faults = unified_ticketing::FileAccounts::parse("a".as_ref(), &broken, |_| None);
        let faults = faults.expect_err("a fault");
        clean("a fault", format!("{faults:?}").as_bytes());
        for fault in faults {
            clean("a fault", fault.to_string().as_bytes());
        }
    }
}
