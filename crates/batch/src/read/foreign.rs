//! Files that are no claims of ours, named for what they are.

use crate::Error;
use parquet::basic::Compression;
use parquet::file::metadata::ParquetMetaData;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// The error for a file that cannot be opened as Parquet.
pub(super) fn not_parquet(path: &Path, error: &dyn std::fmt::Display) -> Error {
    if let Some((what, hint)) = foreign(path) {
        let problem = format!("this is no Parquet file but {what}.");
        return Error::input(path.display(), problem).with_hint(hint);
    }
    Error::input(
        path.display(),
        format!("this is not a readable Parquet file: {error}."),
    )
    .with_hint("The file is truncated, encrypted or of another format; deliver it again.")
}

/// What a file of another format is by its first bytes, and what to do about it.
fn foreign(path: &Path) -> Option<(&'static str, &'static str)> {
    const CONVERT: &str = "Make Parquet of it with `drgdip convert`.";
    const UNPACK: &str = "Unpack it first.";
    const OTHER: &str = "Deliver the claims as Parquet.";
    let mut head = [0; 512];
    let read = File::open(path).and_then(|mut file| file.read(&mut head));
    let head = &head[..read.ok()?];
    let known: [(&[u8], _); 8] = [
        (
            b"PARE",
            ("an encrypted one", "Deliver it without encryption."),
        ),
        (b"PK\x03\x04", ("a workbook or a zip archive", CONVERT)),
        (
            b"\xD0\xCF\x11\xE0",
            ("an old Excel workbook (.xls)", "Save it as .xlsx or CSV."),
        ),
        (b"\x1F\x8B", ("a gzip archive", UNPACK)),
        (b"\x28\xB5\x2F\xFD", ("a zstd archive", UNPACK)),
        (b"ORC", ("an ORC file", OTHER)),
        (b"Obj\x01", ("an Avro file", OTHER)),
        (b"ARROW1", ("an Arrow file", OTHER)),
    ];
    let found = known.iter().find(|(magic, _)| head.starts_with(magic));
    let is_text = || {
        let is_printed = |b: &u8| *b >= b' ' || matches!(b, b'\t' | b'\r' | b'\n');
        !head.starts_with(b"PAR1") && head.iter().all(is_printed)
    };
    found
        .map(|(_, what)| *what)
        .or_else(|| is_text().then_some(("text", CONVERT)))
}

/// Refuses a file that is compressed in a way that is not read here.
pub(super) fn check_codecs(
    path: &Path,
    metadata: &ParquetMetaData,
    roots: &[usize],
) -> Result<(), Error> {
    let columns = metadata.file_metadata().schema_descr();
    for row_group in metadata.row_groups() {
        for (leaf, chunk) in row_group.columns().iter().enumerate() {
            let codec = match chunk.compression() {
                Compression::BROTLI(_) => "Brotli",
                Compression::LZO => "LZO",
                _ => continue,
            };
            if roots.contains(&columns.get_column_root_idx(leaf)) {
                let problem = format!(
                    "column {} is compressed with {codec}.",
                    chunk.column_path().string()
                );
                return Err(Error::input(path.display(), problem)
                    .with_hint("Write the file with zstd, snappy, gzip or lz4."));
            }
        }
    }
    Ok(())
}

/// The error for data that cannot be decoded.
pub(super) fn not_decoded(path: &Path, error: &dyn std::fmt::Display) -> Error {
    if is_encrypted(path) {
        let problem = "columns of the file are encrypted.";
        return Error::input(path.display(), problem).with_hint("Deliver it without encryption.");
    }
    let problem = format!("the Parquet data cannot be decoded: {error}.");
    Error::input(path.display(), problem)
        .with_hint("The file is truncated or damaged; deliver it again.")
}

/// The longest footer that is looked at for signs of encryption.
const MOST_FOOTER: u64 = 1 << 28;
/// The field of a footer that names the algorithm by which columns are encrypted.
///
/// Source: `encryption_algorithm` of `FileMetaData` in the Thrift file of the Parquet format.
const ENCRYPTION_ALGORITHM: i16 = 8;

/// Whether a file with a readable footer says that columns of it are encrypted.
fn is_encrypted(path: &Path) -> bool {
    let footer = footer(path).unwrap_or_default();
    let mut rest = footer.as_slice();
    let fields = std::iter::from_fn(move || skip_field(&mut rest));
    let mut field = 0;
    for step in fields {
        field = match step {
            FieldStep::By(by) => field + by,
            FieldStep::To(id) => id,
        };
        if field == ENCRYPTION_ALGORITHM {
            return true;
        }
    }
    false
}

fn footer(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let mut tail = [0; 8];
    let end = file.seek(SeekFrom::End(-8))?;
    file.read_exact(&mut tail)?;
    let length = [tail[0], tail[1], tail[2], tail[3]];
    let length = u64::from(u32::from_le_bytes(length));
    if &tail[4..] != b"PAR1" || length > end.min(MOST_FOOTER) {
        return Ok(Vec::new());
    }
    file.seek(SeekFrom::Start(end - length))?;
    let mut footer = Vec::new();
    file.take(length).read_to_end(&mut footer)?;
    Ok(footer)
}

/// How the number of a field is stated: by what it is more than the one before, or as it is.
enum FieldStep {
    By(i16),
    To(i16),
}

/// Reads over a field of a structure in Thrift's compact form; nothing at the end of the
/// structure, or where it is none.
fn skip_field(rest: &mut &[u8]) -> Option<FieldStep> {
    let head = take(rest, 1)?[0];
    if head == 0 {
        return None;
    }
    let step = match head >> 4 {
        0 => {
            let zigzag = varint(rest)?;
            FieldStep::To(i16::try_from(zigzag >> 1).ok()?)
        }
        by => FieldStep::By(i16::from(by)),
    };
    // True and false stand in the head itself.
    if !matches!(head & 0x0f, 1 | 2) {
        skip_value(rest, head & 0x0f, 16)?;
    }
    Some(step)
}

fn skip_value(rest: &mut &[u8], kind: u8, depth: u8) -> Option<()> {
    let depth = depth.checked_sub(1)?;
    match kind {
        1..=3 => drop(take(rest, 1)?),
        4..=6 => drop(varint(rest)?),
        7 => drop(take(rest, 8)?),
        8 => {
            let length = varint(rest)?;
            take(rest, length)?;
        }
        9 | 10 => {
            let head = take(rest, 1)?[0];
            let length = match head >> 4 {
                15 => varint(rest)?,
                short => u64::from(short),
            };
            for _ in 0..length {
                skip_value(rest, head & 0x0f, depth)?;
            }
        }
        12 => loop {
            let head = take(rest, 1)?[0];
            if head == 0 {
                break;
            }
            if head >> 4 == 0 {
                varint(rest)?;
            }
            if !matches!(head & 0x0f, 1 | 2) {
                skip_value(rest, head & 0x0f, depth)?;
            }
        },
        _ => return None,
    }
    Some(())
}

fn take<'b>(rest: &mut &'b [u8], length: u64) -> Option<&'b [u8]> {
    let (taken, after) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    *rest = after;
    Some(taken)
}

fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..63).step_by(7) {
        let byte = take(rest, 1)?[0];
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{ArrayRef, Int32Array, RecordBatch};
    use parquet::arrow::ArrowWriter;
    use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
    use parquet::file::metadata::ParquetMetaDataBuilder;
    use std::sync::Arc;

    fn written() -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        let column: ArrayRef = Arc::new(Int32Array::from_iter_values(0..1_000));
        let batch = RecordBatch::try_from_iter([("a", column.clone()), ("b", column)]).unwrap();
        let mut writer = ArrowWriter::try_new(file.as_file(), batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        file
    }

    #[test]
    fn a_file_whose_footer_names_an_encryption_is_encrypted() {
        let file = written();
        assert!(!is_encrypted(file.path()));
        let mut bytes = std::fs::read(file.path()).unwrap();
        let footer = footer(file.path()).unwrap();
        bytes.truncate(bytes.len() - 9);
        // After the last field, which is the seventh: a structure as the eighth, empty.
        bytes.extend([0x1c, 0x00, 0x00]);
        let length = u32::try_from(footer.len() + 2).unwrap();
        bytes.extend(length.to_le_bytes());
        bytes.extend(b"PAR1");
        std::fs::write(file.path(), bytes).unwrap();
        assert!(is_encrypted(file.path()));
        let error = not_decoded(file.path(), &"an unexpected field");
        assert_eq!(error.problem(), "columns of the file are encrypted.");
    }

    #[test]
    fn what_is_no_footer_is_not_encrypted() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let deep = [vec![0x1c; 400], b"\x90\x01\0\0PAR1".to_vec()].concat();
        for bytes in [
            &b""[..],
            b"PAR1",
            b"\xff\xff\xff\xffPAR1",
            b"\x01\0\0\0PAR1",
            &deep,
        ] {
            std::fs::write(file.path(), bytes).unwrap();
            assert!(!is_encrypted(file.path()), "{bytes:?}");
        }
    }

    #[test]
    fn a_codec_that_is_not_read_here_is_named_where_its_column_is_read() {
        let file = written();
        let stored = ArrowReaderMetadata::load(file.as_file(), ArrowReaderOptions::new()).unwrap();
        let mut builder = ParquetMetaDataBuilder::from(stored.metadata().as_ref().clone());
        let group = builder.take_row_groups().remove(0).into_builder();
        let chunks = stored.metadata().row_group(0).columns();
        let brotli = Compression::BROTLI(Default::default());
        let other = chunks[1].clone().into_builder().set_compression(brotli);
        let columns = vec![chunks[0].clone(), other.build().unwrap()];
        let group = group.set_column_metadata(columns).build().unwrap();
        let metadata = builder.set_row_groups(vec![group]).build();
        assert!(check_codecs(file.path(), &metadata, &[0]).is_ok());
        let error = check_codecs(file.path(), &metadata, &[0, 1]).unwrap_err();
        assert_eq!(error.problem(), "column b is compressed with Brotli.");
        assert!(error.hint().contains("zstd"));
    }
}
