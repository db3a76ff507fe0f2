//! What the fuzzer and the test of its corpora both run: bytes in, a panic where something is
//! wrong.
//!
//! Inputs are texts, so that a person can write and read them. Several files stand one after the
//! other, each after a line `=== path`.

mod claims;
mod files;
mod plans;
mod policy;
mod rule;

pub use claims::claims;
pub use plans::{facts, overlay, plan_folder, workbook};
pub use policy::policy_text;
pub use rule::rule_text;

/// A target of the fuzzer: its name, which is that of the folder of its corpus, and what it runs,
/// which says whether the input was taken or refused.
pub type Target = (&'static str, fn(&[u8]) -> bool);

/// Every target.
pub const TARGETS: [Target; 7] = [
    ("plan_folder", plan_folder),
    ("overlay", overlay),
    ("rule_text", rule_text),
    ("facts", facts),
    ("workbook", workbook),
    ("claims", claims),
    ("policy_text", policy_text),
];
