//! What the checks look at: the facts of one claim, what tables say about its codes, and limits.

use crate::{Rule, RuleSet, Sex};

/// One amount of a claim.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Amount {
    /// The claim does not state it.
    #[default]
    Absent,
    /// It is stated, but is no amount of whole fen.
    Unusable,
    /// In fen.
    Fen(i64),
}

impl Amount {
    /// The amount in fen, where there is a usable one.
    #[must_use]
    pub const fn fen(self) -> Option<i64> {
        match self {
            Self::Fen(fen) => Some(fen),
            Self::Absent | Self::Unusable => None,
        }
    }
}

/// What tables say about one code; the default says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct CodeTraits {
    /// Only patients of this sex have it.
    pub sex: Option<Sex>,
    /// Only patients of at least so many years have it.
    pub at_least_years: Option<i64>,
    /// Only patients of fewer years have it.
    pub below_years: Option<i64>,
    /// Only patients of fewer days have it.
    pub newborn_below_days: Option<i64>,
    /// Whether it says that the patient died.
    pub means_death: bool,
    /// It asks for another code whose text begins so.
    pub companion: Option<String>,
    /// The hours on a ventilator that it means: at least, and below.
    pub ventilator_hours: Option<(i64, i64)>,
    /// Whether it stands outside the code set.
    pub not_in_code_set: bool,
    /// Whether it cannot be a principal diagnosis.
    pub is_grey: bool,
    /// What it became, where it was repaired or mapped.
    pub mapped: Option<String>,
    /// Whether a principal diagnosis of it keeps a case from being grouped.
    pub is_excluded: bool,
}

/// A code of a claim with what tables say about it.
#[derive(Clone, Copy, Debug)]
pub struct Code<'a> {
    /// As the claim has it.
    pub text: &'a str,
    /// What tables say.
    pub traits: &'a CodeTraits,
}

/// The facts of one claim; `None` where the claim says nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Facts<'a> {
    /// The columns that every claim must fill in, with whether this one does.
    pub mandatory: &'a [(&'static str, bool)],
    /// 性别.
    pub sex: Option<Sex>,
    /// Age in completed years.
    pub age_years: Option<i64>,
    /// Age in days.
    pub age_days: Option<i64>,
    /// 新生儿出生体重 in grams.
    pub birth_weight_g: Option<i64>,
    /// 新生儿入院体重 in grams.
    pub admission_weight_g: Option<i64>,
    /// 入院日期 in days since 1970-01-01.
    pub admitted: Option<i64>,
    /// 出院日期 in days since 1970-01-01.
    pub discharged: Option<i64>,
    /// 上传日期 in days since 1970-01-01.
    pub uploaded: Option<i64>,
    /// 住院天数.
    pub stay_days: Option<i64>,
    /// 重症监护 hours.
    pub icu_hours: Option<i64>,
    /// 重症监护 days.
    pub icu_days: Option<i64>,
    /// 呼吸机使用 hours.
    pub ventilator_hours: Option<i64>,
    /// 离院方式.
    pub discharge_way: Option<&'a str>,
    /// 主要诊断.
    pub principal: Option<Code<'a>>,
    /// 其他诊断.
    pub other_diagnoses: &'a [Code<'a>],
    /// 主要手术及操作.
    pub main_procedure: Option<Code<'a>>,
    /// 其他手术及操作.
    pub other_procedures: &'a [Code<'a>],
    /// 主要诊断的入院病情.
    pub principal_condition: Option<&'a str>,
    /// 医疗总费用.
    pub total: Amount,
    /// 药品费.
    pub drugs: Amount,
    /// 卫生材料费.
    pub consumables: Amount,
    /// 医疗服务费.
    pub services: Amount,
    /// 统筹基金支付.
    pub fund: Amount,
    /// 其他基金支付.
    pub other_funds: Amount,
    /// 个人支付.
    pub patient: Amount,
    /// What lifts the case into a higher group.
    pub lift: Option<&'a Lift>,
    /// How the case is to be paid, where the claim names it.
    pub payment_unit: Option<&'a str>,
    /// Whether the row cancels another one.
    pub is_reversal: bool,
}

/// One other diagnosis that alone carries a case into a higher group, as a grouping plan says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lift {
    /// By how many levels of severity: one or two.
    pub levels: i64,
    /// The diagnosis, and the groups without and with it.
    pub says: String,
}

/// Which rules are asked, and where they draw their lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Below how many days of age a patient is a newborn.
    pub newborn_days: i64,
    /// How many years a patient can have at most.
    pub most_age_years: i64,
    /// Within how many days after the discharge a claim is to be uploaded.
    pub upload_days: i64,
    /// The codes of 离院方式.
    pub discharge_ways: Vec<String>,
    /// The one of them that says that the patient died.
    pub death_way: String,
    /// The code of 入院病情 for a diagnosis that was not there at admission.
    pub acquired: String,
    /// By how many fen sums of amounts may differ.
    pub tolerance_fen: i64,
    /// Above how many ten-thousandths of the total drugs or consumables are conspicuous.
    pub share_above: i64,
    /// Up to how many days a stay is conspicuously short.
    pub low_stay_days: i64,
    /// Below how many fen such a stay is conspicuously cheap.
    pub low_cost_below_fen: i64,
    /// The payment units of day surgery.
    pub day_surgery_units: Vec<String>,
    /// How many days day surgery may stay.
    pub day_surgery_days: i64,
    /// From how many levels of severity on that one diagnosis adds a case is conspicuous.
    pub upcoding_levels: i64,
    /// Within how many days after a discharge an admission is a readmission.
    pub readmission_days: i64,
    /// The lowest and the highest so many ten-thousandths of costs a day are conspicuous.
    pub extreme_share: i64,
}

/// One finding: the rule, the column where it is not the rule's own, and what stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The rule that the claim breaks.
    pub rule: Rule,
    /// The claim column that it is about.
    pub column: &'static str,
    /// What stands there; empty where nothing does.
    pub value: String,
}

/// How claims are checked: the rules that are asked, and their limits.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'l> {
    /// The rules that are asked; what needs a column that is not there, is not.
    pub rules: RuleSet,
    /// Where the rules draw their lines.
    pub limits: &'l Limits,
}
