//! How often each group occurs and what its cases cost.

use crate::cost::Spending;
use crate::draw::{Draw, Shares};
use crate::solve::{Recipe, Solver, Target, Universe, targets};
use crate::world::HospitalLevel;
use drgdip_tables::GroupingPlan;
use drgdip_tables::plan::{AdrgKind, CodeId};
use drgdip_tables::rule::{Predicate, Rule};
use std::collections::HashSet;

/// A weight of 1, in the unit of [`Group::weight`].
pub(crate) const WEIGHT_ONE: i64 = 10_000;

/// The rarest group is one case in so many.
const RAREST: u64 = 25_000;

/// A group of the plan with the cases that land in it.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) code: String,
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
    let common = Common::bundled();
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
            code: target.code.to_owned(),
            kind: target.kind,
            weight,
            companions: companions(&recipes, &quiet),
            recipes,
            share: common.share(&target, weight, &mut draw),
        });
    }
    balance_kinds(&mut groups);
    Draw::from_seed(0).shuffle(&mut groups);
    (groups, unreachable)
}

/// What the cases of a group usually cost, in fen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupMeans {
    /// The code of the group.
    pub group: String,
    /// All of it.
    pub cost: i64,
    /// 药品.
    pub drug: i64,
    /// 耗材.
    pub consumable: i64,
    /// 服务.
    pub service: i64,
}

/// What the groups of a plan that have a weight usually cost where weight 1 costs so many fen.
#[must_use]
pub fn usual_means(plan: &GroupingPlan, cost_of_weight_one: i64) -> Vec<GroupMeans> {
    let weights = plan.weights_by_group();
    let of = |target: Target<'_>| {
        let weight = weights.get(target.code)?.ten_thousandths;
        let cost = cost_of_weight_one.saturating_mul(weight) / WEIGHT_ONE;
        let [drug, consumable, service] = Spending::usual(target.kind).parts_of(cost);
        Some(GroupMeans {
            group: target.code.to_owned(),
            cost,
            drug,
            consumable,
            service,
        })
    };
    targets(plan).into_iter().filter_map(of).collect()
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

/// How many times as common as others groups with a word in their name are.
struct Common(Vec<(String, u64)>);

impl Common {
    /// The bundled table.
    fn bundled() -> Self {
        let text = include_str!("../data/common.csv");
        let rows = csv::Reader::from_reader(text.as_bytes()).into_deserialize();
        let rows = rows.map(|row| row.expect("the bundled rows have a word and a whole number"));
        Self(rows.collect())
    }

    /// How common a group is among those of its kind: cheap ones more, severe ones less.
    fn share(&self, target: &Target<'_>, weight: i64, draw: &mut Draw) -> u64 {
        let named = self
            .0
            .iter()
            .find(|(word, _)| target.adrg_name().contains(word.as_str()));
        let times = named.map_or(1, |(_, times)| *times);
        // One over a uniform number has the long tail that group sizes have.
        let popularity = u64::from(65_536 / (8_192 + draw.below(57_344)));
        let weight = u64::try_from(weight).unwrap_or(0).clamp(3_000, 1_000_000);
        times * popularity * (10_000_000_000 / (weight + 8_000)) / severity_divisor(target.rule())
    }
}

/// Fewer patients have a CC than none, and fewest an MCC.
fn severity_divisor(rule: &Rule) -> u64 {
    let (mut mcc, mut cc) = (false, false);
    rule.each_predicate(&mut |predicate| {
        mcc |= *predicate == Predicate::Mcc;
        cc |= *predicate == Predicate::Cc;
    });
    match (mcc, cc) {
        (true, false) => 3,
        (_, true) => 2,
        (false, false) => 1,
    }
}

/// The share of all cases that a kind of treatment has, in thousandths.
const fn kind_share(kind: AdrgKind) -> u64 {
    match kind {
        AdrgKind::Surgical => 260,
        AdrgKind::Procedural => 120,
        AdrgKind::Medical => 600,
        AdrgKind::Ambiguous => 20,
    }
}

/// Scales the shares of groups so that each kind of treatment has its own share.
fn balance_kinds(groups: &mut [Group]) {
    use AdrgKind::{Ambiguous, Medical, Procedural, Surgical};
    for kind in [Surgical, Procedural, Medical, Ambiguous] {
        let of_kind = groups.iter().filter(|group| group.kind == kind);
        let total: u128 = of_kind.map(|group| u128::from(group.share)).sum();
        for group in groups.iter_mut().filter(|group| group.kind == kind) {
            let scaled = u128::from(group.share) * u128::from(kind_share(kind)) * 1_000_000;
            group.share = u64::try_from(scaled / total.max(1)).unwrap_or(u64::MAX);
        }
    }
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

    fn group(kind: AdrgKind, weight: i64, share: u64) -> Group {
        Group {
            code: String::new(),
            kind,
            weight,
            recipes: Vec::new(),
            companions: Vec::new(),
            share,
        }
    }

    #[test]
    fn kinds_of_treatment_have_their_shares_whatever_their_groups_add_up_to() {
        use AdrgKind::{Medical, Surgical};
        let mut groups = [
            group(Medical, 5_000, 1),
            group(Medical, 5_000, 3),
            group(Surgical, 20_000, 1_000),
        ];
        balance_kinds(&mut groups);
        assert_eq!(
            groups.map(|g| g.share),
            [150_000_000, 450_000_000, 260_000_000]
        );
    }

    #[test]
    fn heavy_groups_are_rare_below_the_highest_level() {
        let groups = [
            group(AdrgKind::Medical, 5_000, 1_000_000),
            group(AdrgKind::Surgical, 50_000, 1_000_000),
        ];
        let heavy = |level| {
            let shares = mix(&groups, level).unwrap();
            let mut draw = Draw::from_seed(11);
            (0..10_000).filter(|_| shares.draw(&mut draw) == 1).count()
        };
        assert!((4_800..5_200).contains(&heavy(HospitalLevel::Tertiary)));
        assert!((1_000..1_250).contains(&heavy(HospitalLevel::Secondary)));
        assert!((200..450).contains(&heavy(HospitalLevel::Primary)));
    }
}
