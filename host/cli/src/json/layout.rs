//! The white space of JSON, written anew; every token stays.

/// The depth up to which lines are indented. Without a limit, the output for nested brackets grows with the square of the input.
const MAX_INDENTED: usize = 32;

/// Returns JSON with a line for each member and element, as `serde_json` prints it, and a line end.
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
                // Input that is not JSON may close more than it has opened.
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

/// Returns JSON in one line, without white space between its tokens.
pub(crate) fn compact(json: &str) -> String {
    let tokens: Vec<u8> = Tokens(json.as_bytes()).flatten().copied().collect();
    // Only whole white space characters are left out, so that this is still UTF-8.
    String::from_utf8_lossy(&tokens).into_owned()
}

/// The tokens of JSON: a bracket, a comma, a colon, a string, or the text between those.
struct Tokens<'a>(&'a [u8]);

impl<'a> Iterator for Tokens<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.0.trim_ascii_start();
        let first = rest.first()?;
        let length = match first {
            b'{' | b'}' | b'[' | b']' | b',' | b':' => 1,
            b'"' => string_length(rest),
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

/// Returns the length of the string at the start, with its quotation marks.
fn string_length(text: &[u8]) -> usize {
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

    fn indent(json: &str) -> String {
        String::from_utf8(indented(json.as_bytes())).expect("text")
    }

    #[test]
    fn indentation_is_that_of_serde() {
        let json = r#"{"a":[1,{"b":{},"c":[]},"x\"}\\"],"d":{"e":null},"f":true,"é":"[,:]"}"#;
        let value: serde_json::Value = serde_json::from_str(json).expect("JSON");
        assert_eq!(indent(json), format!("{value:#}\n"));
        assert_eq!(indent(&format!("{value:#}")), format!("{value:#}\n"));
        assert_eq!(compact(&format!("{value:#}")), json);
    }

    #[test]
    fn every_token_stays() {
        for json in [
            r#"{"a":1e999999,"a":-0.0,"b":2E400,"c":0.10000000000000000000000001}"#,
            r#"{"$serde_json::private::Number":"1","$serde_json::private::RawValue":"x"}"#,
            r#"["\ud83d","\u0000","é"]"#,
        ] {
            assert_eq!(compact(&indent(json)), json);
        }
    }

    #[test]
    fn deep_json_stays_short() {
        let json = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let indented = indent(&json);
        assert!(indented.len() < json.len() + 4_000, "{}", indented.len());
        assert_eq!(compact(&indented), json);
    }

    #[test]
    fn other_text_keeps_its_tokens() {
        for text in ["", "}", "]]", "\"half", "\"a\\", "{\"a\":", "nonsense"] {
            assert_eq!(compact(indent(text).trim_end()), text);
        }
    }
}
