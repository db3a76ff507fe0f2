//! What payment units found in a case, and what lines pay for it beside points.

use super::run::SettledRun;
use super::{Part, Step};
use crate::find::TextRow;
use crate::settle::units::reports::{LINES, NOTES, SETTLED};
use crate::settle::units::{CARVED_OUT, EFFECT, NEGOTIATED, NEW_TECHNOLOGY};
use crate::{Error, Progress};
use drgdip_claims::Yuan;
use drgdip_points::Points;
use std::collections::BTreeSet;

/// What units change before a case is classified and after.
#[derive(Default)]
pub(super) struct Units {
    pub(super) steps: Vec<Step>,
    /// The cost by which the case is classified, where it is not its whole cost.
    pub(super) seen: Option<Yuan>,
    /// Points on top.
    pub(super) extra: Points,
    /// Whether a part is paid beside the standard, so that the case earns the normal points.
    pub(super) is_carved_out: bool,
}

impl Units {
    /// What the run noted of a case.
    pub(super) fn find(
        run: &SettledRun,
        case_id: &str,
        progress: &dyn Progress,
    ) -> Result<Self, Error> {
        let mut found = Self::default();
        if !run.has(NOTES) {
            return Ok(found);
        }
        let wrong = |e: &dyn std::fmt::Display| Error::input(NOTES, e);
        for row in run.rows(NOTES, ("case_id", case_id), progress)? {
            match get(&row, "decision") {
                EFFECT => {
                    let cost = row.get("cost").map(|cost| cost.parse::<Yuan>());
                    found.seen = cost.transpose().map_err(|e| wrong(&e))?;
                    let points = row.get("points").map_or("0", String::as_str);
                    found.extra = points
                        .parse()
                        .map_err(|e: drgdip_points::Error| wrong(&e))?;
                    continue;
                }
                CARVED_OUT => found.is_carved_out = true,
                _ => {}
            }
            found.steps.push(step(&row));
        }
        Ok(found)
    }
}

fn get<'r>(row: &'r TextRow, column: &str) -> &'r str {
    row.get(column).map_or("", String::as_str)
}

fn step(row: &TextRow) -> Step {
    let (unit, key, code) = (get(row, "unit"), get(row, "key"), get(row, "code"));
    let mut item = title(unit).to_owned();
    for part in [key, code] {
        if !part.is_empty() && !item.ends_with(part) {
            item += &format!(" {part}");
        }
    }
    let mut text = words(get(row, "decision")).to_owned();
    if let Some(cost) = row.get("cost") {
        text += &format!("; 费用 cost {cost}");
    }
    let how = get(row, "how");
    if !how.is_empty() {
        text += &format!("; {how}");
    }
    if let Some(points) = row.get("points") {
        text += &format!(" → 点数 points {points}");
    }
    if let (Some(amount), line) = (row.get("amount"), get(row, "line")) {
        text += &format!(" → {line} {amount}");
    }
    Step::new(item, get(row, "decision"))
        .by(text)
        .keys(keys(unit))
}

const fn title(unit: &str) -> &'static str {
    match unit.as_bytes() {
        b"new_technology" => "新技术 new technology",
        b"negotiated_drugs" => "谈判药 negotiated drug",
        b"tcm" | b"tcm_tail" => "中医优势病种 TCM disease",
        b"bed_day" => "床日 bed-days",
        b"day_surgery" => "日间手术 day surgery",
        b"single_disease" => "单病种定额 single disease",
        b"item" => "按项目 by item",
        _ => "支付单元 payment unit",
    }
}

/// A decision in words.
const fn words(decision: &str) -> &'static str {
    match decision.as_bytes() {
        b"expired" => "已到期 expired",
        b"not_yet_valid" => "尚未生效 not yet valid",
        b"control_exempt" => "控制比例豁免 exempt from the control proportion",
        b"own_group" => "独立成组 a group of its own",
        b"raised_weight" => "提高权重 a raised weight",
        b"add_on_points" => "加成点数 points on top",
        b"carved_out" => "除外支付 paid beside the standard",
        b"bounds_not_reached" => "未达除外界限 the bounds are not exceeded",
        b"without_weight" => "支付方式不生效 no mode acts",
        b"window_closed" => "不在单列期 outside its window",
        b"on_line" => "单列支付 paid from the line",
        b"taken_out" => "费用剔除 taken out of the cost",
        b"by_unit" => "按所列单元支付 paid by the unit that the claim names",
        b"switched" => "长住院转床日 the group and then bed-days",
        b"by_efficacy" => "按疗效价值付费 paid by efficacy",
        b"held" => "预提金额 held over the end of the year",
        b"to_hospital" => "下年兑现医院 released to the hospital next year",
        b"to_pool" => "下年退回基金池 released to the pool next year",
        b"clawed_back" => "扣回 the hospital owes for a failure",
        b"ordinary" => "按普通病例支付 paid as an ordinary case",
        b"paid_otherwise" => "已另行支付 paid by another rule",
        _ => "",
    }
}

fn keys(unit: &str) -> &'static [&'static str] {
    match unit {
        NEW_TECHNOLOGY => &["unit.new_technology.overrun"],
        NEGOTIATED => &[
            "unit.negotiated_drugs.overrun",
            "unit.negotiated_drugs.fund_shares",
            "unit.negotiated_drugs.months",
            "unit.negotiated_drugs.precedence",
        ],
        "bed_day" => &["unit.bed_day.pays", "points.mean_cost", "points.scale"],
        "day_surgery" => &["unit.day_surgery.factor", "coefficient.from"],
        "single_disease" => &["unit.single_disease.pays", "points.preset_value"],
        "item" => &["unit.item.pays", "points.preset_value"],
        "tcm" => &[
            "unit.tcm.upfront_share",
            "unit.tcm.claw_back",
            "unit.tcm.treatment_share",
            "unit.tcm.stay_days",
            "unit.tcm.syndrome",
            "unit.tcm.tail",
        ],
        _ => &[],
    }
}

/// What the lines of its pool pay for a case; `None` where it is on none.
pub(super) fn lines(
    run: &SettledRun,
    (case_id, pool): (&str, &str),
    progress: &dyn Progress,
) -> Result<Option<Part>, Error> {
    if !run.has(SETTLED) {
        return Ok(None);
    }
    let of_case = run.rows(LINES, ("case_id", case_id), progress)?;
    let names: BTreeSet<&str> = of_case.iter().map(|row| get(row, "line")).collect();
    if names.is_empty() {
        return Ok(None);
    }
    let mut steps = Vec::new();
    let budgets = run.rows(SETTLED, ("pool", pool), progress)?;
    for row in &of_case {
        let line = get(row, "line");
        let budget = budgets.iter().find(|budget| get(budget, "line") == line);
        let said = budget.map_or_else(String::new, |budget| {
            format!(
                "; 单列预算 budget {} + 储备补足 supplement {}; 全部申请 all ask {}, 支付 paid {}",
                get(budget, "budget"),
                get(budget, "supplement"),
                get(budget, "asked"),
                get(budget, "paid")
            )
        });
        let text = format!("申请 asked {}{said}", get(row, "asked"));
        let keys = ["unit.lines.surplus", overrun(line)];
        steps.push(
            Step::new(format!("{} {line}", title(line)), get(row, "amount"))
                .by(text)
                .keys(&keys),
        );
    }
    Ok(Some(Part {
        title: "单列支付 paid from lines, beside points".to_owned(),
        steps,
    }))
}

fn overrun(line: &str) -> &'static str {
    match line {
        "new_technology" => "unit.new_technology.overrun",
        "negotiated_drugs" => "unit.negotiated_drugs.overrun",
        "bed_day" => "unit.bed_day.overrun",
        "single_disease" => "unit.single_disease.overrun",
        "item" => "unit.item.overrun",
        "tcm_tail" => "unit.tcm.overrun",
        _ => "unit.lines.surplus",
    }
}
