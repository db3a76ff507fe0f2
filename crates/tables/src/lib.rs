//! Grouping plans (分组方案) and payment policies (支付政策) as data.
//!
//! In: folders of TOML and CSV files, from disk or bundled into the binary. Out: checked, resolved
//! values that the other stages take as arguments. This crate does not group or pay anything.

pub mod beginnings;
mod bundled;
pub mod check;
pub mod claim_checks;
pub mod code_set;
mod codes;
pub mod coverage;
pub mod diff;
pub mod dip;
pub mod error;
pub mod files;
pub mod import;
pub mod library;
pub mod load;
pub mod plan;
pub mod policy;
pub mod rule;

pub use claim_checks::ClaimChecks;
pub use coverage::{Coverage, bundled_coverage};
pub use error::{Error, Warning, WarningLevel};
pub use files::FileSet;
pub use library::{NotInForce, PlanLibrary};
pub use load::{LoadedPlan, load_plan};
pub use plan::GroupingPlan;
pub use policy::Policy;
