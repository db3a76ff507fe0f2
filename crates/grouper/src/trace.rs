//! Why a claim has its group: a plain walk through the plan that writes down each step.
//!
//! The walk shares nothing with the compiled plan. It works on the text of one claim and keeps
//! references into the plan, so that each step can name its row, its list and its names. It is for
//! explaining single cases; batches use [`crate::Grouper`] and pay nothing for it.

mod catalogue;
mod catalogue_lines;
mod difference;
mod evidence;
mod lines;
#[cfg(test)]
mod tests;
mod words;

pub use catalogue::{Candidate, CatalogueWalk, Decision, ProcedureStep, StepTrace};
pub use difference::{Difference, Expected, divergence, first_difference};
pub use evidence::{Evidence, Fact, Seen, Witness};
pub use words::Language;

use crate::outcome::{InvalidReason, OutcomeKind, Severity, UngroupedReason};
use crate::resolve::{CodeFinding, ResolvedClaim};
use drgdip_claims::Claim;
use drgdip_tables::GroupingPlan;
use drgdip_tables::plan::{
    Adrg, AdrgKind, Drg, ExclusionRow, Level, Mdc, NoGroupFallback, SeverityRow,
};
use evidence::View;

/// Everything that was asked of one claim, in order, and what came of it.
#[derive(Clone, Debug)]
pub struct Trace<'p> {
    /// The plan that was walked.
    pub plan: &'p GroupingPlan,
    /// What was found about the codes before they were looked up: repairs, mappings, codes
    /// outside the code set.
    pub codes: Vec<CodeFinding>,
    /// The checks that the plan makes, up to the first that failed.
    pub checks: Vec<CheckStep>,
    /// The severity rows of the other diagnoses, in the order of the diagnoses.
    pub severity_rows: Vec<SeverityStep<'p>>,
    /// What the severity rows amount to.
    pub severity: Severity,
    /// The walks through the plan: none for an invalid case, more than one after retries.
    pub walks: Vec<Walk<'p>>,
    /// The walk through the catalogue of a DIP plan.
    pub catalogue: Option<CatalogueWalk<'p>>,
    /// What became of the claim.
    pub outcome: OutcomeKind,
    /// Where it landed, for claims that have a group.
    pub landing: Option<Landing<'p>>,
}

/// One check of the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckStep {
    /// What the check looks for.
    pub reason: InvalidReason,
    /// Whether it makes the case invalid.
    pub is_failed: bool,
}

/// A severity row that one of the other diagnoses has.
#[derive(Clone, Copy, Debug)]
pub struct SeverityStep<'p> {
    /// The diagnosis.
    pub code: &'p str,
    /// Its row.
    pub row: &'p SeverityRow,
    /// The row by which the principal diagnosis switches it off.
    pub excluded_by: Option<&'p ExclusionRow>,
}

/// One walk through the MDCs.
#[derive(Clone, Debug)]
pub struct Walk<'p> {
    /// The procedure that was taken for the main and only one; `None` for the case as it is.
    pub only_procedure: Option<String>,
    /// The MDCs that were tried.
    pub mdcs: Vec<MdcStep<'p>>,
}

/// A MDC that was tried.
#[derive(Clone, Debug)]
pub struct MdcStep<'p> {
    /// The MDC.
    pub mdc: &'p Mdc,
    /// Whether the case entered, and why.
    pub gate: Evidence<'p>,
    /// The ADRGs that were tried; none when the case did not enter.
    pub adrgs: Vec<AdrgStep<'p>>,
}

/// An ADRG that was tried.
#[derive(Clone, Debug)]
pub struct AdrgStep<'p> {
    /// The ADRG.
    pub adrg: &'p Adrg,
    /// Whether it takes the case, and why.
    pub rule: Evidence<'p>,
    /// The groups that were tried; none when the ADRG does not take the case.
    pub groups: Vec<GroupStep<'p>>,
}

/// A group row that was tried.
#[derive(Clone, Debug)]
pub struct GroupStep<'p> {
    /// The group.
    pub drg: &'p Drg,
    /// Whether it takes the case, and why.
    pub rule: Evidence<'p>,
}

/// The place of a case that has a group.
#[derive(Clone, Copy, Debug)]
pub struct Landing<'p> {
    /// The MDC.
    pub mdc: &'p Mdc,
    /// The ADRG.
    pub adrg: &'p Adrg,
    /// The group; `None` for an ADRG that stands for itself.
    pub drg: Option<&'p Drg>,
}

impl<'p> Landing<'p> {
    /// The code of the group; the ADRG's own where it stands for itself.
    #[must_use]
    pub fn group(&self) -> &'p str {
        self.drg.map_or(&self.adrg.code, |drg| &drg.code)
    }
}

/// Walks one claim through a plan and writes down each step.
///
/// # Panics
/// As [`crate::Resolver::new`].
#[must_use]
pub fn trace<'p>(plan: &'p GroupingPlan, claim: &Claim) -> Trace<'p> {
    trace_with_cost(plan, claim, None)
}

/// The same for a claim whose total cost in fen is known, as tie-breaks of some DIP plans ask.
///
/// # Panics
/// As [`crate::Resolver::new`].
#[must_use]
pub fn trace_with_cost<'p>(
    plan: &'p GroupingPlan,
    claim: &Claim,
    cost_fen: Option<i64>,
) -> Trace<'p> {
    let resolved = ResolvedClaim::new(claim, plan);
    let checks = checks(plan, &resolved);
    let claim = &*resolved.claim;
    let severity_rows = severity_rows(plan, claim);
    let mut trace = Trace {
        plan,
        codes: resolved.findings.clone(),
        checks,
        severity: severity(&severity_rows),
        severity_rows,
        walks: Vec::new(),
        catalogue: None,
        outcome: OutcomeKind::Ungrouped(UngroupedReason::NoMdc),
        landing: None,
    };
    match trace.checks.last() {
        Some(step) if step.is_failed => trace.outcome = OutcomeKind::Invalid(step.reason),
        _ => match &plan.dip {
            Some(catalogue) => trace.walk_catalogue(catalogue, (claim, cost_fen)),
            None => trace.walk_all(claim),
        },
    }
    trace
}

impl<'p> Trace<'p> {
    /// The code of the group; `None` for claims that have none.
    #[must_use]
    pub fn group(&self) -> Option<&'p str> {
        let by_catalogue = self.catalogue.as_ref().and_then(|walk| walk.chosen);
        match by_catalogue {
            Some(chosen) => Some(&chosen.group.code),
            None => self.landing.map(|landing| landing.group()),
        }
    }

    /// Walks the case as it is, then with each other procedure if the plan retries.
    ///
    /// When no walk gives a group, the reason is that of the first.
    fn walk_all(&mut self, claim: &Claim) {
        self.walk(&View::as_it_is(claim), None);
        self.outcome = match self.landing {
            Some(landing) => landed(landing),
            None => OutcomeKind::Ungrouped(self.walks[0].reason()),
        };
        if !self.plan.settings.retry_with_each_other_procedure {
            return;
        }
        for procedure in &claim.other_procedures {
            if self.landing.is_some() {
                return;
            }
            self.walk(
                &View::with_only_procedure(claim, procedure),
                Some(procedure.clone()),
            );
            self.outcome = self.landing.map_or(self.outcome, landed);
        }
    }

    fn walk(&mut self, view: &View<'_>, only_procedure: Option<String>) {
        let mut walk = Walk {
            only_procedure,
            mdcs: Vec::new(),
        };
        for mdc in &self.plan.mdcs {
            let (step, landing) = self.enter(mdc, view);
            walk.mdcs.push(step);
            self.landing = landing;
            if landing.is_some() {
                break;
            }
        }
        self.walks.push(walk);
    }

    fn enter(&self, mdc: &'p Mdc, view: &View<'_>) -> (MdcStep<'p>, Option<Landing<'p>>) {
        let gate = self.evidence(&mdc.gate.rule, view);
        let mut step = MdcStep {
            mdc,
            gate,
            adrgs: Vec::new(),
        };
        if !step.gate.holds {
            return (step, None);
        }
        for adrg in &mdc.adrgs {
            let (tried, drg) = self.try_adrg(adrg, view);
            step.adrgs.push(tried);
            if let Some(drg) = drg {
                return (step, Some(Landing { mdc, adrg, drg }));
            }
        }
        (step, None)
    }

    /// Tries one ADRG. The inner option is the group, `None` for the ADRG itself.
    fn try_adrg(&self, adrg: &'p Adrg, view: &View<'_>) -> (AdrgStep<'p>, Option<Option<&'p Drg>>) {
        let rule = self.evidence(&adrg.rule.rule, view);
        let mut step = AdrgStep {
            adrg,
            rule,
            groups: Vec::new(),
        };
        if !step.rule.holds {
            return (step, None);
        }
        for drg in &adrg.drgs {
            let rule = self.evidence(&drg.rule.rule, view);
            let is_taken = rule.holds;
            step.groups.push(GroupStep { drg, rule });
            if is_taken {
                return (step, Some(Some(drg)));
            }
        }
        let stands_for_itself = adrg.fallback == NoGroupFallback::Adrg;
        (step, stands_for_itself.then_some(None))
    }
}

impl Walk<'_> {
    /// Why the walk found no group.
    fn reason(&self) -> UngroupedReason {
        let mut adrgs = self.mdcs.iter().flat_map(|step| &step.adrgs);
        if adrgs.any(|step| step.rule.holds) {
            UngroupedReason::NoDrg
        } else if self.mdcs.iter().any(|step| step.gate.holds) {
            UngroupedReason::NoAdrg
        } else {
            UngroupedReason::NoMdc
        }
    }
}

fn landed(landing: Landing<'_>) -> OutcomeKind {
    match (landing.drg, landing.adrg.kind) {
        (None, _) => OutcomeKind::GroupedByAdrg,
        (Some(_), AdrgKind::Ambiguous) => OutcomeKind::Ambiguous,
        (Some(_), _) => OutcomeKind::Grouped,
    }
}

/// The checks that the plan makes, in the order of [`InvalidReason`], up to the first that fails.
fn checks(plan: &GroupingPlan, resolved: &ResolvedClaim<'_>) -> Vec<CheckStep> {
    use InvalidReason as Reason;
    let (settings, claim) = (&plan.settings, &resolved.claim);
    let (on, faults) = (&settings.checks, resolved.faults);
    let is_infant = claim.age_years == Some(0);
    let is_young = |days: i64| days <= settings.newborn_days;
    let is_newborn = is_infant && claim.age_days.is_some_and(is_young);
    let no_days = is_infant && claim.age_days.is_none();
    let no_weight = is_newborn && claim.birth_weight_g.is_none();
    let no_principal = claim.principal_diagnosis.is_none();
    let checks_codes = settings.codes.unknown_is_invalid;
    let checks = [
        (on.sex_missing, Reason::SexMissing, claim.sex.is_none()),
        (
            on.age_missing,
            Reason::AgeMissing,
            claim.age_years.is_none(),
        ),
        (on.age_0_without_days, Reason::AgeDaysMissing, no_days),
        (
            on.newborn_without_weight,
            Reason::BirthWeightMissing,
            no_weight,
        ),
        (on.principal_missing, Reason::PrincipalMissing, no_principal),
        (checks_codes, Reason::UnknownCode, faults.unknown_code),
        (
            !plan.grey.is_empty(),
            Reason::GreyPrincipal,
            faults.grey_principal,
        ),
    ];
    let mut steps = Vec::new();
    for (is_on, reason, is_failed) in checks {
        if is_on {
            steps.push(CheckStep { reason, is_failed });
        }
        if is_on && is_failed {
            break;
        }
    }
    steps
}

/// The severity rows of the other diagnoses, each with what excludes it.
fn severity_rows<'p>(plan: &'p GroupingPlan, claim: &Claim) -> Vec<SeverityStep<'p>> {
    let principal = claim
        .principal_diagnosis
        .as_deref()
        .and_then(|code| plan.codes.find(code));
    let excluded_by = |row: &SeverityRow| {
        let table = row.exclusion_table.as_ref()?;
        let excludes = |exclusion: &&ExclusionRow| {
            Some(exclusion.principal) == principal && exclusion.exclusion_table == *table
        };
        plan.exclusions.iter().find(excludes)
    };
    let mut steps = Vec::new();
    for code in claim
        .other_diagnoses
        .iter()
        .filter_map(|code| plan.codes.find(code))
    {
        for row in plan.severity.iter().filter(|row| row.code == code) {
            steps.push(SeverityStep {
                code: plan.codes.text(code),
                row,
                excluded_by: excluded_by(row),
            });
        }
    }
    steps
}

fn severity(steps: &[SeverityStep<'_>]) -> Severity {
    let counts = |level| counts(steps, level);
    match (counts(Level::Mcc), counts(Level::Cc)) {
        (true, _) => Severity::Mcc,
        (false, true) => Severity::Cc,
        (false, false) => Severity::None,
    }
}

/// Whether a row of this level stays after exclusions.
fn counts(steps: &[SeverityStep<'_>], level: Level) -> bool {
    steps
        .iter()
        .any(|step| step.row.level == level && step.excluded_by.is_none())
}
