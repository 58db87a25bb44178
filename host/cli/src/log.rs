//! Standard error, by a thread of its own.
//!
//! Whoever writes a line puts it into a bounded queue and goes on: a sink that fails, is full or is not read can neither fail nor
//! hold up a call. Lines that are lost are counted, and the count is told once a line goes out again. `tracing-appender` has a queue
//! too; at its end it prints to standard output, which is for results here, and panics when that fails.

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

/// How many bytes may wait; beyond them, lines of the log are lost.
const MAX_WAITING: usize = 1 << 20;

/// How long the end of the program waits for the last lines altogether, and for each of them.
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
    /// How many bytes the lines have.
    waiting: usize,
    /// Whether one is being written.
    writing: bool,
    /// How many have left the queue.
    handled: u64,
    /// How many never came out, and how many of those have been told of.
    lost: u64,
    told: u64,
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, line: Vec<u8>, max_waiting: usize) {
        let mut queue = self.queue();
        if queue.waiting.saturating_add(line.len()) > max_waiting {
            queue.lost += 1;
            return;
        }
        queue.waiting += line.len();
        queue.lines.push_back(line);
        self.changed.notify_all();
    }

    /// Waits for a line.
    fn pop(&self) -> Vec<u8> {
        let mut queue = self.queue();
        queue.writing = false;
        self.changed.notify_all();
        loop {
            if let Some(line) = queue.lines.pop_front() {
                queue.waiting -= line.len();
                queue.writing = true;
                return line;
            }
            let waited = self.changed.wait(queue);
            queue = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Notes what became of a line. Gives how many are lost by now, when that is to be told.
    fn handled(&self, written: bool) -> Option<u64> {
        let mut queue = self.queue();
        queue.handled += 1;
        queue.lost += u64::from(!written);
        let tell = written && queue.lost > queue.told;
        if tell {
            queue.told = queue.lost;
        }
        tell.then_some(queue.lost)
    }

    /// Writes lines for ever.
    fn write(&self, mut sink: impl Write) {
        // Whether a line broke off within.
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
            if let Some(lost) = self.handled(written.is_ok()) {
                // By the log itself, so in its form.
                tracing::warn!(lost, "lines of the log could not be written");
            }
        }
    }

    /// Waits until all is written, unless the sink stands still.
    fn flush(&self) {
        let end = Instant::now() + FLUSH_TIMEOUT;
        let mut queue = self.queue();
        while queue.writing || !queue.lines.is_empty() {
            let handled = queue.handled;
            let patience = LINE_TIMEOUT.min(end.saturating_duration_since(Instant::now()));
            let waited = self.changed.wait_timeout_while(queue, patience, |queue| {
                queue.handled == handled && (queue.writing || !queue.lines.is_empty())
            });
            let (now, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            if timeout.timed_out() {
                return;
            }
            queue = now;
        }
    }
}

impl Log {
    /// Takes standard error.
    pub(crate) fn start() -> Self {
        let shared = Arc::new(Shared::default());
        let writer = Arc::clone(&shared);
        // Without a thread there is no log; there is still a program.
        let _ = thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || writer.write(io::stderr()));
        Self {
            shared,
            format: LogFormat::Text,
            colours: AutoStream::choice(&io::stderr()) != ColorChoice::Never,
        }
    }

    /// The same in another form.
    pub(crate) fn with_format(self, format: LogFormat) -> Self {
        Self { format, ..self }
    }

    pub(crate) const fn format(&self) -> LogFormat {
        self.format
    }

    /// Whether there may be colours.
    pub(crate) const fn colours(&self) -> bool {
        self.colours
    }

    /// Logs what happens, from now on and in the whole process, panics included.
    pub(crate) fn subscribe(&self, verbose: u8) {
        let level = match verbose {
            0 => LevelFilter::WARN,
            1 => LevelFilter::INFO,
            _ => LevelFilter::DEBUG,
        };
        let log = tracing_subscriber::fmt()
            .with_max_level(level)
            .with_writer(self.clone())
            // Else what cannot be logged is printed, by a macro that panics when that fails.
            .log_internal_errors(false)
            .with_target(false);
        let set = match self.format {
            LogFormat::Text => log
                .with_ansi(self.colours && io::stderr().is_terminal())
                .try_init(),
            LogFormat::Json => log.json().try_init(),
        };
        // Only a second one fails.
        if set.is_ok() {
            std::panic::set_hook(Box::new(
                |panic| tracing::error!(%panic, "a fault of this program"),
            ));
        }
    }

    /// A line that is not lost for want of room.
    pub(crate) fn line(&self, line: &str) {
        self.shared.push(self.safe(line), usize::MAX);
    }

    /// A whole line, with nothing in it that steers a terminal but our own colours.
    fn safe(&self, line: &str) -> Vec<u8> {
        let line = line.trim_end_matches('\n');
        let line = match self.format {
            LogFormat::Text => escape::lines(line, self.colours),
            LogFormat::Json => escape::json(line),
        };
        let mut bytes = line.into_owned().into_bytes();
        bytes.push(b'\n');
        bytes
    }

    /// Waits for the last lines, for a bounded time.
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

/// What a line of the log is written to, whole.
pub(crate) struct Line<'a>(&'a Log);

impl Write for Line<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let safe = self.0.safe(&String::from_utf8_lossy(line));
        self.0.shared.push(safe, MAX_WAITING);
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

    /// Writes what the test lets it write.
    struct Sink {
        /// A line is taken for each `true`; a `false` makes one fail.
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
    fn a_sink_that_stands_still_loses_lines_and_counts_them() {
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
        assert_eq!((queue.told, queue.handled), (lost, 10 - lost));
    }

    #[test]
    fn a_line_that_fails_is_lost_and_the_next_is_written() {
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
