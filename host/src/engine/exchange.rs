//! The parts of an HTTP exchange that pass between a server and the component.

use unified_ticketing_guest::http_api::IDEMPOTENCY_KEY;

use crate::bindings::http_api::{HttpRequest, HttpResponse};

/// Headers that authenticate the client to the server, or to a proxy before it.
const CREDENTIALS: [&str; 3] = ["authorization", "cookie", "proxy-authorization"];

/// Headers that frame a response and manage its connection, which a server sets.
const FRAMING: [&str; 8] = [
    "connection",
    "content-length",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// More than any server lets through, and less than a map of headers can have.
const MAX_HEADERS: usize = 4096;

fn is_one_of(names: &[&str], name: &str) -> bool {
    names.iter().any(|one| one.eq_ignore_ascii_case(name))
}

/// Removes what the component could only leak: a bearer token reaches every account.
pub(super) fn clear_request(request: &mut HttpRequest) {
    request
        .headers
        .retain(|(name, _)| !is_one_of(&CREDENTIALS, name));
}

/// Removes the idempotency key, which the host has taken.
pub(super) fn clear_key(request: &mut HttpRequest) {
    request
        .headers
        .retain(|(name, _)| !is_one_of(&[IDEMPOTENCY_KEY], name));
}

/// Makes a response one that any server can send: one final response that its body ends.
pub(super) fn clear_response(response: &mut HttpResponse) {
    response
        .headers
        .retain(|(name, _)| !is_one_of(&FRAMING, name));
    response.headers.truncate(MAX_HEADERS);
    // An interim response is followed by another.
    if !(200..600).contains(&response.status) {
        response.status = 500;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(names: &[&str]) -> Vec<(String, String)> {
        names
            .iter()
            .map(|name| ((*name).to_owned(), "5".to_owned()))
            .collect()
    }

    #[test]
    fn client_credentials_are_removed() {
        let mut request = HttpRequest {
            method: "POST".to_owned(),
            target: "/".to_owned(),
            headers: pairs(&["Authorization", "x-authorization", "COOKIE", "accept"]),
            body: Vec::new(),
        };
        clear_request(&mut request);
        assert_eq!(request.headers, pairs(&["x-authorization", "accept"]));
    }

    #[test]
    fn response_loses_framing_headers() {
        let response = |status, headers| HttpResponse {
            status,
            headers,
            body: Vec::new(),
            warnings: Vec::new(),
            error: None,
        };
        let mut made = response(
            101,
            pairs(&[
                "Content-Length",
                "content-type",
                "transfer-encoding",
                "connection",
            ]),
        );
        clear_response(&mut made);
        assert_eq!(made, response(500, pairs(&["content-type"])));
        let mut made = response(599, pairs(&vec!["x"; 40_000]));
        clear_response(&mut made);
        assert_eq!((made.status, made.headers.len()), (599, MAX_HEADERS));
    }
}
