//! `units.parquet`: every step of every unit of people.

use super::{People, UnitRow};
use crate::Error;
use crate::manifest::OutputFile;
use crate::settle::columns::{MONEY, POINTS, decimals};
use crate::settle::reports::{self, texts};
use crate::settle::setting::Setting;
use drgdip_tables::Policy;
use drgdip_tables::policy::Described;
use std::collections::BTreeSet;
use std::path::Path;

/// The table of units of people.
pub(crate) const UNITS: &str = "units.parquet";

/// Writes the rows, each with the parameters behind it and their sources; nothing where no unit of
/// people took part.
pub(in crate::settle) fn write(
    folder: &Path,
    people: &People,
    (policy, setting): (&Policy, &Setting<'_>),
) -> Result<Option<OutputFile>, Error> {
    if people.rows.is_empty() {
        return Ok(None);
    }
    let stated = policy.describe(setting.period.last)?;
    write_rows(folder, people, &stated).map(Some)
}

fn write_rows(folder: &Path, people: &People, stated: &[Described]) -> Result<OutputFile, Error> {
    let rows = || people.rows.iter();
    let text = |of: fn(&UnitRow) -> &str| texts(rows().map(of));
    let said: Vec<(String, String)> = rows().map(|row| behind(row, stated)).collect();
    let quantities = decimals(rows().map(|row| row.quantity), &POINTS);
    let money = decimals(
        rows().map(|row| row.amount.map(|amount| amount.fen())),
        &MONEY,
    );
    let [quantities, money] = [quantities, money].map(|mut column| column.remove(0));
    reports::write(
        folder,
        UNITS,
        vec![
            ("region", text(|row| &row.region)),
            ("line", text(|row| row.line.code())),
            ("party", text(|row| row.party.kind)),
            ("party_id", text(|row| &row.party.id)),
            ("hospital_id", text(|row| &row.party.hospital)),
            ("role", text(|row| row.role.code())),
            ("item", text(|row| &row.item)),
            ("quantity", quantities),
            ("amount", money),
            ("arithmetic", text(|row| &row.arithmetic)),
            (
                "parameters",
                texts(said.iter().map(|(said, _)| said.as_str())),
            ),
            ("sources", texts(said.iter().map(|(_, tags)| tags.as_str()))),
        ],
    )
}

/// The parameters of a row as `key = value`, and their sources as `TAG (reliability)`.
fn behind(row: &UnitRow, stated: &[Described]) -> (String, String) {
    let mine = || stated.iter().filter(|said| row.keys.contains(&said.key));
    let shown = mine().map(|said| format!("{} = {}", said.key, said.value));
    let tags: BTreeSet<String> = mine()
        .map(|said| format!("{} ({})", said.source.tag, said.source.reliability.as_str()))
        .collect();
    let shown: Vec<String> = shown.collect();
    let tags: Vec<String> = tags.into_iter().collect();
    (shown.join("; "), tags.join("; "))
}
