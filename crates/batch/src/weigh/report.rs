//! The report for people (测算报告) and the same counts for programs.

use super::setting::Setting;
use super::tables::{change, order, yuan};
use super::{WeighJob, WeighSummary};
use crate::Error;
use crate::flat::{file, four_places};
use crate::manifest::OutputFile;
use drgdip_calibrate::Stability;
use serde_json::{Map, Value, json};
use std::fmt::Write as _;
use std::path::Path;

/// How many groups a list of the report names at most; `calibration.csv` has them all.
const MOST_ROWS: usize = 30;

/// Writes `report.md`.
pub(super) fn write(
    folder: &Path,
    job: &WeighJob<'_>,
    setting: &Setting<'_>,
    summary: &WeighSummary,
) -> Result<OutputFile, Error> {
    let mut text = String::new();
    head(&mut text, job, summary);
    parameters(&mut text, job)?;
    cases(&mut text, summary);
    groups(&mut text, summary);
    totals(&mut text, summary);
    let lists = Lists { setting, summary };
    lists.movers(&mut text);
    lists.not_stable(&mut text);
    lists.inversions(&mut text);
    file(folder, "report.md", text.as_bytes())
}

/// Adds a line; a String takes every write.
macro_rules! say {
    ($text:expr, $($arguments:tt)*) => {
        writeln!($text, $($arguments)*).expect("a String takes every write")
    };
}

fn head(text: &mut String, job: &WeighJob<'_>, summary: &WeighSummary) {
    let calibration = &summary.calibration;
    say!(text, "# 权重测算报告 Weights for {}\n", job.year);
    say!(text, "| 项目 item | |\n|---|---|");
    say!(text, "| 分组方案 plan | {} |", job.plan.plan.id);
    let (policy, date) = (&job.terms.policy, job.terms.date);
    say!(text, "| 支付政策 policy | {policy}, {date} |");
    for ((year, cases), weight) in summary.years.iter().zip(&job.terms.years) {
        let note = if *cases == 0 {
            ",无病例 no case"
        } else {
            ""
        };
        say!(
            text,
            "| 年度 year {year} | 权数 counts {weight},采用病例 used {cases}{note} |"
        );
    }
    say!(
        text,
        "| 全部病例均次费用 mean cost M | {} |",
        yuan(&calibration.mean_fen)
    );
    let reference = yuan(&calibration.reference_fen);
    say!(text, "| 权重 1 对应费用 cost of weight 1 | {reference} |\n");
}

fn parameters(text: &mut String, job: &WeighJob<'_>) -> Result<(), Error> {
    say!(text, "## 参数 Parameters\n");
    say!(
        text,
        "| 参数 key | 值 value | 单位 unit | 来源 source |\n|---|---|---|---|"
    );
    for row in job.policy.describe(job.terms.date)? {
        if !row.key.starts_with("weigh.") && row.key != "points.scale" {
            continue;
        }
        let (key, value, unit) = (row.key, &row.value, row.unit.unwrap_or(""));
        say!(text, "| {key} | {value} | {unit} | {} |", row.source.tag);
    }
    say!(text, "");
    Ok(())
}

fn cases(text: &mut String, summary: &WeighSummary) {
    let counts = summary.calibration.report.cases;
    say!(text, "## 病例 Cases\n");
    say!(text, "| 步骤 step | 病例数 cases |\n|---|---:|");
    say!(text, "| 全部记录 rows read | {} |", summary.rows);
    for (code, chinese, english, count) in summary.left_out.iter() {
        say!(text, "| − {chinese} {english} (`{code}`) | {count} |");
    }
    say!(text, "| 可用病例 usable | {} |", counts.given);
    say!(text, "| − 裁剪低费用 trimmed, too low | {} |", counts.low);
    say!(text, "| − 裁剪高费用 trimmed, too high | {} |", counts.high);
    say!(text, "| − 再次裁剪 trimmed again | {} |", counts.again);
    say!(text, "| 采用病例 used | {} |\n", counts.used);
}

fn groups(text: &mut String, summary: &WeighSummary) {
    let groups = summary.calibration.report.groups;
    say!(text, "## 病组 Groups\n");
    say!(text, "| 类别 kind | 组数 groups |\n|---|---:|");
    say!(text, "| 稳定 stable | {} |", groups.stable);
    let again = groups.stable_after_retrim;
    say!(
        text,
        "| 再次裁剪后稳定 stable after trimming again | {again} |"
    );
    say!(
        text,
        "| 非稳定 unstable, costs spread too far | {} |",
        groups.unstable
    );
    say!(text, "| 病例过少 too few cases | {} |", groups.small);
    say!(text, "| 无病例 no case | {} |", groups.empty);
    say!(text, "| 有权重 with a weight | {} |\n", groups.with_weight);
}

fn totals(text: &mut String, summary: &WeighSummary) {
    let report = &summary.calibration.report;
    say!(text, "## 总权重 Total weight\n");
    say!(
        text,
        "Σ N·RW, 病例按年度权数计 each case counts what its year counts.\n"
    );
    say!(text, "| 步骤 step | |\n|---|---:|");
    let mean = report.mean_after_rounding();
    let rows = [
        (
            "加权病例数 weighted cases ΣN",
            Some(report.weighted_cases.shown(0)),
        ),
        (
            "计算权重的均值 mean of calculated weights",
            Some(report.mean_calculated.shown(6)),
        ),
        (
            "有权重病组 of groups with a weight",
            Some(report.total_calculated.shown(4)),
        ),
        (
            "替代、平滑、限幅后 adjusted",
            Some(report.total_adjusted.shown(4)),
        ),
        (
            "总量系数 factor that keeps the total",
            Some(report.kept_factor.shown(8)),
        ),
        (
            "限幅使总量未能保持,相差 limits leave no room for the total, off by",
            report.missed().map(|missed| missed.shown(4)),
        ),
        (
            "人工调整前 before changes",
            Some(report.total_before_changes.shown(4)),
        ),
        (
            "人工调整系数 factor for changes",
            Some(report.change_factor.shown(8)),
        ),
        (
            "人工调整后 after changes",
            Some(report.total_after_changes.shown(4)),
        ),
        (
            "四位小数后 with four places",
            Some(report.total_rounded.shown(4)),
        ),
        (
            "尾差 residual of rounding",
            Some(report.residual().shown(4)),
        ),
        (
            "四位小数后均值 mean after rounding",
            Some(mean.map_or_else(String::new, |mean| mean.shown(6))),
        ),
    ];
    for (words, value) in rows {
        if let Some(value) = value {
            say!(text, "| {words} | {value} |");
        }
    }
    say!(text, "");
}

struct Lists<'r> {
    setting: &'r Setting<'r>,
    summary: &'r WeighSummary,
}

impl Lists<'_> {
    fn weight(&self, number: u16) -> Option<i64> {
        self.summary.calibration.groups[usize::from(number)].weight
    }

    fn named(&self, number: u16) -> String {
        let index = usize::from(number);
        let (group, name) = (&self.setting.groups[index], &self.setting.names[index]);
        format!("{} {name}", group.code)
    }

    /// The groups whose weight moved furthest from the prior one.
    fn movers(&self, text: &mut String) {
        let moved = |number: &u16| {
            let prior = self.setting.groups[usize::from(*number)].prior?;
            let weight = self.weight(*number)?;
            // As a ratio either way, in millionths, so that half and double are equally far.
            let (low, high) = (weight.min(prior), weight.max(prior));
            Some(i128::from(high) * 1_000_000 / i128::from(low.max(1)))
        };
        let mut numbers: Vec<u16> = order(self.setting);
        numbers.retain(|number| moved(number).is_some_and(|ratio| ratio > 1_000_000));
        numbers.sort_by_key(|number| std::cmp::Reverse(moved(number)));
        say!(text, "## 变化最大的病组 Groups that moved furthest\n");
        say!(
            text,
            "| 病组 group | 采用病例 used | 原权重 prior | 权重 weight | 变化 change |"
        );
        say!(text, "|---|---:|---:|---:|---:|");
        for number in numbers.iter().take(MOST_ROWS) {
            let prior = self.setting.groups[usize::from(*number)].prior;
            let weight = self.weight(*number);
            let used = self.summary.calibration.groups[usize::from(*number)]
                .counts
                .used;
            let shown = |value: Option<i64>| value.map(four_places).unwrap_or_default();
            let (name, change) = (
                self.named(*number),
                change(weight, prior).unwrap_or_default(),
            );
            let (prior, weight) = (shown(prior), shown(weight));
            say!(text, "| {name} | {used} | {prior} | {weight} | {change} |");
        }
        say!(text, "");
    }

    /// The groups with cases that are not stable, most cases first.
    fn not_stable(&self, text: &mut String) {
        let all = &self.summary.calibration.groups;
        let mut numbers: Vec<u16> = order(self.setting);
        numbers.retain(|number| {
            let kind = all[usize::from(*number)].stability;
            matches!(kind, Stability::Small | Stability::Unstable)
        });
        numbers.sort_by_key(|n| std::cmp::Reverse(all[usize::from(*n)].counts.used));
        say!(text, "## 非稳定及小病组 Unstable and small groups\n");
        say!(
            text,
            "共 {} 组,见 calibration.csv。 {0} groups, all in calibration.csv.\n",
            numbers.len()
        );
        say!(
            text,
            "| 病组 group | 采用病例 used | CV | 类别 kind | 权重 weight | 来源 origin |"
        );
        say!(text, "|---|---:|---:|---|---:|---|");
        for number in numbers.iter().take(MOST_ROWS) {
            let group = &all[usize::from(*number)];
            let shown = |value: Option<i64>| value.map(four_places).unwrap_or_default();
            let origin = group.origin.map_or("", |origin| origin.code());
            let (cv, kind) = (shown(group.cv), group.stability.code());
            let (name, weight) = (self.named(*number), shown(group.weight));
            let used = group.counts.used;
            say!(
                text,
                "| {name} | {used} | {cv} | {kind} | {weight} | {origin} |"
            );
        }
        say!(text, "");
    }

    fn inversions(&self, text: &mut String) {
        let found = &self.summary.calibration.inversions;
        say!(text, "## 权重倒置 Inversions\n");
        say!(
            text,
            "同一 ADRG 中较重的病组权重反而较低,共 {} 处。 More severe groups that weigh less.\n",
            found.len()
        );
        say!(
            text,
            "| 较重 more severe | 权重 weight | 较轻 less severe | 权重 weight |"
        );
        say!(text, "|---|---:|---|---:|");
        let shown = |number| self.weight(number).map(four_places).unwrap_or_default();
        for pair in found {
            let (severe, mild) = (self.named(pair.severe), self.named(pair.mild));
            let (heavy, light) = (shown(pair.severe), shown(pair.mild));
            say!(text, "| {severe} | {heavy} | {mild} | {light} |");
        }
    }
}

/// The counts and totals of a run, for the manifest.
pub(super) fn json(summary: &WeighSummary) -> Value {
    let report = &summary.calibration.report;
    let years: Map<String, Value> = summary
        .years
        .iter()
        .map(|(year, cases)| (year.to_string(), json!(cases)))
        .collect();
    let left_out: Map<String, Value> = summary
        .left_out
        .iter()
        .map(|(code, _, _, count)| (code.to_owned(), json!(count)))
        .collect();
    let mut told = json!({
        "used_by_year": years,
        "left_out": left_out,
        "cases": {
            "usable": report.cases.given,
            "trimmed_low": report.cases.low,
            "trimmed_high": report.cases.high,
            "trimmed_again": report.cases.again,
            "used": report.cases.used,
        },
        "groups": {
            "stable": report.groups.stable,
            "stable_after_retrim": report.groups.stable_after_retrim,
            "unstable": report.groups.unstable,
            "small": report.groups.small,
            "empty": report.groups.empty,
            "with_weight": report.groups.with_weight,
        },
        "mean_cost": yuan(&summary.calibration.mean_fen),
        "cost_of_weight_1": yuan(&summary.calibration.reference_fen),
        "mean_of_calculated_weights": report.mean_calculated.shown(6),
        "total_weight_before_changes": report.total_before_changes.shown(4),
        "total_weight_after_changes": report.total_after_changes.shown(4),
        "total_weight_rounded": report.total_rounded.shown(4),
        "residual_of_rounding": report.residual().shown(4),
        "inversions": summary.calibration.inversions.len(),
    });
    if let Some(missed) = report.missed() {
        told["total_weight_missed"] = json!(missed.shown(4));
    }
    told
}
