//! Every golden case through the built component in the host, against a provider on loopback: as a request of the HTTP API,
//! and as a typed call by either sender.

use std::sync::{Arc, Mutex};

use serde_json::{Map, Value, json};
use unified_ticketing::http_api::HttpRequest;
use unified_ticketing::types::{Body, Error, Finding, Response, User};
use unified_ticketing::{Account, Accounts, Engine, Lookup, MemoryAccounts, Sender};
use unified_ticketing_guest::field::ResponseField;
use unified_ticketing_guest::findings::Findings;
use unified_ticketing_guest::http_api::{body, query::Query};

use crate::case::{self, ACCOUNT, Case};
use crate::convert;
use crate::provider::{Answer, Provider};

fn account(case: &Case, provider: &Provider) -> Account {
    let case::Account {
        base_url,
        settings,
        credentials,
    } = case.account_at(&provider.url());
    let mut account = Account::builder(ACCOUNT, &case.integration);
    if let Some(base_url) = base_url {
        account = account.base_url(base_url);
    }
    for (name, value) in settings {
        account = account.setting(name, value);
    }
    for (name, value) in credentials {
        account = account.credential(name, value);
    }
    account
        .build()
        .unwrap_or_else(|fault| panic!("{}: {fault}", case.name))
}

fn answer(case: &Case) -> Option<Answer> {
    let answer = case.file.response.as_ref()?;
    let headers = answer
        .headers
        .iter()
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    Some(Answer {
        status: answer.status,
        headers,
        body: answer.body(),
    })
}

/// Runs a case against a provider, and checks what the provider received.
async fn with_provider<T>(
    case: &Case,
    sender: Sender,
    call: impl AsyncFnOnce(Engine, &Provider) -> T,
) -> T {
    let provider = Provider::start().await;
    provider.answer(answer(case));
    let accounts = MemoryAccounts::from_iter([account(case, &provider)]);
    let engine = Engine::builder()
        .accounts(accounts)
        .sender(sender)
        .max_instances(1)
        .build()
        .expect("an engine");
    let result = call(engine, &provider).await;
    let received = provider.received();
    if case.file.request.is_some() {
        assert_eq!(received.len(), 1, "{}: one request", case.name);
    }
    for request in &received {
        case.check_request(
            &request.method,
            &request.target,
            &request.headers,
            &request.body,
        );
    }
    result
}

/// One account after the other, all of the same id.
#[derive(Clone, Default)]
struct Changing(Arc<Mutex<Option<Account>>>);

impl Accounts for Changing {
    fn get<'a>(&'a self, _: &'a str) -> Lookup<'a> {
        let account = self.0.lock().expect("no panic inside").clone();
        Box::pin(std::future::ready(Ok(account)))
    }
}

/// What a call answers does not depend on what the instance has answered before.
#[tokio::test]
async fn every_case_holds_in_instances_that_are_reused() {
    for sender in [Sender::Host, Sender::Component] {
        let (accounts, provider) = (Changing::default(), Provider::start().await);
        let engine = Engine::builder()
            .accounts(accounts.clone())
            .sender(sender)
            .reuse(u32::MAX)
            .max_instances(1);
        let engine = engine.build().expect("an engine");
        let cases = case::all();
        let mut calls = 0;
        for case in cases.iter().chain(cases.iter().rev()) {
            *accounts.0.lock().expect("no panic inside") = Some(account(case, &provider));
            provider.answer(answer(case));
            let response = engine.http(request(case)).await;
            case.check_response(
                &provider.url(),
                response.status,
                &response.headers,
                &response.body,
            );
            for request in provider.received() {
                case.check_request(
                    &request.method,
                    &request.target,
                    &request.headers,
                    &request.body,
                );
            }
            calls += 1;
        }
        let made = engine.instances();
        // A step that a busy machine interrupts runs again in another instance.
        assert!(made < calls / 2, "{sender:?}: {made} for {calls} calls");
    }
}

#[tokio::test]
async fn a_fresh_instance_serves_each_half_of_a_call_or_the_whole_of_it() {
    let cases = case::all();
    let sends = |case: &&Case| case.file.request.is_some();
    let case = cases.iter().find(sends).expect("a case that sends");
    let provider = Provider::start().await;
    provider.answer(answer(case));
    for (sender, each) in [(Sender::Host, 2), (Sender::Component, 1)] {
        let accounts = MemoryAccounts::from_iter([account(case, &provider)]);
        let engine = Engine::builder().accounts(accounts).sender(sender);
        let engine = engine.max_instances(1).build().expect("an engine");
        for call in 1..=3 {
            engine.http(request(case)).await;
            // What takes longer than a millisecond or two, on a busy machine, begins again in another instance.
            let made = engine.instances();
            assert!(
                (call * each..=2 * call * each).contains(&made),
                "{sender:?}: {made} after {call} calls"
            );
        }
    }
    assert_eq!(provider.received().len(), 6);
}

fn request(case: &Case) -> HttpRequest {
    let (method, target) = case.http();
    HttpRequest {
        method: method.to_owned(),
        target,
        headers: vec![(
            "Content-Type".to_owned(),
            "application/json; charset=utf-8".to_owned(),
        )],
        body: case.file.call.body.clone().into_bytes(),
    }
}

fn run_all(name: &str, run: impl Fn(&Case, &tokio::runtime::Runtime)) {
    let cases = case::all();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let failed: Vec<&str> = cases
        .iter()
        .filter(|case| {
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| run(case, &runtime))).is_err()
        })
        .map(|case| case.name.as_str())
        .collect();
    assert!(
        failed.is_empty(),
        "{name}: {} of {} cases failed: {failed:#?}",
        failed.len(),
        cases.len()
    );
}

#[test]
fn every_case_holds_over_the_http_face_by_the_halves() {
    over_http(Sender::Host);
}

#[test]
fn every_case_holds_over_the_http_face_by_the_handler() {
    over_http(Sender::Component);
}

fn over_http(sender: Sender) {
    run_all(&format!("http, {sender:?}"), |case, runtime| {
        runtime.block_on(with_provider(case, sender, async |engine, provider| {
            let response = engine.http(request(case)).await;
            case.check_response(
                &provider.url(),
                response.status,
                &response.headers,
                &response.body,
            );
        }));
    });
}

#[test]
fn typed_cases_hold_host_driven() {
    run_all("host", |case, runtime| {
        runtime.block_on(typed(case, Sender::Host));
    });
}

#[test]
fn typed_cases_hold_component_driven() {
    run_all("component", |case, runtime| {
        runtime.block_on(typed(case, Sender::Component));
    });
}

async fn typed(case: &Case, sender: Sender) {
    let (_, target) = case.http();
    let (settings, mut findings) = Query::parse(&target).settings();
    let given = case.file.call.body.as_bytes();
    let (user, changes) = if case.update {
        (None, Some(body::changes(given, &mut findings)))
    } else {
        (Some(body::new_user(given, &mut findings)), None)
    };
    if !is_typed(&findings) || settings.dry_run {
        // What the types cannot say, such as a text where a list belongs, only the HTTP API can be asked.
        return;
    }
    let options = convert::options(settings.options);
    with_provider(case, sender, async |engine, provider| {
        let result = match (user, changes, &case.file.call.id) {
            (Some(user), None, None) => {
                engine
                    .create_user(ACCOUNT, convert::new_user(user), options.clone())
                    .await
            }
            (None, Some(changes), Some(id)) => {
                engine
                    .update_user(ACCOUNT, id, convert::changes(changes), options.clone())
                    .await
            }
            _ => panic!("{}: a creation or an update", case.name),
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

/// Puts a typed response into the form of the HTTP API, and has the case look at it.
fn check_response(
    case: &Case,
    provider: &Provider,
    response: &Response,
    options: &unified_ticketing::types::Options,
) {
    let content_type = case
        .file
        .response
        .as_ref()
        .and_then(|answer| answer.headers.get("content-type").cloned());
    let mut headers: Vec<(String, String)> = content_type
        .into_iter()
        .map(|value| ("content-type".to_owned(), value))
        .collect();
    headers.extend(response.warnings.iter().map(warning));
    headers.extend(rate_limit(response.rate_limit.as_ref()));
    let body = match &response.body {
        Body::Raw(bytes) => bytes.clone(),
        Body::User(user) => json_of(user, options).into_bytes(),
    };
    case.check_response(&provider.url(), 200, &headers, &body);
}

fn json_of(user: &User, options: &unified_ticketing::types::Options) -> String {
    let nulls = options.format == unified_ticketing::types::Format::Normalized;
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
        // Kept as it came: the case looks for the provider's own bytes.
        let _ = text.pop();
        let comma = if text.len() > 1 { "," } else { "" };
        text.push_str(&format!("{comma}\"remote_data\":{data}}}"));
    }
    text
}

fn warning(finding: &Finding) -> (String, String) {
    // The one option whose parameter has another name.
    let path = match finding.path.as_str() {
        "exclude_fields" => "truto_exclude_fields",
        path => path,
    };
    let path = percent_encoding::utf8_percent_encode(path, case::check::POINTER);
    (
        "unified-warning".to_owned(),
        format!("{}; path=\"{path}\"", word(&finding.code)),
    )
}

/// The word of an enum's case, as the contract spells it.
pub fn word(case: &impl std::fmt::Debug) -> String {
    let name = format!("{case:?}");
    let name = name.rsplit("::").next().unwrap_or(&name);
    let mut word = String::new();
    for character in name.chars() {
        if character.is_ascii_uppercase() && !word.is_empty() {
            word.push('-');
        }
        word.push(character.to_ascii_lowercase());
    }
    word
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
        provider: refusal,
        retry_after,
        rate_limit: told,
        limit,
        outcome,
    } = error;
    let mut headers = rate_limit(told.as_ref());
    headers.extend(retry_after.map(|seconds| ("retry-after".to_owned(), seconds.to_string())));
    let missing = |place: &str| -> Vec<&str> {
        let missing = violations
            .iter()
            .filter(|found| word(&found.code) == "required" && word(&found.in_) == place);
        missing
            .map(|found| found.path.trim_start_matches('/'))
            .filter(|name| !name.contains('/'))
            .collect()
    };
    let violations: Vec<Value> = violations
        .iter()
        .map(|found| json!({"in": word(&found.in_), "path": found.path, "code": word(&found.code), "message": found.message}))
        .collect();
    let raw = refusal
        .as_ref()
        .and_then(|refusal| refusal.body.as_ref())
        .map(|body| {
            serde_json::from_slice(body)
                .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(body).into_owned()))
        });
    let provider_status = refusal.as_ref().map(|refusal| refusal.status);
    let body = json!({
        "statusCode": status,
        "error": "-",
        "code": word(code),
        "message": message,
        "outcome": word(outcome),
        "limit": limit.as_ref().map(word),
        "violations": violations,
        "truto_error_insight": {
            "missing_required_body_fields": {"value": missing("body")},
            "missing_required_query_parameters": {"value": missing("query")},
        },
        "provider_status": provider_status,
        "truto_is_remote_error": provider_status.filter(|status| *status >= 400).map(|_| true),
        "raw_response": raw,
    });
    case.check_response(
        &provider.url(),
        *status,
        &headers,
        body.to_string().as_bytes(),
    );
}
