//! Calls the HTTP face natively.

use unified_ticketing_guest::bindings::accounts::{Account, Credentials, ResolveError};
use unified_ticketing_guest::bindings::face::{HttpRequest, HttpResponse, Step};
use unified_ticketing_guest::bindings::types::ProviderAnswer;
use unified_ticketing_guest::face;

use crate::case::{self, ACCOUNT, Case};

/// Stands for the address of a server that is never asked.
pub const SERVER: &str = "http://provider.test";

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
    HttpRequest {
        method: method.to_owned(),
        target,
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: case.file.call.body.clone().into_bytes(),
    }
}

/// The first half, with this one account.
pub fn begin(request: &HttpRequest, account: Account) -> Step {
    face::begin(ACCOUNT, request, |id| {
        if id == ACCOUNT {
            Ok(account)
        } else {
            Err(ResolveError::Unknown)
        }
    })
}

/// The answer of a case.
pub fn answer(case: &Case) -> ProviderAnswer {
    let answer = case
        .file
        .answer
        .as_ref()
        .unwrap_or_else(|| panic!("{}: a request was sent, but no answer is given", case.name));
    let headers = answer
        .headers
        .iter()
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    ProviderAnswer {
        status: answer.status,
        headers,
        body: answer.body(),
    }
}

/// The second half.
pub fn finish(context: &[u8], answer: &ProviderAnswer) -> HttpResponse {
    face::finish(context, Ok(answer))
}
