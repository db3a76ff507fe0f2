//! Groups cases by a compiled DIP catalogue (按病种分值付费).
//!
//! How it is fast: what a principal diagnosis begins with chooses a *bucket*, the rows whose key
//! takes it, sorted by the procedures that they ask for. A case looks its main procedure up in one
//! such bucket for each step, and walks the few rows that it finds. Nothing is allocated or hashed.

pub(crate) mod auxiliary;
mod buckets;
mod pick;
mod procedures;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod reference;
mod rows;

use crate::case::{Case, CaseCode};
use crate::compiler::Compiler;
use crate::lists::Membership;
use crate::outcome::{ExcludedReason, GroupIndex, Outcome, UngroupedReason};
use buckets::{Buckets, Entry, Span};
use drgdip_tables::GroupingPlan;
use drgdip_tables::dip::{Choose, DipCatalogue, Layer, TieBreak, TreatmentClass};
use pick::Pick;
use procedures::{ProcedureTable, Procedures};
use rows::Row;
use std::sync::Arc;

/// A compiled catalogue.
#[derive(Debug)]
pub(crate) struct Kernel {
    catalogue: Arc<DipCatalogue>,
    procedures: ProcedureTable,
    /// By code id, whether it excludes a case as its principal diagnosis.
    excluded: Vec<bool>,
    rows: Vec<Row>,
    buckets: Buckets,
    steps: Vec<CompiledStep>,
    /// The step of the comprehensive layer.
    comprehensive: Option<usize>,
    pub(crate) auxiliary: auxiliary::Directory,
}

#[derive(Clone, Copy, Debug)]
struct CompiledStep {
    choose: Choose,
    /// The rows for any principal diagnosis.
    open: [Span; 3],
}

/// One case while it is grouped.
#[derive(Clone, Copy)]
struct View<'a> {
    case: &'a Case<'a>,
    membership: &'a Membership,
    procedures: Procedures<'a>,
    class: TreatmentClass,
    /// The cost of the case in fen, where tie-breaks may look at it.
    cost: Option<i64>,
}

impl Kernel {
    /// Compiles the catalogue of a plan.
    pub(crate) fn new(
        plan: &GroupingPlan,
        catalogue: &Arc<DipCatalogue>,
        compiler: &mut Compiler,
    ) -> Self {
        let procedures = ProcedureTable::new(plan, catalogue, compiler);
        let row = |row| Row::new(row, catalogue, &procedures, compiler);
        let rows: Vec<Row> = catalogue.rows.iter().map(row).collect();
        let (buckets, open) = Buckets::new(plan, catalogue, &rows);
        let steps = catalogue.steps.iter().zip(open);
        let excluded = plan
            .codes
            .texts()
            .map(|text| catalogue.find_excluded(text).is_some());
        Self {
            excluded: excluded.collect(),
            rows,
            buckets,
            steps: steps
                .map(|(step, open)| CompiledStep {
                    choose: step.choose,
                    open,
                })
                .collect(),
            comprehensive: catalogue.step_of(Layer::Comprehensive),
            auxiliary: auxiliary::Directory::new(plan, catalogue, compiler),
            procedures,
            catalogue: Arc::clone(catalogue),
        }
    }

    /// Whether tie-breaks look at the cost of a case.
    pub(crate) fn uses_cost(&self) -> bool {
        self.catalogue.options.cost_in_grouping
    }

    fn tie_break(&self) -> &TieBreak {
        &self.catalogue.tie_break
    }

    /// Groups a case that passed the checks of the plan.
    pub(crate) fn group(
        &self,
        case: &Case<'_>,
        membership: &Membership,
        cost: Option<i64>,
    ) -> Outcome {
        let principal = case.principal.unwrap_or(CaseCode::UNKNOWN);
        if self.excluded.get(principal.index()) == Some(&true) {
            return Outcome::Excluded(ExcludedReason::Principal);
        }
        let procedures = self.procedures.of(case, membership);
        let view = View {
            case,
            membership,
            class: procedures.class(&self.catalogue.options),
            procedures,
            cost: cost.filter(|_| self.uses_cost()),
        };
        let bucket = self.buckets.of(principal);
        for step in 0..self.steps.len() {
            if let Some(entry) = self.choose(step, bucket, &view) {
                let row = self.instead(entry, bucket, &view).unwrap_or(entry.row);
                return Outcome::Grouped(GroupIndex(self.rows[row as usize].group));
            }
        }
        Outcome::Ungrouped(match bucket {
            Buckets::NONE => UngroupedReason::NoKey,
            _ => UngroupedReason::NoTreatment,
        })
    }

    /// The row of a step that takes the case, if any does.
    fn choose(&self, step: usize, bucket: u32, view: &View<'_>) -> Option<Entry> {
        let compiled = self.steps[step];
        let mut pick = Pick::new(self, view, compiled.choose);
        let closed = self.buckets.spans(bucket, step);
        for spans in [compiled.open, closed] {
            self.by_procedures(spans[buckets::PROCEDURES], &mut pick);
        }
        let has_procedures = pick.best().is_some();
        for spans in [compiled.open, closed] {
            self.all(spans[buckets::ANY], &mut pick);
        }
        if !has_procedures && view.class == TreatmentClass::Conservative {
            for spans in [compiled.open, closed] {
                self.all(spans[buckets::CONSERVATIVE], &mut pick);
            }
        }
        pick.best()
    }

    /// Offers the rows that ask for a procedure of the case.
    fn by_procedures(&self, span: Span, pick: &mut Pick<'_, '_>) {
        let entries = self.buckets.entries(span);
        if entries.is_empty() {
            return;
        }
        for code in pick.view().procedures.asked(self.tie_break().candidates) {
            for operand in self.procedures.operands(code) {
                let from = entries.partition_point(|entry| entry.operand < *operand);
                let same = entries[from..]
                    .iter()
                    .take_while(|entry| entry.operand == *operand);
                same.for_each(|entry| pick.offer(*entry));
            }
        }
    }

    fn all(&self, span: Span, pick: &mut Pick<'_, '_>) {
        let entries = self.buckets.entries(span);
        entries.iter().for_each(|entry| pick.offer(*entry));
    }

    /// The comprehensive surgery row that takes a case instead of a core row which leaves a surgery
    /// unmatched, where the tie-break has that rule.
    fn instead(&self, chosen: Entry, bucket: u32, view: &View<'_>) -> Option<u32> {
        let row = &self.rows[chosen.row as usize];
        let is_core = matches!(row.layer, Layer::Merged | Layer::Auxiliary | Layer::Basic);
        if !self.tie_break().unmatched_surgery_to_comprehensive || !is_core {
            return None;
        }
        let mut left = view.procedures.all();
        if !left.any(|code| {
            self.procedures.class(code) == TreatmentClass::Surgery && !row.names(self, code)
        }) {
            return None;
        }
        let step = self.comprehensive?;
        let spans = self.buckets.spans(bucket, step);
        let takes = |entry: &&Entry| {
            let row = &self.rows[entry.row as usize];
            let is_surgery = row.class == Some(TreatmentClass::Surgery);
            is_surgery && row.layer == Layer::Comprehensive && row.condition_holds(view)
        };
        let found = self
            .buckets
            .entries(spans[buckets::ANY])
            .iter()
            .filter(takes);
        found.map(|entry| entry.row).min()
    }
}
