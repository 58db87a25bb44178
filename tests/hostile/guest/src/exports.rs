//! The exports. Each runs its script.

use wasi::http::types::{IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam};
use wasi::io::streams::StreamError;

use crate::bindings::types::{
    Begun, Body, CallResult, Context, Error, ErrorCode, NewUser, Options, Outcome,
    ProviderResponse, RawBody, Response, TransportError, UserChanges, UserQuery,
};
use crate::bindings::{http_api, incoming_handler, integrations, steps, users};
use crate::script::{Next, Run};
use crate::send;

/// The code of every error of a script.
const CODE: &str = "provider-failed";

struct Hostile;

impl steps::Guest for Hostile {
    fn start(_: String, operation: steps::Operation, _: Options, _: Begun) -> steps::Step {
        let script = match operation {
            steps::Operation::CreateUser(user) => user.remote_data,
            steps::Operation::UpdateUser(update) => update.changes.remote_data,
            steps::Operation::GetUser(id) | steps::Operation::DeleteUser(id) => Some(id),
            steps::Operation::ListUsers(query) => query.email,
        };
        step(Run::start(
            Vec::new(),
            script.as_deref().unwrap_or_default(),
        ))
    }

    fn resume(
        _: String,
        context: Context,
        response: Result<ProviderResponse, TransportError>,
    ) -> steps::Step {
        step(Run::resume(&context, response))
    }
}

fn step(next: Next) -> steps::Step {
    match next {
        Next::Send(sending) => steps::Step::Send(sending),
        Next::End(run) => steps::Step::Done(result(run)),
    }
}

impl users::Guest for Hostile {
    fn create_user(_: String, user: NewUser, _: Options) -> Result<Response, Error> {
        run_whole(user.remote_data.as_deref())
    }

    fn update_user(
        _: String,
        _: String,
        changes: UserChanges,
        _: Options,
    ) -> Result<Response, Error> {
        run_whole(changes.remote_data.as_deref())
    }

    fn get_user(_: String, id: String, _: Options) -> Result<Response, Error> {
        run_whole(Some(&id))
    }

    fn list_users(_: String, query: UserQuery, _: Options) -> Result<Response, Error> {
        run_whole(query.email.as_deref())
    }

    fn delete_user(_: String, id: String, _: Options) -> Result<Response, Error> {
        run_whole(Some(&id))
    }
}

fn run_whole(script: Option<&str>) -> Result<Response, Error> {
    let mut run = Run::new(Vec::new());
    run.whole(script.unwrap_or_default());
    result(run)
}

/// The report, or the error that replaces it.
fn result(run: Run) -> Result<Response, Error> {
    if let Some(outcome) = run.claim {
        return Err(Error {
            code: ErrorCode::ProviderFailed,
            message: run.report,
            status: 502,
            violations: Vec::new(),
            provider: None,
            retry_after: None,
            rate_limit: None,
            limit: None,
            outcome,
            existing_ids: Vec::new(),
            looked: 0,
        });
    }
    Ok(Response {
        body: Body::Raw(RawBody {
            content_type: None,
            bytes: run.report.into_bytes(),
        }),
        result: CallResult::Created,
        warnings: Vec::new(),
        rate_limit: None,
    })
}

impl http_api::Guest for Hostile {
    fn start(_: String, request: http_api::HttpRequest, _: Begun) -> http_api::HttpStep {
        let script = String::from_utf8_lossy(&request.body).into_owned();
        http_step(Run::start(request.headers, &script))
    }

    fn resume(
        _: String,
        context: Context,
        response: Result<ProviderResponse, TransportError>,
    ) -> http_api::HttpStep {
        http_step(Run::resume(&context, response))
    }
}

fn http_step(next: Next) -> http_api::HttpStep {
    match next {
        Next::Send(sending) => http_api::HttpStep::Send(sending),
        Next::End(run) => {
            let error = run.claim.map(|outcome| http_api::HttpError {
                code: ErrorCode::ProviderFailed,
                outcome,
            });
            let message = Message::new(run);
            let mut body = message.body;
            body.resize(body.len() + (message.more << 20), b'x');
            http_api::HttpStep::Respond(http_api::HttpResponse {
                status: message.status,
                headers: message.headers,
                body,
                warnings: Vec::new(),
                error,
            })
        }
    }
}

/// The response to a request of the HTTP API.
struct Message {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    /// The number of MiB to add.
    more: usize,
}

impl Message {
    fn new(run: Run) -> Self {
        if let Some(outcome) = run.claim {
            let outcome = match outcome {
                Outcome::NotSent => "not-sent",
                Outcome::Rejected => "rejected",
                Outcome::Unknown => "unknown",
            };
            let headers = [
                ("content-type", "application/json"),
                ("unified-code", CODE),
                ("unified-outcome", outcome),
            ];
            return Self {
                status: 502,
                headers: headers
                    .map(|(name, value)| (name.to_owned(), value.to_owned()))
                    .to_vec(),
                body: format!("{{\"code\":\"{CODE}\",\"outcome\":\"{outcome}\"}}").into_bytes(),
                more: 0,
            };
        }
        Self {
            status: run.response.status,
            headers: run.response.headers,
            body: run.response.body.unwrap_or(run.report).into_bytes(),
            more: run.response.more,
        }
    }
}

impl incoming_handler::Guest for Hostile {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let mut run = Run::new(send::headers(&request.headers()));
        if let Ok(script) = read(&request) {
            run.whole(&script);
        }
        let mut message = Message::new(run);
        let fields = wasi::http::types::Fields::new();
        for (name, value) in &message.headers {
            // A header that the host rejects is left out.
            let _ = fields.append(name, value.as_bytes());
        }
        let response = OutgoingResponse::new(fields);
        if response.set_status_code(message.status).is_err() {
            message.body.extend_from_slice(b"rejected status\n");
        }
        let Ok(body) = response.body() else {
            return;
        };
        ResponseOutparam::set(out, Ok(response));
        // The host may close the stream at any time.
        let _ = write(&body, &message.body, message.more);
        drop(OutgoingBody::finish(body, None));
    }
}

fn write(body: &OutgoingBody, bytes: &[u8], more: usize) -> Result<(), StreamError> {
    let stream = body.write().map_err(|()| StreamError::Closed)?;
    send::write_all(&stream, bytes)?;
    let mebibyte = vec![b'x'; if more == 0 { 0 } else { 1 << 20 }];
    for _ in 0..more {
        send::write_all(&stream, &mebibyte)?;
    }
    stream.blocking_flush()
}

fn read(request: &IncomingRequest) -> Result<String, ()> {
    let body = request.consume()?;
    let stream = body.stream()?;
    let mut bytes = Vec::new();
    while let Ok(chunk) = stream.blocking_read(65_536) {
        bytes.extend_from_slice(&chunk);
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

impl integrations::Guest for Hostile {
    fn list_integrations() -> Vec<integrations::Integration> {
        std::arch::wasm32::unreachable()
    }

    fn authenticate(
        _: String,
        _: Vec<(String, String)>,
    ) -> Result<Vec<(String, String)>, integrations::CredentialsError> {
        std::arch::wasm32::unreachable()
    }
}

#[expect(
    unreachable_pub,
    unsafe_code,
    reason = "generated: the exported symbols of a component are `unsafe` by their attribute"
)]
mod export {
    use super::Hostile;

    crate::bindings::export!(Hostile with_types_in crate::bindings::generated);
}
