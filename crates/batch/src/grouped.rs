//! Grouping a batch of claims, and the columns that say the result.

use crate::Error;
use crate::findings::FindingRow;
use crate::in_force::{NO_PLAN, PlanChoice, PlanOfRow};
use crate::output::sha256;
use crate::read::{CaseBatch, CaseReader, ClaimFile, Column, Marks, column_array, texts};
use arrow::array::{
    Array, ArrayRef, AsArray, DictionaryArray, RecordBatch, StringArray, UInt16Array,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, UInt16Type};
use drgdip_claims::Finding;
use drgdip_grouper::{
    Case, CaseCode, CodeRole, GroupIndex, Grouper, Grouping, InvalidReason, Outcome, Resolver,
    Severity, UngroupedReason,
};
use drgdip_tables::{FileSet, GroupingPlan, LoadedPlan};
use std::ops::Range;
use std::sync::Arc;

/// A plan with the grouper made from it.
pub struct PreparedPlan {
    /// The plan as loaded.
    pub plan: GroupingPlan,
    /// The compiled form.
    pub grouper: Grouper,
    /// Each table file of the plan and of its bases, with its sha256.
    pub files: Vec<(String, String)>,
}

impl PreparedPlan {
    /// Prepares a plan that has been loaded: reads its code tables, and hashes every file of its
    /// layers and of these.
    ///
    /// # Errors
    /// When a code table cannot be used.
    pub fn of(loaded: LoadedPlan) -> Result<Self, Error> {
        let loaded = loaded.with_code_tables()?;
        let hashed = |files: &FileSet| -> Vec<(String, String)> {
            let named = files
                .iter()
                .map(|(path, bytes)| (files.name_of(path), sha256(bytes)));
            named.collect()
        };
        let all = loaded.layers.iter().chain(&loaded.code_files);
        let files = all.flat_map(hashed).collect();
        Ok(Self::new(loaded.plan, files))
    }

    /// Compiles a plan; `files` are the table files with their bytes.
    #[must_use]
    pub fn new(plan: GroupingPlan, files: Vec<(String, String)>) -> Self {
        let grouper = Grouper::new(&plan);
        Self {
            plan,
            grouper,
            files,
        }
    }
}

/// The columns of every grouped output after `case_id`.
pub(crate) const GROUPED_COLUMNS: [&str; 8] = [
    "plan", "status", "reason", "mdc", "adrg", "group", "severity", "layer",
];

/// The fields of every grouped output: `case_id` and [`GROUPED_COLUMNS`].
pub(crate) fn grouped_fields() -> Vec<Field> {
    let coded = DataType::Dictionary(Box::new(DataType::UInt16), Box::new(DataType::Utf8));
    let mut fields = vec![Field::new("case_id", DataType::Utf8, true)];
    for name in GROUPED_COLUMNS {
        let data_type = if name == "layer" {
            DataType::Utf8
        } else {
            coded.clone()
        };
        fields.push(Field::new(name, data_type, true));
    }
    fields
}

/// The outcomes of some consecutive rows, one entry a row.
#[derive(Default)]
pub(crate) struct GroupedRows {
    pub(crate) case_ids: Vec<StringArray>,
    groups: Vec<Option<GroupIndex>>,
    outcomes: Vec<u16>,
    severities: Vec<Severity>,
    /// The plan of each row; empty where the run has one plan.
    plans: Vec<u16>,
    pub(crate) findings: Vec<FindingRow>,
}

impl GroupedRows {
    pub(crate) fn len(&self) -> usize {
        self.groups.len()
    }

    pub(crate) fn push(&mut self, grouping: Grouping) {
        self.groups.push(grouping.outcome.group());
        self.outcomes.push(outcome_number(grouping.outcome));
        self.severities.push(grouping.severity);
    }

    pub(crate) fn append(&mut self, mut later: Self) {
        self.case_ids.append(&mut later.case_ids);
        self.groups.append(&mut later.groups);
        self.outcomes.append(&mut later.outcomes);
        self.severities.append(&mut later.severities);
        self.plans.append(&mut later.plans);
        self.findings.append(&mut later.findings);
    }

    /// How many rows have each outcome, by its number.
    pub(crate) fn count(&self, counts: &mut OutcomeCounts) {
        for outcome in &self.outcomes {
            counts.0[usize::from(*outcome)] += 1;
        }
    }

    /// The columns of a grouped output, `case_id` first.
    pub(crate) fn columns(&self, names: &GroupNames) -> Vec<Vec<ArrayRef>> {
        let groups = || {
            self.groups
                .iter()
                .map(|group| group.map(|index| index.0))
                .collect()
        };
        let outcomes = || UInt16Array::from_iter_values(self.outcomes.iter().copied());
        let valid = self.outcomes.iter().zip(&self.severities);
        let severities = valid.map(|(outcome, severity)| {
            (usize::from(*outcome) < FIRST_INVALID).then_some(*severity as u16)
        });
        let plans = || {
            self.plans
                .iter()
                .map(|plan| (*plan != NO_PLAN).then_some(*plan))
        };
        let plan = match self.plans.is_empty() {
            true => UInt16Array::from_value(0, self.len()),
            false => plans().collect(),
        };
        let ids = self
            .case_ids
            .iter()
            .map(|ids| Arc::new(ids.clone()) as ArrayRef);
        vec![
            ids.collect(),
            vec![coded(plan, &names.plan)],
            vec![coded(outcomes(), &names.status)],
            vec![coded(outcomes(), &names.reason)],
            vec![coded(groups(), &names.mdc)],
            vec![coded(groups(), &names.adrg)],
            vec![coded(groups(), &names.group)],
            vec![coded(severities.collect(), &names.severity)],
            vec![Arc::new(StringArray::new_null(self.len()))],
        ]
    }
}

fn coded(keys: UInt16Array, values: &ArrayRef) -> ArrayRef {
    Arc::new(DictionaryArray::<UInt16Type>::new(keys, Arc::clone(values)))
}

/// All outcomes without their group, numbered; valid ones first.
const OUTCOMES: [Outcome; 14] = [
    Outcome::Grouped(GroupIndex(0)),
    Outcome::GroupedByAdrg(GroupIndex(0)),
    Outcome::Ambiguous(GroupIndex(0)),
    Outcome::Ungrouped(UngroupedReason::NoMdc),
    Outcome::Ungrouped(UngroupedReason::NoAdrg),
    Outcome::Ungrouped(UngroupedReason::NoDrg),
    Outcome::Invalid(InvalidReason::SexMissing),
    Outcome::Invalid(InvalidReason::AgeMissing),
    Outcome::Invalid(InvalidReason::AgeDaysMissing),
    Outcome::Invalid(InvalidReason::BirthWeightMissing),
    Outcome::Invalid(InvalidReason::PrincipalMissing),
    Outcome::Invalid(InvalidReason::UnknownCode),
    Outcome::Invalid(InvalidReason::GreyPrincipal),
    Outcome::Invalid(InvalidReason::NoPlan),
];
const FIRST_INVALID: usize = 6;

fn outcome_number(outcome: Outcome) -> u16 {
    match outcome {
        Outcome::Grouped(_) => 0,
        Outcome::GroupedByAdrg(_) => 1,
        Outcome::Ambiguous(_) => 2,
        Outcome::Ungrouped(UngroupedReason::NoMdc) => 3,
        Outcome::Ungrouped(UngroupedReason::NoAdrg) => 4,
        Outcome::Ungrouped(UngroupedReason::NoDrg) => 5,
        Outcome::Invalid(InvalidReason::SexMissing) => 6,
        Outcome::Invalid(InvalidReason::AgeMissing) => 7,
        Outcome::Invalid(InvalidReason::AgeDaysMissing) => 8,
        Outcome::Invalid(InvalidReason::BirthWeightMissing) => 9,
        Outcome::Invalid(InvalidReason::PrincipalMissing) => 10,
        Outcome::Invalid(InvalidReason::UnknownCode) => 11,
        Outcome::Invalid(InvalidReason::GreyPrincipal) => 12,
        Outcome::Invalid(InvalidReason::NoPlan) => 13,
    }
}

/// How many cases have each outcome.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutcomeCounts([u64; OUTCOMES.len()]);

impl OutcomeCounts {
    /// Status, reason and number of cases of each outcome that came up.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &'static str, u64)> {
        let all = OUTCOMES.iter().zip(self.0);
        all.filter(|(_, count)| *count > 0)
            .map(|(o, count)| (o.status(), o.reason(), count))
    }

    pub(crate) fn add(&mut self, more: &Self) {
        for (count, more) in self.0.iter_mut().zip(more.0) {
            *count += more;
        }
    }

    /// How many cases have this status.
    #[must_use]
    pub fn of_status(&self, status: &str) -> u64 {
        self.iter()
            .filter(|(s, _, _)| *s == status)
            .map(|(_, _, count)| count)
            .sum()
    }

    /// How many cases there are.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }
}

/// The texts that the coded columns of a grouped output refer to.
pub(crate) struct GroupNames {
    plan: ArrayRef,
    status: ArrayRef,
    reason: ArrayRef,
    mdc: ArrayRef,
    adrg: ArrayRef,
    group: ArrayRef,
    severity: ArrayRef,
}

impl GroupNames {
    /// The texts of all plans of a run; the groups of later plans come after those of earlier.
    pub(crate) fn new(choice: PlanChoice<'_>) -> Self {
        let plans = choice.plans();
        let groups = || plans.iter().flat_map(|plan| plan.grouper.groups());
        Self {
            plan: strings(plans.iter().map(|plan| plan.plan.id.as_str())),
            status: strings(OUTCOMES.iter().map(|outcome| outcome.status())),
            reason: strings(OUTCOMES.iter().map(|outcome| outcome.reason())),
            mdc: strings(groups().map(|group| group.mdc.as_str())),
            adrg: strings(groups().map(|group| group.adrg.as_str())),
            group: strings(groups().map(|group| group.group.as_str())),
            severity: strings([Severity::None, Severity::Cc, Severity::Mcc].map(Severity::code)),
        }
    }
}

fn strings<'a>(texts: impl IntoIterator<Item = &'a str>) -> ArrayRef {
    Arc::new(texts.into_iter().map(Some).collect::<StringArray>())
}

/// Groups batches of claims.
///
/// With several plans, the index of a group counts the groups of the plans before its own.
pub(crate) struct GroupingWorker<'p> {
    desks: Vec<PlanDesk<'p>>,
    /// How the plan of a row is found; `None` where the run has one plan.
    plan_of_row: Option<PlanOfRow<'p>>,
    loaded: Option<Loaded>,
}

/// What groups the claims of one plan.
struct PlanDesk<'p> {
    grouper: &'p Grouper,
    reader: CaseReader<'p>,
    /// How many groups the plans before this one have.
    first_group: u16,
}

struct Loaded {
    /// By plan, the cases of the batch; `None` where no row of it is grouped by the plan.
    cases: Vec<Option<CaseBatch>>,
    /// The plan of each row; empty where the run has one plan.
    plans: Vec<u16>,
    case_ids: StringArray,
    codes: CodeColumns,
}

/// The code columns as they came, for the findings about codes.
struct CodeColumns {
    principal: Option<ArrayRef>,
    main: Option<ArrayRef>,
    others: Option<ArrayRef>,
    procedures: Option<ArrayRef>,
}

impl<'p> GroupingWorker<'p> {
    pub(crate) fn new(choice: PlanChoice<'p>) -> Self {
        let mut desks = Vec::new();
        let mut groups = 0;
        for plan in choice.plans() {
            desks.push(PlanDesk {
                grouper: &plan.grouper,
                reader: CaseReader::new(&plan.plan, &plan.grouper),
                first_group: u16::try_from(groups).expect("groups are numbered with 16 bits"),
            });
            groups += plan.grouper.groups().len();
        }
        let plan_of_row = match choice {
            PlanChoice::One(_) => None,
            PlanChoice::InForce(plans) => Some(PlanOfRow::new(plans)),
        };
        Self {
            desks,
            plan_of_row,
            loaded: None,
        }
    }

    pub(crate) fn load(
        &mut self,
        file: &ClaimFile,
        batch: &RecordBatch,
        position: impl Fn(Column) -> Option<usize>,
    ) -> Result<(), Error> {
        let array = |column| column_array(batch, position(column));
        let ids = array(Column::CaseId).expect("case_id is a required column");
        let ids = cast(ids, &DataType::Utf8).map_err(|e| file.broken(&e))?;
        let coded = |column| -> Result<Option<ArrayRef>, Error> {
            let Some(array) = array(column) else {
                return Ok(None);
            };
            Ok(Some(Arc::new(texts(file, array)?)))
        };
        let plans = match &mut self.plan_of_row {
            None => Vec::new(),
            Some(plan_of_row) => plan_of_row.read(file, batch, &position)?,
        };
        let mut cases = Vec::new();
        for (number, desk) in (0..).zip(&mut self.desks) {
            let is_used = plans.is_empty() || plans.contains(&number);
            let read = is_used.then(|| desk.reader.load(file, batch, &position));
            cases.push(read.transpose()?);
        }
        let codes = CodeColumns {
            principal: coded(Column::PrincipalDiagnosis)?,
            main: coded(Column::MainProcedure)?,
            others: array(Column::OtherDiagnoses).cloned(),
            procedures: array(Column::OtherProcedures).cloned(),
        };
        self.loaded = Some(Loaded {
            cases,
            plans,
            case_ids: ids.as_string::<i32>().clone(),
            codes,
        });
        Ok(())
    }

    fn loaded(&self) -> &Loaded {
        self.loaded
            .as_ref()
            .expect("a batch is loaded before its rows are taken")
    }

    /// The case_ids of the batch.
    pub(crate) fn case_ids(&self) -> &StringArray {
        &self.loaded().case_ids
    }

    /// Groups some rows of the batch; `each` sees the result of every row.
    pub(crate) fn take(
        &self,
        span: Range<usize>,
        first_row: u64,
        rows: &mut GroupedRows,
        mut each: impl FnMut(usize, Grouping, &mut Vec<FindingRow>),
    ) {
        let loaded = self.loaded();
        rows.case_ids
            .push(loaded.case_ids.slice(span.start, span.len()));
        if let Some(plans) = loaded.plans.get(span.clone()) {
            rows.plans.extend_from_slice(plans);
        }
        for row in span.clone() {
            let number = first_row + (row - span.start) as u64;
            let plan = usize::from(loaded.plans.get(row).copied().unwrap_or(0));
            let grouping = match self.desks.get(plan).zip(loaded.cases.get(plan)) {
                Some((desk, Some(cases))) => {
                    let place = Place { row, number };
                    desk.group(loaded, cases, place, &mut rows.findings)
                }
                _ => loaded.without_plan(Place { row, number }, &mut rows.findings),
            };
            rows.push(grouping);
            each(row, grouping, &mut rows.findings);
        }
    }
}

/// Where a row stands.
#[derive(Clone, Copy)]
struct Place {
    /// In the batch.
    row: usize,
    /// In the run.
    number: u64,
}

impl PlanDesk<'_> {
    /// Groups one row and adds what is found about it.
    fn group(
        &self,
        loaded: &Loaded,
        cases: &CaseBatch,
        place: Place,
        findings: &mut Vec<FindingRow>,
    ) -> Grouping {
        let case = cases.case(place.row);
        let grouping = self.grouper.group(&case);
        let marks = cases.marks(place.row);
        if cases.has_unknown_codes || loaded.is_conspicuous(place.row, &case, (grouping, marks)) {
            let seen = SeenRow {
                place,
                case: &case,
                grouping,
                marks,
            };
            loaded.findings(&seen, self.reader.resolver(), findings);
        }
        Grouping {
            outcome: grouping.outcome.with_groups_from(self.first_group),
            ..grouping
        }
    }
}

impl Loaded {
    /// Whether a row may have findings; cheap, since nearly all rows have none.
    fn is_conspicuous(
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
    fn without_plan(&self, place: Place, into: &mut Vec<FindingRow>) -> Grouping {
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
    fn findings(&self, seen: &SeenRow<'_>, resolver: &Resolver<'_>, into: &mut Vec<FindingRow>) {
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
        let unknown = |code: &CaseCode| *code == CaseCode::UNKNOWN;
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

/// A row of a batch with what became of it.
struct SeenRow<'c> {
    place: Place,
    case: &'c Case<'c>,
    grouping: Grouping,
    marks: Marks,
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
        .filter(|(_, code)| **code == CaseCode::UNKNOWN)
        .map(|(text, _)| text)
        .collect()
}
