//! Properties of lists and look-ups over made-up directories, whatever a provider makes of pages and filters. That the order of
//! users changes between two pages is not tried: then no list is certain.

mod directory;
mod provider;

use proptest::prelude::*;
use serde_json::Value;
use unified_ticketing_guest::bindings::http_api::{HttpResponse, HttpStep};
use unified_ticketing_guest::bindings::types::Safety;
use unified_ticketing_guest::integration::OperationName;

use crate::support::{Operation, every_operation, json_of, resume_step, start};
use directory::{ADDRESS, Directory, Somebody, Spelling};
use provider::{Failure, Filter, Provider};

/// An integration's list, with a provider.
#[derive(Clone, Debug)]
struct Setup {
    operation: Operation,
    #[expect(dead_code, reason = "it is shown where a property fails")]
    directory: Directory,
    provider: Provider,
}

fn spelling() -> impl Strategy<Value = Spelling> {
    prop::sample::select(Spelling::ALL.to_vec())
}

fn somebody() -> impl Strategy<Value = Somebody> {
    prop_oneof![
        4 => (spelling(), any::<bool>()).prop_map(|(spelling, further)| Somebody::Wanted(spelling, further)),
        1 => (1..260_usize, spelling()).prop_map(|(number, spelling)| Somebody::Crowd(number, spelling)),
        3 => (0..5_usize, spelling()).prop_map(|(number, spelling)| Somebody::Near(number, spelling)),
        1 => Just(Somebody::WithoutAddress),
        2 => (0..7_usize).prop_map(Somebody::Odd),
    ]
}

/// A directory of about so many users at most. Some come late, if any may.
fn directory(largest: usize, late: bool) -> impl Strategy<Value = Directory> {
    let many = prop_oneof![
        2 => 0..=largest.min(12),
        3 => 0..=largest.min(450),
        2 => 0..=largest,
    ];
    let from = prop_oneof![3 => Just(1_u32), 1 => 2..12_u32];
    let from = from.prop_map(move |from| if late { from } else { 1 });
    let among = prop::collection::vec((0..=1000_usize, from, somebody()), 0..6);
    (many, among).prop_map(|(many, among)| Directory { many, among })
}

fn failure() -> impl Strategy<Value = Option<(u32, Failure)>> {
    let statuses = vec![401, 404, 408, 429, 500, 503, 206, 302];
    let bodies = vec![
        "",
        "{}",
        "null",
        "<html></html>",
        r#"{"data": {}, "people": 1}"#,
        "[{}",
    ];
    let failure = prop_oneof![
        prop::sample::select(statuses).prop_map(Failure::Status),
        prop::sample::select(bodies).prop_map(Failure::Body),
        Just(Failure::Lost),
        Just(Failure::Deadline),
    ];
    prop_oneof![5 => Just(None), 1 => (1..6_u32, failure).prop_map(Some)]
}

fn lists() -> Vec<Operation> {
    let mut operations = every_operation();
    operations.retain(|operation| operation.row.name == OperationName::List);
    operations
}

fn setup(largest: usize, late: bool) -> impl Strategy<Value = Setup> {
    (
        prop::sample::select(lists()),
        directory(largest, late),
        // One that is passed over is half of all: it has the most to go wrong.
        prop_oneof![
            Just(Filter::PassedOver),
            prop::sample::select(Filter::ALL.to_vec())
        ],
        prop_oneof![Just(None), (1..150_usize).prop_map(Some)],
        any::<[bool; 4]>(),
        failure(),
    )
        .prop_map(|(operation, directory, filter, cap, booleans, failure)| {
            let [primary_only, leaks, counts_pages, begins_empty] = booleans;
            let integration = operation.integration.name;
            let provider = Provider {
                integration,
                entries: directory.entries(integration),
                filter,
                primary_only,
                leaks,
                cap,
                counts_pages,
                begins_empty,
                failure,
                requests: Vec::new(),
            };
            Setup {
                operation,
                directory,
                provider,
            }
        })
}

/// Makes a call to its end.
fn call(operation: Operation, query: &str, provider: &mut Provider) -> HttpResponse {
    let account = || operation.account(true);
    let mut step = start(&operation.request(query, &Value::Null), account());
    loop {
        match step {
            HttpStep::Respond(response) => return response,
            HttpStep::Send(sending) => {
                assert_eq!((sending.safety, sending.wait_ms), (Safety::Safe, 0));
                assert!(sending.plan.is_none() && sending.request.body.is_empty());
                let response = provider.respond(&sending.request);
                step = resume_step(&sending.context, response.as_ref(), account());
            }
        }
    }
}

/// Whether a request of the call failed.
fn has_failed(provider: &Provider) -> bool {
    let at = provider.failure.map(|(at, _)| at as usize);
    at.is_some_and(|at| at <= provider.requests.len())
}

fn assert_read_failed(response: &HttpResponse) {
    let body = String::from_utf8_lossy(&response.body);
    assert!(response.status >= 400, "{body}");
    assert_eq!(json_of(response)["outcome"], "not-sent", "{body}");
}

fn remote_data(response: &HttpResponse) -> Vec<Value> {
    let body = json_of(response);
    let users = body["result"].as_array().expect("users");
    assert_eq!(body["result_count"], users.len());
    users
        .iter()
        .map(|user| user["remote_data"].clone())
        .collect()
}

/// Looks an address up, and checks the result.
fn check_look_up(operation: Operation, mut provider: Provider, address: &str, raw: bool) {
    let format = if raw {
        "&truto_response_format=raw"
    } else {
        ""
    };
    let encoded: String = form_urlencoded::byte_serialize(address.as_bytes()).collect();
    let query = format!("&emails[][email]={encoded}{format}");
    let response = call(operation, &query, &mut provider);
    let requests = &provider.requests;
    let pages = |of: &(String, Option<String>)| requests.iter().filter(|it| *it == of).count();
    for request in requests {
        assert!(pages(request) <= 10, "more than 10 pages: {request:?}");
    }
    if has_failed(&provider) {
        return assert_read_failed(&response);
    }
    if response.status != 200 {
        assert_read_failed(&response);
        assert_eq!(json_of(&response)["code"], "invalid-response");
        assert_eq!(requests.last().map(pages), Some(10), "fewer pages than 10");
        return;
    }
    // Who is there all the time, and is shown by the filter for one of the two spellings. A filter that regards case shows nobody who
    // is stored in a third spelling, and one that regards primary addresses alone shows nobody who has it as a further one. That is
    // the documented limit: a filter that shows nobody else is trusted.
    let there = provider
        .entries
        .iter()
        .filter(|entry| entry.from == 1 && entry.has(address) && provider.shows(entry, address));
    let there: Vec<&Value> = there.map(|entry| &entry.json).collect();
    let who = |user: &Value| provider.entries.iter().find(|entry| entry.json == *user);
    if raw {
        let last = provider.users_of(&response.body);
        let found = |user| who(user).is_some_and(|entry| entry.has(address));
        assert!(there.is_empty() || last.iter().any(found), "absent");
        return;
    }
    let found = remote_data(&response);
    assert_eq!(json_of(&response)["next_cursor"], Value::Null);
    for (position, user) in found.iter().enumerate() {
        let has_it = who(user).is_some_and(|entry| entry.has(address));
        assert!(has_it, "{user} does not have it");
        assert!(!found[..position].contains(user), "{user} twice");
    }
    assert!(there.is_empty() || !found.is_empty(), "absent");
    if provider.pages_are_full() {
        for user in there {
            assert!(found.contains(user), "{user} is missing");
        }
    }
}

/// Reads a list to its end, and checks that it is complete.
fn check_list(operation: Operation, mut provider: Provider, limit: Option<u32>, raw: bool) {
    let format = if raw {
        "&truto_response_format=raw"
    } else {
        ""
    };
    let limited = limit.map(|limit| format!("&limit={limit}"));
    let limited = limited.unwrap_or_default();
    let most = limit.unwrap_or(100) as usize;
    let mut found: Vec<Value> = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        provider.requests.clear();
        let at = cursor.map(|cursor| format!("&next_cursor={cursor}"));
        let query = format!("{limited}{format}{}", at.unwrap_or_default());
        let response = call(operation, &query, &mut provider);
        assert!(provider.requests.len() <= if raw { 1 } else { 10 });
        if has_failed(&provider) {
            return assert_read_failed(&response);
        }
        assert_eq!(response.status, 200, "{:?}", json_of(&response));
        let page = if raw {
            let mut headers = response.headers.iter();
            let next = headers.find(|(name, _)| name == "unified-next-cursor");
            cursor = next.map(|(_, cursor)| cursor.clone());
            provider.users_of(&response.body)
        } else {
            cursor = json_of(&response)["next_cursor"]
                .as_str()
                .map(str::to_owned);
            let page = remote_data(&response);
            assert!(page.len() <= most, "{} of at most {most}", page.len());
            page
        };
        found.extend(page);
        assert!(found.len() <= provider.entries.len(), "more than there are");
        if cursor.is_none() {
            break;
        }
    }
    let expected = provider.entries.iter().map(|entry| &entry.json);
    assert!(found.iter().eq(expected), "every user once, in order");
}

proptest! {
    #[test]
    fn look_up_never_misses_user(setup in setup(2500, true), asked in spelling(), raw in prop::bool::weighted(0.2)) {
        check_look_up(setup.operation, setup.provider, &asked.apply(ADDRESS), raw);
    }

    #[test]
    fn list_gives_every_user_once(
        (limit, setup) in prop::option::of(1..=500_u32).prop_flat_map(|limit| {
            let largest = 2500.min(12 * limit.unwrap_or(100) as usize);
            (Just(limit), setup(largest, false))
        }),
        raw in prop::bool::weighted(0.2),
    ) {
        let Setup { operation, mut provider, .. } = setup;
        if !provider.pages_are_full() {
            provider.cap = None;
        }
        check_list(operation, provider, limit, raw);
    }
}

/// Directories in which look-ups did not find the user.
#[test]
fn look_up_finds_missed_user() {
    use Somebody::{Near, Odd, WithoutAddress};
    use Spelling::{Lower, Title};
    for (filter, leaks, raw, stored, other) in [
        // The filter compares parts of addresses, and regards case: another address has the one given in it.
        (Filter::Substring, false, false, Lower, Near(1, Title)),
        // An entry that shows no address passes the filter.
        (Filter::Exact, true, false, Lower, WithoutAddress),
        (Filter::Exact, true, false, Lower, Odd(0)),
        // The body that is passed on is that of the last response.
        (Filter::Exact, false, true, Title, Near(0, Lower)),
        (Filter::PassedOver, false, true, Title, Near(0, Lower)),
    ] {
        for operation in lists() {
            let integration = operation.integration.name;
            let wanted = Somebody::Wanted(stored, false);
            let directory = Directory {
                many: 10,
                among: vec![(300, 1, other), (600, 1, wanted)],
            };
            let provider = Provider {
                integration,
                entries: directory.entries(integration),
                filter,
                primary_only: false,
                leaks,
                cap: None,
                counts_pages: false,
                begins_empty: false,
                failure: None,
                requests: Vec::new(),
            };
            check_look_up(operation, provider, &Title.apply(ADDRESS), raw);
        }
    }
}
