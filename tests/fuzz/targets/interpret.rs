//! The second step of a call: any result of the request, in every format, for both entry points.
//!
//! The first byte chooses the operation; `remote_data` is left out when the second is odd. The parts are the context as
//! `http-api.start` writes it, or else the address of a user, to create or to look up; the excluded fields; and the result of the
//! request.

#![no_main]

use libfuzzer_sys::fuzz_target;
use unified_ticketing_fuzz::case::ACCOUNT;
use unified_ticketing_fuzz::input::{Input, entries, string};
use unified_ticketing_fuzz::support::{Operation, resume_step};
use unified_ticketing_fuzz::{assert_next, assert_outcome, assert_response, invariants, operation};
use unified_ticketing_guest::bindings::http_api::HttpStep;
use unified_ticketing_guest::bindings::steps::Step;
use unified_ticketing_guest::bindings::types::{
    Body, Error, ErrorCode, Format, Outcome, ProviderResponse, Response, TransportError, User,
};
use unified_ticketing_guest::context::{Context, EntryPoint, Form};
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
        sample_context(operation, &string(part))
    });
    let row = context.integration.operation(context.operation);
    let operation = Operation {
        integration: context.integration,
        row: row.expect("an operation"),
    };
    let account = operation.account(true);
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
        let step = resume_step(&context.to_bytes(), result.as_ref(), account.clone());
        context.entry_point = EntryPoint::Steps;
        let resolve = |_: &str| Ok(account.clone());
        let typed = steps::resume(ACCOUNT, &context.to_bytes(), result.as_ref(), resolve);
        let (response, typed) = match (step, typed) {
            (HttpStep::Respond(response), Step::Done(typed)) => (response, typed),
            (HttpStep::Send(sending), Step::Send(typed)) => {
                assert_next(&context, &sending);
                assert_eq!(sending.request, typed.request);
                continue;
            }
            (step, typed) => panic!("{step:?}, but {typed:?}"),
        };
        assert_response(&context, result.as_ref(), &response);
        match (typed, &result) {
            (Ok(typed), Ok(result)) => {
                assert_eq!(response.status, 200);
                assert_eq!(response.warnings, typed.warnings);
                check_warnings(&typed, &context);
                check_typed(&typed, &context, result);
            }
            (Err(error), result) => {
                assert_outcome(&context, error.outcome);
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

/// The context of a valid call, with this address where the operation has one.
fn sample_context(operation: Operation, address: &str) -> Context {
    let mut query = String::new();
    // An empty address and one with blanks are violations.
    if operation.row.list.is_some() && !address.is_empty() && !address.contains(char::is_whitespace)
    {
        let address = form_urlencoded::byte_serialize(address.as_bytes());
        query = format!("&emails[][email]={}", address.collect::<String>());
    }
    let bytes = operation.plan(&query).context;
    let context = Context::from_bytes(&bytes, ACCOUNT, EntryPoint::HttpApi);
    let mut context = context.expect("its own context");
    if operation.row.name.has_fields() {
        context.email = Some(address.to_owned()).filter(|address| !address.is_empty());
    }
    context
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
        debug: _,
    } = &context.form;
    let excluded = |name: &str| exclude_fields.iter().any(|field| field == name);
    let whole = *format == Format::Unified && !ignore_remote_data && !excluded("remote_data");
    let check_user = |user: &User| {
        assert!(user.id.is_none() || !excluded("id"));
        assert!(user.name.is_none() || !excluded("name"));
    };
    match &response.body {
        Body::Raw(body) => assert_eq!((*format, &body.bytes), (Format::Raw, &result.body)),
        Body::User(user) => {
            let body = invariants::usable_body(&result.body);
            assert_eq!(user.remote_data.as_deref(), body.filter(|_| whole));
            check_user(user);
        }
        Body::Users(page) => {
            assert_eq!(page.complete, page.next_cursor.is_none());
            for user in &page.users {
                assert_eq!(user.remote_data.is_some(), whole);
                check_user(user);
            }
        }
        Body::Deleted(id) => assert_eq!(Some(id), context.id.as_ref()),
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
