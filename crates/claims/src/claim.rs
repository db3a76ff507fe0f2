use std::fmt;

/// The sex of a patient (性别) as far as grouping asks for it; any other code counts as absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sex {
    /// 男, code 1.
    Male,
    /// 女, code 2.
    Female,
}

impl Sex {
    /// Reads the national code: 1 男, 2 女; everything else (9 未说明) is absent.
    #[must_use]
    pub fn from_code(code: i64) -> Option<Self> {
        match code {
            1 => Some(Self::Male),
            2 => Some(Self::Female),
            _ => None,
        }
    }
}

impl fmt::Display for Sex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Male => "male",
            Self::Female => "female",
        })
    }
}

/// One hospital case as far as grouping needs it, with its codes as text.
///
/// Codes are compared byte by byte; nothing is trimmed or repaired. Any value is legal here:
/// what is missing or strange is found by the plan's checks, not by this type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claim {
    /// The key of the case.
    pub case_id: String,
    /// 性别; `None` when missing or neither 1 nor 2.
    pub sex: Option<Sex>,
    /// Age in completed years.
    pub age_years: Option<i64>,
    /// Age in days, given for infants.
    pub age_days: Option<i64>,
    /// 新生儿出生体重 in grams.
    pub birth_weight_g: Option<i64>,
    /// 住院天数.
    pub stay_days: Option<i64>,
    /// 重症监护 hours.
    pub icu_hours: Option<i64>,
    /// 呼吸机使用 hours.
    pub ventilator_hours: Option<i64>,
    /// 离院方式, the national code as text.
    pub discharge_way: Option<String>,
    /// 科别, the code as text.
    pub department: Option<String>,
    /// 主要诊断.
    pub principal_diagnosis: Option<String>,
    /// 其他诊断 in the order of the record.
    pub other_diagnoses: Vec<String>,
    /// 主要手术及操作.
    pub main_procedure: Option<String>,
    /// 其他手术及操作 in the order of the record.
    pub other_procedures: Vec<String>,
    /// Whether the case is flagged as using a new technology (新技术).
    pub new_tech: bool,
}
