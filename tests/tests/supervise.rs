//! Supervision indices of a generated month: they add up, and settlements can take what follows.

use arrow::array::{ArrayRef, Date32Array, Decimal128Array, Int32Array, RecordBatch, StringArray};
use drgdip_batch::inputs::{InputTable, Inputs};
use drgdip_batch::verify::verify;
use drgdip_batch::{
    PreparedPolicy, ReadOptions, Silent, SuperviseJob, SuperviseSummary, supervise,
};
use drgdip_calibrate::Exact;
use drgdip_tests::{Drug, contents, item_column, list_drugs, month, national};
use jiff::civil::{Date, date};
use parquet::arrow::ArrowWriter;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn supervised(claims: &[PathBuf], out: &Path, threads: usize) -> SuperviseSummary {
    supervised_in(2026, (claims, out), threads)
}

fn supervised_in(
    year: i16,
    (claims, out): (&[PathBuf], &Path),
    threads: usize,
) -> SuperviseSummary {
    let policy = PreparedPolicy::load("example-dip-2026").unwrap();
    supervised_by(&policy, year, (claims, out), threads)
}

fn supervised_by(
    policy: &PreparedPolicy,
    year: i16,
    (claims, out): (&[PathBuf], &Path),
    threads: usize,
) -> SuperviseSummary {
    let terms = policy.policy.supervise_at(date(year, 12, 31)).unwrap();
    let job = SuperviseJob {
        claims,
        plan: national(),
        policy: &policy.policy,
        policy_files: &policy.files,
        terms: &terms,
        out,
        read: ReadOptions::default(),
        threads: Some(threads),
    };
    supervise(&job, &Silent).unwrap()
}

#[test]
fn what_is_expected_of_all_hospitals_is_what_happened() {
    let folder = tempfile::tempdir().unwrap();
    let made = month(folder.path(), 20_000, 3, 1);
    let out = folder.path().join("supervised");
    let summary = supervised(&made.claims, &out, 2);
    let mut happened = 0;
    for index in 0..5 {
        let values = || summary.hospitals.values().map(|found| &found.values[index]);
        let observed: u64 = values().map(|value| value.observed).sum();
        let expected: Vec<Exact> = values().map(|value| value.expected.clone()).collect();
        assert_eq!(
            Exact::total(&expected),
            Exact::whole(observed),
            "index {index}"
        );
        happened += u64::from(observed > 0);
    }
    assert!(happened >= 3, "{happened} indices have something to say");
    assert!(summary.cases > 19_000 && summary.cases < summary.rows);
    let coefficients = || summary.hospitals.values().map(|found| found.coefficient);
    assert!(coefficients().all(|k| (9_500..=10_000).contains(&k)));
    assert!(coefficients().any(|k| k < 10_000));
    assert!(verify(&out, &Silent).unwrap().mismatches.is_empty());
}

#[test]
fn discharges_of_another_year_are_not_counted() {
    let folder = tempfile::tempdir().unwrap();
    let made = month(folder.path(), 2_000, 1, 1);
    let out = folder.path().join("supervised");
    let of_next_year = supervised_in(2027, (&made.claims, &out), 1);
    assert_eq!((of_next_year.rows, of_next_year.cases), (2_000, 0));
    assert!(verify(&out, &Silent).unwrap().mismatches.is_empty());
}

#[test]
fn neither_files_nor_threads_show_and_the_assessments_are_an_input_of_settlements() {
    let folder = tempfile::tempdir().unwrap();
    let mut outputs = Vec::new();
    for (files, threads) in [(1, 1), (3, 2)] {
        let place = folder.path().join(format!("m{files}"));
        fs::create_dir(&place).unwrap();
        let made = month(&place, 6_000, 5, files);
        let out = place.join("supervised");
        supervised(&made.claims, &out, threads);
        let mut found = contents(&out);
        found.retain(|name, _| name.ends_with(".csv"));
        outputs.push(found);
        let inputs = made.inputs;
        fs::copy(out.join("assessments.csv"), inputs.join("assessments.csv")).unwrap();
        let read = Inputs::read(Some(&inputs), &[]).unwrap();
        assert!(read.rows(InputTable::Assessments).len() > 20);
    }
    assert_eq!(outputs[0].len(), 2);
    assert!(outputs[0] == outputs[1]);
}

/// Ten cases of one group of a low weight. Nine of hospital H1 cost 10,000 yuan in five days; the
/// one of H2 cost 30,000 in two days, 27,000 of them for a drug.
fn short_stay(path: &Path, left: Date) {
    let day = |date: Date| (date - jiff::civil::date(1970, 1, 1)).get_days();
    let texts = |of: &dyn Fn(i32) -> String| -> ArrayRef {
        Arc::new((0..10).map(|n| Some(of(n))).collect::<StringArray>())
    };
    let whole = |of: &dyn Fn(i32) -> i32| -> ArrayRef {
        Arc::new((0..10).map(|n| Some(of(n))).collect::<Int32Array>())
    };
    let days = |of: &dyn Fn(i32) -> i32| -> ArrayRef {
        Arc::new((0..10).map(|n| Some(of(n))).collect::<Date32Array>())
    };
    let stay = |n| if n == 0 { 2 } else { 5 };
    let costs = (0..10).map(|n| Some(if n == 0 { 3_000_000 } else { 1_000_000 }));
    let costs = costs.collect::<Decimal128Array>();
    let costs = costs.with_precision_and_scale(16, 2).unwrap();
    let drugs: Vec<Option<Drug>> = (0..10)
        .map(|n| (n == 0).then_some(("D1", 2_700_000)))
        .collect();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("case_id", texts(&|n| format!("C{n}"))),
        ("person_id", texts(&|n| format!("P{n}"))),
        (
            "hospital_id",
            texts(&|n| format!("H{}", 1 + i32::from(n == 0))),
        ),
        ("sex", texts(&|_| "1".to_owned())),
        ("age_years", whole(&|_| 60)),
        ("principal_diagnosis", texts(&|_| "I10.x00x002".to_owned())),
        ("admission_date", days(&|n| day(left) - stay(n))),
        ("discharge_date", days(&|_| day(left))),
        ("stay_days", whole(&stay)),
        ("discharge_way", texts(&|_| "1".to_owned())),
        ("total_cost", Arc::new(costs)),
        ("negotiated_drugs", item_column(&drugs)),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let file = fs::File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

#[test]
fn a_stay_of_low_standard_is_not_hidden_by_a_drug_that_a_line_pays() {
    let folder = tempfile::tempdir().unwrap();
    let policies = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policies");
    let tables = folder.path().join("example-dip-2026");
    fs::create_dir(&tables).unwrap();
    let files = [
        "example-dip-2026.toml",
        "example-dip-2026/SOURCES.toml",
        "example-dip-2026/hospitals.csv",
    ];
    for file in files {
        fs::copy(policies.join(file), folder.path().join(file)).unwrap();
    }
    list_drugs(
        &tables,
        "2026-01-01",
        "D1,甲,2025-03-01,2026-06-30,model,\n",
    );
    let path = folder.path().join("example-dip-2026.toml");
    let policy = PreparedPolicy::load(path.to_str().unwrap()).unwrap();
    let low_standard = |left: Date| {
        let claims = [folder.path().join(format!("{left}.parquet"))];
        short_stay(&claims[0], left);
        let out = folder.path().join(left.to_string());
        let summary = supervised_by(&policy, 2026, (&claims, &out), 1);
        assert_eq!(summary.cases, 10);
        summary.hospitals["H2"].values[2].observed
    };
    // The tenth percentile of ten cases is the lowest: 30,000 − 27,000 yuan and two days.
    assert_eq!(low_standard(date(2026, 6, 30)), 1);
    // After the window the case is the dearest one again.
    assert_eq!(low_standard(date(2026, 7, 1)), 0);
}
