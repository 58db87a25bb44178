//! The request of the HTTP API for a call.

use form_urlencoded::Serializer;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use unified_ticketing::http_api::HttpRequest;
use unified_ticketing_guest::http_api::{IDEMPOTENCY_KEY, USERS};

use crate::args::{CallArgs, CreationArgs, Format, IfExists, Output};
use crate::digest::derived_key;
use crate::input;
use crate::operation::{Call, Operation};

/// Returns the request for a call. `cursor` is the one of a list.
pub(super) fn request(
    account: &str,
    call: &Call<'_>,
    cursor: Option<&str>,
    body: Vec<u8>,
) -> HttpRequest {
    let path = call.operation.id().map_or(USERS.to_owned(), user_path);
    let target = format!("{path}?{}", query(account, call, cursor));
    let method = call.operation.name().http_method();
    let mut headers = Vec::new();
    if call.operation.user().is_some() {
        headers.push(("content-type".to_owned(), "application/json".to_owned()));
    }
    if let Some(key) = call.key {
        let key = if key == "auto" {
            automatic_key(account, method, call, &body)
        } else {
            // A string of Structured Fields can have blanks and commas.
            format!("\"{}\"", key.replace('\\', "\\\\").replace('"', "\\\""))
        };
        headers.push((IDEMPOTENCY_KEY.to_owned(), key));
    }
    HttpRequest {
        method: method.to_owned(),
        target,
        headers,
        body,
    }
}

/// The path of the user of this id.
pub(super) fn user_path(id: &str) -> String {
    // All bytes but letters and digits are encoded, so that an id such as `..` is checked as an id.
    format!("{USERS}/{}", utf8_percent_encode(id, NON_ALPHANUMERIC))
}

/// The key that a request has by itself: what asks for the same has the same one, whatever the format of the result.
fn automatic_key(account: &str, method: &str, call: &Call<'_>, body: &[u8]) -> String {
    let CallArgs {
        collections,
        remote_query,
        ..
    } = call.options;
    let texts = [account, method, call.operation.id().unwrap_or_default()];
    let parameters = remote_query.iter().flat_map(|(name, value)| [name, value]);
    let parameters = collections.iter().chain(parameters).map(String::as_str);
    let texts = texts.into_iter().chain(parameters);
    derived_key("auto-", texts.map(str::as_bytes).chain([body]))
}

fn query(account: &str, call: &Call<'_>, cursor: Option<&str>) -> String {
    let CallArgs {
        account: _,
        collections,
        remote_query,
        format,
        ignore_remote_data,
        exclude_fields,
        strict,
    } = call.options;
    let mut query = Serializer::new(String::new());
    query.append_pair("integrated_account_id", account);
    let format = match format {
        Format::Unified => "unified",
        Format::Raw => "raw",
        Format::Normalized => "normalized",
        Format::Debug => "debug",
    };
    query.append_pair("truto_response_format", format);
    for (name, value) in [
        // A table has no place for it.
        (
            "truto_ignore_remote_data",
            *ignore_remote_data || call.output == Output::Table,
        ),
        ("unified_strict", *strict),
        ("unified_dry_run", call.dry_run),
    ] {
        if value {
            query.append_pair(name, "true");
        }
    }
    if let Some(CreationArgs { if_exists, resend }) = call.creation {
        append_if_exists(&mut query, *if_exists);
        if *resend {
            query.append_pair("unified_resend", "true");
        }
    }
    for field in exclude_fields {
        query.append_pair("truto_exclude_fields[]", field);
    }
    append_collections(&mut query, collections);
    for (name, value) in remote_query {
        // The name `filter[a]` is the key `a` within the key `filter`.
        let (base, keys) = name.split_at(name.find('[').unwrap_or(name.len()));
        query.append_pair(&format!("remote_query[{base}]{keys}"), value);
    }
    if let Operation::List(list) = call.operation {
        let parameters = [
            ("emails[0][email]", list.email.as_deref()),
            ("limit", list.limit.as_deref()),
            ("next_cursor", cursor),
        ];
        for (name, value) in parameters {
            if let Some(value) = value {
                query.append_pair(name, value);
            }
        }
    }
    query.finish()
}

/// Appends what a creation does where the user may be there, unless it is the usual.
pub(super) fn append_if_exists(query: &mut Serializer<'_, String>, if_exists: IfExists) {
    let if_exists = match if_exists {
        IfExists::Fail => return,
        IfExists::Keep => "keep",
        IfExists::Update => "update",
    };
    query.append_pair("unified_if_exists", if_exists);
}

/// Appends collections, each `[TYPE:]ID`.
pub(super) fn append_collections(query: &mut Serializer<'_, String>, collections: &[String]) {
    for (position, collection) in collections.iter().enumerate() {
        let (kind, id) = input::collection(collection);
        query.append_pair(&format!("collections[{position}][id]"), id);
        if let Some(kind) = kind {
            query.append_pair(&format!("collections[{position}][type]"), kind);
        }
    }
}
