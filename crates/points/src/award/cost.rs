//! The cost of a case as it is compared with cut-offs.

use super::ONE;
use crate::classify::UNITS_PER_FEN;
use crate::exact::product;
use crate::{Error, Ratio};
use drgdip_claims::Yuan;
use drgdip_tables::policy::Reference;

pub(super) const CUT_OFF: &str = "cost at a cut-off";

/// A cost in the units of cut-offs.
pub(super) struct Cost {
    /// In `10^-12` yuan; where scaled, times a million.
    pub(super) units: i128,
    /// By what the reference cost is multiplied, in millionths.
    pub(super) reference_factor: i128,
}

impl Cost {
    /// A cost against the own reference cost of its group.
    pub(super) const fn of(total_cost: Yuan) -> Self {
        Self {
            // 63 bits of fen times 10^10 stay within 127 bits.
            units: (total_cost.fen() as i128).wrapping_mul(UNITS_PER_FEN),
            reference_factor: 1_000_000,
        }
    }

    /// The cost of a case against the reference that the rules name.
    pub(super) fn against(total_cost: Yuan, coefficient: Ratio, reference: Reference) -> Self {
        let mut cost = Self::of(total_cost);
        if reference.has_coefficient() {
            cost.reference_factor = i128::from(coefficient.millionths());
        }
        cost
    }

    /// The cost to be compared with cut-offs that were multiplied by the factor, and by the one of
    /// a subtype where there is one.
    pub(super) fn scaled(&self, measured_by: i128) -> Result<Self, Error> {
        let mut units = product(self.units, ONE, CUT_OFF)?;
        if measured_by != ONE {
            units = product(units, ONE, CUT_OFF)?;
        }
        Ok(Self {
            units,
            reference_factor: self.reference_factor,
        })
    }
}
