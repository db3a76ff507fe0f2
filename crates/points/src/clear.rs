//! From what a pool pays to what a hospital gets: prepayments, assessment, sharing, clearing.
//!
//! Everything here is about one hospital and one pool, in whole fen. What a rule takes or adds
//! is an [`Adjustment`] with its kind, so that the way from the payment to the final amount can
//! be added up again.

use crate::exact::Exact;
use crate::pool::largest_remainder;
use crate::{Error, Ratio, Rounding};
use drgdip_claims::Yuan;
use drgdip_tables::policy::{Assessment, HospitalBands, MarginTerms, RegionBands};
use rust_decimal::Decimal;

/// Why a hospital gets more or less than its payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AdjustmentKind {
    /// 基层倾斜: its part of what is set aside for primary care.
    PrimaryCareGrowth,
    /// 考核系数: its payment times the coefficient of its assessment, less its payment.
    Assessment,
    /// 质量保证金: what is held back of its payment.
    MarginHeld,
    /// 质量保证金: what its score releases of that.
    MarginReleased,
    /// 超支分担: the fund's part of what it spent above its payable.
    OverspendShare,
    /// 结余: what it does not keep, because it spent too little of its payable.
    SurplusReturned,
    /// 审核扣减: what audits found, before anything is shared.
    Audit,
}

impl AdjustmentKind {
    /// As written in outputs.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::PrimaryCareGrowth => "primary_care_growth",
            Self::Assessment => "assessment",
            Self::MarginHeld => "margin_held",
            Self::MarginReleased => "margin_released",
            Self::OverspendShare => "overspend_share",
            Self::SurplusReturned => "surplus_returned",
            Self::Audit => "audit",
        }
    }
}

/// An amount beside a payment; below zero it is taken off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Adjustment {
    /// Why.
    pub kind: AdjustmentKind,
    /// How much.
    pub amount: Yuan,
}

/// What is known about a hospital beside its points.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Conduct {
    /// What audits found, zero or more.
    pub audit: Yuan,
    /// The coefficient of its assessment; `None` is 1.
    pub coefficient: Option<Ratio>,
    /// The score of its assessment; `None` releases the whole margin.
    pub score: Option<Ratio>,
    /// Whether the cause of its overspending is approved.
    pub is_overspend_approved: bool,
    /// What the fund paid for its cases by item, before audits.
    pub itemised: Yuan,
}

/// How a year is cleared, as far as one hospital is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClearingRules {
    /// What an assessment does.
    pub assessment: Assessment,
    /// How surplus and overspending are shared.
    pub bands: Option<HospitalBands>,
    /// How an amount comes to the fen.
    pub rounding: Rounding,
}

/// What the rules take off or add to a hospital's payment, in the order of the pipeline.
///
/// Assessment, then audits, then sharing. What is shared is left of the payment and of the itemised
/// cost after audits, so an audit is taken off once. Source: `policies/payment.md`, The year. The
/// overspend share is what the bands grant; whether the risk fund suffices is for [`within_fund`].
/// Errors: an amount that does not fit.
pub fn adjust(
    payment: Yuan,
    conduct: &Conduct,
    rules: &ClearingRules,
) -> Result<Vec<Adjustment>, Error> {
    let mut found = Vec::new();
    let mut add = |kind, amount: Yuan| {
        if amount != Yuan::ZERO {
            found.push(Adjustment { kind, amount });
        }
    };
    let mut payable = payment;
    // A debt is neither rewarded nor held back.
    if !payment.is_negative() {
        for (kind, amount) in assess(payment, conduct, rules)? {
            payable = payable.plus(amount)?;
            add(kind, amount);
        }
    }
    payable = payable.minus(conduct.audit)?;
    add(AdjustmentKind::Audit, Yuan::ZERO.minus(conduct.audit)?);
    if let Some(bands) = &rules.bands {
        let itemised = conduct.itemised.minus(conduct.audit)?;
        let due = hospital_band(payable, itemised, bands, rules.rounding)?;
        let share = due.minus(payable)?;
        let is_granted = !bands.needs_approval || conduct.is_overspend_approved;
        if share.is_negative() {
            add(AdjustmentKind::SurplusReturned, share);
        } else if is_granted {
            add(AdjustmentKind::OverspendShare, share);
        }
    }
    Ok(found)
}

fn assess(
    payment: Yuan,
    conduct: &Conduct,
    rules: &ClearingRules,
) -> Result<Vec<(AdjustmentKind, Yuan)>, Error> {
    match rules.assessment {
        Assessment::None => Ok(Vec::new()),
        Assessment::Coefficient => {
            let coefficient = conduct.coefficient.unwrap_or(Ratio::ONE);
            let paid = part(payment, &ratio(coefficient), rules.rounding)?;
            Ok(vec![(AdjustmentKind::Assessment, paid.minus(payment)?)])
        }
        Assessment::Margin(margin) => {
            let (held, released) = margin_release(payment, conduct.score, &margin, rules.rounding)?;
            Ok(vec![
                (AdjustmentKind::MarginHeld, Yuan::ZERO.minus(held)?),
                (AdjustmentKind::MarginReleased, released),
            ])
        }
    }
}

/// What is held back of a payment, and what a score releases of it.
///
/// Source: a model, `policies/payment.md`: all from the upper score on, nothing up to the lower
/// one, linear in between. Without a score all is released.
pub fn margin_release(
    payment: Yuan,
    score: Option<Ratio>,
    margin: &MarginTerms,
    rounding: Rounding,
) -> Result<(Yuan, Yuan), Error> {
    let held = part(payment, &Exact::decimal(margin.share), rounding)?;
    let Some(score) = score else {
        return Ok((held, held));
    };
    let none = Exact::decimal(margin.none_until);
    let above = ratio(score).minus(&none);
    let whole = Exact::decimal(margin.full_from).minus(&none);
    let released = match above.over(&whole) {
        _ if above.is_negative() => Exact::zero(),
        Some(share) if share < Exact::whole(1) => share,
        _ => Exact::whole(1),
    };
    Ok((held, part(held, &released, rounding)?))
}

/// What is due to a hospital by how its itemised cost A compares with its payable D.
///
/// Source: `policies/payment.md`, The year. Below r1·D it is A·a0, from r1·D to D it is D, up to
/// r2·D it is D + s(A − D), and above it D + s(r2 − 1)D. A payable of zero or less has no bands.
pub fn hospital_band(
    payable: Yuan,
    itemised: Yuan,
    bands: &HospitalBands,
    rounding: Rounding,
) -> Result<Yuan, Error> {
    if payable <= Yuan::ZERO {
        return Ok(payable);
    }
    let (due, cost) = (money(payable), money(itemised));
    let times = |number: Decimal| Exact::decimal(number).times(&due);
    let exact = if cost < times(bands.keep_from) {
        Exact::decimal(bands.below_pays).times(&cost)
    } else if cost <= due {
        due
    } else {
        let most = times(bands.share_until);
        let counted = if cost <= most { cost } else { most };
        let share = Exact::decimal(bands.fund_share).times(&counted.minus(&due));
        due.plus(&share)
    };
    yuan(&exact, rounding)
}

/// By what share of the payable the amount due jumps where the surplus begins to be kept.
///
/// Just below r1 it is r1·a0·D, and from r1 on it is D. Errors: a number that does not fit.
pub fn surplus_jump(bands: &HospitalBands) -> Result<Ratio, Error> {
    let below = Exact::decimal(bands.keep_from).times(&Exact::decimal(bands.below_pays));
    let jump = Exact::whole(1).minus(&below);
    let jump = jump.to_i64(
        Ratio::PLACES,
        Rounding::HalfAwayFromZero,
        "jump of the bands",
    )?;
    Ratio::from_millionths(jump.max(0))
}

/// The money of a region, from its budget B and what was spent by item A.
///
/// Source: `policies/payment.md`: `A + s(B − A)` of a surplus, `B + d(A − B)` of a deficit.
pub fn region_fund(
    budget: Yuan,
    spent: Yuan,
    bands: &RegionBands,
    rounding: Rounding,
) -> Result<Yuan, Error> {
    let (lower, upper, share) = if spent < budget {
        (spent, budget, bands.surplus_share)
    } else {
        (budget, spent, bands.deficit_share)
    };
    let added = part(upper.minus(lower)?, &Exact::decimal(share), rounding)?;
    Ok(lower.plus(added)?)
}

/// Shares that a fund can bear: as they are, or scaled to the fund in proportion.
///
/// The shares are zero or more and stand in hospital order, which decides ties.
pub fn within_fund(shares: &[Yuan], fund: Yuan) -> Result<Vec<Yuan>, Error> {
    let all = Yuan::total(shares.iter().copied())?;
    if all <= fund {
        return Ok(shares.to_vec());
    }
    let weights: Vec<Exact> = shares.iter().map(|yuan| Exact::whole(yuan.fen())).collect();
    split(fund, &weights)
}

/// Shares an amount by numbers that are zero or more; nobody gets anything where all are zero.
///
/// The numbers stand in hospital order, which decides ties. Together the parts are the amount.
pub fn share_by(amount: Yuan, numbers: &[Ratio]) -> Result<Vec<Yuan>, Error> {
    let weights: Vec<Exact> = numbers.iter().copied().map(ratio).collect();
    split(amount, &weights)
}

fn split(amount: Yuan, weights: &[Exact]) -> Result<Vec<Yuan>, Error> {
    let each = Exact::whole(amount.fen()).over(&Exact::total(weights));
    let each = each.unwrap_or_else(Exact::zero);
    let parts: Vec<Exact> = weights.iter().map(|weight| weight.times(&each)).collect();
    largest_remainder(&parts, Rounding::HalfAwayFromZero)
}

/// A month's prepayment, and the debt that goes into the next month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prepayment {
    /// What is paid now, zero or more.
    pub prepaid: Yuan,
    /// What the hospital owes after it, zero or more.
    pub debt: Yuan,
}

/// What is paid for a month: a share of what it earned, less audits and the debt before it.
///
/// Source: `policies/payment.md`, Months. Errors: an amount that does not fit.
pub fn prepay(
    earned: Yuan,
    share: Decimal,
    audit: Yuan,
    debt: Yuan,
    rounding: Rounding,
) -> Result<Prepayment, Error> {
    let due = part(earned, &Exact::decimal(share), rounding)?
        .minus(audit)?
        .minus(debt)?;
    Ok(if due.is_negative() {
        Prepayment {
            prepaid: Yuan::ZERO,
            debt: Yuan::ZERO.minus(due)?,
        }
    } else {
        Prepayment {
            prepaid: due,
            debt: Yuan::ZERO,
        }
    })
}

fn money(amount: Yuan) -> Exact {
    Exact::fraction(amount.fen(), 100)
}

fn ratio(ratio: Ratio) -> Exact {
    Exact::fraction(ratio.millionths(), 1_000_000)
}

fn yuan(exact: &Exact, rounding: Rounding) -> Result<Yuan, Error> {
    let fen = exact.to_i64(2, rounding, "clearing of a hospital")?;
    Ok(Yuan::from_fen(fen))
}

/// A part of an amount, rounded once to the fen.
fn part(amount: Yuan, share: &Exact, rounding: Rounding) -> Result<Yuan, Error> {
    yuan(&money(amount).times(share), rounding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Rounding::HalfAwayFromZero;

    fn fen(text: &str) -> Yuan {
        text.parse().unwrap()
    }

    fn bands() -> HospitalBands {
        HospitalBands {
            keep_from: Decimal::new(8, 1),
            below_pays: Decimal::ONE,
            share_until: Decimal::new(11, 1),
            fund_share: Decimal::new(7, 1),
            needs_approval: true,
        }
    }

    #[track_caller]
    fn check_band(payable: &str, itemised: &str, expected: &str) {
        let due = hospital_band(fen(payable), fen(itemised), &bands(), HalfAwayFromZero);
        assert_eq!(due.unwrap().to_string(), expected);
    }

    #[test]
    fn bands_meet_at_their_bounds() {
        check_band("100.00", "79.99", "79.99");
        check_band("100.00", "80.00", "100.00");
        check_band("100.00", "100.00", "100.00");
        check_band("100.00", "100.01", "100.01");
        check_band("100.00", "110.00", "107.00");
        check_band("100.00", "110.01", "107.00");
        check_band("0.00", "5.00", "0.00");
        check_band("-1.00", "5.00", "-1.00");
    }

    #[test]
    fn the_jump_of_the_bands_has_a_size() {
        assert_eq!(surplus_jump(&bands()).unwrap().to_string(), "0.200000");
        let smooth = HospitalBands {
            below_pays: Decimal::new(125, 2),
            ..bands()
        };
        assert_eq!(surplus_jump(&smooth).unwrap().to_string(), "0.000000");
    }

    #[track_caller]
    fn check_margin(score: Option<&str>, released: &str) {
        let margin = MarginTerms {
            share: Decimal::new(5, 2),
            full_from: Decimal::from(90),
            none_until: Decimal::from(60),
        };
        let score = score.map(|score| score.parse().unwrap());
        let found = margin_release(fen("1000.00"), score, &margin, HalfAwayFromZero).unwrap();
        assert_eq!(found.0.to_string(), "50.00");
        assert_eq!(found.1.to_string(), released);
    }

    #[test]
    fn a_margin_is_released_by_the_score() {
        check_margin(None, "50.00");
        check_margin(Some("100"), "50.00");
        check_margin(Some("90"), "50.00");
        check_margin(Some("89.9"), "49.83");
        check_margin(Some("75"), "25.00");
        check_margin(Some("60"), "0.00");
        check_margin(Some("10"), "0.00");
    }

    #[test]
    fn a_debt_is_taken_off_the_months_that_follow() {
        let month = |earned, debt| {
            let share = Decimal::new(9, 1);
            let due = prepay(fen(earned), share, fen("1.00"), fen(debt), HalfAwayFromZero).unwrap();
            (due.prepaid.to_string(), due.debt.to_string())
        };
        let texts = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(month("100.00", "0.00"), texts("89.00", "0.00"));
        assert_eq!(month("-10.00", "0.00"), texts("0.00", "10.00"));
        assert_eq!(month("10.00", "10.00"), texts("0.00", "2.00"));
        assert_eq!(month("10.00", "8.00"), texts("0.00", "0.00"));
    }

    #[test]
    fn shares_above_the_fund_are_scaled_to_it() {
        let shares = [fen("30.00"), fen("0.00"), fen("60.00")];
        assert_eq!(within_fund(&shares, fen("90.00")).unwrap(), shares);
        let scaled = within_fund(&shares, fen("10.00")).unwrap();
        assert_eq!(scaled, [fen("3.33"), fen("0.00"), fen("6.67")]);
        assert_eq!(within_fund(&[], fen("0.00")).unwrap(), []);
    }

    fn adjustments(payment: &str, conduct: &Conduct, assessment: Assessment) -> Vec<String> {
        let rules = ClearingRules {
            assessment,
            bands: Some(bands()),
            rounding: HalfAwayFromZero,
        };
        let found = adjust(fen(payment), conduct, &rules).unwrap();
        let row = |a: &Adjustment| format!("{} {}", a.kind.code(), a.amount);
        found.iter().map(row).collect()
    }

    #[test]
    fn what_the_rules_do_to_a_payment_can_be_added_up() {
        let conduct = Conduct {
            audit: fen("10.00"),
            coefficient: Some("0.9".parse().unwrap()),
            is_overspend_approved: true,
            itemised: fen("960.00"),
            ..Conduct::default()
        };
        let found = |conduct| adjustments("1000.00", conduct, Assessment::Coefficient);
        // Payable 900 − 10, itemised 960 − 10: 70 % of the 60 above it.
        let expected = [
            "assessment -100.00",
            "audit -10.00",
            "overspend_share 42.00",
        ];
        assert_eq!(found(&conduct), expected);
        let refused = Conduct {
            is_overspend_approved: false,
            ..conduct
        };
        assert_eq!(found(&refused), expected[..2]);
    }

    #[track_caller]
    fn check_audited((itemised, audit): (&str, &str), expected: &[&str]) {
        let conduct = Conduct {
            audit: fen(audit),
            is_overspend_approved: true,
            itemised: fen(itemised),
            ..Conduct::default()
        };
        let found = adjustments("1000000.00", &conduct, Assessment::None);
        assert_eq!(found, expected);
    }

    #[test]
    fn an_audit_is_taken_off_once_and_the_rest_is_shared() {
        check_audited(("800000.00", "0.00"), &[]);
        // D′ 900,000, A′ 700,000 below 0.8 × D′ = 720,000: due is A′, 700,000.
        check_audited(
            ("800000.00", "100000.00"),
            &["audit -100000.00", "surplus_returned -200000.00"],
        );
        // D′ 900,000, A′ 720,000 at the bound: all of D′ is kept.
        check_audited(("820000.00", "100000.00"), &["audit -100000.00"]);
        // D′ 900,000, A′ 950,000: 70 % of 50,000.
        check_audited(
            ("1050000.00", "100000.00"),
            &["audit -100000.00", "overspend_share 35000.00"],
        );
        // Nothing is left to share.
        check_audited(("800000.00", "1000000.00"), &["audit -1000000.00"]);
    }
}
