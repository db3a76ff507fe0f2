//! 及时性 and the length of the stay: dates, ages, hours, and stays of one person.

use super::{Facts, Findings};
use crate::Rule;

/// Dates, days, ages and hours of one claim.
pub(super) fn dates(facts: &Facts<'_>, found: &mut Findings<'_>) {
    let limits = found.asked.limits;
    let length = facts.admitted.zip(facts.discharged);
    let length = length.map(|(admitted, discharged)| discharged.saturating_sub(admitted));
    if let Some(days) = length {
        if days < 0 {
            found.say(Rule::DischargeBeforeAdmission, || days.to_string());
        } else {
            stay_length(facts, days, found);
        }
    }
    ages(facts, found);
    if let Some((discharged, uploaded)) = facts.discharged.zip(facts.uploaded) {
        let days = uploaded.saturating_sub(discharged);
        if days > limits.upload_days {
            found.say(Rule::UploadedLate, || days.to_string());
        }
    }
}

/// What must fit into a stay of so many days between its dates.
fn stay_length(facts: &Facts<'_>, days: i64, found: &mut Findings<'_>) {
    if let Some(stated) = facts.stay_days
        && stated != days.max(1)
    {
        found.say(Rule::StayDaysDiffer, || stated.to_string());
    }
    // A stay touches one calendar day more than lie between its dates.
    let touched = days.saturating_add(1);
    for (column, stated, most) in [
        ("icu_hours", facts.icu_hours, touched.saturating_mul(24)),
        ("icu_days", facts.icu_days, touched),
        (
            "ventilator_hours",
            facts.ventilator_hours,
            touched.saturating_mul(24),
        ),
    ] {
        if let Some(stated) = stated.filter(|stated| *stated > most) {
            found.say_of(Rule::IntensiveCareExceedsStay, column, || {
                stated.to_string()
            });
        }
    }
}

/// Ages that cannot be, and years and days that do not fit each other.
fn ages(facts: &Facts<'_>, found: &mut Findings<'_>) {
    let most = found.asked.limits.most_age_years;
    if let Some(years) = facts.age_years.filter(|years| !(0..=most).contains(years)) {
        found.say_of(Rule::AgeImplausible, "age_years", || years.to_string());
        return;
    }
    let Some(days) = facts.age_days else { return };
    // The days are those of the year that is not yet completed, or of the whole life.
    let fits = match facts.age_years {
        Some(0) | None => (0..=366).contains(&days),
        Some(years) => days == 0 || days >= years.saturating_mul(365),
    };
    if !fits {
        found.say_of(Rule::AgeImplausible, "age_days", || days.to_string());
    }
}

/// 行为: what looks like an admission that was not needed, or not what it says it is.
pub(super) fn conduct(facts: &Facts<'_>, found: &mut Findings<'_>) {
    if let Some(days) = facts.stay_days {
        low_standard((facts, days), found);
    }
    let limits = found.asked.limits;
    if let Some(lift) = facts
        .lift
        .filter(|lift| lift.levels >= limits.upcoding_levels)
    {
        found.say(Rule::Upcoding, || lift.says.clone());
    }
    let unit = facts.payment_unit.unwrap_or_default();
    let is_day_surgery = limits.day_surgery_units.iter().any(|known| known == unit);
    let days = facts.stay_days;
    if let Some(days) = days.filter(|days| is_day_surgery && *days > limits.day_surgery_days) {
        found.say(Rule::DaySurgeryLong, || days.to_string());
    }
}

fn low_standard((facts, days): (&Facts<'_>, i64), found: &mut Findings<'_>) {
    let limits = found.asked.limits;
    let has_procedure = facts.main_procedure.is_some() || !facts.other_procedures.is_empty();
    let is_cheap = facts
        .total
        .fen()
        .is_some_and(|fen| fen < limits.low_cost_below_fen);
    if is_cheap && !has_procedure && days <= limits.low_stay_days {
        found.say(Rule::LowStandard, || days.to_string());
    }
}

/// The dates of a stay, in days since 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stay {
    /// 入院日期.
    pub admitted: i32,
    /// 出院日期; not before the admission.
    pub discharged: i32,
}

/// Whether two stays of one person share more than the day on which one ends and the other begins.
#[must_use]
pub fn overlaps(a: Stay, b: Stay) -> bool {
    // A stay within one day has no night, so it shares the day only with a stay that goes on
    // before and after it, or with one on the same day.
    let same_day = a == b && a.admitted == a.discharged;
    let inside = |day: Stay, stay: Stay| {
        day.admitted == day.discharged
            && stay.admitted < day.admitted
            && day.discharged < stay.discharged
    };
    let nights = a.admitted.max(b.admitted) < a.discharged.min(b.discharged);
    nights || same_day || inside(a, b) || inside(b, a)
}

/// Whether `later` begins within so many days after `earlier` has ended.
#[must_use]
pub fn readmits(earlier: Stay, later: Stay, within_days: i64) -> bool {
    let gap = i64::from(later.admitted).saturating_sub(i64::from(earlier.discharged));
    (0..=within_days).contains(&gap) && earlier != later
}
