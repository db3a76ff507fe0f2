//! The payment units beside groups (多元支付): negotiated drugs, TCM by efficacy, bed-days, day
//! surgery, quotas, items, capitation, community care and family doctors.
//!
//! Their parameters begin with `unit.` and are dated and sourced like all others. They stand in the
//! policy file or in TOML files of the folder `units` beside the policy's sources; the tables of
//! units are CSV files of that folder.

mod bed_days;
mod keys;
mod load;
mod problem;
mod resolve;
mod shapes;
mod tables;
mod terms;

pub use problem::UnitProblem;
pub use terms::*;

pub(super) use keys::keys;
pub(super) use load::load;
pub(super) use resolve::resolve;
pub(super) use tables::Table;

use super::Described;
use super::sources::Sources;
use jiff::civil::Date;

/// The rows of tables that hold on a day, for people.
pub(super) fn describe(tables: &[Table], date: Date, sources: &Sources) -> Vec<Described> {
    let mut rows = Vec::new();
    for table in tables {
        for row in table.rows.iter().filter(|row| row.holds_on(date)) {
            let Some(source) = sources.find(&row.source) else {
                continue;
            };
            rows.push(Described {
                key: table.shape.key,
                value: row.in_words(table.shape),
                unit: None,
                from: row.from,
                until: row.until,
                source: source.clone(),
                note: row.note.clone(),
                file: table.file.clone(),
                line: row.line,
            });
        }
    }
    rows
}

/// The days on which rows of tables begin or end.
pub(super) fn changes(tables: &[Table]) -> impl Iterator<Item = Date> {
    let rows = tables.iter().flat_map(|table| &table.rows);
    rows.flat_map(|row| {
        let after = row.until.and_then(|until| until.tomorrow().ok());
        [Some(row.from), after].into_iter().flatten()
    })
}

#[cfg(test)]
mod tests;
