//! `drgdip tables`.

mod catalogue;
mod check;
mod diff;
mod import;
mod show;
mod workbook;

use crate::args::{GlobalArgs, TablesCommand};
use crate::fail::{Done, Failure};
use crate::layout::{Align, Layout};
use crate::progress::Reporter;
use crate::{out, plans};
use drgdip_tables::{FileSet, GroupingPlan};
use serde_json::{Value, json};

pub(crate) fn run(
    command: &TablesCommand,
    global: &GlobalArgs,
    progress: &Reporter,
) -> Result<Done, Failure> {
    match command {
        TablesCommand::List => list(global)?,
        TablesCommand::Show(args) => show::run(args, global)?,
        TablesCommand::Check(args) => check::run(args, global)?,
        TablesCommand::Diff(args) => diff::run(args, global, progress)?,
        TablesCommand::Import(args) => import::run(args, global)?,
    }
    Ok(Done::Clean)
}

/// What a plan consists of.
struct Size {
    mdcs: usize,
    adrgs: usize,
    groups: usize,
    weights: usize,
}

impl Size {
    fn of(plan: &GroupingPlan) -> Self {
        let adrgs = || plan.mdcs.iter().flat_map(|mdc| &mdc.adrgs);
        let mut groups: Vec<&str> = adrgs()
            .flat_map(|adrg| &adrg.drgs)
            .map(|drg| drg.code.as_str())
            .collect();
        let catalogue = plan.dip.iter().flat_map(|dip| &dip.groups);
        groups.extend(catalogue.map(|group| group.code.as_str()));
        groups.sort_unstable();
        groups.dedup();
        Self {
            mdcs: plan.mdcs.len(),
            adrgs: adrgs().count(),
            groups: groups.len(),
            weights: plan.weights.len(),
        }
    }
}

fn list(global: &GlobalArgs) -> Result<(), Failure> {
    let mut rows = Vec::new();
    for id in FileSet::bundled_plans() {
        let plan = plans::load(id)?.plan;
        rows.push((Size::of(&plan), plan));
    }
    if global.json {
        let plans: Vec<Value> = rows
            .iter()
            .map(|(size, plan)| plan_json(size, plan))
            .collect();
        let policies = FileSet::bundled_policies();
        out::print_json(&json!({ "plans": plans, "policies": policies }))?;
        return Ok(());
    }
    let mut table = Layout::new(&[
        ("分组方案 Plan", Align::Left),
        ("名称 Title", Align::Left),
        ("基础 Base", Align::Left),
        ("MDC", Align::Right),
        ("ADRG", Align::Right),
        ("组 Groups", Align::Right),
        ("权重 Weights", Align::Right),
    ]);
    for (size, plan) in &rows {
        let counts = [size.mdcs, size.adrgs, size.groups, size.weights];
        let base = plan.base.clone().unwrap_or_default();
        let texts = [plan.id.clone(), plan.title.clone(), base];
        table.row(
            texts
                .into_iter()
                .chain(counts.map(|count| count.to_string())),
        );
    }
    let policies = FileSet::bundled_policies().join("\n");
    out::print(&format!(
        "{}\n支付政策 Policies\n{policies}\n",
        table.render()
    ))?;
    Ok(())
}

fn plan_json(size: &Size, plan: &GroupingPlan) -> Value {
    json!({
        "id": plan.id,
        "kind": if plan.dip.is_some() { "dip" } else { "drg" },
        "title": plan.title,
        "base": plan.base,
        "mdcs": size.mdcs,
        "adrgs": size.adrgs,
        "groups": size.groups,
        "weights": size.weights,
    })
}
