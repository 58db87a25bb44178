//! Every golden case through the core.

use unified_ticketing_guest::bindings::http_api::HttpStep;
use unified_ticketing_guest::bindings::types::CallResult;
use unified_ticketing_guest::integration::{ALL, OperationName};

use crate::case::{self, Case};
use crate::support::{SERVER, account, request, response_of, resume_step, start};

/// The kinds of cases that an operation needs.
const fn kinds(operation: OperationName) -> &'static [&'static str] {
    match operation {
        OperationName::Create | OperationName::Update => &[
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

fn run(case: &Case) {
    let name = &case.name;
    let reads = case.operation.result() == CallResult::Read;
    let mut step = start(&request(case), account(case));
    let mut sent = 0;
    let response = loop {
        let sending = match step {
            HttpStep::Send(sending) => sending,
            HttpStep::Respond(response) => break response,
        };
        let request = &sending.request;
        // The plan is the request of a call that changes something.
        let plan = Some(request).filter(|_| sent == 0 && !reads);
        assert_eq!(sending.plan.as_ref(), plan, "{name}: plan");
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
        step = resume_step(&sending.context, Ok(&response), account(case));
        sent += 1;
    };
    case.check_response(SERVER, response.status, &response.headers, &response.body);
    case.check_count(sent);
}

#[test]
fn every_case_holds_natively() {
    let cases = case::all();
    let failed: Vec<&str> = cases
        .iter()
        .filter(|case| {
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| run(case))).is_err()
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
