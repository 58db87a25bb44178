//! What Postgres says, in words that hold nothing of a record, and nothing of the URL.

use std::error::Error as _;

use deadpool_postgres::{PoolError, TimeoutType};
use tokio_postgres::error::{DbError, SqlState};

use super::super::StoreError;
use super::connection::{MAX_CONNECTIONS, STATEMENT_TIMEOUT, WAIT_TIMEOUT};
use super::schema::not_a_store;

/// Why a step of a transaction fails.
#[derive(Debug)]
pub(super) enum StepError {
    Postgres(tokio_postgres::Error),
    Store(StoreError),
}

impl From<tokio_postgres::Error> for StepError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Postgres(error)
    }
}

impl From<StoreError> for StepError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<StepError> for StoreError {
    fn from(error: StepError) -> Self {
        match error {
            StepError::Postgres(error) => store_error(&error),
            StepError::Store(error) => error,
        }
    }
}

impl From<PoolError> for StepError {
    fn from(error: PoolError) -> Self {
        let reason = match error {
            PoolError::Backend(error) => return Self::Postgres(error),
            PoolError::Timeout(TimeoutType::Wait) => {
                format!(
                    "its {MAX_CONNECTIONS} connections are in use for more than {WAIT_TIMEOUT:?}"
                )
            }
            PoolError::Timeout(TimeoutType::Create | TimeoutType::Recycle) => {
                "its server does not answer".to_owned()
            }
            PoolError::Closed | PoolError::NoRuntimeSpecified | PoolError::PostCreateHook(_) => {
                "it is closed".to_owned()
            }
        };
        Self::Store(StoreError::unavailable(reason))
    }
}

/// The error of a connection or a statement.
fn store_error(error: &tokio_postgres::Error) -> StoreError {
    if let Some(error) = error.as_db_error() {
        return said(error);
    }
    // What the client itself says, and the system or TLS below it, names types and codes, and no values.
    StoreError::unavailable(match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    })
}

/// What the server says: the severity, the code and the message. The detail, the hint and the context can have values of a row.
fn said(error: &DbError) -> StoreError {
    let code = error.code();
    let reason = if *code == SqlState::QUERY_CANCELED {
        format!("a statement, or a lock that it waits for, takes more than {STATEMENT_TIMEOUT:?}")
    } else if *code == SqlState::READ_ONLY_SQL_TRANSACTION {
        "its database takes no writes".to_owned()
    } else if [
        SqlState::UNDEFINED_TABLE,
        SqlState::UNDEFINED_COLUMN,
        SqlState::DUPLICATE_TABLE,
    ]
    .contains(code)
    {
        return not_a_store();
    } else {
        let (severity, message) = (error.severity(), error.message());
        format!("Postgres says: {severity} {}: {message}", code.code())
    };
    StoreError::unavailable(reason)
}
