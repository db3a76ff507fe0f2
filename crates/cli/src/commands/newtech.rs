//! `drgdip newtech`.

use crate::args::{CandidatesArgs, GlobalArgs, NewtechCommand};
use crate::fail::{Done, Failure};
use crate::layout::{Align, Layout, grouped_digits};
use crate::progress::Reporter;
use crate::{out, plans};
use drgdip_batch::{CandidateRow, CandidatesJob, CandidatesSummary, PreparedPolicy, four_places};
use jiff::civil::Date;

pub(crate) fn run(
    command: &NewtechCommand,
    global: &GlobalArgs,
    progress: &Reporter,
) -> Result<Done, Failure> {
    match command {
        NewtechCommand::Candidates(args) => candidates(args, global, progress),
    }
}

fn candidates(
    args: &CandidatesArgs,
    global: &GlobalArgs,
    progress: &Reporter,
) -> Result<Done, Failure> {
    let policy = PreparedPolicy::load(&args.history.policy)?;
    let date = match &args.date {
        Some(text) => date(text)?,
        None => policy.policy.first_day(),
    };
    let plan = match &args.plan {
        Some(plan) => plans::prepare(plan)?,
        None => plans::prepare(&plans::terms(&policy, date)?.plan)?,
    };
    let job = CandidatesJob {
        claims: &args.history.claims,
        plan: &plan,
        policy: &policy.policy,
        policy_files: &policy.files,
        date,
        out: args.output.as_deref(),
        read: args.history.money.options(),
        threads: global.threads(),
    };
    let summary = drgdip_batch::candidates(&job, progress)?;
    progress.finish();
    if global.json {
        let mut json = summary.json();
        json["command"] = "newtech candidates".into();
        out::print_json(&json)?;
    } else {
        out::print(&report(&summary))?;
        if let Some(folder) = &args.output {
            let text = format!("已写入 wrote {}", folder.display());
            progress.report(&text, folder);
        }
    }
    Ok(Done::Clean)
}

fn date(text: &str) -> Result<Date, Failure> {
    text.parse().map_err(|_| {
        let problem = format!("{text:?} is no date.");
        Failure::usage(problem, "Write it as YYYY-MM-DD.")
    })
}

fn report(summary: &CandidatesSummary) -> String {
    let count = |number: u64| grouped_digits(&number.to_string());
    let mut text = format!(
        "{} 条清单 claims · 可用 usable {}\n\n",
        count(summary.rows),
        count(summary.usable)
    );
    text += &table(&summary.candidates);
    for id in &summary.unseen {
        text += &format!("{id}: 历史中无病例 no case of the history uses it\n");
    }
    for note in &summary.notes {
        text += &format!("提示 note: {note}\n");
    }
    text
}

fn table(rows: &[CandidateRow]) -> String {
    let mut table = Layout::new(&[
        ("新技术 Technology", Align::Left),
        ("病组 Group", Align::Left),
        ("病例 Cases", Align::Right),
        ("医院 Hosp.", Align::Right),
        ("CV", Align::Right),
        ("原组 CV of group", Align::Right),
        ("费用比 Ratio", Align::Right),
        ("RIV", Align::Right),
        ("新权重 New", Align::Right),
        ("原权重 Was", Align::Right),
        ("余下权重 Rest", Align::Right),
        ("余下病例 Left", Align::Right),
        ("结论 Verdict", Align::Left),
    ]);
    for row in rows {
        let split = &row.split;
        let weight = |weight: Option<i64>| weight.map(four_places).unwrap_or_default();
        let cv = |cv: Option<i64>| cv.map(four_places).unwrap_or_default();
        let ratio = split.ratio_to_parent.as_ref().map(|ratio| ratio.shown(4));
        let riv = split.riv.as_ref().map(|riv| riv.shown(4));
        table.row([
            row.technology.clone(),
            row.group.clone(),
            grouped_digits(&split.new.spread.cases().to_string()),
            split.new.hospitals.to_string(),
            cv(split.new.spread.cv_ten_thousandths()),
            cv(split.parent.spread.cv_ten_thousandths()),
            ratio.unwrap_or_default(),
            riv.unwrap_or_default(),
            weight(split.new.weight),
            weight(split.parent.weight),
            weight(split.rest.weight),
            grouped_digits(&split.rest.spread.cases().to_string()),
            verdict(row),
        ]);
    }
    table.render()
}

/// The group that is proposed, or the thresholds that are not reached.
fn verdict(row: &CandidateRow) -> String {
    if let Some(group) = &row.new_group {
        return format!("独立成组 own group {group}");
    }
    if row.split.is_recommended() {
        return "达标 reached".to_owned();
    }
    let missed = row
        .split
        .verdict
        .iter()
        .filter(|(_, is_reached)| !is_reached);
    let missed: Vec<&str> = missed.map(|(criterion, _)| criterion.code()).collect();
    format!("未达标 not reached: {}", missed.join(", "))
}
