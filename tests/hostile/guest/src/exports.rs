//! The exports. Each runs its script.

use wasi::http::types::{IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam};
use wasi::io::streams::StreamError;

use crate::bindings::types::{
    Body, Context, Error, NewUser, Options, Plan, ProviderResponse, Response, TransportError,
    UserChanges,
};
use crate::bindings::{http_api, incoming_handler, integrations, users};
use crate::script::Run;
use crate::send;

struct Hostile;

impl users::Guest for Hostile {
    fn create_user(_: String, user: NewUser, _: Options) -> Result<Response, Error> {
        Ok(run_whole(user.remote_data.as_deref()))
    }

    fn update_user(
        _: String,
        _: String,
        changes: UserChanges,
        _: Options,
    ) -> Result<Response, Error> {
        Ok(run_whole(changes.remote_data.as_deref()))
    }

    fn plan_create_user(_: String, user: NewUser, _: Options) -> Result<Plan, Error> {
        Ok(run_to_send(user.remote_data.as_deref()))
    }

    fn plan_update_user(
        _: String,
        _: String,
        changes: UserChanges,
        _: Options,
    ) -> Result<Plan, Error> {
        Ok(run_to_send(changes.remote_data.as_deref()))
    }

    fn interpret_create_user(
        context: Context,
        response: Result<ProviderResponse, TransportError>,
    ) -> Result<Response, Error> {
        Ok(report_of(interpret(&context, response)))
    }

    fn interpret_update_user(
        context: Context,
        response: Result<ProviderResponse, TransportError>,
    ) -> Result<Response, Error> {
        Ok(report_of(interpret(&context, response)))
    }
}

fn run_whole(script: Option<&str>) -> Response {
    let mut run = Run::new(Vec::new());
    run.whole(script.unwrap_or_default());
    report_of(run)
}

fn run_to_send(script: Option<&str>) -> Plan {
    let mut run = Run::new(Vec::new());
    let rest = run.until_send(script.unwrap_or_default());
    Plan {
        context: run.context(rest.unwrap_or_default()),
        request: run.request,
        warnings: Vec::new(),
    }
}

fn interpret(context: &[u8], response: Result<ProviderResponse, TransportError>) -> Run {
    let (mut run, rest) = Run::resume(context, response.map_err(|error| format!("{error:?}")));
    run.whole(&rest);
    run
}

fn report_of(run: Run) -> Response {
    Response {
        body: Body::Raw(run.report.into_bytes()),
        warnings: Vec::new(),
        rate_limit: None,
    }
}

impl http_api::Guest for Hostile {
    fn start(_: String, request: http_api::HttpRequest) -> http_api::HttpStep {
        let script = String::from_utf8_lossy(&request.body).into_owned();
        let mut run = Run::new(request.headers);
        match run.until_send(&script) {
            Some(rest) => {
                let context = run.context(rest);
                http_api::HttpStep::Send((run.request, context))
            }
            None => http_api::HttpStep::Respond(respond(run)),
        }
    }

    fn resume(
        context: Context,
        response: Result<ProviderResponse, TransportError>,
    ) -> http_api::HttpResponse {
        respond(interpret(&context, response))
    }
}

fn respond(run: Run) -> http_api::HttpResponse {
    let mut body = run.response.body.unwrap_or(run.report).into_bytes();
    body.resize(body.len() + (run.response.more << 20), b'x');
    http_api::HttpResponse {
        status: run.response.status,
        headers: run.response.headers,
        body,
    }
}

impl incoming_handler::Guest for Hostile {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let mut run = Run::new(send::headers(&request.headers()));
        if let Ok(script) = read(&request) {
            run.whole(&script);
        }
        let fields = wasi::http::types::Fields::new();
        for (name, value) in &run.response.headers {
            // A header that the host rejects is left out.
            let _ = fields.append(name, value.as_bytes());
        }
        let response = OutgoingResponse::new(fields);
        if response.set_status_code(run.response.status).is_err() {
            run.report.push_str("refused status\n");
        }
        let Ok(body) = response.body() else {
            return;
        };
        ResponseOutparam::set(out, Ok(response));
        let bytes = run.response.body.unwrap_or(run.report).into_bytes();
        // The host may close the stream at any time.
        let _ = write(&body, &bytes, run.response.more);
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
