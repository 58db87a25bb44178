//! Every golden case through the core.

use unified_ticketing_guest::bindings::http_api::HttpStep;
use unified_ticketing_guest::integration::{ALL, OperationName};

use crate::case::{self, Case};
use crate::support::{SERVER, account, request, response_of, resume, start};

/// The kinds of cases that every operation needs.
const KINDS: [&str; 8] = [
    "minimal",
    "full",
    "unsupported-field",
    "remote-data-merge",
    "remote-query",
    "invalid",
    "rejected",
    "odd-response",
];

fn run(case: &Case) {
    let response = match start(&request(case), account(case)) {
        HttpStep::Respond(response) => {
            assert!(
                case.file.request.is_none(),
                "{}: expected a request, but found {}",
                case.name,
                String::from_utf8_lossy(&response.body)
            );
            response
        }
        HttpStep::Send(sending) => {
            let request = &sending.request;
            assert_eq!(sending.plan.as_ref(), Some(request));
            let target = request
                .url
                .strip_prefix(SERVER)
                .unwrap_or_else(|| panic!("{}: {}", case.name, request.url));
            case.check_request(&request.method, target, &request.headers, &request.body);
            resume(&sending.context, Ok(&response_of(case)))
        }
    };
    case.check_response(SERVER, response.status, &response.headers, &response.body);
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
                KINDS.to_vec()
            } else {
                vec!["unsupported"]
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
