//! The pass over all claims: every claim is asked by itself.

use super::CheckRules;
use super::asked::AskedOfFile;
use super::columns::Columns;
use super::extremes::{CostBook, CostPage};
use super::people::{PersonBook, PersonPage, StayOf};
use super::plans::PlanDesks;
use super::rows::RuleRow;
use super::tally::{HospitalTally, Tally};
use crate::Error;
use crate::duplicates::{IdBook, IdPage, hash_id};
use crate::read::ClaimFile;
use crate::run::{Stage, Worker};
use arrow::array::RecordBatch;
use drgdip_claims::Rule;
use drgdip_claims::check::{Asked, Facts, check};
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Mutex;

/// The findings of some rows, in row order.
pub(super) type Chunk = Vec<RuleRow>;

/// The pass as a stage of a run.
pub(super) struct CheckStage<'j> {
    pub(super) rules: CheckRules<'j>,
    pub(super) asked: &'j [AskedOfFile],
    pub(super) ids: IdBook,
    pub(super) people: PersonBook,
    pub(super) costs: CostBook,
    pub(super) tally: &'j Tally,
    /// The hashes of the ids that reversals cancel.
    pub(super) reversed: Mutex<HashSet<u64>>,
}

impl Stage for CheckStage<'_> {
    type Worker<'s>
        = CheckWorker<'s>
    where
        Self: 's;
    type Rows = Chunk;
    type Encoded = Chunk;

    fn worker(&self) -> CheckWorker<'_> {
        CheckWorker {
            stage: self,
            asked: None,
            plans: PlanDesks::new(self.rules),
            ids: self.ids.page(),
            people: self.people.page(),
            costs: self.costs.page(),
            hospitals: HashMap::new(),
            reversed: Vec::new(),
            columns: None,
        }
    }

    fn join(&self, earlier: &mut Chunk, mut later: Chunk) {
        earlier.append(&mut later);
    }

    fn encode(&self, _chunk: usize, rows: Chunk) -> Result<Chunk, Error> {
        Ok(rows)
    }
}

/// One worker of the pass.
pub(super) struct CheckWorker<'s> {
    stage: &'s CheckStage<'s>,
    asked: Option<&'s AskedOfFile>,
    plans: PlanDesks<'s>,
    ids: IdPage<'s>,
    people: PersonPage<'s>,
    costs: CostPage<'s>,
    hospitals: HashMap<String, HospitalTally>,
    reversed: Vec<u64>,
    columns: Option<Columns>,
}

impl CheckWorker<'_> {
    /// Asks one claim, and notes what is asked across claims.
    fn claim(
        &mut self,
        columns: &Columns,
        (row, number): (usize, u64),
        found: &mut Chunk,
    ) -> Result<(), Error> {
        let asked = self
            .asked
            .expect("a batch is loaded before its rows are taken");
        let checks = self.stage.rules.checks;
        let mut mandatory = [("", true); 9];
        for (slot, column) in mandatory.iter_mut().zip(&asked.mandatory) {
            *slot = (column.name(), columns.has(*column, row));
        }
        let hospital_id = columns.hospital(row);
        if !self.hospitals.contains_key(hospital_id) {
            self.hospitals
                .insert(hospital_id.to_owned(), HospitalTally::default());
        }
        let hospital = self
            .hospitals
            .get_mut(hospital_id)
            .expect("it was just put in");
        hospital.claims += 1;
        let (plan, desk) = self.plans.of(row);
        let rules = asked.by_plan[plan];
        let codes = desk.columns.of(row, &desk.codes);
        let is_asked = rules.has(Rule::Upcoding) && columns.reverses(row).is_none();
        let lifts = desk.lifts.as_ref().filter(|_| is_asked);
        let lift = lifts.and_then(|lifts| lifts.lift(row));
        let facts = Facts {
            lift: lift.as_ref(),
            mandatory: &mandatory[..asked.mandatory.len()],
            principal: codes.principal,
            main_procedure: codes.main_procedure,
            other_diagnoses: &codes.other_diagnoses,
            other_procedures: &codes.other_procedures,
            ..columns.facts(row)
        };
        let limits = Asked {
            rules,
            limits: &checks.limits,
        };
        check(&facts, limits, |hit| {
            let level = checks.level(hit.rule).expect("a rule that is asked is on");
            self.stage.tally.count(hospital, (number, hit.rule), level);
            found.push(RuleRow {
                row: number,
                rule: hit.rule,
                column: hit.column,
                value: hit.value,
                case_id: columns.case_id(row).map(str::to_owned),
                hospital: (!hospital_id.is_empty()).then(|| hospital_id.to_owned()),
            });
        });
        match columns.reverses(row) {
            Some(cancelled) => self.reversed.push(hash_id(cancelled)),
            None => self.across(columns, (row, number), asked)?,
        }
        Ok(())
    }

    /// Notes what is asked across claims.
    fn across(
        &mut self,
        columns: &Columns,
        (row, number): (usize, u64),
        asked: &AskedOfFile,
    ) -> Result<(), Error> {
        if asked.rules.has(Rule::CostADayExtreme)
            && let (Some(fen), Some(days)) = (columns.total(row), columns.stay_days(row))
            && fen > 0
        {
            self.costs.add(number, fen / days.max(1))?;
        }
        let is_asked = asked.rules.has(Rule::StaysOverlap) || asked.rules.has(Rule::Readmitted);
        if let (true, Some((person, stay))) = (is_asked, columns.stay(row)) {
            let stay = StayOf::new(number, stay, columns.hospital(row));
            self.people.add(person, &stay)?;
        }
        Ok(())
    }
}

impl Worker for CheckWorker<'_> {
    type Rows = Chunk;

    fn load(&mut self, file: &ClaimFile, batch: RecordBatch) -> Result<(), Error> {
        self.asked = Some(&self.stage.asked[file.number]);
        self.columns = Some(Columns::read(file, &batch)?);
        self.plans.load(file, &batch)
    }

    fn take(
        &mut self,
        span: Range<usize>,
        first_row: u64,
        rows: &mut Option<Chunk>,
    ) -> Result<(), Error> {
        let rows = rows.get_or_insert_default();
        let columns = self
            .columns
            .take()
            .expect("a batch is loaded before its rows are taken");
        if self
            .asked
            .is_some_and(|asked| asked.rules.has(Rule::CaseRepeated))
        {
            let ids = columns.ids.slice(span.start, span.len());
            self.ids.add(first_row, &ids)?;
        }
        for (row, number) in span.zip(first_row..) {
            self.claim(&columns, (row, number), rows)?;
        }
        self.columns = Some(columns);
        Ok(())
    }

    fn finish(&mut self) -> Result<(), Error> {
        self.ids.finish()?;
        self.people.finish()?;
        self.costs.finish()?;
        self.stage.tally.add(std::mem::take(&mut self.hospitals));
        let mut reversed = self.stage.reversed.lock().expect("no worker panicked");
        reversed.extend(self.reversed.drain(..));
        Ok(())
    }
}
