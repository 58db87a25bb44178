//! The steps of the HTTP API, called in process: the engine's baseline without a component.
//!
//! The contract's types are generated twice, for the host and for the core. Every conversion names all fields and cases, so that one
//! added to the contract does not compile here before it is converted.

use unified_ticketing::Native;
use unified_ticketing::http_api::{HttpError, HttpRequest, HttpResponse, HttpStep};
use unified_ticketing::native_accounts::{Account, Credentials, ResolveError};
use unified_ticketing::types::{
    Begun, ErrorCode, FindingCode, Location, Outcome, ProviderRequest, ProviderResponse, Safety,
    Sending, TransportError, Warning,
};
use unified_ticketing_guest::bindings::accounts as core_accounts;
use unified_ticketing_guest::bindings::http_api as core_api;
use unified_ticketing_guest::bindings::types as core;
use unified_ticketing_guest::http_api;

/// The core's HTTP API.
pub(crate) struct Core;

impl Native for Core {
    fn start(
        &self,
        account: &str,
        request: &HttpRequest,
        begun: &Begun,
        resolve: &mut dyn FnMut(String) -> Result<Account, ResolveError>,
    ) -> HttpStep {
        let HttpRequest {
            method,
            target,
            headers,
            body,
        } = request;
        let request = core_api::HttpRequest {
            method: method.clone(),
            target: target.clone(),
            headers: headers.clone(),
            body: body.clone(),
        };
        step(http_api::start(account, &request, &begun_of(begun), |id| {
            resolve_by(resolve, id)
        }))
    }

    fn resume(
        &self,
        account: &str,
        context: &[u8],
        response: &Result<ProviderResponse, TransportError>,
        resolve: &mut dyn FnMut(String) -> Result<Account, ResolveError>,
    ) -> HttpStep {
        let response = response
            .as_ref()
            .map(provider_response)
            .map_err(transport_error);
        step(http_api::resume(
            account,
            context,
            response.as_ref(),
            |id| resolve_by(resolve, id),
        ))
    }
}

fn begun_of(begun: &Begun) -> core::Begun {
    match begun {
        Begun::Now(time) => core::Begun::Now(time.clone()),
        Begun::Earlier(time) => core::Begun::Earlier(time.clone()),
    }
}

fn resolve_by(
    resolve: &mut dyn FnMut(String) -> Result<Account, ResolveError>,
    id: &str,
) -> Result<core_accounts::Account, core_accounts::ResolveError> {
    resolve(id.to_owned())
        .map(resolved)
        .map_err(|error| match error {
            ResolveError::Unknown => core_accounts::ResolveError::Unknown,
            ResolveError::Unusable(reason) => core_accounts::ResolveError::Unusable(reason),
        })
}

fn resolved(account: Account) -> core_accounts::Account {
    let Account {
        integration,
        base_url,
        settings,
        credentials,
    } = account;
    core_accounts::Account {
        integration,
        base_url,
        settings,
        credentials: match credentials {
            Credentials::Injected(names) => core_accounts::Credentials::Injected(names),
            Credentials::Disclosed(values) => core_accounts::Credentials::Disclosed(values),
        },
    }
}

fn provider_response(response: &ProviderResponse) -> core::ProviderResponse {
    let ProviderResponse {
        status,
        headers,
        body,
    } = response;
    core::ProviderResponse {
        status: *status,
        headers: headers.clone(),
        body: body.clone(),
    }
}

fn transport_error(error: &TransportError) -> core::TransportError {
    match error {
        TransportError::NoConnection(reason) => core::TransportError::NoConnection(reason.clone()),
        TransportError::EgressDenied(reason) => core::TransportError::EgressDenied(reason.clone()),
        TransportError::ConnectionLost(reason) => {
            core::TransportError::ConnectionLost(reason.clone())
        }
        TransportError::ResponseTruncated((status, reason)) => {
            core::TransportError::ResponseTruncated((*status, reason.clone()))
        }
        TransportError::Deadline(started) => core::TransportError::Deadline(*started),
        TransportError::ResponseTooLarge(status) => core::TransportError::ResponseTooLarge(*status),
    }
}

fn step(step: core_api::HttpStep) -> HttpStep {
    match step {
        core_api::HttpStep::Send(sent) => HttpStep::Send(sending(sent)),
        core_api::HttpStep::Respond(response) => HttpStep::Respond(http_response(response)),
    }
}

fn sending(sending: core::Sending) -> Sending {
    let core::Sending {
        request,
        safety,
        wait_ms,
        plan,
        resend,
        warnings,
        context,
    } = sending;
    Sending {
        request: provider_request(request),
        safety: match safety {
            core::Safety::Safe => Safety::Safe,
            core::Safety::Idempotent => Safety::Idempotent,
            core::Safety::Once => Safety::Once,
        },
        wait_ms,
        plan: plan.map(provider_request),
        resend,
        warnings: warnings.into_iter().map(warning).collect(),
        context,
    }
}

fn provider_request(request: core::ProviderRequest) -> ProviderRequest {
    let core::ProviderRequest {
        method,
        url,
        headers,
        body,
    } = request;
    ProviderRequest {
        method,
        url,
        headers,
        body,
    }
}

fn http_response(response: core_api::HttpResponse) -> HttpResponse {
    let core_api::HttpResponse {
        status,
        headers,
        body,
        warnings,
        error,
    } = response;
    HttpResponse {
        status,
        headers,
        body,
        warnings: warnings.into_iter().map(warning).collect(),
        error: error.map(|core_api::HttpError { code, outcome }| HttpError {
            code: error_code(code),
            outcome: match outcome {
                core::Outcome::NotSent => Outcome::NotSent,
                core::Outcome::Rejected => Outcome::Rejected,
                core::Outcome::Unknown => Outcome::Unknown,
            },
        }),
    }
}

fn warning(warning: core::Warning) -> Warning {
    let core::Warning {
        code,
        in_,
        path,
        message,
    } = warning;
    Warning {
        code: finding_code(code),
        in_: match in_ {
            core::Location::Body => Location::Body,
            core::Location::Query => Location::Query,
            core::Location::Path => Location::Path,
            core::Location::Header => Location::Header,
        },
        path,
        message,
    }
}

/// Defines a conversion between enums of the same cases.
macro_rules! cases {
    ($name:ident: $($case:ident)* => $enum:ident) => {
        const fn $name(code: core::$enum) -> $enum {
            match code {
                $(core::$enum::$case => $enum::$case,)*
            }
        }
    };
}

cases! {
    finding_code:
        Required Type Enum Format TooMany UnknownField UnsupportedField DuplicateMember NotClearable EmptyUpdate SurplusValue
        IdMissing IdempotencyKeyIgnored Settled NotRecorded More
    => FindingCode
}

cases! {
    error_code:
        InvalidRequest Unauthorized Forbidden UnknownAccount RouteNotFound MethodNotAllowed UnsupportedOperation BodyTooLarge
        UnsupportedMediaType RequestTimeout UriTooLong HeadersTooLarge MalformedRequest AccountUnusable ProviderInvalid
        ProviderUnauthorized ProviderForbidden ProviderNotFound ProviderConflict ProviderRateLimited ProviderRejected
        ProviderFailed InvalidResponse ResponseTooLarge NoConnection ConnectionLost EgressDenied Deadline GuestTrap
        LimitExceeded Overloaded IdempotencyInFlight
        IdempotencyMismatch StoreUnavailable AuditUnavailable
    => ErrorCode
}
