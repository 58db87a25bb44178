//! When requests may be sent, by the embedder's own rule.

use std::pin::Pin;

use crate::accounts::Account;

/// What [`Pacer::ready`] returns.
pub type Ready<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// Says when a request to a provider may be sent, so that a provider's rate is kept.
///
/// It is asked before every request of a call: before look-ups, too, and not for a call that sends nothing because its key is done.
/// The wait is part of the call, and counts against its deadline: a call that passes it while it waits has the outcome `not-sent`,
/// unless an earlier request of it was sent.
pub trait Pacer: Send + Sync {
    /// Waits until a request of this account may be sent. `is_first` says whether it is the first one of its call: one that follows
    /// should not wait behind calls that have not begun.
    fn ready<'a>(&'a self, account: &'a Account, is_first: bool) -> Ready<'a>;
}
