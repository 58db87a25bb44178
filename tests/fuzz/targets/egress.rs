//! The request that leaves, for any request of the component.
//!
//! The first byte chooses an operation, of which only the integration counts. The parts are the credential, the method, the rest of
//! the URL after the account's base URL or, with an odd second byte, the whole URL, and the headers.

#![no_main]

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use http::header::{CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue};
use http::{Method, Uri};
use libfuzzer_sys::fuzz_target;
use unified_ticketing_fuzz::host::{Account, authentication, permitted, redacted_of};
use unified_ticketing_fuzz::input::{Input, entries, string};
use unified_ticketing_fuzz::operation;
use unified_ticketing_guest::account::{credential_names, is_user_name};

fuzz_target!(|bytes: &[u8]| {
    let mut input = Input(bytes);
    let operation = operation(input.byte());
    let replaced = input.byte() & 1 != 0;
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    let mark = format!("{:016x}", hasher.finish());
    let credential = format!("{}{mark}", input.string());
    let integration = operation.integration;
    let mut builder = Account::builder("a", integration.name);
    for (name, value) in operation.account(false).settings {
        builder = builder.setting(name, value);
    }
    for name in credential_names(&integration.auth[0]) {
        let value = if is_user_name(integration, name) {
            "ops@acme.example"
        } else {
            &credential
        };
        builder = builder.credential(name, value);
    }
    let account = match builder.build() {
        Ok(account) => account,
        Err(invalid) => {
            let message = format!("{invalid} {invalid:?}");
            assert!(!message.contains(&mark), "{message}");
            return;
        }
    };
    let method = Method::from_bytes(input.part());
    let rest = input.string();
    let url = if replaced {
        rest
    } else {
        format!("{}{rest}", account.base_url())
    };
    let mut headers = HeaderMap::new();
    for entry in entries(input.part()) {
        let name = HeaderName::from_bytes(entry[0]);
        let value = HeaderValue::from_bytes(entry.get(1).copied().unwrap_or_default());
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    let (Ok(method), Ok(uri)) = (method, url.parse::<Uri>()) else {
        return;
    };
    let (name, value) = authentication(&account);
    let request = match permitted(&account, method, uri, headers.clone()) {
        Ok(request) => request,
        Err(why) => {
            assert!(!why.contains(&mark), "{why}");
            return;
        }
    };
    let base: Uri = account.base_url().parse().expect("a base URL");
    let origin = |uri: &Uri| {
        let port = uri.port_u16().unwrap_or(443);
        (
            uri.scheme().cloned(),
            uri.host().map(str::to_ascii_lowercase),
            port,
        )
    };
    assert_eq!(origin(request.uri()), origin(&base));
    assert!(
        !request
            .uri()
            .authority()
            .expect("an authority")
            .as_str()
            .contains('@')
    );

    let same = |one: &str, other: &str| {
        one.replace('-', "_")
            .eq_ignore_ascii_case(&other.replace('-', "_"))
    };
    let authenticates: Vec<_> = request
        .headers()
        .iter()
        .filter(|(header, _)| same(header.as_str(), name))
        .collect();
    assert_eq!(authenticates.len(), 1);
    let (header, sent) = authenticates[0];
    assert_eq!((header.as_str(), sent.as_bytes()), (name, value.as_bytes()));
    assert!(sent.is_sensitive());
    for (header, value) in request.headers() {
        let header = header.as_str();
        assert!(!header.starts_with("proxy-"));
        assert!(!matches!(
            header,
            "host"
                | "connection"
                | "transfer-encoding"
                | "accept-encoding"
                | "range"
                | "te"
                | "upgrade"
        ));
        let own = header == name || header == CONTENT_LENGTH.as_str();
        assert!(
            own || headers
                .get_all(header)
                .iter()
                .any(|original| original == value)
        );
    }
    assert_eq!(request.headers()[CONTENT_LENGTH], "2");
    // The credential that is sent is masked in a response.
    let token = value.rsplit(' ').next().unwrap_or_default();
    let echo = string(&redacted_of(&account, format!("<{value}>").as_bytes()));
    assert!(!echo.contains(token) && !echo.contains(&mark), "{echo}");
    for (parameter, setting) in
        form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes())
    {
        let parameter = parameter.split('[').next().unwrap_or_default().trim();
        if integration
            .auth_query
            .iter()
            .any(|own| own.eq_ignore_ascii_case(parameter))
        {
            assert!(
                account
                    .settings()
                    .iter()
                    .any(|(_, value)| *value == setting),
                "{}",
                request.uri()
            );
        }
    }
});
