//! Groups one case by one plan (分组).
//!
//! In: the facts of a case with its codes looked up, and a compiled plan. Out: the outcome with a
//! stable reason, the case's severity, and on request a trace. This crate reads no files, changes
//! no code beyond what the plan's settings say, and knows no money.

#![deny(clippy::float_arithmetic)]

mod case;
mod compiler;
mod dip;
mod expr;
mod facts;
mod filter;
mod grouper;
mod groups;
mod lift;
mod lists;
mod lookup;
mod outcome;
mod resolve;
mod severity;
pub mod trace;

#[cfg(test)]
mod bundled;
#[cfg(test)]
mod own_groups;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod testing;

pub use case::{Case, CaseCode, CodeFaults, CodeSlot, Numbers, TextSlot};
pub use dip::auxiliary::CaseMoney;
pub use grouper::Grouper;
pub use groups::{DipGroupInfo, GroupInfo};
pub use lift::Lifted;
pub use lookup::LookedUpClaim;
pub use outcome::{
    ExcludedReason, GroupIndex, Grouping, InvalidReason, Outcome, OutcomeKind, Severity,
    UngroupedReason,
};
pub use resolve::{CodeFinding, CodeRole, Resolved, ResolvedClaim, Resolver};
