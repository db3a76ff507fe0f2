//! What there is to say about the codes of each row of a batch.

use drgdip_grouper::{CaseCode, CodeFaults, CodeRole, Resolved};

/// What there is to say about the codes of a row, or about one code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Marks(u8);

impl Marks {
    const CHANGED: u8 = 1;
    const UNKNOWN: u8 = 2;
    const GREY: u8 = 4;
    const NOT_IN_PLAN: u8 = 8;

    /// What there is to say about a code in any role.
    pub(super) fn of(resolved: &Resolved<'_>) -> Self {
        let bit = |is_set: bool, bit| if is_set { bit } else { 0 };
        let is_changed = resolved.repaired.is_some() || resolved.mapped.is_some();
        Self(
            bit(is_changed, Self::CHANGED)
                | bit(resolved.is_unknown, Self::UNKNOWN)
                | bit(resolved.grey.is_some(), Self::GREY)
                | Self::of_code(resolved.code).0,
        )
    }

    /// The same where the plan says nothing about codes but which stand in it.
    pub(super) fn of_code(code: CaseCode) -> Self {
        match code.is_in_plan() {
            true => Self::default(),
            false => Self(Self::NOT_IN_PLAN),
        }
    }

    /// The same for a role: only a principal diagnosis can be grey.
    pub(super) const fn of_role(self, role: CodeRole) -> Self {
        match role {
            CodeRole::Principal => self,
            _ => Self(self.0 & !Self::GREY),
        }
    }

    /// Whether there is anything at all to say.
    pub(crate) const fn are_any(self) -> bool {
        self.0 != 0
    }

    /// Whether some code has a finding by the plan's code settings.
    pub(crate) const fn are_notable(self) -> bool {
        self.0 & !Self::NOT_IN_PLAN != 0
    }

    /// What there is to say about either.
    pub(super) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) const fn faults(self) -> CodeFaults {
        CodeFaults {
            unknown_code: self.0 & Self::UNKNOWN != 0,
            grey_principal: self.0 & Self::GREY != 0,
        }
    }
}
