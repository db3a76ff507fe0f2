//! An output never takes the place of what the run reads.
//!
//! A finished folder is replaced as a whole, so whatever else stands in it would be gone.

use crate::read::Found;
use crate::{Class, Error};
use std::fs;
use std::path::{Path, PathBuf};

/// Refuses an output that is, or holds, a file or folder that the run reads, and one that is a link
/// or a device. Claims that cannot be found are for whoever reads them to say.
///
/// # Errors
/// Of usage, which names both.
pub(crate) fn keep_apart(out: &Path, claims: &[PathBuf], others: &[&Path]) -> Result<(), Error> {
    refuse_special(out)?;
    let target = real(out);
    let found = Found::of(claims).unwrap_or_default();
    let read = claims.iter().chain(&found.files).map(PathBuf::as_path);
    for path in read.chain(others.iter().copied()) {
        if real(path).starts_with(&target) {
            let what = if real(path) == target { "is" } else { "holds" };
            let problem = format!("the output {what} {}, which is read.", path.display());
            let hint = "Name another place; the output would replace it.";
            return Err(Error::new(Class::Usage, out.display(), problem, hint));
        }
    }
    Ok(())
}

/// A rename would put a file in the place of a link or a device, and leave what it meant as it is.
fn refuse_special(out: &Path) -> Result<(), Error> {
    let Ok(metadata) = fs::symlink_metadata(out) else {
        return Ok(());
    };
    if metadata.is_file() || metadata.is_dir() {
        return Ok(());
    }
    let (problem, hint) = match metadata.is_symlink() {
        true => ("the output is a link.", "Name the place that it leads to."),
        false => ("the output is no ordinary file.", "Name a file or folder."),
    };
    Err(Error::new(Class::Usage, out.display(), problem, hint))
}

/// The path without links, `.` and `..`, as far as it is there.
fn real(path: &Path) -> PathBuf {
    if let Ok(real) = fs::canonicalize(path) {
        return real;
    }
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) => real(parent).join(name),
        _ => path,
    }
}
