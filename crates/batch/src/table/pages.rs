//! Column chunks of flat columns, encoded straight from their arrays.
//!
//! Parquet's own Arrow writer hashes each text of a coded column again at every row and makes new
//! state for compression for every column. Here a code keeps its number, amounts are stored as
//! differences, and what hardly gets smaller is not compressed.

use super::bits;
use super::flat::Flat;
use arrow::buffer::BooleanBuffer;
use bytes::Bytes;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::column::page::{CompressedPage, Page, PageWriteSpec, PageWriter};
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, OffsetIndexBuilder};
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;
use std::ops::Range;
use zstd::bulk::Compressor;

/// How many rows a page has, a multiple of eight so that its bits begin at a byte.
const PAGE_ROWS: usize = 1 << 15;

/// Encodes columns; kept while a row group is encoded.
pub(super) struct PageEncoder(Compressor<'static>);

/// A column chunk and what a file says of it.
pub(super) struct EncodedColumn {
    pub(super) bytes: Vec<u8>,
    pub(super) close: ColumnCloseResult,
}

/// A page before it is compressed.
struct Body {
    rows: usize,
    bytes: Vec<u8>,
}

impl PageEncoder {
    pub(super) fn new() -> Result<Self, ParquetError> {
        let level = ZstdLevel::default().compression_level();
        Ok(Self(Compressor::new(level)?))
    }

    /// Encodes a column of a row group.
    pub(super) fn encode(
        &mut self,
        column: &ColumnDescPtr,
        flat: &Flat<'_>,
    ) -> Result<EncodedColumn, ParquetError> {
        let bodies = bodies(flat, column.max_def_level() > 0);
        let first = &bodies[0].bytes;
        // All pages of a chunk are compressed or none is; the first one shows what it is worth.
        let is_worth_it = self.0.compress(first)?.len() + first.len() / 16 < first.len();
        let mut sink = TrackedWrite::new(Vec::new());
        let written = self.write((flat, &bodies), is_worth_it, &mut sink)?;
        let bytes = sink.into_inner()?;
        let close = written.close(column, flat, is_worth_it)?;
        Ok(EncodedColumn { bytes, close })
    }

    fn write(
        &mut self,
        (flat, bodies): (&Flat<'_>, &[Body]),
        is_compressed: bool,
        sink: &mut TrackedWrite<Vec<u8>>,
    ) -> Result<Written, ParquetError> {
        let mut compressed = |bytes: &[u8]| -> Result<Bytes, ParquetError> {
            Ok(match is_compressed {
                true => self.0.compress(bytes)?.into(),
                false => Bytes::copy_from_slice(bytes),
            })
        };
        let mut writer = SerializedPageWriter::new(sink);
        let mut written = Written::default();
        if let Some(dictionary) = flat.dictionary() {
            let page = Page::DictionaryPage {
                buf: compressed(&dictionary.bytes)?,
                num_values: u32::try_from(dictionary.count)?,
                encoding: Encoding::PLAIN,
                is_sorted: false,
            };
            written.dictionary = Some(writer.write_page(page_of(page, &dictionary.bytes))?);
        }
        for body in bodies {
            let page = Page::DataPage {
                buf: compressed(&body.bytes)?,
                num_values: u32::try_from(body.rows)?,
                encoding: flat.encoding(),
                def_level_encoding: Encoding::RLE,
                rep_level_encoding: Encoding::RLE,
                statistics: None,
            };
            let spec = writer.write_page(page_of(page, &body.bytes))?;
            written.pages.push((body.rows, spec));
        }
        writer.close()?;
        Ok(written)
    }
}

fn page_of(page: Page, uncompressed: &[u8]) -> CompressedPage {
    CompressedPage::new(page, uncompressed.len())
}

/// The pages of a column, with the levels that say which rows have a value where some may not.
fn bodies(flat: &Flat<'_>, is_nullable: bool) -> Vec<Body> {
    let mut bodies = Vec::with_capacity(flat.rows.div_ceil(PAGE_ROWS));
    let mut next_value = 0;
    for start in (0..flat.rows).step_by(PAGE_ROWS) {
        let rows = start..flat.rows.min(start + PAGE_ROWS);
        let present = flat.present.as_ref();
        let present = present.map(|bits| bits.slice(rows.start, rows.len()));
        let values = present
            .as_ref()
            .map_or(rows.len(), BooleanBuffer::count_set_bits);
        let mut bytes = Vec::new();
        if is_nullable {
            put_levels(&rows, present.as_ref(), &mut bytes);
        }
        flat.put(next_value..next_value + values, &mut bytes);
        next_value += values;
        let rows = rows.len();
        bodies.push(Body { rows, bytes });
    }
    bodies
}

/// Appends which rows have a value, after the length of that.
fn put_levels(rows: &Range<usize>, present: Option<&BooleanBuffer>, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    match present {
        None => bits::put_run((rows.len(), 1), 1, out),
        Some(present) if present.count_set_bits() == 0 => bits::put_run((rows.len(), 0), 1, out),
        Some(present) => bits::put_bits(&present.sliced(), out),
    }
    let length = u32::try_from(out.len() - start - 4).expect("a page has few rows");
    out[start..start + 4].copy_from_slice(&length.to_le_bytes());
}

/// Where the pages of a column chunk are.
#[derive(Default)]
struct Written {
    dictionary: Option<PageWriteSpec>,
    pages: Vec<(usize, PageWriteSpec)>,
}

impl Written {
    fn close(
        self,
        column: &ColumnDescPtr,
        flat: &Flat<'_>,
        is_compressed: bool,
    ) -> Result<ColumnCloseResult, ParquetError> {
        let specs = || {
            self.dictionary
                .iter()
                .chain(self.pages.iter().map(|(_, spec)| spec))
        };
        let signed = |sum: usize| i64::try_from(sum).expect("a column chunk fits into memory");
        let compressed = signed(specs().map(|spec| spec.compressed_size).sum());
        let uncompressed = signed(specs().map(|spec| spec.uncompressed_size).sum());
        let mut encodings = vec![flat.encoding(), Encoding::RLE];
        encodings.extend(self.dictionary.as_ref().map(|_| Encoding::PLAIN));
        let mut places = OffsetIndexBuilder::new();
        for (rows, spec) in &self.pages {
            places.append_row_count(signed(*rows));
            places.append_offset_and_size(
                i64::try_from(spec.offset)?,
                i32::try_from(spec.compressed_size)?,
            );
        }
        let (_, first) = &self.pages[0];
        let dictionary = self.dictionary.as_ref().map(|spec| spec.offset);
        let mut metadata = ColumnChunkMetaData::builder(column.clone())
            .set_compression(match is_compressed {
                true => Compression::ZSTD(ZstdLevel::default()),
                false => Compression::UNCOMPRESSED,
            })
            .set_encodings(encodings)
            .set_total_compressed_size(compressed)
            .set_total_uncompressed_size(uncompressed)
            .set_num_values(signed(flat.rows))
            .set_data_page_offset(i64::try_from(first.offset)?)
            .set_dictionary_page_offset(dictionary.map(i64::try_from).transpose()?);
        if let Some(statistics) = flat.statistics() {
            metadata = metadata.set_statistics(statistics);
        }
        Ok(ColumnCloseResult {
            bytes_written: compressed.unsigned_abs(),
            rows_written: flat.rows as u64,
            metadata: metadata.build()?,
            bloom_filter: None,
            column_index: None,
            offset_index: Some(places.build()),
        })
    }
}
