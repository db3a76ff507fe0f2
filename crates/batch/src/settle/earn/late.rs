//! What is left of the points of a claim that came late.

use super::{Earned, Earning};
use drgdip_claims::Finding;
use drgdip_grouper::Outcome;
use drgdip_points::Error;
use drgdip_points::award::reduced;
use rust_decimal::Decimal;

impl<'e> Earning<'e> {
    /// What is left of what a case earned by the day or by its group.
    ///
    /// The case earns its points again with the factor in them, so that they are rounded once.
    pub(super) fn late(
        &self,
        mut earned: Earned<'e>,
        outcome: Outcome,
        say: &mut impl FnMut(Finding),
    ) -> Result<Earned<'e>, Error> {
        if !self.came_late() {
            return Ok(earned);
        }
        say(Finding::LateUpload);
        let again = Self {
            is_late: true,
            ..*self
        };
        let group = outcome.group().map(|group| group.0);
        if let Ok(left) = again.by_stay(outcome, group, &mut |_| ())? {
            earned.points = left.points;
            let normal = left.normal.unwrap_or(left.points);
            earned.normal = earned.normal.map(|_| normal);
        }
        Ok(earned)
    }

    /// What is left of the points that a unit states for a stay.
    pub(super) fn late_unit(
        &self,
        mut earned: Earned<'e>,
        say: &mut impl FnMut(Finding),
    ) -> Result<Earned<'e>, Error> {
        if self.came_late() {
            say(Finding::LateUpload);
            earned.points = reduced(earned.points, self.options.late_factor, self.rules())?;
        }
        Ok(earned)
    }

    fn came_late(&self) -> bool {
        let terms = self.options.stays.late_upload;
        terms
            .zip(self.stay.uploaded)
            .is_some_and(|(terms, uploaded)| {
                let days = i64::from(uploaded) - i64::from(self.discharged);
                terms.limit.holds(Decimal::from(days))
            })
    }
}
