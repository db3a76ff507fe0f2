//! Generated claims as the columns of the claims contract.

mod units;

use crate::settle::columns::{MONEY, decimals};
use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, DictionaryArray, Int8Array, Int16Array, Int32Array,
    ListArray, StringArray, UInt16Array,
};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, Int32Type, UInt16Type};
use drgdip_synth::{ClaimRows, Id, ListColumn, Synth};
use std::sync::Arc;
use units::UnitTexts;

fn coded() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

fn short_coded() -> DataType {
    DataType::Dictionary(Box::new(DataType::UInt16), Box::new(DataType::Utf8))
}

fn item() -> Arc<Field> {
    Arc::new(Field::new("element", coded(), true))
}

/// The columns whose values hardly repeat.
pub(super) const UNIQUE: &[&str] = &[
    "case_id",
    "person_id",
    "total_cost",
    "drug_cost",
    "consumable_cost",
    "service_cost",
    "tcm_cost",
    "fund_paid",
    "other_funds_paid",
    "patient_paid",
];

/// The columns that generated claims have; with units, those that these are stated in too.
pub(super) fn claim_fields(has_units: bool) -> Vec<Field> {
    use DataType::{Boolean, Date32, Int8, Int16, Int32, Utf8};
    let columns = [
        ("case_id", Utf8),
        ("person_id", Utf8),
        ("hospital_id", coded()),
        ("region", short_coded()),
        ("insurance", short_coded()),
        ("sex", Int8),
        ("age_years", Int16),
        ("age_days", Int16),
        ("birth_weight_g", Int32),
        ("admission_weight_g", Int32),
        ("admission_date", Date32),
        ("discharge_date", Date32),
        ("stay_days", Int16),
        ("icu_hours", Int16),
        ("ventilator_hours", Int16),
        ("discharge_way", short_coded()),
        ("department", short_coded()),
        ("principal_diagnosis", coded()),
        ("other_diagnoses", DataType::List(item())),
        ("main_procedure", coded()),
        ("other_procedures", DataType::List(item())),
        ("total_cost", MONEY),
        ("drug_cost", MONEY),
        ("consumable_cost", MONEY),
        ("service_cost", MONEY),
        ("tcm_cost", MONEY),
        ("fund_paid", MONEY),
        ("other_funds_paid", MONEY),
        ("patient_paid", MONEY),
        ("new_tech", Boolean),
        ("reverses", Utf8),
    ];
    let mut fields = columns
        .map(|(name, data_type)| Field::new(name, data_type, true))
        .to_vec();
    if has_units {
        fields.extend(units::fields());
    }
    fields
}

/// The texts that the coded columns refer to.
pub(super) struct Texts {
    codes: ArrayRef,
    hospitals: ArrayRef,
    regions: ArrayRef,
    insurances: ArrayRef,
    ways: ArrayRef,
    departments: ArrayRef,
    units: Option<UnitTexts>,
}

impl Texts {
    pub(super) fn new(synth: &Synth) -> Self {
        let of = |texts: &[String]| Arc::new(StringArray::from_iter_values(texts)) as ArrayRef;
        Self {
            codes: of(synth.codes()),
            hospitals: of(synth.hospitals()),
            regions: of(synth.regions()),
            insurances: of(synth.insurances()),
            ways: of(synth.discharge_ways()),
            departments: of(synth.departments()),
            units: synth.units().map(UnitTexts::new),
        }
    }
}

/// The columns of some rows.
pub(super) fn claim_columns(rows: &ClaimRows, texts: &Texts) -> Vec<Vec<ArrayRef>> {
    let mut columns = plain_columns(rows, texts);
    if let Some(texts) = &texts.units {
        let stated = units::columns(rows, texts).into_iter();
        columns.extend(stated.map(|column| vec![column]));
    }
    columns
}

/// The columns that all generated claims have.
fn plain_columns(rows: &ClaimRows, texts: &Texts) -> Vec<Vec<ArrayRef>> {
    let money = |column: &[i64]| decimals(column.iter().map(|fen| Some(*fen)), &MONEY);
    let whole = |array: ArrayRef| vec![array];
    vec![
        whole(ids(rows.case_id.iter().map(Some))),
        whole(ids(rows.person_id.iter().map(Some))),
        whole(codes(
            rows.hospital.iter().map(|index| Some(*index)),
            &texts.hospitals,
        )),
        whole(short(rows.region.iter().copied(), &texts.regions)),
        whole(short(
            rows.insurance.iter().map(|index| Some(*index)),
            &texts.insurances,
        )),
        whole(Arc::new(Int8Array::from_iter(rows.sex.iter().copied()))),
        whole(Arc::new(Int16Array::from_iter(
            rows.age_years.iter().copied(),
        ))),
        whole(Arc::new(Int16Array::from_iter(
            rows.age_days.iter().copied(),
        ))),
        whole(Arc::new(Int32Array::from_iter(
            rows.birth_weight_g.iter().copied(),
        ))),
        whole(Arc::new(Int32Array::from_iter(
            rows.admission_weight_g.iter().copied(),
        ))),
        whole(Arc::new(Date32Array::from_iter_values(
            rows.admission_date.iter().copied(),
        ))),
        whole(Arc::new(Date32Array::from_iter(
            rows.discharge_date.iter().copied(),
        ))),
        whole(Arc::new(Int16Array::from_iter_values(
            rows.stay_days.iter().copied(),
        ))),
        whole(Arc::new(Int16Array::from_iter_values(
            rows.icu_hours.iter().copied(),
        ))),
        whole(Arc::new(Int16Array::from_iter_values(
            rows.ventilator_hours.iter().copied(),
        ))),
        whole(short(
            rows.discharge_way.iter().map(|index| Some(*index)),
            &texts.ways,
        )),
        whole(short(
            rows.department.iter().map(|index| Some(*index)),
            &texts.departments,
        )),
        whole(codes(
            rows.principal_diagnosis.iter().copied(),
            &texts.codes,
        )),
        whole(lists(&rows.other_diagnoses, &texts.codes)),
        whole(codes(rows.main_procedure.iter().copied(), &texts.codes)),
        whole(lists(&rows.other_procedures, &texts.codes)),
        decimals(rows.total_cost.iter().copied(), &MONEY),
        money(&rows.drug_cost),
        money(&rows.consumable_cost),
        money(&rows.service_cost),
        money(&rows.tcm_cost),
        money(&rows.fund_paid),
        money(&rows.other_funds_paid),
        money(&rows.patient_paid),
        whole(Arc::new(BooleanArray::from(rows.new_tech.clone()))),
        whole(ids(rows.reverses.iter().map(Option::as_ref))),
    ]
}

fn ids<'a>(ids: impl Iterator<Item = Option<&'a Id>>) -> ArrayRef {
    let text = |id: &'a Id| std::str::from_utf8(id).expect("generated ids are ASCII");
    Arc::new(ids.map(|id| id.map(text)).collect::<StringArray>())
}

fn codes(indexes: impl Iterator<Item = Option<u32>>, texts: &ArrayRef) -> ArrayRef {
    let keys: Int32Array = indexes.map(|index| index.map(key)).collect();
    Arc::new(DictionaryArray::<Int32Type>::new(keys, Arc::clone(texts)))
}

fn short(indexes: impl Iterator<Item = Option<u16>>, texts: &ArrayRef) -> ArrayRef {
    let keys: UInt16Array = indexes.collect();
    Arc::new(DictionaryArray::<UInt16Type>::new(keys, Arc::clone(texts)))
}

fn lists(column: &ListColumn, texts: &ArrayRef) -> ArrayRef {
    let values = codes(column.values.iter().map(|index| Some(*index)), texts);
    let offsets = OffsetBuffer::new(column.offsets.iter().map(|offset| key(*offset)).collect());
    Arc::new(ListArray::new(item(), offsets, values, None))
}

fn key(index: u32) -> i32 {
    i32::try_from(index).expect("fewer than 2^31 codes")
}
