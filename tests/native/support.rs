//! Native calls of the HTTP API.

use serde_json::{Map, Value, json};
use unified_ticketing_guest::account::credential_names;
use unified_ticketing_guest::bindings::accounts::{Account, Credentials, ResolveError};
use unified_ticketing_guest::bindings::http_api::{HttpRequest, HttpResponse, HttpStep};
use unified_ticketing_guest::bindings::types::{Begun, ProviderResponse, Sending, TransportError};
use unified_ticketing_guest::field::{Field, Rule};
use unified_ticketing_guest::http_api;
use unified_ticketing_guest::integration::{ALL, Integration, Operation as Row, OperationName};

use crate::case::begun::BEGUN;
use crate::case::{self, ACCOUNT, Case, ResponseError};

/// The address of a server that no test connects to.
pub const SERVER: &str = "http://provider.test";

/// The value of every credential of a made-up account.
pub const SECRET: &str = "S3cretOfTheAccount";

/// The account of a case, with its credentials disclosed, to show the header that authenticates.
pub fn account(case: &Case) -> Account {
    let case::Account {
        base_url,
        settings,
        credentials,
    } = case.account_at(SERVER);
    Account {
        integration: case.integration.clone(),
        base_url,
        settings: settings.into_iter().collect(),
        credentials: Credentials::Disclosed(credentials.into_iter().collect()),
    }
}

/// The request of a case.
pub fn request(case: &Case) -> HttpRequest {
    let (method, target) = case.http();
    let mut request = http_request(method, &target, case.file.call.bytes());
    if case.file.call.body.is_none() {
        request.headers.clear();
    }
    request
}

pub fn http_request(method: &str, target: &str, body: &[u8]) -> HttpRequest {
    HttpRequest {
        method: method.to_owned(),
        target: target.to_owned(),
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: body.to_vec(),
    }
}

/// Starts a call, with this account alone.
pub fn start(request: &HttpRequest, account: Account) -> HttpStep {
    start_at(request, account, &Begun::Now(BEGUN.to_owned()))
}

/// Starts a call that began at a time.
pub fn start_at(request: &HttpRequest, account: Account, begun: &Begun) -> HttpStep {
    http_api::start(ACCOUNT, request, begun, |id| {
        if id == ACCOUNT {
            Ok(account)
        } else {
            Err(ResolveError::Unknown)
        }
    })
}

/// What becomes of the request of a case at this position.
pub fn response_of(case: &Case, position: usize) -> Result<ProviderResponse, TransportError> {
    let response = case.file.responses.get(position).unwrap_or_else(|| {
        panic!(
            "{}: request {position} was sent, but the case has no response",
            case.name
        )
    });
    let headers = response
        .headers
        .iter()
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let status = response.status;
    let why = || "a case says so".to_owned();
    Err(match response.error {
        None => {
            return Ok(ProviderResponse {
                status: status.unwrap_or_default(),
                headers,
                body: response.body(),
            });
        }
        Some(ResponseError::NoConnection) => TransportError::NoConnection(why()),
        Some(ResponseError::EgressDenied) => TransportError::EgressDenied(why()),
        Some(ResponseError::ConnectionLost) => TransportError::ConnectionLost(why()),
        Some(ResponseError::ResponseTruncated) => {
            TransportError::ResponseTruncated((status.unwrap_or_default(), why()))
        }
        Some(ResponseError::DeadlineBeforeStart) => TransportError::Deadline(false),
        Some(ResponseError::DeadlineAfterStart) => TransportError::Deadline(true),
        Some(ResponseError::ResponseTooLarge) => TransportError::ResponseTooLarge(status),
    })
}

/// Resumes a call, with this account alone.
pub fn resume_step(
    context: &[u8],
    response: Result<&ProviderResponse, &TransportError>,
    account: Account,
) -> HttpStep {
    http_api::resume(ACCOUNT, context, response, |id| {
        if id == ACCOUNT {
            Ok(account)
        } else {
            Err(ResolveError::Unknown)
        }
    })
}

/// Resumes a call of one request, to its end.
pub fn resume(
    context: &[u8],
    response: Result<&ProviderResponse, &TransportError>,
) -> HttpResponse {
    match http_api::resume(ACCOUNT, context, response, |_| Err(ResolveError::Unknown)) {
        HttpStep::Respond(response) => response,
        HttpStep::Send(sending) => panic!("a second request: {:?}", sending.request),
    }
}

/// An operation of an integration.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    pub integration: &'static Integration,
    pub row: &'static Row,
}

/// Every operation of every integration.
pub fn every_operation() -> Vec<Operation> {
    let rows = ALL.iter().flat_map(|integration| {
        let rows = integration.operations.iter();
        rows.map(|row| Operation { integration, row })
    });
    rows.collect()
}

/// Every operation that takes the fields of a user.
pub fn operations() -> Vec<Operation> {
    let mut operations = every_operation();
    operations.retain(|operation| operation.row.name.has_fields());
    operations
}

impl Operation {
    pub fn name(self) -> String {
        format!("{} {}", self.integration.name, self.row.name.verb())
    }

    pub fn is_update(self) -> bool {
        self.row.name == OperationName::Update
    }

    /// An id in the shape of the integration.
    pub fn id(self) -> &'static str {
        match self.integration.id {
            Some(shape) if !(shape.accepts)("42") => "7c1e0d52-3f0a-4b7e-9a55-0c6f2b8e41d3",
            _ => "42",
        }
    }

    /// A made-up account. With `base_url`, requests go to [`SERVER`] below `/prefix`.
    pub fn account(self, base_url: bool) -> Account {
        let name = |name: &str| name.to_owned();
        let settings = self.integration.settings.iter().map(|setting| {
            (
                name(setting.name),
                setting.default.unwrap_or("acme").to_owned(),
            )
        });
        let names = credential_names(&self.integration.auth[0]);
        Account {
            integration: name(self.integration.name),
            base_url: base_url.then(|| format!("{SERVER}/prefix")),
            settings: settings.collect(),
            credentials: Credentials::Disclosed(
                names
                    .into_iter()
                    .map(|each| (name(each), name(SECRET)))
                    .collect(),
            ),
        }
    }

    /// The response of a provider that carries the operation out, with one user. The members of the user are all that it has, except
    /// where that is a list.
    pub fn success(self, user: &str) -> String {
        match self.row.list {
            Some(listing) => match listing.users {
                Some(member) => format!(r#"{{"{member}": [{user}]}}"#),
                None => format!("[{user}]"),
            },
            None => user.to_owned(),
        }
    }

    /// A body with every field of the operation.
    pub fn body(self) -> Map<String, Value> {
        let value = |rule: &Rule| match rule.field {
            Field::FirstName => json!("Ines"),
            Field::LastName => json!("Duarte"),
            Field::Name => json!("Ines Duarte"),
            Field::Emails => json!([{"email": "ines@duarte.example", "type": "primary"}]),
            Field::Roles if rule.by_id => json!([{"id": "64c0f1a2b3d4e5f601234567"}]),
            Field::Roles => json!([{"name": rule.values.first().copied().unwrap_or("agent")}]),
            Field::NickName => json!("Ines"),
            Field::CustomFields => json!({"Region": "North"}),
            Field::Avatar => json!("https://img.example/ines.png"),
        };
        self.row
            .fields
            .iter()
            .map(|rule| (rule.field.name().to_owned(), value(rule)))
            .collect()
    }

    /// The target of a request with an id in the shape of the integration.
    pub fn target(self, query: &str) -> String {
        self.target_of(self.id(), query)
    }

    pub fn target_of(self, id: &str, query: &str) -> String {
        let id = if self.row.name.has_id() {
            format!("/{id}")
        } else {
            String::new()
        };
        // One request is a whole call: what a creation looks for afterwards has tests of its own.
        let settle = if self.row.name == OperationName::Create {
            "&unified_settle=false"
        } else {
            ""
        };
        format!(
            "/unified/ticketing/users{id}?integrated_account_id={ACCOUNT}&collections[][id]=1{settle}{query}"
        )
    }

    /// The method of the published API.
    pub fn method(self) -> &'static str {
        self.row.name.http_method()
    }

    pub fn request(self, query: &str, body: &Value) -> HttpRequest {
        let body = if self.row.name.has_fields() {
            body.to_string()
        } else {
            String::new()
        };
        http_request(self.method(), &self.target(query), body.as_bytes())
    }

    /// Starts a valid call. Returns the planned request and the context.
    pub fn plan(self, query: &str) -> Sending {
        match start(
            &self.request(query, &Value::Object(self.body())),
            self.account(true),
        ) {
            HttpStep::Send(sending) => sending,
            HttpStep::Respond(response) => panic!(
                "{}: {}",
                self.name(),
                String::from_utf8_lossy(&response.body)
            ),
        }
    }

    /// Makes a valid call, to which the provider responds with this.
    pub fn resume(
        self,
        query: &str,
        response: Result<&ProviderResponse, &TransportError>,
    ) -> HttpResponse {
        resume(&self.plan(query).context, response)
    }
}

/// The JSON body of a response.
pub fn json_of(response: &HttpResponse) -> Value {
    serde_json::from_slice(&response.body).expect("a response is JSON")
}

/// A provider's response.
pub fn provider_response(status: u16, headers: &[(&str, &str)], body: &str) -> ProviderResponse {
    let headers = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    ProviderResponse {
        status,
        headers,
        body: body.as_bytes().to_vec(),
    }
}
