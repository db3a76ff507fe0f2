//! Records strewn over temporary files, so that what belongs together fits into memory.
//!
//! The files have no name and vanish with the run. What stands in a file depends on the threads
//! only by its order, so whoever reads a part puts it in order.

use crate::Error;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// How much a worker gathers for a part before it is written.
const FLUSH_BYTES: usize = 1 << 15;

/// The parts on disk.
pub(crate) struct Strewn {
    folder: PathBuf,
    parts: Vec<Mutex<File>>,
}

/// What one worker has gathered for each part.
pub(crate) struct Gathering<'s> {
    strewn: &'s Strewn,
    buffers: Vec<Vec<u8>>,
}

impl Strewn {
    /// Makes so many parts in a folder.
    pub(crate) fn new(folder: &Path, parts: usize) -> Result<Self, Error> {
        let open = |_| tempfile::tempfile_in(folder).map(Mutex::new);
        let parts = (0..parts).map(open).collect::<io::Result<_>>();
        let parts = parts.map_err(|e| Error::file(folder, "write temporary files", &e))?;
        Ok(Self {
            folder: folder.to_owned(),
            parts,
        })
    }

    /// The folder that the parts are in, for further temporary files.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// How many parts there are.
    pub(crate) fn len(&self) -> usize {
        self.parts.len()
    }

    /// Where one worker gathers records.
    pub(crate) fn gathering(&self) -> Gathering<'_> {
        Gathering {
            strewn: self,
            buffers: vec![Vec::new(); self.parts.len()],
        }
    }

    /// All bytes of a part.
    pub(crate) fn read(&self, part: usize) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        let mut file = self.open(part)?;
        file.read_to_end(&mut bytes).map_err(|e| self.wrong(&e))?;
        Ok(bytes)
    }

    /// A part from its first byte on, to be read by one reader at a time.
    pub(crate) fn open(&self, part: usize) -> Result<File, Error> {
        let file = self.parts[part].lock().expect("no worker panicked");
        let mut file = file.try_clone().map_err(|e| self.wrong(&e))?;
        file.seek(SeekFrom::Start(0)).map_err(|e| self.wrong(&e))?;
        Ok(file)
    }

    /// A part as a stream, for parts that may not fit into memory.
    pub(crate) fn stream(&self, part: usize) -> Result<BufReader<File>, Error> {
        Ok(BufReader::with_capacity(1 << 16, self.open(part)?))
    }

    /// Shows the records of a part, which have `N` bytes each, one after the other.
    pub(crate) fn each<const N: usize>(
        &self,
        part: usize,
        mut show: impl FnMut([u8; N]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut stream = self.stream(part)?;
        while let Some(record) = next_record(&mut stream).map_err(|e| self.wrong(&e))? {
            show(record)?;
        }
        Ok(())
    }

    /// How many bytes a part has.
    pub(crate) fn bytes(&self, part: usize) -> Result<u64, Error> {
        let file = self.parts[part].lock().expect("no worker panicked");
        let metadata = file.metadata().map_err(|e| self.wrong(&e))?;
        Ok(metadata.len())
    }

    /// The error for a temporary file that cannot be written or read.
    pub(crate) fn wrong(&self, error: &io::Error) -> Error {
        Error::file(&self.folder, "write and read temporary files", error)
    }
}

impl Gathering<'_> {
    /// Adds a record to a part: `write` appends its bytes.
    pub(crate) fn add(
        &mut self,
        part: usize,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), Error> {
        let buffer = &mut self.buffers[part];
        write(buffer);
        if buffer.len() >= FLUSH_BYTES {
            self.flush(part)
        } else {
            Ok(())
        }
    }

    /// Writes what is left.
    pub(crate) fn finish(&mut self) -> Result<(), Error> {
        (0..self.buffers.len()).try_for_each(|part| self.flush(part))
    }

    fn flush(&mut self, part: usize) -> Result<(), Error> {
        if self.buffers[part].is_empty() {
            return Ok(());
        }
        let mut file = self.strewn.parts[part].lock().expect("no worker panicked");
        let written = file.write_all(&self.buffers[part]);
        written.map_err(|e| self.strewn.wrong(&e))?;
        self.buffers[part].clear();
        Ok(())
    }
}

/// The next `N` bytes of a stream; `None` at its end.
pub(crate) fn next_record<const N: usize>(
    stream: &mut impl BufRead,
) -> io::Result<Option<[u8; N]>> {
    if stream.fill_buf()?.is_empty() {
        return Ok(None);
    }
    let mut record = [0; N];
    stream.read_exact(&mut record)?;
    Ok(Some(record))
}

/// Takes little-endian numbers and texts off the front of a record.
pub(crate) struct Record<'a>(pub(crate) &'a [u8]);

impl<'a> Record<'a> {
    /// The next `N` bytes.
    pub(crate) fn take<const N: usize>(&mut self) -> [u8; N] {
        let split = self.0.split_first_chunk();
        let (head, rest) = split.expect("a part holds whole records");
        self.0 = rest;
        *head
    }

    /// The next bytes after their length.
    pub(crate) fn bytes(&mut self) -> &'a [u8] {
        let length = u32::from_le_bytes(self.take()) as usize;
        let (bytes, rest) = self.0.split_at(length);
        self.0 = rest;
        bytes
    }
}

/// Writes bytes after their length.
pub(crate) fn put_bytes(buffer: &mut Vec<u8>, bytes: &[u8]) {
    let length = u32::try_from(bytes.len()).expect("Parquet texts are below 2 GiB");
    buffer.extend_from_slice(&length.to_le_bytes());
    buffer.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_has_what_was_added_to_it() {
        let folder = tempfile::tempdir().unwrap();
        let strewn = Strewn::new(folder.path(), 3).unwrap();
        for worker in 0..2_u8 {
            let mut gathering = strewn.gathering();
            for number in 0..20_000_u32 {
                let part = (number % 2) as usize;
                let write = |buffer: &mut Vec<u8>| {
                    buffer.push(worker);
                    put_bytes(buffer, &number.to_le_bytes());
                };
                gathering.add(part, write).unwrap();
            }
            gathering.finish().unwrap();
        }
        for part in 0..2 {
            let bytes = strewn.read(part).unwrap();
            assert_eq!(bytes.len() as u64, strewn.bytes(part).unwrap());
            let mut record = Record(&bytes);
            let mut found = Vec::new();
            while !record.0.is_empty() {
                let [worker] = record.take();
                let number = u32::from_le_bytes(record.bytes().try_into().unwrap());
                found.push((worker, number));
            }
            let expected = (0..2).flat_map(|worker| {
                let numbers = (0..20_000).filter(move |n| n % 2 == part as u32);
                numbers.map(move |number| (worker, number))
            });
            assert_eq!(found, expected.collect::<Vec<_>>());
        }
        assert!(strewn.read(2).unwrap().is_empty());
    }
}
