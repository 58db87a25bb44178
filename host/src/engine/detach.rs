//! A call that has begun goes on without its caller.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::Handle;

use super::bound::Bound;
use super::problem;
use crate::accounts::Account;
use crate::bindings::http_api::HttpResponse;
use crate::bindings::types::{Error as CallError, Response};
use crate::client::SendState;
use crate::telemetry;

/// The result of a call, and the account that it was bound to.
pub(crate) struct Ended<T> {
    pub(crate) result: T,
    pub(crate) account: Option<Account>,
}

impl<T> Ended<T> {
    /// The end of a call that was bound so.
    pub(super) fn of(bound: &Bound, result: T) -> Self {
        Self {
            result,
            account: bound.account().cloned(),
        }
    }

    /// The end of a call that could not be bound to an account.
    pub(super) fn unbound(result: T) -> Self {
        Self {
            result,
            account: None,
        }
    }
}

/// What the log says of a result.
pub(super) trait Summary {
    /// The words of code and outcome, where it is an error.
    fn words(&self) -> Option<(&str, &str)>;
}

impl Summary for Result<Response, CallError> {
    fn words(&self) -> Option<(&str, &str)> {
        let error = self.as_ref().err()?;
        Some((problem::code(error.code), problem::outcome(error.outcome)))
    }
}

impl Summary for HttpResponse {
    fn words(&self) -> Option<(&str, &str)> {
        problem::words(self)
    }
}

type Call<T> = Pin<Box<dyn Future<Output = Ended<T>> + Send>>;

/// A call at work. Dropped before a connection has begun its request, the call ends and sends nothing. Dropped afterwards, it goes
/// on in a task of its own, because the provider acts on what it has been sent, and its end is logged.
#[must_use = "a call is made by awaiting it"]
pub(super) struct Attached<T: Summary + Send + 'static> {
    call: Option<Call<T>>,
    begun: SendState,
    /// Where the call goes on.
    runtime: Option<Handle>,
}

impl<T: Summary + Send + 'static> Attached<T> {
    pub(super) fn new(
        begun: SendState,
        call: impl Future<Output = Ended<T>> + Send + 'static,
    ) -> Self {
        Self {
            call: Some(Box::pin(call)),
            begun,
            runtime: None,
        }
    }
}

impl<T: Summary + Send + 'static> Future for Attached<T> {
    type Output = Ended<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Ended<T>> {
        if self.runtime.is_none() {
            self.runtime = Handle::try_current().ok();
        }
        let Some(call) = &mut self.call else {
            return Poll::Pending;
        };
        let ended = std::task::ready!(call.as_mut().poll(cx));
        self.call = None;
        Poll::Ready(ended)
    }
}

impl<T: Summary + Send + 'static> Drop for Attached<T> {
    fn drop(&mut self) {
        let Some(call) = self.call.take() else {
            return;
        };
        // Withdrawn, it cannot begin any more.
        if self.begun.withdraw()
            && let Some(runtime) = &self.runtime
        {
            runtime.spawn(async move { tell(&call.await) });
        }
    }
}

fn tell<T: Summary>(ended: &Ended<T>) {
    let account = ended.account.as_ref().map(telemetry::account_label);
    let integration = ended.account.as_ref().map(Account::integration);
    let (code, outcome) = ended.result.words().unzip();
    tracing::warn!(
        account,
        integration,
        code,
        outcome,
        client = "gone",
        "a call ended without its caller"
    );
}
