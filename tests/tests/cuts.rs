//! How claims are cut does not show: into row groups, files and an order of files, read by any
//! number of threads.
//!
//! By design the names of files and the rows in them show where they are named: in manifests, in
//! findings, and in the list of rules that were not asked; `rules.csv` counts those files. Files
//! that are called the same and have the same rows give the same bytes there too, but for the
//! hashes of the claims.

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use drgdip_batch::inputs::Inputs;
use drgdip_batch::{
    CatalogueJob, CheckJob, CheckRules, GroupJob, PreparedPolicy, ReadOptions, SettleJob, Silent,
    SuperviseJob, SynthJob, SynthPractice, WeighJob, catalogue, check, group, settle, supervise,
    synth_practised, weigh,
};
use drgdip_tables::ClaimChecks;
use drgdip_tests::{contents, example_policy, month_job, national};
use jiff::civil::date;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::properties::WriterProperties;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// Files by name, with their bytes.
type Outputs = BTreeMap<String, Vec<u8>>;

const ROWS: usize = 4_000;

/// How the same rows are put into files.
struct Cut {
    files: usize,
    group_rows: usize,
    dictionaries: bool,
    threads: usize,
    is_reversed: bool,
}

const CUTS: [Cut; 6] = [
    Cut {
        files: 1,
        group_rows: ROWS,
        dictionaries: true,
        threads: 1,
        is_reversed: false,
    },
    Cut {
        files: 1,
        group_rows: 97,
        dictionaries: true,
        threads: 3,
        is_reversed: false,
    },
    Cut {
        files: 1,
        group_rows: 1_024,
        dictionaries: false,
        threads: 2,
        is_reversed: false,
    },
    Cut {
        files: 3,
        group_rows: ROWS,
        dictionaries: false,
        threads: 1,
        is_reversed: false,
    },
    Cut {
        files: 3,
        group_rows: 211,
        dictionaries: true,
        threads: 5,
        is_reversed: true,
    },
    Cut {
        files: 13,
        group_rows: 50,
        dictionaries: true,
        threads: 2,
        is_reversed: true,
    },
];

impl Cut {
    /// Writes the rows; the names depend on the number of files only.
    fn write(&self, folder: &Path, rows: &RecordBatch) -> Vec<PathBuf> {
        let folder = folder.join(format!("of-{}", self.files));
        fs::create_dir_all(&folder).unwrap();
        let each = ROWS.div_ceil(self.files);
        let part = |number: usize| {
            let path = folder.join(format!("{number:02}.parquet"));
            let from = number * each;
            let properties = WriterProperties::builder()
                .set_max_row_group_row_count(Some(self.group_rows))
                .set_dictionary_enabled(self.dictionaries)
                .build();
            let file = File::create(&path).unwrap();
            let mut writer = ArrowWriter::try_new(file, rows.schema(), Some(properties)).unwrap();
            let some = rows.slice(from, each.min(ROWS - from));
            writer.write(&some).unwrap();
            writer.close().unwrap();
            path
        };
        let mut files: Vec<PathBuf> = (0..self.files).map(part).collect();
        if self.is_reversed {
            files.reverse();
        }
        files
    }
}

fn rows(path: &Path) -> RecordBatch {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    let batches: Vec<_> = reader.build().unwrap().map(Result::unwrap).collect();
    concat_batches(&batches[0].schema(), &batches).unwrap()
}

/// A month with bad rows, whose ways of treatment are few enough for a catalogue.
fn generate(folder: &Path) -> (PathBuf, PathBuf) {
    let (out, inputs) = (folder.join("claims.parquet"), folder.join("inputs"));
    let job = SynthJob {
        cases: ROWS as u64,
        seed: 4,
        plan: national(),
        policy: &example_policy(),
        period: "2026-10",
        bad_rows_per_ten_thousand: Some(500),
        out: &out,
        files: 1,
        inputs: &inputs,
        units: false,
        threads: Some(2),
    };
    synth_practised(&job, SynthPractice::Usual, &Silent).unwrap();
    (out, inputs)
}

struct Bench<'b> {
    claims: &'b [PathBuf],
    inputs: &'b Path,
    out: &'b Path,
    threads: Option<usize>,
}

impl Bench<'_> {
    fn all(&self) -> Outputs {
        self.group();
        self.check();
        self.settle();
        self.history();
        self.supervise();
        contents(self.out)
    }

    fn group(&self) {
        let job = GroupJob {
            claims: self.claims,
            plan: national().into(),
            out: &self.out.join("grouped/all.parquet"),
            keep: true,
            read: ReadOptions::default(),
            threads: self.threads,
            row_group_rows: Some(1_000),
        };
        group(&job, &Silent).unwrap();
    }

    fn check(&self) {
        let (checks, check_files) = ClaimChecks::load("basic").unwrap();
        let job = CheckJob {
            claims: self.claims,
            rules: CheckRules {
                checks: &checks,
                check_files: &check_files,
                plan: Some(national().into()),
            },
            out: &self.out.join("checked"),
            read: ReadOptions::default(),
            threads: self.threads,
        };
        check(&job, &Silent).unwrap();
    }

    fn settle(&self) {
        let policy = example_policy();
        let inputs = Inputs::read(Some(self.inputs), &policy.standing).unwrap();
        let out = self.out.join("settled");
        let job = SettleJob {
            threads: self.threads,
            ..month_job(self.claims, &policy, &inputs, &out)
        };
        settle(&job, &Silent).unwrap();
    }

    /// `weigh` and `catalogue`.
    fn history(&self) {
        let policy = example_policy();
        let inputs = Inputs::read(None, &policy.standing).unwrap();
        let terms = policy.policy.weigh_at(date(2027, 1, 1)).unwrap();
        let job = WeighJob {
            claims: self.claims,
            plan: national(),
            policy: &policy.policy,
            policy_files: &policy.files,
            terms: &terms,
            year: 2027,
            inputs: &inputs,
            changes: None,
            quotas: None,
            out: &self.out.join("weighed"),
            read: ReadOptions::default(),
            threads: self.threads,
        };
        weigh(&job, &Silent).unwrap();
        let terms = policy.policy.catalogue_at(date(2027, 1, 1)).unwrap();
        let job = CatalogueJob {
            claims: self.claims,
            policy: &policy.policy,
            policy_files: &policy.files,
            terms: &terms,
            year: 2027,
            id: "grown",
            inputs: &inputs,
            previous: None,
            decisions: None,
            out: &self.out.join("catalogue"),
            read: ReadOptions::default(),
            threads: self.threads,
        };
        catalogue(&job, &Silent).unwrap();
    }

    fn supervise(&self) {
        let policy = PreparedPolicy::load("example-dip-2026").unwrap();
        let terms = policy.policy.supervise_at(date(2026, 12, 31)).unwrap();
        let job = SuperviseJob {
            claims: self.claims,
            plan: national(),
            policy: &policy.policy,
            policy_files: &policy.files,
            terms: &terms,
            out: &self.out.join("supervised"),
            read: ReadOptions::default(),
            threads: self.threads,
        };
        supervise(&job, &Silent).unwrap();
    }
}

/// Whether an output names files and rows in them, or counts files.
fn names_files(name: &str) -> bool {
    let named = [
        "manifest.json",
        "findings.parquet",
        "not_asked.csv",
        "checked/rules.csv",
    ];
    named.iter().any(|end| name.ends_with(end))
}

/// Whether an output has the hashes of the claims.
fn has_hashes(name: &str) -> bool {
    name.ends_with("manifest.json")
}

#[track_caller]
fn equal((one, other): (&Outputs, &Outputs), is_compared: impl Fn(&str) -> bool) {
    let names = |all: &Outputs| all.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(one), names(other));
    for (name, bytes) in one.iter().filter(|(name, _)| is_compared(name)) {
        assert!(*bytes == other[name], "{name} differs");
    }
}

#[test]
fn row_groups_files_their_order_and_threads_do_not_show() {
    let folder = tempfile::tempdir().unwrap();
    let (claims, inputs) = generate(folder.path());
    let rows = rows(&claims);
    let mut made: Vec<(usize, Outputs)> = Vec::new();
    for cut in &CUTS {
        let out = folder.path().join("out");
        let bench = Bench {
            claims: &cut.write(folder.path(), &rows),
            inputs: &inputs,
            out: &out,
            threads: Some(cut.threads),
        };
        let found = bench.all();
        fs::remove_dir_all(&out).unwrap();
        if let Some((_, first)) = made.first() {
            equal((first, &found), |name| !names_files(name));
        }
        if let Some((_, alike)) = made.iter().find(|(files, _)| *files == cut.files) {
            equal((alike, &found), |name| !has_hashes(name));
        }
        made.push((cut.files, found));
    }
    let (_, first) = &made[0];
    for name in ["checked/findings.parquet", "catalogue/groups.csv"] {
        assert!(first.contains_key(name), "{name} is not written");
    }
    assert!(first.len() > 80, "{} files", first.len());
}
