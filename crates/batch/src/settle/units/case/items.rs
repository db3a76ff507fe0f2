//! The items that a claim lists: which unit pays each, and the cost that is left for the group.

use super::technology::technologies;
use super::{NEGOTIATED, UnitNote};
use crate::settle::units::columns::UnitFacts;
use drgdip_claims::Yuan;
use drgdip_points::Error;
use drgdip_points::units::negotiated::{CodedItem, cost_without};
use drgdip_points::units::new_technology::{Assigned, assign};
use drgdip_tables::policy::{NegotiatedTerms, Precedence, TechnologyRegistry};
use jiff::civil::Date;

/// The items of a claim with what is asked about them.
#[derive(Clone, Copy)]
pub(in crate::settle::units) struct Listed<'c> {
    pub(in crate::settle::units) facts: &'c UnitFacts,
    pub(in crate::settle::units) registry: &'c TechnologyRegistry,
    /// What the policy says of negotiated drugs.
    pub(in crate::settle::units) terms: Option<&'c NegotiatedTerms>,
    /// The day on which windows must be open and entries of the registry valid.
    pub(in crate::settle::units) day: Date,
}

impl<'c> Listed<'c> {
    /// Gives each item to its unit, beside the cost without negotiated drugs; `None` where the
    /// claim cannot be right.
    ///
    /// Settling a case and counting history ask here, so that what weights see of a cost is what
    /// they pay.
    ///
    /// # Errors
    /// Numbers that do not fit.
    pub(in crate::settle::units) fn divided(
        &self,
        total: Yuan,
        notes: &mut Vec<UnitNote>,
    ) -> Result<Option<(Assigned<'c>, Yuan)>, Error> {
        if self.facts.is_unusable {
            return Ok(None);
        }
        let technologies = technologies(self, notes);
        let drugs = self.drugs(notes);
        let precedence = self.terms.map(|terms| terms.precedence);
        let precedence = precedence.unwrap_or(Precedence::NegotiatedDrugs);
        let assigned = assign(&drugs, technologies, precedence);
        if !is_within(total, &assigned) {
            return Ok(None);
        }
        let cost = cost_without(total, &assigned.negotiated)?;
        Ok(Some((assigned, cost)))
    }

    /// The negotiated drugs whose window is open; others are noted and stay in the cost.
    fn drugs(&self, notes: &mut Vec<UnitNote>) -> Vec<CodedItem> {
        let Some(terms) = self.terms else {
            return Vec::new();
        };
        let mut open = Vec::new();
        for drug in &self.facts.negotiated {
            let found = terms.drugs.get(&drug.code);
            let is_open =
                found.is_some_and(|found| found.listed <= self.day && self.day <= found.last_day);
            if is_open {
                open.push(drug.clone());
                continue;
            }
            let window = found.map_or_else(
                || "政策当日无此药的单列期 the policy has no open window for it".to_owned(),
                |found| format!("{} – {}", found.listed, found.last_day),
            );
            notes.push(UnitNote {
                cost: Some(drug.cost),
                how: format!("{window}; 费用计入病例 its cost stays in the case"),
                ..UnitNote::new(NEGOTIATED, &drug.code, "window_closed")
            });
        }
        open
    }
}

/// Whether the items together cost at most what the case cost.
fn is_within(total: Yuan, assigned: &Assigned<'_>) -> bool {
    let drugs = assigned.negotiated.iter();
    let others = assigned.technologies.iter().flat_map(|used| &used.items);
    let sum = Yuan::total(drugs.chain(others).map(|item| item.cost));
    sum.is_ok_and(|sum| sum <= total)
}
