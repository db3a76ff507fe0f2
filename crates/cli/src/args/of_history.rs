//! The arguments of commands that look at claims of whole years.

use super::common::AmountArgs;
use clap::{Args as ClapArgs, Subcommand};
use std::path::PathBuf;

/// What all of these commands take.
#[derive(Debug, ClapArgs)]
pub(crate) struct HistoryArgs {
    /// Parquet files of a year or more, folders of them, or globs.
    #[arg(required = true, value_name = "HISTORY")]
    pub(crate) claims: Vec<PathBuf>,
    /// The payment policy: a bundled name, or the path of a policy file.
    #[arg(long, value_name = "POLICY")]
    pub(crate) policy: String,
    #[command(flatten)]
    pub(crate) money: AmountArgs,
}

/// `drgdip catalogue`.
#[derive(Debug, ClapArgs)]
pub(crate) struct CatalogueArgs {
    #[command(flatten)]
    pub(crate) history: HistoryArgs,
    /// The year that the catalogue is for; history is the years before it.
    #[arg(long, value_name = "YYYY", value_parser = clap::value_parser!(i16).range(1900..=2999))]
    pub(crate) year: i16,
    /// The plan folder to write.
    #[arg(long, short, value_name = "DIR")]
    pub(crate) output: PathBuf,
    /// The id of the plan; dip-YYYY unless told otherwise.
    #[arg(long, value_name = "ID")]
    pub(crate) id: Option<String>,
    /// The catalogue before: its weights smooth, its excluded and cleaned codes come along.
    #[arg(long, value_name = "PLAN")]
    pub(crate) previous: Option<String>,
    /// The proposals of an earlier run with decisions in them.
    #[arg(long, value_name = "DECISIONS.csv")]
    pub(crate) apply: Option<PathBuf>,
    /// The folder with the hospitals table; the policy's own otherwise.
    #[arg(long, value_name = "DIR")]
    pub(crate) inputs: Option<PathBuf>,
}

/// `drgdip supervise`.
#[derive(Debug, ClapArgs)]
pub(crate) struct SuperviseArgs {
    #[command(flatten)]
    pub(crate) history: HistoryArgs,
    /// The year; the policy is read on its last day.
    #[arg(long, value_name = "YYYY", value_parser = clap::value_parser!(i16).range(1900..=2999))]
    pub(crate) year: i16,
    /// The folder to write.
    #[arg(long, short, value_name = "DIR")]
    pub(crate) output: PathBuf,
    /// The plan, in place of the one that the policy names.
    #[arg(long, value_name = "PLAN")]
    pub(crate) plan: Option<String>,
}

/// `drgdip weigh`.
#[derive(Debug, ClapArgs)]
pub(crate) struct WeighArgs {
    #[command(flatten)]
    pub(crate) history: HistoryArgs,
    /// The year that the weights are for; history is the years before it.
    #[arg(long, value_name = "YYYY", value_parser = clap::value_parser!(i16).range(1900..=2999))]
    pub(crate) year: i16,
    /// The folder to write.
    #[arg(long, short, value_name = "DIR")]
    pub(crate) output: PathBuf,
    /// The plan, in place of the one that the policy names.
    #[arg(long, value_name = "PLAN")]
    pub(crate) plan: Option<String>,
    /// The folder with the hospitals table, for means by level; the policy's own otherwise.
    #[arg(long, value_name = "DIR")]
    pub(crate) inputs: Option<PathBuf>,
    /// A table of weights that people decided (group, weight); the total weight stays.
    #[arg(long, value_name = "FILE")]
    pub(crate) changes: Option<PathBuf>,
    /// A table of given mean costs (group, mean_cost), for the quota method.
    #[arg(long, value_name = "FILE")]
    pub(crate) quotas: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum NewtechCommand {
    /// Examine every registered technology in every group, and write the overlay of the new groups.
    Candidates(CandidatesArgs),
}

/// `drgdip newtech candidates`.
#[derive(Debug, ClapArgs)]
pub(crate) struct CandidatesArgs {
    #[command(flatten)]
    pub(crate) history: HistoryArgs,
    /// The plan, in place of the one that the policy names.
    #[arg(long, value_name = "PLAN")]
    pub(crate) plan: Option<String>,
    /// The day on which the policy is read; the first on which it holds unless told otherwise.
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) date: Option<String>,
    /// The folder to write; without it the table is only printed.
    #[arg(long, short, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
}
