//! Solves a plan's rules backwards: from a group to cases that land in it.
//!
//! A rule is taken apart into its alternatives, each a list of demands. A case that meets the
//! demands of gate, ADRG and group may still be taken by something that the plan tries earlier, so
//! every case is put before the real grouper, and only those that land where they should are kept.

mod alternatives;
mod cells;
mod hints;
mod recipe;
mod trial;
mod universe;
mod wish;

pub(crate) use cells::Span;
pub(crate) use recipe::{Recipe, Solver, Target, targets};
pub(crate) use universe::Universe;
