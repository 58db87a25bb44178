//! Every golden case through the core.

use unified_ticketing_guest::bindings::http_api::HttpStep;
use unified_ticketing_guest::bindings::types::{Begun, CallResult};
use unified_ticketing_guest::integration::{ALL, OperationName};

use crate::case::begun::{BEGUN, time};
use crate::case::check::json;
use crate::case::{self, Case};
use crate::support::{SERVER, account, request, response_of, resume_step, start_at};

/// The kinds of cases that an operation needs.
const fn kinds(operation: OperationName) -> &'static [&'static str] {
    match operation {
        OperationName::Create => &[
            "minimal",
            "full",
            "unsupported-field",
            "remote-data-merge",
            "remote-query",
            "invalid",
            "rejected",
            "odd-response",
            "settle",
            "exists",
        ],
        OperationName::Update => &[
            "minimal",
            "full",
            "unsupported-field",
            "remote-data-merge",
            "remote-query",
            "invalid",
            "rejected",
            "odd-response",
        ],
        OperationName::Get => &[
            "minimal",
            "full",
            "remote-query",
            "invalid",
            "rejected",
            "odd-response",
        ],
        OperationName::List => &[
            "first-page",
            "last-page",
            "email",
            "filter-passed-over",
            "empty",
            "odd-entry",
            "remote-query",
            "invalid",
            "rejected",
            "odd-response",
        ],
        OperationName::Delete => &[
            "minimal",
            "remote-query",
            "invalid",
            "rejected",
            "odd-response",
        ],
    }
}

/// A time that every test can do with as the present, and its text.
const LATER: (i64, &str) = (1_835_481_595, "2028-02-29T23:59:55");

fn run(case: &Case, begun: &str) {
    let name = &case.name;
    let reads = case.operation.result() == CallResult::Read;
    let begun = Begun::Now(begun.to_owned());
    let mut step = start_at(&request(case), account(case), &begun);
    let mut sent = 0;
    let response = loop {
        let sending = match step {
            HttpStep::Send(sending) => sending,
            HttpStep::Respond(response) => break response,
        };
        let request = &sending.request;
        // The plan is the request of a call that changes something: the first one, unless that looks for the user.
        let plan = sending.plan.as_ref();
        if sent == 0 && looks_first(case) {
            let plan = plan.unwrap_or_else(|| panic!("{name}: no plan"));
            check_plan(
                case,
                &plan.method,
                plan.url.trim_start_matches(SERVER),
                &plan.body,
            );
        } else {
            let first = Some(request).filter(|_| sent == 0 && !reads);
            assert_eq!(plan, first, "{name}: plan");
        }
        let wait = case.file.requests.get(sent).map(|request| request.wait_ms);
        assert_eq!(Some(sending.wait_ms), wait, "{name}: wait");
        let target = request
            .url
            .strip_prefix(SERVER)
            .unwrap_or_else(|| panic!("{name}: {}", request.url));
        case.check_request(
            sent,
            &request.method,
            target,
            &request.headers,
            &request.body,
        );
        let response = response_of(case, sent);
        step = resume_step(&sending.context, response.as_ref(), account(case));
        sent += 1;
    };
    case.check_response(SERVER, response.status, &response.headers, &response.body);
    case.check_count(sent);
}

/// Whether the call looks for a user before it creates one.
fn looks_first(case: &Case) -> bool {
    case.operation.verb() == "create"
        && (case.file.requests.first()).is_some_and(|request| request.method == "GET")
}

/// Compares the plan of a call that looks first with the creation, where the call comes to that.
fn check_plan(case: &Case, method: &str, target: &str, body: &[u8]) {
    let name = &format!("{}, plan", case.name);
    assert_eq!(method, "POST", "{name}");
    let mut requests = case.file.requests.iter();
    if let Some(creation) = requests.find(|request| request.method == "POST") {
        assert_eq!(target, creation.target, "{name}");
        let expected = creation.body.as_deref().unwrap_or_default();
        assert_eq!(json(name, body), json(name, expected.as_bytes()), "{name}");
    }
}

#[test]
fn every_case_holds_natively() {
    all_hold(&case::all(), BEGUN);
}

/// Nothing but the time that has passed since the call began counts.
#[test]
fn settling_holds_at_any_time() {
    let (seconds, text) = LATER;
    assert_eq!(time(seconds), text);
    let mut cases = case::all();
    cases.retain(|case| case.file.call.settle);
    let cases: Vec<Case> = cases.iter().map(|case| case.begun_at(seconds)).collect();
    all_hold(&cases, &format!("{text}Z"));
}

fn all_hold(cases: &[Case], begun: &str) {
    let failed: Vec<&str> = cases
        .iter()
        .filter(|case| {
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| run(case, begun))).is_err()
        })
        .map(|case| case.name.as_str())
        .collect();
    assert!(
        failed.is_empty(),
        "{} of {} cases failed: {failed:#?}",
        failed.len(),
        cases.len()
    );
}

#[test]
fn operation_has_case_of_every_kind() {
    let cases = case::all();
    let mut missing = Vec::new();
    for integration in ALL {
        for operation in OperationName::ALL {
            let kinds = if integration.operation(*operation).is_some() {
                kinds(*operation)
            } else {
                &["unsupported"]
            };
            for kind in kinds {
                let name = format!("{}/{}-{kind}", integration.name, operation.verb());
                let of_kind = |case: &Case| {
                    case.name
                        .strip_prefix(&name)
                        .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
                };
                if !cases.iter().any(of_kind) {
                    missing.push(name);
                }
            }
        }
    }
    assert_eq!(missing, [""; 0], "missing cases");
}
