//! What a claim says of the stay itself, for the rules that set a case apart by it.

use super::units::{NamedUnit, UnitColumns};
use crate::Error;
use crate::read::{ClaimFile, Column, column_array, dates, ints, texts};
use arrow::array::{
    Array, AsArray, BooleanArray, Date32Array, DictionaryArray, Int64Array, RecordBatch,
    StringArray,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int32Type};
use drgdip_tables::policy::PolicyAt;

/// The payment unit of claims that are paid by the day.
const BED_DAY: &str = "bed_day";
/// The payment unit of registered day surgery.
const DAY_SURGERY: &str = "day_surgery";

/// The columns that a policy's rules for stays and for linked cases ask for.
pub(crate) fn needed_columns(terms: &PolicyAt) -> (Vec<Column>, Vec<Column>) {
    let stays = &terms.stays;
    let (mut required, mut optional) = (Vec::new(), Vec::new());
    let has_long_stays = stays.bed_day.is_some_and(|days| days.long_stay.is_some());
    if has_long_stays || stays.short_stay.is_some() || !stays.transfer_ways.is_empty() {
        required.push(Column::StayDays);
    }
    if !stays.transfer_ways.is_empty() || !stays.low_exempt_ways.is_empty() {
        required.push(Column::DischargeWay);
    }
    if stays.late_upload.is_some() {
        required.push(Column::UploadedAt);
    }
    if terms.links.split_stays.is_some() {
        required.extend([Column::PersonId, Column::AdmissionDate]);
    }
    if stays.bed_day.is_some() || stays.short_stay.is_some() {
        optional.push(Column::PaymentUnit);
    }
    (required, optional)
}

/// The columns of a batch about stays, each where the file has it and the policy asks for it.
pub(super) struct StayColumns {
    days: Option<Int64Array>,
    ways: Option<DictionaryArray<Int32Type>>,
    units: Option<DictionaryArray<Int32Type>>,
    diagnoses: Option<DictionaryArray<Int32Type>>,
    uploads: Option<Date32Array>,
    admissions: Option<Date32Array>,
    persons: Option<StringArray>,
    new_tech: Option<BooleanArray>,
}

/// The stay of one row.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct StayFacts<'a> {
    /// How many days, zero or more.
    pub(super) days: Option<u32>,
    pub(super) discharge_way: Option<&'a str>,
    pub(super) is_bed_day: bool,
    pub(super) is_day_surgery: bool,
    pub(super) uploaded: Option<i32>,
    pub(super) admitted: Option<i32>,
    pub(super) person: Option<&'a str>,
    pub(super) principal: Option<&'a str>,
    pub(super) is_new_technology: bool,
}

impl StayColumns {
    pub(super) fn read(file: &ClaimFile, batch: &RecordBatch) -> Result<Self, Error> {
        let array = |column| column_array(batch, file.position(column, false));
        let text = |column| array(column).map(|a| texts(file, a)).transpose();
        let date = |column| array(column).map(|a| dates(file, a)).transpose();
        let persons = array(Column::PersonId).map(|a| cast(a, &DataType::Utf8));
        let persons = persons.transpose().map_err(|e| file.broken(&e))?;
        Ok(Self {
            days: array(Column::StayDays).map(|a| ints(file, a)).transpose()?,
            ways: text(Column::DischargeWay)?,
            units: text(Column::PaymentUnit)?,
            diagnoses: text(Column::PrincipalDiagnosis)?,
            uploads: date(Column::UploadedAt)?,
            admissions: date(Column::AdmissionDate)?,
            persons: persons.map(|texts| texts.as_string::<i32>().clone()),
            new_tech: array(Column::NewTech).map(|a| a.as_boolean().clone()),
        })
    }

    /// Raises the flag of cases that a registry puts outside the control proportion.
    pub(super) fn exempt_too(&mut self, units: &UnitColumns, rows: usize) {
        self.new_tech = units.exemptions(self.new_tech.take(), rows);
    }

    /// What the claim says that pays the stay.
    pub(super) fn named_unit(&self, row: usize) -> NamedUnit {
        NamedUnit::of(text_at(self.units.as_ref(), row))
    }

    pub(super) fn row(&self, row: usize) -> StayFacts<'_> {
        let days = self.days.as_ref().filter(|days| days.is_valid(row));
        let unit = text_at(self.units.as_ref(), row);
        let day = |column: &Option<Date32Array>| {
            let column = column.as_ref().filter(|days| days.is_valid(row));
            column.map(|days| days.value(row))
        };
        let person = self.persons.as_ref().filter(|ids| ids.is_valid(row));
        let flag = self.new_tech.as_ref().filter(|flags| flags.is_valid(row));
        StayFacts {
            days: days.and_then(|days| u32::try_from(days.value(row)).ok()),
            discharge_way: text_at(self.ways.as_ref(), row),
            is_bed_day: unit == Some(BED_DAY),
            is_day_surgery: unit == Some(DAY_SURGERY),
            uploaded: day(&self.uploads),
            admitted: day(&self.admissions),
            person: person.map(|ids| ids.value(row)).filter(|id| !id.is_empty()),
            principal: text_at(self.diagnoses.as_ref(), row),
            is_new_technology: flag.is_some_and(|flags| flags.value(row)),
        }
    }
}

fn text_at(column: Option<&DictionaryArray<Int32Type>>, row: usize) -> Option<&str> {
    let column = column?;
    let key = column
        .keys()
        .is_valid(row)
        .then(|| column.keys().value(row))?;
    let values = column.values().as_string::<i32>();
    Some(values.value(usize::try_from(key).ok()?)).filter(|text| !text.is_empty())
}
