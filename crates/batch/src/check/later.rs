//! What is asked across claims, after the pass over all of them.

use super::CheckRules;
use super::asked::AskedOfFile;
use super::extremes::CostBook;
use super::people::{Pair, PersonBook};
use super::rows::{RuleRow, RuleTable};
use super::stage::CheckStage;
use super::tally::{HospitalTally, Tally};
use crate::duplicates::hash_id;
use crate::read::{ClaimFile, ClaimFiles, Column};
use crate::{Error, Progress};
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use drgdip_claims::{Rule, Yuan};
use std::collections::{HashMap, HashSet};

/// So many findings across claims are named and written at a time.
const AT_A_TIME: usize = 1 << 17;

/// So many bytes of the stays of a part are sorted in memory.
const IN_MEMORY: usize = 16 << 20;

/// The columns by which rows are named.
const NAMES: [Column; 3] = [Column::CaseId, Column::HospitalId, Column::PersonId];

/// The texts of a row by which it is named.
#[derive(Clone, Debug, Default)]
struct Named {
    case_id: Option<String>,
    hospital: Option<String>,
    person: Option<String>,
}

/// A finding whose texts are not yet known.
struct Unnamed {
    row: u64,
    rule: Rule,
    value: Value,
}

/// What stands in the value of a finding.
enum Value {
    /// The row's own id.
    OwnId,
    /// An amount in fen.
    Fen(i64),
    /// The id of another row, which must be about the same person.
    IdOf(u64),
}

/// What the later checks work on.
pub(super) struct Later<'l> {
    pub(super) rules: CheckRules<'l>,
    pub(super) files: &'l ClaimFiles,
    pub(super) asked: &'l [AskedOfFile],
    pub(super) tally: &'l Tally,
    pub(super) progress: &'l dyn Progress,
    /// The hashes of the ids that reversals cancel.
    pub(super) reversed: HashSet<u64>,
}

impl Later<'_> {
    /// Asks all of it and writes what is found.
    pub(super) fn all(
        &self,
        stage: &CheckStage<'_>,
        table: &mut RuleTable<'_>,
    ) -> Result<(), Error> {
        self.repeated(stage, table)?;
        self.people(&stage.people, table)?;
        self.costs(&stage.costs, table)
    }

    fn repeated(&self, stage: &CheckStage<'_>, table: &mut RuleTable<'_>) -> Result<(), Error> {
        let repeated = stage.ids.duplicates(self.files)?;
        for rows in repeated.some_at_a_time(AT_A_TIME) {
            self.progress.look()?;
            let unnamed = rows.into_iter().map(|row| Unnamed {
                row,
                rule: Rule::CaseRepeated,
                value: Value::OwnId,
            });
            self.write(unnamed.collect(), table)?;
        }
        Ok(())
    }

    fn people(&self, people: &PersonBook, table: &mut RuleTable<'_>) -> Result<(), Error> {
        let within = self.rules.checks.limits.readmission_days;
        let mut waiting = Vec::new();
        for part in 0..PersonBook::parts() {
            self.progress.look()?;
            people.pairs(part, (within, IN_MEMORY), |pair| {
                waiting.extend(self.of_pair(pair));
                match waiting.len() < AT_A_TIME {
                    true => Ok(()),
                    false => self.write(std::mem::take(&mut waiting), table),
                }
            })?;
        }
        self.write(waiting, table)
    }

    /// The finding of a pair, where the file of the row is asked for it.
    fn of_pair(&self, pair: Pair) -> Option<Unnamed> {
        let rule = match pair.overlap {
            true => Rule::StaysOverlap,
            false => Rule::Readmitted,
        };
        let (file, _) = self.files.place(pair.row);
        self.asked[file.number].rules.has(rule).then_some(Unnamed {
            row: pair.row,
            rule,
            value: Value::IdOf(pair.other),
        })
    }

    fn costs(&self, costs: &CostBook, table: &mut RuleTable<'_>) -> Result<(), Error> {
        let share = self.rules.checks.limits.extreme_share;
        let Some(usual) = costs.usual(share)? else {
            return Ok(());
        };
        for part in 0..CostBook::parts() {
            self.progress.look()?;
            for some in costs.beyond(part, usual)?.chunks(AT_A_TIME) {
                let unnamed = some.iter().map(|(row, fen)| Unnamed {
                    row: *row,
                    rule: Rule::CostADayExtreme,
                    value: Value::Fen(*fen),
                });
                self.write(unnamed.collect(), table)?;
            }
        }
        Ok(())
    }

    /// Whether two rows are no stays of one person after all: persons whose hashes meet, a row and
    /// its repetition, and what a reversal cancels.
    fn is_no_pair(&self, own: &Named, other: &Named) -> bool {
        let is_cancelled = |named: &Named| {
            let id = named.case_id.as_deref();
            id.is_some_and(|id| self.reversed.contains(&hash_id(id)))
        };
        own.person != other.person
            || (own.case_id.is_some() && own.case_id == other.case_id)
            || is_cancelled(own)
            || is_cancelled(other)
    }

    /// Names findings by the texts of their rows, counts them and writes them.
    fn write(&self, found: Vec<Unnamed>, table: &mut RuleTable<'_>) -> Result<(), Error> {
        let others = found.iter().filter_map(|finding| match finding.value {
            Value::IdOf(other) => Some(other),
            Value::OwnId | Value::Fen(_) => None,
        });
        let mut rows: Vec<u64> = found
            .iter()
            .map(|finding| finding.row)
            .chain(others)
            .collect();
        rows.sort_unstable();
        rows.dedup();
        let names = self.files.read_rows(&rows, &NAMES, named)?;
        let name_of = |row: u64| {
            let place = rows.binary_search(&row).expect("the row was read");
            &names[place]
        };
        let mut counted: HashMap<String, HospitalTally> = HashMap::new();
        let mut written = Vec::with_capacity(found.len());
        for finding in found {
            let own = name_of(finding.row);
            let value = match finding.value {
                Value::OwnId => own.case_id.clone().unwrap_or_default(),
                Value::Fen(fen) => Yuan::from_fen(fen).to_string(),
                Value::IdOf(other) => {
                    let other = name_of(other);
                    if self.is_no_pair(own, other) {
                        continue;
                    }
                    other.case_id.clone().unwrap_or_default()
                }
            };
            let level = self
                .rules
                .checks
                .level(finding.rule)
                .expect("a rule that is asked is on");
            let hospital = own.hospital.clone().unwrap_or_default();
            let hospital = counted.entry(hospital).or_default();
            self.tally
                .count(hospital, (finding.row, finding.rule), level);
            written.push(RuleRow {
                row: finding.row,
                rule: finding.rule,
                column: finding.rule.column(),
                value,
                case_id: own.case_id.clone(),
                hospital: own.hospital.clone(),
            });
        }
        self.tally.add(counted);
        table.append(self.files, &written)
    }
}

/// The texts of one row.
fn named(file: &ClaimFile, batch: &RecordBatch, offset: usize) -> Result<Named, Error> {
    let text = |column| -> Result<Option<String>, Error> {
        let Some(position) = file.position_among(column, &NAMES) else {
            return Ok(None);
        };
        let cell = batch.column(position).slice(offset, 1);
        let cell = cast(&cell, &DataType::Utf8).map_err(|e| file.broken(&e))?;
        let cell = cell.as_string::<i32>();
        let is_there = cell.is_valid(0) && !cell.value(0).is_empty();
        Ok(is_there.then(|| cell.value(0).to_owned()))
    };
    Ok(Named {
        case_id: text(Column::CaseId)?,
        hospital: text(Column::HospitalId)?,
        person: text(Column::PersonId)?,
    })
}
