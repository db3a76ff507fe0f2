//! Catalogues of DIP (按病种分值付费): groups of a diagnosis with a treatment, tried layer by layer.
//!
//! A DIP plan is a [`crate::GroupingPlan`] without MDCs and with a [`DipCatalogue`]. Its lists are
//! the lists of the rule language; an entry of a list takes every code that begins with it.
//!
//! Source: 国家医疗保障按病种分值(DIP)付费 3.0 版技术规范 (consultation draft) and the grouping scheme
//! that goes with it, for the layers, the cells and the order of matching; regional tie-breaks stand
//! in `tie-breaks.toml` with their sources.

pub mod auxiliary;
mod code_rows;
pub mod codes;
mod expression;
mod groups;
mod load;
mod manifest;
mod problem;
#[cfg(test)]
mod tests;
pub mod tie_break;
mod warnings;

pub use auxiliary::Auxiliary;
pub use code_rows::{ClassRow, ExcludedRow, ProcedureRule, ProcedureRuleRow};
pub use expression::{Expression, Sign};
pub use groups::{GROUP_COLUMNS, procedure_matches};
pub(crate) use load::{is_dip, load_files};
pub use problem::DipProblem;
pub use tie_break::TieBreak;

use crate::plan::{RowRef, StatedRule};

/// A layer (层) of a catalogue. Excluded principal diagnoses come before all of them, and a case
/// that none takes is ungrouped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// 先期分组.
    PreGrouped,
    /// 并项病种.
    Merged,
    /// 诊断辅助细分.
    Auxiliary,
    /// 基本病种.
    Basic,
    /// 综合病种.
    Comprehensive,
    /// 空白病组, 保底组: what a region keeps for the rest.
    Fallback,
}

impl Layer {
    /// Every layer, in the national order.
    pub const ALL: [Self; 6] = [
        Self::PreGrouped,
        Self::Merged,
        Self::Auxiliary,
        Self::Basic,
        Self::Comprehensive,
        Self::Fallback,
    ];

    /// As written in tables and outputs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::PreGrouped => "pre_grouped",
            Self::Merged => "merged",
            Self::Auxiliary => "auxiliary",
            Self::Basic => "basic",
            Self::Comprehensive => "comprehensive",
            Self::Fallback => "fallback",
        }
    }

    /// The Chinese name.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::PreGrouped => "先期分组",
            Self::Merged => "并项病种",
            Self::Auxiliary => "诊断辅助细分",
            Self::Basic => "基本病种",
            Self::Comprehensive => "综合病种",
            Self::Fallback => "保底病种",
        }
    }

    /// The layer of a word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|layer| layer.word() == word)
    }
}

/// How a case or a group is treated (治疗方式), from the least to the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TreatmentClass {
    /// 保守治疗, 内科诊疗组.
    Conservative,
    /// 诊断性操作组.
    Diagnostic,
    /// 治疗性操作组.
    Therapeutic,
    /// 相关手术组.
    Surgery,
}

impl TreatmentClass {
    /// Every class, the least first.
    pub const ALL: [Self; 4] = [
        Self::Conservative,
        Self::Diagnostic,
        Self::Therapeutic,
        Self::Surgery,
    ];

    /// As written in tables.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Conservative => "conservative",
            Self::Diagnostic => "diagnostic",
            Self::Therapeutic => "therapeutic",
            Self::Surgery => "surgery",
        }
    }

    /// The Chinese name.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Conservative => "保守治疗",
            Self::Diagnostic => "诊断性操作",
            Self::Therapeutic => "治疗性操作",
            Self::Surgery => "相关手术",
        }
    }

    /// The class of a word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.word() == word)
    }
}

/// The attribute class of a procedure (操作属性).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProcedureClass {
    /// A simple operation, which leaves the treatment conservative.
    Conservative,
    /// 诊断性操作.
    Diagnostic,
    /// 治疗性操作.
    Therapeutic,
    /// 介入治疗.
    Interventional,
    /// 手术.
    Surgery,
}

impl ProcedureClass {
    /// Every class, the least first.
    pub const ALL: [Self; 5] = [
        Self::Conservative,
        Self::Diagnostic,
        Self::Therapeutic,
        Self::Interventional,
        Self::Surgery,
    ];

    /// As written in tables.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Conservative => "conservative",
            Self::Diagnostic => "diagnostic",
            Self::Therapeutic => "therapeutic",
            Self::Interventional => "interventional",
            Self::Surgery => "surgery",
        }
    }

    /// The class of a word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.word() == word)
    }

    /// What the class counts as; regions differ in what an intervention counts as.
    #[must_use]
    pub const fn treatment(self, interventional_as: TreatmentClass) -> TreatmentClass {
        match self {
            Self::Conservative => TreatmentClass::Conservative,
            Self::Diagnostic => TreatmentClass::Diagnostic,
            Self::Therapeutic => TreatmentClass::Therapeutic,
            Self::Interventional => interventional_as,
            Self::Surgery => TreatmentClass::Surgery,
        }
    }
}

/// Which procedures of a case say its treatment class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClassOf {
    /// The largest class of all its procedures.
    Largest,
    /// The class of its main procedure.
    Main,
}

/// Which codes of a case a procedure of the catalogue takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProcedureMatch {
    /// The same code.
    Exact,
    /// The same code, and the `x` extensions of a code that has none itself.
    Extension,
    /// Every code that begins so.
    Prefix,
}

/// The settings of a DIP plan beyond those that every plan has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DipOptions {
    /// What an interventional procedure counts as.
    pub interventional_as: TreatmentClass,
    /// The class of a procedure that no table knows.
    pub unlisted_procedure: ProcedureClass,
    /// Which procedures say the treatment class of a case.
    pub class_of: ClassOf,
    /// Which codes a procedure of the catalogue takes.
    pub procedure_match: ProcedureMatch,
    /// Whether a case coded without extension is taken by an entry with one.
    pub base_matches_extensions: bool,
    /// Whether the next procedure becomes the main one where the main one cannot be it.
    pub promote_next_procedure: bool,
    /// Whether tie-breaks may look at the cost of the case.
    pub cost_in_grouping: bool,
}

/// Layers whose rows compete with each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The layers.
    pub layers: Vec<Layer>,
    /// How one of several rows is chosen.
    pub choose: Choose,
}

/// How one of several rows of a step is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Choose {
    /// The first in the order of the table.
    First,
    /// By the tie-break of the plan, then the first in the order of the table.
    TieBreak,
}

/// A group (病种) of a catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DipGroup {
    /// The code of the group.
    pub code: String,
    /// The Chinese name.
    pub name: String,
    /// The layer that it belongs to.
    pub layer: Layer,
    /// How its cases are treated, by its first row.
    pub class: Option<TreatmentClass>,
    /// 基层病种.
    pub is_primary_care: bool,
    /// 中医优势病种.
    pub is_tcm: bool,
    /// The mean cost of its cases in fen, where the catalogue states it.
    pub mean_cost_fen: Option<i64>,
    /// Its weight in ten-thousandths, where the catalogue states it.
    pub ten_thousandths: Option<i64>,
}

/// What a row asks of the procedures of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Treatment {
    /// Nothing; written `*`.
    Any,
    /// That the case is treated conservatively; written as an empty cell.
    Conservative,
    /// These procedures.
    Procedures(Expression),
}

/// A row of `groups.csv`: one way into a group.
#[derive(Clone, Debug)]
pub struct DipRow {
    /// The index of the group.
    pub group: u16,
    /// What the principal diagnosis begins with, any of these; empty for any diagnosis.
    pub keys: Vec<String>,
    /// What is asked of the procedures.
    pub treatment: Treatment,
    /// What is asked of the procedures beside the main one.
    pub related: Option<Expression>,
    /// The treatment class of the row: as stated, or else the largest of its procedures; `None`
    /// where it takes any treatment.
    pub class: Option<TreatmentClass>,
    /// What else is asked.
    pub condition: Option<StatedRule>,
    /// The row.
    pub row: RowRef,
}

/// All that a DIP plan has beyond a plan's lists, settings and weights.
#[derive(Clone, Debug)]
pub struct DipCatalogue {
    /// Settings.
    pub options: DipOptions,
    /// The layers in the order in which they are tried.
    pub steps: Vec<Step>,
    /// The groups in the order of their first rows.
    pub groups: Vec<DipGroup>,
    /// The rows of `groups.csv` in file order.
    pub rows: Vec<DipRow>,
    /// Diagnoses that exclude a case when they are its principal one, sorted by code.
    pub excluded: Vec<ExcludedRow>,
    /// Procedures that cannot be what they seem, sorted by code.
    pub procedure_rules: Vec<ProcedureRuleRow>,
    /// Attribute classes by what codes begin with, sorted by that; the longest decides.
    pub classes: Vec<ClassRow>,
    /// How one of several rows is chosen.
    pub tie_break: TieBreak,
    /// The auxiliary directory (辅助目录).
    pub auxiliary: Auxiliary,
}

impl DipCatalogue {
    /// The attribute class of a procedure; `None` when no table knows it.
    #[must_use]
    pub fn procedure_class(&self, code: &str) -> Option<ProcedureClass> {
        let below = codes::prefixes(code).filter_map(|begin| {
            let found = self
                .classes
                .binary_search_by(|row| row.begins.as_str().cmp(begin));
            found.ok().map(|at| self.classes[at].class)
        });
        below.last()
    }

    /// The row by which a case with this principal diagnosis is excluded.
    #[must_use]
    pub fn find_excluded(&self, principal: &str) -> Option<&ExcludedRow> {
        let found = self
            .excluded
            .binary_search_by(|row| row.code.as_str().cmp(principal));
        found.ok().map(|at| &self.excluded[at])
    }

    /// The rule for a procedure.
    #[must_use]
    pub fn find_procedure_rule(&self, code: &str) -> Option<&ProcedureRuleRow> {
        let found = self
            .procedure_rules
            .binary_search_by(|row| row.code.as_str().cmp(code));
        found.ok().map(|at| &self.procedure_rules[at])
    }

    /// The step that a layer belongs to.
    #[must_use]
    pub fn step_of(&self, layer: Layer) -> Option<usize> {
        self.steps
            .iter()
            .position(|step| step.layers.contains(&layer))
    }
}
