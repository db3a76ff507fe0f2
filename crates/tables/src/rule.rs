//! The rule language of grouping plans: one-line boolean expressions over a closed set of
//! predicates.

mod parse;
mod show;

pub(crate) use parse::is_name;
pub use parse::{MAX_DEPTH, RuleError, RuleProblem, parse};
pub use show::ShownRule;

use drgdip_claims::Sex;

/// The index of a code list of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListId(pub u32);

/// A parsed rule.
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

impl Rule {
    /// The rule as text, in the one canonical form; `name` gives the names of the lists.
    pub fn show<'a, F>(&'a self, name: F) -> ShownRule<'a, F>
    where
        F: Fn(ListId) -> &'a str,
    {
        ShownRule::new(self, name)
    }

    /// Calls `visit` for every predicate, from left to right.
    pub fn each_predicate<'a>(&'a self, visit: &mut dyn FnMut(&'a Predicate)) {
        match self {
            Self::True | Self::False => {}
            Self::Not(inner) => inner.each_predicate(visit),
            Self::All(parts) | Self::Any(parts) => {
                parts.iter().for_each(|part| part.each_predicate(visit));
            }
            Self::Is(predicate) => visit(predicate),
        }
    }

    /// Calls `visit` for every list that the rule names, from left to right.
    pub fn each_list(&self, visit: &mut dyn FnMut(ListId)) {
        self.each_predicate(&mut |predicate| match predicate {
            Predicate::In(_, list)
            | Predicate::PrincipalStarts(list)
            | Predicate::MainOpStarts(list) => visit(*list),
            Predicate::BodyRegions(lists, _) => lists.iter().copied().for_each(&mut *visit),
            _ => {}
        });
    }
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

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 6] = [
        Self::Principal,
        Self::AnyDx,
        Self::OtherDx,
        Self::MainOp,
        Self::AnyOp,
        Self::OtherOp,
    ];

    /// As written in rules.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Principal => "principal",
            Self::AnyDx => "any_dx",
            Self::OtherDx => "other_dx",
            Self::MainOp => "main_op",
            Self::AnyOp => "any_op",
            Self::OtherOp => "other_op",
        }
    }
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

impl NumberField {
    /// Every field.
    pub const ALL: [Self; 6] = [
        Self::AgeYears,
        Self::AgeDays,
        Self::BirthWeightG,
        Self::StayDays,
        Self::IcuHours,
        Self::VentilatorHours,
    ];

    /// As written in rules.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::AgeYears => "age_years",
            Self::AgeDays => "age_days",
            Self::BirthWeightG => "birth_weight_g",
            Self::StayDays => "stay_days",
            Self::IcuHours => "icu_hours",
            Self::VentilatorHours => "ventilator_hours",
        }
    }
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
    /// Every comparison.
    pub const ALL: [Self; 5] = [
        Self::AtLeast,
        Self::AtMost,
        Self::MoreThan,
        Self::LessThan,
        Self::Equal,
    ];

    /// As written in rules.
    #[must_use]
    pub const fn sign(self) -> &'static str {
        match self {
            Self::AtLeast => ">=",
            Self::AtMost => "<=",
            Self::MoreThan => ">",
            Self::LessThan => "<",
            Self::Equal => "=",
        }
    }

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
    /// The principal diagnosis begins with an entry of the list, whether or not the plan
    /// mentions the diagnosis itself; written `principal starts L`.
    PrincipalStarts(ListId),
    /// The main procedure begins with an entry of the list; written `main_op starts L`.
    MainOpStarts(ListId),
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
