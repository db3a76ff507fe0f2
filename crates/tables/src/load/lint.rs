//! Warns of what published tables have but nobody means: groups out of reach, lists without use.

use super::finish::Finished;
use crate::error::{Place, Warning};
use crate::plan::{Adrg, Drg, GroupingPlan, Mdc, NoGroupFallback, StatedRule};
use crate::rule::Rule;

/// Adds the warnings about a finished plan and sorts all of them by place.
pub(super) fn lint(finished: &mut Finished) {
    let plan = &finished.plan;
    let mut lint = Lint {
        plan,
        warnings: &mut finished.warnings,
    };
    for mdc in &plan.mdcs {
        lint.adrgs(mdc);
        for adrg in &mdc.adrgs {
            lint.drgs(adrg);
        }
    }
    lint.unused_lists();
    finished.warnings.sort();
}

struct Lint<'p> {
    plan: &'p GroupingPlan,
    warnings: &'p mut Vec<Warning>,
}

impl Lint<'_> {
    fn adrgs(&mut self, mdc: &Mdc) {
        if mdc.gate.rule == Rule::False {
            let message = format!(
                "No case can enter `{}`, because its gate is never true.",
                mdc.code
            );
            self.unreachable(&mdc.gate, "gate", message);
            return;
        }
        let mut earlier: Vec<&Adrg> = Vec::new();
        for adrg in &mdc.adrgs {
            let shadow = earlier
                .iter()
                .find(|other| shadows(&other.rule, &adrg.rule));
            if adrg.rule.rule == Rule::False {
                let message = format!(
                    "No case can enter `{}`, because its rule is never true.",
                    adrg.code
                );
                self.unreachable(&adrg.rule, "rule", message);
            } else if let Some(other) = shadow {
                let message = format!(
                    "No case can enter `{}`, because `{}` before it takes every such case.",
                    adrg.code, other.code
                );
                self.unreachable(&adrg.rule, "rule", message);
            }
            if always_gives_a_group(adrg) {
                earlier.push(adrg);
            }
        }
    }

    fn drgs(&mut self, adrg: &Adrg) {
        for (index, drg) in adrg.drgs.iter().enumerate() {
            let shadow = adrg.drgs[..index]
                .iter()
                .find(|other| shadows(&other.rule, &drg.rule));
            let reason = match shadow {
                _ if drg.rule.rule == Rule::False => "its rule is never true".to_owned(),
                Some(Drg { code, .. }) => format!("`{code}` before it takes every such case"),
                None => continue,
            };
            let message = format!(
                "No case can reach the group `{}`, because {reason}.",
                drg.code
            );
            self.unreachable(&drg.rule, "rule", message);
        }
    }

    fn unused_lists(&mut self) {
        let mut is_used = vec![false; self.plan.lists.len()];
        for rule in self.plan.rules() {
            rule.rule
                .each_list(&mut |list| is_used[list.0 as usize] = true);
        }
        for (list, _) in self
            .plan
            .lists
            .iter()
            .zip(is_used)
            .filter(|(_, is_used)| !is_used)
        {
            let first = list.codes.iter().map(|(_, row)| *row).min();
            let place = first.map_or_else(Place::default, |row| self.plan.place(row));
            let message = format!("No rule names the list `{}`.", list.name);
            self.warnings.push(Warning {
                place,
                code: "unused_list",
                message,
            });
        }
    }

    fn unreachable(&mut self, rule: &StatedRule, field: &str, message: String) {
        let place = Place {
            field: Some(field.to_owned()),
            ..self.plan.place(rule.row)
        };
        self.warnings.push(Warning {
            place,
            code: "unreachable_group",
            message,
        });
    }
}

/// Whether every case of `later` is taken by `earlier`, as far as the rules show it plainly.
fn shadows(earlier: &StatedRule, later: &StatedRule) -> bool {
    earlier.rule == Rule::True || earlier.rule == later.rule
}

/// Whether a case that enters the ADRG never leaves it again.
fn always_gives_a_group(adrg: &Adrg) -> bool {
    adrg.fallback == NoGroupFallback::Adrg
        || adrg.drgs.iter().any(|drg| drg.rule.rule == Rule::True)
}
