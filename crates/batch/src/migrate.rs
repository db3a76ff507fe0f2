//! Groups claims by two plans at once and counts which cases land elsewhere.

use crate::group::{grouping_columns, thread_pool};
use crate::grouped::{GroupedRows, GroupingWorker, OutcomeCounts, PreparedPlan};
use crate::in_force::PlanChoice;
use crate::read::{ClaimFile, ClaimFiles, ReadOptions};
use crate::run::{Run, Stage, Worker};
use crate::table::CHUNK_ROWS;
use crate::{Error, Progress};
use arrow::array::{Array, RecordBatch};
use drgdip_grouper::Outcome;
use std::collections::BTreeMap;
use std::collections::HashMap;
use std::ops::Range;
use std::path::PathBuf;

/// How many cases a move names.
const EXAMPLES: usize = 3;

/// Which claims are grouped by which plans.
pub struct MigrateJob<'a> {
    /// Claim files, folders of them, or globs.
    pub claims: &'a [PathBuf],
    /// The first plan.
    pub before: &'a PreparedPlan,
    /// The second plan.
    pub after: &'a PreparedPlan,
    /// How claims are read.
    pub read: ReadOptions,
    /// How many threads work; `None` is one for each core.
    pub threads: Option<usize>,
}

/// Where a case lands by one plan.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Landing {
    /// `grouped`, `ambiguous`, `ungrouped` or `invalid`.
    pub status: &'static str,
    /// The MDC, for cases that have a group.
    pub mdc: Option<String>,
    /// The ADRG.
    pub adrg: Option<String>,
    /// The group.
    pub group: Option<String>,
}

/// Cases that land at one place by the first plan and at another by the second.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// Where they land by the first plan.
    pub before: Landing,
    /// Where they land by the second plan.
    pub after: Landing,
    /// How many there are.
    pub cases: u64,
    /// A few of them by their `case_id`.
    pub examples: Vec<String>,
}

/// How cases move from one plan to the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Migration {
    /// How many claims there were.
    pub cases: u64,
    /// How many land at the same place by both plans.
    pub unchanged: u64,
    /// What becomes of the cases by the first plan.
    pub before: OutcomeCounts,
    /// What becomes of them by the second plan.
    pub after: OutcomeCounts,
    /// The moves, the most frequent first, equally frequent ones by their places.
    pub moves: Vec<Move>,
}

/// Groups every claim by both plans in one pass.
///
/// # Errors
/// Unusable inputs and an interruption.
pub fn migrate(job: &MigrateJob<'_>, progress: &dyn Progress) -> Result<Migration, Error> {
    let mut needs = grouping_columns();
    for plan in [job.before, job.after] {
        needs.required.extend(PlanChoice::from(plan).columns());
    }
    let files = ClaimFiles::open(job.claims, &needs, job.read, None)?;
    let pool = thread_pool(job.threads)?;
    let stage = Migrating {
        plans: [job.before, job.after],
    };
    progress.stage("migrate", Some(files.rows));
    let run = Run {
        files: &files,
        pool: &pool,
        chunk_rows: CHUNK_ROWS,
        progress,
    };
    let mut all = Counts::default();
    run.stage(&stage, |counts: Counts| {
        all.join(counts);
        Ok(())
    })?;
    Ok(all.finish(&stage.plans, files.rows))
}

struct Migrating<'p> {
    plans: [&'p PreparedPlan; 2],
}

/// Cases by their two outcomes.
#[derive(Default)]
struct Counts {
    by_outcomes: HashMap<[Outcome; 2], Tally>,
    outcomes: [OutcomeCounts; 2],
}

#[derive(Default)]
struct Tally {
    cases: u64,
    /// The first few, in the order of the input.
    examples: Vec<String>,
}

impl Counts {
    /// Adds counts of later rows.
    fn join(&mut self, later: Self) {
        for (outcomes, tally) in later.by_outcomes {
            let all = self.by_outcomes.entry(outcomes).or_default();
            all.cases += tally.cases;
            let missing = EXAMPLES - all.examples.len();
            all.examples
                .extend(tally.examples.into_iter().take(missing));
        }
        for (all, later) in self.outcomes.iter_mut().zip(later.outcomes) {
            all.add(&later);
        }
    }

    fn finish(self, plans: &[&PreparedPlan; 2], cases: u64) -> Migration {
        let [before, after] = self.outcomes;
        let mut migration = Migration {
            cases,
            before,
            after,
            ..Migration::default()
        };
        // Outcomes with the same landing differ in their reasons only, and are one road.
        let mut roads: BTreeMap<(Landing, Landing), Tally> = BTreeMap::new();
        for ([before, after], tally) in self.by_outcomes {
            let road = (landing(plans[0], before), landing(plans[1], after));
            if road.0 == road.1 {
                migration.unchanged += tally.cases;
                continue;
            }
            let all = roads.entry(road).or_default();
            all.cases += tally.cases;
            all.examples.extend(tally.examples);
        }
        let moves = roads.into_iter().map(|((before, after), mut tally)| {
            tally.examples.sort_unstable();
            tally.examples.truncate(EXAMPLES);
            Move {
                before,
                after,
                cases: tally.cases,
                examples: tally.examples,
            }
        });
        migration.moves = moves.collect();
        migration
            .moves
            .sort_by_key(|cases| std::cmp::Reverse(cases.cases));
        migration
    }
}

fn landing(plan: &PreparedPlan, outcome: Outcome) -> Landing {
    let group = outcome.group();
    let names = group.map(|index| &plan.grouper.groups()[usize::from(index.0)]);
    Landing {
        status: outcome.status(),
        mdc: names.map(|names| names.mdc.clone()),
        adrg: names.map(|names| names.adrg.clone()),
        group: names.map(|names| names.group.clone()),
    }
}

impl Stage for Migrating<'_> {
    type Worker<'s>
        = MigrateWorker<'s>
    where
        Self: 's;
    type Rows = Counts;
    type Encoded = Counts;

    fn worker(&self) -> MigrateWorker<'_> {
        MigrateWorker {
            sides: self.plans.map(|plan| GroupingWorker::new(plan.into())),
        }
    }

    fn join(&self, earlier: &mut Counts, later: Counts) {
        earlier.join(later);
    }

    fn encode(&self, _chunk: usize, rows: Counts) -> Result<Counts, Error> {
        Ok(rows)
    }
}

struct MigrateWorker<'s> {
    sides: [GroupingWorker<'s>; 2],
}

impl Worker for MigrateWorker<'_> {
    type Rows = Counts;

    fn load(&mut self, file: &ClaimFile, batch: RecordBatch) -> Result<(), Error> {
        for side in &mut self.sides {
            side.load(file, &batch, |column| file.position(column, false))?;
        }
        Ok(())
    }

    fn take(
        &mut self,
        span: Range<usize>,
        first_row: u64,
        rows: &mut Option<Counts>,
    ) -> Result<(), Error> {
        let counts = rows.get_or_insert_default();
        let [before, after] = [0, 1].map(|side| {
            let mut grouped = GroupedRows::default();
            let mut outcomes = Vec::with_capacity(span.len());
            self.sides[side].take(span.clone(), first_row, &mut grouped, |_, grouping, _| {
                outcomes.push(grouping.outcome)
            });
            grouped.count(&mut counts.outcomes[side]);
            outcomes
        });
        let ids = self.sides[0].case_ids();
        for (row, outcomes) in span.zip(before.into_iter().zip(after)) {
            let tally = counts.by_outcomes.entry(outcomes.into()).or_default();
            tally.cases += 1;
            if tally.examples.len() < EXAMPLES && ids.is_valid(row) {
                tally.examples.push(ids.value(row).to_owned());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use drgdip_grouper::{InvalidReason, UngroupedReason};
    use drgdip_tables::load_plan;

    fn counts(outcomes: [Outcome; 2], examples: &[&str]) -> Counts {
        let mut counts = Counts::default();
        let tally = Tally {
            cases: examples.len() as u64,
            examples: examples.iter().map(|id| (*id).to_owned()).collect(),
        };
        counts.by_outcomes.insert(outcomes, tally);
        counts
    }

    #[test]
    fn cases_count_as_moved_when_they_land_elsewhere_not_for_another_reason() {
        let plan = PreparedPlan::of(load_plan("chs-drg-1.1").unwrap()).unwrap();
        let no_mdc = Outcome::Ungrouped(UngroupedReason::NoMdc);
        let no_adrg = Outcome::Ungrouped(UngroupedReason::NoAdrg);
        let invalid = Outcome::Invalid(InvalidReason::SexMissing);
        let mut all = counts([no_mdc, no_adrg], &["a"]);
        all.join(counts([no_mdc, invalid], &["d", "c"]));
        all.join(counts([no_mdc, invalid], &["b", "e"]));
        all.join(counts([no_adrg, invalid], &["f"]));
        let migration = all.finish(&[&plan, &plan], 6);
        assert_eq!((migration.cases, migration.unchanged), (6, 1));
        let [cases] = &migration.moves[..] else {
            panic!("one road: {:?}", migration.moves)
        };
        assert_eq!(
            (cases.before.status, cases.after.status, cases.cases),
            ("ungrouped", "invalid", 5)
        );
        assert_eq!(cases.examples, ["b", "c", "d"]);
    }
}
