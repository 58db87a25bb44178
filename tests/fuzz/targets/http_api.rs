//! The published HTTP API: a request, and the result of the request to the provider.
//!
//! The first byte chooses an operation, of which only the integration counts: method and path name the operation. With an odd second
//! byte the host injects the credentials. The parts are method, target, headers and body of the request, and the result of the request
//! to the provider.

#![no_main]

use libfuzzer_sys::fuzz_target;
use unified_ticketing_fuzz::input::Input;
use unified_ticketing_fuzz::support::{Operation, resume_step, start};
use unified_ticketing_fuzz::{account, assert_next, assert_response, invariants, operation};
use unified_ticketing_guest::bindings::http_api::{HttpRequest, HttpStep};
use unified_ticketing_guest::context::EntryPoint;
use unified_ticketing_guest::http_api::route;

fuzz_target!(|bytes: &[u8]| {
    let mut input = Input(bytes);
    let chosen = operation(input.byte());
    let account = account(chosen, input.byte(), bytes, "");
    let request = HttpRequest {
        method: input.string(),
        target: input.string(),
        headers: input.pairs(),
        body: input.part().to_vec(),
    };
    invariants::assert_reads_as_serde(&request.body);
    let sending = match start(&request, account.clone()) {
        HttpStep::Respond(response) => {
            return invariants::assert_local_response(&account, &response);
        }
        HttpStep::Send(sending) => sending,
    };
    let path = request.target.split('?').next().unwrap_or_default();
    let name = route(&request.method, path).expect("a route").operation;
    let called = Operation {
        integration: chosen.integration,
        row: chosen.integration.operation(name).expect("an operation"),
    };
    let context = invariants::assert_sending(called, &account, &sending, EntryPoint::HttpApi);
    // The context has the caller's own strings, in which a byte that is not UTF-8 becomes three, a request that is shown, and little
    // else.
    let shown = context.shown.as_ref();
    let shown = shown.map_or(0, |request| request.url.len() + request.body.len());
    assert!(sending.context.len() < invariants::MAX_CONTEXT + 3 * bytes.len() + shown);
    let result = input.response();
    match resume_step(&sending.context, result.as_ref(), account) {
        HttpStep::Respond(response) => assert_response(&context, result.as_ref(), &response),
        HttpStep::Send(next) => assert_next(&context, &next),
    }
});
