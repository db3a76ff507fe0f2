//! What the tests of whole runs share: months that are generated, settled, and looked at.

use arrow::array::builder::{Decimal128Builder, ListBuilder, StringBuilder, StructBuilder};
use arrow::array::{ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Fields};
use drgdip_batch::inputs::Inputs;
use drgdip_batch::{
    Error, PreparedPlan, PreparedPolicy, Progress, ReadOptions, SettleJob, SettleSpan,
    SettleSummary, Silent, SynthJob, settle, synth,
};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// The bundled national plan, loaded once.
pub fn national() -> &'static PreparedPlan {
    static PLAN: OnceLock<PreparedPlan> = OnceLock::new();
    PLAN.get_or_init(|| plan("chs-drg-1.1"))
}

/// A plan by name.
#[must_use]
pub fn plan(name: &str) -> PreparedPlan {
    let loaded = drgdip_tables::load_plan(name).expect("the plan is there");
    PreparedPlan::of(loaded).expect("its code tables can be read")
}

/// The bundled example policy.
#[must_use]
pub fn example_policy() -> PreparedPolicy {
    PreparedPolicy::load("example-2026").expect("the policy is bundled")
}

/// A month of generated claims with the inputs that fit it.
pub struct Month {
    /// The claim files.
    pub claims: Vec<PathBuf>,
    /// The folder of hospitals, budgets and prior points.
    pub inputs: PathBuf,
}

/// Generates a month into a folder, with the usual share of bad rows.
#[must_use]
pub fn month(folder: &Path, cases: u64, seed: u64, files: u64) -> Month {
    generate(folder, (cases, seed, files), None)
}

/// Generates a month without a bad row.
#[must_use]
pub fn clean_month(folder: &Path, cases: u64) -> Month {
    generate(folder, (cases, 1, 1), Some(0))
}

/// Generates a month without a bad row into so many files.
#[must_use]
pub fn clean_files(folder: &Path, cases: u64, files: u64) -> Month {
    generate(folder, (cases, 1, files), Some(0))
}

fn generate(
    folder: &Path,
    (cases, seed, files): (u64, u64, u64),
    bad_rows_per_ten_thousand: Option<u32>,
) -> Month {
    let out = folder.join("claims.parquet");
    let inputs = folder.join("inputs");
    let job = SynthJob {
        cases,
        seed,
        plan: national(),
        policy: &example_policy(),
        period: "2026-10",
        bad_rows_per_ten_thousand,
        out: &out,
        files,
        inputs: &inputs,
        units: false,
        threads: Some(2),
    };
    let made = synth(&job, &Silent).expect("the month is generated");
    Month {
        claims: made.claims,
        inputs,
    }
}

/// Settles claims by the example policy.
pub fn settle_month(
    claims: &[PathBuf],
    inputs: &Path,
    out: &Path,
    threads: usize,
) -> Result<SettleSummary, Error> {
    settle_with(
        claims,
        inputs,
        out,
        (threads, ReadOptions::default(), &Silent),
    )
}

/// Settles claims by the example policy, read and watched as told.
pub fn settle_with(
    claims: &[PathBuf],
    inputs: &Path,
    out: &Path,
    (threads, read, progress): (usize, ReadOptions, &dyn Progress),
) -> Result<SettleSummary, Error> {
    let policy = example_policy();
    let inputs = Inputs::read(Some(inputs), &policy.standing)?;
    let job = SettleJob {
        read,
        threads: Some(threads),
        ..month_job(claims, &policy, &inputs, out)
    };
    settle(&job, progress)
}

/// A settlement of the generated month by the national plan on two threads, without a ledger.
#[must_use]
pub fn month_job<'a>(
    claims: &'a [PathBuf],
    policy: &'a PreparedPolicy,
    inputs: &'a Inputs,
    out: &'a Path,
) -> SettleJob<'a> {
    SettleJob {
        claims,
        plan: national().into(),
        policy: &policy.policy,
        policy_files: &policy.files,
        inputs,
        period: Some("2026-10"),
        span: SettleSpan::Month,
        ledger: None,
        prior_claims: &[],
        checks: None,
        out,
        read: ReadOptions::default(),
        threads: Some(2),
    }
}

/// The bytes of every file of a folder and of the folders in it, by path.
#[must_use]
pub fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    gather(folder, "", &mut found);
    found
}

fn gather(folder: &Path, before: &str, found: &mut BTreeMap<String, Vec<u8>>) {
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let entry = entry.expect("the folder can be listed");
        let name = format!("{before}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            gather(&entry.path(), &format!("{name}/"), found);
        } else {
            let bytes = std::fs::read(entry.path()).expect("the file can be read");
            found.insert(name, bytes);
        }
    }
}

/// Columns of a Parquet file as texts, row by row.
#[must_use]
pub fn table_rows<const N: usize>(path: &Path, columns: [&str; N]) -> Vec<[String; N]> {
    let file = File::open(path).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    let mut all = Vec::new();
    for batch in reader.build().unwrap().map(Result::unwrap) {
        let texts =
            columns.map(|name| cast(batch.column_by_name(name).unwrap(), &DataType::Utf8).unwrap());
        let text = |at: usize| {
            texts
                .each_ref()
                .map(|c| c.as_string::<i32>().value(at).to_owned())
        };
        all.extend((0..batch.num_rows()).map(text));
    }
    all
}

/// A drug of a claim with what it cost in fen.
pub type Drug = (&'static str, i128);

/// A column of items, such as `negotiated_drugs`, with at most one in each row.
#[must_use]
pub fn item_column(rows: &[Option<Drug>]) -> ArrayRef {
    let fields = Fields::from(vec![
        Field::new("code", DataType::Utf8, true),
        Field::new("cost", DataType::Decimal128(16, 2), true),
    ]);
    let mut list = ListBuilder::new(StructBuilder::from_fields(fields, 0));
    for row in rows {
        if let Some((code, fen)) = row {
            let item = list.values();
            let text = item.field_builder::<StringBuilder>(0);
            text.expect("it is a text").append_value(code);
            let cost = item.field_builder::<Decimal128Builder>(1);
            cost.expect("it is an amount").append_value(*fen);
            item.append(true);
        }
        list.append(true);
    }
    Arc::new(list.finish())
}

/// Gives the policy with this folder of tables the negotiated drugs of the rows, whose columns are
/// those of `negotiated-drugs.csv`; their windows have 36 months.
pub fn list_drugs(tables: &Path, from: &str, rows: &str) {
    let terms = include_str!("../../policies/example-2026/units/negotiated-drugs.toml");
    let units = tables.join("units");
    std::fs::create_dir_all(&units).expect("the folder is writable");
    let terms = terms.replace("2026-01-01", from);
    std::fs::write(units.join("drugs.toml"), terms).expect("the folder is writable");
    let table = format!("drug,title,from,until,source,note\n{rows}");
    std::fs::write(units.join("negotiated-drugs.csv"), table).expect("the folder is writable");
}
