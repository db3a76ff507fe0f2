//! What comes out for one group.

use crate::exact::Exact;
use crate::measure::{Kept, TrimCounts};
use crate::years::YearTotals;

/// Whether the costs of a group say what it costs (稳定病组).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stability {
    /// It has no case.
    Empty,
    /// It has too few cases.
    Small,
    /// It has enough cases, and their costs do not spread too far.
    Stable,
    /// As stable, once it was trimmed again (中间区段法).
    StableAfterRetrim,
    /// Its costs spread too far (非稳定病组).
    Unstable,
}

impl Stability {
    /// The word in outputs.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Small => "small",
            Self::Stable => "stable",
            Self::StableAfterRetrim => "stable_after_retrim",
            Self::Unstable => "unstable",
        }
    }

    /// Whether the group stands on its own cases.
    #[must_use]
    pub const fn is_stable(self) -> bool {
        matches!(self, Self::Stable | Self::StableAfterRetrim)
    }
}

/// Where a weight comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// The group's own cases.
    History,
    /// The mean cost that a table gives it.
    Quota,
    /// The weight that it had.
    Prior,
    /// All cases of its ADRG together.
    AdrgMean,
    /// People.
    Changed,
}

impl Origin {
    /// The word in outputs.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::History => "history",
            Self::Quota => "quota",
            Self::Prior => "prior",
            Self::AdrgMean => "mean_of_adrg",
            Self::Changed => "changed",
        }
    }
}

/// Why a weight is what it is, or is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The group has no case.
    NoCases,
    /// It has too few cases.
    TooFewCases,
    /// Its costs spread too far.
    SpreadsTooFar,
    /// It was trimmed again.
    TrimmedAgain,
    /// A prior weight was asked for, and it has none.
    NoPriorWeight,
    /// The mean of its ADRG was asked for, and that has no case either.
    NoAdrgMean,
    /// It was drawn towards the prior weight.
    Smoothed,
    /// Its fall was limited.
    FallLimited,
    /// Its rise was limited.
    RiseLimited,
    /// The weight is below what four places can hold.
    TooLittle,
}

impl Reason {
    /// The word in outputs.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoCases => "no_cases",
            Self::TooFewCases => "too_few_cases",
            Self::SpreadsTooFar => "spreads_too_far",
            Self::TrimmedAgain => "trimmed_again",
            Self::NoPriorWeight => "no_prior_weight",
            Self::NoAdrgMean => "no_adrg_mean",
            Self::Smoothed => "smoothed",
            Self::FallLimited => "fall_limited",
            Self::RiseLimited => "rise_limited",
            Self::TooLittle => "too_little",
        }
    }
}

/// What comes out for one group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupWeight {
    /// What became of its cases.
    pub counts: TrimCounts,
    /// The costs that are used; `None` without a case.
    pub kept: Option<Kept>,
    /// The cases that are used, by year.
    pub totals: YearTotals,
    /// The mean cost in fen, exact, the years weighed as the policy says.
    pub mean_fen: Option<Exact>,
    /// The coefficient of variation of the costs that are used, in ten-thousandths.
    pub cv: Option<i64>,
    /// Whether the group is stable.
    pub stability: Stability,
    /// Its mean cost in relation to the reference cost, before anything was adjusted.
    pub calculated: Option<Exact>,
    /// Its weight before rounding.
    pub exact: Option<Exact>,
    /// Its weight in ten-thousandths, a half rounded away from zero; `None` is no weight.
    pub weight: Option<i64>,
    /// Its base points (基准点数) in ten-thousandths: rounded weight × points per weight.
    pub base_points: Option<i64>,
    /// Where the weight comes from.
    pub origin: Option<Origin>,
    /// Why it is what it is, in the order of the steps.
    pub reasons: Vec<Reason>,
}
