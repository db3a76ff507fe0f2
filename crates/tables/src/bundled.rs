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

/// The folder beside the plans that holds DIP plans, one folder each, and what they share.
const DIP: &str = "dip";

pub(crate) fn plan_ids() -> Vec<&'static str> {
    let is_plan = |dir: &&Dir<'_>| dir.get_file(dir.path().join("plan.toml")).is_some();
    let dip = PLANS.get_dir(DIP).into_iter().flat_map(Dir::dirs);
    let plans = PLANS.dirs().chain(dip).filter(is_plan);
    let names = plans.filter_map(|dir| dir.path().file_name()?.to_str());
    let mut ids: Vec<_> = names.collect();
    ids.sort_unstable();
    ids
}

/// The tables that all DIP plans share.
pub(crate) fn dip_tables() -> FileSet {
    let files = PLANS.get_dir(DIP).into_iter().flat_map(Dir::files);
    let mut found = Vec::new();
    for file in files {
        let name = file.path().file_name().and_then(|name| name.to_str());
        if let Some(name) = name.filter(|name| name.ends_with(".csv") || name.ends_with(".toml")) {
            found.push((name.to_owned(), Cow::Borrowed(file.contents())));
        }
    }
    FileSet::in_memory(DIP, found)
}

/// The folder beside the plans that holds code sets and crosswalks, one folder each.
pub(crate) const CODE_SETS: &str = "code-sets";

/// The ids of the bundled code sets and crosswalks, sorted.
pub(crate) fn code_set_ids() -> Vec<&'static str> {
    let folders = PLANS.get_dir(CODE_SETS).into_iter().flat_map(Dir::dirs);
    let names = folders.filter_map(|dir| dir.path().file_name()?.to_str());
    let mut ids: Vec<_> = names.collect();
    ids.sort_unstable();
    ids
}

/// A bundled code set or crosswalk.
pub(crate) fn code_set(id: &str) -> Option<FileSet> {
    let id = *code_set_ids().iter().find(|known| **known == id)?;
    let folder = format!("{CODE_SETS}/{id}");
    Some(inside(&folder, id))
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
    match PLANS.get_dir(id) {
        Some(_) => Some(inside(id, id)),
        None => Some(inside(&format!("{DIP}/{id}"), id)),
    }
}

/// The files of a folder beside the plans, by their paths in it.
fn inside(folder: &str, label: &str) -> FileSet {
    let mut files = Vec::new();
    if let Some(dir) = PLANS.get_dir(folder) {
        collect(dir, &mut files);
    }
    let inside = files
        .into_iter()
        .map(|(path, bytes)| (path[folder.len() + 1..].to_owned(), bytes));
    FileSet::in_memory(label, inside)
}

pub(crate) fn policy(id: &str) -> Option<FileSet> {
    let file = POLICIES.get_file(format!("{id}.toml"))?;
    let mut files = vec![(format!("{id}.toml"), Cow::Borrowed(file.contents()))];
    if let Some(tables) = POLICIES.get_dir(id) {
        collect(tables, &mut files);
    }
    Some(FileSet::in_memory("policies", files))
}

/// The folder beside the policies that holds checks of claims, one folder each.
const CHECKS: &str = "checks";

pub(crate) fn checks(id: &str) -> Option<FileSet> {
    let folders = POLICIES.get_dir(CHECKS).into_iter().flat_map(Dir::dirs);
    let named = |dir: &&Dir<'_>| dir.path().file_name().is_some_and(|name| name == id);
    let dir = folders.into_iter().find(named)?;
    let mut files = Vec::new();
    collect(dir, &mut files);
    let before = format!("{CHECKS}/{id}/");
    let inside = files.into_iter().filter_map(|(path, bytes)| {
        let path = path.strip_prefix(&before)?.to_owned();
        Some((path, bytes))
    });
    Some(FileSet::in_memory(id, inside))
}

/// The ids of the bundled checks of claims, sorted.
pub(crate) fn checks_ids() -> Vec<&'static str> {
    let folders = POLICIES.get_dir(CHECKS).into_iter().flat_map(Dir::dirs);
    let names = folders.filter_map(|dir| dir.path().file_name()?.to_str());
    let mut ids: Vec<_> = names.collect();
    ids.sort_unstable();
    ids
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
