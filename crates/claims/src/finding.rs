use std::fmt;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The claim is taken as if the fault were mended.
    Repaired,
    /// Worth knowing; the claim goes on unchanged.
    Warn,
    /// The claim is kept and counted, but not grouped or not paid.
    Reject,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Repaired => "repaired",
            Self::Warn => "warn",
            Self::Reject => "reject",
        })
    }
}

/// Declares the findings once: variant, stable code, column, severity, message and hint.
macro_rules! findings {
    ($($variant:ident $code:literal $column:literal $severity:ident
        $chinese:literal $english:literal $hint:literal;)*) => {
        /// What can be wrong with a claim (清单质控), in order of precedence.
        ///
        /// Codes are public: they are never reused or renamed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Finding {
            $(#[doc = $english] $variant,)*
        }

        impl Finding {
            /// All findings, in order of precedence.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The stable code.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// The claim column that the finding is about.
            #[must_use]
            pub const fn column(self) -> &'static str {
                match self { $(Self::$variant => $column,)* }
            }

            /// How much it matters.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity,)* }
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

findings! {
    FileUnreadable "file_unreadable" "" Reject
        "文件无法读取,已隔离" "The file cannot be read as claims and was left out."
        "Deliver the file again; the value says what is wrong with it.";
    RowGroupUnreadable "row_group_unreadable" "" Reject
        "文件中的一段数据损坏,已隔离" "A row group of the file is damaged and was left out."
        "Deliver the file again; the value says which rows are missing.";
    CellUnreadable "cell_unreadable" "" Reject
        "单元格内容无法识别,已作空值" "A cell is no value of its column and was left empty."
        "Correct the cell in the source; the value shows what stands there.";
    RowFieldsDiffer "row_fields_differ" "" Reject
        "该行的列数与表头不一致" "The row has another number of fields than the header."
        "Check the separators and quotation marks of the row.";
    SexMissing "sex_missing" "sex" Reject
        "性别缺失或不是 1、2" "The sex is missing or neither 1 nor 2."
        "Fill in 1 (male) or 2 (female) from the patient's record.";
    AgeMissing "age_missing" "age_years" Reject
        "年龄(岁)缺失" "The age in years is missing."
        "Fill in the completed years at admission, 0 for an infant.";
    AgeDaysMissing "age_days_missing" "age_days" Reject
        "不足 1 周岁而年龄(天)缺失" "The age is 0 years and the age in days is missing."
        "Fill in the age in days for a patient under one year.";
    BirthWeightMissing "birth_weight_missing" "birth_weight_g" Reject
        "新生儿出生体重缺失" "The case is a newborn without a birth weight."
        "Fill in the birth weight in grams.";
    PrincipalMissing "principal_missing" "principal_diagnosis" Warn
        "主要诊断缺失" "The principal diagnosis is missing."
        "Name exactly one principal diagnosis.";
    UnknownCode "unknown_code" "principal_diagnosis,other_diagnoses,main_procedure,other_procedures" Reject
        "有编码不在编码字典中,按方案不予分组" "A code stands outside the code set, and the plan groups no such case."
        "Correct the code; the findings of the same row name it.";
    GreyPrincipal "grey_principal" "principal_diagnosis" Reject
        "主要诊断为灰码,不能作主要诊断" "The principal diagnosis is one that cannot be the principal diagnosis."
        "Choose the diagnosis that led to the stay.";
    NoPlan "no_plan" "region,discharge_date" Reject
        "统筹区或出院日期缺失或无效,无法确定分组方案" "The region is not six digits or the discharge date is missing, so no plan can be chosen."
        "Fill in the six-digit region and the date of discharge.";
    CodeRepaired "code_repaired" "principal_diagnosis,other_diagnoses,main_procedure,other_procedures" Warn
        "编码已按方案修正(大小写、全角、空格)" "The code was repaired as the plan says: letter case, full-width characters or spaces."
        "Correct the code at its source; the value shows what it became.";
    CodeMapped "code_mapped" "principal_diagnosis,other_diagnoses,main_procedure,other_procedures" Warn
        "编码已由国临版对照为医保版" "The clinical code was taken for the insurance code that the crosswalk has for it."
        "Upload insurance codes; the value shows what it became.";
    DiagnosisNotInCodeSet "diagnosis_not_in_code_set" "principal_diagnosis,other_diagnoses" Warn
        "诊断编码不在编码字典中" "A diagnosis does not stand in the code set of the plan."
        "Check the code against the edition of ICD-10 that the plan names.";
    ProcedureNotInCodeSet "procedure_not_in_code_set" "main_procedure,other_procedures" Warn
        "手术操作编码不在编码字典中" "A procedure does not stand in the code set of the plan."
        "Check the code against the edition of ICD-9-CM-3 that the plan names.";
    PrincipalNotInPlan "principal_not_in_plan" "principal_diagnosis" Warn
        "主要诊断编码不在分组方案中" "The principal diagnosis stands in no list of the plan."
        "Check the code against the insurance edition of ICD-10 that the plan uses.";
    DiagnosisNotInPlan "diagnosis_not_in_plan" "other_diagnoses" Warn
        "其他诊断编码不在分组方案中" "An other diagnosis stands in no list of the plan."
        "Check the code; a code outside the plan never changes the group.";
    ProcedureNotInPlan "procedure_not_in_plan" "main_procedure,other_procedures" Warn
        "手术操作编码不在分组方案中" "A procedure stands in no list of the plan."
        "Check the code against the insurance edition of ICD-9-CM-3 that the plan uses.";
    DuplicateCase "duplicate_case" "case_id" Reject
        "病例标识重复" "The case_id stands in an earlier row too."
        "Keep one row a case; a correction is a reversal and a new case_id.";
    CaseIdMissing "case_id_missing" "case_id" Reject
        "病例标识缺失" "The case_id is missing."
        "Give every claim its own case_id.";
    Reversal "reversal" "reverses" Warn
        "冲销记录" "The row cancels an earlier case; neither is paid."
        "Nothing to do when the correction was meant.";
    Reversed "reversed" "case_id" Warn
        "病例已被冲销" "The case is cancelled by a reversal; neither is paid."
        "Nothing to do when the correction was meant.";
    ReversalUnmatched "reversal_unmatched" "reverses" Reject
        "冲销记录找不到可对冲的病例" "The row reverses a case that is not among the claims or whose amount is not its opposite."
        "Deliver the reversal with the case that it cancels, with the opposite total cost.";
    CheckRejected "check_rejected" "case_id" Reject
        "清单质控未通过,退回" "The claim breaks a rule of the checks that rejects."
        "See checks.parquet for the rule, correct the claim and upload it again.";
    CostMissing "cost_missing" "total_cost" Reject
        "医疗总费用缺失" "The total cost is missing."
        "Fill in the total cost of the stay.";
    CostUnusable "cost_unusable" "total_cost" Reject
        "医疗总费用不是以分为单位的有效金额" "The total cost is no amount of whole fen that can be settled."
        "Correct the amount; it has at most two decimals.";
    CostNegative "cost_negative" "total_cost" Reject
        "医疗总费用为负且不是冲销记录" "The total cost is negative and the row is no reversal."
        "Name the cancelled case in the column reverses, or correct the amount.";
    ItemsUnusable "items_unusable" "new_tech_items,negotiated_drugs" Reject
        "新技术或谈判药品项目金额无效，或合计超过总费用" "An item has no usable cost, or the items cost more than the case."
        "Correct the codes and costs of the items, or the total cost.";
    PaymentUnitUnknown "payment_unit_unknown" "payment_unit" Warn
        "支付单元名称无法识别,按未填写处理" "The claim names a payment unit that nobody knows; it is paid as if it named none."
        "Write bed_day, day_surgery, single_disease, item or home_bed, or leave the cell empty.";
    PaymentUnitNotApplied "payment_unit_not_applied" "payment_unit" Warn
        "所列支付单元未生效,按一般规则支付" "The unit that the claim names does not pay the stay; the rules for all stays do."
        "Check whether the policy has the unit; the explanation of the case says what the unit lacks.";
    PaymentPartsMissing "payment_parts_missing" "fund_paid,other_funds_paid,patient_paid" Reject
        "基金与个人支付金额缺失" "An amount that the policy takes from the claim is missing."
        "Fill in who paid what; 0 where nobody did.";
    PaymentPartsDiffer "payment_parts_differ" "fund_paid,other_funds_paid,patient_paid" Warn
        "总费用不等于各方支付之和" "The total cost is not the sum of what the funds and the patient paid."
        "Check the amounts; the case is settled with them as they stand.";
    RegionMissing "region_missing" "region" Reject
        "统筹区缺失" "The pooling area is missing."
        "Fill in the six-digit code of the pooling area.";
    InsuranceUnknown "insurance_unknown" "insurance" Reject
        "险种缺失或无法识别" "The insurance is missing or not one of employee, resident, 310, 390."
        "Fill in employee (310) or resident (390).";
    RegionNotSettled "region_not_settled" "region" Reject
        "统筹区或险种不在本政策的结算范围内" "The policy settles no pool for this pooling area and insurance."
        "Check the code, or settle the case by the policy of its own area.";
    HospitalMissing "hospital_missing" "hospital_id" Reject
        "医疗机构编码缺失" "The hospital is missing."
        "Fill in the code of the contracted hospital.";
    HospitalUnknown "hospital_unknown" "hospital_id" Reject
        "医疗机构不在名录中" "The hospital is not in the list of hospitals at the discharge date."
        "Add the hospital to the hospitals input, with its level and dates.";
    HospitalNotInPool "hospital_not_in_pool" "hospital_id" Reject
        "医疗机构不在该基金池的名单中" "The hospital is not in the list of hospitals of the pool."
        "Add the hospital to the pool_hospitals input, or correct the region or insurance.";
    DischargeMissing "discharge_missing" "discharge_date" Reject
        "出院日期缺失" "The discharge date is missing."
        "Fill in the date of discharge.";
    DischargeAfterPeriod "discharge_after_period" "discharge_date" Reject
        "出院日期晚于结算期" "The discharge is after the period that is settled."
        "Settle the case in its own period, or correct the date.";
    DischargeBeforePeriod "discharge_before_period" "discharge_date" Warn
        "出院日期早于结算期(迟报)" "The discharge is before the period: a late entry."
        "Nothing to do where the policy takes late entries.";
    UngroupedUnpaid "ungrouped_unpaid" "principal_diagnosis" Reject
        "未入组病例按政策不予支付" "The case has no group, and the policy pays no such case."
        "Correct the codes and upload the case again.";
    GroupWithoutWeight "group_without_weight" "principal_diagnosis" Warn
        "病组无权重,按政策处理" "The group has no weight; the case is paid as the policy says for such groups."
        "Add the weight to the plan's weights table.";
    UnstableGroup "unstable_group" "principal_diagnosis" Reject
        "非稳定病组按政策不予支付" "The costs of the group vary too much for a weight, and the policy pays no such case."
        "Check the groups input, or let the policy pay such cases by cost.";
    LateUpload "late_upload" "uploaded_at" Warn
        "结算清单迟传,按政策扣减点数" "The claim was uploaded late; the policy takes points off."
        "Upload claims in the time that the policy allows.";
    PersonMissing "person_missing" "person_id,admission_date" Warn
        "人员编号或入院日期缺失,无法核查分解住院" "The person or the date of admission is missing, so that no readmission can be found."
        "Fill in person_id and admission_date.";
    ReviewBelowGate "review_below_gate" "case_id" Warn
        "费用未达到特例单议的条件,按一般规则支付" "The case was approved for special-case review, but it is not dear enough for it; the general rules apply."
        "Take the case from the reviews input, or correct the policy's gate.";
    PolicyDateMissing "policy_date_missing" "discharge_date" Reject
        "出院日期没有适用的政策" "The policy states no values for the date of discharge."
        "Correct the date, or add the values of that time to the policy.";
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_finding_has_its_own_code() {
        let codes: HashSet<_> = Finding::ALL.iter().map(|f| f.code()).collect();
        assert_eq!(codes.len(), Finding::ALL.len());
    }
}
