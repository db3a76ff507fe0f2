//! Codes that facts state twice under one parent: a plan states each once, with the same outcome.

use super::table::{FactRow, FactTable};
use std::collections::HashMap;

/// The rows of the ADRGs; one that is repeated in its MDC with the same rule is left out, because
/// a case that the first lets go would be let go again.
pub(super) fn adrgs(table: &FactTable<7>, notes: &mut Vec<String>) -> Vec<FactRow<7>> {
    let key = |row: &FactRow<7>| [0, 2, 5].map(|column| row.cells[column].clone());
    let mut seen = std::collections::HashSet::new();
    let (kept, repeated): (Vec<_>, Vec<_>) = table
        .rows
        .iter()
        .cloned()
        .partition(|row| seen.insert(key(row)));
    note(
        repeated.iter().map(|row| row.cells[2].as_str()),
        notes,
        "ADRGs are stated twice with the same rule, once is kept",
    );
    kept
}

/// The rows of the groups; one that is repeated in its ADRG becomes one row.
///
/// Its rule takes what either row takes, the later row without what stands between the two.
pub(super) fn drgs(table: &FactTable<5>, notes: &mut Vec<String>) -> Vec<FactRow<5>> {
    let mut kept: Vec<FactRow<5>> = Vec::with_capacity(table.rows.len());
    let mut at: HashMap<(String, String), usize> = HashMap::new();
    let mut repeated = Vec::new();
    for row in &table.rows {
        let [adrg, _, drg, _, rule] = &row.cells;
        let key = (adrg.clone(), drg.clone());
        let Some(first) = at.get(&key).copied() else {
            at.insert(key, kept.len());
            kept.push(row.clone());
            continue;
        };
        repeated.push(drg.as_str());
        let between = kept[first + 1..]
            .iter()
            .filter(|other| other.cells[0] == *adrg);
        let but: String = between
            .map(|other| format!(" and not ({})", other.cells[4]))
            .collect();
        let merged = format!("({}) or (({rule}){but})", kept[first].cells[4]);
        kept[first].cells[4] = merged;
    }
    note(
        repeated.into_iter(),
        notes,
        "Groups are stated twice in their ADRG, their rules are joined",
    );
    kept
}

fn note<'r>(codes: impl Iterator<Item = &'r str>, notes: &mut Vec<String>, what: &str) {
    let codes: Vec<&str> = codes.collect();
    if !codes.is_empty() {
        notes.push(format!("{what}: {}.", codes.join(", ")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(line: u64, [adrg, order, drg, rule]: [&str; 4]) -> FactRow<5> {
        let cells = [adrg, order, drg, "", rule].map(str::to_owned);
        FactRow { line, cells }
    }

    #[test]
    fn a_group_stated_twice_takes_what_both_rows_take_in_their_order() {
        let rows = [
            ["A1", "1", "A11", "mcc"],
            ["A1", "2", "A12", "cc"],
            ["B1", "1", "B11", "true"],
            ["A1", "3", "A11", "no_op"],
        ];
        let rows = (2..).zip(rows).map(|(line, row)| group(line, row));
        let table = FactTable {
            name: "drg.tsv".to_owned(),
            numbering: super::super::table::Numbering::Lines,
            columns: super::super::table::DRG.map(Into::into),
            rows: rows.collect(),
        };
        let mut notes = Vec::new();
        let kept = drgs(&table, &mut notes);
        let rules: Vec<&str> = kept.iter().map(|row| row.cells[4].as_str()).collect();
        assert_eq!(rules, ["(mcc) or ((no_op) and not (cc))", "cc", "true"]);
        assert_eq!(
            notes,
            ["Groups are stated twice in their ADRG, their rules are joined: A11."]
        );
    }
}
