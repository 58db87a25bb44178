//! Reads the value of a variable: JSON, of which every violation is told. Paths are JSON Pointers, and no value is quoted.

use unified_ticketing_json::{Value, raw};

/// The members of an object, also those given twice.
pub(super) type Members<'a> = Vec<(String, Value<'a>)>;

/// Every violation so far.
#[derive(Default)]
pub(super) struct Reader {
    pub(super) violations: Vec<String>,
}

impl Reader {
    /// The entries of the array that is the one member of the document, by this name; none where it is left out.
    pub(super) fn document<'a>(&mut self, json: &'a str, name: &str) -> Vec<Value<'a>> {
        // A reader may ignore a byte order mark (RFC 8259, section 8.1).
        let document = match raw(json.strip_prefix('\u{feff}').unwrap_or(json)) {
            Ok(document) => document,
            // An error of syntax: `serde_json` words it without a quotation of the input.
            Err(error) => {
                self.violations.push(format!("not JSON: {error}"));
                return Vec::new();
            }
        };
        let members = self.members("", &document.into(), &[name]);
        let path = format!("/{name}");
        let value = members.as_ref().and_then(|members| get(members, name));
        value.map_or_else(Vec::new, |value| self.array(&path, value))
    }

    /// What was read, if there is no violation; else all of them.
    pub(super) fn end<T>(self, read: T) -> Result<T, String> {
        if self.violations.is_empty() {
            Ok(read)
        } else {
            Err(self.violations.join("; "))
        }
    }

    /// The entries of an array.
    pub(super) fn array<'a>(&mut self, path: &str, value: &Value<'a>) -> Vec<Value<'a>> {
        if let Value::Array(array) = value {
            array.iter().collect()
        } else {
            self.expected(path, "an array", value);
            Vec::new()
        }
    }

    /// The members of an object, each once and of these names.
    pub(super) fn members<'a>(
        &mut self,
        path: &str,
        value: &Value<'a>,
        known: &[&str],
    ) -> Option<Members<'a>> {
        let members = self.object(path, value)?;
        for (name, _) in &members {
            if !known.contains(&name.as_str()) {
                let known = known.join("`, `");
                self.violations
                    .push(format!("`{path}/{name}`: unknown; expected `{known}`"));
            }
        }
        Some(members)
    }

    /// The members of an object, each once.
    pub(super) fn object<'a>(&mut self, path: &str, value: &Value<'a>) -> Option<Members<'a>> {
        let Value::Object(object) = value else {
            self.expected(path, "an object", value);
            return None;
        };
        let members: Members<'_> = object
            .iter()
            .map(|(name, value)| (name.into_owned(), value.into()))
            .collect();
        // They are few. `Object::duplicates` sorts them, and would add 6 kB of code.
        for (index, (name, _)) in members.iter().enumerate() {
            if members.iter().take(index).any(|(before, _)| before == name) {
                self.violations
                    .push(format!("`{path}/{name}`: given twice"));
            }
        }
        Some(members)
    }

    pub(super) fn required(
        &mut self,
        path: &str,
        members: &Members<'_>,
        name: &str,
    ) -> Option<String> {
        if get(members, name).is_none() {
            self.violations.push(format!("`{path}/{name}`: missing"));
        }
        self.optional(path, members, name)
    }

    pub(super) fn optional(
        &mut self,
        path: &str,
        members: &Members<'_>,
        name: &str,
    ) -> Option<String> {
        self.string(&format!("{path}/{name}"), get(members, name)?)
    }

    /// An object of strings; empty when it is left out.
    pub(super) fn strings(
        &mut self,
        path: &str,
        members: &Members<'_>,
        name: &str,
    ) -> Vec<(String, String)> {
        let Some(value) = get(members, name) else {
            return Vec::new();
        };
        let path = format!("{path}/{name}");
        let mut strings = Vec::new();
        for (name, value) in self.object(&path, value).unwrap_or_default() {
            let string = self.string(&format!("{path}/{name}"), &value);
            strings.extend(string.map(|string| (name, string)));
        }
        strings
    }

    pub(super) fn string(&mut self, path: &str, value: &Value<'_>) -> Option<String> {
        match value {
            Value::String(string) => Some(string.clone().into_owned()),
            other => {
                self.expected(path, "a string", other);
                None
            }
        }
    }

    /// Adds a violation for a value of another kind. It names the kind alone: the value may be a secret.
    pub(super) fn expected(&mut self, path: &str, expected: &str, found: &Value<'_>) {
        let found = kind(found);
        let location = if path.is_empty() {
            String::new()
        } else {
            format!("`{path}`: ")
        };
        self.violations
            .push(format!("{location}expected {expected}, but found {found}"));
    }
}

/// The value of the first member of this name.
pub(super) fn get<'a, 'b>(members: &'b Members<'a>, name: &str) -> Option<&'b Value<'a>> {
    let mut members = members.iter();
    members
        .find(|(known, _)| known == name)
        .map(|(_, value)| value)
}

/// The kind of value, for a message.
const fn kind(value: &Value<'_>) -> &'static str {
    match value {
        Value::String(_) => "a string",
        Value::Unpaired(_) => "a string that is not Unicode",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
        Value::Number(_) => "a number",
        Value::Bool(_) => "a boolean",
        Value::Null => "null",
    }
}
