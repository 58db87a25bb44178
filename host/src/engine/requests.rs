//! The requests of one call: which ones it may send, and what they may have done.

use unified_ticketing_guest::integration::{self, OperationName};

use crate::accounts::Account;
use crate::bindings::types::{Outcome, ProviderResponse, Safety, TransportError};

/// The requests of one call.
///
/// At most one may be of safety `once`. After it, unless the provider rejected it, only `safe` ones may follow. At most one may be
/// `idempotent`. None may do more than the call's operation: a read writes nothing, and only a create creates.
#[derive(Debug)]
pub(super) struct Requests {
    left: u32,
    operation: Safety,
    /// The most that the caller lets the call do.
    at_most: Safety,
    /// Whether a request was admitted.
    admitted: bool,
    once: Write,
    idempotent: Write,
    /// Whether a read after the creation has succeeded.
    looked: bool,
    /// Whether a request was kept back because there was no time for it.
    is_late: bool,
}

/// The state of a request that writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Write {
    /// There is none.
    None,
    /// It may have reached the provider.
    Sent,
    /// Another call sent it, and it may have reached the provider.
    SentEarlier,
    /// It never left.
    NotSent,
    /// The provider rejected it.
    Rejected,
}

/// A request that a call may not send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum RequestError {
    #[error("it tried to send more requests than a call may")]
    TooMany,
    #[error("it tried to write in a call that reads")]
    WriteInRead,
    #[error("it tried to create in a call for a user who exists")]
    CreateInChange,
    #[error("it tried to send a request that creates, and one may have been sent before")]
    SecondOnce,
    #[error("it tried to write after a request that creates")]
    WriteAfterOnce,
    #[error("it tried to send a second request that changes")]
    SecondIdempotent,
    #[error("nobody was found, and this call may not create a user")]
    NotToCreate,
    #[error("the user differs, and this call may not change it")]
    NotToChange,
}

impl Requests {
    /// At most `max` requests, of a call for an operation of this safety.
    pub(super) const fn new(max: u32, operation: Safety) -> Self {
        Self {
            left: max,
            operation,
            at_most: Safety::Once,
            admitted: false,
            once: Write::None,
            idempotent: Write::None,
            looked: false,
            is_late: false,
        }
    }

    /// At most `max` requests, of a call for a creation that may have been sent before. None may create.
    pub(super) const fn after_creation(max: u32) -> Self {
        Self {
            once: Write::SentEarlier,
            ..Self::new(max, Safety::Once)
        }
    }

    /// Whether a request was kept back because there was no time for it. Nothing leaves after that.
    pub(super) const fn is_late(&self) -> bool {
        self.is_late
    }

    /// Lets the call do no more than this, whatever its operation is.
    pub(super) const fn at_most(mut self, safety: Safety) -> Self {
        self.at_most = safety;
        self
    }

    /// Whether no request was admitted yet.
    pub(super) const fn is_empty(&self) -> bool {
        !self.admitted
    }

    /// Admits a request.
    pub(super) fn admit(&mut self, safety: Safety) -> Result<(), RequestError> {
        self.left = self.left.checked_sub(1).ok_or(RequestError::TooMany)?;
        self.admit_write(safety)?;
        self.admitted = true;
        Ok(())
    }

    fn admit_write(&mut self, safety: Safety) -> Result<(), RequestError> {
        match safety {
            Safety::Safe => Ok(()),
            _ if self.operation == Safety::Safe => Err(RequestError::WriteInRead),
            Safety::Once if self.operation == Safety::Once && self.at_most != Safety::Once => {
                Err(RequestError::NotToCreate)
            }
            Safety::Idempotent if self.at_most == Safety::Safe => Err(RequestError::NotToChange),
            Safety::Once if self.operation == Safety::Idempotent => {
                Err(RequestError::CreateInChange)
            }
            Safety::Once if self.once != Write::None => Err(RequestError::SecondOnce),
            Safety::Idempotent if matches!(self.once, Write::Sent | Write::NotSent) => {
                Err(RequestError::WriteAfterOnce)
            }
            Safety::Idempotent if self.idempotent != Write::None => {
                Err(RequestError::SecondIdempotent)
            }
            Safety::Once => {
                self.once = Write::Sent;
                Ok(())
            }
            Safety::Idempotent => {
                self.idempotent = Write::Sent;
                // The user was found: what becomes of the change is the outcome.
                if self.once == Write::SentEarlier {
                    self.once = Write::None;
                }
                Ok(())
            }
        }
    }

    /// Sets the state of an admitted request by its response.
    pub(super) fn ended(
        &mut self,
        safety: Safety,
        response: Result<&ProviderResponse, &TransportError>,
    ) {
        self.is_late |= matches!(response, Err(TransportError::Deadline(false)));
        let write = match safety {
            Safety::Safe => {
                let succeeded = response.is_ok_and(|response| matches!(response.status, 200..=299));
                let is_sent = matches!(self.once, Write::Sent | Write::SentEarlier);
                self.looked |= is_sent && succeeded;
                return;
            }
            Safety::Idempotent => &mut self.idempotent,
            Safety::Once => &mut self.once,
        };
        *write = match response {
            Ok(response) if is_rejection(response.status) => Write::Rejected,
            // Its head is complete.
            Err(TransportError::ResponseTooLarge(Some(status))) if is_rejection(*status) => {
                Write::Rejected
            }
            Ok(_)
            | Err(
                TransportError::ConnectionLost(_)
                | TransportError::ResponseTruncated(_)
                | TransportError::ResponseTooLarge(_)
                | TransportError::Deadline(true),
            ) => Write::Sent,
            Err(
                TransportError::NoConnection(_)
                | TransportError::EgressDenied(_)
                | TransportError::Deadline(false),
            ) => Write::NotSent,
        };
    }

    /// Whether there is a creation whose outcome may be unknown, so that what follows looks for the user.
    pub(super) fn is_to_be_settled(&self) -> bool {
        self.once == Write::Sent
    }

    /// Whether another call may have created the user, and nothing has come of looking for it.
    pub(super) fn was_sent_earlier(&self) -> bool {
        self.once == Write::SentEarlier
    }

    /// Whether a read after the creation has succeeded.
    pub(super) const fn looked(&self) -> bool {
        self.looked
    }

    /// The outcome of the call, should it end now without a result.
    pub(super) fn outcome(&self) -> Outcome {
        let writes = [self.once, self.idempotent];
        if writes.contains(&Write::Sent) || writes.contains(&Write::SentEarlier) {
            Outcome::Unknown
        } else if writes.contains(&Write::Rejected) {
            Outcome::Rejected
        } else {
            Outcome::NotSent
        }
    }
}

/// Whether a complete response of this status says that the provider did nothing. A 408 says that the provider did not get the
/// request in time, not what it did with the part that it had (RFC 9110, section 15.5.9).
const fn is_rejection(status: u16) -> bool {
    matches!(status, 400..=499) && status != 408
}

/// The safety of a request: the component's own, but not less than that of the account's integration for requests with its
/// method.
pub(super) fn safety(reported: Safety, account: &Account, method: &str) -> Safety {
    stricter(reported, least(account, method))
}

/// The least safety of requests with this method. A component that sends for itself reports none.
pub(super) fn least(account: &Account, method: &str) -> Safety {
    let usual = match method {
        "GET" | "HEAD" => return Safety::Safe,
        "PUT" | "PATCH" | "DELETE" => Safety::Idempotent,
        _ => Safety::Once,
    };
    let rows = integration::find(account.integration())
        .map(|integration| integration.operations)
        .unwrap_or_default();
    let creates = rows
        .iter()
        .any(|row| row.method == method && row.name == OperationName::Create);
    if creates { Safety::Once } else { usual }
}

const fn stricter(one: Safety, other: Safety) -> Safety {
    match (one, other) {
        (Safety::Once, _) | (_, Safety::Once) => Safety::Once,
        (Safety::Idempotent, _) | (_, Safety::Idempotent) => Safety::Idempotent,
        (Safety::Safe, Safety::Safe) => Safety::Safe,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(status: u16) -> ProviderResponse {
        ProviderResponse {
            status,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    fn sent(
        requests: &mut Requests,
        safety: Safety,
        response: &Result<ProviderResponse, TransportError>,
    ) {
        requests.admit(safety).unwrap();
        requests.ended(safety, response.as_ref());
    }

    #[test]
    fn second_create_is_denied() {
        let lost = Err(TransportError::NoConnection("why".to_owned()));
        for first in [Ok(response(201)), Ok(response(409)), lost] {
            let mut requests = Requests::new(9, Safety::Once);
            sent(&mut requests, Safety::Once, &first);
            assert_eq!(requests.admit(Safety::Once), Err(RequestError::SecondOnce));
            assert_eq!(requests.admit(Safety::Safe), Ok(()));
        }
    }

    #[test]
    fn only_rejected_create_admits_update() {
        for (status, admitted) in [(409, true), (201, false), (408, false), (500, false)] {
            let mut requests = Requests::new(9, Safety::Once);
            sent(&mut requests, Safety::Once, &Ok(response(status)));
            let result = requests.admit(Safety::Idempotent);
            assert_eq!(result.is_ok(), admitted, "{status}");
        }
        let mut requests = Requests::new(9, Safety::Once);
        sent(&mut requests, Safety::Idempotent, &Ok(response(400)));
        let result = requests.admit(Safety::Idempotent);
        assert_eq!(result, Err(RequestError::SecondIdempotent));
    }

    #[test]
    fn earlier_creation_admits_no_other() {
        let mut requests = Requests::after_creation(9);
        assert_eq!(requests.admit(Safety::Once), Err(RequestError::SecondOnce));
        sent(&mut requests, Safety::Safe, &Ok(response(200)));
        assert_eq!(
            (requests.outcome(), requests.looked()),
            (Outcome::Unknown, true)
        );
        // The user was found, and is changed.
        sent(&mut requests, Safety::Idempotent, &Ok(response(422)));
        assert_eq!(requests.outcome(), Outcome::Rejected);
    }

    #[test]
    fn operation_bounds_its_requests() {
        let admit = |operation, safety| Requests::new(9, operation).admit(safety);
        for write in [Safety::Idempotent, Safety::Once] {
            let result = admit(Safety::Safe, write);
            assert_eq!(result, Err(RequestError::WriteInRead));
        }
        let result = admit(Safety::Idempotent, Safety::Once);
        assert_eq!(result, Err(RequestError::CreateInChange));
        for (operation, safety) in [
            (Safety::Safe, Safety::Safe),
            (Safety::Idempotent, Safety::Safe),
            (Safety::Idempotent, Safety::Idempotent),
            (Safety::Once, Safety::Idempotent),
        ] {
            assert_eq!(admit(operation, safety), Ok(()), "{safety:?}");
        }
    }

    #[test]
    fn caller_bounds_the_operation() {
        for (at_most, safety, admitted) in [
            (Safety::Safe, Safety::Safe, Ok(())),
            (Safety::Safe, Safety::Once, Err(RequestError::NotToCreate)),
            (
                Safety::Safe,
                Safety::Idempotent,
                Err(RequestError::NotToChange),
            ),
            (
                Safety::Idempotent,
                Safety::Once,
                Err(RequestError::NotToCreate),
            ),
            (Safety::Idempotent, Safety::Idempotent, Ok(())),
        ] {
            let mut requests = Requests::new(9, Safety::Once).at_most(at_most);
            assert_eq!(requests.admit(safety), admitted, "{at_most:?} {safety:?}");
            let is_sent = safety != Safety::Safe && admitted.is_ok();
            assert_eq!(requests.outcome() == Outcome::Unknown, is_sent);
            assert_eq!(requests.is_empty(), admitted.is_err());
        }
    }

    #[test]
    fn requests_are_counted() {
        let mut requests = Requests::new(2, Safety::Once);
        assert_eq!(requests.admit(Safety::Safe), Ok(()));
        assert_eq!(requests.admit(Safety::Safe), Ok(()));
        assert_eq!(requests.admit(Safety::Safe), Err(RequestError::TooMany));
    }

    #[test]
    fn outcome_follows_writes_alone() {
        for (safety, result, outcome) in [
            (Safety::Safe, Ok(response(500)), Outcome::NotSent),
            (Safety::Once, Ok(response(201)), Outcome::Unknown),
            (Safety::Once, Ok(response(422)), Outcome::Rejected),
            (Safety::Idempotent, Ok(response(408)), Outcome::Unknown),
            (
                Safety::Once,
                Err(TransportError::Deadline(false)),
                Outcome::NotSent,
            ),
            (
                Safety::Once,
                Err(TransportError::Deadline(true)),
                Outcome::Unknown,
            ),
            (
                Safety::Once,
                Err(TransportError::ResponseTooLarge(Some(422))),
                Outcome::Rejected,
            ),
        ] {
            let mut requests = Requests::new(1, Safety::Once);
            sent(&mut requests, safety, &result);
            assert_eq!(requests.outcome(), outcome, "{safety:?} {result:?}");
        }
    }

    #[test]
    fn method_bounds_reported_safety() {
        let account = Account::builder("A", "hive")
            .setting("workspace_id", "w")
            .setting("user_id", "u")
            .credential("api_key", "the-key-of-hive")
            .build()
            .unwrap();
        for (reported, method, expected) in [
            (Safety::Safe, "GET", Safety::Safe),
            (Safety::Safe, "POST", Safety::Once),
            (Safety::Idempotent, "POST", Safety::Once),
            (Safety::Safe, "PUT", Safety::Idempotent),
            (Safety::Once, "PUT", Safety::Once),
            (Safety::Safe, "BREW", Safety::Once),
        ] {
            assert_eq!(safety(reported, &account, method), expected, "{method}");
        }
    }
}
