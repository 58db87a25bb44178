//! Compares the requests and the result of a call with its case.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::{Case, Response};

impl Case {
    fn format(&self) -> &str {
        let query = &self.file.call.query;
        ["raw", "normalized", "debug"]
            .into_iter()
            .find(|form| query.contains(&format!("truto_response_format={form}")))
            .unwrap_or("unified")
    }

    fn has_remote_data(&self) -> bool {
        // Python clients write `True`.
        let query = self.file.call.query.to_ascii_lowercase();
        self.format() == "unified"
            && !query.contains("truto_ignore_remote_data=true")
            && !query.contains("=remote_data")
            && !query.contains(",remote_data")
            && !self.is_dry_run()
            && self.operation.verb() != "delete"
    }

    fn is_dry_run(&self) -> bool {
        let query = self.file.call.query.to_ascii_lowercase();
        query.contains("unified_dry_run=true")
    }

    /// The response to the last request.
    fn last_response(&self) -> Option<&Response> {
        self.file.responses.last()
    }

    /// Whether the user is one of the provider's list, though the call is not for one.
    fn is_found(&self) -> bool {
        let result = self.file.result.result.as_deref();
        matches!(result, Some("found" | "settled" | "unchanged"))
    }

    /// Compares the number of requests that the provider received.
    pub fn check_count(&self, received: usize) {
        let expected = self.file.requests.len();
        assert_eq!(received, expected, "{}: number of requests", self.name);
    }

    /// Compares a request that the provider received; the first is at position 0.
    pub fn check_request(
        &self,
        position: usize,
        method: &str,
        target: &str,
        headers: &[(String, String)],
        body: &[u8],
    ) {
        let name = &self.name;
        let Some(expected) = self.file.requests.get(position) else {
            panic!("{name}: after {position} requests none may be sent, but {method} {target} was");
        };
        let name = &format!("{name}, request {position}");
        assert_eq!(
            (method, target),
            (expected.method.as_str(), expected.target.as_str()),
            "{name}: request line"
        );
        let found = |wanted: &str| {
            let mut values = headers
                .iter()
                .filter(|(header, _)| header == wanted)
                .map(|(_, value)| value.as_str());
            let first = values.next();
            assert_eq!(values.next(), None, "{name}: header {wanted} twice");
            first
        };
        let length = body.len().to_string();
        let (content_type, lengths) = if expected.body.is_some() {
            (Some("application/json"), [Some(length.as_str()); 2])
        } else {
            (None, [None, Some("0")])
        };
        assert_eq!(found("content-type"), content_type, "{name}");
        let found_length = found("content-length");
        assert!(lengths.contains(&found_length), "{name}: {found_length:?}");
        assert_eq!(found("accept"), Some("application/json"), "{name}");
        assert_eq!(
            found("user-agent"),
            Some("unified-ticketing/0.1.0"),
            "{name}"
        );
        assert_eq!(found("accept-encoding"), None, "{name}");
        assert_eq!(found("transfer-encoding"), None, "{name}");
        assert!(
            !expected.headers.is_empty(),
            "{name}: the case names the header that authenticates"
        );
        for (header, value) in &expected.headers {
            assert_eq!(
                found(header),
                Some(value.as_str()),
                "{name}: request header {header}"
            );
        }
        match &expected.body {
            Some(expected) if !self.file.requests[position].exact => assert_eq!(
                json(name, body),
                json(name, expected.as_bytes()),
                "{name}: request body"
            ),
            exactly => {
                let found = String::from_utf8_lossy(body);
                let exactly = exactly.as_deref().unwrap_or_default();
                assert_eq!(found, exactly, "{name}: request body");
            }
        }
    }

    /// Compares the response of the published API.
    pub fn check_response(
        &self,
        server: &str,
        status: u16,
        headers: &[(String, String)],
        body: &[u8],
    ) {
        let name = &self.name;
        let expected = &self.file.result;
        let shown = String::from_utf8_lossy(body);
        assert_eq!(status, expected.status, "{name}: status, with body {shown}");
        for (header, value) in &expected.headers {
            let found = headers
                .iter()
                .find(|(found, _)| found == header)
                .map(|(_, value)| value);
            assert_eq!(found, Some(value), "{name}: header {header}");
        }
        let warnings: Vec<&String> = headers
            .iter()
            .filter(|(header, _)| header == "unified-warning")
            .map(|(_, value)| value)
            .collect();
        let wanted: Vec<String> = expected
            .warnings
            .iter()
            .map(|warning| warning_header(warning))
            .collect();
        assert_eq!(
            warnings,
            wanted.iter().collect::<Vec<_>>(),
            "{name}: warnings"
        );
        if status == 200 {
            self.check_success(server, headers, body);
        } else {
            self.check_error(&json(name, body), &shown);
        }
    }

    fn check_success(&self, server: &str, headers: &[(String, String)], body: &[u8]) {
        let name = &self.name;
        let expected = self
            .file
            .result
            .body
            .as_deref()
            .unwrap_or_else(|| panic!("{name}: a 200 has a body"));
        let sent = self.last_response().map(Response::body);
        self.check_result(headers);
        if self.format() == "raw" && self.is_found() {
            self.check_listed_data(&String::from_utf8_lossy(body));
            let json = Some(&"application/json".to_owned());
            let content_type = headers.iter().find(|(header, _)| header == "content-type");
            let content_type = content_type.map(|(_, value)| value);
            assert_eq!(content_type.or(json), json, "{name}: content type");
            assert_eq!(body, expected.as_bytes(), "{name}: the bytes of the case");
            return;
        }
        if self.format() == "raw" {
            assert_eq!(
                body,
                sent.as_deref().unwrap_or_default(),
                "{name}: the provider's bytes"
            );
            assert_eq!(body, expected.as_bytes(), "{name}: the bytes of the case");
            let json = &"application/json".to_owned();
            let content_type = self
                .last_response()
                .and_then(|response| response.headers.get("content-type"));
            let found = headers
                .iter()
                .find(|(header, _)| header == "content-type")
                .map(|(_, value)| value);
            assert_eq!(
                found.unwrap_or(json),
                content_type.unwrap_or(json),
                "{name}: content type"
            );
            return;
        }
        let mut found = json(name, body);
        let is_list = self.operation.verb() == "list";
        if self.has_remote_data() && is_list {
            self.take_listed_data(&mut found, body);
        } else if self.has_remote_data() && self.is_found() {
            self.take_found_data(&mut found, body);
        } else if self.has_remote_data() {
            let data = found
                .as_object_mut()
                .and_then(|found| found.shift_remove("remote_data"));
            let sent =
                String::from_utf8(sent.unwrap_or_default()).expect("a usable response is UTF-8");
            let sent = if sent.trim().is_empty() {
                "{}"
            } else {
                sent.trim()
            };
            assert_eq!(
                data,
                Some(json(name, sent.as_bytes())),
                "{name}: remote_data"
            );
            assert!(
                String::from_utf8_lossy(body).contains(sent),
                "{name}: remote_data, byte for byte"
            );
        }
        assert_eq!(
            found,
            json(name, expected.replace("{server}", server).as_bytes()),
            "{name}: body"
        );
    }

    /// Compares the header that says what the call did.
    fn check_result(&self, headers: &[(String, String)]) {
        let done = match self.operation.verb() {
            "create" => "created",
            "update" => "updated",
            "delete" => "deleted",
            _ => "read",
        };
        // A dry run does nothing.
        let done = self.file.result.result.as_deref().unwrap_or(done);
        let done = Some(done).filter(|_| !self.is_dry_run());
        let mut headers = headers.iter();
        let found = headers.find(|(header, _)| header == "unified-result");
        let found = found.map(|(_, value)| value.as_str());
        assert_eq!(found, done, "{}: unified-result", self.name);
    }

    fn check_error(&self, found: &Value, shown: &str) {
        let name = &self.name;
        let expected = &self.file.result;
        assert_eq!(found["statusCode"], expected.status, "{name}");
        assert_eq!(
            found["code"].as_str(),
            expected.code.as_deref(),
            "{name}: code in {shown}"
        );
        assert_eq!(
            found["outcome"].as_str(),
            expected.outcome.as_deref(),
            "{name}: outcome in {shown}"
        );
        assert!(
            found["message"]
                .as_str()
                .is_some_and(|message| !message.is_empty()),
            "{name}: message in {shown}"
        );
        assert!(
            found["error"]
                .as_str()
                .is_some_and(|error| !error.is_empty()),
            "{name}: error in {shown}"
        );
        let mut violations: Vec<String> = array(&found["violations"])
            .iter()
            .map(|violation| {
                assert!(violation["message"].is_string(), "{name}: {shown}");
                let path = violation["path"]
                    .as_str()
                    .filter(|path| !path.is_empty())
                    .unwrap_or("/");
                format!(
                    "{} {path} {}",
                    violation["in"].as_str().unwrap_or("?"),
                    violation["code"].as_str().unwrap_or("?")
                )
            })
            .collect();
        let mut wanted = expected.violations.clone();
        violations.sort();
        wanted.sort();
        assert_eq!(violations, wanted, "{name}: violations in {shown}");
        for (member, wanted) in [
            ("missing_required_body_fields", &expected.missing_body),
            ("missing_required_query_parameters", &expected.missing_query),
        ] {
            let mut names: Vec<&str> = array(&found["truto_error_insight"][member]["value"])
                .iter()
                .filter_map(Value::as_str)
                .collect();
            let mut wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
            names.sort_unstable();
            wanted.sort_unstable();
            assert_eq!(names, wanted, "{name}: {member} in {shown}");
        }
        assert_eq!(
            found["provider_status"].as_u64(),
            expected.provider_status.map(u64::from),
            "{name}: {shown}"
        );
        let rejected = expected.provider_status.is_some_and(|status| status >= 400);
        assert_eq!(
            found["truto_is_remote_error"].as_bool(),
            rejected.then_some(true),
            "{name}: {shown}"
        );
        let one_id = <&[String; 1]>::try_from(expected.existing_ids.as_slice());
        assert_eq!(
            found["existing_id"].as_str(),
            one_id.ok().map(|[id]| id.as_str()),
            "{name}: existing_id in {shown}"
        );
        let ids: Vec<&str> = array(&found["existing_ids"])
            .iter()
            .filter_map(Value::as_str)
            .collect();
        let several = Some(&expected.existing_ids).filter(|ids| ids.len() > 1);
        assert_eq!(
            ids,
            several.map_or(&[][..], Vec::as_slice),
            "{name}: existing_ids in {shown}"
        );
        assert_eq!(
            found["looked"].as_u64().unwrap_or_default(),
            u64::from(expected.looked),
            "{name}: looked in {shown}"
        );
        if rejected {
            // A look-up that follows a creation does not change its error.
            let mut responses = self.file.responses.iter().rev();
            let sent = responses.find(|response| response.status == expected.provider_status);
            let sent = sent.map(Response::body).unwrap_or_default();
            let raw = serde_json::from_slice(&sent)
                .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&sent).into_owned()));
            assert_eq!(found["raw_response"], raw, "{name}: raw_response");
        }
    }
}

/// The characters of a JSON Pointer that a response header does not encode.
pub const POINTER: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

/// The value of the response header for `CODE PATH`.
pub fn warning_header(warning: &str) -> String {
    let (code, path) = warning.split_once(' ').unwrap_or((warning, ""));
    format!("{code}; path=\"{}\"", utf8_percent_encode(path, POINTER))
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

pub fn json(name: &str, bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes)
        .unwrap_or_else(|error| panic!("{name}: {error} in {}", String::from_utf8_lossy(bytes)))
}
