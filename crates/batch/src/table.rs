//! Output tables as Parquet, encoded by many threads and written in order.

mod bits;
mod flat;
mod pages;
#[cfg(test)]
mod tests;

use crate::Error;
use crate::output::{Fingerprint, HashingFile};
use crate::spill::Spill;
use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::compute::concat;
use arrow::datatypes::{DataType, Field, Schema};
use bytes::Bytes;
use flat::Flat;
use pages::{EncodedColumn, PageEncoder};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{
    ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, ArrowWriterOptions,
    compute_leaves,
};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::{ColumnDescPtr, ColumnPath};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How many rows an output row group has.
pub(crate) const CHUNK_ROWS: u64 = 1 << 17;

/// The same, where rows are held in memory.
pub(crate) fn chunk_len() -> usize {
    usize::try_from(CHUNK_ROWS).expect("a row group fits into memory")
}

/// An output table while it is written.
pub(crate) struct TableWriter {
    path: PathBuf,
    file: SerializedFileWriter<HashingFile>,
}

/// Encodes row groups of a table; shared by all threads.
pub(crate) struct TableEncoder {
    path: PathBuf,
    schema: Arc<Schema>,
    /// The leaf columns of each field, and whether its values hardly repeat.
    columns: Vec<(Vec<ColumnDescPtr>, bool)>,
    factory: ArrowRowGroupWriterFactory,
    spill: Option<Arc<Spill>>,
}

/// A column of an encoded row group.
pub(crate) struct Chunk(Box<Encoded>);

enum Encoded {
    /// By parquet's writer for Arrow.
    Arrow(ArrowColumnChunk),
    Flat(EncodedColumn),
    /// A flat column whose bytes wait on disk.
    Spilled(ColumnCloseResult, u64, Arc<Spill>),
}

/// One encoded row group, or some columns of one.
pub(crate) type Chunks = Vec<Chunk>;

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
    let leaves = file.schema_descr();
    let mut columns: Vec<_> = schema
        .fields()
        .iter()
        .map(|field| {
            let is_unique = unique.contains(&field.name().as_str());
            (Vec::new(), is_unique)
        })
        .collect();
    for leaf in 0..leaves.num_columns() {
        let (of_field, _) = &mut columns[leaves.get_column_root_idx(leaf)];
        of_field.push(leaves.column(leaf));
    }
    let encoder = TableEncoder {
        path: path.to_owned(),
        schema,
        columns,
        factory,
        spill: None,
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
    /// The same encoder with flat columns kept elsewhere than in memory.
    pub(crate) fn with_spill(mut self, spill: Spill) -> Self {
        self.spill = Some(Arc::new(spill));
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
        let encode = || -> Result<Chunks, ParquetError> {
            let mut pages = PageEncoder::new()?;
            let mut chunks = Vec::with_capacity(columns.len());
            for (field, pieces) in (first..).zip(columns) {
                match self.flat(field, pieces, &mut pages)? {
                    Some(column) => chunks.push(Chunk(Box::new(Encoded::Flat(column)))),
                    None => self.by_arrow((row_group, field), pieces, &mut chunks)?,
                }
            }
            self.spill(chunks)
        };
        encode().map_err(|e| write_error(&self.path, &e))
    }

    /// Encodes a column if it is one that needs no levels but whether a row has a value.
    fn flat(
        &self,
        field: usize,
        pieces: &[ArrayRef],
        pages: &mut PageEncoder,
    ) -> Result<Option<EncodedColumn>, ParquetError> {
        let (leaves, is_unique) = &self.columns[field];
        let Some(flat) = Flat::of(pieces, *is_unique) else {
            return Ok(None);
        };
        let column = &leaves[0];
        if flat.present.is_some() && column.max_def_level() == 0 {
            return Ok(None);
        }
        pages.encode(column, &flat).map(Some)
    }

    fn by_arrow(
        &self,
        (row_group, field): (usize, usize),
        pieces: &[ArrayRef],
        chunks: &mut Chunks,
    ) -> Result<(), ParquetError> {
        let before = self.columns[..field].iter();
        let before = before.map(|(leaves, _)| leaves.len()).sum();
        let writers = self.factory.create_column_writers(row_group)?;
        let mut writers = writers.into_iter().skip(before);
        let encoded = encode_column(&mut writers, self.schema.field(field), pieces)?;
        let encoded = encoded.into_iter().map(Encoded::Arrow);
        chunks.extend(encoded.map(|chunk| Chunk(Box::new(chunk))));
        Ok(())
    }

    /// Puts flat columns on disk where the table has a place for them, all at once.
    fn spill(&self, chunks: Chunks) -> Result<Chunks, ParquetError> {
        let Some(spill) = &self.spill else {
            return Ok(chunks);
        };
        let mut bytes = Vec::new();
        for chunk in &chunks {
            if let Encoded::Flat(column) = chunk.0.as_ref() {
                bytes.extend_from_slice(&column.bytes);
            }
        }
        let mut next = spill.put(&bytes)?;
        let spilled = chunks.into_iter().map(|chunk| match *chunk.0 {
            Encoded::Flat(column) => {
                let start = next;
                next += column.bytes.len() as u64;
                let spilled = Encoded::Spilled(column.close, start, Arc::clone(spill));
                Chunk(Box::new(spilled))
            }
            other => Chunk(Box::new(other)),
        });
        Ok(spilled.collect())
    }
}

impl Chunk {
    fn append_to(
        self,
        group: &mut SerializedRowGroupWriter<'_, HashingFile>,
    ) -> Result<(), ParquetError> {
        match *self.0 {
            Encoded::Arrow(chunk) => chunk.append_to_row_group(group),
            Encoded::Flat(column) => group.append_column(&Bytes::from(column.bytes), column.close),
            Encoded::Spilled(close, start, spill) => {
                let length = usize::try_from(close.bytes_written)?;
                let bytes = spill.take(start, length)?;
                group.append_column(&Bytes::from(bytes), close)
            }
        }
    }
}

fn encode_column(
    writers: &mut impl Iterator<Item = ArrowColumnWriter>,
    field: &Field,
    pieces: &[ArrayRef],
) -> Result<Vec<ArrowColumnChunk>, ParquetError> {
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
    pub(crate) fn append(&mut self, chunks: impl IntoIterator<Item = Chunk>) -> Result<(), Error> {
        let path = &self.path;
        let wrong = |e| write_error(path, &e);
        let mut group = self.file.next_row_group().map_err(wrong)?;
        for chunk in chunks {
            chunk.append_to(&mut group).map_err(wrong)?;
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
    let rows = chunk_len();
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
