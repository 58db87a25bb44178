//! The times of a case that depend on when the call begins.

use super::Case;

/// When the calls of all cases begin.
pub const BEGUN: &str = "2026-03-02T08:15:30Z";

/// The hour of [`BEGUN`], as the times begin that move with it, and the second within it.
const HOUR: (&str, i64) = ("2026-03-02T08:", 15 * 60 + 30);

impl Case {
    /// The case as it is where the call begins at another time, in seconds since 1970: every time in the hour of [`BEGUN`] moves
    /// with it, in the responses and in the result.
    pub fn begun_at(&self, begun: i64) -> Self {
        let mut case = self.clone();
        let bodies = case.file.responses.iter_mut().map(|it| &mut it.body);
        for body in bodies.chain([&mut case.file.result.body]) {
            *body = body.take().map(|body| moved(&body, begun));
        }
        case
    }
}

fn moved(text: &str, begun: i64) -> String {
    let mut parts = text.split(HOUR.0);
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (clock, rest) = part.split_at("15:30".len());
        let (minutes, seconds) = clock.split_once(':').expect("minutes and seconds");
        let digits = |digits: &str| digits.parse::<i64>().expect("digits");
        let second = digits(minutes) * 60 + digits(seconds);
        text.push_str(&time(begun + second - HOUR.1));
        text.push_str(rest);
    }
    text
}

/// A time as RFC 3339 has it, without its zone.
pub fn time(seconds: i64) -> String {
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Years of 365.2425 days that begin in March: https://howardhinnant.github.io/date_algorithms.html#civil_from_days
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + i64::from(month < 3);
    let (hour, minute) = (second / 3_600, second / 60 % 60);
    format!(
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{:02}",
        second % 60
    )
}
