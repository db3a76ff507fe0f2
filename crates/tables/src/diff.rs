//! What one plan says otherwise than another, by meaning: lists by their codes and not by their
//! names, exclusion tables by their members and not by their numbers.

mod codes;
mod content;
mod rows;
mod rules;
mod settings;
mod severity;
#[cfg(test)]
mod tests;
mod weights;

use crate::plan::GroupingPlan;
use content::Pair;
use serde::Serialize;

pub use codes::CodeMove;
pub use rows::{Moved, Named, Renamed, Reordered, RowChanges, Split, SplitGroup};
pub use rules::{ListChange, RowName, RuleChange};
pub use settings::SettingChange;
pub(crate) use settings::changes as settings_changes;
pub use severity::{ExclusionChange, LevelChange, SeverityChanges, SeverityName};
pub use weights::{GroupWeight, WeightChange, WeightChanges};

/// The kind of row that a change is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RowKind {
    /// A MDC with its gate.
    Mdc,
    /// An ADRG.
    Adrg,
    /// A group.
    Group,
}

/// The id and the title of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlanName {
    /// Such as `chs-drg-1.1`.
    pub id: String,
    /// The title for people.
    pub title: String,
}

/// All differences between two plans; empty lists where they agree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlanDiff {
    /// The first plan.
    pub before: PlanName,
    /// The second plan.
    pub after: PlanName,
    /// Settings and checks.
    pub settings: Vec<SettingChange>,
    /// The MDCs, in the order of the second plan.
    pub mdcs: RowChanges,
    /// The ADRGs.
    pub adrgs: RowChanges,
    /// The groups.
    pub groups: RowChanges,
    /// ADRGs of both plans that have other groups.
    pub splits: Vec<Split>,
    /// Rules that ask something else, not only for other codes.
    pub rules: Vec<RuleChange>,
    /// Lists with other codes, for rules that otherwise ask the same.
    pub lists: Vec<ListChange>,
    /// Codes that left the lists of some MDCs or ADRGs and entered those of others.
    pub moves: Vec<CodeMove>,
    /// MCC and CC with what excludes them.
    pub severity: SeverityChanges,
    /// Weights.
    pub weights: WeightChanges,
}

impl PlanDiff {
    /// Whether the plans say the same.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.settings.is_empty()
            && [&self.mdcs, &self.adrgs, &self.groups]
                .iter()
                .all(|changes| changes.is_empty())
            && self.splits.is_empty()
            && self.rules.is_empty()
            && self.lists.is_empty()
            && self.moves.is_empty()
            && self.severity.is_empty()
            && self.weights.is_empty()
    }
}

/// Compares two plans.
#[must_use]
pub fn diff(before: &GroupingPlan, after: &GroupingPlan) -> PlanDiff {
    let name = |plan: &GroupingPlan| PlanName {
        id: plan.id.clone(),
        title: plan.title.clone(),
    };
    let pair = Pair::new(before, after);
    let (rules, lists) = rules::changes(&pair);
    PlanDiff {
        before: name(before),
        after: name(after),
        settings: settings::changes(&before.settings, &after.settings),
        mdcs: rows::mdcs(&pair),
        adrgs: rows::adrgs(&pair),
        groups: rows::groups(&pair),
        splits: rows::splits(&pair),
        rules,
        lists,
        moves: codes::moves(&pair),
        severity: severity::changes(&pair),
        weights: weights::changes(&pair),
    }
}
