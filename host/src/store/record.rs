//! What a claim finds: the table of the store, without any I/O. Every store of this library decides by it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{ClaimRequest, Claimed, Fingerprint, Kept, KeptOutcome, StoreError};

/// Milliseconds since 1970, as stores keep times.
pub(super) type Millis = i64;

/// A record as it is kept.
pub(super) struct Record {
    pub(super) fingerprint: Fingerprint,
    pub(super) state: State,
    /// Until when a claim holds it; `None` if none does.
    pub(super) lease_until: Option<Millis>,
    pub(super) begun: Millis,
    /// From when on it counts as not there. Never before the end of a lease.
    pub(super) expires: Millis,
    /// What was kept. A done record always has it.
    pub(super) sealed: Option<Vec<u8>>,
}

/// What is known of the call that a record is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Its first claim has neither been kept nor given back.
    Open,
    /// The provider may have acted.
    Unknown,
    /// It has succeeded.
    Done,
}

/// What a claim does to the record that it finds.
pub(super) enum Decision {
    /// The record is made, or made anew, for the caller.
    New,
    /// The record becomes unknown if it was not, and is leased to the caller.
    TakeOver {
        begun: Millis,
        expires: Millis,
        kept: Option<Kept>,
    },
    /// The record stays as it is.
    Answer(Claimed),
}

impl State {
    /// The number that is kept.
    pub(super) fn number(self) -> i64 {
        match self {
            Self::Open => 0,
            Self::Unknown => 1,
            Self::Done => 2,
        }
    }

    pub(super) fn from_number(number: i64) -> Result<Self, StoreError> {
        match number {
            0 => Ok(Self::Open),
            1 => Ok(Self::Unknown),
            2 => Ok(Self::Done),
            _ => Err(StoreError::corrupt(
                "a record has a state that is not known",
            )),
        }
    }
}

impl From<KeptOutcome> for State {
    fn from(outcome: KeptOutcome) -> Self {
        match outcome {
            KeptOutcome::Done => Self::Done,
            KeptOutcome::Unknown => Self::Unknown,
        }
    }
}

/// Decides what a claim finds.
pub(super) fn decide(
    record: Option<Record>,
    request: &ClaimRequest,
    now: Millis,
) -> Result<Decision, StoreError> {
    let Some(record) = record.filter(|record| record.expires > now) else {
        return Ok(Decision::New);
    };
    let begun = record.begun;
    let kept = record.sealed.map(|sealed| Kept::new(time(begun), sealed));
    let answer = |claimed| Ok(Decision::Answer(claimed));
    let in_flight = record.lease_until.and_then(|until| left(until, now));
    if record.fingerprint != request.fingerprint {
        return match in_flight {
            _ if !request.replace => answer(Claimed::Mismatch),
            Some(left) => answer(Claimed::InFlight { retry_after: left }),
            None => Ok(Decision::New),
        };
    }
    if record.state == State::Done {
        let kept = kept.ok_or_else(|| StoreError::corrupt("a record has lost what it keeps"))?;
        return answer(Claimed::Done(kept));
    }
    if let Some(left) = in_flight {
        return answer(Claimed::InFlight { retry_after: left });
    }
    if request.resend {
        return Ok(Decision::New);
    }
    Ok(Decision::TakeOver {
        begun,
        expires: record.expires.max(after(now, request.lease)),
        kept,
    })
}

/// How long the record of a claim stays: never less than the lease.
pub(super) fn kept_for(request: &ClaimRequest) -> Duration {
    request.lifetime.max(request.lease)
}

/// A random number for a claim.
pub(super) fn new_claim_id() -> Result<[u8; 16], StoreError> {
    let mut id = [0; 16];
    getrandom::fill(&mut id)
        .map_err(|_| StoreError::unavailable("the system has no random bytes"))?;
    Ok(id)
}

/// The fingerprint that is kept as these bytes.
pub(super) fn fingerprint(bytes: &[u8]) -> Result<Fingerprint, StoreError> {
    let bytes = bytes
        .try_into()
        .map_err(|_| StoreError::corrupt("a record has a fingerprint of another length"))?;
    Ok(Fingerprint::from_bytes(bytes))
}

/// This time as it is kept.
pub(super) fn millis(time: SystemTime) -> Millis {
    let number = |duration: Duration| Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX);
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => number(since),
        Err(before) => -number(before.duration()),
    }
}

/// The time that is kept as this number.
pub(super) fn time(millis: Millis) -> SystemTime {
    let distance = Duration::from_millis(millis.unsigned_abs());
    let time = if millis < 0 {
        UNIX_EPOCH.checked_sub(distance)
    } else {
        UNIX_EPOCH.checked_add(distance)
    };
    time.unwrap_or(UNIX_EPOCH)
}

/// The time that is so much later, or as late as can be kept.
pub(super) fn after(now: Millis, duration: Duration) -> Millis {
    let millis = Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX);
    now.saturating_add(millis)
}

/// What is left until then, unless it is over.
fn left(until: Millis, now: Millis) -> Option<Duration> {
    let left = u64::try_from(until.saturating_sub(now)).ok()?;
    (left > 0).then_some(Duration::from_millis(left))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_survives_keeping() {
        for number in [0, 1, -1, 1_795_903_389_123, -86_400_000] {
            assert_eq!(millis(time(number)), number);
        }
        assert_eq!(time(1_500), UNIX_EPOCH + Duration::from_millis(1_500));
    }

    #[test]
    fn time_that_is_too_late_saturates() {
        assert_eq!(after(7, Duration::MAX), Millis::MAX);
        assert_eq!(
            left(Millis::MAX, -1),
            Some(Duration::from_millis(Millis::MAX.unsigned_abs()))
        );
        assert_eq!(left(-1, Millis::MAX), None);
    }
}
