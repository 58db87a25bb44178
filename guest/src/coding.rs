//! Content codings that code nothing, of requests and of responses.

/// Whether no coding in the list codes anything: `identity` (RFC 9110, section 12.5.3), and what servers write for it by mistake.
pub(crate) fn codes_nothing(value: &str) -> bool {
    value.split(',').map(str::trim).all(|coding| {
        let nothing = ["", "identity", "none"];
        nothing
            .iter()
            .any(|nothing| coding.eq_ignore_ascii_case(nothing))
            || is_utf8(coding)
    })
}

/// Whether this is a name of UTF-8, which servers give as a coding, too.
pub(crate) fn is_utf8(name: &str) -> bool {
    ["utf-8", "utf8"]
        .iter()
        .any(|utf8| name.eq_ignore_ascii_case(utf8))
}
