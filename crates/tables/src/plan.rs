//! A grouping plan as the grouper takes it: resolved, checked, in evaluation order.

use crate::code_set::CodeTables;
pub use crate::codes::CodeTable;
use crate::dip::DipCatalogue;
use crate::error::Place;
use crate::rule::{ListId, Rule};
use std::collections::HashMap;
use std::sync::Arc;

/// The index of a code among all codes that a plan mentions (diagnoses and procedures alike).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CodeId(pub u32);

/// A row of a table file: what decided, for traces and messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowRef {
    /// Index into [`GroupingPlan::files`].
    pub file: u16,
    /// The line in that file, from 1.
    pub line: u32,
}

/// A resolved grouping plan (分组方案).
#[derive(Clone, Debug)]
pub struct GroupingPlan {
    /// Such as `chs-drg-1.1`.
    pub id: String,
    /// The title for people.
    pub title: String,
    /// The plan that this one is an overlay of.
    pub base: Option<String>,
    /// What to do where no rule says it.
    pub settings: Settings,
    /// Every code of every list.
    pub codes: CodeTable,
    /// The code lists; [`ListId`] is the index.
    pub lists: Vec<CodeList>,
    /// The MDCs in the order in which they are tried.
    pub mdcs: Vec<Mdc>,
    /// Diagnoses that raise severity, sorted by code.
    pub severity: Vec<SeverityRow>,
    /// Principal diagnoses that switch off an exclusion table, in the order of their rows.
    pub exclusions: Vec<ExclusionRow>,
    /// Relative weights (权重, RW) by group, sorted by group; empty where the plan has none.
    pub weights: Vec<WeightRow>,
    /// Codes that cannot be the principal diagnosis (灰码), sorted by code.
    pub grey: Vec<GreyRow>,
    /// The tables that [`CodeSettings`] name, where they have been read.
    pub code_tables: Option<Arc<CodeTables>>,
    /// The catalogue of a DIP plan, which has neither MDCs nor severity; `None` for a DRG plan.
    pub dip: Option<Arc<DipCatalogue>>,
    /// The files that [`RowRef`] points into, as people know them.
    pub files: Vec<String>,
}

impl GroupingPlan {
    /// The place that a row reference means.
    #[must_use]
    pub fn place(&self, row: RowRef) -> Place {
        Place {
            file: self.files[usize::from(row.file)].clone(),
            line: Some(u64::from(row.line)),
            field: None,
        }
    }

    /// The id by which a case's code is looked up; `None` when no table of the plan can tell it
    /// from any other code.
    ///
    /// A DRG plan matches codes byte by byte. A DIP plan also has keys and lists that take every
    /// code which begins so; such a code has the id of the longest of them.
    #[must_use]
    pub fn find_code(&self, code: &str) -> Option<CodeId> {
        match self.codes.find(code) {
            None if self.dip.is_some() => crate::dip::codes::find_below(&self.codes, code),
            found => found,
        }
    }

    /// The row by which a code cannot be the principal diagnosis (灰码).
    #[must_use]
    pub fn find_grey(&self, code: &str) -> Option<&GreyRow> {
        let found = self
            .grey
            .binary_search_by(|row| row.code.as_str().cmp(code));
        found.ok().map(|index| &self.grey[index])
    }

    /// The list with this id.
    #[must_use]
    pub fn list(&self, id: ListId) -> &CodeList {
        &self.lists[id.0 as usize]
    }

    /// The MDC with this code.
    #[must_use]
    pub fn find_mdc(&self, code: &str) -> Option<&Mdc> {
        self.mdcs.iter().find(|mdc| mdc.code == code)
    }

    /// The ADRG with this code, with its MDC.
    #[must_use]
    pub fn find_adrg(&self, code: &str) -> Option<(&Mdc, &Adrg)> {
        self.adrgs().find(|(_, adrg)| adrg.code == code)
    }

    /// The group with this code, with its MDC and ADRG.
    #[must_use]
    pub fn find_drg(&self, code: &str) -> Option<(&Mdc, &Adrg, &Drg)> {
        self.drgs().find(|(_, _, drg)| drg.code == code)
    }

    /// Every ADRG with its MDC, in the order in which they are tried.
    pub fn adrgs(&self) -> impl Iterator<Item = (&Mdc, &Adrg)> {
        self.mdcs
            .iter()
            .flat_map(|mdc| mdc.adrgs.iter().map(move |adrg| (mdc, adrg)))
    }

    /// Every group with its MDC and ADRG, in the order in which they are tried.
    pub fn drgs(&self) -> impl Iterator<Item = (&Mdc, &Adrg, &Drg)> {
        self.adrgs()
            .flat_map(|(mdc, adrg)| adrg.drgs.iter().map(move |drg| (mdc, adrg, drg)))
    }

    /// Every rule: gates, then those of ADRGs, then those of groups.
    pub fn rules(&self) -> impl Iterator<Item = &StatedRule> {
        let gates = self.mdcs.iter().map(|mdc| &mdc.gate);
        let adrgs = self.adrgs().map(|(_, adrg)| &adrg.rule);
        gates
            .chain(adrgs)
            .chain(self.drgs().map(|(_, _, drg)| &drg.rule))
    }

    /// The weights by group.
    #[must_use]
    pub fn weights_by_group(&self) -> HashMap<&str, &WeightRow> {
        self.weights
            .iter()
            .map(|weight| (weight.group.as_str(), weight))
            .collect()
    }

    /// How much the plan holds.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let is_ambiguous = |adrg: &Adrg| adrg.kind == AdrgKind::Ambiguous;
        let ambiguous_groups = self.adrgs().filter(|(_, adrg)| is_ambiguous(adrg)).count();
        Counts {
            mdcs: self.mdcs.len(),
            adrgs: self.adrgs().count() - ambiguous_groups,
            ambiguous_groups,
            drgs: match &self.dip {
                Some(catalogue) => catalogue.groups.len(),
                None => self
                    .drgs()
                    .filter(|(_, adrg, _)| !is_ambiguous(adrg))
                    .count(),
            },
            weights: self.weights.len(),
        }
    }
}

/// How much a plan holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// MDCs.
    pub mdcs: usize,
    /// ADRGs without the ambiguous ones.
    pub adrgs: usize,
    /// Ambiguous ADRGs (歧义组).
    pub ambiguous_groups: usize,
    /// Groups without the ambiguous ones.
    pub drgs: usize,
    /// Groups with a weight.
    pub weights: usize,
}

/// What to do when an ADRG matches but none of its groups does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoGroupFallback {
    /// The case is grouped, and the group is the ADRG code itself.
    Adrg,
    /// Go on with the next ADRG as if this one had not matched.
    Continue,
}

/// Which missing facts make a case invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checks {
    /// Sex absent or neither 1 nor 2.
    pub sex_missing: bool,
    /// Age in years absent.
    pub age_missing: bool,
    /// Age in years 0 and age in days absent.
    pub age_0_without_days: bool,
    /// Age in years 0, age in days at most [`Settings::newborn_days`], and no birth weight.
    pub newborn_without_weight: bool,
    /// No principal diagnosis.
    pub principal_missing: bool,
}

/// The settings of a plan (`plan.toml`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// What to do when an ADRG matches but none of its groups does.
    pub no_group_fallback: NoGroupFallback,
    /// Whether an ungrouped case is tried again with each other procedure as its only one.
    pub retry_with_each_other_procedure: bool,
    /// Which missing facts make a case invalid.
    pub checks: Checks,
    /// Up to which age in days a case is a newborn.
    pub newborn_days: i64,
    /// What is done with codes before they are looked up.
    pub codes: CodeSettings,
}

/// What a plan does with the codes of a case before it looks them up; by default nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CodeSettings {
    /// The id of the code set in which every code should stand.
    pub set: Option<String>,
    /// Whether a code outside the code set makes the case invalid; it is a finding in any case.
    pub unknown_is_invalid: bool,
    /// How codes are repaired that are not known as they are written.
    pub repairs: Repairs,
    /// The id of the crosswalk by which codes of another edition are taken.
    pub crosswalk: Option<String>,
    /// Whether the plan has a list of codes that cannot be the principal diagnosis (灰码).
    pub has_grey_list: bool,
}

impl CodeSettings {
    /// Whether what a case is grouped as depends on a code set or a repair.
    #[must_use]
    pub fn can_change_outcomes(&self) -> bool {
        self.unknown_is_invalid || self.repairs != Repairs::default() || self.crosswalk.is_some()
    }
}

/// Which repairs of a code a plan allows.
///
/// A repaired code is taken only where it then stands in the plan, the code set or the crosswalk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Repairs {
    /// The letter case of a known code is put in place of another one.
    pub letter_case: bool,
    /// Full-width characters become the ASCII ones that they stand for.
    pub full_width: bool,
    /// Blanks before, after and inside the code are left out.
    pub spaces: bool,
}

/// A list of codes.
#[derive(Clone, Debug)]
pub struct CodeList {
    /// Such as `BB1.op`.
    pub name: String,
    /// The codes and the rows that state them, sorted by code id, no repeats.
    pub codes: Vec<(CodeId, RowRef)>,
}

/// A rule with its text and its row.
#[derive(Clone, Debug)]
pub struct StatedRule {
    /// As written in the table.
    pub text: String,
    /// As parsed.
    pub rule: Rule,
    /// The row that states it.
    pub row: RowRef,
}

/// A major diagnostic category (主要诊断大类).
#[derive(Clone, Debug)]
pub struct Mdc {
    /// Such as `MDCB`.
    pub code: String,
    /// The Chinese name.
    pub name: String,
    /// Its place among the MDCs; they are tried from the lowest number up.
    pub order: u32,
    /// Which cases enter.
    pub gate: StatedRule,
    /// Its ADRGs in the order in which they are tried.
    pub adrgs: Vec<Adrg>,
}

/// What kind of treatment an ADRG stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdrgKind {
    /// 外科.
    Surgical,
    /// 非手术操作.
    Procedural,
    /// 内科.
    Medical,
    /// 歧义组: a valid operation that fits nowhere in the MDC.
    Ambiguous,
}

/// A core group (核心疾病诊断相关组).
#[derive(Clone, Debug)]
pub struct Adrg {
    /// Such as `BB1`.
    pub code: String,
    /// The Chinese name.
    pub name: String,
    /// The kind of treatment.
    pub kind: AdrgKind,
    /// Its place in its MDC.
    pub order: u32,
    /// Which cases belong to it.
    pub rule: StatedRule,
    /// What to do when none of its groups matches.
    pub fallback: NoGroupFallback,
    /// The same where the ADRG says it itself and does not leave it to the plan.
    pub stated_fallback: Option<NoGroupFallback>,
    /// Its groups in the order in which they are tried.
    pub drgs: Vec<Drg>,
}

/// A group (细分组).
#[derive(Clone, Debug)]
pub struct Drg {
    /// Such as `BB11`.
    pub code: String,
    /// The Chinese name.
    pub name: String,
    /// Its place in its ADRG.
    pub order: u32,
    /// Which cases of the ADRG belong to it.
    pub rule: StatedRule,
}

/// The level of a complication or comorbidity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// 严重并发症或合并症.
    Mcc,
    /// 一般并发症或合并症.
    Cc,
}

/// A diagnosis that raises severity.
#[derive(Clone, Debug)]
pub struct SeverityRow {
    /// The diagnosis.
    pub code: CodeId,
    /// How much it raises severity.
    pub level: Level,
    /// The exclusion table (排除表) that can switch it off; `None` is never switched off.
    pub exclusion_table: Option<Arc<str>>,
    /// The row that states it.
    pub row: RowRef,
}

/// A principal diagnosis that switches off one exclusion table.
#[derive(Clone, Debug)]
pub struct ExclusionRow {
    /// The exclusion table.
    pub exclusion_table: Arc<str>,
    /// The principal diagnosis.
    pub principal: CodeId,
    /// The row that states it.
    pub row: RowRef,
}

/// A code that cannot be the principal diagnosis (灰码).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GreyRow {
    /// The diagnosis.
    pub code: String,
    /// The row that states it.
    pub row: RowRef,
}

/// The relative weight of a group.
#[derive(Clone, Debug)]
pub struct WeightRow {
    /// The group.
    pub group: String,
    /// The weight in ten-thousandths.
    pub ten_thousandths: i64,
    /// How the weight was found, such as `published` or `mean_of_adrg`.
    pub origin: String,
    /// The key of the text that it comes from, in the list of sources.
    pub source: String,
    /// The row that states it.
    pub row: RowRef,
}

impl WeightRow {
    /// The weight as decimal text with four places.
    #[must_use]
    pub fn text(&self) -> String {
        let (whole, part) = (self.ten_thousandths / 10_000, self.ten_thousandths % 10_000);
        format!("{whole}.{part:04}")
    }
}
