//! Every golden case as a typed call.

use serde_json::{Map, Value, json};
use unified_ticketing::Sender;
use unified_ticketing::types::{Body, Error, Finding, Format, Options, Page, Response, User};
use unified_ticketing_guest::bindings::types::UserChanges;
use unified_ticketing_guest::field::ResponseField;
use unified_ticketing_guest::findings::Findings;
use unified_ticketing_guest::http_api::{body, query::Query};
use unified_ticketing_guest::integration::OperationName;

use super::{run, run_all};
use crate::case::{self, ACCOUNT, Case};
use crate::convert;
use crate::provider::Provider;

#[test]
fn typed_cases_hold_when_host_sends() {
    run_all("host", Sender::Host, |case, runtime| {
        runtime.block_on(typed(case, Sender::Host));
    });
}

#[test]
fn typed_cases_hold_when_component_sends() {
    run_all("component", Sender::Component, |case, runtime| {
        runtime.block_on(typed(case, Sender::Component));
    });
}

async fn typed(case: &Case, sender: Sender) {
    let (_, target) = case.http();
    let (settings, mut findings) = Query::parse(&target).settings(case.operation);
    let given = case.file.call.bytes();
    let changes = match case.operation {
        OperationName::Create => body::new_user(given, &mut findings),
        OperationName::Update => body::changes(given, &mut findings),
        OperationName::Get | OperationName::List | OperationName::Delete => UserChanges::default(),
    };
    if !is_typed(&findings) || settings.dry_run || settings.debug {
        // The types cannot express this input, such as a string instead of an array, or this format.
        return;
    }
    let (options, query) = (
        convert::options(settings.options),
        convert::query(settings.list),
    );
    run(case, sender, async |engine, provider| {
        let id = case.file.call.id.as_deref().unwrap_or_default();
        let with = options.clone();
        let result = match case.operation {
            OperationName::Create => {
                let user = convert::new_user(changes);
                engine.create_user(ACCOUNT, user, with).await
            }
            OperationName::Update => {
                let changes = convert::changes(changes);
                engine.update_user(ACCOUNT, id, changes, with).await
            }
            OperationName::Get => engine.get_user(ACCOUNT, id, with).await,
            OperationName::List => engine.list_users(ACCOUNT, query, with).await,
            OperationName::Delete => engine.delete_user(ACCOUNT, id, with).await,
        };
        match result {
            Ok(response) => check_response(case, provider, &response, &options),
            Err(error) => check_error(case, provider, &error),
        }
    })
    .await;
}

fn is_typed(findings: &Findings) -> bool {
    findings.violations.is_empty() && findings.warnings.is_empty()
}

/// Converts a typed response into one of the HTTP API, and compares it with the case.
fn check_response(case: &Case, provider: &Provider, response: &Response, options: &Options) {
    let mut headers = vec![("unified-result".to_owned(), response.result.to_string())];
    headers.extend(response.warnings.iter().map(warning));
    headers.extend(rate_limit(response.rate_limit.as_ref()));
    let body = match &response.body {
        Body::Raw(body) => {
            let content_type = body.content_type.iter();
            headers.extend(content_type.map(|value| ("content-type".to_owned(), value.clone())));
            // The contract names the next page beside users alone: whoever asks for bytes reads on from them.
            let name = "unified-next-cursor";
            let cursor = case.file.result.headers.get(name).into_iter();
            headers.extend(cursor.map(|cursor| (name.to_owned(), cursor.clone())));
            body.bytes.clone()
        }
        Body::User(user) => json_of(user, options).into_bytes(),
        Body::Users(page) => page_json(page, options).into_bytes(),
        Body::Deleted(id) => json!({ "id": id }).to_string().into_bytes(),
    };
    case.check_response(&provider.url(), 200, &headers, &body);
}

fn page_json(page: &Page, options: &Options) -> String {
    let Page {
        users,
        next_cursor,
        complete,
    } = page;
    assert_eq!(*complete, next_cursor.is_none(), "a next page is announced");
    let count = users.len();
    let users: Vec<String> = users.iter().map(|user| json_of(user, options)).collect();
    let (users, next_cursor) = (users.join(","), json!(next_cursor));
    format!(
        r#"{{"result":[{users}],"next_cursor":{next_cursor},"prev_cursor":null,"result_count":{count}}}"#
    )
}

fn json_of(user: &User, options: &Options) -> String {
    let nulls = options.format == Format::Normalized;
    let mut body = Map::new();
    for field in ResponseField::ALL {
        let pair = |names: [&str; 2], values: [&Option<String>; 2]| {
            let members = names
                .into_iter()
                .zip(values)
                .filter(|(_, value)| value.is_some() || nulls);
            Value::Object(
                members
                    .map(|(name, value)| (name.to_owned(), json!(value)))
                    .collect(),
            )
        };
        let value = match field {
            ResponseField::Id => json!(user.id),
            ResponseField::Name => json!(user.name),
            ResponseField::FirstName => json!(user.first_name),
            ResponseField::LastName => json!(user.last_name),
            ResponseField::Username => json!(user.username),
            ResponseField::Emails => user.emails.as_ref().map_or(Value::Null, |emails| {
                emails
                    .iter()
                    .map(|email| {
                        pair(
                            ["email", "type"],
                            [&Some(email.address.clone()), &email.type_],
                        )
                    })
                    .collect()
            }),
            ResponseField::IsActive => json!(user.is_active),
            ResponseField::TeamIds => json!(user.team_ids),
            ResponseField::Avatar => json!(user.avatar),
            ResponseField::Roles => user.roles.as_ref().map_or(Value::Null, |roles| {
                roles
                    .iter()
                    .map(|role| pair(["id", "name"], [&role.id, &role.name]))
                    .collect()
            }),
            ResponseField::CreatedAt => json!(user.created_at),
            ResponseField::UpdatedAt => json!(user.updated_at),
            ResponseField::Etag => json!(user.etag),
        };
        let excluded = options
            .exclude_fields
            .iter()
            .any(|name| name == field.name());
        if !value.is_null() || (nulls && !excluded) {
            assert!(!excluded, "{} is left out", field.name());
            body.insert(field.name().to_owned(), value);
        }
    }
    let mut text = Value::Object(body).to_string();
    if let Some(data) = &user.remote_data {
        // Unchanged: the case compares the provider's own bytes.
        let _ = text.pop();
        let comma = if text.len() > 1 { "," } else { "" };
        text.push_str(&format!("{comma}\"remote_data\":{data}}}"));
    }
    text
}

/// The path of a finding as the HTTP API writes it: some options have another name there.
fn path(finding: &Finding) -> &str {
    match (kebab_case(&finding.in_).as_str(), finding.path.as_str()) {
        ("query", "exclude_fields") => "truto_exclude_fields",
        ("query", "email") => "emails",
        ("query", "cursor") => "next_cursor",
        (_, path) => path,
    }
}

fn warning(finding: &Finding) -> (String, String) {
    let path = percent_encoding::utf8_percent_encode(path(finding), case::check::POINTER);
    (
        "unified-warning".to_owned(),
        format!("{}; path=\"{path}\"", kebab_case(&finding.code)),
    )
}

/// The name of an enum's case, in the contract's spelling.
pub fn kebab_case(case: &impl std::fmt::Debug) -> String {
    let name = format!("{case:?}");
    let name = name.rsplit("::").next().unwrap_or(&name);
    let mut kebab = String::new();
    for character in name.chars() {
        if character.is_ascii_uppercase() && !kebab.is_empty() {
            kebab.push('-');
        }
        kebab.push(character.to_ascii_lowercase());
    }
    kebab
}

fn rate_limit(limit: Option<&unified_ticketing::types::RateLimit>) -> Vec<(String, String)> {
    let Some(limit) = limit else {
        return Vec::new();
    };
    [
        ("ratelimit-limit", limit.limit),
        ("ratelimit-remaining", limit.remaining),
        ("ratelimit-reset", limit.reset),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name.to_owned(), value?.to_string())))
    .collect()
}

fn check_error(case: &Case, provider: &Provider, error: &Error) {
    let Error {
        code,
        message,
        status,
        violations,
        provider: rejection,
        retry_after,
        rate_limit: limits,
        limit,
        outcome,
        existing_ids,
        looked,
    } = error;
    let mut headers = rate_limit(limits.as_ref());
    headers.extend(retry_after.map(|seconds| ("retry-after".to_owned(), seconds.to_string())));
    let missing = |location: &str| -> Vec<&str> {
        let missing = violations.iter().filter(|found| {
            kebab_case(&found.code) == "required" && kebab_case(&found.in_) == location
        });
        missing
            .map(|found| found.path.trim_start_matches('/'))
            .filter(|name| !name.contains('/'))
            .collect()
    };
    let violations: Vec<Value> = violations
        .iter()
        .map(|found| json!({"in": kebab_case(&found.in_), "path": path(found), "code": kebab_case(&found.code), "message": found.message}))
        .collect();
    let raw = rejection
        .as_ref()
        .and_then(|rejection| rejection.body.as_ref())
        .map(|body| {
            serde_json::from_slice(body)
                .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(body).into_owned()))
        });
    let provider_status = rejection.as_ref().map(|rejection| rejection.status);
    let body = json!({
        "statusCode": status,
        "error": "-",
        "code": kebab_case(code),
        "message": message,
        "outcome": kebab_case(outcome),
        "limit": limit.as_ref().map(kebab_case),
        "violations": violations,
        "truto_error_insight": {
            "missing_required_body_fields": {"value": missing("body")},
            "missing_required_query_parameters": {"value": missing("query")},
        },
        "provider_status": provider_status,
        "truto_is_remote_error": provider_status.filter(|status| *status >= 400).map(|_| true),
        "raw_response": raw,
        "existing_id": <&[String; 1]>::try_from(existing_ids.as_slice()).ok().map(|[id]| id),
        "existing_ids": Some(existing_ids).filter(|ids| ids.len() > 1),
        "looked": looked,
    });
    case.check_response(
        &provider.url(),
        *status,
        &headers,
        body.to_string().as_bytes(),
    );
}
