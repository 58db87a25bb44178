//! The largest inputs of every costly kind: their responses are small.
//!
//! No time is asserted. `cargo test --release -p unified-ticketing-guest costs -- --nocapture` prints the time of each.

use std::time::Instant;

use serde_json::{Value, json};
use unified_ticketing_guest::bindings::http_api::{HttpRequest, HttpResponse, HttpStep};
use unified_ticketing_guest::bindings::types::{ProviderResponse, Sending};
use unified_ticketing_guest::findings::MAX_FINDINGS;
use unified_ticketing_guest::http_api;

use crate::invariants;
use crate::support::{Operation, http_request, json_of, operations, resume, start};

/// The size of the largest body that is read; less without optimization, where all of them would take minutes.
const MAX_BODY: usize = if cfg!(debug_assertions) {
    http_api::MAX_BODY / 64
} else {
    http_api::MAX_BODY
};

/// Two operations, in turn: only the tables differ, not the code that reads them.
fn two_operations(number: usize) -> impl Iterator<Item = Operation> {
    let operations = operations();
    let chosen = [number, number + operations.len() / 2];
    let chosen = chosen.map(|number| operations[number % operations.len()]);
    chosen.into_iter()
}

/// As many copies of a string as fit, with the number of each instead of `§`.
fn repeated(room: usize, text: &str, separator: &str) -> String {
    let mut all = String::with_capacity(room);
    for number in 0.. {
        let one = text.replace('§', &format!("{number:x}"));
        if all.len() + separator.len() + one.len() > room {
            break;
        }
        if !all.is_empty() {
            all.push_str(separator);
        }
        all.push_str(&one);
    }
    all
}

/// Bodies of the largest size.
fn bodies() -> Vec<(String, String)> {
    let room = MAX_BODY - 400;
    let mut bodies = Vec::new();
    let entries = [
        r"{}",
        "0",
        r#"{"email":"§@a"}"#,
        r#"{"email":"a@a"}"#,
        r#"{"email":"§@a","type":"x§"}"#,
        r#"{"email":0}"#,
        r#"{"a":0}"#,
        r#"{"id":"§"}"#,
        r#"{"name":"agent"}"#,
        r#"{"email":"a","email":"a"}"#,
        "[[]]",
        r#""""#,
    ];
    for field in ["emails", "roles", "name", "custom_fields", "remote_data"] {
        for entry in entries {
            let entries = repeated(room, entry, ",");
            bodies.push((
                format!("{field} of {entry}"),
                format!(r#""{field}":[{entries}]"#),
            ));
        }
        for member in [
            r#""§":0"#,
            r#""a":0"#,
            r#""§":{"§":0,"§":0}"#,
            r#""\u00§":"\u0001""#,
        ] {
            let members = repeated(room, member, ",");
            bodies.push((
                format!("{field} with {member}"),
                format!(r#""{field}":{{{members}}}"#),
            ));
        }
        for (open, close) in [("[", "]"), (r#"{"a":"#, "}"), (r#"{"a":0,"a":"#, "}")] {
            let depth = room / (open.len() + close.len());
            let deep = format!("{}0{}", open.repeat(depth), close.repeat(depth));
            bodies.push((
                format!("{field} deep of {open}"),
                format!(r#""{field}":{deep}"#),
            ));
        }
        for text in ["a", r"\u0001", "é", r"\ud83d", "~"] {
            let text_of = text.repeat(room / text.len());
            bodies.push((
                format!("{field} long of {text}"),
                format!(r#""{field}":"{text_of}""#),
            ));
        }
    }
    for member in [
        r#""§":0"#,
        r#""~/§\u0001":0"#,
        r#""name":"a""#,
        r#""emails":[{}]"#,
        r#""§":0,"§":0"#,
    ] {
        bodies.push((format!("members {member}"), repeated(room, member, ",")));
    }
    for text in ["a", "~", "/", r"\u0001", "é"] {
        let name = text.repeat((room - 10) / text.len() / 2);
        bodies.push((format!("a name of {text}"), format!(r#""{name}":0"#)));
        bodies.push((
            format!("a name of {text}, twice"),
            format!(r#""{name}":0,"{name}":0"#),
        ));
    }
    bodies
}

/// Queries of the size of the largest body.
fn queries() -> Vec<(String, String)> {
    let parameters = [
        "a",
        "a=1",
        "§",
        "§[]=1",
        "a[b]",
        "truto_exclude_fields=§",
        "truto_exclude_fields[]=id",
        "truto_§=1",
        "unified_dry_run=true",
        "unified_strict=true",
        "truto_response_format=x",
        "collections[§][id]=1",
        "collections[§][type]=1",
        "collections[][id]=§",
        "collections[][type]=§",
        "collections[1][id]=1",
        "collections=1",
        "remote_query[§]=1",
        "remote_query[a]=1",
        "remote_query[api_key]=§",
        "remote_query[]=1",
        "%01%02=1",
        "%F0%9F%98%80=+",
        "integrated_account_id=§",
    ];
    let repeated = parameters
        .iter()
        .map(|parameter| ((*parameter).to_owned(), repeated(MAX_BODY, parameter, "&")));
    let long = [
        (
            "exclude",
            format!("truto_exclude_fields={}", "id,".repeat(MAX_BODY / 3)),
        ),
        (
            "commas",
            format!("truto_exclude_fields={}", ",".repeat(MAX_BODY)),
        ),
        (
            "keys",
            format!("remote_query{}=1", "[a]".repeat(MAX_BODY / 3)),
        ),
        (
            "nothing in keys",
            format!("a{}=1", "[]".repeat(MAX_BODY / 2)),
        ),
        ("brackets", format!("a[{}", "][".repeat(MAX_BODY / 2))),
        ("a name", "a".repeat(MAX_BODY)),
        ("an encoded name", "%01".repeat(MAX_BODY / 3)),
        (
            "a value",
            format!("remote_query[a]={}", "%FF".repeat(MAX_BODY / 3)),
        ),
        (
            "an account",
            format!("integrated_account_id={}", "a".repeat(MAX_BODY)),
        ),
        ("ampersands", "&".repeat(MAX_BODY)),
    ];
    let long = long.map(|(name, query)| (name.to_owned(), query));
    repeated.chain(long).collect()
}

/// Checks that a response is bounded, except for the plan that it repeats.
fn assert_bounded(response: &HttpResponse) {
    invariants::assert_headers_bounded(&response.headers);
    if response.status != 200 {
        invariants::assert_error_bounded(&response.body);
    }
}

fn start_timed(name: &str, operation: Operation, request: &HttpRequest) -> Option<HttpResponse> {
    let clock = Instant::now();
    let step = start(request, operation.account(true));
    let took = clock.elapsed();
    let response = match step {
        HttpStep::Respond(response) => Some(response),
        HttpStep::Send(Sending { context, .. }) => {
            assert!(
                context.len() < invariants::MAX_CONTEXT + request.target.len(),
                "{name}: {} bytes of context",
                context.len()
            );
            None
        }
    };
    println!(
        "{:>7.1} ms {:<30} {name}",
        took.as_secs_f64() * 1e3,
        operation.name()
    );
    response
}

#[test]
fn large_body_gets_small_response() {
    for (number, (name, members)) in bodies().into_iter().enumerate() {
        for operation in two_operations(number) {
            for query in ["", "&unified_strict=true"] {
                let mut body = Value::Object(operation.body()).to_string();
                body.pop();
                let body = format!("{body},{members}}}");
                assert!(body.len() <= MAX_BODY, "{name}: {}", body.len());
                let target = operation.target(query);
                let request = http_request(operation.method(), &target, body.as_bytes());
                if let Some(response) = start_timed(&format!("{name} {query}"), operation, &request)
                {
                    assert_bounded(&response);
                }
            }
        }
    }
}

#[test]
fn large_query_gets_small_response() {
    for (number, (name, query)) in queries().into_iter().enumerate() {
        for operation in two_operations(number) {
            let request = operation.request(&format!("&{query}"), &Value::Object(operation.body()));
            if let Some(response) = start_timed(&name, operation, &request) {
                assert_bounded(&response);
            }
        }
    }
}

#[test]
fn large_rejection_gets_small_response() {
    const ROOM: usize = 4 * MAX_BODY;
    let reasons = repeated(ROOM, r#""§":["a","b"]"#, ",");
    let sentences = repeated(ROOM, r#"{"message":"a§"}"#, ",");
    let fields = repeated(ROOM, r#"{"field":"§","problem":"\u0001"}"#, ",");
    let deep = r#"{"a":"#.repeat(ROOM / 6) + "0" + &"}".repeat(ROOM / 6);
    let bodies = [
        format!(r#"{{"error":{{"msg":"no","data":{{{reasons}}}}}}}"#),
        format!(r#"{{"error":{{"msg":"no","data":{{"a":[{sentences}]}}}}}}"#),
        format!(r#"{{"error":{{"msg":"no","data":{deep}}}}}"#),
        format!(r#"{{"createdErrors":[{sentences}],"errors":[{sentences}]}}"#),
        format!("[{sentences}]"),
        format!(r#"{{"code":"invalid_parameter","validation_errors":[{fields}]}}"#),
        format!(
            r#"{{"message":"{}","MESSAGE":"\u0001"}}"#,
            r"\u0001".repeat(ROOM / 6)
        ),
        "a".repeat(ROOM),
        "\u{1}".repeat(ROOM),
    ];
    for (number, body) in bodies.iter().enumerate() {
        for operation in operations() {
            for status in [400, 500] {
                let context = operation.plan("").context;
                let rejection = ProviderResponse {
                    status,
                    headers: Vec::new(),
                    body: body.as_bytes().to_vec(),
                };
                let clock = Instant::now();
                let response = resume(&context, Ok(&rejection));
                let took = clock.elapsed().as_secs_f64() * 1e3;
                println!("{took:>7.1} ms {:<30} {status} {number}", operation.name());
                assert_bounded(&response);
            }
        }
    }
}

#[test]
fn violations_over_limit_are_counted() {
    let operation = operations()[0];
    for number in [99, 100, 101, 12_000] {
        let emails = vec![json!({}); number];
        let body = json!({"name": "Ines", "emails": emails});
        let request = operation.request("", &body);
        let response = start_timed("numbers", operation, &request).expect("an error");
        let body = json_of(&response);
        let violations = body["violations"].as_array().expect("violations");
        let more = number.saturating_sub(MAX_FINDINGS);
        assert_eq!(violations.len(), number - more + usize::from(more > 0));
        let last = violations.last().expect("a violation");
        assert_eq!(last["code"] == "more", more > 0, "{last}");
        if more > 0 {
            assert_eq!(last["message"], format!("{more} more"));
        }
        let message = body["message"].as_str().expect("a message");
        assert!(
            message.ends_with(&format!("; and {} more", number - 10)),
            "{message}"
        );
        assert!(message.len() < 1000, "{message}");
    }
}
