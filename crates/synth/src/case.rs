//! One row: a patient's stay with its codes and its money.

use crate::cost::{Spending, pay, scaled, spend};
use crate::draw::{Draw, Stream};
use crate::flaw::{Flaw, negate};
use crate::groups::WEIGHT_ONE;
use crate::patient::{Patient, Stay, inside};
use crate::rows::{Row, numbered_id};
use crate::synth::Synth;
use drgdip_claims::Sex;
use drgdip_tables::plan::{AdrgKind, CodeId};

/// No case costs less than this, in fen.
const CHEAPEST: i64 = 20_000;

/// How many further procedures an operated patient has, of 100 such patients.
const FURTHER_PROCEDURES: [(usize, u32); 4] = [(0, 62), (1, 26), (2, 9), (3, 3)];

impl Synth {
    /// Writes a row into `row`, whatever stood there.
    pub(crate) fn write(&self, number: u64, row: &mut Row) {
        match self.flaw(number) {
            None => self.write_sound(number, row),
            Some(Flaw::Repeated) => self.write_sound(number - 1, row),
            Some(Flaw::Reversal) => {
                self.write_sound(number - 1, row);
                negate(row);
                row.units = None;
                row.reverses = Some(row.case_id);
                row.case_id = numbered_id(b'C', self.key, number);
            }
            Some(flaw) => {
                if flaw.is_about_infants() && !self.newborns.is_empty() {
                    self.write_newborn(number, row);
                } else {
                    self.write_sound(number, row);
                }
                let (_, mut draw) = self.drawn_flaw(number);
                self.falsehoods.spoil(row, flaw, &mut draw);
                row.units = None;
            }
        }
    }

    /// What is wrong with a row.
    ///
    /// A row is about the row before it only where nothing is wrong with that one, so it never
    /// matters what that one is about in turn.
    #[must_use]
    pub fn flaw(&self, row: u64) -> Option<Flaw> {
        let flaw = self.drawn_flaw(row).0?;
        let is_possible = !flaw.is_about_row_before()
            || row
                .checked_sub(1)
                .is_some_and(|before| self.drawn_flaw(before).0.is_none());
        is_possible.then_some(flaw)
    }

    /// The flaw that was drawn for a row, and the stream that draws what else it needs.
    fn drawn_flaw(&self, row: u64) -> (Option<Flaw>, Draw) {
        let mut draw = Draw::of_row(self.key, row, Stream::Flaw);
        let is_shown = row < self.groups.len() as u64;
        let flaw = self.flaws.draw(&mut draw).filter(|_| !is_shown);
        (flaw, draw)
    }

    fn write_sound(&self, number: u64, row: &mut Row) {
        let mut draw = Draw::of_row(self.key, number, Stream::Stay);
        let (patient, stay) = self.patient_and_stay(number, &mut draw);
        self.write_case(number, (&patient, &stay), row, &mut draw);
    }

    /// Writes a case of a newborn, who would be someone else had the row no flaw.
    fn write_newborn(&self, number: u64, row: &mut Row) {
        let mut draw = Draw::of_row(self.key, number, Stream::Stay);
        let patient = self.newborn(number, &mut draw);
        let stay = self.stay(&patient, &mut draw);
        self.write_case(number, (&patient, &stay), row, &mut draw);
    }

    fn write_case(
        &self,
        number: u64,
        (patient, stay): (&Patient<'_>, &Stay),
        row: &mut Row,
        draw: &mut Draw,
    ) {
        row.case_id = numbered_id(b'C', self.key, number);
        row.person_id = numbered_id(b'P', self.key, patient.row);
        row.reverses = None;
        self.write_patient(patient, row, draw);
        self.write_stay(patient, stay, row, draw);
        self.write_diagnoses(patient, row, draw);
        self.write_procedures(patient, row, draw);
        self.write_money(patient, stay, row, draw);
        self.write_units(number, patient, row);
    }

    fn write_patient(&self, patient: &Patient<'_>, row: &mut Row, draw: &mut Draw) {
        row.hospital = u32::try_from(patient.hospital).expect("hospitals are few");
        row.region = Some(self.region_of[patient.hospital]);
        row.insurance = u16::try_from(patient.insurance).expect("insurances are few");
        row.sex = Some(match patient.sex {
            Sex::Male => 1,
            Sex::Female => 2,
        });
        row.age_years = Some(short(patient.years));
        row.age_days = patient.days.map(short);
        row.birth_weight_g = patient.birth_weight;
        let gained = 950 + draw.between(0, 150);
        row.admission_weight_g = patient.birth_weight.map(|grams| grams * gained / 1_000);
    }

    fn write_stay(&self, patient: &Patient<'_>, stay: &Stay, row: &mut Row, draw: &mut Draw) {
        let recipe = patient.recipe;
        row.admission_date = stay.admission;
        row.discharge_date = Some(stay.discharge);
        row.stay_days = short(stay.days);
        let is_severe = patient.group.weight > 2 * WEIGHT_ONE && draw.chance(2_500);
        let hours = if is_severe {
            draw.between(6, 24 * stay.days.clamp(1, 8))
        } else {
            0
        };
        row.icu_hours = short(inside(recipe.icu, hours, draw));
        let is_ventilated = is_severe && draw.chance(4_000);
        let hours = if is_ventilated {
            draw.between(1, hours.max(1))
        } else {
            0
        };
        row.ventilator_hours = short(inside(recipe.ventilator, hours, draw));
        row.discharge_way = recipe.way.unwrap_or_else(|| self.forms.usual_way(draw));
        let usual = self.forms.usual_department(patient.group.kind, draw);
        row.department = recipe.department.unwrap_or(usual);
        let is_free = !self.has_new_tech_rule;
        row.new_tech = recipe.has_new_tech || is_free && draw.chance(50);
    }

    fn write_diagnoses(&self, patient: &Patient<'_>, row: &mut Row, draw: &mut Draw) {
        let recipe = patient.recipe;
        row.principal_diagnosis = Some(recipe.principal.0);
        row.other_diagnoses.clear();
        row.other_diagnoses
            .extend(recipe.others.iter().map(|code| code.0));
        let further = if patient.is_bare || self.practice.is_some() {
            0
        } else {
            draw.below(5) + draw.below(5)
        };
        for _ in 0..further {
            let raises = recipe.is_open_to_severity && draw.chance(1_800);
            let codes = match raises {
                false => &self.universe.quiet_diagnoses,
                true if draw.chance(1_200) => &self.mcc_codes,
                true => &self.cc_codes,
            };
            let Some(code) = common(codes, draw) else {
                continue;
            };
            if code != recipe.principal && !row.other_diagnoses.contains(&code.0) {
                row.other_diagnoses.push(code.0);
            }
        }
    }

    fn write_procedures(&self, patient: &Patient<'_>, row: &mut Row, draw: &mut Draw) {
        let recipe = patient.recipe;
        row.main_procedure = recipe.main.map(|code| code.0);
        row.other_procedures.clear();
        row.other_procedures
            .extend(recipe.other_ops.iter().map(|code| code.0));
        if self.practise(patient, row, draw) {
            return;
        }
        let is_operated = recipe.main.is_some() && patient.group.kind != AdrgKind::Medical;
        if patient.is_bare || !is_operated {
            return;
        }
        for _ in 0..self.further_procedures(draw) {
            let own = &patient.group.companions;
            let is_own = !own.is_empty() && draw.chance(6_000);
            let codes = if is_own {
                own
            } else {
                &self.universe.quiet_procedures
            };
            let Some(code) = common(codes, draw) else {
                continue;
            };
            if Some(code) != recipe.main && !row.other_procedures.contains(&code.0) {
                row.other_procedures.push(code.0);
            }
        }
    }

    fn further_procedures(&self, draw: &mut Draw) -> usize {
        FURTHER_PROCEDURES[self.procedure_shares.draw(draw)].0
    }

    fn write_money(&self, patient: &Patient<'_>, stay: &Stay, row: &mut Row, draw: &mut Draw) {
        let hospital = &self.world.hospitals[patient.hospital];
        let mean = self.mean_cost(patient.group) / 1_000;
        let mean = mean.saturating_mul(i64::from(hospital.cost_per_mille));
        let mean = self.practised_cost(mean, patient, row);
        // The last yuan and fen are drawn, so that totals are not round.
        let total = scaled(mean, stay.pace).max(CHEAPEST) + i64::from(draw.below(1_000));
        spend(row, total, Spending::usual(patient.group.kind), draw);
        let fund = self.world.insurances[patient.insurance].fund_per_mille;
        pay(row, total, fund[hospital.level.index()], draw);
    }
}

/// How the numbers of further procedures are shared out.
pub(crate) fn procedure_shares() -> impl Iterator<Item = u64> {
    FURTHER_PROCEDURES
        .iter()
        .map(|(_, share)| u64::from(*share))
}

/// A code, where those at the front are far more common.
fn common(codes: &[CodeId], draw: &mut Draw) -> Option<CodeId> {
    (!codes.is_empty()).then(|| codes[draw.skewed_index(codes.len())])
}

/// The spans of generated numbers fit into 16 bits.
pub(crate) fn short(number: i32) -> i16 {
    i16::try_from(number).expect("generated numbers fit into 16 bits")
}
