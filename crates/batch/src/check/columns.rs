//! The columns of a batch as the facts of its claims.

use crate::Error;
use crate::read::{ClaimFile, Column, MoneyCell, column_array, dates, ints, money, texts};
use arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, DictionaryArray, Int64Array, RecordBatch, StringArray,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int32Type};
use drgdip_claims::Sex;
use drgdip_claims::check::{Amount, Facts, Stay};

/// The columns of a batch.
pub(super) struct Columns {
    pub(super) ids: StringArray,
    people: Option<StringArray>,
    reverses: Option<StringArray>,
    texts: [Option<DictionaryArray<Int32Type>>; TEXTS.len()],
    ints: [Option<Int64Array>; INTS.len()],
    dates: [Option<Date32Array>; DATES.len()],
    amounts: [Option<Vec<MoneyCell>>; AMOUNTS.len()],
    /// The first text of each list of conditions at admission.
    conditions: Option<Vec<Option<String>>>,
    infant_age_alone: bool,
}

const TEXTS: [Column; 7] = [
    Column::HospitalId,
    Column::Sex,
    Column::DischargeWay,
    Column::PaymentUnit,
    Column::Region,
    Column::Insurance,
    Column::Department,
];
const HOSPITAL: usize = 0;
const SEX: usize = 1;
const WAY: usize = 2;
const UNIT: usize = 3;

const INTS: [Column; 8] = [
    Column::AgeYears,
    Column::AgeDays,
    Column::BirthWeight,
    Column::AdmissionWeight,
    Column::StayDays,
    Column::IcuHours,
    Column::IcuDays,
    Column::VentilatorHours,
];

const DATES: [Column; 3] = [
    Column::AdmissionDate,
    Column::DischargeDate,
    Column::UploadedAt,
];

const AMOUNTS: [Column; 7] = [
    Column::TotalCost,
    Column::DrugCost,
    Column::ConsumableCost,
    Column::ServiceCost,
    Column::FundPaid,
    Column::OtherFundsPaid,
    Column::PatientPaid,
];

impl Columns {
    /// Reads a batch but for its codes.
    pub(super) fn read(file: &ClaimFile, batch: &RecordBatch) -> Result<Self, Error> {
        let array = |column| column_array(batch, file.position(column, false));
        let text = |column| array(column).map(|a| plain(file, a)).transpose();
        let conditions = array(Column::AdmissionConditions);
        Ok(Self {
            ids: text(Column::CaseId)?.expect("case_id is a required column"),
            people: text(Column::PersonId)?,
            reverses: text(Column::Reverses)?,
            texts: each(TEXTS, |column| {
                array(column).map(|a| texts(file, a)).transpose()
            })?,
            ints: each(INTS, |column| {
                array(column).map(|a| ints(file, a)).transpose()
            })?,
            dates: each(DATES, |column| {
                array(column).map(|a| dates(file, a)).transpose()
            })?,
            amounts: each(AMOUNTS, |column| {
                array(column).map(|a| money(file, a)).transpose()
            })?,
            conditions: conditions.map(|a| first_of_lists(file, a)).transpose()?,
            infant_age_alone: file.layout.infant_age_alone,
        })
    }

    pub(super) fn case_id(&self, row: usize) -> Option<&str> {
        given(Some(&self.ids), row)
    }

    /// The case that the row cancels.
    pub(super) fn reverses(&self, row: usize) -> Option<&str> {
        given(self.reverses.as_ref(), row)
    }

    /// The hospital; empty where the claim names none.
    pub(super) fn hospital(&self, row: usize) -> &str {
        self.text(HOSPITAL, row).unwrap_or_default()
    }

    /// The total cost in fen.
    pub(super) fn total(&self, row: usize) -> Option<i64> {
        self.amount(0, row).fen()
    }

    pub(super) fn stay_days(&self, row: usize) -> Option<i64> {
        self.int(4, row)
    }

    /// The person and the dates of the stay, where they can be held against other stays.
    pub(super) fn stay(&self, row: usize) -> Option<(&str, Stay)> {
        let person = given(self.people.as_ref(), row)?;
        let stay = Stay {
            admitted: self.date(0, row)?,
            discharged: self.date(1, row)?,
        };
        (stay.admitted <= stay.discharged).then_some((person, stay))
    }

    fn text(&self, column: usize, row: usize) -> Option<&str> {
        let column = self.texts[column].as_ref()?;
        let keys = column.keys();
        let key = keys.is_valid(row).then(|| keys.value(row))?;
        let texts = column.values().as_string::<i32>();
        let text = texts.value(usize::try_from(key).ok()?);
        (!text.is_empty()).then_some(text)
    }

    fn int(&self, column: usize, row: usize) -> Option<i64> {
        let column = self.ints[column].as_ref()?;
        column.is_valid(row).then(|| column.value(row))
    }

    fn date(&self, column: usize, row: usize) -> Option<i32> {
        let column = self.dates[column].as_ref()?;
        column.is_valid(row).then(|| column.value(row))
    }

    fn amount(&self, column: usize, row: usize) -> Amount {
        match self.amounts[column].as_ref().map(|cells| cells[row]) {
            None | Some(MoneyCell::Missing) => Amount::Absent,
            Some(MoneyCell::Unusable) => Amount::Unusable,
            Some(MoneyCell::Fen(fen)) => Amount::Fen(fen),
        }
    }

    pub(super) fn has(&self, column: Column, row: usize) -> bool {
        if let Some(at) = TEXTS.iter().position(|known| *known == column) {
            return self.text(at, row).is_some();
        }
        if let Some(at) = DATES.iter().position(|known| *known == column) {
            return self.date(at, row).is_some();
        }
        match column {
            Column::CaseId => given(Some(&self.ids), row).is_some(),
            Column::TotalCost => self.amount(0, row) != Amount::Absent,
            Column::AgeYears => self.age_years(row).is_some(),
            other => unreachable!("{} is not asked for", other.name()),
        }
    }

    fn age_years(&self, row: usize) -> Option<i64> {
        match self.int(1, row) {
            Some(_) if self.infant_age_alone => Some(0),
            _ => self.int(0, row),
        }
    }

    /// The facts of a row but for its codes and what must be filled in.
    pub(super) fn facts(&self, row: usize) -> Facts<'_> {
        let sex = self.text(SEX, row).and_then(|text| text.parse().ok());
        let day = |column| self.date(column, row).map(i64::from);
        let condition = self.conditions.as_ref().and_then(|all| all[row].as_deref());
        Facts {
            sex: sex.and_then(Sex::from_code),
            age_years: self.age_years(row),
            age_days: self.int(1, row),
            birth_weight_g: self.int(2, row),
            admission_weight_g: self.int(3, row),
            stay_days: self.int(4, row),
            icu_hours: self.int(5, row),
            icu_days: self.int(6, row),
            ventilator_hours: self.int(7, row),
            admitted: day(0),
            discharged: day(1),
            uploaded: day(2),
            discharge_way: self.text(WAY, row),
            principal_condition: condition,
            total: self.amount(0, row),
            drugs: self.amount(1, row),
            consumables: self.amount(2, row),
            services: self.amount(3, row),
            fund: self.amount(4, row),
            other_funds: self.amount(5, row),
            patient: self.amount(6, row),
            payment_unit: self.text(UNIT, row),
            is_reversal: self.reverses(row).is_some(),
            ..Facts::default()
        }
    }
}

/// The text of a row, where there is one.
fn given(texts: Option<&StringArray>, row: usize) -> Option<&str> {
    let texts = texts?;
    let text = texts.is_valid(row).then(|| texts.value(row))?;
    (!text.is_empty()).then_some(text)
}

fn plain(file: &ClaimFile, array: &ArrayRef) -> Result<StringArray, Error> {
    let text = cast(array, &DataType::Utf8).map_err(|e| file.broken(&e))?;
    Ok(text.as_string::<i32>().clone())
}

/// The first text of each list.
fn first_of_lists(file: &ClaimFile, array: &ArrayRef) -> Result<Vec<Option<String>>, Error> {
    let lists = array.as_list::<i32>();
    let items = plain(file, lists.values())?;
    let first = |row: usize| {
        let bounds = lists.value_offsets().get(row..row + 2)?;
        let at = usize::try_from(bounds[0]).ok()?;
        let is_there = lists.is_valid(row) && bounds[0] < bounds[1];
        is_there.then(|| given(Some(&items), at)).flatten()
    };
    Ok((0..lists.len())
        .map(|row| first(row).map(str::to_owned))
        .collect())
}

/// Reads each of some columns, where the file has it.
fn each<T, const N: usize>(
    columns: [Column; N],
    mut read: impl FnMut(Column) -> Result<Option<T>, Error>,
) -> Result<[Option<T>; N], Error> {
    let mut found = [const { None }; N];
    for (slot, column) in found.iter_mut().zip(columns) {
        *slot = read(column)?;
    }
    Ok(found)
}
