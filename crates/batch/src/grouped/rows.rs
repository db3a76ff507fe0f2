//! The columns that say the result of grouping, and how often each outcome came up.

use crate::findings::FindingRow;
use crate::in_force::{NO_PLAN, PlanChoice};
use arrow::array::{ArrayRef, DictionaryArray, StringArray, UInt16Array};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::datatypes::{DataType, Field, UInt16Type};
use drgdip_grouper::{
    ExcludedReason, GroupIndex, GroupInfo, Grouping, InvalidReason, Outcome, Severity,
    UngroupedReason,
};
use std::sync::Arc;

/// The columns of every grouped output after `case_id`.
const GROUPED_COLUMNS: [&str; 8] = [
    "plan", "status", "reason", "mdc", "adrg", "group", "severity", "layer",
];

/// The fields of every grouped output: `case_id`, then `plan` and what follows it.
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
    pub(super) plans: Vec<u16>,
    pub(crate) findings: Vec<FindingRow>,
}

impl GroupedRows {
    pub(crate) fn len(&self) -> usize {
        self.groups.len()
    }

    /// Makes room for so many rows more.
    pub(crate) fn reserve(&mut self, rows: usize) {
        self.groups.reserve(rows);
        self.outcomes.reserve(rows);
        self.severities.reserve(rows);
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

    /// The layers of DIP groups.
    fn layers(&self, names: &GroupNames) -> StringArray {
        if names.layers.is_empty() {
            return StringArray::new_null(self.len());
        }
        let layer = |group: &Option<GroupIndex>| names.layers[usize::from((*group)?.0)];
        self.groups.iter().map(layer).collect()
    }

    /// The columns of a grouped output, `case_id` first.
    pub(crate) fn columns(&self, names: &GroupNames) -> Vec<Vec<ArrayRef>> {
        let groups = keys(&self.groups, |_| true);
        let outcomes = UInt16Array::from(self.outcomes.clone());
        let placed = match names.layers.is_empty() {
            true => groups.clone(),
            false => keys(&self.groups, |index| names.is_drg(index)),
        };
        let valid = self.outcomes.iter().zip(&self.severities).enumerate();
        let severities = valid.map(|(row, (outcome, severity))| {
            let plan = self.plans.get(row).copied().unwrap_or(0);
            let is_valid = usize::from(*outcome) < FIRST_INVALID;
            (is_valid && !names.has_catalogue(plan)).then_some(*severity as u16)
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
            vec![coded(outcomes.clone(), &names.status)],
            vec![coded(outcomes, &names.reason)],
            vec![coded(placed.clone(), &names.mdc)],
            vec![coded(placed, &names.adrg)],
            vec![coded(groups, &names.group)],
            vec![coded(severities.collect(), &names.severity)],
            vec![Arc::new(self.layers(names))],
        ]
    }
}

/// The numbers of groups; absent where there is none, or none that `has` holds of.
fn keys(groups: &[Option<GroupIndex>], has: impl Fn(u16) -> bool) -> UInt16Array {
    let has = |group: Option<GroupIndex>| group.is_some_and(|index| has(index.0));
    let valid = BooleanBuffer::collect_bool(groups.len(), |row| has(groups[row]));
    let numbers = groups.iter().map(|group| group.map_or(0, |index| index.0));
    UInt16Array::new(numbers.collect(), Some(NullBuffer::new(valid)))
}

fn coded(keys: UInt16Array, values: &ArrayRef) -> ArrayRef {
    Arc::new(DictionaryArray::<UInt16Type>::new(keys, Arc::clone(values)))
}

/// All outcomes without their group, numbered; valid ones first.
const OUTCOMES: [Outcome; 17] = [
    Outcome::Grouped(GroupIndex(0)),
    Outcome::GroupedByAdrg(GroupIndex(0)),
    Outcome::Ambiguous(GroupIndex(0)),
    Outcome::Ungrouped(UngroupedReason::NoMdc),
    Outcome::Ungrouped(UngroupedReason::NoAdrg),
    Outcome::Ungrouped(UngroupedReason::NoDrg),
    Outcome::Ungrouped(UngroupedReason::NoKey),
    Outcome::Ungrouped(UngroupedReason::NoTreatment),
    Outcome::Excluded(ExcludedReason::Principal),
    Outcome::Invalid(InvalidReason::SexMissing),
    Outcome::Invalid(InvalidReason::AgeMissing),
    Outcome::Invalid(InvalidReason::AgeDaysMissing),
    Outcome::Invalid(InvalidReason::BirthWeightMissing),
    Outcome::Invalid(InvalidReason::PrincipalMissing),
    Outcome::Invalid(InvalidReason::UnknownCode),
    Outcome::Invalid(InvalidReason::GreyPrincipal),
    Outcome::Invalid(InvalidReason::NoPlan),
];
const FIRST_INVALID: usize = 9;

fn outcome_number(outcome: Outcome) -> u16 {
    match outcome {
        Outcome::Grouped(_) => 0,
        Outcome::GroupedByAdrg(_) => 1,
        Outcome::Ambiguous(_) => 2,
        Outcome::Ungrouped(UngroupedReason::NoMdc) => 3,
        Outcome::Ungrouped(UngroupedReason::NoAdrg) => 4,
        Outcome::Ungrouped(UngroupedReason::NoDrg) => 5,
        Outcome::Ungrouped(UngroupedReason::NoKey) => 6,
        Outcome::Ungrouped(UngroupedReason::NoTreatment) => 7,
        Outcome::Excluded(ExcludedReason::Principal) => 8,
        Outcome::Invalid(InvalidReason::SexMissing) => 9,
        Outcome::Invalid(InvalidReason::AgeMissing) => 10,
        Outcome::Invalid(InvalidReason::AgeDaysMissing) => 11,
        Outcome::Invalid(InvalidReason::BirthWeightMissing) => 12,
        Outcome::Invalid(InvalidReason::PrincipalMissing) => 13,
        Outcome::Invalid(InvalidReason::UnknownCode) => 14,
        Outcome::Invalid(InvalidReason::GreyPrincipal) => 15,
        Outcome::Invalid(InvalidReason::NoPlan) => 16,
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
    /// By group, its layer in a DIP catalogue; empty where the run has no DIP plan.
    layers: Vec<Option<&'static str>>,
    /// By plan, whether it is a DIP plan.
    catalogues: Vec<bool>,
}

impl GroupNames {
    /// Whether a group is one of a DRG plan, which has a MDC and an ADRG.
    fn is_drg(&self, group: u16) -> bool {
        self.layers
            .get(usize::from(group))
            .is_none_or(Option::is_none)
    }

    /// Whether a plan of the run is a DIP plan, which has no severity.
    fn has_catalogue(&self, plan: u16) -> bool {
        self.catalogues
            .get(usize::from(plan))
            .copied()
            .unwrap_or(false)
    }

    /// The texts of all plans of a run; the groups of later plans come after those of earlier.
    pub(crate) fn new(choice: PlanChoice<'_>) -> Self {
        let plans = choice.plans();
        let groups = || plans.iter().flat_map(|plan| plan.grouper.groups());
        let catalogues: Vec<bool> = plans.iter().map(|plan| plan.plan.dip.is_some()).collect();
        let layer = |group: &GroupInfo| group.dip.map(|dip| dip.layer.word());
        let layers = match catalogues.contains(&true) {
            true => groups().map(layer).collect(),
            false => Vec::new(),
        };
        Self {
            layers,
            catalogues,
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
