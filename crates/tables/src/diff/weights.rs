//! Weights.

use super::content::Pair;
use crate::plan::GroupingPlan;
use serde::Serialize;
use std::collections::BTreeMap;

/// The weight of a group of one plan only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GroupWeight {
    /// The group.
    pub group: String,
    /// The weight in ten-thousandths.
    pub ten_thousandths: i64,
}

/// A group with another weight.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WeightChange {
    /// The group.
    pub group: String,
    /// The weight in the first plan, in ten-thousandths.
    pub before: i64,
    /// The weight in the second plan, in ten-thousandths.
    pub after: i64,
}

/// How the weights differ, by group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct WeightChanges {
    /// Weights of the second plan only.
    pub added: Vec<GroupWeight>,
    /// Weights of the first plan only.
    pub removed: Vec<GroupWeight>,
    /// Weights that differ.
    pub changed: Vec<WeightChange>,
}

impl WeightChanges {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }
}

pub(super) fn changes(pair: &Pair<'_>) -> WeightChanges {
    let (before, after) = (by_group(pair.before.plan), by_group(pair.after.plan));
    let only = |one: &BTreeMap<&str, i64>, other: &BTreeMap<&str, i64>| {
        let only = one.iter().filter(|(group, _)| !other.contains_key(**group));
        only.map(|(group, weight)| GroupWeight {
            group: (*group).to_owned(),
            ten_thousandths: *weight,
        })
        .collect()
    };
    let both = before
        .iter()
        .filter_map(|(group, before)| Some((*group, *before, *after.get(group)?)));
    let changed = both.filter(|(_, before, after)| before != after);
    WeightChanges {
        added: only(&after, &before),
        removed: only(&before, &after),
        changed: changed
            .map(|(group, before, after)| WeightChange {
                group: group.to_owned(),
                before,
                after,
            })
            .collect(),
    }
}

fn by_group(plan: &GroupingPlan) -> BTreeMap<&str, i64> {
    let weights = plan.weights.iter();
    weights
        .map(|weight| (weight.group.as_str(), weight.ten_thousandths))
        .collect()
}
