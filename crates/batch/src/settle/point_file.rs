//! The points of all rows on disk, where other cases may still change them.

use crate::Error;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// Eight bytes a row, in row order; the file has no name and vanishes with the run.
pub(super) struct PointFile {
    folder: PathBuf,
    file: Mutex<File>,
}

impl PointFile {
    pub(super) fn new(folder: &Path) -> Result<Self, Error> {
        let wrong = |e: io::Error| Error::file(folder, "write temporary files", &e);
        Ok(Self {
            folder: folder.to_owned(),
            file: Mutex::new(tempfile::tempfile_in(folder).map_err(wrong)?),
        })
    }

    /// Adds the points of the next rows.
    pub(super) fn append(&self, points: &[i64]) -> Result<(), Error> {
        let bytes: Vec<u8> = points
            .iter()
            .flat_map(|points| points.to_le_bytes())
            .collect();
        let mut file = self.file.lock().expect("no worker panicked");
        file.write_all(&bytes).map_err(|e| self.wrong(&e))
    }

    /// The points of so many rows from `first_row` on; to be asked when all have been added.
    pub(super) fn read(&self, first_row: u64, rows: usize) -> Result<Vec<i64>, Error> {
        let mut bytes = vec![0; rows * 8];
        let mut file = self.file.lock().expect("no worker panicked");
        let sought = file.seek(SeekFrom::Start(first_row * 8));
        sought.map_err(|e| self.wrong(&e))?;
        file.read_exact(&mut bytes).map_err(|e| self.wrong(&e))?;
        let (points, _) = bytes.as_chunks();
        Ok(points
            .iter()
            .map(|bytes| i64::from_le_bytes(*bytes))
            .collect())
    }

    fn wrong(&self, error: &io::Error) -> Error {
        Error::file(&self.folder, "write and read temporary files", error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_come_back_from_any_row_on() {
        let folder = tempfile::tempdir().unwrap();
        let file = PointFile::new(folder.path()).unwrap();
        file.append(&[1, -2, i64::MAX]).unwrap();
        file.append(&[4]).unwrap();
        assert_eq!(file.read(1, 3).unwrap(), [-2, i64::MAX, 4]);
        assert_eq!(file.read(0, 1).unwrap(), [1]);
        assert!(file.read(3, 2).is_err());
    }
}
