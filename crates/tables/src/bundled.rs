//! The plans and policies that are compiled into the binary.

use crate::files::FileSet;
use include_dir::{Dir, include_dir};
use std::borrow::Cow;

static PLANS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../grouper-tables");
static POLICIES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../policies");

/// A text beside the bundled plans, such as `COVERAGE.toml`.
pub(crate) fn plan_text(name: &str) -> Option<&'static str> {
    PLANS.get_file(name)?.contents_utf8()
}

pub(crate) fn plan_ids() -> Vec<&'static str> {
    let mut ids: Vec<_> = PLANS.dirs().filter_map(|dir| dir.path().to_str()).collect();
    ids.sort_unstable();
    ids
}

pub(crate) fn policy_ids() -> Vec<&'static str> {
    let paths = POLICIES.files().filter_map(|file| file.path().to_str());
    let mut ids: Vec<_> = paths
        .filter_map(|path| path.strip_suffix(".toml"))
        .collect();
    ids.sort_unstable();
    ids
}

pub(crate) fn plan(id: &str) -> Option<FileSet> {
    let id = *plan_ids().iter().find(|known| **known == id)?;
    let mut files = Vec::new();
    collect(PLANS.get_dir(id)?, &mut files);
    let inside = files
        .into_iter()
        .map(|(path, bytes)| (path[id.len() + 1..].to_owned(), bytes));
    Some(FileSet::in_memory(id, inside))
}

pub(crate) fn policy(id: &str) -> Option<FileSet> {
    let file = POLICIES.get_file(format!("{id}.toml"))?;
    let mut files = vec![(format!("{id}.toml"), Cow::Borrowed(file.contents()))];
    if let Some(tables) = POLICIES.get_dir(id) {
        collect(tables, &mut files);
    }
    Some(FileSet::in_memory("policies", files))
}

fn collect(dir: &'static Dir<'static>, files: &mut Vec<(String, Cow<'static, [u8]>)>) {
    for file in dir.files() {
        let is_table = file
            .path()
            .extension()
            .is_some_and(|end| end == "toml" || end == "csv");
        if let (true, Some(path)) = (is_table, file.path().to_str()) {
            files.push((path.replace('\\', "/"), Cow::Borrowed(file.contents())));
        }
    }
    for inner in dir.dirs() {
        collect(inner, files);
    }
}
