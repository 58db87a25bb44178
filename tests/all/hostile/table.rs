//! The table of attempts and controls.

use std::fmt::Write as _;

use super::scene::Way;

/// One attempt by one sender, with its control.
#[derive(PartialEq)]
pub(super) struct Row {
    pub(super) attempt: &'static str,
    pub(super) way: Way,
    /// What happened, and whether it got nowhere.
    pub(super) happened: String,
    pub(super) nowhere: bool,
    /// What was out of the way, what then happened, and whether that was the attempt's aim.
    pub(super) control: &'static str,
    pub(super) then: String,
    pub(super) succeeded: bool,
}

#[derive(Default)]
pub(super) struct Table(Vec<Row>);

impl Table {
    pub(super) fn push(&mut self, row: Row) {
        self.0.push(row);
    }

    /// Every attempt that got somewhere, and every control that did not.
    pub(super) fn wrong(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for row in &self.0 {
            let named = format!("`{}` by {}", row.attempt, row.way.name());
            if !row.nowhere {
                wrong.push(format!("{named} got somewhere: {}", row.happened));
            }
            if !row.succeeded {
                let (control, then) = (row.control, &row.then);
                wrong.push(format!("{named}: its control, {control}, fails: {then}"));
            }
        }
        wrong
    }

    /// Prints the rows, senders of the same end together, and the totals.
    #[expect(clippy::print_stdout, reason = "the table is what the test is run for")]
    pub(super) fn print(&self) {
        let mut printed: Vec<(&Row, Vec<&str>)> = Vec::new();
        for row in &self.0 {
            let same = printed.iter_mut().find(|(other, _)| {
                (other.attempt, &other.happened, other.control, &other.then)
                    == (row.attempt, &row.happened, row.control, &row.then)
            });
            match same {
                Some((_, ways)) => ways.push(row.way.name()),
                None => printed.push((row, vec![row.way.name()])),
            }
        }
        printed
            .sort_by_key(|(row, _)| self.0.iter().position(|first| first.attempt == row.attempt));
        let mut lines = vec![[
            "attempt".to_owned(),
            "sender".to_owned(),
            "what happened".to_owned(),
            "control".to_owned(),
            "what then happened".to_owned(),
        ]];
        lines.extend(printed.into_iter().map(|(row, ways)| {
            let ways = if ways.len() == Way::ALL.len() {
                "all".to_owned()
            } else {
                ways.join(", ")
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
                ways,
                mark(row.nowhere, &row.happened),
                row.control.to_owned(),
                mark(row.succeeded, &row.then),
            ]
        }));
        let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max();
        let widths: Vec<usize> = (0..5).map(|column| width(column).unwrap_or(0)).collect();
        let mut text = String::new();
        for line in &lines {
            let cells = line.iter().zip(&widths);
            let cells: Vec<String> = cells
                .map(|(cell, width)| format!("{cell:width$}"))
                .collect();
            writeln!(text, "{}", cells.join(" | ").trim_end()).unwrap();
        }
        let somewhere = self.0.iter().filter(|row| !row.nowhere).count();
        let succeeded = self.0.iter().filter(|row| row.succeeded).count();
        let all = self.0.len();
        println!(
            "\n{text}\nattempts {all}, got somewhere {somewhere}, controls {all}, succeeded {succeeded}"
        );
    }
}
