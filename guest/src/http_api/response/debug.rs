//! The format `debug`: the unified response, and what went over the wire.

use std::collections::BTreeMap;

use serde::Serialize;
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
            let page = Page {
                next_cursor: next_cursor.as_deref(),
                is_empty_result: entries.is_empty(),
                result_count: entries.len(),
            };
            (users, Some(page))
        }
        Output::User(_) | Output::Deleted(_) => (shape::json(completed), None),
    };
    let debug = write(&Debug {
        request_url: &request.url,
        request_options: RequestOptions {
            method: &request.method,
            headers: by_name(&request.headers),
            body: std::str::from_utf8(&request.body)
                .ok()
                .and_then(|body| raw(body).ok()),
        },
        data: RawBody::whole(&response.body),
        response_headers: by_name(&response.headers),
        page,
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
    response_headers: BTreeMap<String, String>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    page: Option<Page<'a>>,
}

#[derive(Serialize)]
struct RequestOptions<'a> {
    method: &'a str,
    headers: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'a RawValue>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Page<'a> {
    next_cursor: Option<&'a str>,
    is_empty_result: bool,
    result_count: usize,
}

/// Headers by their name in lower case; the values of one name are a list (RFC 9110, section 5.3).
fn by_name(headers: &[(String, String)]) -> BTreeMap<String, String> {
    let mut by_name: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in headers {
        by_name
            .entry(name.to_ascii_lowercase())
            .and_modify(|values| {
                values.push_str(", ");
                values.push_str(value);
            })
            .or_insert_with(|| value.clone());
    }
    by_name
}
