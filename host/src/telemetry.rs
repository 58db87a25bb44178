//! The fields that the log lines of one request share.

use std::sync::Arc;

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

/// The method's label in the log: a known method, or `other`, because any other is a client's own text.
pub(crate) fn method_label(method: &str) -> &'static str {
    const METHODS: [&str; 9] = [
        "CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE",
    ];
    let known = METHODS.into_iter().find(|known| *known == method);
    known.unwrap_or("other")
}
