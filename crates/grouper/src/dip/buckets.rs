//! Which rows a principal diagnosis leads to.

use super::rows::{CompiledTreatment, Row};
use crate::case::CaseCode;
use drgdip_tables::GroupingPlan;
use drgdip_tables::dip::DipCatalogue;
use drgdip_tables::dip::codes::{begins, prefixes};
use drgdip_tables::dip::tie_break::Candidates;
use std::collections::{BTreeMap, HashMap};

/// A row as a bucket has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry {
    /// The procedure by which the row is found; 0 where it is found without one.
    pub(crate) operand: u32,
    pub(crate) row: u32,
    /// How many characters the longest of its keys has that takes the principal diagnosis.
    pub(crate) key: u32,
}

/// Consecutive entries.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Span {
    from: u32,
    until: u32,
}

/// The rows of a step that are found by procedures, sorted by these.
pub(crate) const PROCEDURES: usize = 0;
/// The rows that take any treatment.
pub(crate) const ANY: usize = 1;
/// The rows that take conservative treatment.
pub(crate) const CONSERVATIVE: usize = 2;

/// The rows by what principal diagnoses begin with.
#[derive(Debug)]
pub(crate) struct Buckets {
    /// By code id.
    bucket_of: Vec<u32>,
    /// By bucket and step.
    spans: Vec<[Span; 3]>,
    steps: usize,
    entries: Vec<Entry>,
}

/// Rows with the length of the key by which they are in a bucket.
type Found = BTreeMap<u32, u32>;

impl Buckets {
    /// The bucket of diagnoses that no key takes.
    pub(crate) const NONE: u32 = 0;

    /// The buckets, and by step the rows for any principal diagnosis.
    pub(crate) fn new(
        plan: &GroupingPlan,
        catalogue: &DipCatalogue,
        rows: &[Row],
    ) -> (Self, Vec<[Span; 3]>) {
        let mut by_key: HashMap<&str, Vec<u32>> = HashMap::new();
        let mut open = Found::new();
        for (number, row) in (0..).zip(&catalogue.rows) {
            for key in &row.keys {
                by_key.entry(key).or_default().push(number);
            }
            if row.keys.is_empty() {
                open.insert(number, 0);
            }
        }
        let mut buckets = Self {
            bucket_of: Vec::with_capacity(plan.codes.len()),
            spans: Vec::new(),
            steps: catalogue.steps.len(),
            entries: Vec::new(),
        };
        let (open, none) = (
            buckets.add(catalogue, rows, &open),
            buckets.add(catalogue, rows, &Found::new()),
        );
        buckets.spans.extend(none);
        let mut known: HashMap<Vec<&str>, u32> = HashMap::from([(Vec::new(), Self::NONE)]);
        for text in plan.codes.texts() {
            let keys = prefixes(begins(text)).filter(|key| by_key.contains_key(key));
            let keys: Vec<&str> = keys.collect();
            let bucket = match known.get(&keys) {
                Some(bucket) => *bucket,
                None => {
                    let mut found = Found::new();
                    for key in &keys {
                        let length = u32::try_from(key.len()).expect("keys are short");
                        found.extend(by_key[key].iter().map(|row| (*row, length)));
                    }
                    let spans = buckets.add(catalogue, rows, &found);
                    let next = u32::try_from(known.len()).expect("fewer than 2^32 buckets");
                    buckets.spans.extend(spans);
                    known.insert(keys, next);
                    next
                }
            };
            buckets.bucket_of.push(bucket);
        }
        (buckets, open)
    }

    /// Adds rows; the answer is their spans by step.
    fn add(&mut self, catalogue: &DipCatalogue, rows: &[Row], found: &Found) -> Vec<[Span; 3]> {
        let mut spans = Vec::with_capacity(catalogue.steps.len());
        for step in &catalogue.steps {
            let mut sorts: [Vec<Entry>; 3] = Default::default();
            for (number, key) in found {
                let row = &rows[*number as usize];
                if step.layers.contains(&row.layer) {
                    enter(&mut sorts, row, (*number, *key), catalogue);
                }
            }
            spans.push(sorts.map(|mut entries| {
                entries.sort_unstable();
                entries.dedup();
                let from = self.entries.len();
                self.entries.extend(entries);
                let place = |at: usize| u32::try_from(at).expect("fewer than 2^32 entries");
                Span {
                    from: place(from),
                    until: place(self.entries.len()),
                }
            }));
        }
        spans
    }

    /// The bucket of a principal diagnosis.
    pub(crate) fn of(&self, principal: CaseCode) -> u32 {
        self.bucket_of
            .get(principal.index())
            .copied()
            .unwrap_or(Self::NONE)
    }

    /// The rows of a bucket in a step.
    pub(crate) fn spans(&self, bucket: u32, step: usize) -> [Span; 3] {
        self.spans[bucket as usize * self.steps + step]
    }

    pub(crate) fn entries(&self, span: Span) -> &[Entry] {
        &self.entries[span.from as usize..span.until as usize]
    }
}

/// Enters a row under each procedure by which it must be found.
fn enter(
    sorts: &mut [Vec<Entry>; 3],
    row: &Row,
    (number, key): (u32, u32),
    catalogue: &DipCatalogue,
) {
    let entry = |operand| Entry {
        operand,
        row: number,
        key,
    };
    match &row.treatment {
        CompiledTreatment::Any => sorts[ANY].push(entry(0)),
        CompiledTreatment::Conservative => sorts[CONSERVATIVE].push(entry(0)),
        CompiledTreatment::Procedures(alternatives) => {
            for codes in alternatives {
                // Where the main procedure must lead, any of the codes may be it; otherwise all of
                // them are there if the alternative holds, so that the first is enough.
                let least = match catalogue.tie_break.candidates {
                    Candidates::Main => codes.len(),
                    Candidates::Any | Candidates::All => 1,
                };
                let found_by = codes.iter().take(least);
                sorts[PROCEDURES].extend(found_by.map(|operand| entry(*operand)));
            }
        }
    }
}
