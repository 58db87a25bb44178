//! The second function of a call: any result of the request, in every format.
//!
//! The first byte chooses the operation; `remote_data` is left out when the second is odd. The parts are the context as `start` writes
//! it, or else the address of a user; the excluded fields; and the result of the request.

#![no_main]

use libfuzzer_sys::fuzz_target;
use unified_ticketing_fuzz::input::{Input, entries, string};
use unified_ticketing_fuzz::support::Operation;
use unified_ticketing_fuzz::{invariants, operation};
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
        sample_context(operation, string(part))
    });
    context.ignore_remote_data |= ignore;
    context
        .exclude_fields
        .extend(entries(input.part()).map(|entry| string(entry[0])));
    let result = input.response();
    if let Ok(result) = &result {
        invariants::assert_reads_as_serde(&result.body);
    }
    for format in [Format::Unified, Format::Raw, Format::Normalized] {
        context.format = format;
        let response = http_api::resume(&context.to_bytes(), result.as_ref());
        invariants::assert_response(&context, result.as_ref(), &response);
        match (interpret(&context, result.as_ref()), &result) {
            (Ok(interpreted), Ok(result)) => {
                assert_eq!(response.status, 200);
                assert_eq!(
                    Some(interpreted.json),
                    invariants::usable_body(&result.body)
                );
                let found = interpreted
                    .warnings
                    .strip_prefix(context.warnings.as_slice());
                invariants::assert_findings(found.expect("the findings of `start`"));
                check_typed(&shape::response(interpreted, &context), &context, result);
            }
            (Err(error), result) => {
                check_error(
                    &error,
                    &invariants::response::assert_error(&response),
                    result.as_ref(),
                );
            }
            (Ok(_), Err(error)) => panic!("a response without one of the provider: {error:?}"),
        }
    }
});

fn sample_context(operation: Operation, email: String) -> Context {
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

/// Checks that the typed response has the fields that the options leave.
fn check_typed(response: &Response, context: &Context, result: &ProviderResponse) {
    let excluded = |name: &str| context.exclude_fields.iter().any(|field| field == name);
    match &response.body {
        Body::Raw(body) => assert_eq!((context.format, body), (Format::Raw, &result.body)),
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

/// Checks that the typed error equals the published one, and has the provider's response unchanged.
fn check_error(
    error: &Error,
    published: &invariants::response::Failure,
    result: Result<&ProviderResponse, &TransportError>,
) {
    assert_eq!(
        (codes::error(error.code), codes::outcome(error.outcome)),
        (published.code.as_str(), published.outcome.as_str())
    );
    assert_eq!(error.message, published.message);
    invariants::assert_findings(&error.violations);
    if let Ok(result) = result {
        let provider = error.provider.as_ref().expect("the provider's response");
        assert_eq!(
            (provider.status, provider.body.as_ref()),
            (result.status, Some(&result.body))
        );
    }
}
