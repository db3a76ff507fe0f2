//! `drgdip catalogue`.

use super::weigh::tell_missed_total;
use crate::args::{CatalogueArgs, GlobalArgs};
use crate::fail::{Done, Failure};
use crate::layout::{Align, Layout, grouped_digits};
use crate::progress::Reporter;
use crate::{out, plans};
use drgdip_batch::inputs::Inputs;
use drgdip_batch::{CatalogueJob, CatalogueSummary, PreparedPolicy};
use drgdip_tables::policy::CatalogueTerms;
use serde_json::json;

pub(crate) fn run(
    args: &CatalogueArgs,
    global: &GlobalArgs,
    progress: &Reporter,
) -> Result<Done, Failure> {
    let policy = PreparedPolicy::load(&args.history.policy)?;
    let terms = terms(&policy, args.year)?;
    let inputs = Inputs::read(args.inputs.as_deref(), &policy.standing)?;
    let previous = args.previous.as_deref().map(plans::load).transpose()?;
    if let Some(previous) = previous.as_ref().filter(|loaded| loaded.plan.dip.is_none()) {
        let problem = format!("{} is no DIP plan.", previous.plan.id);
        return Err(Failure::usage(
            problem,
            "Name a DIP catalogue after --previous.",
        ));
    }
    let id = args.id.clone();
    let job = CatalogueJob {
        claims: &args.history.claims,
        policy: &policy.policy,
        policy_files: &policy.files,
        terms: &terms,
        year: args.year,
        id: &id.unwrap_or_else(|| format!("dip-{}", args.year)),
        inputs: &inputs,
        previous: previous.as_ref(),
        decisions: args.apply.as_deref(),
        out: &args.output,
        read: args.history.money.options(),
        threads: global.threads(),
    };
    let summary = drgdip_batch::catalogue(&job, progress)?;
    progress.finish();
    let missed = summary.catalogue.calibration.report.missed();
    tell_missed_total(missed.map(|missed| missed.shown(4)), progress);
    if global.json {
        out::print_json(&json!({
            "command": "catalogue",
            "output": args.output.display().to_string(),
            "year": args.year,
            "catalogue": summary.json(),
        }))?;
    } else {
        let text = report(&summary);
        let text = format!("{text}\n已写入 wrote {}", args.output.display());
        progress.report(&text, &args.output);
    }
    Ok(Done::Clean)
}

/// What the policy says on the first day of the year on which it holds.
fn terms(policy: &PreparedPolicy, year: i16) -> Result<CatalogueTerms, Failure> {
    let day = plans::first_day_in(policy, year)?;
    Ok(policy.policy.catalogue_at(day)?)
}

fn report(summary: &CatalogueSummary) -> String {
    let catalogue = &summary.catalogue;
    let years: Vec<String> = summary.years.iter().map(ToString::to_string).collect();
    let rows = grouped_digits(&summary.rows.to_string());
    let mut text = format!("年度 Years {} · {rows} 条清单 claims\n\n", years.join(", "));
    text += &steps_table(summary);
    let used = catalogue.used;
    text += &format!(
        "\n病种 Groups {} · 临界值 threshold {} · 建议 proposals {}\n覆盖 Coverage: 核心 core {} · \
         综合 comprehensive {} · 未入组 ungrouped {}\n",
        catalogue.groups.len(),
        catalogue.threshold,
        catalogue.proposals.len(),
        grouped_digits(&used.core.to_string()),
        grouped_digits(&used.comprehensive.to_string()),
        grouped_digits(&used.ungrouped.to_string()),
    );
    if let Some(subtypes) = &summary.subtypes {
        text += &format!(
            "辅助分型 Subtypes {} · 病种 in groups {} · 费用离散的病种 wide groups {}\n",
            subtypes.found, subtypes.groups, subtypes.counts.wide,
        );
    }
    let mean = catalogue.calibration.report.mean_after_rounding();
    text += &format!(
        "平均权重 Mean weight {} · 权重倒置 inversions {}\n",
        mean.map_or_else(String::new, |mean| mean.shown(6)),
        catalogue.calibration.inversions.len()
    );
    text
}

fn steps_table(summary: &CatalogueSummary) -> String {
    let mut table = Layout::new(&[
        ("步骤 Step", Align::Left),
        ("原因 Reason", Align::Left),
        ("进 In", Align::Right),
        ("出 Out", Align::Right),
    ]);
    let digits = |count: u64| grouped_digits(&count.to_string());
    let mut left = summary.rows;
    for (code, chinese, count) in summary.left_out.iter() {
        let step = format!("S1 {code}");
        table.row([step, chinese.to_owned(), digits(left), digits(left - count)]);
        left -= count;
    }
    for step in &summary.catalogue.steps {
        let name = format!("{} {}", step.step, step.name);
        let (before, after) = (digits(step.cases_in), digits(step.cases_out));
        table.row([name, step.reason.to_owned(), before, after]);
    }
    table.render()
}
