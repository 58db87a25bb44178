//! What the second half of a call needs from the first.

use crate::bindings::types::{Error, ErrorCode, Finding, FindingCode, Format, Location, Outcome};
use crate::codes;
use crate::findings::error;
use crate::integration::{Integration, OperationName, find};
use crate::json::{Value, parse, write};

/// What the second half of a call needs from the first. It holds no secret.
#[derive(Debug)]
pub struct Context {
    /// The integration that is called.
    pub integration: &'static Integration,
    /// The operation.
    pub operation: OperationName,
    /// The id of the user that is changed.
    pub id: Option<String>,
    /// The primary address: by it, a person can look whether a user was created.
    pub email: Option<String>,
    /// The position of the primary address in the input.
    pub position: usize,
    /// The form of the answer.
    pub format: Format,
    /// Whether `remote_data` is left out.
    pub ignore_remote_data: bool,
    /// The fields that are left out.
    pub exclude_fields: Vec<String>,
    /// What was found in the input.
    pub warnings: Vec<Finding>,
}

/// A context is read by the version that wrote it only.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The error for a context that is not one.
#[must_use]
pub fn foreign_context() -> Error {
    let message = "expected the context of the matching first half, of the same version".to_owned();
    error(ErrorCode::InvalidRequest, 400, Outcome::Unknown, message)
}

impl Context {
    /// The form in which it crosses the boundary: a JSON list, because both sides know the order.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let Self {
            integration,
            operation,
            id,
            email,
            position,
            format,
            ignore_remote_data,
            exclude_fields,
            warnings,
        } = self;
        let warnings: Vec<_> = warnings.iter().map(written).collect();
        write(&(
            VERSION,
            integration.name,
            operation.as_str(),
            id,
            email,
            position,
            codes::format(*format),
            ignore_remote_data,
            exclude_fields,
            warnings,
        ))
    }

    /// Reads what `to_bytes` wrote.
    ///
    /// # Errors
    ///
    /// `invalid-request` when the bytes are not a context of this version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        std::str::from_utf8(bytes)
            .ok()
            .and_then(|context| read(&parse(context).ok()?))
            .ok_or_else(foreign_context)
    }
}

fn read(context: &Value<'_>) -> Option<Context> {
    let [
        version,
        integration,
        operation,
        id,
        email,
        position,
        format,
        ignore_remote_data,
        exclude_fields,
        warnings,
    ] = context.as_array()?.values()?;
    if version.as_str()? != VERSION {
        return None;
    }
    Some(Context {
        integration: find(integration.as_str()?)?,
        operation: by_word(
            &[OperationName::Create, OperationName::Update],
            OperationName::as_str,
            &operation,
        )?,
        id: id.as_str().map(str::to_owned),
        email: email.as_str().map(str::to_owned),
        position: match position {
            Value::Number(position) => position.parse().ok()?,
            _ => return None,
        },
        format: by_word(
            &[Format::Unified, Format::Raw, Format::Normalized],
            codes::format,
            &format,
        )?,
        ignore_remote_data: ignore_remote_data.as_bool()?,
        exclude_fields: exclude_fields
            .as_array()?
            .iter()
            .map(|name| Some(name.as_str()?.to_owned()))
            .collect::<Option<_>>()?,
        warnings: warnings
            .as_array()?
            .iter()
            .map(|warning| finding(&warning))
            .collect::<Option<_>>()?,
    })
}

fn written(finding: &Finding) -> [&str; 4] {
    let Finding {
        code,
        in_,
        path,
        message,
    } = finding;
    [codes::finding(*code), codes::location(*in_), path, message]
}

fn finding(value: &Value<'_>) -> Option<Finding> {
    let [code, place, path, message] = value.as_array()?.values()?;
    Some(Finding {
        code: by_word(&CODES, codes::finding, &code)?,
        in_: by_word(
            &[
                Location::Body,
                Location::Query,
                Location::Path,
                Location::Header,
            ],
            codes::location,
            &place,
        )?,
        path: path.as_str()?.to_owned(),
        message: message.as_str()?.to_owned(),
    })
}

/// Every code that a warning can have.
const CODES: [FindingCode; 6] = [
    FindingCode::UnknownField,
    FindingCode::UnsupportedField,
    FindingCode::SurplusValue,
    FindingCode::IdMissing,
    FindingCode::IdempotencyKeyIgnored,
    FindingCode::More,
];

/// The case of an enum that has this word.
fn by_word<T: Copy>(cases: &[T], word: fn(T) -> &'static str, wanted: &Value<'_>) -> Option<T> {
    let wanted = wanted.as_str()?;
    cases.iter().copied().find(|case| word(*case) == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_context_comes_back_as_it_went() {
        let warnings = CODES.map(|code| Finding {
            code,
            in_: Location::Body,
            path: "/a~1b".to_owned(),
            message: "m".to_owned(),
        });
        let context = Context {
            integration: find("hive").unwrap(),
            operation: OperationName::Update,
            id: Some("1/ü".to_owned()),
            email: None,
            position: 3,
            format: Format::Normalized,
            ignore_remote_data: true,
            exclude_fields: vec!["id".to_owned()],
            warnings: warnings.to_vec(),
        };
        let bytes = context.to_bytes();
        let back = Context::from_bytes(&bytes).unwrap();
        assert_eq!(back.to_bytes(), bytes);
        assert_eq!(back.warnings, warnings);
        assert_eq!((back.id.as_deref(), back.position), (Some("1/ü"), 3));
    }

    #[test]
    fn nothing_else_is_a_context() {
        for bytes in ["", "{}", "[]", r#"{"version":"0.0.0"}"#] {
            let error = Context::from_bytes(bytes.as_bytes()).unwrap_err();
            assert_eq!(
                (error.code, error.outcome),
                (ErrorCode::InvalidRequest, Outcome::Unknown),
                "{bytes}"
            );
        }
    }
}
