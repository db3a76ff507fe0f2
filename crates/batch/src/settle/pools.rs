//! The barrier: point values from all cases of a pool, and from them every payment.

use super::PoolReport;
use super::cases::Sums;
use super::ledger::{Account, Ledger};
use super::links::Adjustments;
use super::setting::Setting;
use crate::{Class, Error};
use drgdip_points::Ratio;
use drgdip_points::pool::{
    HospitalPayment, HospitalTotals, PoolInput, PriorYear, reserve_of, settle_pool,
};
use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};

/// Finds what a point is worth in every pool, and what every hospital is paid.
pub(super) fn settle_pools(
    setting: &Setting<'_>,
    sums: &Sums,
    priors: Vec<Option<PriorYear>>,
) -> Result<Vec<PoolReport>, Error> {
    let mut hospitals: Vec<Vec<HospitalTotals>> = vec![Vec::new(); setting.pools.len()];
    for (account, totals) in &sums.accounts {
        hospitals[usize::from(account.pool)].push(HospitalTotals {
            hospital_id: setting.hospitals[account.hospital as usize][0]
                .hospital_id
                .clone(),
            cases: totals.cases,
            points: totals.points()?,
            total_cost: totals.total_cost()?,
            patient_side: totals.patient_side()?,
        });
    }
    let share = Ratio::from_decimal(setting.terms.reserve_share)
        .map_err(|e| Error::new(Class::Table, "policy, reserve share", e, ""))?;
    let settled = setting.pools.iter().zip(hospitals).zip(priors);
    settled
        .map(|((pool, hospitals), prior)| {
            let wrong = |e: drgdip_points::Error| Error::input(format!("pool {}", pool.id), e);
            let terms = &setting.terms.value;
            let reserve = reserve_of(pool.budget, share, terms.money_rounding).map_err(wrong)?;
            let input = PoolInput {
                budget: pool.budget,
                reserve,
                hospitals,
                prior,
            };
            Ok(PoolReport {
                id: pool.id.clone(),
                region: pool.region.clone(),
                insurance: pool.insurance.to_string(),
                settlement: settle_pool(&input, terms).map_err(wrong)?,
            })
        })
        .collect()
}

/// What every row is paid, in fen.
pub(super) fn pay(
    setting: &Setting<'_>,
    (ledger, adjusted): (&Ledger, &Adjustments),
    pools: &[PoolReport],
    rows: u64,
) -> Result<Vec<AtomicI64>, Error> {
    let mut by_account: HashMap<Account, &HospitalPayment> = HashMap::new();
    for (pool, report) in (0..).zip(pools) {
        for payment in &report.settlement.hospitals {
            if let Some(hospital) = setting.hospital_numbers.get(&payment.hospital_id) {
                by_account.insert(
                    Account {
                        pool,
                        hospital: *hospital,
                    },
                    payment,
                );
            }
        }
    }
    let payments = ledger.payments(rows, &by_account, adjusted)?;
    let by_case: i128 = payments
        .iter()
        .map(|p| i128::from(p.load(Ordering::Relaxed)))
        .sum();
    let by_pool: i128 = pools
        .iter()
        .map(|p| i128::from(p.settlement.paid.fen()))
        .sum();
    if by_case != by_pool {
        let problem = format!("the cases add up to {by_case} fen, the pools to {by_pool}.");
        return Err(Error::new(
            Class::Reconcile,
            "settlement",
            problem,
            "Please report this.",
        ));
    }
    Ok(payments)
}
