//! `users create` and `users update`: the flags become a request of the HTTP API, which goes through the component.

use form_urlencoded::Serializer;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use tokio::sync::oneshot;
use unified_ticketing::SendState;
use unified_ticketing::http_api::{HttpRequest, HttpResponse};

use crate::args::{Format, Global, UserArgs};
use crate::failure::{Acted, Failure, Status};
use crate::input::body;
use crate::json::{Object, indented};
use crate::place::place;
use crate::setup::{find, runtime};
use crate::signal::Stop;
use crate::terminal::{Terminal, Warning, print};

pub(super) fn create(
    global: &Global,
    user: &UserArgs,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    call(global, None, user, terminal)
}

pub(super) fn update(
    global: &Global,
    id: &str,
    user: &UserArgs,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    if id.is_empty() {
        return Err(Failure::new(
            Status::Invalid,
            "ID: expected a user's id, but found nothing",
        ));
    }
    call(global, Some(id), user, terminal)
}

/// Changes the user of this id, or creates one.
fn call(
    global: &Global,
    id: Option<&str>,
    user: &UserArgs,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    let body = body(user)?;
    let runtime = runtime()?;
    let done = runtime.block_on(carry_out(global, id, user, body, terminal));
    // What still looks up a name, or waits for a reader of the result, ends with the process.
    runtime.shutdown_background();
    done
}

async fn carry_out(
    global: &Global,
    id: Option<&str>,
    user: &UserArgs,
    body: Vec<u8>,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    let accounts = global.open_accounts().await?;
    let account = find(&accounts, &user.account)?.id().to_owned();
    let engine = global.engine(accounts)?;
    let look = look(id, &body);
    let (method, path) = match id {
        None => ("POST", String::new()),
        // Every byte but letters and digits, so that an id such as `..` is judged as it is.
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

    let (state, mut stop) = (SendState::default(), Stop::listen());
    let response = tokio::select! {
        biased;
        response = engine.http_observed(request, &state) => response,
        () = stop.signalled() => {
            return Err(Failure::interrupted(state.withdraw().then_some(look)));
        }
    };
    if response.status != 200 {
        return Err(Failure::response(&response, user));
    }
    log_rate(&response);
    for warning in warnings(&response, user) {
        terminal.warn(&warning);
    }
    let result = if user.format == Format::Raw && !user.dry_run {
        response.body.clone()
    } else {
        indented(&response.body)
    };
    if user.dry_run {
        return terminal.result(&result);
    }
    let acted = Acted {
        created: id.is_none(),
        id: id
            .map(str::to_owned)
            .or_else(|| id_of(&response.body, user)),
        answer: &response.body,
    };
    tokio::select! {
        biased;
        written = write(result) => {
            written.map_err(|error| Failure::unwritten_result(&acted, &format!("standard output: {error}")))
        }
        () = stop.signalled() => Err(Failure::unwritten_result(&acted, "interrupted")),
    }
}

/// Writes to standard output on a thread of its own: who reads it may never do so, and a signal has to be heard all the same.
async fn write(result: Vec<u8>) -> std::io::Result<()> {
    let (sender, receiver) = oneshot::channel();
    std::thread::Builder::new()
        .name("output".to_owned())
        .spawn(move || sender.send(print(&result)))?;
    receiver.await.map_err(std::io::Error::other)?
}

/// How to look for what a call may have done.
fn look(id: Option<&str>, body: &[u8]) -> String {
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

/// The id in a unified user. What a provider's own bytes have is not known here.
fn id_of(body: &[u8], user: &UserArgs) -> Option<String> {
    if user.format == Format::Raw {
        return None;
    }
    let id = Object::parse(body).ok()?.string("id");
    (!id.is_empty()).then_some(id)
}

/// The figures of the provider's rate limit, where there are any.
fn log_rate(response: &HttpResponse) {
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

/// The warnings of a response: of a plan with the component's sentences, else by the headers, which have none.
fn warnings(response: &HttpResponse, user: &UserArgs) -> Vec<Warning> {
    if user.dry_run {
        let plan = Object::parse(&response.body).unwrap_or_default();
        let warnings = plan.objects("warnings");
        let warnings = warnings.iter().map(|warning| Warning {
            place: place(&warning.string("in"), &warning.string("path"), user),
            code: warning.string("code"),
            path: warning.string("path"),
            message: Some(warning.string("message")),
        });
        return warnings.collect();
    }
    let headers = response.headers.iter();
    let values = headers.filter(|(name, _)| name == "unified-warning");
    values.map(|(_, value)| warning(value, user)).collect()
}

/// `CODE; path="…"`, or `more; count=N`.
fn warning(value: &str, user: &UserArgs) -> Warning {
    let (code, parameter) = value.split_once("; ").unwrap_or((value, ""));
    if let Some(count) = parameter.strip_prefix("count=") {
        return Warning {
            code: code.to_owned(),
            path: String::new(),
            place: String::new(),
            message: Some(format!("{count} more warnings")),
        };
    }
    let path = parameter.trim_start_matches("path=").trim_matches('"');
    let path = percent_decode_str(path).decode_utf8_lossy().into_owned();
    // A pointer into the body, the name of a parameter, or of the whole answer.
    let part = if path.starts_with('/') {
        "body"
    } else {
        "query"
    };
    Warning {
        code: code.to_owned(),
        place: place(part, &path, user),
        path,
        message: None,
    }
}

fn query(account: &str, user: &UserArgs) -> String {
    let mut query = Serializer::new(String::new());
    query.append_pair("integrated_account_id", account);
    let format = match user.format {
        Format::Unified => "unified",
        Format::Raw => "raw",
        Format::Normalized => "normalized",
    };
    query.append_pair("truto_response_format", format);
    for (name, given) in [
        ("truto_ignore_remote_data", user.ignore_remote_data),
        ("unified_strict", user.strict),
        ("unified_dry_run", user.dry_run),
    ] {
        if given {
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
        // `filter[a]` is a key within a key.
        let (base, keys) = name.split_at(name.find('[').unwrap_or(name.len()));
        query.append_pair(&format!("remote_query[{base}]{keys}"), value);
    }
    query.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_looked_for_by_the_primary_address() {
        let body = br#"{"emails":[{"email":"a@b"},{"email":"c@d","type":"primary"}]}"#;
        assert!(look(None, body).ends_with("by email `c@d`"));
        assert!(look(None, br#"{"emails":[{"email":"a@b"}]}"#).ends_with("by email `a@b`"));
        assert!(look(None, b"{}").ends_with("no email was given"));
        assert!(look(Some("7"), b"{}").contains("user `7`"));
    }
}
