//! Texts as payment policies.

use drgdip_tables::{FileSet, Policy};
use jiff::civil::{Date, date};
use std::borrow::Cow;

/// The sources that the policies of the corpus name.
const SOURCES: &[u8] = include_bytes!("../../policies/example-2026/SOURCES.toml");
/// Days on which a policy is read.
const DAYS: [Date; 3] = [date(2020, 1, 1), date(2026, 10, 31), date(2030, 6, 15)];

/// A small policy that loads, for registries to stand in.
const EXAMPLE: &[u8] = include_bytes!("../corpus/policy_text/example.txt");

/// The policy `p` and its sources, with one more file beside them.
fn policy_with(policy: &[u8], more: Option<(&str, &[u8])>) -> FileSet {
    let file = |path: &str, bytes: &[u8]| (path.to_owned(), Cow::Owned(bytes.to_vec()));
    let named = [("p.toml", policy), ("p/SOURCES.toml", SOURCES)];
    let files = named.into_iter().chain(more);
    FileSet::in_memory("fuzz", files.map(|(path, bytes)| file(path, bytes)))
}

/// Any text as the registry of new technologies of a policy.
pub fn registry(bytes: &[u8]) -> bool {
    let files = policy_with(EXAMPLE, Some(("p/new-technology.toml", bytes)));
    let Ok(policy) = Policy::load(&files) else {
        return false;
    };
    for technology in policy.new_technologies().technologies() {
        assert!(
            !technology.id.is_empty(),
            "an entry without a name was taken"
        );
    }
    true
}

/// Any text as a policy, read on some days; every step may refuse it, none may panic.
pub fn policy_text(bytes: &[u8]) -> bool {
    let Ok(policy) = Policy::load(&policy_with(bytes, None)) else {
        return false;
    };
    for day in DAYS {
        // A policy that loads has every value on every day on which it holds.
        let described = policy.describe(day);
        assert_eq!(policy.at(day).is_ok(), described.is_ok(), "{day}");
    }
    true
}
