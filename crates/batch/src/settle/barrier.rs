//! The barrier: every case of every pool has its points, so pools and lines can be settled.

use super::carried::{Carried, Earlier, Holdings};
use super::closing::Closing;
use super::first_pass::FirstPass;
use super::journal::{Journal, LedgerRow, Month};
use super::pools::settle_pools;
use super::setting::Setting;
use super::units::LineReport;
use super::{PoolReport, SettleJob, people, units};
use crate::Error;
use drgdip_points::pool::PriorYear;
use drgdip_tables::policy::TcmHeld;

/// What a settlement writes into the ledger.
#[derive(Clone, Debug, Default)]
pub(crate) struct LedgerUpdate {
    /// What hospitals were prepaid for a month.
    rows: Vec<LedgerRow>,
    /// What a year leaves to the next.
    pub(super) carried: Carried,
}

impl LedgerUpdate {
    pub(super) fn entry<'m>(&self, job: &SettleJob<'m>, period: &'m str) -> Month<'m> {
        Month {
            period,
            policy: job.policy.id(),
            rows: self.rows.clone(),
            carried: self.carried.clone(),
        }
    }
}

/// What is found once every case of every pool has its points.
pub(super) struct Settled {
    pub(super) pools: Vec<PoolReport>,
    pub(super) lines: Vec<LineReport>,
    pub(super) people: people::People,
    pub(super) holdings: Holdings,
    pub(super) closing: Closing,
    pub(super) update: LedgerUpdate,
}

/// The barrier: pools, lines, units of people, and what is left to pay or to hold.
pub(super) fn at_barrier(
    job: &SettleJob<'_>,
    (setting, journal): (&mut Setting<'_>, &Journal),
    pass: &mut FirstPass,
    years: Vec<Option<PriorYear>>,
) -> Result<Settled, Error> {
    let is_year = setting.period.is_year();
    let earlier = earlier(job, setting, journal)?;
    earlier.raise(&mut setting.pools.all)?;
    let pools = settle_pools(setting, job.inputs, &pass.sums, years)?;
    let of_units = &mut pass.sums.units;
    let with = (&pools[..], &earlier);
    let lines = units::settle_lines(setting, of_units, &pass.adjusted, with)?;
    let audited = units::audited(setting, of_units, &pass.adjusted);
    setting.item_audits.book(audited.into_iter())?;
    let people = people::settle(setting, job.inputs, (&pools, &lines, &earlier))?;
    let own = std::mem::take(&mut of_units.holdings);
    let holdings = match is_year {
        true => Holdings::new(own, &earlier)?,
        false => Holdings::default(),
    };
    let closing = Closing::new(job, setting, (&pools, &holdings), journal)?;
    let mut update = LedgerUpdate {
        rows: closing.ledger_rows(),
        ..LedgerUpdate::default()
    };
    if is_year {
        update.carried = holdings.carried(setting, (&lines, &people.left))?;
    }
    if let Some(used) = job.ledger {
        // An entry with other amounts is refused before anything is published.
        journal.check(&update.entry(job, &setting.period.text), used.correction)?;
    }
    Ok(Settled {
        pools,
        lines,
        people,
        holdings,
        closing,
        update,
    })
}

/// What the year before left to the year that is cleared; nothing for a month.
fn earlier(
    job: &SettleJob<'_>,
    setting: &Setting<'_>,
    journal: &Journal,
) -> Result<Earlier, Error> {
    if !setting.period.is_year() {
        return Ok(Earlier::default());
    }
    let tcm = setting.terms.units.tcm.as_ref();
    let is_held = tcm.is_some_and(|terms| terms.held == TcmHeld::Ledger);
    if is_held && job.ledger.is_none() {
        let problem = "the policy holds the money of TCM cases over the year's end, in a ledger.";
        let hint = "Name the ledger folder with --ledger, or state unit.tcm.held = stated.";
        return Err(Error::usage(problem, hint));
    }
    let carried = journal.carried_into(&setting.period.text);
    Earlier::new(carried, setting, job.policy)
}
