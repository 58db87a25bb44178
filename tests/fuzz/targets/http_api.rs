//! The published HTTP API: a request, and the result of the request to the provider.
//!
//! The first byte chooses an operation, of which only the integration counts: method and path name the operation. With an odd second
//! byte the host injects the credentials. The parts are method, target, headers and body of the request, and the result of the request
//! to the provider.

#![no_main]

use libfuzzer_sys::fuzz_target;
use unified_ticketing_fuzz::input::Input;
use unified_ticketing_fuzz::support::{operations, resume, start};
use unified_ticketing_fuzz::{account, invariants, operation};
use unified_ticketing_guest::bindings::http_api::{HttpRequest, HttpStep};
use unified_ticketing_guest::context::EntryPoint;

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
    // The context has the caller's own strings, in which a byte that is not UTF-8 becomes three, and little else.
    assert!(sending.context.len() < invariants::MAX_CONTEXT + 3 * bytes.len());
    let called = operations().into_iter().find(|operation| {
        operation.integration.name == chosen.integration.name
            && operation.method() == request.method
    });
    let called = called.expect("an operation that the integration has");
    let context = invariants::assert_sending(called, &account, &sending, EntryPoint::HttpApi);
    let result = input.response();
    let response = resume(&sending.context, result.as_ref());
    invariants::assert_response(&context, result.as_ref(), &response);
});
