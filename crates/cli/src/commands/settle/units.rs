//! Payment units of a settlement as text or JSON.

use super::report::{money, points};
use crate::layout::{Align, Layout, grouped_digits};
use drgdip_batch::{SettleSummary, UnitExample, UnitShare, UnitTotal};
use drgdip_claims::Yuan;
use drgdip_points::Points;
use serde_json::{Value, json};

/// What every payment unit comes to, and how the lines stand to their budgets.
pub(crate) fn tables(summary: &SettleSummary) -> String {
    format!("{}{}", totals_table(summary), lines_table(summary))
}

/// A unit in all pools, or a line of people.
#[derive(Default)]
struct Sum {
    unit: &'static str,
    parties: u64,
    points: Points,
    extra_points: Points,
    /// In fen.
    payment: i128,
    on_line: i128,
}

/// Every unit in Chinese and English, in the order of the table.
const TITLES: [(&str, &str); 13] = [
    ("by_group", "病组 groups"),
    ("bed_day", "床日 bed-days"),
    ("day_surgery", "日间手术 day surgery"),
    ("single_disease", "单病种定额 single diseases"),
    ("item", "按项目 by item"),
    ("tcm", "中医优势病种按疗效 TCM by efficacy"),
    ("home_bed", "家庭病床按点数 home beds in points"),
    ("new_technology", "新技术 new technology"),
    ("negotiated_drugs", "谈判药 negotiated drugs"),
    ("chronic_packages", "慢病服务包 chronic packages"),
    ("home_beds", "家庭病床 home beds"),
    ("capitation", "紧密型医联体按人头 capitation"),
    ("family_doctor", "家庭医生 family doctors"),
];

/// Every unit with a case in which it did something, as commands that explain them.
pub(crate) fn explain_commands(summary: &SettleSummary, folder: &str) -> String {
    let command = |example: &UnitExample| {
        let (unit, case) = (title(example.unit), &example.case_id);
        let decision = example.decision;
        format!("  drgdip explain --settled {folder} --case-id {case}   # {unit}: {decision}\n")
    };
    let commands: String = summary.unit_totals.examples.iter().map(command).collect();
    match commands.is_empty() {
        true => commands,
        false => format!("\n各支付单元的一个病例 One case of each payment unit\n{commands}"),
    }
}

fn title(unit: &str) -> &str {
    let found = TITLES.iter().find(|(code, _)| *code == unit);
    found.map_or(unit, |(_, title)| title)
}

/// The units of cases over all pools, then the lines of people over all regions.
fn sums(summary: &SettleSummary) -> Vec<Sum> {
    let mut sums: Vec<Sum> = Vec::new();
    for total in &summary.unit_totals.by_pool {
        let sum = of(&mut sums, total.unit);
        sum.parties += total.cases;
        sum.points = sum.points.plus(total.points).unwrap_or(sum.points);
        let extra = sum.extra_points.plus(total.extra_points);
        sum.extra_points = extra.unwrap_or(sum.extra_points);
        sum.payment += i128::from(total.payment.fen());
        sum.on_line += i128::from(total.on_line.fen());
    }
    let is_of_cases = |line: &str| matches!(line, "tcm_tail") || CASE_LINES.contains(&line);
    for share in &summary.units {
        if is_of_cases(share.line) {
            continue;
        }
        let sum = of(&mut sums, share.line);
        sum.parties += share.parties;
        sum.on_line += i128::from(share.paid.fen());
    }
    let place = |sum: &Sum| TITLES.iter().position(|(code, _)| *code == sum.unit);
    sums.sort_by_key(place);
    sums
}

/// The lines that are units of cases too, so that they are among the totals already.
const CASE_LINES: [&str; 6] = [
    "negotiated_drugs",
    "new_technology",
    "bed_day",
    "day_surgery",
    "single_disease",
    "item",
];

fn of<'s>(sums: &'s mut Vec<Sum>, unit: &'static str) -> &'s mut Sum {
    let place = sums.iter().position(|sum| sum.unit == unit);
    let place = place.unwrap_or_else(|| {
        sums.push(Sum {
            unit,
            ..Sum::default()
        });
        sums.len() - 1
    });
    &mut sums[place]
}

/// What every unit comes to in all pools.
fn totals_table(summary: &SettleSummary) -> String {
    if summary.unit_totals.by_pool.is_empty() {
        return String::new();
    }
    let mut table = Layout::new(&[
        ("支付单元 Unit", Align::Left),
        ("病例或对象 Cases", Align::Right),
        ("点数 Points", Align::Right),
        ("按点数支付 By points", Align::Right),
        ("单列支付 From lines", Align::Right),
        ("合计 Total", Align::Right),
        ("占比 Share", Align::Right),
    ]);
    let all = everything(summary);
    let yuan = |fen: i128| Yuan::try_from_fen(fen).map_or_else(|e| e.to_string(), money);
    for sum in sums(summary) {
        let shown = match sum.extra_points > Points::ZERO {
            true => format!("({})", points(sum.extra_points)),
            false => points(sum.points),
        };
        let total = sum.payment + sum.on_line;
        table.row([
            title(sum.unit).to_owned(),
            grouped_digits(&sum.parties.to_string()),
            shown,
            yuan(sum.payment),
            yuan(sum.on_line),
            yuan(total),
            share(total, all),
        ]);
    }
    format!(
        "\n支付单元 Payment units\n{}括号内的加成点数已含在所在病例的点数与支付中 points in parentheses are \
         among those of their cases, and so is what they are paid\n",
        table.render()
    )
}

/// Everything that is paid, by points and from lines, in fen.
fn everything(summary: &SettleSummary) -> i128 {
    let points = summary.pools.iter().map(|pool| pool.settlement.paid);
    let lines = summary.units.iter().map(|unit| unit.paid);
    points.chain(lines).map(|paid| i128::from(paid.fen())).sum()
}

pub(super) fn total_json(total: &UnitTotal) -> Value {
    json!({
        "pool": total.pool,
        "unit": total.unit,
        "cases": total.cases,
        "points": total.points.to_string(),
        "extra_points": total.extra_points.to_string(),
        "payment": total.payment.to_string(),
        "on_line": total.on_line.to_string(),
    })
}

/// What is paid from lines of their own, beside what the pools pay by points.
fn lines_table(summary: &SettleSummary) -> String {
    if summary.units.is_empty() {
        return String::new();
    }
    let mut table = Layout::new(&[
        ("地区 Region", Align::Left),
        ("单列 Line", Align::Left),
        ("对象 Parties", Align::Right),
        ("预算 Budget", Align::Right),
        ("申请 Asked", Align::Right),
        ("支付 Paid", Align::Right),
        ("未付 Unpaid", Align::Right),
        ("余额 Left", Align::Right),
        ("占比 Share", Align::Right),
    ]);
    let all = everything(summary);
    for unit in &summary.units {
        table.row([
            unit.region.clone(),
            unit.line.to_owned(),
            unit.parties.to_string(),
            money(unit.budget),
            money(unit.asked),
            money(unit.paid),
            money(unit.unpaid),
            money(unit.left),
            share(i128::from(unit.paid.fen()), all),
        ]);
    }
    format!("\n单列支付单元 Lines of their own\n{}", table.render())
}

/// What share of all payments an amount is, in per cent with two decimals, rounded half up.
fn share(part: i128, all: i128) -> String {
    if all <= 0 {
        return String::new();
    }
    let hundredths = (part * 20_000 + all) / (2 * all);
    format!("{}.{:02} %", hundredths / 100, hundredths % 100)
}

pub(super) fn share_json(unit: &UnitShare) -> Value {
    json!({
        "region": unit.region,
        "line": unit.line,
        "parties": unit.parties,
        "budget": unit.budget.to_string(),
        "asked": unit.asked.to_string(),
        "paid": unit.paid.to_string(),
        "unpaid": unit.unpaid.to_string(),
        "left": unit.left.to_string(),
    })
}
