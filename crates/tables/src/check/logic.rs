//! Decides whether a case can exist for which some rules hold and others fail.
//!
//! The answer "no" is a proof; the answer "yes" may be wrong where facts hang together in a way
//! that is not looked at, such as a severity that only an excluded diagnosis could give. So what
//! is called unreachable is unreachable.

mod facts;
mod formula;
mod numbers;
mod search;
mod universe;

pub(super) use formula::{Formula, Slot};
pub(super) use universe::Universe;
