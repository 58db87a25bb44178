//! How far an import is: a bar on a terminal, else a line now and then.

use std::io::{self, IsTerminal as _};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::time::Instant;

use super::limiter::Pause;
use super::summary::grouped;
use crate::args::LogFormat;
use crate::terminal::Terminal;

/// How often a line is printed where there is no terminal.
const INTERVAL: Duration = Duration::from_secs(10);

/// Rows, the time that is left, their rate and what is waited for: it fits into 80 columns.
const TEMPLATE: &str = "{bar:12} {pos}/{len} {eta:>4} {wide_msg}";

/// How far an import is.
pub(super) struct Progress {
    bar: Option<ProgressBar>,
    total: u64,
    started: Instant,
    printed: Instant,
}

impl Progress {
    pub(super) fn new(total: u64, format: LogFormat) -> Self {
        let is_shown = format == LogFormat::Text && io::stderr().is_terminal();
        let bar = is_shown.then(|| bar(total, ProgressDrawTarget::stderr()));
        Self {
            bar,
            total,
            started: Instant::now(),
            printed: Instant::now(),
        }
    }

    /// Shows how many rows are done, and what is waited for.
    pub(super) fn set(&mut self, done: u64, paused: Option<&Pause>, terminal: &mut Terminal) {
        let seconds = self.started.elapsed().as_secs().max(1);
        let state = state(done / seconds, paused);
        if let Some(bar) = &self.bar {
            bar.set_message(state);
            bar.set_position(done);
        } else if self.printed.elapsed() >= INTERVAL {
            self.printed = Instant::now();
            let (done, total) = (grouped(done), grouped(self.total));
            terminal.note(&format!("{done} of {total} rows, {state}"));
        }
    }

    /// Calls a function that prints, without the bar.
    pub(super) fn suspend<T>(&self, print: impl FnOnce() -> T) -> T {
        match &self.bar {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }

    /// Removes the bar.
    pub(super) fn finish(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}

fn bar(total: u64, target: ProgressDrawTarget) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(total), target);
    match ProgressStyle::with_template(TEMPLATE) {
        Ok(style) => bar.with_style(style.progress_chars("=> ")),
        Err(_) => bar,
    }
}

/// The rate, and what is waited for. The time is in UTC.
fn state(rate: u64, paused: Option<&Pause>) -> String {
    let rate = grouped(rate);
    let Some(pause) = paused else {
        return format!("{rate}/s");
    };
    let until = humantime::format_rfc3339_seconds(pause.until).to_string();
    let time = until
        .split_once('T')
        .map_or(until.as_str(), |(_, time)| time);
    format!("{rate}/s, waiting for {} until {time}", pause.account)
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use indicatif::InMemoryTerm;

    use super::*;

    #[test]
    fn bar_fits_into_80_columns() {
        let terminal = InMemoryTerm::new(4, 80);
        let target = ProgressDrawTarget::term_like(Box::new(terminal.clone()));
        let bar = bar(10_000, target);
        bar.set_position(2_500);
        let pause = Pause {
            account: "acme-gorgias".to_owned(),
            until: UNIX_EPOCH + Duration::from_secs(1_795_903_389),
        };
        bar.set_message(state(1_200, Some(&pause)));
        bar.tick();
        let shown = terminal.contents();
        assert!(shown.starts_with("===>         2500/10000 "), "{shown}");
        let end = " 1,200/s, waiting for acme-gorgias until 22:03:09Z";
        assert!(shown.ends_with(end), "{shown}");
        assert_eq!(shown.lines().count(), 1, "{shown}");
    }
}
