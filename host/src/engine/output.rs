//! The outputs of calls: of the typed contract, and of the HTTP API.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::error::{RESULT, WARNING, http_response};
use crate::bindings::http_api::HttpResponse;
use crate::bindings::types::{
    Body, CallResult, Error as CallError, ErrorCode, FindingCode, Location, Outcome, Response,
    User, Warning,
};

/// The output of a call.
pub(super) trait CallOutput: Sized {
    /// The output for an error of the host.
    fn from_error(error: CallError) -> Self;

    /// The outcome that the component reports, where the output is an error.
    fn outcome(&self) -> Option<Outcome>;

    /// Whether the output is the error for a user who was there before the call.
    fn is_conflict(&self) -> bool;

    /// Code and outcome for the log, where the output is an error.
    fn log_fields(&self) -> Option<(String, String)>;

    /// The output of a call that was carried out before, of which nothing but the user's id can be told.
    fn from_id(id: Option<&str>) -> Self;

    /// The id of the user.
    fn user_id(&self) -> Option<String>;

    /// Whether the outcome of the creation was unknown, and the user was found after it.
    fn is_settled(&self) -> bool;

    /// Notes that the output is that of an earlier call with the same key.
    fn mark_replayed(&mut self);

    /// What the call did, where it did not fail.
    fn result(&self) -> Option<String>;

    /// Adds a warning: what came of the call could not be recorded.
    fn warn_not_recorded(&mut self, what: NotRecorded);
}

/// Where what came of a call could not be recorded.
#[derive(Clone, Copy, Debug)]
pub(super) enum NotRecorded {
    /// In the store.
    Call,
    /// In the audit.
    Audit,
}

impl CallOutput for Result<Response, CallError> {
    fn from_error(error: CallError) -> Self {
        Err(error)
    }

    fn outcome(&self) -> Option<Outcome> {
        self.as_ref().err().map(|error| error.outcome)
    }

    fn is_conflict(&self) -> bool {
        let is_conflict = |error: &CallError| {
            error.code == ErrorCode::ProviderConflict && !error.existing_ids.is_empty()
        };
        self.as_ref().is_err_and(is_conflict)
    }

    fn log_fields(&self) -> Option<(String, String)> {
        let error = self.as_ref().err()?;
        Some((error.code.to_string(), error.outcome.to_string()))
    }

    fn from_id(id: Option<&str>) -> Self {
        Ok(Response {
            body: Body::User(User {
                id: id.map(str::to_owned),
                ..User::default()
            }),
            result: CallResult::Found,
            warnings: vec![not_shown()],
            rate_limit: None,
        })
    }

    fn user_id(&self) -> Option<String> {
        match &self.as_ref().ok()?.body {
            Body::User(user) => user.id.clone(),
            Body::Deleted(id) => Some(id.clone()),
            Body::Users(_) | Body::Raw(_) => None,
        }
    }

    fn is_settled(&self) -> bool {
        self.as_ref().is_ok_and(|response| match response.result {
            CallResult::Settled => true,
            // So is a user who was there before, and was to be kept.
            CallResult::Found => has_settled(&response.warnings),
            _ => false,
        })
    }

    fn mark_replayed(&mut self) {}

    fn result(&self) -> Option<String> {
        let response = self.as_ref().ok()?;
        Some(response.result.to_string())
    }

    fn warn_not_recorded(&mut self, what: NotRecorded) {
        match self {
            Ok(response) => response.warnings.push(not_recorded(what)),
            Err(error) => error.message.push_str("; this could not be recorded"),
        }
    }
}

impl CallOutput for HttpResponse {
    fn from_error(error: CallError) -> Self {
        http_response(&error)
    }

    fn outcome(&self) -> Option<Outcome> {
        match &self.error {
            Some(error) => Some(error.outcome),
            // An error that says nothing of the provider's state is one that any client takes for `not-sent`.
            None => (!(200..300).contains(&self.status)).then_some(Outcome::NotSent),
        }
    }

    fn is_conflict(&self) -> bool {
        let error = self.error.as_ref();
        error.is_some_and(|error| error.code == ErrorCode::ProviderConflict)
    }

    fn log_fields(&self) -> Option<(String, String)> {
        let error = self.error.as_ref()?;
        Some((error.code.to_string(), error.outcome.to_string()))
    }

    fn from_id(id: Option<&str>) -> Self {
        let mut response = Self {
            status: 200,
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            // Strings always serialize.
            body: serde_json::to_vec(&UserId {
                id: id.map(str::to_owned),
            })
            .unwrap_or_default(),
            warnings: Vec::new(),
            error: None,
        };
        response.warn(not_shown());
        response
    }

    fn user_id(&self) -> Option<String> {
        let body: Shown<'_> = serde_json::from_slice(&self.body).ok()?;
        match (body.id, body.result) {
            (Some(id), _) => as_id(id),
            (None, Some(result)) => {
                let user: Shown<'_> = serde_json::from_str(result.get()).ok()?;
                as_id(user.id?)
            }
            (None, None) => None,
        }
    }

    fn is_settled(&self) -> bool {
        self.result().is_some_and(|result| match result.as_str() {
            "settled" => true,
            "found" => has_settled(&self.warnings),
            _ => false,
        })
    }

    fn mark_replayed(&mut self) {
        let header = ("idempotency-replayed".to_owned(), "true".to_owned());
        self.headers.push(header);
    }

    fn result(&self) -> Option<String> {
        let mut headers = self.headers.iter();
        let (_, result) = headers.find(|(name, _)| name == RESULT)?;
        Some(result.clone())
    }

    fn warn_not_recorded(&mut self, what: NotRecorded) {
        self.warn(not_recorded(what));
    }
}

/// The id in the JSON of a user.
#[derive(Serialize)]
struct UserId {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
}

/// A user, or one within the format `debug`. Only what is needed is read: the rest is the provider's, and may be anything.
#[derive(Deserialize)]
struct Shown<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
}

/// The id of a user: a string, or a number as a provider may have it.
fn as_id(id: &RawValue) -> Option<String> {
    let text = id.get();
    if text.starts_with('"') {
        return serde_json::from_str(text).ok();
    }
    let is_number = text.starts_with(|first: char| first == '-' || first.is_ascii_digit());
    is_number.then(|| text.to_owned())
}

fn has_settled(warnings: &[Warning]) -> bool {
    let mut warnings = warnings.iter();
    warnings.any(|warning| warning.code == FindingCode::Settled)
}

impl HttpResponse {
    /// Adds a warning, and its header.
    fn warn(&mut self, warning: Warning) {
        let value = format!("{}; path=\"\"", warning.code);
        self.headers.push((WARNING.to_owned(), value));
        self.warnings.push(warning);
    }
}

fn not_recorded(what: NotRecorded) -> Warning {
    let message = match what {
        NotRecorded::Call => {
            "the call is done, but that could not be recorded: the same key may send it again"
        }
        NotRecorded::Audit => "the call is done, but its end could not be written to the audit",
    };
    Warning {
        code: FindingCode::NotRecorded,
        in_: Location::Body,
        path: String::new(),
        message: message.to_owned(),
    }
}

/// The warning about an output that another version of this program has kept.
fn not_shown() -> Warning {
    Warning {
        code: FindingCode::NotRecorded,
        in_: Location::Body,
        path: String::new(),
        message: "the call was carried out before, and its response was kept in a form that cannot be read now: nothing is known \
                  but the id"
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_of_user_is_read() {
        for (body, id) in [
            (r#"{"id":"7","remote_data":{"id":8,"n":1e400}}"#, Some("7")),
            (r#"{"id":8,"name":"\ud83d"}"#, Some("8")),
            (r#"{"result":{"id":"7"},"debug":{}}"#, Some("7")),
            (r#"{"result":[{"id":"7"}]}"#, None),
            (r#"{"id":null}"#, None),
            (r#"{"name":"Ines"}"#, None),
            ("STATUS", None),
        ] {
            let mut response = HttpResponse::from_id(None);
            response.body = body.into();
            assert_eq!(response.user_id().as_deref(), id, "{body}");
        }
    }
}
