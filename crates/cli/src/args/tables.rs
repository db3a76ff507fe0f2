//! The arguments of `drgdip tables`.

use clap::{Args as ClapArgs, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum TablesCommand {
    /// The bundled plans and policies, and how far each plan is supported.
    List,
    /// A plan: its MDCs, ADRGs and groups with their rules.
    Show(ShowArgs),
    /// Load plans and print what is odd about them; exit 4 when one cannot be used.
    Check(CheckArgs),
    /// What the second plan says otherwise than the first, by meaning.
    Diff(DiffArgs),
    /// Make a plan folder of the facts of a scheme, or of the workbook that holds it.
    Import(ImportArgs),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct DiffArgs {
    /// A bundled name, or the path of a plan folder.
    #[arg(value_name = "A")]
    pub(crate) before: String,
    /// Another one.
    #[arg(value_name = "B")]
    pub(crate) after: String,
    /// Group these claims by both plans, too, and count which cases move where.
    #[arg(long, value_name = "CLAIMS", num_args = 1..)]
    pub(crate) claims: Vec<PathBuf>,
    /// Print every row and code, not only the first of many.
    #[arg(long)]
    pub(crate) full: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct CheckArgs {
    /// Bundled names, or paths of plan folders.
    #[arg(value_name = "PLAN", required = true)]
    pub(crate) plans: Vec<String>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ImportArgs {
    /// A folder of facts (plan.tsv, mdc.tsv and so on), or an Excel workbook (.xlsx) of a scheme.
    #[arg(value_name = "FACTS")]
    pub(crate) facts: PathBuf,
    /// The plan folder to write.
    #[arg(long, short, value_name = "PLAN")]
    pub(crate) output: PathBuf,
    /// Write an overlay that states only what differs from this plan.
    #[arg(long, value_name = "PLAN")]
    pub(crate) base: Option<String>,
    /// The id of the plan; the name of the folder unless told otherwise.
    #[arg(long, value_name = "ID")]
    pub(crate) id: Option<String>,
    /// The title of the plan; that of the facts unless told otherwise.
    #[arg(long, value_name = "TEXT")]
    pub(crate) title: Option<String>,
    /// A key in a list of sources; may be said again.
    #[arg(long, value_name = "KEY")]
    pub(crate) source: Vec<String>,
    /// Replace a plan that stands there already.
    #[arg(long)]
    pub(crate) replace: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ShowArgs {
    /// A bundled name, or the path of a plan folder.
    #[arg(value_name = "PLAN")]
    pub(crate) plan: String,
    /// Show one MDC with its ADRGs.
    #[arg(long, value_name = "CODE")]
    pub(crate) mdc: Option<String>,
    /// Show one ADRG with its groups, rules and code lists.
    #[arg(long, value_name = "CODE", conflicts_with = "mdc")]
    pub(crate) adrg: Option<String>,
    /// Show one group with its rule and weight.
    #[arg(long, value_name = "CODE", conflicts_with_all = ["mdc", "adrg"])]
    pub(crate) group: Option<String>,
}
