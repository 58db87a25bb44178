//! JSON as a sequence of pieces.

/// A piece of JSON.
pub(super) enum Token<'a> {
    /// The start of an object or an array.
    Open(Kind),
    /// The end of one.
    Close,
    /// The name of a member, with its quotation marks.
    Name(&'a str),
    /// Any other value.
    Scalar,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Object,
    Array,
}

/// The pieces of a string that is known to be JSON.
pub(super) struct Tokens<'a> {
    json: &'a str,
    /// The start of the last piece.
    pub(super) start: usize,
    /// The end of the last piece.
    pub(super) end: usize,
}

impl<'a> Tokens<'a> {
    pub(super) const fn new(json: &'a str) -> Self {
        Self {
            json,
            start: 0,
            end: 0,
        }
    }

    fn peek(&self) -> Option<u8> {
        self.json.as_bytes().get(self.end).copied()
    }

    /// Skips these bytes.
    fn skip(&mut self, these: impl Fn(u8) -> bool) {
        let rest = self.json.as_bytes().get(self.end..).unwrap_or_default();
        let skipped = rest.iter().position(|byte| !these(*byte));
        self.end += skipped.unwrap_or(rest.len());
    }

    /// Skips the string that starts here.
    fn skip_string(&mut self) {
        self.end += 1;
        loop {
            self.skip(|byte| byte != b'"' && byte != b'\\');
            match self.peek() {
                Some(b'\\') => self.end += 2,
                _ => break self.end += 1,
            }
        }
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        self.skip(|byte| byte.is_ascii_whitespace() || byte == b',');
        self.start = self.end;
        match self.peek()? {
            b'{' => {
                self.end += 1;
                Some(Token::Open(Kind::Object))
            }
            b'[' => {
                self.end += 1;
                Some(Token::Open(Kind::Array))
            }
            b'}' | b']' => {
                self.end += 1;
                Some(Token::Close)
            }
            b'"' => {
                self.skip_string();
                let name = self.json.get(self.start..self.end)?;
                // A name is the string before a colon.
                let end = self.end;
                self.skip(|byte| byte.is_ascii_whitespace());
                if self.peek() == Some(b':') {
                    self.end += 1;
                    Some(Token::Name(name))
                } else {
                    self.end = end;
                    Some(Token::Scalar)
                }
            }
            _ => {
                self.skip(|byte| {
                    !byte.is_ascii_whitespace() && !matches!(byte, b',' | b']' | b'}')
                });
                Some(Token::Scalar)
            }
        }
    }
}
