//! How far weights may move from the prior ones, and the factor that keeps the total nevertheless.

use crate::Exact;
use crate::adjust::Draft;
use crate::groups::Reason;
use drgdip_tables::policy::{TotalWeight, WeighTerms};
use rust_decimal::Decimal;

/// What bounding made of all weights.
pub(crate) struct Bounded {
    /// Σ N·weight with the limits alone.
    pub(crate) adjusted: Exact,
    /// The factor on the weights that no limit holds.
    pub(crate) factor: Exact,
}

/// Between which weights a group must stay.
#[derive(Default)]
struct Limits {
    least: Option<Exact>,
    most: Option<Exact>,
}

impl Limits {
    /// A group without a prior weight or without a weight has none.
    fn of(draft: &Draft, terms: &WeighTerms) -> Self {
        let Some(prior) = draft.prior.as_ref().filter(|_| draft.exact.is_some()) else {
            return Self::default();
        };
        let share = |share: Decimal| prior.times(&Exact::decimal(share));
        Self {
            least: terms.max_decrease.map(|down| prior.minus(&share(down))),
            most: terms.max_increase.map(|up| prior.plus(&share(up))),
        }
    }

    /// The limit that a weight breaks, with its reason.
    fn broken(&self, weight: &Exact) -> Option<(&Exact, Reason)> {
        let least = self.least.as_ref().filter(|least| weight < *least);
        let most = self.most.as_ref().filter(|most| weight > *most);
        let fall = least.map(|least| (least, Reason::FallLimited));
        fall.or(most.map(|most| (most, Reason::RiseLimited)))
    }
}

/// Holds each weight within its limits and, where the policy keeps the total, multiplies the
/// weights that no limit holds by the one factor that brings Σ N·weight back to `total`.
///
/// Where the limits leave no room for the total, each weight stands at the limit that is nearest
/// to it, and one without a limit stays as it is. Source: policies/weigh.md, the fine print.
pub(crate) fn bound(drafts: &mut [Draft], total: &Exact, terms: &WeighTerms) -> Bounded {
    let limits: Vec<Limits> = drafts.iter().map(|d| Limits::of(d, terms)).collect();
    let mut bounds = Bounds::new(drafts, &limits);
    let adjusted = bounds.total_at(&Exact::whole(1));
    let factor = match terms.total {
        TotalWeight::Kept => bounds.factor(total, &adjusted),
        TotalWeight::Open => Exact::whole(1),
    };
    let ends: Vec<_> = (0..drafts.len())
        .map(|index| bounds.end(index, &factor))
        .collect();
    for (draft, end) in drafts.iter_mut().zip(ends) {
        let Some((weight, reason)) = end else {
            continue;
        };
        draft.exact = Some(weight);
        draft.reasons.extend(reason);
    }
    Bounded { adjusted, factor }
}

/// The weights with their limits; some are held at one.
struct Bounds<'b> {
    drafts: &'b [Draft],
    limits: &'b [Limits],
    held: Vec<Option<(Exact, Reason)>>,
}

impl<'b> Bounds<'b> {
    fn new(drafts: &'b [Draft], limits: &'b [Limits]) -> Self {
        Self {
            drafts,
            limits,
            held: vec![None; drafts.len()],
        }
    }

    /// A weight multiplied by the factor, or the limit that holds it.
    fn end(&self, index: usize, factor: &Exact) -> Option<(Exact, Option<Reason>)> {
        let weight = self.drafts[index].exact.as_ref()?;
        if let Some((limit, reason)) = &self.held[index] {
            return Some((limit.clone(), Some(*reason)));
        }
        let weight = weight.times(factor);
        Some(match self.limits[index].broken(&weight) {
            Some((limit, reason)) => (limit.clone(), Some(reason)),
            None => (weight, None),
        })
    }

    /// Σ N·weight with a factor.
    fn total_at(&self, factor: &Exact) -> Exact {
        let each = (0..self.drafts.len()).filter_map(|index| {
            let (weight, _) = self.end(index, factor)?;
            Some(weight.times(&self.drafts[index].cases))
        });
        Exact::total(&each.collect::<Vec<_>>())
    }

    /// The factor with which Σ N·weight is `total`; 1 where there is none.
    ///
    /// Each round multiplies what is not held so that the total is met. Where that breaks limits,
    /// the total within them says on which side the right factor lies: if it is above, every weight
    /// below its limit stays there, for the factor can only be smaller. So each round holds at
    /// least one more weight for good.
    fn factor(&mut self, total: &Exact, adjusted: &Exact) -> Exact {
        let one = || Exact::whole(1);
        if !adjusted.is_positive() {
            return one();
        }
        loop {
            let Some(factor) = self.needed(total) else {
                return one();
            };
            let within = self.total_at(&factor);
            if within == *total {
                return if factor.is_positive() { factor } else { one() };
            }
            let side = if within > *total {
                Reason::FallLimited
            } else {
                Reason::RiseLimited
            };
            if !self.hold(&factor, side) {
                return one();
            }
        }
    }

    /// What the weights that are not held must be multiplied by; `None` where none of them counts.
    fn needed(&self, total: &Exact) -> Option<Exact> {
        let (mut free, mut held) = (Vec::new(), Vec::new());
        for (draft, limit) in self.drafts.iter().zip(&self.held) {
            match limit {
                None => free.extend(draft.points()),
                Some((limit, _)) => held.push(limit.times(&draft.cases)),
            }
        }
        total.minus(&Exact::total(&held)).over(&Exact::total(&free))
    }

    /// Holds what breaks its limit on this side; false where nothing does.
    fn hold(&mut self, factor: &Exact, side: Reason) -> bool {
        let mut has_held = false;
        for index in 0..self.drafts.len() {
            let Some(weight) = &self.drafts[index].exact else {
                continue;
            };
            if self.held[index].is_some() {
                continue;
            }
            let weight = weight.times(factor);
            let broken = self.limits[index].broken(&weight);
            if let Some((limit, reason)) = broken.filter(|(_, reason)| *reason == side) {
                self.held[index] = Some((limit.clone(), reason));
                has_held = true;
            }
        }
        has_held
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adjust::total_of;
    use crate::testing::{decimal, terms};
    use proptest::prelude::*;

    fn draft(cases: u32, hundredths: i64, prior: Option<i64>) -> Draft {
        let weight = |hundredths| Exact::decimal(Decimal::new(hundredths, 2));
        Draft {
            cases: Exact::whole(cases),
            calculated: Some(weight(hundredths)),
            adrg_mean: None,
            prior: prior.map(weight),
            exact: Some(weight(hundredths)),
            origin: None,
            reasons: Vec::new(),
        }
    }

    fn some_drafts() -> impl Strategy<Value = Vec<Draft>> {
        let one = (
            0_u32..5,
            1_i64..400,
            proptest::option::weighted(0.8, 1_i64..400),
        );
        let one = one.prop_map(|(cases, weight, prior)| draft(cases, weight, prior));
        proptest::collection::vec(one, 1..8)
    }

    proptest! {
        /// Weights stay within their limits, and the total is met wherever they allow it.
        #[test]
        fn the_total_is_kept_within_the_limits(
            mut drafts in some_drafts(),
            total in 1_i64..3_000,
            (fall, rise) in (
                proptest::option::of(0_i64..100),
                proptest::option::of(0_i64..100),
            ),
        ) {
            let share = |hundredths| Decimal::new(hundredths, 2);
            let terms = WeighTerms {
                max_decrease: fall.map(share),
                max_increase: rise.map(share),
                total: TotalWeight::Kept,
                ..terms()
            };
            let total = Exact::decimal(share(total));
            let before = drafts.clone();
            let factor = bound(&mut drafts, &total, &terms).factor;
            let reached = total_of(&drafts, Draft::points);
            let limits: Vec<Limits> = drafts.iter().map(|d| Limits::of(d, &terms)).collect();
            for ((draft, limits), before) in drafts.iter().zip(&limits).zip(&before) {
                let weight = draft.exact.as_ref().expect("all have a weight");
                prop_assert!(limits.broken(weight).is_none());
                let own = before.exact.as_ref().expect("all have a weight").times(&factor);
                prop_assert!(!draft.reasons.is_empty() || *weight == own);
            }
            if reached != total {
                let counts = |draft: &Draft| draft.cases.is_positive();
                for (draft, limits) in drafts.iter().zip(&limits).filter(|(d, _)| counts(d)) {
                    let end = if reached > total { &limits.least } else { &limits.most };
                    // Only where it would be pressed to nothing, a weight without a limit stays.
                    let is_free = reached > total && end.is_none();
                    prop_assert!(is_free || draft.exact == *end);
                }
            }
        }
    }

    #[test]
    fn a_policy_that_leaves_the_total_open_only_limits() {
        let terms = WeighTerms {
            max_decrease: Some(decimal("0.1")),
            ..terms()
        };
        let mut drafts = [draft(1, 20, Some(100)), draft(1, 180, Some(100))];
        let bounded = bound(&mut drafts, &Exact::whole(2), &terms);
        assert_eq!(bounded.factor, Exact::whole(1));
        assert_eq!(bounded.adjusted.shown(2), "2.70");
        assert_eq!(drafts[0].exact, Some(Exact::decimal(decimal("0.9"))));
        assert_eq!(drafts[0].reasons, [Reason::FallLimited]);
        assert!(drafts[1].reasons.is_empty());
    }
}
