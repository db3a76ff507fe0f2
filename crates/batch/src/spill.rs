//! Encoded columns on disk until their row group can be written.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Mutex;

/// One temporary file without a name, which vanishes with the run.
#[derive(Debug)]
pub(crate) struct Spill(Mutex<Spilled>);

#[derive(Debug)]
struct Spilled {
    file: File,
    end: u64,
}

impl Spill {
    pub(crate) fn new(folder: &Path) -> io::Result<Self> {
        let file = tempfile::tempfile_in(folder)?;
        Ok(Self(Mutex::new(Spilled { file, end: 0 })))
    }

    /// Keeps some bytes; says where they begin.
    pub(crate) fn put(&self, bytes: &[u8]) -> io::Result<u64> {
        let mut spilled = self.0.lock().expect("no worker panicked");
        let start = spilled.end;
        spilled.file.seek(SeekFrom::Start(start))?;
        spilled.file.write_all(bytes)?;
        spilled.end += bytes.len() as u64;
        Ok(start)
    }

    /// So many bytes from a place on.
    pub(crate) fn take(&self, start: u64, length: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        let mut spilled = self.0.lock().expect("no worker panicked");
        spilled.file.seek(SeekFrom::Start(start))?;
        spilled.file.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}
