//! Realistic generated claims, made from a grouping plan itself.
//!
//! In: a plan, its compiled grouper, and a world (hospitals, insurances, a period). Out: claims as
//! columns, any number of them, each row a function of the seed and the row's number alone. This
//! crate writes no files, starts no threads and knows no Arrow; nothing it makes is about a person.

mod case;
mod cost;
mod draw;
mod error;
mod flaw;
mod forms;
mod groups;
mod patient;
mod practice;
mod rows;
mod solve;
mod synth;
mod units;
mod world;

pub use error::Error;
pub use flaw::Flaw;
pub use groups::{GroupMeans, usual_means};
pub use rows::{ClaimRows, ID_BYTES, Id, ListColumn, MOST_ROWS};
pub use synth::Synth;
pub use units::{CostPart, StatedUnit, TechnologyItem, UnitFacts, UnitMix, Units};
pub use world::{HospitalLevel, World, WorldHospital, WorldInsurance};
