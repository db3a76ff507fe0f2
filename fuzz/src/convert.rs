//! Tables of claims as people deliver them, on the whole road: converted, grouped, checked.

use super::files::files;
use drgdip_batch::{
    CheckJob, CheckRules, ConvertJob, ConvertSource, GroupJob, PreparedPlan, ReadOptions, Silent,
    check, convert, group,
};
use drgdip_tables::{ClaimChecks, FileSet, LoadedPlan};
use std::fs;
use std::sync::OnceLock;

/// A plan that uses every predicate and setting.
const EVERYTHING: &[u8] = include_bytes!("everything.txt");

fn plan() -> &'static PreparedPlan {
    static PLAN: OnceLock<PreparedPlan> = OnceLock::new();
    PLAN.get_or_init(|| {
        let loaded = LoadedPlan::of(files(EVERYTHING)).expect("a plan");
        PreparedPlan::of(loaded).expect("its code tables")
    })
}

fn basic() -> &'static (ClaimChecks, FileSet) {
    static CHECKS: OnceLock<(ClaimChecks, FileSet)> = OnceLock::new();
    CHECKS.get_or_init(|| ClaimChecks::load("basic").expect("the bundled checks"))
}

/// Any bytes as a CSV file of claims; every row that is converted has one outcome.
pub fn csv_claims(bytes: &[u8]) -> bool {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name);
    fs::write(path("c.csv"), bytes).expect("a temporary file");
    let job = ConvertJob {
        source: ConvertSource::Csv(&path("c.csv"), b','),
        out: &path("c.parquet"),
    };
    let Ok(converted) = convert(job, &Silent) else {
        return false;
    };
    let claims = [path("c.parquet")];
    let read = ReadOptions::default();
    let grouping = GroupJob {
        claims: &claims,
        plan: plan().into(),
        out: &path("g.parquet"),
        keep: false,
        read,
        threads: Some(1),
        row_group_rows: None,
    };
    // A table without the columns that grouping needs is refused.
    let grouped = group(&grouping, &Silent);
    if let Ok(grouped) = &grouped {
        let outcomes: u64 = grouped.outcomes.iter().map(|(_, _, count)| count).sum();
        assert_eq!((outcomes, grouped.rows), (converted.rows, converted.rows));
    }
    let (checks, check_files) = basic();
    let checking = CheckJob {
        claims: &claims,
        rules: CheckRules {
            checks,
            check_files,
            plan: Some(plan().into()),
        },
        out: &path("checked"),
        read,
        threads: Some(1),
    };
    if let Ok(checked) = check(&checking, &Silent) {
        assert_eq!(checked.rows, converted.rows);
    }
    grouped.is_ok()
}
