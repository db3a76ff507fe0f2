//! The second pass of a settlement, when the pools know what a point is worth: pays every case and
//! writes what is left.

use super::barrier::Settled;
use super::cases::Sums;
use super::closing_tables::write_all as write_closing;
use super::first_pass::{FirstPass, Record};
use super::late::{Late, append_late};
use super::links::{self, LinkNote};
use super::payments::Payments;
use super::pools::pay;
use super::setting::Setting;
use super::statements::Statements;
use super::tallies::TallyBook;
use super::{PoolReport, SettleJob, UnitTotals, basis, people, reports, units};
use crate::Error;
use crate::manifest::OutputFile;
use crate::run::Run;
use crate::table::TableWriter;
use std::collections::BTreeMap;
use std::path::Path;

/// What the second pass leaves.
pub(super) struct Paid {
    pub(super) unit_totals: UnitTotals,
    pub(super) record: Record,
    pub(super) outputs: Vec<OutputFile>,
}

/// Pays every case and writes everything but the findings.
pub(super) fn second_pass(
    (run, job, folder): (&Run<'_>, &SettleJob<'_>, &Path),
    setting: &Setting<'_>,
    found: &Settled,
    pass: FirstPass,
) -> Result<Paid, Error> {
    let FirstPass {
        mut writer,
        mut sums,
        mut record,
        ..
    } = pass;
    let late = Late {
        points: record.points.take(),
        adjusted: &pass.adjusted,
        payments: Payments::new(folder, run.files.rows)?,
    };
    let tallies = TallyBook::new(folder, setting.means.count())?;
    let ledger = (&pass.ledger, late.adjusted, &tallies);
    let into = (&late.payments, run.progress);
    run.pool
        .install(|| pay(setting, ledger, &found.pools, into))?;
    let unit_totals = UnitTotals::new(
        setting,
        (&tallies, late.adjusted),
        (&sums.units, &found.lines),
    )?;
    let tables = write_tables(folder, setting, (found, &unit_totals), &mut sums)?;
    let chunks = std::mem::take(&mut record.chunks);
    let encoding = (&pass.encoder, &pass.names);
    let of = (&found.pools[..], &found.closing, &tallies);
    let statements = Statements::new((job, setting), of, &found.lines);
    // One thread writes the cases most of the time, so others have time for the statements.
    let (appended, accounts) = run.pool.join(
        || append_late(run, &mut writer, encoding, (chunks, &late)),
        || write_accounts(folder, &statements, pass.notes),
    );
    appended?;
    let mut outputs = vec![of_cases(run.files.rows, writer)?];
    outputs.extend(tables);
    outputs.extend(accounts?);
    Ok(Paid {
        unit_totals,
        record,
        outputs,
    })
}

/// The tables beside the cases: hospitals, pools, lines and whatever units and closing add.
fn write_tables(
    folder: &Path,
    setting: &Setting<'_>,
    (found, totals): (&Settled, &UnitTotals),
    sums: &mut Sums,
) -> Result<Vec<OutputFile>, Error> {
    let mut outputs = write_reports(folder, setting, &found.pools, sums)?;
    outputs.extend(setting.verdicts.outputs(folder)?);
    let lines = (&found.lines[..], totals);
    outputs.extend(units::write(folder, setting, lines, &mut sums.units)?);
    let is_year = setting.period.is_year();
    outputs.extend(write_closing(folder, &found.closing, is_year)?);
    let with = (setting.policy, setting);
    outputs.extend(people::write(folder, &found.people, with)?);
    outputs.extend(found.holdings.write(folder)?);
    Ok(outputs)
}

fn write_reports(
    folder: &Path,
    setting: &Setting<'_>,
    pools: &[PoolReport],
    sums: &Sums,
) -> Result<Vec<OutputFile>, Error> {
    let names = hospital_names(setting);
    let name_of = |id: &str| {
        names
            .get(id)
            .cloned()
            .unwrap_or_else(|| (id.to_owned(), String::new()))
    };
    Ok(vec![
        reports::hospitals(folder, pools, name_of)?,
        reports::pools(folder, pools, setting.terms.value.published_places)?,
        reports::groups(folder, setting.plan, &sums.groups)?,
        reports::subpools(folder, pools)?,
        reports::budget_lines(folder, &setting.pools.all)?,
    ])
}

/// Statements, what links cases, and copies of what the run was made by.
fn write_accounts(
    folder: &Path,
    statements: &Statements<'_>,
    notes: Vec<LinkNote>,
) -> Result<Vec<OutputFile>, Error> {
    let mut outputs = statements.write(folder)?;
    if links::is_linked(statements.setting) {
        outputs.push(links::note::write(folder, statements.setting, notes)?);
    }
    outputs.extend(basis::write(folder, statements.job)?);
    Ok(outputs)
}

pub(super) fn hospital_names(setting: &Setting<'_>) -> BTreeMap<String, (String, String)> {
    let last = setting.hospitals.iter().filter_map(|rows| rows.last());
    last.map(|row| {
        (
            row.hospital_id.clone(),
            (row.name.clone(), row.level.clone()),
        )
    })
    .collect()
}

fn of_cases(rows: u64, writer: TableWriter) -> Result<OutputFile, Error> {
    Ok(OutputFile::new("cases.parquet", rows, writer.finish()?))
}
