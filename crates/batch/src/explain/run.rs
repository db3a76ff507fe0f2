//! A settled folder, as far as it is needed to explain what stands in it.

use super::{Parameter, Step};
use crate::find::{TextRow, find_rows};
use crate::inputs::Inputs;
use crate::output::{MANIFEST, sha256};
use crate::settle::basis;
use crate::settle::setting::Period;
use crate::settle::verdicts::CHECKS;
use crate::{Error, Progress};
use drgdip_tables::policy::{Described, PolicyAt};
use drgdip_tables::{FileSet, Policy};
use jiff::civil::Date;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A settled folder.
pub(super) struct SettledRun {
    pub(super) folder: PathBuf,
    pub(super) manifest: Value,
    pub(super) policy: Policy,
    pub(super) inputs: Inputs,
    pub(super) period: Period,
}

impl SettledRun {
    /// Opens a settled folder with the policy and the inputs that it was settled by.
    ///
    /// # Errors
    /// A folder that is no settlement, that has no copies of policy and inputs, or whose copies
    /// were changed.
    pub(super) fn open(folder: &Path) -> Result<Self, Error> {
        let path = folder.join(MANIFEST);
        let text = std::fs::read(&path).map_err(|e| {
            Error::file(&path, "read the manifest", &e)
                .with_hint("Name the folder of a finished settlement.")
        })?;
        let manifest: Value = serde_json::from_slice(&text).map_err(|e| {
            Error::input(
                path.display(),
                format!("this is not the manifest of a run: {e}."),
            )
        })?;
        check_copies(folder, &manifest)?;
        let files = FileSet::file_with_tables(&folder.join(basis::POLICY))?;
        let inputs = Inputs::read(Some(&folder.join(basis::INPUTS)), &[])?;
        let stated = manifest["period"].as_str().unwrap_or_default();
        let period = match stated.len() {
            4 => Period::parse_year(stated)?,
            _ => Period::parse(stated)?,
        };
        Ok(Self {
            folder: folder.to_owned(),
            policy: Policy::load(&files)?,
            inputs,
            period,
            manifest,
        })
    }

    /// The rows of a table of the run whose column has this value.
    pub(super) fn rows(
        &self,
        table: &str,
        (column, value): (&str, &str),
        progress: &dyn Progress,
    ) -> Result<Vec<TextRow>, Error> {
        find_rows(&self.folder.join(table), column, value, progress)
    }

    /// The rules of 清单质控 that sent a case back, each with what it found and what to do.
    pub(super) fn rejecting_rules(
        &self,
        case_id: &str,
        progress: &dyn Progress,
    ) -> Result<Vec<Step>, Error> {
        let found = self.rows(CHECKS, ("case_id", case_id), progress)?;
        let by_policy = self.manifest["checks"]["policy"].is_string();
        let step = |row: &TextRow| {
            let get = |column: &str| row.get(column).map_or("", String::as_str);
            let (zh, en, hint) = (get("message_zh"), get("message_en"), get("hint"));
            let text = format!("{} {:?}: {zh} {en} → {hint}", get("column"), get("value"));
            let step = Step::new("退回的规则 rule that rejects", get("code")).by(text);
            let level = format!("checks.levels.{}", get("code"));
            match by_policy {
                true => step.keys(&["checks.use", &level]),
                false => step,
            }
        };
        let rejects = |row: &&TextRow| row.get("severity").is_some_and(|level| level == "reject");
        Ok(found.iter().filter(rejects).map(step).collect())
    }

    /// Whether the run has an output of this name.
    pub(super) fn has(&self, table: &str) -> bool {
        outputs(&self.manifest).any(|(name, _)| name == table)
    }

    /// The policy at a date.
    pub(super) fn terms(&self, date: Date) -> Result<PolicyAt, Error> {
        Ok(self.policy.at(date)?)
    }

    /// The parameters behind some steps at a date, each once.
    pub(super) fn parameters<'s>(
        &self,
        steps: impl Iterator<Item = &'s Step>,
        date: Date,
    ) -> Result<Vec<Parameter>, Error> {
        let stated: Vec<Described> = self.policy.describe(date)?;
        let keys: BTreeSet<&str> = steps
            .flat_map(|step| step.keys.iter().map(String::as_str))
            .collect();
        let used = stated.into_iter().filter(|said| keys.contains(said.key));
        Ok(used.map(|said| Parameter { said, at: date }).collect())
    }
}

/// Makes sure that the copies are those that the run wrote.
fn check_copies(folder: &Path, manifest: &Value) -> Result<(), Error> {
    let inside = format!("{}/", basis::FOLDER);
    let mut copies = outputs(manifest)
        .filter(|(name, _)| name.starts_with(&inside))
        .peekable();
    if copies.peek().is_none() {
        let problem = "the run has no copy of the policy that it was settled by.";
        let hint = "Settle again with this version, which keeps one in the folder.";
        return Err(Error::input(folder.display(), problem).with_hint(hint));
    }
    for (name, stated) in copies {
        let path = folder.join(name);
        let bytes = std::fs::read(&path).map_err(|e| Error::file(&path, "read it", &e))?;
        if sha256(&bytes) != stated {
            let problem = "the file is not the one that the run wrote: its sha256 differs.";
            return Err(Error::input(path.display(), problem));
        }
    }
    Ok(())
}

/// The outputs of a run, each with its hash.
fn outputs(manifest: &Value) -> impl Iterator<Item = (&str, &str)> {
    let list = manifest["outputs"].as_array().into_iter().flatten();
    list.filter_map(|output| Some((output["file"].as_str()?, output["sha256"].as_str()?)))
}
