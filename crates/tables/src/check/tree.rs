//! The rules of a plan as formulas, in the order in which they are tried.

use super::logic::{Formula, Slot, Universe};
use crate::plan::{Adrg, CodeId, GroupingPlan, Mdc, NoGroupFallback, StatedRule};
use crate::rule::ListId;
use fixedbitset::FixedBitSet;

/// What a row of the tables is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    Mdc,
    Adrg,
    Group,
}

/// A row with a rule.
#[derive(Debug)]
pub(super) struct Row<'p> {
    pub(super) level: Level,
    pub(super) code: &'p str,
    pub(super) rule: &'p StatedRule,
    /// The rule holds.
    pub(super) holds: Formula,
    /// The row does not keep the case, although it is tried.
    pub(super) lets_go: Formula,
}

#[derive(Debug)]
pub(super) struct AdrgNode<'p> {
    pub(super) row: Row<'p>,
    pub(super) adrg: &'p Adrg,
    pub(super) groups: Vec<Row<'p>>,
}

#[derive(Debug)]
pub(super) struct MdcNode<'p> {
    pub(super) row: Row<'p>,
    pub(super) adrgs: Vec<AdrgNode<'p>>,
}

/// All rows of a plan.
#[derive(Debug)]
pub(super) struct Tree<'p> {
    pub(super) plan: &'p GroupingPlan,
    pub(super) universe: Universe,
    /// What is known of every case that is tried.
    pub(super) premises: Formula,
    pub(super) mdcs: Vec<MdcNode<'p>>,
}

impl<'p> Tree<'p> {
    pub(super) fn new(plan: &'p GroupingPlan) -> Self {
        let mut universe = Universe::new(plan);
        let mdcs = plan
            .mdcs
            .iter()
            .map(|mdc| mdc_node(mdc, &mut universe))
            .collect();
        let premises = Formula::All(universe.premises(plan));
        Self {
            plan,
            universe,
            premises,
            mdcs,
        }
    }

    /// The classes that the code of a single slot can have while all formulas and the premises
    /// hold.
    pub(super) fn admitted<'f>(
        &'f self,
        slot: Slot,
        formulas: impl IntoIterator<Item = &'f Formula>,
    ) -> FixedBitSet {
        let all = std::iter::once(&self.premises).chain(formulas);
        self.universe.admitted(slot, all)
    }

    /// The codes of a list of which the class is one of these, or is not.
    pub(super) fn codes_of(
        &self,
        list: ListId,
        classes: &FixedBitSet,
        inside: bool,
    ) -> Vec<CodeId> {
        let codes = self.plan.list(list).codes.iter().map(|(code, _)| *code);
        codes
            .filter(|code| classes.contains(self.universe.class_of(*code)) == inside)
            .collect()
    }

    /// The texts of codes, sorted, each once.
    pub(super) fn texts(&self, codes: impl IntoIterator<Item = CodeId>) -> Vec<String> {
        let texts = codes
            .into_iter()
            .map(|code| self.plan.codes.text(code).to_owned());
        let mut texts: Vec<String> = texts.collect();
        texts.sort_unstable();
        texts.dedup();
        texts
    }

    /// Whether a case can exist for which all formulas and the premises hold.
    pub(super) fn is_possible<'f>(
        &'f self,
        formulas: impl IntoIterator<Item = &'f Formula>,
    ) -> bool {
        let all = std::iter::once(&self.premises).chain(formulas);
        self.universe.is_possible(all)
    }
}

fn mdc_node<'p>(mdc: &'p Mdc, universe: &mut Universe) -> MdcNode<'p> {
    let adrgs: Vec<_> = mdc
        .adrgs
        .iter()
        .map(|adrg| adrg_node(adrg, universe))
        .collect();
    let holds = universe.formula(&mdc.gate.rule);
    let no_adrg = adrgs.iter().map(|node| node.row.lets_go.clone()).collect();
    let row = Row {
        level: Level::Mdc,
        code: &mdc.code,
        rule: &mdc.gate,
        lets_go: Formula::Any(vec![holds.negated(), Formula::All(no_adrg)]),
        holds,
    };
    MdcNode { row, adrgs }
}

fn adrg_node<'p>(adrg: &'p Adrg, universe: &mut Universe) -> AdrgNode<'p> {
    let groups: Vec<_> = adrg
        .drgs
        .iter()
        .map(|drg| {
            let holds = universe.formula(&drg.rule.rule);
            Row {
                level: Level::Group,
                code: &drg.code,
                rule: &drg.rule,
                lets_go: holds.negated(),
                holds,
            }
        })
        .collect();
    let holds = universe.formula(&adrg.rule.rule);
    let lets_go = match adrg.fallback {
        NoGroupFallback::Adrg => holds.negated(),
        NoGroupFallback::Continue => {
            let no_group = groups.iter().map(|row| row.lets_go.clone()).collect();
            Formula::Any(vec![holds.negated(), Formula::All(no_group)])
        }
    };
    let row = Row {
        level: Level::Adrg,
        code: &adrg.code,
        rule: &adrg.rule,
        holds,
        lets_go,
    };
    AdrgNode { row, adrg, groups }
}
