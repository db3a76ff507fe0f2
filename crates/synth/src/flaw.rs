//! What is wrong with a row, as wrong rows occur in practice.

use crate::draw::{Draw, Shares};
use crate::rows::Row;
use crate::world::World;

/// What is wrong with a generated row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flaw {
    /// No sex, or 9 (未说明).
    SexMissing,
    /// No age.
    AgeMissing,
    /// An infant without age in days.
    AgeDaysMissing,
    /// A newborn without birth weight.
    BirthWeightMissing,
    /// A principal diagnosis that the plan does not know.
    PrincipalUnknown,
    /// No principal diagnosis.
    PrincipalMissing,
    /// A main procedure that the plan does not know.
    ProcedureUnknown,
    /// No total cost.
    CostMissing,
    /// Negative amounts that cancel nothing.
    CostNegative,
    /// The parts that were paid do not add up to the total.
    PartsOff,
    /// A hospital that is in no world.
    HospitalUnknown,
    /// No region.
    RegionMissing,
    /// No day of discharge.
    DischargeMissing,
    /// Discharged before the period: a late entry.
    DischargeBefore,
    /// Discharged after the period.
    DischargeAfter,
    /// The row before once more, with the same case id.
    Repeated,
    /// The amounts of the row before with the opposite sign: proper, and not a case of its own.
    Reversal,
}

impl Flaw {
    /// All of them with their shares among rows that have one.
    pub const SHARES: [(Self, u32); 17] = [
        (Self::SexMissing, 6),
        (Self::AgeMissing, 6),
        (Self::AgeDaysMissing, 4),
        (Self::BirthWeightMissing, 6),
        (Self::PrincipalUnknown, 14),
        (Self::PrincipalMissing, 4),
        (Self::ProcedureUnknown, 10),
        (Self::CostMissing, 5),
        (Self::CostNegative, 4),
        (Self::PartsOff, 6),
        (Self::HospitalUnknown, 5),
        (Self::RegionMissing, 4),
        (Self::DischargeMissing, 2),
        (Self::DischargeBefore, 12),
        (Self::DischargeAfter, 4),
        (Self::Repeated, 6),
        (Self::Reversal, 8),
    ];

    /// Whether only infants can have it.
    pub(crate) const fn is_about_infants(self) -> bool {
        matches!(self, Self::AgeDaysMissing | Self::BirthWeightMissing)
    }

    /// Whether the row is about the row before it.
    pub(crate) const fn is_about_row_before(self) -> bool {
        matches!(self, Self::Repeated | Self::Reversal)
    }
}

/// Draws flaws.
#[derive(Clone, Debug)]
pub(crate) struct Flaws {
    per_ten_thousand: u32,
    shares: Shares,
}

impl Flaws {
    pub(crate) fn new(world: &World) -> Self {
        let shares = Flaw::SHARES.iter().map(|(_, share)| u64::from(*share));
        Self {
            per_ten_thousand: world.bad_rows_per_ten_thousand,
            shares: Shares::new(shares).expect("some flaw has a share"),
        }
    }

    pub(crate) fn draw(&self, draw: &mut Draw) -> Option<Flaw> {
        let is_bad = draw.chance(self.per_ten_thousand);
        is_bad.then(|| Flaw::SHARES[self.shares.draw(draw)].0)
    }
}

/// What flawed rows say instead of the truth.
#[derive(Clone, Debug)]
pub(crate) struct Falsehoods {
    /// Codes that the plan does not know: indexes into [`crate::Synth::codes`].
    pub(crate) diagnoses: Vec<u32>,
    pub(crate) procedures: Vec<u32>,
    /// The hospital that is in no world.
    pub(crate) hospital: u32,
    pub(crate) first_day: i32,
    pub(crate) last_day: i32,
    pub(crate) newborn_days: i16,
}

impl Falsehoods {
    /// Gives a sound row the flaw.
    pub(crate) fn spoil(&self, row: &mut Row, flaw: Flaw, draw: &mut Draw) {
        match flaw {
            Flaw::SexMissing => row.sex = draw.chance(5_000).then_some(9),
            Flaw::AgeMissing => (row.age_years, row.age_days) = (None, None),
            Flaw::AgeDaysMissing => (row.age_years, row.age_days) = (Some(0), None),
            Flaw::BirthWeightMissing => self.forget_birth_weight(row, draw),
            Flaw::PrincipalUnknown => row.principal_diagnosis = one_of(&self.diagnoses, draw),
            Flaw::PrincipalMissing => row.principal_diagnosis = None,
            Flaw::ProcedureUnknown => row.main_procedure = one_of(&self.procedures, draw),
            Flaw::CostMissing => row.total_cost = None,
            Flaw::CostNegative => negate(row),
            Flaw::PartsOff => row.patient_paid += 1 + i64::from(draw.below(50_000)),
            Flaw::HospitalUnknown => row.hospital = self.hospital,
            Flaw::RegionMissing => row.region = None,
            Flaw::DischargeMissing => row.discharge_date = None,
            Flaw::DischargeBefore => self.move_to(row, self.first_day - draw.between(1, 60)),
            Flaw::DischargeAfter => self.move_to(row, self.last_day + draw.between(1, 20)),
            Flaw::Repeated | Flaw::Reversal => {
                unreachable!("rows about the row before are made from that row")
            }
        }
    }

    fn forget_birth_weight(&self, row: &mut Row, draw: &mut Draw) {
        row.birth_weight_g = None;
        row.age_years = Some(0);
        if row.age_days.is_none_or(|days| days > self.newborn_days) {
            let most = u32::try_from(self.newborn_days).unwrap_or(0);
            row.age_days = i16::try_from(draw.below(most + 1)).ok();
        }
    }

    fn move_to(&self, row: &mut Row, discharge: i32) {
        let shift = row.discharge_date.map_or(0, |day| discharge - day);
        row.admission_date += shift;
        row.discharge_date = Some(discharge);
    }
}

fn one_of(codes: &[u32], draw: &mut Draw) -> Option<u32> {
    codes.get(draw.index(codes.len().max(1))).copied()
}

/// Turns the sign of all amounts.
pub(crate) fn negate(row: &mut Row) {
    row.total_cost = row.total_cost.map(|total| -total);
    let amounts = [
        &mut row.drug_cost,
        &mut row.consumable_cost,
        &mut row.service_cost,
        &mut row.tcm_cost,
        &mut row.fund_paid,
        &mut row.other_funds_paid,
        &mut row.patient_paid,
    ];
    for amount in amounts {
        *amount = -*amount;
    }
}
