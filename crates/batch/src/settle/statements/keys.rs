//! Which keys of a policy stand behind a class of cases and a step of the settlement.

pub(crate) const LOW: &[&str] = &[
    "case.reference",
    "case.low.threshold",
    "case.low.rule",
    "case.low.coefficient",
    "case.low.exempt_discharge_ways",
];

pub(crate) const HIGH: &[&str] = &[
    "case.reference",
    "case.high.thresholds",
    "case.high.rule",
    "case.high.added_share",
    "case.high.coefficient",
    "case.high.limit",
];

/// The keys behind the points of a class of cases.
pub(crate) fn of_class(class: &str) -> Vec<&'static str> {
    let own: &[&str] = match class {
        "low" => LOW,
        "high" => HIGH,
        "by_cost" => &["case.ungrouped", "case.ambiguous", "case.without_weight"],
        "unstable" => &[
            "case.unstable.treatment",
            "case.unstable.cases",
            "case.unstable.variation",
            "case.unstable.groups",
        ],
        "bed_day" => &[
            "case.bed_day.day_cost",
            "case.bed_day.long_stay",
            "unit.bed_day.pays",
            "unit.community.bed_day_care",
        ],
        "transfer" => &["case.transfer.discharge_ways"],
        "short_stay" => &["case.short_stay.limit", "case.short_stay.rule"],
        "day_surgery" => &["unit.day_surgery.factor"],
        "single_disease" => &["unit.single_disease.pays", "points.preset_value"],
        "item" => &["unit.item.pays", "points.preset_value"],
        "home_bed" => &[
            "unit.community.home_bed",
            "unit.community.home_bed_pays",
            "points.preset_value",
        ],
        "tcm" => &[
            "unit.tcm.upfront_share",
            "unit.tcm.tail",
            "unit.tcm.claw_back",
        ],
        _ => &[],
    };
    let mut keys = vec!["points.scale"];
    if matches!(
        class,
        "normal" | "low" | "high" | "bed_day" | "transfer" | "short_stay" | "day_surgery"
    ) {
        keys.push("coefficient.from");
    }
    if class != "normal" {
        keys.push("points.mean_cost");
    }
    keys.extend(own);
    keys
}

/// The Chinese name of a class, with the code.
pub(crate) const fn class_title(class: &str) -> &'static str {
    match class.as_bytes() {
        b"normal" => "正常病例 normal",
        b"low" => "低倍率病例 low",
        b"high" => "高倍率病例 high",
        b"by_cost" => "按费用折算 by_cost",
        b"unstable" => "非稳定病组 unstable",
        b"bed_day" => "床日病例 bed_day",
        b"transfer" => "转院病例 transfer",
        b"short_stay" => "短住院病例 short_stay",
        b"day_surgery" => "日间手术 day_surgery",
        b"single_disease" => "单病种定额 single_disease",
        b"item" => "按项目付费 item",
        b"tcm" => "中医优势病种 tcm",
        b"home_bed" => "家庭病床 home_bed",
        _ => "不支付 unpaid",
    }
}

pub(crate) const VALUE: &[&str] = &["value.family", "value.model", "value.mode"];
pub(crate) const PAYMENT: &[&str] = &["value.family", "value.patient_side", "value.money_rounding"];
