//! The arguments. Their doc comments are the help texts.

mod accounts;
mod import;
mod parse;
mod serve;
mod users;
mod value;

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use secrecy::SecretString;

pub(crate) use self::accounts::{AccountsCommand, AddArgs, CheckArgs};
pub(crate) use self::import::{ColumnArgs, DryRun, ImportArgs, MaxDelete, ResultArgs, ResultForm};
pub(crate) use self::parse::{command_with_global_options_once, parse};
pub(crate) use self::serve::{SenderName, ServeArgs};
pub(crate) use self::users::{
    CallArgs, CreationArgs, Format, IfExists, ListArgs, Output, UserArgs, UserCommand, UsersCommand,
};

/// Create, update, get, list and delete the users of ticketing products, in one way for all of them.
///
/// Results are JSON on standard output; everything else goes to standard error.
#[derive(Debug, Parser)]
#[command(
    name = "unified-ticketing",
    version = env!("UNIFIED_TICKETING_VERSION"),
    max_term_width = 80,
    after_help = "\
Exit codes:
  0  done
  1  anything not listed here
  2  usage
  3  the request is invalid; nothing was sent
  4  an account or the configuration
  5  the provider rejected it; nothing was changed
  6  the provider may have acted, or has: the message says what is known
  7  nothing was changed, and the same again later may work
130  interrupted; nothing was changed"
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The options of every command.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// The accounts file
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "UNIFIED_TICKETING_ACCOUNTS",
        default_value = "accounts.toml"
    )]
    pub(crate) accounts: PathBuf,

    /// Start simulators of the providers in this process, with an account for each, named after its integration
    ///
    /// They start empty. The accounts file is not read.
    #[arg(long, global = true)]
    pub(crate) sandbox: bool,

    /// How long a call may take, such as `20s` or `500ms`; a bare number is seconds
    #[arg(long, global = true, value_name = "DURATION", default_value = "20s", value_parser = value::duration)]
    pub(crate) deadline: Duration,

    /// How long a call may look for the user, besides its deadline, after a creation whose outcome is unknown; 0 turns it off
    #[arg(long, global = true, value_name = "DURATION", default_value = "5s", value_parser = value::duration_or_none)]
    pub(crate) settle: Duration,

    /// Where calls with an idempotency key are kept, and creations of unknown outcome: `sqlite:PATH`, or
    /// `postgres://USER:PASSWORD@HOST/DATABASE`, which any number of servers can share
    ///
    /// Others on this machine can read the arguments of a program: a URL with a password belongs into the variable. With
    /// `sslmode=require` the connection has TLS, and the certificate and the name are checked, as by `verify-full`; with `prefer`, the
    /// default, it has TLS where the server does. `--ca-file` counts here, too.
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "UNIFIED_TICKETING_STORE",
        hide_env_values = true
    )]
    pub(crate) store: Option<SecretString>,

    /// The file of the store's secret, made on first use [default: PATH.secret beside a file, else `store.secret` in
    /// `~/.local/state/unified-ticketing`]
    ///
    /// The variable `UNIFIED_TICKETING_SECRET` can have the secret itself. Servers that share a store need the same one.
    #[arg(long, global = true, value_name = "FILE", requires = "store")]
    pub(crate) secret: Option<PathBuf>,

    /// How much memory the component may use for a call
    #[arg(long, global = true, value_name = "SIZE", default_value = "64MiB", value_parser = value::size)]
    pub(crate) max_memory: usize,

    /// How much CPU time the component may use for a step of a call, or for a whole call where it sends for itself
    #[arg(long, global = true, value_name = "DURATION", default_value = "200ms", value_parser = value::duration)]
    pub(crate) max_cpu: Duration,

    /// How many requests to the provider a call may send; at most one of them creates, whatever this says
    #[arg(long, global = true, value_name = "N", default_value_t = 32)]
    pub(crate) max_requests: u32,

    /// How large the body of a provider's response may be
    #[arg(long, global = true, value_name = "SIZE", default_value = "4MiB", value_parser = value::size)]
    pub(crate) max_response_body: usize,

    /// How large the headers of a provider's response may be, together
    #[arg(long, global = true, value_name = "SIZE", default_value = "128KiB", value_parser = value::size)]
    pub(crate) max_response_headers: usize,

    /// Root certificates in PEM, trusted besides the public ones
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,

    /// A proxy for the connections to the providers: `http://[USER:PASSWORD@]HOST[:PORT]`
    ///
    /// It is asked for tunnels (CONNECT), so TLS is with the provider all the same. It looks the names of the providers up, and
    /// decides which addresses they may lead to. Others on this machine can read the arguments of a program: a URL with a password
    /// belongs into the variable. `HTTPS_PROXY` and the like are not read.
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "UNIFIED_TICKETING_PROXY",
        hide_env_values = true
    )]
    pub(crate) proxy: Option<SecretString>,

    /// Log what happens to standard error; twice for more
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,

    /// The format of standard error; with `json`, an error is the body of the HTTP API's response
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text")]
    pub(crate) log_format: LogFormat,
}

/// The format of standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// For programs, a line each.
    Json,
}

#[derive(Debug, Subcommand)]
#[expect(
    clippy::large_enum_variant,
    reason = "the program has one, and parses it once"
)]
pub(crate) enum Command {
    /// Create, update, get, list, delete or import users
    #[command(subcommand)]
    Users(UsersCommand),

    /// Show which fields each integration requires and supports, or one integration in full
    Integrations {
        /// The integration
        name: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },

    /// Show the accounts that are configured, check them, and add one
    #[command(subcommand)]
    Accounts(AccountsCommand),

    /// Make tokens for the clients of `serve`
    #[command(subcommand)]
    Token(TokenCommand),

    /// Serve the HTTP API, with `GET /healthz`, `GET /readyz` and `GET /openapi.json` beside it
    Serve(ServeArgs),

    /// Serve simulators of the providers, and print an accounts file for them
    Sandbox {
        /// Where to listen: an address or `localhost`, and a port; port 0 lets the system choose
        #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:4010", value_parser = value::listen)]
        listen: SocketAddr,
    },

    /// Write the WebAssembly component to a file, for other runtimes
    Component {
        /// The file to write; `-` for standard output
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Write the component without a network, for hosts that bring their own HTTP client: it imports the accounts alone
        #[arg(long, conflicts_with = "standalone")]
        core: bool,
        /// Write the standalone component, which reads its accounts from the variable `UNIFIED_TICKETING_ACCOUNTS_JSON`
        ///
        /// It runs in a stock WASI runtime. With the variable `UNIFIED_TICKETING_TOKENS_JSON` it asks its clients for a bearer token;
        /// without it, it authenticates nobody: serve it on a loopback address, or behind a server that does.
        #[arg(long)]
        standalone: bool,
    },

    /// Print the HTTP API in OpenAPI 3.1
    Openapi,

    /// Print a script that completes commands and options in a shell
    #[command(after_help = "\
Example:
  unified-ticketing completions bash \\
      > ~/.local/share/bash-completion/completions/unified-ticketing")]
    Completions {
        /// The shell
        shell: Shell,
    },

    /// Print the manual page of the program, or write a page for each command
    #[command(after_help = "\
Examples:
  unified-ticketing man | man -l -
  unified-ticketing man --out ~/.local/share/man/man1")]
    Man {
        /// The folder to write the pages to, one for each command
        #[arg(long, value_name = "FOLDER")]
        out: Option<PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a token, and print it with its entry for the file of `serve --tokens`
    ///
    /// The result is a JSON object: `token`, for the client, and `entry`, lines of TOML to add to the file. The entry has a digest
    /// of the token; the token itself is printed this once, and kept nowhere. No file is read or written.
    New(NewTokenArgs),
}

/// The options of `token new`.
#[derive(Args, Debug)]
pub(crate) struct NewTokenArgs {
    /// The name, of 40 characters or fewer; each token of a file has another
    pub(crate) name: String,

    /// An account that the token reaches, by id. Can be given more than once; without it, the token reaches every account
    #[arg(long = "account", value_name = "UUID", value_parser = value::account_id)]
    pub(crate) account_ids: Vec<String>,

    /// What the token may do. Can be given more than once; without it, the token may do everything
    #[arg(long = "operation", value_name = "OPERATION")]
    pub(crate) operations: Vec<OperationName>,
}

/// What a token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OperationName {
    /// Get, list and find users
    Read,
    /// Create users
    Create,
    /// Update users
    Update,
    /// Delete users
    Delete,
}

/// Returns the value of `--log-format` among arguments that clap rejects.
pub(crate) fn find_log_format(arguments: impl Iterator<Item = OsString>) -> LogFormat {
    let mut format = LogFormat::Text;
    let mut is_value = false;
    for argument in arguments {
        let value = argument.to_string_lossy();
        if value == "--" {
            break;
        }
        let value = if is_value {
            Some(value.as_ref())
        } else {
            value.strip_prefix("--log-format=")
        };
        if let Some(value) = value {
            format = LogFormat::from_str(value, false).unwrap_or(format);
        }
        is_value = argument == "--log-format";
    }
    format
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn log_format_is_found_anywhere() {
        let found = |arguments: &[&str]| find_log_format(arguments.iter().map(OsString::from));
        for json in [
            &["x", "--log-format", "json", "users"][..],
            &["x", "users", "create", "--nonsense", "--log-format=json"],
            &["x", "--log-format=text", "--log-format", "json"],
        ] {
            assert_eq!(found(json), LogFormat::Json, "{json:?}");
        }
        for text in [
            &["x"][..],
            &["x", "--", "--log-format=json"],
            &["x", "--log-format"],
            &["x", "--log-format", "nonsense"],
        ] {
            assert_eq!(found(text), LogFormat::Text, "{text:?}");
        }
    }

    #[test]
    fn arguments_pass_debug_assert() {
        Cli::command().debug_assert();
    }
}
