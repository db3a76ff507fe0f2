//! Output tables as Parquet, encoded by many threads and written in order.

use crate::Error;
use crate::output::{Fingerprint, HashingFile};
use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::compute::concat;
use arrow::datatypes::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{
    ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, ArrowWriterOptions,
    compute_leaves,
};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::column::page_store::PageStoreFactory;
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::ColumnPath;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How many rows an output row group has.
pub(crate) const CHUNK_ROWS: u64 = 1 << 17;

/// An output table while it is written.
pub(crate) struct TableWriter {
    path: PathBuf,
    file: SerializedFileWriter<HashingFile>,
}

/// Encodes row groups of a table; shared by all threads.
pub(crate) struct TableEncoder {
    path: PathBuf,
    schema: Arc<Schema>,
    factory: ArrowRowGroupWriterFactory,
}

/// One encoded row group, or some columns of one.
pub(crate) type Chunks = Vec<ArrowColumnChunk>;

/// Creates a table; `unique` names the columns whose values hardly repeat.
pub(crate) fn create(
    path: &Path,
    schema: Schema,
    unique: &[&str],
) -> Result<(TableWriter, TableEncoder), Error> {
    let schema = Arc::new(schema);
    let wrong = |e| write_error(path, &e);
    let options = ArrowWriterOptions::new()
        .with_properties(properties(&schema, unique))
        // Readers see plain text columns, however the values were held when they were written.
        .with_skip_arrow_metadata(true);
    let file = HashingFile::create(path)?;
    let writer = ArrowWriter::try_new_with_options(file, Arc::clone(&schema), options);
    let (file, factory) = writer
        .map_err(wrong)?
        .into_serialized_writer()
        .map_err(wrong)?;
    let encoder = TableEncoder {
        path: path.to_owned(),
        schema,
        factory,
    };
    Ok((
        TableWriter {
            path: path.to_owned(),
            file,
        },
        encoder,
    ))
}

fn properties(schema: &Schema, unique: &[&str]) -> WriterProperties {
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_created_by(format!("drgdip {}", env!("CARGO_PKG_VERSION")));
    for name in unique {
        let path = ColumnPath::from(*name);
        properties = properties
            .set_column_dictionary_enabled(path.clone(), false)
            .set_column_encoding(path, Encoding::PLAIN);
    }
    for field in schema.fields() {
        if let DataType::Dictionary(_, _) = field.data_type() {
            // Every row group has nearly all codes, so their bounds let no reader skip any, and
            // finding them compares texts at every row.
            let path = ColumnPath::from(field.name().as_str());
            properties = properties.set_column_statistics_enabled(path, EnabledStatistics::None);
        }
    }
    properties.build()
}

fn write_error(path: &Path, error: &ParquetError) -> Error {
    if let ParquetError::External(source) = error
        && let Some(io) = source.downcast_ref::<std::io::Error>()
    {
        return Error::file(path, "write it", io);
    }
    Error::input(path.display(), format!("cannot write it: {error}."))
}

impl TableEncoder {
    /// The same encoder with pages kept elsewhere than in memory.
    pub(crate) fn with_page_store(mut self, pages: Arc<dyn PageStoreFactory>) -> Self {
        self.factory = self.factory.with_page_store_factory(pages);
        self
    }

    /// Encodes some consecutive columns of one row group, from column `first` on; each may come in
    /// several pieces.
    pub(crate) fn encode(
        &self,
        row_group: usize,
        first: usize,
        columns: &[Vec<ArrayRef>],
    ) -> Result<Chunks, Error> {
        let wrong = |e| write_error(&self.path, &e);
        let writers = self
            .factory
            .create_column_writers(row_group)
            .map_err(wrong)?;
        // A column that comes later than others of its row group is flat, as are all before it.
        let mut writers = writers.into_iter().skip(first);
        let mut chunks = Vec::with_capacity(columns.len());
        for (field, pieces) in self.schema.fields().iter().skip(first).zip(columns) {
            chunks.extend(encode_column(&mut writers, field, pieces).map_err(wrong)?);
        }
        Ok(chunks)
    }
}

fn encode_column(
    writers: &mut impl Iterator<Item = ArrowColumnWriter>,
    field: &Field,
    pieces: &[ArrayRef],
) -> Result<Chunks, ParquetError> {
    // Pages end where a count of rows says so, counted from the start of what is written at once:
    // pieces are joined first, so that where the input was cut cannot show.
    let pieces: Vec<&dyn Array> = pieces.iter().map(AsRef::as_ref).collect();
    let whole = concat(&pieces)?;
    let mut chunks = Vec::new();
    for leaf in compute_leaves(field, &whole)? {
        let mut writer = writers.next().expect("one writer for each leaf column");
        writer.write(&leaf)?;
        chunks.push(writer.close()?);
    }
    Ok(chunks)
}

impl TableWriter {
    /// Writes one row group, whose columns may come in several parts.
    pub(crate) fn append(
        &mut self,
        chunks: impl IntoIterator<Item = ArrowColumnChunk>,
    ) -> Result<(), Error> {
        let path = &self.path;
        let wrong = |e| write_error(path, &e);
        let mut group = self.file.next_row_group().map_err(wrong)?;
        for chunk in chunks {
            chunk.append_to_row_group(&mut group).map_err(wrong)?;
        }
        group.close().map_err(wrong)?;
        Ok(())
    }

    /// Ends the table and says what it is known by.
    pub(crate) fn finish(self) -> Result<Fingerprint, Error> {
        let path = self.path;
        let file = self.file.into_inner().map_err(|e| write_error(&path, &e))?;
        file.finish()
            .map_err(|e| Error::file(&path, "write it", &e))
    }
}

/// Writes a small table at once.
pub(crate) fn write_whole(path: &Path, batch: &RecordBatch) -> Result<Fingerprint, Error> {
    let (mut writer, encoder) = create(path, batch.schema().as_ref().clone(), &[])?;
    let rows = usize::try_from(CHUNK_ROWS).expect("a row group fits into memory");
    for (number, from) in (0..batch.num_rows()).step_by(rows).enumerate() {
        let part = batch.slice(from, rows.min(batch.num_rows() - from));
        let columns: Vec<_> = part
            .columns()
            .iter()
            .map(|column| vec![column.clone()])
            .collect();
        writer.append(encoder.encode(number, 0, &columns)?)?;
    }
    writer.finish()
}
