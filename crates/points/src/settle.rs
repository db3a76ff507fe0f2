//! Each hospital's payment, split among its cases to the fen.

use crate::exact::{difference, divide, product, sum};
use crate::pool::{CaseSplit, HospitalPayment};
use crate::{Error, Points, Rounding};
use drgdip_claims::Yuan;

const WHAT: &str = "payment of a case";

/// Splits a hospital's payment among its cases, asked for one by one in `case_id` order.
///
/// A case gets the difference between the rounded running shares after and before it, of
/// `p × (F + U) / P`, without its own U in family C. So the parts add up to the payment exactly,
/// and each is within one fen of its exact share. A part may be below zero.
#[derive(Clone, Debug)]
pub struct CaseSplitter {
    hospital_id: String,
    gross: i128,
    points: i128,
    split: CaseSplit,
    points_so_far: i128,
    gross_so_far: i128,
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
            points_so_far: 0,
            gross_so_far: 0,
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
        let gross_so_far = if self.points == 0 {
            0
        } else {
            let exact = product(so_far, self.gross, WHAT)?;
            divide(exact, self.points, Rounding::HalfAwayFromZero)?
        };
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

    /// Whether the cases so far have all of the hospital's points, and so all of its payment.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.points_so_far == self.points
    }
}
