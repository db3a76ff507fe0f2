//! Which files a list of files, folders and globs means.

use crate::{Class, Error};
use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

/// What the inputs of a run mean.
#[derive(Default)]
pub(crate) struct Found {
    /// The files, each once, in byte order of their names.
    pub(crate) files: Vec<PathBuf>,
    /// What folders hold and is not read, in words; hidden files and what this tool has written
    /// beside claims are not worth a word.
    pub(super) passed_over: Vec<String>,
}

impl Found {
    /// Looks the inputs up.
    ///
    /// # Errors
    /// An input that is not there, a folder without a claim file, and no input at all.
    pub(crate) fn of(inputs: &[PathBuf]) -> Result<Self, Error> {
        let mut found = Self::default();
        for input in inputs {
            if input.is_dir() {
                found.folder(input)?;
            } else if input.exists() {
                found.files.push(input.clone());
            } else {
                found.files.extend(matches_of(input)?);
            }
        }
        if found.files.is_empty() {
            return Err(Error::usage(
                "no claim files were named.",
                "Name Parquet files, folders that hold some, or a glob.",
            ));
        }
        let bytes = |path: &PathBuf| path.as_os_str().as_encoded_bytes().to_owned();
        found.files.sort_by_key(bytes);
        // A file may be named twice, by a link or another spelling of its path.
        let mut known = HashSet::new();
        found.files.retain(|path| {
            let real = fs::canonicalize(path).unwrap_or_else(|_| path.clone());
            known.insert(real)
        });
        Ok(found)
    }

    /// Takes the Parquet files of a folder, but not of the folders in it.
    fn folder(&mut self, folder: &Path) -> Result<(), Error> {
        let names = names_in(folder)?;
        let mut files = Vec::new();
        for name in names.iter().filter(|name| !name.starts_with(['.', '_'])) {
            let path = folder.join(name);
            if path.is_dir() {
                if holds_claims(&path) {
                    let all = folder.join("**/*.parquet");
                    self.passed_over.push(format!(
                        "the folder {} (a glob such as {} takes it in)",
                        path.display(),
                        all.display()
                    ));
                }
            } else if is_written_beside(name, &names) {
                continue;
            } else if is_parquet(&path) {
                files.push(path);
            } else if is_table(&path) {
                self.passed_over.push(format!(
                    "{} (`drgdip convert` makes a Parquet file of it)",
                    path.display()
                ));
            }
        }
        if files.is_empty() {
            let problem = "the folder holds no .parquet file.";
            let hint = "Name a folder that does, or a glob such as claims/**/*.parquet.";
            return Err(Error::input(folder.display(), problem).with_hint(hint));
        }
        self.files.extend(files);
        Ok(())
    }
}

/// The names of what a folder holds; a name that is no text is none of a claim file.
fn names_in(folder: &Path) -> Result<BTreeSet<String>, Error> {
    let wrong = |e: std::io::Error| Error::file(folder, "list the folder", &e);
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(folder).map_err(wrong)? {
        names.extend(entry.map_err(wrong)?.file_name().into_string());
    }
    Ok(names)
}

fn has_extension(path: &Path, among: &[&str]) -> bool {
    let extension = path.extension().unwrap_or_default();
    among.iter().any(|one| extension.eq_ignore_ascii_case(one))
}

fn is_parquet(path: &Path) -> bool {
    has_extension(path, &["parquet"])
}

/// Whether a file is one that people deliver claims in, and that is not read.
fn is_table(path: &Path) -> bool {
    has_extension(path, &["csv", "tsv", "txt", "xlsx", "xls", "gz", "zip"])
}

/// Whether the name is that of an output of this tool beside another file: grouped claims with
/// their manifest, or the findings about them.
fn is_written_beside(name: &str, names: &BTreeSet<String>) -> bool {
    let Some(stem) = name.strip_suffix(".parquet") else {
        return false;
    };
    let of_findings = stem.strip_suffix(".findings");
    of_findings.is_some_and(|of| names.contains(&format!("{of}.parquet")))
        || names.contains(&format!("{stem}.manifest.json"))
}

/// Whether a folder in a folder has claim files of its own; a finished run has none.
fn holds_claims(folder: &Path) -> bool {
    let Ok(names) = names_in(folder) else {
        return true;
    };
    let is_run = names.contains(crate::output::MANIFEST);
    !is_run && names.iter().any(|name| is_parquet(Path::new(name)))
}

fn matches_of(pattern: &Path) -> Result<Vec<PathBuf>, Error> {
    let text = pattern.to_string_lossy();
    let matches = glob::glob(&text).map_err(|e| {
        let problem = format!("this is no valid glob: {e}.");
        Error::new(Class::Usage, pattern.display(), problem, "")
    })?;
    let mut found = Vec::new();
    for path in matches {
        let path = path.map_err(|e| Error::file(e.path(), "list the folder", e.error()))?;
        if !path.is_dir() {
            found.push(path);
        }
    }
    if found.is_empty() {
        let error = Error::input(pattern.display(), "there is no such file.");
        return Err(error.with_hint("Check the path."));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(names: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        folder
    }

    fn shown(folder: &Path, found: &Found) -> Vec<String> {
        let names = found.files.iter().map(|path| path.strip_prefix(folder));
        names
            .map(|name| name.unwrap().display().to_string())
            .collect()
    }

    #[test]
    fn a_folder_means_its_parquet_files_and_says_what_else_it_holds() {
        let folder = folder(&[
            "b.parquet",
            "A.PARQUET",
            ".hidden.parquet",
            "_temporary/x.parquet",
            "late.csv",
            "late.xlsx",
            "README.md",
            "more/c.parquet",
            "settled/cases.parquet",
            "settled/manifest.json",
            "out.parquet",
            "out.manifest.json",
            "out.findings.parquet",
            "b.findings.parquet",
        ]);
        let folder = folder.path();
        let found = Found::of(&[folder.to_owned()]).unwrap();
        assert_eq!(shown(folder, &found), ["A.PARQUET", "b.parquet"]);
        let [csv, xlsx, more] = &found.passed_over[..] else {
            panic!("{:?}", found.passed_over)
        };
        assert!(csv.contains("late.csv (`drgdip convert`"), "{csv}");
        assert!(xlsx.contains("late.xlsx"), "{xlsx}");
        assert!(more.contains("more (a glob such as"), "{more}");
        let all = Found::of(&[folder.join("**/*.parquet")]).unwrap();
        assert!(shown(folder, &all).contains(&"more/c.parquet".to_owned()));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_is_named_twice_is_read_once_and_a_link_to_nowhere_is_not_lost() {
        let folder = folder(&["a.parquet"]);
        let folder = folder.path();
        let link =
            |to: &str, name: &str| std::os::unix::fs::symlink(to, folder.join(name)).unwrap();
        link("a.parquet", "same.parquet");
        link("gone.parquet", "nowhere.parquet");
        let found = Found::of(&[folder.to_owned(), folder.join("./a.parquet")]).unwrap();
        assert_eq!(shown(folder, &found), ["a.parquet", "nowhere.parquet"]);
    }
}
