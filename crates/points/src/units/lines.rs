//! Lines (单列预算): each adds up to its own budget, to the fen.

use super::not_negative;
use crate::exact::{Exact, difference};
use crate::pool::largest_remainder;
use crate::{Error, Rounding};
use drgdip_claims::Yuan;
use drgdip_tables::policy::{Line, LineSurplus, Overrun};

/// What somebody asks of a line: a case, a team or an alliance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineClaim {
    /// The key of the case, team or alliance.
    pub key: String,
    /// What is asked, zero or more.
    pub amount: Yuan,
}

/// A line with its budget and its rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineInput {
    /// The line.
    pub line: Line,
    /// What the budgets input gives it for the period.
    pub budget: Yuan,
    /// What the period before left over for it.
    pub brought_forward: Yuan,
    /// What the reserve can give.
    pub reserve: Yuan,
    /// What becomes of claims above that.
    pub overrun: Overrun,
    /// What becomes of what is not used.
    pub surplus: LineSurplus,
    /// What is owed from the period before; it is paid first.
    pub owed: Vec<LineClaim>,
    /// What the period asks.
    pub claims: Vec<LineClaim>,
}

/// How a line was settled.
///
/// Two sums hold to the fen: budget + brought forward + supplement = Σ paid + left over, and
/// Σ asked = Σ paid + Σ owed + Σ cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineSettlement {
    /// The line.
    pub line: Line,
    /// What the reserve added.
    pub supplement: Yuan,
    /// What the claims that were owed are paid, in their order.
    pub paid_owed: Vec<Yuan>,
    /// What the claims of the period are paid, in their order.
    pub paid: Vec<Yuan>,
    /// What is owed to next year's budget, as claims on it.
    pub still_owed: Vec<LineClaim>,
    /// What is asked, not paid and not owed.
    pub cut: Yuan,
    /// What goes into next year's budget of the line.
    pub carried_forward: Yuan,
    /// What goes back to the reserve.
    pub returned: Yuan,
}

/// Pays the claims on a line.
///
/// What is owed from the period before is paid first, then the claims of the period. Where the
/// money does not suffice, those who are on turn get it in proportion, by largest remainder, ties
/// in their order. Source: `policies/units.md`, Lines. Errors: an amount below zero, or a
/// sum that does not fit.
pub fn settle_line(input: &LineInput) -> Result<LineSettlement, Error> {
    let own = not_negative(input.budget)?.plus(not_negative(input.brought_forward)?)?;
    let owed = asked(&input.owed)?;
    let all = owed.plus(asked(&input.claims)?)?;
    let supplement = match input.overrun {
        Overrun::Supplement => {
            let missing = all.minus(own)?.max(Yuan::ZERO);
            missing.min(not_negative(input.reserve)?)
        }
        Overrun::CarryOver | Overrun::ProRata => Yuan::ZERO,
    };
    let available = own.plus(supplement)?;
    let paid_owed = pro_rata(&input.owed, available.min(owed))?;
    let left = available.minus(Yuan::total(paid_owed.iter().copied())?)?;
    let paid = pro_rata(&input.claims, left.min(all.minus(owed)?))?;
    let left = left.minus(Yuan::total(paid.iter().copied())?)?;
    let missing = [
        unpaid(&input.owed, &paid_owed)?,
        unpaid(&input.claims, &paid)?,
    ];
    let missing = missing.concat();
    let (still_owed, cut) = match input.overrun {
        Overrun::CarryOver => (missing, Yuan::ZERO),
        Overrun::Supplement | Overrun::ProRata => (Vec::new(), asked(&missing)?),
    };
    let (carried_forward, returned) = match input.surplus {
        LineSurplus::CarryForward => (left, Yuan::ZERO),
        LineSurplus::Reserve => (Yuan::ZERO, left),
    };
    Ok(LineSettlement {
        line: input.line,
        supplement,
        paid_owed,
        paid,
        still_owed,
        cut,
        carried_forward,
        returned,
    })
}

fn asked(claims: &[LineClaim]) -> Result<Yuan, Error> {
    for claim in claims {
        not_negative(claim.amount)?;
    }
    Ok(Yuan::total(claims.iter().map(|claim| claim.amount))?)
}

/// An amount that is at most what is asked, shared in proportion to it.
fn pro_rata(claims: &[LineClaim], amount: Yuan) -> Result<Vec<Yuan>, Error> {
    let whole = Exact::whole(asked(claims)?.fen());
    let share = Exact::whole(amount.fen()).over(&whole);
    let share = share.unwrap_or_else(Exact::zero);
    let parts = claims.iter().map(|claim| Exact::whole(claim.amount.fen()));
    let parts: Vec<Exact> = parts.map(|part| part.times(&share)).collect();
    largest_remainder(&parts, Rounding::HalfAwayFromZero)
}

fn unpaid(claims: &[LineClaim], paid: &[Yuan]) -> Result<Vec<LineClaim>, Error> {
    let mut missing = Vec::new();
    for (claim, paid) in claims.iter().zip(paid) {
        let (asked, paid) = (i128::from(claim.amount.fen()), i128::from(paid.fen()));
        let left = difference(asked, paid, super::AMOUNT)?;
        if left > 0 {
            missing.push(LineClaim {
                key: claim.key.clone(),
                amount: Yuan::try_from_fen(left)?,
            });
        }
    }
    Ok(missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(key: &str, fen: i64) -> LineClaim {
        LineClaim {
            key: key.to_owned(),
            amount: Yuan::from_fen(fen),
        }
    }

    fn input(budget: i64, overrun: Overrun) -> LineInput {
        LineInput {
            line: Line::NegotiatedDrugs,
            budget: Yuan::from_fen(budget),
            brought_forward: Yuan::ZERO,
            reserve: Yuan::from_fen(20),
            overrun,
            surplus: LineSurplus::Reserve,
            owed: Vec::new(),
            claims: vec![claim("a", 50), claim("b", 50), claim("c", 50)],
        }
    }

    #[track_caller]
    fn check(input: &LineInput, paid: &[i64], (supplement, cut, returned): (i64, i64, i64)) {
        let settled = settle_line(input).unwrap();
        let fen: Vec<i64> = settled.paid.iter().map(|paid| paid.fen()).collect();
        assert_eq!(fen, paid);
        assert_eq!(settled.supplement.fen(), supplement);
        assert_eq!(settled.cut.fen(), cut);
        assert_eq!(settled.returned.fen(), returned);
    }

    #[test]
    fn a_line_with_enough_pays_all_and_returns_the_rest() {
        for overrun in [Overrun::Supplement, Overrun::CarryOver, Overrun::ProRata] {
            check(&input(151, overrun), &[50, 50, 50], (0, 0, 1));
            check(&input(150, overrun), &[50, 50, 50], (0, 0, 0));
        }
    }

    #[test]
    fn a_line_without_enough_cuts_or_asks_the_reserve() {
        check(&input(100, Overrun::ProRata), &[34, 33, 33], (0, 50, 0));
        check(&input(140, Overrun::Supplement), &[50, 50, 50], (10, 0, 0));
        check(&input(100, Overrun::Supplement), &[40, 40, 40], (20, 30, 0));
        check(&input(100, Overrun::CarryOver), &[34, 33, 33], (0, 0, 0));
    }

    #[test]
    fn what_is_carried_over_comes_first_next_year() {
        let first = settle_line(&input(100, Overrun::CarryOver)).unwrap();
        let owed = vec![claim("a", 16), claim("b", 17), claim("c", 17)];
        assert_eq!(first.still_owed, owed);
        let next = LineInput {
            owed,
            claims: vec![claim("d", 30)],
            ..input(60, Overrun::CarryOver)
        };
        let next = settle_line(&next).unwrap();
        assert_eq!(next.paid_owed.iter().map(|p| p.fen()).sum::<i64>(), 50);
        assert_eq!(next.paid, [Yuan::from_fen(10)]);
        assert_eq!(next.still_owed, [claim("d", 20)]);
    }

    #[test]
    fn a_claim_below_zero_is_an_error_and_no_claims_are_none() {
        let below = LineInput {
            claims: vec![claim("a", -1)],
            ..input(5, Overrun::ProRata)
        };
        assert!(matches!(settle_line(&below), Err(Error::Negative(_))));
        let nobody = LineInput {
            claims: Vec::new(),
            surplus: LineSurplus::CarryForward,
            ..input(5, Overrun::ProRata)
        };
        assert_eq!(settle_line(&nobody).unwrap().carried_forward.fen(), 5);
    }
}
