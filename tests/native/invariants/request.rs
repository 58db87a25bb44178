//! The request to the provider.

use form_urlencoded::parse as pairs;
use http::Uri;
use unified_ticketing_guest::account::{authentication, base_url, scheme, setting};
use unified_ticketing_guest::bindings::accounts::{Account, Credentials};
use unified_ticketing_guest::bindings::types::{ProviderRequest, Safety, Sending};
use unified_ticketing_guest::context::{Context, EntryPoint};
use unified_ticketing_guest::integration::Body;
use unified_ticketing_guest::plan::MASK;

use super::{assert_findings, assert_hidden, assert_json_object, printable};
use crate::case::ACCOUNT;
use crate::support::Operation;

/// Checks the first step of a call: the target, the headers, the body and the secret of its request, and what is said of it. Returns
/// its context.
pub fn assert_sending(
    operation: Operation,
    account: &Account,
    sending: &Sending,
    entry_point: EntryPoint,
) -> Context {
    let integration = operation.integration;
    let table = operation.row;
    let Sending {
        request,
        safety,
        wait_ms,
        plan,
        warnings,
        context,
    } = sending;
    assert_eq!((*safety, *wait_ms), (table.safety, 0));
    let changes = *safety != Safety::Safe;
    assert_eq!(plan.as_ref(), Some(request).filter(|_| changes));
    assert_eq!(request.method, table.method);
    let base = base_url(integration, account.base_url.as_deref(), &account.settings);
    let base = base.expect("a usable account has a base URL");
    let origin = |url: &str| {
        let uri: Uri = url.parse().expect(url);
        (
            uri.scheme_str().map(str::to_owned),
            uri.authority().cloned(),
        )
    };
    // The `http` crate rejects longer URLs.
    if request.url.len() < usize::from(u16::MAX) {
        assert_eq!(origin(&request.url), origin(&base));
    }
    if let Some(url) = &account.base_url {
        assert_eq!(base, url.trim_end_matches('/'));
    } else {
        let template = integration.base_url;
        let known = template
            .split_once('}')
            .map_or(template, |(_, known)| known);
        assert!(base.ends_with(known), "{base}");
    }
    let rest = request.url.strip_prefix(&base);
    let rest = rest.and_then(|rest| rest.strip_prefix('/'));
    let rest = rest.unwrap_or_else(|| panic!("{} is not below {base}", request.url));
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%/?&=+*:".contains(&byte);
    assert!(rest.bytes().all(allowed), "{}", request.url);
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let by_email = table
        .list
        .and_then(|listing| listing.by_email.as_ref()?.path);
    let look_up = by_email.filter(|own| format!("/{path}") == **own);
    let shape = look_up.unwrap_or(table.path);
    let shape: Vec<&str> = shape.trim_start_matches('/').split('/').collect();
    let segments: Vec<&str> = path.split('/').collect();
    assert_eq!(segments.len(), shape.len(), "{}", request.url);
    for (segment, shape) in segments.iter().zip(shape) {
        assert!(!matches!(*segment, "" | "." | ".."), "{}", request.url);
        assert!(shape.contains('{') || *segment == shape, "{}", request.url);
    }
    let authenticates = |name: &str| {
        let name = name.split('[').next().unwrap_or_default();
        let mut names = integration.auth_query.iter();
        names.any(|own| own.eq_ignore_ascii_case(name))
    };
    let found: Vec<(String, String)> = pairs(query.as_bytes())
        .into_owned()
        .filter(|(name, _)| authenticates(name))
        .collect();
    let owned: Vec<(String, String)> = table
        .query
        .iter()
        .filter(|(name, _)| authenticates(name))
        .map(|(name, setting)| {
            (
                (*name).to_owned(),
                setting_value(operation, account, setting),
            )
        })
        .collect();
    assert_eq!(found, owned, "{}", request.url);
    assert_headers(operation, account, request, context);
    if matches!(table.body, Body::None) {
        assert!(request.body.is_empty());
    } else {
        assert_json_object(&request.body);
    }
    let read = Context::from_bytes(context, ACCOUNT, entry_point)
        .expect("the guest reads its own context");
    assert_eq!(&read.to_bytes(), context);
    assert_eq!(read.integration.name, integration.name);
    assert_eq!(read.operation, table.name);
    assert_eq!(&read.warnings, warnings);
    assert_findings(warnings);
    read
}

/// The value of a setting in an account, or its default.
fn setting_value(operation: Operation, account: &Account, name: &str) -> String {
    let mut settings = operation.integration.settings.iter();
    let known = settings.find(|known| known.name == name).expect(name);
    setting(known, &account.settings).expect(name).to_owned()
}

fn assert_headers(
    operation: Operation,
    account: &Account,
    request: &ProviderRequest,
    context: &[u8],
) {
    let integration = operation.integration;
    let (auth, value) = match &account.credentials {
        Credentials::Injected(names) => {
            let names = names.iter().map(String::as_str);
            (scheme(integration, names), Ok(MASK.to_owned()))
        }
        Credentials::Disclosed(given) => {
            let auth = scheme(integration, given.iter().map(|(name, _)| name.as_str()));
            let auth = auth.expect("credentials");
            (Ok(auth), authentication(auth, given))
        }
    };
    let (auth, value) = (auth.expect("credentials"), value.expect("credentials"));
    let length = request.body.len().to_string();
    let of_body = [
        ("content-type", "application/json"),
        ("content-length", length.as_str()),
    ];
    let of_every_request = [
        ("accept", "application/json"),
        ("user-agent", "unified-ticketing/0.1.0"),
        (auth.header, value.as_str()),
    ];
    let has_body = !matches!(operation.row.body, Body::None);
    let of_body = of_body.into_iter().filter(|_| has_body);
    let expected: Vec<(&str, &str)> = of_body.chain(of_every_request).collect();
    let found: Vec<(&str, &str)> = request
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    assert_eq!(found, expected);
    assert!(printable(&value));
    let encoded = value.rsplit(' ').next().filter(|word| *word != MASK);
    let [body, context] = [&request.body, context].map(String::from_utf8_lossy);
    for part in [request.url.as_str(), &body, &context] {
        assert_hidden(account, part);
        assert!(encoded.is_none_or(|word| !part.contains(word)), "{part}");
    }
}
