//! The files of a plan or policy, from a folder or from the binary.

use crate::bundled;
use crate::error::{Error, Place, Problem};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The largest file that is read, in bytes; the largest national table has under 1 MB.
const MAX_FILE_BYTES: u64 = 64 << 20;
/// The most files that a folder may have.
const MAX_FILES: usize = 4096;
/// How deep folders may be nested.
const MAX_DEPTH: usize = 8;

/// What the names of the files of a plan or policy end in.
const TABLES: [&str; 2] = ["toml", "csv"];

/// Files by their path inside a folder, with `/` between the parts.
///
/// Only `*.toml` and `*.csv` are taken. Iteration is in byte order of the paths, so that a hash
/// over it is the same everywhere. Bundled files are borrowed from the binary, never copied.
#[derive(Clone, Debug, Default)]
pub struct FileSet {
    label: String,
    files: BTreeMap<String, Cow<'static, [u8]>>,
}

impl FileSet {
    /// Reads a plan folder with its subfolders.
    ///
    /// # Errors
    /// When the folder or a file in it cannot be read, a link leads out of it, or a size is absurd.
    pub fn folder(folder: &Path) -> Result<Self, Error> {
        Self::read(folder, &TABLES)
    }

    /// Reads a folder of facts, which are tab-separated tables (`*.tsv`).
    ///
    /// # Errors
    /// As for [`FileSet::folder`].
    pub fn facts(folder: &Path) -> Result<Self, Error> {
        Self::read(folder, &["tsv"])
    }

    fn read(folder: &Path, extensions: &'static [&'static str]) -> Result<Self, Error> {
        let mut reader = FolderReader::new(folder, folder.display().to_string())?;
        reader.extensions = extensions;
        reader.read_folder(folder, "", 0)?;
        Ok(reader.found)
    }

    /// Reads one TOML file (`x.toml`) and, where there is one, the folder of tables of the same
    /// name beside it (`x/`). Paths are relative to the folder that the file stands in.
    ///
    /// # Errors
    /// As for [`FileSet::folder`].
    pub fn file_with_tables(file: &Path) -> Result<Self, Error> {
        let parent = match file.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        let mut reader = FolderReader::new(parent, parent.display().to_string())?;
        let name = utf8_name(file)?;
        reader.read_file(file, name.clone())?;
        let tables = file.with_extension("");
        if tables != file && tables.is_dir() {
            let stem = name.strip_suffix(".toml").unwrap_or(&name).to_owned();
            reader.read_folder(&tables, &stem, 0)?;
        }
        Ok(reader.found)
    }

    /// Reads one file of any name.
    ///
    /// # Errors
    /// When the file cannot be read or its size is absurd.
    pub fn single_file(file: &Path) -> Result<Self, Error> {
        let parent = match file.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        let mut reader = FolderReader::new(parent, parent.display().to_string())?;
        reader.read_file(file, utf8_name(file)?)?;
        Ok(reader.found)
    }

    /// A bundled plan by its id; `None` when there is none.
    #[must_use]
    pub fn bundled_plan(id: &str) -> Option<Self> {
        bundled::plan(id)
    }

    /// A bundled policy by its id: `<id>.toml` and the tables in `<id>/`.
    ///
    /// `None` when there is none.
    #[must_use]
    pub fn bundled_policy(id: &str) -> Option<Self> {
        bundled::policy(id)
    }

    /// Bundled checks of claims by their id; `None` when there are none.
    #[must_use]
    pub fn bundled_checks(id: &str) -> Option<Self> {
        bundled::checks(id)
    }

    /// The ids of the bundled checks of claims, sorted.
    #[must_use]
    pub fn bundled_checks_ids() -> Vec<&'static str> {
        bundled::checks_ids()
    }

    /// The bundled tables that all DIP plans share: tie-breaks, attribute classes of procedures,
    /// the comorbidity index and the kinds of the auxiliary directory.
    #[must_use]
    pub fn bundled_dip_tables() -> Self {
        bundled::dip_tables()
    }

    /// The ids of the bundled plans, sorted.
    #[must_use]
    pub fn bundled_plans() -> Vec<&'static str> {
        bundled::plan_ids()
    }

    /// A bundled code set or crosswalk by its id; `None` when there is none.
    #[must_use]
    pub fn bundled_code_set(id: &str) -> Option<Self> {
        bundled::code_set(id)
    }

    /// The ids of the bundled code sets and crosswalks, sorted.
    #[must_use]
    pub fn bundled_code_sets() -> Vec<&'static str> {
        bundled::code_set_ids()
    }

    /// The ids of the bundled policies, sorted.
    #[must_use]
    pub fn bundled_policies() -> Vec<&'static str> {
        bundled::policy_ids()
    }

    /// Files that are already in memory, such as those of a test.
    #[must_use]
    pub fn in_memory(
        label: &str,
        files: impl IntoIterator<Item = (String, Cow<'static, [u8]>)>,
    ) -> Self {
        Self {
            label: label.to_owned(),
            files: files.into_iter().collect(),
        }
    }

    /// The bytes of a file; `None` when it is not there.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&[u8]> {
        self.files.get(path).map(AsRef::as_ref)
    }

    /// The paths, in byte order.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// The files with their bytes, in byte order of their paths.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files
            .iter()
            .map(|(path, bytes)| (path.as_str(), bytes.as_ref()))
    }

    /// What messages call the folder: its path as given, or the id of what is bundled.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// What messages call a file.
    #[must_use]
    pub fn name_of(&self, path: &str) -> String {
        format!("{}/{path}", self.label.trim_end_matches('/'))
    }
}

/// A folder being read, with what keeps the reading inside it and small.
struct FolderReader {
    root: PathBuf,
    extensions: &'static [&'static str],
    found: FileSet,
}

impl FolderReader {
    fn new(root: &Path, label: String) -> Result<Self, Error> {
        let canonical = root
            .canonicalize()
            .map_err(|error| unreadable(root, &error))?;
        let found = FileSet {
            label,
            files: BTreeMap::new(),
        };
        Ok(Self {
            root: canonical,
            extensions: &TABLES,
            found,
        })
    }

    fn read_folder(&mut self, folder: &Path, prefix: &str, depth: usize) -> Result<(), Error> {
        if depth > MAX_DEPTH {
            return Err(at(folder, Problem::FoldersTooDeep { most: MAX_DEPTH }));
        }
        self.check_inside(folder)?;
        let entries = fs::read_dir(folder).map_err(|error| unreadable(folder, &error))?;
        for entry in entries {
            let path = entry.map_err(|error| unreadable(folder, &error))?.path();
            let name = utf8_name(&path)?;
            let inner = if prefix.is_empty() {
                name
            } else {
                format!("{prefix}/{name}")
            };
            if path.is_dir() {
                self.read_folder(&path, &inner, depth + 1)?;
            } else if self.is_table(&path) {
                self.read_file(&path, inner)?;
            }
        }
        Ok(())
    }

    fn read_file(&mut self, path: &Path, inner: String) -> Result<(), Error> {
        self.check_inside(path)?;
        let size = fs::metadata(path)
            .map_err(|error| unreadable(path, &error))?
            .len();
        if size > MAX_FILE_BYTES {
            return Err(at(
                path,
                Problem::FileTooLarge {
                    bytes: size,
                    most: MAX_FILE_BYTES,
                },
            ));
        }
        if self.found.files.len() >= MAX_FILES {
            return Err(at(path, Problem::TooManyFiles { most: MAX_FILES }));
        }
        let bytes = fs::read(path).map_err(|error| unreadable(path, &error))?;
        self.found.files.insert(inner, Cow::Owned(bytes));
        Ok(())
    }

    fn is_table(&self, path: &Path) -> bool {
        let extension = path.extension().and_then(|extension| extension.to_str());
        extension.is_some_and(|extension| self.extensions.contains(&extension))
    }

    fn check_inside(&self, path: &Path) -> Result<(), Error> {
        let real = path
            .canonicalize()
            .map_err(|error| unreadable(path, &error))?;
        if real.starts_with(&self.root) {
            Ok(())
        } else {
            Err(at(path, Problem::LinkLeadsOut))
        }
    }
}

fn utf8_name(path: &Path) -> Result<String, Error> {
    let name = path.file_name().and_then(|name| name.to_str());
    name.map(str::to_owned)
        .ok_or_else(|| at(path, Problem::NameNotUtf8))
}

fn at(path: &Path, problem: Problem) -> Error {
    let place = Place {
        file: path.display().to_string(),
        line: None,
        field: None,
    };
    Error { place, problem }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    match error.kind() {
        std::io::ErrorKind::NotFound => at(path, Problem::FileMissing),
        _ => at(
            path,
            Problem::Unreadable {
                reason: error.to_string(),
            },
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(root: &Path, path: &str, bytes: &[u8]) {
        let file = root.join(path);
        fs::create_dir_all(file.parent().expect("a parent")).expect("a folder");
        fs::write(file, bytes).expect("a file");
    }

    fn paths(files: &FileSet) -> Vec<&str> {
        files.paths().collect()
    }

    #[test]
    fn a_folder_gives_its_tables_in_byte_order_and_nothing_else() {
        let root = tempfile::tempdir().expect("a folder");
        for path in [
            "plan.toml",
            "lists/b.csv",
            "lists/B.csv",
            "README.md",
            "x.csv.bak",
        ] {
            write(root.path(), path, path.as_bytes());
        }
        let files = FileSet::folder(root.path()).expect("the files");
        assert_eq!(paths(&files), ["lists/B.csv", "lists/b.csv", "plan.toml"]);
        assert_eq!(files.get("lists/b.csv"), Some("lists/b.csv".as_bytes()));
        assert_eq!(files.get("README.md"), None);
        assert_eq!(files.iter().count(), 3);
        assert_eq!(files.label(), root.path().display().to_string());
        assert_eq!(
            files.name_of("plan.toml"),
            root.path().join("plan.toml").display().to_string()
        );
    }

    #[test]
    fn a_file_comes_with_the_tables_in_the_folder_of_its_name() {
        let root = tempfile::tempdir().expect("a folder");
        for path in ["city.toml", "city/levels.csv", "other.toml", "other/x.csv"] {
            write(root.path(), path, b"x");
        }
        let files = FileSet::file_with_tables(&root.path().join("city.toml")).expect("the files");
        assert_eq!(paths(&files), ["city.toml", "city/levels.csv"]);
        write(root.path(), "lone.toml", b"x");
        let lone = FileSet::file_with_tables(&root.path().join("lone.toml")).expect("the file");
        assert_eq!(paths(&lone), ["lone.toml"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_followed_inside_the_folder_and_refused_outside() {
        let root = tempfile::tempdir().expect("a folder");
        write(root.path(), "plan/mdc.csv", b"x");
        write(root.path(), "secret.csv", b"x");
        let plan = root.path().join("plan");
        std::os::unix::fs::symlink(plan.join("mdc.csv"), plan.join("same.csv")).expect("a link");
        assert_eq!(
            paths(&FileSet::folder(&plan).expect("the files")),
            ["mdc.csv", "same.csv"]
        );
        let link = plan.join("out.csv");
        std::os::unix::fs::symlink(root.path().join("secret.csv"), &link).expect("a link");
        assert_eq!(
            FileSet::folder(&plan).expect_err("a link out").to_string(),
            format!(
                "{}: the link leads out of the folder; put the file itself there",
                link.display()
            )
        );
    }

    #[test]
    fn absurd_sizes_are_refused() {
        let root = tempfile::tempdir().expect("a folder");
        let huge = root.path().join("huge.csv");
        let file = fs::File::create(&huge).expect("a file");
        file.set_len(MAX_FILE_BYTES + 1).expect("a sparse file");
        assert_eq!(
            FileSet::folder(root.path())
                .expect_err("too large")
                .to_string(),
            format!(
                "{}: the file has 67108865 bytes; at most 67108864 are read",
                huge.display()
            )
        );
        fs::remove_file(&huge).expect("removed");
        let deep = "d/".repeat(MAX_DEPTH + 1);
        write(root.path(), &format!("{deep}x.csv"), b"x");
        let error = FileSet::folder(root.path()).expect_err("too deep");
        assert_eq!(error.problem, Problem::FoldersTooDeep { most: MAX_DEPTH });
    }

    #[test]
    fn what_is_bundled_is_borrowed_and_found_by_its_id_only() {
        for id in FileSet::bundled_plans() {
            let files = FileSet::bundled_plan(id).expect("a bundled plan");
            assert!(files.get("plan.toml").is_some());
            assert!(
                files
                    .files
                    .values()
                    .all(|bytes| matches!(bytes, Cow::Borrowed(_)))
            );
        }
        for id in FileSet::bundled_policies() {
            let files = FileSet::bundled_policy(id).expect("a bundled policy");
            assert!(files.get(&format!("{id}.toml")).is_some());
        }
        for id in ["", ".", "..", "../policies", "chs-drg-1.1/lists", "SOURCES"] {
            assert!(FileSet::bundled_plan(id).is_none(), "{id}");
        }
    }
}
