//! `drgdip tables import`.

use super::workbook;
use crate::args::{GlobalArgs, ImportArgs};
use crate::fail::Failure;
use crate::{out, plans};
use drgdip_batch::{Existing, publish_plan};
use drgdip_tables::LoadedPlan;
use drgdip_tables::import::{Facts, ImportOptions, ImportedPlan, import};
use serde_json::json;
use std::path::Path;

pub(super) fn run(args: &ImportArgs, global: &GlobalArgs) -> Result<(), Failure> {
    let facts = read(&args.facts)?;
    let base = args.base.as_deref();
    let base = base.map(|base| load_base(base, &args.output)).transpose()?;
    let id = args.id.clone().or_else(|| folder_id(&args.output));
    let options = ImportOptions {
        id: id.unwrap_or_else(|| facts.id()),
        title: args.title.clone(),
        sources: args.source.clone(),
        base: base.as_ref(),
    };
    let imported = import(&facts, &options)?;
    let existing = if args.replace {
        Existing::ReplacePlan
    } else {
        Existing::Keep
    };
    publish_plan(&args.output, &imported.files, existing)?;
    report(&imported, global)
}

/// The facts of a folder or a workbook.
fn read(path: &Path) -> Result<Facts, Failure> {
    if crate::workbook::is_workbook(path) {
        return Ok(Facts::workbook(&workbook::read(path)?)?);
    }
    if path.is_file() {
        let problem = format!("{} is neither a folder nor a workbook.", path.display());
        let hint = "Give a folder of facts, or an Excel workbook saved as .xlsx.";
        return Err(Failure::usage(problem, hint));
    }
    Ok(Facts::folder(path)?)
}

/// The name of the folder, where it can be the id of a plan.
fn folder_id(folder: &Path) -> Option<String> {
    let name = folder.file_name()?.to_str()?;
    let begins_well = name.starts_with(|first: char| first.is_ascii_alphanumeric());
    let is_good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    (begins_well && name.chars().all(is_good)).then(|| name.to_owned())
}

/// Loads the base as the new plan will find it: the folder of that name beside it, or else the
/// bundled plan of that name.
fn load_base(name: &str, output: &Path) -> Result<LoadedPlan, Failure> {
    let parent = output.parent().filter(|parent| *parent != Path::new(""));
    let parent = parent.unwrap_or(Path::new("."));
    let stem = Path::new(name).file_name().unwrap_or_default();
    let beside = parent.join(stem);
    let is_path = Path::new(name).components().count() > 1;
    let is_same = || beside.canonicalize().ok() == Path::new(name).canonicalize().ok();
    if beside.is_dir() && (!is_path || is_same()) {
        return plans::load(&beside.display().to_string());
    }
    if !is_path {
        return plans::load(name);
    }
    let problem = format!("the new plan would not find its base {name:?} again.");
    let hint = format!(
        "Take a bundled plan by its id, or put the folder of the base beside the new plan, as {}.",
        beside.display()
    );
    Err(Failure::usage(problem, hint))
}

fn report(imported: &ImportedPlan, global: &GlobalArgs) -> Result<(), Failure> {
    let (plan, counts) = (&imported.plan, imported.plan.counts());
    if global.json {
        out::print_json(&json!({
            "plan": plan.id,
            "base": plan.base,
            "rows": imported.rows,
            "rows_written_out": imported.whole_rows,
            "counts": counts,
            "notes": imported.notes,
        }))?;
        return Ok(());
    }
    let mut text = String::new();
    for note in &imported.notes {
        text += &format!("{note}\n");
    }
    let drgdip_tables::plan::Counts {
        mdcs,
        adrgs,
        ambiguous_groups,
        drgs,
        weights,
    } = counts;
    text += &format!(
        "{}: {mdcs} MDC, {adrgs} ADRG, {ambiguous_groups} 歧义组 ambiguous, {drgs} 组 groups, \
         {weights} 权重 weights\n",
        plan.id
    );
    text += &match &plan.base {
        Some(base) => format!(
            "{} 行 rows over {base}; 全写 written out {} rows\n",
            imported.rows, imported.whole_rows
        ),
        None => format!("{} 行 rows\n", imported.rows),
    };
    out::print(&text)?;
    Ok(())
}
