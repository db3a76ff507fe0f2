//! Texts as payment policies.

use drgdip_tables::{FileSet, Policy};
use jiff::civil::{Date, date};
use std::borrow::Cow;

/// The sources that the policies of the corpus name.
const SOURCES: &[u8] = include_bytes!("../../policies/example-2026/SOURCES.toml");
/// Days on which a policy is read.
const DAYS: [Date; 3] = [date(2020, 1, 1), date(2026, 10, 31), date(2030, 6, 15)];

/// Any text as a policy, read on some days; every step may refuse it, none may panic.
pub fn policy_text(bytes: &[u8]) -> bool {
    let file = |path: &str, bytes: &[u8]| (path.to_owned(), Cow::Owned(bytes.to_vec()));
    let files = [file("p.toml", bytes), file("p/SOURCES.toml", SOURCES)];
    let Ok(policy) = Policy::load(&FileSet::in_memory("fuzz", files)) else {
        return false;
    };
    for day in DAYS {
        // A policy that loads has every value on every day on which it holds.
        let described = policy.describe(day);
        assert_eq!(policy.at(day).is_ok(), described.is_ok(), "{day}");
    }
    true
}
