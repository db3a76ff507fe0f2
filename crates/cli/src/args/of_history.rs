//! The arguments of commands that look at claims of whole years.

use super::common::AmountArgs;
use clap::Args as ClapArgs;
use std::path::PathBuf;

/// `drgdip catalogue`.
#[derive(Debug, ClapArgs)]
pub(crate) struct CatalogueArgs {
    /// Parquet files of several years, folders of them, or globs.
    #[arg(required = true, value_name = "HISTORY")]
    pub(crate) claims: Vec<PathBuf>,
    /// The payment policy: a bundled name, or the path of a policy file.
    #[arg(long, value_name = "POLICY")]
    pub(crate) policy: String,
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
    #[command(flatten)]
    pub(crate) money: AmountArgs,
}

/// `drgdip supervise`.
#[derive(Debug, ClapArgs)]
pub(crate) struct SuperviseArgs {
    /// Parquet files of a year, folders of them, or globs.
    #[arg(required = true, value_name = "CLAIMS")]
    pub(crate) claims: Vec<PathBuf>,
    /// The payment policy: a bundled name, or the path of a policy file.
    #[arg(long, value_name = "POLICY")]
    pub(crate) policy: String,
    /// The year; the policy is read on its last day.
    #[arg(long, value_name = "YYYY", value_parser = clap::value_parser!(i16).range(1900..=2999))]
    pub(crate) year: i16,
    /// The folder to write.
    #[arg(long, short, value_name = "DIR")]
    pub(crate) output: PathBuf,
    /// The plan, in place of the one that the policy names.
    #[arg(long, value_name = "PLAN")]
    pub(crate) plan: Option<String>,
    #[command(flatten)]
    pub(crate) money: AmountArgs,
}
