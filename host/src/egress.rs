//! Egress: who may be reached, with whose credentials.
//!
//! Every request of the guest passes [`prepare`], by either sender. It may go to the origin of the
//! account that the call is bound to and nowhere else. Whatever the guest put where the integration
//! authenticates is removed, and the account's own credentials are added; headers that concern the
//! connection are the client's business and removed too, and so are those that ask for an answer in
//! a form that no secret could be found in.

mod policy;
#[cfg(test)]
mod tests;

use bytes::Bytes;
use http::Request;
use http::header::{HeaderMap, HeaderName, HeaderValue};

use crate::accounts::Account;
use crate::bindings::types::ProviderRequest;
use crate::client::{Begun, RequestBody};

pub(crate) use self::policy::{Denied, Outgoing};

impl Outgoing {
    /// Reads a planned request.
    pub(crate) fn of(request: ProviderRequest) -> Result<Self, Denied> {
        let ProviderRequest {
            method,
            url,
            headers,
            body,
        } = request;
        let denied = |what: &str| Denied(format!("the component made a request with {what}"));
        let too_many = |_| denied("more headers than there can be");
        let mut map = HeaderMap::try_with_capacity(headers.len()).map_err(too_many)?;
        for (name, value) in headers {
            let name =
                HeaderName::try_from(name).map_err(|_| denied("a header name that is none"))?;
            let value =
                HeaderValue::try_from(value).map_err(|_| denied("a header value that is none"))?;
            map.try_append(name, value).map_err(too_many)?;
        }
        Ok(Self {
            method: method
                .parse()
                .map_err(|_| denied("a method that is none"))?,
            uri: url
                .parse()
                .map_err(|_| denied("a URL that cannot be read"))?,
            headers: map,
            body: Bytes::from(body),
        })
    }
}

/// A request that may leave, with the account's credentials in it.
pub(crate) struct Prepared {
    pub(crate) request: Request<RequestBody>,
    pub(crate) account: Account,
    pub(crate) begun: Begun,
}

/// Makes a request fit to leave.
///
/// # Errors
///
/// A sentence that names the host, and what would allow it.
pub(crate) fn prepare(
    account: &Account,
    outgoing: Outgoing,
    begun: &Begun,
) -> Result<Prepared, Denied> {
    let request = policy::permit(account, outgoing)?;
    Ok(Prepared {
        request: request.map(|body| RequestBody::new(body, begun.clone())),
        account: account.clone(),
        begun: begun.clone(),
    })
}
