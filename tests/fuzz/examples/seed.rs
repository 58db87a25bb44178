//! Writes the first corpora of the fuzz targets: every golden case, in the layout of each target of the core, and a few inputs for
//! each target of the host.

use std::error::Error;
use std::fs;
use std::path::Path;

use unified_ticketing_fuzz::case::{self, Case};
use unified_ticketing_fuzz::input::{PART, encode};
use unified_ticketing_fuzz::support::{account, every_operation, request, response_of, start};
use unified_ticketing_guest::bindings::http_api::{HttpRequest, HttpStep};
use unified_ticketing_guest::bindings::types::{
    EmailsChange, JsonChange, RolesChange, StringChange, UserChanges,
};
use unified_ticketing_guest::findings::Findings;
use unified_ticketing_guest::http_api::body;
use unified_ticketing_guest::http_api::query::Query;
use unified_ticketing_guest::integration::OperationName;

fn main() -> Result<(), Box<dyn Error>> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for case in case::all() {
        let request = request(&case);
        let seeds = [
            ("query", Some(query(&case, &request.target))),
            ("http_api", Some(http_api(&case, &request))),
            ("plan", Some(plan(&case, &request))),
            ("interpret", interpret(&case, &request)),
        ];
        for (target, seed) in seeds {
            if let Some(seed) = seed {
                let folder = corpus.join(target);
                fs::create_dir_all(&folder)?;
                fs::write(folder.join(case.name.replace('/', "-")), seed)?;
            }
        }
    }
    for (target, seeds) in [
        ("redaction", redaction()),
        ("egress", egress()),
        ("accounts", accounts()),
        ("tokens", tokens()),
    ] {
        let folder = corpus.join(target);
        fs::create_dir_all(&folder)?;
        for (number, seed) in seeds.into_iter().enumerate() {
            fs::write(folder.join(format!("seed-{number}")), seed)?;
        }
    }
    Ok(())
}

fn parts(parts: &[&[u8]]) -> Vec<u8> {
    parts.join(&PART)
}

/// Secrets of several kinds, in every spelling.
fn redaction() -> Vec<Vec<u8>> {
    let secrets = [
        "ab/c+d=\"1",
        "aaaaaaaaaaaa",
        "a\\\\b\\\\\\\\c",
        "100%25%25x",
        "&amp;&amp;",
        "left***right",
        "geheim-\u{df}\u{1f600}",
        "eyJhbGciOiJIUzI1NiJ9.e30.c2ln",
    ];
    let mut seeds = Vec::new();
    for (index, secret) in secrets.into_iter().enumerate() {
        let other = secrets[(index + 1) % secrets.len()];
        for choices in [[0, 0], [1, 2], [3, 4], [5, 6], [7, 0]] {
            let around = format!("{{\"a\": \"{secret}\", \"b\": [\"{other}{secret}\"]}}");
            seeds.push(parts(&[
                secret.as_bytes(),
                other.as_bytes(),
                &choices,
                around.as_bytes(),
            ]));
        }
    }
    seeds
}

/// Requests of each integration, inside and outside its base URL.
fn egress() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for (choice, _) in (0..).zip(every_operation()) {
        for (replaced, url) in [
            (0, "/users?user_id=u&api_key=x&api_key[]=y&a=1"),
            (1, "https://api.planhat.com@evil.example/users"),
            (1, "https://app.hive.com:443/api/v1/users?user_id=owner"),
        ] {
            for credential in ["", "bearer ", " a b:c"] {
                let headers = [
                    ("Authorization", "Bearer x"),
                    ("API-Key", "x"),
                    ("x-more", "1"),
                    ("host", "evil.example"),
                ];
                let headers = headers.map(|(name, value)| vec![name, value]);
                let parts = [
                    credential.as_bytes().to_vec(),
                    b"POST".to_vec(),
                    url.as_bytes().to_vec(),
                    encode(headers),
                ];
                seeds.push(layout([choice, replaced], parts));
            }
        }
    }
    seeds
}

/// Accounts files, valid and invalid.
fn accounts() -> Vec<Vec<u8>> {
    let id = "62f44730-dd91-461e-bd6a-aedd9e0ad79d";
    let mut seeds = Vec::new();
    for (integration, settings, credentials) in [
        ("dixa", "", "api_token = \"SECRET\""),
        (
            "gorgias",
            "subdomain = \"acme\"",
            "email = \"ops@acme.example\", api_key = 'SECRET'",
        ),
        (
            "gorgias",
            "subdomain = 5, site = \"x\"",
            "access_token = { env = \"TOKEN\" }, token = \"SECRET\"",
        ),
        (
            "hive",
            "workspace_id = \"w\", user_id = \"u\"",
            "api_key = \" bearer SECRET \"",
        ),
        (
            "planhat",
            "host = \"api-us4.planhat.com\"",
            "api_token = { file = \"SECRET\" }",
        ),
        (
            "teamwork",
            "site = \"acme.eu\"",
            "api_key = \"\"\"SECRET\"\"\"",
        ),
        ("zendesk", "", "api_token = [\"SECRET\"]"),
    ] {
        let file = format!(
            "[[account]]\nid = \"{id}\"\nname = \"acme\"\nintegration = \"{integration}\"\nbase_url = \"http://127.0.0.1:1/a\"\n\
             settings = {{ {settings} }}\ncredentials = {{ {credentials} }}\n"
        );
        seeds.push(parts(&[b"from-the-environment", file.as_bytes()]));
    }
    seeds
}

fn tokens() -> Vec<Vec<u8>> {
    let file = "\u{feff}# of the shop\r\n\n  0123456789abcdef\nfedcba9876543210\n";
    let toml = format!(
        "[[token]]\nname = \"a\"\nscope = \"b\"\nsha256 = \"{}\"\n\
         accounts = [\"62f44730-dd91-461e-bd6a-aedd9e0ad79d\"]\noperations = [\"read\"]\n",
        "0123456789abcdef".repeat(4)
    );
    vec![
        parts(&[file.as_bytes(), b"Bearer 0123456789abcdef"]),
        parts(&[b"0123456789abcdef\nshort", b"bearer  x"]),
        parts(&[toml.as_bytes(), b"Bearer a"]),
    ]
}

/// The byte that chooses the operation of a case, and the query of a target.
fn query(case: &Case, target: &str) -> Vec<u8> {
    let mut operations = OperationName::ALL.iter();
    let position = operations.position(|operation| *operation == case.operation);
    let mut seed = vec![u8::try_from(position.unwrap_or_default()).unwrap_or_default()];
    let query = target.split_once('?').map_or("", |(_, query)| query);
    seed.extend(query.as_bytes());
    seed
}

fn http_api(case: &Case, request: &HttpRequest) -> Vec<u8> {
    let HttpRequest {
        method,
        target,
        headers,
        body,
    } = request;
    let parts = [
        method.as_bytes().to_vec(),
        target.as_bytes().to_vec(),
        pairs(headers),
        body.clone(),
    ];
    layout([choice(case), 0], parts.into_iter().chain(result_of(case)))
}

fn plan(case: &Case, request: &HttpRequest) -> Vec<u8> {
    let (settings, _) = Query::parse(&request.target).settings(case.operation);
    let UserChanges {
        first_name,
        last_name,
        name,
        emails,
        roles,
        nick_name,
        custom_fields,
        avatar,
        remote_data,
    } = body::changes(&request.body, &mut Findings::new(false));
    let text = |change| match change {
        StringChange::Keep => Vec::new(),
        StringChange::Clear => b"-".to_vec(),
        StringChange::Set(text) => set(text),
    };
    let entry = |first, second: Option<&'_ str>| {
        [first]
            .into_iter()
            .chain(second.map(str::to_owned))
            .collect::<Vec<String>>()
    };
    let options = settings.options;
    let collections = options
        .collections
        .into_iter()
        .map(|one| entry(one.id, one.type_.as_deref()));
    let emails = match emails {
        EmailsChange::Keep => Vec::new(),
        EmailsChange::Clear => b"-".to_vec(),
        EmailsChange::Set(emails) => set(entries(
            emails
                .into_iter()
                .map(|email| entry(email.address, email.type_.as_deref())),
        )),
    };
    let roles = match roles {
        RolesChange::Keep => Vec::new(),
        RolesChange::Clear => b"-".to_vec(),
        RolesChange::Set(roles) => {
            set(entries(roles.into_iter().map(|role| {
                entry(role.name.unwrap_or_default(), role.id.as_deref())
            })))
        }
    };
    let custom_fields = match custom_fields {
        JsonChange::Keep => Vec::new(),
        JsonChange::Clear => b"-".to_vec(),
        JsonChange::Set(json) => set(json),
    };
    let parts = [
        Vec::new(),
        Vec::new(),
        Vec::new(),
        case.file.call.id.clone().unwrap_or_default().into_bytes(),
        pairs(&options.remote_query),
        entries(collections),
        entries(options.exclude_fields.into_iter().map(|name| vec![name])),
        text(first_name),
        text(last_name),
        text(name),
        emails,
        roles,
        text(nick_name),
        custom_fields,
        text(avatar),
        remote_data.map(set).unwrap_or_default(),
        settings.list.email.map(set).unwrap_or_default(),
        settings.list.cursor.map(set).unwrap_or_default(),
        settings
            .list
            .limit
            .map(|limit| limit.to_string().into_bytes())
            .unwrap_or_default(),
    ];
    layout([choice(case), u8::from(options.strict) << 1], parts)
}

fn interpret(case: &Case, request: &HttpRequest) -> Option<Vec<u8>> {
    match start(request, account(case)) {
        HttpStep::Send(sending) => Some(layout(
            [choice(case), 0],
            [sending.context, Vec::new()]
                .into_iter()
                .chain(result_of(case)),
        )),
        HttpStep::Respond(_) => None,
    }
}

/// The byte that chooses the operation of a case.
fn choice(case: &Case) -> u8 {
    let position = every_operation().iter().position(|each| {
        each.integration.name == case.integration && each.row.name == case.operation
    });
    u8::try_from(position.unwrap_or_default()).unwrap_or_default()
}

/// The result of the first request of a case, as three parts; none if no request is sent.
fn result_of(case: &Case) -> Vec<Vec<u8>> {
    if case.file.responses.is_empty() {
        return Vec::new();
    }
    let Ok(response) = response_of(case, 0) else {
        return Vec::new();
    };
    vec![
        response.status.to_string().into_bytes(),
        pairs(&response.headers),
        response.body,
    ]
}

fn set(value: impl Into<Vec<u8>>) -> Vec<u8> {
    let mut part = b"=".to_vec();
    part.extend(value.into());
    part
}

fn pairs(pairs: &[(String, String)]) -> Vec<u8> {
    encode(
        pairs
            .iter()
            .map(|(name, value)| vec![name.as_str(), value.as_str()]),
    )
}

fn entries(entries: impl Iterator<Item = Vec<String>>) -> Vec<u8> {
    let entries: Vec<Vec<String>> = entries.collect();
    encode(
        entries
            .iter()
            .map(|entry| entry.iter().map(String::as_str).collect()),
    )
}

fn layout(choices: [u8; 2], parts: impl IntoIterator<Item = Vec<u8>>) -> Vec<u8> {
    let mut seed = choices.to_vec();
    let parts: Vec<Vec<u8>> = parts.into_iter().collect();
    seed.extend(parts.join(&PART));
    seed
}
