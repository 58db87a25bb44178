//! The routes of the published HTTP API.

use percent_encoding::percent_decode_str;

use crate::integration::OperationName;

/// The path of the API.
pub const USERS: &str = "/unified/ticketing/users";

/// What a request is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The operation.
    pub operation: OperationName,
    /// The id of the user, decoded. One that is not UTF-8 is the empty id, which is a violation.
    pub id: Option<String>,
}

/// Why a request is for nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RouteError {
    /// There is no such path.
    Path,
    /// The path has no such method, but these: the value of `allow` (RFC 9110, section 10.2.1).
    Method(String),
}

/// The route of a method and a path, percent-encoded and without a query: the path counts before the method.
///
/// # Errors
///
/// When there is no such path, or it does not have the method.
pub fn route(method: &str, path: &str) -> Result<Route, RouteError> {
    let id = match path.strip_prefix(USERS) {
        Some("") => None,
        Some(rest) => match rest.strip_prefix('/') {
            Some(id) if !id.is_empty() && !id.contains('/') => Some(id),
            _ => return Err(RouteError::Path),
        },
        None => return Err(RouteError::Path),
    };
    let here = OperationName::ALL
        .iter()
        .filter(|operation| operation.has_id() == id.is_some());
    let mut found = here.clone().filter(|it| it.http_method() == method);
    let Some(operation) = found.next() else {
        let methods: Vec<&str> = here.map(|operation| operation.http_method()).collect();
        return Err(RouteError::Method(methods.join(", ")));
    };
    Ok(Route {
        operation: *operation,
        id: id.map(|id| {
            let id = percent_decode_str(id).decode_utf8();
            id.unwrap_or_default().into_owned()
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn method_and_path_make_route() {
        let found = |method, path| route(method, path).unwrap();
        for operation in OperationName::ALL {
            let (path, id) = if operation.has_id() {
                ("/unified/ticketing/users/a%2Fb", Some("a/b".to_owned()))
            } else {
                (USERS, None)
            };
            let expected = Route {
                operation: *operation,
                id,
            };
            assert_eq!(found(operation.http_method(), path), expected);
        }
        let allow = |methods: &str| Err(RouteError::Method(methods.to_owned()));
        assert_eq!(route("HEAD", USERS), allow("POST, GET"));
        let one = "/unified/ticketing/users/1";
        assert_eq!(route("POST", one), allow("PATCH, GET, DELETE"));
        for path in [
            "/",
            "/unified/ticketing/users/",
            "/unified/ticketing/usersx",
        ] {
            assert_eq!(route("GET", path), Err(RouteError::Path), "{path}");
        }
    }
}
