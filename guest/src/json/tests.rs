use super::*;

#[test]
fn every_kind_of_value_is_read() {
    let object = parse(
        r#" {"a": null, "b": true, "c": -1.50E+05, "d": "x\n\ud83d\ude00", "e": [1, {"f": []}], "g": "\ud83d!"} "#,
    )
    .unwrap();
    assert!(object.get("a").is_null() && object.get("z").is_null());
    assert_eq!(object.get("b").as_bool(), Some(true));
    assert!(matches!(object.get("c"), Value::Number("-1.50E+05")));
    assert_eq!(object.get("d").as_str(), Some("x\n😀"));
    let entries = object.get("e");
    let [one, inner] = entries.as_array().unwrap().values().unwrap();
    assert!(matches!(one, Value::Number("1")));
    assert!(inner.get("f").as_array().unwrap().is_empty());
    assert!(matches!(object.get("g"), Value::Unpaired(string) if string == "\u{fffd}!"));
    assert!(object.get("b").get("c").is_null());
}

#[test]
fn only_strings_with_escapes_are_copied() {
    let borrowed = |json| matches!(parse(json).unwrap(), Value::String(Cow::Borrowed(_)));
    assert!(borrowed(r#""abc""#));
    assert!(!borrowed(r#""a\nb""#));
}

#[test]
fn last_of_equal_members_counts() {
    let object = parse(r#"{"a": 1, "b": 2, "\u0061": 3, "A": 4}"#).unwrap();
    assert!(matches!(object.get("a"), Value::Number("3")));
    let object = object.as_object().unwrap();
    let members: Vec<String> = object
        .iter()
        .map(|(name, json)| format!("{name}{json}"))
        .collect();
    assert_eq!(members, ["a1", "b2", "a3", "A4"]);
    assert_eq!(object.duplicates(), ["a"]);
}

#[test]
fn invalid_json_is_error() {
    for json in [
        "",
        " ",
        "{",
        "[1",
        "{}{}",
        "nul",
        "\"",
        "\u{feff}{}",
        "\u{c}{}",
        "01",
        "1.",
        "[1,]",
        "{\"a\"}",
        "{1: 2}",
        "\"\n\"",
        r#""\x""#,
        r#""\ud83""#,
        "NaN",
        "'a'",
    ] {
        assert!(parse(json).is_err() && raw(json).is_err(), "{json}");
    }
}

#[test]
fn nesting_is_never_too_deep() {
    const DEPTH: usize = 200_000;
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}"), (r#"[{"\ud83d": "#, "}]")] {
        let deep = format!("{}1E5{}", open.repeat(DEPTH), close.repeat(DEPTH));
        assert_eq!(raw(&deep).unwrap().get(), deep);
        assert!(parse(&deep).is_ok());
        duplicates(&deep, &mut |pointer, name| panic!("{pointer} {name}"));
        let object = format!(r#"{{"a":{deep}}}"#);
        assert!(!is_hollow(&object));
        assert_eq!(merge("{}", &object), object);
        assert_eq!(merge(&object, &object), object);
    }
}
