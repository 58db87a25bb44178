//! The arguments of `accounts`.

use clap::{Args, Subcommand};

use super::value;

#[derive(Debug, Subcommand)]
pub(crate) enum AccountsCommand {
    /// Add an account to the accounts file, and ask for what is not given
    ///
    /// Answers are lines of standard input. In a terminal, a secret is not shown while it is typed. It goes into a file of its own
    /// beside the accounts file, which only its owner can read; or the account names a variable of the environment, or another file.
    /// What is in the accounts file already stays as it is.
    #[command(after_help = "\
Examples:
  unified-ticketing accounts add
  unified-ticketing accounts add gorgias --name acme-gorgias \\
      --setting subdomain=acme --credential email=ops@acme.example \\
      --credential api_key=env:GORGIAS_API_KEY")]
    Add(AddArgs),
    /// List the accounts, with the names of their credentials
    List,
    /// Check the accounts file and everything that it names; every violation is listed with its line
    #[command(after_help = "\
Examples:
  unified-ticketing accounts check
  unified-ticketing accounts check --live --collection project:1")]
    Check(CheckArgs),
}

/// The options of `accounts add`.
#[derive(Args, Debug)]
pub(crate) struct AddArgs {
    /// The integration; `integrations` lists them
    pub(crate) integration: Option<String>,

    /// The account's name on the command line
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,

    /// The account's id [default: a new one]
    #[arg(long, value_name = "UUID", value_parser = value::account_id)]
    pub(crate) id: Option<String>,

    /// The base URL, in place of the integration's own
    #[arg(long, value_name = "URL")]
    pub(crate) base_url: Option<String>,

    /// A setting of the integration. Can be given more than once
    #[arg(long = "setting", value_name = "NAME=VALUE", value_parser = value::pair)]
    pub(crate) settings: Vec<(String, String)>,

    /// Where a credential is: `env:VARIABLE` or `file:PATH`; a user name can be given as it is. Can be given more than once
    // Parsed later: an error here would show the value, which may be the secret itself.
    #[arg(long = "credential", value_name = "NAME=SOURCE")]
    pub(crate) credentials: Vec<String>,
}

/// The options of `accounts check`.
#[derive(Args, Debug)]
pub(crate) struct CheckArgs {
    /// Ask each provider for a list of one user, which changes nothing, and show what it thinks of the credentials
    ///
    /// Without this, nothing is contacted.
    #[arg(long)]
    pub(crate) live: bool,

    /// A collection that a list needs, such as Pivotal Tracker's project. Can be given more than once
    #[arg(long = "collection", value_name = "[TYPE:]ID", requires = "live")]
    pub(crate) collections: Vec<String>,
}
