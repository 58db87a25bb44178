//! Echoes: the same creation again, from a client that did not wait for the first one's response or did not understand it.
//!
//! An echo is known by what would be sent, not by a key, so that it is found whatever the client does. While the first creation is
//! in flight, its echo waits for it and gets what came of it. After one whose outcome is unknown, the echo looks for the user and
//! sends nothing. After one whose response did not reach its client, the echo gets that response. All of it is in memory, within a
//! bound; what may have been created is never forgotten before its time to make room.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::transcript::Transcript;
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
    /// It is in flight. Its end sends the transcript.
    InFlight(watch::Receiver<Option<Arc<Transcript>>>),
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
    OfInFlight(watch::Receiver<Option<Arc<Transcript>>>),
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

    /// Takes note of a creation. With `resend`, only one in flight counts: its caller has looked.
    pub(super) fn enter(self: &Arc<Self>, key: RecordKey, resend: bool) -> Echo {
        let now = Instant::now();
        let mut entries = self.lock();
        let mut unknown = None;
        match entries.by_key.get(&key) {
            Some(Entry::InFlight(end)) => return Echo::OfInFlight(end.clone()),
            Some(entry) if entry.has_expired(now) || resend => {}
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

/// A creation in flight. One that is dropped has sent nothing, and what was remembered before it is again.
pub(super) struct InFlight {
    echoes: Arc<Echoes>,
    key: RecordKey,
    end: watch::Sender<Option<Arc<Transcript>>>,
    before: Option<Entry>,
    is_over: bool,
}

/// How a creation ended.
pub(super) enum End {
    /// Nothing was created by it, nor before it.
    Nothing,
    /// It was created, now or before.
    Created {
        /// When the creation began, where its outcome was unknown first.
        settled: Option<String>,
    },
    /// Its outcome is unknown. It began then.
    Unknown(String),
}

impl InFlight {
    pub(super) const fn key(&self) -> RecordKey {
        self.key
    }

    /// Ends the creation. Those who wait get the transcript.
    pub(super) fn end(mut self, end: End, transcript: Arc<Transcript>) -> Option<Receipt> {
        self.is_over = true;
        let mut entries = self.echoes.lock();
        let receipt = match end {
            End::Nothing => {
                entries.by_key.remove(&self.key);
                None
            }
            End::Created { settled: None } => {
                entries.by_key.remove(&self.key);
                Some(Receipt {
                    echoes: Arc::clone(&self.echoes),
                    key: self.key,
                    transcript: Some(Arc::clone(&transcript)),
                })
            }
            End::Created {
                settled: Some(begun),
            } => {
                let until = Instant::now() + SETTLED_LIFETIME;
                entries
                    .by_key
                    .insert(self.key, Entry::Unknown { begun, until });
                None
            }
            End::Unknown(begun) => {
                let until = Instant::now() + UNKNOWN_LIFETIME;
                entries
                    .by_key
                    .insert(self.key, Entry::Unknown { begun, until });
                None
            }
        };
        drop(entries);
        self.end.send_replace(Some(transcript));
        receipt
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        let mut entries = self.echoes.lock();
        match self.before.take() {
            Some(before) => entries.by_key.insert(self.key, before),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bindings::types::Begun;

    fn key(number: u8) -> RecordKey {
        RecordKey::from_bytes([number; 32])
    }

    fn transcript() -> Arc<Transcript> {
        Arc::new(Transcript::new(Begun::Now(String::new())))
    }

    fn first(echoes: &Arc<Echoes>, number: u8) -> InFlight {
        match echoes.enter(key(number), false) {
            Echo::First(in_flight) => in_flight,
            _ => panic!("not the first"),
        }
    }

    #[tokio::test]
    async fn echo_waits_for_first() {
        let echoes = Echoes::new(9);
        let in_flight = first(&echoes, 1);
        let Echo::OfInFlight(mut end) = echoes.enter(key(1), true) else {
            panic!("an echo");
        };
        let receipt = in_flight.end(End::Created { settled: None }, transcript());
        assert!(end.wait_for(Option::is_some).await.is_ok());
        receipt.unwrap().deliver();
        assert_eq!(echoes.len(), 0);
    }

    #[tokio::test]
    async fn dropped_creation_is_not_remembered() {
        let echoes = Echoes::new(9);
        let in_flight = first(&echoes, 1);
        let Echo::OfInFlight(mut end) = echoes.enter(key(1), false) else {
            panic!("an echo");
        };
        drop(in_flight);
        assert!(end.wait_for(Option::is_some).await.is_err());
        assert_eq!(echoes.len(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn unknown_creation_is_settled_for_a_day() {
        let echoes = Echoes::new(9);
        first(&echoes, 1).end(End::Unknown("then".to_owned()), transcript());
        for _ in 0..2 {
            // A look-up that is dropped leaves it as it was.
            let Echo::AfterUnknown(in_flight, begun) = echoes.enter(key(1), false) else {
                panic!("after one that is unknown");
            };
            assert_eq!(begun, "then");
            drop(in_flight);
        }
        drop(first(&echoes, 2));
        assert!(matches!(echoes.enter(key(1), true), Echo::First(_)));
        tokio::time::advance(UNKNOWN_LIFETIME).await;
        drop(first(&echoes, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn undelivered_response_is_kept() {
        let echoes = Echoes::new(9);
        drop(first(&echoes, 1).end(End::Created { settled: None }, transcript()));
        assert!(matches!(
            echoes.enter(key(1), false),
            Echo::OfUndelivered(_)
        ));
        tokio::time::advance(SETTLED_LIFETIME).await;
        drop(first(&echoes, 1));
    }

    #[tokio::test]
    #[ignore = "a measurement; CONTRIBUTING.md has the command"]
    #[expect(clippy::print_stdout, reason = "it is run for what it prints")]
    async fn echoes_take_little_memory() {
        let resident = || crate::resident::resident(std::process::id()).unwrap();
        let (echoes, before) = (Echoes::new(MAX_ECHOES), resident());
        for number in 0..u32::try_from(MAX_ECHOES).unwrap() {
            let mut bytes = [0; 32];
            bytes[..4].copy_from_slice(&number.to_le_bytes());
            let Echo::First(in_flight) = echoes.enter(RecordKey::from_bytes(bytes), false) else {
                panic!("not the first");
            };
            let end = End::Unknown("2026-03-02T08:15:30Z".to_owned());
            in_flight.end(end, transcript());
        }
        println!(
            "{} MB for {} echoes",
            (resident() - before) / 1_000_000,
            echoes.len()
        );
    }

    #[tokio::test]
    async fn unknown_creations_are_never_evicted() {
        let echoes = Echoes::new(3);
        let in_flight = first(&echoes, 1);
        first(&echoes, 2).end(End::Unknown("then".to_owned()), transcript());
        drop(first(&echoes, 3).end(End::Created { settled: None }, transcript()));
        // The response that was not delivered makes room for one.
        let fourth = first(&echoes, 4);
        assert!(matches!(echoes.enter(key(5), false), Echo::TooMany));
        drop((in_flight, fourth));
        assert!(matches!(
            echoes.enter(key(2), false),
            Echo::AfterUnknown(..)
        ));
    }
}
