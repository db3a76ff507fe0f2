//! The claim (医疗保障基金结算清单, settlement list) and what can be said of one claim alone.
//!
//! In: one case's facts as a hospital uploads them. Out: the same facts, typed, and the findings of
//! the checks. This crate does not group, price or read files; it knows no code list and no policy.

#![deny(clippy::float_arithmetic, clippy::arithmetic_side_effects)]

pub mod check;
mod claim;
mod finding;
mod money;
mod rule;

pub use claim::{Claim, Sex};
pub use finding::{Finding, Severity as FindingSeverity};
pub use money::{MoneyError, Yuan};
pub use rule::{Rule, RuleSet};
