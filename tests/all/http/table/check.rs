//! Compares a response, and the requests to the provider, with a row.

use serde_json::Value;

use super::{Row, SentRequest};
use crate::case;
use crate::client::Response;
use crate::provider::{ProviderResponse, Received};

/// The headers that a response may have. No other header of a provider is passed on.
const HEADERS: [&str; 14] = [
    "allow",
    "connection",
    "content-length",
    "content-type",
    "date",
    "ratelimit-limit",
    "ratelimit-remaining",
    "ratelimit-reset",
    "retry-after",
    "unified-code",
    "unified-next-cursor",
    "unified-outcome",
    "unified-result",
    "unified-warning",
];

/// The headers that the server adds to every response.
const SERVED: [&str; 3] = ["cache-control", "x-content-type-options", "x-request-id"];

impl Row {
    /// Compares the response and the requests to the provider with the row.
    pub fn check(
        &self,
        server: &str,
        provider_response: Option<&ProviderResponse>,
        response: &Response,
        received: &[Received],
    ) {
        let name = &self.name;
        let shown = String::from_utf8_lossy(response.body.as_deref().unwrap_or_default());
        let shown: String = shown.chars().take(2000).collect();
        assert_eq!(
            response.status, self.status,
            "{name}: status, with body {shown}"
        );
        self.check_sent(received);
        self.check_headers(response);
        if response.body.is_none() {
            return;
        }
        if self.raw {
            assert_eq!(
                response.body,
                provider_response.map(|response| response.body.clone()),
                "{name}: body"
            );
            return;
        }
        assert_eq!(
            response.header("content-type"),
            Some("application/json"),
            "{name}"
        );
        let found = response.json();
        if self.status != 200 {
            self.check_error(provider_response, &found, &shown);
        }
        if let Some(exact) = &self.exact {
            let exact = parse(name, &exact.replace("{server}", server));
            assert_eq!(found.to_string(), exact.to_string(), "{name}: body");
        }
        if let Some(has) = &self.has {
            let has = parse(name, &has.replace("{server}", server));
            assert!(
                contains(&found, &has),
                "{name}: {has} is not all in {shown}"
            );
        }
        for member in &self.lacks {
            assert_eq!(found.get(member), None, "{name}: {shown}");
        }
    }

    fn check_sent(&self, received: &[Received]) {
        let name = &self.name;
        assert_eq!(
            received.len(),
            self.requests,
            "{name}: requests, {received:?}"
        );
        let Some(SentRequest {
            method,
            target,
            body,
        }) = &self.sent
        else {
            return;
        };
        let Some(received) = received.last() else {
            panic!("{name}: a row with `sent` has a request")
        };
        if let Some(method) = method {
            assert_eq!(&received.method, method, "{name}: method at the provider");
        }
        if let Some(target) = target {
            assert_eq!(&received.target, target, "{name}: target at the provider");
        }
        let found = String::from_utf8_lossy(&received.body);
        match body.as_deref() {
            Some("") => assert_eq!(found, "", "{name}: body at the provider"),
            Some(body) => {
                let (found, body) = (parse(name, &found), parse(name, body));
                assert_eq!(found, body, "{name}: body at the provider");
            }
            None => {}
        }
    }

    fn check_headers(&self, response: &Response) {
        let name = &self.name;
        for (header, value) in &self.response_headers {
            assert_eq!(
                response.header(header),
                Some(value.as_str()),
                "{name}: {header}"
            );
        }
        let result = response.header("unified-result");
        assert_eq!(result, self.result(), "{name}: unified-result");
        for header in &self.no_headers {
            assert_eq!(response.header(header), None, "{name}: {header}");
        }
        for (header, _) in &response.headers {
            let known = [&HEADERS[..], &SERVED].concat().contains(&header.as_str());
            assert!(known, "{name}: header {header}");
        }
        let warnings: Vec<&str> = response
            .headers
            .iter()
            .filter(|(header, _)| header == "unified-warning")
            .map(|(_, value)| value.as_str())
            .collect();
        let wanted = self.warnings.iter();
        let mut wanted: Vec<String> = wanted
            .map(|warning| case::check::warning_header(warning))
            .collect();
        if self.more_warnings > 0 {
            wanted.push(format!("more; count={}", self.more_warnings));
        }
        assert_eq!(warnings, wanted, "{name}: warnings");
    }

    fn check_error(
        &self,
        provider_response: Option<&ProviderResponse>,
        found: &Value,
        shown: &str,
    ) {
        let name = &self.name;
        assert_eq!(found["statusCode"], self.status, "{name}: {shown}");
        for member in ["error", "message"] {
            let text = found[member].as_str().unwrap_or_default();
            assert!(!text.is_empty(), "{name}: {member} in {shown}");
        }
        for (member, wanted) in [("code", &self.code), ("outcome", &self.outcome)] {
            let wanted = wanted.as_deref();
            assert!(wanted.is_some(), "{name}: a row of an error has `{member}`");
            assert_eq!(
                found[member].as_str(),
                wanted,
                "{name}: {member} in {shown}"
            );
        }
        if self.method == "POST" && self.outcome.as_deref() == Some("unknown") {
            let message = found["message"].as_str().unwrap_or_default();
            assert!(message.contains("by email"), "{name}: {message}");
        }
        let rejected = found["provider_status"].as_u64() >= Some(400);
        assert_eq!(
            found["truto_is_remote_error"].as_bool(),
            rejected.then_some(true),
            "{name}: {shown}"
        );
        // A response beyond the limit is not read to its end.
        if rejected && !self.limit {
            let provider_response = provider_response.expect("the provider's provider_response");
            assert_eq!(
                found["provider_status"], provider_response.status,
                "{name}: {shown}"
            );
            let text = String::from_utf8_lossy(&provider_response.body).into_owned();
            let raw = serde_json::from_str(&text).unwrap_or(Value::String(text));
            assert_eq!(found["raw_response"], raw, "{name}: {shown}");
        }
        let violations = found["violations"].as_array().cloned().unwrap_or_default();
        let mut violations: Vec<String> = violations
            .iter()
            .map(|violation| {
                let text = |member: &str| {
                    let value = violation[member].as_str();
                    value.unwrap_or_else(|| panic!("{name}: {member} in {shown}"))
                };
                assert!(!text("message").is_empty(), "{name}: {shown}");
                let path = Some(text("path")).filter(|path| !path.is_empty());
                format!("{} {} {}", text("in"), path.unwrap_or("/"), text("code"))
            })
            .collect();
        let mut wanted = self.violations.clone();
        violations.sort();
        wanted.sort();
        assert_eq!(violations, wanted, "{name}: violations in {shown}");
    }
}

fn parse(name: &str, text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{name}: {error} in {text}"))
}

/// Whether `whole` has all members of `part`.
fn contains(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => part
            .iter()
            .all(|(name, part)| whole.get(name).is_some_and(|whole| contains(whole, part))),
        _ => whole == part,
    }
}
