//! The parameters of payment units.

use super::terms::{LineSurplus, Overrun, Precedence, TcmHeld};
use crate::policy::keys::{DISCOUNT, Key, Kind, Numeric, RATIO, Range, numeric, when_asked, words};

pub(super) const LINE_SURPLUS: &str = "unit.lines.surplus";
pub(super) const CARVE_OUT_OVERRUN: &str = "unit.new_technology.overrun";
pub(super) const NEW_CASES: &str = "unit.new_group.min_cases";
pub(super) const NEW_HOSPITALS: &str = "unit.new_group.min_hospitals";
pub(super) const NEW_VARIATION: &str = "unit.new_group.variation";
pub(super) const NEW_RATIO: &str = "unit.new_group.mean_ratio";
pub(super) const NEW_CRITICAL: &str = "unit.new_group.critical_value";
pub(super) const NEW_RIV: &str = "unit.new_group.variance_reduction";
pub(super) const NEW_LEFT: &str = "unit.new_group.min_cases_left";
pub(super) const NEGOTIATED_OVERRUN: &str = "unit.negotiated_drugs.overrun";
pub(super) const NEGOTIATED_SHARES: &str = "unit.negotiated_drugs.fund_shares";
pub(super) const NEGOTIATED_MONTHS: &str = "unit.negotiated_drugs.months";
pub(super) const PRECEDENCE: &str = "unit.negotiated_drugs.precedence";
pub(super) const TCM_UPFRONT: &str = "unit.tcm.upfront_share";
pub(super) const TCM_CLAW_BACK: &str = "unit.tcm.claw_back";
pub(super) const TCM_SHARE: &str = "unit.tcm.treatment_share";
pub(super) const TCM_STAY: &str = "unit.tcm.stay_days";
pub(super) const TCM_SYNDROME: &str = "unit.tcm.syndrome";
pub(super) const TCM_TAIL: &str = "unit.tcm.tail";
pub(super) const TCM_HELD: &str = "unit.tcm.held";
pub(super) const TCM_OVERRUN: &str = "unit.tcm.overrun";
pub(super) const BED_DAY_PAYS: &str = "unit.bed_day.pays";
pub(super) const BED_DAY_OVERRUN: &str = "unit.bed_day.overrun";
pub(super) const BED_DAY_SHORT: &str = "unit.bed_day.short_stay";
pub(super) const BED_DAY_LONG: &str = "unit.bed_day.long_stay";
pub(super) const SWITCH_AFTER: &str = "unit.bed_day.switch_after";
pub(super) const SWITCH_CARE: &str = "unit.bed_day.switch_care";
pub(super) const DAY_SURGERY_FACTOR: &str = "unit.day_surgery.factor";
pub(super) const SINGLE_PAYS: &str = "unit.single_disease.pays";
pub(super) const SINGLE_OVERRUN: &str = "unit.single_disease.overrun";
pub(super) const ITEM_PAYS: &str = "unit.item.pays";
pub(super) const ITEM_OVERRUN: &str = "unit.item.overrun";
pub(super) const CAPITATION_RESERVE: &str = "unit.capitation.reserve_share";
pub(super) const CAPITATION_TREND: &str = "unit.capitation.trend";
pub(super) const STOP_LOSS: &str = "unit.capitation.stop_loss";
pub(super) const STOP_LOSS_SHARE: &str = "unit.capitation.stop_loss_share";
pub(super) const OVERSPEND_LIMIT: &str = "unit.capitation.overspend_limit";
pub(super) const CAPITATION_FUND: &str = "unit.capitation.fund_share";
pub(super) const ASSESSMENT: &str = "unit.capitation.assessment";
pub(super) const COMMUNITY_CARE: &str = "unit.community.bed_day_care";
pub(super) const PACKAGES_OVERRUN: &str = "unit.community.packages_overrun";
pub(super) const HOME_BED: &str = "unit.community.home_bed";
pub(super) const HOME_BED_PAYS: &str = "unit.community.home_bed_pays";
pub(super) const HOME_BED_OVERRUN: &str = "unit.community.home_bed_overrun";
pub(super) const DOCTOR_RATE: &str = "unit.family_doctor.rate";
pub(super) const DOCTOR_FIXED: &str = "unit.family_doctor.fixed_share";
pub(super) const DOCTOR_SCORE: &str = "unit.family_doctor.full_score";
pub(super) const DOCTOR_OVERRUN: &str = "unit.family_doctor.overrun";

pub(super) const OVERRUNS: [(&str, Overrun); 3] = [
    ("supplement", Overrun::Supplement),
    ("carry_over", Overrun::CarryOver),
    ("pro_rata", Overrun::ProRata),
];
pub(super) const SURPLUSES: [(&str, LineSurplus); 2] = [
    ("reserve", LineSurplus::Reserve),
    ("carry_forward", LineSurplus::CarryForward),
];
pub(super) const PRECEDENCES: [(&str, Precedence); 2] = [
    ("negotiated_drugs", Precedence::NegotiatedDrugs),
    ("new_technology", Precedence::NewTechnology),
];
pub(super) const HELD: [(&str, TcmHeld); 2] =
    [("stated", TcmHeld::Stated), ("ledger", TcmHeld::Ledger)];
static HELD_WORDS: [&str; 2] = words(&HELD);
static OVERRUN_WORDS: [&str; 3] = words(&OVERRUNS);
static SURPLUS_WORDS: [&str; 2] = words(&SURPLUSES);
static PRECEDENCE_WORDS: [&str; 2] = words(&PRECEDENCES);

const OVERRUN: Kind = Kind::Word(&OVERRUN_WORDS);
const PAYS: Kind = Kind::Word(&["points", "line"]);
const UP_TO: &[&str] = &["less_than", "at_most"];
const FROM: &[&str] = &["more_than", "at_least"];
const DAYS: Numeric = numeric("days", Range::NotNegative, 0);

const fn share(unit: &'static str) -> Kind {
    Kind::Number(numeric(unit, Range::ZeroToOne, 6))
}

const fn count(unit: &'static str) -> Kind {
    Kind::Number(numeric(unit, Range::Positive, 0))
}

const fn yuan(unit: &'static str) -> Numeric {
    numeric(unit, Range::Positive, 2)
}

static KEYS: [Key; 48] = [
    when_asked(LINE_SURPLUS, Kind::Word(&SURPLUS_WORDS)),
    when_asked(CARVE_OUT_OVERRUN, OVERRUN),
    when_asked(NEW_CASES, count("cases")),
    when_asked(NEW_HOSPITALS, count("hospitals")),
    when_asked(
        NEW_VARIATION,
        Kind::Bound(UP_TO, numeric("SD / mean", Range::Positive, 6)),
    ),
    when_asked(NEW_RATIO, Kind::Bound(FROM, RATIO)),
    when_asked(
        NEW_CRITICAL,
        Kind::Number(numeric("standard deviations", Range::Positive, 4)),
    ),
    when_asked(
        NEW_RIV,
        Kind::Bound(FROM, numeric("share of variance", Range::ZeroToOne, 6)),
    ),
    when_asked(NEW_LEFT, count("cases")),
    when_asked(NEGOTIATED_OVERRUN, OVERRUN),
    when_asked(
        NEGOTIATED_SHARES,
        Kind::Levels(numeric("share of amount", Range::ZeroToOne, 6)),
    ),
    when_asked(
        NEGOTIATED_MONTHS,
        Kind::Number(numeric("months", Range::Positive, 0)),
    ),
    when_asked(PRECEDENCE, Kind::Word(&PRECEDENCE_WORDS)),
    when_asked(TCM_UPFRONT, share("share of points")),
    when_asked(TCM_CLAW_BACK, share("share of upfront points")),
    when_asked(
        TCM_SHARE,
        Kind::Bound(FROM, numeric("share of cost", Range::ZeroToOne, 6)),
    ),
    when_asked(TCM_STAY, Kind::Bound(FROM, DAYS)),
    when_asked(TCM_SYNDROME, Kind::Word(&["needed", "not_needed"])),
    when_asked(TCM_TAIL, Kind::Word(&["accrued", "line"])),
    when_asked(TCM_HELD, Kind::Word(&HELD_WORDS)),
    when_asked(TCM_OVERRUN, OVERRUN),
    when_asked(BED_DAY_PAYS, PAYS),
    when_asked(BED_DAY_OVERRUN, OVERRUN),
    when_asked(BED_DAY_SHORT, Kind::Bound(UP_TO, DAYS)),
    when_asked(BED_DAY_LONG, Kind::Bound(FROM, DAYS)),
    when_asked(SWITCH_AFTER, Kind::Number(DAYS)),
    when_asked(SWITCH_CARE, Kind::Text),
    when_asked(DAY_SURGERY_FACTOR, Kind::Number(DISCOUNT)),
    when_asked(SINGLE_PAYS, PAYS),
    when_asked(SINGLE_OVERRUN, OVERRUN),
    when_asked(ITEM_PAYS, PAYS),
    when_asked(ITEM_OVERRUN, OVERRUN),
    when_asked(CAPITATION_RESERVE, share("share of capitation")),
    when_asked(CAPITATION_TREND, Kind::Number(RATIO)),
    when_asked(STOP_LOSS, Kind::NumberOrNone(yuan("yuan"))),
    when_asked(STOP_LOSS_SHARE, share("share of spending")),
    when_asked(OVERSPEND_LIMIT, share("share of net capitation")),
    when_asked(CAPITATION_FUND, share("share of overspending")),
    when_asked(
        ASSESSMENT,
        Kind::Levels(numeric("share of assessment", Range::ZeroToOne, 6)),
    ),
    when_asked(COMMUNITY_CARE, Kind::Names),
    when_asked(PACKAGES_OVERRUN, OVERRUN),
    when_asked(HOME_BED, Kind::Number(yuan("yuan per visit-day"))),
    when_asked(HOME_BED_PAYS, PAYS),
    when_asked(HOME_BED_OVERRUN, OVERRUN),
    when_asked(DOCTOR_RATE, Kind::Number(yuan("yuan per person and year"))),
    when_asked(DOCTOR_FIXED, share("share of fee")),
    when_asked(
        DOCTOR_SCORE,
        Kind::Number(numeric("score", Range::Positive, 4)),
    ),
    when_asked(DOCTOR_OVERRUN, OVERRUN),
];

/// Every parameter of this section.
pub(in crate::policy) fn keys() -> impl Iterator<Item = &'static Key> {
    KEYS.iter()
}
