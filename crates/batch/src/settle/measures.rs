//! What hospitals' points are counted by beside volume: complexity, new technology, and others.

use super::batch::Batch;
use super::cases::SettledCase;
use crate::in_force::PlanChoice;
use crate::inputs::{InputTable, Inputs};
use crate::read::{Column, MoneyCell};
use crate::{Class, Error};
use arrow::array::Array;
use drgdip_grouper::{GroupInfo, Grouping};
use drgdip_points::Points;
use drgdip_tables::policy::{Bound, IncrementRule, PolicyAt, UniformMode, VOLUME, ValueModel};
use rust_decimal::Decimal;
use std::collections::{BTreeMap, HashSet};

/// The most measures that are taken of claims.
pub(crate) const MOST: usize = 8;

/// The points of a case by measure, in ten-thousandths.
pub(crate) type Measured = [i64; MOST];

/// The cases of groups from a weight on.
const COMPLEXITY: &str = "complexity";
/// The cases that are flagged as using a new technology.
const NEW_TECH: &str = "new_tech";
/// The cases that name a disease of traditional medicine, and groups flagged so.
const TCM: &str = "tcm";
/// Points in proportion to what drugs and consumables cost.
const RIGID_COST: &str = "rigid_cost";

/// The measures that the policy's model names and that claims give.
#[derive(Clone, Debug, Default)]
pub(crate) struct Measures {
    /// Their names, in the order of [`Measured`].
    pub(crate) names: Vec<String>,
    /// For each group, a bit for each measure that it counts in.
    by_group: Vec<u8>,
    new_tech: u8,
    tcm: u8,
    rigid_cost: u8,
}

/// The groups of all plans of the run, in the order of their indices.
fn groups_of(plan: PlanChoice<'_>) -> impl Iterator<Item = &GroupInfo> {
    let plans = plan.plans().iter();
    plans.flat_map(|plan| plan.grouper.groups())
}

impl Measures {
    /// Prepares the measures that no table states.
    ///
    /// # Errors
    /// A measure that is neither stated, nor built in, nor a flag of groups.
    pub(crate) fn new(
        terms: &PolicyAt,
        plan: PlanChoice<'_>,
        inputs: &Inputs,
    ) -> Result<Self, Error> {
        let stated: HashSet<&str> = inputs
            .rows(InputTable::Measures)
            .iter()
            .map(|row| row.required("measure"))
            .collect();
        let named = named(terms).into_iter();
        let names: Vec<String> = named
            .filter(|name| !stated.contains(name.as_str()))
            .collect();
        if names.len() > MOST {
            let problem = format!("the policy names more than {MOST} measures of claims.");
            return Err(Error::new(Class::Table, &terms.policy, problem, ""));
        }
        let mut measures = Self {
            by_group: vec![0; groups_of(plan).count()],
            ..Self::default()
        };
        for (index, name) in names.iter().enumerate() {
            for part in name.split('+') {
                measures.add(1 << index, part, (terms, plan, inputs))?;
            }
        }
        measures.names = names;
        Ok(measures)
    }

    fn add(
        &mut self,
        bit: u8,
        part: &str,
        (terms, plan, inputs): (&PolicyAt, PlanChoice<'_>, &Inputs),
    ) -> Result<(), Error> {
        let rows = inputs.rows(InputTable::GroupFlags).iter();
        let flagged: HashSet<&str> = rows
            .filter(|row| row.required("flag") == part)
            .map(|row| row.required("group"))
            .collect();
        let is_known = match part {
            COMPLEXITY => {
                self.add_complex(bit, terms, plan);
                true
            }
            NEW_TECH => {
                self.new_tech |= bit;
                true
            }
            TCM => {
                self.tcm |= bit;
                true
            }
            RIGID_COST => {
                self.rigid_cost |= bit;
                true
            }
            _ => false,
        };
        if !is_known && flagged.is_empty() {
            let problem = format!("nothing says what the measure {part:?} of the policy is.");
            let hint = "Add its rows to the measures input, or groups with this flag to the \
                        group_flags input.";
            return Err(Error::input("inputs", problem).with_hint(hint));
        }
        for (mask, info) in self.by_group.iter_mut().zip(groups_of(plan)) {
            if flagged.contains(info.group.as_str()) {
                *mask |= bit;
            }
        }
        Ok(())
    }

    fn add_complex(&mut self, bit: u8, terms: &PolicyAt, plan: PlanChoice<'_>) {
        let weights = plan.plans().iter().flat_map(|plan| {
            let weights = plan.plan.weights_by_group();
            let groups = plan.grouper.groups().iter();
            groups.map(move |info| weights.get(info.group.as_str()).copied())
        });
        for (mask, weight) in self.by_group.iter_mut().zip(weights) {
            let weight = weight.map(|row| Decimal::new(row.ten_thousandths, 4));
            let is_complex = weight
                .zip(terms.complex_from)
                .is_some_and(|(weight, bound)| match bound {
                    Bound::AtLeast(least) => weight >= least,
                    Bound::MoreThan(least) => weight > least,
                    Bound::AtMost(most) => weight <= most,
                    Bound::LessThan(most) => weight < most,
                });
            if is_complex {
                *mask |= bit;
            }
        }
    }

    /// The claim columns that the measures look at.
    pub(crate) fn columns(&self) -> Vec<Column> {
        let all = [
            (self.new_tech, Column::NewTech),
            (self.tcm, Column::TcmDisease),
            (self.rigid_cost, Column::DrugCost),
            (self.rigid_cost, Column::ConsumableCost),
        ];
        let used = all.into_iter().filter(|(bits, _)| *bits != 0);
        used.map(|(_, column)| column).collect()
    }

    /// The points of a case by measure.
    pub(super) fn of(
        &self,
        batch: &Batch,
        row: usize,
        (grouping, case): (&Grouping, &SettledCase),
    ) -> Measured {
        if self.names.is_empty() {
            return [0; MOST];
        }
        self.points(&self.counting(batch, row, grouping), case.points)
    }

    /// How a case counts, whatever points it turns out to have.
    pub(super) fn counting(&self, batch: &Batch, row: usize, grouping: &Grouping) -> Counting {
        if self.names.is_empty() {
            return Counting::default();
        }
        let group = grouping.outcome.group();
        let mut whole = group.map_or(0, |group| self.by_group[usize::from(group.0)]);
        let new_tech = batch.new_tech.as_ref();
        if new_tech.is_some_and(|flags| flags.is_valid(row) && flags.value(row)) {
            whole |= self.new_tech;
        }
        if batch.tcm.as_ref().is_some_and(|tcm| tcm[row]) {
            whole |= self.tcm;
        }
        let (rigid, total) = match self.rigid_cost {
            0 => (0, 0),
            _ => rigid_of_total(batch, row),
        };
        Counting {
            whole,
            rigid,
            total,
        }
    }

    /// So many points of a case by measure.
    pub(super) fn points(&self, counting: &Counting, points: Points) -> Measured {
        let mut measured = [0; MOST];
        for (index, measured) in measured.iter_mut().enumerate().take(self.names.len()) {
            let bit = 1 << index;
            if counting.whole & bit != 0 {
                *measured = points.ten_thousandths();
            } else if self.rigid_cost & bit != 0 {
                *measured = counting.rigid_points(points);
            }
        }
        measured
    }
}

/// How a case counts by measure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counting {
    /// A bit for each measure that all its points count in.
    pub(super) whole: u8,
    /// What drugs and consumables cost, at most all, in fen.
    pub(super) rigid: i64,
    /// What the case cost, in fen.
    pub(super) total: i64,
}

impl Counting {
    /// Points in proportion to drugs and consumables, rounded half up to four places.
    fn rigid_points(&self, points: Points) -> i64 {
        let total = i128::from(self.total);
        if total <= 0 {
            return 0;
        }
        let exact = i128::from(points.ten_thousandths()) * i128::from(self.rigid);
        i64::try_from((exact + total / 2) / total).unwrap_or(0)
    }
}

/// What drugs and consumables of a case cost, at most all, and what all of it cost, in fen.
fn rigid_of_total(batch: &Batch, row: usize) -> (i64, i64) {
    let cell = |cells: &Option<Vec<MoneyCell>>| match cells.as_ref().map(|cells| cells[row]) {
        Some(MoneyCell::Fen(fen)) => fen.max(0),
        _ => 0,
    };
    let MoneyCell::Fen(total) = batch.total[row] else {
        return (0, 0);
    };
    let rigid = cell(&batch.drugs).saturating_add(cell(&batch.consumables));
    (rigid.min(total), total)
}

/// The measures that the policy's model names, but volume.
fn named(terms: &PolicyAt) -> Vec<String> {
    match &terms.value.model {
        ValueModel::Uniform(UniformMode::Elastic(rule)) => vec![rule.fixed_part.clone()],
        ValueModel::Uniform(_) => Vec::new(),
        ValueModel::BaselineIncrement(rule) => match &rule.increment {
            IncrementRule::ByPoints | IncrementRule::Tilted => Vec::new(),
            IncrementRule::Subpools(shares) => {
                let names = shares.keys().filter(|name| *name != VOLUME);
                names.cloned().collect()
            }
        },
    }
}

/// What the tables state of a pool, by measure and hospital.
pub(super) fn stated(pool: &str, terms: &PolicyAt, inputs: &Inputs) -> ByMeasure {
    let rows = inputs.rows(InputTable::Measures);
    let mut found = ByMeasure::new();
    for name in named(terms) {
        if !rows.iter().any(|row| row.required("measure") == name) {
            continue;
        }
        let of = found.entry(name.clone()).or_default();
        let mine = rows.iter().filter(|row| row.required("pool") == pool);
        for row in mine.filter(|row| row.required("measure") == name) {
            let points = Points::from_ten_thousandths(row.number("points").unwrap_or(0));
            of.insert(row.required("hospital_id").to_owned(), points);
        }
    }
    found
}

/// Points by measure and hospital.
pub(super) type ByMeasure = BTreeMap<String, BTreeMap<String, Points>>;
