//! What people decided about the proposals of a catalogue.

use super::cells::Row;
use super::columns::{Column, optional, required};
use super::sheet::Cells;
use super::table::TextTable;
use crate::Error;
use std::path::Path;

/// A proposal that people accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// What was proposed.
    pub kind: String,
    /// The groups that it is about.
    pub groups: Vec<String>,
    /// What shall be.
    pub value: String,
    /// File and line, for messages.
    pub place: String,
}

/// A file of decisions as a manifest names it: path, sha256, rows.
type DecidedFile = (String, String, u64);

const COLUMNS: &[Column] = &[
    required("kind", Cells::Text),
    required("groups", Cells::Text),
    required("value", Cells::Text),
    required("decision", Cells::Text),
    optional("cases", Cells::Text),
    optional("mean_cost", Cells::Text),
    optional("cv", Cells::Text),
    optional("evidence", Cells::Text),
    optional("reason", Cells::Text),
];

/// Reads the rows whose decision is `accept`; `reject` and an empty decision change nothing.
///
/// # Errors
/// As for every input table, another word as decision, and an accepted row without a value.
pub fn accepted(path: &Path) -> Result<(Vec<Accepted>, DecidedFile), Error> {
    let table = TextTable::open(path, COLUMNS)?;
    let mut accepted = Vec::new();
    for row in Row::all(&table) {
        match row.text("decision").as_deref().unwrap_or("") {
            "accept" => {}
            "reject" | "" => continue,
            other => {
                let problem = format!("{other:?} is no decision; write accept, reject or nothing.");
                return Err(row.wrong("decision", problem));
            }
        }
        let groups = row.required("groups")?;
        accepted.push(Accepted {
            kind: row.required("kind")?,
            groups: groups.split(';').map(str::to_owned).collect(),
            value: row.required("value")?,
            place: table.place(row.row.number, "groups"),
        });
    }
    let rows = table.rows.len() as u64;
    Ok((accepted, (table.label.clone(), table.sha256.clone(), rows)))
}
