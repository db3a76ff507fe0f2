//! The columns of `cases.parquet`.

use super::cases::{SettledClass, SettledRows};
use super::links::{Adjustments, LinkRule};
use super::setting::Setting;
use crate::grouped::{GroupNames, grouped_fields};
use arrow::array::{ArrayRef, Decimal128Array, DictionaryArray, StringArray, UInt16Array};
use arrow::datatypes::{DataType, Field, UInt16Type};
use drgdip_claims::Finding;
use drgdip_points::classify::CaseClass;
use std::sync::Arc;

/// Yuan with two decimals.
pub(crate) const MONEY: DataType = DataType::Decimal128(16, 2);
/// Points, weights and published values with four decimals.
pub(crate) const POINTS: DataType = DataType::Decimal128(18, 4);
/// Ratios with six decimals.
pub(crate) const RATIO: DataType = DataType::Decimal128(12, 6);

/// The columns whose values hardly repeat, so that a dictionary would only cost time.
pub(crate) const UNIQUE: &[&str] = &[
    "case_id",
    "total_cost",
    "patient_side",
    "fund_share",
    "points",
    "payment",
];

fn coded() -> DataType {
    DataType::Dictionary(Box::new(DataType::UInt16), Box::new(DataType::Utf8))
}

/// The fields of `cases.parquet`; the payment comes last, since it is known last.
pub(crate) fn case_fields() -> Vec<Field> {
    let hospital = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let mut fields = grouped_fields();
    fields.extend([
        Field::new("hospital_id", hospital, true),
        Field::new("pool", coded(), true),
        Field::new("case_class", coded(), false),
        Field::new("unpaid_reason", coded(), true),
        Field::new("total_cost", MONEY, true),
        Field::new("patient_side", MONEY, true),
        Field::new("fund_share", RATIO, true),
        Field::new("reference_cost", MONEY, true),
        Field::new("weight", POINTS, true),
        Field::new("base_points", POINTS, true),
        Field::new("coefficient", RATIO, true),
        Field::new("link_rule", coded(), true),
        Field::new("points", POINTS, false),
        Field::new("payment", MONEY, false),
    ]);
    fields
}

/// All classes of paid cases; the number of a class is its place.
pub(crate) const CLASSES: [SettledClass; 8] = [
    SettledClass::Priced(CaseClass::Normal),
    SettledClass::Priced(CaseClass::Low),
    SettledClass::Priced(CaseClass::High),
    SettledClass::ByCost,
    SettledClass::Unstable,
    SettledClass::BedDay,
    SettledClass::Transfer,
    SettledClass::ShortStay,
];

/// The class as written in outputs.
pub(crate) const fn class_code(class: SettledClass) -> &'static str {
    match class {
        SettledClass::Priced(class) => class.code(),
        SettledClass::ByCost => "by_cost",
        SettledClass::Unstable => "unstable",
        SettledClass::BedDay => "bed_day",
        SettledClass::Transfer => "transfer",
        SettledClass::ShortStay => "short_stay",
        SettledClass::Unpaid(_) => "unpaid",
    }
}

pub(crate) const fn class_number(class: SettledClass) -> u16 {
    match class {
        SettledClass::Priced(CaseClass::Normal) => 0,
        SettledClass::Priced(CaseClass::Low) => 1,
        SettledClass::Priced(CaseClass::High) => 2,
        SettledClass::ByCost => 3,
        SettledClass::Unstable => 4,
        SettledClass::BedDay => 5,
        SettledClass::Transfer => 6,
        SettledClass::ShortStay => 7,
        SettledClass::Unpaid(_) => 8,
    }
}

/// The texts that the coded columns refer to.
pub(crate) struct CaseNames {
    grouped: GroupNames,
    pools: ArrayRef,
    classes: ArrayRef,
    findings: ArrayRef,
    link_rules: ArrayRef,
}

impl CaseNames {
    pub(crate) fn new(setting: &Setting<'_>) -> Self {
        let unpaid = SettledClass::Unpaid(Finding::CaseIdMissing);
        let classes = CLASSES
            .iter()
            .chain([&unpaid])
            .map(|class| class_code(*class));
        Self {
            grouped: GroupNames::new(setting.plan),
            pools: strings(setting.pools.all.iter().map(|pool| pool.id.as_str())),
            classes: strings(classes),
            findings: strings(Finding::ALL.iter().map(|finding| finding.code())),
            link_rules: strings(LinkRule::ALL.into_iter().map(LinkRule::code)),
        }
    }
}

fn strings<'a>(texts: impl Iterator<Item = &'a str>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(texts))
}

/// All columns but those of [`link_columns`] and the payment.
pub(crate) fn case_columns(rows: &SettledRows, names: &CaseNames) -> Vec<Vec<ArrayRef>> {
    let cases = &rows.cases;
    let code = |keys: UInt16Array, texts: &ArrayRef| -> Vec<ArrayRef> {
        vec![Arc::new(DictionaryArray::<UInt16Type>::new(
            keys,
            Arc::clone(texts),
        ))]
    };
    let unpaid = |class| match class {
        SettledClass::Unpaid(finding) => Some(finding as u16),
        _ => None,
    };
    let mut columns = rows.grouped.columns(&names.grouped);
    columns.extend([
        rows.hospitals.clone(),
        code(cases.iter().map(|case| case.pool).collect(), &names.pools),
        code(
            cases
                .iter()
                .map(|case| Some(class_number(case.class)))
                .collect(),
            &names.classes,
        ),
        code(
            cases.iter().map(|case| unpaid(case.class)).collect(),
            &names.findings,
        ),
        decimals(cases.iter().map(|case| case.total_cost), &MONEY),
        decimals(cases.iter().map(|case| case.patient_side), &MONEY),
        decimals(
            cases
                .iter()
                .map(|c| fund_share(c.total_cost, c.patient_side)),
            &RATIO,
        ),
        decimals(cases.iter().map(|case| case.reference_cost), &MONEY),
        decimals(cases.iter().map(|case| case.weight), &POINTS),
        decimals(cases.iter().map(|case| case.base_points), &POINTS),
        decimals(cases.iter().map(|case| case.coefficient), &RATIO),
    ]);
    columns
}

/// The points of consecutive cases from `first_row` on, as other cases left them, and the rule
/// that changed each.
pub(crate) fn link_columns(
    points: &[i64],
    first_row: u64,
    adjusted: &Adjustments,
    names: &CaseNames,
) -> Vec<Vec<ArrayRef>> {
    let mut points = points.to_vec();
    let mut rules = vec![None; points.len()];
    let rows = first_row..first_row + points.len() as u64;
    for (row, change) in adjusted.range(rows) {
        let place = usize::try_from(row - first_row).expect("rows fit into the address space");
        points[place] = change.points.ten_thousandths();
        rules[place] = Some(change.rule as u16);
    }
    let keys: UInt16Array = rules.into_iter().collect();
    let rules = DictionaryArray::<UInt16Type>::new(keys, Arc::clone(&names.link_rules));
    let points = decimals(points.into_iter().map(Some), &POINTS);
    vec![vec![Arc::new(rules)], points]
}

/// A decimal column from its values in units of its last place.
pub(crate) fn decimals(
    values: impl Iterator<Item = Option<i64>>,
    data_type: &DataType,
) -> Vec<ArrayRef> {
    let array: Decimal128Array = values.map(|value| value.map(i128::from)).collect();
    vec![Arc::new(array.with_data_type(data_type.clone()))]
}

/// ρ = (C − U) / C to six places; nothing where the claim costs nothing.
fn fund_share(total_cost: Option<i64>, patient_side: Option<i64>) -> Option<i64> {
    let (total, patient) = (i128::from(total_cost?), i128::from(patient_side?));
    if total <= 0 {
        return None;
    }
    let millionths = (total - patient) * 1_000_000;
    let half = if millionths < 0 {
        -total / 2
    } else {
        total / 2
    };
    let share = i64::try_from((millionths + half) / total).ok()?;
    // An absurd patient side has no share that the column could hold.
    (share.abs() < 1_000_000_000_000).then_some(share)
}
