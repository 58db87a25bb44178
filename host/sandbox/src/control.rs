//! The control paths, `/_sandbox/…`.

use http::Method;
use serde_json::json;

use super::call::{Call, CallResult, JsonResponse};
use super::faults::QueuedFault;
use super::limits::EnforcedLimit;
use super::reads::ReadSettings;
use super::store::record;
use super::{Provider, State};

/// Responds to every request that is not for a simulator.
pub(super) fn respond(state: &mut State, call: &Call) -> CallResult {
    if call.integration() != "_sandbox" {
        let text = "expected a path that begins with an integration's name, or with `_sandbox`";
        return Err(message(404, text));
    }
    match (call.method(), call.path().as_slice()) {
        (&Method::GET, ["requests"]) => {
            let wanted = filter(state, call)?;
            Ok(JsonResponse::new(200, state.journal.to_json(wanted)))
        }
        (&Method::DELETE, ["requests"]) => {
            let wanted = filter(state, call)?;
            state.journal.clear(wanted);
            Ok(done())
        }
        (&Method::GET, ["count"]) => {
            let wanted = filter(state, call)?;
            let providers = state.providers.iter();
            let providers =
                providers.filter(|provider| wanted.is_none_or(|name| provider.name() == name));
            let users = providers
                .map(|provider| provider.users.len())
                .sum::<usize>();
            let mut counts = record(json!(state.journal.counts(wanted)));
            counts.insert("users".to_owned(), json!(users));
            Ok(JsonResponse::new(200, counts))
        }
        (&Method::PUT, ["faults", name]) => {
            let name = integration(state, name)?;
            let fault = QueuedFault::parse(&call.body).map_err(|error| message(400, &error))?;
            state.faults.add(name, fault);
            Ok(done())
        }
        (&Method::DELETE, ["faults", name]) => {
            let name = integration(state, name)?;
            state.faults.clear(name);
            Ok(done())
        }
        (&Method::PUT, ["limits", name]) => {
            let limit = EnforcedLimit::parse(&call.body).map_err(|error| message(400, &error))?;
            provider(state, name)?.limit = Some(limit);
            Ok(done())
        }
        (&Method::DELETE, ["limits", name]) => {
            provider(state, name)?.limit = None;
            Ok(done())
        }
        (&Method::GET, ["reads", name]) => {
            let settings = &provider(state, name)?.users.settings;
            Ok(JsonResponse::new(200, json!(settings)))
        }
        (&Method::PUT, ["reads", name]) => {
            let provider = provider(state, name)?;
            let settings = ReadSettings::parse(&call.body, provider.simulator);
            provider.users.settings = settings.map_err(|error| message(400, &error))?;
            Ok(done())
        }
        (&Method::DELETE, ["reads", name]) => {
            provider(state, name)?.users.settings = ReadSettings::default();
            Ok(done())
        }
        (&Method::POST, ["reset"]) => {
            *state = State::default();
            Ok(done())
        }
        (_, ["requests" | "count" | "reset"] | ["faults" | "limits" | "reads", _]) => {
            Err(message(405, "the path does not take this method"))
        }
        _ => {
            let text = "expected one of `requests`, `count`, `faults/{integration}`, \
                        `limits/{integration}`, `reads/{integration}`, `reset`";
            Err(message(404, text))
        }
    }
}

/// The integration that the query names, if it names one.
fn filter(state: &mut State, call: &Call) -> Result<Option<&'static str>, JsonResponse> {
    call.query("integration")
        .map(|name| integration(state, &name))
        .transpose()
}

fn integration(state: &mut State, name: &str) -> Result<&'static str, JsonResponse> {
    provider(state, name).map(|provider| provider.name())
}

fn provider<'a>(state: &'a mut State, name: &str) -> Result<&'a mut Provider, JsonResponse> {
    let unknown = || {
        message(
            404,
            &format!("expected the name of an integration, but found `{name}`"),
        )
    };
    state.provider(name).ok_or_else(unknown)
}

fn done() -> JsonResponse {
    JsonResponse::new(200, json!({}))
}

fn message(status: u16, text: &str) -> JsonResponse {
    JsonResponse::new(status, json!({ "message": text }))
}
