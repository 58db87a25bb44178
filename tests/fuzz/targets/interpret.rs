//! The second step of a call: any result of the request, in every format, for both entry points.
//!
//! The first byte chooses the operation; `remote_data` is left out when the second is odd. The parts are the context as
//! `http-api.start` writes it, or else the address of a user; the excluded fields; and the result of the request.

#![no_main]

use libfuzzer_sys::fuzz_target;
use unified_ticketing_fuzz::case::ACCOUNT;
use unified_ticketing_fuzz::input::{Input, entries, string};
use unified_ticketing_fuzz::support::{Operation, resume};
use unified_ticketing_fuzz::{invariants, operation};
use unified_ticketing_guest::bindings::steps::Step;
use unified_ticketing_guest::bindings::types::{
    Body, Error, ErrorCode, Format, Outcome, ProviderResponse, Response, TransportError,
};
use unified_ticketing_guest::context::{Context, EntryPoint, Form};
use unified_ticketing_guest::integration::OperationName;
use unified_ticketing_guest::{codes, steps};

fuzz_target!(|input: &[u8]| {
    let mut input = Input(input);
    let operation = operation(input.byte());
    let ignore = input.byte() & 1 != 0;
    let part = input.part();
    let read = Context::from_bytes(part, ACCOUNT, EntryPoint::HttpApi);
    let mut context = read.unwrap_or_else(|error| {
        assert_eq!(
            (error.code, error.outcome),
            (ErrorCode::InvalidRequest, Outcome::Unknown)
        );
        sample_context(operation, string(part))
    });
    context.form.ignore_remote_data |= ignore;
    context
        .form
        .exclude_fields
        .extend(entries(input.part()).map(|entry| string(entry[0])));
    let result = input.response();
    if let Ok(result) = &result {
        invariants::assert_reads_as_serde(&result.body);
    }
    for format in [Format::Unified, Format::Raw, Format::Normalized] {
        context.form.format = format;
        context.entry_point = EntryPoint::HttpApi;
        let response = resume(&context.to_bytes(), result.as_ref());
        invariants::assert_response(&context, result.as_ref(), &response);
        context.entry_point = EntryPoint::Steps;
        let Step::Done(typed) = steps::resume(ACCOUNT, &context.to_bytes(), result.as_ref()) else {
            panic!("a second request");
        };
        match (typed, &result) {
            (Ok(typed), Ok(result)) => {
                assert_eq!(response.status, 200);
                assert_eq!(response.warnings, typed.warnings);
                check_warnings(&typed, &context);
                check_typed(&typed, &context, result);
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
        account: ACCOUNT.to_owned(),
        entry_point: EntryPoint::HttpApi,
        integration: operation.integration,
        operation: if operation.update {
            OperationName::Update
        } else {
            OperationName::Create
        },
        id: operation.update.then(|| "42".to_owned()),
        email: Some(email).filter(|email| !email.is_empty()),
        position: 0,
        form: Form {
            format: Format::Unified,
            ignore_remote_data: false,
            exclude_fields: Vec::new(),
        },
        warnings: Vec::new(),
    }
}

/// Checks that the warnings of the response follow those of the input.
fn check_warnings(response: &Response, context: &Context) {
    let warnings = response.warnings.strip_prefix(context.warnings.as_slice());
    invariants::assert_findings(warnings.expect("the warnings of `start`"));
}

/// Checks that the typed response has the fields that the options leave.
fn check_typed(response: &Response, context: &Context, result: &ProviderResponse) {
    let Form {
        format,
        ignore_remote_data,
        exclude_fields,
    } = &context.form;
    let excluded = |name: &str| exclude_fields.iter().any(|field| field == name);
    match &response.body {
        Body::Raw(body) => assert_eq!((*format, body), (Format::Raw, &result.body)),
        Body::User(user) => {
            let whole =
                *format == Format::Unified && !ignore_remote_data && !excluded("remote_data");
            let body = invariants::usable_body(&result.body);
            assert_eq!(user.remote_data.as_deref(), body.filter(|_| whole));
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
