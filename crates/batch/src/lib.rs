//! Whole months of claims: Parquet in, Parquet out.
//!
//! This is the only crate that knows Arrow, Parquet, files and threads. It reads claims by row
//! group, lets the stage crates work on one case at a time, reduces their exact results, and
//! publishes outputs whole or not at all. The formulas of grouping and
//! payment live in those crates; which rule of payment a case is asked first stands in
//! `settle/earn.rs`.

mod apart;
mod catalogue;
mod check;
pub mod compare;
mod convert;
mod demo;
mod duplicates;
mod error;
pub mod explain;
mod find;
mod findings;
mod flat;
mod group;
mod grouped;
mod in_force;
pub mod inputs;
mod lock;
mod manifest;
mod memory;
mod migrate;
mod newtech;
mod output;
mod plans_by_unit;
mod policy;
mod progress;
mod publish;
mod read;
mod row_set;
mod run;
mod runs;
mod safe_text;
mod settle;
mod sort;
mod spill;
mod strewn;
mod supervise;
mod synth;
mod table;
pub mod verify;
mod weigh;

pub use catalogue::{
    CatalogueJob, CatalogueLeftOut, CatalogueSummary, Subtypes as CatalogueSubtypes, catalogue,
};
pub use check::{CheckJob, CheckRules, CheckSummary, NotAsked, check};
pub use convert::{Conversion, ConvertJob, ConvertSource, ConvertSummary, TextRows, convert};
pub use demo::{DEMO_CLAIMS, DEMO_INPUTS, DemoJob, DemoSummary, demo};
pub use error::{Class, Error};
pub use find::{FoundClaim, TextRow, find_claims, find_rows};
pub use findings::FindingCounts;
pub use flat::four_places;
pub use group::{GroupJob, GroupSummary, group};
pub use grouped::{OutcomeCounts, PreparedPlan};
pub use in_force::{PlanChoice, PlansInForce, PlansRequest};
pub use memory::{LEAST_MEMORY, threads_within};
pub use migrate::{Landing, MigrateJob, Migration, Move, migrate};
pub use newtech::{CandidateRow, CandidatesJob, CandidatesSummary, candidates};
pub use plans_by_unit::PlansByUnit;
pub use policy::PreparedPolicy;
pub use progress::{Progress, Silent};
pub use publish::{Existing, publish_plan};
pub use read::{QuarantineCounts, ReadOptions, is_decoding};
pub use settle::{
    CaseMix, ClearedHospital, HospitalAdjustment, LedgerUse, Period, PoolReport, PrepaidHospital,
    SettleJob, SettleSpan, SettleSummary, UnitExample, UnitShare, UnitTotal, UnitTotals, settle,
};
pub use supervise::{SuperviseJob, SuperviseSummary, supervise};
pub use synth::{SynthJob, SynthPractice, SynthSummary, synth, synth_history, synth_practised};
pub use weigh::{LeftOut, WeighJob, WeighSummary, weigh};
