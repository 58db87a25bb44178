//! The arguments of `users`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::ImportArgs;
use super::value;

#[derive(Debug, Subcommand)]
pub(crate) enum UsersCommand {
    #[command(flatten)]
    User(UserCommand),

    /// Create and change the users of a file, each row once, however often this is run
    ///
    /// Every row is checked before anything is sent: what is wrong is listed
    /// with line and column, and nothing is sent. The columns: `name`,
    /// `first_name`, `last_name`, `nick_name`, `email`, `role`, `role_id`,
    /// `avatar`, `custom_fields.NAME`, `remote_data.NAME`, `collection`,
    /// `account`, `id`, `key`. A row with an id is a change. A row is known by
    /// its account and address, or its key: run the same command again, and it
    /// goes on where it ended.
    #[command(after_help = "\
Examples:
  unified-ticketing users import people.csv --account acme-gorgias --dry-run
  unified-ticketing users import people.csv --account acme-gorgias \\
      --map email=E-Mail --set role=agent --results results.jsonl
  unified-ticketing users import people.jsonl --if-exists update

Exit codes:
  0  every row is done
  3  some rows are invalid; without --skip-invalid nothing was sent
  5  some rows were rejected
  6  the outcome of some rows is unknown
  7  some rows were not sent, and the same command again may send them
130  interrupted; the same command again goes on")]
    Import(ImportArgs),
}

#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Create a user
    #[command(after_help = "\
Example:
  unified-ticketing users create --account acme-gorgias \\
      --name 'Tomas Okafor' --email tomas@kelpworks.example --role agent")]
    Create {
        #[command(flatten)]
        call: CallArgs,
        #[command(flatten)]
        output: OutputArgs,
        #[command(flatten)]
        dry_run: DryRunArgs,
        #[command(flatten)]
        creation: CreationArgs,
        #[command(flatten)]
        key: KeyArgs,
        #[command(flatten)]
        user: UserArgs,
    },

    /// Change a user; only the fields given are sent
    ///
    /// In --input, `null` clears a field.
    #[command(after_help = "\
Example:
  unified-ticketing users update 612004418 --account acme-gorgias --role admin")]
    Update {
        /// The user's id
        id: String,
        #[command(flatten)]
        call: CallArgs,
        #[command(flatten)]
        output: OutputArgs,
        #[command(flatten)]
        dry_run: DryRunArgs,
        #[command(flatten)]
        key: KeyArgs,
        #[command(flatten)]
        user: UserArgs,
    },

    /// Show a user
    #[command(after_help = "\
Example:
  unified-ticketing users get 612004418 --account acme-gorgias")]
    Get {
        /// The user's id
        id: String,
        #[command(flatten)]
        call: CallArgs,
        #[command(flatten)]
        output: OutputArgs,
    },

    /// List users: a page of them, all of them, or those who have an address
    ///
    /// A page is a JSON object: the users in `result`, and in `next_cursor` the
    /// value of --cursor for the next page, or `null`.
    #[command(after_help = "\
Examples:
  unified-ticketing users list --account acme-gorgias --output table
  unified-ticketing users list --account acme-gorgias --all > users.jsonl
  unified-ticketing users list --account acme-gorgias \\
      --email tomas@kelpworks.example")]
    List {
        #[command(flatten)]
        list: ListArgs,
        #[command(flatten)]
        call: CallArgs,
        #[command(flatten)]
        output: OutputArgs,
    },

    /// Delete a user, in the provider's sense of it
    ///
    /// `integrations NAME` says what deleting means for each provider, and so
    /// does this command without --yes.
    #[command(after_help = "\
Example:
  unified-ticketing users delete 612004418 --account acme-gorgias --yes")]
    Delete {
        /// The user's id
        id: String,
        /// Delete; without this, nothing is sent
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        call: CallArgs,
        #[command(flatten)]
        dry_run: DryRunArgs,
        #[command(flatten)]
        key: KeyArgs,
    },
}

/// What a creation does where the user may be there.
#[derive(Args, Debug)]
pub(crate) struct CreationArgs {
    /// What to do where the provider has a user of the address
    #[arg(long, default_value = "fail")]
    pub(crate) if_exists: IfExists,
    /// Send the creation though an earlier one may have created the user: you have looked, and it is not there
    #[arg(long)]
    pub(crate) resend: bool,
}

/// What to do where the user exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum IfExists {
    /// Create, and let the provider decide
    Fail,
    /// Look first, and return the user that is there
    Keep,
    /// Look first, and change what differs in the user that is there
    Update,
}

/// The key of a call that writes.
#[derive(Args, Debug)]
pub(crate) struct KeyArgs {
    /// The same call with the same key is carried out once: use it until it succeeds. `auto` makes the key of the request.
    /// Without --store it is ignored, with a warning
    #[arg(long, value_name = "KEY|auto")]
    pub(crate) idempotency_key: Option<String>,
}

/// The options of a call, whatever the operation.
#[derive(Args, Debug)]
pub(crate) struct CallArgs {
    /// The account to use, by id or name
    #[arg(long, value_name = "ID|NAME")]
    pub(crate) account: String,
    /// A collection that the call needs, such as Pivotal Tracker's project. Can be given more than once
    #[arg(long = "collection", value_name = "[TYPE:]ID")]
    pub(crate) collections: Vec<String>,
    /// A parameter for the provider's query. Can be given more than once
    #[arg(long, value_name = "K=V", value_parser = value::pair)]
    pub(crate) remote_query: Vec<(String, String)>,
    /// The format of the response
    #[arg(long, default_value = "unified")]
    pub(crate) format: Format,
    /// Leave out the provider's own response
    #[arg(long)]
    pub(crate) ignore_remote_data: bool,
    /// A field to leave out of the response. Can be given more than once
    #[arg(long = "exclude-field", value_name = "F")]
    pub(crate) exclude_fields: Vec<String>,
    /// Reject fields that are unsupported or unknown, instead of warning about them
    #[arg(long)]
    pub(crate) strict: bool,
}

/// How users are shown.
#[derive(Args, Debug)]
pub(crate) struct OutputArgs {
    /// How users are shown
    #[arg(long, default_value = "json")]
    pub(crate) output: Output,
}

/// Whether an operation that writes is only planned.
#[derive(Args, Debug)]
pub(crate) struct DryRunArgs {
    /// Show the request that would be sent, secrets masked; nothing is sent, no connection is opened
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Which users to list.
#[derive(Args, Debug)]
pub(crate) struct ListArgs {
    /// List everyone who has this address, in any case
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) email: Option<String>,
    /// List all users, page after page, as JSON Lines: one user a line
    #[arg(long)]
    pub(crate) all: bool,
    /// How many users a page has, from 1 to 500 [default: 100]
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<String>,
    /// Where to go on: `next_cursor` of the page before
    #[arg(long)]
    pub(crate) cursor: Option<String>,
}

/// A user.
#[derive(Args, Debug)]
#[command(next_help_heading = "The user")]
pub(crate) struct UserArgs {
    /// The full name
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// The first name
    #[arg(long, value_name = "NAME")]
    pub(crate) first_name: Option<String>,
    /// The last name
    #[arg(long, value_name = "NAME")]
    pub(crate) last_name: Option<String>,
    /// The nick name
    #[arg(long, value_name = "NAME")]
    pub(crate) nick_name: Option<String>,
    /// The URL of a picture
    #[arg(long, value_name = "URL")]
    pub(crate) avatar: Option<String>,
    /// An email address; the type is `primary` or `other`. Can be given more than once
    #[arg(long = "email", value_name = "ADDRESS[:TYPE]")]
    pub(crate) emails: Vec<String>,
    /// A role, by name or by id. Can be given more than once
    #[arg(long = "role", value_name = "NAME|id:ID")]
    pub(crate) roles: Vec<String>,
    /// Custom fields, in the provider's own terms
    #[arg(long, value_name = "JSON")]
    pub(crate) custom_fields: Option<String>,
    /// An object merged into the provider's request as it is
    #[arg(long, value_name = "JSON")]
    pub(crate) remote_data: Option<String>,
    /// The JSON body of the HTTP API, from a file or from standard input (`-`); the flags above win over it
    #[arg(long, value_name = "FILE|-")]
    pub(crate) input: Option<PathBuf>,
}

/// The format of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// The unified fields that the provider returned, and its whole response in `remote_data`
    Unified,
    /// The provider's bytes
    Raw,
    /// Exactly the documented fields, `null` where unknown
    Normalized,
    /// The unified response, and the last request and response of the call, secrets masked
    Debug,
}

/// How users are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// As JSON
    Json,
    /// As a table for people: id, name, address, role, and whether the user is active
    Table,
}
