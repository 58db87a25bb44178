//! The labels. Every value is one that this program knows.

use prometheus_client::encoding::EncodeLabelSet;
use unified_ticketing_guest::integration::ALL;

use crate::openapi::error_codes;

/// Of a request of a client.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct ServerLabels {
    http_request_method: &'static str,
    http_route: &'static str,
    http_response_status_code: Option<u16>,
    error_type: &'static str,
}

impl ServerLabels {
    /// `status` is none where the client left before there was a response.
    pub(crate) fn new(
        method: &'static str,
        route: &'static str,
        status: Option<u16>,
        code: Option<&str>,
    ) -> Self {
        Self {
            http_request_method: method,
            http_route: route,
            http_response_status_code: status,
            error_type: match status {
                None => "client-gone",
                // A client's own error is none of the server's.
                Some(500..) => known_code(code),
                Some(_) => "",
            },
        }
    }
}

/// Of a request to a provider.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct ClientLabels {
    integration: &'static str,
    http_request_method: &'static str,
    http_response_status_code: Option<u16>,
    error_type: &'static str,
}

impl ClientLabels {
    /// Of a request that is given up, as long as it has no other end.
    pub(crate) fn new(integration: &str, method: &'static str) -> Self {
        Self {
            integration: known_integration(integration),
            http_request_method: method,
            http_response_status_code: None,
            error_type: "given-up",
        }
    }

    /// `response` is the status, or why there is none.
    pub(crate) fn end(&mut self, response: Result<u16, &'static str>) {
        self.http_response_status_code = response.ok();
        self.error_type = match response {
            Ok(400..) => "status",
            Ok(_) => "",
            Err(why) => why,
        };
    }
}

/// Of a call.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct CallLabels {
    integration: &'static str,
    operation: &'static str,
    result: &'static str,
    outcome: &'static str,
    code: &'static str,
}

impl CallLabels {
    pub(crate) fn new(
        integration: Option<&str>,
        operation: &'static str,
        result: Option<&str>,
        outcome: Option<&str>,
        code: Option<&str>,
    ) -> Self {
        const RESULTS: [&str; 8] = [
            "read",
            "created",
            "updated",
            "unchanged",
            "found",
            "settled",
            "deleted",
            "planned",
        ];
        const OUTCOMES: [&str; 3] = ["not-sent", "rejected", "unknown"];
        Self {
            integration: integration.map_or("", known_integration),
            operation,
            result: known(&RESULTS, result),
            outcome: known(&OUTCOMES, outcome),
            code: code.map_or("", |code| known_code(Some(code))),
        }
    }
}

/// The value, if it is one of these. An empty label is one that is not there, to Prometheus.
fn known(values: &[&'static str], value: Option<&str>) -> &'static str {
    let found = values.iter().find(|known| Some(**known) == value);
    match (found, value) {
        (Some(found), _) => found,
        (None, Some(_)) => "other",
        (None, None) => "",
    }
}

fn known_code(code: Option<&str>) -> &'static str {
    let Some(code) = code else {
        return "other";
    };
    error_codes()
        .find(|known| *known == code)
        .unwrap_or("other")
}

fn known_integration(name: &str) -> &'static str {
    let found = ALL.iter().find(|integration| integration.name == name);
    found.map_or("other", |integration| integration.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_value_is_other() {
        let labels = CallLabels::new(
            Some("ines@kelpworks.example"),
            "create",
            Some("ines"),
            Some("ines"),
            Some("ines"),
        );
        let CallLabels {
            integration,
            operation,
            result,
            outcome,
            code,
        } = labels;
        assert_eq!([integration, result, outcome, code], ["other"; 4]);
        assert_eq!(operation, "create");
        let labels = CallLabels::new(
            Some("hive"),
            "create",
            None,
            Some("not-sent"),
            Some("audit-unavailable"),
        );
        assert_eq!((labels.integration, labels.result), ("hive", ""));
        assert_eq!(
            (labels.outcome, labels.code),
            ("not-sent", "audit-unavailable")
        );
    }
}
