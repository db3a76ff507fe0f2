//! The compiled plan and the one function that uses it.

use crate::case::{Case, TextSlot};
use crate::compiler::Compiler;
use crate::dip::Kernel;
use crate::dip::auxiliary::CaseMoney;
use crate::expr::Expr;
use crate::facts::Facts;
use crate::filter::{CaseSets, Filter};
use crate::groups::{Choice, GroupInfo, GroupTable};
use crate::lists::Membership;
use crate::outcome::{GroupIndex, Grouping, InvalidReason, Outcome, Severity, UngroupedReason};
use crate::severity::{Found, SeverityTables};
use drgdip_tables::GroupingPlan;
use drgdip_tables::dip::auxiliary::Subtype;
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
    /// The catalogue of a DIP plan.
    dip: Option<Box<Kernel>>,
}

impl Grouper {
    /// Compiles a plan.
    ///
    /// # Panics
    ///
    /// When the plan has more groups, MDCs, exclusion tables, or classes of codes that stand in the
    /// same lists than 16 bits number; a plan that was loaded has not, since loading refuses it.
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
        let dip = plan.dip.as_ref().map(|catalogue| {
            let groups = catalogue.groups.iter().map(GroupInfo::of_catalogue);
            table.groups.extend(groups);
            Box::new(Kernel::new(plan, catalogue, &mut compiler))
        });
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
            dip,
            membership,
        }
    }

    /// Groups one case.
    #[must_use]
    pub fn group(&self, case: &Case<'_>) -> Grouping {
        if let Some(dip) = &self.dip {
            return self.by_catalogue(dip, case, None);
        }
        // The tables of the principal diagnosis and the main procedure lie far apart in memory.
        // They are asked for first, so that they arrive while severity is worked out.
        let mut facts = Facts::new(case, &self.membership);
        let sets = self.adrgs.sets(&facts);
        facts.severity = self.severity.of(case);
        let outcome = match self.failed_check(case) {
            Some(reason) => Outcome::Invalid(reason),
            None => self.place(&facts, &sets),
        };
        Grouping {
            outcome,
            severity: severity(facts.severity),
        }
    }

    /// By what the severity of cases is found.
    pub(crate) const fn severities(&self) -> &SeverityTables {
        &self.severity
    }

    /// Groups one case whose total cost in fen is known.
    ///
    /// It makes a difference only where [`Grouper::uses_cost`] says so.
    #[must_use]
    pub fn group_with_cost(&self, case: &Case<'_>, cost_fen: Option<i64>) -> Grouping {
        match &self.dip {
            Some(dip) => self.by_catalogue(dip, case, cost_fen),
            None => self.group(case),
        }
    }

    /// Whether the group of a case can depend on its cost.
    #[must_use]
    pub fn uses_cost(&self) -> bool {
        self.dip.as_ref().is_some_and(|dip| dip.uses_cost())
    }

    /// The subtype of the auxiliary directory (辅助分型) by which a case of a group is paid: of those
    /// that the group has and the case is of, the one with the highest coefficient.
    ///
    /// `None` where there is none, and for the groups of a DRG plan.
    #[must_use]
    pub fn subtype(
        &self,
        case: &Case<'_>,
        group: GroupIndex,
        money: &CaseMoney,
    ) -> Option<&Subtype> {
        let dip = self.dip.as_ref()?;
        dip.auxiliary
            .subtype(case, &self.membership, (group.0, money))
    }

    /// By kind of the auxiliary directory, the level that a case is of, whatever its group.
    #[must_use]
    pub fn subtype_levels(&self, case: &Case<'_>, money: &CaseMoney) -> Vec<Option<u16>> {
        let Some(dip) = &self.dip else {
            return Vec::new();
        };
        dip.auxiliary.levels(case, &self.membership, money)
    }

    fn by_catalogue(&self, dip: &Kernel, case: &Case<'_>, cost_fen: Option<i64>) -> Grouping {
        let outcome = match self.failed_check(case) {
            Some(reason) => Outcome::Invalid(reason),
            None => dip.group(case, &self.membership, cost_fen),
        };
        Grouping {
            outcome,
            severity: Severity::None,
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
        if checks.principal_missing && case.principal.is_none() {
            return Some(InvalidReason::PrincipalMissing);
        }
        if self.settings.codes.unknown_is_invalid && case.faults.unknown_code {
            return Some(InvalidReason::UnknownCode);
        }
        let is_grey = case.faults.grey_principal;
        is_grey.then_some(InvalidReason::GreyPrincipal)
    }

    /// Finds the place of a valid case, with each other procedure as its only one if need be and
    /// the plan says so.
    ///
    /// When no attempt gives a group, the reason is that of the case as it is.
    fn place(&self, facts: &Facts<'_>, sets: &CaseSets<'_>) -> Outcome {
        let reason = match self.walk(facts, sets) {
            Ok(outcome) => return outcome,
            Err(reason) => reason,
        };
        if self.settings.retry_with_each_other_procedure {
            for code in facts.other_procedures {
                let again = facts.with_only_procedure(*code);
                if let Ok(outcome) = self.walk(&again, &self.adrgs.sets(&again)) {
                    return outcome;
                }
            }
        }
        Outcome::Ungrouped(reason)
    }

    /// Takes the first ADRG that has a group for the case.
    fn walk(&self, facts: &Facts<'_>, sets: &CaseSets<'_>) -> Result<Outcome, UngroupedReason> {
        let mut is_taken = false;
        let outcome = self.adrgs.first(facts, sets, |adrg| {
            is_taken = true;
            self.choices[adrg].outcome(facts)
        });
        outcome.ok_or_else(|| match is_taken {
            true => UngroupedReason::NoDrg,
            false => self.reason(facts),
        })
    }

    /// Why a case that no ADRG takes has no group.
    fn reason(&self, facts: &Facts<'_>) -> UngroupedReason {
        match self.gates.first(facts, &self.gates.sets(facts), Some) {
            Some(_) => UngroupedReason::NoAdrg,
            None => UngroupedReason::NoMdc,
        }
    }
}

/// An MCC outranks a CC.
pub(crate) fn severity(found: Found) -> Severity {
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
        .and_then(|position| u32::try_from(position).ok())
        .map_or(TextSlot::Unnamed, TextSlot::Named)
}

#[cfg(test)]
mod tests {
    use crate::testing::{Plan, claim, is, within};
    use drgdip_claims::{Claim, Sex};
    use drgdip_tables::plan::{AdrgKind, Checks, Level};
    use drgdip_tables::rule::Comparison::{AtLeast, AtMost, Equal, LessThan, MoreThan};
    use drgdip_tables::rule::{Comparison, NumberField, Predicate, Rule, Scope};

    /// Whether a rule of one number holds for each of these values.
    #[track_caller]
    fn check_number(comparison: Comparison, expected: [(Option<i64>, bool); 4]) {
        type Set = fn(&mut Claim, Option<i64>);
        let fields: [(NumberField, Set); 6] = [
            (NumberField::AgeYears, |claim, n| claim.age_years = n),
            (NumberField::AgeDays, |claim, n| claim.age_days = n),
            (NumberField::BirthWeightG, |claim, n| {
                claim.birth_weight_g = n
            }),
            (NumberField::StayDays, |claim, n| claim.stay_days = n),
            (NumberField::IcuHours, |claim, n| claim.icu_hours = n),
            (NumberField::VentilatorHours, |claim, n| {
                claim.ventilator_hours = n
            }),
        ];
        for (field, set) in fields {
            let plan = Plan::with_one_rule(is(Predicate::Number(field, comparison, 28)));
            for (value, holds) in expected {
                let mut claim = claim("X", &[], &[]);
                set(&mut claim, value);
                assert_eq!(takes(&plan, &claim), holds, "{field:?} {value:?}");
            }
        }
    }

    /// Whether the plan's one ADRG takes the claim.
    fn takes(plan: &Plan, claim: &Claim) -> bool {
        match plan.answer(claim).as_str() {
            "grouped group_rule A1" => true,
            "ungrouped no_adrg -" => false,
            other => panic!("{other}"),
        }
    }

    #[test]
    fn numbers_are_compared_to_the_unit_and_absent_ones_compare_false() {
        let (below, on, above) = (Some(27), Some(28), Some(29));
        check_number(
            AtLeast,
            [(below, false), (on, true), (above, true), (None, false)],
        );
        check_number(
            AtMost,
            [(below, true), (on, true), (above, false), (None, false)],
        );
        check_number(
            MoreThan,
            [(below, false), (on, false), (above, true), (None, false)],
        );
        check_number(
            LessThan,
            [(below, true), (on, false), (above, false), (None, false)],
        );
        check_number(
            Equal,
            [(below, false), (on, true), (above, false), (None, false)],
        );
    }

    #[test]
    fn an_absent_number_makes_the_negated_comparison_true() {
        let over_28 = is(Predicate::Number(NumberField::AgeDays, MoreThan, 28));
        let plan = Plan::with_one_rule(Rule::Not(Box::new(over_28)));
        assert!(takes(&plan, &claim("X", &[], &[])));
    }

    #[test]
    fn numbers_beyond_32_bits_keep_their_side_of_a_limit() {
        let over = is(Predicate::Number(NumberField::StayDays, MoreThan, 60));
        let plan = Plan::with_one_rule(over);
        let stay = |days| Claim {
            stay_days: Some(days),
            ..claim("X", &[], &[])
        };
        assert!(takes(&plan, &stay(i64::MAX)));
        assert!(!takes(&plan, &stay(i64::MIN)));
    }

    #[track_caller]
    fn check_scope(scope: Scope, diagnoses: &[&str], procedures: &[&str], holds: bool) {
        let mut plan = Plan::empty();
        let list = plan.list("L", &["HIT"]);
        plan.one_rule(within(scope, list));
        let claim = claim(diagnoses[0], &diagnoses[1..], procedures);
        assert_eq!(
            takes(&plan, &claim),
            holds,
            "{scope:?} {diagnoses:?} {procedures:?}"
        );
    }

    #[test]
    fn each_scope_looks_at_its_own_codes() {
        for (scope, principal, other) in [
            (Scope::Principal, true, false),
            (Scope::OtherDx, false, true),
            (Scope::AnyDx, true, true),
        ] {
            check_scope(scope, &["HIT", "x"], &["x"], principal);
            check_scope(scope, &["x", "x", "HIT"], &["x"], other);
            check_scope(scope, &["x"], &["HIT", "HIT"], false);
        }
        for (scope, main, other) in [
            (Scope::MainOp, true, false),
            (Scope::OtherOp, false, true),
            (Scope::AnyOp, true, true),
        ] {
            check_scope(scope, &["x"], &["HIT", "x"], main);
            check_scope(scope, &["x"], &["x", "x", "HIT"], other);
            check_scope(scope, &["HIT", "HIT"], &["x"], false);
            check_scope(scope, &["HIT"], &[], false);
        }
    }

    #[test]
    fn codes_match_byte_by_byte() {
        for code in ["hit", "HIT ", " HIT", "HI", "HIT+A*", ""] {
            check_scope(Scope::Principal, &[code], &[], false);
        }
    }

    /// Whether a rule of beginnings `I6` and `I63.9` holds for a principal diagnosis, and the same
    /// for a main procedure. `I63.8` and `I` are codes of the plan, too.
    #[track_caller]
    fn check_beginning(code: &str, holds: bool) {
        let mut plan = Plan::empty();
        let list = plan.list("L", &["I6", "I63.9"]);
        plan.list("other", &["I63.8", "I"]);
        let lone = |rule| {
            let mut plan = Plan(plan.0.clone());
            plan.one_rule(is(rule));
            plan
        };
        let principal = lone(Predicate::PrincipalStarts(list));
        let main = lone(Predicate::MainOpStarts(list));
        assert_eq!(
            takes(&principal, &claim(code, &[], &["I6"])),
            holds,
            "{code}"
        );
        assert_eq!(
            takes(&main, &claim("I6", &["I6"], &[code, "I6"])),
            holds,
            "{code}"
        );
    }

    #[test]
    fn a_code_begins_with_an_entry_whether_or_not_the_plan_mentions_it() {
        check_beginning("I6", true);
        check_beginning("I60", true);
        check_beginning("I63.8", true);
        check_beginning("I63.9", true);
        check_beginning("I63.901", true);
        check_beginning("I6诊", true);
        check_beginning("I", false);
        check_beginning("I5", false);
        check_beginning("i63.9", false);
        check_beginning(" I63.9", false);
        check_beginning("", false);
    }

    #[test]
    fn a_missing_main_procedure_leaves_the_others_to_be_asked() {
        let mut plan = Plan::empty();
        let list = plan.list("L", &["HIT"]);
        let lone = Claim {
            other_procedures: vec!["HIT".to_owned()],
            ..claim("X", &[], &[])
        };
        for (scope, holds) in [
            (Scope::MainOp, false),
            (Scope::AnyOp, true),
            (Scope::OtherOp, true),
        ] {
            let mut plan = Plan(plan.0.clone());
            plan.one_rule(within(scope, list));
            assert_eq!(takes(&plan, &lone), holds, "{scope:?}");
        }
        plan.one_rule(is(Predicate::NoOp));
        assert!(!takes(&plan, &lone));
        assert!(!takes(&plan, &claim("X", &[], &["unknown"])));
        assert!(takes(&plan, &claim("X", &[], &[])));
    }

    #[test]
    fn sex_department_and_discharge_are_compared_as_they_are() {
        let female = Plan::with_one_rule(is(Predicate::SexIs(Sex::Female)));
        let ways = vec!["2".to_owned(), "5".to_owned()];
        let left = Plan::with_one_rule(is(Predicate::DischargeIn(ways)));
        let ward = Plan::with_one_rule(is(Predicate::DepartmentIs("ICU".to_owned())));
        for (sex, holds) in [
            (Some(Sex::Female), true),
            (Some(Sex::Male), false),
            (None, false),
        ] {
            let claim = Claim {
                sex,
                ..claim("X", &[], &[])
            };
            assert_eq!(takes(&female, &claim), holds);
        }
        let text = |text: Option<&str>| text.map(str::to_owned);
        for (way, holds) in [(Some("2"), true), (Some("5"), true), (Some("25"), false)] {
            let claim = Claim {
                discharge_way: text(way),
                ..claim("X", &[], &[])
            };
            assert_eq!(takes(&left, &claim), holds);
        }
        for (code, holds) in [(Some("ICU"), true), (Some("icu"), false), (None, false)] {
            let claim = Claim {
                department: text(code),
                ..claim("X", &[], &[])
            };
            assert_eq!(takes(&ward, &claim), holds);
        }
    }

    #[test]
    fn body_regions_count_lists_and_not_codes() {
        let mut plan = Plan::empty();
        let chest = plan.list("chest", &["C1", "C2"]);
        let leg = plan.list("leg", &["L1"]);
        let arm = plan.list("arm", &["A1"]);
        plan.one_rule(is(Predicate::BodyRegions(vec![chest, leg, arm], 2)));
        assert!(!takes(&plan, &claim("C1", &["C2"], &[])));
        assert!(takes(&plan, &claim("C1", &["x", "L1"], &[])));
        assert!(takes(&plan, &claim("x", &["A1", "L1"], &[])));
        assert!(!takes(&plan, &claim("x", &["A1", "A1"], &["L1"])));
    }

    #[test]
    fn the_new_technology_flag_can_be_asked() {
        let plan = Plan::with_one_rule(is(Predicate::NewTech));
        assert!(!takes(&plan, &claim("X", &[], &[])));
        assert!(takes(
            &plan,
            &Claim {
                new_tech: true,
                ..claim("X", &[], &[])
            }
        ));
    }

    #[track_caller]
    fn check_invalid(change: fn(&mut Claim), reason: &str) {
        let mut plan = Plan::with_one_rule(Rule::True);
        plan.0.settings.checks = Checks {
            sex_missing: true,
            age_missing: true,
            age_0_without_days: true,
            newborn_without_weight: true,
            principal_missing: true,
        };
        let mut newborn = Claim {
            age_years: Some(0),
            age_days: Some(28),
            birth_weight_g: Some(0),
            ..claim("X", &[], &[])
        };
        change(&mut newborn);
        let expected = match reason {
            "" => "grouped group_rule A1".to_owned(),
            reason => format!("invalid {reason} -"),
        };
        assert_eq!(plan.answer(&newborn), expected);
        plan.0.settings.checks = crate::testing::no_checks();
        assert_eq!(plan.answer(&newborn), "grouped group_rule A1");
    }

    #[test]
    fn checks_fail_in_their_order_and_at_their_limits() {
        check_invalid(|_| {}, "");
        check_invalid(|claim| *claim = Claim::default(), "sex_missing");
        check_invalid(|claim| claim.age_years = None, "age_missing");
        check_invalid(|claim| claim.age_days = None, "age_days_missing");
        check_invalid(|claim| claim.birth_weight_g = None, "birth_weight_missing");
        check_invalid(
            |claim| claim.principal_diagnosis = None,
            "principal_missing",
        );
        check_invalid(
            |claim| {
                claim.birth_weight_g = None;
                claim.principal_diagnosis = None;
            },
            "birth_weight_missing",
        );
        check_invalid(
            |claim| {
                claim.birth_weight_g = None;
                claim.age_days = Some(29);
            },
            "",
        );
        check_invalid(
            |claim| {
                claim.birth_weight_g = None;
                claim.age_days = None;
                claim.age_years = Some(1);
            },
            "",
        );
    }

    #[test]
    fn the_first_match_wins_and_a_mdc_without_a_group_decides_nothing() {
        let mut plan = Plan::empty();
        let valid = plan.list("valid", &["P"]);
        plan.mdc("M0", Rule::True);
        plan.adrg("A0", AdrgKind::Surgical, Rule::False);
        plan.drg("A01", Rule::True);
        plan.mdc("M1", Rule::True);
        plan.adrg("A1", AdrgKind::Surgical, within(Scope::MainOp, valid));
        plan.drg("A11", Rule::True);
        plan.drg("A12", Rule::True);
        plan.adrg("A2", AdrgKind::Medical, Rule::True);
        plan.drg("A21", is(Predicate::Mcc));
        plan.severity("S", Level::Mcc, None);
        assert_eq!(
            plan.answer(&claim("X", &[], &["P"])),
            "grouped group_rule A11"
        );
        assert_eq!(
            plan.answer(&claim("X", &["S"], &["x"])),
            "grouped group_rule A21"
        );
        assert_eq!(plan.answer(&claim("X", &[], &["x"])), "ungrouped no_drg -");
    }

    #[test]
    fn a_case_without_a_group_has_the_reason_of_how_far_it_came() {
        let mut plan = Plan::empty();
        let list = plan.list("L", &["HIT"]);
        plan.mdc("M", within(Scope::Principal, list));
        plan.adrg("A", AdrgKind::Surgical, within(Scope::MainOp, list));
        plan.drg("A1", Rule::False);
        assert_eq!(
            plan.answer(&claim("x", &[], &["HIT"])),
            "ungrouped no_mdc -"
        );
        assert_eq!(
            plan.answer(&claim("HIT", &[], &["x"])),
            "ungrouped no_adrg -"
        );
        assert_eq!(
            plan.answer(&claim("HIT", &[], &["HIT"])),
            "ungrouped no_drg -"
        );
    }

    #[test]
    fn an_ungrouped_case_is_tried_again_with_each_other_procedure_alone() {
        let mut plan = Plan::empty();
        let (one, two) = (plan.list("one", &["P1"]), plan.list("two", &["P2"]));
        plan.mdc("M", Rule::True);
        let without = Rule::Not(Box::new(within(Scope::OtherOp, one)));
        let rule = Rule::All(vec![within(Scope::MainOp, two), without]);
        plan.adrg("B", AdrgKind::Surgical, rule);
        plan.drg("B1", Rule::True);
        plan.adrg("A", AdrgKind::Surgical, within(Scope::MainOp, one));
        plan.drg("A1", Rule::True);
        let first_is_unknown = claim("X", &[], &["x", "P1", "P2"]);
        assert_eq!(plan.answer(&first_is_unknown), "ungrouped no_adrg -");
        plan.0.settings.retry_with_each_other_procedure = true;
        assert_eq!(plan.answer(&first_is_unknown), "grouped group_rule A1");
        assert_eq!(
            plan.answer(&claim("X", &[], &["P2", "P1"])),
            "grouped group_rule A1"
        );
        assert_eq!(
            plan.answer(&claim("X", &[], &["x", "P2", "P1"])),
            "grouped group_rule B1"
        );
        assert_eq!(
            plan.answer(&claim("X", &[], &["x", "y"])),
            "ungrouped no_adrg -"
        );
    }
}
