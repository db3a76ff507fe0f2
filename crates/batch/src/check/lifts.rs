//! Cases that one other diagnosis alone carries into their group, found by grouping them again
//! without it.

use crate::Error;
use crate::grouped::PreparedPlan;
use crate::read::{CaseBatch, CaseReader, ClaimFile};
use arrow::array::RecordBatch;
use drgdip_claims::Rule;
use drgdip_claims::check::Lift;
use drgdip_tables::ClaimChecks;

/// Groups the claims of a batch with and without a diagnosis.
pub(super) struct LiftDesk<'p> {
    plan: &'p PreparedPlan,
    reader: CaseReader<'p>,
    cases: Option<CaseBatch>,
}

impl<'p> LiftDesk<'p> {
    /// `None` where the rule is off or the plan has no severities.
    pub(super) fn new(checks: &ClaimChecks, plan: &'p PreparedPlan) -> Option<Self> {
        checks.level(Rule::Upcoding)?;
        has_severities(plan).then(|| Self {
            plan,
            reader: CaseReader::new(&plan.plan, &plan.grouper),
            cases: None,
        })
    }

    /// Looks the codes of a batch up.
    pub(super) fn load(&mut self, file: &ClaimFile, batch: &RecordBatch) -> Result<(), Error> {
        let position = |column| file.position(column, false);
        self.cases = Some(self.reader.load(file, batch, position)?);
        Ok(())
    }

    /// What lifts the case in a row.
    pub(super) fn lift(&self, row: usize) -> Option<Lift> {
        let PreparedPlan { plan, grouper, .. } = self.plan;
        let lifted = grouper.lifted_by_one(&self.cases.as_ref()?.case(row))?;
        let code = plan.codes.text(lifted.by.id()?);
        let group = |group| &grouper.info(group).group;
        let (with, without) = (group(lifted.group), group(lifted.group_without));
        Some(Lift {
            levels: lifted.levels(),
            says: format!("{code} {without} → {with}"),
        })
    }
}

/// Whether a plan groups by what other diagnoses amount to.
pub(super) fn has_severities(prepared: &PreparedPlan) -> bool {
    prepared.plan.dip.is_none() && !prepared.plan.severity.is_empty()
}
