//! From calculated weights to those that hold: replacements, prior weights, the total, people.

use crate::groups::{Origin, Reason};
use crate::history::Change;
use crate::limits;
use crate::report::Totals;
use crate::{Error, Exact};
use drgdip_tables::policy::{ChangesBorneBy, Instead, TotalWeight, WeighTerms};
use rust_decimal::Decimal;
use std::collections::HashMap;

/// The weight of one group while it is adjusted.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    /// Σ w·N of its cases.
    pub(crate) cases: Exact,
    /// From its own cases or its quota.
    pub(crate) calculated: Option<Exact>,
    /// What the cases of its ADRG together would give.
    pub(crate) adrg_mean: Option<Exact>,
    /// The weight that it had.
    pub(crate) prior: Option<Exact>,
    pub(crate) exact: Option<Exact>,
    pub(crate) origin: Option<Origin>,
    pub(crate) reasons: Vec<Reason>,
}

impl Draft {
    /// The weight that the policy wants instead of its own.
    pub(crate) fn replace(&mut self, instead: Instead) {
        let (exact, origin, missing) = match instead {
            Instead::Own => (self.calculated.clone(), Origin::History, None),
            Instead::Without => (None, Origin::History, None),
            Instead::Prior => (
                self.prior.clone(),
                Origin::Prior,
                Some(Reason::NoPriorWeight),
            ),
            Instead::AdrgMean => {
                let mean = self.adrg_mean.clone();
                (mean, Origin::AdrgMean, Some(Reason::NoAdrgMean))
            }
        };
        if exact.is_none() {
            self.reasons.extend(missing);
        }
        self.origin = exact.is_some().then_some(origin);
        self.exact = exact;
    }

    /// Draws the weight towards the prior one.
    ///
    /// Source: policies/weigh.md, `weigh.smoothing`.
    fn smooth(&mut self, terms: &WeighTerms) {
        let (Some(exact), Some(prior)) = (&self.exact, &self.prior) else {
            return;
        };
        if self.origin == Some(Origin::Prior) {
            return;
        }
        if let Some(share) = terms.smoothing {
            let new = Exact::decimal(share);
            let old = Exact::whole(1).minus(&new);
            self.exact = Some(exact.times(&new).plus(&prior.times(&old)));
            self.reasons.push(Reason::Smoothed);
        }
    }

    pub(crate) fn points(&self) -> Option<Exact> {
        self.exact.as_ref().map(|weight| weight.times(&self.cases))
    }
}

/// Adjusts all weights, in the order: prior weights, the total, people.
pub(crate) fn adjust(
    drafts: &mut [Draft],
    changes: &[Change],
    terms: &WeighTerms,
    codes: &dyn Fn(u16) -> String,
) -> Result<Totals, Error> {
    let calculated = total_of(drafts, |draft| {
        draft.exact.as_ref()?;
        Some(draft.calculated.as_ref()?.times(&draft.cases))
    });
    for draft in drafts.iter_mut() {
        draft.smooth(terms);
    }
    let bounded = limits::bound(drafts, &calculated, terms);
    let missed = match terms.total {
        TotalWeight::Kept => total_of(drafts, Draft::points).minus(&calculated),
        TotalWeight::Open => Exact::whole(0),
    };
    let changed = change(drafts, changes, terms, codes)?;
    Ok(Totals {
        calculated,
        adjusted: bounded.adjusted,
        kept_factor: bounded.factor,
        missed,
        before_changes: changed.before,
        change_factor: changed.factor,
        after_changes: total_of(drafts, Draft::points),
    })
}

pub(crate) fn total_of(drafts: &[Draft], part: impl Fn(&Draft) -> Option<Exact>) -> Exact {
    let parts: Vec<Exact> = drafts.iter().filter_map(part).collect();
    Exact::total(&parts)
}

fn rescale(drafts: &mut [Draft], factor: &Exact, is_meant: impl Fn(usize) -> bool) {
    for (index, draft) in drafts.iter_mut().enumerate() {
        if is_meant(index)
            && let Some(exact) = &draft.exact
        {
            draft.exact = Some(exact.times(factor));
        }
    }
}

struct Changed {
    before: Exact,
    factor: Exact,
}

/// Puts manual changes in place and rescales, so that Σ N·weight stays what it was.
///
/// A group that had no weight counts before the change as what its cases say. With `all`, the
/// changed weights are rescaled too, RW′ = (RW + δ)·ΣN·RW / ΣN·(RW + δ); with `others` they stay
/// as stated, and the factor is (T − ΣN·changed) / ΣN·others.
///
/// Source: `dip-3.0-draft` (原则上保持总分值不变); policies/weigh.md, `weigh.changes`.
fn change(
    drafts: &mut [Draft],
    changes: &[Change],
    terms: &WeighTerms,
    codes: &dyn Fn(u16) -> String,
) -> Result<Changed, Error> {
    let mut stated = HashMap::new();
    for change in changes {
        let weight = ten_thousandths(change.ten_thousandths);
        if stated.insert(usize::from(change.group), weight).is_some() {
            return Err(Error::ChangedTwice(codes(change.group)));
        }
    }
    for index in stated.keys() {
        let draft = &mut drafts[*index];
        draft.exact = draft.exact.take().or_else(|| draft.calculated.clone());
    }
    let before = total_of(drafts, Draft::points);
    let one = Exact::whole(1);
    if stated.is_empty() {
        return Ok(Changed {
            before,
            factor: one,
        });
    }
    for (index, weight) in &stated {
        drafts[*index].exact = Some(weight.clone());
        drafts[*index].origin = Some(Origin::Changed);
    }
    let is_meant = |index: usize| match terms.changes {
        ChangesBorneBy::All => true,
        ChangesBorneBy::Others => !stated.contains_key(&index),
    };
    let meant: Vec<Exact> = (0..)
        .zip(drafts.iter())
        .filter(|(index, _)| is_meant(*index))
        .filter_map(|(_, draft)| draft.points())
        .collect();
    let meant = Exact::total(&meant);
    let fixed = total_of(drafts, Draft::points).minus(&meant);
    let factor = before.minus(&fixed).over(&meant);
    let factor = factor.filter(Exact::is_positive);
    let factor = factor.ok_or(Error::ChangesTakeAll)?;
    rescale(drafts, &factor, is_meant);
    Ok(Changed { before, factor })
}

/// A number of ten-thousandths as a fraction.
pub(crate) fn ten_thousandths(value: i64) -> Exact {
    Exact::decimal(Decimal::new(value, 4))
}
