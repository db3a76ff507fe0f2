//! What plans answer for the claims of a batch: each claim is asked by its own.

use super::CheckRules;
use super::codes::{CodeColumns, CodeReader};
use super::lifts::LiftDesk;
use crate::Error;
use crate::grouped::PreparedPlan;
use crate::in_force::PlanChoice;
use crate::plans_by_unit::PlanFinder;
use crate::read::ClaimFile;
use arrow::array::RecordBatch;

impl<'a> CheckRules<'a> {
    /// Who is asked about codes and groups: each plan, and nobody for claims without one.
    pub(super) fn plans(self) -> Vec<Option<&'a PreparedPlan>> {
        let plans = self.plan.map_or(&[][..], PlanChoice::plans);
        let nobody = (plans.len() != 1).then_some(None);
        plans.iter().map(Some).chain(nobody).collect()
    }
}

/// What one plan answers.
pub(super) struct PlanDesk<'j> {
    pub(super) codes: CodeReader<'j>,
    /// Where the plan can say what a diagnosis does to the group.
    pub(super) lifts: Option<LiftDesk<'j>>,
    pub(super) columns: CodeColumns,
}

/// All plans of a run, in the order of [`CheckRules::plans`].
pub(super) struct PlanDesks<'j> {
    desks: Vec<PlanDesk<'j>>,
    finder: Option<PlanFinder<'j>>,
    /// The plan of each row of the batch; empty where there is no choice.
    of_rows: Vec<u16>,
}

impl<'j> PlanDesks<'j> {
    pub(super) fn new(rules: CheckRules<'j>) -> Self {
        let desk = |plan: Option<&'j PreparedPlan>| PlanDesk {
            codes: CodeReader::new(rules.checks, plan),
            lifts: plan.and_then(|plan| LiftDesk::new(rules.checks, plan)),
            columns: CodeColumns::default(),
        };
        Self {
            desks: rules.plans().into_iter().map(desk).collect(),
            finder: rules.plan.and_then(PlanFinder::of),
            of_rows: Vec::new(),
        }
    }

    /// Looks the codes of a batch up.
    pub(super) fn load(&mut self, file: &ClaimFile, batch: &RecordBatch) -> Result<(), Error> {
        if let Some(finder) = &mut self.finder {
            self.of_rows = finder.read(file, batch, |column| file.position(column, false))?;
        }
        for desk in &mut self.desks {
            desk.columns.read(file, batch, &mut desk.codes)?;
            if let Some(lifts) = &mut desk.lifts {
                lifts.load(file, batch)?;
            }
        }
        Ok(())
    }

    /// The desk of a row, and its number.
    pub(super) fn of(&self, row: usize) -> (usize, &PlanDesk<'j>) {
        let plan = self.of_rows.get(row).copied().unwrap_or_default();
        // A claim without a plan has the highest number of all.
        let desk = usize::from(plan).min(self.desks.len() - 1);
        (desk, &self.desks[desk])
    }
}
