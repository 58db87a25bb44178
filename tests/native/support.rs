//! Calls the HTTP API natively.

use serde_json::{Map, Value, json};
use unified_ticketing_guest::account::credential_names;
use unified_ticketing_guest::bindings::accounts::{Account, Credentials, ResolveError};
use unified_ticketing_guest::bindings::http_api::{HttpRequest, HttpResponse, HttpStep};
use unified_ticketing_guest::bindings::types::{ProviderRequest, ProviderResponse, TransportError};
use unified_ticketing_guest::field::{Field, Rule};
use unified_ticketing_guest::http_api;
use unified_ticketing_guest::integration::{ALL, Integration, Table};

use crate::case::{self, ACCOUNT, Case};

/// Stands for the address of a server that is never asked.
pub const SERVER: &str = "http://provider.test";

/// What every credential of a made-up account holds.
pub const SECRET: &str = "S3cretOfTheAccount";

/// The account of a case, its credentials disclosed, so that the header that authenticates can be seen.
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
    http_request(method, &target, case.file.call.body.as_bytes())
}

pub fn http_request(method: &str, target: &str, body: &[u8]) -> HttpRequest {
    HttpRequest {
        method: method.to_owned(),
        target: target.to_owned(),
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: body.to_vec(),
    }
}

/// The first half, with this one account.
pub fn begin(request: &HttpRequest, account: Account) -> HttpStep {
    http_api::start(ACCOUNT, request, |id| {
        if id == ACCOUNT {
            Ok(account)
        } else {
            Err(ResolveError::Unknown)
        }
    })
}

/// The answer of a case.
pub fn answer(case: &Case) -> ProviderResponse {
    let answer = case
        .file
        .response
        .as_ref()
        .unwrap_or_else(|| panic!("{}: a request was sent, but no answer is given", case.name));
    let headers = answer
        .headers
        .iter()
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    ProviderResponse {
        status: answer.status,
        headers,
        body: answer.body(),
    }
}

/// The second half.
pub fn finish(context: &[u8], answer: &ProviderResponse) -> HttpResponse {
    http_api::resume(context, Ok(answer))
}

/// An operation of an integration.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    pub integration: &'static Integration,
    pub update: bool,
    pub fields: &'static [Rule],
}

/// Every operation of every integration.
pub fn operations() -> Vec<Operation> {
    let creates = ALL.into_iter().map(|each| Operation {
        integration: each,
        update: false,
        fields: each.create.fields,
    });
    let updates = ALL.into_iter().filter_map(|each| {
        each.update.as_ref().map(|update| Operation {
            integration: each,
            update: true,
            fields: update.fields,
        })
    });
    creates.chain(updates).collect()
}

impl Operation {
    pub fn name(self) -> String {
        format!(
            "{} {}",
            self.integration.name,
            if self.update { "update" } else { "create" }
        )
    }

    /// The table of the operation.
    pub fn table(self) -> &'static Table {
        match &self.integration.update {
            Some(update) if self.update => update,
            _ => &self.integration.create,
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

    /// A body that has every field the operation takes.
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
        self.fields
            .iter()
            .map(|rule| (rule.field.name().to_owned(), value(rule)))
            .collect()
    }

    pub fn target(self, id: &str, query: &str) -> String {
        let path = if self.update {
            format!("/unified/ticketing/users/{id}")
        } else {
            "/unified/ticketing/users".to_owned()
        };
        format!("{path}?integrated_account_id={ACCOUNT}&collections[][id]=1{query}")
    }

    pub fn request(self, query: &str, body: &Value) -> HttpRequest {
        let method = if self.update { "PATCH" } else { "POST" };
        http_request(
            method,
            &self.target("42", query),
            body.to_string().as_bytes(),
        )
    }

    /// Makes a call that is valid, and gives what would be sent.
    pub fn sent(self, query: &str) -> (ProviderRequest, Vec<u8>) {
        match begin(
            &self.request(query, &Value::Object(self.body())),
            self.account(true),
        ) {
            HttpStep::Send(send) => send,
            HttpStep::Respond(response) => panic!(
                "{}: {}",
                self.name(),
                String::from_utf8_lossy(&response.body)
            ),
        }
    }

    /// Makes a call that is valid, and gives what comes of this answer.
    pub fn answered(
        self,
        query: &str,
        answer: Result<&ProviderResponse, &TransportError>,
    ) -> HttpResponse {
        http_api::resume(&self.sent(query).1, answer)
    }
}

/// The JSON body of a response.
pub fn json_of(response: &HttpResponse) -> Value {
    serde_json::from_slice(&response.body).expect("a response is JSON")
}

/// An answer with this status and body.
pub fn answer_of(status: u16, headers: &[(&str, &str)], body: &str) -> ProviderResponse {
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
