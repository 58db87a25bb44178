//! Properties of any input. `PROPTEST_CASES=100000` tries more than the usual 256.

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use unified_ticketing_guest::bindings::http_api::HttpStep;
use unified_ticketing_guest::bindings::types::ProviderResponse;
use unified_ticketing_guest::bindings::types::Sending;
use unified_ticketing_guest::context::{Context, EntryPoint};
use unified_ticketing_guest::field::Field;

use crate::case::ACCOUNT;
use crate::invariants;
use crate::support::{
    Operation, every_operation, http_request, operations, resume, resume_step, start,
};

/// An operation that takes the fields of a user.
fn operation() -> impl Strategy<Value = Operation> {
    prop::sample::select(operations())
}

fn any_operation() -> impl Strategy<Value = Operation> {
    prop::sample::select(every_operation())
}

/// Strings that could escape from their context.
fn string() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[a-z@.:/?#&=%+ \"\\\\]{0,12}",
        prop::sample::select(vec![
            "",
            " ",
            ".",
            "..",
            "../..",
            "%2e%2e",
            "/",
            "\r\nx: y",
            "null",
            "\u{0}",
            "é",
            "a@b.example"
        ])
        .prop_map(str::to_owned),
    ]
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        string().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((string(), inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// JSON in unusual spellings. With `twice`, members of an object share names; else each has its own.
fn odd_json(twice: bool) -> impl Strategy<Value = String> {
    let space = || prop::sample::select(vec!["", " ", "\n", "\t\r "]);
    let leaf = prop_oneof![
        prop::sample::select(vec![
            "null",
            "true",
            "0",
            "-0.0",
            "1E5",
            "2e400",
            "1.50",
            "[ ]",
            "{\t}",
            r#""\ud83d""#,
            r#""\u00e9\"}{""#,
        ])
        .prop_map(str::to_owned),
        "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,9})?([eE][+-]?[0-9]{1,3})?",
        any::<String>().prop_map(|text| Value::from(text).to_string()),
    ];
    leaf.prop_recursive(6, 32, 4, move |inner| {
        let names =
            prop::collection::vec((0..if twice { 2 } else { 1_000_000 }, inner.clone()), 0..4);
        prop_oneof![
            (prop::collection::vec(inner, 0..4), space()).prop_map(|(items, space)| format!(
                "[{space}{}]",
                items.join(&format!("{space},"))
            )),
            (names, space()).prop_map(move |(mut members, space)| {
                if !twice {
                    members.sort_by_key(|(name, _)| *name);
                    members.dedup_by_key(|(name, _)| *name);
                }
                let members: Vec<String> = members
                    .iter()
                    .map(|(name, value)| format!("{space}\"\\ud83d{name}\"{space}:{value}"))
                    .collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

/// Bodies that are almost right.
fn body() -> impl Strategy<Value = Map<String, Value>> {
    let email = (
        string(),
        prop::option::of(prop::sample::select(vec!["primary", "other", "home"])),
    )
        .prop_map(|(address, kind)| json!({"email": address, "type": kind}));
    let role = (
        prop::option::of(string()),
        prop::option::of(prop::sample::select(vec!["agent", "owner", "account"])),
    )
        .prop_map(|(id, name)| json!({"id": id, "name": name}));
    let value = prop_oneof![
        3 => string().prop_map(Value::from),
        2 => prop::collection::vec(email, 0..3).prop_map(Value::from),
        2 => prop::collection::vec(role, 0..3).prop_map(Value::from),
        2 => json(),
    ];
    let names: Vec<String> = Field::ALL
        .into_iter()
        .map(|field| field.name().to_owned())
        .chain(["remote_data".to_owned()])
        .collect();
    prop::collection::vec(
        (
            prop_oneof![4 => prop::sample::select(names), 1 => string()],
            value,
        ),
        0..8,
    )
    .prop_map(|members| members.into_iter().collect())
}

/// A query of parameters that are almost right, encoded.
fn query() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        prop::sample::select(vec![
            "remote_query[a]",
            "remote_query[a][b]",
            "remote_query[user_id]",
            "truto_exclude_fields[]",
            "collections[][id]",
            "collections[0][type]",
            "unified_strict",
            "truto_response_format",
            "truto_ignore_remote_data",
            "emails[][email]",
            "next_cursor",
            "limit",
        ])
        .prop_map(str::to_owned),
        string(),
    ];
    let value = prop_oneof![
        prop::sample::select(vec!["true", "raw", "debug", "project", "1"]).prop_map(str::to_owned),
        string()
    ];
    prop::collection::vec((name, value), 0..4).prop_map(|pairs| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(pairs);
        query.finish()
    })
}

fn id() -> impl Strategy<Value = String> {
    string().prop_map(|id| {
        percent_encoding::utf8_percent_encode(&id, percent_encoding::NON_ALPHANUMERIC).to_string()
    })
}

/// A valid input, changed by odd members.
fn call() -> impl Strategy<Value = (Operation, String, String, Value)> {
    (any_operation(), id(), query(), any::<bool>(), body()).prop_map(
        |(operation, id, query, valid, body)| {
            let mut members = if valid { operation.body() } else { Map::new() };
            members.extend(body);
            (
                operation,
                operation.target_of(&id, &format!("&{query}")),
                query,
                Value::Object(members),
            )
        },
    )
}

proptest! {
    #[test]
    fn request_stays_on_origin_and_path((operation, target, _, body) in call()) {
        let request = http_request(operation.method(), &target, body.to_string().as_bytes());
        let account = operation.account(true);
        match start(&request, account.clone()) {
            HttpStep::Respond(response) => invariants::assert_local_response(&account, &response),
            HttpStep::Send(sending) => {
                invariants::assert_sending(operation, &account, &sending, EntryPoint::HttpApi);
            }
        }
    }

    #[test]
    fn start_never_panics(
        operation in any_operation(), method in prop_oneof![Just("POST"), Just("PATCH"), Just("GET"), Just("DELETE")], target in any::<String>(),
        known in any::<bool>(), body in prop::collection::vec(any::<u8>(), 0..64),
    ) {
        let target = if known { format!("/unified/ticketing/users?{target}") } else { target };
        let account = operation.account(false);
        invariants::assert_reads_as_serde(&body);
        match start(&http_request(method, &target, &body), account.clone()) {
            HttpStep::Respond(response) => invariants::assert_local_response(&account, &response),
            HttpStep::Send(_) => panic!("no input has the account's id by chance"),
        }
    }

    #[test]
    fn resume_reports_any_response_correctly(
        operation in any_operation(), status in 100..600_u16, body in prop_oneof![
            json().prop_map(|body| body.to_string().into_bytes()),
            prop::collection::vec(any::<u8>(), 0..64),
        ],
        headers in prop::collection::vec((prop::sample::select(vec![
            "retry-after", "date", "x-ratelimit-reset", "content-encoding", "content-type", "x-gorgias-account-api-call-limit",
        ]), string()), 0..3),
    ) {
        let context = operation.plan("").context;
        let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let sent = ProviderResponse { status, headers, body };
        let read = Context::from_bytes(&context, ACCOUNT, EntryPoint::HttpApi).expect("a context");
        match resume_step(&context, Ok(&sent), operation.account(true)) {
            HttpStep::Respond(response) => invariants::assert_response(&read, Ok(&sent), &response),
            HttpStep::Send(_) => prop_assert!(operation.row.list.is_some()),
        }
    }

    #[test]
    fn passed_on_json_is_kept(operation in operation(), json in odd_json(false), wrap in 0..2_000_usize) {
        let json = format!("{}{json}{}", "[".repeat(wrap), "]".repeat(wrap));
        let mut body = Value::Object(operation.body()).to_string();
        body.pop();
        let body = format!("{body},\"remote_data\":{{\"more\":{json}}}}}");
        let request = http_request(operation.method(), &operation.target(""), body.as_bytes());
        let HttpStep::Send(Sending { request, .. }) = start(&request, operation.account(true)) else {
            panic!("{body}");
        };
        let sent = String::from_utf8_lossy(&request.body).into_owned();
        let more = format!("\"more\":{json}");
        prop_assert!(sent.contains(&more), "{sent}");
    }

    #[test]
    fn any_json_object_is_usable(operation in operation(), json in odd_json(true), wrap in 0..2_000_usize) {
        let body = format!("{{\"more\":{}{json}{}}}", "[".repeat(wrap), "]".repeat(wrap));
        invariants::assert_reads_as_serde(body.as_bytes());
        let context = operation.plan("").context;
        let sent = ProviderResponse { status: 200, headers: vec![], body: body.into_bytes() };
        let response = resume(&context, Ok(&sent));
        prop_assert_eq!(response.status, 200);
        invariants::assert_response(&Context::from_bytes(&context, ACCOUNT, EntryPoint::HttpApi).expect("a context"), Ok(&sent), &response);
    }

    #[test]
    fn resume_never_panics(context in prop::collection::vec(any::<u8>(), 0..64)) {
        let sent = ProviderResponse { status: 200, headers: vec![], body: b"{}".to_vec() };
        prop_assert_eq!(resume(&context, Ok(&sent)).status, 400);
    }
}
