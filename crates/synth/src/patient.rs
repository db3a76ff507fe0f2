//! Who is treated, for what, where, and how long.

use crate::cost::scaled;
use crate::draw::{Draw, Stream};
use crate::groups::{Group, WEIGHT_ONE};
use crate::solve::{Recipe, Span};
use crate::synth::Synth;
use drgdip_claims::Sex;
use drgdip_tables::plan::AdrgKind;

/// One in so many rows may be a later stay of an earlier patient.
const RETURN_EVERY: u64 = 8;

/// How many times [`RETURN_EVERY`] rows a later stay at least comes after the first one, and half
/// as many as at most; a power of two.
const RETURN_REACH: u64 = 512;

/// A patient and what they are treated for; the same in all of their stays.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patient<'a> {
    /// The row of the first stay.
    pub(crate) row: u64,
    /// Whether nothing is added to what the recipe asks for.
    pub(crate) is_bare: bool,
    pub(crate) hospital: usize,
    pub(crate) insurance: usize,
    pub(crate) group: &'a Group,
    pub(crate) recipe: &'a Recipe,
    pub(crate) sex: Sex,
    pub(crate) years: i32,
    pub(crate) days: Option<i32>,
    pub(crate) birth_weight: Option<i32>,
}

/// When and how expensively a patient is treated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stay {
    pub(crate) admission: i32,
    pub(crate) discharge: i32,
    pub(crate) days: i32,
    /// The cost as a multiple of the mean, in 65,536ths.
    pub(crate) pace: i64,
}

impl Synth {
    /// The patient who is first treated in a row.
    ///
    /// The first rows show each group once, at its barest, in a hospital that treats everything.
    pub(crate) fn patient(&self, row: u64) -> Patient<'_> {
        let mut draw = Draw::of_row(self.key, row, Stream::Patient);
        let shown = usize::try_from(row).ok().and_then(|at| self.groups.get(at));
        if let Some(group) = shown {
            let hospital = self.top_hospitals[draw.index(self.top_hospitals.len())];
            let bare = self.patient_with(row, hospital, (group, 0), &mut draw);
            return Patient {
                is_bare: true,
                ..bare
            };
        }
        let hospital = self.hospital_shares.draw(&mut draw);
        let level = self.world.hospitals[hospital].level;
        let group = &self.groups[self.mixes[level.index()].draw(&mut draw)];
        let recipe = self.recipe_of(group, &mut draw);
        self.patient_with(row, hospital, (group, recipe), &mut draw)
    }

    /// A newborn who is first treated in a row; there must be a recipe for newborns.
    pub(crate) fn newborn(&self, row: u64, draw: &mut Draw) -> Patient<'_> {
        let hospital = self.hospital_shares.draw(draw);
        let (group, recipe) = self.newborns[draw.index(self.newborns.len())];
        self.patient_with(row, hospital, (&self.groups[group], recipe), draw)
    }

    fn patient_with<'a>(
        &self,
        row: u64,
        hospital: usize,
        (group, recipe): (&'a Group, usize),
        draw: &mut Draw,
    ) -> Patient<'a> {
        let recipe = &group.recipes[recipe];
        let sex = if draw.chance(5_100) {
            Sex::Male
        } else {
            Sex::Female
        };
        Patient {
            row,
            is_bare: false,
            hospital,
            insurance: self.insurance_shares.draw(draw),
            group,
            recipe,
            sex: recipe.sex.unwrap_or(sex),
            years: age(recipe.years, draw),
            days: recipe.days.map(|span| draw.between(span.low, span.high)),
            birth_weight: recipe.birth_weight.map(|span| birth_weight(span, draw)),
        }
    }

    /// The stay of a patient, anywhere in the period.
    pub(crate) fn stay(&self, patient: &Patient<'_>, draw: &mut Draw) -> Stay {
        let pace = self.factors.draw(draw);
        let half_own_pace = (pace + self.factors.draw(draw)) / 2;
        let usual = (3 * WEIGHT_ONE + 3 * patient.group.weight).min(40 * WEIGHT_ONE);
        let usual = scaled(usual, half_own_pace) / WEIGHT_ONE;
        let days = i32::try_from(usual).unwrap_or(i32::MAX);
        let days = inside(patient.recipe.stay, days, draw);
        let discharge = draw.between(self.world.first_day, self.world.last_day);
        Stay {
            admission: discharge - days,
            discharge,
            days,
            pace,
        }
    }

    /// Who is treated in a row, and when: mostly someone new, else an earlier patient once more.
    pub(crate) fn patient_and_stay(&self, row: u64, draw: &mut Draw) -> (Patient<'_>, Stay) {
        let returning = self.earlier_patient(row);
        let patient = returning.map_or_else(|| self.patient(row), |(patient, _)| patient);
        let stay = self.stay(&patient, draw);
        let Some((_, first)) = returning else {
            return (patient, stay);
        };
        let admission = first.discharge + 1 + draw.between(0, 11);
        let discharge = admission + stay.days;
        if discharge <= self.world.last_day {
            let later = Stay {
                admission,
                discharge,
                ..stay
            };
            return (patient, later);
        }
        let patient = self.patient(row);
        let stay = self.stay(&patient, draw);
        (patient, stay)
    }

    /// Whether a row may be a later stay of an earlier patient.
    pub(crate) const fn may_return(row: u64) -> bool {
        row % RETURN_EVERY == RETURN_EVERY - 1
    }

    /// A medical patient of an earlier row, with that stay, for rows that may have one.
    ///
    /// Rows that may have one are never looked back to, so looking back ends after one step; and
    /// no two rows look back to the same one, so that the stays of a patient never overlap.
    fn earlier_patient(&self, row: u64) -> Option<(Patient<'_>, Stay)> {
        if !Self::may_return(row) {
            return None;
        }
        // Exclusive or with a number below the reach turns each block of that size into itself.
        let place = (row / RETURN_EVERY).checked_sub(RETURN_REACH)?;
        let earlier = place ^ (self.key % RETURN_REACH);
        let earlier = earlier * RETURN_EVERY + self.key % (RETURN_EVERY - 1);
        if earlier < self.groups.len() as u64 {
            return None;
        }
        let patient = self.patient(earlier);
        let mut draw = Draw::of_row(self.key, earlier, Stream::Stay);
        let stay = self.stay(&patient, &mut draw);
        (patient.group.kind == AdrgKind::Medical).then_some((patient, stay))
    }
}

/// An age; where a span is wide, most patients are about sixty.
fn age(span: Span, draw: &mut Draw) -> i32 {
    if span.high <= 17 {
        return draw.between(span.low, span.high);
    }
    let drawn = 20 + draw.between(0, 30) + draw.between(0, 44);
    inside(span, drawn, draw)
}

/// A birth weight; where a span is wide, most newborns weigh about 3,200 g.
fn birth_weight(span: Span, draw: &mut Draw) -> i32 {
    let drawn = 2_300 + draw.between(0, 900) + draw.between(0, 900);
    inside(span, drawn, draw)
}

/// The number, or another one of the span, not far into it where it has no end to speak of.
pub(crate) fn inside(span: Span, number: i32, draw: &mut Draw) -> i32 {
    if span.has(number) {
        return number;
    }
    let high = span.high.min(span.low.saturating_add(600));
    draw.between(span.low, high)
}
