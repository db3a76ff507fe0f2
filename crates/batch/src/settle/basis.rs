//! What a settlement was made by, copied into its folder: the policy, the settlement inputs and the
//! checks of claims.
//!
//! With them a settled folder explains itself; only the claims stay where they are. The manifest
//! has the hash of each.

use super::SettleJob;
use crate::Error;
use crate::flat::lines;
use crate::inputs::{InputFile, Origin};
use crate::manifest::OutputFile;
use crate::output::{Fingerprint, sha256};
use std::fs;
use std::path::Path;

/// The folder of the copies.
pub(crate) const FOLDER: &str = "basis";
/// The policy among them, with its sources beside it as policies have them.
pub(crate) const POLICY: &str = "basis/policy.toml";
const SOURCES: &str = "basis/policy/SOURCES.toml";
/// The settlement inputs among them.
pub(crate) const INPUTS: &str = "basis/inputs";

/// The checks of claims among them, where they were asked.
const CHECKS: &str = "basis/checks";

/// Copies the policy, the inputs and the checks of a job.
///
/// # Errors
/// A file that cannot be written, and an input that changed while the settlement ran.
pub(super) fn write(folder: &Path, job: &SettleJob<'_>) -> Result<Vec<OutputFile>, Error> {
    // `explain` looks into it even where no input was given.
    create(&folder.join(INPUTS))?;
    let mut outputs = vec![
        copy(folder, POLICY, job.policy.text().as_bytes())?,
        copy(folder, SOURCES, job.policy.sources_text().as_bytes())?,
    ];
    for (name, bytes) in job.policy.companions() {
        outputs.push(copy(folder, &format!("{FOLDER}/policy/{name}"), bytes)?);
    }
    for (name, bytes) in job.checks.iter().flat_map(|rules| rules.check_files.iter()) {
        outputs.push(copy(folder, &format!("{CHECKS}/{name}"), bytes)?);
    }
    for file in &job.inputs.files {
        outputs.push(input(folder, file)?);
    }
    Ok(outputs)
}

fn input(folder: &Path, file: &InputFile) -> Result<OutputFile, Error> {
    let (bytes, extension) = match &file.origin {
        Origin::Standing(bytes) => (bytes.clone(), "csv"),
        Origin::File(path) => {
            let bytes = fs::read(path).map_err(|e| Error::file(path, "read it again", &e))?;
            let is_parquet = path.extension().is_some_and(|e| e == "parquet");
            (bytes, if is_parquet { "parquet" } else { "csv" })
        }
    };
    if sha256(&bytes) != file.sha256 {
        let problem = "the file changed while the settlement ran.";
        return Err(Error::input(&file.path, problem).with_hint("Settle again."));
    }
    let name = format!("{INPUTS}/{}.{extension}", file.table.stem());
    let mut output = copy(folder, &name, &bytes)?;
    output.rows = file.rows;
    Ok(output)
}

fn create(folder: &Path) -> Result<(), Error> {
    fs::create_dir_all(folder).map_err(|e| Error::file(folder, "create the folder", &e))
}

/// Writes a copy; its rows are its lines.
///
/// A copy is not forced to the disk by itself; one that is lost shows by its hash.
fn copy(folder: &Path, name: &str, bytes: &[u8]) -> Result<OutputFile, Error> {
    let path = folder.join(name);
    create(path.parent().unwrap_or(folder))?;
    fs::write(&path, bytes).map_err(|e| Error::file(&path, "write it", &e))?;
    let fingerprint = Fingerprint {
        sha256: sha256(bytes),
        bytes: bytes.len() as u64,
    };
    Ok(OutputFile::new(name, lines(bytes), fingerprint))
}
