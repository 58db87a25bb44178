//! An audit in a file, as JSON Lines.

use std::fmt;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use tokio::sync::oneshot;

use super::{Audit, AuditEntry, AuditError, AuditFuture};
use crate::files::{private, sync_folder};

/// The most lines that are written and synced together.
const MAX_BATCH: usize = 1_024;

/// An audit in a file: a line of JSON for each entry.
///
/// The file is appended to, by a thread of its own: all entries that wait are written and synced together. A file that has been
/// moved away, as by `logrotate`, is made anew. Several processes may write to one file.
pub struct FileAudit {
    lines: Sender<Line>,
}

/// A line, and who waits for it.
struct Line {
    bytes: Vec<u8>,
    written: oneshot::Sender<Result<(), AuditError>>,
}

impl FileAudit {
    /// Opens the file, which is made (mode 0600) if it is not there.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened, or the thread cannot be started.
    pub fn open(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref().to_owned();
        let file = open(&path)?;
        let (lines, queue) = mpsc::channel();
        let writer = Writer {
            path,
            file,
            // A process that was killed may have left a part of a line.
            is_torn: true,
        };
        thread::Builder::new()
            .name("audit".to_owned())
            .spawn(move || writer.work(&queue))?;
        Ok(Self { lines })
    }

    async fn write(&self, entry: AuditEntry) -> Result<(), AuditError> {
        let mut bytes =
            serde_json::to_vec(&entry).map_err(|error| AuditError::new(error.to_string()))?;
        bytes.push(b'\n');
        let (written, receiver) = oneshot::channel();
        let ended = || AuditError::new("its thread has ended");
        let line = Line { bytes, written };
        self.lines.send(line).map_err(|_| ended())?;
        receiver.await.unwrap_or_else(|_| Err(ended()))
    }
}

impl Audit for FileAudit {
    fn append(&self, entry: AuditEntry) -> AuditFuture<'_> {
        Box::pin(self.write(entry))
    }
}

impl fmt::Debug for FileAudit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileAudit").finish_non_exhaustive()
    }
}

/// The thread that writes.
struct Writer {
    path: PathBuf,
    file: File,
    /// Whether the file may end with a part of a line. The next line then begins after an end of line: an empty line is better than
    /// two lines in one.
    is_torn: bool,
}

impl Writer {
    fn work(mut self, queue: &Receiver<Line>) {
        while let Ok(first) = queue.recv() {
            let mut bytes = first.bytes;
            let mut waiting = vec![first.written];
            while waiting.len() < MAX_BATCH
                && let Ok(line) = queue.try_recv()
            {
                bytes.extend(line.bytes);
                waiting.push(line.written);
            }
            let written = self
                .write(&bytes)
                .map_err(|error| AuditError::new(format!("`{}`: {error}", self.path.display())));
            for each in waiting {
                // Whoever has left needs no word.
                let _ = each.send(written.clone());
            }
        }
    }

    /// Writes whole lines, and returns after they are durable.
    fn write(&mut self, lines: &[u8]) -> io::Result<()> {
        if is_moved(&self.path, &self.file) {
            self.file = open(&self.path)?;
            self.is_torn = false;
        }
        if self.is_torn && !ends_with_line(&self.path) {
            self.file.write_all(b"\n")?;
        }
        self.is_torn = true;
        self.file.write_all(lines)?;
        self.file.sync_data()?;
        self.is_torn = false;
        Ok(())
    }
}

fn open(path: &Path) -> io::Result<File> {
    let file = private().append(true).create(true).open(path)?;
    sync_folder(path)?;
    Ok(file)
}

/// Whether another file is at the path, or none.
#[cfg(unix)]
fn is_moved(path: &Path, file: &File) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    let Ok(open) = file.metadata() else {
        return false;
    };
    match std::fs::metadata(path) {
        Ok(found) => (found.dev(), found.ino()) != (open.dev(), open.ino()),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

#[cfg(not(unix))]
fn is_moved(_: &Path, _: &File) -> bool {
    false
}

/// Whether the file is empty or ends with an end of line. A file that cannot be read may not.
fn ends_with_line(path: &Path) -> bool {
    use std::io::{Read as _, Seek as _, SeekFrom};

    let last = || -> io::Result<Option<u8>> {
        let mut file = File::open(path)?;
        if file.metadata()?.len() == 0 {
            return Ok(None);
        }
        let mut last = [0];
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
        Ok(last.first().copied())
    };
    last().is_ok_and(|last| last.is_none_or(|last| last == b'\n'))
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::super::AuditEvent;
    use super::*;

    fn entry(request: &str) -> AuditEntry {
        AuditEntry {
            time: SystemTime::UNIX_EPOCH,
            event: AuditEvent::Begin,
            request: request.to_owned(),
            traceparent: None,
            token: None,
            account: None,
            integration: None,
            operation: "create",
            address: None,
            user: None,
            result: None,
            code: None,
            outcome: None,
        }
    }

    fn line(request: &str) -> String {
        format!(
            "{{\"time\":\"1970-01-01T00:00:00.000000Z\",\"event\":\"begin\",\"request\":\"{request}\",\"operation\":\"create\"}}\n"
        )
    }

    #[tokio::test]
    async fn torn_line_is_ended() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.jsonl");
        for (before, between) in [("", ""), ("{}\n", ""), ("{}\n{\"ti", "\n")] {
            std::fs::write(&path, before).unwrap();
            let audit = FileAudit::open(&path).unwrap();
            audit.append(entry("a")).await.unwrap();
            audit.append(entry("b")).await.unwrap();
            let written = std::fs::read_to_string(&path).unwrap();
            let expected = format!("{before}{between}{}{}", line("a"), line("b"));
            assert_eq!(written, expected);
        }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn moved_file_is_made_anew() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = tempfile::tempdir().unwrap();
        let [path, moved] = ["audit.jsonl", "audit.jsonl.1"].map(|name| folder.path().join(name));
        let audit = FileAudit::open(&path).unwrap();
        audit.append(entry("a")).await.unwrap();
        std::fs::rename(&path, &moved).unwrap();
        audit.append(entry("b")).await.unwrap();
        assert_eq!(std::fs::read_to_string(&moved).unwrap(), line("a"));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), line("b"));
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o600);
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn full_disk_is_error() {
        let audit = FileAudit::open("/dev/full").unwrap();
        for _ in 0..2 {
            let error = audit.append(entry("a")).await.unwrap_err();
            assert!(
                error.to_string().starts_with("`/dev/full`: No space"),
                "{error}"
            );
        }
    }

    #[tokio::test]
    async fn entries_at_once_are_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.jsonl");
        let audits = [(); 2].map(|()| std::sync::Arc::new(FileAudit::open(&path).unwrap()));
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..100 {
            let audit = audits[number % 2].clone();
            tasks.spawn(async move { audit.append(entry(&number.to_string())).await.unwrap() });
        }
        tasks.join_all().await;
        let mut written: Vec<String> = std::fs::read_to_string(&path)
            .unwrap()
            .split_inclusive('\n')
            // Where one has looked while the other wrote.
            .filter(|line| *line != "\n")
            .map(str::to_owned)
            .collect();
        let mut expected: Vec<String> = (0..100).map(|number| line(&number.to_string())).collect();
        written.sort();
        expected.sort();
        assert_eq!(written, expected);
    }
}
