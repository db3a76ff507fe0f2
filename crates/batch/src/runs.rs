//! Sorted runs on disk and their merging, for parts that do not fit into memory.

use crate::Error;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Seek, SeekFrom};
use std::path::Path;

/// A run from its beginning; the file has no name and vanishes with it.
pub(crate) type SortedRun = BufReader<File>;

/// Writes a run into a temporary file in a folder.
pub(crate) fn write_run(
    folder: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> io::Result<SortedRun> {
    let mut run = BufWriter::new(tempfile::tempfile_in(folder)?);
    write(&mut run)?;
    let mut run = run.into_inner().map_err(io::IntoInnerError::into_error)?;
    run.seek(SeekFrom::Start(0))?;
    Ok(BufReader::new(run))
}

/// Shows the items of runs in order; `next` reads the item that a run comes to.
///
/// # Errors
/// What `show` ends with, and a run that cannot be read, as `wrong` tells it.
pub(crate) fn merge<T: Ord>(
    mut runs: Vec<SortedRun>,
    next: impl Fn(&mut SortedRun) -> io::Result<Option<T>>,
    wrong: impl Fn(io::Error) -> Error,
    mut show: impl FnMut(T) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut heads = BinaryHeap::new();
    for (number, run) in runs.iter_mut().enumerate() {
        let item = next(run).map_err(&wrong)?;
        heads.extend(item.map(|item| Reverse((item, number))));
    }
    while let Some(Reverse((item, number))) = heads.pop() {
        show(item)?;
        let item = next(&mut runs[number]).map_err(&wrong)?;
        heads.extend(item.map(|item| Reverse((item, number))));
    }
    Ok(())
}
