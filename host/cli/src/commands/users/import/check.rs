//! Checks every row before any is sent.

use std::collections::{BTreeMap, HashMap, VecDeque};

use tokio::task::JoinHandle;
use unified_ticketing::Engine;
use unified_ticketing::http_api::HttpResponse;

use super::columns::{Columns, Field};
use super::fault::{Fault, column};
use super::reader::{Input, ReadError};
use super::row::{CallMode, Row, RowOperation, RowReader};
use crate::args::IfExists;
use crate::error::CliError;
use crate::json::{Object, compact};
use crate::location::without_field;
use crate::terminal::RowWarning;

/// The rows that are planned in a task, and the most tasks at a time: enough to keep the processors busy, and little in memory.
const BATCH: usize = 64;
const MAX_TASKS: usize = 16;

/// What checking found.
#[derive(Default)]
pub(super) struct Checked {
    /// How many rows there are, blank ones not counted.
    pub(super) rows: u64,
    pub(super) blank: u64,
    /// The first fault of each row that has one, by line.
    pub(super) invalid: HashMap<u64, Fault>,
    pub(super) warnings: Warnings,
    /// The first row that is valid of each account, and how many there are, by the account's position.
    pub(super) by_account: BTreeMap<usize, (u64, Row)>,
}

/// The warnings of all rows: each once, with the first line and how many rows have it.
#[derive(Default)]
pub(super) struct Warnings(Vec<Warning>);

struct Warning {
    code: String,
    message: String,
    path: String,
    line: u64,
    rows: u64,
}

/// The most different warnings that are kept.
const MAX_WARNINGS: usize = 100;

impl Warnings {
    fn add(&mut self, line: u64, code: &str, path: &str, message: &str) {
        let has_room = self.0.len() < MAX_WARNINGS;
        let mut known = self.0.iter_mut();
        let same = known.find(|it| it.code == code && it.path == path && it.message == message);
        match same {
            Some(warning) => warning.rows += 1,
            None if has_room => self.0.push(Warning {
                code: code.to_owned(),
                message: message.to_owned(),
                path: path.to_owned(),
                line,
                rows: 1,
            }),
            None => {}
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = RowWarning<'_>> {
        self.0.iter().map(|warning| RowWarning {
            code: &warning.code,
            path: &warning.path,
            message: &warning.message,
            line: warning.line,
            rows: warning.rows,
        })
    }
}

/// A row and what the component says of it; nothing where its request is not known yet.
struct Planned {
    row: Row,
    response: Option<HttpResponse>,
}

/// What is told while rows are checked, in their order.
pub(super) trait Observer {
    /// A fault.
    fn fault(&mut self, fault: &Fault);

    /// The plan of a row, in JSON.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    fn plan(&mut self, row: &Row, plan: &str) -> Result<(), CliError>;
}

/// Checks rows.
pub(super) struct Checker<'a> {
    pub(super) engine: &'a Engine,
    pub(super) input: &'a Input,
    pub(super) reader: RowReader<'a>,
    pub(super) if_exists: IfExists,
}

impl Checker<'_> {
    /// Checks every row.
    ///
    /// # Errors
    ///
    /// The input cannot be read, or the observer fails.
    pub(super) async fn check(&self, observer: &mut impl Observer) -> Result<Checked, CliError> {
        let mut checked = Checked::default();
        let mut seen = Seen::default();
        let mut tasks: VecDeque<JoinHandle<Vec<Planned>>> = VecDeque::new();
        let mut rows = self.input.rows()?;
        let mut batch = Vec::with_capacity(BATCH);
        let mut early = Vec::new();
        loop {
            let record = rows.next();
            let is_end = record.is_none();
            match record {
                None => {}
                Some(Err(ReadError::Input(error))) => return Err(error),
                Some(Err(ReadError::Row(fault))) => {
                    checked.rows += 1;
                    early.push(fault);
                }
                Some(Ok(record)) => {
                    checked.rows += 1;
                    match self.reader.read(record) {
                        Ok(row) => batch.push(row),
                        Err(faults) => early.extend(faults),
                    }
                }
            }
            if batch.len() == BATCH || is_end || early.len() > BATCH {
                tasks.push_back(self.plan(std::mem::take(&mut batch)));
            }
            while tasks.len() > MAX_TASKS || (is_end && !tasks.is_empty()) {
                let Some(task) = tasks.pop_front() else {
                    break;
                };
                let planned = task.await.map_err(|error| CliError::panicked(&error))?;
                self.finish(planned, &mut early, &mut seen, &mut checked, observer)?;
            }
            if is_end {
                break;
            }
        }
        // After the last row that could be planned.
        early.sort_by_key(|fault: &Fault| fault.line);
        for fault in early {
            note(fault, &mut checked, observer);
        }
        checked.blank = rows.blank();
        Ok(checked)
    }

    /// Plans rows in a task.
    fn plan(&self, rows: Vec<Row>) -> JoinHandle<Vec<Planned>> {
        let engine = self.engine.clone();
        let mode = CallMode {
            if_exists: self.if_exists,
            dry_run: true,
            resend: false,
        };
        tokio::spawn(async move {
            let mut planned = Vec::with_capacity(rows.len());
            for row in rows {
                // Whom it deletes is known when it is looked for.
                let response = match row.operation {
                    RowOperation::Delete(None) => None,
                    _ => Some(engine.http(row.request(mode)).await),
                };
                planned.push(Planned { row, response });
            }
            planned
        })
    }

    /// Takes note of what became of a batch. `early` has the faults of rows that could not be planned; those before each row come
    /// first.
    fn finish(
        &self,
        batch: Vec<Planned>,
        early: &mut Vec<Fault>,
        seen: &mut Seen,
        checked: &mut Checked,
        observer: &mut impl Observer,
    ) -> Result<(), CliError> {
        for Planned { row, response } in batch {
            let earlier: Vec<Fault> = early
                .extract_if(.., |fault| fault.line < row.line)
                .collect();
            for fault in earlier {
                note(fault, checked, observer);
            }
            let faults = response.as_ref().map(|it| self.faults(&row, it));
            let mut faults = faults.unwrap_or_default();
            faults.extend(seen.add(&row, self.reader.columns));
            if faults.is_empty() {
                if let Some(response) = &response {
                    for warning in &response.warnings {
                        let code = warning.code.to_string();
                        let (path, message) = (&warning.path, &warning.message);
                        checked.warnings.add(row.line, &code, path, message);
                    }
                    let plan = String::from_utf8_lossy(&response.body);
                    observer.plan(&row, &compact(&plan))?;
                }
                let position = row.account.position;
                let of_account = checked.by_account.entry(position);
                of_account.or_insert((0, row)).0 += 1;
            }
            for fault in faults {
                note(fault, checked, observer);
            }
        }
        Ok(())
    }

    /// What the component finds wrong with a row.
    fn faults(&self, row: &Row, response: &HttpResponse) -> Vec<Fault> {
        if response.status == 200 {
            return Vec::new();
        }
        let body = Object::parse(&response.body).unwrap_or_default();
        let violations = body.objects("violations");
        if violations.is_empty() {
            return vec![Fault::of_row(
                row.line,
                &body.string("code"),
                body.string("message"),
            )];
        }
        let columns = self.reader.columns;
        let violations = violations.iter().map(|violation| {
            let (part, path) = (violation.string("in"), violation.string("path"));
            let code = violation.string("code");
            Fault {
                line: row.line,
                column: column(columns, &part, &path),
                message: without_field(&code, &path, violation.string("message")),
                pointer: path,
                code,
            }
        });
        violations.collect()
    }
}

/// Takes note of a fault.
fn note(fault: Fault, checked: &mut Checked, observer: &mut impl Observer) {
    observer.fault(&fault);
    checked.invalid.entry(fault.line).or_insert(fault);
}

/// What rows so far are known by. Digests, because there may be a hundred thousand rows.
#[derive(Default)]
struct Seen {
    /// The line of each address, id and key of an account; and the digest of the address as it was written.
    lines: HashMap<Digest, (u64, Digest)>,
}

type Digest = [u8; 16];

/// Half of a digest is enough to tell rows apart.
fn digest(parts: &[&str]) -> Digest {
    let mut start = Digest::default();
    for (byte, of_whole) in start.iter_mut().zip(crate::digest::digest(parts)) {
        *byte = of_whole;
    }
    start
}

impl Seen {
    /// Adds a row. Returns what it has in common with an earlier one.
    fn add(&mut self, row: &Row, columns: &Columns) -> Vec<Fault> {
        let account = row.account.id.as_str();
        let fault = |field: &Field, pointer: &str, message: String| Fault {
            pointer: pointer.to_owned(),
            ..Fault::of_field(row.line, columns, field, "duplicate", message)
        };
        let mut faults = Vec::new();
        let address = row
            .email
            .as_deref()
            .map(str::trim)
            .filter(|address| !address.is_empty());
        if let Some(address) = address {
            let lower = address.to_lowercase();
            if let Some((line, is_same)) = self.find("email", account, &lower, address, row.line) {
                let same = if is_same { "" } else { " in another case" };
                let message = format!(
                    "expected an address of one row, but found `{address}`{same} in line {line} too: they are one person"
                );
                faults.push(fault(&Field::Email, "/emails/0/email", message));
                return faults;
            }
        }
        if let RowOperation::Update(id) | RowOperation::Delete(Some(id)) = &row.operation
            && let Some((line, _)) = self.find("id", account, id, id, row.line)
        {
            let message = format!("expected an id of one row, but found `{id}` in line {line} too");
            faults.push(fault(&Field::Id, "", message));
        }
        if let Some((line, _)) = self.find("key", account, &row.key, "", row.line)
            && faults.is_empty()
        {
            let message = format!("expected a key of one row, but found it in line {line} too");
            faults.push(fault(&Field::Key, "", message));
        }
        faults
    }

    /// The line that has the same, where one has, and whether it is written the same; else this line has it from now on.
    fn find(
        &mut self,
        kind: &str,
        account: &str,
        value: &str,
        written: &str,
        line: u64,
    ) -> Option<(u64, bool)> {
        let written = digest(&[written]);
        match self.lines.entry(digest(&[kind, account, value])) {
            std::collections::hash_map::Entry::Occupied(entry) => {
                let (line, earlier) = entry.get();
                Some((*line, *earlier == written))
            }
            std::collections::hash_map::Entry::Vacant(entry) => {
                entry.insert((line, written));
                None
            }
        }
    }
}
