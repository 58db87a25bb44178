//! The format `debug`: the unified response, and what went over the wire.

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::RawBody;
use crate::json::{raw, write};
use crate::operation::{Completed, Output};
use crate::shape;

/// The response of a call whose caller asks for it.
pub(super) fn json(completed: &Completed<'_>) -> Option<Vec<u8>> {
    let request = completed.request.as_ref()?;
    let response = completed.response;
    let (result, page) = match &completed.output {
        Output::Users {
            entries,
            next_cursor,
        } => {
            let mut users = Vec::new();
            shape::users_json(entries, &completed.form, &mut users);
            (users, Some((next_cursor.as_deref(), entries.len())))
        }
        Output::User(_) | Output::Deleted(_) => (shape::json(completed), None),
    };
    let debug = write(&Debug {
        request_url: &request.url,
        request_options: RequestOptions {
            method: &request.method,
            headers: Headers(&request.headers),
            body: std::str::from_utf8(&request.body)
                .ok()
                .and_then(|body| raw(body).ok()),
        },
        data: RawBody::whole(&response.body),
        response_headers: Headers(&response.headers),
        next_cursor: match page {
            Some((next_cursor, _)) => NextCursor::OfPage(next_cursor),
            None => NextCursor::Absent,
        },
        is_empty_result: page.map(|(_, count)| count == 0),
        result_count: page.map(|(_, count)| count),
    });
    // The provider's JSON in the result is inserted, never rebuilt.
    let parts: [&[u8]; 5] = [br#"{"result":"#, &result, br#","debug":"#, &debug, b"}"];
    Some(parts.concat())
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Debug<'a> {
    request_url: &'a str,
    request_options: RequestOptions<'a>,
    data: RawBody<'a>,
    response_headers: Headers<'a>,
    /// Of a list; `null` on the last page.
    #[serde(skip_serializing_if = "NextCursor::is_absent")]
    next_cursor: NextCursor<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_empty_result: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result_count: Option<usize>,
}

#[derive(Serialize)]
struct RequestOptions<'a> {
    method: &'a str,
    headers: Headers<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'a RawValue>,
}

/// The cursor of the next page.
#[derive(Serialize)]
#[serde(untagged)]
enum NextCursor<'a> {
    /// Not a list.
    Absent,
    /// A list.
    OfPage(Option<&'a str>),
}

impl NextCursor<'_> {
    const fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }
}

/// Headers as an object by their name in lower case, sorted; the values of one name are a list (RFC 9110, section 5.3).
struct Headers<'a>(&'a [(String, String)]);

impl Serialize for Headers<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let lower =
            |(name, value): &'_ (String, String)| (name.to_ascii_lowercase(), value.clone());
        let mut headers: Vec<(String, String)> = self.0.iter().map(lower).collect();
        // The order of the values of one name counts, and this sort keeps it.
        headers.sort_by(|(one, _), (other, _)| one.cmp(other));
        let mut map = serializer.serialize_map(None)?;
        for group in headers.chunk_by(|(one, _), (other, _)| one == other) {
            let values: Vec<&str> = group.iter().map(|(_, value)| value.as_str()).collect();
            let name = group.first().map(|(name, _)| name.as_str());
            map.serialize_entry(name.unwrap_or_default(), &values.join(", "))?;
        }
        map.end()
    }
}
