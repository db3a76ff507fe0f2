//! The checks of one claim before it is grouped (清单质控).
//!
//! In: the facts of a claim, what tables say about its codes, the rules that are asked and their
//! limits. Out: what was found, in order of the rules. What needs other claims, such as
//! overlapping stays, is asked elsewhere with [`overlaps`] and [`readmits`].
//!
//! Source: `policies/checks/README.md`; limits are parameters.

mod codes;
mod facts;
mod money;
mod stay;

pub use facts::{Amount, Asked, Code, CodeTraits, Facts, Hit, Lift, Limits};
pub use stay::{Stay, overlaps, readmits};

use crate::Rule;

/// What separates codes that were written into one cell.
const SEPARATORS: [char; 6] = [';', ',', '|', '；', '，', '、'];

/// Checks one claim; `say` gets what is found, in order of the rules.
///
/// A row that cancels another one is only asked for what every row must fill in.
pub fn check(facts: &Facts<'_>, asked: Asked<'_>, mut say: impl FnMut(Hit)) {
    let mut found = Findings {
        asked,
        say: &mut say,
    };
    filled_in(facts, &mut found);
    if !facts.is_reversal {
        stay::dates(facts, &mut found);
        codes::known(facts, &mut found);
        codes::logic(facts, &mut found);
        money::amounts(facts, &mut found);
        stay::conduct(facts, &mut found);
    }
}

/// Takes what is found, of the rules that are asked.
struct Findings<'f> {
    asked: Asked<'f>,
    say: &'f mut dyn FnMut(Hit),
}

impl Findings<'_> {
    /// Says what a rule finds in its own column.
    fn say(&mut self, rule: Rule, value: impl FnOnce() -> String) {
        self.say_of(rule, rule.column(), value);
    }

    /// Says what a rule finds in one of its columns.
    fn say_of(&mut self, rule: Rule, column: &'static str, value: impl FnOnce() -> String) {
        if self.asked.rules.has(rule) {
            (self.say)(Hit {
                rule,
                column,
                value: value(),
            });
        }
    }
}

/// 完整性: whether the claim states what it must.
fn filled_in(facts: &Facts<'_>, found: &mut Findings<'_>) {
    for (column, _) in facts.mandatory.iter().filter(|(_, is_there)| !is_there) {
        found.say_of(Rule::MandatoryMissing, column, String::new);
    }
    if facts.is_reversal {
        return;
    }
    match facts.principal {
        None => found.say(Rule::PrincipalMissing, String::new),
        Some(code) if code.text.contains(SEPARATORS) => {
            found.say(Rule::PrincipalNotOne, || code.text.to_owned());
        }
        Some(_) => {}
    }
    if let (None, [first, ..]) = (facts.main_procedure, facts.other_procedures) {
        found.say(Rule::MainProcedureMissing, || first.text.to_owned());
    }
    let limits = found.asked.limits;
    let is_newborn = facts
        .age_days
        .is_some_and(|days| days < limits.newborn_days);
    let has_weight = facts.birth_weight_g.or(facts.admission_weight_g).is_some();
    if is_newborn && !has_weight {
        found.say(Rule::NewbornWeightMissing, String::new);
    }
    let parts = [facts.drugs, facts.consumables, facts.services];
    if parts.iter().all(|part| *part == Amount::Absent) {
        found.say(Rule::CostItemsMissing, String::new);
    }
    let way = facts.discharge_way;
    if !way.is_some_and(|way| limits.discharge_ways.iter().any(|known| known == way)) {
        found.say(Rule::DischargeWayUnknown, || {
            way.unwrap_or_default().to_owned()
        });
    }
}

#[cfg(test)]
mod tests;
