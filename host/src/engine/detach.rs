//! A call continues without its caller once its request has started.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::Handle;

use super::account::CallAccount;
use super::once::Receipt;
use super::output::CallOutput;
use crate::accounts::Account;
use crate::client::SendState;
use crate::telemetry;

/// The output of a call, and its account.
pub(crate) struct Ended<T> {
    pub(crate) output: T,
    pub(crate) account: Option<Account>,
    /// To be delivered where the output has reached the caller.
    pub(crate) receipt: Option<Receipt>,
}

impl<T> Ended<T> {
    /// The end of a call of this account.
    pub(super) fn new(account: &CallAccount, output: T) -> Self {
        Self {
            output,
            account: account.account().cloned(),
            receipt: None,
        }
    }

    /// The output, which has reached the caller.
    pub(super) fn delivered(self) -> T {
        if let Some(receipt) = self.receipt {
            receipt.deliver();
        }
        self.output
    }

    /// The end of a call whose account could not be found.
    pub(super) fn without_account(output: T) -> Self {
        Self {
            output,
            account: None,
            receipt: None,
        }
    }
}

type Call<T> = Pin<Box<dyn Future<Output = Ended<T>> + Send>>;

/// A running call. Dropped before its request has started, the call ends and sends nothing. Dropped afterwards, it continues in a
/// task of its own, because the provider acts on the request, and logs its end.
#[must_use = "a call is made by awaiting it"]
pub(super) struct Attached<T: CallOutput + Send + 'static> {
    call: Option<Call<T>>,
    state: SendState,
    /// The runtime on which the call continues.
    runtime: Option<Handle>,
}

impl<T: CallOutput + Send + 'static> Attached<T> {
    pub(super) fn new(
        state: SendState,
        call: impl Future<Output = Ended<T>> + Send + 'static,
    ) -> Self {
        Self {
            call: Some(Box::pin(call)),
            state,
            runtime: None,
        }
    }
}

impl<T: CallOutput + Send + 'static> Future for Attached<T> {
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

impl<T: CallOutput + Send + 'static> Drop for Attached<T> {
    fn drop(&mut self) {
        let Some(call) = self.call.take() else {
            return;
        };
        // A request that is withdrawn cannot start any more.
        if self.state.withdraw()
            && let Some(runtime) = &self.runtime
        {
            runtime.spawn(async move { log(&call.await) });
        }
    }
}

fn log<T: CallOutput>(ended: &Ended<T>) {
    let account = ended.account.as_ref().map(telemetry::account_label);
    let integration = ended.account.as_ref().map(Account::integration);
    let (code, outcome) = ended.output.log_fields().unzip();
    let (code, outcome) = (code.as_deref(), outcome.as_deref());
    tracing::warn!(
        account,
        integration,
        code,
        outcome,
        client = "gone",
        "a call ended without its caller"
    );
}
