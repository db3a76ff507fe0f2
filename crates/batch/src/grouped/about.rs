//! What is found about a row when it is grouped.

use crate::findings::FindingRow;
use crate::read::{CaseReader, Marks};
use arrow::array::{Array, StringArray};
use drgdip_claims::Finding;
use drgdip_grouper::{Case, CodeRole, Grouping, InvalidReason, Outcome, Severity};

/// Where a row stands.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// In the batch.
    pub(super) row: usize,
    /// In the run.
    pub(super) number: u64,
}

/// A row of a batch with what became of it.
pub(super) struct SeenRow<'c> {
    pub(super) place: Place,
    pub(super) case: &'c Case<'c>,
    pub(super) grouping: Grouping,
    pub(super) marks: Marks,
}

/// The texts of a batch that findings show.
pub(super) struct Texts {
    pub(super) case_ids: StringArray,
}

impl Texts {
    /// Whether a row may have findings; cheap, since nearly all rows have none.
    pub(super) fn is_conspicuous(
        &self,
        row: usize,
        case: &Case<'_>,
        (grouping, marks): (Grouping, Marks),
    ) -> bool {
        marks.are_any()
            || case.principal.is_none()
            || matches!(grouping.outcome, Outcome::Invalid(_))
            || self.case_ids.is_null(row)
    }

    /// A finding about a row.
    fn finding(&self, place: Place, finding: Finding, value: String) -> FindingRow {
        let ids = &self.case_ids;
        let case_id = ids
            .is_valid(place.row)
            .then(|| ids.value(place.row).to_owned());
        FindingRow::new(place.number, finding, case_id, value)
    }

    /// The result of a row that no plan can be chosen for.
    pub(super) fn without_plan(&self, place: Place, into: &mut Vec<FindingRow>) -> Grouping {
        into.push(self.finding(place, Finding::NoPlan, String::new()));
        if self.case_ids.is_null(place.row) {
            into.push(self.finding(place, Finding::CaseIdMissing, String::new()));
        }
        Grouping {
            outcome: Outcome::Invalid(InvalidReason::NoPlan),
            severity: Severity::None,
        }
    }

    /// Adds what is found about a row, in order of precedence.
    pub(super) fn findings(
        &self,
        seen: &SeenRow<'_>,
        reader: &CaseReader<'_>,
        into: &mut Vec<FindingRow>,
    ) {
        let first = into.len();
        let (row, case, outcome) = (seen.place.row, seen.case, seen.grouping.outcome);
        let mut say = |finding, value| into.push(self.finding(seen.place, finding, value));
        match outcome {
            // Below, the code that cannot be a principal diagnosis is named.
            Outcome::Invalid(InvalidReason::GreyPrincipal) => {}
            Outcome::Invalid(reason) => say(invalid_finding(reason), String::new()),
            _ => {}
        }
        if case.principal.is_none() && !is_principal_missing(outcome) {
            say(Finding::PrincipalMissing, String::new());
        }
        for texts in reader.codes() {
            for (code, text) in texts.of_row(row) {
                if !code.is_in_plan() {
                    say(not_in_plan(texts.role()), text.to_owned());
                }
            }
        }
        if self.case_ids.is_null(row) {
            say(Finding::CaseIdMissing, String::new());
        }
        if seen.marks.are_notable() {
            for texts in reader.codes() {
                let role = texts.role();
                for (_, written) in texts.of_row(row) {
                    let resolved = reader.resolver().resolve(role.kind(), written);
                    into.extend(resolved.findings(role, written).into_iter().map(|found| {
                        let row = self.finding(seen.place, found.finding, found.value);
                        row.in_column(role.column())
                    }));
                }
            }
        }
        into[first..].sort_by_key(|found| found.finding);
    }
}

const fn not_in_plan(role: CodeRole) -> Finding {
    match role {
        CodeRole::Principal => Finding::PrincipalNotInPlan,
        CodeRole::OtherDiagnosis => Finding::DiagnosisNotInPlan,
        CodeRole::MainProcedure | CodeRole::OtherProcedure => Finding::ProcedureNotInPlan,
    }
}

const fn is_principal_missing(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Invalid(InvalidReason::PrincipalMissing))
}

pub(crate) const fn invalid_finding(reason: InvalidReason) -> Finding {
    match reason {
        InvalidReason::SexMissing => Finding::SexMissing,
        InvalidReason::AgeMissing => Finding::AgeMissing,
        InvalidReason::AgeDaysMissing => Finding::AgeDaysMissing,
        InvalidReason::BirthWeightMissing => Finding::BirthWeightMissing,
        InvalidReason::PrincipalMissing => Finding::PrincipalMissing,
        InvalidReason::UnknownCode => Finding::UnknownCode,
        InvalidReason::GreyPrincipal => Finding::GreyPrincipal,
        InvalidReason::NoPlan => Finding::NoPlan,
    }
}
