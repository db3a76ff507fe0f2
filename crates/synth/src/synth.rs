//! The generator.

use crate::case::procedure_shares;
use crate::cost::CostFactors;
use crate::draw::{Draw, Shares};
use crate::error::Error;
use crate::flaw::{Falsehoods, Flaws};
use crate::forms::Forms;
use crate::groups::{Group, WEIGHT_ONE, find, mix};
use crate::practice::Practice;
use crate::rows::{ClaimRows, MOST_ROWS, Row};
use crate::solve::{Recipe, Solver, Universe};
use crate::units::{UnitMix, Units};
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
    /// Recipes whose patients are newborns: indexes of group and recipe.
    pub(crate) newborns: Vec<(usize, usize)>,
    pub(crate) units: Option<Units>,
    /// Usual ways of treatment; `None` where all that the plan takes are shown.
    pub(crate) practice: Option<Practice>,
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
            newborns: newborns(plan, &groups),
            units: None,
            practice: None,
            groups,
            world,
        })
    }

    /// The same with claims that state payment units beside groups.
    ///
    /// Claims without a unit, and everything that is not about units, stay as they were.
    #[must_use]
    pub fn with_units(mut self, mix: UnitMix) -> Self {
        self.units = Some(Units::new(mix, &self.codes));
        self
    }

    /// What claims may state for payment units; `None` where they state nothing.
    #[must_use]
    pub fn units(&self) -> Option<&Units> {
        self.units.as_ref()
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

fn newborns(plan: &GroupingPlan, groups: &[Group]) -> Vec<(usize, usize)> {
    let is_newborn = |recipe: &Recipe| {
        let days = recipe.days.map(|days| i64::from(days.high));
        days.is_some_and(|days| days <= plan.settings.newborn_days)
    };
    let of_group = |(at, group): (usize, &Group)| {
        let found = group.recipes.iter().enumerate();
        let found = found.filter(|(_, recipe)| is_newborn(recipe));
        found.map(|(recipe, _)| (at, recipe)).collect::<Vec<_>>()
    };
    groups.iter().enumerate().flat_map(of_group).collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flaw::Flaw;
    use crate::rows::Id;
    use crate::units::{StatedUnit, UnitFacts};
    use crate::world::tests::small_world;
    use drgdip_claims::Sex;
    use drgdip_grouper::{Case, CaseCode, CodeFaults, CodeSlot, Numbers};
    use drgdip_tables::{FileSet, load_plan};
    use std::borrow::Cow;
    use std::collections::{BTreeMap, BTreeSet, HashSet};

    const SETTINGS: &str = "id = \"small\"\ntitle = \"Small\"\nsources = []\n\
        [settings]\nno_group_fallback = \"adrg\"\n\
        retry_with_each_other_procedure = false\nnewborn_days = 28\n\
        [checks]\nsex_missing = \"invalid\"\nage_missing = \"invalid\"\n\
        age_0_without_days = \"invalid\"\nnewborn_without_weight = \"invalid\"\n\
        principal_missing = \"none\"\n";

    const MDCS: &str = "order,mdc,name,gate\n\
        1,MDCP,P,principal in P.dx and age_years = 0\n\
        2,MDCZ,Z,\"principal in Z.dx and body_regions(Z.arm,Z.leg,Z.head) >= 2\"\n\
        3,MDCN,N,principal in N.dx and sex = female\n\
        4,MDCB,B,principal in B.dx\n";

    const ADRGS: &str = "mdc,order,adrg,name,kind,rule,fallback\n\
        MDCP,1,PS1,P1,medical,any_dx in PS1.dx and birth_weight_g < 1500 and age_days <= 28,\n\
        MDCP,2,PV1,P2,medical,true,\n\
        MDCZ,1,ZZ1,Z,medical,true,\n\
        MDCN,1,NA1,N,surgical,any_op in NA1.a or (any_op in NA1.b and any_op in NA1.c),\n\
        MDCB,1,BB1,B1,surgical,main_op in BB1.op and not principal in BB1.not,\n\
        MDCB,2,BK1,B2,procedure,other_op in BK1.op and new_tech,\n\
        MDCB,3,BR1,B3,medical,not main_op in BB1.op,\n";

    const GROUPS: &str = "adrg,order,drg,name,rule\n\
        PS1,1,PS19,a,true\n\
        PV1,1,PV19,b,true\n\
        ZZ1,1,ZZ19,c,true\n\
        NA1,1,NA11,d,mcc\n\
        NA1,2,NA13,e,cc\n\
        NA1,3,NA15,f,true\n\
        NA1,4,NA19,g,true\n\
        BB1,1,BB11,h,icu_hours > 120 or ventilator_hours >= 96\n\
        BB1,2,BB12,i,age_years <= 17\n\
        BB1,3,BB15,j,true\n\
        BK1,1,BK19,k,true\n\
        BR1,1,BR11,l,\"stay_days < 5 and discharge in (2,5)\"\n\
        BR1,2,BR12,m,department = ICU\n\
        BR1,3,BR13,n,stay_days > 60\n\
        BR1,4,BR15,o,true\n";

    const LISTS: &str = "list,code\nP.dx,P01\nP.dx,P02\nPS1.dx,P07\nZ.dx,S01\nZ.dx,S11\n\
        Z.arm,S01\nZ.leg,S11\nZ.leg,S12\nZ.head,S21\nN.dx,N01\nN.dx,N02\nN.dx,N03\n\
        NA1.a,70.1\nNA1.b,70.2\nNA1.c,70.3\nB.dx,G01\nB.dx,G02\nB.dx,G03\nB.dx,G04\n\
        BB1.op,01.1\nBB1.op,01.2\nBB1.not,G04\nBK1.op,03.1\n";

    const SEVERITY: &str =
        "code,level,exclusion_table\nI50,mcc,1\nI51,mcc,2\nE11,cc,1\nE12,cc,2\nG02,cc,1\n";

    const EXCLUSIONS: &str = "exclusion_table,principal\n1,N01\n2,N02\n";

    const WEIGHTS: &str = "drg,weight,origin,source\nBB11,5.0000,published,s\n";

    fn small_plan() -> GroupingPlan {
        let file =
            |path: &str, text: &'static str| (path.to_owned(), Cow::Borrowed(text.as_bytes()));
        let files = FileSet::in_memory(
            "small",
            [
                file("plan.toml", SETTINGS),
                file("mdc.csv", MDCS),
                file("adrg.csv", ADRGS),
                file("drg.csv", GROUPS),
                file("lists/all.csv", LISTS),
                file("severity.csv", SEVERITY),
                file("exclusions.csv", EXCLUSIONS),
                file("weights.csv", WEIGHTS),
            ],
        );
        match GroupingPlan::load(&files, &|_| Ok(None)) {
            Ok((plan, _)) => plan,
            Err(error) => panic!("{error}"),
        }
    }

    struct Made {
        plan: GroupingPlan,
        grouper: Grouper,
        synth: Synth,
        rows: ClaimRows,
    }

    fn made(plan: GroupingPlan, bad_rows: u32, rows: u64) -> Made {
        let grouper = Grouper::new(&plan);
        let world = World {
            bad_rows_per_ten_thousand: bad_rows,
            ..small_world()
        };
        let synth = Synth::new(&plan, &grouper, world, 42).unwrap();
        let mut out = ClaimRows::default();
        synth.chunk(0..rows, &mut out);
        Made {
            plan,
            grouper,
            synth,
            rows: out,
        }
    }

    impl Made {
        fn code(&self, code: u32) -> CaseCode {
            CaseCode::look_up(&self.plan.codes, &self.synth.codes()[code as usize])
        }

        fn slot(&self, code: Option<u32>) -> CodeSlot {
            code.map(|code| self.code(code))
        }

        /// The status of a row, and its group or the reason why it has none.
        fn outcome(&self, at: usize) -> (&'static str, &str) {
            let rows = &self.rows;
            let all = |codes: &[u32]| codes.iter().map(|c| self.code(*c)).collect::<Vec<_>>();
            let case = Case {
                sex: rows.sex[at].and_then(|sex| Sex::from_code(i64::from(sex))),
                numbers: Numbers {
                    age_years: rows.age_years[at].map(i32::from),
                    age_days: rows.age_days[at].map(i32::from),
                    birth_weight_g: rows.birth_weight_g[at],
                    stay_days: Some(i32::from(rows.stay_days[at])),
                    icu_hours: Some(i32::from(rows.icu_hours[at])),
                    ventilator_hours: Some(i32::from(rows.ventilator_hours[at])),
                },
                discharge_way: self.grouper.discharge_way(Some(
                    &self.synth.discharge_ways()[usize::from(rows.discharge_way[at])],
                )),
                department: self.grouper.department(Some(
                    &self.synth.departments()[usize::from(rows.department[at])],
                )),
                principal: self.slot(rows.principal_diagnosis[at]),
                other_diagnoses: &all(rows.other_diagnoses.row(at)),
                main_procedure: self.slot(rows.main_procedure[at]),
                other_procedures: &all(rows.other_procedures.row(at)),
                new_tech: rows.new_tech[at],
                faults: CodeFaults::default(),
            };
            let outcome = self.grouper.group(&case).outcome;
            let group = outcome
                .group()
                .map(|group| self.grouper.info(group).group.as_str());
            (outcome.status(), group.unwrap_or(outcome.reason()))
        }

        fn flaw(&self, at: usize) -> Option<Flaw> {
            self.synth.flaw(at as u64)
        }

        fn groups(&self, rows: Range<usize>) -> BTreeSet<&str> {
            let outcomes = rows.map(|at| self.outcome(at));
            outcomes.filter(|o| o.0 == "grouped").map(|o| o.1).collect()
        }

        fn paid(&self, at: usize) -> i64 {
            let rows = &self.rows;
            rows.fund_paid[at] + rows.other_funds_paid[at] + rows.patient_paid[at]
        }
    }

    #[test]
    fn any_chunking_gives_the_same_rows() {
        let made = made(small_plan(), 2_000, 10_000);
        for size in [1, 7, 4_096] {
            let mut rows = ClaimRows::default();
            for start in (0..10_000).step_by(size) {
                made.synth
                    .chunk(start..(start + size as u64).min(10_000), &mut rows);
            }
            assert!(rows == made.rows, "chunks of {size} rows differ");
        }
        let mut tail = ClaimRows::default();
        made.synth.chunk(9_000..10_000, &mut tail);
        assert_eq!(tail.total_cost, made.rows.total_cost[9_000..]);
    }

    #[test]
    fn rows_are_the_same_on_every_platform_and_others_for_another_seed() {
        let first = made(small_plan(), 150, 1_000);
        let total: i64 = first.rows.total_cost.iter().flatten().sum();
        assert_eq!(total, 1_285_215_548);
        let other = Synth::new(&first.plan, &first.grouper, small_world(), 43).unwrap();
        let mut rows = ClaimRows::default();
        other.chunk(0..1_000, &mut rows);
        let ids: HashSet<&Id> = first.rows.case_id.iter().collect();
        assert!(!rows.case_id.iter().any(|id| ids.contains(id)));
        assert_ne!(rows.total_cost, first.rows.total_cost);
    }

    #[test]
    fn every_reachable_group_of_a_plan_is_shown_once_at_the_start() {
        let made = made(small_plan(), 150, 1_000);
        assert_eq!(made.synth.unreachable(), ["NA19"]);
        let all: BTreeSet<&str> = made
            .plan
            .drgs()
            .map(|(_, _, drg)| drg.code.as_str())
            .collect();
        let shown = made.groups(0..made.synth.reachable());
        assert_eq!(all.difference(&shown).collect::<Vec<_>>(), [&"NA19"]);
        assert_eq!(shown.len(), made.synth.reachable());
    }

    #[test]
    fn sound_rows_always_have_a_group() {
        let made = made(small_plan(), 150, 20_000);
        for at in (0..20_000).filter(|&at| made.flaw(at).is_none()) {
            assert_eq!(made.outcome(at).0, "grouped", "row {at}");
        }
    }

    #[test]
    fn every_group_of_the_national_plan_is_reached() {
        let made = made(load_plan("chs-drg-1.1").unwrap().plan, 150, 200_000);
        assert_eq!(made.synth.unreachable(), [""; 0]);
        let groups: BTreeSet<&str> = made
            .plan
            .drgs()
            .map(|(_, _, drg)| drg.code.as_str())
            .collect();
        let first = made.groups(0..made.synth.reachable());
        assert_eq!(first, groups);
        let later = made.groups(made.synth.reachable()..200_000);
        assert!(later.len() >= 600, "{}", later.len());
    }

    #[test]
    fn the_national_plan_has_usual_numbers_of_codes() {
        let made = made(load_plan("chs-drg-1.1").unwrap().plan, 0, 50_000);
        let diagnoses = made.rows.other_diagnoses.values.len();
        assert!((190_000..220_000).contains(&diagnoses), "{diagnoses}");
        let operated = made.rows.main_procedure.iter().flatten().count();
        assert!((18_000..24_000).contains(&operated), "{operated}");
        let procedures = operated + made.rows.other_procedures.values.len();
        assert!(procedures > operated * 13 / 10 && procedures < operated * 16 / 10);
        for at in 0..50_000 {
            let mut codes = made.rows.other_diagnoses.row(at).to_vec();
            codes.sort_unstable();
            let all = codes.len();
            codes.dedup();
            assert_eq!(codes.len(), all, "row {at} repeats a diagnosis");
        }
    }

    #[test]
    fn as_many_rows_are_bad_as_asked_for_and_in_every_way() {
        let count = |bad_rows| {
            let made = made(small_plan(), bad_rows, 20_000);
            let mut by_flaw = BTreeMap::new();
            for flaw in (0..20_000).filter_map(|at| made.flaw(at)) {
                *by_flaw.entry(flaw).or_insert(0) += 1;
            }
            (by_flaw.values().sum::<u32>(), by_flaw.len())
        };
        assert_eq!(count(0), (0, 0));
        let (usual, _) = count(150);
        assert!((240..360).contains(&usual), "{usual}");
        let (many, ways) = count(2_000);
        assert!((3_600..4_100).contains(&many), "{many}");
        assert_eq!(ways, Flaw::SHARES.len());
    }

    /// Whether a row is as its flaw says.
    fn is_flawed(made: &Made, at: usize, flaw: Flaw) -> bool {
        let rows = &made.rows;
        let is_unknown = |code: CodeSlot| code.is_some_and(|code| !code.is_in_plan());
        let (first, last) = (small_world().first_day, small_world().last_day);
        let discharged = rows.discharge_date[at];
        match flaw {
            Flaw::SexMissing => made.outcome(at).1 == "sex_missing",
            Flaw::AgeMissing => made.outcome(at).1 == "age_missing",
            Flaw::AgeDaysMissing => made.outcome(at).1 == "age_days_missing",
            Flaw::BirthWeightMissing => made.outcome(at).1 == "birth_weight_missing",
            Flaw::PrincipalUnknown => is_unknown(made.slot(rows.principal_diagnosis[at])),
            Flaw::PrincipalMissing => rows.principal_diagnosis[at].is_none(),
            Flaw::ProcedureUnknown => is_unknown(made.slot(rows.main_procedure[at])),
            Flaw::CostMissing => rows.total_cost[at].is_none(),
            Flaw::CostNegative => rows.total_cost[at] < Some(0) && rows.reverses[at].is_none(),
            Flaw::PartsOff => rows.total_cost[at] < Some(made.paid(at)),
            Flaw::HospitalUnknown => made.synth.hospital_level(rows.hospital[at]).is_none(),
            Flaw::RegionMissing => rows.region[at].is_none(),
            Flaw::DischargeMissing => discharged.is_none(),
            Flaw::DischargeBefore => discharged.is_some_and(|day| day < first),
            Flaw::DischargeAfter => discharged.is_some_and(|day| day > last),
            Flaw::Repeated => {
                rows.case_id[at] == rows.case_id[at - 1]
                    && rows.total_cost[at] == rows.total_cost[at - 1]
            }
            Flaw::Reversal => {
                rows.reverses[at] == Some(rows.case_id[at - 1])
                    && rows.total_cost[at] == rows.total_cost[at - 1].map(|total| -total)
                    && rows.patient_paid[at] == -rows.patient_paid[at - 1]
                    && rows.hospital[at] == rows.hospital[at - 1]
            }
        }
    }

    #[test]
    fn bad_rows_are_bad_in_the_way_they_say() {
        let made = made(small_plan(), 2_000, 20_000);
        for at in 0..20_000 {
            if let Some(flaw) = made.flaw(at) {
                assert!(is_flawed(&made, at, flaw), "row {at} is not {flaw:?}");
            }
        }
    }

    #[test]
    fn case_ids_repeat_only_where_a_row_is_repeated_and_absent_sex_has_two_forms() {
        let made = made(small_plan(), 2_000, 20_000);
        let mut seen = HashSet::new();
        for at in 0..20_000 {
            let is_new = seen.insert(made.rows.case_id[at]);
            assert_eq!(is_new, made.flaw(at) != Some(Flaw::Repeated), "row {at}");
        }
        assert!(made.rows.case_id.is_sorted());
        let sexes: HashSet<Option<i8>> = made.rows.sex.iter().copied().collect();
        assert_eq!(sexes, HashSet::from([None, Some(1), Some(2), Some(9)]));
    }

    #[test]
    fn money_adds_up_on_sound_rows_and_follows_the_weight() {
        let made = made(small_plan(), 150, 20_000);
        let (mut heavy, mut cases) = (0, 0);
        for at in (0..20_000).filter(|&at| made.flaw(at).is_none()) {
            let rows = &made.rows;
            let total = rows.total_cost[at].unwrap();
            let spent = rows.drug_cost[at]
                + rows.consumable_cost[at]
                + rows.service_cost[at]
                + rows.tcm_cost[at];
            assert_eq!(made.paid(at), total, "row {at}");
            assert!(0 < spent && spent < total, "row {at}");
            if made.outcome(at).1 == "BB11" {
                (heavy, cases) = (heavy + total, cases + 1);
            }
        }
        // Weight 5 at 12,000 yuan, in hospitals that are mostly 6 % dearer.
        let mean = heavy / cases.max(1);
        assert!(
            cases > 100 && (5_700_000..6_900_000).contains(&mean),
            "{cases} cost {mean}"
        );
    }

    #[test]
    fn patients_come_back_and_never_before_they_have_left() {
        let made = made(small_plan(), 0, 20_000);
        let mut first = BTreeMap::new();
        let mut later = 0;
        for at in 0..20_000 {
            let rows = &made.rows;
            let facts = (rows.sex[at], rows.age_years[at], rows.hospital[at]);
            let seen = first.insert(rows.person_id[at], (rows.discharge_date[at], facts));
            if let Some((left, before)) = seen {
                later += 1;
                assert!(left < Some(rows.admission_date[at]), "row {at}");
                assert_eq!(before, facts, "row {at}");
            }
            let days = rows.discharge_date[at].unwrap() - rows.admission_date[at];
            assert_eq!(days, i32::from(rows.stay_days[at]), "row {at}");
        }
        assert!(later > 300, "{later}");
    }

    #[test]
    fn hospitals_have_rows_in_proportion_to_their_shares() {
        let made = made(small_plan(), 0, 15_000);
        let cases = |hospital| {
            made.rows
                .hospital
                .iter()
                .filter(|&&h| h == hospital)
                .count()
        };
        assert!((9_700..10_300).contains(&cases(0)), "{}", cases(0));
        assert!((3_800..4_200).contains(&cases(1)), "{}", cases(1));
        assert!((900..1_100).contains(&cases(2)), "{}", cases(2));
        assert_eq!(made.synth.hospitals(), ["H1", "H2", "H3", "H1X"]);
        assert_eq!(made.synth.regions(), ["R1", "R2"]);
    }

    /// Everything that a policy can let claims state.
    fn all_units() -> UnitMix {
        use crate::units::{CostPart, TechnologyItem};
        let texts = |text: &str| vec![text.to_owned()];
        UnitMix {
            technologies: vec![TechnologyItem {
                code: "X1".to_owned(),
                part: CostPart::Consumable,
            }],
            procedures: texts("03.1"),
            drugs: texts("D1"),
            tcm_diseases: texts("T1"),
            care: texts("rehabilitation"),
            quota_groups: texts("BK19"),
            has_day_surgery: true,
            has_items: true,
            has_home_beds: true,
            switch_after: Some(60),
        }
    }

    #[test]
    fn units_are_stated_beside_claims_that_stay_as_they_were() {
        let plain = made(small_plan(), 150, 20_000);
        let synth = plain.synth.clone().with_units(all_units());
        let mut with = ClaimRows::default();
        synth.chunk(0..20_000, &mut with);
        let stating: BTreeSet<usize> = with.units.iter().map(|(row, _)| *row).collect();
        assert!(stating.len() > 1_000, "{}", stating.len());
        for row in 0..20_000 {
            assert_eq!(plain.rows.case_id[row], with.case_id[row]);
            assert_eq!(plain.rows.discharge_date[row], with.discharge_date[row]);
            let days = with.discharge_date[row].map(|day| day - with.admission_date[row]);
            assert_eq!(days.unwrap_or(0) > 0, with.discharge_date[row].is_some());
            let same = (plain.rows.total_cost[row], plain.rows.stay_days[row])
                == (with.total_cost[row], with.stay_days[row]);
            assert!(same || stating.contains(&row) || plain.flaw(row).is_some());
        }
        let parts: [fn(&UnitFacts) -> bool; 7] = [
            |facts| facts.unit == Some(StatedUnit::BedDay) && facts.care == Some(0),
            |facts| facts.unit == Some(StatedUnit::DaySurgery),
            |facts| facts.unit == Some(StatedUnit::SingleDisease),
            |facts| facts.unit == Some(StatedUnit::Item),
            |facts| facts.unit == Some(StatedUnit::HomeBed),
            |facts| facts.tcm.is_some(),
            |facts| facts.is_long,
        ];
        for (place, part) in parts.into_iter().enumerate() {
            let found = with.units.iter().filter(|(_, facts)| part(facts));
            assert!(found.count() > 0, "{place}");
        }
    }

    #[test]
    fn items_are_part_of_what_the_claim_costs_and_who_pays_adds_up() {
        let plain = made(small_plan(), 0, 20_000);
        let synth = plain.synth.with_units(all_units());
        let mut rows = ClaimRows::default();
        synth.chunk(0..20_000, &mut rows);
        let mut items = 0;
        for (row, facts) in &rows.units {
            let total = rows.total_cost[*row].unwrap();
            let paid = rows.fund_paid[*row] + rows.other_funds_paid[*row] + rows.patient_paid[*row];
            assert_eq!(paid, total);
            let spent = rows.drug_cost[*row] + rows.consumable_cost[*row];
            let spent = spent + rows.service_cost[*row] + rows.tcm_cost[*row];
            assert!(spent <= total, "row {row}");
            let listed = facts.technologies.iter().chain(&facts.drugs);
            let listed: i64 = listed.map(|(_, fen)| fen).sum();
            assert!(listed < total, "row {row}");
            items += usize::from(listed > 0);
        }
        assert!(items > 300, "{items}");
    }

    #[test]
    fn a_plan_that_takes_no_case_is_an_error() {
        let mut plan = small_plan();
        plan.mdcs.clear();
        let grouper = Grouper::new(&plan);
        let error = Synth::new(&plan, &grouper, small_world(), 1).unwrap_err();
        assert_eq!(
            error.to_string(),
            "no case was found that reaches any group of the plan small; check the plan's rules"
        );
    }
}
