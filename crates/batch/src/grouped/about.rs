//! What is found about a row when it is grouped.

use crate::findings::FindingRow;
use crate::read::Marks;
use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use drgdip_claims::Finding;
use drgdip_grouper::{
    Case, CaseCode, CodeRole, Grouping, InvalidReason, Outcome, Resolver, Severity,
};

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
    pub(super) codes: CodeColumns,
}

/// The code columns as they came, for the findings about codes.
pub(super) struct CodeColumns {
    pub(super) principal: Option<ArrayRef>,
    pub(super) main: Option<ArrayRef>,
    pub(super) others: Option<ArrayRef>,
    pub(super) procedures: Option<ArrayRef>,
}

impl Texts {
    /// Whether a row may have findings; cheap, since nearly all rows have none.
    pub(super) fn is_conspicuous(
        &self,
        row: usize,
        case: &Case<'_>,
        (grouping, marks): (Grouping, Marks),
    ) -> bool {
        marks.are_notable()
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
        resolver: &Resolver<'_>,
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
        for (finding, value) in self.codes.not_in_plan(row, case) {
            say(finding, value);
        }
        if self.case_ids.is_null(row) {
            say(Finding::CaseIdMissing, String::new());
        }
        if seen.marks.are_notable() {
            for (role, written) in self.codes.texts(row) {
                let resolved = resolver.resolve(role.kind(), &written);
                into.extend(resolved.findings(role, &written).into_iter().map(|found| {
                    let row = self.finding(seen.place, found.finding, found.value);
                    row.in_column(role.column())
                }));
            }
        }
        into[first..].sort_by_key(|found| found.finding);
    }
}

impl CodeColumns {
    /// The codes of a row that stand in no list of the plan.
    fn not_in_plan(&self, row: usize, case: &Case<'_>) -> Vec<(Finding, String)> {
        let mut found = Vec::new();
        let unknown = |code: &CaseCode| !code.is_in_plan();
        if case.principal.as_ref().is_some_and(unknown) {
            let code = text_at(self.principal.as_ref(), row);
            found.push((Finding::PrincipalNotInPlan, code));
        }
        if case.other_diagnoses.iter().any(unknown) {
            for code in unknown_items(self.others.as_ref(), row, case.other_diagnoses) {
                found.push((Finding::DiagnosisNotInPlan, code));
            }
        }
        if case.main_procedure.as_ref().is_some_and(unknown) {
            let code = text_at(self.main.as_ref(), row);
            found.push((Finding::ProcedureNotInPlan, code));
        }
        if case.other_procedures.iter().any(unknown) {
            for code in unknown_items(self.procedures.as_ref(), row, case.other_procedures) {
                found.push((Finding::ProcedureNotInPlan, code));
            }
        }
        found
    }

    /// All codes of a row as they are written.
    fn texts(&self, row: usize) -> Vec<(CodeRole, String)> {
        let mut texts = Vec::new();
        for (role, column) in [
            (CodeRole::Principal, &self.principal),
            (CodeRole::OtherDiagnosis, &self.others),
            (CodeRole::MainProcedure, &self.main),
            (CodeRole::OtherProcedure, &self.procedures),
        ] {
            let Some(column) = column.as_ref().filter(|column| column.is_valid(row)) else {
                continue;
            };
            match column.as_list_opt::<i32>() {
                None => texts.push((role, text_at(Some(column), row))),
                Some(_) => texts.extend(items(column, row).into_iter().map(|text| (role, text))),
            }
        }
        texts
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

fn text_at(column: Option<&ArrayRef>, row: usize) -> String {
    let text = column.and_then(|column| cast(&column.slice(row, 1), &DataType::Utf8).ok());
    text.map(|text| text.as_string::<i32>().value(0).to_owned())
        .unwrap_or_default()
}

/// The texts of a row's list, without absent ones.
fn items(column: &ArrayRef, row: usize) -> Vec<String> {
    let Ok(items) = cast(&column.as_list::<i32>().value(row), &DataType::Utf8) else {
        return Vec::new();
    };
    let present = items.as_string::<i32>().iter().flatten();
    present.map(str::to_owned).collect()
}

/// The texts of the codes of a row's list that are not in the plan.
fn unknown_items(column: Option<&ArrayRef>, row: usize, codes: &[CaseCode]) -> Vec<String> {
    let Some(column) = column else {
        return Vec::new();
    };
    let paired = items(column, row).into_iter().zip(codes);
    paired
        .filter(|(_, code)| !code.is_in_plan())
        .map(|(text, _)| text)
        .collect()
}
