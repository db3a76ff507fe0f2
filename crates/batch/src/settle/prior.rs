//! Last year's settlement of each pool.

use super::SettleJob;
use super::cases::{CaseWorker, SettledRows, Sums};
use super::links::Links;
use super::needs::needs;
use super::setting::{Pool, Setting};
use crate::group::with_fingerprints;
use crate::inputs::{InputTable, Inputs, Prior};
use crate::read::ClaimFiles;
use crate::run::{Run, Stage};
use crate::table::CHUNK_ROWS;
use crate::{Error, Progress};
use drgdip_points::pool::PriorYear;
use drgdip_points::{PointValue, Points};
use drgdip_tables::policy::{Calibration, PolicyAt, ValueModel};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Mutex;

/// Whether the policy's model builds on last year's settlement, and a table must state it.
///
/// With last year's claims at hand, only a value that no policy states must come from the table.
pub(super) fn needs_prior(terms: &PolicyAt, job: &SettleJob<'_>) -> bool {
    uses_prior(terms) && (job.prior_claims.is_empty() || takes_value(terms))
}

fn uses_prior(terms: &PolicyAt) -> bool {
    matches!(terms.value.model, ValueModel::BaselineIncrement(_))
}

/// Whether last year's value is needed and the policy states no initial one.
fn takes_value(terms: &PolicyAt) -> bool {
    let ValueModel::BaselineIncrement(rule) = &terms.value.model else {
        return false;
    };
    let is_by_value = matches!(rule.calibration, Calibration::PriorValue { .. });
    is_by_value && terms.initial_values.is_empty()
}

/// Last year's settlement of each pool, where the policy's model needs it.
pub(super) struct Priors {
    pub(super) years: Vec<Option<PriorYear>>,
    /// The files of last year's claims, as a manifest names them.
    pub(super) claims: Option<Value>,
}

/// Reads or counts last year's settlement.
pub(super) fn priors(
    setting: &Setting<'_>,
    job: &SettleJob<'_>,
    pool: &rayon::ThreadPool,
    progress: &dyn Progress,
) -> Result<Priors, Error> {
    let pools = setting.pools.all.iter();
    if !uses_prior(&setting.terms) {
        return Ok(Priors {
            years: pools.map(|_| None).collect(),
            claims: None,
        });
    }
    if needs_prior(&setting.terms, job) {
        job.inputs.require(&[InputTable::Prior])?;
    }
    let (counted, claims) = match job.prior_claims {
        [] => (None, None),
        _ => {
            let (counted, claims) = count(setting, job, pool, progress)?;
            (Some(counted), Some(claims))
        }
    };
    let one = |(number, pool): (usize, &Pool)| {
        let value = value(pool, setting, job.inputs)?;
        let points = match &counted {
            Some(counted) => counted[number].clone(),
            None => stated(&pool.id, job.inputs),
        };
        Ok(Some(PriorYear {
            value,
            points,
            used: BTreeMap::new(),
        }))
    };
    let mut years = pools
        .enumerate()
        .map(one)
        .collect::<Result<Vec<_>, Error>>()?;
    super::year_to_date::take_off_used(setting, job, &mut years)?;
    Ok(Priors { years, claims })
}

/// The initial value that the policy states for a pool.
pub(super) fn initial(pool: &Pool, terms: &PolicyAt) -> Result<Option<PointValue>, Error> {
    let keys = [pool.id.as_str(), &pool.insurance, "all"];
    let stated = keys.iter().find_map(|key| terms.initial_values.get(*key));
    let place = || format!("policy {}, value.initial", terms.policy);
    stated
        .map(|value| PointValue::from_decimal(*value).map_err(|e| Error::input(place(), e)))
        .transpose()
}

fn stated(pool: &str, inputs: &Inputs) -> BTreeMap<String, Points> {
    let rows = inputs.prior.iter().filter(|row| row.pool == pool);
    let points = |row: &Prior| Points::from_ten_thousandths(row.points);
    rows.map(|row| (row.hospital_id.clone(), points(row)))
        .collect()
}

/// Last year's value of a pool: the table's, or else the initial one that the policy states.
fn value(pool: &Pool, setting: &Setting<'_>, inputs: &Inputs) -> Result<PointValue, Error> {
    let rows = inputs.prior.iter().filter(|row| row.pool == pool.id);
    let mut values: Vec<i64> = rows.filter_map(|row| row.value).collect();
    values.sort_unstable();
    values.dedup();
    let place = format!("prior, pool {}", pool.id);
    match values[..] {
        [value] => {
            PointValue::from_decimal(Decimal::new(value, 4)).map_err(|e| Error::input(&place, e))
        }
        [] => match initial(pool, &setting.terms)? {
            Some(value) => Ok(value),
            None if !takes_value(&setting.terms) => Ok(PointValue::zero()),
            None => {
                let problem = "there is no row that states last year's point value.";
                Err(Error::input(&place, problem).with_hint("Add the pool's rows."))
            }
        },
        _ => {
            let problem = "the rows state more than one point value.";
            Err(Error::input(&place, problem).with_hint("A pool has one value a year."))
        }
    }
}

/// Points of last year's claims by this year's plan, policy and coefficients, pool by pool.
///
/// Source: `policies/payment.md`: last year's volume is regrouped and weighed anew before it
/// becomes a baseline. Claims of the whole calendar year before count; season shares apply to them.
fn count(
    setting: &Setting<'_>,
    job: &SettleJob<'_>,
    pool: &rayon::ThreadPool,
    progress: &dyn Progress,
) -> Result<(Vec<BTreeMap<String, Points>>, Value), Error> {
    let mut before = setting.in_year_before()?;
    let files = ClaimFiles::open(job.prior_claims, &needs(&before), job.read, None)?;
    let run = Run {
        files: &files,
        pool,
        chunk_rows: CHUNK_ROWS,
        progress,
    };
    progress.stage("check keys of last year", Some(files.rows));
    let folder =
        tempfile::tempdir().map_err(|e| Error::file(job.out, "write temporary files", &e))?;
    before.verdicts = super::verdicts::find(&run, folder.path())?;
    progress.stage("regroup last year", Some(files.rows));
    let links = Links::new(&before, folder.path())?;
    let sums = Mutex::new(Sums::default());
    let stage = PriorStage {
        setting: &before,
        files: &files,
        links: &links,
        sums: &sums,
    };
    let ((), fingerprints) = with_fingerprints(&run, || run.stage(&stage, |()| Ok(())))?;
    let named = files.files.iter().zip(fingerprints).map(|(file, fingerprint)| {
        json!({ "file": file.label, "rows": file.rows(), "sha256": fingerprint.sha256 })
    });
    let named: Value = named.collect();
    let mut sums = std::mem::take(&mut *sums.lock().expect("no worker panicked"));
    sums.exchange(&links.settle(&before)?)?;
    let mut counted = vec![BTreeMap::new(); setting.pools.all.len()];
    for (account, totals) in &sums.accounts {
        let id = &setting.hospitals[account.hospital as usize][0].hospital_id;
        let of = &mut counted[usize::from(account.pool)];
        of.insert(id.clone(), totals.points()?);
    }
    Ok((counted, named))
}

/// The first pass over last year's claims: only the sums are kept.
struct PriorStage<'s> {
    setting: &'s Setting<'s>,
    files: &'s ClaimFiles,
    links: &'s Links,
    sums: &'s Mutex<Sums>,
}

impl Stage for PriorStage<'_> {
    type Worker<'s>
        = CaseWorker<'s>
    where
        Self: 's;
    type Rows = SettledRows;
    type Encoded = ();

    fn worker(&self) -> CaseWorker<'_> {
        CaseWorker::new(self.setting, (None, self.links), (self.files, self.sums))
    }

    fn join(&self, _: &mut SettledRows, _: SettledRows) {}

    fn encode(&self, _: usize, _: SettledRows) -> Result<(), Error> {
        Ok(())
    }
}
