//! Small flat outputs: texts and CSV tables of a folder, and how their numbers are written.

use crate::Error;
use crate::manifest::OutputFile;
use crate::output::HashingFile;
use crate::safe_text::spreadsheet_cell;
use rust_decimal::Decimal;
use std::io::Write;
use std::path::Path;

/// Ten-thousandths with all four decimals, such as -0.0005.
#[must_use]
pub fn four_places(ten_thousandths: i64) -> String {
    Decimal::new(ten_thousandths, 4).to_string()
}

/// Writes rows with their heading; no cell is a formula to a spreadsheet.
pub(crate) fn csv_file<const N: usize>(
    folder: &Path,
    name: &str,
    rows: &[[String; N]],
) -> Result<OutputFile, Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer
            .write_record(row.iter().map(|cell| spreadsheet_cell(cell)))
            .expect("rows of one length are written to memory");
    }
    let bytes = writer.into_inner().expect("memory takes every write");
    let mut file = file(folder, name, &bytes)?;
    // A cell may have lines of its own, so rows are not lines here.
    file.rows = rows.len().saturating_sub(1) as u64;
    Ok(file)
}

/// Writes bytes; the rows of the file are its lines.
pub(crate) fn file(folder: &Path, name: &str, bytes: &[u8]) -> Result<OutputFile, Error> {
    let path = folder.join(name);
    let cannot = |e: std::io::Error| Error::file(&path, "write it", &e);
    let mut file = HashingFile::create(&path)?;
    file.write_all(bytes).map_err(cannot)?;
    let fingerprint = file.finish().map_err(cannot)?;
    Ok(OutputFile::new(name, lines(bytes), fingerprint))
}

/// How many lines are ended in a text.
pub(crate) fn lines(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|byte| **byte == b'\n').count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_thousandths_keep_their_sign_and_their_zeros() {
        let check = |number, text: &str| assert_eq!(four_places(number), text);
        check(0, "0.0000");
        check(5, "0.0005");
        check(-5, "-0.0005");
        check(-10_005, "-1.0005");
        check(12_345, "1.2345");
    }

    #[test]
    fn rows_are_counted_without_their_heading_and_other_files_by_lines() {
        let folder = tempfile::tempdir().unwrap();
        let rows = [["a"], ["two\nlines"], ["=1"]].map(|row| row.map(str::to_owned));
        let table = csv_file(folder.path(), "t.csv", &rows).unwrap();
        assert_eq!(table.rows, 2);
        let text = file(folder.path(), "t.txt", b"one\ntwo\n").unwrap();
        assert_eq!((text.rows, text.fingerprint.bytes), (2, 8));
    }
}
