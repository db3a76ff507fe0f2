//! The commands and their arguments.

mod common;
mod of_history;

use clap::{Args as ClapArgs, Parser, Subcommand};
use std::path::PathBuf;

pub(crate) use common::{AmountArgs, FailOn, GlobalArgs, LogForm, ReadArgs, TableArgs};
pub(crate) use of_history::{CatalogueArgs, SuperviseArgs};

/// Groups hospital cases by DRG and DIP plans and settles them to the fen.
#[derive(Debug, Parser)]
#[command(name = "drgdip", version, about, after_help = include_str!("../help/drgdip.txt"))]
#[command(propagate_version = true, max_term_width = 100)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) global: GlobalArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Settle a generated month with the bundled tables; the thing to try first.
    #[command(after_help = include_str!("../help/demo.txt"))]
    Demo(DemoArgs),
    /// Group claims: one row with its group for every claim.
    #[command(after_help = include_str!("../help/group.txt"))]
    Group(GroupArgs),
    /// Check claims by the rules of 清单质控: what to correct before they are grouped.
    #[command(after_help = include_str!("../help/check.txt"))]
    Check(CheckClaimsArgs),
    /// Show the road from the codes of one case to its group, points and yuan.
    #[command(after_help = include_str!("../help/explain.txt"))]
    Explain(Box<ExplainArgs>),
    /// Turn a CSV file or an Excel sheet of claims into Parquet.
    #[command(after_help = include_str!("../help/convert.txt"))]
    Convert(ConvertArgs),
    /// Compare groups with a reference; exit 0 when equal, 1 when not.
    #[command(after_help = include_str!("../help/compare.txt"))]
    Compare(CompareArgs),
    /// Group claims, turn them into points, and pay every hospital from its pool.
    #[command(after_help = include_str!("../help/settle.txt"))]
    Settle(SettleArgs),
    /// Turn claims of several years into weights and base points.
    #[command(after_help = include_str!("../help/weigh.txt"))]
    Weigh(WeighArgs),
    /// Which new technologies could have groups of their own.
    #[command(after_help = include_str!("../help/newtech.txt"))]
    Newtech {
        #[command(subcommand)]
        command: NewtechCommand,
    },
    /// Grow a DIP catalogue out of claims of several years.
    #[command(after_help = include_str!("../help/catalogue.txt"))]
    Catalogue(CatalogueArgs),
    /// Compare hospitals by supervision indices, and write the assessments that follow.
    #[command(after_help = include_str!("../help/supervise.txt"))]
    Supervise(SuperviseArgs),
    /// Make realistic claims from a plan; no row is about a person.
    #[command(after_help = include_str!("../help/synth.txt"))]
    Synth(SynthArgs),
    /// Recompute the hashes and totals of a finished run.
    #[command(after_help = include_str!("../help/verify.txt"))]
    Verify(VerifyArgs),
    /// Show or check payment policies: every value with its date and its source.
    #[command(after_help = include_str!("../help/policy.txt"))]
    Policy {
        #[command(subcommand)]
        command: PolicyCommand,
    },
    /// List, show or check grouping plans.
    #[command(after_help = include_str!("../help/tables.txt"))]
    Tables {
        #[command(subcommand)]
        command: TablesCommand,
    },
}

/// `drgdip convert`.
#[derive(Debug, ClapArgs)]
pub(crate) struct ConvertArgs {
    /// The CSV file or Excel workbook (.xlsx) of claims.
    #[arg(value_name = "CLAIMS")]
    pub(crate) claims: PathBuf,
    /// The Parquet file to write; its findings are written beside it.
    #[arg(long, short, value_name = "OUT.parquet")]
    pub(crate) output: PathBuf,
    /// What separates the cells of a CSV file: one character, or `tab`.
    #[arg(long, value_name = "SIGN", default_value = ",", value_parser = separator)]
    pub(crate) separator: u8,
    /// The sheet of a workbook; its first one unless told otherwise.
    #[arg(long, value_name = "NAME")]
    pub(crate) sheet: Option<String>,
    /// From which findings on the exit code is 1.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) fail_on: FailOn,
}

fn separator(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"tab" | b"\\t" => Ok(b'\t'),
        [sign] if sign.is_ascii() && !sign.is_ascii_alphanumeric() && *sign != b'"' => Ok(*sign),
        _ => Err("name one sign such as , or ; or the word tab".to_owned()),
    }
}

fn years(text: &str) -> Result<(i16, i16), String> {
    let hint = || "write the first and the last year, such as 2023-2025".to_owned();
    let (first, last) = text.split_once('-').ok_or_else(hint)?;
    let year = |text: &str| text.parse().ok().filter(|year| (1900..3000).contains(year));
    year(first).zip(year(last)).ok_or_else(hint)
}

#[derive(Debug, ClapArgs)]
pub(crate) struct DemoArgs {
    /// The folder to write, with claims, inputs and the settled run in it.
    #[arg(long, short, value_name = "DIR", default_value = "drgdip-demo")]
    pub(crate) output: PathBuf,
    /// How many claims to make.
    #[arg(long, value_name = "N", default_value_t = 200_000)]
    pub(crate) cases: u64,
    /// The seed of the claims; the same seed makes the same claims.
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Pay by DIP (按病种分值付费) with the bundled sample catalogue, not by DRG.
    #[arg(long)]
    pub(crate) dip: bool,
}

/// `drgdip check`.
#[derive(Debug, ClapArgs)]
pub(crate) struct CheckClaimsArgs {
    /// Parquet files, folders of them, or globs.
    #[arg(required = true, value_name = "CLAIMS")]
    pub(crate) claims: Vec<PathBuf>,
    /// The folder to write.
    #[arg(long, short, value_name = "DIR")]
    pub(crate) output: PathBuf,
    /// The rules with their levels and limits: a bundled name, or the path of a folder.
    #[arg(long, value_name = "CHECKS", default_value = "basic")]
    pub(crate) checks: String,
    /// The plan whose code set, grey list, crosswalk and groups are asked: a bundled name, the path of
    /// a plan folder, or auto for the plan in force.
    #[arg(long, value_name = "PLAN")]
    pub(crate) plan: Option<String>,
    #[command(flatten)]
    pub(crate) tables: TableArgs,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct GroupArgs {
    /// Parquet files, folders of them, or globs.
    #[arg(required = true, value_name = "CLAIMS")]
    pub(crate) claims: Vec<PathBuf>,
    /// The plan: a bundled name, the path of a plan folder, or auto for the plan in force.
    #[arg(long, value_name = "PLAN")]
    pub(crate) plan: String,
    #[command(flatten)]
    pub(crate) tables: TableArgs,
    /// The Parquet file to write; findings and manifest are written beside it.
    #[arg(long, short, value_name = "OUT.parquet")]
    pub(crate) output: PathBuf,
    /// Write the input columns too.
    #[arg(long)]
    pub(crate) keep: bool,
    /// How many rows an output row group has.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) row_group_rows: Option<u64>,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct SettleArgs {
    /// Parquet files, folders of them, or globs.
    #[arg(required = true, value_name = "CLAIMS")]
    pub(crate) claims: Vec<PathBuf>,
    /// The payment policy: a bundled name, or the path of a policy file.
    #[arg(long, value_name = "POLICY")]
    pub(crate) policy: String,
    /// The folder with hospitals, budgets and prior points, as CSV or Parquet.
    #[arg(long, value_name = "DIR")]
    pub(crate) inputs: Option<PathBuf>,
    /// The folder to write.
    #[arg(long, short, value_name = "DIR")]
    pub(crate) output: PathBuf,
    /// The month to settle, or the year with --annual; unless told, the one of the budgets.
    #[arg(long, value_name = "YYYY-MM")]
    pub(crate) period: Option<String>,
    /// Clear a whole year: final amounts less what the ledger says was prepaid.
    #[arg(long)]
    pub(crate) annual: bool,
    /// The ledger folder: a month adds its prepayments to it, a year takes them off.
    #[arg(long, value_name = "DIR")]
    pub(crate) ledger: Option<PathBuf>,
    /// Why a month that is in the ledger already gets a new entry with other amounts.
    #[arg(
        long,
        value_name = "REASON",
        requires = "ledger",
        conflicts_with = "annual"
    )]
    pub(crate) correct: Option<String>,
    /// Check the claims first, in place of what the policy names: what breaks a rule that rejects is
    /// not paid (see `drgdip check`).
    #[arg(long, value_name = "CHECKS")]
    pub(crate) checks: Option<String>,
    /// Last year's claims, to count prior points from by this year's plan and policy.
    #[arg(long, value_name = "CLAIMS")]
    pub(crate) prior_claims: Vec<PathBuf>,
    /// The plan, in place of the one that the policy names, or auto for the plan in force.
    #[arg(long, value_name = "PLAN")]
    pub(crate) plan: Option<String>,
    #[command(flatten)]
    pub(crate) tables: TableArgs,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct WeighArgs {
    /// Parquet files of several years, folders of them, or globs.
    #[arg(required = true, value_name = "HISTORY")]
    pub(crate) claims: Vec<PathBuf>,
    /// The payment policy: a bundled name, or the path of a policy file.
    #[arg(long, value_name = "POLICY")]
    pub(crate) policy: String,
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
    #[command(flatten)]
    pub(crate) money: AmountArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum NewtechCommand {
    /// Examine every registered technology in every group, and write the overlay of the new groups.
    Candidates(CandidatesArgs),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct CandidatesArgs {
    /// Parquet files of several years, folders of them, or globs.
    #[arg(required = true, value_name = "HISTORY")]
    pub(crate) claims: Vec<PathBuf>,
    /// The payment policy with the registry: a bundled name, or the path of a policy file.
    #[arg(long, value_name = "POLICY")]
    pub(crate) policy: String,
    /// The plan, in place of the one that the policy names.
    #[arg(long, value_name = "PLAN")]
    pub(crate) plan: Option<String>,
    /// The day on which the policy is read; the first on which it holds unless told otherwise.
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) date: Option<String>,
    /// The folder to write; without it the table is only printed.
    #[arg(long, short, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) money: AmountArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct SynthArgs {
    /// How many claims to make.
    #[arg(long, value_name = "N")]
    pub(crate) cases: u64,
    /// The seed; the same seed makes the same claims.
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub(crate) seed: u64,
    /// The Parquet file to write.
    #[arg(long, short, value_name = "CLAIMS.parquet")]
    pub(crate) output: PathBuf,
    /// Where hospitals, budgets and prior points go; OUT-inputs unless told otherwise.
    #[arg(long, value_name = "DIR")]
    pub(crate) inputs: Option<PathBuf>,
    /// The policy that the inputs are made for; the bundled example unless told otherwise.
    #[arg(long, value_name = "POLICY")]
    pub(crate) policy: Option<String>,
    /// The plan to make claims for, in place of the one that the policy names.
    #[arg(long, value_name = "PLAN")]
    pub(crate) plan: Option<String>,
    /// The month of the discharges; that of the bundled example unless told otherwise.
    #[arg(long, value_name = "YYYY-MM")]
    pub(crate) period: Option<String>,
    /// State the policy's payment units too: new technologies, negotiated drugs, TCM diseases,
    /// bed-days, day surgery, quotas and items, with what they need among the inputs.
    #[arg(long)]
    pub(crate) units: bool,
    /// A history of whole years, N claims and one file a year, in place of a month.
    #[arg(long, value_name = "YYYY-YYYY", value_parser = years)]
    #[arg(conflicts_with_all = ["period", "inputs", "files"])]
    pub(crate) years: Option<(i16, i16)>,
    /// A few usual ways of treatment for each group, as in a history, not all that the plan takes.
    #[arg(long)]
    pub(crate) usual_practice: bool,
    /// Into how many files the claims are cut.
    #[arg(long, value_name = "K", default_value_t = 1)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) files: u32,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct VerifyArgs {
    /// The folder of a settlement, of `check`, `weigh`, `catalogue` or `supervise`, or of a ledger,
    /// or the output file of `group`.
    #[arg(value_name = "DIR")]
    pub(crate) run: PathBuf,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct CompareArgs {
    /// A file with group columns.
    #[arg(value_name = "OURS")]
    pub(crate) ours: PathBuf,
    /// A file with group columns, or with expected_status, expected_mdc, expected_adrg and
    /// expected_group.
    #[arg(value_name = "REFERENCE")]
    pub(crate) reference: PathBuf,
    /// The column that names a case on both sides.
    #[arg(long, value_name = "COLUMN", default_value = "case_id")]
    pub(crate) key: String,
    /// The plan that names the rule where answers part; otherwise the one that OURS was made by.
    #[arg(long, value_name = "PLAN")]
    pub(crate) plan: Option<String>,
    /// The plan of the reference: where answers part, both plans are asked, rule by rule.
    #[arg(long, value_name = "PLAN")]
    pub(crate) reference_plan: Option<String>,
    /// Print Markdown.
    #[arg(long, conflicts_with = "json")]
    pub(crate) md: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ExplainArgs {
    /// The plan: a bundled name, the path of a plan folder, or auto for the plan in force; with
    /// --settled it may be left out.
    #[arg(long, value_name = "PLAN", required_unless_present = "settled")]
    pub(crate) plan: Option<String>,
    #[command(flatten)]
    pub(crate) tables: TableArgs,
    /// The claim files that hold the case; with --settled, those that the run was made from.
    #[arg(value_name = "CLAIMS", requires = "case_id")]
    pub(crate) claims: Vec<PathBuf>,
    /// The case to explain.
    #[arg(long, value_name = "ID", conflicts_with = "principal")]
    pub(crate) case_id: Option<String>,
    #[command(flatten)]
    pub(crate) facts: FactArgs,
    #[command(flatten)]
    pub(crate) money: MoneyArgs,
}

/// The facts of a case on the command line.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "A case by its facts")]
pub(crate) struct FactArgs {
    /// Principal diagnosis.
    #[arg(long, value_name = "CODE")]
    pub(crate) principal: Option<String>,
    /// Other diagnoses, separated by commas or by saying it again.
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    pub(crate) other: Vec<String>,
    /// Procedures, the main one first.
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    pub(crate) op: Vec<String>,
    /// Sex.
    #[arg(long, value_name = "1|2|male|female")]
    pub(crate) sex: Option<String>,
    /// Age in years.
    #[arg(long, value_name = "YEARS")]
    pub(crate) age: Option<i64>,
    /// Age in days, for infants; without --age, the age in years is 0.
    #[arg(long, value_name = "DAYS")]
    pub(crate) age_days: Option<i64>,
    /// Birth weight in grams.
    #[arg(long, value_name = "GRAMS")]
    pub(crate) birth_weight: Option<i64>,
    /// Length of stay in days.
    #[arg(long, value_name = "DAYS")]
    pub(crate) stay: Option<i64>,
    /// Hours in intensive care.
    #[arg(long, value_name = "HOURS")]
    pub(crate) icu_hours: Option<i64>,
    /// Hours on a ventilator.
    #[arg(long, value_name = "HOURS")]
    pub(crate) ventilator_hours: Option<i64>,
    /// Discharge way, the national code.
    #[arg(long, value_name = "CODE")]
    pub(crate) discharge_way: Option<String>,
    /// Department, the code.
    #[arg(long, value_name = "CODE")]
    pub(crate) department: Option<String>,
    /// The case is flagged as using a new technology.
    #[arg(long)]
    pub(crate) new_tech: bool,
    /// The pooling area, six digits; chooses the plan with --plan auto.
    #[arg(long, value_name = "CODE")]
    pub(crate) region: Option<String>,
    /// The date of discharge; chooses the plan with --plan auto.
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) discharged: Option<String>,
}

/// From the group to points and yuan.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "From group to yuan")]
pub(crate) struct MoneyArgs {
    /// A settled run: every factor of the case or the hospital, from cost to payment.
    #[arg(long, value_name = "DIR")]
    pub(crate) settled: Option<PathBuf>,
    /// The hospital of the settled run to explain.
    #[arg(
        long,
        value_name = "ID",
        requires = "settled",
        conflicts_with_all = ["case_id", "principal", "plan"]
    )]
    pub(crate) hospital: Option<String>,
    /// The one of its pools; all of them unless told otherwise.
    #[arg(long, value_name = "POOL", requires = "hospital")]
    pub(crate) pool: Option<String>,
    /// A policy: adds base points, class and points of a case with --cost.
    #[arg(
        long,
        value_name = "POLICY",
        requires = "cost",
        conflicts_with = "settled"
    )]
    pub(crate) policy: Option<String>,
    /// The total cost of the case in yuan.
    #[arg(long, value_name = "YUAN", requires = "policy")]
    pub(crate) cost: Option<String>,
    /// The coefficient of the hospital; 1 unless told otherwise.
    #[arg(long, value_name = "K", requires = "policy")]
    pub(crate) coefficient: Option<String>,
    /// The level of the hospital, where the policy's coefficients go by level.
    #[arg(long, value_name = "LEVEL", requires = "policy")]
    pub(crate) level: Option<String>,
    /// What a point is worth in yuan.
    #[arg(long, value_name = "YUAN", requires = "policy")]
    pub(crate) point_value: Option<String>,
    /// The day on which the policy is read; the last of the bundled example's month otherwise.
    #[arg(long, value_name = "YYYY-MM-DD", requires = "policy")]
    pub(crate) date: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// Load policies and print what is odd about them; exit 4 when one cannot be used.
    Check(PolicyCheckArgs),
    /// Every value of a policy that is in force on a day.
    Show(PolicyShowArgs),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct PolicyCheckArgs {
    /// Bundled names, or paths of policy files.
    #[arg(value_name = "POLICY", required = true)]
    pub(crate) policies: Vec<String>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct PolicyShowArgs {
    /// A bundled name, or the path of a policy file.
    #[arg(value_name = "POLICY")]
    pub(crate) policy: String,
    /// The day; the last one on which the policy changes unless told otherwise.
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) at: Option<String>,
}

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
