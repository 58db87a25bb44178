//! The columns of a file: the field that each has.

use std::fmt::Write as _;

use crate::args::ColumnArgs;
use crate::error::{CliError, ExitStatus};

/// What a column has.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Field {
    Name,
    FirstName,
    LastName,
    NickName,
    Email,
    Role,
    RoleId,
    Avatar,
    Custom(String),
    RemoteData(String),
    Collection,
    Account,
    Id,
    Key,
}

/// The names without a dot, in the order of the help.
const NAMES: [(&str, Field); 12] = [
    ("name", Field::Name),
    ("first_name", Field::FirstName),
    ("last_name", Field::LastName),
    ("nick_name", Field::NickName),
    ("email", Field::Email),
    ("role", Field::Role),
    ("role_id", Field::RoleId),
    ("avatar", Field::Avatar),
    ("collection", Field::Collection),
    ("account", Field::Account),
    ("id", Field::Id),
    ("key", Field::Key),
];

const CUSTOM_FIELDS: &str = "custom_fields.";
const REMOTE_DATA: &str = "remote_data.";

/// How alike two names have to be for a proposal: 1 is equal.
const MIN_LIKENESS: f64 = 0.75;

/// The most names that are proposed.
const MAX_PROPOSALS: usize = 2;

impl Field {
    pub(super) fn parse(name: &str) -> Option<Self> {
        for (prefix, field) in [
            (CUSTOM_FIELDS, Self::Custom as fn(String) -> Self),
            (REMOTE_DATA, Self::RemoteData),
        ] {
            if let Some(rest) = name.strip_prefix(prefix) {
                return (!rest.is_empty()).then(|| field(rest.to_owned()));
            }
        }
        let found = NAMES.iter().find(|(known, _)| *known == name);
        found.map(|(_, field)| field.clone())
    }

    /// Whether several columns may have it, in the order of their values.
    const fn is_list(&self) -> bool {
        matches!(
            self,
            Self::Email | Self::Role | Self::RoleId | Self::Collection
        )
    }

    /// The name of the field's own column.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Custom(name) => format!("{CUSTOM_FIELDS}{name}"),
            Self::RemoteData(name) => format!("{REMOTE_DATA}{name}"),
            field => {
                let known = NAMES.iter().find(|(_, known)| known == field);
                known.map_or_else(String::new, |(name, _)| (*name).to_owned())
            }
        }
    }
}

/// A column.
#[derive(Debug)]
pub(super) struct Column {
    /// Its name in the file.
    pub(super) name: String,
    /// What it has; none if it is left out.
    pub(super) field: Option<Field>,
}

/// The columns of a file, and the values of rows that have none.
#[derive(Debug, Default)]
pub(super) struct Columns {
    pub(super) columns: Vec<Column>,
    /// `--set`.
    pub(super) defaults: Vec<(Field, String)>,
}

impl Columns {
    /// The columns of a file whose rows have names of their own.
    ///
    /// # Errors
    ///
    /// An option names no field, or is about columns.
    pub(super) fn of_objects(arguments: &ColumnArgs) -> Result<Self, CliError> {
        if !arguments.map.is_empty() || !arguments.ignored.is_empty() {
            let message = "`--map` and `--ignore-column` go with CSV: the members of JSON Lines have names of their own";
            return Err(CliError::new(ExitStatus::Usage, message));
        }
        Ok(Self {
            columns: Vec::new(),
            defaults: defaults(arguments)?,
        })
    }

    /// The columns of a file with these names.
    ///
    /// # Errors
    ///
    /// A column is not known, or two are the same; an option names no field, or no column.
    pub(super) fn new(
        file: &str,
        names: Vec<String>,
        arguments: &ColumnArgs,
    ) -> Result<Self, CliError> {
        let mut mapped = Vec::new();
        for (field, column) in &arguments.map {
            let field = parse_field("--map", field)?;
            check_column("--map", column, &names)?;
            mapped.push((field, column));
        }
        for column in &arguments.ignored {
            check_column("--ignore-column", column, &names)?;
        }
        let mut unknown = Vec::new();
        let mut columns: Vec<Column> = Vec::new();
        for name in names {
            let mut by_map = mapped.iter().filter(|(_, column)| **column == name);
            let field = match by_map.next() {
                Some((field, _)) => Some(field.clone()),
                None if arguments.ignored.contains(&name) => None,
                None => match Field::parse(&name) {
                    Some(field) => Some(field),
                    // A column without a name, and without values, is what a spreadsheet writes for a column that it once had.
                    None if name.trim().is_empty() => None,
                    None => {
                        unknown.push(name);
                        continue;
                    }
                },
            };
            if let Some(field) = field.as_ref().filter(|field| !field.is_list())
                && let Some(other) = columns.iter().find(|it| it.field.as_ref() == Some(field))
            {
                let message = format!(
                    "{file}: the columns `{}` and `{name}` both have the field `{}`",
                    other.name,
                    field.name()
                );
                return Err(CliError::new(ExitStatus::Usage, message)
                    .hint("`--ignore-column NAME` leaves one out"));
            }
            columns.push(Column { name, field });
        }
        if !unknown.is_empty() {
            return Err(unknown_columns(file, &unknown));
        }
        Ok(Self {
            columns,
            defaults: defaults(arguments)?,
        })
    }

    /// The position of the n-th column that has a field, and its name.
    pub(super) fn find(&self, field: &Field, index: usize) -> Option<(usize, &str)> {
        let columns = self.columns.iter().enumerate();
        let mut with_field = columns.filter(|(_, column)| column.field.as_ref() == Some(field));
        let (position, column) = with_field.nth(index)?;
        Some((position, column.name.as_str()))
    }
}

fn defaults(arguments: &ColumnArgs) -> Result<Vec<(Field, String)>, CliError> {
    let given = arguments.set.iter();
    given
        .map(|(field, value)| Ok((parse_field("--set", field)?, value.clone())))
        .collect()
}

fn parse_field(flag: &str, name: &str) -> Result<Field, CliError> {
    Field::parse(name).ok_or_else(|| {
        let message = format!("{flag}: there is no field `{name}`{}", proposal(name));
        CliError::new(ExitStatus::Usage, message).hint(FIELDS)
    })
}

const FIELDS: &str = "the fields are `name`, `first_name`, `last_name`, `nick_name`, `email`, `role`, `role_id`, `avatar`, \
                      `custom_fields.NAME`, `remote_data.NAME`, `collection`, `account`, `id`, `key`";

fn check_column(flag: &str, name: &str, names: &[String]) -> Result<(), CliError> {
    if names.iter().any(|known| known == name) {
        return Ok(());
    }
    let known: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    let message = format!(
        "{flag}: there is no column `{name}`; there is {}",
        known.join(", ")
    );
    Err(CliError::new(ExitStatus::Usage, message))
}

fn unknown_columns(file: &str, unknown: &[String]) -> CliError {
    let columns = if unknown.len() == 1 {
        "a column is not known"
    } else {
        "columns are not known"
    };
    let mut faults = Vec::new();
    let mut hint = FIELDS.to_owned();
    for (position, name) in unknown.iter().enumerate() {
        faults.push(format!("`{name}`{}", proposal(name)));
        if position == 0 {
            let field = nearest(name).into_iter().next();
            let field = field.unwrap_or_else(|| "FIELD".to_owned());
            let mut example = String::new();
            let _ = write!(
                example,
                "`--map '{field}={name}'` says what a column has, `--ignore-column '{name}'` leaves it out; "
            );
            hint.insert_str(0, &example);
        }
    }
    let message = format!("{file}: {columns}");
    CliError::usage_faults(&message, &faults).hint(hint)
}

/// What to say of a name that is not known: the nearest ones.
fn proposal(name: &str) -> String {
    let names: Vec<String> = nearest(name)
        .iter()
        .map(|name| format!("`{name}`"))
        .collect();
    if names.is_empty() {
        String::new()
    } else {
        format!(": did you mean {}?", names.join(" or "))
    }
}

/// The names that are most like this one, the nearest first. Case, blanks and punctuation do not count.
fn nearest(name: &str) -> Vec<String> {
    let plain = |name: &str| -> String {
        let letters = name.chars().filter(|character| character.is_alphanumeric());
        letters.flat_map(char::to_lowercase).collect()
    };
    let given = plain(name);
    let mut names: Vec<(f64, &str)> = NAMES
        .iter()
        .map(|(known, _)| (strsim::jaro_winkler(&given, &plain(known)), *known))
        .filter(|(likeness, _)| *likeness >= MIN_LIKENESS)
        .collect();
    names.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    let is_equal = names.first().is_some_and(|(likeness, _)| *likeness >= 1.0);
    let count = if is_equal { 1 } else { MAX_PROPOSALS };
    let names = names.into_iter().take(count);
    names.map(|(_, name)| name.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_name_is_proposed() {
        for (given, proposed) in [
            ("E-Mail", &["email"][..]),
            (" email ", &["email"]),
            ("First Name", &["first_name"]),
            ("Emial", &["email"]),
            ("lastname", &["last_name"]),
            ("Abteilung", &[]),
        ] {
            assert_eq!(nearest(given), proposed, "{given}");
        }
    }

    #[test]
    fn every_name_is_a_field() {
        for (name, field) in &NAMES {
            assert_eq!(Field::parse(name).as_ref(), Some(field));
            assert_eq!(field.name(), *name);
            assert!(FIELDS.contains(&format!("`{name}`")), "{name}");
        }
        let custom = Field::parse("custom_fields.Start date").expect("a field");
        assert_eq!(custom, Field::Custom("Start date".to_owned()));
        assert_eq!(custom.name(), "custom_fields.Start date");
        assert_eq!(Field::parse("custom_fields."), None);
    }
}
