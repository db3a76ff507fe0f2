//! The rule language of grouping plans: one-line boolean expressions over a closed set of predicates.

use drgdip_claims::Sex;

/// The index of a code list of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListId(pub u32);

/// A parsed rule. `Default` is never true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Always true.
    True,
    /// Never true.
    False,
    /// True when the inner rule is not.
    Not(Box<Rule>),
    /// True when all are; written `a and b`.
    All(Vec<Rule>),
    /// True when one is; written `a or b`.
    Any(Vec<Rule>),
    /// One fact about the case.
    Is(Predicate),
}

/// Which codes of a case a list is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// The principal diagnosis.
    Principal,
    /// The principal or at least one other diagnosis.
    AnyDx,
    /// At least one other diagnosis.
    OtherDx,
    /// The main procedure.
    MainOp,
    /// The main or at least one other procedure.
    AnyOp,
    /// At least one procedure after the main one.
    OtherOp,
}

/// A number of a case that rules compare; an absent number compares false.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NumberField {
    /// Age in completed years.
    AgeYears,
    /// Age in days.
    AgeDays,
    /// Birth weight in grams.
    BirthWeightG,
    /// Length of stay in days.
    StayDays,
    /// Hours in intensive care.
    IcuHours,
    /// Hours on a ventilator.
    VentilatorHours,
}

/// How a number is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `>=`
    AtLeast,
    /// `<=`
    AtMost,
    /// `>`
    MoreThan,
    /// `<`
    LessThan,
    /// `=`
    Equal,
}

impl Comparison {
    /// Whether `left` stands in this relation to `right`.
    #[must_use]
    pub const fn holds(self, left: i64, right: i64) -> bool {
        match self {
            Self::AtLeast => left >= right,
            Self::AtMost => left <= right,
            Self::MoreThan => left > right,
            Self::LessThan => left < right,
            Self::Equal => left == right,
        }
    }
}

/// One fact about a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Predicate {
    /// A code of the scope stands in the list.
    In(Scope, ListId),
    /// The case has no procedure at all.
    NoOp,
    /// At least one other diagnosis is an MCC that is not excluded.
    Mcc,
    /// At least one other diagnosis is a CC that is not excluded.
    Cc,
    /// The case is flagged as using a new technology.
    NewTech,
    /// A number of the case compared with a constant.
    Number(NumberField, Comparison, i64),
    /// The sex is this one.
    SexIs(Sex),
    /// The discharge way is one of these codes, compared as text.
    DischargeIn(Vec<String>),
    /// The department is this code, compared as text.
    DepartmentIs(String),
    /// At least so many of the lists contain one of the case's diagnoses.
    BodyRegions(Vec<ListId>, u32),
}
