//! The payment units beside groups (多元支付), all in one ledger.
//!
//! Every unit yields points, at its own base points or as an amount over the preset value, or an
//! amount on a named line with a budget of its own. Which cost items a part pays is written in the
//! [`Yield`], and a [`Bill`] lets each of its items be paid once: not twice, and not by accident
//! never.
//!
//! Source: `policies/units.md`, `policies/new-technology.md`. Where no public formula exists, the
//! rule is a model with its parameters in the policy.

pub mod bed_day;
pub mod bill;
pub mod capitation;
pub mod community;
pub mod day_surgery;
pub mod family_doctor;
pub mod lines;
pub mod negotiated;
pub mod new_technology;
#[cfg(test)]
#[expect(
    clippy::arithmetic_side_effects,
    reason = "a test that overflows fails"
)]
mod properties;
pub mod quota;
pub mod tcm;

pub use bill::{Bill, CostItem, LinePart, PointsPart, Split, Yield};
pub use lines::{LineClaim, LineInput, LineSettlement, settle_line};

use crate::exact::Exact;
use crate::{Error, Points, Rounding};
use drgdip_claims::Yuan;

const POINTS: &str = "number of points of a unit";
const AMOUNT: &str = "amount of a unit";

/// An amount as an exact number of yuan.
fn money(amount: Yuan) -> Exact {
    Exact::fraction(amount.fen(), 100)
}

/// An exact number of yuan, rounded once to the fen.
fn yuan(exact: &Exact, rounding: Rounding) -> Result<Yuan, Error> {
    exact.to_i64(2, rounding, AMOUNT).map(Yuan::from_fen)
}

/// An exact share of points, rounded once to four places.
fn part_of(points: Points, share: &Exact, rounding: Rounding) -> Result<Points, Error> {
    let exact = Exact::fraction(points.ten_thousandths(), 10_000).times(share);
    let units = exact.to_i64(Points::PLACES, rounding, POINTS)?;
    Ok(Points::from_ten_thousandths(units))
}

/// An amount that must not be below zero.
fn not_negative(amount: Yuan) -> Result<Yuan, Error> {
    if amount.is_negative() {
        return Err(Error::Negative(amount.to_string()));
    }
    Ok(amount)
}
