//! Calls of a creation with made-up responses of the provider, and what they did.

use serde_json::{Value, json};
use unified_ticketing_guest::bindings::http_api::{HttpResponse, HttpStep};
use unified_ticketing_guest::bindings::types::{
    Begun, Outcome, ProviderResponse, Safety, TransportError,
};
use unified_ticketing_guest::integration::OperationName;

use crate::case::ACCOUNT;
use crate::case::begun::{BEGUN, time};
use crate::support::{
    Operation, every_operation, http_request, json_of, provider_response, resume_step, start_at,
};

/// [`BEGUN`] in seconds since 1970.
const BEGUN_SECONDS: i64 = 1_772_439_330;

/// The address of the user of [`Operation::body`].
pub const EMAIL: &str = "ines@duarte.example";

pub fn creations() -> Vec<Operation> {
    let mut operations = every_operation();
    operations.retain(|operation| operation.row.name == OperationName::Create);
    operations
}

/// A user in a response: its number, its address, and how many seconds after the call it was created, where that is given.
#[derive(Clone, Copy, Debug)]
pub struct Listed(pub u32, pub &'static str, pub Option<i64>);

pub const NEW: Listed = Listed(1, EMAIL, Some(1));
pub const OLD: Listed = Listed(2, EMAIL, Some(-86_400));
pub const TIMELESS: Listed = Listed(3, EMAIL, None);
pub const OTHER: Listed = Listed(4, "otto@duarte.example", Some(1));

impl Listed {
    pub fn id(self, operation: Operation) -> String {
        let number = self.0;
        match operation.integration.id {
            Some(shape) if !(shape.accepts)("42") => {
                format!("7c1e0d52-3f0a-4b7e-9a55-{number:012}")
            }
            _ => number.to_string(),
        }
    }

    /// The user in the shapes of all providers at once.
    fn json(self, operation: Operation) -> Value {
        let (id, email) = (self.id(operation), self.1);
        let mut user = json!({
            "id": id, "_id": id, "email": email, "email-address": email, "person": {"email": email, "name": "Somebody"},
        });
        if let Some(after) = self.2 {
            let at = time(BEGUN_SECONDS + after) + "Z";
            for member in [
                "createdAt",
                "created_datetime",
                "created_at",
                "createDate",
                "created-at",
            ] {
                user[member] = json!(at);
            }
        }
        user
    }
}

/// What becomes of a request.
#[derive(Clone, Debug)]
pub enum ProviderResult {
    Users(Vec<Listed>),
    Status(u16, &'static str),
    Error(TransportError),
}

impl ProviderResult {
    fn given(&self, operation: Operation) -> Result<ProviderResponse, TransportError> {
        let headers = &[("content-type", "application/json")];
        match self {
            Self::Users(users) => {
                let listing = operation.integration.operation(OperationName::List);
                let member = listing.and_then(|row| row.list).and_then(|list| list.users);
                let users: Vec<Value> = users.iter().map(|user| user.json(operation)).collect();
                let body = match member {
                    Some(member) => json!({ member: users }),
                    None => json!(users),
                };
                Ok(provider_response(200, headers, &body.to_string()))
            }
            Self::Status(status, body) => Ok(provider_response(*status, headers, body)),
            Self::Error(error) => Err(error.clone()),
        }
    }

    /// Whether a creation with this response may have created the user, though there is none in it.
    pub fn is_unknown(&self, operation: Operation) -> bool {
        match self {
            // An array is no user.
            Self::Users(_) => {
                let row = operation.integration.operation(OperationName::List);
                row.and_then(|row| row.list)
                    .is_some_and(|list| list.users.is_none())
            }
            Self::Status(status, body) => match status {
                200..=299 => *status == 206 || body.starts_with('<'),
                400..=499 => *status == 408,
                _ => true,
            },
            Self::Error(error) => !matches!(
                error,
                TransportError::NoConnection(_)
                    | TransportError::EgressDenied(_)
                    | TransportError::Deadline(false)
                    | TransportError::ResponseTooLarge(Some(400..=407 | 409..=499))
            ),
        }
    }
}

pub fn lost() -> ProviderResult {
    ProviderResult::Error(TransportError::ConnectionLost("reset".to_owned()))
}

pub fn errors() -> Vec<ProviderResult> {
    let why = || "a test says so".to_owned();
    let errors = [
        TransportError::NoConnection(why()),
        TransportError::EgressDenied(why()),
        TransportError::ConnectionLost(why()),
        TransportError::ResponseTruncated((201, why())),
        TransportError::ResponseTruncated((409, why())),
        TransportError::Deadline(false),
        TransportError::Deadline(true),
        TransportError::ResponseTooLarge(None),
        TransportError::ResponseTooLarge(Some(200)),
        TransportError::ResponseTooLarge(Some(409)),
        TransportError::ResponseTooLarge(Some(500)),
    ];
    errors.map(ProviderResult::Error).to_vec()
}

pub fn statuses() -> Vec<ProviderResult> {
    let statuses = [
        200, 201, 204, 206, 302, 307, 400, 401, 403, 404, 408, 409, 421, 422, 429, 500, 502, 503,
    ];
    let bodies = [
        "",
        "<html></html>",
        r#"{"id": "42", "message": "the email is already in use"}"#,
        r#"{"data": {"id": "42"}, "error": {"msg": "no"}}"#,
    ];
    let each = statuses.into_iter();
    each.flat_map(|status| bodies.map(|body| ProviderResult::Status(status, body)))
        .collect()
}

/// Every response after which the user may exist.
pub fn unknowns(operation: Operation) -> Vec<ProviderResult> {
    let mut responses = [errors(), statuses()].concat();
    responses.retain(|response| response.is_unknown(operation));
    responses
}

/// A call and its provider.
#[derive(Clone, Debug)]
pub struct Made {
    pub operation: Operation,
    pub mode: &'static str,
    pub settle: bool,
    pub begun: Begun,
}

/// What a call did.
#[derive(Debug)]
pub struct Trace {
    /// Of each request its safety, its URL, how long the host waits before it, and its body.
    pub requests: Vec<(Safety, String, u32, Vec<u8>)>,
    pub response: HttpResponse,
}

impl Made {
    pub fn now(operation: Operation, mode: &'static str) -> Self {
        Self {
            operation,
            mode,
            settle: true,
            begun: Begun::Now(BEGUN.to_owned()),
        }
    }

    /// Makes the call. The last response is given to every further request.
    pub fn run(&self, responses: &[ProviderResult]) -> Trace {
        let Self {
            operation,
            mode,
            settle,
            begun,
        } = self;
        let target = format!(
            "/unified/ticketing/users?integrated_account_id={ACCOUNT}&collections[][id]=1\
             &unified_if_exists={mode}&unified_settle={settle}"
        );
        let body = Value::Object(operation.body()).to_string();
        let request = http_request("POST", &target, body.as_bytes());
        let mut step = start_at(&request, operation.account(true), begun);
        let mut requests = Vec::new();
        loop {
            let sending = match step {
                HttpStep::Send(sending) => sending,
                HttpStep::Respond(response) => return Trace { requests, response },
            };
            let response = responses.get(requests.len()).or(responses.last());
            let response = response.expect("a response").given(*operation);
            requests.push((
                sending.safety,
                sending.request.url,
                sending.wait_ms,
                sending.request.body,
            ));
            assert!(requests.len() < 50, "{self:?} does not end");
            step = resume_step(&sending.context, response.as_ref(), operation.account(true));
        }
    }
}

impl Trace {
    pub fn outcome(&self) -> Option<Outcome> {
        self.response.error.as_ref().map(|error| error.outcome)
    }

    pub fn result(&self) -> Option<&str> {
        let mut headers = self.response.headers.iter();
        let found = headers.find(|(name, _)| name == "unified-result");
        found.map(|(_, value)| value.as_str())
    }

    pub fn position(&self, safety: Safety) -> Option<usize> {
        self.requests.iter().position(|(it, ..)| *it == safety)
    }

    pub fn count(&self, safety: Safety) -> usize {
        self.requests
            .iter()
            .filter(|(it, ..)| *it == safety)
            .count()
    }

    pub fn ids(&self) -> Vec<String> {
        let body = json_of(&self.response);
        let one = body["existing_id"].as_str().map(str::to_owned);
        let several = body["existing_ids"].as_array().cloned().unwrap_or_default();
        let several = several.iter().filter_map(Value::as_str).map(str::to_owned);
        one.into_iter().chain(several).collect()
    }
}
