use crate::finding::Severity;

/// Declares the rules once: variant, stable code, columns that it needs, column that it is about,
/// usual level, message and hint.
macro_rules! rules {
    ($($variant:ident $code:literal $needs:literal $column:literal $level:ident
        $chinese:literal $english:literal $hint:literal;)*) => {
        /// A rule of the checks before grouping (清单质控), in order of number.
        ///
        /// Codes are public: they are never reused or renamed. The number in front is that of the
        /// rule; one number may have several rules.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rule {
            $(#[doc = $english] $variant,)*
        }

        impl Rule {
            /// All rules, in order of number.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The stable code.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// The columns without which it cannot be asked: all of them, separated by commas,
            /// where `|` stands between columns of which one is enough.
            #[must_use]
            pub const fn needs(self) -> &'static str {
                match self { $(Self::$variant => $needs,)* }
            }

            /// The claim column that a finding is about, unless the finding names another one.
            #[must_use]
            pub const fn column(self) -> &'static str {
                match self { $(Self::$variant => $column,)* }
            }

            /// How much it matters where nobody says otherwise.
            #[must_use]
            pub const fn usual(self) -> Severity {
                match self { $(Self::$variant => Severity::$level,)* }
            }

            /// The message in Chinese.
            #[must_use]
            pub const fn chinese(self) -> &'static str {
                match self { $(Self::$variant => $chinese,)* }
            }

            /// The message in English.
            #[must_use]
            pub const fn english(self) -> &'static str {
                match self { $(Self::$variant => $english,)* }
            }

            /// What to do about it.
            #[must_use]
            pub const fn hint(self) -> &'static str {
                match self { $(Self::$variant => $hint,)* }
            }
        }
    };
}

// Source: the categories 完整性, 及时性 and 准确性 of the DIP 3.0 draft; the single
// rules are a model of this project.
rules! {
    MandatoryMissing "q01_mandatory_missing" "" "" Reject
        "必填项缺失" "A column that every claim must fill in is empty."
        "Fill in the column that the finding names.";
    PrincipalMissing "q02_principal_missing" "principal_diagnosis" "principal_diagnosis" Reject
        "主要诊断缺失" "The principal diagnosis is missing."
        "Name exactly one principal diagnosis.";
    PrincipalNotOne "q02_principal_not_one" "principal_diagnosis" "principal_diagnosis" Reject
        "主要诊断不唯一" "The principal diagnosis holds more than one code."
        "Name exactly one; the others are other diagnoses.";
    MainProcedureMissing "q03_main_procedure_missing" "main_procedure,other_procedures"
        "main_procedure" Warn
        "有其他手术操作而无主要手术操作" "There are other procedures, but no main procedure."
        "Say which of the procedures is the main one.";
    NewbornWeightMissing "q04_newborn_weight_missing"
        "age_days,birth_weight_g|admission_weight_g" "birth_weight_g" Reject
        "新生儿体重缺失" "The patient is a newborn and has no weight."
        "Fill in the weight at birth or at admission in grams.";
    CostItemsMissing "q05_cost_items_missing" "drug_cost|consumable_cost|service_cost"
        "total_cost" Reject
        "收费项目缺失" "The claim states no part of its cost."
        "Fill in the costs of drugs, consumables and services.";
    DischargeWayUnknown "q06_discharge_way_unknown" "discharge_way" "discharge_way" Reject
        "离院方式缺失或不在字典中" "The way of discharge is missing or stands outside the dictionary."
        "Fill in one of the national codes of 离院方式.";
    CaseRepeated "q07_case_repeated" "" "case_id" Reject
        "病例标识重复" "The case_id stands in an earlier row too."
        "Keep one row a case; a correction is a reversal and a new case_id.";
    DischargeBeforeAdmission "q10_discharge_before_admission" "admission_date,discharge_date"
        "discharge_date" Reject
        "出院日期早于入院日期" "The discharge is before the admission."
        "Correct the dates.";
    StayDaysDiffer "q11_stay_days_differ" "stay_days,admission_date,discharge_date"
        "stay_days" Warn
        "住院天数与入出院日期不符" "The days of the stay are not those between admission and discharge."
        "Correct the days or the dates; a stay that ends on its first day counts one day.";
    AgeImplausible "q13_age_implausible" "age_years|age_days" "age_years" Warn
        "年龄不合理,或岁数与天数不一致" "The age cannot be, or the years and the days do not fit each other."
        "State the days only for patients under one year, with 0 years.";
    IntensiveCareExceedsStay "q14_intensive_care_exceeds_stay"
        "icu_hours|icu_days|ventilator_hours,admission_date,discharge_date" "icu_hours" Warn
        "重症监护或呼吸机时长超过住院时长" "Intensive care or ventilation lasts longer than the stay."
        "Correct the hours or the dates.";
    UploadedLate "q15_uploaded_late" "uploaded_at,discharge_date" "uploaded_at" Warn
        "结算清单未按时上传" "The claim was uploaded after the time allowed."
        "Upload claims in time.";
    DiagnosisNotInCodeSet "q20_diagnosis_not_in_code_set" "principal_diagnosis"
        "principal_diagnosis" Reject
        "诊断编码不在医保版字典中" "A diagnosis stands outside the insurance edition of the codes."
        "Correct the code, or map it to the insurance edition.";
    ProcedureNotInCodeSet "q21_procedure_not_in_code_set" "main_procedure|other_procedures"
        "main_procedure" Reject
        "手术操作编码不在医保版字典中" "A procedure stands outside the insurance edition of the codes."
        "Correct the code, or map it to the insurance edition.";
    GreyPrincipal "q22_grey_principal" "principal_diagnosis" "principal_diagnosis" Reject
        "主要诊断为灰码" "The principal diagnosis is one that cannot be the principal diagnosis."
        "Choose the diagnosis that led to the stay.";
    CodeMapped "q23_code_mapped" "principal_diagnosis" "principal_diagnosis" Repaired
        "编码已修正或由国临版对照为医保版" "A code was repaired or taken for the insurance code of the crosswalk."
        "Upload insurance codes; the value shows what it became.";
    CodeRepeated "q24_code_repeated" "principal_diagnosis" "other_diagnoses" Repaired
        "编码重复,只计一次" "A code stands more than once in the claim; it counts once."
        "State every code once.";
    PrincipalExcluded "q25_principal_excluded" "principal_diagnosis" "principal_diagnosis" Reject
        "主要诊断不纳入按病种付费" "The plan excludes cases with this principal diagnosis."
        "Settle the case outside the plan, or correct the diagnosis.";
    SexConflict "q30_sex_conflict" "sex" "sex" Reject
        "性别与诊断或手术操作不符" "The sex conflicts with a diagnosis or procedure."
        "Correct the sex or the code that the value names.";
    AgeConflict "q31_age_conflict" "age_years" "age_years" Reject
        "年龄与诊断不符" "The age conflicts with a diagnosis."
        "Correct the age or the code that the value names.";
    NewbornConflict "q32_newborn_conflict" "age_years" "age_years" Reject
        "新生儿诊断与年龄不符" "A diagnosis of newborns is stated for a patient who is none."
        "Correct the age or the code that the value names.";
    OutcomeMissing "q34_outcome_missing" "principal_diagnosis,other_diagnoses"
        "other_diagnoses" Warn
        "分娩病例缺少分娩结局编码" "A delivery comes without the code of its outcome."
        "Add the code of the outcome of the delivery to the other diagnoses.";
    DeathConflict "q36_death_conflict" "discharge_way" "discharge_way" Reject
        "死亡编码与离院方式不符" "A diagnosis means death, but the patient was discharged alive."
        "Correct the way of discharge or the code that the value names.";
    VentilatorConflict "q37_ventilator_conflict" "ventilator_hours,main_procedure|other_procedures"
        "ventilator_hours" Reject
        "呼吸机时长与手术操作编码不符" "The hours on a ventilator are not those of the procedure."
        "Correct the hours or the code that the value names.";
    PrincipalAcquired "q39_principal_acquired" "admission_conditions" "admission_conditions" Warn
        "主要诊断的入院病情为“无”" "The principal diagnosis was not there at admission."
        "Check the condition at admission, or choose the diagnosis that led to the stay.";
    PartsExceedTotal "q40_parts_exceed_total" "total_cost,drug_cost|consumable_cost|service_cost"
        "total_cost" Reject
        "分项费用合计超过总费用" "The parts of the cost are more than the total."
        "Correct the parts or the total.";
    PayersDiffer "q41_payers_differ"
        "total_cost,fund_paid,other_funds_paid,patient_paid" "total_cost" Reject
        "总费用不等于基金与个人支付之和" "The total is not what the funds and the patient paid."
        "Correct the amounts.";
    AmountNegative "q42_amount_negative" "total_cost" "total_cost" Reject
        "金额为负且不是冲销记录" "An amount is negative and the row is no reversal."
        "Name the cancelled case in the column reverses, or correct the amount.";
    AmountUnusable "q42_amount_unusable" "total_cost" "total_cost" Reject
        "金额不是以分为单位的有效金额" "An amount is none of whole fen that can be settled."
        "Correct the amount; it has at most two decimals.";
    CostADayExtreme "q43_cost_a_day_extreme" "total_cost,stay_days" "total_cost" Warn
        "日均费用异常" "The cost a day is among the lowest or highest of all claims of the run."
        "Check the cost and the days.";
    DrugShareHigh "q45_drug_share_high" "total_cost,drug_cost|consumable_cost" "drug_cost" Warn
        "药品或耗材占比过高" "Drugs or consumables are nearly all of the cost."
        "Check the parts of the cost.";
    StaysOverlap "q50_stays_overlap" "person_id,admission_date,discharge_date" "person_id" Reject
        "同一人员住院时间重叠" "Another stay of the same person overlaps with this one."
        "Correct the dates or the person; the value names the other case.";
    Readmitted "q51_readmitted" "person_id,admission_date,discharge_date" "admission_date" Warn
        "短期内再入院" "The same hospital admits the person again shortly after a discharge."
        "Check for a split stay; the value names the earlier case.";
    LowStandard "q52_low_standard_admission" "total_cost,stay_days,main_procedure|other_procedures"
        "stay_days" Warn
        "疑似低标准入院" "A short and cheap stay without a procedure: the admission may not have been needed."
        "Check whether the case could have been treated as an outpatient.";
    Upcoding "q53_upcoding_suspected" "sex,age_years,principal_diagnosis,other_diagnoses"
        "other_diagnoses" Warn
        "疑似高套,仅一个其他诊断使病例进入更高的病组" "One other diagnosis alone carries the case into a higher group."
        "Check that the record supports the diagnosis that the value names.";
    DaySurgeryLong "q54_day_surgery_long" "payment_unit,stay_days" "stay_days" Warn
        "日间手术住院天数过长" "A case of day surgery stays longer than day surgery may."
        "Correct the days or the payment unit.";
}

impl Rule {
    /// The number of the rule, such as `Q10`.
    #[must_use]
    pub fn number(self) -> String {
        let number = self.code().split('_').next().unwrap_or_default();
        number.to_uppercase()
    }

    /// The rule with a stable code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().find(|rule| rule.code() == code).copied()
    }

    /// The columns that it needs: of each inner list, one is enough.
    pub fn columns(self) -> impl Iterator<Item = Vec<&'static str>> {
        let needs = self.needs().split(',').filter(|needs| !needs.is_empty());
        needs.map(|any| any.split('|').collect())
    }
}

/// Some of the rules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RuleSet(u64);

impl RuleSet {
    /// Whether a rule is among them.
    #[must_use]
    pub const fn has(self, rule: Rule) -> bool {
        self.0 & 1_u64.wrapping_shl(rule as u32) != 0
    }

    /// Puts a rule in.
    pub const fn insert(&mut self, rule: Rule) {
        self.0 |= 1_u64.wrapping_shl(rule as u32);
    }
}

impl FromIterator<Rule> for RuleSet {
    fn from_iter<I: IntoIterator<Item = Rule>>(rules: I) -> Self {
        let mut set = Self::default();
        rules.into_iter().for_each(|rule| set.insert(rule));
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_rule_has_its_own_code_with_its_number_in_front() {
        let codes: HashSet<_> = Rule::ALL.iter().map(|rule| rule.code()).collect();
        assert_eq!(codes.len(), Rule::ALL.len());
        assert!(Rule::ALL.is_sorted_by_key(|rule| rule.code().split('_').next()));
        for rule in Rule::ALL {
            assert_eq!(Rule::from_code(rule.code()), Some(*rule));
            let number = rule.number();
            assert!(number.starts_with('Q') && number.len() == 3, "{number}");
        }
        assert!(Rule::ALL.len() <= 64, "a RuleSet has 64 places");
    }

    #[test]
    fn needs_are_lists_of_columns_of_which_one_is_enough() {
        let needs: Vec<_> = Rule::PartsExceedTotal.columns().collect();
        let parts = vec!["drug_cost", "consumable_cost", "service_cost"];
        assert_eq!(needs, [vec!["total_cost"], parts]);
        assert_eq!(Rule::MandatoryMissing.columns().count(), 0);
    }
}
