//! Reads grouping plans: files in, a checked and resolved plan out.
//!
//! An overlay names its base and states only what differs. All layers are read base first into one
//! `draft::Draft`; rules are parsed once, at the end, against the lists that are left.

pub(crate) mod cells;
pub(crate) mod code_settings;
mod code_tables;
mod codes;
mod draft;
pub(crate) mod finish;
mod limits;
pub(crate) mod lists;
pub(crate) mod manifest;
mod problem;
mod records;
pub(crate) mod rows;
#[cfg(test)]
mod tests;

pub(crate) use manifest::is_id;
pub use problem::PlanProblem;
pub(crate) use rows::utf8;

use crate::dip;
use crate::error::{Error, Place, Warning};
use crate::files::FileSet;
use crate::plan::GroupingPlan;
use manifest::Manifest;
use std::path::{Path, PathBuf};

/// How many overlays may stand on one another.
const MAX_LAYERS: usize = 8;

/// Finds the files of a base plan by its id; `None` when there is no such plan.
pub type FindBase<'a> = dyn Fn(&str) -> Result<Option<FileSet>, Error> + 'a;

/// A plan with what was odd about it and what it was read from.
#[derive(Clone, Debug)]
pub struct LoadedPlan {
    /// The plan.
    pub plan: GroupingPlan,
    /// What is odd about its rows, in the order of the files; [`crate::check::check`] looks deeper.
    pub warnings: Vec<Warning>,
    /// The files that it was read from: the plan itself, then its base, then that one's base.
    pub layers: Vec<FileSet>,
    /// The code set, the crosswalk and the own list of grey codes, where they have been read.
    pub code_files: Vec<FileSet>,
    /// The folder of the plan; `None` for a bundled one.
    folder: Option<PathBuf>,
}

/// Loads a plan by the id of a bundled one or by the path of a folder.
///
/// What has a path separator or begins with a dot is a path; so is any other name that is not the
/// id of a bundled plan. The base of an overlay in a folder is looked up beside that folder first,
/// then among the bundled plans.
///
/// # Errors
/// When there is no such plan or its tables cannot be used.
pub fn load_plan(name_or_path: &str) -> Result<LoadedPlan, Error> {
    let path = Path::new(name_or_path);
    let is_path = name_or_path.starts_with('.') || path.components().count() > 1;
    if let (false, Some(files)) = (is_path, FileSet::bundled_plan(name_or_path)) {
        return load_with_bases(files, None, &|id| Ok(FileSet::bundled_plan(id)));
    }
    if !path.is_dir() {
        let known = FileSet::bundled_plans().join(", ");
        let problem = PlanProblem::NoSuchPlan { known };
        return Err(problem.at(Place {
            file: name_or_path.to_owned(),
            ..Place::default()
        }));
    }
    let files = FileSet::folder(path)?;
    load_with_bases(files, Some(path), &|id| find_beside(path, id))
}

/// Finds a base plan in a folder beside another plan's, then among the bundled ones.
fn find_beside(folder: &Path, id: &str) -> Result<Option<FileSet>, Error> {
    let beside = folder
        .canonicalize()
        .ok()
        .and_then(|real| real.parent().map(|up| up.join(id)));
    match beside {
        Some(beside) if beside.is_dir() => FileSet::folder(&beside).map(Some),
        _ => Ok(FileSet::bundled_plan(id)),
    }
}

fn load_with_bases(
    files: FileSet,
    folder: Option<&Path>,
    find_base: &FindBase<'_>,
) -> Result<LoadedPlan, Error> {
    if dip::is_dip(&files)? {
        let shared = FileSet::bundled_dip_tables();
        let (plan, warnings, shared) = dip::load_files(&files, &shared)?;
        limits::check(&plan)?;
        return Ok(LoadedPlan {
            plan,
            warnings,
            layers: vec![files, shared],
            code_files: Vec::new(),
            folder: folder.map(Path::to_owned),
        });
    }
    let bases = find_bases(&files, find_base)?;
    let layers: Vec<FileSet> = std::iter::once(files).chain(bases).collect();
    let (plan, warnings) = load_layers(&layers.iter().collect::<Vec<_>>())?;
    Ok(LoadedPlan {
        plan,
        warnings,
        layers,
        code_files: Vec::new(),
        folder: folder.map(Path::to_owned),
    })
}

impl LoadedPlan {
    /// Loads a plan that stands on no other and in no folder.
    ///
    /// # Errors
    /// When its tables cannot be used, or it names a base.
    pub fn of(files: FileSet) -> Result<Self, Error> {
        load_with_bases(files, None, &|_| Ok(None))
    }
}

impl GroupingPlan {
    /// Loads a plan from its files; `find_base` finds the files of the plans it stands on.
    ///
    /// # Errors
    /// The first fault found in the tables, with its file, line and field.
    pub fn load(files: &FileSet, find_base: &FindBase<'_>) -> Result<(Self, Vec<Warning>), Error> {
        let bases = find_bases(files, find_base)?;
        let layers: Vec<_> = std::iter::once(files).chain(&bases).collect();
        load_layers(&layers)
    }
}

/// The id of the plan that a folder holds.
pub(crate) fn id_of(files: &FileSet) -> Result<String, Error> {
    Manifest::read(files).map(|manifest| manifest.id)
}

/// The bases of a plan: its own base first, the national plan last.
fn find_bases(files: &FileSet, find_base: &FindBase<'_>) -> Result<Vec<FileSet>, Error> {
    let mut bases: Vec<FileSet> = Vec::new();
    let mut chain = Vec::new();
    loop {
        let files = bases.last().unwrap_or(files);
        let manifest = Manifest::read(files)?;
        chain.push(manifest.id.clone());
        let Some(base) = manifest.base.clone() else {
            return Ok(bases);
        };
        let at_base = |problem: PlanProblem| problem.at(manifest.place_of_base(files));
        if chain.contains(&base) {
            chain.push(base);
            return Err(at_base(PlanProblem::BaseIsCyclic {
                chain: chain.join(" → "),
            }));
        }
        if chain.len() == MAX_LAYERS {
            return Err(at_base(PlanProblem::TooManyLayers { most: MAX_LAYERS }));
        }
        let Some(found) = find_base(&base)? else {
            let known = FileSet::bundled_plans().join(", ");
            return Err(at_base(PlanProblem::BaseNotFound { base, known }));
        };
        let found_id = Manifest::read(&found)?.id;
        if found_id != base {
            return Err(at_base(PlanProblem::BaseHasOtherId {
                base,
                found: found_id,
            }));
        }
        bases.push(found);
    }
}

/// Resolves layers, given top first, into a plan.
fn load_layers(layers: &[&FileSet]) -> Result<(GroupingPlan, Vec<Warning>), Error> {
    let mut draft = draft::Draft::default();
    for files in layers.iter().rev() {
        draft.add_layer(files)?;
    }
    let mut plan = draft.finish()?;
    limits::check(&plan.plan)?;
    plan.warnings.sort();
    Ok((plan.plan, plan.warnings))
}
