//! The operations on users, with the arguments of each.

use unified_ticketing_guest::integration::OperationName;

use crate::args::{CallArgs, CreationArgs, Format, ListArgs, Output, UserArgs, UserCommand};
use crate::error::{CliError, CompletedOperation, ExitStatus};

/// An operation.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Operation<'a> {
    Create(&'a UserArgs),
    Update(&'a str, &'a UserArgs),
    Get(&'a str),
    List(&'a ListArgs),
    /// The flag says whether to go ahead.
    Delete(&'a str, bool),
}

impl<'a> Operation<'a> {
    pub(crate) const fn name(self) -> OperationName {
        match self {
            Self::Create(_) => OperationName::Create,
            Self::Update(..) => OperationName::Update,
            Self::Get(_) => OperationName::Get,
            Self::List(_) => OperationName::List,
            Self::Delete(..) => OperationName::Delete,
        }
    }

    /// The id of the user that it is for.
    pub(crate) const fn id(self) -> Option<&'a str> {
        match self {
            Self::Update(id, _) | Self::Get(id) | Self::Delete(id, _) => Some(id),
            Self::Create(_) | Self::List(_) => None,
        }
    }

    /// The user that it writes.
    pub(crate) const fn user(self) -> Option<&'a UserArgs> {
        match self {
            Self::Create(user) | Self::Update(_, user) => Some(user),
            Self::Get(_) | Self::List(_) | Self::Delete(..) => None,
        }
    }

    /// What the provider has done when it is completed; none for a read.
    pub(crate) const fn completed(self) -> Option<CompletedOperation> {
        match self {
            Self::Create(_) => Some(CompletedOperation::Created),
            Self::Update(..) => Some(CompletedOperation::Changed),
            Self::Delete(..) => Some(CompletedOperation::Deleted),
            Self::Get(_) | Self::List(_) => None,
        }
    }
}

/// A call: an operation, and the options that it is made with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call<'a> {
    pub(crate) operation: Operation<'a>,
    pub(crate) options: &'a CallArgs,
    pub(crate) output: Output,
    pub(crate) dry_run: bool,
    pub(crate) creation: Option<&'a CreationArgs>,
    pub(crate) key: Option<&'a str>,
}

impl<'a> Call<'a> {
    /// The call of a command.
    ///
    /// # Errors
    ///
    /// Its arguments contradict each other, or the id is empty.
    pub(crate) fn new(command: &'a UserCommand) -> Result<Self, CliError> {
        let (creation, key) = match command {
            UserCommand::Create { creation, key, .. } => (Some(creation), Some(key)),
            UserCommand::Update { key, .. } | UserCommand::Delete { key, .. } => (None, Some(key)),
            UserCommand::Get { .. } | UserCommand::List { .. } => (None, None),
        };
        let (operation, options, output, dry_run) = match command {
            UserCommand::Create {
                call,
                output,
                dry_run,
                user,
                creation: _,
                key: _,
            } => (
                Operation::Create(user),
                call,
                output.output,
                dry_run.dry_run,
            ),
            UserCommand::Update {
                id,
                call,
                output,
                dry_run,
                user,
                key: _,
            } => (
                Operation::Update(id, user),
                call,
                output.output,
                dry_run.dry_run,
            ),
            UserCommand::Get { id, call, output } => {
                (Operation::Get(id), call, output.output, false)
            }
            UserCommand::List { list, call, output } => {
                (Operation::List(list), call, output.output, false)
            }
            UserCommand::Delete {
                id,
                yes,
                call,
                dry_run,
                key: _,
            } => (
                Operation::Delete(id, *yes),
                call,
                Output::Json,
                dry_run.dry_run,
            ),
        };
        let call = Self {
            operation,
            options,
            output,
            dry_run,
            creation,
            key: key.and_then(|key| key.idempotency_key.as_deref()),
        };
        call.check()?;
        Ok(call)
    }

    /// Whether it changes something at the provider.
    pub(crate) const fn writes(&self) -> bool {
        self.operation.completed().is_some() && !self.dry_run
    }

    fn check(&self) -> Result<(), CliError> {
        // In the target of a request, an empty id would be the path of everyone.
        if self.operation.id() == Some("") {
            return Err(CliError::new(
                ExitStatus::Invalid,
                "ID: expected a user's id, but found nothing",
            ));
        }
        let is_table = self.output == Output::Table;
        let is_all = matches!(self.operation, Operation::List(list) if list.all);
        let message = match self.options.format {
            Format::Raw | Format::Debug if is_table => {
                "`--output table` goes with `--format unified` or `normalized`"
            }
            Format::Raw | Format::Debug if is_all => {
                "`--all` goes with `--format unified` or `normalized`"
            }
            _ if is_table && self.dry_run => {
                "`--output table` shows users, and `--dry-run` a request"
            }
            _ => return Ok(()),
        };
        Err(CliError::new(ExitStatus::Usage, message))
    }
}
