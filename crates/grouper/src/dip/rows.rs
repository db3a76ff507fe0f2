//! Rows of a catalogue as the kernel asks them.

use super::procedures::{ProcedureTable, Procedures};
use super::{Kernel, View};
use crate::case::CaseCode;
use crate::compiler::Compiler;
use crate::expr::Expr;
use crate::facts::Facts;
use drgdip_tables::dip::tie_break::Candidates;
use drgdip_tables::dip::{
    DipCatalogue, DipRow, Expression, Layer, TieBreak, Treatment, TreatmentClass,
};

/// A compiled row.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) group: u16,
    pub(crate) layer: Layer,
    pub(crate) class: Option<TreatmentClass>,
    /// Whether the case must have the class.
    needs_class: bool,
    pub(crate) treatment: CompiledTreatment,
    related: Box<[Box<[u32]>]>,
    condition: Option<Expr>,
    /// The distinct procedures of the row.
    codes: Box<[u32]>,
    /// The distinct related procedures of the row.
    related_codes: Box<[u32]>,
    pub(crate) weight: i64,
    pub(crate) mean_cost: Option<i64>,
    /// Its place in the order of the tie-break.
    pub(crate) sort: i64,
}

/// What a row asks of the procedures.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum CompiledTreatment {
    Any,
    Conservative,
    Procedures(Box<[Box<[u32]>]>),
}

impl Row {
    pub(crate) fn new(
        row: &DipRow,
        catalogue: &DipCatalogue,
        procedures: &ProcedureTable,
        compiler: &mut Compiler,
    ) -> Self {
        let tie = &catalogue.tie_break;
        let group = &catalogue.groups[usize::from(row.group)];
        let compile = |expression: &Expression| alternatives(expression, tie, procedures);
        let treatment = match &row.treatment {
            Treatment::Any => CompiledTreatment::Any,
            Treatment::Conservative => CompiledTreatment::Conservative,
            Treatment::Procedures(expression) => CompiledTreatment::Procedures(compile(expression)),
        };
        let related = row.related.as_ref().map(compile).unwrap_or_default();
        let named = match &treatment {
            CompiledTreatment::Procedures(named) => distinct(named.iter().chain(&related)),
            _ => distinct(related.iter()),
        };
        let sorts = tie.class_order.iter();
        let sort = sorts
            .take_while(|sort| !sort.takes(group, row.class))
            .count();
        Self {
            group: row.group,
            layer: group.layer,
            class: row.class,
            needs_class: tie.require_class || group.layer == Layer::Comprehensive,
            treatment,
            codes: named,
            related_codes: distinct(related.iter()),
            related,
            condition: row
                .condition
                .as_ref()
                .map(|rule| compiler.compile(&rule.rule)),
            weight: group.ten_thousandths.unwrap_or(-1),
            mean_cost: group.mean_cost_fen,
            sort: i64::try_from(sort).expect("few sorts"),
        }
    }

    /// Whether the row takes a case whose principal diagnosis its key takes.
    pub(crate) fn holds(&self, kernel: &Kernel, view: &View<'_>) -> bool {
        if self.needs_class && self.class.is_some_and(|class| class != view.class) {
            return false;
        }
        let treated = match &self.treatment {
            CompiledTreatment::Any => true,
            CompiledTreatment::Conservative => view.class == TreatmentClass::Conservative,
            CompiledTreatment::Procedures(named) => named
                .iter()
                .any(|alternative| fulfils(kernel, &view.procedures, alternative)),
        };
        treated && self.related_holds(kernel, view) && self.condition_holds(view)
    }

    fn related_holds(&self, kernel: &Kernel, view: &View<'_>) -> bool {
        let has = |operand: &u32| has_related(kernel, view, *operand);
        self.related.is_empty() || self.related.iter().any(|codes| codes.iter().all(has))
    }

    pub(crate) fn condition_holds(&self, view: &View<'_>) -> bool {
        let Some(condition) = &self.condition else {
            return true;
        };
        condition.holds(&Facts::new(view.case, view.membership))
    }

    /// Whether the row names a procedure.
    pub(crate) fn names(&self, kernel: &Kernel, code: CaseCode) -> bool {
        let operands = kernel.procedures.operands(code);
        operands.iter().any(|operand| self.codes.contains(operand))
    }

    /// How many related procedures of the row the case has.
    pub(crate) fn related_matched(&self, kernel: &Kernel, view: &View<'_>) -> usize {
        let codes = self.related_codes.iter();
        codes
            .filter(|operand| has_related(kernel, view, **operand))
            .count()
    }

    /// How many procedures of the row the case has.
    pub(crate) fn matched(&self, view: &View<'_>) -> usize {
        let procedures = &view.procedures;
        let codes = self.codes.iter();
        codes
            .filter(|operand| procedures.has(**operand, procedures.all()))
            .count()
    }

    /// How many codes more than one are joined in an alternative that the case fulfils.
    pub(crate) fn joined(&self, kernel: &Kernel, view: &View<'_>) -> usize {
        let CompiledTreatment::Procedures(named) = &self.treatment else {
            return 0;
        };
        let fulfilled = named
            .iter()
            .filter(|alternative| fulfils(kernel, &view.procedures, alternative));
        fulfilled.map(|codes| codes.len() - 1).max().unwrap_or(0)
    }
}

/// Whether a case has all codes of an alternative, as the tie-break asks for them.
fn fulfils(kernel: &Kernel, procedures: &Procedures<'_>, alternative: &[u32]) -> bool {
    let Some(main) = procedures.main() else {
        return false;
    };
    let is_led = match kernel.tie_break().candidates {
        Candidates::Main => {
            let operands = kernel.procedures.operands(main);
            operands.iter().any(|operand| alternative.contains(operand))
        }
        Candidates::Any | Candidates::All => true,
    };
    let has = |operand: &u32| procedures.has(*operand, procedures.all());
    is_led && alternative.iter().all(has)
}

/// Whether a related procedure is there: beside the main one where that must lead.
fn has_related(kernel: &Kernel, view: &View<'_>, operand: u32) -> bool {
    let procedures = &view.procedures;
    match kernel.tie_break().candidates {
        Candidates::Main => procedures.has(operand, procedures.others()),
        Candidates::Any | Candidates::All => procedures.has(operand, procedures.all()),
    }
}

/// The alternatives of a cell by number; where all codes must be there, there is one.
fn alternatives(
    expression: &Expression,
    tie: &TieBreak,
    procedures: &ProcedureTable,
) -> Box<[Box<[u32]>]> {
    let number = |code: &String| procedures.number(code);
    match tie.candidates {
        Candidates::All => {
            let all = expression.alternatives().iter().flatten();
            Box::new([all.map(number).collect()])
        }
        Candidates::Main | Candidates::Any => expression
            .alternatives()
            .iter()
            .map(|codes| codes.iter().map(number).collect())
            .collect(),
    }
}

fn distinct<'e>(alternatives: impl Iterator<Item = &'e Box<[u32]>>) -> Box<[u32]> {
    let mut codes: Vec<u32> = alternatives.flatten().copied().collect();
    codes.sort_unstable();
    codes.dedup();
    codes.into()
}
