//! Which rules can be asked of a file.

use super::lifts::has_severities;
use super::{CheckRules, NotAsked};
use crate::grouped::PreparedPlan;
use crate::read::{ClaimFile, Column};
use drgdip_claims::{Rule, RuleSet};

/// The columns that every claim must fill in; the principal diagnosis has rules of its own.
///
/// Source: the columns that the claims contract requires.
const MANDATORY: [Column; 9] = [
    Column::CaseId,
    Column::HospitalId,
    Column::Region,
    Column::Insurance,
    Column::Sex,
    Column::AgeYears,
    Column::DischargeDate,
    Column::Department,
    Column::TotalCost,
];

/// The rules that a plan answers, by its tables of codes or by grouping.
const OF_PLAN: [Rule; 6] = [
    Rule::DiagnosisNotInCodeSet,
    Rule::ProcedureNotInCodeSet,
    Rule::GreyPrincipal,
    Rule::CodeMapped,
    Rule::PrincipalExcluded,
    Rule::Upcoding,
];

/// What is asked of the claims of one file.
pub(super) struct AskedOfFile {
    /// The rules that no plan has a say in.
    pub(super) rules: RuleSet,
    /// These rules and those that a plan answers, in the order of [`CheckRules::plans`].
    pub(super) by_plan: Vec<RuleSet>,
    /// Of the columns that every claim must fill in, those that the file has.
    pub(super) mandatory: Vec<Column>,
    pub(super) not_asked: Vec<NotAsked>,
}

impl AskedOfFile {
    pub(super) fn new(rules: CheckRules<'_>, file: &ClaimFile) -> Self {
        let has = |column: &Column| {
            let is_age = *column == Column::AgeYears && file.layout.infant_age_alone;
            is_age || file.layout.index(*column).is_some()
        };
        let (mandatory, absent): (Vec<Column>, Vec<Column>) =
            MANDATORY.into_iter().partition(|column| has(column));
        let mut asked = Self {
            rules: RuleSet::default(),
            by_plan: Vec::new(),
            mandatory,
            not_asked: Vec::new(),
        };
        let is_on = |rule: &Rule| rules.checks.level(*rule).is_some();
        let mut of_plan = Vec::new();
        for rule in Rule::ALL.iter().copied().filter(is_on) {
            match missing_for(rule, has) {
                Some(reason) => asked.leave(rule, file, reason),
                None if OF_PLAN.contains(&rule) => of_plan.push(rule),
                None => asked.rules.insert(rule),
            }
        }
        asked.by_plans(rules, file, &of_plan);
        for column in absent.iter().filter(|_| is_on(&Rule::MandatoryMissing)) {
            let reason = format!("the file lacks {}", column.name());
            asked.leave(Rule::MandatoryMissing, file, reason);
        }
        asked
    }

    /// Which of the rules that plans answer each plan can.
    fn by_plans(&mut self, rules: CheckRules<'_>, file: &ClaimFile, of_plan: &[Rule]) {
        for plan in rules.plans() {
            let mut answered = self.rules;
            for rule in of_plan {
                let reason = match plan {
                    Some(plan) => missing_in(*rule, plan),
                    None => Some("no --plan is named".to_owned()),
                };
                match reason {
                    None => answered.insert(*rule),
                    // Where there are plans, a claim without one is invalid by itself.
                    Some(_) if plan.is_none() && rules.plan.is_some() => {}
                    Some(reason) => self.leave(*rule, file, reason),
                }
            }
            self.by_plan.push(answered);
        }
    }

    fn leave(&mut self, rule: Rule, file: &ClaimFile, reason: String) {
        self.not_asked.push(NotAsked {
            rule,
            file: file.label.clone(),
            reason,
        });
    }
}

/// The columns without which a rule cannot be asked, where the file lacks some.
fn missing_for(rule: Rule, has: impl Fn(&Column) -> bool) -> Option<String> {
    let is_there = |name: &&str| Column::named(name).is_some_and(|column| has(&column));
    let absent = rule.columns().filter(|any| !any.iter().any(&is_there));
    let absent: Vec<String> = absent.map(|any| any.join(" or ")).collect();
    (!absent.is_empty()).then(|| format!("the file lacks {}", absent.join(" and ")))
}

/// What a rule that a plan answers misses in it.
fn missing_in(rule: Rule, prepared: &PreparedPlan) -> Option<String> {
    let plan = &prepared.plan;
    let tables = plan.code_tables.as_deref();
    let (is_there, table) = match rule {
        Rule::GreyPrincipal => (!plan.grey.is_empty(), "grey list"),
        Rule::PrincipalExcluded => (plan.dip.is_some(), "DIP catalogue"),
        Rule::CodeMapped => {
            let is_there = plan.settings.codes.can_change_outcomes();
            (is_there, "repair or crosswalk of codes")
        }
        Rule::Upcoding => (
            has_severities(prepared),
            "diagnoses with a severity (MCC, CC)",
        ),
        _ => (
            tables.is_some_and(|tables| tables.set.is_some()),
            "code set",
        ),
    };
    (!is_there).then(|| format!("plan {} has no {table}", plan.id))
}
