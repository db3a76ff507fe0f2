use crate::exact::Exact;
use crate::measure::TrimCounts;

/// How many groups there are of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GroupCounts {
    /// Without a case.
    pub empty: u64,
    /// With too few cases.
    pub small: u64,
    /// Stable at once.
    pub stable: u64,
    /// Stable once they were trimmed again.
    pub stable_after_retrim: u64,
    /// Whose costs spread too far.
    pub unstable: u64,
    /// With a weight in the end.
    pub with_weight: u64,
}

/// The total weight, Σ N·weight, at every step; N counts each case as its year counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) calculated: Exact,
    pub(crate) adjusted: Exact,
    pub(crate) kept_factor: Exact,
    pub(crate) missed: Exact,
    pub(crate) before_changes: Exact,
    pub(crate) change_factor: Exact,
    pub(crate) after_changes: Exact,
}

/// What happened at every step, with counts and totals that add up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// What became of the cases.
    pub cases: TrimCounts,
    /// What became of the groups.
    pub groups: GroupCounts,
    /// Σ N: the used cases, each counting what its year counts.
    pub weighted_cases: Exact,
    /// Σ N·weight / Σ N of all calculated weights, exactly 1 for the average method with pooled
    /// years.
    pub mean_calculated: Exact,
    /// Σ N·calculated of the groups that have a weight.
    pub total_calculated: Exact,
    /// The same with replacements, smoothing and limits.
    pub total_adjusted: Exact,
    /// The factor that brought the total back, on all weights that no limit holds; 1 where nothing
    /// was to do.
    pub kept_factor: Exact,
    /// By how much the total is off where it was to be kept and the limits leave no room for it.
    pub total_missed: Exact,
    /// The total before manual changes.
    pub total_before_changes: Exact,
    /// The factor that made room for manual changes.
    pub change_factor: Exact,
    /// The total after manual changes, before rounding; equal to the one before them.
    pub total_after_changes: Exact,
    /// The total of the weights with four places.
    pub total_rounded: Exact,
    /// Σ N of the groups that have a weight.
    pub cases_with_weight: Exact,
}

impl Report {
    /// What rounding to four places added to the total weight.
    #[must_use]
    pub fn residual(&self) -> Exact {
        self.total_rounded.minus(&self.total_after_changes)
    }

    /// By how much the total is off that was to be kept; `None` where it is not.
    #[must_use]
    pub fn missed(&self) -> Option<&Exact> {
        Some(&self.total_missed).filter(|missed| **missed != Exact::zero())
    }

    /// The mean of the weights with four places over the cases whose group has one.
    #[must_use]
    pub fn mean_after_rounding(&self) -> Option<Exact> {
        self.total_rounded.over(&self.cases_with_weight)
    }
}
