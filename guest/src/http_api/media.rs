//! Checks the headers of a request that describe its body: it must be JSON in UTF-8, not compressed.

use crate::coding;

/// The expectation of a header, where its value says that the body is not uncompressed JSON in UTF-8.
pub(super) fn expected(name: &str, value: &str) -> Option<&'static str> {
    if name.eq_ignore_ascii_case("content-type") {
        if !is_json(value) {
            return Some("the content type `application/json`");
        }
        return (!is_utf8(value)).then_some("the charset `utf-8`");
    }
    let plain = !name.eq_ignore_ascii_case("content-encoding") || coding::codes_nothing(value);
    (!plain).then_some("a body without a content coding")
}

/// JSON, or a type whose suffix says that it is (RFC 6839, section 3.1), or no type.
fn is_json(value: &str) -> bool {
    let essence = value
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    matches!(essence.as_str(), "" | "application/json") || essence.ends_with("+json")
}

/// Whether a content type has no `charset`, or this one. JSON has no such parameter (RFC 8259, section 11), and clients send it.
fn is_utf8(value: &str) -> bool {
    let parameters = value
        .split(';')
        .skip(1)
        .filter_map(|parameter| parameter.split_once('='));
    let mut charsets = parameters.filter(|(name, _)| name.trim().eq_ignore_ascii_case("charset"));
    charsets.all(|(_, charset)| coding::is_utf8(charset.trim().trim_matches('"')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf8_json_is_accepted_however_spelled() {
        for value in [
            "",
            "application/json",
            "Application/JSON ; Charset=UTF-8",
            "application/json;charset=\"utf-8\"",
            "application/json; charset=utf8; profile=\"a\"",
            "application/json;",
            "application/vnd.api+json",
        ] {
            assert_eq!(expected("Content-Type", value), None, "{value}");
        }
        for value in [
            "text/json",
            "application/jsonp",
            "application/json, text/plain",
            "application/json; charset=iso-8859-1",
            "application/json; charset=utf-16",
            "application/json; charset=",
            "application/json; charset=utf-8; charset=latin1",
        ] {
            assert!(expected("content-type", value).is_some(), "{value}");
        }
    }

    #[test]
    fn empty_coding_is_accepted() {
        for value in [
            "",
            "identity",
            "Identity, none",
            "utf-8",
            "UTF8",
            " , identity,",
        ] {
            assert_eq!(expected("Content-Encoding", value), None, "{value}");
        }
        for value in ["gzip", "identity, br", "aws-chunked", "x"] {
            assert!(expected("content-encoding", value).is_some(), "{value}");
        }
        assert_eq!(expected("accept-encoding", "gzip"), None);
    }
}
