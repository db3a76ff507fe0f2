//! What add-on points of new technologies do to a case whose group has a weight.

use super::{Earned, Earning};
use crate::settle::cases::SettledClass;
use crate::settle::units::Change;
use drgdip_claims::Yuan;
use drgdip_points::award::{GroupPrice, reduced};
use drgdip_points::classify::CaseClass;
use drgdip_points::units::new_technology::award_seen;
use drgdip_points::{Points, Ratio};

impl<'e> Earning<'e> {
    /// What a case with technologies earns, by what it would earn without their add-ons.
    ///
    /// Only what a high case earns above the standard could pay what add-ons pay, so of other cases
    /// the whole cost is seen.
    pub(super) fn added(
        &self,
        priced: (&'e GroupPrice, Yuan, Ratio),
        (whole, change): (Earned<'e>, &Change),
        group: Option<u16>,
    ) -> Result<Earned<'e>, drgdip_points::Error> {
        let mut earned = whole;
        let mut seen = self.cost;
        if whole.class == SettledClass::Priced(CaseClass::High) {
            seen = change.seen;
            let awarded = award_seen(priced.0, priced.2, seen, self.rules())?;
            earned = self.own(priced, (awarded, Some(change)), group)?;
        }
        let extra = match change.settled.get().filter(|_| self.is_late) {
            // The points on top are on record, and a late claim keeps its factor of them too.
            Some((_, extra)) => reduced(extra, self.options.late_factor, &self.pricing.rules)?,
            None => change.effect.extra_above(earned.points, whole.points)?,
        };
        earned.add(extra)?;
        earned.seen_cost = Some(seen);
        if !self.is_late {
            change.settled.set(Some((seen, extra)));
        }
        Ok(earned)
    }
}

impl Earned<'_> {
    /// Adds points that come on top whatever the class is.
    fn add(&mut self, extra: Points) -> Result<(), drgdip_points::Error> {
        self.points = self.points.plus(extra)?;
        let normal = self.normal.map(|normal| normal.plus(extra));
        self.normal = normal.transpose()?;
        Ok(())
    }
}
