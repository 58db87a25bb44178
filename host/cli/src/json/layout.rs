//! The blanks of JSON, made anew; every token stays.

/// Deeper than this nothing is indented: blanks before each line would make the square of a text that is all brackets.
const MAX_INDENTED: usize = 32;

/// JSON with a line for each member and element, as `serde_json` prints it, and a line end after it.
pub(crate) fn indented(json: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(json.len() * 2);
    let mut depth = 0_usize;
    let line = |out: &mut Vec<u8>, depth: usize| {
        if depth <= MAX_INDENTED {
            out.push(b'\n');
            out.resize(out.len() + 2 * depth, b' ');
        }
    };
    let mut tokens = Tokens(json).peekable();
    while let Some(token) = tokens.next() {
        match token {
            b"{" | b"[" => {
                out.extend(token);
                if let Some(end) = tokens.next_if(|next| matches!(*next, b"}" | b"]")) {
                    out.extend(end);
                } else {
                    depth += 1;
                    line(&mut out, depth);
                }
            }
            b"}" | b"]" => {
                // One level up, and not where there was none: what is not JSON is shown as well as it can be.
                let deep = depth > MAX_INDENTED;
                depth = depth.saturating_sub(1);
                if !deep {
                    line(&mut out, depth);
                }
                out.extend(token);
            }
            b"," => {
                out.extend(token);
                line(&mut out, depth);
            }
            b":" => out.extend(b": "),
            _ => out.extend(token),
        }
    }
    out.push(b'\n');
    out
}

/// JSON in one line, without blanks between its tokens.
pub(crate) fn compact(json: &str) -> String {
    let tokens: Vec<u8> = Tokens(json.as_bytes()).flatten().copied().collect();
    // Blanks are left out between characters, never within one.
    String::from_utf8_lossy(&tokens).into_owned()
}

/// The tokens of a JSON text: a bracket, a comma, a colon, a string, or what stands between those.
struct Tokens<'a>(&'a [u8]);

impl<'a> Iterator for Tokens<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.0.trim_ascii_start();
        let first = rest.first()?;
        let length = match first {
            b'{' | b'}' | b'[' | b']' | b',' | b':' => 1,
            b'"' => string(rest),
            _ => rest
                .iter()
                .position(|byte| byte.is_ascii_whitespace() || b"{}[],:\"".contains(byte))
                .unwrap_or(rest.len()),
        };
        let (token, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some(token)
    }
}

/// How long the string is that begins here, its quotation marks included.
fn string(text: &[u8]) -> usize {
    let mut escaped = false;
    for (position, byte) in text.iter().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return position + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(json: &str) -> String {
        String::from_utf8(indented(json.as_bytes())).expect("text")
    }

    #[test]
    fn json_is_indented_as_serde_does() {
        let json = r#"{"a":[1,{"b":{},"c":[]},"x\"}\\"],"d":{"e":null},"f":true,"é":"[,:]"}"#;
        let value: serde_json::Value = serde_json::from_str(json).expect("JSON");
        assert_eq!(shown(json), format!("{value:#}\n"));
        assert_eq!(shown(&format!("{value:#}")), format!("{value:#}\n"));
        assert_eq!(compact(&format!("{value:#}")), json);
    }

    #[test]
    fn every_token_stays() {
        for json in [
            r#"{"a":1e999999,"a":-0.0,"b":2E400,"c":0.10000000000000000000000001}"#,
            r#"{"$serde_json::private::Number":"1","$serde_json::private::RawValue":"x"}"#,
            r#"["\ud83d","\u0000","é"]"#,
        ] {
            assert_eq!(compact(&shown(json)), json);
        }
    }

    #[test]
    fn depth_costs_no_square() {
        let json = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let shown = shown(&json);
        assert!(shown.len() < json.len() + 4_000, "{}", shown.len());
        assert_eq!(compact(&shown), json);
    }

    #[test]
    fn what_is_no_json_is_shown_all_the_same() {
        for text in ["", "}", "]]", "\"half", "\"a\\", "{\"a\":", "nonsense"] {
            assert_eq!(compact(shown(text).trim_end()), text);
        }
    }
}
