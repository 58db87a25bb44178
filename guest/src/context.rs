//! The state of a call between two steps, so that another instance can resume it.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::bindings::types::{Error, ErrorCode, Finding, Format, Outcome, ProviderRequest};
use crate::findings::error;
use crate::integration::{Integration, OperationName, find};
use crate::operation::{Creation, List};

/// The state of a call between two steps. It holds no secret.
#[derive(Debug, Deserialize, Serialize)]
pub struct Context {
    /// The id of the account that the call is for.
    pub account: String,
    /// The entry point that started the call, and gives its result.
    pub entry_point: EntryPoint,
    /// The integration that is called.
    #[serde(serialize_with = "by_name", deserialize_with = "from_name")]
    pub integration: &'static Integration,
    /// The operation.
    pub operation: OperationName,
    /// The id of the user that is changed.
    pub id: Option<String>,
    /// The primary address: by it, a person can look whether a user was created.
    pub email: Option<String>,
    /// The position of the primary address in the input.
    pub position: u32,
    /// The form of the response.
    pub form: Form,
    /// The warnings about the input.
    pub warnings: Vec<Finding>,
    /// How far a list is read.
    pub list: Option<List>,
    /// How far a creation is.
    pub creation: Option<Box<Creation>>,
    /// The request as people may see it, where the response shows it.
    pub shown: Option<ProviderRequest>,
}

/// An entry point of calls. A context of one cannot be resumed at another.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub enum EntryPoint {
    /// The typed contract.
    Steps,
    /// The published HTTP API.
    HttpApi,
}

/// The form of a response that a caller asks for.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Form {
    /// The format.
    pub format: Format,
    /// Whether `remote_data` is left out.
    pub ignore_remote_data: bool,
    /// The fields that are left out.
    pub exclude_fields: Vec<String>,
    /// Whether the response shows the request and the response of the provider.
    pub debug: bool,
}

/// A context is read by the version that wrote it only.
const VERSION: &str = env!("CARGO_PKG_VERSION");

impl Context {
    /// The form in which it crosses the boundary: the version, then the fields, in the encoding of the `postcard` crate.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        // Strings, numbers and arrays of known length always serialize.
        postcard::to_allocvec(&(VERSION, self)).unwrap_or_default()
    }

    /// Reads what [`Self::to_bytes`] wrote, for a call of this account from this entry point.
    ///
    /// # Errors
    ///
    /// `invalid-request` when the bytes are not such a context of this version.
    pub fn from_bytes(bytes: &[u8], account: &str, entry_point: EntryPoint) -> Result<Self, Error> {
        let decode = || {
            let (version, rest) = postcard::take_from_bytes::<&str>(bytes).ok()?;
            if version != VERSION {
                return None;
            }
            let (context, rest) = postcard::take_from_bytes::<Self>(rest).ok()?;
            let fits = rest.is_empty()
                && context.entry_point == entry_point
                && context.account.eq_ignore_ascii_case(account);
            fits.then_some(context)
        };
        decode().ok_or_else(|| {
            let message =
                "expected the context of a call of this version, this account and this interface";
            error(
                ErrorCode::InvalidRequest,
                400,
                Outcome::Unknown,
                message.to_owned(),
            )
        })
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "`serde` passes a field by reference"
)]
fn by_name<S: Serializer>(
    integration: &&'static Integration,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(integration.name)
}

fn from_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<&'static Integration, D::Error> {
    let name = <&str>::deserialize(deserializer)?;
    find(name).ok_or_else(|| serde::de::Error::custom("there is no such integration"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bindings::accounts::{Account, Credentials};
    use crate::bindings::steps::{Operation, Step};
    use crate::bindings::types::{
        Begun, FindingCode, Location, Options, ProviderResponse, UserQuery,
    };
    use crate::steps;

    const ACCOUNT: &str = "62f44730-dd91-461e-bd6a-aedd9e0ad79d";

    fn context() -> Context {
        Context {
            account: ACCOUNT.to_owned(),
            entry_point: EntryPoint::HttpApi,
            integration: find("hive").unwrap(),
            operation: OperationName::Update,
            id: Some("1/ü".to_owned()),
            email: None,
            position: 3,
            form: Form {
                format: Format::Normalized,
                ignore_remote_data: true,
                exclude_fields: vec!["id".to_owned()],
                debug: false,
            },
            warnings: vec![Finding {
                code: FindingCode::More,
                in_: Location::Body,
                path: "/a~1b".to_owned(),
                message: "m".to_owned(),
            }],
            list: None,
            creation: None,
            shown: None,
        }
    }

    #[test]
    fn context_returns_unchanged() {
        let written = context();
        let bytes = written.to_bytes();
        let read =
            Context::from_bytes(&bytes, &ACCOUNT.to_uppercase(), EntryPoint::HttpApi).unwrap();
        assert_eq!(read.to_bytes(), bytes);
        assert_eq!(read.warnings, written.warnings);
        assert_eq!(read.form, written.form);
        assert_eq!((read.id.as_deref(), read.position), (Some("1/ü"), 3));
    }

    #[test]
    fn list_context_returns_unchanged() {
        let account = || Account {
            integration: "gorgias".to_owned(),
            base_url: Some("http://g.test".to_owned()),
            settings: Vec::new(),
            credentials: Credentials::Injected(vec!["access_token".to_owned()]),
        };
        let options = Options {
            format: Format::Unified,
            ignore_remote_data: false,
            exclude_fields: Vec::new(),
            remote_query: vec![("order_by".to_owned(), "name:asc".to_owned())],
            collections: Vec::new(),
            ..Options::default()
        };
        let query = UserQuery {
            email: None,
            cursor: None,
            limit: Some(500),
        };
        let Step::Send(first) = steps::start(
            ACCOUNT,
            Operation::ListUsers(query),
            &options,
            &Begun::Now(String::new()),
            |_| Ok(account()),
        ) else {
            panic!("a list is sent");
        };
        // As many as can be collected before the last page, each of 4 kB.
        let user = format!(r#"{{"id": 1, "bio": "{}"}}"#, "é".repeat(2_000));
        let users = vec![user.as_str(); 499].join(",");
        let body = format!(r#"{{"data": [{users}], "meta": {{"next_cursor": "c2"}}}}"#);
        let response = ProviderResponse {
            status: 200,
            headers: Vec::new(),
            body: body.into_bytes(),
        };
        let Step::Send(next) =
            steps::resume(ACCOUNT, &first.context, Ok(&response), |_| Ok(account()))
        else {
            panic!("one user is left");
        };
        assert!(next.request.url.contains("?limit=1&cursor=c2&order_by="));
        let bytes = next.context;
        let read = Context::from_bytes(&bytes, ACCOUNT, EntryPoint::Steps).unwrap();
        assert_eq!(read.to_bytes(), bytes);
        // Nothing is in it but the users and their lengths.
        let size = 499 * (user.len() + 2);
        assert!((size..size + 500).contains(&bytes.len()), "{}", bytes.len());
    }

    #[test]
    fn foreign_context_is_rejected() {
        let bytes = context().to_bytes();
        let other = "11111111-1111-4111-8111-111111111111";
        let mut later = bytes.clone();
        *later.get_mut(1).unwrap() += 1;
        for (bytes, account, entry_point) in [
            (&bytes[..], other, EntryPoint::HttpApi),
            (&bytes, ACCOUNT, EntryPoint::Steps),
            (&bytes[..bytes.len() - 1], ACCOUNT, EntryPoint::HttpApi),
            (&[&bytes[..], b"\0"].concat(), ACCOUNT, EntryPoint::HttpApi),
            (&later, ACCOUNT, EntryPoint::HttpApi),
            (b"", ACCOUNT, EntryPoint::HttpApi),
            (b"{}", ACCOUNT, EntryPoint::HttpApi),
        ] {
            let error = Context::from_bytes(bytes, account, entry_point).unwrap_err();
            assert_eq!(
                (error.code, error.outcome),
                (ErrorCode::InvalidRequest, Outcome::Unknown),
            );
        }
    }
}
