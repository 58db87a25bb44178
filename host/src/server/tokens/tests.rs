//! Files of tokens, their violations, and headers.

use super::*;

const ACCOUNT: &str = "62f44730-dd91-461e-bd6a-aedd9e0ad79d";

fn parse(text: &str) -> Result<Tokens, TomlFileError> {
    let has_account = |id: &str| id.eq_ignore_ascii_case(ACCOUNT);
    Tokens::parse_toml("tokens.toml".as_ref(), text, has_account)
}

fn violations(text: &str) -> Vec<String> {
    let error = parse(text).unwrap_err();
    error.violations().iter().map(ToString::to_string).collect()
}

fn found(tokens: &Tokens, header: &str) -> Option<Arc<Token>> {
    tokens.find(Some(&HeaderValue::from_str(header).unwrap()))
}

/// An entry for this token.
fn entry(name: &str, token: &str, rest: &str) -> String {
    let digest = hexadecimal(&digest(token.as_bytes()));
    format!("[[token]]\nname = \"{name}\"\nsha256 = \"{digest}\"\n{rest}\n")
}

#[test]
fn token_needs_its_scheme() {
    let tokens =
        Tokens::parse("\u{feff}# of the shop\n\n  0123456789abcdef\nfedcba9876543210\n").unwrap();
    let accept = |value: &str| found(&tokens, value).is_some();
    assert!(accept("Bearer 0123456789abcdef") && accept("bearer fedcba9876543210"));
    for wrong in [
        "0123456789abcdef",
        "Basic 0123456789abcdef",
        "Bearer 0123456789abcde",
        "Bearer 0123456789abcdef0",
        "Bearer ",
        "B",
    ] {
        assert!(!accept(wrong), "{wrong}");
    }
    assert!(tokens.find(None).is_none());
}

#[test]
fn invalid_token_is_not_shown() {
    let error = Tokens::parse("0123456789abcdef\nshort\n").unwrap_err();
    assert!(
        error.to_string().starts_with("line 2: expected a token"),
        "{error}"
    );
    assert!(Tokens::parse("# nothing\n").is_err());
    let tokens = Tokens::parse("0123456789abcdef").unwrap();
    assert_eq!(format!("{tokens:?}"), "1 tokens");
    let token = tokens.iter().next().unwrap();
    let printed = format!("{token:?}");
    assert!(
        !printed.contains(token.scope()) && !printed.contains("0123"),
        "{printed}"
    );
}

#[test]
fn entry_limits_its_token() {
    let other = "9f3d2c61-58ab-4e07-b4d2-6c0e8f1a7b35";
    let text = entry(
        "shop",
        "the-token-of-the-shop",
        &format!(
            "accounts = [\"{}\"]\noperations = [\"read\", \"delete\"]",
            ACCOUNT.to_uppercase()
        ),
    ) + &entry(
        "back office",
        "the-token-of-the-office",
        "scope = \"shop\"\naccounts = \"all\"\noperations = [\"create\"]",
    );
    let tokens = parse(&format!("\u{feff}{text}")).unwrap();
    let shop = found(&tokens, "Bearer the-token-of-the-shop").unwrap();
    assert_eq!((shop.name(), shop.scope()), (Some("shop"), "shop"));
    assert_eq!(shop.only_account(), Some(ACCOUNT));
    assert!(shop.reaches(ACCOUNT) && shop.reaches(&ACCOUNT.to_uppercase()) && !shop.reaches(other));
    let permitted = TokenOperation::ALL.map(|operation| shop.permits(operation));
    assert_eq!(permitted, [true, false, false, true]);

    let office = found(&tokens, "bearer  the-token-of-the-office ").unwrap();
    assert_eq!(
        (office.name(), office.scope()),
        (Some("back office"), "shop")
    );
    assert!(office.reaches(other) && office.only_account().is_none());
    assert!(found(&tokens, "Bearer the-token-of-the-offic").is_none());
}

#[test]
fn every_violation_has_its_line() {
    let digest = hexadecimal(&digest(b"a"));
    let text = format!(
        r#"tokens = 1
[[token]]
name = "one"
sha256 = "{digest}"
accounts = ["{ACCOUNT}", "9f3d2c61-58ab-4e07-b4d2-6c0e8f1a7b35", "acme", 1]
operations = ["read", "write", "the-token-that-is-not-to-be-shown-0123456789"]

[[token]]
name = "one"
sha256 = "{}"
accounts = "{ACCOUNT}"
operations = []
colour = "red"

[[token]]
name = "the-token-that-is-not-to-be-shown-0123456789"
scope = ""
sha256 = "the-token-that-is-not-to-be-shown-0123456789"
accounts = []
operations = "read"
the-token-that-is-not-to-be-shown-0123456789 = 1

[[token]]
name = 1
"#,
        digest.to_uppercase()
    );
    let expected = [
        "1: unknown key `tokens`; expected `[[token]]`",
        "5: token `one`: `accounts`: there is no account `9f3d2c61-58ab-4e07-b4d2-6c0e8f1a7b35`",
        "5: token `one`: `accounts`: expected a UUID, but found `acme`",
        "5: token `one`: `accounts`: expected a string, but found integer",
        "6: token `one`: `operations`: expected one of `read`, `create`, `update`, `delete`, but found `write`",
        "6: token `one`: `operations`: expected one of `read`, `create`, `update`, `delete`, but found a string of 44 characters",
        "9: token `one`: `name`: `one` is taken by the token of line 3",
        "10: token `one`: `sha256`: it is the same as in line 4",
        "11: token `one`: `accounts`: expected \"all\" or an array of accounts' ids, but found string",
        "12: token `one`: `operations`: expected an array of operations, but found an empty one: the token would be of no use",
        "13: token `one`: unknown key `colour`; expected one of `name`, `scope`, `sha256`, `accounts`, `operations`",
        "16: `name`: expected 1 to 40 characters in a line, without a space at an end",
        "17: `scope`: expected 1 to 40 characters in a line, without a space at an end",
        "18: `sha256`: expected 64 hexadecimal digits, as `unified-ticketing token new` prints them",
        "19: `accounts`: expected \"all\" or an array of accounts' ids, but found an empty one: the token would be of no use",
        "20: `operations`: expected an array of operations, but found string",
        "21: unknown key a string of 44 characters; expected one of `name`, `scope`, `sha256`, `accounts`, `operations`",
        "23: `sha256` is missing",
        "23: `accounts` is missing",
        "23: `operations` is missing",
        "24: `name`: expected a string, but found integer",
    ]
    .map(|violation| format!("tokens.toml:{violation}"));
    assert_eq!(violations(&text), expected);
    assert_eq!(
        violations("the-token-that-is-not-to-be-shown-0123456789 = 1\n")[0],
        "tokens.toml:1: unknown key a string of 44 characters; expected `[[token]]`"
    );
}

#[test]
fn file_without_token_is_rejected() {
    for text in ["", "# none yet\n", "token = []\n"] {
        let expected = "tokens.toml:1: expected a `[[token]]`, but found none";
        assert_eq!(violations(text), [expected], "{text}");
    }
    let error = Tokens::from_toml_file("no/such/tokens.toml", |_| true).unwrap_err();
    let message = error.to_string();
    assert!(
        message.starts_with("no/such/tokens.toml: cannot be read: "),
        "{message}"
    );
}

#[test]
fn invalid_syntax_hides_one_token() {
    let good = entry("b", "b", "accounts = \"all\"\noperations = [\"read\"]");
    let text =
        format!("[[token]]\nname = \"a\nsha256 = \"x\"\n\n{good}\n[[token]]\nname = \"b\"\n");
    assert_eq!(
        violations(&text),
        [
            "tokens.toml:2: invalid basic string, expected `\"`",
            "tokens.toml:11: token `b`: `sha256` is missing",
            "tokens.toml:11: token `b`: `accounts` is missing",
            "tokens.toml:11: token `b`: `operations` is missing",
            "tokens.toml:12: token `b`: `name`: `b` is taken by the token of line 6",
        ]
    );
}

/// A missing or surplus quotation mark makes a digest another string.
#[test]
fn violations_show_no_digest() {
    let text = entry("shop", "a", "accounts = \"all\"\noperations = [\"read\"]");
    let digest = hexadecimal(&digest(b"a"));
    let mut count = 0;
    for at in 0..=text.len() {
        for inserted in ["\"", "'", "\"\"\"", "\n", "=", "{", "]", "#", "\\", "1"] {
            let broken = format!("{}{inserted}{}", &text[..at], &text[at..]);
            if let Err(error) = parse(&broken) {
                count += error.violations().len();
                let printed = format!("{error} {error:?}");
                assert!(
                    !printed.contains(&digest[..16]) && !printed.contains(&digest[48..]),
                    "{printed}\n{broken}"
                );
            }
        }
    }
    assert!(count > 500, "{count}");
}

#[test]
fn generated_token_is_accepted() {
    let (one, other) = (
        NewToken::generate("\"quoted\" \\ name").unwrap(),
        NewToken::generate("other").unwrap(),
    );
    let one = one.accounts([ACCOUNT]).operations([TokenOperation::Update]);
    assert_ne!(one.expose_token(), other.expose_token());
    for new in [&one, &other] {
        let token = new.expose_token();
        // 32 bytes are 43 characters of base64.
        assert_eq!((token.len(), token.get(..3)), (46, Some("ut_")));
        assert!(!format!("{new:?} {}", new.to_toml()).contains(token));
    }
    let tokens = parse(&(one.to_toml() + &other.to_toml())).unwrap();
    let read = |new: &NewToken| found(&tokens, &format!("Bearer {}", new.expose_token())).unwrap();
    let limited = read(&one);
    assert_eq!(limited.name(), Some("\"quoted\" \\ name"));
    assert_eq!(limited.only_account(), Some(ACCOUNT));
    let permitted = TokenOperation::ALL.map(|operation| limited.permits(operation));
    assert_eq!(permitted, [false, false, true, false]);
    let all = read(&other);
    assert!(all.only_account().is_none() && all.reaches("any"));
    assert!(
        TokenOperation::ALL
            .iter()
            .all(|operation| all.permits(*operation))
    );

    for name in ["", " ", "a ", "a\nb", &"a".repeat(41)] {
        assert!(NewToken::generate(name).is_err(), "{name:?}");
    }
}
