//! The fields that the log lines of one request share.

use std::sync::Arc;

use http::HeaderMap;

use crate::accounts::Account;

tokio::task_local! {
    /// The id of the request that a task serves.
    static REQUEST: Option<Arc<str>>;
}

/// The id of the request that the current task serves.
pub(crate) fn request_id() -> Option<Arc<str>> {
    REQUEST.try_with(Option::clone).ok().flatten()
}

/// Runs a future whose log lines carry this id.
///
/// This is not an `async fn`, which would hold the future of a whole call twice, and copy it.
pub(crate) fn with_request_id<F: Future>(
    id: Option<Arc<str>>,
    future: F,
) -> impl Future<Output = F::Output> {
    REQUEST.scope(id, future)
}

/// The account's label in the log: its name, else its id.
pub(crate) fn account_label(account: &Account) -> &str {
    account.name().unwrap_or(account.id())
}

/// The `traceparent` of a request, if it has one, and no more, in the form of the W3C's Trace Context (section 3.2). Another one is
/// a client's own text.
pub(crate) fn traceparent(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all("traceparent").iter();
    let value = values.next()?.to_str().ok()?;
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let is_id = |part: &str, length: usize| {
        part.len() == length && part.bytes().all(is_digit) && part.bytes().any(|byte| byte != b'0')
    };
    let mut parts = value.split('-');
    let (version, trace, parent, flags) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let is_valid = version == "00"
        && is_id(trace, 32)
        && is_id(parent, 16)
        && flags.len() == 2
        && flags.bytes().all(is_digit)
        && parts.next().is_none()
        && values.next().is_none();
    is_valid.then_some(value)
}

/// The method's label in the log: a known method, or `other`, because any other is a client's own text.
pub(crate) fn method_label(method: &str) -> &'static str {
    const METHODS: [&str; 9] = [
        "CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE",
    ];
    let known = METHODS.into_iter().find(|known| *known == method);
    known.unwrap_or("other")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn malformed_traceparent_is_ignored() {
        let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let found = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append("traceparent", value.parse().unwrap());
            }
            traceparent(&headers).map(str::to_owned)
        };
        assert_eq!(found(&[good]).as_deref(), Some(good));
        let zeros = format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32));
        for bad in [
            "",
            "ines@kelpworks.example",
            &good.to_uppercase(),
            &good.replace("00-4", "ff-4"),
            &format!("{good}-00"),
            &good.replace("-01", "-1"),
            &good.replace("00f067aa0ba902b7", "0000000000000000"),
            &zeros,
        ] {
            assert_eq!(found(&[bad]), None, "{bad}");
        }
        assert_eq!(found(&[good, good]), None);
    }
}
