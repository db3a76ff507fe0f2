//! The generator.

use crate::case::procedure_shares;
use crate::cost::CostFactors;
use crate::draw::{Draw, Shares};
use crate::error::Error;
use crate::flaw::{Falsehoods, Flaws};
use crate::forms::Forms;
use crate::groups::{Group, WEIGHT_ONE, find, mix};
use crate::rows::{ClaimRows, MOST_ROWS, Row};
use crate::solve::{Solver, Universe};
use crate::world::{HospitalLevel, World};
use drgdip_grouper::Grouper;
use drgdip_tables::GroupingPlan;
use drgdip_tables::plan::CodeId;
use drgdip_tables::rule::Predicate;
use std::ops::Range;

/// How many codes of each kind the plan does not know.
const UNKNOWN_CODES: usize = 24;

/// Makes claims; cheap to share between threads.
///
/// A row depends on the plan, the world, the seed and its own number, so rows can be made in any
/// order and in chunks of any size. Which groups are common, and with which codes their cases come,
/// depends on the plan alone: claims of two seeds are two samples of one world.
#[derive(Clone, Debug)]
pub struct Synth {
    pub(crate) key: u64,
    pub(crate) world: World,
    pub(crate) groups: Vec<Group>,
    unreachable: Vec<String>,
    codes: Vec<String>,
    hospitals: Vec<String>,
    regions: Vec<String>,
    insurances: Vec<String>,
    pub(crate) universe: Universe,
    pub(crate) mcc_codes: Vec<CodeId>,
    pub(crate) cc_codes: Vec<CodeId>,
    pub(crate) forms: Forms,
    pub(crate) factors: CostFactors,
    pub(crate) flaws: Flaws,
    pub(crate) falsehoods: Falsehoods,
    pub(crate) hospital_shares: Shares,
    pub(crate) insurance_shares: Shares,
    pub(crate) procedure_shares: Shares,
    /// By level of hospital.
    pub(crate) mixes: [Shares; 3],
    /// By hospital, the index of its region.
    pub(crate) region_of: Vec<u16>,
    /// The hospitals of the highest level that have cases.
    pub(crate) top_hospitals: Vec<usize>,
    pub(crate) has_new_tech_rule: bool,
}

impl Synth {
    /// Finds cases for every group of the plan and gets ready to make claims.
    ///
    /// `grouper` must be compiled from `plan`.
    pub fn new(
        plan: &GroupingPlan,
        grouper: &Grouper,
        world: World,
        seed: u64,
    ) -> Result<Self, Error> {
        world.check()?;
        let mut universe = Universe::new(plan);
        let forms = Forms::new(plan);
        let solver = Solver::new(plan, grouper, &universe, &forms);
        let (groups, unreachable) = find(plan, &solver, &universe);
        let no_group = || Error::NoGroup {
            plan: plan.id.clone(),
        };
        let level_mix = |level| mix(&groups, level).ok_or_else(no_group);
        let [primary, secondary, tertiary] = HospitalLevel::ALL.map(level_mix);
        let mixes = [primary?, secondary?, tertiary?];
        // What is common is a matter of chance, not of the order of codes.
        Draw::from_seed(1).shuffle(&mut universe.quiet_diagnoses);
        Draw::from_seed(2).shuffle(&mut universe.quiet_procedures);
        let mut codes: Vec<String> = (0..u32::try_from(plan.codes.len())
            .expect("fewer than 2^32 codes"))
            .map(|id| plan.codes.text(CodeId(id)).to_owned())
            .collect();
        let falsehoods = falsehoods(plan, &world, &universe, &mut codes);
        let regions = regions(&world);
        Ok(Self {
            key: Draw::from_seed(seed).bits(),
            unreachable,
            codes,
            hospitals: hospital_ids(&world),
            region_of: region_of(&world, &regions),
            regions,
            insurances: world.insurances.iter().map(|i| i.code.clone()).collect(),
            mcc_codes: shuffled(3, universe.mcc.iter().map(|row| row.code)),
            cc_codes: shuffled(4, universe.cc.iter().map(|row| row.code)),
            universe,
            forms,
            factors: CostFactors::bundled(),
            flaws: Flaws::new(&world),
            falsehoods,
            hospital_shares: shares(world.hospitals.iter().map(|h| h.share))
                .ok_or(Error::NoHospital)?,
            insurance_shares: shares(world.insurances.iter().map(|i| i.share))
                .ok_or(Error::NoInsurance)?,
            procedure_shares: Shares::new(procedure_shares()).expect("some number has a share"),
            mixes,
            top_hospitals: top_hospitals(&world),
            has_new_tech_rule: has_new_tech_rule(plan),
            groups,
            world,
        })
    }

    /// The groups of the plan that no case was found for, in plan order.
    #[must_use]
    pub fn unreachable(&self) -> &[String] {
        &self.unreachable
    }

    /// How many groups cases were found for; each of the first so many rows shows one of them.
    #[must_use]
    pub fn reachable(&self) -> usize {
        self.groups.len()
    }

    /// Appends the rows of a range.
    ///
    /// # Panics
    ///
    /// When the range goes beyond [`MOST_ROWS`].
    pub fn chunk(&self, range: Range<u64>, out: &mut ClaimRows) {
        assert!(
            range.end <= MOST_ROWS,
            "case ids number at most {MOST_ROWS} rows"
        );
        out.reserve(usize::try_from(range.end.saturating_sub(range.start)).unwrap_or(0));
        let mut row = Row::default();
        for number in range {
            self.write(number, &mut row);
            out.push(&row);
        }
    }

    /// All codes that rows can have: those of the plan by their ids, then unknown ones.
    #[must_use]
    pub fn codes(&self) -> &[String] {
        &self.codes
    }

    /// The hospitals' ids; the last one is in no world and marks rows with that flaw.
    #[must_use]
    pub fn hospitals(&self) -> &[String] {
        &self.hospitals
    }

    /// The level of a hospital; `None` for the one that is in no world.
    #[must_use]
    pub fn hospital_level(&self, hospital: u32) -> Option<HospitalLevel> {
        let found = self.world.hospitals.get(hospital as usize);
        found.map(|hospital| hospital.level)
    }

    /// The pooling areas.
    #[must_use]
    pub fn regions(&self) -> &[String] {
        &self.regions
    }

    /// The insurances.
    #[must_use]
    pub fn insurances(&self) -> &[String] {
        &self.insurances
    }

    /// The codes of the discharge ways.
    #[must_use]
    pub fn discharge_ways(&self) -> &[String] {
        &self.forms.ways
    }

    /// The codes of the departments.
    #[must_use]
    pub fn departments(&self) -> &[String] {
        &self.forms.departments
    }

    /// The mean cost of a group's cases before the hospital's own factor, in fen.
    pub(crate) fn mean_cost(&self, group: &Group) -> i64 {
        self.world
            .cost_of_weight_one
            .fen()
            .saturating_mul(group.weight)
            / WEIGHT_ONE
    }
}

fn shares(shares: impl Iterator<Item = u32>) -> Option<Shares> {
    Shares::new(shares.map(u64::from))
}

fn shuffled(seed: u64, codes: impl Iterator<Item = CodeId>) -> Vec<CodeId> {
    let mut codes: Vec<CodeId> = codes.collect();
    Draw::from_seed(seed).shuffle(&mut codes);
    codes
}

fn has_new_tech_rule(plan: &GroupingPlan) -> bool {
    let mut found = false;
    for stated in plan.rules() {
        let mut see = |predicate: &Predicate| found |= *predicate == Predicate::NewTech;
        stated.rule.each_predicate(&mut see);
    }
    found
}

fn regions(world: &World) -> Vec<String> {
    let mut regions: Vec<String> = world.hospitals.iter().map(|h| h.region.clone()).collect();
    regions.sort_unstable();
    regions.dedup();
    regions
}

fn region_of(world: &World, regions: &[String]) -> Vec<u16> {
    let position = |region: &String| {
        let at = regions
            .binary_search(region)
            .expect("every hospital's region is listed");
        u16::try_from(at).expect("there are fewer than 65,536 regions")
    };
    world
        .hospitals
        .iter()
        .map(|h| position(&h.region))
        .collect()
}

/// The ids of all hospitals, and one more that none of them has.
fn hospital_ids(world: &World) -> Vec<String> {
    let mut ids: Vec<String> = world.hospitals.iter().map(|h| h.id.clone()).collect();
    let mut stranger = format!("{}X", ids[0]);
    while ids.contains(&stranger) {
        stranger.push('X');
    }
    ids.push(stranger);
    ids
}

fn top_hospitals(world: &World) -> Vec<usize> {
    let active = || {
        world
            .hospitals
            .iter()
            .enumerate()
            .filter(|(_, h)| h.share > 0)
    };
    let top = active().map(|(_, h)| h.level).max();
    active()
        .filter(|(_, h)| Some(h.level) == top)
        .map(|(at, _)| at)
        .collect()
}

fn falsehoods(
    plan: &GroupingPlan,
    world: &World,
    universe: &Universe,
    codes: &mut Vec<String>,
) -> Falsehoods {
    Falsehoods {
        diagnoses: unknown_codes(plan, &universe.principals, codes),
        procedures: unknown_codes(plan, &universe.procedures, codes),
        hospital: u32::try_from(world.hospitals.len()).expect("hospitals are few"),
        first_day: world.first_day,
        last_day: world.last_day,
        newborn_days: i16::try_from(plan.settings.newborn_days)
            .unwrap_or(0)
            .max(0),
    }
}

/// Spells real codes wrong in the ways that hospitals do, and adds those that the plan lacks.
fn unknown_codes(plan: &GroupingPlan, real: &[CodeId], codes: &mut Vec<String>) -> Vec<u32> {
    let wrong: [fn(&str) -> String; 3] = [
        |code| code.to_lowercase(),
        |code| code.replace('.', ""),
        |code| format!("{code}-"),
    ];
    let mut draw = Draw::from_seed(5);
    let spelled = (0..UNKNOWN_CODES * 4)
        .filter_map(|n| {
            Some(wrong[n % 3](
                plan.codes.text(*real.get(draw.index(real.len().max(1)))?),
            ))
        })
        .filter(|code| plan.codes.find(code).is_none());
    let mut unknown: Vec<String> = spelled.collect();
    unknown.sort_unstable();
    unknown.dedup();
    draw.shuffle(&mut unknown);
    unknown.truncate(UNKNOWN_CODES);
    let first = u32::try_from(codes.len()).expect("fewer than 2^32 codes");
    let count = u32::try_from(unknown.len()).expect("unknown codes are few");
    codes.append(&mut unknown);
    (first..first + count).collect()
}
