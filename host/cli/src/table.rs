//! Users as a table for people.

use serde_json::value::RawValue;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::escape;
use crate::json::Object;

const COLUMNS: usize = 5;
const HEADINGS: [&str; COLUMNS] = ["ID", "NAME", "EMAIL", "ROLE", "ACTIVE"];

/// The columns that are cut first. An id is of use only as a whole.
const CUT_FIRST: [usize; 3] = [1, 2, 3];

/// The width that the columns of [`CUT_FIRST`] keep while others can be cut.
const MIN_WIDTH: usize = 8;

/// The widest cell. An address has at most 254 characters (RFC 5321, section 4.5.3.1.3, without the angle brackets).
const MAX_WIDTH: usize = 254;

const GAP: usize = 2;

type Row = [String; COLUMNS];

/// A table that is written page by page.
#[derive(Debug)]
pub(crate) struct Table {
    /// The width of a line; none where lines are as long as they need be.
    width: Option<usize>,
    /// The widths of the columns so far.
    columns: [usize; COLUMNS],
    has_headings: bool,
}

impl Table {
    pub(crate) fn new(width: Option<usize>) -> Self {
        Self {
            width,
            columns: HEADINGS.map(str::len),
            has_headings: false,
        }
    }

    /// Returns the lines of further users, after the headings if they are the first; nothing where there are no users.
    pub(crate) fn lines(&mut self, users: &[Object<'_>]) -> String {
        let rows: Vec<Row> = users.iter().map(row).collect();
        for row in &rows {
            for (column, cell) in self.columns.iter_mut().zip(row) {
                *column = cell.width().min(MAX_WIDTH).max(*column);
            }
        }
        let columns = self.width.map_or(self.columns, |width| {
            fit(self.columns, width.saturating_sub(GAP * (COLUMNS - 1)))
        });
        let mut lines = String::new();
        if !rows.is_empty() && !self.has_headings {
            self.has_headings = true;
            push_line(&mut lines, &HEADINGS.map(str::to_owned), columns);
        }
        for row in &rows {
            push_line(&mut lines, row, columns);
        }
        lines
    }
}

/// Returns the cells of a user, without characters that would control a terminal.
fn row(user: &Object<'_>) -> Row {
    let emails = user.objects("emails");
    let is_primary = |email: &&Object<'_>| email.string("type") == "primary";
    let others = emails.iter().filter(|email| !is_primary(email));
    let emails = emails.iter().filter(is_primary).chain(others);
    let emails: Vec<String> = emails.map(|email| email.string("email")).collect();
    let roles: Vec<String> = user.objects("roles").iter().map(role).collect();
    let active = match user.get("is_active").map(RawValue::get) {
        Some("true") => "yes",
        Some("false") => "no",
        _ => "",
    };
    [
        user.string("id"),
        user.string("name"),
        emails.join(", "),
        roles.join(", "),
        active.to_owned(),
    ]
    .map(|cell| escape::inline(&cell).into_owned())
}

fn role(role: &Object<'_>) -> String {
    let name = role.string("name");
    if name.is_empty() {
        role.string("id")
    } else {
        name
    }
}

/// Returns columns that are together at most this wide, where that is possible: the widest are cut.
fn fit(mut columns: [usize; COLUMNS], width: usize) -> [usize; COLUMNS] {
    let all = [0, 1, 2, 3, 4];
    for (cut, min) in [(&CUT_FIRST[..], MIN_WIDTH), (&all, 1)] {
        while columns.iter().sum::<usize>() > width {
            let widths = columns.iter_mut().enumerate();
            let widths = widths.filter(|(index, width)| cut.contains(index) && **width > min);
            match widths.max_by_key(|(_, width)| **width) {
                Some((_, widest)) => *widest -= 1,
                None => break,
            }
        }
    }
    columns
}

fn push_line(lines: &mut String, row: &Row, columns: [usize; COLUMNS]) {
    let start = lines.len();
    for (cell, width) in row.iter().zip(columns) {
        let shown = cut(cell, width);
        lines.push_str(&shown);
        let padding = width.saturating_sub(shown.width()) + GAP;
        lines.extend(std::iter::repeat_n(' ', padding));
    }
    let end = lines.get(start..).unwrap_or_default().trim_end().len();
    lines.truncate(start + end);
    lines.push('\n');
}

/// Returns a cell, cut with an ellipsis where it is wider than this.
fn cut(cell: &str, width: usize) -> String {
    // Characters without a width, such as accents, are bounded too.
    if cell.width() <= width && cell.chars().count() <= 4 * width {
        return cell.to_owned();
    }
    let mut left = width.saturating_sub(1);
    let mut shown = String::new();
    for character in cell.chars().take(4 * width) {
        let Some(rest) = left.checked_sub(character.width().unwrap_or_default()) else {
            break;
        };
        left = rest;
        shown.push(character);
    }
    shown.push('…');
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(width: Option<usize>, users: &[&str]) -> String {
        let users: Vec<Object<'_>> = users
            .iter()
            .map(|user| Object::parse(user.as_bytes()).expect("a user"))
            .collect();
        Table::new(width).lines(&users)
    }

    const INES: &str = r#"{"id": "7781204", "name": "Ines Duarte", "is_active": true, "roles": [{"id": "9"}, {"name": "agent"}],
        "emails": [{"email": "i@k.example"}, {"email": "ines@kelpworks.example", "type": "primary"}]}"#;
    const DIXA: &str = r#"{"id": "8d4e1f66-1c5e-4f0a-9a35-0f3f4b0b9c11", "is_active": false,
        "name": "\u65e5\u672c\u8a9e\u65e5\u672c\u8a9e\u65e5\u672c\u8a9e Halvorsen-Aas", "emails": [{"email": "a-very-long-address@kelpworks.example"}]}"#;

    #[test]
    fn cells_are_aligned_by_display_width() {
        assert_eq!(
            lines(None, &[INES, DIXA]),
            "\
ID                                    NAME                              EMAIL                                  ROLE      ACTIVE
7781204                               Ines Duarte                       ines@kelpworks.example, i@k.example    9, agent  yes
8d4e1f66-1c5e-4f0a-9a35-0f3f4b0b9c11  日本語日本語日本語 Halvorsen-Aas  a-very-long-address@kelpworks.example            no
"
        );
    }

    #[test]
    fn lines_fit_the_width() {
        assert_eq!(
            lines(Some(80), &[INES, DIXA]),
            "\
ID                                    NAME         EMAIL        ROLE      ACTIVE
7781204                               Ines Duarte  ines@kelpw…  9, agent  yes
8d4e1f66-1c5e-4f0a-9a35-0f3f4b0b9c11  日本語日本…  a-very-lon…            no
"
        );
        for width in 13..200 {
            for line in lines(Some(width), &[INES, DIXA]).lines() {
                assert!(line.width() <= width, "{width}: {line}");
            }
        }
    }

    #[test]
    fn terminal_controls_are_escaped() {
        let user = r#"{"id": "1\u001b[2J\n2", "name": "\u202e\u009b"}"#;
        let shown = lines(None, &[user]);
        assert!(shown.contains(r"1\u{1b}[2J\n2  \u{202e}\u{9b}"), "{shown}");
        assert_eq!(shown.lines().count(), 2, "{shown}");
    }

    #[test]
    fn huge_cells_are_cut() {
        for filler in ["x", "日", "\u{301}", "👩‍💻"] {
            let user = format!(r#"{{"name": "{}"}}"#, filler.repeat(100_000));
            let shown = lines(None, &[&user, INES]);
            assert!(shown.len() < 20_000, "{filler}: {}", shown.len());
        }
    }

    #[test]
    fn headings_come_once() {
        let user = Object::parse(INES.as_bytes()).expect("a user");
        let mut table = Table::new(Some(80));
        assert_eq!(table.lines(&[]), "");
        assert!(table.lines(std::slice::from_ref(&user)).starts_with("ID "));
        assert!(table.lines(&[user]).starts_with("7781204 "));
    }
}
