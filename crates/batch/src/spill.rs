//! Encoded pages on disk until their row group can be written.

use bytes::Bytes;
use parquet::column::page_store::{PageKey, PageStore, PageStoreArgs, PageStoreFactory};
use parquet::errors::{ParquetError, Result};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};

/// Keeps pages in one temporary file without a name, which vanishes with the run.
#[derive(Debug)]
pub(crate) struct SpillFactory(Arc<Mutex<Spill>>);

#[derive(Debug)]
struct Spill {
    file: File,
    end: u64,
}

impl SpillFactory {
    pub(crate) fn new(folder: &Path) -> std::io::Result<Self> {
        let file = tempfile::tempfile_in(folder)?;
        Ok(Self(Arc::new(Mutex::new(Spill { file, end: 0 }))))
    }
}

impl PageStoreFactory for SpillFactory {
    fn create(&self, _args: &PageStoreArgs<'_>) -> Result<Box<dyn PageStore>> {
        Ok(Box::new(SpilledColumn {
            spill: Arc::clone(&self.0),
            pages: Vec::new(),
        }))
    }
}

/// The pages of one column of one row group: where each begins, and how long it is.
struct SpilledColumn {
    spill: Arc<Mutex<Spill>>,
    pages: Vec<(u64, usize)>,
}

impl PageStore for SpilledColumn {
    fn put(&mut self, value: Bytes) -> Result<PageKey> {
        let mut spill = self.spill.lock().expect("no worker panicked");
        let start = spill.end;
        spill.file.seek(SeekFrom::Start(start))?;
        spill.file.write_all(&value)?;
        spill.end += value.len() as u64;
        self.pages.push((start, value.len()));
        Ok(PageKey::new(self.pages.len() as u64 - 1))
    }

    fn take(&mut self, key: PageKey) -> Result<Bytes> {
        let page = usize::try_from(key.get())
            .ok()
            .and_then(|index| self.pages.get(index));
        let (start, length) =
            *page.ok_or_else(|| ParquetError::General("a page that was never kept".to_owned()))?;
        let mut bytes = vec![0; length];
        let mut spill = self.spill.lock().expect("no worker panicked");
        spill.file.seek(SeekFrom::Start(start))?;
        spill.file.read_exact(&mut bytes)?;
        Ok(bytes.into())
    }
}
