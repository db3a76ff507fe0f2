//! The checks of claims (清单质控) as data: which rule rejects, where the lines are drawn, and
//! what codes say about sex, age, discharge and hours.
//!
//! In: a folder with `checks.toml` and small CSV tables. Out: levels, limits and a book of codes
//! that is asked by the text of a code.

mod book;
mod read;

pub use book::CodeBook;
pub(crate) use read::{LEVELS, rules_named_like};

use crate::error::Error;
use crate::files::FileSet;
use drgdip_claims::check::Limits;
use drgdip_claims::{FindingSeverity, Rule};
use std::path::Path;

/// How much a finding by a rule matters; `None` is a rule that is off.
pub type Level = Option<FindingSeverity>;

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
    /// The id of the policy that names them and may have changed levels; `None` where none does.
    pub policy: Option<String>,
    /// In the order of [`Rule::ALL`].
    levels: Vec<Level>,
}

impl ClaimChecks {
    /// Reads checks: the id of bundled ones, or the path of a folder.
    ///
    /// # Errors
    /// When there are no such checks, or at the first fault in them, with file, line and key.
    pub fn load(name_or_path: &str) -> Result<(Self, FileSet), Error> {
        let files = match FileSet::bundled_checks(name_or_path) {
            Some(files) => files,
            None if Path::new(name_or_path).is_dir() => FileSet::folder(Path::new(name_or_path))?,
            None => return Err(read::no_such_checks(name_or_path)),
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
    pub fn level(&self, rule: Rule) -> Level {
        self.levels[rule as usize]
    }

    /// Gives a rule another level, as a policy does that names these checks.
    pub fn set_level(&mut self, rule: Rule, level: Level) {
        self.levels[rule as usize] = level;
    }

    /// The level of a rule as `checks.toml` and policies write it.
    #[must_use]
    pub fn level_word(&self, rule: Rule) -> &'static str {
        let level = self.level(rule);
        let word = LEVELS.iter().find(|(_, known)| *known == level);
        word.expect("every level has a word").0
    }
}

#[cfg(test)]
mod tests;
