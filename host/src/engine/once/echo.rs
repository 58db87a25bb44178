//! Echoes: the same creation again, from a client that did not wait for the first one's response or did not understand it.
//!
//! An echo is known by what would be sent, not by a key, so that it is found whatever the client does. While the first creation is
//! in flight, its echo waits for it and gets what came of it. After one whose outcome is unknown, the echo looks for the user and
//! sends nothing. After one whose response did not reach its client, the echo gets that response. All of it is in memory, within a
//! bound; what may have been created is never forgotten before its time to make room.

#[cfg(test)]
mod tests;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::super::call::Call;
use super::transcript::Transcript;
use crate::bindings::types::Begun;
use crate::client::SendState;
use crate::store::RecordKey;

/// The most creations that are remembered: those in flight, and those of unknown outcome.
pub(super) const MAX_ECHOES: usize = 100_000;

/// The most responses that are remembered because they did not reach their client.
const MAX_UNDELIVERED: usize = 1_024;

/// How long a creation of unknown outcome is remembered.
pub(super) const UNKNOWN_LIFETIME: Duration = Duration::from_hours(24);

/// How long a creation is remembered that has been settled, or whose response did not reach its client.
pub(super) const SETTLED_LIFETIME: Duration = Duration::from_mins(10);

/// The creations that are remembered.
pub(super) struct Echoes {
    entries: Mutex<Entries>,
    max: usize,
}

#[derive(Default)]
struct Entries {
    by_key: HashMap<RecordKey, Entry>,
    /// The responses that did not reach their client, the oldest first.
    undelivered: VecDeque<RecordKey>,
}

enum Entry {
    /// It is in flight. Its end sends what came of it.
    InFlight(watch::Receiver<Option<Ended>>),
    /// Its outcome is unknown, or was before it was settled.
    Unknown { begun: String, until: Instant },
    /// Its response did not reach its client.
    Undelivered {
        transcript: Arc<Transcript>,
        until: Instant,
    },
}

impl Entry {
    fn has_expired(&self, now: Instant) -> bool {
        match self {
            Self::InFlight(_) => false,
            Self::Unknown { until, .. } | Self::Undelivered { until, .. } => *until <= now,
        }
    }
}

/// What a creation is to the others.
pub(super) enum Echo {
    /// It is the first one.
    First(InFlight),
    /// It is the first one since one whose outcome is unknown, which began then.
    AfterUnknown(InFlight, String),
    /// It is the echo of one in flight.
    OfInFlight(watch::Receiver<Option<Ended>>),
    /// It is the echo of one whose response did not reach its client.
    OfUndelivered(Arc<Transcript>),
    /// There are too many to remember another one.
    TooMany,
}

impl Echoes {
    pub(super) fn new(max: usize) -> Arc<Self> {
        Arc::new(Self {
            entries: Mutex::default(),
            max,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of a creation. With `ignores_ended`, only one in flight counts.
    pub(super) fn enter(self: &Arc<Self>, key: RecordKey, ignores_ended: bool) -> Echo {
        let now = Instant::now();
        let mut entries = self.lock();
        let mut unknown = None;
        match entries.by_key.get(&key) {
            Some(Entry::InFlight(end)) => return Echo::OfInFlight(end.clone()),
            Some(entry) if entry.has_expired(now) || ignores_ended => {}
            Some(Entry::Unknown { begun, .. }) => unknown = Some(begun.clone()),
            Some(Entry::Undelivered { transcript, .. }) => {
                return Echo::OfUndelivered(Arc::clone(transcript));
            }
            None => {}
        }
        if !entries.by_key.contains_key(&key) && entries.by_key.len() >= self.max {
            // Rare: at the bound, what has expired is looked for at once.
            entries.by_key.retain(|_, entry| !entry.has_expired(now));
            if entries.by_key.len() >= self.max && !entries.evict() {
                return Echo::TooMany;
            }
        }
        let (end, receiver) = watch::channel(None);
        let replaced = entries.by_key.insert(key, Entry::InFlight(receiver));
        drop(entries);
        let in_flight = InFlight {
            echoes: Arc::clone(self),
            key,
            end,
            before: replaced.filter(|entry| !entry.has_expired(now)),
            call: None,
            is_over: false,
        };
        match unknown {
            Some(begun) => Echo::AfterUnknown(in_flight, begun),
            None => Echo::First(in_flight),
        }
    }

    /// How many are remembered.
    #[cfg(test)]
    fn len(&self) -> usize {
        self.lock().by_key.len()
    }
}

impl Entries {
    /// Forgets the oldest response that did not reach its client. What is in flight or unknown stays.
    fn evict(&mut self) -> bool {
        while let Some(key) = self.undelivered.pop_front() {
            if matches!(self.by_key.get(&key), Some(Entry::Undelivered { .. })) {
                self.by_key.remove(&key);
                return true;
            }
        }
        false
    }

    fn put_undelivered(&mut self, key: RecordKey, transcript: Arc<Transcript>) {
        if self.undelivered.len() >= MAX_UNDELIVERED {
            self.evict();
        }
        self.undelivered.push_back(key);
        let until = Instant::now() + SETTLED_LIFETIME;
        self.by_key
            .insert(key, Entry::Undelivered { transcript, until });
    }
}

/// A creation in flight. Where one is dropped that has sent nothing, what was remembered before it is again; the outcome of one that
/// has sent something is unknown then.
pub(super) struct InFlight {
    echoes: Arc<Echoes>,
    key: RecordKey,
    end: watch::Sender<Option<Ended>>,
    before: Option<Entry>,
    /// Whether its call has sent something, and when that began.
    call: Option<(SendState, String)>,
    is_over: bool,
}

/// What came of a creation that is not in flight any more.
#[derive(Clone)]
pub(super) struct Ended {
    pub(super) transcript: Arc<Transcript>,
    /// Whether it has certainly created nobody.
    pub(super) is_rejected: bool,
}

impl Ended {
    /// A creation whose response did not reach its client.
    pub(super) const fn undelivered(transcript: Arc<Transcript>) -> Self {
        Self {
            transcript,
            is_rejected: false,
        }
    }
}

/// How a creation ended.
pub(super) enum End {
    /// Nothing was created by it, nor before it.
    Nothing,
    /// It was created.
    Created,
    /// It was created, and its outcome was unknown first. It began then.
    Settled(String),
    /// Its outcome is unknown, which is to be remembered for this long. It began then.
    Unknown(String, Duration),
}

impl InFlight {
    pub(super) const fn key(&self) -> RecordKey {
        self.key
    }

    /// Remembers that it is the creation of this call.
    pub(super) fn of(mut self, call: &Call) -> Self {
        if let Begun::Now(begun) = &call.begun {
            self.call = Some((call.state.clone(), begun.clone()));
        }
        self
    }

    /// Ends the creation. Those who wait get the transcript.
    pub(super) fn end(mut self, end: End, transcript: Arc<Transcript>) -> Option<Receipt> {
        self.is_over = true;
        let is_rejected = matches!(end, End::Nothing);
        let mut entries = self.echoes.lock();
        let mut remember = |begun, lifetime| {
            let until = Instant::now() + lifetime;
            let entry = Entry::Unknown { begun, until };
            entries.by_key.insert(self.key, entry);
        };
        let receipt = match end {
            End::Nothing => {
                entries.by_key.remove(&self.key);
                None
            }
            End::Created => {
                entries.by_key.remove(&self.key);
                Some(Receipt {
                    echoes: Arc::clone(&self.echoes),
                    key: self.key,
                    transcript: Some(Arc::clone(&transcript)),
                })
            }
            End::Settled(begun) => {
                remember(begun, SETTLED_LIFETIME);
                None
            }
            End::Unknown(begun, lifetime) => {
                remember(begun, lifetime);
                None
            }
        };
        drop(entries);
        self.end.send_replace(Some(Ended {
            transcript,
            is_rejected,
        }));
        receipt
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        // A request that is withdrawn cannot start any more.
        let begun = match self.call.take() {
            Some((state, begun)) => state.withdraw().then_some(begun),
            None => None,
        };
        let after = match begun {
            Some(begun) => Some(Entry::Unknown {
                begun,
                until: Instant::now() + UNKNOWN_LIFETIME,
            }),
            None => self.before.take(),
        };
        let mut entries = self.echoes.lock();
        match after {
            Some(entry) => entries.by_key.insert(self.key, entry),
            None => entries.by_key.remove(&self.key),
        };
    }
}

/// A response on its way to its client. Dropped before it is delivered, it is remembered for an echo.
pub(crate) struct Receipt {
    echoes: Arc<Echoes>,
    key: RecordKey,
    transcript: Option<Arc<Transcript>>,
}

impl Receipt {
    /// The client has the response.
    pub(crate) fn deliver(mut self) {
        self.transcript = None;
    }
}

impl Drop for Receipt {
    fn drop(&mut self) {
        if let Some(transcript) = self.transcript.take() {
            let mut entries = self.echoes.lock();
            // Another one may be in flight by now.
            if !entries.by_key.contains_key(&self.key) {
                entries.put_undelivered(self.key, transcript);
            }
        }
    }
}
