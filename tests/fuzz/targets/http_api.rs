//! The published HTTP API: a request, and, when something is sent, what becomes of it.
//!
//! The first byte chooses an operation, of which only the integration counts: method and path say which one is called. With an
//! odd second one the host injects the credentials. The parts are method, target, headers and body of the request, and what becomes of what is sent.

#![no_main]

use libfuzzer_sys::fuzz_target;
use unified_ticketing_fuzz::input::Input;
use unified_ticketing_fuzz::support::{begin, operations};
use unified_ticketing_fuzz::{account, holds, operation};
use unified_ticketing_guest::bindings::http_api::{HttpRequest, HttpStep};
use unified_ticketing_guest::http_api;

fuzz_target!(|bytes: &[u8]| {
    let mut input = Input(bytes);
    let chosen = operation(input.byte());
    let account = account(chosen, input.byte(), bytes, "");
    let request = HttpRequest {
        method: input.text(),
        target: input.text(),
        headers: input.pairs(),
        body: input.part().to_vec(),
    };
    holds::reads_as_any_other(&request.body);
    let (sent, context) = match begin(&request, account.clone()) {
        HttpStep::Respond(response) => return holds::responded(&account, &response),
        HttpStep::Send(sent) => sent,
    };
    // What is kept between the halves has the caller's own texts, escaped, and little else.
    assert!(context.len() < holds::MAX_CONTEXT + 6 * bytes.len());
    let called = operations().into_iter().find(|operation| {
        operation.integration.name == chosen.integration.name
            && operation.update == (request.method == "PATCH")
    });
    let called = called.expect("an operation that the integration has");
    let read = holds::sent(called, &account, &sent, &context);
    let answer = input.answer();
    let response = http_api::resume(&context, answer.as_ref());
    holds::told(&read, answer.as_ref(), &response);
});
