//! What the fuzzer and the test of its corpora both run: bytes in, a panic where something is
//! wrong.
//!
//! Inputs are texts, so that a person can write and read them. Several files stand one after the
//! other, each after a line `=== path`.

mod checks;
mod claims;
mod convert;
mod files;
mod plans;
mod policy;
mod rule;

pub use checks::claim_checks;
pub use claims::claims;
pub use convert::csv_claims;
pub use plans::{dip_plan, facts, overlay, plan_folder, workbook};
pub use policy::{policy_text, registry};
pub use rule::rule_text;

/// A target of the fuzzer: its name, which is that of the folder of its corpus, and what it runs,
/// which says whether the input was taken or refused.
pub type Target = (&'static str, fn(&[u8]) -> bool);

/// Every target.
pub const TARGETS: [Target; 11] = [
    ("plan_folder", plan_folder),
    ("dip_plan", dip_plan),
    ("overlay", overlay),
    ("rule_text", rule_text),
    ("facts", facts),
    ("workbook", workbook),
    ("claims", claims),
    ("policy_text", policy_text),
    ("registry", registry),
    ("claim_checks", claim_checks),
    ("csv_claims", csv_claims),
];
