//! Whole months of claims: Parquet in, Parquet out.
//!
//! This is the only crate that knows Arrow, Parquet, files and threads. It reads claims by row
//! group, lets the stage crates work on one case at a time, reduces their exact results, and
//! publishes outputs whole or not at all. No rule of grouping or payment lives here.

mod error;
pub mod inputs;
mod progress;

pub use error::{Class, Error};
pub use progress::{Progress, Silent};
