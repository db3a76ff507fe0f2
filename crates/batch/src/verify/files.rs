//! The manifest of a run and the files that it lists.

use super::Verification;
use crate::find::builder;
use crate::{Error, Progress};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

/// What a manifest says, as far as it is verified.
#[derive(Debug, Deserialize)]
struct Manifest {
    command: String,
    rows: u64,
    outcomes: BTreeMap<String, u64>,
    #[serde(default)]
    findings: BTreeMap<String, u64>,
    #[serde(default)]
    case_classes: BTreeMap<String, u64>,
    #[serde(default)]
    money: BTreeMap<String, String>,
    inputs: Vec<Input>,
    weigh: Option<WeighCounts>,
    outputs: Vec<Output>,
}

#[derive(Debug, Deserialize)]
struct Input {
    rows: u64,
}

#[derive(Debug, Deserialize)]
struct Output {
    file: String,
    rows: u64,
    sha256: String,
}

/// What the manifest of `weigh` states about the cases.
#[derive(Debug, Deserialize)]
pub(super) struct WeighCounts {
    pub(super) left_out: BTreeMap<String, u64>,
    /// `usable`, `used` and what was trimmed, by name.
    pub(super) cases: BTreeMap<String, u64>,
    pub(super) used_by_year: BTreeMap<String, u64>,
}

/// The files of a run.
#[derive(Debug)]
pub(super) struct RunFiles {
    pub(super) command: String,
    /// How many claims went in, as the manifest states it.
    pub(super) rows: u64,
    /// How many claims had each outcome, as the manifest states it.
    pub(super) outcomes: BTreeMap<String, u64>,
    /// How often each thing was found, as the manifest states it.
    pub(super) findings: BTreeMap<String, u64>,
    /// How many cases of a settlement had each class, as the manifest states it.
    pub(super) classes: BTreeMap<String, u64>,
    /// What all pools of a settlement have together, in yuan, as the manifest states it.
    pub(super) money: BTreeMap<String, String>,
    pub(super) manifest: PathBuf,
    /// What a run of `weigh` states about its cases.
    pub(super) weigh: Option<WeighCounts>,
    input_rows: u64,
    outputs: Vec<Output>,
}

/// The table of a settled run that has one row a claim.
const CASES: &str = "cases.parquet";

impl RunFiles {
    /// Reads the manifest that a path means: a folder's own, or the one beside a file.
    pub(super) fn open(run: &Path) -> Result<Self, Error> {
        let path = manifest_path(run);
        let text = std::fs::read(&path).map_err(|error| no_manifest(&path, &error))?;
        let manifest: Manifest = serde_json::from_slice(&text).map_err(|error| {
            let problem = format!("this is not the manifest of a run: {error}.");
            Error::input(path.display(), problem)
        })?;
        for output in &manifest.outputs {
            if !is_inside(&output.file) {
                let problem = format!("the output {:?} is not beside the manifest.", output.file);
                return Err(Error::input(path.display(), problem));
            }
        }
        Ok(Self {
            command: manifest.command,
            rows: manifest.rows,
            outcomes: manifest.outcomes,
            findings: manifest.findings,
            classes: manifest.case_classes,
            money: manifest.money,
            manifest: path,
            weigh: manifest.weigh,
            input_rows: manifest.inputs.iter().map(|input| input.rows).sum(),
            outputs: manifest.outputs,
        })
    }

    /// Whether the run paid the cases that it grouped.
    pub(super) fn is_settled(&self) -> bool {
        self.outputs.iter().any(|output| output.file == CASES)
    }

    /// Whether the run has an output of this name.
    pub(super) fn has(&self, file: &str) -> bool {
        self.outputs.iter().any(|output| output.file == file)
    }

    /// The output with one row a claim.
    pub(super) fn cases(&self) -> PathBuf {
        let is_findings = |file: &str| file.ends_with("findings.parquet");
        let mut tables = self
            .outputs
            .iter()
            .filter(|output| !is_findings(&output.file));
        let first = tables.next().map_or(CASES, |output| &output.file);
        self.path(if self.is_settled() { CASES } else { first })
    }

    /// An output by its file name.
    pub(super) fn path(&self, file: &str) -> PathBuf {
        self.manifest.with_file_name(file)
    }

    /// Recomputes the hash of every output and compares the counts of the manifest itself.
    pub(super) fn check_hashes(
        &self,
        result: &mut Verification,
        progress: &dyn Progress,
    ) -> Result<(), Error> {
        progress.stage("verify: hashes", None);
        for output in &self.outputs {
            let hash = sha256(&self.path(&output.file), progress)?;
            if hash != output.sha256 {
                let stated = &output.sha256;
                let problem = format!("the sha256 is {hash}; the manifest states {stated}.");
                result.mismatch("sha256", &output.file, problem);
            } else if output.file.ends_with(".parquet") {
                let rows = rows_of(&self.path(&output.file))?;
                if rows != output.rows {
                    let stated = output.rows;
                    let problem =
                        format!("the file has {rows} rows; the manifest states {stated}.");
                    result.mismatch("rows_stated", &output.file, problem);
                }
            }
            result.files.push(output.file.clone());
        }
        if self.input_rows != self.rows {
            let (inputs, rows) = (self.input_rows, self.rows);
            let problem = format!("the inputs have {inputs} rows; the run states {rows}.");
            result.mismatch("rows_in", "manifest", problem);
        }
        Ok(())
    }
}

/// How many rows a Parquet file says that it has.
fn rows_of(path: &Path) -> Result<u64, Error> {
    let rows = builder(path)?.metadata().file_metadata().num_rows();
    Ok(u64::try_from(rows).unwrap_or(0))
}

/// Whether a path stays in the folder that it is taken from.
pub(super) fn is_inside(file: &str) -> bool {
    let mut parts = Path::new(file).components();
    !file.is_empty() && parts.all(|part| matches!(part, Component::Normal(_)))
}

fn manifest_path(run: &Path) -> PathBuf {
    if run.is_dir() {
        return run.join("manifest.json");
    }
    match run.extension() {
        Some(extension) if extension == "parquet" => run.with_extension("manifest.json"),
        _ => run.to_owned(),
    }
}

fn no_manifest(path: &Path, error: &std::io::Error) -> Error {
    Error::file(path, "read the manifest", error)
        .with_hint("Name the folder that a run has written, or the output file of group.")
}

pub(super) fn sha256(path: &Path, progress: &dyn Progress) -> Result<String, Error> {
    let cannot = |error| Error::file(path, "read an output of the run", &error);
    let mut file = File::open(path).map_err(cannot)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        progress.look()?;
        match file.read(&mut buffer).map_err(cannot)? {
            0 => break,
            length => hash.update(&buffer[..length]),
        }
    }
    let digest = hash.finalize();
    Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}
