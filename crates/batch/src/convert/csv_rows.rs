//! The rows of a CSV file, none of which may have swallowed others.
//!
//! A quotation mark that nobody closes makes one cell of all rows up to the next one. Nothing of
//! that is an error to a reader of CSV, so it is looked for here: at the end of the file, and in
//! every cell that has more than one line.

use super::{TextRows, encoding};
use crate::Error;
use csv::{Reader, ReaderBuilder, StringRecord};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The most bytes of one row; a claim with thousands of codes has some ten thousand.
const MAX_ROW_BYTES: usize = 16 << 20;

/// A row of its own behind the last one, by which it shows that no quotation mark is open there.
/// It begins with a sign that no text has, and nothing ends it but the end of the file.
const END: &str = "\u{fffe}end";

/// In tables of fewer columns a line of a cell may well have as many separators as a row.
const FEWEST_COLUMNS: usize = 4;

const UNCLOSED: &str = "Close the quotation mark, or double it where it belongs to the text.";

/// The rows of a CSV file.
pub(super) struct CsvRows {
    path: PathBuf,
    separator: u8,
    reader: Reader<Bounded<encoding::Utf8Text<File>>>,
    record: StringRecord,
    number: u64,
    /// How many columns the header has.
    width: usize,
}

impl CsvRows {
    pub(super) fn open(
        path: &Path,
        encoding: &'static encoding_rs::Encoding,
        separator: u8,
    ) -> Result<Self, Error> {
        let file = File::open(path).map_err(|e| Error::file(path, "open it", &e))?;
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(separator)
            .from_reader(Bounded::new(encoding::Utf8Text::new(file, encoding)));
        Ok(Self {
            path: path.to_owned(),
            separator,
            reader,
            record: StringRecord::new(),
            number: 0,
            width: 0,
        })
    }

    fn place(&self) -> String {
        format!("{}, row {}", self.path.display(), self.number + 1)
    }

    /// The line in which a cell of the record begins.
    fn line_of(&self, cell: usize) -> u64 {
        let start = self.record.position().map_or(0, csv::Position::line);
        let before = self.record.iter().take(cell);
        start + before.map(line_ends).sum::<u64>()
    }

    /// A cell with a line that has as many separators as a row.
    fn swallowed(&self) -> Option<usize> {
        let is_line_end = |c: char| matches!(c, '\n' | '\r');
        if self.width < FEWEST_COLUMNS || !self.record.as_slice().contains(is_line_end) {
            return None;
        }
        let is_row = |line: &str| {
            let separators = line.bytes().filter(|byte| *byte == self.separator);
            separators.count() + 1 >= self.width
        };
        let mut cells = self.record.iter();
        cells.position(|cell| cell.split(is_line_end).skip(1).any(is_row))
    }
}

fn line_ends(cell: &str) -> u64 {
    cell.bytes().filter(|byte| *byte == b'\n').count() as u64
}

impl TextRows for CsvRows {
    fn next_row(&mut self, cells: &mut Vec<String>) -> Result<Option<u64>, Error> {
        self.reader.get_mut().since_row = 0;
        let read = self.reader.read_record(&mut self.record);
        let is_row = read.map_err(|error| {
            let error = Error::input(self.place(), format!("cannot read it: {error}."));
            match self.reader.get_ref().is_exceeded() {
                true => error.with_hint("A quotation mark before it may not be closed."),
                false => error,
            }
        })?;
        if !is_row {
            return Ok(None);
        }
        if self.reader.get_ref().is_at_end {
            if self.record.iter().eq([END]) {
                return Ok(None);
            }
            let line = self.line_of(self.record.len().saturating_sub(1));
            let problem =
                format!("the quotation mark of a cell that begins in line {line} is never closed.");
            return Err(Error::input(self.place(), problem).with_hint(UNCLOSED));
        }
        if self.number == 0 {
            self.width = self.record.len();
        }
        if let Some(cell) = self.swallowed() {
            let line = self.line_of(cell);
            let problem = format!(
                "the quoted cell that begins in line {line} holds whole rows of the table."
            );
            return Err(Error::input(self.place(), problem).with_hint(UNCLOSED));
        }
        self.number += 1;
        cells.resize_with(self.record.len(), String::new);
        for (cell, field) in cells.iter_mut().zip(&self.record) {
            cell.clear();
            cell.push_str(field);
        }
        Ok(Some(self.number))
    }
}

/// Text with the end mark behind it, of which one row may take only so much.
struct Bounded<R> {
    text: io::Chain<R, &'static [u8]>,
    /// How many bytes were read since the last row.
    since_row: usize,
    /// Whether the end was asked for, which only a row does that nothing else ends.
    is_at_end: bool,
}

impl<R: Read> Bounded<R> {
    fn new(text: R) -> Self {
        // The last row may lack the end of its line; an empty line is no row.
        const TAIL: &str = "\n\u{fffe}end";
        debug_assert_eq!(TAIL.strip_prefix('\n'), Some(END));
        Self {
            text: text.chain(TAIL.as_bytes()),
            since_row: 0,
            is_at_end: false,
        }
    }

    const fn is_exceeded(&self) -> bool {
        self.since_row > MAX_ROW_BYTES
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.is_exceeded() {
            let problem = format!("the row has more than {MAX_ROW_BYTES} bytes");
            return Err(io::Error::other(problem));
        }
        let read = self.text.read(buffer)?;
        self.since_row += read;
        self.is_at_end |= read == 0;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rows of a text, or what is wrong with it.
    fn rows(text: &str) -> Result<Vec<Vec<String>>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.csv");
        std::fs::write(&path, text).unwrap();
        let mut source = CsvRows::open(&path, encoding_rs::UTF_8, b',').unwrap();
        let (mut rows, mut cells) = (Vec::new(), Vec::new());
        loop {
            match source.next_row(&mut cells) {
                Ok(Some(_)) => rows.push(cells.clone()),
                Ok(None) => return Ok(rows),
                Err(error) => {
                    assert!(!error.hint().is_empty(), "{error}");
                    let row = error.place().rsplit(", ").next().unwrap().to_owned();
                    return Err(format!("{row}: {}", error.problem()));
                }
            }
        }
    }

    #[test]
    fn the_end_mark_is_no_row_however_the_text_ends() {
        let expected = vec![vec!["a".to_owned(), "b".to_owned()]];
        for text in ["a,b", "a,b\n", "a,b\r\n", "a,\"b\"", "a,b\n\n", "a,b\r"] {
            assert_eq!(rows(text).unwrap(), expected, "{text:?}");
        }
        assert_eq!(rows("").unwrap(), Vec::<Vec<String>>::new());
        let several = rows("a,\"b\nc, d\",e,f\n1,2,3,4\n").unwrap();
        assert_eq!(several[0][1], "b\nc, d");
        assert_eq!(several.len(), 2);
    }

    #[test]
    fn a_quotation_mark_that_is_never_closed_is_named_with_its_line() {
        let unclosed = |row: u32, line: u32| {
            format!(
                "row {row}: the quotation mark of a cell that begins in line {line} is never closed."
            )
        };
        assert_eq!(rows("a,b\n1,2\n1,\"x\n1,2\n").unwrap_err(), unclosed(3, 3));
        assert_eq!(rows("a,b\n\"1\n1\",\"x").unwrap_err(), unclosed(2, 3));
        assert_eq!(rows("a,\"b\"\"\n").unwrap_err(), unclosed(1, 1));
    }

    #[test]
    fn a_cell_that_swallowed_rows_is_named_with_its_line() {
        let text = "a,b,c,d\n1,2,3,\"x\n5,6,7,8\n1,2,3,x\"\n1,2,3,4\n";
        assert_eq!(
            rows(text).unwrap_err(),
            "row 2: the quoted cell that begins in line 2 holds whole rows of the table."
        );
    }

    #[test]
    fn a_row_is_not_read_beyond_its_bound() {
        let long = format!("a,b\n1,\"{}", "x\n".repeat(MAX_ROW_BYTES));
        let problem = rows(&long).unwrap_err();
        assert!(
            problem.contains("the row has more than 16777216 bytes"),
            "{problem}"
        );
    }
}
