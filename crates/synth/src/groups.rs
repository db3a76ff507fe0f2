//! How often each group occurs and what its cases cost.

use crate::draw::{Draw, Shares};
use crate::solve::{Recipe, Solver, Universe, targets};
use crate::world::HospitalLevel;
use drgdip_tables::GroupingPlan;
use drgdip_tables::plan::{AdrgKind, CodeId};
use std::collections::HashSet;

/// A weight of 1, in the unit of [`Group::weight`].
pub(crate) const WEIGHT_ONE: i64 = 10_000;

/// The rarest group is one case in so many.
const RAREST: u64 = 25_000;

/// A group of the plan with the cases that land in it.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) kind: AdrgKind,
    /// In ten-thousandths.
    pub(crate) weight: i64,
    /// Not empty.
    pub(crate) recipes: Vec<Recipe>,
    /// Procedures of the group's own cases that change nothing beside a main procedure.
    pub(crate) companions: Vec<CodeId>,
    /// How common the group is in relation to the others.
    share: u64,
}

/// The groups that cases were found for, in random order, and the codes of the others.
///
/// Neither depends on the seed: claims of two seeds are two samples of one world.
pub(crate) fn find(
    plan: &GroupingPlan,
    solver: &Solver<'_>,
    universe: &Universe,
) -> (Vec<Group>, Vec<String>) {
    let weights = plan.weights_by_group();
    let quiet: HashSet<CodeId> = universe.quiet_procedures.iter().copied().collect();
    let (mut groups, mut unreachable) = (Vec::new(), Vec::new());
    for (number, target) in (0..).zip(targets(plan)) {
        let mut draw = Draw::from_seed(number);
        let recipes = solver.recipes(&target, &mut draw);
        if recipes.is_empty() {
            unreachable.push(target.code.to_owned());
            continue;
        }
        let stated = weights.get(target.code).map(|row| row.ten_thousandths);
        let weight = stated
            .filter(|&w| w > 0)
            .unwrap_or_else(|| invented_weight(target.kind, &mut draw));
        groups.push(Group {
            kind: target.kind,
            weight,
            companions: companions(&recipes, &quiet),
            recipes,
            share: share(target.kind, weight, &mut draw),
        });
    }
    Draw::from_seed(0).shuffle(&mut groups);
    (groups, unreachable)
}

/// A weight for a group that the plan states none for: half to twice what is usual for its kind.
fn invented_weight(kind: AdrgKind, draw: &mut Draw) -> i64 {
    let usual = match kind {
        AdrgKind::Surgical | AdrgKind::Ambiguous => 18_000,
        AdrgKind::Procedural => 12_000,
        AdrgKind::Medical => 7_000,
    };
    usual * i64::from(draw.between(50, 200)) / 100
}

/// How common a group is: cheap medical groups most, and a few of each far more than the rest.
fn share(kind: AdrgKind, weight: i64, draw: &mut Draw) -> u64 {
    let by_kind = match kind {
        AdrgKind::Medical => 8,
        AdrgKind::Procedural => 3,
        AdrgKind::Surgical => 2,
        AdrgKind::Ambiguous => 1,
    };
    let weight = u64::try_from(weight).unwrap_or(0).clamp(4_000, 1_000_000);
    // One over a uniform number has the long tail that group sizes have.
    let popularity = u64::from(65_536 / (1_024 + draw.below(64_512)));
    by_kind * popularity * (2_000_000_000_000 / (weight * weight))
}

fn companions(recipes: &[Recipe], quiet: &HashSet<CodeId>) -> Vec<CodeId> {
    let mains = recipes.iter().filter_map(|recipe| recipe.main);
    let mut codes: Vec<CodeId> = mains.filter(|code| quiet.contains(code)).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

/// Which groups hospitals of a level have.
///
/// Only the highest level treats everything; `None` when there are no groups.
pub(crate) fn mix(groups: &[Group], level: HospitalLevel) -> Option<Shares> {
    let total: u64 = groups.iter().map(|group| group.share).sum();
    let least = (total / RAREST).max(1);
    Shares::new(groups.iter().map(|group| {
        let share = group.share.max(least);
        let is_heavy = group.weight > 3 * WEIGHT_ONE;
        let is_beyond_primary = group.weight > WEIGHT_ONE * 6 / 5;
        match level {
            HospitalLevel::Tertiary => share,
            HospitalLevel::Secondary if is_heavy => share / 8,
            HospitalLevel::Secondary => share,
            HospitalLevel::Primary if is_beyond_primary => share / 30,
            HospitalLevel::Primary if group.kind == AdrgKind::Surgical => share / 2,
            HospitalLevel::Primary => share,
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn light_medical_groups_are_common_and_heavy_surgical_ones_rare() {
        let mean = |kind, weight| {
            let mut draw = Draw::from_seed(9);
            (0..1_000)
                .map(|_| share(kind, weight, &mut draw))
                .sum::<u64>()
                / 1_000
        };
        let common = mean(AdrgKind::Medical, 6_000);
        assert!(common > 20 * mean(AdrgKind::Surgical, 20_000));
        assert!(mean(AdrgKind::Surgical, 20_000) > 20 * mean(AdrgKind::Surgical, 200_000));
    }
}
