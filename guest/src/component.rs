//! The exports, a line each. They translate; they decide nothing.

#[cfg(feature = "send")]
mod send;
#[cfg(feature = "send")]
mod serve;

#[cfg(feature = "send")]
use wasi::http::types::{IncomingRequest, ResponseOutparam};

use crate::bindings::accounts::{self, Account};
#[cfg(feature = "send")]
use crate::bindings::incoming_handler;
use crate::bindings::types::{
    Context as ContextBytes, Error, NewUser, Options, Plan, ProviderResponse, Response,
    TransportError, UserChanges,
};
use crate::bindings::{http_api, integrations, users};
use crate::findings::Findings;
use crate::integration::OperationName;
use crate::plan::{self, Context, Planned, foreign_context};

/// The standard library's own allocator in a later version, which begins with the memory that is there, rather than grow at once:
/// growing costs the host more than the rest of a call.
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

struct Component;

impl users::Guest for Component {
    fn create_user(account: String, user: NewUser, options: Options) -> Result<Response, Error> {
        call(&plan_create(&account, &user, &options)?)
    }

    fn update_user(
        account: String,
        id: String,
        changes: UserChanges,
        options: Options,
    ) -> Result<Response, Error> {
        call(&plan_update(&account, &id, &changes, &options)?)
    }

    fn plan_create_user(account: String, user: NewUser, options: Options) -> Result<Plan, Error> {
        plan_create(&account, &user, &options).map(planned)
    }

    fn plan_update_user(
        account: String,
        id: String,
        changes: UserChanges,
        options: Options,
    ) -> Result<Plan, Error> {
        plan_update(&account, &id, &changes, &options).map(planned)
    }

    fn interpret_create_user(
        context: ContextBytes,
        answer: Result<ProviderResponse, TransportError>,
    ) -> Result<Response, Error> {
        finish(&context, OperationName::Create, &answer)
    }

    fn interpret_update_user(
        context: ContextBytes,
        answer: Result<ProviderResponse, TransportError>,
    ) -> Result<Response, Error> {
        finish(&context, OperationName::Update, &answer)
    }
}

#[cfg(feature = "send")]
impl incoming_handler::Guest for Component {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        serve::handle(&request, out);
    }
}

impl integrations::Guest for Component {
    fn list_integrations() -> Vec<integrations::Integration> {
        crate::describe::integrations()
    }
}

impl http_api::Guest for Component {
    fn start(account: String, request: http_api::HttpRequest) -> http_api::HttpStep {
        crate::http_api::start(&account, &request, accounts::resolve)
    }

    fn resume(
        context: ContextBytes,
        answer: Result<ProviderResponse, TransportError>,
    ) -> http_api::HttpResponse {
        crate::http_api::resume(&context, answer.as_ref())
    }
}

fn resolve(id: &str) -> Result<Account, Error> {
    accounts::resolve(id).map_err(|reason| crate::resolve_error(id, reason))
}

fn plan_create(account: &str, user: &NewUser, options: &Options) -> Result<Planned, Error> {
    plan::create(
        &resolve(account)?,
        user,
        options,
        Findings::new(options.strict),
    )
}

fn plan_update(
    account: &str,
    id: &str,
    changes: &UserChanges,
    options: &Options,
) -> Result<Planned, Error> {
    plan::update(
        &resolve(account)?,
        id,
        changes,
        options,
        Findings::new(options.strict),
    )
}

fn planned(planned: Planned) -> Plan {
    let Planned { request, context } = planned;
    Plan {
        request,
        context: context.to_bytes(),
        warnings: context.warnings,
    }
}

fn call(planned: &Planned) -> Result<Response, Error> {
    interpret(&planned.context, sent(planned).as_ref())
}

#[cfg(feature = "send")]
fn sent(planned: &Planned) -> Result<ProviderResponse, TransportError> {
    send::send(&planned.request)
}

#[cfg(not(feature = "send"))]
fn sent(_: &Planned) -> Result<ProviderResponse, TransportError> {
    let why = "this component has no way to a network: plan, send and interpret";
    Err(TransportError::EgressDenied(why.to_owned()))
}

fn finish(
    context: &[u8],
    operation: OperationName,
    answer: &Result<ProviderResponse, TransportError>,
) -> Result<Response, Error> {
    let context = Context::from_bytes(context)?;
    if context.operation == operation {
        interpret(&context, answer.as_ref())
    } else {
        Err(foreign_context())
    }
}

fn interpret(
    context: &Context,
    answer: Result<&ProviderResponse, &TransportError>,
) -> Result<Response, Error> {
    crate::interpret::interpret(context, answer)
        .map(|answered| crate::shape::response(answered, context))
}

#[expect(
    unreachable_pub,
    unsafe_code,
    reason = "generated: the exported symbols of a component are `unsafe` by their attribute"
)]
mod export {
    use super::Component;

    crate::bindings::export!(Component with_types_in crate::bindings::generated);
}
