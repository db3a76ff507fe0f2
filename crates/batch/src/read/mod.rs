//! Claims from Parquet: which files, which columns, which rows.

mod cases;
mod codes;
mod columns;
mod files;
mod foreign;
mod found;
mod marks;
mod quarantine;
mod rows;
mod types;
mod values;

pub(crate) use cases::{CaseBatch, CaseReader};
pub(crate) use columns::{Column, ColumnNeeds, Kind};
pub(crate) use files::{ClaimFile, ClaimFiles, Unit};
pub use files::{ReadOptions, is_decoding};
pub(crate) use found::Found;
pub(crate) use marks::Marks;
pub use quarantine::QuarantineCounts;
pub(crate) use quarantine::Quarantined;
pub(crate) use types::is_text;
pub(crate) use values::{FEN_LIMIT, MoneyCell, Remap, column_array, dates, ints, money, texts};
