//! `drgdip synth`: generated claims as Parquet, and settlement inputs that fit them.

mod columns;
mod history;
mod inputs;
mod units;

use crate::group::thread_pool;
use crate::grouped::PreparedPlan;
use crate::inputs::{Hospital, Inputs};
use crate::output::StagedFiles;
use crate::policy::PreparedPolicy;
use crate::settle::setting::{Period, day_number};
use crate::table::{self, CHUNK_ROWS, Chunks, TableEncoder};
use crate::{Class, Error, Progress};
use arrow::datatypes::Schema;
use columns::{Texts, claim_columns, claim_fields};
use drgdip_claims::Yuan;
use drgdip_synth::{ClaimRows, HospitalLevel, Synth, World, WorldHospital, WorldInsurance};
pub use history::synth_history;
use inputs::Experience;
pub(crate) use inputs::write_csv;
use rayon::prelude::*;
use std::ops::Range;
use std::path::{Path, PathBuf};
use units::PolicyUnits;

/// What `synth` is asked to do.
pub struct SynthJob<'a> {
    /// How many claims to make.
    pub cases: u64,
    /// Equal seeds make equal claims.
    pub seed: u64,
    /// The plan whose groups the claims reach.
    pub plan: &'a PreparedPlan,
    /// The policy whose hospitals, schemes and areas the claims come from.
    pub policy: &'a PreparedPolicy,
    /// The month `YYYY-MM` of the discharges.
    pub period: &'a str,
    /// How many of 10,000 rows have a flaw; `None` is the usual share.
    pub bad_rows_per_ten_thousand: Option<u32>,
    /// The claims file; with more than one, a number is put before its ending.
    pub out: &'a Path,
    /// Into how many files the claims are cut.
    pub files: u64,
    /// The folder for hospitals, budgets and prior points.
    pub inputs: &'a Path,
    /// Whether claims state the payment units of the policy beside groups.
    pub units: bool,
    /// How many threads work; `None` is one for each core.
    pub threads: Option<usize>,
}

/// What `synth` did.
#[derive(Clone, Debug)]
pub struct SynthSummary {
    /// The claim files written.
    pub claims: Vec<PathBuf>,
    /// The settlement inputs written.
    pub inputs: Vec<PathBuf>,
    /// How many groups the claims were made for.
    pub groups: usize,
    /// The groups that no claim can be made for.
    pub unreachable: Vec<String>,
}

/// Makes claims and the settlement inputs that go with them.
///
/// # Errors
/// A policy without hospitals or a plan without groups, outputs that cannot be written, and an
/// interruption; nothing is published then.
pub fn synth(job: &SynthJob<'_>, progress: &dyn Progress) -> Result<SynthSummary, Error> {
    synth_practised(job, SynthPractice::Varied, progress)
}

/// The ways of treatment in generated claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SynthPractice {
    /// As many as the plan takes.
    Varied,
    /// A few usual ones for each group, as in the histories of [`synth_history`].
    Usual,
}

/// Makes claims with the ways of treatment that are asked for.
///
/// # Errors
/// Those of [`synth`].
pub fn synth_practised(
    job: &SynthJob<'_>,
    practice: SynthPractice,
    progress: &dyn Progress,
) -> Result<SynthSummary, Error> {
    let period = Period::parse(job.period)?;
    let standing = Inputs::read(None, &job.policy.standing)?;
    let world = world(job, &standing.hospitals, &period)?;
    let synth = Synth::new(&job.plan.plan, &job.plan.grouper, world, job.seed)
        .map_err(|e| Error::new(Class::Table, &job.plan.plan.id, e, ""))?;
    let units = job.units.then(|| policy_units(job, &synth, &period));
    let units = units.transpose()?;
    let mut synth = match &units {
        Some(units) => synth.with_units(units.mix.clone()),
        None => synth,
    };
    if practice == SynthPractice::Usual {
        synth = synth.with_usual_practice(&job.plan.plan);
    }
    let pool = thread_pool(job.threads)?;
    let mut staged = StagedFiles::default();
    let mut experience = Experience::new(&synth, &period, units);
    let mut claims = Vec::new();
    progress.stage("generate claims", Some(job.cases));
    for (number, rows) in cut(job.cases, job.files).into_iter().enumerate() {
        let target = numbered(job.out, number, job.files);
        let path = staged.stage(&target)?;
        let work = Work {
            synth: &synth,
            pool: &pool,
            progress,
        };
        work.file(&path, rows, &mut experience)?;
        claims.push(target);
    }
    let inputs = inputs::write(job, &experience, &standing.hospitals, &period, &mut staged)?;
    staged.publish()?;
    Ok(SynthSummary {
        claims,
        inputs,
        groups: synth.reachable(),
        unreachable: synth.unreachable().to_vec(),
    })
}

/// What the policy lets claims state for payment units.
fn policy_units(job: &SynthJob<'_>, synth: &Synth, period: &Period) -> Result<PolicyUnits, Error> {
    let policy = &job.policy.policy;
    let terms = policy.at(period.last)?;
    Ok(PolicyUnits::new(policy, &terms, synth.insurances()))
}

/// Cuts rows into files of nearly the same size.
fn cut(cases: u64, files: u64) -> Vec<Range<u64>> {
    let files = files.max(1);
    let bound = |number: u64| {
        u64::try_from(u128::from(cases) * u128::from(number) / u128::from(files))
            .expect("a part is smaller than the whole")
    };
    (0..files)
        .map(|number| bound(number)..bound(number + 1))
        .collect()
}

fn numbered(out: &Path, number: usize, files: u64) -> PathBuf {
    if files <= 1 {
        return out.to_owned();
    }
    let stem = out
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    out.with_file_name(format!("{stem}-{number:04}.parquet"))
}

/// The world of a policy: its hospitals and schemes, with shares that are usual.
fn world(job: &SynthJob<'_>, hospitals: &[Hospital], period: &Period) -> Result<World, Error> {
    let terms = job.policy.policy.at(period.last)?;
    let placed = hospitals
        .iter()
        .filter(|hospital| hospital.holds_on(period.last));
    let placed = placed.filter_map(|hospital| {
        let region = hospital.region.clone()?;
        Some(WorldHospital::of_level(
            hospital.hospital_id.clone(),
            level(hospital),
            region,
        ))
    });
    let shares = [(60, [880, 850, 800]), (40, [780, 700, 600])];
    let insurances = terms.insurances.keys().zip(shares.into_iter().cycle());
    Ok(World {
        hospitals: placed.collect(),
        insurances: insurances
            .map(|(code, (share, fund_per_mille))| WorldInsurance {
                code: code.clone(),
                share,
                fund_per_mille,
            })
            .collect(),
        first_day: day_number(period.first),
        last_day: day_number(period.last),
        cost_of_weight_one: Yuan::from_fen(terms.case.mean_cost_fen),
        bad_rows_per_ten_thousand: job
            .bad_rows_per_ten_thousand
            .unwrap_or(World::USUAL_BAD_ROWS),
    })
}

/// The level by the national code: 3 三级, 2 二级, anything else below.
fn level(hospital: &Hospital) -> HospitalLevel {
    match hospital.level.as_str() {
        "3" => HospitalLevel::Tertiary,
        "2" => HospitalLevel::Secondary,
        _ => HospitalLevel::Primary,
    }
}

/// How many rows are made between two looks at whether the user wants to stop: some hundredths of
/// a second.
const ROWS_BETWEEN_LOOKS: u64 = 4_096;

struct Work<'w> {
    synth: &'w Synth,
    pool: &'w rayon::ThreadPool,
    progress: &'w dyn Progress,
}

impl Work<'_> {
    /// Writes one file; a wave of row groups is made at a time, so that memory stays small.
    fn file(
        &self,
        path: &Path,
        rows: Range<u64>,
        experience: &mut Experience,
    ) -> Result<(), Error> {
        let schema = Schema::new(claim_fields(self.synth.units().is_some()));
        let (mut writer, encoder) = table::create(path, schema, columns::UNIQUE)?;
        let texts = Texts::new(self.synth);
        let chunk = |number: u64| {
            let from = rows.start + number * CHUNK_ROWS;
            from..rows.end.min(from + CHUNK_ROWS)
        };
        let chunks = (rows.end - rows.start).div_ceil(CHUNK_ROWS);
        let wave = self.pool.current_num_threads() as u64 * 2;
        for first in (0..chunks).step_by(usize::try_from(wave).expect("few threads")) {
            let numbers = first..chunks.min(first + wave);
            let made: Vec<(Chunks, Experience)> = self.pool.install(|| {
                let numbers = numbers.into_par_iter();
                let part = |number| self.chunk(number, chunk(number), &encoder, &texts, experience);
                numbers.map(part).collect::<Result<_, Error>>()
            })?;
            for (encoded, seen) in made {
                writer.append(encoded)?;
                experience.add(&seen);
            }
            self.progress
                .advance(chunk(first + wave - 1).end.min(rows.end) - chunk(first).start);
        }
        writer.finish()?;
        Ok(())
    }

    fn chunk(
        &self,
        number: u64,
        rows: Range<u64>,
        encoder: &TableEncoder,
        texts: &Texts,
        experience: &Experience,
    ) -> Result<(Chunks, Experience), Error> {
        let mut claims = ClaimRows::default();
        for from in rows.clone().step_by(ROWS_BETWEEN_LOOKS as usize) {
            self.progress.look()?;
            let some = from..rows.end.min(from + ROWS_BETWEEN_LOOKS);
            self.synth.chunk(some, &mut claims);
        }
        let mut seen = experience.empty();
        seen.see(&claims);
        let number = usize::try_from(number).expect("few row groups");
        Ok((
            encoder.encode(number, 0, &claim_columns(&claims, texts))?,
            seen,
        ))
    }
}
