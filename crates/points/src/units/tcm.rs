//! TCM advantage diseases by efficacy (中医优势病种按疗效价值付费).
//!
//! A case earns the points of its western group times a share, part of them at discharge and the
//! rest by its efficacy after a window. Source: a model, `policies/units.md`.

use super::part_of;
use crate::exact::Exact;
use crate::{Error, Points, Rounding};
use drgdip_claims::Yuan;
use drgdip_tables::policy::{Bound, TcmPair, TcmTerms};
use rust_decimal::Decimal;

/// What the gates of the unit look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TcmCase {
    /// Whether the claim names a TCM syndrome beside the disease.
    pub has_syndrome: bool,
    /// What the case cost.
    pub total_cost: Yuan,
    /// What of it is TCM treatment.
    pub tcm_cost: Yuan,
    /// How many days it stayed.
    pub stay_days: u32,
}

/// Why a case is an ordinary one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TcmGate {
    /// No syndrome stands beside the disease.
    NoSyndrome,
    /// Too little of the cost is TCM treatment (中治率).
    LowTcmShare,
    /// The stay is too short.
    ShortStay,
}

impl TcmGate {
    /// As written in traces.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoSyndrome => "tcm_without_syndrome",
            Self::LowTcmShare => "tcm_share_low",
            Self::ShortStay => "tcm_stay_short",
        }
    }
}

/// The first gate that a case does not pass; it is then paid as an ordinary one.
///
/// A case without cost has no TCM share and does not pass that gate.
#[must_use]
pub fn gate(case: &TcmCase, terms: &TcmTerms) -> Option<TcmGate> {
    let has_days = |bound: Bound| bound.holds(Decimal::from(case.stay_days));
    if terms.needs_syndrome && !case.has_syndrome {
        Some(TcmGate::NoSyndrome)
    } else if terms.tcm_share.is_some_and(|bound| !has_share(case, bound)) {
        Some(TcmGate::LowTcmShare)
    } else if terms.stay_days.is_some_and(|bound| !has_days(bound)) {
        Some(TcmGate::ShortStay)
    } else {
        None
    }
}

/// Whether the TCM share of the cost is within a bound, without a quotient.
fn has_share(case: &TcmCase, bound: Bound) -> bool {
    let cost = Exact::whole(case.total_cost.fen());
    let limit = Exact::decimal(bound.value()).times(&cost);
    let order = Exact::whole(case.tcm_cost.fen()).compare(&limit);
    let holds = match bound {
        Bound::AtLeast(_) => order.is_ge(),
        Bound::MoreThan(_) => order.is_gt(),
        Bound::AtMost(_) => order.is_le(),
        Bound::LessThan(_) => order.is_lt(),
    };
    case.total_cost > Yuan::ZERO && holds
}

/// What a case earns, before its efficacy is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TcmPoints {
    /// `p_full = b × c`.
    pub full: Points,
    /// `p_0 = q × p_full`, earned at discharge.
    pub upfront: Points,
    /// The rest, which waits for the efficacy.
    pub deferred: Points,
}

/// The points of a case by the base points of its western group.
///
/// No hospital coefficient is applied: the same efficacy has the same price. Full and upfront
/// points, `b × c` and `b × c × q`, are rounded once each, and the deferred ones are what is left.
/// Errors: a number that does not fit.
pub fn points(
    base: Points,
    pair: &TcmPair,
    terms: &TcmTerms,
    rounding: Rounding,
) -> Result<TcmPoints, Error> {
    let share = Exact::decimal(pair.share);
    let at_once = share.times(&Exact::decimal(terms.upfront_share));
    let full = part_of(base, &share, rounding)?;
    let upfront = part_of(base, &at_once, rounding)?;
    Ok(TcmPoints {
        full,
        upfront,
        deferred: full.minus(upfront)?,
    })
}

/// What the follow-up after the window found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Efficacy {
    /// The case kept its result, with this score.
    Scored(Decimal),
    /// Surgery or a readmission for the same disease within the window.
    Failed,
}

/// What the efficacy makes of the deferred and the upfront points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TcmFollowUp {
    /// `p_1 = p_deferred × e`.
    pub earned: Points,
    /// `p_deferred − p_1`, which goes back to the pool where it was accrued.
    pub released: Points,
    /// `χ × p_0` of a failure.
    pub clawed_back: Points,
}

/// Judges a case after its window.
///
/// A score below the lowest grade earns nothing. Errors: a number that does not fit.
pub fn follow_up(
    points: &TcmPoints,
    efficacy: Efficacy,
    terms: &TcmTerms,
    rounding: Rounding,
) -> Result<TcmFollowUp, Error> {
    let (earns, claw_back) = match efficacy {
        Efficacy::Scored(score) => (grade(score, terms), Decimal::ZERO),
        Efficacy::Failed => (Decimal::ZERO, terms.claw_back),
    };
    let earned = part_of(points.deferred, &Exact::decimal(earns), rounding)?;
    Ok(TcmFollowUp {
        earned,
        released: points.deferred.minus(earned)?,
        clawed_back: part_of(points.upfront, &Exact::decimal(claw_back), rounding)?,
    })
}

/// e: what the last grade that the score reaches earns.
fn grade(score: Decimal, terms: &TcmTerms) -> Decimal {
    let reached = terms.grades.iter().rev().find(|g| g.at_least <= score);
    reached.map_or(Decimal::ZERO, |grade| grade.earns)
}

/// What of a case's payment is held over the year's end, where the tail is accrued.
///
/// `payment × p_deferred / p_full`, rounded once; a case without points has nothing to hold.
/// Errors: an amount that does not fit.
pub fn held(payment: Yuan, points: &TcmPoints, rounding: Rounding) -> Result<Yuan, Error> {
    share_of(payment, (points.deferred, points.full), rounding)
}

/// How the amount that was held is divided next year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TcmRelease {
    /// What the hospital gets of it.
    pub to_hospital: Yuan,
    /// What goes back to the pool.
    pub to_pool: Yuan,
    /// What the hospital owes for a failure.
    pub clawed_back: Yuan,
}

/// Divides what was held, and prices a claw-back by what was paid at discharge.
///
/// The hospital's part is rounded once and the pool has the rest, so that nothing is lost.
/// Errors: an amount that does not fit.
pub fn release(
    paid: &TcmPaid,
    points: &TcmPoints,
    found: &TcmFollowUp,
    rounding: Rounding,
) -> Result<TcmRelease, Error> {
    let to_hospital = share_of(paid.held, (found.earned, points.deferred), rounding)?;
    let clawed = share_of(paid.upfront, (found.clawed_back, points.upfront), rounding)?;
    Ok(TcmRelease {
        to_hospital,
        to_pool: paid.held.minus(to_hospital)?,
        clawed_back: clawed,
    })
}

/// The payment of a case in the year of its discharge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TcmPaid {
    /// What was paid at once.
    pub upfront: Yuan,
    /// What was held.
    pub held: Yuan,
}

fn share_of(
    amount: Yuan,
    (part, whole): (Points, Points),
    rounding: Rounding,
) -> Result<Yuan, Error> {
    let part = Exact::whole(part.ten_thousandths());
    let share = part.over(&Exact::whole(whole.ten_thousandths()));
    let share = share.unwrap_or_else(Exact::zero);
    super::yuan(&super::money(amount).times(&share), rounding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Rounding::HalfAwayFromZero;
    use drgdip_tables::policy::{TcmGrade, TcmTail};
    use std::collections::BTreeMap;

    fn dec(text: &str) -> Decimal {
        Decimal::from_str_exact(text).unwrap()
    }

    fn pair(share: &str) -> TcmPair {
        TcmPair {
            title: "桡骨远端骨折".to_owned(),
            group: "IF45".to_owned(),
            share: dec(share),
            window_days: 90,
        }
    }

    fn terms() -> TcmTerms {
        let grade = |at_least, earns| TcmGrade {
            at_least: dec(at_least),
            earns: dec(earns),
        };
        TcmTerms {
            pairs: BTreeMap::new(),
            upfront_share: dec("0.7"),
            grades: vec![
                grade("0", "0"),
                grade("60", "0.6"),
                grade("75", "0.85"),
                grade("90", "1"),
            ],
            claw_back: dec("0.2"),
            tcm_share: Some(Bound::AtLeast(dec("0.6"))),
            stay_days: Some(Bound::AtLeast(dec("10"))),
            needs_syndrome: true,
            tail: TcmTail::Accrued,
            held: drgdip_tables::policy::TcmHeld::default(),
        }
    }

    fn case() -> TcmCase {
        TcmCase {
            has_syndrome: true,
            total_cost: Yuan::from_fen(1_000),
            tcm_cost: Yuan::from_fen(600),
            stay_days: 10,
        }
    }

    fn full() -> TcmPoints {
        let base = "150".parse().unwrap();
        points(base, &pair("0.8"), &terms(), HalfAwayFromZero).unwrap()
    }

    #[test]
    fn a_case_passes_every_gate_or_is_an_ordinary_one() {
        let check = |case: TcmCase, expected| assert_eq!(gate(&case, &terms()), expected);
        check(case(), None);
        let tcm_cost = Yuan::from_fen(599);
        check(TcmCase { tcm_cost, ..case() }, Some(TcmGate::LowTcmShare));
        let none = Yuan::ZERO;
        let free = TcmCase {
            total_cost: none,
            tcm_cost: none,
            ..case()
        };
        check(free, Some(TcmGate::LowTcmShare));
        check(
            TcmCase {
                stay_days: 9,
                ..case()
            },
            Some(TcmGate::ShortStay),
        );
        let has_syndrome = false;
        check(
            TcmCase {
                has_syndrome,
                ..case()
            },
            Some(TcmGate::NoSyndrome),
        );
    }

    #[test]
    fn seven_tenths_are_earned_at_discharge_and_the_rest_waits() {
        let points = full();
        assert_eq!(points.full.to_string(), "120.0000");
        assert_eq!(points.upfront.to_string(), "84.0000");
        assert_eq!(points.deferred.to_string(), "36.0000");
    }

    #[test]
    fn what_is_earned_at_discharge_is_rounded_once() {
        let half = TcmTerms {
            upfront_share: dec("0.5"),
            ..terms()
        };
        let base = "100.0001".parse().unwrap();
        let points = points(base, &pair("0.9"), &half, HalfAwayFromZero).unwrap();
        // 100.0001 × 0.9 = 90.00009, half of it 45.000045; half of 90.0001 would be 45.0001.
        assert_eq!(points.full.to_string(), "90.0001");
        assert_eq!(points.upfront.to_string(), "45.0000");
        assert_eq!(points.deferred.to_string(), "45.0001");
    }

    #[track_caller]
    fn check_follow_up(efficacy: Efficacy, earned: &str, released: &str, clawed_back: &str) {
        let found = follow_up(&full(), efficacy, &terms(), HalfAwayFromZero).unwrap();
        assert_eq!(found.earned.to_string(), earned);
        assert_eq!(found.released.to_string(), released);
        assert_eq!(found.clawed_back.to_string(), clawed_back);
    }

    #[test]
    fn the_efficacy_decides_over_the_rest() {
        let scored = |score| Efficacy::Scored(dec(score));
        check_follow_up(scored("90"), "36.0000", "0.0000", "0.0000");
        check_follow_up(scored("89.9"), "30.6000", "5.4000", "0.0000");
        check_follow_up(scored("75"), "30.6000", "5.4000", "0.0000");
        check_follow_up(scored("60"), "21.6000", "14.4000", "0.0000");
        check_follow_up(scored("59.9"), "0.0000", "36.0000", "0.0000");
        check_follow_up(scored("-1"), "0.0000", "36.0000", "0.0000");
        check_follow_up(Efficacy::Failed, "0.0000", "36.0000", "16.8000");
    }

    #[test]
    fn what_is_held_over_the_years_end_goes_to_the_hospital_or_back_to_the_pool() {
        let points = full();
        let payment = Yuan::from_fen(1_200_001);
        let held = held(payment, &points, HalfAwayFromZero).unwrap();
        assert_eq!(held.fen(), 360_000);
        let paid = TcmPaid {
            upfront: payment.minus(held).unwrap(),
            held,
        };
        let judge = |efficacy| {
            let found = follow_up(&points, efficacy, &terms(), HalfAwayFromZero).unwrap();
            release(&paid, &points, &found, HalfAwayFromZero).unwrap()
        };
        let good = judge(Efficacy::Scored(dec("75")));
        assert_eq!(
            (good.to_hospital.fen(), good.to_pool.fen()),
            (306_000, 54_000)
        );
        let failed = judge(Efficacy::Failed);
        assert_eq!(
            (failed.to_hospital.fen(), failed.to_pool.fen()),
            (0, 360_000)
        );
        assert_eq!(failed.clawed_back.fen(), 168_000);
    }
}
