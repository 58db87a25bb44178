//! Which texts are redacted, and which stay.

use proptest::prelude::*;

use super::*;

fn redact(secrets: &[&str], text: &str) -> String {
    let redactor = Redactor::new(secrets.iter().map(|secret| SecretString::from(*secret)));
    String::from_utf8(redactor.redact(text.as_bytes()).into_owned()).unwrap()
}

#[test]
fn every_form_becomes_the_mask() {
    for form in [
        "ab/c+d=\"1",
        "ab\\/c+d=\\\"1",
        "ab\\u002fc\\u002Bd\\u003D\\u00221",
        "ab%2Fc%2Bd%3D%221",
        "ab%2fc%2bd=%221",
        "%61%62%2F%63%2B%64%3D%22%31",
        "ab\\/c%2bd=\\\"1",
        "ab&sol;c&plus;d&equals;&quot;1",
        "ab&#47;c&#43;d&#61;&#34;1",
        "ab&#x2F;c&#x2b;d&#x3D;&#X22;1",
        "&#97;&#x62;&#0047;c+d=&QUOT;1",
        "ab\\u002fc%2bd&equals;\"1",
    ] {
        assert_eq!(
            redact(&["ab/c+d=\"1"], &format!("<{form}>{form}")),
            "<***>***",
            "{form}"
        );
    }
}

#[test]
fn partial_secret_stays() {
    for text in [
        "",
        "secret-valu",
        "secret-valu%",
        "secret-valu\\u00",
        "secret-valuE",
        "secret-valu&",
        "secret-valu&#101",
        "secret-valu&#102;",
        "secret-valu&nosuch;",
        "%",
        "\\",
        "\\u0073ecret",
        "{\"a\": 1}",
    ] {
        assert_eq!(redact(&["secret-value"], text), text);
    }
}

#[test]
fn longest_secret_wins() {
    assert_eq!(
        redact(
            &["1234567", "12345678", "12345678-90"],
            "1234567 12345678 12345678-90"
        ),
        "1234567 *** ***"
    );
}

#[test]
fn json_stays_json() {
    for (text, clean) in [
        (r#""\nabcdefgh""#, r#""***""#),
        (r#""\\nabcdefgh""#, r#""\\***""#),
        (r#""\\\u006eabcdefgh""#, r#""\\***""#),
        (r#""\\u006eabcdefgh""#, r#""***""#),
    ] {
        assert_eq!(redact(&["nabcdefgh"], text), clean);
        serde_json::from_str::<String>(clean).unwrap();
    }
}

#[test]
fn ambiguous_escapes_are_read_both_ways() {
    let backslashes = r"a\\\\\\\\b";
    assert_eq!(redact(&[backslashes], backslashes), "***");
    assert_eq!(
        redact(&[backslashes], &backslashes.replace('\\', r"\\")),
        "***"
    );
    assert_eq!(
        redact(&["100%25%25x"], "100%25%25x 100%2525%2525x"),
        "*** ***"
    );
}

#[test]
fn other_scripts_are_found() {
    for form in [
        "geheim-ß😀",
        "geheim-\\u00df\\ud83d\\ude00",
        "geheim-%C3%9F%f0%9f%98%80",
        "geheim-&szlig;&#128512;",
        "geheim-&#xdf;&#x1F600;",
    ] {
        assert_eq!(redact(&["geheim-ß😀"], form), "***", "{form}");
    }
}

/// The longest credential, at every byte of a text: it would take minutes if the search followed each beginning.
#[test]
fn overlapping_secret_takes_linear_time() {
    let size = 1 << 18;
    let long = "a".repeat(8191);
    assert_eq!(
        redact(&[&long], &"a".repeat(size)),
        format!("{}{}", "***".repeat(size / 8191), "a".repeat(size % 8191))
    );
    for (secret, text) in [
        (format!("{long}b"), "a".repeat(size)),
        // An escape with two readings: each doubles the number of paths.
        (format!("{}b", "\\".repeat(40)), "\\".repeat(size)),
        (format!("{}b", "%25".repeat(20)), "%25".repeat(size / 3)),
        (format!("{}b", "&amp;".repeat(20)), "&amp;".repeat(size / 5)),
    ] {
        assert_eq!(redact(&[&secret], &text), text);
    }
}

#[test]
fn overlapping_secrets_become_one_mask() {
    let secrets = ["first-shared", "shared-second"];
    assert_eq!(redact(&secrets, "<first-shared-second>"), "<***>");
    assert_eq!(redact(&secrets, "first-sharedshared-second"), "******");
}

/// The text around a mask could be a secret together with the mask.
#[test]
fn mask_completes_no_secret() {
    let secrets = ["left***right", "in-between"];
    assert_eq!(redact(&secrets, "<leftin-betweenright>"), "<***>");
    let mut text = "in-between".to_owned();
    for _ in 0..20 {
        text = format!("left{text}right");
    }
    assert_eq!(redact(&secrets, &text), "***");
}

proptest! {
    #[test]
    fn clean_text_stays(secrets in proptest::collection::vec("[*%&\\\\a;2 +]{8,12}", 1..4), text in "[*%&\\\\a;25 +]{0,200}") {
        let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
        let clean = redact(&secrets, &text);
        prop_assert!(secrets.iter().all(|secret| !clean.contains(secret)));
        prop_assert_eq!(redact(&secrets, &clean), clean);
    }

    #[test]
    fn any_mix_of_escapes_is_found(secret in "[ -~]{8,40}", forms in proptest::collection::vec(0..6u8, 40), around in "[ -~]{0,20}") {
        let escape = |(character, form): (char, &u8)| match form {
            0 if character != '\\' && character != '"' => character.to_string(),
            1 => format!("%{:02X}", u32::from(character)),
            2 => format!("%{:02x}", u32::from(character)),
            3 => format!("&#{};", u32::from(character)),
            4 => format!("&#x{:X};", u32::from(character)),
            _ => format!("\\u{:04x}", u32::from(character)),
        };
        let escaped: String = secret.chars().zip(&forms).map(escape).collect();
        let clean = redact(&[&secret], &format!("{around}{escaped}{around}"));
        prop_assert!(clean.contains("***"));
        prop_assert!(!clean.contains(&escaped));
    }

    #[test]
    fn json_strings_stay_json(secret in "\\PC{8,20}", before in "\\PC{0,10}") {
        let text = serde_json::to_string(&format!("{before}{secret}")).unwrap();
        let clean = redact(&[&secret], &text);
        let value: String = serde_json::from_str(&clean).unwrap();
        prop_assert!(value.contains("***"));
    }
}
