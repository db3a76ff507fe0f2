//! 准确性 of codes: whether they are known, and whether they fit the patient.

use super::{Code, Facts, Findings};
use crate::Rule;

/// The columns that hold codes.
const PRINCIPAL: &str = "principal_diagnosis";
const OTHERS: &str = "other_diagnoses";
const MAIN: &str = "main_procedure";
const PROCEDURES: &str = "other_procedures";

fn diagnoses<'a>(facts: &Facts<'a>) -> impl Iterator<Item = (&'static str, Code<'a>)> {
    let principal = facts.principal.into_iter().map(|code| (PRINCIPAL, code));
    principal.chain(facts.other_diagnoses.iter().map(|code| (OTHERS, *code)))
}

fn procedures<'a>(facts: &Facts<'a>) -> impl Iterator<Item = (&'static str, Code<'a>)> {
    let main = facts.main_procedure.into_iter().map(|code| (MAIN, code));
    main.chain(
        facts
            .other_procedures
            .iter()
            .map(|code| (PROCEDURES, *code)),
    )
}

/// Whether the codes are known to the plan, and stand once each.
pub(super) fn known(facts: &Facts<'_>, found: &mut Findings<'_>) {
    for (column, code) in diagnoses(facts).filter(|(_, code)| code.traits.not_in_code_set) {
        found.say_of(Rule::DiagnosisNotInCodeSet, column, || code.text.to_owned());
    }
    for (column, code) in procedures(facts).filter(|(_, code)| code.traits.not_in_code_set) {
        found.say_of(Rule::ProcedureNotInCodeSet, column, || code.text.to_owned());
    }
    if let Some(code) = facts.principal.filter(|code| code.traits.is_grey) {
        found.say(Rule::GreyPrincipal, || code.text.to_owned());
    }
    for (column, code) in diagnoses(facts).chain(procedures(facts)) {
        if let Some(mapped) = &code.traits.mapped {
            found.say_of(Rule::CodeMapped, column, || {
                format!("{} → {mapped}", code.text)
            });
        }
    }
    repeated(facts, found);
    if let Some(code) = facts.principal.filter(|code| code.traits.is_excluded) {
        found.say(Rule::PrincipalExcluded, || code.text.to_owned());
    }
}

/// Codes that stand more than once, each said once.
fn repeated(facts: &Facts<'_>, found: &mut Findings<'_>) {
    for (column, first, others) in [
        (OTHERS, facts.principal, facts.other_diagnoses),
        (PROCEDURES, facts.main_procedure, facts.other_procedures),
    ] {
        if others.is_empty() {
            continue;
        }
        let mut texts: Vec<&str> = first.iter().chain(others).map(|code| code.text).collect();
        texts.sort_unstable();
        let again = texts.chunk_by(|a, b| a == b).filter(|same| same.len() > 1);
        for same in again {
            found.say_of(Rule::CodeRepeated, column, || same[0].to_owned());
        }
    }
}

/// Whether the codes fit sex, age, discharge and hours.
pub(super) fn logic(facts: &Facts<'_>, found: &mut Findings<'_>) {
    if let Some(sex) = facts.sex {
        let codes = diagnoses(facts).chain(procedures(facts));
        let mut other = codes.filter(|(_, code)| code.traits.sex.is_some_and(|only| only != sex));
        if let Some((_, code)) = other.next() {
            found.say(Rule::SexConflict, || code.text.to_owned());
        }
    }
    age(facts, found);
    outcome(facts, found);
    let is_dead = facts.discharge_way == Some(found.asked.limits.death_way.as_str());
    let death = diagnoses(facts).find(|(_, code)| code.traits.means_death);
    if let (Some((_, code)), Some(_), false) = (death, facts.discharge_way, is_dead) {
        found.say(Rule::DeathConflict, || code.text.to_owned());
    }
    if let Some(hours) = facts.ventilator_hours {
        for (_, code) in procedures(facts) {
            let meant = code.traits.ventilator_hours;
            if meant.is_some_and(|(at_least, below)| !(at_least..below).contains(&hours)) {
                found.say(Rule::VentilatorConflict, || {
                    format!("{} {hours}", code.text)
                });
            }
        }
    }
    if facts.principal_condition == Some(found.asked.limits.acquired.as_str()) {
        let condition = facts.principal_condition.unwrap_or_default();
        found.say(Rule::PrincipalAcquired, || condition.to_owned());
    }
}

/// Diagnoses that the patient is too young or too old for.
fn age(facts: &Facts<'_>, found: &mut Findings<'_>) {
    let Some(years) = facts.age_years else { return };
    for (_, code) in diagnoses(facts) {
        let traits = code.traits;
        let too_young = traits.at_least_years.is_some_and(|least| years < least);
        let too_old = traits.below_years.is_some_and(|below| years >= below);
        if too_young || too_old {
            found.say(Rule::AgeConflict, || format!("{} {years}", code.text));
        }
        if traits
            .newborn_below_days
            .is_some_and(|below| !is_younger(facts, years, below))
        {
            found.say(Rule::NewbornConflict, || format!("{} {years}", code.text));
        }
    }
}

/// Whether the patient has fewer days; an infant without days is given the benefit of the doubt.
fn is_younger(facts: &Facts<'_>, years: i64, days: i64) -> bool {
    match facts.age_days {
        _ if years > 0 => false,
        Some(age) => age < days,
        None => true,
    }
}

/// Diagnoses that ask for another code that is not there.
fn outcome(facts: &Facts<'_>, found: &mut Findings<'_>) {
    for (_, code) in diagnoses(facts) {
        let Some(companion) = &code.traits.companion else {
            continue;
        };
        if !diagnoses(facts).any(|(_, other)| other.text.starts_with(companion.as_str())) {
            found.say(Rule::OutcomeMissing, || code.text.to_owned());
            return;
        }
    }
}
