//! Typed values from the columns of a batch.

use super::ClaimFile;
use super::types::is_utc;
use crate::Error;
use arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, DictionaryArray, Int64Array, RecordBatch, StringArray,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, Decimal128Type, Int32Type, Int64Type};

/// The column at a position, where the file has it.
pub(crate) fn column_array(batch: &RecordBatch, position: Option<usize>) -> Option<&ArrayRef> {
    position.map(|position| batch.column(position))
}

/// A text column as a dictionary with 32-bit keys.
pub(crate) fn texts(
    file: &ClaimFile,
    array: &ArrayRef,
) -> Result<DictionaryArray<Int32Type>, Error> {
    let coded = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let array = if array.data_type() == &coded {
        array.clone()
    } else {
        let text = cast(array, &DataType::Utf8).map_err(|e| file.broken(&e))?;
        cast(&text, &coded).map_err(|e| file.broken(&e))?
    };
    Ok(array.as_dictionary::<Int32Type>().clone())
}

/// A whole-number column.
pub(crate) fn ints(file: &ClaimFile, array: &ArrayRef) -> Result<Int64Array, Error> {
    let wide = cast(array, &DataType::Int64).map_err(|e| file.broken(&e))?;
    Ok(wide.as_primitive::<Int64Type>().clone())
}

/// A date column in days since 1970-01-01; of a timestamp the day that its own clock shows.
pub(crate) fn dates(file: &ClaimFile, array: &ArrayRef) -> Result<Date32Array, Error> {
    let wall_clock = match array.data_type() {
        DataType::Timestamp(unit, Some(zone)) if is_utc(zone) => {
            Some(cast(array, &DataType::Timestamp(*unit, None)))
        }
        _ => None,
    };
    let wall_clock = wall_clock.transpose().map_err(|e| file.broken(&e))?;
    let array = wall_clock.as_ref().unwrap_or(array);
    let days = cast(array, &DataType::Date32).map_err(|e| file.broken(&e))?;
    Ok(days.as_primitive::<Date32Type>().clone())
}

/// Amounts have sixteen digits in the claims contract, so none has as many fen as this.
pub(crate) const FEN_LIMIT: u64 = 10_u64.pow(16);

/// One amount of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MoneyCell {
    /// The claim does not state it.
    Missing,
    /// It is stated, but is no amount of whole fen that a settlement can hold.
    Unusable,
    /// In fen.
    Fen(i64),
}

impl MoneyCell {
    /// The amount, where there is a usable one.
    pub(crate) const fn fen(self) -> Option<i64> {
        match self {
            Self::Fen(fen) => Some(fen),
            Self::Missing | Self::Unusable => None,
        }
    }
}

/// A money column, value by value.
pub(crate) fn money(file: &ClaimFile, array: &ArrayRef) -> Result<Vec<MoneyCell>, Error> {
    match array.data_type() {
        DataType::Decimal128(_, scale) => {
            let scale = u32::try_from(*scale).map_err(|e| file.broken(&e))?;
            let values = array.as_primitive::<Decimal128Type>();
            Ok(values
                .iter()
                .map(|value| value.map_or(MoneyCell::Missing, |v| fen(v, scale)))
                .collect())
        }
        whole if whole.is_integer() => {
            // Such a column was let in because its whole numbers are fen.
            let fens = cast(array, &DataType::Decimal128(20, 0)).map_err(|e| file.broken(&e))?;
            let fens = fens.as_primitive::<Decimal128Type>().iter();
            let cell = |fen: Option<i128>| fen.map_or(MoneyCell::Missing, usable);
            Ok(fens.map(cell).collect())
        }
        _ => {
            // The shortest decimal text of a floating-point number says what was meant.
            let text = cast(array, &DataType::Utf8).map_err(|e| file.broken(&e))?;
            let text = text.as_string::<i32>();
            Ok(text
                .iter()
                .map(|t| t.map_or(MoneyCell::Missing, fen_of_text))
                .collect())
        }
    }
}

/// An amount, where the contract has room for it.
fn usable(fen: i128) -> MoneyCell {
    match i64::try_from(fen) {
        Ok(fen) if fen.unsigned_abs() < FEN_LIMIT => MoneyCell::Fen(fen),
        _ => MoneyCell::Unusable,
    }
}

fn fen(value: i128, scale: u32) -> MoneyCell {
    if scale == 2 {
        return usable(value);
    }
    let exact = if scale <= 2 {
        value.checked_mul(10_i128.pow(2 - scale))
    } else {
        let unit = 10_i128.pow(scale - 2);
        (value % unit == 0).then_some(value / unit)
    };
    exact.map_or(MoneyCell::Unusable, usable)
}

fn fen_of_text(text: &str) -> MoneyCell {
    use rust_decimal::{Decimal, RoundingStrategy::MidpointAwayFromZero};
    let parsed = text
        .parse::<Decimal>()
        .or_else(|_| Decimal::from_scientific(text));
    let Ok(value) = parsed else {
        return MoneyCell::Unusable;
    };
    let mut rounded = value.round_dp_with_strategy(2, MidpointAwayFromZero);
    rounded.rescale(2);
    usable(rounded.mantissa())
}

/// What each value of a dictionary stands for, looked up once per dictionary.
pub(crate) struct Remap<T> {
    /// Kept alive so that its address cannot be that of another dictionary.
    values: Option<StringArray>,
    table: Vec<T>,
}

impl<T> Default for Remap<T> {
    fn default() -> Self {
        Self {
            values: None,
            table: Vec::new(),
        }
    }
}

impl<T: Copy> Remap<T> {
    /// Looks the dictionary's values up, unless they are those of the last call.
    pub(crate) fn update(
        &mut self,
        column: &DictionaryArray<Int32Type>,
        mut lookup: impl FnMut(&str) -> T,
    ) -> &[T] {
        let values = column.values().as_string::<i32>();
        let same = self
            .values
            .as_ref()
            .is_some_and(|old| same_buffers(old, values));
        if !same {
            self.table.clear();
            self.table
                .extend(values.iter().map(|value| lookup(value.unwrap_or_default())));
            self.values = Some(values.clone());
        }
        &self.table
    }

    /// What each value of the last dictionary stands for.
    pub(crate) fn table(&self) -> &[T] {
        &self.table
    }
}

fn same_buffers(a: &StringArray, b: &StringArray) -> bool {
    a.len() == b.len()
        && std::ptr::eq(a.value_data().as_ptr(), b.value_data().as_ptr())
        && std::ptr::eq(a.value_offsets().as_ptr(), b.value_offsets().as_ptr())
}
