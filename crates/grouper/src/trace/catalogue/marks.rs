//! What the tests of a tie-break say of a row, on texts.

use super::{ProcedureStep, Walker};
use drgdip_tables::dip::tie_break::Test;
use drgdip_tables::dip::{DipRow, Expression, Layer, Treatment, TreatmentClass};
use std::collections::BTreeSet;

impl<'p> Walker<'_, 'p> {
    /// The distinct codes that a row names.
    fn named(&self, row: &'p DipRow) -> BTreeSet<&'p str> {
        let procedures = match &row.treatment {
            Treatment::Procedures(expression) => Some(expression),
            _ => None,
        };
        let all = procedures.into_iter().chain(&row.related);
        all.flat_map(Expression::codes).collect()
    }

    pub(super) fn names(&self, row: &'p DipRow, code: &str) -> bool {
        self.named(row)
            .iter()
            .any(|entry| self.matches(entry, code))
    }

    /// What a test says of a row; more is better, and nothing is less than anything.
    pub(super) fn mark(&self, test: Test, row: &'p DipRow) -> Option<i64> {
        let count = |count: usize| i64::try_from(count).ok();
        let group = self.group(row);
        match test {
            Test::MostRelated => {
                let related = row.related.iter().flat_map(Expression::codes);
                let related: BTreeSet<&str> = related.collect();
                let codes = self.related_codes();
                count(
                    related
                        .iter()
                        .filter(|entry| self.has(entry, &codes))
                        .count(),
                )
            }
            Test::MostJoined => {
                let joined = self.led(row).iter().map(|entries| entries.len() - 1).max();
                count(joined.unwrap_or(0))
            }
            Test::MostMatched => {
                let codes = self.codes(true);
                count(
                    self.named(row)
                        .iter()
                        .filter(|entry| self.has(entry, &codes))
                        .count(),
                )
            }
            Test::NamesMain => {
                let names = self.main().is_some_and(|code| self.names(row, code));
                Some(i64::from(names))
            }
            Test::NoSurplus => {
                let codes = self.codes(true);
                Some(i64::from(codes.iter().all(|code| self.names(row, code))))
            }
            Test::LongestKey => count(self.key(row).map_or(0, str::len)),
            Test::NearestMeanCost => match self.cost {
                None => Some(0),
                Some(cost) => {
                    let apart = group.mean_cost_fen.map(|mean| cost.abs_diff(mean));
                    apart.map(|apart| i64::try_from(apart).map_or(i64::MIN, |apart| -apart))
                }
            },
            Test::HighestWeight => group.ten_thousandths,
            Test::ClassOrder => {
                let order = &self.catalogue.tie_break.class_order;
                let place = order.iter().position(|sort| sort.takes(group, row.class));
                count(place.unwrap_or(order.len())).map(|place| -place)
            }
        }
    }

    /// The comprehensive surgery row in place of a core row that leaves a surgery unmatched.
    pub(super) fn instead(&self, row: &'p DipRow) -> Option<&'p DipRow> {
        let layer = self.group(row).layer;
        let is_core = matches!(layer, Layer::Merged | Layer::Auxiliary | Layer::Basic);
        if !is_core || !self.catalogue.tie_break.unmatched_surgery_to_comprehensive {
            return None;
        }
        let mut counted = self.walk.procedures.iter().filter(|step| step.counts());
        let is_left = |step: &ProcedureStep<'_>| {
            step.class == TreatmentClass::Surgery && !self.names(row, &step.code)
        };
        if !counted.any(is_left) || self.catalogue.step_of(Layer::Comprehensive).is_none() {
            return None;
        }
        self.catalogue.rows.iter().find(|row| {
            let is_surgery = row.class == Some(TreatmentClass::Surgery);
            let is_comprehensive = self.group(row).layer == Layer::Comprehensive;
            is_surgery && is_comprehensive && self.key(row).is_some() && self.condition_holds(row)
        })
    }
}
