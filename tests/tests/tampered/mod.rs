//! Tables of settled folders with one number changed.

use arrow::array::{Array, ArrayRef, AsArray, Decimal128Array, RecordBatch};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, Decimal128Type, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

/// Adds one unit of the last place to an amount of a case in a table of a settled folder.
pub(crate) fn tamper(folder: &Path, (table, column): (&str, &str), case_id: &str) {
    let path = folder.join(table);
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(&path).unwrap()).unwrap();
    let schema = reader.schema().clone();
    let batches: Vec<_> = reader.build().unwrap().map(Result::unwrap).collect();
    let all = concat_batches(&schema, &batches).unwrap();
    let ids = cast(all.column_by_name("case_id").unwrap(), &DataType::Utf8).unwrap();
    let row = ids
        .as_string::<i32>()
        .iter()
        .position(|id| id == Some(case_id));
    let row = row.unwrap_or_else(|| panic!("{table} has no case {case_id}"));
    let place = schema.index_of(column).unwrap();
    let amounts = all.column(place);
    let stated = amounts.as_primitive::<Decimal128Type>();
    let value = |at: usize| {
        stated
            .is_valid(at)
            .then(|| stated.value(at) + i128::from(at == row))
    };
    let changed: Decimal128Array = (0..stated.len()).map(value).collect();
    let changed = changed.with_data_type(amounts.data_type().clone());
    let mut columns: Vec<ArrayRef> = all.columns().to_vec();
    columns[place] = Arc::new(changed);
    let fields: Vec<Field> = schema.fields().iter().map(|f| f.as_ref().clone()).collect();
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap();
    let mut writer = ArrowWriter::try_new(File::create(&path).unwrap(), batch.schema(), None);
    let writer = writer.as_mut().unwrap();
    writer.write(&batch).unwrap();
    writer.finish().unwrap();
}
