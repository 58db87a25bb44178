//! `users create` and `users update`: the flags become a request of the HTTP API.

use form_urlencoded::Serializer;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::sync::oneshot;
use unified_ticketing::SendState;
use unified_ticketing::http_api::{HttpRequest, HttpResponse};
use unified_ticketing::types::{FindingCode, Warning};

use crate::args::{Format, Global, UserArgs};
use crate::error::{CliError, CompletedCall, CompletedOperation, ExitStatus, OutputError};
use crate::input::body;
use crate::json::{Object, indented};
use crate::location::location;
use crate::setup::{call_runtime, find_account};
use crate::signal::StopSignal;
use crate::terminal::{Terminal, print};

pub(super) fn create(
    global: &Global,
    user: &UserArgs,
    terminal: &mut Terminal,
) -> Result<(), CliError> {
    call(global, None, user, terminal)
}

pub(super) fn update(
    global: &Global,
    id: &str,
    user: &UserArgs,
    terminal: &mut Terminal,
) -> Result<(), CliError> {
    if id.is_empty() {
        return Err(CliError::new(
            ExitStatus::Invalid,
            "ID: expected a user's id, but found nothing",
        ));
    }
    call(global, Some(id), user, terminal)
}

/// Changes the user of this id, or creates a user.
fn call(
    global: &Global,
    id: Option<&str>,
    user: &UserArgs,
    terminal: &mut Terminal,
) -> Result<(), CliError> {
    let body = body(user)?;
    let runtime = call_runtime()?;
    let result = runtime.block_on(send(global, id, user, body, terminal));
    // A thread that still looks up a name, or writes a result that is not read, ends with the process.
    runtime.shutdown_background();
    result
}

async fn send(
    global: &Global,
    id: Option<&str>,
    user: &UserArgs,
    body: Vec<u8>,
    terminal: &mut Terminal,
) -> Result<(), CliError> {
    let accounts = global.open_accounts().await?;
    let account = find_account(&accounts, &user.account)?.id().to_owned();
    let engine = global.engine(accounts)?;
    let advice = advice(id, &body);
    let (method, path) = match id {
        None => ("POST", String::new()),
        // All bytes but letters and digits are encoded, so that an id such as `..` is checked as an id.
        Some(id) => (
            "PATCH",
            format!("/{}", utf8_percent_encode(id, NON_ALPHANUMERIC)),
        ),
    };
    let request = HttpRequest {
        method: method.to_owned(),
        target: format!("/unified/ticketing/users{path}?{}", query(&account, user)),
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body,
    };

    let (state, mut stop) = (SendState::default(), StopSignal::listen());
    let response = tokio::select! {
        biased;
        response = engine.http_observed(request, &state) => response,
        () = stop.received() => {
            return Err(CliError::interrupted(state.withdraw().then_some(advice)));
        }
    };
    if response.status != 200 {
        return Err(CliError::from_response(&response, user));
    }
    log_rate_limit(&response);
    for warning in &response.warnings {
        terminal.warning(warning, &warning_location(warning, user));
    }
    let result = if user.format == Format::Raw && !user.dry_run {
        response.body.clone()
    } else {
        indented(&response.body)
    };
    if user.dry_run {
        return terminal.result(&result);
    }
    let completed = match id {
        Some(id) => CompletedCall {
            operation: CompletedOperation::Changed,
            id: Some(id.to_owned()),
            response_body: &response.body,
        },
        None => CompletedCall {
            operation: CompletedOperation::Created,
            id: user_id(&response.body, user),
            response_body: &response.body,
        },
    };
    tokio::select! {
        biased;
        written = write(result) => {
            written.map_err(|error| CliError::output_failed_after(&completed, &error.into()))
        }
        () = stop.received() => Err(CliError::output_failed_after(&completed, &OutputError::Interrupted)),
    }
}

/// Writes to standard output on a thread of its own: it blocks while the result is not read, and a signal must still end the call.
async fn write(result: Vec<u8>) -> std::io::Result<()> {
    let (sender, receiver) = oneshot::channel();
    std::thread::Builder::new()
        .name("output".to_owned())
        .spawn(move || sender.send(print(&result)))?;
    receiver.await.map_err(std::io::Error::other)?
}

/// Returns the advice for an unknown outcome: how to look for the user.
fn advice(id: Option<&str>, body: &[u8]) -> String {
    if let Some(id) = id {
        return format!("; the change may have been made: look at user `{id}` at the provider");
    }
    let emails = Object::parse(body).unwrap_or_default().objects("emails");
    let is_primary = |email: &&Object<'_>| email.string("type") == "primary";
    let email = emails.iter().find(is_primary).or_else(|| emails.first());
    let by = match email.map(|email| email.string("email")) {
        Some(email) if !email.is_empty() => format!("email `{email}`"),
        _ => "the user's name, no email was given".to_owned(),
    };
    format!("; the user may exist now: before trying again, look at the provider by {by}")
}

/// Returns the id in a unified user; none where the body is the provider's own.
fn user_id(body: &[u8], user: &UserArgs) -> Option<String> {
    if user.format == Format::Raw {
        return None;
    }
    let id = Object::parse(body).ok()?.string("id");
    (!id.is_empty()).then_some(id)
}

/// Logs the provider's rate limit, where the response has one.
fn log_rate_limit(response: &HttpResponse) {
    let header = |name: &str| {
        let mut headers = response.headers.iter();
        let header = headers.find(|(given, _)| given == name);
        header.and_then(|(_, value)| value.parse::<u64>().ok())
    };
    let [limit, remaining, reset] =
        ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"].map(header);
    if limit.or(remaining).or(reset).is_some() {
        tracing::info!(limit, remaining, reset, "rate limit");
    }
}

/// Returns the location of a warning in terms of flags; nothing for a warning of the response.
fn warning_location(warning: &Warning, user: &UserArgs) -> String {
    match warning.code {
        FindingCode::IdMissing | FindingCode::More => String::new(),
        _ => location(&warning.in_.to_string(), &warning.path, user),
    }
}

/// Returns the query of the request.
fn query(account: &str, user: &UserArgs) -> String {
    let mut query = Serializer::new(String::new());
    query.append_pair("integrated_account_id", account);
    let format = match user.format {
        Format::Unified => "unified",
        Format::Raw => "raw",
        Format::Normalized => "normalized",
    };
    query.append_pair("truto_response_format", format);
    for (name, value) in [
        ("truto_ignore_remote_data", user.ignore_remote_data),
        ("unified_strict", user.strict),
        ("unified_dry_run", user.dry_run),
    ] {
        if value {
            query.append_pair(name, "true");
        }
    }
    for field in &user.exclude_fields {
        query.append_pair("truto_exclude_fields[]", field);
    }
    for (position, collection) in user.collections.iter().enumerate() {
        let (kind, id) = collection
            .split_once(':')
            .map_or((None, collection.as_str()), |(kind, id)| (Some(kind), id));
        query.append_pair(&format!("collections[{position}][id]"), id);
        if let Some(kind) = kind {
            query.append_pair(&format!("collections[{position}][type]"), kind);
        }
    }
    for (name, value) in &user.remote_query {
        // The name `filter[a]` is the key `a` within the key `filter`.
        let (base, keys) = name.split_at(name.find('[').unwrap_or(name.len()));
        query.append_pair(&format!("remote_query[{base}]{keys}"), value);
    }
    query.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_names_the_primary_address() {
        let body = br#"{"emails":[{"email":"a@b"},{"email":"c@d","type":"primary"}]}"#;
        assert!(advice(None, body).ends_with("by email `c@d`"));
        assert!(advice(None, br#"{"emails":[{"email":"a@b"}]}"#).ends_with("by email `a@b`"));
        assert!(advice(None, b"{}").ends_with("no email was given"));
        assert!(advice(Some("7"), b"{}").contains("user `7`"));
    }
}
