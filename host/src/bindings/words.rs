//! The words of the published API for the cases of the contract: their names in `wit/`.

use std::fmt::{self, Debug, Display, Write as _};

use super::types::{CallResult, ErrorCode, FindingCode, Limit, Location, Outcome};

macro_rules! display {
    ($($name:ty),*) => {$(
        /// The word of the published API, such as `not-sent`.
        impl Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_word(self, f)
            }
        }
    )*};
}

display!(CallResult, ErrorCode, FindingCode, Limit, Location, Outcome);

fn write_word(case: &dyn Debug, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    // The generated types write the name in Rust: `ErrorCode::InvalidRequest`.
    let name = format!("{case:?}");
    let name = name.rsplit("::").next().unwrap_or_default();
    for (position, character) in name.chars().enumerate() {
        if character.is_uppercase() && position > 0 {
            f.write_char('-')?;
        }
        f.write_char(character.to_ascii_lowercase())?;
    }
    Ok(())
}

/// Returns the case of a word.
#[cfg(feature = "component-sender")]
pub(crate) fn parse_word<T: serde::de::DeserializeOwned>(word: &str) -> Option<T> {
    let mut name = String::with_capacity(word.len());
    for part in word.split('-') {
        let mut characters = part.chars();
        name.extend(characters.next().map(|first| first.to_ascii_uppercase()));
        name.push_str(characters.as_str());
    }
    let deserializer: serde::de::value::StringDeserializer<serde::de::value::Error> =
        serde::de::IntoDeserializer::into_deserializer(name);
    T::deserialize(deserializer).ok()
}

#[cfg(test)]
mod tests {
    use unified_ticketing_guest::bindings::types as guest;
    use unified_ticketing_guest::codes;

    use super::*;

    #[test]
    fn words_are_the_core_s() {
        for (word, expected) in [
            (
                ErrorCode::ProviderRateLimited.to_string(),
                codes::error(guest::ErrorCode::ProviderRateLimited),
            ),
            (
                FindingCode::Type.to_string(),
                codes::finding(guest::FindingCode::Type),
            ),
            (
                Outcome::NotSent.to_string(),
                codes::outcome(guest::Outcome::NotSent),
            ),
            (
                Limit::ResponseHeaders.to_string(),
                codes::limit(guest::Limit::ResponseHeaders),
            ),
            (
                Location::Header.to_string(),
                codes::location(guest::Location::Header),
            ),
        ] {
            assert_eq!(word, expected);
        }
    }

    #[test]
    #[cfg(feature = "component-sender")]
    fn word_parses_to_its_case() {
        for code in [FindingCode::IdMissing, FindingCode::Enum] {
            assert_eq!(parse_word(&code.to_string()), Some(code));
        }
        assert_eq!(parse_word::<Outcome>("surprise"), None);
    }
}
