//! `drgdip weigh`.

use super::group::outcomes_table;
use crate::args::{GlobalArgs, WeighArgs};
use crate::fail::{Done, Failure};
use crate::layout::{Align, Layout, grouped_digits};
use crate::progress::Reporter;
use crate::{out, plans};
use drgdip_batch::inputs::Inputs;
use drgdip_batch::{PreparedPolicy, Progress, WeighJob, WeighSummary};
use drgdip_tables::policy::WeighTerms;
use serde_json::json;

pub(crate) fn run(
    args: &WeighArgs,
    global: &GlobalArgs,
    progress: &Reporter,
) -> Result<Done, Failure> {
    let policy = PreparedPolicy::load(&args.history.policy)?;
    let terms = terms(&policy, args.year)?;
    let inputs = Inputs::read(args.inputs.as_deref(), &policy.standing)?;
    let plan = plans::prepare(args.plan.as_deref().unwrap_or(&terms.plan))?;
    let job = WeighJob {
        claims: &args.history.claims,
        plan: &plan,
        policy: &policy.policy,
        policy_files: &policy.files,
        terms: &terms,
        year: args.year,
        inputs: &inputs,
        changes: args.changes.as_deref(),
        quotas: args.quotas.as_deref(),
        out: &args.output,
        read: args.history.money.options(),
        threads: global.threads(),
    };
    let summary = drgdip_batch::weigh(&job, progress)?;
    progress.finish();
    tell_empty_years(&summary, progress);
    let missed = summary.calibration.report.missed();
    tell_missed_total(missed.map(|missed| missed.shown(4)), progress);
    if global.json {
        out::print_json(&json(args, &summary))?;
    } else {
        let text = report(&summary);
        let text = format!("{text}\n已写入 wrote {}", args.output.display());
        progress.report(&text, &args.output);
    }
    Ok(Done::Clean)
}

/// What the policy says on the first day of the year on which it holds.
fn terms(policy: &PreparedPolicy, year: i16) -> Result<WeighTerms, Failure> {
    let day = plans::first_day_in(policy, year)?;
    Ok(policy.policy.weigh_at(day)?)
}

fn tell_empty_years(summary: &WeighSummary, progress: &Reporter) {
    let empty = summary.years.iter().filter(|(_, cases)| *cases == 0);
    let empty: Vec<String> = empty.map(|(year, _)| year.to_string()).collect();
    if !empty.is_empty() {
        let years = empty.join(", ");
        progress.note(&format!(
            "note: the history has no usable case of {years}; the other years count for it"
        ));
    }
}

/// Says that the limits on how far weights move left no room for the total.
pub(super) fn tell_missed_total(missed: Option<String>, progress: &Reporter) {
    if let Some(missed) = missed {
        progress.note(&format!(
            "note: weigh.max_decrease and weigh.max_increase leave no room to keep the total \
             weight; it is off by {missed}"
        ));
    }
}

fn report(summary: &WeighSummary) -> String {
    let calibration = &summary.calibration;
    let years: Vec<String> = summary.years.iter().map(|(y, _)| y.to_string()).collect();
    let rows = grouped_digits(&summary.rows.to_string());
    let mut text = format!("年度 Years {} · {rows} 条清单 claims\n\n", years.join(", "));
    text += &outcomes_table(&summary.outcomes);
    text += "\n";
    text += &steps_table(summary);
    let groups = calibration.report.groups;
    let stable = groups.stable + groups.stable_after_retrim;
    text += &format!(
        "\n病组 Groups: 稳定 stable {stable} · 非稳定 unstable {} · 病例过少 small {} · \
         无病例 empty {} · 有权重 with a weight {}\n",
        groups.unstable, groups.small, groups.empty, groups.with_weight
    );
    let mean = calibration.report.mean_after_rounding();
    text += &format!(
        "平均权重 Mean weight {} · 权重倒置 inversions {}\n",
        mean.map_or_else(String::new, |mean| mean.shown(6)),
        calibration.inversions.len()
    );
    text
}

fn steps_table(summary: &WeighSummary) -> String {
    let mut table = Layout::new(&[
        ("未采用原因 Left out", Align::Left),
        ("说明 Meaning", Align::Left),
        ("病例 Cases", Align::Right),
    ]);
    let mut row = |code: &str, meaning: &str, count: u64| {
        table.row([
            code.to_owned(),
            meaning.to_owned(),
            grouped_digits(&count.to_string()),
        ]);
    };
    for (code, chinese, _, count) in summary.left_out.iter() {
        row(code, chinese, count);
    }
    let counts = summary.calibration.report.cases;
    row("trimmed_low", "裁剪低费用", counts.low);
    row("trimmed_high", "裁剪高费用", counts.high);
    row("trimmed_again", "再次裁剪", counts.again);
    row("used", "采用", counts.used);
    table.render()
}

fn json(args: &WeighArgs, summary: &WeighSummary) -> serde_json::Value {
    json!({
        "command": "weigh",
        "output": args.output.display().to_string(),
        "year": args.year,
        "rows": summary.rows,
        "outcomes": super::group::outcomes_json(&summary.outcomes),
        "weigh": summary.json(),
    })
}
