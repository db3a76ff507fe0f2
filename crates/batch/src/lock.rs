//! Keeps two runs from writing the same output.

use crate::Error;
use crate::output::parent;
use std::fs::{self, File, TryLockError};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The right to write one output, a file or a folder, held until this is dropped.
///
/// Its file stands beside the output and is removed with it, so that nothing is left behind. A run
/// that opened the file just before it was removed then locks a file that no third run will find;
/// therefore a lock counts only where the locked file still is the one at the path. Only the
/// holder of such a lock removes the file, and does so before it lets go.
pub(crate) struct OutputLock {
    path: PathBuf,
    /// Unlocked when it is closed.
    _file: File,
}

impl OutputLock {
    /// Takes the lock of the output at `target`, whose folder is there.
    ///
    /// # Errors
    /// Another run that holds it, and a lock file that cannot be written.
    pub(crate) fn take(target: &Path) -> Result<Self, Error> {
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        let path = parent(target).join(format!(".{name}.drgdip-lock"));
        loop {
            let file = File::create(&path).map_err(|e| Error::file(&path, "write it", &e))?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(is_taken(target)),
                Err(TryLockError::Error(e)) => return Err(Error::file(&path, "lock it", &e)),
            }
            if is_at(&file, &path) {
                return Ok(Self { path, _file: file });
            }
        }
    }
}

impl Drop for OutputLock {
    fn drop(&mut self) {
        // Nothing can be done about a file that cannot be removed; the next run locks it again.
        let _ = fs::remove_file(&self.path);
    }
}

fn is_taken(target: &Path) -> Error {
    Error::usage(
        format!("another run is writing {}.", target.display()),
        "Wait for it to end, or choose another output.",
    )
}

/// Whether this open file is the one that the path leads to.
fn is_at(file: &File, path: &Path) -> bool {
    let (Ok(opened), Ok(found)) = (file.metadata(), fs::metadata(path)) else {
        return false;
    };
    (opened.dev(), opened.ino()) == (found.dev(), found.ino())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[test]
    fn one_run_at_a_time_holds_the_lock_and_it_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("out");
        let held = OutputLock::take(&target).unwrap();
        let refused = OutputLock::take(&target).err().unwrap().to_string();
        let expected = format!(
            "another run is writing {}. Wait for it to end, or choose another output.",
            target.display()
        );
        assert_eq!(refused, expected);
        drop(held);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        drop(OutputLock::take(&target).unwrap());
    }

    #[test]
    fn a_file_that_was_removed_or_replaced_is_not_the_one_at_the_path() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let first = File::create(&path).unwrap();
        assert!(is_at(&first, &path));
        fs::remove_file(&path).unwrap();
        assert!(!is_at(&first, &path));
        let second = File::create(&path).unwrap();
        assert!(!is_at(&first, &path));
        assert!(is_at(&second, &path));
    }

    #[test]
    fn runs_that_come_and_go_are_never_two_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("out");
        let holders = AtomicU32::new(0);
        let come_and_go = || {
            for _ in 0..2_000 {
                let Ok(lock) = OutputLock::take(&target) else {
                    continue;
                };
                assert_eq!(holders.fetch_add(1, Ordering::SeqCst), 0);
                std::thread::yield_now();
                holders.fetch_sub(1, Ordering::SeqCst);
                drop(lock);
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(come_and_go);
            }
        });
    }
}
