//! `drgdip newtech candidates`: which registered technologies could have a group of their own.
//!
//! In: history, the plan that groups it, and a policy with its registry and thresholds. Out: for
//! each technology and group the statistics of the split, the verdict on each threshold, and the
//! rows of an overlay that makes the groups that are recommended.
//!
//! A case uses a technology when it lists one of its items or has one of its procedures, on
//! whatever day: the history is mostly older than the entry. Source:
//! `policies/new-technology.md`.

mod gather;
mod overlay;
mod tables;

use crate::apart::keep_apart;
use crate::group::{gathered, grouping_columns, thread_pool};
use crate::grouped::PreparedPlan;
use crate::manifest::Manifest;
use crate::output::{Fingerprint, MANIFEST, StagedFolder};
use crate::read::{ClaimFiles, Column, ColumnNeeds, ReadOptions};
use crate::run::Run;
use crate::settle::units::PastDrugs;
use crate::settle::verdicts;
use crate::table::CHUNK_ROWS;
use crate::{Class, Error, FindingCounts, OutcomeCounts, Progress};
use drgdip_calibrate::candidates::{Candidate, CandidateCase, examine, trimmed};
use drgdip_grouper::GroupInfo;
use drgdip_tables::Policy;
use drgdip_tables::policy::{NewGroupTerms, Technology, Trim};
use gather::{Gather, Gathered};
use jiff::civil::Date;
use overlay::Overlay;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

/// What `newtech candidates` is asked to do.
pub struct CandidatesJob<'a> {
    /// Claim files of several years, folders of them, or globs.
    pub claims: &'a [PathBuf],
    /// The plan that history is grouped by.
    pub plan: &'a PreparedPlan,
    /// The policy with the registry and the thresholds.
    pub policy: &'a Policy,
    /// Each file of the policy with its sha256.
    pub policy_files: &'a [(String, String)],
    /// The day on which the policy is read.
    pub date: Date,
    /// The folder to write; none writes nothing.
    pub out: Option<&'a Path>,
    /// How claims are read.
    pub read: ReadOptions,
    /// How many threads work; `None` is one for each core.
    pub threads: Option<usize>,
}

/// A technology in a group.
#[derive(Clone, Debug)]
pub struct CandidateRow {
    /// The technology, as the registry calls it.
    pub technology: String,
    /// Its name.
    pub name: String,
    /// The group that would be split.
    pub group: String,
    /// Its name.
    pub group_name: String,
    /// The weight that it has in the plan, in ten-thousandths.
    pub weight: Option<i64>,
    /// The statistics and the verdict.
    pub split: Candidate,
    /// The group that the overlay makes of it; none where it makes none.
    pub new_group: Option<String>,
}

/// What `newtech candidates` found.
#[derive(Clone, Debug)]
pub struct CandidatesSummary {
    /// How many claims there were.
    pub rows: u64,
    /// How many of them have a group and a cost.
    pub usable: u64,
    /// By technology and group; technologies in the order of the registry.
    pub candidates: Vec<CandidateRow>,
    /// The technologies that no usable case has.
    pub unseen: Vec<String>,
    /// Why a recommended group is not in the overlay.
    pub notes: Vec<String>,
}

/// Examines every registered technology in every group in which it is used.
///
/// # Errors
/// A policy without a registry or thresholds, unusable claims or output folder, and an
/// interruption; nothing is published then.
pub fn candidates(
    job: &CandidatesJob<'_>,
    progress: &dyn Progress,
) -> Result<CandidatesSummary, Error> {
    let Some(out) = job.out else {
        let place = std::env::temp_dir();
        let folder = tempfile::tempdir_in(&place)
            .map_err(|e| Error::file(&place, "write temporary files", &e))?;
        return Ok(find(job, folder.path(), progress)?.summary);
    };
    keep_apart(out, job.claims, &[])?;
    let folder = StagedFolder::new(out)?;
    let found = find(job, folder.path(), progress)?;
    write(job, folder.path(), &found)?;
    folder.publish()?;
    Ok(found.summary)
}

/// What was found, and what is needed to write it.
struct Found {
    summary: CandidatesSummary,
    overlay: Overlay,
    outcomes: OutcomeCounts,
    files: ClaimFiles,
    fingerprints: Vec<Fingerprint>,
}

fn needs(drugs: Option<&PastDrugs<'_>>) -> ColumnNeeds {
    let mut needs = grouping_columns();
    needs
        .required
        .extend([Column::HospitalId, Column::TotalCost]);
    needs
        .optional
        .extend([Column::NewTechItems, Column::Reverses]);
    if let Some(drugs) = drugs {
        needs.also(drugs.columns());
    }
    needs
}

fn terms(job: &CandidatesJob<'_>) -> Result<(NewGroupTerms, Option<Trim>), Error> {
    let place = format!("policy {}", job.policy.id());
    if job.policy.new_technologies().is_empty() {
        let problem = "the policy has no registry of new technologies.";
        let hint = "Write new-technology.toml into the folder of the policy.";
        return Err(Error::new(Class::Table, place, problem, hint));
    }
    let Some(terms) = job.policy.at(job.date)?.units.new_group else {
        let problem = format!(
            "the policy states no thresholds for new groups on {}.",
            job.date
        );
        let hint = "Add unit.new_group.min_cases and what goes with it; see policies/units.md.";
        return Err(Error::new(Class::Table, place, problem, hint));
    };
    // Without rules for weights nothing is trimmed.
    let trim = job.policy.weigh_at(job.date).ok().map(|terms| terms.trim);
    Ok((terms, trim))
}

fn find(job: &CandidatesJob<'_>, folder: &Path, progress: &dyn Progress) -> Result<Found, Error> {
    let (terms, trim) = terms(job)?;
    let technologies = by_id(job.policy.new_technologies().technologies());
    let drugs = PastDrugs::known_on(job.policy, job.date)?;
    let drugs = drugs.as_ref();
    let files = ClaimFiles::open(job.claims, &needs(drugs), job.read, Some(folder))?;
    files.tell(progress);
    let pool = thread_pool(job.threads)?;
    let run = Run {
        files: &files,
        pool: &pool,
        chunk_rows: CHUNK_ROWS,
        progress,
    };
    progress.stage("check keys", Some(files.rows));
    let verdicts = verdicts::find(&run, folder)?;
    progress.stage("group", Some(files.rows));
    let stage = Gather::new(job.plan, (&verdicts, drugs), &technologies);
    let (all, fingerprints) = gathered(&run, &stage, Gathered::default())?;
    progress.stage("examine", None);
    let by_group = all.by_group();
    let weights = job.plan.plan.weights_by_group();
    let mut rows = Vec::new();
    let mut unseen = Vec::new();
    for (number, named) in (0_u16..).zip(&technologies) {
        let users = all.users(number);
        if users.is_empty() {
            unseen.push(named.id.to_owned());
        }
        let groups: BTreeSet<u16> = users.iter().map(|case| all.cases[*case].group).collect();
        for group in groups {
            let info = &job.plan.grouper.groups()[usize::from(group)];
            let weight = weights.get(info.group.as_str());
            let asked = Asked {
                named,
                info,
                weight: weight.map(|row| row.ten_thousandths),
            };
            let cases = all.candidates(&by_group[&group], &users);
            rows.push(asked.row(cases, (&terms, trim.as_ref()))?);
        }
    }
    let (overlay, notes) = Overlay::of(job.plan, &mut rows);
    let summary = CandidatesSummary {
        rows: files.rows,
        usable: all.cases.len() as u64,
        candidates: rows,
        unseen,
        notes,
    };
    Ok(Found {
        summary,
        overlay,
        outcomes: all.outcomes,
        files,
        fingerprints,
    })
}

/// The entries of one technology: a renewal with other terms has the same id.
pub(super) struct Named<'r> {
    id: &'r str,
    name: &'r str,
    entries: Vec<&'r Technology>,
}

fn by_id(technologies: &[Technology]) -> Vec<Named<'_>> {
    let mut found: Vec<Named<'_>> = Vec::new();
    for entry in technologies {
        match found.iter_mut().find(|named| named.id == entry.id) {
            Some(named) => named.entries.push(entry),
            None => found.push(Named {
                id: &entry.id,
                name: &entry.name,
                entries: vec![entry],
            }),
        }
    }
    found
}

/// What a weight is multiplied with where the plan has none: the weights are then relative to the
/// group as it is.
const RELATIVE: i64 = 10_000;

/// A technology in a group, with what the plan says of the group.
struct Asked<'a> {
    named: &'a Named<'a>,
    info: &'a GroupInfo,
    weight: Option<i64>,
}

impl Asked<'_> {
    fn row(
        &self,
        cases: Vec<CandidateCase>,
        (terms, trim): (&NewGroupTerms, Option<&Trim>),
    ) -> Result<CandidateRow, Error> {
        let cases = match trim {
            Some(trim) => trimmed(cases, trim),
            None => cases,
        };
        let split = examine(&cases, self.weight.unwrap_or(RELATIVE), terms)
            .map_err(|e| Error::input(format!("group {}", self.info.group), e))?;
        Ok(CandidateRow {
            technology: self.named.id.to_owned(),
            name: self.named.name.to_owned(),
            group: self.info.group.clone(),
            group_name: self.info.group_name.clone(),
            weight: self.weight,
            split,
            new_group: None,
        })
    }
}

fn write(job: &CandidatesJob<'_>, folder: &Path, found: &Found) -> Result<(), Error> {
    let mut outputs = tables::write(folder, &found.summary)?;
    outputs.extend(found.overlay.write(folder)?);
    let mut manifest = Manifest::new("newtech candidates");
    manifest.plan(job.plan.into());
    manifest.inputs(&found.files, &found.fingerprints);
    manifest.counts(
        found.summary.rows,
        &found.outcomes,
        &FindingCounts::default(),
    );
    manifest.policy(job.policy.id(), job.date, job.policy_files);
    manifest.set("candidates", tables::json(&found.summary));
    manifest.outputs(&outputs);
    manifest.write(&folder.join(MANIFEST))
}

impl CandidatesSummary {
    /// Everything that was found, as JSON; numbers with decimals are texts.
    #[must_use]
    pub fn json(&self) -> Value {
        tables::json(self)
    }
}

/// The cases of each technology by their positions.
type Users = BTreeSet<usize>;

impl Gathered {
    fn users(&self, technology: u16) -> Users {
        let mine = self.uses.iter().filter(|(_, used)| *used == technology);
        mine.map(|(case, _)| *case).collect()
    }

    /// The positions of each group's cases.
    fn by_group(&self) -> HashMap<u16, Vec<usize>> {
        let mut found: HashMap<u16, Vec<usize>> = HashMap::new();
        for (position, case) in self.cases.iter().enumerate() {
            found.entry(case.group).or_default().push(position);
        }
        found
    }

    fn candidates(&self, positions: &[usize], users: &Users) -> Vec<CandidateCase> {
        let cases = positions.iter().map(|position| {
            let case = &self.cases[*position];
            CandidateCase {
                hospital: case.hospital,
                cost_fen: case.cost_fen,
                is_new: users.contains(position),
            }
        });
        cases.collect()
    }
}

/// What the same key has, in its order.
type ByKey<T> = BTreeMap<String, T>;
