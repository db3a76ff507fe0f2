//! Whole fen from exact amounts, without losing one.

use crate::exact::Exact;
use crate::{Error, Rounding};
use drgdip_claims::Yuan;
use num_traits::ToPrimitive;

/// Brings exact amounts of fen to whole fen that add up to their exact sum, rounded once.
///
/// Every amount is cut to whole fen, and the fen that are left go one each to the largest
/// fractions (最大余额法). The amounts are zero or more and stand in hospital order, which
/// decides ties.
pub(crate) fn largest_remainder(fen: &[Exact], rounding: Rounding) -> Result<Vec<Yuan>, Error> {
    const WHAT: &str = "payment of a hospital";
    let target = Exact::total(fen).rounded(0, rounding);
    let target = target.to_i128().ok_or(Error::Overflow(WHAT))?;
    let mut whole = Vec::with_capacity(fen.len());
    let mut fractions = Vec::with_capacity(fen.len());
    let mut left = target;
    for (index, amount) in fen.iter().enumerate() {
        let (floor, fraction) = amount.floor();
        let floor = floor.to_i64().ok_or(Error::Overflow(WHAT))?;
        left = crate::exact::difference(left, i128::from(floor), WHAT)?;
        whole.push(Yuan::from_fen(floor));
        fractions.push((index, fraction));
    }
    // The sort is stable, so equal fractions stay in hospital order.
    fractions.sort_by(|(_, left), (_, right)| right.compare(left));
    let left = usize::try_from(left).map_err(|_| Error::Overflow(WHAT))?;
    for (index, _) in fractions.into_iter().take(left) {
        whole[index] = whole[index].plus(Yuan::from_fen(1))?;
    }
    Ok(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(parts: &[(i64, i64)], rounding: Rounding, expected: &[i64]) {
        let exact: Vec<Exact> = parts.iter().map(|&(n, d)| Exact::fraction(n, d)).collect();
        let fen: Vec<i64> = largest_remainder(&exact, rounding)
            .unwrap()
            .into_iter()
            .map(Yuan::fen)
            .collect();
        assert_eq!(fen, expected);
    }

    #[test]
    fn i13_a_hundred_thousand_yuan_over_three_equal_hospitals_leaves_the_odd_fen_with_the_first() {
        let third = (10_000_000, 3);
        check(
            &[third, third, third],
            Rounding::HalfAwayFromZero,
            &[3_333_334, 3_333_333, 3_333_333],
        );
    }

    #[test]
    fn the_largest_fraction_gets_the_fen() {
        check(&[(1, 4), (3, 4)], Rounding::Down, &[0, 1]);
        check(&[(3, 4), (1, 4)], Rounding::Down, &[1, 0]);
        check(&[(1, 2), (1, 2), (0, 1)], Rounding::Down, &[1, 0, 0]);
    }

    #[test]
    fn a_sum_that_is_no_whole_fen_is_rounded_once_by_the_rule() {
        check(&[(1, 2)], Rounding::HalfAwayFromZero, &[1]);
        check(&[(1, 2)], Rounding::Down, &[0]);
        check(&[(1, 4), (1, 4)], Rounding::HalfAwayFromZero, &[1, 0]);
        check(&[(1, 4), (1, 8)], Rounding::HalfAwayFromZero, &[0, 0]);
    }

    #[test]
    fn nothing_over_nobody_is_nothing() {
        check(&[], Rounding::HalfAwayFromZero, &[]);
    }
}
