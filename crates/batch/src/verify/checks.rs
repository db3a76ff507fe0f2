//! What must hold in every finished run.

use super::files::RunFiles;
use super::sums::{ByHospital, Counts, PoolRow, SettledSums, Sum};
use super::{Verification, VerifiedPool};
use std::collections::{BTreeMap, BTreeSet};

/// Every claim has exactly one outcome, and the manifest states how many have which.
pub(super) fn counts(files: &RunFiles, counts: &Counts, result: &mut Verification) {
    let path = files.cases();
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    if counts.rows != files.rows {
        let (has, states) = (counts.rows, files.rows);
        let problem = format!("the file has {has} rows; {states} claims went in.");
        result.mismatch("rows_out", &file, problem);
    }
    let place = format!("{file}, outcome");
    compare_counts(&counts.outcomes, &files.outcomes, &place, result);
}

pub(super) fn compare_counts(
    found: &BTreeMap<String, u64>,
    stated: &BTreeMap<String, u64>,
    place: &str,
    result: &mut Verification,
) {
    let names: BTreeSet<&String> = found.keys().chain(stated.keys()).collect();
    for name in names {
        let of = |all: &BTreeMap<String, u64>| all.get(name).copied().unwrap_or(0);
        let (has, states) = (of(found), of(stated));
        if has != states {
            let problem = format!("the file has {has} rows; the manifest states {states}.");
            result.mismatch("counts", format!("{place} {name}"), problem);
        }
    }
}

/// The counts of a settled run, and the sums of every pool.
pub(super) fn settled(files: &RunFiles, sums: &SettledSums, result: &mut Verification) {
    counts(files, &sums.counts, result);
    let place = "cases.parquet, case_class";
    compare_counts(&sums.classes, &files.classes, place, result);
    earn_nothing(
        "outside_pools",
        "cases without a pool",
        sums.outside,
        result,
    );
    earn_nothing(
        "unpaid_cases",
        "cases that are not paid",
        sums.unpaid,
        result,
    );
    for place in &sums.repeated_hospitals {
        let problem = "the row is there more than once.".to_owned();
        result.mismatch("repeated", format!("hospitals.parquet, {place}"), problem);
    }
    hospitals(sums, result);
    let mut stated = BTreeSet::new();
    for row in &sums.pools {
        if !stated.insert(row.pool.as_str()) {
            let problem = "the row is there more than once.".to_owned();
            result.mismatch("repeated", pool_place(&row.pool), problem);
        }
        pool(row, sums, result);
    }
    let summed: BTreeSet<&String> = sums.cases.keys().chain(sums.hospitals.keys()).collect();
    for name in summed
        .into_iter()
        .filter(|name| !stated.contains(name.as_str()))
    {
        let problem = "the pool has cases or hospitals but no row.".to_owned();
        result.mismatch("pool_missing", pool_place(name), problem);
    }
}

fn earn_nothing(check: &'static str, who: &str, sum: Sum, result: &mut Verification) {
    if sum.points != 0 || sum.payment != 0 {
        let (points, payment) = (decimal(sum.points, 4), decimal(sum.payment, 2));
        let problem = format!("{who} have {points} points and {payment} yuan.");
        result.mismatch(check, "cases.parquet", problem);
    }
}

/// Each hospital's row is the sum of its paid cases.
fn hospitals(sums: &SettledSums, result: &mut Verification) {
    let keys = |all: &ByHospital| -> Vec<(String, String)> {
        let pair = |pool: &String, hospital: &String| (pool.clone(), hospital.clone());
        let inner = all
            .iter()
            .map(|(pool, inner)| inner.keys().map(move |h| pair(pool, h)));
        inner.flatten().collect()
    };
    let all: BTreeSet<(String, String)> = keys(&sums.cases)
        .into_iter()
        .chain(keys(&sums.hospitals))
        .collect();
    for (pool, hospital) in all {
        let of = |all: &ByHospital| {
            let sum = all.get(&pool).and_then(|inner| inner.get(&hospital));
            sum.copied().unwrap_or_default()
        };
        let place = format!("hospitals.parquet, pool {pool}, hospital {hospital}");
        compare_sums(of(&sums.cases), of(&sums.hospitals), &place, result);
    }
}

fn compare_sums(cases: Sum, stated: Sum, place: &str, result: &mut Verification) {
    if cases.cases != stated.cases {
        let (cases, stated) = (cases.cases, stated.cases);
        let problem = format!("cases.parquet has {cases} cases; the row states {stated}.");
        result.mismatch("hospital_cases", place, problem);
    }
    if cases.points != stated.points {
        let (cases, stated) = (decimal(cases.points, 4), decimal(stated.points, 4));
        let problem = format!("its cases have {cases} points; the row states {stated}.");
        result.mismatch("hospital_points", place, problem);
    }
    if cases.payment != stated.payment {
        let (cases, stated) = (decimal(cases.payment, 2), decimal(stated.payment, 2));
        let problem = format!("its cases are paid {cases} yuan; the row states {stated}.");
        result.mismatch("hospital_payment", place, problem);
    }
}

/// The sums of one pool.
fn pool(row: &PoolRow, sums: &SettledSums, result: &mut Verification) {
    let total = |all: &ByHospital| {
        let mut total = Sum::default();
        let inner = all.get(&row.pool).into_iter().flat_map(BTreeMap::values);
        inner.for_each(|sum| total.add(*sum));
        total
    };
    let (cases, hospitals) = (total(&sums.cases), total(&sums.hospitals));
    let hospital_count = sums.hospitals.get(&row.pool).map_or(0, BTreeMap::len);
    let place = pool_place(&row.pool);
    let Some(whole) = Whole::of(row) else {
        result.mismatch("pool_null", place, "one of the amounts is null.".to_owned());
        return;
    };
    if cases.points != whole.points || hospitals.points != whole.points {
        let problem = format!(
            "the cases have {} points, the hospitals {}; the row states {}.",
            decimal(cases.points, 4),
            decimal(hospitals.points, 4),
            decimal(whole.points, 4),
        );
        result.mismatch("pool_points", &place, problem);
    }
    if cases.payment != whole.paid || hospitals.payment != whole.paid {
        let problem = format!(
            "the cases are paid {} yuan, the hospitals {}; the row states {}.",
            decimal(cases.payment, 2),
            decimal(hospitals.payment, 2),
            decimal(whole.paid, 2),
        );
        result.mismatch("pool_paid", &place, problem);
    }
    balance(&whole, &place, result);
    residual(row, &whole, hospital_count, result);
    result.pools.push(VerifiedPool {
        pool: row.pool.clone(),
        cases: u64::try_from(cases.cases).unwrap_or(u64::MAX),
        hospitals: hospital_count as u64,
        points: decimal(cases.points, 4),
        paid: decimal(cases.payment, 2),
        residual: decimal(whole.residual, 2),
    });
}

/// The amounts of a pool, none of them null.
struct Whole {
    budget: i128,
    reserve: i128,
    distributable: i128,
    points: i128,
    paid: i128,
    residual: i128,
}

impl Whole {
    fn of(row: &PoolRow) -> Option<Self> {
        Some(Self {
            budget: row.budget?,
            reserve: row.reserve?,
            distributable: row.distributable?,
            points: row.points?,
            paid: row.paid?,
            residual: row.residual?,
        })
    }
}

/// budget = reserve + distributable, and distributable = paid + residual.
fn balance(whole: &Whole, place: &str, result: &mut Verification) {
    if whole.reserve + whole.distributable != whole.budget {
        let problem = format!(
            "reserve {} + distributable {} is not the budget {}.",
            decimal(whole.reserve, 2),
            decimal(whole.distributable, 2),
            decimal(whole.budget, 2),
        );
        result.mismatch("budget", place, problem);
    }
    if whole.paid + whole.residual != whole.distributable {
        let problem = format!(
            "paid {} + residual {} is not the distributable {}.",
            decimal(whole.paid, 2),
            decimal(whole.residual, 2),
            decimal(whole.distributable, 2),
        );
        result.mismatch("distributable", place, problem);
    }
}

/// A residual of more than one fen a hospital needs a reason.
fn residual(row: &PoolRow, whole: &Whole, hospitals: usize, result: &mut Verification) {
    let bound = u128::try_from(hospitals).unwrap_or(u128::MAX);
    let has_reason = !matches!(row.residual_reason.as_str(), "" | "none");
    if whole.residual.unsigned_abs() > bound && !has_reason {
        let residual = decimal(whole.residual, 2);
        let problem = format!(
            "the residual {residual} is more than one fen for each of {hospitals} hospitals, and \
             no reason is stated."
        );
        result.mismatch("residual", pool_place(&row.pool), problem);
    }
}

fn pool_place(pool: &str) -> String {
    format!("pools.parquet, pool {pool}")
}

/// An integer as decimal text with this many places.
pub(super) fn decimal(units: i128, places: usize) -> String {
    let digits = format!("{:0>width$}", units.unsigned_abs(), width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    let sign = if units < 0 { "-" } else { "" };
    format!("{sign}{whole}.{fraction}")
}
