//! The second half of a call: what became of the request, to a unified answer or an error that tells the truth.
//!
//! The status comes first and the body second: a refusal that happens to look like a user is still a refusal.

use crate::bindings::types::{
    Error, ErrorCode, Finding, FindingCode, Limit, Location, Outcome, ProviderRejection,
    ProviderResponse, RateLimit, TransportError, User,
};
use crate::field::Field;
use crate::findings::{FindingList, MAX_MESSAGE, error, quoted_address, shortened};
use crate::integration::{Fault, Integration, OperationName, Refusal};
use crate::json::{Value, parse, trimmed, without_mark};
use crate::plan::Context;
use crate::{coding, rate, status};

/// A call that the provider carried out.
#[derive(Debug, PartialEq)]
pub struct Answered<'a> {
    /// The user, in no particular format yet, and without `remote_data`.
    pub user: User,
    /// The provider's JSON: what `remote_data` will be.
    pub json: &'a str,
    /// The provider's body.
    pub body: &'a [u8],
    /// The provider's content type.
    pub content_type: Option<&'a str>,
    /// What was found in the input and in the answer.
    pub warnings: Vec<Finding>,
    /// The provider's rate limit.
    pub rate_limit: Option<RateLimit>,
}

/// Reads what became of a request.
///
/// # Errors
///
/// A refusal or failure of the provider, an answer that cannot be used, or why there is none.
pub fn interpret<'a>(
    context: &Context,
    answer: Result<&'a ProviderResponse, &TransportError>,
) -> Result<Answered<'a>, Error> {
    let call = Call {
        context,
        integration: context.integration,
    };
    match answer {
        Ok(answer) => match answer.status {
            206 => Err(call.unusable(answer, "answered with status 206, a part of an answer")),
            200..=299 => call.success(answer),
            400..=599 => Err(call.refusal(answer)),
            other => Err(call.unusable(
                answer,
                &format!("answered with status {other}, which is not followed"),
            )),
        },
        Err(fault) => Err(call.transport(fault)),
    }
}

struct Call<'a> {
    context: &'a Context,
    integration: &'static Integration,
}

impl Call<'_> {
    fn success<'a>(&self, answer: &'a ProviderResponse) -> Result<Answered<'a>, Error> {
        let text = match std::str::from_utf8(without_mark(&answer.body)).map(trimmed) {
            Ok("") => "{}",
            _ if is_coded(answer) => {
                return Err(self.unusable(
                    answer,
                    "answered with a compressed body, which was not asked for",
                ));
            }
            Ok(text) => text,
            Err(_) => return Err(self.unusable(answer, "answered with a body that is not UTF-8")),
        };
        let value = match parse(text) {
            Ok(value @ Value::Object(_)) => value,
            Ok(other) => {
                let found = crate::input::kind(&other);
                return Err(self.unusable(
                    answer,
                    &format!("answered with {found} where an object was expected"),
                ));
            }
            Err(_) => return Err(self.unusable(answer, "answered with a body that is not JSON")),
        };
        let mut user = (self.integration.user)(&value, self.context.operation);
        let mut warnings = self.context.warnings.clone();
        user.id = user
            .id
            .or_else(|| header_id(answer, self.integration.id_headers))
            .or_else(|| self.context.id.clone());
        if user.id.is_none() {
            let message = format!(
                "{} answered without the id of the user that it created",
                self.integration.title
            );
            let id_missing = Finding {
                code: FindingCode::IdMissing,
                in_: Location::Body,
                path: "/id".to_owned(),
                message,
            };
            // What was left out of a long list is said last.
            let more = warnings.pop_if(|warning| warning.code == FindingCode::More);
            warnings.push(id_missing);
            warnings.extend(more);
        }
        Ok(Answered {
            user,
            json: text,
            body: &answer.body,
            content_type: rate::header(answer, "content-type"),
            warnings,
            rate_limit: self.rate_limit(answer),
        })
    }

    /// A 4xx or 5xx.
    fn refusal(&self, answer: &ProviderResponse) -> Error {
        let title = self.integration.title;
        let outcome = status::outcome(answer.status);
        let failed = answer.status >= 500;
        let body = rejection_body(answer);
        let Refusal {
            code,
            message,
            faults,
        } = (self.integration.refusal)(answer.status, &body);
        let message = message.or_else(|| body.as_str().filter(is_sentence).map(str::to_owned));
        let (code, status) = if failed {
            (ErrorCode::ProviderFailed, 502)
        } else {
            let code = code.unwrap_or_else(|| self.rejection_code(answer));
            (code, status::of_refusal(code, answer.status))
        };
        let verb = if failed {
            "failed"
        } else {
            "refused the request"
        };
        let mut sentence = format!("{title} {verb} with status {}", answer.status);
        if let Some(message) = message {
            sentence.push_str(": ");
            sentence.push_str(&shortened(&message, MAX_MESSAGE));
        }
        let mut violations = FindingList::default();
        if !failed {
            for Fault {
                field,
                path,
                message,
            } in &faults.told
            {
                let path = self.pointer(*field, path);
                violations.push(FindingCode::Format, Location::Body, &path, message);
            }
            violations.leave_out(faults.left_out);
        }
        let retry_after = match (code, answer.status) {
            (ErrorCode::ProviderRateLimited, _) => rate::wait(answer),
            (_, 503) => rate::retry_after(answer),
            _ => None,
        };
        Error {
            violations: violations.into_vec(),
            provider: Some(ProviderRejection {
                status: answer.status,
                body: Some(answer.body.clone()),
            }),
            retry_after,
            rate_limit: self.rate_limit(answer),
            ..self.error(code, status, outcome, sentence)
        }
    }

    /// A 4xx or 5xx of which only the status was read: what it says does not depend on how much the provider says about it.
    fn unread_rejection(&self, status: u16) -> Error {
        let (headers, body) = (Vec::new(), Vec::new());
        Error {
            provider: Some(unread(status)),
            limit: Some(Limit::ResponseBody),
            ..self.refusal(&ProviderResponse {
                status,
                headers,
                body,
            })
        }
    }

    /// The code of a rejection whose body says no more than its status.
    fn rejection_code(&self, answer: &ProviderResponse) -> ErrorCode {
        let none_left = || {
            let figures = self.rate_limit(answer);
            figures.and_then(|figures| figures.remaining) == Some(0)
        };
        if self.integration.exhausted_status == Some(answer.status) && none_left() {
            ErrorCode::ProviderRateLimited
        } else {
            status::refusal(answer.status)
        }
    }

    /// Where the caller said what the provider finds wrong at a JSON Pointer of its own names.
    fn pointer(&self, field: Option<Field>, path: &str) -> String {
        match field {
            Some(Field::Emails) => format!("/emails/{}/email", self.context.position),
            Some(Field::Roles) => {
                // The role's own name leads to the first of the list.
                let within = path.get(1..).and_then(|path| path.find('/'));
                let within = within.and_then(|end| path.get(1 + end..));
                format!("/roles/0{}", within.unwrap_or_default())
            }
            Some(field) => field.pointer().to_owned(),
            None => format!("/remote_data{path}"),
        }
    }

    fn unusable(&self, answer: &ProviderResponse, what: &str) -> Error {
        Error {
            provider: Some(ProviderRejection {
                status: answer.status,
                body: Some(answer.body.clone()),
            }),
            rate_limit: self.rate_limit(answer),
            ..self.error(
                ErrorCode::InvalidResponse,
                502,
                Outcome::Unknown,
                format!("{} {what}", self.integration.title),
            )
        }
    }

    fn transport(&self, fault: &TransportError) -> Error {
        let title = self.integration.title;
        let error = |code, status, outcome, message| self.error(code, status, outcome, message);
        match fault {
            TransportError::NoConnection(why) => {
                let message = format!("no connection to {title}: {why}");
                error(ErrorCode::NoConnection, 502, Outcome::NotSent, message)
            }
            TransportError::EgressDenied(why) => {
                let message = format!("the host does not allow this request: {why}");
                error(ErrorCode::EgressDenied, 502, Outcome::NotSent, message)
            }
            TransportError::ConnectionLost(why) => {
                let message = format!("the connection to {title} was lost: {why}");
                error(ErrorCode::ConnectionLost, 502, Outcome::Unknown, message)
            }
            TransportError::ResponseTruncated((status, why)) => {
                let message = format!(
                    "{title} answered with status {status}, and the answer broke off: {why}"
                );
                Error {
                    provider: Some(unread(*status)),
                    ..error(ErrorCode::InvalidResponse, 502, Outcome::Unknown, message)
                }
            }
            TransportError::Deadline(begun) => {
                let outcome = if *begun {
                    Outcome::Unknown
                } else {
                    Outcome::NotSent
                };
                let message = format!("the deadline passed before {title} had answered");
                Error {
                    limit: Some(Limit::Deadline),
                    ..error(ErrorCode::Deadline, 504, outcome, message)
                }
            }
            TransportError::ResponseTooLarge(Some(status @ 400..=599)) => {
                self.unread_rejection(*status)
            }
            TransportError::ResponseTooLarge(Some(status)) => {
                let outcome = status::outcome(*status);
                let message =
                    format!("{title} answered with status {status} and more than the host accepts");
                Error {
                    provider: Some(unread(*status)),
                    limit: Some(Limit::ResponseBody),
                    ..error(ErrorCode::ResponseTooLarge, 502, outcome, message)
                }
            }
            TransportError::ResponseTooLarge(None) => {
                let message = format!("{title} answered with a larger head than the host accepts");
                Error {
                    limit: Some(Limit::ResponseHeaders),
                    ..error(ErrorCode::ResponseTooLarge, 502, Outcome::Unknown, message)
                }
            }
        }
    }

    fn rate_limit(&self, answer: &ProviderResponse) -> Option<RateLimit> {
        rate::limit(answer, self.integration.usage_header)
    }

    /// An error that says how to look where nobody knows what became of the user.
    fn error(&self, code: ErrorCode, status: u16, outcome: Outcome, mut message: String) -> Error {
        if outcome == Outcome::Unknown {
            message.push_str(&unknown(self.context, self.integration));
        }
        error(code, status, outcome, message)
    }
}

/// The number that one of these headers has, alone or at the end of a URL's path.
fn header_id(answer: &ProviderResponse, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| {
        let path = rate::header(answer, name)?.split(['?', '#']).next()?;
        let last = path.trim_end_matches('/').rsplit('/').next()?;
        let id = last.strip_suffix(".json").unwrap_or(last);
        let is_number = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| id.to_owned())
    })
}

/// Whether the body is coded. Some servers name a coding that changes nothing; a list names each that was applied, over all headers
/// of that name (RFC 9110, 8.4).
fn is_coded(answer: &ProviderResponse) -> bool {
    let mut headers = answer.headers.iter();
    headers.any(|(name, value)| {
        name.eq_ignore_ascii_case("content-encoding") && !coding::codes_nothing(value)
    })
}

/// The body of a rejection: its JSON; as a string, its text, where that is a sentence; else `null`.
fn rejection_body(answer: &ProviderResponse) -> Value<'_> {
    let Ok(text) = std::str::from_utf8(without_mark(&answer.body)).map(trimmed) else {
        return Value::Null;
    };
    parse(text).unwrap_or_else(|_| {
        let html = rate::header(answer, "content-type")
            .and_then(|value| value.get(..9))
            .is_some_and(|value| value.eq_ignore_ascii_case("text/html"));
        if !html && is_sentence(&text) {
            Value::String(text.into())
        } else {
            Value::Null
        }
    })
}

/// Whether a text can be part of a message: one line, not long, and no markup.
fn is_sentence(text: &&str) -> bool {
    !text.is_empty()
        && !text.starts_with('<')
        && text.chars().nth(MAX_SENTENCE).is_none()
        && !text.contains(char::is_control)
}

/// The longest text of a provider that becomes part of a message as it is, in characters.
const MAX_SENTENCE: usize = 200;

/// An answer of which only the status was read.
const fn unread(status: u16) -> ProviderRejection {
    ProviderRejection { status, body: None }
}

/// What to do when nobody knows what became of a call.
fn unknown(context: &Context, integration: &Integration) -> String {
    let title = integration.title;
    match (context.operation, &context.email) {
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
    }
}
