//! The request of the HTTP API for a call.

use form_urlencoded::Serializer;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use unified_ticketing::http_api::HttpRequest;
use unified_ticketing_guest::http_api::USERS;

use crate::args::{CallArgs, Format, Output};
use crate::operation::{Call, Operation};

/// Returns the request for a call. `cursor` is the one of a list.
pub(super) fn request(
    account: &str,
    call: &Call<'_>,
    cursor: Option<&str>,
    body: Vec<u8>,
) -> HttpRequest {
    let id = call.operation.id().map(|id| {
        // All bytes but letters and digits are encoded, so that an id such as `..` is checked as an id.
        format!("/{}", utf8_percent_encode(id, NON_ALPHANUMERIC))
    });
    let content_type = ("content-type".to_owned(), "application/json".to_owned());
    HttpRequest {
        method: call.operation.name().http_method().to_owned(),
        target: format!(
            "{USERS}{}?{}",
            id.unwrap_or_default(),
            query(account, call, cursor)
        ),
        headers: call
            .operation
            .user()
            .map(|_| content_type)
            .into_iter()
            .collect(),
        body,
    }
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
    for field in exclude_fields {
        query.append_pair("truto_exclude_fields[]", field);
    }
    for (position, collection) in collections.iter().enumerate() {
        let (kind, id) = collection
            .split_once(':')
            .map_or((None, collection.as_str()), |(kind, id)| (Some(kind), id));
        query.append_pair(&format!("collections[{position}][id]"), id);
        if let Some(kind) = kind {
            query.append_pair(&format!("collections[{position}][type]"), kind);
        }
    }
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
