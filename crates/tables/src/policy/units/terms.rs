//! What a policy says about the other payment units (多元支付), resolved and typed.

use crate::policy::Bound;
use jiff::civil::Date;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// A budget of its own (单列预算), beside the points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Line {
    /// 谈判药品单列预算.
    NegotiatedDrugs,
    /// 新技术除外支付.
    NewTechnology,
    /// The deferred part of TCM diseases (中医优势病种疗效尾款).
    TcmTail,
    /// 床日付费.
    BedDay,
    /// 日间手术.
    DaySurgery,
    /// 单病种定额.
    SingleDisease,
    /// 按项目付费.
    Item,
    /// 慢病服务包.
    ChronicPackages,
    /// 家庭病床.
    HomeBeds,
    /// 紧密型医联体按人头付费.
    Capitation,
    /// 家庭医生签约服务费.
    FamilyDoctor,
}

impl Line {
    /// Every line, in the order of outputs.
    pub const ALL: [Self; 11] = [
        Self::NegotiatedDrugs,
        Self::NewTechnology,
        Self::TcmTail,
        Self::BedDay,
        Self::DaySurgery,
        Self::SingleDisease,
        Self::Item,
        Self::ChronicPackages,
        Self::HomeBeds,
        Self::Capitation,
        Self::FamilyDoctor,
    ];

    /// As the column `line` of the budgets input and of outputs writes it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NegotiatedDrugs => "negotiated_drugs",
            Self::NewTechnology => "new_technology",
            Self::TcmTail => "tcm_tail",
            Self::BedDay => "bed_day",
            Self::DaySurgery => "day_surgery",
            Self::SingleDisease => "single_disease",
            Self::Item => "item",
            Self::ChronicPackages => "chronic_packages",
            Self::HomeBeds => "home_beds",
            Self::Capitation => "capitation",
            Self::FamilyDoctor => "family_doctor",
        }
    }

    /// The line with this code.
    #[must_use]
    pub fn find(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|line| line.code() == code)
    }
}

/// What becomes of claims on a line above its budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Overrun {
    /// The reserve pays what is missing, as far as it reaches.
    Supplement,
    /// What is missing is owed and comes first out of next year's budget.
    CarryOver,
    /// Every claim is cut in proportion, and nothing is owed.
    ProRata,
}

/// What becomes of a budget that a line does not use up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LineSurplus {
    /// It goes back to the reserve.
    Reserve,
    /// It is added to next year's budget of the line.
    CarryForward,
}

/// Whether a unit earns points or is paid from a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pays {
    /// It earns points, in the same pool as all others.
    Points,
    /// It is paid from its own line, with this rule above the budget.
    Line(Overrun),
}

/// Which rule pays an item that is a negotiated drug and a registered new technology.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Precedence {
    /// The line of negotiated drugs.
    NegotiatedDrugs,
    /// The mode of the new technology.
    NewTechnology,
}

/// Everything a policy says about other payment units at one date; what it leaves out is not done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnitTerms {
    /// v_ref, in yuan a point, at which amounts become points; there wherever a unit needs it.
    pub preset_value: Option<Decimal>,
    /// When a new technology could have a group of its own.
    pub new_group: Option<NewGroupTerms>,
    /// What becomes of what lines do not use up; none is the reserve.
    pub line_surplus: Option<LineSurplus>,
    /// What becomes of new-technology carve-outs above their budget.
    pub carve_out_overrun: Option<Overrun>,
    /// Negotiated innovative drugs.
    pub negotiated: Option<NegotiatedTerms>,
    /// TCM diseases by efficacy.
    pub tcm: Option<TcmTerms>,
    /// Bed-days with stages.
    pub bed_day: Option<StagedBedDayTerms>,
    /// Day surgery and day wards.
    pub day_surgery: Option<DaySurgeryTerms>,
    /// Single diseases at a quota.
    pub single_disease: Option<SingleDiseaseTerms>,
    /// Payment by item.
    pub item: Option<Pays>,
    /// Capitation of tight alliances.
    pub capitation: Option<CapitationTerms>,
    /// The community model.
    pub community: Option<CommunityTerms>,
    /// The fee of family doctors.
    pub family_doctor: Option<FamilyDoctorTerms>,
}

/// What a new technology must reach for a group of its own (成规模新技术应用可独立成组).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NewGroupTerms {
    /// How many cases it needs.
    pub min_cases: u32,
    /// In how many hospitals.
    pub min_hospitals: u32,
    /// How far their costs may spread.
    pub variation: Bound,
    /// Their mean cost over that of the group as it is.
    pub mean_ratio: Bound,
    /// Which z the test that they are dearer must exceed.
    pub critical_value: Decimal,
    /// By how much the split must reduce the variance.
    pub riv: Bound,
    /// How many cases the group must keep.
    pub min_cases_left: u32,
}

/// Negotiated innovative drugs on a budget of their own (谈判创新药单列预算).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NegotiatedTerms {
    /// The drugs, by code, whose window is open.
    pub drugs: BTreeMap<String, NegotiatedDrug>,
    /// What share of the amount the fund pays, by insurance.
    pub fund_shares: BTreeMap<String, Decimal>,
    /// What becomes of claims above the budget.
    pub overrun: Overrun,
    /// Who pays an item that is a new technology too.
    pub precedence: Precedence,
}

/// A negotiated drug.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NegotiatedDrug {
    /// Its name.
    pub title: String,
    /// The day on which it came onto the list.
    pub listed: Date,
    /// The last day on which the line pays it.
    pub last_day: Date,
}

/// TCM advantage diseases by efficacy (中医优势病种按疗效价值付费).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TcmTerms {
    /// The diseases by their TCM code.
    pub pairs: BTreeMap<String, TcmPair>,
    /// q: the share of the points that is earned at discharge.
    pub upfront_share: Decimal,
    /// How much of the rest an efficacy score earns, by the lowest score, ascending.
    pub grades: Vec<TcmGrade>,
    /// χ: what share of the upfront points a failure takes back.
    pub claw_back: Decimal,
    /// τ: which TCM share of the cost a case must have.
    pub tcm_share: Option<Bound>,
    /// How many days a case must stay.
    pub stay_days: Option<Bound>,
    /// Whether the claim needs a TCM syndrome beside the disease.
    pub needs_syndrome: bool,
    /// Where the deferred part comes from.
    pub tail: TcmTail,
    /// What becomes of the money of accrued points until the efficacy is known.
    pub held: TcmHeld,
}

/// What becomes of the money of accrued points until the efficacy is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TcmHeld {
    /// It is paid with the rest; outputs say what is to be held.
    #[default]
    Stated,
    /// The clearing of the year holds it, and the ledger hands it to the next one.
    Ledger,
}

/// A TCM disease and the western group whose points it earns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TcmPair {
    /// Its name.
    pub title: String,
    /// The group whose base points it is paid by.
    pub group: String,
    /// c: which share of them.
    pub share: Decimal,
    /// How many days after the discharge the efficacy is judged.
    pub window_days: u32,
}

/// What an efficacy score earns of the deferred points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TcmGrade {
    /// From which score on.
    pub at_least: Decimal,
    /// Which share, from 0 to 1.
    pub earns: Decimal,
}

/// Where the deferred part of a TCM case comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TcmTail {
    /// It counts among the points of the year of discharge and is held; what the efficacy does
    /// not earn goes back to the pool next year.
    Accrued,
    /// It is paid from a line when the efficacy is known.
    Line(Overrun),
}

impl TcmTail {
    /// What becomes of claims above the budget of the line; `None` where there is no line.
    #[must_use]
    pub const fn on_line(self) -> Option<Overrun> {
        match self {
            Self::Line(overrun) => Some(overrun),
            Self::Accrued => None,
        }
    }
}

/// Bed-days whose price falls with the stay (床日付费).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StagedBedDayTerms {
    /// Points or a line.
    pub pays: Pays,
    /// The prices of a day by kind of care, each list by its first day, ascending from day 1.
    pub stages: BTreeMap<BedDayKind, Vec<BedDayStage>>,
    /// Which stays are too short for the unit.
    pub short: Option<Bound>,
    /// Which stays are too long for the unit.
    pub long: Option<Bound>,
    /// After how many days an ordinary stay goes on by the day.
    pub switch_after: Option<u32>,
    /// Of which kind those days are.
    pub switch_kind: Option<String>,
}

/// A kind of care at a level of hospital; an empty level is every other level.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BedDayKind {
    /// Such as `rehabilitation`, `psychiatric`, `palliative` or `nursing`.
    pub care: String,
    /// The level, as the hospitals input writes it.
    pub level: String,
}

/// The price of a day from a day of the stay on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BedDayStage {
    /// The first day of the stay, from 1, that has the price.
    pub first_day: u32,
    /// The price of a day, in fen.
    pub day_fen: i64,
}

/// Day surgery and day wards (日间手术, 日间病房).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DaySurgeryTerms {
    /// What is left of the group's points where day surgery has no group of its own.
    pub factor: Decimal,
    /// The groups that day surgery has of its own, by the inpatient group.
    pub own_groups: BTreeMap<String, OwnDayGroup>,
}

/// The group of day surgery for an inpatient group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnDayGroup {
    /// Its code.
    pub group: String,
    /// Its weight.
    pub weight: Decimal,
}

/// Single diseases at a quota (单病种定额).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SingleDiseaseTerms {
    /// Points or a line.
    pub pays: Pays,
    /// The quotas in fen by group and level; an empty level is every other level.
    pub quotas: BTreeMap<(String, String), i64>,
}

/// Capitation of tight alliances (紧密型医联体按人头付费).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CapitationTerms {
    /// The rates by age or risk band.
    pub rates: BTreeMap<String, CapitationRate>,
    /// By how much the rates grow.
    pub trend: Decimal,
    /// What share is kept back.
    pub reserve_share: Decimal,
    /// Above which amount a person's spending is charged only in part, in fen.
    pub stop_loss_fen: Option<i64>,
    /// σ: what share of the spending above it is not charged.
    pub stop_loss_share: Decimal,
    /// u: up to which excess the fund shares.
    pub overspend_limit: Decimal,
    /// s: what share of that excess the fund bears.
    pub fund_share: Decimal,
    /// What the parts of the assessment count; 1 together.
    pub assessment: BTreeMap<String, Decimal>,
}

/// What a person of a band is worth a year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CapitationRate {
    /// The band in words.
    pub title: String,
    /// The rate in fen.
    pub rate_fen: i64,
    /// The risk factor of the band.
    pub risk: Decimal,
}

/// The community model (基层支付模式), beside groups at one price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommunityTerms {
    /// The chronic packages, by code.
    pub packages: BTreeMap<String, ChronicPackage>,
    /// What becomes of packages above their budget.
    pub packages_overrun: Option<Overrun>,
    /// The price of a visit-day of a home bed, in fen.
    pub home_bed_fen: Option<i64>,
    /// Whether home beds earn points.
    pub home_bed_pays: Pays,
    /// The kinds of care that primary care is paid for by the day, without a claim naming the unit.
    pub bed_day_kinds: BTreeMap<String, String>,
}

impl CommunityTerms {
    /// Whether visit-days of home beds come as claims and earn points.
    #[must_use]
    pub fn has_home_beds_in_points(&self) -> bool {
        self.home_bed_fen.is_some() && self.home_bed_pays == Pays::Points
    }
}

/// A chronic package (慢病服务包).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChronicPackage {
    /// Its name.
    pub title: String,
    /// What a patient-month is worth, in fen.
    pub month_fen: i64,
}

/// The fee of family doctors (家庭医生签约服务费).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FamilyDoctorTerms {
    /// The fee of a person a year, in fen.
    pub rate_fen: i64,
    /// α: the share that does not hang on the score.
    pub fixed_share: Decimal,
    /// The score that earns the whole fee.
    pub full_score: Decimal,
    /// What becomes of fees above the budget.
    pub overrun: Overrun,
}
