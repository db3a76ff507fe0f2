//! Turns the facts of a scheme (分组方案) into the folder of a plan, whole or as an overlay.
//!
//! In: a folder of tab-separated tables, or the sheets of a workbook. Out: the files of a plan that
//! groups exactly as the facts say. With a base, only what differs from it is stated, and the
//! result is proved equal before it is handed out.

mod facts;
mod orders;
mod overlay;
mod pairing;
mod repeats;
mod sameness;
mod table;
#[cfg(test)]
mod tests;
mod whole;
pub mod workbook;

pub use facts::Facts;
pub use workbook::{Sheet, SheetRow, Workbook};

use crate::error::Error;
use crate::files::FileSet;
use crate::load::{LoadedPlan, PlanProblem};
use crate::plan::GroupingPlan;
use std::collections::BTreeMap;

/// How the plan is to be called, and what it stands on.
#[derive(Clone, Debug)]
pub struct ImportOptions<'a> {
    /// The id of the new plan.
    pub id: String,
    /// The title; the one that the facts give unless told otherwise.
    pub title: Option<String>,
    /// Keys of the texts in a list of sources.
    pub sources: Vec<String>,
    /// The plan to state the difference from; without one the plan is written out.
    pub base: Option<&'a LoadedPlan>,
}

/// A plan made from facts.
#[derive(Clone, Debug)]
pub struct ImportedPlan {
    /// The files to write into the folder of the plan.
    pub files: FileSet,
    /// The plan as it loads from these files and its base.
    pub plan: GroupingPlan,
    /// How many rows all tables would have when written out.
    pub whole_rows: usize,
    /// How many rows the tables of this plan have.
    pub rows: usize,
    /// What was done to the facts that their keeper should know, each a full sentence.
    pub notes: Vec<String>,
}

/// What stands at the head of `plan.toml`.
struct Head {
    id: String,
    title: String,
    sources: Vec<String>,
    origin: BTreeMap<String, String>,
}

/// Makes a plan of facts.
///
/// # Errors
/// Facts that are no plan: a rule that cannot be understood, a list that is not there, a code
/// stated twice. Each with its file, line and field.
pub fn import(facts: &Facts, options: &ImportOptions<'_>) -> Result<ImportedPlan, Error> {
    let mut notes = facts.notes();
    let head = Head {
        id: options.id.clone(),
        title: options.title.clone().unwrap_or_else(|| facts.title()),
        sources: options.sources.clone(),
        origin: facts.origin(),
    };
    let whole_files = whole::files(facts, &head, &mut notes)?;
    let loaded = GroupingPlan::load(&whole_files, &|_| Ok(None));
    let (whole, _) = loaded.map_err(|error| facts.in_facts(error))?;
    let whole_rows = rows_of(&whole_files);
    let Some(base) = options.base else {
        return Ok(ImportedPlan {
            files: whole_files,
            plan: whole,
            whole_rows,
            rows: whole_rows,
            notes,
        });
    };
    let files = overlay::files(&base.plan, &whole, &head);
    let find = |id: &str| Ok(base.layers.iter().find(|layer| is_plan(layer, id)).cloned());
    let (plan, _) = GroupingPlan::load(&files, &find)?;
    if let Some(line) = sameness::first_difference(&whole, &plan) {
        return Err(PlanProblem::OverlayDiffers { line }.at(facts.place()));
    }
    Ok(ImportedPlan {
        rows: rows_of(&files),
        files,
        plan,
        whole_rows,
        notes,
    })
}

/// Whether these are the files of the plan with this id.
fn is_plan(files: &FileSet, id: &str) -> bool {
    crate::load::id_of(files).is_ok_and(|found| found == id)
}

/// How many rows the tables have, headers left out.
fn rows_of(files: &FileSet) -> usize {
    let tables = files.iter().filter(|(path, _)| path.ends_with(".csv"));
    let lines = tables.map(|(_, bytes)| bytes.split(|byte| *byte == b'\n').count());
    // A table of n rows has a header and a last line end, which makes n + 2 pieces.
    lines.map(|pieces| pieces.saturating_sub(2)).sum()
}
