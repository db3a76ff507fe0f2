//! What cannot be read is left out and counted, where the user wants the rest to go on.

use super::files::{ClaimFile, ClaimFiles};
use crate::{Class, Error, Progress};
use rayon::prelude::*;
use serde_json::{Value, json};
use std::path::Path;

/// A file or a row group that was left out because it cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Quarantined {
    /// The file as outputs write it down.
    pub(crate) file: String,
    /// The row group, from 0; `None` is the whole file.
    pub(crate) row_group: Option<usize>,
    /// The first row of it in its file, from 1; 0 where that is unknown.
    pub(crate) first_row: u64,
    /// How many rows it says that it has; 0 where it cannot say so.
    pub(crate) rows: u64,
    /// What is wrong with it.
    pub(crate) reason: String,
}

/// How much of the claims of a run was left out because it cannot be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QuarantineCounts {
    /// Files that cannot be read at all.
    pub files: u64,
    /// Row groups that cannot be read.
    pub row_groups: u64,
    /// The rows of both, as far as they say how many they have.
    pub rows: u64,
}

impl Quarantined {
    /// A file that cannot be opened as claims.
    pub(super) fn file(label: String, rows: u64, error: &Error) -> Self {
        Self {
            file: label,
            row_group: None,
            first_row: u64::from(rows > 0),
            rows,
            reason: error.problem().to_owned(),
        }
    }

    /// The rows and the reason, as a finding says them.
    pub(crate) fn value(&self) -> String {
        match self.rows {
            0 => self.reason.clone(),
            rows => {
                let last = self.first_row + rows - 1;
                format!("rows {} to {last}: {}", self.first_row, self.reason)
            }
        }
    }

    /// As a manifest states it.
    pub(crate) fn json(&self) -> Value {
        json!({
            "file": self.file,
            "row_group": self.row_group,
            "first_row": self.first_row,
            "rows": self.rows,
            "reason": self.reason,
        })
    }
}

impl ClaimFiles {
    /// Decodes every row group once, leaves out those that cannot be read, and counts them;
    /// does nothing where the run is to stop at what cannot be read.
    ///
    /// What is decoded is what the run will decode: the needed columns, or all of them.
    ///
    /// # Errors
    /// When nothing is left, and an interruption.
    pub(crate) fn leave_out_damaged(
        &mut self,
        (pool, everything): (&rayon::ThreadPool, bool),
        progress: &dyn Progress,
    ) -> Result<(), Error> {
        self.tell(progress);
        if !self.keeps_going {
            return Ok(());
        }
        progress.stage("look for damage", Some(self.rows));
        let scan = |unit: &super::Unit| -> Result<Option<(usize, usize, String)>, Error> {
            let file = &self.files[unit.file];
            let damage = damage(file, (unit, everything), progress)?;
            Ok(damage.map(|reason| (unit.file, unit.row_group(), reason)))
        };
        let found: Vec<_> =
            pool.install(|| self.units.par_iter().map(scan).collect::<Result<_, _>>())?;
        for (file, row_group, reason) in found.into_iter().flatten() {
            let file = &mut self.files[file];
            if file.leave_out(row_group) {
                let (first, rows) = file.rows_of(row_group);
                self.quarantined.push(Quarantined {
                    file: file.label.clone(),
                    row_group: Some(row_group),
                    first_row: first + 1,
                    rows,
                    reason,
                });
            }
        }
        self.number_rows();
        if self.rows == 0 && !self.quarantined.is_empty() {
            return Err(Error::new(
                Class::Input,
                &self.quarantined[0].file,
                format!("no claim can be read: {}", self.quarantined[0].reason),
                "Deliver the files again; nothing was written.",
            ));
        }
        Ok(())
    }

    /// How much was left out.
    pub(crate) fn quarantine(&self) -> QuarantineCounts {
        let whole = self
            .quarantined
            .iter()
            .filter(|left| left.row_group.is_none());
        let files = whole.count() as u64;
        QuarantineCounts {
            files,
            row_groups: self.quarantined.len() as u64 - files,
            rows: self.quarantined.iter().map(|left| left.rows).sum(),
        }
    }
}

/// Why a unit cannot be read, where it cannot.
fn damage(
    file: &ClaimFile,
    (unit, everything): (&super::Unit, bool),
    progress: &dyn Progress,
) -> Result<Option<String>, Error> {
    let mut rows = 0;
    let reading = file.read(unit, everything);
    let mut reader = match reading {
        Ok(reader) => reader,
        Err(error) => return Ok(Some(error.problem().to_owned())),
    };
    loop {
        progress.look()?;
        match file.next_batch(&mut reader) {
            Err(error) => return Ok(Some(error.problem().to_owned())),
            Ok(Some(batch)) => {
                rows += batch.num_rows() as u64;
                progress.advance(batch.num_rows() as u64);
            }
            Ok(None) if rows == unit.rows => return Ok(None),
            Ok(None) => return Ok(Some("a row group ends early.".to_owned())),
        }
    }
}

/// The label of a file inside or outside a folder.
pub(super) fn label_of(path: &Path, root: Option<&Path>) -> String {
    let inside = root.and_then(|root| path.strip_prefix(root).ok());
    inside.unwrap_or(path).display().to_string()
}
