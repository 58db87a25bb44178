//! `users`: the flags become requests of the HTTP API.

mod import;
mod list;
mod request;
mod session;

use unified_ticketing::http_api::HttpResponse;

use self::list::Page;
use self::session::Session;
use crate::args::{Format, Global, Output, UsersCommand};
use crate::error::{CliError, CompletedCall};
use crate::input::body;
use crate::json::{Object, indented};
use crate::operation::{Call, Operation};
use crate::setup::call_runtime;
use crate::table::Table;
use crate::terminal::{Terminal, output_width};

/// Carries out the operation of a command.
pub(super) fn run(
    global: &Global,
    command: &UsersCommand,
    terminal: &mut Terminal,
) -> Result<(), CliError> {
    let command = match command {
        UsersCommand::User(command) => command,
        UsersCommand::Import(arguments) => return import::run(global, arguments, terminal),
    };
    let call = Call::new(command)?;
    let body = call.operation.user().map(body).transpose()?;
    let runtime = call_runtime()?;
    let result = runtime.block_on(async {
        let mut session = Session::open(global, call).await?;
        match call.operation {
            Operation::List(list) if list.all => list::all(&mut session, list, terminal).await,
            _ => single(&mut session, body.unwrap_or_default(), terminal).await,
        }
    });
    // A thread that still looks up a name, or writes a result that is not read, ends with the process.
    runtime.shutdown_background();
    result
}

/// Carries out a call of one response, and prints that.
async fn single(
    session: &mut Session<'_>,
    body: Vec<u8>,
    terminal: &mut Terminal,
) -> Result<(), CliError> {
    let call = session.call;
    let cursor = match call.operation {
        Operation::List(list) => list.cursor.as_deref(),
        _ => None,
    };
    let response = session.respond(cursor, body, terminal).await?;
    let result = match (call.output, call.options.format) {
        (Output::Table, _) => table(&call, &response.body),
        (Output::Json, Format::Raw) if !call.dry_run => response.body.clone(),
        (Output::Json, _) => indented(&response.body),
    };
    if let Some(completed) = completed(&call, &response.body) {
        let written = session.write(result).await;
        return written.map_err(|error| CliError::output_failed_after(&completed, &error));
    }
    session.write_read(result).await?;
    if let Operation::List(list) = call.operation {
        list::note(&call, list, &response, terminal);
    }
    Ok(())
}

fn table(call: &Call<'_>, body: &[u8]) -> Vec<u8> {
    let users = match call.operation {
        Operation::List(_) => Page::parse(body).objects(),
        _ => Object::parse(body).into_iter().collect(),
    };
    Table::new(output_width()).lines(&users).into_bytes()
}

/// Returns what the provider has done; none where nothing was changed.
fn completed<'a>(call: &Call<'_>, response_body: &'a [u8]) -> Option<CompletedCall<'a>> {
    let operation = call.operation.completed().filter(|_| !call.dry_run)?;
    let id = match call.operation.id() {
        Some(id) => Some(id.to_owned()),
        None => user_id(response_body, call.options.format),
    };
    Some(CompletedCall {
        operation,
        id,
        response_body,
    })
}

/// Returns the id in a user; none where the body is the provider's own.
fn user_id(body: &[u8], format: Format) -> Option<String> {
    let body = Object::parse(body).ok()?;
    let user = match format {
        Format::Unified | Format::Normalized => body,
        Format::Debug => Object::parse(body.get("result")?.get().as_bytes()).ok()?,
        Format::Raw => return None,
    };
    Some(user.string("id")).filter(|id| !id.is_empty())
}

/// Returns a header of a response.
fn header<'a>(response: &'a HttpResponse, name: &str) -> Option<&'a str> {
    let mut headers = response.headers.iter();
    let header = headers.find(|(given, _)| given == name);
    header.map(|(_, value)| value.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn format_says_where_the_id_is() {
        let user = br#"{"id":"7","result":{"id":"8"}}"#;
        for (format, id) in [
            (Format::Unified, Some("7")),
            (Format::Normalized, Some("7")),
            (Format::Debug, Some("8")),
            (Format::Raw, None),
        ] {
            assert_eq!(user_id(user, format).as_deref(), id, "{format:?}");
        }
        assert_eq!(user_id(b"{}", Format::Unified), None);
    }
}
