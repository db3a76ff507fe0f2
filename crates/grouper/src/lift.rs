//! Which single other diagnosis carries a case into its group (Q53, 疑似高套).

use crate::case::{Case, CaseCode};
use crate::grouper::{Grouper, severity};
use crate::outcome::{GroupIndex, Outcome, Severity};

/// A case that one of its other diagnoses alone lifts into another group of the same ADRG.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifted {
    /// The diagnosis.
    pub by: CaseCode,
    /// The severity with it.
    pub severity: Severity,
    /// The group with it.
    pub group: GroupIndex,
    /// The severity without it.
    pub severity_without: Severity,
    /// The group without it.
    pub group_without: GroupIndex,
}

impl Lifted {
    /// By how many levels of severity: one, or two from neither to an MCC.
    #[must_use]
    pub const fn levels(&self) -> i64 {
        self.severity as i64 - self.severity_without as i64
    }
}

impl Grouper {
    /// The diagnosis without which the case would have a lower severity and another group of the
    /// same ADRG; `None` where there is none, or several would each have to go.
    ///
    /// A code counts once however often it stands in the case. The cost grows with the number of
    /// diagnoses and not with its square. A DIP plan has no severities, so there is always none.
    #[must_use]
    pub fn lifted_by_one(&self, case: &Case<'_>) -> Option<Lifted> {
        let with = self.group(case);
        let group = grouped(with.outcome)?;
        if with.severity == Severity::None {
            return None;
        }
        let by = self.only_one_of(case, with.severity)?;
        let others = case.other_diagnoses.iter().copied();
        let rest: Vec<CaseCode> = others.filter(|code| *code != by).collect();
        let without = self.group(&Case {
            other_diagnoses: &rest,
            ..*case
        });
        let group_without = grouped(without.outcome)?;
        let is_lifted = without.severity < with.severity
            && group_without != group
            && self.info(group_without).adrg == self.info(group).adrg;
        is_lifted.then_some(Lifted {
            by,
            severity: with.severity,
            group,
            severity_without: without.severity,
            group_without,
        })
    }

    /// The only code of the other diagnoses that has a severity by itself.
    fn only_one_of(&self, case: &Case<'_>, level: Severity) -> Option<CaseCode> {
        let has_level = |code: &CaseCode| {
            let alone = Case {
                other_diagnoses: std::slice::from_ref(code),
                ..*case
            };
            severity(self.severities().of(&alone)) == level
        };
        let others = case.other_diagnoses.iter().copied();
        let mut reaching = others.filter(has_level);
        let first = reaching.next()?;
        reaching.all(|other| other == first).then_some(first)
    }
}

const fn grouped(outcome: Outcome) -> Option<GroupIndex> {
    match outcome {
        Outcome::Grouped(group) => Some(group),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LookedUpClaim;
    use crate::testing::{Plan, claim, is};
    use drgdip_tables::plan::{AdrgKind, Level};
    use drgdip_tables::rule::{Predicate, Rule};

    /// A1 with an MCC, A3 with a CC, A5 without; B stands for itself whatever the severity.
    fn plan() -> Plan {
        let mut plan = Plan::empty();
        plan.mdc("M", Rule::True);
        plan.adrg("A", AdrgKind::Medical, Rule::True);
        plan.drg("A1", is(Predicate::Mcc));
        plan.drg("A3", is(Predicate::Cc));
        plan.drg("A5", Rule::True);
        for (code, level) in [("m", Level::Mcc), ("n", Level::Mcc), ("c", Level::Cc)] {
            plan.severity(code, level, Some("T"));
        }
        plan.exclusion("T", "excludes");
        plan
    }

    /// The code, the levels and the groups with and without it, separated by blanks.
    #[track_caller]
    fn check(principal: &str, others: &[&str], expected: &str) {
        let plan = plan();
        let grouper = Grouper::new(&plan.0);
        let claim = claim(principal, others, &[]);
        let looked_up = LookedUpClaim::new(&claim, &plan.0, &grouper);
        let found = grouper.lifted_by_one(&looked_up.case());
        let text = found.map_or_else(String::new, |lifted| {
            let code = plan
                .0
                .codes
                .text(lifted.by.id().expect("a code of the plan"));
            let group = |group| &grouper.info(group).group;
            let (with, without) = (group(lifted.group), group(lifted.group_without));
            format!("{code} {} {with} {without}", lifted.levels())
        });
        assert_eq!(text, expected);
    }

    #[test]
    fn one_diagnosis_lifts_a_case_where_no_other_reaches_its_severity() {
        check("p", &[], "");
        check("p", &["x", "y"], "");
        check("p", &["x", "m", "y"], "m 2 A1 A5");
        check("p", &["m", "c"], "m 1 A1 A3");
        check("p", &["c"], "c 1 A3 A5");
        check("p", &["m", "n"], "");
        check("p", &["m", "m"], "m 2 A1 A5");
        // What the principal diagnosis excludes lifts nothing.
        check("excludes", &["m"], "");
    }

    #[test]
    fn a_case_whose_group_does_not_ask_for_severity_is_lifted_by_nothing() {
        let mut plan = Plan::empty();
        plan.one_rule(Rule::True);
        plan.severity("m", Level::Mcc, None);
        let grouper = Grouper::new(&plan.0);
        let claim = claim("p", &["m"], &[]);
        let looked_up = LookedUpClaim::new(&claim, &plan.0, &grouper);
        assert_eq!(grouper.lifted_by_one(&looked_up.case()), None);
    }
}
