//! Excel workbooks, opened with a bound on what they can unpack to.

use calamine::{Xlsx, XlsxError, open_workbook};
use drgdip_batch::Error;
use std::fmt::Display;
use std::fs::{self, File};
use std::io::BufReader;
use std::path::Path;

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
    open_workbook(path).map_err(|error| broken(path.display(), &error))
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
