//! Why a request may not leave.

use http::Method;

use super::policy::MAX_HEAD;

/// Why a request may not leave. The message says what would allow it, and holds no secret.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EgressError {
    /// The URL is outside the account's origin.
    #[error(
        "{origin} may not be reached with account `{account}`, only {allowed}: a `base_url` in the account decides which"
    )]
    OtherOrigin {
        /// The URL's own.
        origin: String,
        /// The account's id.
        account: String,
        /// The account's origin.
        allowed: String,
    },
    /// The URL has no host.
    #[error("a URL without a host may not be reached; only {allowed} may")]
    NoHost {
        /// The account's origin.
        allowed: String,
    },
    /// The method is for proxies or for diagnosis (RFC 9110, 9.3.6 and 9.3.8).
    #[error("the method {0} is not one that a provider is asked with")]
    MethodDenied(Method),
    /// The account's credentials are not a header's value.
    #[error("the credentials fit no header")]
    InvalidCredentials,
    /// The request's target and headers are too large.
    #[error("the head of the request is over {MAX_HEAD} bytes: shorten the id or `remote_query`")]
    HeadTooLarge,
    /// The URL is not one without what authenticates in it.
    #[error("the URL cannot be read")]
    InvalidUrl,
    /// A part of the component's request is not what HTTP says.
    #[error("the component made a request with {0}")]
    InvalidRequest(&'static str),
}
