//! What the log lines of one request have in common.

use std::sync::Arc;

use crate::accounts::Account;

tokio::task_local! {
    /// The id of the request that a task works on.
    static REQUEST: Arc<str>;
}

/// The id of the request that the current task works on.
pub(crate) fn request_id() -> Option<Arc<str>> {
    REQUEST.try_with(Arc::clone).ok()
}

/// Has everything that the future logs carry this id.
pub(crate) async fn with_request_id<T>(id: Option<Arc<str>>, future: impl Future<Output = T>) -> T {
    match id {
        Some(id) => REQUEST.scope(id, future).await,
        None => future.await,
    }
}

/// How the log names an account: by its name, else by its id.
pub(crate) fn account_label(account: &Account) -> &str {
    account.name().unwrap_or(account.id())
}

/// How the log names a method: those that there are. Any other is a client's own text.
pub(crate) fn method_label(method: &str) -> &'static str {
    const METHODS: [&str; 9] = [
        "CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE",
    ];
    let known = METHODS.into_iter().find(|known| *known == method);
    known.unwrap_or("other")
}
