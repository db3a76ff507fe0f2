//! Outputs that appear whole or not at all.

use crate::lock::OutputLock;
use crate::{Class, Error};
use ring::digest::{Context, SHA256, digest};
use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

/// Writes to a file and hashes what goes by.
pub(crate) struct HashingFile {
    file: BufWriter<File>,
    hash: Context,
    bytes: u64,
}

/// What a finished file is known by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fingerprint {
    pub(crate) sha256: String,
    pub(crate) bytes: u64,
}

impl HashingFile {
    pub(crate) fn create(path: &Path) -> Result<Self, Error> {
        let file = File::create(path).map_err(|e| Error::file(path, "write it", &e))?;
        Ok(Self {
            file: BufWriter::with_capacity(1 << 20, file),
            hash: Context::new(&SHA256),
            bytes: 0,
        })
    }

    /// Makes sure that every byte is on the disk.
    pub(crate) fn finish(mut self) -> io::Result<Fingerprint> {
        self.file.flush()?;
        self.file.get_ref().sync_data()?;
        Ok(Fingerprint {
            sha256: hex(self.hash.finish().as_ref()),
            bytes: self.bytes,
        })
    }
}

impl Write for HashingFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// The sha256 and size of a file on the disk.
pub(crate) fn fingerprint(
    path: &Path,
    is_interrupted: &dyn Fn() -> bool,
) -> Result<Fingerprint, Error> {
    let wrong = |e: io::Error| Error::file(path, "read it", &e);
    let mut file = File::open(path).map_err(wrong)?;
    let mut hash = Context::new(&SHA256);
    let mut bytes = 0;
    let mut buffer = vec![0; 1 << 20];
    loop {
        if is_interrupted() {
            return Err(Error::interrupted());
        }
        let read = file.read(&mut buffer).map_err(wrong)?;
        if read == 0 {
            return Ok(Fingerprint {
                sha256: hex(hash.finish().as_ref()),
                bytes,
            });
        }
        hash.update(&buffer[..read]);
        bytes += read as u64;
    }
}

/// The sha256 of some bytes.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex(digest(&SHA256, bytes).as_ref())
}

fn hex(digest: &[u8]) -> String {
    use std::fmt::Write as _;
    digest.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String takes every write");
        text
    })
}

/// Files that are written beside their places and renamed into them together.
///
/// What is not published is removed when this is dropped.
#[derive(Default)]
pub(crate) struct StagedFiles {
    files: Vec<(PathBuf, PathBuf)>,
    /// Held while the run lasts, so that two runs cannot write the same file.
    locks: Vec<OutputLock>,
}

impl StagedFiles {
    /// Where to write the file that will stand at `target`.
    pub(crate) fn stage(&mut self, target: &Path) -> Result<PathBuf, Error> {
        let name = target.file_name().ok_or_else(|| {
            Error::usage(
                format!("{} is not the name of a file to write.", target.display()),
                "Name a file.",
            )
        })?;
        if target.is_dir() {
            return Err(Error::usage(
                format!("{} is a folder.", target.display()),
                "Name a file to write.",
            ));
        }
        let folder = parent(target);
        fs::create_dir_all(folder).map_err(|e| Error::file(folder, "create the folder", &e))?;
        self.locks.push(OutputLock::take(target)?);
        let staged = folder.join(format!(".{}.drgdip-part", name.to_string_lossy()));
        self.files.push((staged.clone(), target.to_owned()));
        Ok(staged)
    }

    /// Puts every file in its place, in the order in which they were staged.
    pub(crate) fn publish(mut self) -> Result<(), Error> {
        for (staged, target) in std::mem::take(&mut self.files) {
            fs::rename(&staged, &target)
                .map_err(|e| Error::file(&target, "put it in place", &e))?;
        }
        Ok(())
    }

    /// The same, where the last file is the manifest of the others.
    ///
    /// An earlier manifest goes first: a run that is killed in between leaves files without one,
    /// which are no finished run.
    pub(crate) fn publish_run(self) -> Result<(), Error> {
        if let Some((_, manifest)) = self.files.last().filter(|(_, target)| target.exists()) {
            let removed = fs::remove_file(manifest);
            removed.map_err(|e| Error::file(manifest, "replace it", &e))?;
        }
        self.publish()
    }
}

impl Drop for StagedFiles {
    fn drop(&mut self) {
        for (staged, _) in &self.files {
            // Nothing can be done about a file that cannot be removed; a later run replaces it.
            let _ = fs::remove_file(staged);
        }
    }
}

/// A folder that is written beside its place and exchanged with it when it is finished.
pub(crate) struct StagedFolder {
    staged: PathBuf,
    target: PathBuf,
    /// Held while the run lasts, so that two runs cannot write the same folder.
    _lock: OutputLock,
    is_published: bool,
}

/// The file whose presence says that a folder is a finished run of this tool.
pub(crate) const MANIFEST: &str = "manifest.json";

impl StagedFolder {
    /// Prepares the folder that will stand at `target`.
    ///
    /// A finished run at `target` will be replaced; any other folder that is not empty is refused.
    pub(crate) fn new(target: &Path) -> Result<Self, Error> {
        refuse_foreign(target)?;
        Self::over(target)
    }

    /// Prepares the folder that will stand at `target`, whatever stands there now.
    pub(crate) fn over(target: &Path) -> Result<Self, Error> {
        let name = target.file_name().ok_or_else(|| {
            Error::usage(
                format!("{} is not the name of a folder to write.", target.display()),
                "Name a folder that is not the root or a parent.",
            )
        })?;
        let folder = parent(target);
        fs::create_dir_all(folder).map_err(|e| Error::file(folder, "create the folder", &e))?;
        let lock = OutputLock::take(target)?;
        let staged = folder.join(format!(".{}.drgdip-part", name.to_string_lossy()));
        if staged.exists() {
            // Left behind by a run that was killed; the lock says that nobody uses it now.
            fs::remove_dir_all(&staged).map_err(|e| Error::file(&staged, "remove it", &e))?;
        }
        fs::create_dir(&staged).map_err(|e| Error::file(&staged, "create the folder", &e))?;
        let target = target.to_owned();
        Ok(Self {
            staged,
            target,
            _lock: lock,
            is_published: false,
        })
    }

    /// Where to write while the run lasts.
    pub(crate) fn path(&self) -> &Path {
        &self.staged
    }

    /// Puts the folder in its place, exchanging it with a finished run that stands there.
    pub(crate) fn publish(mut self) -> Result<(), Error> {
        let wrong = |e: io::Error| Error::file(&self.target, "put it in place", &e);
        if self.target.exists() {
            exchange(&self.staged, &self.target).map_err(wrong)?;
            fs::remove_dir_all(&self.staged).map_err(wrong)?;
        } else {
            fs::rename(&self.staged, &self.target).map_err(wrong)?;
        }
        self.is_published = true;
        Ok(())
    }
}

impl Drop for StagedFolder {
    fn drop(&mut self) {
        // Nothing can be done about what cannot be removed; the next run removes it.
        if !self.is_published {
            let _ = fs::remove_dir_all(&self.staged);
        }
    }
}

/// Swaps two folders, at once where the file system can.
fn exchange(staged: &Path, target: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    if renameat_with(CWD, staged, CWD, target, RenameFlags::EXCHANGE).is_ok() {
        return Ok(());
    }
    let old = staged.with_extension("old");
    fs::rename(target, &old)?;
    fs::rename(staged, target)?;
    fs::rename(&old, staged)
}

fn refuse_foreign(target: &Path) -> Result<(), Error> {
    if !target.exists() {
        return Ok(());
    }
    let mut entries =
        fs::read_dir(target).map_err(|e| Error::file(target, "list the folder", &e))?;
    if entries.next().is_none() || is_our_manifest(&target.join(MANIFEST)) {
        return Ok(());
    }
    Err(Error::new(
        Class::Usage,
        target.display(),
        "the folder is not empty and is no finished run of drgdip.",
        "Name an empty or a new folder.",
    ))
}

fn is_our_manifest(path: &Path) -> bool {
    let text = fs::read(path).unwrap_or_default();
    serde_json::from_slice::<serde_json::Value>(&text)
        .is_ok_and(|manifest| manifest.get("drgdip").is_some())
}

/// The folder that a path is in.
pub(crate) fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}
