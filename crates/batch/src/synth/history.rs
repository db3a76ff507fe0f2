//! Generated histories: claims of several years from one world with one practice.

use super::{Experience, SynthJob, SynthSummary, Work, world};
use crate::group::thread_pool;
use crate::inputs::Inputs;
use crate::output::StagedFiles;
use crate::settle::setting::{Period, day_number};
use crate::{Class, Error, Progress};
use drgdip_synth::Synth;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

/// By how many thousandths costs grow from one year to the next.
const GROWTH: u32 = 30;

/// Makes claims of whole years, a file for each, as many cases in each as the job asks for.
///
/// The hospitals and the ways of treatment are the same in all years, and costs grow. The period of
/// the job is the one whose costs the policy states; its inputs are not written.
///
/// # Errors
/// Those of [`super::synth`], and years that do not ascend.
pub fn synth_history(
    job: &SynthJob<'_>,
    years: RangeInclusive<i16>,
    progress: &dyn Progress,
) -> Result<SynthSummary, Error> {
    if years.is_empty() {
        let (first, last) = (years.start(), years.end());
        let problem = format!("the years {first} to {last} are none.");
        return Err(Error::usage(
            problem,
            "Write the first year first, as 2023-2025.",
        ));
    }
    let now = Period::parse(job.period)?;
    let standing = Inputs::read(None, &job.policy.standing)?;
    let world = world(job, &standing.hospitals, &now)?;
    let synth = Synth::new(&job.plan.plan, &job.plan.grouper, world, job.seed)
        .map_err(|e| Error::new(Class::Table, &job.plan.plan.id, e, ""))?;
    let synth = synth.with_usual_practice(&job.plan.plan);
    let pool = thread_pool(job.threads)?;
    let mut staged = StagedFiles::default();
    let cases = job.cases * years.clone().count() as u64;
    progress.stage("generate claims", Some(cases));
    let mut written = Vec::new();
    for year in years {
        let period = Period::parse_year(&format!("{year:04}"))?;
        let before = u32::try_from(now.first.year() - year).unwrap_or(0);
        let days = (day_number(period.first), day_number(period.last));
        // Each year has patients of its own.
        let seed = job
            .seed
            .wrapping_mul(10_000)
            .wrapping_add(u64::from(year.unsigned_abs()));
        let synth = synth.moved_to(seed, days, 1_000_u32.saturating_sub(GROWTH * before).max(1));
        let target = in_year(job.out, year);
        let work = Work {
            synth: &synth,
            pool: &pool,
            progress,
        };
        let mut seen = Experience::new(&synth, &period, None);
        work.file(&staged.stage(&target)?, 0..job.cases, &mut seen)?;
        written.push(target);
    }
    staged.publish()?;
    Ok(SynthSummary {
        claims: written,
        inputs: Vec::new(),
        groups: synth.reachable(),
        unreachable: synth.unreachable().to_vec(),
    })
}

/// The name of the file of a year.
fn in_year(out: &Path, year: i16) -> PathBuf {
    let stem = out.file_stem().unwrap_or_default().to_string_lossy();
    out.with_file_name(format!("{stem}-{year:04}.parquet"))
}
