//! What a provider sent in a call, in order: the call's result can be made of it again, in any format, without a request.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::super::call::{Call, HostDriven, Stop};
use super::super::entry::{Entry, Next, Sent};
use crate::bindings::types::{Begun, ProviderRequest};
use crate::store::{Fingerprint, Secret};

/// The write that a call is about, and its fingerprint.
pub(super) struct Planned<'a> {
    secret: &'a Secret,
    request: &'a ProviderRequest,
    fingerprint: Fingerprint,
}

impl<'a> Planned<'a> {
    pub(super) fn new(secret: &'a Secret, request: &'a ProviderRequest) -> Self {
        Self {
            secret,
            request,
            fingerprint: fingerprint(secret, request),
        }
    }

    pub(super) const fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// The fingerprint of a request of the call; most often that is the write.
    fn fingerprint_of(&self, request: &ProviderRequest) -> Fingerprint {
        let ProviderRequest {
            method, url, body, ..
        } = self.request;
        if (method, url, body) == (&request.method, &request.url, &request.body) {
            return self.fingerprint;
        }
        fingerprint(self.secret, request)
    }
}

fn fingerprint(secret: &Secret, request: &ProviderRequest) -> Fingerprint {
    secret.fingerprint(&request.method, &request.url, &request.body)
}

/// The responses of a call, and when it began.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Transcript {
    /// The id of the user, should the rest not be understood any more. It stands first, so that any version can read it.
    id: Option<String>,
    /// When the call began: what its responses mean depends on it.
    begun: Begun,
    exchanges: Vec<Exchange>,
}

/// A response, and the fingerprint of its request.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Exchange {
    request: [u8; 32],
    response: Sent,
}

impl Transcript {
    pub(super) fn new(begun: &Begun) -> Self {
        Self {
            id: None,
            begun: begun.clone(),
            exchanges: Vec::new(),
        }
    }

    pub(super) fn set_id(&mut self, id: Option<String>) {
        self.id = id;
    }

    pub(super) fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    pub(super) const fn begun(&self) -> &Begun {
        &self.begun
    }

    /// The form in which it is kept.
    pub(super) fn to_bytes(&self) -> Option<Vec<u8>> {
        postcard::to_allocvec(self).ok()
    }

    /// Reads what [`Self::to_bytes`] wrote. Of what another version wrote, that may be the id alone.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        if let Ok(transcript) = postcard::from_bytes(bytes) {
            return Some(transcript);
        }
        let (id, _) = postcard::take_from_bytes(bytes).ok()?;
        Some(Self {
            id,
            ..Self::new(&Begun::Now(String::new()))
        })
    }
}

/// Writes the transcript of a call.
pub(in super::super) struct Recorder<'a> {
    planned: &'a Planned<'a>,
    transcript: Transcript,
}

impl<'a> Recorder<'a> {
    pub(super) fn new(planned: &'a Planned<'a>, begun: &Begun) -> Self {
        Self {
            planned,
            transcript: Transcript::new(begun),
        }
    }

    /// Notes that a request is sent next.
    pub(in super::super) fn send(&mut self, request: &ProviderRequest) -> Requested {
        Requested(self.planned.fingerprint_of(request))
    }

    /// Adds the response to a request.
    pub(in super::super) fn push(&mut self, request: &Requested, response: &Sent) {
        self.transcript.exchanges.push(Exchange {
            request: *request.0.as_bytes(),
            response: response.clone(),
        });
    }

    pub(super) fn into_transcript(self) -> Transcript {
        self.transcript
    }
}

/// A request that is out.
pub(in super::super) struct Requested(Fingerprint);

impl HostDriven {
    /// The output of a call whose provider sends what is in the transcript. None where the component asks for anything else, or for
    /// more, or for less: another version has written it, or the call has other options. None, too, where the component is stopped.
    pub(super) async fn replay<E: Entry>(
        &self,
        entry: &Arc<E>,
        call: &Call,
        planned: &Planned<'_>,
        transcript: &Transcript,
    ) -> Option<E::Output> {
        let replayed = self.try_replay(entry, call, planned, transcript).await;
        replayed.unwrap_or_else(|stop| {
            tracing::warn!(?stop, "what is remembered of a call could not be read");
            None
        })
    }

    async fn try_replay<E: Entry>(
        &self,
        entry: &Arc<E>,
        call: &Call,
        planned: &Planned<'_>,
        transcript: &Transcript,
    ) -> Result<Option<E::Output>, Stop> {
        let mut next = self.start(entry, call, &transcript.begun).await?;
        for Exchange { request, response } in &transcript.exchanges {
            let sending = match next {
                Next::Send(sending) => sending,
                Next::Done(_) => return Ok(None),
            };
            if planned.fingerprint_of(&sending.request).as_bytes() != request {
                return Ok(None);
            }
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
    use crate::bindings::types::{ProviderResponse, TransportError};

    fn request(method: &str, url: &str, body: &str) -> ProviderRequest {
        ProviderRequest {
            method: method.to_owned(),
            url: url.to_owned(),
            headers: Vec::new(),
            body: body.into(),
        }
    }

    fn transcript() -> Transcript {
        let secret = Secret::from_bytes(&[7; 32]);
        let plan = request("POST", "https://a.example/users", "{}");
        let planned = Planned::new(&secret, &plan);
        let begun = Begun::Now("2026-03-02T08:15:30Z".to_owned());
        let mut recorder = Recorder::new(&planned, &begun);
        let lost = TransportError::ResponseTruncated((200, "why".to_owned()));
        let requested = recorder.send(&plan);
        recorder.push(&requested, &Err(lost));
        let requested = recorder.send(&request("GET", "https://a.example/users", ""));
        let found = ProviderResponse {
            status: 200,
            headers: vec![("a".to_owned(), "b".to_owned())],
            body: b"[]".to_vec(),
        };
        recorder.push(&requested, &Ok(found));
        let mut transcript = recorder.into_transcript();
        transcript.set_id(Some("7".to_owned()));
        transcript
    }

    #[test]
    fn transcript_returns_unchanged() {
        let transcript = transcript();
        let read = Transcript::from_bytes(&transcript.to_bytes().unwrap()).unwrap();
        assert_eq!(format!("{read:?}"), format!("{transcript:?}"));
        let [written, looked] = &read.exchanges[..] else {
            panic!("two exchanges");
        };
        assert_ne!(written.request, looked.request);
    }

    #[test]
    fn id_of_another_version_is_read() {
        let mut bytes = postcard::to_allocvec(&Some("7")).unwrap();
        bytes.extend_from_slice(b"\xffa form that is not known");
        let read = Transcript::from_bytes(&bytes).unwrap();
        assert_eq!((read.id(), read.exchanges.len()), (Some("7"), 0));
        assert!(Transcript::from_bytes(b"").is_none());
    }

    #[test]
    fn fingerprint_tells_requests_apart() {
        let secret = Secret::from_bytes(&[7; 32]);
        let plan = request("POST", "https://a.example/users", "{}");
        let planned = Planned::new(&secret, &plan);
        for (other, is_same) in [
            (request("POST", "https://b.example/users", "{ }"), true),
            (request("GET", "https://a.example/users", "{}"), false),
            (request("POST", "https://a.example/users?a=b", "{}"), false),
            (
                request("POST", "https://a.example/users", r#"{"a":1}"#),
                false,
            ),
        ] {
            let found = planned.fingerprint_of(&other) == planned.fingerprint();
            assert_eq!(found, is_same, "{} {}", other.method, other.url);
        }
    }
}
