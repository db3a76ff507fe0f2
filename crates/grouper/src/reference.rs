//! A second grouper, slow and plain, to hold the fast one to.
//!
//! It works on the text of claims and on parsed rules, and shares nothing with the compiled
//! plan: no classes, no bit sets, no partial evaluation. Lists are sets of strings.

use drgdip_claims::{Claim, Sex};
use drgdip_tables::GroupingPlan;
use drgdip_tables::code_set::CodeKind;
use drgdip_tables::plan::{Adrg, AdrgKind, Level, NoGroupFallback, Repairs};
use drgdip_tables::rule::{ListId, NumberField, Predicate, Rule, Scope};
use std::collections::{HashMap, HashSet};

/// What the reference says of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: &'static str,
    pub(crate) reason: &'static str,
    /// MDC, ADRG and group.
    pub(crate) codes: Option<(String, String, String)>,
    pub(crate) severity: &'static str,
}

/// A plan with its lists as sets of strings.
pub(crate) struct Reference<'a> {
    plan: &'a GroupingPlan,
    lists: Vec<HashSet<&'a str>>,
    /// By principal diagnosis, the exclusion tables that it stands under.
    excludes: HashMap<&'a str, HashSet<&'a str>>,
    /// By diagnosis, its levels and their exclusion tables.
    severity: HashMap<&'a str, Vec<(Level, Option<&'a str>)>>,
    /// The valid codes of each kind.
    valid: [HashSet<&'a str>; 2],
    /// These, and all codes of the plan.
    known: [HashSet<&'a str>; 2],
}

/// A claim whose procedures may have been replaced by a retry.
struct View<'a> {
    claim: &'a Claim,
    main: Option<&'a str>,
    other_procedures: Vec<&'a str>,
}

impl<'a> Reference<'a> {
    pub(crate) fn new(plan: &'a GroupingPlan) -> Self {
        let mut excludes: HashMap<_, HashSet<_>> = HashMap::new();
        for row in &plan.exclusions {
            let principal = plan.codes.text(row.principal);
            excludes
                .entry(principal)
                .or_default()
                .insert(&*row.exclusion_table);
        }
        let mut severity: HashMap<_, Vec<_>> = HashMap::new();
        for row in &plan.severity {
            let fact = (row.level, row.exclusion_table.as_deref());
            severity
                .entry(plan.codes.text(row.code))
                .or_default()
                .push(fact);
        }
        let texts = |list: &'a drgdip_tables::plan::CodeList| {
            list.codes
                .iter()
                .map(|(code, _)| plan.codes.text(*code))
                .collect()
        };
        let set = plan
            .code_tables
            .as_deref()
            .and_then(|tables| tables.set.as_ref());
        let valid = [CodeKind::Diagnosis, CodeKind::Procedure].map(|kind| {
            set.into_iter()
                .flat_map(|set| set.codes(kind).texts())
                .collect()
        });
        let known = valid
            .clone()
            .map(|valid: HashSet<&str>| valid.into_iter().chain(plan.codes.texts()).collect());
        Self {
            plan,
            valid,
            known,
            lists: plan.lists.iter().map(texts).collect(),
            excludes,
            severity,
        }
    }

    /// Groups a claim: codes, checks, then the walk, then the retries.
    pub(crate) fn group(&self, claim: &Claim) -> Answer {
        let claim = &self.resolved(claim);
        if let Some(reason) = self.invalid(claim) {
            return self.answer(claim, ("invalid", reason), None);
        }
        let as_it_is = View {
            claim,
            main: claim.main_procedure.as_deref(),
            other_procedures: claim.other_procedures.iter().map(String::as_str).collect(),
        };
        let first = self.walk(&as_it_is);
        if first.status != "ungrouped" || !self.plan.settings.retry_with_each_other_procedure {
            return first;
        }
        for procedure in &claim.other_procedures {
            let again = self.walk(&View {
                claim,
                main: Some(procedure),
                other_procedures: Vec::new(),
            });
            if again.status != "ungrouped" {
                return again;
            }
        }
        first
    }

    fn answer(
        &self,
        claim: &Claim,
        (status, reason): (&'static str, &'static str),
        codes: Option<(String, String, String)>,
    ) -> Answer {
        let severity = if self.raises(claim, Level::Mcc) {
            "mcc"
        } else if self.raises(claim, Level::Cc) {
            "cc"
        } else {
            "none"
        };
        Answer {
            status,
            reason,
            codes,
            severity,
        }
    }

    fn invalid(&self, claim: &Claim) -> Option<&'static str> {
        let settings = &self.plan.settings;
        let checks = &settings.checks;
        if checks.sex_missing && claim.sex.is_none() {
            return Some("sex_missing");
        }
        if checks.age_missing && claim.age_years.is_none() {
            return Some("age_missing");
        }
        if checks.age_0_without_days && claim.age_years == Some(0) && claim.age_days.is_none() {
            return Some("age_days_missing");
        }
        if checks.newborn_without_weight
            && claim.age_years == Some(0)
            && matches!(claim.age_days, Some(days) if days <= settings.newborn_days)
            && claim.birth_weight_g.is_none()
        {
            return Some("birth_weight_missing");
        }
        if checks.principal_missing && claim.principal_diagnosis.is_none() {
            return Some("principal_missing");
        }
        let diagnoses = claim
            .principal_diagnosis
            .iter()
            .chain(&claim.other_diagnoses);
        let procedures = claim.main_procedure.iter().chain(&claim.other_procedures);
        let mut codes = diagnoses
            .map(|code| (code, CodeKind::Diagnosis))
            .chain(procedures.map(|code| (code, CodeKind::Procedure)));
        if settings.codes.unknown_is_invalid && codes.any(|(code, kind)| !self.is_valid(code, kind))
        {
            return Some("unknown_code");
        }
        let principal = claim.principal_diagnosis.as_ref();
        let mut grey = self.plan.grey.iter();
        if principal.is_some_and(|code| grey.any(|row| row.code == *code)) {
            return Some("grey_principal");
        }
        None
    }

    /// The claim with each code as the plan's settings take it.
    fn resolved(&self, claim: &Claim) -> Claim {
        let diagnosis = |code: &String| self.code(code, CodeKind::Diagnosis);
        let procedure = |code: &String| self.code(code, CodeKind::Procedure);
        Claim {
            principal_diagnosis: claim.principal_diagnosis.as_ref().map(diagnosis),
            other_diagnoses: claim.other_diagnoses.iter().map(diagnosis).collect(),
            main_procedure: claim.main_procedure.as_ref().map(procedure),
            other_procedures: claim.other_procedures.iter().map(procedure).collect(),
            ..claim.clone()
        }
    }

    /// A code after repair and crosswalk, found by comparing it with every code there is.
    fn code(&self, written: &str, kind: CodeKind) -> String {
        let known = &self.known[kind as usize];
        let tables = self.plan.code_tables.as_deref();
        let crosswalk = tables.and_then(|tables| tables.crosswalk.as_ref());
        let all = self.plan.settings.codes.repairs;
        let clinical: HashSet<&str> = crosswalk
            .into_iter()
            .flat_map(|crosswalk| crosswalk.entries(kind).keys().map(String::as_str))
            .collect();
        let mut code = written.to_owned();
        let is_as_written = known.contains(written) || clinical.contains(written);
        if !is_as_written && all != Repairs::default() {
            let without_case = Repairs {
                letter_case: false,
                ..all
            };
            let mut candidates = Vec::new();
            for (repairs, codes) in [
                (without_case, known),
                (without_case, &clinical),
                (all, known),
                (all, &clinical),
            ] {
                if candidates.is_empty() {
                    let plain = loosened(written, repairs);
                    let same = |other: &&&str| loosened(other, repairs) == plain;
                    candidates = codes.iter().filter(same).collect();
                }
            }
            if let [only] = &candidates[..] {
                code = (**only).to_owned();
            }
        }
        let mapped = crosswalk.and_then(|crosswalk| crosswalk.entries(kind).get(&code));
        match mapped {
            Some(insurance) if !known.contains(code.as_str()) => insurance.clone(),
            _ => code,
        }
    }

    fn is_valid(&self, code: &str, kind: CodeKind) -> bool {
        self.valid[kind as usize].contains(code)
    }

    fn walk(&self, view: &View<'_>) -> Answer {
        let (mut entered, mut matched) = (false, false);
        for mdc in &self.plan.mdcs {
            if !self.holds(&mdc.gate.rule, view) {
                continue;
            }
            entered = true;
            for adrg in &mdc.adrgs {
                if !self.holds(&adrg.rule.rule, view) {
                    continue;
                }
                matched = true;
                if let Some((verdict, group)) = self.choose(adrg, view) {
                    let codes = (mdc.code.clone(), adrg.code.clone(), group);
                    return self.answer(view.claim, verdict, Some(codes));
                }
            }
        }
        let reason = match (entered, matched) {
            (_, true) => "no_drg",
            (true, false) => "no_adrg",
            (false, false) => "no_mdc",
        };
        self.answer(view.claim, ("ungrouped", reason), None)
    }

    fn choose(
        &self,
        adrg: &Adrg,
        view: &View<'_>,
    ) -> Option<((&'static str, &'static str), String)> {
        for drg in &adrg.drgs {
            if self.holds(&drg.rule.rule, view) {
                let verdict = if adrg.kind == AdrgKind::Ambiguous {
                    ("ambiguous", "valid_procedure_outside_mdc")
                } else {
                    ("grouped", "group_rule")
                };
                return Some((verdict, drg.code.clone()));
            }
        }
        match adrg.fallback {
            NoGroupFallback::Adrg => Some((
                ("grouped", "adrg_without_matching_group"),
                adrg.code.clone(),
            )),
            NoGroupFallback::Continue => None,
        }
    }

    fn holds(&self, rule: &Rule, view: &View<'_>) -> bool {
        match rule {
            Rule::True => true,
            Rule::False => false,
            Rule::Not(inner) => !self.holds(inner, view),
            Rule::All(parts) => parts.iter().all(|part| self.holds(part, view)),
            Rule::Any(parts) => parts.iter().any(|part| self.holds(part, view)),
            Rule::Is(predicate) => self.is(predicate, view),
        }
    }

    fn is(&self, predicate: &Predicate, view: &View<'_>) -> bool {
        let claim = view.claim;
        match predicate {
            Predicate::In(scope, list) => self.any_in(&codes(*scope, view), *list),
            Predicate::PrincipalStarts(list) => self.starts(&codes(Scope::Principal, view), *list),
            Predicate::MainOpStarts(list) => self.starts(&codes(Scope::MainOp, view), *list),
            Predicate::NoOp => codes(Scope::AnyOp, view).is_empty(),
            Predicate::Mcc => self.raises(claim, Level::Mcc),
            Predicate::Cc => self.raises(claim, Level::Cc),
            Predicate::NewTech => claim.new_tech,
            Predicate::Number(field, comparison, limit) => {
                number(claim, *field).is_some_and(|value| comparison.holds(value, *limit))
            }
            Predicate::SexIs(Sex::Male) => claim.sex == Some(Sex::Male),
            Predicate::SexIs(Sex::Female) => claim.sex == Some(Sex::Female),
            Predicate::DischargeIn(ways) => claim
                .discharge_way
                .as_ref()
                .is_some_and(|way| ways.contains(way)),
            Predicate::DepartmentIs(code) => claim.department.as_ref() == Some(code),
            Predicate::BodyRegions(lists, at_least) => {
                let diagnoses = codes(Scope::AnyDx, view);
                let mut regions = 0;
                for list in lists {
                    if self.any_in(&diagnoses, *list) {
                        regions += 1;
                    }
                }
                regions >= *at_least
            }
        }
    }

    fn any_in(&self, codes: &[&str], list: ListId) -> bool {
        codes
            .iter()
            .any(|code| self.lists[list.0 as usize].contains(code))
    }

    fn starts(&self, codes: &[&str], list: ListId) -> bool {
        let entries = &self.lists[list.0 as usize];
        let starts = |code: &&str| entries.iter().any(|entry| code.starts_with(entry));
        codes.iter().any(starts)
    }

    fn raises(&self, claim: &Claim, level: Level) -> bool {
        let principal = claim.principal_diagnosis.as_deref().unwrap_or_default();
        let excluded_tables = self.excludes.get(principal);
        for code in &claim.other_diagnoses {
            for (row_level, table) in self.severity.get(code.as_str()).into_iter().flatten() {
                let excluded = table.is_some_and(|table| {
                    excluded_tables.is_some_and(|tables| tables.contains(table))
                });
                if *row_level == level && !excluded {
                    return true;
                }
            }
        }
        false
    }
}

/// What two codes have in common that differ only in what a plan repairs.
fn loosened(code: &str, repairs: Repairs) -> String {
    let mut plain = String::new();
    for mut c in code.chars() {
        if repairs.full_width && ('！'..='～').contains(&c) {
            c = char::from(u8::try_from(u32::from(c) - u32::from('！')).unwrap() + b'!');
        }
        if repairs.spaces && (c == ' ' || c == '\u{3000}') {
            continue;
        }
        if repairs.letter_case {
            c = c.to_ascii_uppercase();
        }
        plain.push(c);
    }
    plain
}

/// The codes of a claim that a scope looks at.
fn codes<'a>(scope: Scope, view: &View<'a>) -> Vec<&'a str> {
    let principal = view.claim.principal_diagnosis.as_deref();
    let other_dx = || view.claim.other_diagnoses.iter().map(String::as_str);
    match scope {
        Scope::Principal => principal.into_iter().collect(),
        Scope::AnyDx => principal.into_iter().chain(other_dx()).collect(),
        Scope::OtherDx => other_dx().collect(),
        Scope::MainOp => view.main.into_iter().collect(),
        Scope::AnyOp => view
            .main
            .into_iter()
            .chain(view.other_procedures.clone())
            .collect(),
        Scope::OtherOp => view.other_procedures.clone(),
    }
}

fn number(claim: &Claim, field: NumberField) -> Option<i64> {
    match field {
        NumberField::AgeYears => claim.age_years,
        NumberField::AgeDays => claim.age_days,
        NumberField::BirthWeightG => claim.birth_weight_g,
        NumberField::StayDays => claim.stay_days,
        NumberField::IcuHours => claim.icu_hours,
        NumberField::VentilatorHours => claim.ventilator_hours,
    }
}
