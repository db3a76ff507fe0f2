//! Which subtype of the auxiliary directory (辅助目录) a case is of.

use crate::case::{Case, CaseCode};
use crate::compiler::Compiler;
use crate::expr::{Atom, Expr};
use crate::facts::Facts;
use crate::lists::Membership;
use drgdip_tables::GroupingPlan;
use drgdip_tables::dip::DipCatalogue;
use drgdip_tables::dip::auxiliary::{CATEGORY_BYTES, HighFee, Kind, Level, Subtype};
use drgdip_tables::dip::codes::{begins, prefixes};
use drgdip_tables::rule::{ListId, Predicate, Rule, Scope};
use std::collections::HashMap;
use std::sync::Arc;

/// What the levels of high cost compare, each in fen; what is absent holds for none of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CaseMoney {
    /// The total cost of the case.
    pub cost: Option<i64>,
    /// The payment standard (支付标准) of its group.
    pub standard: Option<i64>,
    /// Fees for treatment other than surgery.
    pub treatment: Option<i64>,
    /// Fees for drugs.
    pub drug: Option<i64>,
}

impl CaseMoney {
    fn fee(&self, fee: HighFee) -> Option<i64> {
        match fee {
            HighFee::Treatment => self.treatment,
            HighFee::Drug => self.drug,
        }
    }
}

/// The auxiliary directory of a compiled catalogue.
#[derive(Debug)]
pub(crate) struct Directory {
    catalogue: Arc<DipCatalogue>,
    kinds: Vec<CompiledKind>,
    /// By code id, the number of the category (类目); 0 where it is not known.
    categories: Vec<u32>,
    /// By code id, what the diagnosis adds to the comorbidity index: class and weight.
    cci: Vec<Box<[(usize, u32)]>>,
    cci_classes: usize,
}

#[derive(Debug)]
struct CompiledKind {
    applies: Option<Expr>,
    levels: Vec<CompiledLevel>,
}

#[derive(Debug)]
struct CompiledLevel {
    condition: Option<Expr>,
    /// The list in which a diagnosis of another category must be.
    other_category_in: Option<u32>,
}

impl Directory {
    pub(crate) fn new(
        plan: &GroupingPlan,
        catalogue: &Arc<DipCatalogue>,
        compiler: &mut Compiler,
    ) -> Self {
        let auxiliary = &catalogue.auxiliary;
        let kinds = auxiliary
            .kinds
            .iter()
            .map(|kind| CompiledKind::new(kind, compiler));
        let kinds = kinds.collect();
        let mut numbers: HashMap<&str, u32> = HashMap::new();
        let category = |text| {
            let Some(category) = begins(text).get(..CATEGORY_BYTES) else {
                return 0;
            };
            let next = u32::try_from(numbers.len() + 1).expect("fewer than 2^32 categories");
            *numbers.entry(category).or_insert(next)
        };
        let mut classes: HashMap<&str, usize> = HashMap::new();
        for row in &auxiliary.cci {
            let next = classes.len();
            classes.entry(&row.class).or_insert(next);
        }
        let counted = |text| {
            let rows = prefixes(begins(text)).filter_map(|begin| {
                let found = auxiliary
                    .cci
                    .binary_search_by(|row| row.begins.as_str().cmp(begin));
                found.ok().map(|at| &auxiliary.cci[at])
            });
            rows.map(|row| (classes[row.class.as_str()], row.weight))
                .collect()
        };
        Self {
            kinds,
            categories: plan.codes.texts().map(category).collect(),
            cci: plan.codes.texts().map(counted).collect(),
            cci_classes: classes.len(),
            catalogue: Arc::clone(catalogue),
        }
    }

    /// The subtype of a group with the highest coefficient that the case is of; of equal ones the
    /// first by kind and level.
    pub(crate) fn subtype(
        &self,
        case: &Case<'_>,
        membership: &Membership,
        (group, money): (u16, &CaseMoney),
    ) -> Option<&Subtype> {
        let mut best: Option<&Subtype> = None;
        let mut level_of: Option<(u16, Option<u16>)> = None;
        for subtype in self.catalogue.auxiliary.of_group(group) {
            let known = level_of.filter(|(kind, _)| *kind == subtype.kind);
            let level = match known {
                Some((_, level)) => level,
                None => self.level(case, membership, (subtype.kind, money)),
            };
            level_of = Some((subtype.kind, level));
            let is_higher = best.is_none_or(|best| subtype.coefficient > best.coefficient);
            if level == Some(subtype.level) && is_higher {
                best = Some(subtype);
            }
        }
        best
    }

    /// By kind, the level that a case is of.
    pub(crate) fn levels(
        &self,
        case: &Case<'_>,
        membership: &Membership,
        money: &CaseMoney,
    ) -> Vec<Option<u16>> {
        let kinds = (0..).zip(&self.kinds);
        kinds
            .map(|(kind, _)| self.level(case, membership, (kind, money)))
            .collect()
    }

    fn level(
        &self,
        case: &Case<'_>,
        membership: &Membership,
        (kind, money): (u16, &CaseMoney),
    ) -> Option<u16> {
        let facts = Facts::new(case, membership);
        let compiled = &self.kinds[usize::from(kind)];
        if compiled
            .applies
            .as_ref()
            .is_some_and(|applies| !applies.holds(&facts))
        {
            return None;
        }
        let stated = &self.catalogue.auxiliary.kinds[usize::from(kind)].levels;
        let levels = (0..).zip(stated.iter().zip(&compiled.levels));
        let mut taken = levels.filter(|(_, (stated, compiled))| {
            compiled
                .condition
                .as_ref()
                .is_none_or(|condition| condition.holds(&facts))
                && self.stay_holds(stated, case)
                && stated
                    .cci
                    .is_none_or(|(from, to)| (from..=to).contains(&self.cci(case)))
                && compiled
                    .other_category_in
                    .is_none_or(|list| self.has_other(list, &facts))
                && stated.high_fee.is_none_or(|fee| self.is_high(fee, money))
        });
        taken.next().map(|(level, _)| level)
    }

    fn stay_holds(&self, level: &Level, case: &Case<'_>) -> bool {
        let (comparison, days) = self.catalogue.auxiliary.parameters.long_stay;
        let stay = case.numbers.stay_days;
        !level.needs_long_stay || stay.is_some_and(|stay| comparison.holds(stay.into(), days))
    }

    /// The comorbidity index (合并症指数): for each class the highest weight of the other diagnoses
    /// in it, summed.
    fn cci(&self, case: &Case<'_>) -> u32 {
        let mut weights = vec![0; self.cci_classes];
        for code in case.other_diagnoses {
            for (class, weight) in self.cci.get(code.index()).into_iter().flatten() {
                weights[*class] = (*weight).max(weights[*class]);
            }
        }
        weights.iter().sum()
    }

    fn category(&self, code: CaseCode) -> u32 {
        self.categories.get(code.index()).copied().unwrap_or(0)
    }

    /// Whether another diagnosis is in the list and of another category than the principal one.
    fn has_other(&self, list: u32, facts: &Facts<'_>) -> bool {
        let own = facts.case.principal.map_or(0, |code| self.category(code));
        facts
            .case
            .other_diagnoses
            .iter()
            .any(|code| facts.membership.contains(list, *code) && self.category(*code) != own)
    }

    /// Whether the cost is high against the payment standard and the fee is much of it.
    fn is_high(&self, fee: HighFee, money: &CaseMoney) -> bool {
        let parameters = &self.catalogue.auxiliary.parameters;
        let (Some(cost), Some(standard), Some(fee)) = (money.cost, money.standard, money.fee(fee))
        else {
            return false;
        };
        // Products of fen and ten-thousandths need more than 64 bits.
        let times = |fen: i64, ten_thousandths: i64| i128::from(fen) * i128::from(ten_thousandths);
        times(cost, 10_000) >= times(standard, parameters.high_cost_multiple)
            && times(fee, 10_000) >= times(cost, parameters.high_cost_share)
    }
}

impl CompiledKind {
    fn new(kind: &Kind, compiler: &mut Compiler) -> Self {
        let applies = kind
            .applies
            .as_ref()
            .map(|rule| compiler.compile(&rule.rule));
        let level = |level: &Level| CompiledLevel {
            condition: level
                .condition
                .as_ref()
                .map(|rule| compiler.compile(&rule.rule)),
            other_category_in: level
                .other_category_in
                .map(|list| list_number(list, compiler)),
        };
        Self {
            applies,
            levels: kind.levels.iter().map(level).collect(),
        }
    }
}

/// The dense number of a list of other diagnoses.
fn list_number(list: ListId, compiler: &mut Compiler) -> u32 {
    match compiler.compile(&Rule::Is(Predicate::In(Scope::OtherDx, list))) {
        Expr::Is(Atom::OtherDx(number)) => number,
        _ => unreachable!("one list in one scope is one atom"),
    }
}
