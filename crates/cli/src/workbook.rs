//! Excel workbooks, opened with a bound on what they can unpack to.

use calamine::{Xlsx, XlsxError, open_workbook};
use drgdip_batch::Error;
use std::fmt::Display;
use std::fs::{self, File};
use std::io::{BufReader, Read};
use std::path::Path;
use zip::ZipArchive;

/// The largest file that is read, in bytes. A full sheet of claims has under 500 MiB.
const MAX_FILE_BYTES: u64 = 1 << 30;

/// Whether this is the path of a workbook.
pub(crate) fn is_workbook(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| {
        ["xlsx", "xlsm"]
            .iter()
            .any(|e| ending.eq_ignore_ascii_case(e))
    })
}

/// Opens a workbook.
pub(crate) fn open(path: &Path) -> Result<Xlsx<BufReader<File>>, Error> {
    let size = fs::metadata(path).map_err(|error| Error::file(path, "read it", &error))?;
    if size.len() > MAX_FILE_BYTES {
        let (bytes, most) = (size.len(), MAX_FILE_BYTES);
        let problem = format!("the workbook has {bytes} bytes; at most {most} are read.");
        return Err(Error::input(path.display(), problem).with_hint("Save the sheet as CSV."));
    }
    check_parts(path, MAX_PARTS)?;
    open_workbook(path).map_err(|error| broken(path.display(), &error))
}

/// What the parts of a workbook may unpack to, in bytes.
#[derive(Clone, Copy)]
struct Most {
    /// A sheet, which is read cell by cell.
    sheet: u64,
    /// Any other part, which is read whole.
    part: u64,
    /// What stands between two tags; a cell has at most 32,767 signs.
    text: u64,
}

const MAX_PARTS: Most = Most {
    sheet: 8 << 30,
    part: 512 << 20,
    text: 4 << 20,
};

/// Unpacks every part once without keeping it, so that none unpacks to more than it may when it
/// is read. What a part says about its size is not believed.
fn check_parts(path: &Path, most: Most) -> Result<(), Error> {
    let file = File::open(path).map_err(|error| Error::file(path, "open it", &error))?;
    // What is no archive is refused in the words of the reader of workbooks.
    let Ok(mut parts) = ZipArchive::new(BufReader::new(file)) else {
        return Ok(());
    };
    for number in 0..parts.len() {
        let Ok(mut part) = parts.by_index(number) else {
            continue;
        };
        let name = part.name().map(|name| name.into_owned());
        let name = name.unwrap_or_else(|_| format!("number {number}"));
        let is_sheet = name.to_ascii_lowercase().contains("worksheets/");
        let bytes = if is_sheet { most.sheet } else { most.part };
        if let Err(problem) = unpack(&mut part, bytes, most.text) {
            let problem = format!("its part {name} {problem}.");
            let hint = "Save the sheet of claims on its own, or as CSV.";
            return Err(Error::input(path.display(), problem).with_hint(hint));
        }
    }
    Ok(())
}

/// Unpacks a part; says which limit it exceeds. A damaged part is left to the reader of workbooks.
fn unpack(part: &mut impl Read, most: u64, most_text: u64) -> Result<(), String> {
    let mut buffer = vec![0; 1 << 16];
    let (mut all, mut text) = (0, 0);
    loop {
        let read = match part.read(&mut buffer) {
            Ok(0) | Err(_) => return Ok(()),
            Ok(read) => read,
        };
        all += read as u64;
        if all > most {
            return Err(format!("unpacks to more than {most} bytes"));
        }
        for piece in buffer[..read].split_inclusive(|byte| *byte == b'<') {
            text += piece.len() as u64;
            if text > most_text {
                return Err(format!("has a text of more than {most_text} bytes"));
            }
            if piece.ends_with(b"<") {
                text = 0;
            }
        }
    }
}

/// What is wrong with a workbook.
pub(crate) fn broken(place: impl Display, error: &XlsxError) -> Error {
    Error::input(place, sentence(error)).with_hint("Save the workbook again as .xlsx.")
}

pub(crate) fn sentence(error: &XlsxError) -> String {
    match error {
        XlsxError::Password => "the workbook has a password; save it without one".to_owned(),
        error => format!("it cannot be read as an Excel workbook (.xlsx): {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_xlsxwriter::Workbook;

    const SMALL: Most = Most {
        sheet: 1 << 20,
        part: 1 << 20,
        text: 1 << 16,
    };

    /// What a workbook with one cell of this text, so many times, is refused for.
    fn refused(texts: impl IntoIterator<Item = String>, most: Most) -> Option<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.xlsx");
        let mut workbook = Workbook::new();
        let sheet = workbook.add_worksheet();
        for (row, text) in (0..).zip(texts) {
            sheet.write_string(row, 0, text).unwrap();
        }
        workbook.save(&path).unwrap();
        let error = check_parts(&path, most).err()?;
        Some(error.problem().to_owned())
    }

    #[test]
    fn a_workbook_that_unpacks_to_more_than_it_may_is_refused() {
        let long = |row: usize| format!("{row}{}", "a".repeat(30_000));
        assert_eq!(refused((0..3).map(long), SMALL), None);
        assert_eq!(
            refused((0..60).map(long), SMALL).unwrap(),
            "its part xl/sharedStrings.xml unpacks to more than 1048576 bytes."
        );
        let sheet = Most {
            sheet: 100,
            ..SMALL
        };
        assert_eq!(
            refused(["a".to_owned()], sheet).unwrap(),
            "its part xl/worksheets/sheet1.xml unpacks to more than 100 bytes."
        );
        let text = Most {
            text: 20_000,
            ..SMALL
        };
        assert_eq!(
            refused([long(1)], text).unwrap(),
            "its part xl/sharedStrings.xml has a text of more than 20000 bytes."
        );
    }
}
