//! Writes the files of a plan into a folder, all of them or none.

use crate::output::StagedFolder;
use crate::{Class, Error};
use drgdip_tables::FileSet;
use std::fs;
use std::path::Path;

/// Whether a folder that is there already may be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// A folder with anything in it is refused.
    Keep,
    /// A folder that holds a plan is replaced; any other with something in it is refused.
    ReplacePlan,
}

/// Writes files into a folder, which appears whole or not at all.
///
/// # Errors
/// A folder that is there already, as `existing` says, and an output that cannot be written.
pub fn publish_plan(target: &Path, files: &FileSet, existing: Existing) -> Result<(), Error> {
    refuse(target, existing)?;
    let staged = StagedFolder::over(target)?;
    for (path, bytes) in files.iter() {
        let file = staged.path().join(path);
        let folder = file.parent().unwrap_or(staged.path());
        fs::create_dir_all(folder).map_err(|e| Error::file(folder, "create the folder", &e))?;
        fs::write(&file, bytes).map_err(|e| Error::file(&file, "write it", &e))?;
    }
    staged.publish()
}

fn refuse(target: &Path, existing: Existing) -> Result<(), Error> {
    if !target.exists() {
        return Ok(());
    }
    let mut entries =
        fs::read_dir(target).map_err(|e| Error::file(target, "list the folder", &e))?;
    let is_plan = target.join("plan.toml").is_file();
    if entries.next().is_none() || (is_plan && existing == Existing::ReplacePlan) {
        return Ok(());
    }
    let (problem, hint) = if is_plan {
        let hint = "Name a new folder, or say --replace to write over the plan.";
        ("a plan stands there already.", hint)
    } else {
        let hint = "Name an empty or a new folder.";
        ("the folder is not empty and holds no plan.", hint)
    };
    Err(Error::new(Class::Usage, target.display(), problem, hint))
}
