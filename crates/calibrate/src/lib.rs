//! Weights (权重) and base points (基准点数) from claims history, exact to the last digit.
//!
//! In: cases with year, group, hospital and cost in fen, and a policy's terms. Out: for each group
//! how many cases were left out and why, the mean cost as an exact fraction, the coefficient of
//! variation, whether the group is stable, its weight with four places and its base points; and a
//! report whose counts add up at every step. This crate does not group, read files, know the date
//! or start a thread.
//!
//! The order of the cases never matters: what is left out is decided by costs alone, and equal
//! costs are treated alike. Money, sums and means are exact. Roots are avoided by comparing
//! squares; the one logarithm has a stated precision, see [`ln_fen`]. What takes seconds asks a
//! [`Watch`] whether it is to stop.
//!
//! [`candidates`] examines whether a new technology could have a group of its own, [`catalogue`]
//! grows a DIP catalogue, and [`mod@supervise`] compares hospitals by supervision indices.

#![deny(clippy::float_arithmetic, clippy::arithmetic_side_effects)]

mod adjust;
pub mod candidates;
pub mod catalogue;
mod error;
mod exact;
mod groups;
mod history;
mod inversions;
mod levels;
mod limits;
mod ln;
mod measure;
mod report;
mod spread;
pub mod supervise;
mod trim;
mod watch;
mod weigh;
mod years;

#[cfg(test)]
#[expect(
    clippy::arithmetic_side_effects,
    reason = "a test that overflows fails"
)]
mod properties;
#[cfg(test)]
#[expect(
    clippy::arithmetic_side_effects,
    reason = "a test that overflows fails"
)]
mod testing;

pub use error::Error;
pub use exact::Exact;
pub use groups::{GroupWeight, Origin, Reason, Stability};
pub use history::{Case, Change, Group, History};
pub use inversions::Inversion;
pub use levels::LevelMean;
pub use ln::{LN_UNITS, ln_fen};
pub use measure::{Kept, TrimCounts};
pub use report::{GroupCounts, Report};
pub use spread::Spread;
pub use watch::Watch;
pub use weigh::{Calibration, calibrate};
pub use years::YearTotals;
