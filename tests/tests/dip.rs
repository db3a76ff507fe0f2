//! Claims grouped by a DIP plan, from Parquet to Parquet.

use arrow::array::{
    Array, ArrayRef, AsArray, Decimal128Array, Int64Array, RecordBatch, StringArray,
};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::DataType;
use drgdip_batch::{
    GroupJob, PlanChoice, PlansInForce, PlansRequest, PreparedPlan, ReadOptions, Silent,
    find_claims, group,
};
use drgdip_tables::PlanLibrary;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const TINY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/dip-tiny");

type Text = Option<&'static str>;
/// `case_id`, region, principal diagnosis, main and other procedure, cost in fen.
type Claim = (&'static str, &'static str, Text, Text, Text, i128);

const CLAIMS: [Claim; 7] = [
    (
        "a",
        "990100",
        Some("I25.103"),
        Some("36.0600x004"),
        Some("00.2400"),
        3_400_000,
    ),
    ("b", "990100", Some("R52.900"), None, None, 100),
    (
        "c",
        "990100",
        Some("I25.103"),
        Some("36.0600"),
        Some("88.5500"),
        800_000,
    ),
    ("d", "990100", Some("M99.000"), None, None, 100),
    ("e", "990100", None, None, None, 100),
    ("f", "990100", Some("J18.000"), None, None, 100),
    ("g", "990100", Some("K80.100"), None, None, 100),
];

fn write_claims(folder: &Path, regions: &[&str]) -> PathBuf {
    let texts = |of: fn(usize) -> Option<&'static str>| -> ArrayRef {
        Arc::new((0..CLAIMS.len()).map(of).collect::<StringArray>())
    };
    let regions: StringArray = (0..CLAIMS.len())
        .map(|row| Some(regions.get(row).copied().unwrap_or(CLAIMS[row].1)))
        .collect();
    let costs = Decimal128Array::from_iter_values(CLAIMS.iter().map(|claim| claim.5));
    let dates = vec![Some("2026-10-05"); CLAIMS.len()];
    let dates = cast(&StringArray::from(dates), &DataType::Date32).expect("dates");
    let procedures = {
        let mut lists = arrow::array::ListBuilder::new(arrow::array::StringBuilder::new());
        for claim in CLAIMS {
            lists.append_value(claim.4.into_iter().map(Some));
        }
        lists.finish()
    };
    let columns: [(&str, ArrayRef); 9] = [
        ("case_id", texts(|row| Some(CLAIMS[row].0))),
        ("region", Arc::new(regions)),
        ("discharge_date", dates),
        ("sex", texts(|_| Some("1"))),
        (
            "age_years",
            Arc::new(Int64Array::from(vec![50; CLAIMS.len()])),
        ),
        ("principal_diagnosis", texts(|row| CLAIMS[row].2)),
        ("main_procedure", texts(|row| CLAIMS[row].3)),
        ("other_procedures", Arc::new(procedures)),
        (
            "total_cost",
            Arc::new(costs.with_precision_and_scale(16, 2).expect("money")),
        ),
    ];
    let batch = RecordBatch::try_from_iter(columns).expect("a batch");
    let path = folder.join("claims.parquet");
    let file = File::create(&path).expect("a file");
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).expect("a writer");
    writer.write(&batch).expect("written");
    writer.close().expect("closed");
    path
}

/// Groups the claims; the answer has a line for each, absent values as `-`.
fn grouped(folder: &Path, claims: &Path, plan: PlanChoice<'_>) -> Vec<String> {
    let out = folder.join("grouped.parquet");
    let job = GroupJob {
        claims: &[claims.to_owned()],
        plan,
        out: &out,
        keep: false,
        read: ReadOptions::default(),
        threads: Some(2),
        row_group_rows: Some(3),
    };
    group(&job, &Silent).expect("grouped");
    let file = File::open(&out).expect("the output");
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).expect("Parquet");
    let batches: Vec<_> = reader
        .build()
        .expect("a reader")
        .map(|b| b.expect("a batch"))
        .collect();
    let batch = concat_batches(&batches[0].schema(), &batches).expect("one batch");
    let column = |name: &str| {
        let column = batch.column_by_name(name).expect("the column");
        cast(column, &DataType::Utf8).expect("text")
    };
    let names = [
        "case_id", "status", "reason", "mdc", "adrg", "group", "severity", "layer",
    ];
    let columns: Vec<ArrayRef> = names.map(column).into();
    let cell = |column: &ArrayRef, row| match column.is_valid(row) {
        true => column.as_string::<i32>().value(row).to_owned(),
        false => "-".to_owned(),
    };
    let line = |row| {
        let cells: Vec<String> = columns.iter().map(|column| cell(column, row)).collect();
        cells.join(" ")
    };
    (0..batch.num_rows()).map(line).collect()
}

fn load(path: &str) -> PreparedPlan {
    PreparedPlan::of(drgdip_tables::load_plan(path).expect("a plan")).expect("its tables")
}

/// A copy of the example with a text of its `plan.toml` replaced.
fn copy(to: &Path, changes: &[(&str, &str)]) {
    fs::create_dir_all(to.join("lists")).expect("a folder");
    for folder in ["", "lists"] {
        for entry in fs::read_dir(Path::new(TINY).join(folder)).expect("a folder") {
            let from = entry.expect("an entry").path();
            if from.is_file() {
                let name = from.file_name().expect("a name");
                fs::copy(&from, to.join(folder).join(name)).expect("a copy");
            }
        }
    }
    let mut text = fs::read_to_string(to.join("plan.toml")).expect("the manifest");
    for (old, new) in changes {
        assert!(text.contains(old), "plan.toml has no {old}");
        text = text.replacen(old, new, 1);
    }
    fs::write(to.join("plan.toml"), text).expect("written");
}

#[test]
fn outputs_have_the_layer_and_neither_mdc_nor_severity() {
    let folder = tempfile::tempdir().expect("a folder");
    let claims = write_claims(folder.path(), &[]);
    let plan = load(TINY);
    assert_eq!(
        grouped(folder.path(), &claims, (&plan).into()),
        [
            "a grouped group_rule - - JC002 - basic",
            "b excluded excluded_principal - - - - -",
            "c grouped group_rule - - JC001 - basic",
            "d ungrouped no_key - - - - -",
            "e invalid principal_missing - - - - -",
            "f grouped group_rule - - ZH005 - comprehensive",
            "g ungrouped no_treatment - - - - -",
        ]
    );
}

#[test]
fn a_plan_that_looks_at_the_cost_gets_it_from_the_claims() {
    let folder = tempfile::tempdir().expect("a folder");
    let claims = write_claims(folder.path(), &[]);
    let by_cost = folder.path().join("by-cost");
    copy(
        &by_cost,
        &[
            ("national-3.0", "hubei"),
            ("cost_in_grouping = false", "cost_in_grouping = true"),
        ],
    );
    let plan = load(&by_cost.to_string_lossy());
    let lines = grouped(folder.path(), &claims, (&plan).into());
    assert_eq!(lines[2], "c grouped group_rule - - JC004 - basic");
    let found = find_claims(&[claims], "c", &Silent).expect("the claim");
    assert_eq!(found[0].total_cost_fen, Some(800_000));
}

#[test]
fn regions_by_drg_and_by_dip_are_grouped_in_one_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let claims = write_claims(folder.path(), &["990200"]);
    let plans = folder.path().join("plans");
    copy(&plans.join("dip-tiny"), &[]);
    let national = "id = \"national\"\ntitle = \"N\"\nbase = \"chs-drg-1.1\"\n";
    fs::create_dir_all(plans.join("national")).expect("a folder");
    fs::write(plans.join("national/plan.toml"), national).expect("written");
    let coverage = "[[plan]]\nid = \"dip-tiny\"\ntitle = \"D\"\nregion = \"990100\"\n\
                    from = \"2020-01-01\"\n[[plan]]\nid = \"national\"\ntitle = \"N\"\n\
                    region = \"national\"\nfrom = \"2020-01-01\"\n";
    fs::write(plans.join("COVERAGE.toml"), coverage).expect("written");
    let library = PlanLibrary::folder(&plans).expect("a library");
    let request = PlansRequest {
        claims: std::slice::from_ref(&claims),
        library: &library,
        grey_list: None,
        read: ReadOptions::default(),
        threads: Some(1),
    };
    let in_force = PlansInForce::choose(&request, &Silent).expect("plans");
    let lines = grouped(folder.path(), &claims, (&in_force).into());
    assert!(
        lines[0].starts_with("a grouped group_rule MDCF F"),
        "{}",
        lines[0]
    );
    assert!(lines[0].ends_with(" none -"), "{}", lines[0]);
    assert_eq!(lines[2], "c grouped group_rule - - JC001 - basic");
    assert_eq!(lines[4], "e invalid principal_missing - - - - -");
}
