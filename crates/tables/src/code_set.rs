//! Code sets (编码字典) and crosswalks between them (编码对照).
//!
//! They are read only by those who need them: a plan names them in its settings, and
//! [`crate::LoadedPlan::with_code_tables`] reads what it names.

use crate::plan::{CodeTable, GroupingPlan};
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// What a code stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CodeKind {
    /// 疾病诊断, in the manner of ICD-10.
    Diagnosis,
    /// 手术操作, in the manner of ICD-9-CM-3.
    Procedure,
}

/// All valid codes of one edition.
#[derive(Clone, Debug, Default)]
pub struct CodeSet {
    /// The id, which is the name of its folder.
    pub id: String,
    /// The diagnoses.
    pub diagnoses: CodeTable,
    /// The procedures.
    pub procedures: CodeTable,
}

impl CodeSet {
    /// The codes of one kind.
    #[must_use]
    pub const fn codes(&self, kind: CodeKind) -> &CodeTable {
        match kind {
            CodeKind::Diagnosis => &self.diagnoses,
            CodeKind::Procedure => &self.procedures,
        }
    }

    /// Whether a code is valid, byte by byte.
    #[must_use]
    pub fn contains(&self, kind: CodeKind, code: &str) -> bool {
        self.codes(kind).find(code).is_some()
    }
}

/// From the codes of the clinical edition (国临版) to those of the insurance edition (医保版).
#[derive(Clone, Debug, Default)]
pub struct Crosswalk {
    /// The id, which is the name of its folder.
    pub id: String,
    /// The insurance code of each clinical one, where they differ.
    pub diagnoses: HashMap<String, String>,
    /// The same for procedures.
    pub procedures: HashMap<String, String>,
}

impl Crosswalk {
    /// The entries of one kind.
    #[must_use]
    pub const fn entries(&self, kind: CodeKind) -> &HashMap<String, String> {
        match kind {
            CodeKind::Diagnosis => &self.diagnoses,
            CodeKind::Procedure => &self.procedures,
        }
    }

    /// The insurance code of a clinical one.
    #[must_use]
    pub fn find(&self, kind: CodeKind, clinical: &str) -> Option<&str> {
        self.entries(kind).get(clinical).map(String::as_str)
    }
}

/// The tables that the code settings of a plan name, read and ready for lookups.
#[derive(Clone, Debug, Default)]
pub struct CodeTables {
    /// The valid codes; `None` where the plan names no code set.
    pub set: Option<CodeSet>,
    /// The crosswalk; `None` where the plan names none.
    pub crosswalk: Option<Crosswalk>,
    /// How the known codes are written, where letter case is repaired.
    cases: Option<[LetterCases; 2]>,
}

/// By the code in capital letters, how it is written; `None` where two codes differ only in case.
type LetterCases = HashMap<String, Option<String>>;

impl CodeTables {
    /// Joins the tables of a plan; where the plan repairs letter case, its codes are looked
    /// through.
    #[must_use]
    pub fn new(plan: &GroupingPlan, set: Option<CodeSet>, crosswalk: Option<Crosswalk>) -> Self {
        let mut tables = Self {
            set,
            crosswalk,
            cases: None,
        };
        if plan.settings.codes.repairs.letter_case {
            let kinds = [CodeKind::Diagnosis, CodeKind::Procedure];
            tables.cases = Some(kinds.map(|kind| tables.letter_cases(plan, kind)));
        }
        tables
    }

    /// The spelling of a known code that differs from `code` at most in letter case.
    ///
    /// `None` when there is no such code, or more than one.
    #[must_use]
    pub fn in_known_case(&self, kind: CodeKind, code: &str) -> Option<&str> {
        let cases = &self.cases.as_ref()?[kind as usize];
        cases.get(&code.to_ascii_uppercase())?.as_deref()
    }

    /// Codes of the plan and the set first; those of the crosswalk only where neither has one.
    fn letter_cases(&self, plan: &GroupingPlan, kind: CodeKind) -> LetterCases {
        let mut cases = LetterCases::new();
        let set = self.set.iter().flat_map(|set| set.codes(kind).texts());
        for code in plan.codes.texts().chain(set) {
            match cases.entry(code.to_ascii_uppercase()) {
                Entry::Vacant(free) => {
                    free.insert(Some(code.to_owned()));
                }
                Entry::Occupied(mut known) if known.get().as_deref() != Some(code) => {
                    known.insert(None);
                }
                Entry::Occupied(_) => {}
            }
        }
        let crosswalk = self.crosswalk.iter();
        let mut clinical = LetterCases::new();
        for code in crosswalk.flat_map(|crosswalk| crosswalk.entries(kind).keys()) {
            let spelled = clinical.entry(code.to_ascii_uppercase());
            spelled
                .and_modify(|other| *other = None)
                .or_insert_with(|| Some(code.clone()));
        }
        for (folded, spelled) in clinical {
            cases.entry(folded).or_insert(spelled);
        }
        cases
    }
}
