//! The barrier: point values from all cases of a pool, and from them every payment.

use super::PoolReport;
use super::cases::Sums;
use super::ledger::{Account, Ledger};
use super::links::Adjustments;
use super::measures::{ByMeasure, stated};
use super::payments::Payments;
use super::prior::initial;
use super::setting::{Pool, Setting};
use super::tallies::TallyBook;
use super::totals::Totals;
use crate::inputs::{InputTable, Inputs};
use crate::{Class, Error, Progress};
use drgdip_claims::{MoneyError, Yuan};
use drgdip_points::Ratio;
use drgdip_points::clear::region_fund;
use drgdip_points::pool::{
    HospitalPayment, HospitalTotals, PoolInput, PriorYear, reserve_of, settle_pool,
};
use drgdip_tables::policy::{IncrementRule, ValueModel};
use rust_decimal::{Decimal, RoundingStrategy};
use std::collections::{BTreeMap, HashMap};

/// Finds what a point is worth in every pool, and what every hospital is paid.
pub(super) fn settle_pools(
    setting: &Setting<'_>,
    inputs: &Inputs,
    sums: &Sums,
    priors: Vec<Option<PriorYear>>,
) -> Result<Vec<PoolReport>, Error> {
    let mut accounts: Vec<Vec<(&str, &Totals)>> = vec![Vec::new(); setting.pools.all.len()];
    for (account, totals) in &sums.accounts {
        let id = &setting.hospitals[account.hospital as usize][0].hospital_id;
        accounts[usize::from(account.pool)].push((id, totals));
    }
    let tilts = tilts(setting, inputs)?;
    let settled = setting.pools.all.iter().zip(accounts).zip(priors);
    settled
        .map(|((pool, accounts), prior)| {
            let wrong = |e: drgdip_points::Error| Error::input(format!("pool {}", pool.id), e);
            let shares = SetAside::of(pool, setting, &accounts)?;
            let input = PoolInput {
                budget: shares.budget,
                reserve: shares.all()?,
                hospitals: hospital_totals(&accounts)?,
                prior,
                initial_value: initial(pool, &setting.terms)?,
                tilts: tilts.clone(),
                measures: measures(pool, setting, inputs, &accounts)?,
                at_cost: at_cost(&accounts)?,
            };
            let mut itemised = BTreeMap::new();
            let mut case_mix = BTreeMap::new();
            for (id, totals) in &accounts {
                itemised.insert((*id).to_owned(), totals.fund_paid()?);
                case_mix.insert((*id).to_owned(), totals.case_mix());
            }
            let settlement = settle_pool(&input, &setting.terms.value).map_err(wrong)?;
            Ok(PoolReport {
                id: pool.id.clone(),
                region: pool.region.clone(),
                insurance: pool.insurance.clone(),
                unit: pool.unit.clone(),
                risk_fund: shares.risk,
                growth: shares.growth,
                itemised,
                case_mix,
                settlement,
                input,
            })
        })
        .collect()
}

/// What is set aside of a pool's budget before points are paid.
struct SetAside {
    /// The budget, raised to what the region's bands give where they give more.
    budget: Yuan,
    reserve: Yuan,
    risk: Yuan,
    growth: Yuan,
    /// What the region's bands leave to the fund.
    for_fund: Yuan,
}

impl SetAside {
    fn of(pool: &Pool, setting: &Setting<'_>, accounts: &[(&str, &Totals)]) -> Result<Self, Error> {
        let wrong = |e: drgdip_points::Error| Error::input(format!("pool {}", pool.id), e);
        let terms = &setting.terms;
        let rounding = terms.value.money_rounding;
        let own = pool.own_budget().map_err(overflow)?;
        let share = |share: Decimal| {
            let share = Ratio::from_decimal(share).map_err(wrong)?;
            reserve_of(own, share, rounding).map_err(wrong)
        };
        let zero = Decimal::ZERO;
        let mut aside = Self {
            budget: pool.budget,
            reserve: share(terms.reserve_share)?,
            risk: share(terms.pools.risk_share.unwrap_or(zero))?,
            growth: share(terms.growth.as_ref().map_or(zero, |growth| growth.share))?,
            for_fund: Yuan::ZERO,
        };
        if let (Some(bands), true) = (&terms.clearing.region_bands, setting.period.is_year()) {
            let spent = accounts.iter().map(|(_, totals)| totals.fund_paid());
            let spent = Yuan::total(spent.collect::<Result<Vec<_>, _>>()?).map_err(overflow)?;
            // What is set aside is none of what the region could spend on hospitals.
            let to_spend = own.minus(aside.all()?).map_err(overflow)?;
            let fund = region_fund(to_spend, spent, bands, rounding).map_err(wrong)?;
            let more = fund.max(to_spend).minus(to_spend).map_err(overflow)?;
            aside.budget = pool.budget.plus(more).map_err(overflow)?;
            aside.for_fund = fund.max(to_spend).minus(fund).map_err(overflow)?;
        }
        Ok(aside)
    }

    fn all(&self) -> Result<Yuan, Error> {
        let parts = [self.reserve, self.risk, self.growth, self.for_fund];
        Yuan::total(parts).map_err(overflow)
    }
}

fn overflow(error: MoneyError) -> Error {
    Error::input("pools", error)
}

fn hospital_totals(accounts: &[(&str, &Totals)]) -> Result<Vec<HospitalTotals>, Error> {
    let totals = |(id, totals): &(&str, &Totals)| {
        Ok(HospitalTotals {
            hospital_id: (*id).to_owned(),
            cases: totals.cases,
            points: totals.points()?,
            total_cost: totals.total_cost()?,
            patient_side: totals.patient_side()?,
        })
    };
    accounts.iter().map(totals).collect()
}

/// What hospitals' cases are paid beside points.
fn at_cost(accounts: &[(&str, &Totals)]) -> Result<BTreeMap<String, Yuan>, Error> {
    let mut found = BTreeMap::new();
    for (id, totals) in accounts {
        let amount = totals.at_cost()?;
        if amount != Yuan::ZERO {
            found.insert((*id).to_owned(), amount);
        }
    }
    Ok(found)
}

/// The points of every measure of the model, from claims or from the table of measures.
fn measures(
    pool: &Pool,
    setting: &Setting<'_>,
    inputs: &Inputs,
    accounts: &[(&str, &Totals)],
) -> Result<ByMeasure, Error> {
    let mut found = stated(&pool.id, &setting.terms, inputs);
    for (index, name) in setting.measures.names.iter().enumerate() {
        let of = found.entry(name.clone()).or_default();
        for (id, totals) in accounts {
            of.insert((*id).to_owned(), totals.measured(index)?);
        }
    }
    Ok(found)
}

/// What every hospital's increment points count: the product of all its tilts.
///
/// Hospitals without a tilt are left out; they count 1.
fn tilts(setting: &Setting<'_>, inputs: &Inputs) -> Result<BTreeMap<String, Ratio>, Error> {
    let mut tilts = BTreeMap::new();
    let ValueModel::BaselineIncrement(rule) = &setting.terms.value.model else {
        return Ok(tilts);
    };
    if rule.increment != IncrementRule::Tilted {
        return Ok(tilts);
    }
    let policy = &setting.terms.tilts;
    for rows in &setting.hospitals {
        let hospital = rows.last().expect("a hospital has at least one row");
        let mut tilt = hospital
            .tilt
            .map_or(Decimal::ONE, |tilt| Decimal::new(tilt, 4));
        let care = policy.primary_care.filter(|_| hospital.is_primary_care);
        let level = policy.by_level.get(&hospital.level).copied();
        let table = inputs.rows(InputTable::Tilts).iter();
        let table = table.filter(|row| row.required("hospital_id") == hospital.hospital_id);
        let table = table.filter_map(|row| Some(Decimal::new(row.number("factor")?, 4)));
        let place = || format!("tilts, hospital {}", hospital.hospital_id);
        for factor in care.into_iter().chain(level).chain(table) {
            let product = tilt.checked_mul(factor);
            let problem = "the product of its tilts does not fit.";
            tilt = product.ok_or_else(|| Error::input(place(), problem))?;
        }
        let tilt = tilt.round_dp_with_strategy(6, RoundingStrategy::MidpointAwayFromZero);
        let tilt = Ratio::from_decimal(tilt).map_err(|e| Error::input(place(), e))?;
        if tilt != Ratio::ONE {
            tilts.insert(hospital.hospital_id.clone(), tilt);
        }
    }
    Ok(tilts)
}

/// What every row is paid; the sum must be that of the pools.
pub(super) fn pay(
    setting: &Setting<'_>,
    (ledger, adjusted, tallies): (&Ledger, &Adjustments, &TallyBook),
    pools: &[PoolReport],
    (payments, progress): (&Payments, &dyn Progress),
) -> Result<(), Error> {
    let mut by_account: HashMap<Account, &HospitalPayment> = HashMap::new();
    for (pool, report) in (0..).zip(pools) {
        for payment in &report.settlement.hospitals {
            if let Some(hospital) = setting.hospital_numbers.get(&payment.hospital_id) {
                let hospital = *hospital;
                by_account.insert(Account { pool, hospital }, payment);
            }
        }
    }
    let by_case = ledger.pay(&by_account, (adjusted, tallies), (payments, progress))?;
    let by_pool: i128 = pools
        .iter()
        .map(|p| i128::from(p.settlement.paid.fen()))
        .sum();
    if by_case == by_pool {
        return Ok(());
    }
    let problem = format!("the cases add up to {by_case} fen, the pools to {by_pool}.");
    Err(Error::new(
        Class::Reconcile,
        "settlement",
        problem,
        "Please report this.",
    ))
}
