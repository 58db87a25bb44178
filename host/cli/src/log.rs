//! Standard error, written by a thread of its own.
//!
//! A caller puts a line into a bounded queue and goes on: a sink that fails, is full or is not read can neither fail nor delay a
//! call. Lost lines are counted, and the count is logged after the next line that is written. `tracing-appender` has a queue too,
//! but at its end it prints to standard output, which is for results here, and panics if that fails.

use std::collections::VecDeque;
use std::io::{self, IsTerminal as _, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anstream::{AutoStream, ColorChoice};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::args::LogFormat;
use crate::escape;

/// The most bytes in the queue; further lines of the log are lost.
const MAX_QUEUED: usize = 1 << 20;

/// How long the program waits at its end for all of the queue, and for each line.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(5);
const LINE_TIMEOUT: Duration = Duration::from_secs(2);

/// Standard error. Clones share it.
#[derive(Clone)]
pub(crate) struct Log {
    shared: Arc<Shared>,
    format: LogFormat,
    colours: bool,
}

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Default)]
struct Queue {
    lines: VecDeque<Vec<u8>>,
    /// The length of all lines, in bytes.
    bytes: usize,
    /// Whether a line is being written.
    writing: bool,
    /// How many lines were written or failed.
    completed: u64,
    /// How many lines were lost, and how many of those are logged.
    lost: u64,
    lost_logged: u64,
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, line: Vec<u8>, max_bytes: usize) {
        let mut queue = self.queue();
        if queue.bytes.saturating_add(line.len()) > max_bytes {
            queue.lost += 1;
            return;
        }
        queue.bytes += line.len();
        queue.lines.push_back(line);
        self.changed.notify_all();
    }

    /// Waits for a line and takes it.
    fn pop(&self) -> Vec<u8> {
        let mut queue = self.queue();
        queue.writing = false;
        self.changed.notify_all();
        loop {
            if let Some(line) = queue.lines.pop_front() {
                queue.bytes -= line.len();
                queue.writing = true;
                return line;
            }
            let waited = self.changed.wait(queue);
            queue = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Counts a line that was written or has failed. Returns the number of lost lines if it is to be logged now.
    fn complete(&self, written: bool) -> Option<u64> {
        let mut queue = self.queue();
        queue.completed += 1;
        queue.lost += u64::from(!written);
        let is_news = written && queue.lost > queue.lost_logged;
        if is_news {
            queue.lost_logged = queue.lost;
        }
        is_news.then_some(queue.lost)
    }

    /// Writes lines, without an end.
    fn write(&self, mut sink: impl Write) {
        // Whether the last line may be written in part.
        let mut broken = false;
        loop {
            let line = self.pop();
            let written = if broken {
                sink.write_all(b"\n").and_then(|()| sink.write_all(&line))
            } else {
                sink.write_all(&line)
            };
            let written = written.and_then(|()| sink.flush());
            broken = written.is_err();
            if let Some(lost) = self.complete(written.is_ok()) {
                // Through the log, so that the line has its format.
                tracing::warn!(lost, "lines of the log could not be written");
            }
        }
    }

    /// Waits until the queue is written, unless the sink blocks.
    fn flush(&self) {
        let end = Instant::now() + FLUSH_TIMEOUT;
        let mut queue = self.queue();
        while queue.writing || !queue.lines.is_empty() {
            let completed = queue.completed;
            let timeout = LINE_TIMEOUT.min(end.saturating_duration_since(Instant::now()));
            let waited = self.changed.wait_timeout_while(queue, timeout, |queue| {
                queue.completed == completed && (queue.writing || !queue.lines.is_empty())
            });
            let (guard, result) = waited.unwrap_or_else(PoisonError::into_inner);
            if result.timed_out() {
                return;
            }
            queue = guard;
        }
    }
}

impl Log {
    /// Starts the thread that writes to standard error.
    pub(crate) fn start() -> Self {
        let shared = Arc::new(Shared::default());
        let writer = Arc::clone(&shared);
        // Without the thread there is no log, but the program works.
        let _ = thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || writer.write(io::stderr()));
        Self {
            shared,
            format: LogFormat::Text,
            colours: AutoStream::choice(&io::stderr()) != ColorChoice::Never,
        }
    }

    /// Changes the format.
    pub(crate) fn with_format(self, format: LogFormat) -> Self {
        Self { format, ..self }
    }

    pub(crate) const fn format(&self) -> LogFormat {
        self.format
    }

    /// Whether standard error may have colours.
    pub(crate) const fn colours(&self) -> bool {
        self.colours
    }

    /// Logs the events of the whole process from now on, panics included.
    pub(crate) fn subscribe(&self, verbose: u8) {
        let level = match verbose {
            0 => LevelFilter::WARN,
            1 => LevelFilter::INFO,
            _ => LevelFilter::DEBUG,
        };
        let log = tracing_subscriber::fmt()
            .with_max_level(level)
            .with_writer(self.clone())
            // It prints an event that cannot be logged by a macro that panics if printing fails.
            .log_internal_errors(false)
            .with_target(false);
        let set = match self.format {
            LogFormat::Text => log
                .with_ansi(self.colours && io::stderr().is_terminal())
                .try_init(),
            LogFormat::Json => log.json().try_init(),
        };
        // Only a second subscriber fails.
        if set.is_ok() {
            std::panic::set_hook(Box::new(
                |panic| tracing::error!(%panic, "the program panicked"),
            ));
        }
    }

    /// Writes a line, however long the queue is.
    pub(crate) fn line(&self, line: &str) {
        self.shared.push(self.escaped(line), usize::MAX);
    }

    /// Returns the line with its end, and nothing in it that controls a terminal but our own colours.
    fn escaped(&self, line: &str) -> Vec<u8> {
        let line = line.trim_end_matches('\n');
        let line = match self.format {
            LogFormat::Text => escape::lines(line, self.colours),
            LogFormat::Json => escape::json(line),
        };
        let mut bytes = line.into_owned().into_bytes();
        bytes.push(b'\n');
        bytes
    }

    /// Waits for the last lines, for a limited time.
    pub(crate) fn flush(&self) {
        self.shared.flush();
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line(self)
    }
}

/// A writer of one line of the log, in one piece.
pub(crate) struct Line<'a>(&'a Log);

impl Write for Line<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let escaped = self.0.escaped(&String::from_utf8_lossy(line));
        self.0.shared.push(escaped, MAX_QUEUED);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// A sink that the test controls.
    struct Sink {
        /// For each line, whether it is written or fails.
        allowed: mpsc::Receiver<bool>,
        written: mpsc::Sender<Vec<u8>>,
    }

    impl Write for Sink {
        fn write(&mut self, line: &[u8]) -> io::Result<usize> {
            if self.allowed.recv().is_ok_and(|allowed| allowed) {
                let _ = self.written.send(line.to_vec());
                Ok(line.len())
            } else {
                Err(io::Error::from(io::ErrorKind::StorageFull))
            }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn sink() -> (Arc<Shared>, mpsc::Sender<bool>, mpsc::Receiver<Vec<u8>>) {
        let (allow, allowed) = mpsc::channel();
        let (written, lines) = mpsc::channel();
        let shared = Arc::new(Shared::default());
        let writer = Arc::clone(&shared);
        thread::spawn(move || writer.write(Sink { allowed, written }));
        (shared, allow, lines)
    }

    #[test]
    fn blocked_sink_loses_counted_lines() {
        let (shared, allow, lines) = sink();
        for _ in 0..10 {
            shared.push(b"line\n".to_vec(), 20);
        }
        // Four fit, or five where the writer has taken one already.
        let lost = shared.queue().lost;
        assert!((5..=6).contains(&lost), "{lost}");
        for _ in 0..10 - lost {
            allow.send(true).expect("the writer lives");
            assert_eq!(lines.recv().expect("a line"), b"line\n");
        }
        allow.send(true).expect("the writer lives");
        shared.flush();
        let queue = shared.queue();
        assert_eq!((queue.lost_logged, queue.completed), (lost, 10 - lost));
    }

    #[test]
    fn failed_line_is_lost() {
        let (shared, allow, lines) = sink();
        shared.push(b"first\n".to_vec(), 100);
        allow.send(false).expect("the writer lives");
        shared.push(b"second\n".to_vec(), 100);
        allow.send(true).expect("the writer lives");
        allow.send(true).expect("the writer lives");
        let written: Vec<u8> = [lines.recv(), lines.recv()]
            .into_iter()
            .flat_map(|line| line.expect("a line"))
            .collect();
        assert_eq!(written, b"\nsecond\n");
        shared.flush();
        assert_eq!(shared.queue().lost, 1);
    }
}
