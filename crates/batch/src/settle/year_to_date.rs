//! Baselines of a month that make up for the months before it.
//!
//! Source: `policies/payment.md`: in monthly runs the baseline is the season share of β, year to
//! date. The months before stand in the ledger with every hospital's points.

use super::SettleJob;
use super::journal::Journal;
use super::period::Period;
use super::setting::Setting;
use crate::{Class, Error};
use drgdip_points::Points;
use drgdip_points::pool::{MonthBefore, PriorYear, baseline_used};
use drgdip_tables::Policy;
use drgdip_tables::policy::{BaselineMonths, Share, ValueModel};

/// The months of the period's year up to its own whose baselines are counted to date, each with
/// the season shares up to its end; `None` where the policy's months stand alone.
fn months_to_date(policy: &Policy, period: &Period) -> Result<Option<Vec<(Period, Share)>>, Error> {
    let share_at = |month: &Period| -> Result<Option<Share>, Error> {
        let model = policy.at(month.last)?.value.model;
        Ok(match model {
            ValueModel::BaselineIncrement(rule) if rule.months == BaselineMonths::YearToDate => {
                Some(rule.season_share)
            }
            _ => None,
        })
    };
    if period.is_year() || share_at(period)?.is_none() {
        return Ok(None);
    }
    let year = Period::parse_year(&format!("{:04}", period.first.year()))?;
    let mut months = Vec::new();
    let mut to_date = Share::ZERO;
    for text in year.months() {
        let month = Period::parse(&text)?;
        // Months before the policy, and those that stood alone, have no part in it.
        if month.last > period.last || month.last < policy.first_day() {
            continue;
        }
        if let Some(share) = share_at(&month)? {
            to_date = to_date.plus(share).ok_or_else(|| {
                let problem = "the season shares of the year to date do not fit.";
                let place = "policy, value.baseline_increment.season_share";
                Error::new(
                    Class::Table,
                    place,
                    problem,
                    "State them with fewer decimals.",
                )
            })?;
            months.push((month, to_date));
        }
    }
    Ok(Some(months))
}

/// The season shares of the year to date; `None` where the policy's months stand alone.
pub(super) fn season(policy: &Policy, period: &Period) -> Result<Option<Share>, Error> {
    let months = months_to_date(policy, period)?;
    Ok(months.and_then(|months| months.last().map(|(_, to_date)| *to_date)))
}

/// Takes off each hospital's baseline what the months before have used of it.
///
/// # Errors
/// A month of the year before this one that the ledger does not have, a ledger that cannot be
/// used, numbers that do not fit.
pub(super) fn take_off_used(
    setting: &Setting<'_>,
    job: &SettleJob<'_>,
    years: &mut [Option<PriorYear>],
) -> Result<(), Error> {
    let months = months_to_date(setting.policy, &setting.period)?;
    let Some([before @ .., _]) = months.as_deref() else {
        return Ok(());
    };
    let journal = match job.ledger {
        Some(ledger) => Journal::open(ledger.folder)?,
        None => Journal::default(),
    };
    require(before, &journal, &setting.period)?;
    let ValueModel::BaselineIncrement(rule) = &setting.terms.value.model else {
        return Ok(());
    };
    for (pool, year) in setting.pools.all.iter().zip(years) {
        let Some(year) = year else { continue };
        for (hospital, prior) in &year.points {
            let of_month = |(month, season_to_date): &(Period, Share)| {
                let points = journal.points_in(&month.text, &pool.id, hospital)?;
                Ok(MonthBefore {
                    season_to_date: *season_to_date,
                    points,
                })
            };
            let months = before
                .iter()
                .map(of_month)
                .collect::<Result<Vec<_>, Error>>()?;
            let used = baseline_used(*prior, &months, rule, &setting.terms.value)
                .map_err(|e| Error::input(format!("pool {}", pool.id), e))?;
            if used != Points::ZERO {
                year.used.insert(hospital.clone(), used);
            }
        }
    }
    Ok(())
}

fn require(before: &[(Period, Share)], journal: &Journal, period: &Period) -> Result<(), Error> {
    let missing: Vec<&str> = before
        .iter()
        .map(|(month, _)| month.text.as_str())
        .filter(|month| journal.of(month).is_none())
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let problem = format!(
        "the baseline of {} is that of the year to date, and the ledger does not have {}.",
        period.text,
        missing.join(", ")
    );
    let hint = "Settle these months first, all with the same --ledger.";
    Err(Error::input("ledger", problem).with_hint(hint))
}
