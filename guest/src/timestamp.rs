//! Reads times of a provider's response.

use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time, UtcOffset};

use crate::json::Value;

/// A time in RFC 3339 and UTC; one that cannot be read is passed on.
#[must_use]
pub(crate) fn timestamp(object: &Value<'_>, name: &str) -> Option<String> {
    match object.get(name) {
        Value::Number(number) => Some(since_epoch(number).unwrap_or_else(|| number.to_owned())),
        value => {
            let string = value.as_str().filter(|string| !string.is_empty())?;
            Some(utc(string).unwrap_or_else(|| string.to_owned()))
        }
    }
}

/// A time of [`timestamp`], or one in RFC 3339, in seconds since 1970. The fraction does not count.
#[must_use]
pub(crate) fn seconds(string: &str) -> Option<i64> {
    let utc = utc(string)?;
    let (date, rest) = utc.split_at_checked("2026-03-02".len())?;
    let [year, month, day] = numbers(date, "-", [4, 2, 2])?;
    let [hour, minute, second] = numbers(rest.get(1..9)?, ":", [2, 2, 2])?;
    let small = |number: u16| u8::try_from(number).ok();
    let month = Month::try_from(small(month)?).ok()?;
    let date = Date::from_calendar_date(i32::from(year), month, small(day)?).ok()?;
    let time = Time::from_hms(small(hour)?, small(minute)?, small(second)?).ok()?;
    Some(
        PrimitiveDateTime::new(date, time)
            .assume_utc()
            .unix_timestamp(),
    )
}

/// Reads a number of seconds since 1970, or of milliseconds from 10¹¹ on: that many seconds are the year 5138. The digits of the
/// fraction are kept.
fn since_epoch(number: &str) -> Option<String> {
    let (sign, digits) = match number.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, number),
    };
    let (digits, exponent) = match digits.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits, exponent.parse::<i32>().ok()?),
        None => (digits, 0),
    };
    let (integer, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let given = [integer, fraction].concat();
    let digits = given.trim_start_matches('0');
    let zeros = given.len() - digits.len();
    // How many of the digits are before the point: a negative number where zeros follow it, more than there are where zeros end the
    // number.
    let before_point = i32::try_from(integer.len())
        .ok()?
        .checked_add(exponent)?
        .checked_sub(i32::try_from(zeros).ok()?)?;
    let in_milliseconds = before_point > 11;
    let before_point = if in_milliseconds {
        before_point - 3
    } else {
        before_point
    };
    // Zeros alone; else a year of five digits, or less than a billionth of a second.
    if digits.is_empty() || !(-9..=12).contains(&before_point) {
        return digits.is_empty().then(|| "1970-01-01T00:00:00Z".to_owned());
    }
    // Zeros are put in until the point is next to a digit, or among them.
    let zeros = "0".repeat(usize::try_from(-before_point).unwrap_or_default());
    let before_point = usize::try_from(before_point).unwrap_or_default();
    let digits = format!("{zeros}{digits:0<before_point$}");
    let (before, after) = digits.split_at_checked(before_point)?;
    let seconds: i64 = if before.is_empty() {
        0
    } else {
        before.parse().ok()?
    };
    let nothing = after.bytes().all(|digit| digit == b'0');
    if sign < 0 && !nothing {
        return None;
    }
    let fraction = if nothing && in_milliseconds {
        ""
    } else {
        after
    };
    let point = if fraction.is_empty() { "" } else { "." };
    let utc = OffsetDateTime::from_unix_timestamp(sign * seconds).ok()?;
    rfc3339(utc, point, fraction)
}

/// RFC 3339 has four digits for the year: of another one there is no such time.
fn rfc3339(utc: OffsetDateTime, point: &str, fraction: &str) -> Option<String> {
    if !(0..=9999).contains(&utc.year()) {
        return None;
    }
    let (year, month, day) = (utc.year(), u8::from(utc.month()), utc.day());
    let (hour, minute, second) = utc.to_hms();
    Some(format!(
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{point}{fraction}Z"
    ))
}

/// Reads ISO 8601 as the providers write it: with `Z`, with an offset, with neither (which is UTC), with a zone in brackets
/// after it, with or without a fraction. The digits of the fraction are kept.
fn utc(string: &str) -> Option<String> {
    let (date, rest) = string.split_at_checked("2026-03-02".len())?;
    let (clock, rest) = rest
        .strip_prefix(['T', ' '])?
        .split_at_checked("08:15:30".len())?;
    // Dixa sometimes writes `…Z[GMT]`; RFC 9557 calls it a suffix, and it adds nothing to the offset.
    let rest = rest.split_once('[').map_or(rest, |(rest, _)| rest);
    let (fraction, zone) = match rest.strip_prefix('.') {
        Some(rest) => {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            rest.split_at_checked(digits)?
        }
        None => ("", rest),
    };
    let offset = offset(zone)?;
    let [year, month, day] = numbers(date, "-", [4, 2, 2])?;
    let [hour, minute, second] = numbers(clock, ":", [2, 2, 2])?;
    let small = |number: u16| u8::try_from(number).ok();
    let day = Date::from_calendar_date(
        i32::from(year),
        Month::try_from(small(month)?).ok()?,
        small(day)?,
    );
    // A leap second is read as the last nanosecond before it.
    let leap = second == 60;
    let second = if leap { 59 } else { second };
    let time = Time::from_hms(small(hour)?, small(minute)?, small(second)?);
    let here = PrimitiveDateTime::new(day.ok()?, time.ok()?);
    let utc = here
        .assume_offset(offset)
        .checked_to_offset(UtcOffset::UTC)?;
    let (hour, minute, second) = utc.to_hms();
    let last = utc.day() == utc.month().length(utc.year());
    if leap && !(last && (hour, minute, second) == (23, 59, 59)) {
        return None;
    }
    let (point, fraction) = match fraction {
        _ if leap => (".", "999999999"),
        "" => ("", ""),
        digits => (".", digits),
    };
    if offset.is_utc() && !leap {
        return Some([date, "T", clock, point, fraction, "Z"].concat());
    }
    rfc3339(utc, point, fraction)
}

/// An offset from UTC: `Z`, `+01:00`, or in ISO 8601's basic form, `+0100`.
fn offset(zone: &str) -> Option<UtcOffset> {
    let (sign, clock) = match zone.split_at_checked(1) {
        None | Some(("Z" | "z", "")) => return Some(UtcOffset::UTC),
        Some(("+", clock)) => (1, clock),
        Some(("-", clock)) => (-1, clock),
        Some(_) => return None,
    };
    let colon = if clock.len() == 4 { "" } else { ":" };
    let [hours, minutes] = numbers(clock, colon, [2, 2])?;
    if hours > 23 {
        return None;
    }
    let signed = |number: u16| i8::try_from(number).ok().map(|number| sign * number);
    UtcOffset::from_hms(signed(hours)?, signed(minutes)?, 0).ok()
}

/// The numbers of a string like `2026-03-02`, each of as many digits as it must have.
fn numbers<const N: usize>(string: &str, between: &str, digits: [usize; N]) -> Option<[u16; N]> {
    let mut rest = string.as_bytes();
    let mut numbers = [0; N];
    for (position, (number, digits)) in numbers.iter_mut().zip(digits).enumerate() {
        if position > 0 {
            rest = rest.strip_prefix(between.as_bytes())?;
        }
        for _ in 0..digits {
            let (digit, after) = rest.split_first()?;
            *number =
                *number * 10 + u16::from(digit.checked_sub(b'0').filter(|digit| *digit < 10)?);
            rest = after;
        }
    }
    rest.is_empty().then_some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::parse;

    fn at(given: &str) -> Option<String> {
        timestamp(&parse(&format!(r#"{{"at": {given:?}}}"#)).unwrap(), "at")
    }

    #[test]
    fn time_becomes_utc_with_its_fraction() {
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
            ("2017-01-01T00:59:60+0100", "2016-12-31T23:59:59.999999999Z"),
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
    fn unreadable_time_is_passed_on() {
        for given in [
            "yesterday",
            "2026-02-30T08:15:30Z",
            "2026-03-02",
            "2026-03-02T08:15Z",
            "1772439330",
            "T",
            "2026-03-02T08:15:30.x1Z",
            "2026-03-02T08:15:60Z",
            "2026-03-31T22:59:60Z",
            "2026-03-02T24:00:00Z",
            "2026-3-02T08:15:30Z",
            "2026-03-02T08:15:+3Z",
            "2026-03-02T08:15:30Z01:00",
            "2026-03-02T08:15:30+1:00",
            "2026-03-02T08:15:30+24:00",
            "2026-03-02T08:15:30+01:60",
        ] {
            assert_eq!(at(given).as_deref(), Some(given));
        }
    }

    #[test]
    fn number_is_seconds_or_milliseconds() {
        for (given, expected) in [
            ("1772439330", "2026-03-02T08:15:30Z"),
            ("1772439330.120400", "2026-03-02T08:15:30.120400Z"),
            ("1772439330.0", "2026-03-02T08:15:30.0Z"),
            ("1.77243933E9", "2026-03-02T08:15:30Z"),
            ("17724393305e-1", "2026-03-02T08:15:30.5Z"),
            ("1772439330000", "2026-03-02T08:15:30Z"),
            ("1772439330120", "2026-03-02T08:15:30.120Z"),
            ("1772439330120.75", "2026-03-02T08:15:30.12075Z"),
            ("1.772439330120e12", "2026-03-02T08:15:30.120Z"),
            // The last number of seconds, and the first of milliseconds.
            ("99999999999", "5138-11-16T09:46:39Z"),
            ("100000000000", "1973-03-03T09:46:40Z"),
            ("253402300799999", "9999-12-31T23:59:59.999Z"),
            ("0", "1970-01-01T00:00:00Z"),
            ("-0.0", "1970-01-01T00:00:00Z"),
            ("0.05", "1970-01-01T00:00:00.05Z"),
            ("-1", "1969-12-31T23:59:59Z"),
            // Out of range: passed on.
            ("253402300800000", "253402300800000"),
            ("1e999999999999", "1e999999999999"),
            ("2e400", "2e400"),
            ("1e-400", "1e-400"),
            ("-0.5", "-0.5"),
            ("-99999999999", "-99999999999"),
        ] {
            let response = format!(r#"{{"at": {given}}}"#);
            let response = parse(&response).unwrap();
            assert_eq!(
                timestamp(&response, "at").as_deref(),
                Some(expected),
                "{given}"
            );
        }
        for given in ["null", "true", "[1]", "{}"] {
            let response = format!(r#"{{"at": {given}}}"#);
            assert_eq!(timestamp(&parse(&response).unwrap(), "at"), None, "{given}");
        }
    }
}
