//! From what hospitals earn exactly to what they are paid in fen.

use super::apportion::largest_remainder;
use super::model::{Earned, Pricing};
use super::parts::Weighted;
use super::{CaseSplit, EarnedParts, HospitalPayment, HospitalTotals, PoolInput};
use crate::exact::Exact;
use crate::{Error, Rounding};
use drgdip_claims::Yuan;
use drgdip_tables::policy::{NegativePayments, PaidValue, ValueFamily, ValueTerms};

/// Each hospital's payment.
pub(super) fn payments(
    hospitals: &[HospitalTotals],
    weighted: &[Weighted],
    (pricing, input): (&Pricing, &PoolInput),
    terms: &ValueTerms,
) -> Result<Vec<HospitalPayment>, Error> {
    let gross = gross(&pricing.earned, terms)?;
    // A pool without points pays nothing, so there is nothing to take the patient side off.
    let is_net = terms.family == ValueFamily::C && pricing.has_points;
    let mut paid = Vec::with_capacity(hospitals.len());
    let rows = hospitals.iter().zip(weighted).zip(&pricing.earned);
    for (((totals, weighted), earned), gross) in rows.zip(gross) {
        let (split, patient_side) = if is_net {
            (CaseSplit::ByPointsLessPatientSide, totals.patient_side)
        } else {
            (CaseSplit::ByPoints, Yuan::ZERO)
        };
        let at_cost = input.at_cost.get(&totals.hospital_id).copied();
        paid.push(HospitalPayment {
            hospital_id: totals.hospital_id.clone(),
            cases: totals.cases,
            points: totals.points,
            allowance: weighted.allowance,
            baseline_points: weighted.baseline_points,
            increment_points: weighted.increment_points,
            earned: parts(earned, gross)?,
            gross,
            patient_side,
            at_cost: at_cost.unwrap_or(Yuan::ZERO),
            payment: gross.minus(patient_side)?,
            split,
        });
    }
    if terms.negative == NegativePayments::FloorAndRedistribute {
        redistribute(&mut paid, terms.money_rounding)?;
    }
    for hospital in &mut paid {
        hospital.payment = hospital.payment.plus(hospital.at_cost)?;
    }
    Ok(paid)
}

/// What hospitals earn in whole fen.
///
/// At exact values the fen add up to their exact sum; at published values each hospital's
/// amount is rounded by itself, so that it can be recomputed from what was published.
fn gross(earned: &[Earned], terms: &ValueTerms) -> Result<Vec<Yuan>, Error> {
    let exact: Vec<Exact> = earned.iter().map(Earned::fen).collect();
    match terms.pays {
        PaidValue::Exact => largest_remainder(&exact, terms.money_rounding),
        PaidValue::Published => exact
            .iter()
            .map(|fen| fen.to_i64(0, terms.money_rounding, "payment of a hospital"))
            .map(|fen| fen.map(Yuan::from_fen))
            .collect(),
    }
}

/// The parts of what a hospital earns, each to the fen; the increment takes the rounding.
fn parts(earned: &Earned, gross: Yuan) -> Result<EarnedParts, Error> {
    let fen = |yuan: &Exact| {
        let fen = yuan.to_i64(2, Rounding::HalfAwayFromZero, "part of a payment");
        fen.map(Yuan::from_fen)
    };
    let (baseline, floor, shared) = (
        fen(&earned.baseline)?,
        fen(&earned.floor)?,
        fen(&earned.shared)?,
    );
    let mut parts = EarnedParts {
        baseline,
        floor,
        shared,
        ..EarnedParts::default()
    };
    let rest = gross.minus(baseline)?.minus(floor)?.minus(shared)?;
    // Without increment points the rounding stays where the money is.
    if earned.increment.is_zero() {
        parts.baseline = parts.baseline.plus(rest)?;
    } else {
        parts.increment = rest;
    }
    Ok(parts)
}

/// Raises payments below zero to zero; the others bear it in proportion to what they are paid.
///
/// Where all payments together are below zero, there is nobody to bear it and nothing is paid.
fn redistribute(paid: &mut [HospitalPayment], rounding: Rounding) -> Result<(), Error> {
    if !paid.iter().any(|hospital| hospital.payment.is_negative()) {
        return Ok(());
    }
    let all = Yuan::total(paid.iter().map(|hospital| hospital.payment))?;
    let whole = |hospital: &HospitalPayment| Exact::whole(hospital.payment.fen().max(0));
    let positive: Vec<Exact> = paid.iter().map(whole).collect();
    let part = Exact::whole(all.fen().max(0)).over(&Exact::total(&positive));
    let part = part.unwrap_or_else(Exact::zero);
    let shares: Vec<Exact> = positive.iter().map(|fen| fen.times(&part)).collect();
    let shares = largest_remainder(&shares, rounding)?;
    for (hospital, share) in paid.iter_mut().zip(shares) {
        hospital.earned.redistributed = share.minus(hospital.payment)?;
        hospital.payment = share;
        hospital.gross = share.plus(hospital.patient_side)?;
    }
    Ok(())
}
