//! The facts of a case that only its claim holds, such as its stay and its dates.

use super::run::SettledRun;
use crate::find::{FoundClaim, find_claims};
use crate::output::fingerprint;
use crate::{Error, Progress};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The claims of a case, or why they cannot be read.
pub(super) enum Facts {
    /// In the order of the run.
    Found(Vec<FoundClaim>),
    /// The claim files that the run was made from are not where they were.
    Missing(String),
}

impl Facts {
    /// Finds the claims of a case in the named files, or else where the run found them.
    ///
    /// # Errors
    /// A named file that is none of the run's, and a file that cannot be read.
    pub(super) fn find(
        run: &SettledRun,
        case_id: &str,
        claims: &[PathBuf],
        progress: &dyn Progress,
    ) -> Result<Self, Error> {
        let inputs = run.manifest["inputs"].as_array().into_iter().flatten();
        let stated: Vec<(&str, &str)> = inputs
            .filter_map(|input| Some((input["file"].as_str()?, input["sha256"].as_str()?)))
            .collect();
        let files = match claims {
            [] => stated
                .iter()
                .map(|(file, _)| place(&run.folder, file))
                .collect(),
            named => named.to_vec(),
        };
        if let (true, Some(gone)) = (claims.is_empty(), files.iter().find(|f| !f.is_file())) {
            return Ok(Self::Missing(gone.display().to_string()));
        }
        let found = find_claims(&files, case_id, progress)?;
        let hashes: BTreeSet<&str> = stated.iter().map(|(_, hash)| *hash).collect();
        let holding: BTreeSet<&Path> = found.iter().map(|claim| claim.file.as_path()).collect();
        for file in holding {
            let hash = fingerprint(file, &|| progress.is_interrupted())?.sha256;
            if hashes.contains(hash.as_str()) {
                continue;
            }
            if claims.is_empty() {
                return Ok(Self::Missing(file.display().to_string()));
            }
            let problem = "the file is none that the run was made from: its sha256 differs.";
            return Err(Error::input(file.display(), problem));
        }
        Ok(Self::Found(found))
    }
}

/// A file as the manifest names it: in the folder of the run, or where it was.
fn place(folder: &Path, file: &str) -> PathBuf {
    let inside = folder.join(file);
    if inside.is_file() {
        inside
    } else {
        PathBuf::from(file)
    }
}
