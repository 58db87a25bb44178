//! Reads a provider's response, or the reason why there is none: the JSON of a success, or an error.
//!
//! The status comes first and the body second: a rejection that happens to look like a user is still a rejection.

use crate::bindings::types::{
    CallResult, Error, ErrorCode, Finding, FindingCode, Limit, Location, Outcome,
    ProviderRejection, ProviderResponse, RateLimit, Safety, TransportError,
};
use crate::context::Context;
use crate::field::Field;
use crate::findings::{FindingList, MAX_MESSAGE, error, quoted_address, shortened};
use crate::integration::{
    Integration, Listing, Operation, OperationName, RejectedField, Rejection,
};
use crate::json::{KindOf as _, Value, parse, trimmed, without_mark};
use crate::operation::{Completed, Output};
use crate::{coding, rate, status};

/// A response of a request that the provider carried out.
pub(crate) struct Success<'a> {
    /// The provider's JSON; `{}` where the body is empty.
    pub(crate) json: &'a str,
    /// The JSON, read.
    pub(crate) value: Value<'a>,
    /// The response.
    pub(crate) response: &'a ProviderResponse,
}

/// Reads the responses of a call.
pub(crate) struct Reader<'a> {
    context: &'a Context,
    /// The operation of the request.
    pub(crate) name: OperationName,
    /// The integration that is called.
    pub(crate) integration: &'static Integration,
}

impl<'a> Reader<'a> {
    /// For a request of this operation, which may be another one than the call's.
    pub(crate) const fn new(context: &'a Context, name: OperationName) -> Self {
        Self {
            context,
            name,
            integration: context.integration,
        }
    }

    /// The row of the operation.
    fn operation(&self) -> Option<&'static Operation> {
        self.integration.operation(self.name)
    }

    /// How the list that was asked for is read.
    pub(crate) fn listing(&self) -> Option<&'static Listing> {
        self.operation().and_then(|row| row.list)
    }

    /// The result of a call that this response completes.
    pub(crate) fn completed<'r>(
        &self,
        output: Output<'r>,
        result: CallResult,
        response: &'r ProviderResponse,
        warnings: Vec<Finding>,
    ) -> Completed<'r> {
        Completed {
            output,
            result,
            response,
            warnings,
            rate_limit: self.rate_limit(response),
            form: self.context.form.clone(),
            request: self.context.shown.clone(),
        }
    }

    /// Reads a response, or the reason why there is none.
    ///
    /// # Errors
    ///
    /// A rejection or failure of the provider, a response that cannot be used, or no response.
    pub(crate) fn read<'r>(
        &self,
        response: Result<&'r ProviderResponse, &TransportError>,
    ) -> Result<Success<'r>, Error> {
        match response {
            Ok(response) => match response.status {
                206 => {
                    Err(self.unusable(response, "answered with status 206, a part of a response"))
                }
                200..=299 => self.success(response),
                400..=599 => Err(self.rejection(response)),
                other => Err(self.unusable(
                    response,
                    &format!("answered with status {other}, which is not followed"),
                )),
            },
            Err(error) => Err(self.transport(error)),
        }
    }

    fn success<'r>(&self, response: &'r ProviderResponse) -> Result<Success<'r>, Error> {
        let json = match std::str::from_utf8(without_mark(&response.body)).map(trimmed) {
            Ok("") => "{}",
            _ if is_coded(response) => {
                return Err(self.unusable(
                    response,
                    "answered with a compressed body, which was not asked for",
                ));
            }
            Ok(json) => json,
            Err(_) => return Err(self.unusable(response, "answered with a body that is not UTF-8")),
        };
        let Ok(value) = parse(json) else {
            return Err(self.unusable(response, "answered with a body that is not JSON"));
        };
        if value.as_object().is_none() && self.name.responds_with_user() {
            let found = value.kind();
            return Err(self.unusable(
                response,
                &format!("answered with {found} where an object was expected"),
            ));
        }
        Ok(Success {
            json,
            value,
            response,
        })
    }

    /// The id that a header has.
    pub(crate) fn header_id(&self, response: &ProviderResponse) -> Option<String> {
        header_id(response, self.integration.id_headers)
    }

    /// A 4xx or 5xx.
    fn rejection(&self, response: &ProviderResponse) -> Error {
        let title = self.integration.title;
        let outcome = status::outcome(response.status);
        let failed = response.status >= 500;
        let body = rejection_body(response);
        let Rejection {
            code,
            message,
            fields,
        } = (self.integration.rejection)(response.status, &body);
        let message = message.or_else(|| body.as_str().filter(is_sentence).map(str::to_owned));
        let (code, status) = if failed {
            (ErrorCode::ProviderFailed, 502)
        } else {
            let code = code.unwrap_or_else(|| self.rejection_code(response));
            (code, status::for_caller(code, response.status))
        };
        let verb = if failed {
            "failed"
        } else {
            "rejected the request"
        };
        let mut sentence = format!("{title} {verb} with status {}", response.status);
        if let Some(message) = message {
            sentence.push_str(": ");
            sentence.push_str(&shortened(&message, MAX_MESSAGE));
        }
        let mut violations = FindingList::default();
        // Other operations have no body that a reason could be about.
        if !failed && self.name.has_fields() {
            for RejectedField {
                field,
                path,
                message,
            } in &fields.reported
            {
                let path = self.pointer(*field, path);
                violations.push(FindingCode::Format, Location::Body, &path, message);
            }
            violations.leave_out(fields.left_out);
        }
        let retry_after = match (code, response.status) {
            (ErrorCode::ProviderRateLimited, _) => rate::wait(response),
            (_, 503) => rate::retry_after(response),
            _ => None,
        };
        Error {
            violations: violations.into_vec(),
            provider: Some(ProviderRejection {
                status: response.status,
                body: Some(response.body.clone()),
            }),
            retry_after,
            rate_limit: self.rate_limit(response),
            ..self.error(code, status, outcome, sentence)
        }
    }

    /// A 4xx or 5xx without its body: what the status says does not depend on how much the provider says about it.
    fn rejection_without_body(&self, status: u16) -> Error {
        let (headers, body) = (Vec::new(), Vec::new());
        Error {
            provider: Some(without_body(status)),
            limit: Some(Limit::ResponseBody),
            ..self.rejection(&ProviderResponse {
                status,
                headers,
                body,
            })
        }
    }

    /// The code of a rejection whose body says no more than its status.
    fn rejection_code(&self, response: &ProviderResponse) -> ErrorCode {
        let none_left = || {
            let figures = self.rate_limit(response);
            figures.and_then(|figures| figures.remaining) == Some(0)
        };
        if self.integration.exhausted_status == Some(response.status) && none_left() {
            ErrorCode::ProviderRateLimited
        } else {
            status::rejection(response.status)
        }
    }

    /// The location in the caller's input of what the provider rejects. `path` is a JSON Pointer of the provider's names.
    fn pointer(&self, field: Option<Field>, path: &str) -> String {
        match field {
            Some(Field::Emails) => format!("/emails/{}/email", self.context.position),
            Some(Field::Roles) => {
                // A provider that takes one role has it in a member of its own: it is the first entry here.
                let within = path.get(1..).and_then(|path| path.find('/'));
                let within = within.and_then(|end| path.get(1 + end..));
                format!("/roles/0{}", within.unwrap_or_default())
            }
            Some(field) => field.pointer().to_owned(),
            None => format!("/remote_data{path}"),
        }
    }

    /// An error for a response that cannot be used. `what` is the rest of a sentence that begins with the provider.
    pub(crate) fn unusable(&self, response: &ProviderResponse, what: &str) -> Error {
        Error {
            provider: Some(ProviderRejection {
                status: response.status,
                body: Some(response.body.clone()),
            }),
            rate_limit: self.rate_limit(response),
            ..self.error(
                ErrorCode::InvalidResponse,
                502,
                Outcome::Unknown,
                format!("{} {what}", self.integration.title),
            )
        }
    }

    fn transport(&self, error: &TransportError) -> Error {
        let title = self.integration.title;
        let failed = |code, status, outcome, message| self.error(code, status, outcome, message);
        match error {
            TransportError::NoConnection(why) => {
                let message = format!("no connection to {title}: {why}");
                failed(ErrorCode::NoConnection, 502, Outcome::NotSent, message)
            }
            TransportError::EgressDenied(why) => {
                let message = format!("the host does not allow this request: {why}");
                failed(ErrorCode::EgressDenied, 502, Outcome::NotSent, message)
            }
            TransportError::ConnectionLost(why) => {
                let message = format!("the connection to {title} was lost: {why}");
                failed(ErrorCode::ConnectionLost, 502, Outcome::Unknown, message)
            }
            TransportError::ResponseTruncated((status, why)) => {
                let message = format!(
                    "{title} answered with status {status}, and the response broke off: {why}"
                );
                Error {
                    provider: Some(without_body(*status)),
                    ..failed(ErrorCode::InvalidResponse, 502, Outcome::Unknown, message)
                }
            }
            TransportError::Deadline(started) => {
                let outcome = if *started {
                    Outcome::Unknown
                } else {
                    Outcome::NotSent
                };
                let message = format!("the deadline passed before {title} had answered");
                Error {
                    limit: Some(Limit::Deadline),
                    ..failed(ErrorCode::Deadline, 504, outcome, message)
                }
            }
            TransportError::ResponseTooLarge(Some(status @ 400..=599)) => {
                self.rejection_without_body(*status)
            }
            TransportError::ResponseTooLarge(Some(status)) => {
                let outcome = status::outcome(*status);
                let message =
                    format!("{title} answered with status {status} and more than the host accepts");
                Error {
                    provider: Some(without_body(*status)),
                    limit: Some(Limit::ResponseBody),
                    ..failed(ErrorCode::ResponseTooLarge, 502, outcome, message)
                }
            }
            TransportError::ResponseTooLarge(None) => {
                let message = format!("{title} answered with a larger head than the host accepts");
                Error {
                    limit: Some(Limit::ResponseHeaders),
                    ..failed(ErrorCode::ResponseTooLarge, 502, Outcome::Unknown, message)
                }
            }
        }
    }

    /// The provider's rate limit.
    pub(crate) fn rate_limit(&self, response: &ProviderResponse) -> Option<RateLimit> {
        rate::limit(response, self.integration.usage_header)
    }

    /// An error. A request that only reads changed nothing, whatever became of it; where the outcome is unknown, the message says
    /// how to look for the user.
    fn error(&self, code: ErrorCode, status: u16, outcome: Outcome, mut message: String) -> Error {
        let reads = self
            .operation()
            .is_some_and(|row| row.safety == Safety::Safe);
        let outcome = if reads { Outcome::NotSent } else { outcome };
        if outcome == Outcome::Unknown {
            let email = self.context.email.as_deref();
            message.push_str(&how_to_look(self.name, email, self.integration));
        }
        error(code, status, outcome, message)
    }
}

/// The number that one of these headers has, alone or at the end of a URL's path.
fn header_id(response: &ProviderResponse, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| {
        let path = rate::header(response, name)?.split(['?', '#']).next()?;
        let last = path.trim_end_matches('/').rsplit('/').next()?;
        let id = last.strip_suffix(".json").unwrap_or(last);
        let is_number = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| id.to_owned())
    })
}

/// Whether the body is coded. Some servers name a coding that changes nothing; all headers of this name together list the codings
/// that were applied (RFC 9110, section 8.4).
fn is_coded(response: &ProviderResponse) -> bool {
    let mut headers = response.headers.iter();
    headers.any(|(name, value)| {
        name.eq_ignore_ascii_case("content-encoding") && !coding::codes_nothing(value)
    })
}

/// The body of a rejection: its JSON; a string, where it is a sentence; else `null`.
fn rejection_body(response: &ProviderResponse) -> Value<'_> {
    let Ok(body) = std::str::from_utf8(without_mark(&response.body)).map(trimmed) else {
        return Value::Null;
    };
    parse(body).unwrap_or_else(|_| {
        let html = rate::header(response, "content-type")
            .and_then(|value| value.get(..9))
            .is_some_and(|value| value.eq_ignore_ascii_case("text/html"));
        if !html && is_sentence(&body) {
            Value::String(body.into())
        } else {
            Value::Null
        }
    })
}

/// Whether a string can be part of a message: one line, not long, and no markup.
fn is_sentence(string: &&str) -> bool {
    !string.is_empty()
        && !string.starts_with('<')
        && string.chars().nth(MAX_SENTENCE).is_none()
        && !string.contains(char::is_control)
}

/// The longest string of a provider that becomes part of a message as it is, in characters.
const MAX_SENTENCE: usize = 200;

/// A response whose body was not read to its end.
const fn without_body(status: u16) -> ProviderRejection {
    ProviderRejection { status, body: None }
}

/// How to look for the user where the outcome is unknown.
pub(crate) fn how_to_look(
    name: OperationName,
    email: Option<&str>,
    integration: &Integration,
) -> String {
    let title = integration.title;
    match (name, email) {
        (OperationName::Create, Some(email)) => {
            format!(
                "; the user may exist now: before trying again, look in {title} by email {}",
                quoted_address(email)
            )
        }
        (OperationName::Create, None) => {
            format!(
                "; the user may exist now: before trying again, look in {title} by the user's name, no email was given"
            )
        }
        (OperationName::Update, _) => {
            format!("; the change may have been made: look at the user in {title}")
        }
        (OperationName::Delete, _) => {
            format!("; the user may be deleted: look for the user in {title}")
        }
        (OperationName::Get | OperationName::List, _) => String::new(),
    }
}
