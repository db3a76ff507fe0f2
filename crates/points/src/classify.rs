//! The class of a case: normal, low-cost or high-cost.

use std::fmt;

/// The class of a case by its cost against the reference cost of its group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CaseClass {
    /// 正常病例.
    Normal,
    /// 低倍率病例.
    Low,
    /// 高倍率病例.
    High,
}

impl CaseClass {
    /// As written in outputs.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Low => "low",
            Self::High => "high",
        }
    }
}

impl fmt::Display for CaseClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A cut-off as a multiple of the reference cost, ready for comparing without dividing.
///
/// The reference cost RW × M is held in millionths of a yuan and the multiple in millionths, so
/// their product is in units of `10^-12` yuan, of which one fen has `10^10`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CutOff {
    /// The cost at the cut-off, in `10^-12` yuan.
    pub(crate) at: i128,
    /// Whether a cost exactly at the cut-off is beyond it.
    pub(crate) includes_equal: bool,
}

/// How many `10^-12` yuan one fen has.
pub(crate) const UNITS_PER_FEN: i128 = 10_000_000_000;

impl CutOff {
    /// Whether a cost in `10^-12` yuan is on the low side.
    pub(crate) const fn is_below(self, cost: i128) -> bool {
        cost < self.at || (self.includes_equal && cost == self.at)
    }

    /// Whether a cost in `10^-12` yuan is on the high side.
    pub(crate) const fn is_above(self, cost: i128) -> bool {
        cost > self.at || (self.includes_equal && cost == self.at)
    }
}
