//! The tables beside the cases: hospitals, pools, groups, lines, adjustments.

use super::PoolReport;
use super::columns::{MONEY, POINTS, RATIO, decimals};
use super::setting::Pool;
use super::totals::{CaseMix, GroupTotals, TotalsByGroup};
use crate::Error;
use crate::in_force::PlanChoice;
use crate::manifest::OutputFile;
use crate::table;
use arrow::array::{ArrayRef, RecordBatch, StringArray, UInt64Array};
use arrow::datatypes::{DataType, Field, Schema};
use drgdip_claims::Yuan;
use drgdip_grouper::GroupInfo;
use drgdip_points::pool::{HospitalPayment, SubpoolValue};
use drgdip_points::{PointValue, Points, Rounding};
use num_bigint::BigUint;
use rust_decimal::Decimal;
use std::path::Path;
use std::sync::Arc;

pub(crate) type NamedColumn = (&'static str, ArrayRef);

pub(crate) fn texts<'a>(values: impl Iterator<Item = &'a str>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(values))
}

pub(super) fn amounts(values: impl Iterator<Item = Yuan>) -> ArrayRef {
    decimals(values.map(|amount| Some(amount.fen())), &MONEY).remove(0)
}

/// What rules that link cases decided about each case that took part.
pub(crate) const LINKS: &str = "links.parquet";

pub(super) fn points(values: impl Iterator<Item = Points>) -> ArrayRef {
    decimals(values.map(|points| Some(points.ten_thousandths())), &POINTS).remove(0)
}

/// Writes a small table with these columns.
pub(crate) fn write(
    folder: &Path,
    name: &str,
    columns: Vec<NamedColumn>,
) -> Result<OutputFile, Error> {
    let fields: Vec<Field> = columns
        .iter()
        .map(|(name, array)| Field::new(*name, array.data_type().clone(), array.null_count() > 0))
        .collect();
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)
        .expect("the columns of a report have one length and their own types");
    let fingerprint = table::write_whole(&folder.join(name), &batch)?;
    Ok(OutputFile::new(name, batch.num_rows() as u64, fingerprint))
}

/// Writes `hospitals.parquet`.
pub(super) fn hospitals(
    folder: &Path,
    pools: &[PoolReport],
    name_of: impl Fn(&str) -> (String, String),
) -> Result<OutputFile, Error> {
    let rows = pools.iter().flat_map(|pool| {
        let hospitals = pool.settlement.hospitals.iter();
        hospitals.map(|h| (pool.id.as_str(), h))
    });
    let rows: Vec<(&str, &HospitalPayment)> = rows.collect();
    let mixes = pools.iter().flat_map(|pool| {
        let mix = |h: &HospitalPayment| pool.case_mix.get(&h.hospital_id).copied();
        let hospitals = pool.settlement.hospitals.iter();
        hospitals.map(move |h| mix(h).unwrap_or_default())
    });
    let mixes: Vec<CaseMix> = mixes.collect();
    let known: Vec<(String, String)> = rows.iter().map(|(_, h)| name_of(&h.hospital_id)).collect();
    let all = || rows.iter().map(|(_, hospital)| *hospital);
    let effective = all().map(|hospital| {
        let value = hospital.effective_value();
        value.map(|value| published(&value, 6)).transpose()
    });
    let effective = effective.collect::<Result<Vec<_>, Error>>()?;
    let effective = decimals(effective.into_iter(), &RATIO_OF_YUAN).remove(0);
    write(
        folder,
        "hospitals.parquet",
        vec![
            ("pool", texts(rows.iter().map(|(pool, _)| *pool))),
            ("hospital_id", texts(all().map(|h| h.hospital_id.as_str()))),
            ("name", texts(known.iter().map(|(name, _)| name.as_str()))),
            (
                "level",
                texts(known.iter().map(|(_, level)| level.as_str())),
            ),
            (
                "cases",
                Arc::new(UInt64Array::from_iter_values(all().map(|h| h.cases))),
            ),
            ("points", points(all().map(|h| h.points))),
            ("baseline_points", points(all().map(|h| h.baseline_points))),
            (
                "increment_points",
                points(all().map(|h| h.increment_points)),
            ),
            ("baseline_allowance", points(all().map(|h| h.allowance))),
            ("baseline_amount", amounts(all().map(|h| h.earned.baseline))),
            (
                "increment_amount",
                amounts(all().map(|h| h.earned.increment)),
            ),
            ("floor_amount", amounts(all().map(|h| h.earned.floor))),
            ("shared_amount", amounts(all().map(|h| h.earned.shared))),
            (
                "redistributed",
                amounts(all().map(|h| h.earned.redistributed)),
            ),
            ("effective_value", effective),
            ("gross", amounts(all().map(|h| h.gross))),
            ("patient_side", amounts(all().map(|h| h.patient_side))),
            ("at_cost", amounts(all().map(|h| h.at_cost))),
            ("payment", amounts(all().map(|h| h.payment))),
            ("weighted_cases", weighted(&mixes)),
            ("cmi", indices(&mixes)),
        ],
    )
}

/// How many cases have a weight.
fn weighted(mixes: &[CaseMix]) -> ArrayRef {
    let cases = mixes.iter().map(|mix| mix.cases);
    Arc::new(UInt64Array::from_iter_values(cases))
}

/// The case-mix indices; nothing where no case has a weight.
fn indices(mixes: &[CaseMix]) -> ArrayRef {
    decimals(mixes.iter().map(|mix| mix.index()), &POINTS).remove(0)
}

/// Writes `pools.parquet`; `places` is how many decimals of a point value are published.
pub(super) fn pools(folder: &Path, pools: &[PoolReport], places: u32) -> Result<OutputFile, Error> {
    let settled = || pools.iter().map(|pool| &pool.settlement);
    let mix = |pool: &PoolReport| {
        let all = pool.case_mix.values().copied();
        all.fold(CaseMix::default(), CaseMix::plus)
    };
    let mixes: Vec<CaseMix> = pools.iter().map(mix).collect();
    let values = |value: fn(&PoolReport) -> &PointValue| -> Result<ArrayRef, Error> {
        let published = pools.iter().map(|pool| published(value(pool), places));
        let published = published.collect::<Result<Vec<i64>, Error>>()?;
        Ok(decimals(published.into_iter().map(Some), &RATIO_OF_YUAN).remove(0))
    };
    write(
        folder,
        "pools.parquet",
        vec![
            ("pool", texts(pools.iter().map(|pool| pool.id.as_str()))),
            (
                "region",
                texts(pools.iter().map(|pool| pool.region.as_str())),
            ),
            (
                "insurance",
                texts(pools.iter().map(|pool| pool.insurance.as_str())),
            ),
            ("unit", texts(pools.iter().map(|pool| pool.unit.as_str()))),
            ("budget", amounts(settled().map(|s| s.budget))),
            ("reserve", amounts(settled().map(|s| s.reserve))),
            (
                "risk_fund",
                amounts(pools.iter().map(|pool| pool.risk_fund)),
            ),
            (
                "primary_care_growth",
                amounts(pools.iter().map(|pool| pool.growth)),
            ),
            ("distributable", amounts(settled().map(|s| s.distributable))),
            ("points", points(settled().map(|s| s.points))),
            (
                "baseline_points",
                points(settled().map(|s| s.baseline_points)),
            ),
            (
                "increment_points",
                points(settled().map(|s| s.increment_points)),
            ),
            ("fixed_value", values(|pool| &pool.settlement.fixed_value)?),
            (
                "floating_value",
                values(|pool| &pool.settlement.floating_value)?,
            ),
            ("fixed_share", values(|pool| &pool.settlement.fixed_share)?),
            ("at_cost", amounts(settled().map(|s| s.at_cost))),
            ("paid", amounts(settled().map(|s| s.paid))),
            ("residual", amounts(settled().map(|s| s.residual))),
            (
                "rounding_residual",
                amounts(settled().map(|s| s.rounding_residual)),
            ),
            (
                "residual_reason",
                texts(settled().map(|s| s.residual_reason.code())),
            ),
            ("weighted_cases", weighted(&mixes)),
            ("cmi", indices(&mixes)),
        ],
    )
}

/// A point value with up to six published decimals.
const RATIO_OF_YUAN: DataType = DataType::Decimal128(18, 6);

fn published(value: &PointValue, places: u32) -> Result<i64, Error> {
    let wrong = |e: drgdip_points::Error| Error::input("point value", e);
    let mut shown: Decimal = value
        .published(places.min(6), Rounding::HalfAwayFromZero)
        .map_err(wrong)?;
    shown.rescale(6);
    i64::try_from(shown.mantissa())
        .map_err(|_| Error::input("point value", format!("{shown} yuan a point is too large.")))
}

/// Writes `groups.parquet`.
pub(super) fn groups(
    folder: &Path,
    choice: PlanChoice<'_>,
    totals: &TotalsByGroup,
) -> Result<OutputFile, Error> {
    let rows = group_rows(choice, totals);
    let all_weights: i128 = rows.iter().map(|row| row.totals.weights).sum();
    let each = |value: &dyn Fn(&GroupTotals) -> Option<i64>, data_type: &DataType| {
        decimals(rows.iter().map(|row| value(row.totals)), data_type).remove(0)
    };
    let said = |text: for<'r> fn(&GroupRow<'r>) -> &'r str| texts(rows.iter().map(text));
    let cases = rows.iter().map(|row| row.totals.cases);
    let weights = rows.iter().map(|row| row.weight);
    write(
        folder,
        "groups.parquet",
        vec![
            ("group", said(|row| &row.info.group)),
            ("name", said(|row| &row.info.group_name)),
            ("cases", Arc::new(UInt64Array::from_iter_values(cases))),
            ("weight", decimals(weights, &POINTS).remove(0)),
            (
                "mean_cost",
                each(&|t| rounded(t.total_cost, i128::from(t.cases)), &MONEY),
            ),
            ("cost_cv", each(&cost_cv, &POINTS)),
            ("points", each(&|t| i64::try_from(t.points).ok(), &POINTS)),
            (
                "cmi_share",
                each(&|t| rounded(t.weights * 1_000_000, all_weights), &RATIO),
            ),
            ("plan", said(|row| row.plan)),
        ],
    )
}

/// A group that has cases.
struct GroupRow<'r> {
    plan: &'r str,
    info: &'r GroupInfo,
    weight: Option<i64>,
    totals: &'r GroupTotals,
}

/// The groups that have cases, by their codes; groups of several plans may share a code.
fn group_rows<'r>(choice: PlanChoice<'r>, totals: &'r TotalsByGroup) -> Vec<GroupRow<'r>> {
    let mut rows = Vec::new();
    let mut numbers = 0_u16..;
    for plan in choice.plans() {
        let weights = plan.plan.weights_by_group();
        for (info, number) in plan.grouper.groups().iter().zip(&mut numbers) {
            if let Some(totals) = totals.0.get(&number) {
                let weight = weights.get(info.group.as_str());
                rows.push(GroupRow {
                    plan: &plan.plan.id,
                    info,
                    weight: weight.map(|row| row.ten_thousandths),
                    totals,
                });
            }
        }
    }
    rows.sort_by(|a, b| (&a.info.group, a.plan).cmp(&(&b.info.group, b.plan)));
    rows
}

/// A quotient of numbers that are not negative, rounded half up; nothing where it is undefined.
fn rounded(numerator: i128, denominator: i128) -> Option<i64> {
    if denominator <= 0 {
        return None;
    }
    i64::try_from((numerator + denominator / 2) / denominator).ok()
}

/// CV = SD / mean of the costs, as a population, to four places.
///
/// With n cases, SD/mean = √(n·Σc² − (Σc)²) / Σc. The root is taken of an integer with sixteen
/// more digits, so that it is exact to eight places before the one rounding to four.
fn cost_cv(totals: &GroupTotals) -> Option<i64> {
    let sum = BigUint::try_from(totals.total_cost).ok()?;
    if sum == BigUint::ZERO {
        return None;
    }
    let squares = BigUint::from(totals.cost_squares) * BigUint::from(totals.cases);
    let spread = squares - &sum * &sum;
    let root = (spread * BigUint::from(10_u64.pow(16))).sqrt();
    let unit = sum * BigUint::from(10_u32.pow(4));
    let cv: BigUint = (root + &unit / 2_u32) / unit;
    i64::try_from(cv).ok()
}

/// Writes `subpools.parquet`: what the increment of each pool was cut into.
pub(super) fn subpools(folder: &Path, pools: &[PoolReport]) -> Result<OutputFile, Error> {
    let rows: Vec<_> = pools
        .iter()
        .flat_map(|pool| pool.settlement.subpools.iter().map(move |s| (&pool.id, s)))
        .collect();
    let column = |value: fn(&SubpoolValue) -> &PointValue| -> Result<ArrayRef, Error> {
        let shown = rows.iter().map(|(_, subpool)| published(value(subpool), 6));
        let shown = shown.collect::<Result<Vec<i64>, Error>>()?;
        Ok(decimals(shown.into_iter().map(Some), &RATIO_OF_YUAN).remove(0))
    };
    write(
        folder,
        "subpools.parquet",
        vec![
            ("pool", texts(rows.iter().map(|(pool, _)| pool.as_str()))),
            ("measure", texts(rows.iter().map(|(_, s)| s.name.as_str()))),
            ("amount", column(|s| &s.amount)?),
            ("points", column(|s| &s.points)?),
            ("value", column(|s| &s.value)?),
        ],
    )
}

/// Writes `budget_lines.parquet`: the earmarked budgets beside what points are paid from.
pub(super) fn budget_lines(folder: &Path, pools: &[Pool]) -> Result<OutputFile, Error> {
    let rows = || {
        let lines = |pool: &Pool| -> Vec<(String, String, Yuan)> {
            let line = |(line, amount): (&String, &Yuan)| (pool.id.clone(), line.clone(), *amount);
            pool.lines.iter().map(line).collect()
        };
        pools.iter().flat_map(lines)
    };
    let rows: Vec<(String, String, Yuan)> = rows().collect();
    write(
        folder,
        "budget_lines.parquet",
        vec![
            ("pool", texts(rows.iter().map(|(pool, _, _)| pool.as_str()))),
            ("line", texts(rows.iter().map(|(_, line, _)| line.as_str()))),
            ("budget", amounts(rows.iter().map(|(_, _, amount)| *amount))),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_coefficient_of_variation_has_four_places() {
        let of = |costs: &[u64]| {
            cost_cv(&GroupTotals {
                cases: costs.len() as u64,
                total_cost: costs.iter().map(|c| i128::from(*c)).sum(),
                cost_squares: costs.iter().map(|c| u128::from(*c) * u128::from(*c)).sum(),
                ..GroupTotals::default()
            })
        };
        assert_eq!(of(&[100, 100]), Some(0));
        // Mean 200, SD 100.
        assert_eq!(of(&[100, 300]), Some(5000));
        // Mean 2, SD √(2/3) = 0.81649…, CV 0.408248…
        assert_eq!(of(&[1, 2, 3]), Some(4082));
        assert_eq!(of(&[0, 0]), None);
    }
}
