//! The columns of `cases.parquet`.

use super::cases::{SettledCase, SettledClass, SettledRows};
use super::links::{Adjustments, LinkRule};
use super::setting::Setting;
use super::subtypes::{SubtypeColumns, SubtypeNames};
use crate::grouped::{GroupNames, grouped_fields};
use arrow::array::{
    ArrayRef, Decimal64Array, Decimal128Array, DictionaryArray, StringArray, UInt16Array,
};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::datatypes::{DataType, Field, UInt16Type};
use drgdip_claims::Finding;
use drgdip_points::classify::CaseClass;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Yuan with two decimals.
pub(crate) const MONEY: DataType = DataType::Decimal64(16, 2);
/// Points, weights and published values with four decimals.
pub(crate) const POINTS: DataType = DataType::Decimal64(18, 4);
/// Ratios with six decimals.
pub(crate) const RATIO: DataType = DataType::Decimal64(12, 6);

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
        Field::new("subtype", coded(), true),
        Field::new("auxiliary", RATIO, true),
        Field::new("link_rule", coded(), true),
        Field::new("points", POINTS, false),
        Field::new("payment", MONEY, false),
    ]);
    fields
}

/// All classes of paid cases; the number of a class is its place.
pub(crate) const CLASSES: [SettledClass; 13] = [
    SettledClass::Priced(CaseClass::Normal),
    SettledClass::Priced(CaseClass::Low),
    SettledClass::Priced(CaseClass::High),
    SettledClass::ByCost,
    SettledClass::Unstable,
    SettledClass::BedDay,
    SettledClass::Transfer,
    SettledClass::ShortStay,
    SettledClass::DaySurgery,
    SettledClass::SingleDisease,
    SettledClass::Item,
    SettledClass::Tcm,
    SettledClass::HomeBed,
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
        SettledClass::DaySurgery => "day_surgery",
        SettledClass::SingleDisease => "single_disease",
        SettledClass::Item => "item",
        SettledClass::Tcm => "tcm",
        SettledClass::HomeBed => "home_bed",
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
        SettledClass::DaySurgery => 8,
        SettledClass::SingleDisease => 9,
        SettledClass::Item => 10,
        SettledClass::Tcm => 11,
        SettledClass::HomeBed => 12,
        SettledClass::Unpaid(_) => 13,
    }
}

/// The texts that the coded columns refer to.
pub(crate) struct CaseNames {
    grouped: GroupNames,
    pools: ArrayRef,
    classes: ArrayRef,
    findings: ArrayRef,
    link_rules: ArrayRef,
    subtypes: SubtypeNames,
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
            subtypes: SubtypeNames::new(setting.plan),
        }
    }
}

fn strings<'a>(texts: impl Iterator<Item = &'a str>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(texts))
}

/// The columns of consecutive cases while they are settled, but those of [`link_columns`] and the
/// payment: each case is put into them at once, so that nobody goes through wide rows again.
pub(crate) struct CaseColumns {
    /// [`NONE`] where a case has none.
    pools: Vec<u16>,
    classes: Vec<u16>,
    /// [`NONE`] where a case is paid.
    unpaid: Vec<u16>,
    /// Total cost, patient side, fund share, reference cost, weight, base points, coefficient.
    decimals: [Vec<i64>; 7],
    /// A bit for each of the decimals that a case has.
    present: Vec<u8>,
    subtypes: SubtypeColumns,
    pub(crate) points: Vec<i64>,
}

/// What stands for no pool and no finding.
const NONE: u16 = u16::MAX;

impl CaseColumns {
    const TYPES: [DataType; 7] = [MONEY, MONEY, RATIO, MONEY, POINTS, POINTS, RATIO];

    /// Room for so many cases.
    pub(crate) fn with_capacity(rows: usize) -> Self {
        Self {
            pools: Vec::with_capacity(rows),
            classes: Vec::with_capacity(rows),
            unpaid: Vec::with_capacity(rows),
            decimals: std::array::from_fn(|_| Vec::with_capacity(rows)),
            present: Vec::with_capacity(rows),
            subtypes: SubtypeColumns::default(),
            points: Vec::with_capacity(rows),
        }
    }

    pub(crate) fn push(&mut self, case: &SettledCase) {
        self.pools.push(case.pool.unwrap_or(NONE));
        self.classes.push(class_number(case.class));
        self.unpaid.push(match case.class {
            SettledClass::Unpaid(finding) => finding as u16,
            _ => NONE,
        });
        let mut present = 0;
        // One after the other: a loop over the columns takes twice as long, at every case.
        present |= self.put::<0>(case.total_cost);
        present |= self.put::<1>(case.patient_side);
        present |= self.put::<2>(fund_share(case.total_cost, case.patient_side));
        present |= self.put::<3>(case.reference_cost);
        present |= self.put::<4>(case.weight);
        present |= self.put::<5>(case.base_points);
        present |= self.put::<6>(case.coefficient);
        self.present.push(present);
        self.subtypes.push(case.subtype);
        self.points.push(case.points.ten_thousandths());
    }

    /// Adds a decimal, absent ones as 0; its bit where the case has it.
    fn put<const PLACE: usize>(&mut self, value: Option<i64>) -> u8 {
        self.decimals[PLACE].push(value.unwrap_or(0));
        u8::from(value.is_some()) << PLACE
    }

    /// Adds how often each class comes up.
    pub(crate) fn count(&self, counts: &mut BTreeMap<&'static str, u64>) {
        let unpaid = SettledClass::Unpaid(Finding::CaseIdMissing);
        for (number, class) in (0..).zip(CLASSES.into_iter().chain([unpaid])) {
            let cases = self
                .classes
                .iter()
                .filter(|class| **class == number)
                .count();
            if cases > 0 {
                *counts.entry(class_code(class)).or_default() += cases as u64;
            }
        }
    }

    /// The columns in the order of [`case_fields`] from `pool` on.
    fn finish(self, names: &CaseNames) -> Vec<ArrayRef> {
        let code = |keys: UInt16Array, texts: &ArrayRef| -> ArrayRef {
            let texts = Arc::clone(texts);
            Arc::new(DictionaryArray::<UInt16Type>::new(keys, texts))
        };
        let mut columns = vec![
            code(or_none(self.pools), &names.pools),
            code(UInt16Array::from(self.classes), &names.classes),
            code(or_none(self.unpaid), &names.findings),
        ];
        let present = self.present;
        for (bit, (values, data_type)) in self.decimals.into_iter().zip(Self::TYPES).enumerate() {
            let valid =
                BooleanBuffer::collect_bool(present.len(), |row| present[row] >> bit & 1 == 1);
            let nulls = NullBuffer::new(valid);
            let nulls = (nulls.null_count() > 0).then_some(nulls);
            columns.extend(typed(Decimal64Array::new(values.into(), nulls), &data_type));
        }
        columns.extend(self.subtypes.finish(present.len(), &names.subtypes));
        columns
    }
}

/// Numbers of texts, absent where they are [`NONE`].
fn or_none(numbers: Vec<u16>) -> UInt16Array {
    let valid = BooleanBuffer::collect_bool(numbers.len(), |row| numbers[row] != NONE);
    let nulls = NullBuffer::new(valid);
    let nulls = (nulls.null_count() > 0).then_some(nulls);
    UInt16Array::new(numbers.into(), nulls)
}

/// All columns but those of [`link_columns`] and the payment, and the points of all cases.
pub(crate) fn case_columns(rows: SettledRows, names: &CaseNames) -> (Vec<Vec<ArrayRef>>, Vec<i64>) {
    let mut columns = rows.grouped.columns(&names.grouped);
    columns.push(rows.hospitals);
    let mut settled = vec![Vec::new(); 3 + CaseColumns::TYPES.len() + SubtypeColumns::COUNT];
    let mut points = Vec::new();
    for mut cases in rows.cases {
        match points.is_empty() {
            true => points = std::mem::take(&mut cases.points),
            false => points.append(&mut cases.points),
        }
        for (column, piece) in settled.iter_mut().zip(cases.finish(names)) {
            column.push(piece);
        }
    }
    columns.append(&mut settled);
    (columns, points)
}

/// The points of consecutive cases from `first_row` on, as other cases left them, and the rule
/// that changed each.
pub(crate) fn link_columns(
    mut points: Vec<i64>,
    first_row: u64,
    adjusted: &Adjustments,
    names: &CaseNames,
) -> Vec<Vec<ArrayRef>> {
    let mut rules = vec![None; points.len()];
    let rows = first_row..first_row + points.len() as u64;
    for (row, change) in adjusted.range(rows) {
        let place = usize::try_from(row - first_row).expect("rows fit into the address space");
        points[place] = change.points.ten_thousandths();
        rules[place] = Some(change.rule as u16);
    }
    let keys: UInt16Array = rules.into_iter().collect();
    let rules = DictionaryArray::<UInt16Type>::new(keys, Arc::clone(&names.link_rules));
    vec![vec![Arc::new(rules)], all_decimals(points, &POINTS)]
}

/// A decimal column from its values in units of its last place.
pub(crate) fn decimals(
    values: impl Iterator<Item = Option<i64>>,
    data_type: &DataType,
) -> Vec<ArrayRef> {
    if let DataType::Decimal128(_, _) = data_type {
        let wide: Decimal128Array = values.map(|value| value.map(i128::from)).collect();
        return vec![Arc::new(wide.with_data_type(data_type.clone()))];
    }
    typed(values.collect(), data_type)
}

fn typed(array: Decimal64Array, data_type: &DataType) -> Vec<ArrayRef> {
    vec![Arc::new(array.with_data_type(data_type.clone()))]
}

/// A decimal column without an absent value.
pub(crate) fn all_decimals(values: Vec<i64>, data_type: &DataType) -> Vec<ArrayRef> {
    typed(Decimal64Array::from(values), data_type)
}

/// ρ = (C − U) / C to six places; nothing where the claim costs nothing.
fn fund_share(total_cost: Option<i64>, patient_side: Option<i64>) -> Option<i64> {
    let (total, patient) = (total_cost?, patient_side?);
    if total <= 0 {
        return None;
    }
    let fund = total.checked_sub(patient);
    let millionths = fund.and_then(|fund| fund.checked_mul(1_000_000));
    let share = match millionths {
        Some(millionths) => {
            // A whole number of halves away from the quotient that cuts towards zero.
            let (share, rest) = (millionths / total, millionths % total);
            let is_away = rest.unsigned_abs() >= total.unsigned_abs() - rest.unsigned_abs();
            share + i64::from(is_away) * millionths.signum()
        }
        None => wide_share(i128::from(total), i128::from(patient))?,
    };
    // An absurd patient side has no share that the column could hold.
    (share.abs() < 1_000_000_000_000).then_some(share)
}

#[cold]
fn wide_share(total: i128, patient: i128) -> Option<i64> {
    let millionths = (total - patient) * 1_000_000;
    let half = if millionths < 0 {
        -total / 2
    } else {
        total / 2
    };
    i64::try_from((millionths + half) / total).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(total: i64, patient: i64, share: Option<i64>) {
        assert_eq!(fund_share(Some(total), Some(patient)), share);
    }

    #[test]
    fn the_share_of_the_fund_is_rounded_half_away_from_zero() {
        check(300, 100, Some(666_667));
        check(300, 200, Some(333_333));
        check(2_000_000, 1, Some(1_000_000));
        check(2_000_000, 3, Some(999_999));
        check(3, 5, Some(-666_667));
        check(0, 0, None);
        check(-1, 0, None);
        assert_eq!(fund_share(None, Some(1)), None);
    }

    #[test]
    fn a_share_of_large_amounts_is_exact_too() {
        check(
            6_000_000_000_000_000_000,
            4_000_000_000_000_000_000,
            Some(333_333),
        );
        check(9_223_372_036_855, 1, Some(1_000_000));
        check(1, -1_000_000_000, None);
        check(1, i64::MIN, None);
    }
}
