//! How hospitals treat: the same ways year after year, each with its own cost.
//!
//! A grouping plan takes thousands of ways of treatment into each group, and a test wants to see
//! many of them. A history from which a catalogue is grown looks otherwise: each disease has a few
//! usual ways of treatment, each with its own mean cost, and comorbidities, intensive care and age
//! add to it in the same manner every year. All of that depends on the plan alone, so that claims
//! of two seeds or years are samples of one practice.

use crate::draw::Draw;
use crate::groups::Group;
use crate::patient::Patient;
use crate::rows::Row;
use crate::solve::Recipe;
use crate::synth::Synth;
use drgdip_tables::GroupingPlan;
use drgdip_tables::plan::{AdrgKind, CodeId};

/// The cost of a usual case, in thousandths.
const USUAL: i64 = 1_000;

/// How many ways of treatment a group has at most.
const MOST_WAYS: usize = 4;

/// In how many of 10,000 cases the further procedure of a way of treatment is made, and what it
/// adds to the cost, in thousandths.
const FURTHER: (u32, i64) = (2_200, 320);

/// What a day in intensive care adds, in thousandths, for at most so many days.
const INTENSIVE_CARE: (i64, i64) = (130, 14);

/// From which age on a patient costs more, and by how many thousandths.
const ELDERLY: (i16, i64) = (65, 80);

/// Up to which age a patient costs less, and by how many thousandths.
const CHILD: (i16, i64) = (6, 150);

/// A usual practice, compiled for a plan.
#[derive(Clone, Debug)]
pub(crate) struct Practice {
    comorbidities: Vec<Comorbidity>,
}

/// A disease that patients often have beside the one that they are treated for.
#[derive(Clone, Copy, Debug)]
struct Comorbidity {
    code: CodeId,
    /// Of 10,000 adults.
    share: u32,
    /// What it adds to the cost, in thousandths.
    cost: i64,
}

impl Practice {
    fn new(plan: &GroupingPlan) -> Self {
        let text = include_str!("../data/comorbidities.csv");
        let rows = csv::Reader::from_reader(text.as_bytes()).into_deserialize();
        let known = rows.filter_map(|row| {
            let (code, share, cost): (String, u32, i64) =
                row.expect("the bundled rows have a code and two whole numbers");
            let code = plan.codes.find(&code)?;
            Some(Comorbidity { code, share, cost })
        });
        Self {
            comorbidities: known.collect(),
        }
    }
}

/// What is settled once for a way of treatment.
struct Way {
    /// The mean cost, in thousandths of that of its group.
    cost: i64,
    /// The procedure that sometimes goes with it.
    further: Option<CodeId>,
}

fn way(recipe: &Recipe, group: &Group) -> Way {
    let main = recipe.main.map_or(0, |code| u64::from(code.0) + 1);
    let mut draw = Draw::from_seed(u64::from(recipe.principal.0) << 32 | main);
    let cost = i64::from(draw.between(780, 1_260));
    let others = || {
        group
            .companions
            .iter()
            .filter(|code| Some(**code) != recipe.main)
    };
    let count = others().count();
    let is_operated = recipe.main.is_some() && group.kind != AdrgKind::Medical;
    let further = (is_operated && count > 0)
        .then(|| others().nth(draw.index(count)).copied())
        .flatten();
    Way { cost, further }
}

impl Synth {
    /// The same generator with a usual practice: a few ways of treatment for each group.
    #[must_use]
    pub fn with_usual_practice(mut self, plan: &GroupingPlan) -> Self {
        self.practice = Some(Practice::new(plan));
        self
    }

    /// The same world in another period: other patients, the same hospitals and practice.
    ///
    /// `cost_per_mille` is what a case costs then, in thousandths of what it costs now.
    #[must_use]
    pub fn moved_to(&self, seed: u64, days: (i32, i32), cost_per_mille: u32) -> Self {
        let mut moved = self.clone();
        moved.key = Draw::from_seed(seed).bits();
        (moved.world.first_day, moved.world.last_day) = days;
        (moved.falsehoods.first_day, moved.falsehoods.last_day) = days;
        let fen = self.world.cost_of_weight_one.fen();
        let fen = (fen / USUAL).saturating_mul(i64::from(cost_per_mille));
        moved.world.cost_of_weight_one = drgdip_claims::Yuan::from_fen(fen.max(1));
        moved
    }

    /// The way of treatment of a patient, by its place among those of the group.
    pub(crate) fn recipe_of(&self, group: &Group, draw: &mut Draw) -> usize {
        let all = group.recipes.len();
        match self.practice {
            None => draw.skewed_index(all),
            Some(_) => draw.skewed_index(all.min(MOST_WAYS)),
        }
    }

    /// Adds what usually goes with a way of treatment, where there is a usual practice.
    pub(crate) fn practise(&self, patient: &Patient<'_>, row: &mut Row, draw: &mut Draw) -> bool {
        let Some(practice) = &self.practice else {
            return false;
        };
        if patient.is_bare {
            return true;
        }
        let times = if patient.years < i32::from(ELDERLY.0) {
            1
        } else {
            2
        };
        for comorbidity in &practice.comorbidities {
            let code = comorbidity.code;
            let is_ill = patient.years >= 18 && draw.chance(comorbidity.share * times);
            let is_new = code != patient.recipe.principal && !row.other_diagnoses.contains(&code.0);
            if is_ill && is_new {
                row.other_diagnoses.push(code.0);
            }
        }
        let further = way(patient.recipe, patient.group).further;
        if let Some(code) = further.filter(|_| draw.chance(FURTHER.0)) {
            row.other_procedures.push(code.0);
        }
        true
    }

    /// What a case costs on average: the mean of its group, or what the usual practice makes of it.
    pub(crate) fn practised_cost(&self, mean: i64, patient: &Patient<'_>, row: &Row) -> i64 {
        let Some(practice) = &self.practice else {
            return mean;
        };
        let way = way(patient.recipe, patient.group);
        let mut added = 0;
        for comorbidity in &practice.comorbidities {
            if row.other_diagnoses.contains(&comorbidity.code.0) {
                added += comorbidity.cost;
            }
        }
        let further = way
            .further
            .filter(|code| row.other_procedures.contains(&code.0));
        added += further.map_or(0, |_| FURTHER.1);
        let intensive = i64::from(row.icu_hours) / 24;
        added += intensive.min(INTENSIVE_CARE.1) * INTENSIVE_CARE.0;
        match row.age_years {
            Some(years) if years >= ELDERLY.0 => added += ELDERLY.1,
            Some(years) if years <= CHILD.0 => added -= CHILD.1,
            _ => {}
        }
        (mean / USUAL).saturating_mul(way.cost) / USUAL * (USUAL + added)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::ClaimRows;
    use crate::world::tests::small_world;
    use drgdip_grouper::Grouper;
    use drgdip_tables::load_plan;
    use std::collections::HashMap;

    fn made(seed: u64) -> (Synth, ClaimRows) {
        let plan = load_plan("chs-drg-1.1").unwrap().plan;
        let grouper = Grouper::new(&plan);
        let synth = Synth::new(&plan, &grouper, small_world(), 1).unwrap();
        let first = synth.with_usual_practice(&plan);
        let synth = first.moved_to(seed, (18_000, 18_364), 940);
        let mut rows = ClaimRows::default();
        synth.chunk(1_000..31_000, &mut rows);
        (synth, rows)
    }

    type Stems = HashMap<(Option<u32>, Option<u32>), (i64, i64)>;

    fn stems(rows: &ClaimRows) -> Stems {
        let mut stems = Stems::new();
        for at in 0..rows.len() {
            let key = (rows.principal_diagnosis[at], rows.main_procedure[at]);
            let entry = stems.entry(key).or_default();
            *entry = (entry.0 + 1, entry.1 + rows.total_cost[at].unwrap_or(0));
        }
        stems
    }

    #[test]
    fn years_of_one_practice_have_the_same_treatments_at_like_costs_and_other_patients() {
        let ((_, one), (_, other)) = (made(7), made(8));
        assert!(one.case_id.iter().all(|id| !other.case_id.contains(id)));
        let days = one.discharge_date.iter().flatten();
        let inside = days.filter(|day| (18_000..=18_364).contains(*day)).count();
        assert!(inside > 29_500, "{inside}");
        let (one, other) = (stems(&one), stems(&other));
        let common = one.iter().filter(|(_, (cases, _))| *cases >= 100);
        let mut seen = 0;
        for (stem, (cases, cost)) in common {
            let (others, other_cost) = other[stem];
            let (mean, other_mean) = (cost / cases, other_cost / others);
            assert!(
                (mean - other_mean).abs() * 3 < mean,
                "{mean} and {other_mean}"
            );
            seen += cases;
        }
        assert!(seen > 10_000, "{seen} cases have common treatments");
    }
}
