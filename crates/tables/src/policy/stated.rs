//! What a policy says about single cases beside their class: stays, groups that vary too much, and
//! what depends on other cases. What a policy leaves out is not done.

use super::terms::{Bound, Treatment};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// Cases that their stay sets apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StayTerms {
    /// Days at a price each (床日付费).
    pub bed_day: Option<BedDayTerms>,
    /// The discharge ways of a transfer (转院), which earns by its days up to the normal points.
    pub transfer_ways: BTreeMap<String, String>,
    /// The discharge ways, such as death, of cases that are never low.
    pub low_exempt_ways: BTreeMap<String, String>,
    /// Stays too short for the whole points.
    pub short_stay: Option<ShortStayTerms>,
    /// Claims that came late.
    pub late_upload: Option<LateUploadTerms>,
}

/// `p = cost per day / M × scale × k × days` for long stays, and for claims of the unit bed_day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BedDayTerms {
    /// The mean cost of a day, in fen.
    pub day_cost_fen: i64,
    /// From how many days on a stay is paid by the day.
    pub long_stay: Option<Bound>,
}

/// A stay of few days that is no day surgery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ShortStayTerms {
    /// Below how many days.
    pub limit: Bound,
    /// What it earns.
    pub rule: ShortStayRule,
}

/// What a short stay earns; never more than the normal points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ShortStayRule {
    /// As a low case, whatever it cost.
    Low,
    /// Its cost in points, `C / M × scale`.
    ByCost,
}

/// Claims that were uploaded too late (清单迟传).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LateUploadTerms {
    /// How many days after the discharge.
    pub limit: Bound,
    /// What is left of the points; 0 until the correction.
    pub factor: Decimal,
}

/// Groups that are not stable (非稳定病组).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnstableTerms {
    /// With how few cases, as the groups input counts them.
    pub cases: Option<Bound>,
    /// With how large a coefficient of variation, as the groups input states it.
    pub variation: Option<Bound>,
    /// Groups that the policy names.
    pub groups: BTreeMap<String, String>,
    /// What their cases earn.
    pub treatment: Treatment,
}

/// What depends on the other cases of a hospital or region.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkTerms {
    /// How many high cases keep what they earn beyond the normal points (高倍率控制比例).
    pub control: Option<ControlTerms>,
    /// Stays that one illness was split into (分解住院).
    pub split_stays: Option<SplitStayTerms>,
    /// Special-case review (特例单议).
    pub review: Option<ReviewTerms>,
    /// Cases that are paid money and not points (按项目付费), taken off the pool first.
    pub at_cost: Option<AtCostTerms>,
}

/// Which cases are paid what they cost without the patient side, beside points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AtCostTerms {
    /// Low cases under BY_ACTUAL.
    pub low: bool,
    /// High cases under BY_ITEM_TOP that are within the control proportion.
    pub high: bool,
    /// Cases that review approved, with the approved amount.
    pub review: bool,
    /// v_ref: what tells points by amount from others.
    pub preset_value: Decimal,
}

/// The control proportion of a hospital and period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ControlTerms {
    /// x: the share of the discharges.
    pub share: Decimal,
    /// Whether new-technology cases count among the discharges; they never fill the limit.
    pub counts_new_technology: bool,
}

/// When two stays are one that was split, and what that costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SplitStayTerms {
    /// How many days may lie between discharge and admission.
    pub window: Bound,
    /// Where the second stay is.
    pub scope: SplitScope,
    /// What both have in common.
    pub same: SameCase,
    /// What is left of the points of the stay before.
    pub factor: Decimal,
    /// ADRGs and groups, such as chemotherapy, that people rightly come back for.
    pub exempt_groups: BTreeMap<String, String>,
    /// Beginnings of principal diagnoses that people rightly come back for.
    pub exempt_diagnoses: BTreeMap<String, String>,
}

/// Where the second of two split stays is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SplitScope {
    /// In the same hospital.
    Hospital,
    /// In the same alliance of hospitals (医联体), or the same hospital where it has none.
    Alliance,
    /// Anywhere in the region.
    Any,
}

/// What two split stays have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SameCase {
    /// The group.
    Group,
    /// The ADRG.
    Adrg,
    /// The category, three characters, of the principal diagnosis.
    Category,
}

/// Special-case review.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ReviewTerms {
    /// The largest share of a region's discharges.
    pub cap: Decimal,
    /// Above which multiple of the reference cost a case can be reviewed.
    pub gate: Option<Bound>,
    /// What an approved amount is in points.
    pub value: ReviewValue,
}

/// What an approved amount is in points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReviewValue {
    /// `C / v_ref`: certain money where a point is worth the preset value.
    Preset(Decimal),
    /// `C / M × scale`: it floats with the value of the point.
    Floating,
}
