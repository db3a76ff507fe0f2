//! Whether a ledger folder is whole: every entry in its place, each after the one before it.

use super::Verification;
use super::files::sha256;
use crate::{Error, Progress};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// What is verified of an entry.
#[derive(Debug, Deserialize)]
struct Entry {
    drgdip_ledger: u64,
    previous: String,
    period: String,
    rows: Vec<serde_json::Value>,
}

/// The entries of a folder that is a ledger, by name; `None` for any other folder.
pub(super) fn entries(folder: &Path) -> Option<Vec<PathBuf>> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| !name(path).starts_with('.'))
        .collect();
    files.sort();
    let first = files.first().map(|path| name(path))?;
    let (number, rest) = first.split_once('-')?;
    let is_number = number.len() == 4 && number.bytes().all(|byte| byte.is_ascii_digit());
    (is_number && rest.ends_with(".json")).then_some(files)
}

/// Verifies the chain of entries.
pub(super) fn verify(files: &[PathBuf], progress: &dyn Progress) -> Result<Verification, Error> {
    let mut result = Verification {
        command: "ledger".to_owned(),
        ..Verification::default()
    };
    let mut previous = String::new();
    for (number, path) in (1_u64..).zip(files) {
        let name = name(path);
        let bytes = std::fs::read(path).map_err(|e| Error::file(path, "read it", &e))?;
        let entry: Entry = match serde_json::from_slice(&bytes) {
            Ok(entry) => entry,
            Err(error) => {
                let problem = format!("this is no entry of a ledger: {error}.");
                result.mismatch("ledger", &name, problem);
                previous = sha256(path, progress)?;
                continue;
            }
        };
        let place = format!("{number:04}-{}.json", entry.period);
        if entry.drgdip_ledger != number || name != place {
            let states = entry.drgdip_ledger;
            let problem = format!("it is the entry {number} of the folder and states {states}.");
            result.mismatch("ledger", &name, problem);
        }
        if entry.previous != previous {
            let problem = "the entry before it is not the one that it was written after.";
            result.mismatch("ledger", &name, problem.to_owned());
        }
        previous = sha256(path, progress)?;
        result.rows += entry.rows.len() as u64;
        result.files.push(name);
    }
    result.mismatches.sort();
    Ok(result)
}

fn name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}
