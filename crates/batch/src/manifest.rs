//! What a run was made from and what it made, in a form that two equal runs write byte by byte
//! alike.

use crate::Error;
use crate::findings::FindingCounts;
use crate::grouped::{OutcomeCounts, PreparedPlan};
use crate::in_force::PlanChoice;
use crate::inputs::{InputFile, InputTable, Inputs};
use crate::output::{self, Fingerprint};
use crate::read::{ClaimFiles, Quarantined};
use serde_json::{Map, Value, json};
use std::fmt;
use std::path::Path;

/// The manifest of a run while it is put together.
pub(crate) struct Manifest(Map<String, Value>);

/// An output file of a run.
#[derive(Clone)]
pub(crate) struct OutputFile {
    pub(crate) name: String,
    pub(crate) rows: u64,
    pub(crate) fingerprint: Fingerprint,
}

impl OutputFile {
    pub(crate) fn new(name: &str, rows: u64, fingerprint: Fingerprint) -> Self {
        let name = name.to_owned();
        Self {
            name,
            rows,
            fingerprint,
        }
    }
}

impl Manifest {
    pub(crate) fn new(command: &str) -> Self {
        let mut fields = Map::new();
        fields.insert("drgdip".to_owned(), json!(env!("CARGO_PKG_VERSION")));
        fields.insert("command".to_owned(), json!(command));
        Self(fields)
    }

    pub(crate) fn set(&mut self, key: &str, value: Value) {
        self.0.insert(key.to_owned(), value);
    }

    /// The plan, or with `--plan auto` the plans, of the run.
    pub(crate) fn plan(&mut self, choice: PlanChoice<'_>) {
        let described = |plan: &PreparedPlan| {
            let files: Map<String, Value> = plan
                .files
                .iter()
                .map(|(name, hash)| (name.clone(), json!(hash)))
                .collect();
            json!({ "id": plan.plan.id, "files": files })
        };
        match choice {
            PlanChoice::One(plan) => self.set("plan", described(plan)),
            PlanChoice::ByUnit(_) => {
                self.set("plan", json!({ "id": "by_unit", "files": {} }));
                self.set("plans", choice.plans().iter().map(described).collect());
            }
            PlanChoice::InForce(plans) => {
                let (name, hash) = &plans.coverage;
                let files: Map<String, Value> = [(name.clone(), json!(hash))].into_iter().collect();
                self.set("plan", json!({ "id": "auto", "files": files }));
                self.set("plans", choice.plans().iter().map(described).collect());
            }
        }
    }

    /// The policy of the run: its id, the day that it was read at, and its files with their hashes.
    pub(crate) fn policy(&mut self, id: &str, day: impl fmt::Display, files: &[(String, String)]) {
        let files: Map<String, Value> = files
            .iter()
            .map(|(name, hash)| (name.clone(), json!(hash)))
            .collect();
        let policy = json!({ "id": id, "date": day.to_string(), "files": files });
        self.set("policy", policy);
    }

    /// The table of hospitals, and the tables that people stated, as path, sha256 and rows.
    pub(crate) fn tables<'t>(
        &mut self,
        inputs: &Inputs,
        stated: impl IntoIterator<Item = &'t (String, String, u64)>,
    ) {
        let is_used = |file: &&InputFile| file.table == InputTable::Hospitals;
        let hospitals = inputs.files.iter().filter(is_used);
        let hospitals = hospitals
            .map(|file| json!({ "file": file.path, "rows": file.rows, "sha256": file.sha256 }));
        let stated = stated.into_iter();
        let stated =
            stated.map(|(path, hash, rows)| json!({ "file": path, "rows": rows, "sha256": hash }));
        self.set("tables", hospitals.chain(stated).collect());
    }

    /// The claim files, and what was left out of them.
    pub(crate) fn inputs(&mut self, files: &ClaimFiles, fingerprints: &[Fingerprint]) {
        let list = files
            .files
            .iter()
            .zip(fingerprints)
            .map(|(file, fingerprint)| {
                let renamed: Map<String, Value> = file
                    .layout
                    .renamed
                    .iter()
                    .map(|(from, to)| (from.clone(), json!(to)))
                    .collect();
                let mut input = json!({
                    "file": file.label,
                    "rows": file.rows(),
                    "bytes": fingerprint.bytes,
                    "sha256": fingerprint.sha256,
                    "columns_read_as": renamed,
                });
                if file.layout.infant_age_alone {
                    input["age_years"] = json!("0 where age_days is stated");
                }
                input
            });
        let list = list.collect();
        self.set("inputs", Value::Array(list));
        if !files.passed_over.is_empty() {
            self.set("passed_over", json!(files.passed_over));
        }
        self.quarantined(files);
    }

    /// What was left out because it cannot be read, where there is something.
    fn quarantined(&mut self, files: &ClaimFiles) {
        if files.quarantined.is_empty() {
            return;
        }
        let list = files.quarantined.iter().map(Quarantined::json);
        self.set("quarantined", list.collect());
        self.set("rows_quarantined", json!(files.quarantine().rows));
    }

    pub(crate) fn counts(&mut self, rows: u64, outcomes: &OutcomeCounts, found: &FindingCounts) {
        let by_outcome: Map<String, Value> = outcomes
            .iter()
            .map(|(status, reason, count)| (format!("{status}/{reason}"), json!(count)))
            .collect();
        let by_finding: Map<String, Value> = found
            .iter()
            .map(|(finding, count)| (finding.code().to_owned(), json!(count)))
            .collect();
        self.set("rows", json!(rows));
        self.set("outcomes", Value::Object(by_outcome));
        self.set("findings", Value::Object(by_finding));
    }

    pub(crate) fn outputs(&mut self, outputs: &[OutputFile]) {
        let list = outputs.iter().map(|output| {
            json!({
                "file": output.name,
                "rows": output.rows,
                "bytes": output.fingerprint.bytes,
                "sha256": output.fingerprint.sha256,
            })
        });
        self.set("outputs", list.collect());
    }

    pub(crate) fn write(&self, path: &Path) -> Result<(), Error> {
        use std::io::Write;
        let mut text = serde_json::to_string_pretty(&self.0).expect("a JSON value is written");
        text.push('\n');
        let mut file = output::HashingFile::create(path)?;
        let written = file.write_all(text.as_bytes());
        written
            .and_then(|()| file.finish())
            .map_err(|e| Error::file(path, "write it", &e))?;
        Ok(())
    }
}
