//! How many claims and findings there are, by hospital and rule.

use crate::row_set::RowSet;
use drgdip_claims::{FindingSeverity, Rule};
use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;

/// What is counted of one hospital.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct HospitalTally {
    pub(super) claims: u64,
    /// Claims with a finding that rejects.
    pub(super) rejected: u64,
    /// Other claims with a finding that warns. Partial counts may fall below zero: a later finding
    /// can reject a claim that was counted here.
    pub(super) warned: i64,
    pub(super) rules: BTreeMap<Rule, u64>,
}

/// The counts of a run, by hospital; claims that name none are counted under an empty one.
pub(super) struct Tally {
    hospitals: Mutex<HashMap<String, HospitalTally>>,
    /// The rows with a finding that rejects, and those with one that warns.
    rejected: RowSet,
    warned: RowSet,
}

impl Tally {
    pub(super) fn new(rows: u64) -> Self {
        Self {
            hospitals: Mutex::default(),
            rejected: RowSet::new(rows),
            warned: RowSet::new(rows),
        }
    }

    /// Adds what a worker has counted.
    pub(super) fn add(&self, counted: HashMap<String, HospitalTally>) {
        let mut all = self.hospitals.lock().expect("no worker panicked");
        for (hospital, more) in counted {
            let sum = all.entry(hospital).or_default();
            sum.claims += more.claims;
            for (rule, count) in more.rules {
                *sum.rules.entry(rule).or_default() += count;
            }
            sum.rejected += more.rejected;
            sum.warned += more.warned;
        }
    }

    /// Takes a finding of a row into the counts of its hospital.
    pub(super) fn count(
        &self,
        hospital: &mut HospitalTally,
        (row, rule): (u64, Rule),
        level: FindingSeverity,
    ) {
        *hospital.rules.entry(rule).or_default() += 1;
        match level {
            FindingSeverity::Reject => {
                if !self.rejected.add(row) {
                    hospital.rejected += 1;
                    if self.warned.has(row) {
                        hospital.warned -= 1;
                    }
                }
            }
            FindingSeverity::Warn => {
                if !self.warned.add(row) && !self.rejected.has(row) {
                    hospital.warned += 1;
                }
            }
            FindingSeverity::Repaired => {}
        }
    }

    /// Whether a row has a finding that rejects.
    pub(super) fn rejects(&self, row: u64) -> bool {
        self.rejected.has(row)
    }

    /// The counts, by hospital in byte order.
    pub(super) fn hospitals(&self) -> BTreeMap<String, HospitalTally> {
        let all = self.hospitals.lock().expect("no worker panicked");
        all.iter()
            .map(|(id, counted)| (id.clone(), counted.clone()))
            .collect()
    }
}
