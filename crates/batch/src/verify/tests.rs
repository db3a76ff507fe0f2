use super::*;
use crate::Silent;
use arrow::array::{ArrayRef, Decimal128Array, Int64Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// A settled run of two hospitals and one pool that adds up.
struct Settled {
    folder: tempfile::TempDir,
    case_points: [i128; 3],
    case_payments: [i128; 3],
    paid: i128,
    residual: i128,
    reserve: i128,
    reason: &'static str,
    ungrouped: u64,
    /// The gross of the first hospital, and the baseline points of the pool.
    gross: i128,
    baseline: i128,
    /// How many late entries the manifest states, and what it states as paid.
    late: u64,
    stated: &'static str,
    last_pool: &'static str,
    last_payment: Option<i128>,
}

impl Settled {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            case_points: [1_0000, 2_5000, 5000],
            case_payments: [10_000, 25_001, 4_998],
            paid: 39_999,
            residual: 1,
            reserve: 10_000,
            reason: "",
            ungrouped: 1,
            gross: 35_001,
            baseline: 4_0000,
            late: 1,
            stated: "",
            last_pool: "P",
            last_payment: Some(0),
        }
    }

    fn cases(&self) -> Vec<(&'static str, ArrayRef)> {
        let [a, b, c] = self.case_points.map(Some);
        let [x, y, z] = self.case_payments.map(Some);
        vec![
            (
                "status",
                texts(&["grouped", "grouped", "grouped", "ungrouped"]),
            ),
            (
                "reason",
                texts(&["group_rule", "group_rule", "group_rule", "no_mdc"]),
            ),
            ("pool", texts(&["P", "P", "P", self.last_pool])),
            ("hospital_id", texts(&["H1", "H1", "H2", "H2"])),
            ("case_class", texts(&["normal", "low", "normal", "unpaid"])),
            ("points", decimals(vec![a, b, c, None], 4)),
            ("payment", decimals(vec![x, y, z, self.last_payment], 2)),
        ]
    }

    fn pools(&self) -> Vec<(&'static str, ArrayRef)> {
        let money = |fen| decimals(vec![Some(fen)], 2);
        vec![
            ("pool", texts(&["P"])),
            ("budget", money(50_000)),
            ("reserve", money(self.reserve)),
            ("distributable", money(40_000)),
            ("points", decimals(vec![Some(4_0000)], 4)),
            ("baseline_points", decimals(vec![Some(self.baseline)], 4)),
            ("increment_points", decimals(vec![Some(0)], 4)),
            ("at_cost", money(0)),
            ("paid", money(self.paid)),
            ("residual", money(self.residual)),
            ("residual_reason", texts(&[self.reason])),
        ]
    }

    fn write(&self) {
        let hospitals: Vec<(&'static str, ArrayRef)> = vec![
            ("pool", texts(&["P", "P"])),
            ("hospital_id", texts(&["H1", "H2"])),
            ("cases", Arc::new(Int64Array::from(vec![2, 1]))),
            ("points", decimals(vec![Some(3_5000), Some(5000)], 4)),
            (
                "baseline_points",
                decimals(vec![Some(3_5000), Some(5000)], 4),
            ),
            ("increment_points", decimals(vec![Some(0); 2], 4)),
            (
                "baseline_amount",
                decimals(vec![Some(30_001), Some(5_998)], 2),
            ),
            ("increment_amount", decimals(vec![Some(5_000), Some(0)], 2)),
            ("floor_amount", decimals(vec![Some(0); 2], 2)),
            ("shared_amount", decimals(vec![Some(0); 2], 2)),
            ("redistributed", decimals(vec![Some(0); 2], 2)),
            ("gross", decimals(vec![Some(self.gross), Some(5_998)], 2)),
            ("patient_side", decimals(vec![Some(0), Some(1_000)], 2)),
            ("at_cost", decimals(vec![Some(0); 2], 2)),
            ("payment", decimals(vec![Some(35_001), Some(4_998)], 2)),
        ];
        let findings = vec![("code", texts(&["late_entry"]))];
        let outputs = json!([
            self.table("cases.parquet", self.cases()),
            self.table("hospitals.parquet", hospitals),
            self.table("pools.parquet", self.pools()),
            self.table("findings.parquet", findings),
        ]);
        let yuan = |fen: i128| format!("{}.{:02}", fen / 100, fen % 100);
        let paid = match self.stated {
            "" => yuan(self.paid),
            stated => stated.to_owned(),
        };
        let money = json!({
            "budget": "500.00", "reserve": yuan(self.reserve), "distributable": "400.00",
            "paid": paid, "residual": yuan(self.residual),
        });
        let outcomes = json!({ "grouped/group_rule": 3, "ungrouped/no_mdc": self.ungrouped });
        let manifest = json!({
            "drgdip": "0", "command": "settle", "rows": 4, "outcomes": outcomes,
            "case_classes": { "low": 1, "normal": 2, "unpaid": 1 },
            "inputs": [{ "rows": 4 }], "outputs": outputs, "money": money,
            "findings": { "late_entry": self.late },
        });
        std::fs::write(
            self.folder.path().join("manifest.json"),
            manifest.to_string(),
        )
        .unwrap();
    }

    fn table(&self, name: &str, columns: Vec<(&'static str, ArrayRef)>) -> Value {
        let path = self.folder.path().join(name);
        let batch = RecordBatch::try_from_iter_with_nullable(
            columns
                .into_iter()
                .map(|(name, column)| (name, column, true)),
        )
        .unwrap();
        let file = std::fs::File::create(&path).unwrap();
        let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        let hash = Sha256::digest(std::fs::read(&path).unwrap());
        let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        json!({ "file": name, "rows": batch.num_rows(), "sha256": hash })
    }

    fn verify(&self) -> Verification {
        self.write();
        verify(self.folder.path(), &Silent).unwrap()
    }
}

fn texts(cells: &[&str]) -> ArrayRef {
    let cells = cells.iter().map(|cell| (!cell.is_empty()).then_some(*cell));
    Arc::new(cells.collect::<StringArray>())
}

fn decimals(cells: Vec<Option<i128>>, scale: i8) -> ArrayRef {
    let array = Decimal128Array::from(cells);
    Arc::new(array.with_precision_and_scale(20, scale).unwrap())
}

#[track_caller]
fn check(run: &Settled, expected: &[(&str, &str, &str)]) {
    let found = run.verify().mismatches;
    let found: Vec<_> = found
        .iter()
        .map(|m| (m.check, m.place.as_str(), m.problem.as_str()))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn a_run_that_adds_up_has_no_mismatch() {
    let run = Settled::new();
    let result = run.verify();
    assert_eq!(result.mismatches, []);
    assert_eq!(result.rows, 4);
    assert_eq!(result.pools[0].points, "4.0000");
    assert_eq!(result.pools[0].paid, "399.99");
    assert_eq!(result.pools[0].residual, "0.01");
}

#[test]
fn a_fen_at_a_case_is_seen_at_the_hospital_and_the_pool() {
    let mut run = Settled::new();
    run.case_payments[2] += 1;
    check(
        &run,
        &[
            (
                "hospital_payment",
                "hospitals.parquet, pool P, hospital H2",
                "its cases are paid 49.99 yuan; the row states 49.98.",
            ),
            (
                "pool_paid",
                "pools.parquet, pool P",
                "the cases are paid 400.00 yuan, the hospitals 399.99; the row states 399.99.",
            ),
        ],
    );
}

#[test]
fn points_are_compared_to_the_last_place() {
    let mut run = Settled::new();
    run.case_points[0] -= 1;
    check(
        &run,
        &[
            (
                "hospital_points",
                "hospitals.parquet, pool P, hospital H1",
                "its cases have 3.4999 points; the row states 3.5000.",
            ),
            (
                "pool_points",
                "pools.parquet, pool P",
                "the cases have 3.9999 points, the hospitals 4.0000; the row states 4.0000.",
            ),
        ],
    );
}

#[test]
fn what_hospitals_and_pools_are_made_of_adds_up() {
    let mut run = Settled::new();
    run.gross += 1;
    run.baseline -= 1;
    let place = "hospitals.parquet, pool P, hospital H1";
    check(
        &run,
        &[
            (
                "hospital_parts",
                place,
                "the parts of gross add up to 350.01; the row states 350.02.",
            ),
            (
                "hospital_parts",
                place,
                "the parts of payment add up to 350.02; the row states 350.01.",
            ),
            (
                "pool_parts",
                "pools.parquet, pool P",
                "its hospitals have baseline_points 4.0000; the row states 3.9999.",
            ),
        ],
    );
}

#[test]
fn the_manifest_states_the_money_and_the_findings_of_the_files() {
    let mut run = Settled::new();
    run.late = 2;
    run.stated = "400.00";
    check(
        &run,
        &[
            (
                "counts",
                "findings.parquet late_entry",
                "the file has 1 rows; the manifest states 2.",
            ),
            (
                "money",
                "manifest, money paid",
                "the pools have 399.99; the manifest states 400.00.",
            ),
        ],
    );
}

#[test]
fn budgets_must_balance() {
    let mut run = Settled::new();
    run.reserve = 9_999;
    run.residual = 2;
    check(
        &run,
        &[
            (
                "budget",
                "pools.parquet, pool P",
                "reserve 99.99 + distributable 400.00 is not the budget 500.00.",
            ),
            (
                "distributable",
                "pools.parquet, pool P",
                "paid 399.99 + residual 0.02 is not the distributable 400.00.",
            ),
        ],
    );
}

#[test]
fn a_large_residual_needs_a_reason() {
    let mut run = Settled::new();
    run.case_payments = [10_000, 25_001, 4_996];
    run.paid = 39_997;
    run.residual = 3;
    let found = run.verify().mismatches;
    assert!(
        found.iter().any(|mismatch| mismatch.check == "residual"),
        "{found:?}"
    );
    run.reason = "none";
    let found = run.verify().mismatches;
    assert!(
        found.iter().any(|mismatch| mismatch.check == "residual"),
        "{found:?}"
    );
    run.reason = "cap";
    let found = run.verify().mismatches;
    assert!(
        found.iter().all(|mismatch| mismatch.check != "residual"),
        "{found:?}"
    );
}

#[test]
fn cases_that_are_not_paid_earn_nothing() {
    let mut run = Settled::new();
    run.last_payment = Some(5);
    let problem = "cases that are not paid have 0.0000 points and 0.05 yuan.";
    check(&run, &[("unpaid_cases", "cases.parquet", problem)]);
    run.last_pool = "";
    let problem = "cases without a pool have 0.0000 points and 0.05 yuan.";
    check(&run, &[("outside_pools", "cases.parquet", problem)]);
}

#[test]
fn outcomes_are_counted_again() {
    let mut run = Settled::new();
    run.ungrouped = 2;
    check(
        &run,
        &[(
            "counts",
            "cases.parquet, outcome ungrouped/no_mdc",
            "the file has 1 rows; the manifest states 2.",
        )],
    );
}

#[test]
fn a_changed_or_damaged_file_is_named() {
    let run = Settled::new();
    run.write();
    let path = run.folder.path().join("pools.parquet");
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
    let found = verify(run.folder.path(), &Silent).unwrap().mismatches;
    let checks: Vec<_> = found.iter().map(|mismatch| mismatch.check).collect();
    assert_eq!(checks, ["readable", "sha256"]);
    std::fs::remove_file(&path).unwrap();
    let error = verify(run.folder.path(), &Silent).unwrap_err();
    assert_eq!(error.exit_code(), 3);
}

#[test]
fn a_folder_without_a_manifest_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let error = verify(folder.path(), &Silent).unwrap_err();
    assert_eq!(error.exit_code(), 3);
    assert_eq!(
        error.hint(),
        "Name the folder that a run has written, or the output file of group."
    );
}
