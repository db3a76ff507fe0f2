//! What a settlement is asked to do, and what it says.

use super::closing::{ClearedHospital, HospitalAdjustment, PrepaidHospital};
use super::people::UnitShare;
use super::totals::CaseMix;
use super::units::UnitTotals;
use crate::check::{CheckRules, NotAsked};
use crate::findings::FindingCounts;
use crate::grouped::OutcomeCounts;
use crate::in_force::PlanChoice;
use crate::inputs::Inputs;
use crate::read::{QuarantineCounts, ReadOptions};
use drgdip_claims::Yuan;
use drgdip_points::pool::{PoolInput, PoolSettlement};
use drgdip_tables::Policy;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What `settle` is asked to do.
pub struct SettleJob<'a> {
    /// Claim files, folders of them, or globs.
    pub claims: &'a [PathBuf],
    /// By what to group: usually the plan that the policy names.
    pub plan: PlanChoice<'a>,
    /// The policy to pay by.
    pub policy: &'a Policy,
    /// Each file of the policy with its sha256.
    pub policy_files: &'a [(String, String)],
    /// Hospitals, budgets and prior points.
    pub inputs: &'a Inputs,
    /// The month `YYYY-MM`, or the year `YYYY`; `None` is the only one that the budgets state.
    pub period: Option<&'a str>,
    /// Whether a month is settled or a year cleared.
    pub span: SettleSpan,
    /// Where prepayments are kept.
    pub ledger: Option<LedgerUse<'a>>,
    /// Last year's claims, to count prior points from; none takes them from the inputs.
    pub prior_claims: &'a [PathBuf],
    /// The checks whose rejections keep a claim from being paid; `None` asks none.
    pub checks: Option<CheckRules<'a>>,
    /// The folder to write.
    pub out: &'a Path,
    /// How claims are read.
    pub read: ReadOptions,
    /// How many threads work; `None` is one for each core.
    pub threads: Option<usize>,
}

/// Whether a month is settled or a year cleared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SettleSpan {
    /// A month.
    #[default]
    Month,
    /// A year, with its clearing.
    Year,
}

/// The ledger folder of a settlement.
#[derive(Clone, Copy, Debug)]
pub struct LedgerUse<'a> {
    /// Where it is.
    pub folder: &'a Path,
    /// Why an entry that differs from the one of the same month is added; `None` refuses it.
    pub correction: Option<&'a str>,
}

/// The settlement of one pool.
#[derive(Clone, Debug)]
pub struct PoolReport {
    /// Region, insurance and unit in one key.
    pub id: String,
    /// The pooling area.
    pub region: String,
    /// The scheme, or `all` where the schemes share the pool.
    pub insurance: String,
    /// The payment unit.
    pub unit: String,
    /// What of the reserve is kept for overspending (风险金).
    pub risk_fund: Yuan,
    /// What of the reserve is shared by what hospitals do for primary care.
    pub growth: Yuan,
    /// What the fund paid by item for each hospital's cases, as the claims state it.
    pub itemised: BTreeMap<String, Yuan>,
    /// How heavy each hospital's paid cases are.
    pub case_mix: BTreeMap<String, CaseMix>,
    /// Budget, points, values, payments.
    pub settlement: PoolSettlement,
    /// What it was settled from.
    pub input: PoolInput,
}

/// What `settle` did.
#[derive(Clone, Debug)]
pub struct SettleSummary {
    /// The month that was settled.
    pub period: String,
    /// How many claims there were.
    pub rows: u64,
    /// What was left out because it cannot be read.
    pub quarantined: QuarantineCounts,
    /// What became of them in grouping.
    pub outcomes: OutcomeCounts,
    /// How many cases are of each class.
    pub classes: BTreeMap<&'static str, u64>,
    /// What was found about them.
    pub findings: FindingCounts,
    /// The pools in order of region and insurance.
    pub pools: Vec<PoolReport>,
    /// What is paid beside points from lines of their own, by region and line.
    pub units: Vec<UnitShare>,
    /// What every payment unit of cases comes to; empty without units beside groups.
    pub unit_totals: UnitTotals,
    /// Name and level of each hospital.
    pub hospitals: BTreeMap<String, (String, String)>,
    /// What hospitals get more or less than their payment.
    pub adjustments: Vec<HospitalAdjustment>,
    /// What hospitals are prepaid for a month, where the policy has prepayments.
    pub prepaid: Vec<PrepaidHospital>,
    /// What hospitals get for a year, where one is cleared.
    pub cleared: Vec<ClearedHospital>,
    /// Where a year is cleared of a policy that prepays months: the months of it for which the ledger
    /// says nothing, so that nothing is taken off for them.
    pub months_without_entry: Vec<String>,
    /// Where the policy makes an amount jump, in words, with the size.
    pub policy_warnings: Vec<String>,
    /// The rules of the checks of claims that were not asked of a file, sorted.
    pub checks_not_asked: Vec<NotAsked>,
}
