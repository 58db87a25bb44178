//! Derivations and seals.

use std::collections::HashSet;

use super::*;

fn secret() -> Secret {
    Secret::from_bytes(&[7; 32])
}

#[test]
fn record_keys_differ_in_each_part() {
    let secret = secret();
    let keys = [
        secret.record_key("s", "a", "create-user", None, "k"),
        secret.record_key("S", "a", "create-user", None, "k"),
        secret.record_key("s", "A", "create-user", None, "k"),
        secret.record_key("s", "a", "update-user", None, "k"),
        secret.record_key("s", "a", "create-user", Some(""), "k"),
        secret.record_key("s", "a", "create-user", Some("k"), ""),
        secret.record_key("s", "a", "create-user", None, "K"),
        secret.record_key("sa", "", "create-user", None, "k"),
        secret.echo_key("s", "a", "create-user", &Fingerprint([0; 32])),
        secret.echo_key("s", "a", "create-user", &Fingerprint([1; 32])),
        Secret::from_bytes(&[8; 32]).record_key("s", "a", "create-user", None, "k"),
    ];
    assert_eq!(keys.iter().collect::<HashSet<_>>().len(), keys.len());
    let again = secret.record_key("s", "a", "create-user", None, "k");
    assert!(again == keys[0]);
}

/// The fingerprints in stores outlive an upgrade: these values must not change.
#[test]
fn derivations_are_as_before() {
    let secret = secret();
    let start =
        |bytes: [u8; 32]| format!("{:016x}", u64::from_be_bytes(*bytes.first_chunk().unwrap()));
    let key = secret.record_key("s", "a", "create-user", Some("7"), "k");
    let fingerprint = secret.fingerprint("POST", "https://x.example/users?a=1", b"{\"a\":1}");
    let echo = secret.echo_key("s", "a", "create-user", &fingerprint);
    assert_eq!(
        [key.0, fingerprint.0, echo.0, secret.check_value()].map(start),
        [
            "3594bea94f0ee0b2",
            "4b8e504fddcf59bd",
            "585921392381187a",
            "5466324adfe927c2"
        ]
    );
}

#[test]
fn fingerprint_knows_target_and_body() {
    let secret = secret();
    let of = |method, url, body: &str| secret.fingerprint(method, url, body.as_bytes());
    let first = of(
        "POST",
        "https://a.example/v1/users?x=1",
        r#"{"a":1,"b":[2]}"#,
    );
    let same = [
        of(
            "POST",
            "http://127.0.0.1:4010/v1/users?x=1",
            r#"{"a":1,"b":[2]}"#,
        ),
        of("POST", "/v1/users?x=1", r#" {"b" : [2], "\u0061":1} "#),
    ];
    assert!(same.iter().all(|other| *other == first));
    let others = [
        of(
            "PATCH",
            "https://a.example/v1/users?x=1",
            r#"{"a":1,"b":[2]}"#,
        ),
        of(
            "POST",
            "https://a.example/v1/users?x=2",
            r#"{"a":1,"b":[2]}"#,
        ),
        of(
            "POST",
            "https://a.example/v2/users?x=1",
            r#"{"a":1,"b":[2]}"#,
        ),
        of(
            "POST",
            "https://a.example/v1/users?x=1",
            r#"{"a":1.0,"b":[2]}"#,
        ),
        of("POST", "https://a.example/v1/users?x=1", ""),
        of("POST", "https://a.example?x=1", ""),
        of("POST", "https://a.example", ""),
    ];
    let distinct: HashSet<_> = others.iter().chain([&first]).collect();
    assert_eq!(distinct.len(), others.len() + 1);
}

#[test]
fn sealed_text_opens_for_its_record() {
    let secret = secret();
    let record = RecordKey([1; 32]);
    let plain = b"Ines Duarte <ines@acme.example>";
    let sealed = secret.seal("k", &record, plain).unwrap();
    assert_eq!(secret.open("k", &record, &sealed).unwrap(), plain);
    assert!(!sealed.windows(4).any(|part| part == b"Ines"));
    assert_ne!(secret.seal("k", &record, plain).unwrap(), sealed);

    let other = Secret::from_bytes(&[8; 32]);
    assert!(secret.open("K", &record, &sealed).is_err());
    assert!(secret.open("k", &RecordKey([2; 32]), &sealed).is_err());
    assert!(other.open("k", &record, &sealed).is_err());
    for position in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[position] ^= 1;
        let opened = secret.open("k", &record, &changed);
        assert_eq!(opened, Err(SealError::Opening), "byte {position}");
        let cut = secret.open("k", &record, &sealed[..position]);
        assert_eq!(cut, Err(SealError::Opening), "{position} bytes");
    }
}

#[test]
fn sealed_echo_opens_for_its_fingerprint() {
    let secret = secret();
    let record = RecordKey([1; 32]);
    let [one, other] = [Fingerprint([1; 32]), Fingerprint([2; 32])];
    let sealed = secret.seal_echo(&one, &record, b"").unwrap();
    assert_eq!(secret.open_echo(&one, &record, &sealed).unwrap(), b"");
    assert!(secret.open_echo(&other, &record, &sealed).is_err());
}

#[test]
fn debug_shows_no_byte() {
    let secret = Secret::from_bytes(&[0xab; 32]);
    let key = secret.record_key("scope", "a", "create-user", None, "k");
    let fingerprint = secret.fingerprint("POST", "/", b"");
    assert_eq!(
        format!("{secret:?} {key:?} {fingerprint:?}"),
        "Secret { .. } RecordKey { .. } Fingerprint { .. }"
    );
}
