//! A payment policy with the files that it came from.

use crate::inputs::StandingFile;
use crate::output::sha256;
use crate::{Class, Error};
use drgdip_tables::{ClaimChecks, FileSet, Policy};
use jiff::civil::Date;
use std::path::{Path, PathBuf};

/// A policy, the hashes of its files, and its standing tables.
pub struct PreparedPolicy {
    /// The policy.
    pub policy: Policy,
    /// Each file of the policy with its sha256.
    pub files: Vec<(String, String)>,
    /// The tables beside it, used where the inputs folder of a settlement has none.
    pub standing: Vec<StandingFile>,
    /// The folder that its file stands in; `None` for a bundled policy.
    folder: Option<PathBuf>,
}

impl PreparedPolicy {
    /// Loads a policy by the id of a bundled one or by the path of its TOML file.
    ///
    /// # Errors
    /// When there is no such policy, or it cannot be used.
    pub fn load(name_or_path: &str) -> Result<Self, Error> {
        let files = find(name_or_path)?;
        let policy = Policy::load(&files)?;
        let hashes = files
            .iter()
            .map(|(path, bytes)| (files.name_of(path), sha256(bytes)));
        let hashes = hashes.collect();
        let standing = StandingFile::of_policy(&files, policy.id());
        let path = Path::new(name_or_path);
        let prepared = Self {
            policy,
            files: hashes,
            standing,
            folder: path.is_file().then(|| path.with_file_name("")),
        };
        prepared.find_checks()?;
        Ok(prepared)
    }

    /// Reads the checks of claims that the policy names at a date, with the levels that it states,
    /// and the files that they come from; `None` where it names none.
    ///
    /// # Errors
    /// When the policy does not hold on that date, or the checks cannot be used.
    pub fn checks_at(&self, date: Date) -> Result<Option<(ClaimChecks, FileSet)>, Error> {
        Ok(self.policy.checks_at(date, self.folder.as_deref())?)
    }

    /// Reads all checks that it names on some day, so that none is missing later.
    fn find_checks(&self) -> Result<(), Error> {
        if self.policy.names_checks() {
            for day in self.policy.changes() {
                self.checks_at(day)?;
            }
        }
        Ok(())
    }
}

fn find(name_or_path: &str) -> Result<FileSet, Error> {
    let path = Path::new(name_or_path);
    if path.is_file() {
        return Ok(FileSet::file_with_tables(path)?);
    }
    FileSet::bundled_policy(name_or_path).ok_or_else(|| {
        let known = FileSet::bundled_policies().join(", ");
        let problem = "there is no such policy file and no bundled policy of that name.";
        Error::new(
            Class::Table,
            name_or_path,
            problem,
            format!("Give the path of its TOML file, or one of the bundled policies: {known}."),
        )
    })
}
