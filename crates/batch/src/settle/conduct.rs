//! What audits, assessments and drivers say about the hospitals of each pool.

use super::PoolReport;
use super::period::Period;
use super::setting::Setting;
use crate::Error;
use crate::inputs::{InputTable, Inputs, SheetRow};
use drgdip_claims::Yuan;
use drgdip_points::Ratio;
use drgdip_points::clear::{Conduct, share_by};
use drgdip_tables::policy::GrowthTerms;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// By pool and hospital.
pub(super) type ByAccount<T> = BTreeMap<(String, String), T>;

/// Whether audits with this period belong to the one that is settled: to a month those of the
/// month, to a year those of its months, of the year, and of no period.
pub(super) fn is_audited_in(period: &Period, stated: Option<&str>) -> bool {
    let text = period.text.as_str();
    match period.is_year() {
        true => stated.is_none_or(|stated| stated.starts_with(text)),
        false => stated == Some(text),
    }
}

/// What audits of the period take off hospitals, without what they took off single cases.
///
/// # Errors
/// A hospital that no pool pays, or that several pools pay while the row names none.
pub(super) fn audits(
    setting: &Setting<'_>,
    inputs: &Inputs,
    pools: &[PoolReport],
) -> Result<ByAccount<Yuan>, Error> {
    let mut found: ByAccount<Yuan> = BTreeMap::new();
    for row in inputs.rows(InputTable::Audits) {
        if !is_audited_in(&setting.period, row.text("period")) {
            continue;
        }
        let key = account(row, pools)?;
        let sum = found.entry(key).or_default();
        *sum = sum.plus(row.yuan("amount")).map_err(|e| row.wrong(e))?;
    }
    for (key, taken) in setting.item_audits.taken() {
        if let Some(sum) = found.get_mut(key) {
            let left = sum.minus(*taken);
            *sum = left.map_err(|e| Error::input(InputTable::Audits.stem(), e))?;
        }
    }
    Ok(found)
}

fn account(row: &SheetRow, pools: &[PoolReport]) -> Result<(String, String), Error> {
    let hospital = row.required("hospital_id");
    let named = row.text("pool");
    let pays = |pool: &&PoolReport| {
        let is_named = named.is_none_or(|named| named == pool.id);
        is_named && pool.settlement.hospital(hospital).is_some()
    };
    let found: Vec<&PoolReport> = pools.iter().filter(pays).collect();
    match found[..] {
        [pool] => Ok((pool.id.clone(), hospital.to_owned())),
        [] => {
            let problem = format!("no such pool pays the hospital {hospital}.");
            Err(row
                .wrong(problem)
                .with_hint("Correct the hospital or the pool."))
        }
        _ => {
            let ids: Vec<&str> = found.iter().map(|pool| pool.id.as_str()).collect();
            let problem = format!("the hospital {hospital} stands in {}.", ids.join(", "));
            Err(row
                .wrong(problem)
                .with_hint("Name the pool in the column pool."))
        }
    }
}

/// What is known about every hospital of a pool at the end of the year.
///
/// What audits took off single cases is off their itemised cost too.
pub(super) fn conducts(
    (setting, inputs): (&Setting<'_>, &Inputs),
    pool: &PoolReport,
    audits: &ByAccount<Yuan>,
) -> Result<BTreeMap<String, Conduct>, Error> {
    let rows = inputs.rows(InputTable::Assessments).iter();
    let assessments: BTreeMap<&str, &SheetRow> =
        rows.map(|row| (row.required("hospital_id"), row)).collect();
    let mut found = BTreeMap::new();
    for hospital in &pool.settlement.hospitals {
        let id = &hospital.hospital_id;
        let key = (pool.id.clone(), id.clone());
        let of = |all: &ByAccount<Yuan>| all.get(&key).copied().unwrap_or(Yuan::ZERO);
        let itemised = pool.itemised.get(id).copied().unwrap_or(Yuan::ZERO);
        let itemised = itemised.minus(of(setting.item_audits.taken()));
        let mut conduct = Conduct {
            audit: of(audits),
            itemised: itemised.map_err(|e| Error::input(InputTable::Audits.stem(), e))?,
            ..Conduct::default()
        };
        if let Some(row) = assessments.get(id.as_str()) {
            let ratio = |column| {
                let stated = row.number(column).map(Ratio::from_ten_thousandths);
                stated.transpose().map_err(|e| row.wrong(e))
            };
            conduct.coefficient = ratio("coefficient")?;
            conduct.score = ratio("score")?;
            conduct.is_overspend_approved = row.flag("overspend_approved");
        }
        found.insert(id.clone(), conduct);
    }
    Ok(found)
}

/// Each hospital's part of what is set aside for primary care, by what it did for it.
///
/// The money is cut by the policy's weights of the drivers; the part of a driver that no
/// hospital states goes to the others in proportion. Where nobody states any, it stays in the
/// reserve. Amounts come to the fen by largest remainder, ties by driver and hospital.
pub(super) fn growth(
    setting: &Setting<'_>,
    inputs: &Inputs,
    pool: &PoolReport,
) -> Result<BTreeMap<String, Yuan>, Error> {
    let Some(terms) = &setting.terms.growth else {
        return Ok(BTreeMap::new());
    };
    let stated = drivers(inputs, pool, terms)?;
    let wrong = |e: drgdip_points::Error| Error::input(format!("drivers, pool {}", pool.id), e);
    let weight = |driver: &&str| terms.drivers.get(*driver).copied().unwrap_or(Decimal::ZERO);
    let names: Vec<&str> = stated.keys().copied().collect();
    let weights: Vec<Ratio> = names
        .iter()
        .map(|driver| Ratio::from_decimal(weight(driver)))
        .collect::<Result<_, _>>()
        .map_err(wrong)?;
    let parts = share_by(pool.growth, &weights).map_err(wrong)?;
    let mut found: BTreeMap<String, Yuan> = BTreeMap::new();
    for (driver, part) in names.iter().zip(parts) {
        let amounts: Vec<Ratio> = stated[driver].values().copied().collect();
        let shares = share_by(part, &amounts).map_err(wrong)?;
        for (hospital, share) in stated[driver].keys().zip(shares) {
            let sum = found.entry((*hospital).to_owned()).or_default();
            *sum = sum.plus(share).map_err(|e| Error::input("drivers", e))?;
        }
    }
    Ok(found)
}

pub(super) type Drivers<'i> = BTreeMap<&'i str, BTreeMap<&'i str, Ratio>>;

/// What hospitals did, by driver; drivers that add up to nothing are left out.
pub(super) fn drivers<'i>(
    inputs: &'i Inputs,
    pool: &PoolReport,
    terms: &GrowthTerms,
) -> Result<Drivers<'i>, Error> {
    let mut found = Drivers::new();
    let rows = inputs.rows(InputTable::Drivers).iter();
    for row in rows.filter(|row| row.required("pool") == pool.id) {
        let driver = row.required("driver");
        if !terms.drivers.contains_key(driver) {
            let known: Vec<&str> = terms.drivers.keys().map(String::as_str).collect();
            let problem = format!("{driver:?} is no driver of the policy.");
            let hint = format!("The policy has {}.", known.join(", "));
            return Err(row.wrong(problem).with_hint(hint));
        }
        let hospital = row.required("hospital_id");
        if pool.settlement.hospital(hospital).is_none() {
            let problem = format!("the pool {} does not pay the hospital {hospital}.", pool.id);
            return Err(row
                .wrong(problem)
                .with_hint("Correct the hospital or the pool."));
        }
        let amount = Ratio::from_ten_thousandths(row.number("amount").unwrap_or(0));
        let amount = amount.map_err(|e| row.wrong(e))?;
        if amount.millionths() > 0 {
            found.entry(driver).or_default().insert(hospital, amount);
        }
    }
    Ok(found)
}
