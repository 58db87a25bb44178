//! What a provider sent in a call, in order: the call's result can be made of it again, in any format, without a request.

use serde::{Deserialize, Serialize};

use super::super::call::{Call, HostDriven, Stop};
use super::super::entry::{Entry, Next};
use crate::bindings::types::{Begun, ProviderResponse, TransportError};

/// The responses of a call, and when it began.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Transcript {
    /// When the call began: what its responses mean depends on it.
    begun: Begun,
    responses: Vec<Result<ProviderResponse, TransportError>>,
    /// The id of the user, should the responses not be understood any more.
    id: Option<String>,
}

impl Transcript {
    pub(super) const fn new(begun: Begun) -> Self {
        Self {
            begun,
            responses: Vec::new(),
            id: None,
        }
    }

    /// Adds the response to the next request.
    pub(in super::super) fn push(&mut self, response: &Result<ProviderResponse, TransportError>) {
        self.responses.push(response.clone());
    }

    pub(super) fn set_id(&mut self, id: Option<String>) {
        self.id = id;
    }

    pub(super) const fn begun(&self) -> &Begun {
        &self.begun
    }

    pub(super) fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The form in which it is kept.
    pub(super) fn to_bytes(&self) -> Option<Vec<u8>> {
        postcard::to_allocvec(self).ok()
    }

    /// Reads what [`Self::to_bytes`] wrote, in this version or another.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        postcard::from_bytes(bytes).ok()
    }
}

impl HostDriven {
    /// The output of a call whose provider sends what is in the transcript. None where the component asks for more, or for less:
    /// another version has written it, or the call has other options.
    pub(super) async fn replay<E: Entry>(
        &self,
        entry: &std::sync::Arc<E>,
        call: &Call,
        transcript: &Transcript,
    ) -> Result<Option<E::Output>, Stop> {
        let mut next = self.start(entry, call, &transcript.begun).await?;
        for response in &transcript.responses {
            let Next::Send(sending) = next else {
                return Ok(None);
            };
            let response = response.clone();
            next = self
                .run(call, move |account, calling| {
                    E::resume(account, &sending.context, &response, calling)
                })
                .await?;
        }
        Ok(match next {
            Next::Done(output) => Some(output),
            Next::Send(_) => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transcript_returns_unchanged() {
        let mut transcript = Transcript::new(Begun::Now("2026-03-02T08:15:30Z".to_owned()));
        transcript.push(&Err(TransportError::ResponseTruncated((
            200,
            "why".to_owned(),
        ))));
        transcript.push(&Ok(ProviderResponse {
            status: 201,
            headers: vec![("a".to_owned(), "b".to_owned())],
            body: b"{}".to_vec(),
        }));
        transcript.set_id(Some("7".to_owned()));
        let bytes = transcript.to_bytes().unwrap();
        let read = Transcript::from_bytes(&bytes).unwrap();
        assert_eq!(format!("{read:?}"), format!("{transcript:?}"));
        assert!(Transcript::from_bytes(&bytes[..bytes.len() - 1]).is_none());
    }
}
