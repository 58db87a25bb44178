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

/// Rows, their rate, the time that is left, and what is waited for: it fits into 80 columns.
const TEMPLATE: &str = "{bar:20} {pos}/{len} {per_sec:>9} {eta:>4} {wide_msg}";

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
        let waiting = paused.map(waiting).unwrap_or_default();
        if let Some(bar) = &self.bar {
            bar.set_message(waiting);
            bar.set_position(done);
            return;
        }
        if self.printed.elapsed() >= INTERVAL {
            self.printed = Instant::now();
            let seconds = self.started.elapsed().as_secs().max(1);
            let comma = if waiting.is_empty() { "" } else { ", " };
            terminal.note(&format!(
                "{} of {} rows, {} a second{comma}{waiting}",
                grouped(done),
                grouped(self.total),
                done / seconds
            ));
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

/// What is waited for. The time is in UTC.
fn waiting(pause: &Pause) -> String {
    let until = humantime::format_rfc3339_seconds(pause.until).to_string();
    let time = until
        .split_once('T')
        .map_or(until.as_str(), |(_, time)| time);
    format!("waiting for {} until {time}", pause.account)
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
        bar.set_message(waiting(&Pause {
            account: "acme-gorgias".to_owned(),
            until: UNIX_EPOCH + Duration::from_secs(1_795_903_389),
        }));
        bar.tick();
        let shown = terminal.contents();
        assert!(
            shown.starts_with("=====>               2500/10000 "),
            "{shown}"
        );
        assert!(shown.contains("/s"), "{shown}");
        assert!(shown.contains("waiting for acme-gorgias"), "{shown}");
        assert_eq!(shown.lines().count(), 1, "{shown}");
    }
}
