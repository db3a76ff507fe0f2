//! The checks of claims (清单质控) as data: which rule rejects, where the lines are drawn, and
//! what codes say about sex, age, discharge and hours.
//!
//! In: a folder with `checks.toml` and small CSV tables. Out: levels, limits and a book of codes
//! that is asked by the text of a code.

mod book;
mod read;

pub use book::CodeBook;

use crate::error::Error;
use crate::files::FileSet;
use drgdip_claims::check::Limits;
use drgdip_claims::{FindingSeverity, Rule};
use std::path::Path;

/// The checks of claims, read and whole.
#[derive(Clone, Debug)]
pub struct ClaimChecks {
    /// What the checks are called.
    pub id: String,
    /// Their title.
    pub title: String,
    /// Where the rules draw their lines.
    pub limits: Limits,
    /// What codes say about the patient.
    pub codes: CodeBook,
    /// In the order of [`Rule::ALL`]; `None` is a rule that is off.
    levels: Vec<Option<FindingSeverity>>,
}

impl ClaimChecks {
    /// Reads checks: the id of bundled ones, or the path of a folder.
    ///
    /// # Errors
    /// When there are no such checks, or at the first fault in them, with file, line and key.
    pub fn load(name_or_path: &str) -> Result<(Self, FileSet), Error> {
        let files = match FileSet::bundled_checks(name_or_path) {
            Some(files) => files,
            None => FileSet::folder(Path::new(name_or_path))?,
        };
        Ok((Self::of(&files)?, files))
    }

    /// Reads checks from the files of their folder.
    ///
    /// # Errors
    /// At the first fault, with file, line and key.
    pub fn of(files: &FileSet) -> Result<Self, Error> {
        read::checks(files)
    }

    /// How much a finding by this rule matters; `None` where the rule is off.
    #[must_use]
    pub fn level(&self, rule: Rule) -> Option<FindingSeverity> {
        self.levels[rule as usize]
    }
}

#[cfg(test)]
mod tests;
