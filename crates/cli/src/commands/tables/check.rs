//! `drgdip tables check`: what is odd about plans, as a person reads it.

use crate::args::{CheckArgs, GlobalArgs};
use crate::fail::Failure;
use crate::layout::{Align, Layout};
use crate::{out, plans};
use drgdip_tables::check::{check, subjects_by_code};
use drgdip_tables::{GroupingPlan, Warning, WarningLevel};
use serde_json::{Value, json};

/// A plan that can be used, with everything that is odd about it.
struct CheckedPlan {
    plan: GroupingPlan,
    warnings: Vec<Warning>,
}

/// Checks every plan; the first that cannot be used is what the command fails with.
pub(crate) fn run(args: &CheckArgs, global: &GlobalArgs) -> Result<(), Failure> {
    let mut checked = Vec::new();
    let mut failure: Option<Failure> = None;
    for name in &args.plans {
        match load(name) {
            Ok(plan) => checked.push(plan),
            Err(error) => match &failure {
                None => failure = Some(error),
                Some(_) => error.report(),
            },
        }
    }
    if global.json {
        out::print_json(&json(&checked, args.plans.len()))?;
    } else {
        out::print(&text(&checked, args.plans.len()))?;
    }
    failure.map_or(Ok(()), Err)
}

fn load(name: &str) -> Result<CheckedPlan, Failure> {
    let loaded = plans::load(name)?;
    let mut warnings = loaded.warnings;
    warnings.extend(check(&loaded.plan));
    warnings.sort();
    Ok(CheckedPlan {
        plan: loaded.plan,
        warnings,
    })
}

impl CheckedPlan {
    fn of_level(&self, level: WarningLevel) -> impl Iterator<Item = &Warning> {
        let all = self.warnings.iter();
        all.filter(move |warning| warning.level == level)
    }

    /// Warnings and notes, in this order.
    fn counts(&self) -> [usize; 2] {
        [WarningLevel::Warning, WarningLevel::Note].map(|level| self.of_level(level).count())
    }
}

fn text(checked: &[CheckedPlan], asked: usize) -> String {
    let mut text = String::new();
    for plan in checked {
        text += &plan_text(plan);
    }
    if asked > 1 {
        text += &summary(checked);
    }
    text
}

fn plan_text(checked: &CheckedPlan) -> String {
    let [warnings, notes] = checked.counts();
    let mut text = format!(
        "{} · {}\n可用 usable · {warnings} 条警告 warnings · {notes} 条说明 notes\n\n",
        checked.plan.id, checked.plan.title
    );
    for level in [WarningLevel::Warning, WarningLevel::Note] {
        let mut codes: Vec<&str> = checked
            .of_level(level)
            .map(|warning| warning.code)
            .collect();
        codes.sort_unstable();
        codes.dedup();
        for code in codes {
            let of_code = checked
                .of_level(level)
                .filter(|warning| warning.code == code);
            let lines: Vec<String> = of_code
                .map(|warning| format!("  {}: {}\n", warning.place, warning.message))
                .collect();
            let heading = heading(code);
            text += &format!("{heading} {code} · {}\n{}\n", lines.len(), lines.concat());
        }
    }
    text
}

/// What a code says, in Chinese; the code itself is English.
fn heading(code: &str) -> &'static str {
    match code {
        "unreachable_mdc" => "无法进入的 MDC",
        "unreachable_adrg" => "无法进入的 ADRG",
        "unreachable_group" => "无法到达的细分组",
        "catch_all_shadows" => "兜底规则遮挡其后各行",
        "duplicate_row" => "重复的行",
        "missing_name" => "缺少名称",
        "unused_list" => "未被使用的编码表",
        "empty_exclusion_table" => "没有成员的排除表",
        "unused_exclusion_table" => "未被使用的排除表",
        "missing_weight" => "缺少权重的细分组",
        "layer_without_step" => "没有安排次序的层",
        "equal_rows" => "条件相同的病种",
        "order_decides" => "先后顺序起作用的 ADRG",
        "code_outside_gate" => "入类条件之外的编码",
        "diagnosis_without_mdc" => "不属于任何 MDC 的诊断",
        _ => "其他",
    }
}

fn summary(checked: &[CheckedPlan]) -> String {
    let mut table = Layout::new(&[
        ("分组方案 Plan", Align::Left),
        ("名称 Title", Align::Left),
        ("警告 Warnings", Align::Right),
        ("说明 Notes", Align::Right),
    ]);
    for plan in checked {
        let names = [plan.plan.id.clone(), plan.plan.title.clone()];
        let counts = plan.counts().map(|count| count.to_string());
        table.row(names.into_iter().chain(counts));
    }
    table.render()
}

/// One plan as an object, several as a list under `plans`.
fn json(checked: &[CheckedPlan], asked: usize) -> Value {
    let mut plans: Vec<Value> = checked.iter().map(plan_json).collect();
    match (asked, plans.pop()) {
        (1, Some(only)) => only,
        (_, last) => {
            plans.extend(last);
            json!({ "plans": plans })
        }
    }
}

fn plan_json(checked: &CheckedPlan) -> Value {
    let warnings: Vec<Value> = checked.warnings.iter().map(warning_json).collect();
    json!({
        "plan": checked.plan.id,
        "title": checked.plan.title,
        "by_code": subjects_by_code(&checked.warnings),
        "warnings": warnings,
    })
}

fn warning_json(warning: &Warning) -> Value {
    json!({
        "file": warning.place.file,
        "line": warning.place.line,
        "field": warning.place.field,
        "code": warning.code,
        "level": warning.level.name(),
        "subjects": warning.subjects,
        "message": warning.message,
    })
}
