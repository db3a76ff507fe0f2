//! The compiled plan and the one function that uses it.

use crate::case::{Case, TextSlot};
use crate::expr::{Compiler, Expr};
use crate::facts::Facts;
use crate::filter::Filter;
use crate::groups::{Choice, GroupInfo, GroupTable};
use crate::lists::Membership;
use crate::outcome::{GroupIndex, Grouping, InvalidReason, Outcome, Severity, UngroupedReason};
use crate::severity::{Found, SeverityTables};
use drgdip_tables::GroupingPlan;
use drgdip_tables::plan::Settings;

/// A grouping plan compiled for speed; it owns all that it needs and can be shared by threads.
///
/// How it is fast: codes fall into classes that rules cannot tell apart, and nearly every rule of
/// a plan is decided by the class of the principal diagnosis, the class of the main procedure and
/// the sex alone. [`Grouper::new`] evaluates all rules for all classes once; [`Grouper::group`]
/// intersects three bit sets, and evaluates what little is left of the first rules that remain.
/// It allocates nothing and hashes nothing.
#[derive(Debug)]
pub struct Grouper {
    settings: Settings,
    membership: Membership,
    severity: SeverityTables,
    /// Gate and rule of each ADRG of the plan, in order.
    adrgs: Filter,
    /// By ADRG, what its groups say.
    choices: Vec<Choice>,
    /// The gate of each MDC, asked only to say why a case has no group.
    gates: Filter,
    groups: Vec<GroupInfo>,
    departments: Vec<String>,
    discharge_ways: Vec<String>,
}

impl Grouper {
    /// Compiles a plan.
    ///
    /// # Panics
    ///
    /// When the plan has 65,536 or more groups, MDCs, exclusion tables, departments or discharge
    /// ways; a hundred times what published plans have.
    #[must_use]
    pub fn new(plan: &GroupingPlan) -> Self {
        let mut compiler = Compiler::default();
        let mut table = GroupTable::default();
        let (mut gates, mut adrgs, mut choices) = (Vec::new(), Vec::new(), Vec::new());
        for mdc in &plan.mdcs {
            table.next_mdc();
            let gate = compiler.compile(&mdc.gate.rule);
            for adrg in &mdc.adrgs {
                let rule = compiler.compile(&adrg.rule.rule);
                adrgs.push(Expr::all([gate.clone(), rule]));
                choices.push(Choice::new((mdc, adrg), &mut table, &mut compiler));
            }
            gates.push(gate);
        }
        let membership = Membership::new(plan, &compiler.lists);
        let adrgs = Filter::new(adrgs, &membership);
        let gates = Filter::new(gates, &membership);
        let listed = adrgs.listed_diagnoses().zip(gates.listed_diagnoses());
        let listed: Vec<_> = listed.map(|(adrg, gate)| adrg || gate).collect();
        Self {
            settings: plan.settings.clone(),
            severity: SeverityTables::new(plan, &membership, &listed),
            adrgs,
            choices,
            gates,
            groups: table.groups,
            departments: compiler.departments,
            discharge_ways: compiler.discharge_ways,
            membership,
        }
    }

    /// Groups one case.
    #[must_use]
    pub fn group(&self, case: &Case<'_>) -> Grouping {
        let found = self.severity.of(case);
        let outcome = match self.failed_check(case) {
            Some(reason) => Outcome::Invalid(reason),
            None => self.place(case, found),
        };
        Grouping {
            outcome,
            severity: severity(found),
        }
    }

    /// What the plan says of a group of its own.
    ///
    /// # Panics
    ///
    /// When the index is not one that this grouper returned.
    #[must_use]
    pub fn info(&self, group: GroupIndex) -> &GroupInfo {
        &self.groups[usize::from(group.0)]
    }

    /// All groups; [`GroupIndex`] is the position.
    ///
    /// An ADRG that can be left without a group, where the plan lets it stand for itself, is one.
    #[must_use]
    pub fn groups(&self) -> &[GroupInfo] {
        &self.groups
    }

    /// Looks up a department (科别) for [`Case::department`].
    #[must_use]
    pub fn department(&self, code: Option<&str>) -> TextSlot {
        slot(&self.departments, code)
    }

    /// Looks up a discharge way (离院方式) for [`Case::discharge_way`].
    #[must_use]
    pub fn discharge_way(&self, code: Option<&str>) -> TextSlot {
        slot(&self.discharge_ways, code)
    }

    /// The first check of the plan that the case fails, in the order of [`InvalidReason`].
    fn failed_check(&self, case: &Case<'_>) -> Option<InvalidReason> {
        let checks = &self.settings.checks;
        let numbers = &case.numbers;
        let is_infant = numbers.age_years == Some(0);
        let is_newborn = is_infant
            && numbers
                .age_days
                .is_some_and(|days| i64::from(days) <= self.settings.newborn_days);
        if checks.sex_missing && case.sex.is_none() {
            return Some(InvalidReason::SexMissing);
        }
        if checks.age_missing && numbers.age_years.is_none() {
            return Some(InvalidReason::AgeMissing);
        }
        if checks.age_0_without_days && is_infant && numbers.age_days.is_none() {
            return Some(InvalidReason::AgeDaysMissing);
        }
        if checks.newborn_without_weight && is_newborn && numbers.birth_weight_g.is_none() {
            return Some(InvalidReason::BirthWeightMissing);
        }
        let no_principal = checks.principal_missing && case.principal.is_none();
        no_principal.then_some(InvalidReason::PrincipalMissing)
    }

    /// Finds the place of a valid case, trying other procedures as its only one if the plan says so.
    ///
    /// When no attempt gives a group, the reason is that of the case as it is.
    fn place(&self, case: &Case<'_>, found: Found) -> Outcome {
        let facts = Facts::new(case, &self.membership, found);
        let reason = match self.walk(&facts) {
            Ok(outcome) => return outcome,
            Err(reason) => reason,
        };
        if self.settings.retry_with_each_other_procedure {
            for code in case.other_procedures {
                if let Ok(outcome) = self.walk(&facts.with_only_procedure(*code)) {
                    return outcome;
                }
            }
        }
        Outcome::Ungrouped(reason)
    }

    /// Takes the first ADRG that has a group for the case.
    fn walk(&self, facts: &Facts<'_>) -> Result<Outcome, UngroupedReason> {
        let mut is_taken = false;
        let outcome = self.adrgs.first(facts, |adrg| {
            is_taken = true;
            self.choices[adrg].outcome(facts)
        });
        outcome.ok_or_else(|| match self.gates.first(facts, Some) {
            _ if is_taken => UngroupedReason::NoDrg,
            Some(_) => UngroupedReason::NoAdrg,
            None => UngroupedReason::NoMdc,
        })
    }
}

/// An MCC outranks a CC.
fn severity(found: Found) -> Severity {
    match found {
        Found { mcc: true, .. } => Severity::Mcc,
        Found { cc: true, .. } => Severity::Cc,
        _ => Severity::None,
    }
}

/// Texts are looked up once per distinct value of a column, and plans name few of them.
fn slot(named: &[String], text: Option<&str>) -> TextSlot {
    let Some(text) = text else {
        return TextSlot::Absent;
    };
    let found = named.iter().position(|name| name == text);
    found
        .and_then(|position| u16::try_from(position).ok())
        .map_or(TextSlot::Unnamed, TextSlot::Named)
}
