//! The table of attempts and controls.

use super::caller::EntryPoint;

/// One attempt by one entry point, with its control.
pub(super) struct Row {
    pub(super) attempt: &'static str,
    pub(super) entry_point: EntryPoint,
    /// How the attempt ended, and whether it failed as it must.
    pub(super) observed: String,
    pub(super) contained: bool,
    /// The wall that the control is without, how the control ended, and whether it succeeded.
    pub(super) control: &'static str,
    pub(super) then_observed: String,
    pub(super) succeeded: bool,
}

#[derive(Default)]
pub(super) struct Table(Vec<Row>);

impl Table {
    pub(super) fn push(&mut self, row: Row) {
        self.0.push(row);
    }

    /// Every attempt that was not contained, and every control that did not succeed.
    pub(super) fn failures(&self) -> Vec<String> {
        let mut failures = Vec::new();
        for row in &self.0 {
            let named = format!("`{}` by {}", row.attempt, row.entry_point.name());
            if !row.contained {
                failures.push(format!("{named} was not contained: {}", row.observed));
            }
            if !row.succeeded {
                let (control, then) = (row.control, &row.then_observed);
                failures.push(format!("{named}: its control, {control}, fails: {then}"));
            }
        }
        failures
    }

    /// Prints the rows, entry points of the same end together, and the totals.
    pub(super) fn print(&self) {
        let mut printed: Vec<(&Row, Vec<&str>)> = Vec::new();
        for row in &self.0 {
            let same = printed.iter_mut().find(|(other, _)| {
                (
                    other.attempt,
                    &other.observed,
                    other.control,
                    &other.then_observed,
                ) == (row.attempt, &row.observed, row.control, &row.then_observed)
            });
            match same {
                Some((_, entry_points)) => entry_points.push(row.entry_point.name()),
                None => printed.push((row, vec![row.entry_point.name()])),
            }
        }
        printed
            .sort_by_key(|(row, _)| self.0.iter().position(|first| first.attempt == row.attempt));
        let mut lines = vec![
            [
                "attempt",
                "entry point",
                "what happened",
                "control",
                "what then happened",
            ]
            .map(str::to_owned),
        ];
        lines.extend(printed.into_iter().map(|(row, entry_points)| {
            let entry_points = if entry_points.len() == EntryPoint::ALL.len() {
                "all".to_owned()
            } else {
                entry_points.join(", ")
            };
            let mark = |good: bool, text: &str| {
                if good {
                    text.to_owned()
                } else {
                    format!("WRONG: {text}")
                }
            };
            [
                row.attempt.to_owned(),
                entry_points,
                mark(row.contained, &row.observed),
                row.control.to_owned(),
                mark(row.succeeded, &row.then_observed),
            ]
        }));
        let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max();
        let widths: Vec<usize> = (0..5).map(|column| width(column).unwrap_or(0)).collect();
        for line in &lines {
            let cells = line.iter().zip(&widths);
            let cells: Vec<String> = cells
                .map(|(cell, width)| format!("{cell:width$}"))
                .collect();
            println!("{}", cells.join(" | ").trim_end());
        }
        let attempts = self.0.len();
        let not_contained = self.0.iter().filter(|row| !row.contained).count();
        let succeeded = self.0.iter().filter(|row| row.succeeded).count();
        println!(
            "\nattempts {attempts}, not contained {not_contained}, controls {attempts}, succeeded {succeeded}"
        );
    }
}
