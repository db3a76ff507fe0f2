//! Each hospital's payment, split among its cases to the fen.

use crate::exact::{difference, product, quotient_and_rest, rounds_away, sum};
use crate::pool::{CaseSplit, HospitalPayment};
use crate::{Error, Points, Rounding};
use drgdip_claims::Yuan;

const WHAT: &str = "payment of a case";

/// Splits a hospital's payment among its cases, asked for one by one in `case_id` order.
///
/// A case gets the difference between the rounded running shares after and before it, of
/// `p × (F + U) / P`, without its own U in family C. So the parts add up to the payment exactly,
/// and each is within one fen of its exact share. A part may be below zero. What a hospital is paid at
/// cost belongs to single cases and is not split here.
#[derive(Clone, Debug)]
pub struct CaseSplitter {
    hospital_id: String,
    gross: i128,
    points: i128,
    split: CaseSplit,
    cases: i128,
    cases_so_far: i128,
    points_so_far: i128,
    gross_so_far: i128,
    /// The running share regardless of its sign, cut to whole fen, and what that leaves over.
    cut_so_far: i128,
    rest: i128,
}

impl CaseSplitter {
    /// Starts with the first case of a hospital.
    #[must_use]
    pub fn new(payment: &HospitalPayment) -> Self {
        Self {
            hospital_id: payment.hospital_id.clone(),
            gross: i128::from(payment.gross.fen()),
            points: i128::from(payment.points.ten_thousandths()),
            split: payment.split,
            cases: i128::from(payment.cases),
            cases_so_far: 0,
            points_so_far: 0,
            gross_so_far: 0,
            cut_so_far: 0,
            rest: 0,
        }
    }

    /// What the next case is paid.
    ///
    /// Errors: the cases have more points than the hospital, or a number does not fit.
    pub fn next(&mut self, points: Points, patient_side: Yuan) -> Result<Yuan, Error> {
        let so_far = sum(
            self.points_so_far,
            i128::from(points.ten_thousandths()),
            WHAT,
        )?;
        if points < Points::ZERO || so_far > self.points {
            return Err(Error::SplitDiffers(self.hospital_id.clone()));
        }
        self.cases_so_far = sum(self.cases_so_far, 1, WHAT)?;
        // Without points only what raises a payment to zero is split, by the number of cases.
        let (part, whole) = if self.points == 0 {
            let is_counted = self.cases_so_far <= self.cases;
            (i128::from(is_counted), self.cases.max(1))
        } else {
            (i128::from(points.ten_thousandths()), self.points)
        };
        let gross_so_far = self.running_share(part, whole)?;
        let gross = difference(gross_so_far, self.gross_so_far, WHAT)?;
        let net = match self.split {
            CaseSplit::ByPoints => gross,
            CaseSplit::ByPointsLessPatientSide => {
                difference(gross, i128::from(patient_side.fen()), WHAT)?
            }
        };
        self.points_so_far = so_far;
        self.gross_so_far = gross_so_far;
        Ok(Yuan::try_from_fen(net)?)
    }

    /// The rounded share of all parts so far. Carrying what is left over keeps the numbers small.
    fn running_share(&mut self, part: i128, whole: i128) -> Result<i128, Error> {
        let exact = sum(product(part, self.gross.abs(), WHAT)?, self.rest, WHAT)?;
        let (cut, rest) = quotient_and_rest(exact, whole)?;
        self.cut_so_far = sum(self.cut_so_far, cut, WHAT)?;
        self.rest = rest;
        let half = Rounding::HalfAwayFromZero;
        let is_up = rounds_away(rest.unsigned_abs(), whole.unsigned_abs(), half);
        let share = sum(self.cut_so_far, i128::from(is_up), WHAT)?;
        Ok(share.saturating_mul(self.gross.signum()))
    }

    /// Whether the cases so far have all of the hospital's points, and so all of its payment.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.points_so_far == self.points
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exact::divide;

    fn hospital(points: i64, gross: i64, patient_side: i64) -> HospitalPayment {
        HospitalPayment {
            hospital_id: "H1".to_owned(),
            cases: 3,
            points: Points::from_ten_thousandths(points),
            gross: Yuan::from_fen(gross),
            patient_side: Yuan::from_fen(patient_side),
            payment: Yuan::from_fen(gross)
                .minus(Yuan::from_fen(patient_side))
                .unwrap(),
            split: CaseSplit::ByPointsLessPatientSide,
            ..HospitalPayment::default()
        }
    }

    #[track_caller]
    fn check(payment: &HospitalPayment, cases: &[(i64, i64)], expected: &[i64]) {
        let mut splitter = CaseSplitter::new(payment);
        let part = |&(points, side): &(i64, i64)| {
            let points = Points::from_ten_thousandths(points);
            splitter.next(points, Yuan::from_fen(side)).unwrap().fen()
        };
        let parts: Vec<i64> = cases.iter().map(part).collect();
        assert_eq!(parts, expected);
        assert!(splitter.is_complete());
        assert_eq!(parts.iter().sum::<i64>(), payment.payment.fen());
    }

    #[test]
    fn the_running_share_is_rounded_and_each_case_gets_the_difference() {
        check(
            &hospital(3, 100, 0),
            &[(1, 0), (1, 0), (1, 0)],
            &[33, 34, 33],
        );
        check(
            &hospital(4, 2, 0),
            &[(1, 0), (1, 0), (1, 0), (1, 0)],
            &[1, 0, 1, 0],
        );
    }

    #[test]
    fn carrying_what_is_left_over_gives_the_share_of_all_cases_so_far() {
        let points: Vec<i64> = (1..200).map(|n| n * n * 7919 % 1_000_003).collect();
        let total: i64 = points.iter().sum();
        for gross in [1_234_567_890_123, -98_765_432_101, i64::MAX / 2, 7, 0] {
            let mut splitter = CaseSplitter::new(&hospital(total, gross, 0));
            let (mut points_so_far, mut paid_so_far) = (0, 0);
            for points in &points {
                points_so_far += i128::from(*points);
                let paid = splitter.next(Points::from_ten_thousandths(*points), Yuan::ZERO);
                paid_so_far += i128::from(paid.unwrap().fen());
                let exact = points_so_far * i128::from(gross);
                let share = divide(exact, i128::from(total), Rounding::HalfAwayFromZero);
                assert_eq!(paid_so_far, share.unwrap());
            }
        }
    }

    #[test]
    fn a_patient_who_paid_more_than_the_points_are_worth_makes_the_part_negative() {
        check(&hospital(2, 100, 130), &[(1, 120), (1, 10)], &[-70, 40]);
    }

    #[test]
    fn a_case_without_points_gets_nothing_but_its_own_deduction() {
        check(&hospital(2, 100, 5), &[(0, 5), (2, 0)], &[-5, 100]);
        check(&hospital(0, 0, 5), &[(0, 5), (0, 0)], &[-5, 0]);
    }

    #[test]
    fn cases_with_other_points_than_the_hospital_are_an_error() {
        let mut splitter = CaseSplitter::new(&hospital(2, 100, 0));
        let one = Points::from_ten_thousandths(1);
        assert!(splitter.next(one, Yuan::ZERO).is_ok());
        assert!(!splitter.is_complete());
        let too_many = Points::from_ten_thousandths(2);
        assert_eq!(
            splitter.next(too_many, Yuan::ZERO).unwrap_err().to_string(),
            "the cases of hospital H1 have other points than the hospital's total"
        );
        let negative = Points::from_ten_thousandths(-1);
        assert!(splitter.next(negative, Yuan::ZERO).is_err());
    }
}
