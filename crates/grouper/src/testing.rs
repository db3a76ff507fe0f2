//! Small plans and claims for the tests of this crate.

use crate::{Grouper, Grouping, LookedUpClaim};
use drgdip_claims::{Claim, Sex};
use drgdip_tables::GroupingPlan;
use drgdip_tables::plan::{
    Adrg, AdrgKind, Checks, CodeList, CodeSettings, CodeTable, Drg, ExclusionRow, Level, Mdc,
    NoGroupFallback, RowRef, Settings, SeverityRow, StatedRule,
};
use drgdip_tables::rule::{ListId, Predicate, Rule, Scope};

/// A plan that is written down in a test.
pub(crate) struct Plan(pub(crate) GroupingPlan);

impl Plan {
    /// A plan without lists, rules and checks.
    pub(crate) fn empty() -> Self {
        Self(GroupingPlan {
            id: "test".to_owned(),
            title: "Test".to_owned(),
            base: None,
            settings: Settings {
                no_group_fallback: NoGroupFallback::Continue,
                retry_with_each_other_procedure: false,
                checks: no_checks(),
                newborn_days: 28,
                codes: CodeSettings::default(),
            },
            codes: CodeTable::default(),
            lists: Vec::new(),
            mdcs: Vec::new(),
            severity: Vec::new(),
            exclusions: Vec::new(),
            weights: Vec::new(),
            grey: Vec::new(),
            code_tables: None,
            dip: None,
            files: [
                "lists.csv",
                "mdc.csv",
                "adrg.csv",
                "drg.csv",
                "severity.csv",
                "excl.csv",
            ]
            .map(str::to_owned)
            .to_vec(),
        })
    }

    /// Adds a list and returns its id.
    pub(crate) fn list(&mut self, name: &str, codes: &[&str]) -> ListId {
        let id = ListId(u32::try_from(self.0.lists.len()).unwrap());
        let mut rows: Vec<_> = (10u32..)
            .zip(codes)
            .map(|(line, code)| (self.0.codes.intern(code), RowRef { file: 0, line }))
            .collect();
        rows.sort_unstable_by_key(|(code, _)| *code);
        rows.dedup_by_key(|(code, _)| *code);
        self.0.lists.push(CodeList {
            name: name.to_owned(),
            codes: rows,
        });
        id
    }

    /// Adds a MDC; the ADRGs that follow are its own.
    pub(crate) fn mdc(&mut self, code: &str, gate: Rule) {
        let line = u32::try_from(self.0.mdcs.len()).unwrap() + 2;
        self.0.mdcs.push(Mdc {
            code: code.to_owned(),
            name: format!("{code} 大类"),
            order: line,
            gate: stated(gate, 1, line),
            adrgs: Vec::new(),
        });
    }

    /// Adds an ADRG; the groups that follow are its own.
    pub(crate) fn adrg(&mut self, code: &str, kind: AdrgKind, rule: Rule) -> &mut Adrg {
        let line = self.0.mdcs.iter().map(|mdc| mdc.adrgs.len()).sum::<usize>();
        let fallback = self.0.settings.no_group_fallback;
        let mdc = self.0.mdcs.last_mut().unwrap();
        mdc.adrgs.push(Adrg {
            code: code.to_owned(),
            name: format!("{code} 组"),
            kind,
            order: u32::try_from(line).unwrap() + 2,
            rule: stated(rule, 2, u32::try_from(line).unwrap() + 2),
            fallback,
            stated_fallback: None,
            drgs: Vec::new(),
        });
        mdc.adrgs.last_mut().unwrap()
    }

    /// Adds a group row.
    pub(crate) fn drg(&mut self, code: &str, rule: Rule) {
        let adrg = self.0.mdcs.last_mut().unwrap().adrgs.last_mut().unwrap();
        let line = u32::try_from(adrg.drgs.len()).unwrap() + 2;
        adrg.drgs.push(Drg {
            code: code.to_owned(),
            name: format!("{code} 细分组"),
            order: line,
            rule: stated(rule, 3, line),
        });
    }

    /// Adds a severity row.
    pub(crate) fn severity(&mut self, code: &str, level: Level, table: Option<&str>) {
        let line = u32::try_from(self.0.severity.len()).unwrap() + 2;
        let code = self.0.codes.intern(code);
        self.0.severity.push(SeverityRow {
            code,
            level,
            exclusion_table: table.map(Into::into),
            row: RowRef { file: 4, line },
        });
        self.0.severity.sort_by_key(|row| row.code);
    }

    /// Adds an exclusion row.
    pub(crate) fn exclusion(&mut self, table: &str, principal: &str) {
        let line = u32::try_from(self.0.exclusions.len()).unwrap() + 2;
        let principal = self.0.codes.intern(principal);
        self.0.exclusions.push(ExclusionRow {
            exclusion_table: table.into(),
            principal,
            row: RowRef { file: 5, line },
        });
    }

    /// One MDC and one surgical ADRG with this rule, its only group unconditional.
    pub(crate) fn with_one_rule(rule: Rule) -> Self {
        let mut plan = Self::empty();
        plan.one_rule(rule);
        plan
    }

    /// Adds one MDC and one surgical ADRG with this rule, its only group unconditional.
    pub(crate) fn one_rule(&mut self, rule: Rule) {
        self.mdc("M", Rule::True);
        self.adrg("A", AdrgKind::Surgical, rule);
        self.drg("A1", Rule::True);
    }

    /// Groups a claim with the compiled plan.
    pub(crate) fn group(&self, claim: &Claim) -> Grouping {
        group(&Grouper::new(&self.0), &self.0, claim)
    }

    /// The status, the reason and the group of a claim, separated by blanks.
    pub(crate) fn answer(&self, claim: &Claim) -> String {
        let grouper = Grouper::new(&self.0);
        let outcome = group(&grouper, &self.0, claim).outcome;
        let group = outcome
            .group()
            .map_or("-", |group| &grouper.info(group).group);
        format!("{} {} {group}", outcome.status(), outcome.reason())
    }
}

/// Groups a claim.
pub(crate) fn group(grouper: &Grouper, plan: &GroupingPlan, claim: &Claim) -> Grouping {
    grouper.group(&LookedUpClaim::new(claim, plan, grouper).case())
}

/// No check at all.
pub(crate) fn no_checks() -> Checks {
    Checks {
        sex_missing: false,
        age_missing: false,
        age_0_without_days: false,
        newborn_without_weight: false,
        principal_missing: false,
    }
}

/// A claim with these codes; the first procedure is the main one.
pub(crate) fn claim(principal: &str, others: &[&str], procedures: &[&str]) -> Claim {
    let texts = |codes: &[&str]| codes.iter().map(|code| (*code).to_owned()).collect();
    Claim {
        case_id: "1".to_owned(),
        sex: Some(Sex::Male),
        age_years: Some(40),
        principal_diagnosis: Some(principal.to_owned()),
        other_diagnoses: texts(others),
        main_procedure: procedures.first().map(|code| (*code).to_owned()),
        other_procedures: texts(procedures.get(1..).unwrap_or_default()),
        ..Claim::default()
    }
}

/// A rule of one predicate.
pub(crate) fn is(predicate: Predicate) -> Rule {
    Rule::Is(predicate)
}

/// A rule that asks a scope for a list.
pub(crate) fn within(scope: Scope, list: ListId) -> Rule {
    is(Predicate::In(scope, list))
}

fn stated(rule: Rule, file: u16, line: u32) -> StatedRule {
    StatedRule {
        text: format!("rule {file}/{line}"),
        rule,
        row: RowRef { file, line },
    }
}
