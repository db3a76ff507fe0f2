//! The types in which claim columns may be stored, those in which they are read, and those in which
//! they are worked with.

use super::columns::{Column, Kind, Layout, Unfit};
use super::files::ReadOptions;
use arrow::array::timezone::Tz;
use arrow::array::{ArrayRef, RecordBatch, new_null_array};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, Fields, Schema};
use arrow::error::ArrowError;
use std::sync::Arc;

/// Amounts have sixteen digits, two of them decimals.
const MONEY: DataType = DataType::Decimal128(16, 2);

fn coded(texts: DataType) -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(texts))
}

/// The type as which a column is asked of the Parquet reader: codes as dictionaries, so that each
/// distinct code is looked up once and not once a claim.
///
/// Bytes are asked for as bytes: the reader does not look whether they are text.
pub(super) fn read_type(column: Column, stored: &DataType) -> DataType {
    let of_texts = |stored: &DataType| match is_bytes(stored) {
        true => DataType::Binary,
        false => DataType::Utf8,
    };
    match (column.kind(), stored) {
        (Kind::Text, stored) if is_text(stored) && is_id(column) => of_texts(stored),
        (Kind::Text, stored) if is_text(stored) => coded(of_texts(stored)),
        (Kind::Texts, DataType::List(item) | DataType::LargeList(item))
            if is_text(item.data_type()) =>
        {
            let texts = coded(of_texts(item.data_type()));
            DataType::List(Arc::new(item.as_ref().clone().with_data_type(texts)))
        }
        _ => stored.clone(),
    }
}

/// Whether nearly every value of the column is another one.
const fn is_id(column: Column) -> bool {
    matches!(column, Column::CaseId | Column::PersonId | Column::Reverses)
}

/// The type in which a column is worked with, where that is not the one in which it is read: bytes
/// become text, and a column without any type gets one.
fn worked_type(column: Column, read: &DataType) -> Option<DataType> {
    match (column.kind(), read) {
        (_, DataType::Null) => Some(empty_type(column)),
        (Kind::Text, read) if is_bytes(read) => Some(empty_type(column)),
        (Kind::Texts, DataType::List(item) | DataType::LargeList(item))
            if is_bytes(item.data_type()) || item.data_type().is_null() =>
        {
            Some(empty_type(column))
        }
        (Kind::Items, DataType::List(item) | DataType::LargeList(item))
            if item.data_type().is_null() =>
        {
            Some(empty_type(column))
        }
        _ => None,
    }
}

/// The type of a column that says nothing about its own.
fn empty_type(column: Column) -> DataType {
    match column.kind() {
        Kind::Text if is_id(column) => DataType::Utf8,
        Kind::Text => coded(DataType::Utf8),
        Kind::Texts => DataType::new_list(coded(DataType::Utf8), true),
        Kind::Int => DataType::Int64,
        Kind::Date => DataType::Date32,
        Kind::Money => MONEY,
        Kind::Flag => DataType::Boolean,
        Kind::Items => {
            let parts = [("code", DataType::Utf8), ("cost", MONEY)];
            let fields: Fields = parts
                .into_iter()
                .map(|(name, of)| Field::new(name, of, true))
                .collect();
            DataType::new_list(DataType::Struct(fields), true)
        }
    }
}

/// The columns of a file whose type changes after they are read; mostly none.
#[derive(Clone, Debug, Default)]
pub(super) struct Retyped(Vec<(String, DataType)>);

impl Retyped {
    /// Finds them by the types in which they are read.
    pub(super) fn find(read: &Schema, layout: &Layout) -> Self {
        let retyped = Column::ALL.iter().filter_map(|column| {
            let field = read.field(layout.index(*column)?);
            let worked = worked_type(*column, field.data_type())?;
            Some((field.name().clone(), worked))
        });
        Self(retyped.collect())
    }

    fn of(&self, name: &str) -> Option<&DataType> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, worked)| worked)
    }

    /// The schema of a batch, or of the file, as it becomes.
    pub(super) fn schema(&self, read: &Arc<Schema>) -> Arc<Schema> {
        if self.0.is_empty() {
            return Arc::clone(read);
        }
        let fields = read.fields().iter().map(|field| {
            let field = field.as_ref().clone();
            match self.of(field.name()).cloned() {
                Some(worked) => field.with_data_type(worked).with_nullable(true),
                None => field,
            }
        });
        Arc::new(Schema::new(fields.collect::<Vec<_>>()))
    }

    /// A batch as it is worked with; the error names the column.
    pub(super) fn apply(&self, batch: RecordBatch) -> Result<RecordBatch, (String, ArrowError)> {
        if self.0.is_empty() {
            return Ok(batch);
        }
        let schema = self.schema(&batch.schema());
        let columns = batch.columns().iter().zip(schema.fields());
        let columns = columns.map(|(array, field)| {
            let worked = retyped(array, field.data_type());
            worked.map_err(|error| (field.name().clone(), error))
        });
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        Ok(RecordBatch::try_new(schema, columns).expect("each column has the type of its field"))
    }
}

fn retyped(array: &ArrayRef, worked: &DataType) -> Result<ArrayRef, ArrowError> {
    let options = CastOptions {
        safe: false,
        ..CastOptions::default()
    };
    match array.data_type() {
        read if read == worked => Ok(Arc::clone(array)),
        DataType::Null => Ok(new_null_array(worked, array.len())),
        _ => cast_with_options(array, worked, &options),
    }
}

/// Whether this is a type of texts, or of bytes that may be texts.
pub(crate) fn is_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        data_type => is_bytes(data_type) || is_coded_text(data_type),
    }
}

fn is_coded_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, value) => is_text(value),
        _ => false,
    }
}

fn is_bytes(data_type: &DataType) -> bool {
    match data_type {
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => true,
        DataType::Dictionary(_, value) => is_bytes(value),
        _ => false,
    }
}

/// Whether the instants of a time zone have its wall clock without any rule of the zone.
pub(super) fn is_utc(zone: &str) -> bool {
    matches!(zone, "UTC" | "Etc/UTC" | "Z" | "GMT" | "Etc/GMT")
}

/// Whether a column may be stored in this type.
///
/// # Errors
/// What it must be instead, and how to come there.
pub(super) fn check_type(
    column: Column,
    stored: &DataType,
    options: ReadOptions,
) -> Result<(), Unfit> {
    if let (Kind::Date, DataType::Timestamp(_, Some(zone))) = (column.kind(), stored)
        && !is_utc(zone)
        && zone.parse::<Tz>().is_err()
    {
        return Err(Unfit {
            problem: format!(
                "column {} has the time zone {zone}, whose hours are not known.",
                column.name()
            ),
            hint: "Write it as a date, or as a timestamp without a zone or with an offset such as \
                +08:00.",
        });
    }
    if stored.is_null() || fits(column.kind(), stored, options) {
        return Ok(());
    }
    let (wanted, hint) = wanted(column.kind(), stored);
    Err(Unfit {
        problem: format!(
            "column {} is {stored}, but it must be {wanted}.",
            column.name()
        ),
        hint,
    })
}

fn fits(kind: Kind, stored: &DataType, options: ReadOptions) -> bool {
    let of_list = |fits: &dyn Fn(&DataType) -> bool| match stored {
        DataType::List(item) | DataType::LargeList(item) => {
            item.data_type().is_null() || fits(item.data_type())
        }
        _ => false,
    };
    match kind {
        Kind::Text => is_text(stored) || stored.is_integer(),
        Kind::Texts => of_list(&is_text),
        Kind::Int => stored.is_integer(),
        Kind::Date => matches!(
            stored,
            DataType::Date32 | DataType::Date64 | DataType::Timestamp(_, _)
        ),
        Kind::Money => is_money(stored, options),
        Kind::Flag => matches!(stored, DataType::Boolean),
        Kind::Items => of_list(&|item| is_item(item, options)),
    }
}

/// What a column of this kind must be, and how it becomes that.
fn wanted(kind: Kind, stored: &DataType) -> (&'static str, &'static str) {
    const CAST: &str = "Cast the column before it is written, or write CSV and make the file with \
        `drgdip convert`.";
    const FEN: &str = "Deliver Decimal128(16,2), or say --money-in-fen where the whole numbers are \
        fen.";
    match kind {
        Kind::Text => ("text", CAST),
        Kind::Texts => ("a list of texts", CAST),
        Kind::Int if stored.is_floating() => (
            "a whole number",
            "Cast the column; pandas makes floats of whole numbers where values are absent, unless \
             the column has its type Int64.",
        ),
        Kind::Int => ("a whole number", CAST),
        Kind::Date => ("a date or timestamp", CAST),
        Kind::Money if stored.is_integer() => ("Decimal128(16,2)", FEN),
        Kind::Money => ("Decimal128(16,2)", CAST),
        Kind::Flag => ("a boolean", CAST),
        Kind::Items => (
            "a list of structs of code (text) and cost (Decimal128(16,2))",
            CAST,
        ),
    }
}

fn is_money(stored: &DataType, options: ReadOptions) -> bool {
    match stored {
        DataType::Decimal128(_, scale) => (0..=38).contains(scale),
        DataType::Float64 | DataType::Float32 => true,
        stored => options.money_in_fen && stored.is_integer(),
    }
}

fn is_item(stored: &DataType, options: ReadOptions) -> bool {
    let DataType::Struct(fields) = stored else {
        return false;
    };
    let has = |name, fits: &dyn Fn(&DataType) -> bool| {
        fields
            .find(name)
            .is_some_and(|(_, field)| fits(field.data_type()))
    };
    has("code", &is_text) && has("cost", &|cost| is_money(cost, options))
}
