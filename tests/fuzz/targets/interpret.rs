//! The second half of a call: whatever became of the request, in every format.
//!
//! The first byte chooses the operation; `remote_data` is left out when the second is odd. The parts are the context as the first
//! half writes it, or else the address of a user; the excluded fields; and what became of the request.

#![no_main]

use libfuzzer_sys::fuzz_target;
use unified_ticketing_fuzz::input::{Input, list, text};
use unified_ticketing_fuzz::support::Operation;
use unified_ticketing_fuzz::{holds, operation};
use unified_ticketing_guest::bindings::types::{
    Body, Error, Format, ProviderResponse, Response, TransportError,
};
use unified_ticketing_guest::integration::OperationName;
use unified_ticketing_guest::interpret::interpret;
use unified_ticketing_guest::plan::{Context, foreign_context};
use unified_ticketing_guest::{codes, http_api, shape};

fuzz_target!(|input: &[u8]| {
    let mut input = Input(input);
    let operation = operation(input.byte());
    let ignore = input.byte() & 1 != 0;
    let part = input.part();
    let mut context = Context::from_bytes(part).unwrap_or_else(|error| {
        assert_eq!(error, foreign_context());
        made_up(operation, text(part))
    });
    context.ignore_remote_data |= ignore;
    context
        .exclude_fields
        .extend(list(input.part()).map(|entry| text(entry[0])));
    let answer = input.answer();
    if let Ok(answer) = &answer {
        holds::reads_as_any_other(&answer.body);
    }
    for format in [Format::Unified, Format::Raw, Format::Normalized] {
        context.format = format;
        let response = http_api::resume(&context.to_bytes(), answer.as_ref());
        holds::told(&context, answer.as_ref(), &response);
        match (interpret(&context, answer.as_ref()), &answer) {
            (Ok(answered), Ok(answer)) => {
                assert_eq!(response.status, 200);
                assert_eq!(Some(answered.json), holds::usable(&answer.body));
                let found = answered.warnings.strip_prefix(context.warnings.as_slice());
                holds::findings(found.expect("what the first half found"));
                typed(&shape::response(answered, &context), &context, answer);
            }
            (Err(error), answer) => {
                failed(&error, &holds::response::failed(&response), answer.as_ref());
            }
            (Ok(_), Err(fault)) => panic!("no answer came: {fault:?}"),
        }
    }
});

fn made_up(operation: Operation, email: String) -> Context {
    Context {
        integration: operation.integration,
        operation: if operation.update {
            OperationName::Update
        } else {
            OperationName::Create
        },
        id: operation.update.then(|| "42".to_owned()),
        email: Some(email).filter(|email| !email.is_empty()),
        position: 0,
        format: Format::Unified,
        ignore_remote_data: false,
        exclude_fields: Vec::new(),
        warnings: Vec::new(),
    }
}

/// The answer of the typed contract has what the options leave in it.
fn typed(response: &Response, context: &Context, answer: &ProviderResponse) {
    let excluded = |name: &str| context.exclude_fields.iter().any(|field| field == name);
    match &response.body {
        Body::Raw(body) => assert_eq!((context.format, body), (Format::Raw, &answer.body)),
        Body::User(user) => {
            let whole = context.format == Format::Unified
                && !context.ignore_remote_data
                && !excluded("remote_data");
            assert_eq!(user.remote_data.is_some(), whole);
            assert!(user.id.is_none() || !excluded("id"));
            assert!(user.name.is_none() || !excluded("name"));
        }
    }
}

/// The typed error says what the published one says, and has what the provider said untouched.
fn failed(
    error: &Error,
    told: &holds::response::Failure,
    answer: Result<&ProviderResponse, &TransportError>,
) {
    assert_eq!(
        (codes::error(error.code), codes::outcome(error.outcome)),
        (told.code.as_str(), told.outcome.as_str())
    );
    assert_eq!(error.message, told.message);
    holds::findings(&error.violations);
    if let Ok(answer) = answer {
        let provider = error.provider.as_ref().expect("what the provider said");
        assert_eq!(
            (provider.status, provider.body.as_ref()),
            (answer.status, Some(&answer.body))
        );
    }
}
