//! Errors of the HTTP API.

use serde_json::json;
use unified_ticketing::http_api::HttpResponse;

use super::{CliError, ExitStatus, Violation};
use crate::json::{Object, compact};
use crate::location::{ID, location, without_field};
use crate::operation::{Call, Operation};

impl CliError {
    /// A response of the HTTP API that is an error. Violations are located at the flags of `call`.
    pub(crate) fn from_response(response: &HttpResponse, call: &Call<'_>) -> Self {
        let body = String::from_utf8_lossy(&response.body);
        let members = Object::parse(body.as_bytes()).unwrap_or_default();
        let status = response.error.map_or(ExitStatus::Other, |error| {
            ExitStatus::from_error(error.code, error.outcome)
        });
        let violations = members.objects("violations");
        let violations = violations.iter().map(|violation| {
            let (path, code) = (violation.string("path"), violation.string("code"));
            Violation {
                location: location(&violation.string("in"), &path, call),
                message: without_field(&code, &path, violation.string("message")),
                code,
            }
        });
        let violations: Vec<Violation> = violations.collect();
        let mut error = Self {
            hint: hint(status, &violations, call).map(str::to_owned),
            violations,
            ..Self::with_body(status, compact(&body))
        };
        let header = |name: &str| {
            let headers = response.headers.iter();
            let value = headers.rev().find(|(given, _)| given == name);
            value.and_then(|(_, value)| value.parse::<u64>().ok())
        };
        if let Some(seconds) = header("retry-after") {
            error = error.with_member("retry_after", &seconds.to_string());
        }
        let rate_limit: serde_json::Map<_, _> = ["limit", "remaining", "reset"]
            .into_iter()
            .filter_map(|name| {
                let value = header(&format!("ratelimit-{name}"))?;
                Some((name.to_owned(), value.into()))
            })
            .collect();
        if !rate_limit.is_empty() {
            error = error.with_member("rate_limit", &json!(rate_limit).to_string());
        }
        error
    }
}

/// Returns the command that helps on, where there is one.
fn hint(status: ExitStatus, violations: &[Violation], call: &Call<'_>) -> Option<&'static str> {
    if status == ExitStatus::Unknown {
        return look(call.operation);
    }
    let is_address = call.operation.id().is_some_and(|id| id.contains('@'));
    let is_id = |violation: &Violation| violation.location == ID;
    (is_address && violations.iter().any(is_id))
        .then_some("`users list --email ADDRESS` finds the id")
}

/// Returns the command that shows what the provider has done with a user; none for a read.
pub(super) const fn look(operation: Operation<'_>) -> Option<&'static str> {
    match operation {
        Operation::Create(_) => Some(
            "`users list --email ADDRESS` looks for the user; where nobody is there, `--resend` sends it again",
        ),
        Operation::Update(..) => Some("`users get ID` shows the user"),
        Operation::Delete(..) => Some("`users get ID` shows whether the user is still there"),
        Operation::Get(_) | Operation::List(_) => None,
    }
}
