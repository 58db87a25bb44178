//! Reading a provider's answer: what is absent, `null`, empty or of another type is not there.
//!
//! Providers add members, leave members out and change types without notice. Only a member that can be understood counts, and
//! none makes a call fail that the provider has carried out.

use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

use crate::bindings::types::{Email, Role};
use crate::json::Json;

/// A text that is not empty.
#[must_use]
pub(crate) fn text(object: &Json<'_>, name: &str) -> Option<String> {
    object
        .get(name)?
        .as_text()
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

/// A text, or a number as text: identifiers are one or the other.
#[must_use]
pub(crate) fn identifier(object: &Json<'_>, name: &str) -> Option<String> {
    match object.get(name)? {
        Json::Number(number) => Some(number.as_str().to_owned()),
        _ => text(object, name),
    }
}

/// A truth value.
#[must_use]
pub(crate) fn truth(object: &Json<'_>, name: &str) -> Option<bool> {
    object.get(name)?.as_bool()
}

/// The texts of a list that are not empty.
#[must_use]
pub(crate) fn texts(object: &Json<'_>, name: &str) -> Option<Vec<String>> {
    let list = object.get(name)?.as_list()?;
    Some(
        list.iter()
            .filter_map(Json::as_text)
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
            .collect(),
    )
}

/// The one address of a user.
#[must_use]
pub(crate) fn single_email(object: &Json<'_>, name: &str) -> Option<Vec<Email>> {
    text(object, name).map(|address| {
        vec![Email {
            address,
            type_: Some("primary".to_owned()),
        }]
    })
}

/// A role that is known by one word alone: the word is its id and its name.
#[must_use]
pub(crate) fn plain_role(role: String) -> Role {
    Role {
        id: Some(role.clone()),
        name: Some(role),
    }
}

/// First name, space, last name, where a provider gives no whole name.
#[must_use]
pub(crate) fn joined(first: Option<&str>, last: Option<&str>) -> Option<String> {
    let name = [first.unwrap_or_default(), last.unwrap_or_default()].join(" ");
    let name = name.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

/// A time in RFC 3339 and UTC; one that cannot be read, as it came.
#[must_use]
pub(crate) fn time(object: &Json<'_>, name: &str) -> Option<String> {
    text(object, name).map(|text| utc(&text).unwrap_or(text))
}

/// Reads ISO 8601 as the providers write it: with `Z`, with an offset, with neither (which is UTC), with a zone in brackets
/// after it, with or without a fraction. The digits of the fraction are kept.
fn utc(text: &str) -> Option<String> {
    // Dixa writes `…Z[GMT]` in places; RFC 9557 calls it a suffix, and it adds nothing to the offset.
    let text = text.split('[').next()?;
    let (date, clock) = text.split_once(['T', ' '])?;
    let zone = clock.find(['Z', 'z', '+', '-']);
    let (clock, zone) = clock.split_at(zone.unwrap_or(clock.len()));
    let (seconds, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let zone = match zone {
        "" | "z" => ["Z", "", ""],
        // ISO 8601's basic form of an offset, `+0100`.
        _ if zone.len() == 5 => [zone.get(..3)?, ":", zone.get(3..)?],
        _ => [zone, "", ""],
    };
    if !fraction.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let point = if fraction.is_empty() { "" } else { "." };
    let [zone, colon, minutes] = zone;
    let whole = [date, "T", seconds, zone, colon, minutes].concat();
    let whole = OffsetDateTime::parse(&whole, &Rfc3339).ok()?;
    // A leap second is read as the last nanosecond before it: no other time has a fraction left here.
    let leap = whole.nanosecond() != 0;
    if whole.offset().is_utc() && !leap {
        return Some([date, "T", seconds, point, fraction, "Z"].concat());
    }
    let utc = whole.checked_to_offset(UtcOffset::UTC)?;
    let (hour, minute, second) = utc.to_hms();
    let (year, month, day) = (utc.year(), u8::from(utc.month()), utc.day());
    // RFC 3339 has four digits for the year, and an offset can lead out of them.
    if !(0..=9999).contains(&year) {
        return None;
    }
    let (point, fraction) = if leap {
        (".", "999999999")
    } else {
        (point, fraction)
    };
    Some(format!(
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{point}{fraction}Z"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::parse;

    fn at(given: &str) -> Option<String> {
        time(
            &parse(format!(r#"{{"at": {given:?}}}"#).as_bytes()).unwrap(),
            "at",
        )
    }

    #[test]
    fn times_become_utc_and_keep_their_fraction() {
        for (given, expected) in [
            ("2026-03-02T08:15:30Z", "2026-03-02T08:15:30Z"),
            (
                "2026-03-02T08:15:30.120400+00:00",
                "2026-03-02T08:15:30.120400Z",
            ),
            ("2026-03-02T08:15:30.120417", "2026-03-02T08:15:30.120417Z"),
            ("2026-03-02 08:15:30", "2026-03-02T08:15:30Z"),
            ("2026-03-02T00:15:30.5+01:30", "2026-03-01T22:45:30.5Z"),
            ("2026-03-02T00:15:30-0130", "2026-03-02T01:45:30Z"),
            ("2026-03-02T08:15:30.123Z[GMT]", "2026-03-02T08:15:30.123Z"),
            ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59.999999999Z"),
            ("2016-12-31T23:59:60.5Z", "2016-12-31T23:59:59.999999999Z"),
            ("0000-01-01T00:00:00+01:00", "0000-01-01T00:00:00+01:00"),
            ("9999-12-31T23:59:59-01:00", "9999-12-31T23:59:59-01:00"),
            (
                "2024-02-29T23:59:59.123456789012z",
                "2024-02-29T23:59:59.123456789012Z",
            ),
        ] {
            assert_eq!(at(given).as_deref(), Some(expected), "{given}");
        }
    }

    #[test]
    fn what_is_no_time_is_passed_on_as_it_came() {
        for given in [
            "yesterday",
            "2026-02-30T08:15:30Z",
            "2026-03-02",
            "2026-03-02T08:15Z",
            "1772439330",
            "T",
            "2026-03-02T08:15:30.x1Z",
        ] {
            assert_eq!(at(given).as_deref(), Some(given));
        }
        assert_eq!(time(&parse(br#"{"at": 1772439330}"#).unwrap(), "at"), None);
    }

    #[test]
    fn identifiers_are_texts_or_numbers_digit_for_digit() {
        let answer =
            parse(br#"{"a": 12345678901234567890123, "b": "x", "c": "", "d": null}"#).unwrap();
        assert_eq!(
            identifier(&answer, "a").as_deref(),
            Some("12345678901234567890123")
        );
        assert_eq!(identifier(&answer, "b").as_deref(), Some("x"));
        assert_eq!(
            ["c", "d", "e"].map(|name| identifier(&answer, name)),
            [None, None, None]
        );
    }

    #[test]
    fn a_name_is_joined_of_what_is_there() {
        assert_eq!(
            joined(Some("Ines"), Some("Duarte")).as_deref(),
            Some("Ines Duarte")
        );
        assert_eq!(joined(None, Some("Duarte")).as_deref(), Some("Duarte"));
        assert_eq!(joined(Some(" "), None), None);
    }
}
