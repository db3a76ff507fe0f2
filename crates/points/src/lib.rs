//! Case class, case points, point value and hospital payment, exact to the fen.
//!
//! In: weights, costs, hospital totals and a policy's terms at one date. Out: points with four
//! places, point values as exact fractions, and payments in fen that add up to what was to be
//! distributed. This crate does not group, read files, know the date or start a thread.
//!
//! The modules follow the road of a case: [`classify`], [`award`], [`link`] (what needs the other
//! cases of a hospital), [`pool`] (what needs every case of a pool), [`settle`] and [`clear`] (what
//! a hospital gets of its payment, month by month and at the end of the year). [`units`] has the
//! payment units beside groups.

#![deny(clippy::float_arithmetic, clippy::arithmetic_side_effects)]

pub mod award;
pub mod classify;
pub mod clear;
mod error;
mod exact;
pub mod link;
mod number;
pub mod pool;
pub mod settle;
pub mod units;
mod value;

pub use error::Error;
pub use number::{Points, Ratio, Weight};
pub use value::PointValue;

pub use drgdip_tables::policy::Rounding;
