//! How a command ends.

use drgdip_batch as batch;
use drgdip_tables as tables;
use std::io::{self, Write};

/// A command that did its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Done {
    /// Nothing to complain about: exit code 0.
    Clean,
    /// Differences, or findings at the level that the user asked to fail on: exit code 1.
    WithDifferences,
}

/// What stopped a command.
pub(crate) enum Failure {
    /// The run itself.
    Run(batch::Error),
    /// Standard output cannot be written.
    Output(io::Error),
    /// The run's totals do not reconcile; the report has been printed.
    Mismatches(usize),
}

impl Failure {
    /// A command that was used wrongly.
    pub(crate) fn usage(problem: impl std::fmt::Display, hint: impl std::fmt::Display) -> Self {
        Self::Run(batch::Error::usage(problem, hint))
    }

    /// The exit code of the process.
    pub(crate) const fn exit_code(&self) -> u8 {
        match self {
            Self::Run(error) => error.exit_code(),
            Self::Output(_) => 3,
            Self::Mismatches(_) => 5,
        }
    }

    /// What is wrong, for programs.
    pub(crate) fn json(&self) -> serde_json::Value {
        let (problem, place, hint) = match self {
            Self::Run(error) => (error.problem().to_owned(), error.place(), error.hint()),
            Self::Output(error) => (format!("cannot write to standard output: {error}."), "", ""),
            Self::Mismatches(count) => (format!("{count} totals do not reconcile."), "", ""),
        };
        serde_json::json!({
            "event": "error",
            "exit_code": self.exit_code(),
            "problem": problem,
            "where": place,
            "hint": hint,
        })
    }

    /// Tells the user what is wrong, where, and what to do.
    pub(crate) fn report(&self) {
        let text = match self {
            Self::Run(error) => describe(error),
            Self::Output(error) => format!("error: cannot write to standard output: {error}.\n"),
            Self::Mismatches(count) => format!("error: {count} totals do not reconcile.\n"),
        };
        // Nothing is left to be told when even standard error is closed.
        let _ = io::stderr().write_all(crate::out::printable(&text).as_bytes());
    }
}

fn describe(error: &batch::Error) -> String {
    let mut text = format!("error: {}\n", error.problem());
    if !error.place().is_empty() {
        text += &format!("  where: {}\n", error.place());
    }
    if !error.hint().is_empty() {
        text += &format!("  what to do: {}\n", error.hint());
    }
    text
}

impl From<batch::Error> for Failure {
    fn from(error: batch::Error) -> Self {
        Self::Run(error)
    }
}

impl From<tables::Error> for Failure {
    fn from(error: tables::Error) -> Self {
        Self::Run(error.into())
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}
