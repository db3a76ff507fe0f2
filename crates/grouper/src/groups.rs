//! The groups of a compiled plan, and how an ADRG chooses among its own.

use crate::compiler::Compiler;
use crate::expr::{Expr, Known};
use crate::facts::Facts;
use crate::outcome::{GroupIndex, Outcome};
use drgdip_tables::dip::{DipGroup, Layer, TreatmentClass};
use drgdip_tables::plan::{Adrg, AdrgKind, Mdc, NoGroupFallback};
use std::collections::HashMap;

/// What a plan says of one group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupInfo {
    /// The code of the MDC, such as `MDCB`.
    pub mdc: String,
    /// The Chinese name of the MDC.
    pub mdc_name: String,
    /// The position of the MDC in the order of evaluation, from 0.
    pub mdc_index: u16,
    /// The code of the ADRG.
    pub adrg: String,
    /// The Chinese name of the ADRG.
    pub adrg_name: String,
    /// The code of the group; the ADRG's own where it stands for itself.
    pub group: String,
    /// The Chinese name of the group.
    pub group_name: String,
    /// The kind of treatment.
    pub kind: AdrgKind,
    /// Whether this is an ADRG that stands for itself because none of its groups matched.
    pub is_adrg: bool,
    /// What a DIP catalogue says of the group; `None` in a DRG plan. A DIP group has no MDC and no
    /// ADRG: their codes and names are empty.
    pub dip: Option<DipGroupInfo>,
}

/// What a DIP catalogue says of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DipGroupInfo {
    /// The layer that it belongs to.
    pub layer: Layer,
    /// 基层病种.
    pub is_primary_care: bool,
    /// 中医优势病种.
    pub is_tcm: bool,
}

impl GroupInfo {
    /// A group of a DIP catalogue.
    pub(crate) fn of_catalogue(group: &DipGroup) -> Self {
        Self {
            mdc: String::new(),
            mdc_name: String::new(),
            mdc_index: 0,
            adrg: String::new(),
            adrg_name: String::new(),
            group: group.code.clone(),
            group_name: group.name.clone(),
            kind: match group.class {
                Some(TreatmentClass::Surgery) => AdrgKind::Surgical,
                Some(TreatmentClass::Therapeutic | TreatmentClass::Diagnostic) => {
                    AdrgKind::Procedural
                }
                Some(TreatmentClass::Conservative) | None => AdrgKind::Medical,
            },
            is_adrg: false,
            dip: Some(DipGroupInfo {
                layer: group.layer,
                is_primary_care: group.is_primary_care,
                is_tcm: group.is_tcm,
            }),
        }
    }
}

/// What happens to a case that an ADRG takes.
#[derive(Debug)]
pub(crate) struct Choice {
    /// By severity, the outcome where severity alone decides it.
    by_severity: [Answer; 4],
    /// The group rows in order, then the fallback.
    rows: Box<[(Expr, Outcome)]>,
}

/// What the rows of an ADRG say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    /// This outcome.
    Is(Outcome),
    /// No row matches, and the plan goes on with the next ADRG.
    NoGroup,
    /// More than severity must be looked at.
    AskRows,
}

impl Choice {
    /// Compiles the group rows of one ADRG and enters its groups into the table.
    pub(crate) fn new(
        place: (&Mdc, &Adrg),
        table: &mut GroupTable,
        compiler: &mut Compiler,
    ) -> Self {
        let adrg = place.1;
        let mut rows: Vec<_> = Vec::with_capacity(adrg.drgs.len() + 1);
        for drg in &adrg.drgs {
            let index = table.enter(place, &drg.code, &drg.name, false);
            let outcome = match adrg.kind {
                AdrgKind::Ambiguous => Outcome::Ambiguous(index),
                _ => Outcome::Grouped(index),
            };
            rows.push((compiler.compile(&drg.rule.rule), outcome));
        }
        // Only an ADRG that can be left without a group gets an index of its own, so that the
        // table lists no group that cannot occur.
        let certain = rows.iter().any(|(rule, _)| *rule == Expr::True);
        if adrg.fallback == NoGroupFallback::Adrg && !certain {
            let index = table.enter(place, &adrg.code, &adrg.name, true);
            rows.push((Expr::True, Outcome::GroupedByAdrg(index)));
        }
        Self {
            by_severity: [0, 1, 2, 3].map(|bits| by_severity(&rows, bits)),
            rows: rows.into(),
        }
    }

    /// The outcome of a case that the ADRG takes; `None` when the plan goes on after it.
    pub(crate) fn outcome(&self, facts: &Facts<'_>) -> Option<Outcome> {
        match self.by_severity[facts.severity.index()] {
            Answer::Is(outcome) => Some(outcome),
            Answer::NoGroup => None,
            Answer::AskRows => {
                let row = self.rows.iter().find(|(rule, _)| rule.holds(facts));
                row.map(|(_, outcome)| *outcome)
            }
        }
    }
}

/// What the rows say of cases with this severity, as [`crate::severity::Found::index`] counts it.
fn by_severity(rows: &[(Expr, Outcome)], severity: u8) -> Answer {
    let known = Known::Severity {
        mcc: severity & 1 == 1,
        cc: severity & 2 == 2,
    };
    let first = rows
        .iter()
        .map(|(rule, outcome)| (rule.known(&known), outcome));
    let mut possible = first.filter(|(holds, _)| *holds != Some(false));
    match possible.next() {
        None => Answer::NoGroup,
        Some((Some(true), outcome)) => Answer::Is(*outcome),
        Some(_) => Answer::AskRows,
    }
}

/// The groups of a plan while it is compiled.
#[derive(Debug, Default)]
pub(crate) struct GroupTable {
    pub(crate) groups: Vec<GroupInfo>,
    /// A group that has several rows in one ADRG is one group.
    indices: HashMap<(u16, String, String, bool), GroupIndex>,
    mdcs: u16,
}

impl GroupTable {
    /// Starts the next MDC.
    pub(crate) fn next_mdc(&mut self) {
        self.mdcs = self.mdcs.checked_add(1).expect("fewer than 65,536 MDCs");
    }

    fn enter(&mut self, place: (&Mdc, &Adrg), code: &str, name: &str, is_adrg: bool) -> GroupIndex {
        let (mdc, adrg) = place;
        let mdc_index = self.mdcs - 1;
        let next = GroupIndex(u16::try_from(self.groups.len()).expect("fewer than 65,536 groups"));
        let key = (mdc_index, adrg.code.clone(), code.to_owned(), is_adrg);
        let index = *self.indices.entry(key).or_insert(next);
        if index == next {
            self.groups.push(GroupInfo {
                mdc: mdc.code.clone(),
                mdc_name: mdc.name.clone(),
                mdc_index,
                adrg: adrg.code.clone(),
                adrg_name: adrg.name.clone(),
                group: code.to_owned(),
                group_name: name.to_owned(),
                kind: adrg.kind,
                is_adrg,
                dip: None,
            });
        }
        index
    }
}

#[cfg(test)]
mod tests {
    use crate::Grouper;
    use crate::testing::{Plan, claim, is};
    use drgdip_tables::plan::{AdrgKind, Level, NoGroupFallback};
    use drgdip_tables::rule::{Predicate, Rule};

    /// An ADRG whose only group asks for an MCC, and one after it that takes every case.
    fn plan(fallback: NoGroupFallback) -> Plan {
        let mut plan = Plan::empty();
        plan.mdc("M", Rule::True);
        plan.adrg("A", AdrgKind::Medical, Rule::True).fallback = fallback;
        plan.drg("A1", is(Predicate::Mcc));
        plan.adrg("B", AdrgKind::Medical, Rule::True);
        plan.drg("B1", Rule::True);
        plan.severity("S", Level::Mcc, None);
        plan
    }

    fn names(plan: &Plan) -> Vec<(String, bool)> {
        let grouper = Grouper::new(&plan.0);
        let name = |info: &super::GroupInfo| (info.group.clone(), info.is_adrg);
        grouper.groups().iter().map(name).collect()
    }

    #[test]
    fn an_adrg_without_matching_group_stands_for_itself_or_is_passed_by() {
        let itself = plan(NoGroupFallback::Adrg);
        let answer = itself.answer(&claim("X", &[], &[]));
        assert_eq!(answer, "grouped adrg_without_matching_group A");
        assert_eq!(
            itself.answer(&claim("X", &["S"], &[])),
            "grouped group_rule A1"
        );
        let passed = plan(NoGroupFallback::Continue);
        assert_eq!(
            passed.answer(&claim("X", &[], &[])),
            "grouped group_rule B1"
        );
    }

    #[test]
    fn only_an_adrg_that_can_stand_for_itself_is_a_group() {
        let group = |name: &str, is_adrg| (name.to_owned(), is_adrg);
        let (a1, a, b1) = (group("A1", false), group("A", true), group("B1", false));
        let itself = names(&plan(NoGroupFallback::Adrg));
        assert_eq!(itself, [a1.clone(), a, b1.clone()]);
        let mut certain = plan(NoGroupFallback::Adrg);
        certain.0.mdcs[0].adrgs[0].drgs[0].rule.rule = Rule::True;
        assert_eq!(names(&certain), [a1.clone(), b1.clone()]);
        assert_eq!(names(&plan(NoGroupFallback::Continue)), [a1, b1]);
    }

    #[test]
    fn a_group_with_several_rows_is_one_group() {
        let mut plan = plan(NoGroupFallback::Continue);
        plan.drg("B1", is(Predicate::Cc));
        assert_eq!(names(&plan).len(), 2);
    }

    #[test]
    fn an_ambiguous_group_is_marked() {
        let mut plan = Plan::empty();
        plan.mdc("M", Rule::True);
        plan.adrg("MQY", AdrgKind::Ambiguous, Rule::True);
        plan.drg("MQY", Rule::True);
        let answer = plan.answer(&claim("X", &[], &[]));
        assert_eq!(answer, "ambiguous valid_procedure_outside_mdc MQY");
        let grouper = Grouper::new(&plan.0);
        let info = &grouper.groups()[0];
        let texts = (
            info.mdc.as_str(),
            info.mdc_name.as_str(),
            info.adrg_name.as_str(),
        );
        assert_eq!(texts, ("M", "M 大类", "MQY 组"));
        assert_eq!((info.mdc_index, info.kind), (0, AdrgKind::Ambiguous));
    }
}
