//! Accounts, and the secrets that they keep.

use super::*;

fn gorgias_with(key: &str) -> Account {
    let account = Account::builder("A", "gorgias").setting("subdomain", "acme");
    let account = account.credential("email", "ops@acme.example");
    account.credential("api_key", key).build().unwrap()
}

fn gorgias() -> AccountBuilder {
    Account::builder("A", "gorgias")
        .setting("subdomain", "acme")
        .credential("email", "ops@acme.example")
        .credential("api_key", "key-of-gorgias")
}

#[test]
fn every_violation_is_reported() {
    let error = Account::builder("a", "gorgias")
        .setting("site", "x")
        .credential("token", "very-secret")
        .build()
        .unwrap_err();
    assert_eq!(error.violations().len(), 4, "{error}");
    assert!(!error.to_string().contains("very-secret"), "{error}");
    let error = Account::builder("a", "zendesk").build().unwrap_err();
    assert!(error.to_string().contains("`dixa`, `gorgias`"), "{error}");
}

#[test]
fn violation_has_its_location() {
    let account = gorgias().base_url("ftp://x").setting("site", "x");
    let account = account.credential("token", "x");
    let error = account.build().unwrap_err();
    let locations: Vec<_> = error
        .violations()
        .iter()
        .map(|violation| violation.location.clone())
        .collect();
    let credential = |name: &str| AccountLocation::Credential(name.to_owned());
    assert_eq!(
        locations,
        [
            AccountLocation::BaseUrl,
            AccountLocation::Setting("site".to_owned()),
            credential("token"),
        ]
    );
    let not_ascii = Account::builder("a", "planhat").credential("api_token", "ключ");
    assert_eq!(
        not_ascii.build().unwrap_err().violations()[0].location,
        credential("api_token")
    );
    let none = Account::builder("a", "planhat").build().unwrap_err();
    assert_eq!(none.violations()[0].location, AccountLocation::Account);
}

#[test]
fn secrets_are_not_printed() {
    let printed = format!("{:?} {:?}", gorgias(), gorgias().build().unwrap());
    assert!(
        !printed.contains("key-of-gorgias") && printed.contains("api_key"),
        "{printed}"
    );
}

#[test]
fn user_name_is_not_redacted() {
    let account = gorgias().build().unwrap();
    let redact = |text: &str| {
        String::from_utf8(account.redactor().redact(text.as_bytes()).into_owned()).unwrap()
    };
    let header = account.authentication().1.expose_secret().to_owned();
    assert_eq!(redact(&header), "Basic ***");
    assert_eq!(
        redact("ops@acme.example key-of-gorgias"),
        "ops@acme.example ***"
    );
}

#[test]
fn pasted_credential_is_normalized() {
    for pasted in [
        "the-token-of-dixa",
        " the-token-of-dixa\n",
        "bearer \tthe-token-of-dixa ",
    ] {
        let account = Account::builder("a", "planhat").credential("api_token", pasted);
        let account = account.build().unwrap();
        let header = account.authentication().1.expose_secret();
        assert_eq!(header, "Bearer the-token-of-dixa");
        let mut echo = "<the-token-of-dixa>".to_owned();
        account.redactor().redact_text(&mut echo);
        assert_eq!(echo, "<***>");
    }
    for blank in [" ", "Bearer "] {
        let account = Account::builder("a", "planhat").credential("api_token", blank);
        assert_eq!(
            account.build().unwrap_err().to_string(),
            "credential `api_token` is blank"
        );
    }
}

#[test]
fn every_base64_spelling_is_redacted() {
    use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
    let key = "key~of>gorgias?";
    let account = gorgias_with(key);
    for text in [key, &format!("ops@acme.example:{key}")] {
        for encoded in [
            STANDARD.encode(text),
            STANDARD_NO_PAD.encode(text),
            URL_SAFE.encode(text),
            URL_SAFE_NO_PAD.encode(text),
        ] {
            for form in [
                encoded.clone(),
                encoded.replace('/', "\\/").replace('=', "%3D"),
            ] {
                let mut echo = format!("<{form}>");
                account.redactor().redact_text(&mut echo);
                assert_eq!(echo, "<***>", "{form}");
            }
        }
    }
}

#[test]
fn origin_is_normalized() {
    let account = gorgias().base_url("https://API.Example/x").build().unwrap();
    assert_eq!(account.origin().to_string(), "https://api.example:443");
    assert_eq!(
        gorgias().build().unwrap().origin().to_string(),
        "https://acme.gorgias.com:443"
    );
}
