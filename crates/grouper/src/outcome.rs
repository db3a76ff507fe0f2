/// A group of a compiled plan: an index into the grouper's table of groups.
///
/// An ADRG that stands for itself because none of its groups matched has an index of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupIndex(pub u16);

/// What a case's other diagnoses amount to after exclusions; an MCC outranks a CC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Neither.
    None,
    /// 一般并发症或合并症.
    Cc,
    /// 严重并发症或合并症.
    Mcc,
}

impl Severity {
    /// As written in outputs.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Cc => "cc",
            Self::Mcc => "mcc",
        }
    }
}

/// Why a case is invalid, in order of precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InvalidReason {
    /// Sex absent or neither 1 nor 2.
    SexMissing,
    /// Age in years absent.
    AgeMissing,
    /// Age in years 0 and age in days absent.
    AgeDaysMissing,
    /// A newborn without birth weight.
    BirthWeightMissing,
    /// No principal diagnosis, where the plan asks for one.
    PrincipalMissing,
    /// A code outside the code set, where the plan takes no such case.
    UnknownCode,
    /// A principal diagnosis that cannot be one (灰码).
    GreyPrincipal,
    /// No plan to group by: the region or the discharge date is missing.
    NoPlan,
}

/// Why a valid case has no group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UngroupedReason {
    /// No MDC takes the case.
    NoMdc,
    /// A MDC takes the case, but none of its ADRGs does.
    NoAdrg,
    /// An ADRG takes the case, but none of its groups does.
    NoDrg,
    /// No key of the DIP catalogue takes the principal diagnosis.
    NoKey,
    /// Groups of the DIP catalogue take the principal diagnosis, but none its treatment.
    NoTreatment,
}

/// Why a case is left out of grouping.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExcludedReason {
    /// 排除诊断: the plan takes no case with this principal diagnosis.
    Principal,
}

/// What becomes of a case: exactly one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The case has a group by one of the plan's group rows.
    Grouped(GroupIndex),
    /// The ADRG matched, none of its groups did, and the plan lets the ADRG stand for itself.
    GroupedByAdrg(GroupIndex),
    /// 歧义病案 (QY): a valid operation that fits nowhere in the MDC of the principal diagnosis.
    Ambiguous(GroupIndex),
    /// 无法入组: valid, but no rule matched.
    Ungrouped(UngroupedReason),
    /// The plan leaves such cases out.
    Excluded(ExcludedReason),
    /// Facts that grouping needs are missing or cannot be.
    Invalid(InvalidReason),
}

/// An outcome without its group, for those who name groups by their codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OutcomeKind {
    /// As [`Outcome::Grouped`].
    Grouped,
    /// As [`Outcome::GroupedByAdrg`].
    GroupedByAdrg,
    /// As [`Outcome::Ambiguous`].
    Ambiguous,
    /// As [`Outcome::Ungrouped`].
    Ungrouped(UngroupedReason),
    /// As [`Outcome::Excluded`].
    Excluded(ExcludedReason),
    /// As [`Outcome::Invalid`].
    Invalid(InvalidReason),
}

impl OutcomeKind {
    /// The status as written in outputs.
    #[must_use]
    pub const fn status(self) -> &'static str {
        match self {
            Self::Grouped | Self::GroupedByAdrg => "grouped",
            Self::Ambiguous => "ambiguous",
            Self::Ungrouped(_) => "ungrouped",
            Self::Excluded(_) => "excluded",
            Self::Invalid(_) => "invalid",
        }
    }

    /// The stable reason code as written in outputs.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Grouped => "group_rule",
            Self::GroupedByAdrg => "adrg_without_matching_group",
            Self::Ambiguous => "valid_procedure_outside_mdc",
            Self::Ungrouped(UngroupedReason::NoMdc) => "no_mdc",
            Self::Ungrouped(UngroupedReason::NoAdrg) => "no_adrg",
            Self::Ungrouped(UngroupedReason::NoDrg) => "no_drg",
            Self::Ungrouped(UngroupedReason::NoKey) => "no_key",
            Self::Ungrouped(UngroupedReason::NoTreatment) => "no_treatment",
            Self::Excluded(ExcludedReason::Principal) => "excluded_principal",
            Self::Invalid(InvalidReason::SexMissing) => "sex_missing",
            Self::Invalid(InvalidReason::AgeMissing) => "age_missing",
            Self::Invalid(InvalidReason::AgeDaysMissing) => "age_days_missing",
            Self::Invalid(InvalidReason::BirthWeightMissing) => "birth_weight_missing",
            Self::Invalid(InvalidReason::PrincipalMissing) => "principal_missing",
            Self::Invalid(InvalidReason::UnknownCode) => "unknown_code",
            Self::Invalid(InvalidReason::GreyPrincipal) => "grey_principal",
            Self::Invalid(InvalidReason::NoPlan) => "no_plan",
        }
    }
}

impl Outcome {
    /// The outcome without its group.
    #[must_use]
    pub const fn kind(self) -> OutcomeKind {
        match self {
            Self::Grouped(_) => OutcomeKind::Grouped,
            Self::GroupedByAdrg(_) => OutcomeKind::GroupedByAdrg,
            Self::Ambiguous(_) => OutcomeKind::Ambiguous,
            Self::Ungrouped(reason) => OutcomeKind::Ungrouped(reason),
            Self::Excluded(reason) => OutcomeKind::Excluded(reason),
            Self::Invalid(reason) => OutcomeKind::Invalid(reason),
        }
    }

    /// The status as written in outputs.
    #[must_use]
    pub const fn status(self) -> &'static str {
        self.kind().status()
    }

    /// The stable reason code as written in outputs.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        self.kind().reason()
    }

    /// The same outcome where the groups of other plans are numbered before those of this one.
    ///
    /// # Panics
    /// When the number of the group does not fit.
    #[must_use]
    pub fn with_groups_from(self, first: u16) -> Self {
        let shifted = |GroupIndex(group)| {
            let sum = group.checked_add(first);
            GroupIndex(sum.expect("the groups of all plans are numbered with 16 bits"))
        };
        match self {
            Self::Grouped(group) => Self::Grouped(shifted(group)),
            Self::GroupedByAdrg(group) => Self::GroupedByAdrg(shifted(group)),
            Self::Ambiguous(group) => Self::Ambiguous(shifted(group)),
            Self::Ungrouped(_) | Self::Excluded(_) | Self::Invalid(_) => self,
        }
    }

    /// The group, for cases that have one.
    #[must_use]
    pub const fn group(self) -> Option<GroupIndex> {
        match self {
            Self::Grouped(g) | Self::GroupedByAdrg(g) | Self::Ambiguous(g) => Some(g),
            Self::Ungrouped(_) | Self::Excluded(_) | Self::Invalid(_) => None,
        }
    }
}

/// The result of grouping one case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Grouping {
    /// What becomes of the case.
    pub outcome: Outcome,
    /// The severity of its other diagnoses, a fact about the case whatever its outcome.
    pub severity: Severity,
}
