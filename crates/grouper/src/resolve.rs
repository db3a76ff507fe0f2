//! From the text of a code to what the grouper gets, by the code settings of a plan.
//!
//! Batches resolve each distinct text once, single claims each of their codes; both do it here.

use crate::case::{CaseCode, CodeFaults};
use drgdip_claims::{Claim, Finding};
use drgdip_tables::GroupingPlan;
use drgdip_tables::code_set::{CodeKind, CodeSet, CodeTables};
use drgdip_tables::plan::GreyRow;
use std::borrow::Cow;

/// Which code of a claim a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CodeRole {
    /// 主要诊断.
    Principal,
    /// 其他诊断.
    OtherDiagnosis,
    /// 主要手术及操作.
    MainProcedure,
    /// 其他手术及操作.
    OtherProcedure,
}

impl CodeRole {
    /// What a code in this role stands for.
    #[must_use]
    pub const fn kind(self) -> CodeKind {
        match self {
            Self::Principal | Self::OtherDiagnosis => CodeKind::Diagnosis,
            Self::MainProcedure | Self::OtherProcedure => CodeKind::Procedure,
        }
    }

    /// The claim column that holds it.
    #[must_use]
    pub const fn column(self) -> &'static str {
        match self {
            Self::Principal => "principal_diagnosis",
            Self::OtherDiagnosis => "other_diagnoses",
            Self::MainProcedure => "main_procedure",
            Self::OtherProcedure => "other_procedures",
        }
    }

    const fn not_in_code_set(self) -> Finding {
        match self.kind() {
            CodeKind::Diagnosis => Finding::DiagnosisNotInCodeSet,
            CodeKind::Procedure => Finding::ProcedureNotInCodeSet,
        }
    }
}

/// What became of the text of a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved<'p> {
    /// What the grouper gets.
    pub code: CaseCode,
    /// The text after repair; `None` where nothing was repaired.
    pub repaired: Option<Cow<'p, str>>,
    /// The code that the crosswalk has for it; `None` where it was left alone.
    pub mapped: Option<&'p str>,
    /// Whether it does not stand in the code set; `false` where the plan names none.
    pub is_unknown: bool,
    /// The row by which it cannot be a principal diagnosis.
    pub grey: Option<&'p GreyRow>,
}

impl Resolved<'_> {
    /// The text by which the code is looked up in the plan.
    #[must_use]
    pub fn text<'t>(&'t self, written: &'t str) -> &'t str {
        self.mapped.or(self.repaired.as_deref()).unwrap_or(written)
    }

    /// What is found about the code `written` in a claim.
    #[must_use]
    pub fn findings(&self, role: CodeRole, written: &str) -> Vec<CodeFinding> {
        let mut found = Vec::new();
        let mut say = |finding, value| {
            found.push(CodeFinding {
                role,
                finding,
                value,
            });
        };
        let text = self.text(written);
        if let Some(repaired) = &self.repaired {
            say(Finding::CodeRepaired, format!("{written} → {repaired}"));
        }
        if let Some(mapped) = self.mapped {
            let from = self.repaired.as_deref().unwrap_or(written);
            say(Finding::CodeMapped, format!("{from} → {mapped}"));
        }
        if self.is_unknown {
            say(role.not_in_code_set(), text.to_owned());
        }
        if role == CodeRole::Principal && self.grey.is_some() {
            say(Finding::GreyPrincipal, text.to_owned());
        }
        found
    }
}

/// What was found about one code of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeFinding {
    /// Which code it is.
    pub role: CodeRole,
    /// What was found.
    pub finding: Finding,
    /// The code, or what it became, such as `A01.000X001 → A01.000x001`.
    pub value: String,
}

/// Resolves the codes of claims by one plan.
#[derive(Clone, Copy, Debug)]
pub struct Resolver<'p> {
    plan: &'p GroupingPlan,
    tables: Option<&'p CodeTables>,
}

impl<'p> Resolver<'p> {
    /// A resolver with the tables that the plan has read.
    ///
    /// # Panics
    /// When the settings of the plan can change a code or an outcome, and its tables have not been
    /// read; [`drgdip_tables::LoadedPlan::with_code_tables`] reads them.
    #[must_use]
    pub fn new(plan: &'p GroupingPlan) -> Self {
        let tables = plan.code_tables.as_deref();
        assert!(
            tables.is_some() || !plan.settings.codes.can_change_outcomes(),
            "the code tables of plan {} have not been read",
            plan.id
        );
        Self { plan, tables }
    }

    /// Whether anything can be said of a code beyond whether it stands in the plan.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.set().is_some()
            || self.plan.settings.codes.can_change_outcomes()
            || !self.plan.grey.is_empty()
    }

    /// What becomes of the text of a code.
    ///
    /// A code that the plan or the code set knows is taken as it is. Otherwise the repairs of the
    /// plan are tried, and kept only where they lead to a code that is known to the plan, the code
    /// set or the crosswalk. What the plan and the code set still do not know goes through the
    /// crosswalk, once.
    #[must_use]
    pub fn resolve(&self, kind: CodeKind, written: &str) -> Resolved<'p> {
        let repaired = self.repaired(kind, written);
        let text = repaired.as_deref().unwrap_or(written);
        let mapped = match self.is_known(kind, text) {
            true => None,
            false => self.mapped(kind, text),
        };
        let text = mapped.unwrap_or(text);
        Resolved {
            code: CaseCode::look_up_in(self.plan, text),
            is_unknown: self.set().is_some_and(|set| !set.contains(kind, text)),
            grey: match kind {
                CodeKind::Diagnosis => self.plan.find_grey(text),
                CodeKind::Procedure => None,
            },
            repaired,
            mapped,
        }
    }

    /// What the grouper gets for the text of a code, as [`Resolver::resolve`] says it.
    #[must_use]
    pub fn code(&self, kind: CodeKind, written: &str) -> CaseCode {
        let found = CaseCode::look_up_in(self.plan, written);
        let is_stated = match self.plan.dip {
            Some(_) => self.plan.codes.find(written).is_some(),
            None => found.is_in_plan(),
        };
        // What the plan knows is never changed, and nearly all codes are of that kind.
        if is_stated || !self.plan.settings.codes.can_change_outcomes() {
            return found;
        }
        self.resolve(kind, written).code
    }

    fn set(&self) -> Option<&'p CodeSet> {
        self.tables?.set.as_ref()
    }

    fn is_known(&self, kind: CodeKind, text: &str) -> bool {
        let is_in_plan = self.plan.codes.find(text).is_some();
        is_in_plan || self.set().is_some_and(|set| set.contains(kind, text))
    }

    fn mapped(&self, kind: CodeKind, text: &str) -> Option<&'p str> {
        self.tables?.crosswalk.as_ref()?.find(kind, text)
    }

    fn repaired(&self, kind: CodeKind, written: &str) -> Option<Cow<'p, str>> {
        let repairs = self.plan.settings.codes.repairs;
        let is_taken = |text: &str| self.is_known(kind, text) || self.mapped(kind, text).is_some();
        if repairs == Default::default() || is_taken(written) {
            return None;
        }
        let mut text = written.to_owned();
        if repairs.full_width {
            text = text.chars().map(half_width).collect();
        }
        if repairs.spaces {
            text.retain(|c| !c.is_whitespace());
        }
        if text != written && is_taken(&text) {
            return Some(Cow::Owned(text));
        }
        let spelled = self.tables?.in_known_case(kind, &text);
        spelled.map(Cow::Borrowed)
    }
}

/// The ASCII character that a full-width one stands for; any other character is kept.
///
/// Source: the Unicode block Halfwidth and Fullwidth Forms holds ASCII from U+FF01 on in the same
/// order; the ideographic space is U+3000.
fn half_width(c: char) -> char {
    match c {
        '\u{3000}' => ' ',
        '\u{ff01}'..='\u{ff5e}' => {
            let ascii = u32::from(c).checked_sub(0xfee0);
            ascii.and_then(char::from_u32).unwrap_or(c)
        }
        _ => c,
    }
}

/// A claim with its codes as the grouper takes them, and what was found about them.
#[derive(Clone, Debug)]
pub struct ResolvedClaim<'c> {
    /// The claim; borrowed where no code was changed.
    pub claim: Cow<'c, Claim>,
    /// What is wrong with its codes.
    pub faults: CodeFaults,
    /// What was found about its codes, in the order of the roles.
    pub findings: Vec<CodeFinding>,
}

impl<'c> ResolvedClaim<'c> {
    /// Resolves the codes of a claim.
    #[must_use]
    pub fn new(claim: &'c Claim, plan: &GroupingPlan) -> Self {
        let resolver = Resolver::new(plan);
        let mut resolved = Self {
            claim: Cow::Borrowed(claim),
            faults: CodeFaults::default(),
            findings: Vec::new(),
        };
        if !resolver.is_on() {
            return resolved;
        }
        let mut code = |role, written: &String| resolved.take(&resolver, role, written);
        let mut changed = claim.clone();
        for (role, slot) in [
            (CodeRole::Principal, &mut changed.principal_diagnosis),
            (CodeRole::MainProcedure, &mut changed.main_procedure),
        ] {
            *slot = slot.as_ref().map(|written| code(role, written));
        }
        for (role, codes) in [
            (CodeRole::OtherDiagnosis, &mut changed.other_diagnoses),
            (CodeRole::OtherProcedure, &mut changed.other_procedures),
        ] {
            *codes = codes.iter().map(|written| code(role, written)).collect();
        }
        resolved.findings.sort_by_key(|found| found.role);
        resolved.claim = Cow::Owned(changed);
        resolved
    }

    /// Resolves one code and writes down what is found about it.
    fn take(&mut self, resolver: &Resolver<'_>, role: CodeRole, written: &str) -> String {
        let resolved = resolver.resolve(role.kind(), written);
        self.faults.unknown_code |= resolved.is_unknown;
        self.faults.grey_principal |= role == CodeRole::Principal && resolved.grey.is_some();
        self.findings.extend(resolved.findings(role, written));
        resolved.text(written).to_owned()
    }
}
