//! What payment units found in a case, and what lines pay for it beside points.

use super::run::SettledRun;
use super::{Part, Step};
use crate::find::TextRow;
use crate::inputs::Hospital;
use crate::settle::columns::class_code;
use crate::settle::units::redo::{self, Redone, StatedCase};
use crate::settle::units::reports::{LINES, NOTES, SETTLED};
use crate::settle::units::{CARVED_OUT, EFFECT, NEGOTIATED, NEW_TECHNOLOGY, overrun as rule_of};
use crate::{Error, Progress};
use drgdip_claims::Yuan;
use drgdip_points::units::{LineClaim, LineInput, settle_line};
use drgdip_points::{PointValue, Points, Ratio, Weight};
use drgdip_tables::policy::{Line, LineSurplus, PolicyAt};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// What units change before a case is classified and after.
#[derive(Clone, Default)]
pub(super) struct Units {
    pub(super) steps: Vec<Step>,
    /// The cost by which the case is classified, where it is not its whole cost.
    pub(super) seen: Option<Yuan>,
    /// Points on top.
    pub(super) extra: Points,
    /// These, computed again, before what the case would earn without them has a say.
    pub(super) add_on: Option<Points>,
    /// The weight of the group, which a technology may raise.
    pub(super) group_weight: Option<String>,
    /// Whether a part is paid beside the standard, so that the case earns the normal points.
    pub(super) is_carved_out: bool,
    /// The points of a stay that its unit pays, computed again.
    pub(super) stay: Option<Points>,
    /// The rows that the run wrote about the case.
    notes: Vec<TextRow>,
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
        let rows = run.rows(NOTES, ("case_id", case_id), progress)?;
        for row in &rows {
            match get(row, "decision") {
                EFFECT => {
                    found.group_weight = row.get("weight").cloned();
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
            found.steps.push(step(row));
        }
        found.notes = rows;
        Ok(found)
    }

    /// Judges the claim again, and says what does not agree with what the run wrote.
    pub(super) fn redo(&mut self, of: &Redo<'_>) -> Result<Vec<String>, Error> {
        let stated = self.stated(of)?;
        let Some(claim) =
            redo::claim(of.file, of.case_id, (&of.run.policy, of.terms), of.progress)?
        else {
            return Ok(Vec::new());
        };
        let by = (&of.run.policy, of.terms, &of.run.inputs);
        let found = redo::redo(&claim, &stated, by, &of.run.period)?;
        let mut differences = Differences::default();
        differences.check("费用 cost", (found.cost, get(of.row, "total_cost")));
        if let Some((seen, extra, raised)) = found.effect {
            let is_whole = self.seen == Some(found.cost);
            let known = self.seen.map(|seen| seen.to_string()).unwrap_or_default();
            if is_whole {
                differences.check("加成点数 extra points", (extra, &self.extra.to_string()));
            } else {
                differences.check("分型费用 cost seen", (seen, &known));
            }
            self.add_on = Some(extra);
            if let Some(weight) = raised {
                differences.check("权重 weight", (weight, get(of.row, "weight")));
            }
        }
        let is_carved_out = self.is_carved_out.to_string();
        differences.check("除外支付 carve-out", (found.is_carved_out, &is_carved_out));
        let note = self.note_of_stay();
        if let (Some(how), Some(note)) = (&found.how, note) {
            differences.check("单元算式 arithmetic of the unit", (how, get(note, "how")));
        }
        if let Some((class, points)) = found.stay {
            let class = class_code(class);
            differences.check("病例类型 case class", (class, get(of.row, "case_class")));
            let text =
                "由清单与输入副本按单元规则重算 computed again from the claim, by the unit's rules";
            let step = Step::new("单元点数 points by the unit", points).by(text);
            self.steps.push(step);
            self.stay = Some(points);
        }
        self.check_asked(of, &found, &mut differences)?;
        Ok(differences.0)
    }

    /// Whether units found anything in the case.
    pub(super) fn has_notes(&self) -> bool {
        !self.notes.is_empty()
    }

    /// What the run wrote of who pays the stay.
    fn note_of_stay(&self) -> Option<&TextRow> {
        let mut notes = self.notes.iter();
        notes.find(|note| redo::is_of_stay(get(note, "decision")))
    }

    fn stated<'s>(&self, of: &Redo<'s>) -> Result<StatedCase<'s>, Error> {
        let mut effects = self.notes.iter();
        let effect = effects.find(|note| get(note, "decision") == EFFECT);
        let note = self.note_of_stay().or(effect);
        let weight = note.and_then(|note| note.get("weight"));
        let weight = weight.map(|weight| weight.parse::<Weight>()).transpose();
        Ok(StatedCase {
            case_id: of.case_id,
            group: get(of.row, "group"),
            weight: weight.map_err(|e| Error::input(NOTES, e))?,
            is_paired: note.is_some_and(|note| get(note, "decision") == "by_efficacy"),
            coefficient: of.coefficient,
            level: &of.hospital.level,
            hospital: (get(of.row, "pool"), &of.hospital.hospital_id),
            is_primary_care: of.hospital.is_primary_care,
        })
    }

    /// What the case asks of lines, against what the run wrote.
    fn check_asked(
        &self,
        of: &Redo<'_>,
        found: &Redone,
        differences: &mut Differences,
    ) -> Result<(), Error> {
        let rows = of.run.rows(LINES, ("case_id", of.case_id), of.progress)?;
        let otherwise = |line: &str| {
            let mut notes = self.notes.iter();
            notes.any(|n| get(n, "decision") == "paid_otherwise" && get(n, "line") == line)
        };
        for (line, (asked, earned)) in &found.asked {
            let row = rows.iter().find(|row| get(row, "line") == line.code());
            if row.is_none() && otherwise(line.code()) {
                continue;
            }
            let asked = match earned {
                Some(points) => of.worth(*points)?,
                None => *asked,
            };
            let stated = row.map_or("", |row| get(row, "asked"));
            let what = format!("单列申请 asked of {}", line.code());
            differences.check(&what, (asked, stated));
        }
        for row in rows {
            let line = get(&row, "line");
            if !found.asked.keys().any(|known| known.code() == line) {
                differences.check(
                    &format!("单列申请 asked of {line}"),
                    ("—", get(&row, "asked")),
                );
            }
        }
        Ok(())
    }
}

/// What a case is judged again by.
pub(super) struct Redo<'r> {
    pub(super) run: &'r SettledRun,
    pub(super) terms: &'r PolicyAt,
    pub(super) case_id: &'r str,
    pub(super) row: &'r TextRow,
    /// The file that the claim stands in.
    pub(super) file: &'r PathBuf,
    pub(super) hospital: &'r Hospital,
    pub(super) coefficient: Ratio,
    pub(super) progress: &'r dyn Progress,
}

impl Redo<'_> {
    /// What points are paid at what a point of the hospital earned on the whole.
    fn worth(&self, points: Points) -> Result<Yuan, Error> {
        let id = &self.hospital.hospital_id;
        let wrong = |e: &dyn std::fmt::Display| Error::input("hospitals.parquet", e);
        let rows = self
            .run
            .rows("hospitals.parquet", ("hospital_id", id), self.progress)?;
        let pool = get(self.row, "pool");
        let Some(row) = rows.iter().find(|row| get(row, "pool") == pool) else {
            return Ok(Yuan::ZERO);
        };
        let gross: Yuan = get(row, "gross").parse().map_err(|e| wrong(&e))?;
        let all: Points = get(row, "points")
            .parse()
            .map_err(|e: drgdip_points::Error| wrong(&e))?;
        let value = PointValue::per_point(gross, all).map_err(|e| wrong(&e))?;
        let rounding = self.terms.value.money_rounding;
        points.pay_at(&value, rounding).map_err(|e| wrong(&e))
    }
}

/// What does not agree with what stands in the folder.
#[derive(Default)]
pub(super) struct Differences(pub(super) Vec<String>);

impl Differences {
    fn check(&mut self, what: &str, (found, stated): (impl std::fmt::Display, &str)) {
        let found = found.to_string();
        if found != stated {
            self.0.push(format!(
                "重算 {found} 与文件 {stated} 不符（{what}）: what was computed again differs from the file."
            ));
        }
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
    match (row.get("amount"), get(row, "line")) {
        (Some(amount), "") => text += &format!(" → {amount}"),
        (Some(amount), line) => text += &format!(" → {line} {amount}"),
        (None, _) => {}
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
        b"home_bed" => "家庭病床 home bed",
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
        b"by_care" => "基层按诊疗类别转床日 paid by the day for the kind of care in primary care",
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
            "unit.negotiated_drugs (table)",
        ],
        "bed_day" => &[
            "unit.bed_day.pays",
            "unit.bed_day.short_stay",
            "unit.bed_day.long_stay",
            "unit.bed_day.switch_after",
            "unit.bed_day.switch_care",
            "unit.community.bed_day_care",
            "unit.bed_day.stages (table)",
            "points.mean_cost",
            "points.scale",
        ],
        "day_surgery" => &[
            "unit.day_surgery.factor",
            "unit.day_surgery.groups (table)",
            "coefficient.from",
        ],
        "single_disease" => &[
            "unit.single_disease.pays",
            "unit.single_disease.quotas (table)",
            "points.preset_value",
        ],
        "item" => &["unit.item.pays", "points.preset_value"],
        "home_bed" => &[
            "unit.community.home_bed",
            "unit.community.home_bed_pays",
            "points.preset_value",
        ],
        "tcm" => &[
            "unit.tcm.upfront_share",
            "unit.tcm.claw_back",
            "unit.tcm.treatment_share",
            "unit.tcm.stay_days",
            "unit.tcm.syndrome",
            "unit.tcm.tail",
            "unit.tcm.pairing (table)",
            "unit.tcm.grades (table)",
        ],
        _ => &[],
    }
}

/// What the lines of its pool pay for a case; `None` where it is on none.
///
/// Each line is settled again from what all of its cases ask.
pub(super) fn lines(
    (run, terms): (&SettledRun, &PolicyAt),
    (case_id, pool): (&str, &str),
    differences: &mut Vec<String>,
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
                "; 单列预算 budget {} + 上年结转 brought forward {} + 储备补足 supplement {} − 上年欠付先付 \
                 paid of what was owed {}; 全部申请 all ask {}, 支付 paid {}",
                get(budget, "budget"),
                get(budget, "brought_forward"),
                get(budget, "supplement"),
                get(budget, "paid_owed"),
                get(budget, "asked"),
                get(budget, "paid")
            )
        });
        let text = format!("申请 asked {}{said}", get(row, "asked"));
        if let Some(budget) = budget {
            let paid = paid_again((run, terms), (budget, case_id), progress)?;
            let mut found = Differences::default();
            let paid = paid.map_or_else(String::new, |paid| paid.to_string());
            found.check(
                &format!("单列支付 paid from {line}"),
                (paid, get(row, "amount")),
            );
            differences.append(&mut found.0);
        }
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

/// What a line pays for a case by what all of its cases in the pool ask.
fn paid_again(
    (run, terms): (&SettledRun, &PolicyAt),
    (budget, case_id): (&TextRow, &str),
    progress: &dyn Progress,
) -> Result<Option<Yuan>, Error> {
    let amount = |row: &TextRow, column: &str| -> Result<Yuan, Error> {
        let text = get(row, column);
        text.parse()
            .map_err(|e| Error::input(format!("{column} of a line"), e))
    };
    let (pool, name) = (get(budget, "pool"), get(budget, "line"));
    let Some(line) = Line::find(name) else {
        return Ok(None);
    };
    let all = run.rows(LINES, ("line", name), progress)?;
    let mine = all.iter().filter(|row| get(row, "pool") == pool);
    let claims = mine.map(|row| {
        Ok(LineClaim {
            key: get(row, "case_id").to_owned(),
            amount: amount(row, "asked")?,
        })
    });
    let claims: Vec<LineClaim> = claims.collect::<Result<_, Error>>()?;
    let place = claims.iter().position(|claim| claim.key == case_id);
    let input = LineInput {
        line,
        budget: amount(budget, "budget")?,
        brought_forward: amount(budget, "brought_forward")?,
        reserve: amount(budget, "supplement")?,
        overrun: rule_of(&terms.units, line)?,
        surplus: LineSurplus::Reserve,
        // What is owed is paid first, so its sum is enough here.
        owed: vec![LineClaim {
            key: String::new(),
            amount: amount(budget, "owed_before")?,
        }],
        claims,
    };
    let settled = settle_line(&input).map_err(|e| Error::input(SETTLED, e))?;
    Ok(place.map(|place| settled.paid[place]))
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
