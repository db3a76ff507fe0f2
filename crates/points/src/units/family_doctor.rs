//! The fee of family doctors (家庭医生签约服务费).
//!
//! Source: `policies/units.md`, Family doctors; the rates are not public.

use super::{AMOUNT, yuan};
use crate::exact::{Exact, divide, product};
use crate::{Error, Ratio, Rounding};
use drgdip_claims::Yuan;
use drgdip_tables::policy::FamilyDoctorTerms;

/// How many months a year has.
const MONTHS: i128 = 12;

/// A team of family doctors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Team {
    /// `N_valid`: the persons who signed and were served; those who only signed are none of them.
    pub persons: u64,
    /// The score of its assessment, in the units of the policy's full score.
    pub score: Ratio,
}

/// `N_valid × rate × (α + (1 − α) × score)`, rounded once.
///
/// The score counts as a share of the full score, at most 1. Errors: a full score of zero, or an
/// amount that does not fit.
pub fn fee(team: Team, terms: &FamilyDoctorTerms, rounding: Rounding) -> Result<Yuan, Error> {
    let one = Exact::whole(1);
    let score = Exact::fraction(team.score.millionths(), 1_000_000);
    let score = score.over(&Exact::decimal(terms.full_score));
    let score = score.ok_or(Error::NotPositive("full score of family doctors"))?;
    let fixed = Exact::decimal(terms.fixed_share);
    let hanging = one.minus(&fixed).times(&score.min(one));
    let rate = Exact::fraction(terms.rate_fen, 100);
    let whole = Exact::whole(team.persons).times(&rate);
    yuan(&whole.times(&fixed.plus(&hanging)), rounding)
}

/// What a team is paid in a month, from 1 to 12, on account: α of a twelfth of the fee.
///
/// Each month is the difference of the rounded running sums, so that twelve months of the same
/// persons are α of the year to the fen. Errors: a month that no year has, or an amount that does
/// not fit.
pub fn month(
    persons: u64,
    month: u8,
    terms: &FamilyDoctorTerms,
    rounding: Rounding,
) -> Result<Yuan, Error> {
    let month = i128::from(month);
    if !(1..=MONTHS).contains(&month) {
        return Err(Error::NotAMonth(month));
    }
    let rate = Exact::whole(terms.rate_fen).times(&Exact::decimal(terms.fixed_share));
    let year = Exact::whole(persons).times(&rate);
    let year = i128::from(year.to_i64(0, rounding, AMOUNT)?);
    let until = |month: i128| divide(product(year, month, AMOUNT)?, MONTHS, rounding);
    let before = until(month.saturating_sub(1))?;
    let fen = crate::exact::difference(until(month)?, before, AMOUNT)?;
    Ok(Yuan::try_from_fen(fen)?)
}

/// What is left to pay at the end of the year; below zero where the persons became fewer, and then
/// the team owes it.
///
/// Errors: an amount that does not fit.
pub fn tail(fee: Yuan, paid_on_account: &[Yuan]) -> Result<Yuan, Error> {
    Ok(fee.minus(Yuan::total(paid_on_account.iter().copied())?)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Rounding::HalfAwayFromZero;
    use drgdip_tables::policy::Overrun;
    use rust_decimal::Decimal;

    fn terms() -> FamilyDoctorTerms {
        FamilyDoctorTerms {
            rate_fen: 13_000,
            fixed_share: Decimal::new(8, 1),
            full_score: Decimal::from(100),
            overrun: Overrun::ProRata,
        }
    }

    #[track_caller]
    fn check(persons: u64, score: &str, expected: &str) {
        let team = Team {
            persons,
            score: score.parse().unwrap(),
        };
        let fee = fee(team, &terms(), HalfAwayFromZero).unwrap();
        assert_eq!(fee.to_string(), expected);
    }

    #[test]
    fn a_fifth_of_the_fee_follows_the_score() {
        check(1_000, "100", "130000.00");
        check(1_000, "120", "130000.00");
        check(1_000, "85.5", "126230.00");
        check(1_000, "0", "104000.00");
        check(0, "100", "0.00");
    }

    #[test]
    fn twelve_months_and_the_tail_are_the_fee_to_the_fen() {
        let month = |number| month(1_001, number, &terms(), HalfAwayFromZero).unwrap();
        let months: Vec<Yuan> = (1..=12).map(month).collect();
        let paid: i64 = months.iter().map(|paid| paid.fen()).sum();
        assert_eq!(paid, 1_001 * 13_000 / 10 * 8);
        assert_eq!(months[0].to_string(), "8675.33");
        assert_eq!(months[1].to_string(), "8675.34");
        let team = Team {
            persons: 1_001,
            score: "90".parse().unwrap(),
        };
        let fee = fee(team, &terms(), HalfAwayFromZero).unwrap();
        assert_eq!(tail(fee, &months).unwrap().fen() + paid, fee.fen());
    }

    #[test]
    fn a_year_has_twelve_months() {
        let at = |number| month(1, number, &terms(), HalfAwayFromZero);
        assert!(at(0).is_err());
        assert_eq!(
            at(13).unwrap_err().to_string(),
            "13 is no month; write a number from 1 to 12"
        );
    }
}
