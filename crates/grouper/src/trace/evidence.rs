//! Why a rule is true or false for a claim: the fewest facts that settle it.

use super::{Trace, counts};
use crate::resolve::CodeRole;
use drgdip_claims::{Claim, Sex};
use drgdip_tables::GroupingPlan;
use drgdip_tables::plan::{CodeList, Level, RowRef};
use drgdip_tables::rule::{ListId, NumberField, Predicate, Rule, Scope};

/// Whether a rule is true, and the facts that settle it.
///
/// Of a conjunction that fails only the first part that fails is kept, of a disjunction that holds
/// only the first part that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence<'p> {
    /// Whether the rule is true.
    pub holds: bool,
    /// The facts that settle it; none for rules that are constant.
    pub facts: Vec<Fact<'p>>,
}

/// One predicate of a rule, and what the claim has to say to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact<'p> {
    /// What the rule asks.
    pub asked: &'p Predicate,
    /// Whether it is so.
    pub holds: bool,
    /// What the claim shows.
    pub seen: Seen<'p>,
}

/// What a claim shows where a predicate looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen<'p> {
    /// Codes that stand in a list; one for each region, at most one for other predicates.
    Codes(Vec<Witness<'p>>),
    /// A number, or its absence.
    Number(Option<i64>),
    /// The sex, or its absence.
    Sex(Option<Sex>),
    /// The discharge way or department, or its absence.
    Text(Option<String>),
    /// Nothing beyond the answer.
    Nothing,
}

/// A code of the claim that stands in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness<'p> {
    /// What the code is to the claim.
    pub role: CodeRole,
    /// The code.
    pub code: String,
    /// The list.
    pub list: &'p str,
    /// The entry of the list that the code begins with; `None` where the code itself is asked for.
    pub beginning: Option<&'p str>,
    /// The row of the list that states the code or its beginning.
    pub row: RowRef,
}

/// A claim during one walk; a retry replaces its procedures.
pub(super) struct View<'a> {
    claim: &'a Claim,
    main: Option<&'a str>,
    other_procedures: &'a [String],
}

impl<'a> View<'a> {
    pub(super) fn as_it_is(claim: &'a Claim) -> Self {
        Self {
            claim,
            main: claim.main_procedure.as_deref(),
            other_procedures: &claim.other_procedures,
        }
    }

    pub(super) fn with_only_procedure(claim: &'a Claim, procedure: &'a str) -> Self {
        Self {
            claim,
            main: Some(procedure),
            other_procedures: &[],
        }
    }

    /// The codes that a scope looks at.
    fn codes(&self, scope: Scope) -> Vec<(CodeRole, &'a str)> {
        let principal = self.claim.principal_diagnosis.as_deref();
        let principal = principal.map(|code| (CodeRole::Principal, code));
        let diagnoses = self.claim.other_diagnoses.iter();
        let diagnoses = diagnoses.map(|code| (CodeRole::OtherDiagnosis, code.as_str()));
        let main = self.main.map(|code| (CodeRole::MainProcedure, code));
        let procedures = self.other_procedures.iter();
        let procedures = procedures.map(|code| (CodeRole::OtherProcedure, code.as_str()));
        match scope {
            Scope::Principal => principal.into_iter().collect(),
            Scope::AnyDx => principal.into_iter().chain(diagnoses).collect(),
            Scope::OtherDx => diagnoses.collect(),
            Scope::MainOp => main.into_iter().collect(),
            Scope::AnyOp => main.into_iter().chain(procedures).collect(),
            Scope::OtherOp => procedures.collect(),
        }
    }

    fn number(&self, field: NumberField) -> Option<i64> {
        match field {
            NumberField::AgeYears => self.claim.age_years,
            NumberField::AgeDays => self.claim.age_days,
            NumberField::BirthWeightG => self.claim.birth_weight_g,
            NumberField::StayDays => self.claim.stay_days,
            NumberField::IcuHours => self.claim.icu_hours,
            NumberField::VentilatorHours => self.claim.ventilator_hours,
        }
    }
}

impl<'p> Trace<'p> {
    /// Whether a rule is true for the claim, and why.
    pub(super) fn evidence(&self, rule: &'p Rule, view: &View<'_>) -> Evidence<'p> {
        match rule {
            Rule::True => Evidence::constant(true),
            Rule::False => Evidence::constant(false),
            Rule::Not(inner) => {
                let inner = self.evidence(inner, view);
                Evidence {
                    holds: !inner.holds,
                    facts: inner.facts,
                }
            }
            Rule::All(parts) => self.evidence_of(parts, view, false),
            Rule::Any(parts) => self.evidence_of(parts, view, true),
            Rule::Is(predicate) => {
                let (holds, seen) = self.look(predicate, view);
                let fact = Fact {
                    asked: predicate,
                    holds,
                    seen,
                };
                Evidence {
                    holds,
                    facts: vec![fact],
                }
            }
        }
    }

    /// The first part that equals `decisive` settles it; otherwise all parts do.
    fn evidence_of(&self, parts: &'p [Rule], view: &View<'_>, decisive: bool) -> Evidence<'p> {
        let mut facts = Vec::new();
        for part in parts {
            let evidence = self.evidence(part, view);
            if evidence.holds == decisive {
                return evidence;
            }
            facts.extend(evidence.facts);
        }
        Evidence {
            holds: !decisive,
            facts,
        }
    }

    fn look(&self, predicate: &'p Predicate, view: &View<'_>) -> (bool, Seen<'p>) {
        let claim = view.claim;
        match predicate {
            Predicate::In(scope, list) => {
                let found: Vec<_> = self.witness(*scope, *list, view).into_iter().collect();
                (!found.is_empty(), Seen::Codes(found))
            }
            Predicate::PrincipalStarts(list) => {
                let found = self.beginning(Scope::Principal, *list, view);
                (found.is_some(), Seen::Codes(found.into_iter().collect()))
            }
            Predicate::MainOpStarts(list) => {
                let found = self.beginning(Scope::MainOp, *list, view);
                (found.is_some(), Seen::Codes(found.into_iter().collect()))
            }
            Predicate::BodyRegions(lists, at_least) => {
                let found = lists
                    .iter()
                    .filter_map(|list| self.witness(Scope::AnyDx, *list, view));
                let found: Vec<_> = found.collect();
                (found.len() >= *at_least as usize, Seen::Codes(found))
            }
            Predicate::NoOp => (view.codes(Scope::AnyOp).is_empty(), Seen::Nothing),
            Predicate::Mcc => (counts(&self.severity_rows, Level::Mcc), Seen::Nothing),
            Predicate::Cc => (counts(&self.severity_rows, Level::Cc), Seen::Nothing),
            Predicate::NewTech => (claim.new_tech, Seen::Nothing),
            Predicate::Number(field, comparison, limit) => {
                let number = view.number(*field);
                let holds = number.is_some_and(|number| comparison.holds(number, *limit));
                (holds, Seen::Number(number))
            }
            Predicate::SexIs(sex) => (claim.sex == Some(*sex), Seen::Sex(claim.sex)),
            Predicate::DischargeIn(ways) => {
                let way = claim.discharge_way.clone();
                (
                    way.as_ref().is_some_and(|way| ways.contains(way)),
                    Seen::Text(way),
                )
            }
            Predicate::DepartmentIs(code) => {
                let department = claim.department.clone();
                (department.as_ref() == Some(code), Seen::Text(department))
            }
        }
    }

    /// Whether some code of the scope stands in the list.
    pub(super) fn stands_in(&self, scope: Scope, list: ListId, view: &View<'_>) -> bool {
        self.witness(scope, list, view).is_some()
    }

    /// The first code of the scope that stands in the list.
    fn witness(&self, scope: Scope, list: ListId, view: &View<'_>) -> Option<Witness<'p>> {
        let plan: &'p GroupingPlan = self.plan;
        let list = plan.list(list);
        view.codes(scope).into_iter().find_map(|(role, code)| {
            Some(Witness {
                role,
                code: code.to_owned(),
                list: &list.name,
                beginning: None,
                row: row_of(plan, list, code)?,
            })
        })
    }

    /// The first code of the scope that begins with an entry of the list; of several such entries
    /// the longest is named.
    fn beginning(&self, scope: Scope, list: ListId, view: &View<'_>) -> Option<Witness<'p>> {
        let plan: &'p GroupingPlan = self.plan;
        let list = plan.list(list);
        view.codes(scope).into_iter().find_map(|(role, code)| {
            let entries = list.codes.iter();
            let entries = entries.map(|(entry, row)| (plan.codes.text(*entry), *row));
            let (beginning, row) = entries
                .filter(|(entry, _)| code.starts_with(entry))
                .max_by_key(|(entry, _)| entry.len())?;
            Some(Witness {
                role,
                code: code.to_owned(),
                list: &list.name,
                beginning: Some(beginning),
                row,
            })
        })
    }
}

impl Evidence<'_> {
    fn constant(holds: bool) -> Self {
        Self {
            holds,
            facts: Vec::new(),
        }
    }
}

/// The row by which a code stands in a list.
fn row_of(plan: &GroupingPlan, list: &CodeList, code: &str) -> Option<RowRef> {
    let code = plan.find_code(code)?;
    let position = list
        .codes
        .binary_search_by_key(&code, |(code, _)| *code)
        .ok()?;
    Some(list.codes[position].1)
}
