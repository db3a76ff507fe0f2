//! The walk of one claim through a DIP catalogue, on texts.
//!
//! Like the walk through a DRG plan it shares nothing with the compiled catalogue.

use super::Trace;
use super::evidence::View;
use crate::outcome::{ExcludedReason, OutcomeKind, UngroupedReason};
use drgdip_claims::Claim;
use drgdip_tables::dip::tie_break::{Candidates, Test};
use drgdip_tables::dip::{
    Choose, ClassOf, DipCatalogue, DipGroup, DipRow, ExcludedRow, Expression, Layer, ProcedureRule,
    ProcedureRuleRow, Step, Treatment, TreatmentClass, procedure_matches,
};
use drgdip_tables::rule::Scope;
use std::collections::BTreeSet;

/// What a catalogue says of one claim, in order.
#[derive(Clone, Debug)]
pub struct CatalogueWalk<'p> {
    /// The row by which the principal diagnosis excludes the case.
    pub excluded: Option<&'p ExcludedRow>,
    /// The procedures in their order.
    pub procedures: Vec<ProcedureStep<'p>>,
    /// How the case is treated.
    pub class: TreatmentClass,
    /// The steps that were tried, up to the one that has the group.
    pub steps: Vec<StepTrace<'p>>,
    /// The row that was taken.
    pub chosen: Option<Candidate<'p>>,
}

/// One procedure of a claim.
#[derive(Clone, Debug)]
pub struct ProcedureStep<'p> {
    /// The code.
    pub code: String,
    /// Its treatment class.
    pub class: TreatmentClass,
    /// What the catalogue says it cannot be.
    pub rule: Option<&'p ProcedureRuleRow>,
    /// Whether it is the main one.
    pub is_main: bool,
}

impl ProcedureStep<'_> {
    /// Whether it counts at all.
    fn counts(&self) -> bool {
        self.rule
            .is_none_or(|row| row.rule != ProcedureRule::Conservative)
    }
}

/// A row with its group.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'p> {
    /// The row.
    pub row: &'p DipRow,
    /// Its group.
    pub group: &'p DipGroup,
}

/// What decided between the rows of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// No row took the case.
    NoRow,
    /// One row took the case.
    OnlyRow,
    /// This test left one of several.
    Test(Test),
    /// The first in the order of the table.
    Order,
    /// A surgery that the chosen row leaves unmatched sent the case to the comprehensive group.
    UnmatchedSurgery,
}

/// One step.
#[derive(Clone, Debug)]
pub struct StepTrace<'p> {
    /// Its layers.
    pub layers: &'p [Layer],
    /// The rows that took the case.
    pub candidates: Vec<Candidate<'p>>,
    /// What decided between them.
    pub decision: Decision,
    /// The row that was taken.
    pub chosen: Option<Candidate<'p>>,
    /// The procedures of the case that the chosen row names.
    pub matched: Vec<String>,
    /// The procedures of the case that it does not name.
    pub unmatched: Vec<String>,
}

/// A claim during the walk.
struct Walker<'t, 'p> {
    trace: &'t Trace<'p>,
    catalogue: &'p DipCatalogue,
    claim: &'t Claim,
    cost: Option<i64>,
    walk: CatalogueWalk<'p>,
}

impl<'p> Trace<'p> {
    pub(super) fn walk_catalogue(
        &mut self,
        catalogue: &'p DipCatalogue,
        (claim, cost): (&Claim, Option<i64>),
    ) {
        let mut walker = Walker {
            trace: self,
            catalogue,
            claim,
            cost: cost.filter(|_| catalogue.options.cost_in_grouping),
            walk: CatalogueWalk {
                excluded: None,
                procedures: Vec::new(),
                class: TreatmentClass::Conservative,
                steps: Vec::new(),
                chosen: None,
            },
        };
        let outcome = walker.run();
        let walk = walker.walk;
        self.catalogue = Some(walk);
        self.outcome = outcome;
    }
}

impl<'p> Walker<'_, 'p> {
    fn run(&mut self) -> OutcomeKind {
        let principal = self
            .claim
            .principal_diagnosis
            .as_deref()
            .unwrap_or_default();
        self.walk.excluded = self.catalogue.find_excluded(principal);
        if self.walk.excluded.is_some() {
            return OutcomeKind::Excluded(ExcludedReason::Principal);
        }
        self.take_procedures();
        for step in &self.catalogue.steps {
            let tried = self.try_step(step);
            self.walk.chosen = tried.chosen;
            self.walk.steps.push(tried);
            if self.walk.chosen.is_some() {
                return OutcomeKind::Grouped;
            }
        }
        let mut rows = self
            .catalogue
            .rows
            .iter()
            .filter(|row| !row.keys.is_empty());
        OutcomeKind::Ungrouped(match rows.any(|row| self.key(row).is_some()) {
            true => UngroupedReason::NoTreatment,
            false => UngroupedReason::NoKey,
        })
    }

    fn take_procedures(&mut self) {
        let options = &self.catalogue.options;
        let main = self.claim.main_procedure.iter();
        for code in main.chain(&self.claim.other_procedures) {
            let class = self.catalogue.procedure_class(code);
            let class = class.unwrap_or(options.unlisted_procedure);
            self.walk.procedures.push(ProcedureStep {
                code: code.clone(),
                class: class.treatment(options.interventional_as),
                rule: self.catalogue.find_procedure_rule(code),
                is_main: false,
            });
        }
        let has_main = self.claim.main_procedure.is_some();
        let tried = match (options.promote_next_procedure, has_main) {
            (true, _) => self.walk.procedures.len(),
            (false, true) => 1,
            (false, false) => 0,
        };
        let may_be = |step: &ProcedureStep<'_>| match step.rule.map(|row| row.rule) {
            None => true,
            Some(ProcedureRule::Conservative | ProcedureRule::NotMain) => false,
            Some(ProcedureRule::MainInScope(list)) => {
                let view = View::as_it_is(self.claim);
                self.trace.stands_in(Scope::Principal, list, &view)
            }
        };
        let main = self.walk.procedures[..tried].iter().position(may_be);
        let Some(main) = main else { return };
        self.walk.procedures[main].is_main = true;
        let counted = self.walk.procedures.iter().filter(|step| step.counts());
        let largest = counted.map(|step| step.class).max();
        self.walk.class = match options.class_of {
            ClassOf::Main => self.walk.procedures[main].class,
            ClassOf::Largest => largest.expect("the main procedure counts"),
        };
    }

    /// The codes of the procedures that count; without the main one where asked.
    fn codes(&self, with_main: bool) -> Vec<&str> {
        let steps = self.walk.procedures.iter();
        let counted = steps.filter(|step| step.counts() && (with_main || !step.is_main));
        counted.map(|step| step.code.as_str()).collect()
    }

    fn main(&self) -> Option<&str> {
        let main = self.walk.procedures.iter().find(|step| step.is_main);
        main.map(|step| step.code.as_str())
    }

    /// The longest key of a row that takes the principal diagnosis; empty for a row without keys.
    fn key(&self, row: &'p DipRow) -> Option<&'p str> {
        let principal = self
            .claim
            .principal_diagnosis
            .as_deref()
            .unwrap_or_default();
        if row.keys.is_empty() {
            return Some("");
        }
        let keys = row.keys.iter().map(String::as_str);
        keys.filter(|key| principal.starts_with(key))
            .max_by_key(|key| key.len())
    }

    fn matches(&self, entry: &str, code: &str) -> bool {
        procedure_matches(&self.catalogue.options, entry, code)
    }

    /// Whether one of these codes of the case fulfils an entry.
    fn has(&self, entry: &str, codes: &[&str]) -> bool {
        codes.iter().any(|code| self.matches(entry, code))
    }

    fn group(&self, row: &'p DipRow) -> &'p DipGroup {
        &self.catalogue.groups[usize::from(row.group)]
    }

    /// The alternatives of a cell that the case fulfils, each as its codes.
    fn fulfilled<'e>(&self, expression: &'e Expression, codes: &[&str]) -> Vec<Vec<&'e str>> {
        let alternatives: Vec<Vec<&str>> = match self.catalogue.tie_break.candidates {
            Candidates::All => vec![expression.codes().collect()],
            _ => {
                let all = expression.alternatives().iter();
                all.map(|codes| codes.iter().map(String::as_str).collect())
                    .collect()
            }
        };
        let is_whole = |entries: &Vec<&str>| entries.iter().all(|entry| self.has(entry, codes));
        alternatives.into_iter().filter(is_whole).collect()
    }

    /// The alternatives of the procedures of a row that the case fulfils.
    fn led(&self, row: &'p DipRow) -> Vec<Vec<&'p str>> {
        let (Treatment::Procedures(expression), Some(main)) = (&row.treatment, self.main()) else {
            return Vec::new();
        };
        let mut found = self.fulfilled(expression, &self.codes(true));
        if self.catalogue.tie_break.candidates == Candidates::Main {
            found.retain(|entries| entries.iter().any(|entry| self.matches(entry, main)));
        }
        found
    }

    /// The codes among which related procedures are looked for.
    fn related_codes(&self) -> Vec<&str> {
        self.codes(self.catalogue.tie_break.candidates != Candidates::Main)
    }

    fn takes(&self, row: &'p DipRow) -> bool {
        let tie = &self.catalogue.tie_break;
        let needs_class = tie.require_class || self.group(row).layer == Layer::Comprehensive;
        let has_class = row.class.is_none_or(|class| class == self.walk.class);
        let treated = match &row.treatment {
            Treatment::Any => true,
            Treatment::Conservative => self.walk.class == TreatmentClass::Conservative,
            Treatment::Procedures(_) => !self.led(row).is_empty(),
        };
        let related = row
            .related
            .as_ref()
            .is_none_or(|expression| !self.fulfilled(expression, &self.related_codes()).is_empty());
        let is_fit = (has_class || !needs_class) && treated && related && self.key(row).is_some();
        is_fit && self.condition_holds(row)
    }

    fn condition_holds(&self, row: &'p DipRow) -> bool {
        let view = View::as_it_is(self.claim);
        let holds = |rule| self.trace.evidence(rule, &view).holds;
        row.condition
            .as_ref()
            .is_none_or(|stated| holds(&stated.rule))
    }

    fn try_step(&self, step: &'p Step) -> StepTrace<'p> {
        let is_here = |row: &&'p DipRow| step.layers.contains(&self.group(row).layer);
        let mut rows: Vec<&'p DipRow> = self.catalogue.rows.iter().filter(is_here).collect();
        rows.retain(|row| self.takes(row));
        if rows
            .iter()
            .any(|row| matches!(row.treatment, Treatment::Procedures(_)))
        {
            rows.retain(|row| row.treatment != Treatment::Conservative);
        }
        let candidate = |row| Candidate {
            row,
            group: self.group(row),
        };
        let candidates: Vec<_> = rows.iter().map(|row| candidate(*row)).collect();
        let (mut chosen, mut decision) = self.decide(step.choose, rows);
        if let Some(instead) = chosen.and_then(|row| self.instead(row)) {
            (chosen, decision) = (Some(instead), Decision::UnmatchedSurgery);
        }
        let names = |code: &&str| chosen.is_some_and(|row| self.names(row, code));
        let (matched, unmatched): (Vec<&str>, Vec<&str>) =
            self.codes(true).into_iter().partition(|code| names(code));
        let owned = |codes: Vec<&str>| codes.into_iter().map(str::to_owned).collect();
        StepTrace {
            layers: &step.layers,
            candidates,
            decision,
            chosen: chosen.map(candidate),
            matched: owned(matched),
            unmatched: owned(unmatched),
        }
    }

    /// Keeps the best rows test by test; rows are in the order of the table.
    fn decide(&self, choose: Choose, mut rows: Vec<&'p DipRow>) -> (Option<&'p DipRow>, Decision) {
        match rows.len() {
            0 => return (None, Decision::NoRow),
            1 => return (rows.pop(), Decision::OnlyRow),
            _ => {}
        }
        let tests = match choose {
            Choose::First => &[][..],
            Choose::TieBreak => &self.catalogue.tie_break.by,
        };
        for test in tests {
            let best = rows.iter().map(|row| self.mark(*test, row)).max();
            rows.retain(|row| Some(self.mark(*test, row)) == best);
            if let [only] = rows[..] {
                return (Some(only), Decision::Test(*test));
            }
        }
        (rows.first().copied(), Decision::Order)
    }

    /// The distinct codes that a row names.
    fn named(&self, row: &'p DipRow) -> BTreeSet<&'p str> {
        let procedures = match &row.treatment {
            Treatment::Procedures(expression) => Some(expression),
            _ => None,
        };
        let all = procedures.into_iter().chain(&row.related);
        all.flat_map(Expression::codes).collect()
    }

    fn names(&self, row: &'p DipRow, code: &str) -> bool {
        self.named(row)
            .iter()
            .any(|entry| self.matches(entry, code))
    }

    /// What a test says of a row; more is better, and nothing is less than anything.
    fn mark(&self, test: Test, row: &'p DipRow) -> Option<i64> {
        let count = |count: usize| i64::try_from(count).ok();
        let group = self.group(row);
        match test {
            Test::MostRelated => {
                let related = row.related.iter().flat_map(Expression::codes);
                let related: BTreeSet<&str> = related.collect();
                let codes = self.related_codes();
                count(
                    related
                        .iter()
                        .filter(|entry| self.has(entry, &codes))
                        .count(),
                )
            }
            Test::MostJoined => {
                let joined = self.led(row).iter().map(|entries| entries.len() - 1).max();
                count(joined.unwrap_or(0))
            }
            Test::MostMatched => {
                let codes = self.codes(true);
                count(
                    self.named(row)
                        .iter()
                        .filter(|entry| self.has(entry, &codes))
                        .count(),
                )
            }
            Test::NamesMain => {
                let names = self.main().is_some_and(|code| self.names(row, code));
                Some(i64::from(names))
            }
            Test::NoSurplus => {
                let codes = self.codes(true);
                Some(i64::from(codes.iter().all(|code| self.names(row, code))))
            }
            Test::LongestKey => count(self.key(row).map_or(0, str::len)),
            Test::NearestMeanCost => match self.cost {
                None => Some(0),
                Some(cost) => {
                    let apart = group.mean_cost_fen.map(|mean| cost.abs_diff(mean));
                    apart.map(|apart| i64::try_from(apart).map_or(i64::MIN, |apart| -apart))
                }
            },
            Test::HighestWeight => group.ten_thousandths,
            Test::ClassOrder => {
                let order = &self.catalogue.tie_break.class_order;
                let place = order.iter().position(|sort| sort.takes(group, row.class));
                count(place.unwrap_or(order.len())).map(|place| -place)
            }
        }
    }

    /// The comprehensive surgery row in place of a core row that leaves a surgery unmatched.
    fn instead(&self, row: &'p DipRow) -> Option<&'p DipRow> {
        let layer = self.group(row).layer;
        let is_core = matches!(layer, Layer::Merged | Layer::Auxiliary | Layer::Basic);
        if !is_core || !self.catalogue.tie_break.unmatched_surgery_to_comprehensive {
            return None;
        }
        let mut counted = self.walk.procedures.iter().filter(|step| step.counts());
        let is_left = |step: &ProcedureStep<'_>| {
            step.class == TreatmentClass::Surgery && !self.names(row, &step.code)
        };
        if !counted.any(is_left) || self.catalogue.step_of(Layer::Comprehensive).is_none() {
            return None;
        }
        self.catalogue.rows.iter().find(|row| {
            let is_surgery = row.class == Some(TreatmentClass::Surgery);
            let is_comprehensive = self.group(row).layer == Layer::Comprehensive;
            is_surgery && is_comprehensive && self.key(row).is_some() && self.condition_holds(row)
        })
    }
}
