//! The requests of the HTTP API for a row.

use form_urlencoded::Serializer;
use unified_ticketing::http_api::HttpRequest;
use unified_ticketing_guest::http_api::USERS;
use unified_ticketing_guest::integration::OperationName;

use super::super::super::request::{append_collections, append_if_exists, user_path};
use super::{Row, RowOperation};
use crate::args::IfExists;

/// How the call of a row is made.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct CallMode {
    pub(in super::super) if_exists: IfExists,
    pub(in super::super) dry_run: bool,
    pub(in super::super) resend: bool,
}

impl Row {
    pub(in super::super) fn operation_name(&self) -> OperationName {
        match self.operation {
            RowOperation::Create => OperationName::Create,
            RowOperation::Update(_) => OperationName::Update,
            RowOperation::Delete(_) => OperationName::Delete,
        }
    }

    /// The request of the HTTP API.
    pub(in super::super) fn request(&self, mode: CallMode) -> HttpRequest {
        let operation = self.operation_name();
        let mut query = self.query();
        match &self.operation {
            RowOperation::Create => {
                append_if_exists(&mut query, mode.if_exists);
                if mode.resend {
                    query.append_pair("unified_resend", "true");
                }
            }
            RowOperation::Update(_) | RowOperation::Delete(_) => {}
        }
        if mode.dry_run {
            query.append_pair("unified_dry_run", "true");
        }
        let path = match &self.operation {
            RowOperation::Create | RowOperation::Delete(None) => USERS.to_owned(),
            RowOperation::Update(id) | RowOperation::Delete(Some(id)) => user_path(id),
        };
        if let RowOperation::Delete(_) = self.operation {
            return without_body(
                operation.http_method(),
                format!("{path}?{}", query.finish()),
            );
        }
        HttpRequest {
            method: operation.http_method().to_owned(),
            target: format!("{path}?{}", query.finish()),
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: self.body.clone(),
        }
    }

    /// The request that looks for the row's user: by its id, or by its address.
    pub(in super::super) fn look_up(&self) -> HttpRequest {
        let mut query = self.query();
        let path = match &self.operation {
            RowOperation::Update(id) | RowOperation::Delete(Some(id)) => user_path(id),
            RowOperation::Create | RowOperation::Delete(None) => {
                let address = self.email.as_deref().unwrap_or_default();
                query.append_pair("emails[0][email]", address);
                USERS.to_owned()
            }
        };
        without_body("GET", format!("{path}?{}", query.finish()))
    }

    /// The request that deletes the user of this id.
    pub(in super::super) fn deletion(&self, id: &str) -> HttpRequest {
        let query = self.query().finish();
        without_body("DELETE", format!("{}?{query}", user_path(id)))
    }

    /// The request that lists the users of the row's account.
    pub(in super::super) fn list(&self, cursor: Option<&str>) -> HttpRequest {
        let mut query = self.query();
        query.append_pair("limit", "500");
        if let Some(cursor) = cursor {
            query.append_pair("next_cursor", cursor);
        }
        without_body("GET", format!("{USERS}?{}", query.finish()))
    }

    fn query(&self) -> Serializer<'static, String> {
        let mut query = Serializer::new(String::new());
        query.append_pair("integrated_account_id", &self.account.id);
        query.append_pair("truto_ignore_remote_data", "true");
        append_collections(&mut query, &self.collections);
        query
    }
}

fn without_body(method: &str, target: String) -> HttpRequest {
    HttpRequest {
        method: method.to_owned(),
        target,
        headers: Vec::new(),
        body: Vec::new(),
    }
}
