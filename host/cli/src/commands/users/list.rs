//! `users list`: a page, or page after page.

use serde_json::value::RawValue;
use unified_ticketing::http_api::HttpResponse;

use super::header;
use super::session::Session;
use crate::args::{Format, ListArgs, Output};
use crate::error::CliError;
use crate::json::{Object, compact};
use crate::operation::Call;
use crate::table::Table;
use crate::terminal::{Terminal, output_width};

/// A page of users, in the envelope of the published API.
pub(super) struct Page<'a> {
    users: Vec<&'a RawValue>,
    next_cursor: Option<String>,
}

impl<'a> Page<'a> {
    pub(super) fn parse(body: &'a [u8]) -> Self {
        let envelope = Object::parse(body).unwrap_or_default();
        let next_cursor = envelope.string("next_cursor");
        Self {
            users: envelope.array("result"),
            next_cursor: Some(next_cursor).filter(|cursor| !cursor.is_empty()),
        }
    }

    pub(super) fn objects(&self) -> Vec<Object<'a>> {
        let users = self.users.iter();
        users
            .filter_map(|user| Object::parse(user.get().as_bytes()).ok())
            .collect()
    }

    /// Returns JSON Lines (one user a line), every token as it is.
    fn json_lines(&self) -> String {
        let mut lines = String::new();
        for user in &self.users {
            lines.push_str(&compact(user.get()));
            lines.push('\n');
        }
        lines
    }
}

/// Lists page after page; each is printed as it comes.
pub(super) async fn all(
    session: &mut Session<'_>,
    list: &ListArgs,
    terminal: &mut Terminal,
) -> Result<(), CliError> {
    let mut table = Table::new(output_width());
    let mut cursor = list.cursor.clone();
    let (mut is_first, mut is_empty) = (true, true);
    loop {
        let response = session.respond(cursor.as_deref(), Vec::new(), terminal);
        let response = response.await.map_err(|error| match &cursor {
            Some(cursor) if !is_first => error.resume_at(cursor),
            _ => error,
        })?;
        let page = Page::parse(&response.body);
        let lines = match session.call.output {
            Output::Json => page.json_lines(),
            Output::Table => table.lines(&page.objects()),
        };
        session.write_read(lines.into_bytes()).await?;
        is_first = false;
        is_empty &= page.users.is_empty();
        match page.next_cursor {
            Some(next) => cursor = Some(next),
            None => break,
        }
    }
    if is_empty && session.call.output == Output::Table {
        note_empty(list, terminal);
    }
    Ok(())
}

/// Prints what the output of one page does not have: where the next one is, and why there is nothing.
pub(super) fn note(
    call: &Call<'_>,
    list: &ListArgs,
    response: &HttpResponse,
    terminal: &mut Terminal,
) {
    let next_cursor = match (call.output, call.options.format) {
        (Output::Table, _) => {
            let page = Page::parse(&response.body);
            if page.users.is_empty() {
                note_empty(list, terminal);
            }
            page.next_cursor
        }
        (Output::Json, Format::Raw) => header(response, "unified-next-cursor").map(str::to_owned),
        // It is in the JSON.
        (Output::Json, _) => None,
    };
    if let Some(cursor) = next_cursor {
        terminal.next_cursor(&cursor);
    }
}

fn note_empty(list: &ListArgs, terminal: &mut Terminal) {
    match &list.email {
        Some(address) => terminal.note(&format!("no user has the address `{address}`")),
        None => terminal.note("there are no users"),
    }
}
