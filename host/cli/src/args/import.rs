//! The arguments of `users import`.

use std::fmt::{self, Display};
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};

use super::users::IfExists;
use super::value;

/// The options of `users import`.
#[derive(Args, Debug)]
pub(crate) struct ImportArgs {
    /// The file: CSV with a line of column names, or JSON Lines; `-` is standard input
    pub(crate) file: PathBuf,

    /// The account of rows that name none, by id or name
    #[arg(long, value_name = "ID|NAME")]
    pub(crate) account: Option<String>,

    /// What to do where the provider has a user of the address
    #[arg(long, default_value = "fail")]
    pub(crate) if_exists: IfExists,

    /// Show what would be sent, a request a row, and send nothing; with `look`, read from the providers, and say what would be
    /// created, changed and left
    #[arg(long, value_name = "HOW", num_args = 0..=1, require_equals = true, default_missing_value = "plan")]
    pub(crate) dry_run: Option<DryRun>,

    /// Import the valid rows, where some are not
    #[arg(long)]
    pub(crate) skip_invalid: bool,

    /// Send creations again whose outcome is unknown, once nobody has the address a minute after
    #[arg(long)]
    pub(crate) resend_absent: bool,

    #[command(flatten)]
    pub(crate) deletion: DeletionArgs,
    #[command(flatten)]
    pub(crate) columns: ColumnArgs,
    #[command(flatten)]
    pub(crate) pace: PaceArgs,
    #[command(flatten)]
    pub(crate) results: ResultArgs,
}

/// Whether rows delete.
#[derive(Args, Debug)]
#[command(next_help_heading = "Deleting")]
pub(crate) struct DeletionArgs {
    /// Delete the users of the file, each by its id or, where a row has none, by its address
    #[arg(long, conflicts_with_all = ["if_exists", "resend_absent"])]
    pub(crate) delete: bool,

    /// Delete indeed
    #[arg(long, requires = "delete")]
    pub(crate) yes: bool,

    /// How many users of an account may be deleted: a number, or a share of all, rounded up, and at least one
    #[arg(long, value_name = "N|N%", default_value = "10%")]
    pub(crate) max_delete: MaxDelete,
}

/// How many users of an account may be deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MaxDelete {
    /// So many.
    Users(u64),
    /// So many of a hundred.
    Percent(u64),
}

impl FromStr for MaxDelete {
    type Err = &'static str;

    fn from_str(value: &str) -> Result<Self, Self::Err> {
        let expected = "expected a number, or a percentage up to `100%`";
        match value.strip_suffix('%') {
            None => value.parse().map(Self::Users).map_err(|_| expected),
            Some(percent) => match percent.parse() {
                Ok(percent @ 0..=100) => Ok(Self::Percent(percent)),
                _ => Err(expected),
            },
        }
    }
}

impl Display for MaxDelete {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Users(users) => write!(f, "{users}"),
            Self::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}

/// How the file is read.
#[derive(Args, Debug)]
#[command(next_help_heading = "The file")]
pub(crate) struct ColumnArgs {
    /// The column that has a field. Can be given more than once
    #[arg(long, value_name = "FIELD=COLUMN", value_parser = value::pair)]
    pub(crate) map: Vec<(String, String)>,

    /// The value of a field in rows that have none. Can be given more than once
    #[arg(long, value_name = "FIELD=VALUE", value_parser = value::pair)]
    pub(crate) set: Vec<(String, String)>,

    /// A column to leave out. Can be given more than once
    #[arg(long = "ignore-column", value_name = "COLUMN")]
    pub(crate) ignored: Vec<String>,

    /// Remove blanks at both ends of every value and name of a column
    #[arg(long)]
    pub(crate) trim: bool,

    /// The encoding of a file that is neither UTF-8 nor says what it is, such as `windows-1252`
    #[arg(long, value_name = "NAME")]
    pub(crate) encoding: Option<String>,
}

/// How fast rows are sent.
#[derive(Args, Debug)]
#[command(next_help_heading = "The pace")]
pub(crate) struct PaceArgs {
    /// How many rows may be in flight
    #[arg(long, value_name = "N", default_value = "8", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) concurrency: u16,

    /// How many requests a second an account may get [default: what its provider documents]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rate: Option<u32>,

    /// How many times a row is sent that the provider rejects for its rate limit
    #[arg(long, value_name = "N", default_value = "5", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) attempts: u32,
}

/// Where the results go.
#[derive(Args, Debug)]
#[command(next_help_heading = "The results")]
pub(crate) struct ResultArgs {
    /// The file for the results, a line for each row [default: standard output]
    #[arg(long = "results", id = "results_file", value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,

    /// The form of the results; `csv` is the columns of the file, and `result`, `id`, `error`
    #[arg(
        long = "format",
        id = "results_form",
        value_name = "FORM",
        default_value = "jsonl"
    )]
    pub(crate) form: ResultForm,
}

/// A run that changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DryRun {
    /// Plan every row, and open no connection
    Plan,
    /// Read from the providers, too
    Look,
}

/// The form of results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ResultForm {
    /// The columns of the file, and three more
    Csv,
    /// A JSON object a line
    Jsonl,
}
