//! What was sent, done and reported, in order, and what of it breaks a promise.

use std::time::{Duration, SystemTime};

use unified_ticketing::types::{Body, Error, ErrorCode, Outcome, Response};

/// How long a success is remembered, and an unknown creation without a key.
const DAY: Duration = Duration::from_hours(24);

/// How long an unknown creation with a key is remembered.
const WEEK: Duration = Duration::from_hours(7 * 24);

/// A call of a client.
pub(super) struct Call {
    /// The process that carries it out. No two have one number.
    pub(super) process: usize,
    pub(super) key: Option<usize>,
    pub(super) body: usize,
    pub(super) resend: bool,
    pub(super) started: usize,
    /// When the client had its response, and what that was.
    pub(super) report: Option<(usize, SystemTime, Report)>,
    pub(super) left: bool,
}

/// What a client is told.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Report {
    /// There is a user of this id.
    Success(String),
    Rejected,
    NotSent,
    Unknown {
        /// It has waited for another call until its deadline.
        waited: bool,
    },
}

/// A creation at the provider.
pub(super) struct Creation {
    pub(super) call: usize,
    pub(super) arrived: usize,
    time: SystemTime,
    pub(super) state: State,
}

/// What the provider has made of a creation.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum State {
    Pending,
    /// It has created the user of this id.
    Created(String),
    /// It has created nobody, and has not said so.
    Nothing,
    /// It has said, at this point, that it created nobody.
    Rejected(usize),
}

/// A user at the provider.
pub(super) struct User {
    pub(super) id: String,
    pub(super) address: String,
    pub(super) created: SystemTime,
}

#[derive(Default)]
pub(super) struct History {
    /// The number of the next thing that happens.
    now: usize,
    pub(super) calls: Vec<Call>,
    pub(super) creations: Vec<Creation>,
    pub(super) users: Vec<User>,
    pub(super) violations: Vec<String>,
}

impl History {
    pub(super) fn tick(&mut self) -> usize {
        self.now += 1;
        self.now
    }

    pub(super) fn address(body: usize) -> String {
        format!("ines.{body}@kelpworks.example")
    }

    pub(super) fn users_of(&self, body: usize) -> Vec<&User> {
        let address = Self::address(body);
        let users = self.users.iter();
        users.filter(|user| user.address == address).collect()
    }

    /// A creation of this call arrives at the provider. Returns its number.
    pub(super) fn arrive(&mut self, call: usize, time: SystemTime) -> usize {
        self.check_arrival(call, time);
        let arrived = self.tick();
        self.creations.push(Creation {
            call,
            arrived,
            time,
            state: State::Pending,
        });
        self.creations.len() - 1
    }

    /// The creations that count for a key at this time: the provider may have acted, and no client has said since that it has looked.
    fn counting(&self, key: usize, time: SystemTime) -> impl Iterator<Item = &Creation> {
        let calls = self.calls.iter();
        let resends = calls.filter(move |call| call.key == Some(key) && call.resend);
        let resent = resends.map(|call| call.started).max().unwrap_or_default();
        let creations = self.creations.iter().filter(move |creation| {
            let call = &self.calls[creation.call];
            let is_later = creation.arrived > resent || call.resend && call.started == resent;
            let lifetime = self.lifetime(key, call.started);
            call.key == Some(key) && is_later && time < creation.time + lifetime
        });
        creations.filter(|creation| !matches!(creation.state, State::Rejected(_)))
    }

    /// How long a creation with this key counts that was started then. Where nobody can know of a success, it is unknown.
    fn lifetime(&self, key: usize, started: usize) -> Duration {
        let mut calls = self.calls.iter();
        let may_have_succeeded = calls.any(|call| {
            let report = call.report.as_ref().map(|(_, _, report)| report);
            call.key == Some(key)
                && call.started >= started
                && matches!(report, None | Some(Report::Success(_)))
        });
        if may_have_succeeded { DAY } else { WEEK }
    }

    /// Whether a client was told of a success with a key, or that it is unknown, before this call began, and nothing has changed that.
    fn is_told_before(&self, call: &Call, key: usize, time: SystemTime) -> bool {
        let mut others = self.calls.iter().filter(|other| other.key == Some(key));
        let is_undone = |at: usize| {
            let mut calls = self.calls.iter().filter(|other| other.key == Some(key));
            calls.any(|other| {
                let is_resent = other.resend && other.started > at;
                let report = other.report.as_ref();
                is_resent
                    || report.is_some_and(|(when, _, it)| *when > at && *it == Report::Rejected)
            })
        };
        others.any(|other| {
            let Some((at, when, report)) = &other.report else {
                return false;
            };
            let is_told = matches!(report, Report::Success(_) | Report::Unknown { .. });
            is_told && *at < call.started && time < *when + DAY && !is_undone(other.started)
        })
    }

    /// The users who were created by what counts for a key.
    pub(super) fn created_for(&self, key: usize, time: SystemTime) -> Vec<(usize, String)> {
        let created = self.counting(key, time).filter_map(|creation| {
            let State::Created(id) = &creation.state else {
                return None;
            };
            Some((self.calls[creation.call].body, id.clone()))
        });
        created.collect()
    }

    fn check_arrival(&mut self, number: usize, time: SystemTime) {
        let call = &self.calls[number];
        let mut broken = Vec::new();
        if self
            .creations
            .iter()
            .any(|creation| creation.call == number)
        {
            broken.push("it sends a second creation");
        }
        if let Some(key) = call.key
            && !call.resend
            && self.counting(key, time).next().is_some()
        {
            broken.push("a creation with its key may have been carried out");
        }
        if let Some(key) = call.key
            && !call.resend
            && self.is_told_before(call, key, time)
        {
            broken.push("a call with its key was told that the user exists, or may");
        }
        let in_flight = self.creations.iter().any(|creation| {
            let other = &self.calls[creation.call];
            creation.state == State::Pending
                && (other.process, other.body) == (call.process, call.body)
                && other.report.is_none()
                && !other.left
        });
        if in_flight {
            broken.push("the same creation is in flight in its process");
        }
        if !call.resend && self.is_unknown_before(call, time) {
            broken.push("the outcome of the same creation is unknown");
        }
        for why in broken {
            self.violate(number, why);
        }
    }

    /// Whether a client was told `unknown` of the same creation before this call began, and nothing has resolved that.
    fn is_unknown_before(&self, call: &Call, time: SystemTime) -> bool {
        self.is_unknown_where(call.body, time, |other, at, waited| {
            at < call.started && (other.process == call.process || !waited)
        })
    }

    /// Whether a client was told `unknown` of a creation of this body, and nothing has resolved that. Only its own process knows of
    /// one that has waited for a call which then died: these do not count.
    pub(super) fn is_unknown(&self, body: usize, time: SystemTime) -> bool {
        self.is_unknown_where(body, time, |_, _, waited| !waited)
    }

    fn is_unknown_where(
        &self,
        body: usize,
        time: SystemTime,
        counts: impl Fn(&Call, usize, bool) -> bool,
    ) -> bool {
        self.calls.iter().any(|other| {
            let Some((at, when, Report::Unknown { waited })) = other.report else {
                return false;
            };
            other.body == body
                && counts(other, at, waited)
                && time < when + DAY
                && !self.is_resolved_after(body, at)
        })
    }

    /// Whether the outcome of a creation of this body has become known after this point, or somebody has looked.
    fn is_resolved_after(&self, body: usize, at: usize) -> bool {
        let mut calls = self.calls.iter().filter(|call| call.body == body);
        let told = calls.any(|call| {
            let is_resent = call.resend && call.started > at;
            let is_known = call.report.as_ref().is_some_and(|(when, _, report)| {
                *when > at && matches!(report, Report::Success(_) | Report::Rejected)
            });
            is_resent || is_known
        });
        let mut creations = self.creations.iter();
        told || creations.any(|creation| {
            let is_of = self.calls[creation.call].body == body;
            is_of && matches!(creation.state, State::Rejected(when) if when > at)
        })
    }

    /// The client of this call has its response.
    pub(super) fn report(
        &mut self,
        number: usize,
        result: &Result<Response, Error>,
        time: SystemTime,
    ) {
        let report = match result {
            Ok(response) => match &response.body {
                Body::User(user) => Report::Success(user.id.clone().unwrap_or_default()),
                other => panic!("expected a user, but found {other:?}"),
            },
            Err(error) => match error.outcome {
                Outcome::NotSent => Report::NotSent,
                Outcome::Rejected => Report::Rejected,
                Outcome::Unknown => Report::Unknown {
                    waited: error.code == ErrorCode::Deadline && error.looked == 0,
                },
            },
        };
        let call = &self.calls[number];
        let mut own = self.creations.iter().filter(|it| it.call == number);
        let broken = match &report {
            Report::Success(id) => {
                let users = self.users_of(call.body);
                let exists = users.iter().any(|user| user.id == *id);
                (!exists).then_some("it reports a user who is not there")
            }
            Report::NotSent => own
                .next()
                .map(|_| "it reports a creation that was sent as not sent"),
            Report::Rejected => {
                let own = own.any(|creation| matches!(creation.state, State::Created(_)));
                let keyed = call
                    .key
                    .is_some_and(|key| !self.created_for(key, time).is_empty());
                (own || keyed).then_some("it reports a rejection of a user who was created")
            }
            Report::Unknown { .. } => None,
        };
        let report = match report {
            // It had one of its own, so that it did not wait.
            Report::Unknown { waited } => {
                let sent = self.creations.iter().any(|it| it.call == number);
                Report::Unknown {
                    waited: waited && !sent,
                }
            }
            report => report,
        };
        let at = self.tick();
        self.calls[number].report = Some((at, time, report));
        if let Some(why) = broken {
            self.violate(number, &format!("{why}: {result:?}"));
        }
    }

    pub(super) fn violate(&mut self, number: usize, why: &str) {
        let Call {
            process,
            key,
            body,
            resend,
            ..
        } = self.calls[number];
        let violation = format!(
            "call {number} (process {process}, key {key:?}, body {body}, resend {resend}): {why}"
        );
        self.violations.push(violation);
    }
}
