//! `drgdip tables diff`.

mod migration;
mod report;

use crate::args::{DiffArgs, GlobalArgs};
use crate::fail::Failure;
use crate::layout::{Align, Layout};
use crate::progress::Reporter;
use crate::{out, plans};
use drgdip_batch::{MigrateJob, Migration, PreparedPlan, ReadOptions, migrate};
use drgdip_tables::LoadedPlan;
use drgdip_tables::diff::diff;
use serde_json::json;

pub(crate) fn run(
    args: &DiffArgs,
    global: &GlobalArgs,
    progress: &Reporter,
) -> Result<(), Failure> {
    let (before, after) = (plans::load(&args.before)?, plans::load(&args.after)?);
    if before.plan.dip.is_some() || after.plan.dip.is_some() {
        return Err(Failure::usage(
            "tables diff compares DRG plans only, and one of these is a DIP plan.",
            "Group the same claims by both plans and compare the outputs with drgdip compare.",
        ));
    }
    let differences = diff(&before.plan, &after.plan);
    let migration = if args.claims.is_empty() {
        None
    } else {
        Some(moved_cases(args, global, [before, after], progress)?)
    };
    if global.json {
        let mut value = serde_json::to_value(&differences).expect("a difference is plain data");
        value["equal"] = json!(differences.is_empty());
        if let Some(migration) = &migration {
            value["migration"] = migration::json(migration);
        }
        out::print_json(&value)?;
        return Ok(());
    }
    let mut text = report::text(&differences, args.full);
    if let Some(migration) = &migration {
        text += &migration::text(migration, args.full);
    }
    out::print(&text)?;
    Ok(())
}

fn moved_cases(
    args: &DiffArgs,
    global: &GlobalArgs,
    plans: [LoadedPlan; 2],
    progress: &Reporter,
) -> Result<Migration, Failure> {
    let [before, after] = plans.map(PreparedPlan::of);
    let (before, after) = (before?, after?);
    let job = MigrateJob {
        claims: &args.claims,
        before: &before,
        after: &after,
        read: ReadOptions::default(),
        threads: global.threads(),
    };
    let migration = migrate(&job, progress)?;
    progress.finish();
    Ok(migration)
}

/// How many rows of a table are shown unless all are asked for.
const MOST_ROWS: usize = 40;

/// A heading and a table under it; nothing when the table has no rows.
fn section(
    heading: &str,
    columns: &[(&str, Align)],
    rows: Vec<Vec<String>>,
    is_full: bool,
) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let count = rows.len();
    let shown = if is_full { count } else { count.min(MOST_ROWS) };
    let mut table = Layout::new(columns);
    rows.into_iter().take(shown).for_each(|row| table.row(row));
    let mut text = format!("\n{heading} · {count}\n{}", table.render());
    if shown < count {
        let more = count - shown;
        text += &format!("… {more} 行未列出 more rows; --full lists all.\n");
    }
    text
}
