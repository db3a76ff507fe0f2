//! The columns `mcc` and `cc`: which severities a row takes.

use crate::rule::{Predicate, Rule};

/// A set of severities; a case has exactly one of them, since CC counts only without MCC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Levels(u8);

impl Levels {
    pub(super) const NO_LEVEL: Self = Self(0);
    const MCC: Self = Self(1);
    const CC: Self = Self(2);
    const NEITHER: Self = Self(4);
    const ALL: Self = Self(7);

    /// The severities that the two columns let in; `None` for what either does not ask.
    pub(super) fn of(mcc: Option<bool>, cc: Option<bool>) -> Self {
        let severities = [
            (Self::MCC, true, false),
            (Self::CC, false, true),
            (Self::NEITHER, false, false),
        ];
        severities
            .into_iter()
            .filter(|(_, has_mcc, _)| mcc.is_none_or(|mcc| mcc == *has_mcc))
            .filter(|(_, _, has_cc)| cc.is_none_or(|cc| cc == *has_cc))
            .fold(Self::NO_LEVEL, |all, (one, _, _)| all.and(one))
    }

    pub(super) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    const fn holds(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The shortest rule that takes these severities, and of the others only those that earlier
    /// rows have already `taken`.
    pub(super) fn rule(self, taken: Self) -> Rule {
        let all = [
            Self::ALL,
            Self::MCC,
            Self::MCC.and(Self::CC),
            Self::CC.and(Self::NEITHER),
            Self::NEITHER,
            Self::CC,
            Self::MCC.and(Self::NEITHER),
        ];
        let allowed = self.and(taken);
        let chosen = all
            .into_iter()
            .find(|levels| levels.holds(self) && allowed.holds(*levels));
        chosen.unwrap_or(Self::NO_LEVEL).exact()
    }

    fn exact(self) -> Rule {
        let mcc = || Rule::Is(Predicate::Mcc);
        let cc = || Rule::Is(Predicate::Cc);
        let not = |rule| Rule::Not(Box::new(rule));
        let (has_mcc, has_cc) = (self.holds(Self::MCC), self.holds(Self::CC));
        match (has_mcc, has_cc, self.holds(Self::NEITHER)) {
            (true, true, true) => Rule::True,
            (true, true, false) => Rule::Any(vec![mcc(), cc()]),
            (true, false, true) => Rule::Any(vec![mcc(), not(cc())]),
            (true, false, false) => mcc(),
            (false, true, true) => not(mcc()),
            (false, true, false) => Rule::All(vec![cc(), not(mcc())]),
            (false, false, true) => not(Rule::Any(vec![mcc(), cc()])),
            (false, false, false) => Rule::False,
        }
    }
}
