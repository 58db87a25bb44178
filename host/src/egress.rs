//! Egress: which host a call may reach, and with which credentials.
//!
//! Every request of the guest passes [`permit`], whoever sends it. It may go to the origin of the
//! call's account and to no other. Egress removes whatever the guest put where the integration
//! authenticates, and adds the account's own credentials. It also removes headers that concern the
//! connection, which are the client's, and headers that ask for a response in a form in which no
//! secret could be found.

mod error;
mod policy;
#[cfg(test)]
mod tests;

use bytes::Bytes;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::{Request, Uri};

pub(crate) use self::error::EgressError;
pub(crate) use self::policy::permit;
use crate::bindings::types::ProviderRequest;

/// Makes an HTTP request of the contract's own.
///
/// # Errors
///
/// When a part of it is not what HTTP says.
pub(crate) fn from_provider_request(
    request: ProviderRequest,
) -> Result<Request<Bytes>, EgressError> {
    let ProviderRequest {
        method,
        url,
        headers,
        body,
    } = request;
    let invalid = EgressError::InvalidRequest;
    let too_many = |_| invalid("more headers than there can be");
    let mut map = HeaderMap::try_with_capacity(headers.len()).map_err(too_many)?;
    for (name, value) in headers {
        let name = HeaderName::try_from(name).map_err(|_| invalid("an invalid header name"))?;
        let value = HeaderValue::try_from(value).map_err(|_| invalid("an invalid header value"))?;
        map.try_append(name, value).map_err(too_many)?;
    }
    let mut request = Request::new(Bytes::from(body));
    *request.method_mut() = method.parse().map_err(|_| invalid("an invalid method"))?;
    *request.uri_mut() = Uri::try_from(url).map_err(|_| invalid("an invalid URL"))?;
    *request.headers_mut() = map;
    Ok(request)
}
