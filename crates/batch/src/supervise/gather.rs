//! The pass over the claims: what the indices look at.

use super::SuperviseJob;
use crate::Error;
use crate::grouped::{GroupedRows, GroupingWorker};
use crate::read::{ClaimFile, Column, MoneyCell, Remap, column_array, dates, ints, money, texts};
use crate::run::{Stage, Worker};
use crate::settle::units::PastDrugs;
use crate::settle::verdicts::Verdicts;
use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Date32Array, DictionaryArray, Int64Array, RecordBatch,
};
use arrow::datatypes::Int32Type;
use drgdip_calibrate::supervise::SupervisedCase;
use std::collections::HashMap;
use std::ops::{Range, RangeInclusive};
use std::sync::Mutex;
use twox_hash::XxHash3_64;

/// The hospitals that were met, numbered by all workers together.
#[derive(Default)]
pub(super) struct Hospitals {
    numbers: HashMap<String, u32>,
    pub(super) names: Vec<String>,
}

impl Hospitals {
    fn number(&mut self, id: &str) -> u32 {
        if let Some(number) = self.numbers.get(id) {
            return *number;
        }
        let next = u32::try_from(self.names.len()).expect("fewer than 2^32 hospitals");
        self.numbers.insert(id.to_owned(), next);
        self.names.push(id.to_owned());
        next
    }
}

/// The cases of some consecutive rows.
#[derive(Default)]
pub(super) struct Gathered(pub(super) Vec<SupervisedCase>);

/// The pass as a stage of a run.
pub(super) struct Gather<'s> {
    pub(super) job: &'s SuperviseJob<'s>,
    pub(super) verdicts: &'s Verdicts,
    pub(super) drugs: Option<&'s PastDrugs<'s>>,
    pub(super) hospitals: &'s Mutex<Hospitals>,
    /// The first and the last day of the year.
    pub(super) year: RangeInclusive<i32>,
}

impl Stage for Gather<'_> {
    type Worker<'w>
        = GatherWorker<'w>
    where
        Self: 'w;
    type Rows = Gathered;
    type Encoded = Gathered;

    fn worker(&self) -> GatherWorker<'_> {
        GatherWorker {
            stage: self,
            grouping: GroupingWorker::new(self.job.plan.into()),
            columns: None,
        }
    }

    fn join(&self, earlier: &mut Gathered, mut later: Gathered) {
        earlier.0.append(&mut later.0);
    }

    fn encode(&self, _chunk: usize, rows: Gathered) -> Result<Gathered, Error> {
        Ok(rows)
    }
}

/// The columns of a batch beside those of grouping.
struct Columns {
    hospitals: Vec<Option<u32>>,
    persons: DictionaryArray<Int32Type>,
    admissions: Date32Array,
    discharges: Date32Array,
    /// Without negotiated drugs.
    costs: Vec<MoneyCell>,
    stays: Int64Array,
    /// Whether the discharge way of a row means death.
    deaths: Vec<bool>,
    planned: Option<BooleanArray>,
}

/// One worker of the pass.
pub(super) struct GatherWorker<'s> {
    stage: &'s Gather<'s>,
    grouping: GroupingWorker<'s>,
    columns: Option<Columns>,
}

/// By row, something that is known of each text of a column; nothing where the row has none.
fn by_text<T: Copy>(
    file: &ClaimFile,
    array: &ArrayRef,
    known: impl FnMut(&str) -> T,
) -> Result<Vec<Option<T>>, Error> {
    let column = texts(file, array)?;
    let mut remap = Remap::default();
    let table = remap.update(&column, known);
    let keys = column.keys().iter();
    Ok(keys.map(|key| key.map(|key| table[key as usize])).collect())
}

impl Columns {
    /// A case without its group; `None` without a hospital, or a discharge within the year.
    fn case(&self, row: usize, year: &RangeInclusive<i32>) -> Option<SupervisedCase> {
        let day = |days: &Date32Array| days.is_valid(row).then(|| days.value(row));
        let person = self.persons.keys().is_valid(row).then(|| {
            let key = self.persons.keys().value(row);
            let key = usize::try_from(key).expect("a dictionary key is not negative");
            let text = self.persons.values().as_string::<i32>().value(key);
            // Of ten million persons, two with both hashes alike are not to be expected.
            let half = |seed| u128::from(XxHash3_64::oneshot_with_seed(seed, text.as_bytes()));
            half(0) << 64 | half(1)
        });
        let stay = self.stays.is_valid(row).then(|| self.stays.value(row));
        Some(SupervisedCase {
            person,
            hospital: self.hospitals[row]?,
            group: None,
            admitted: day(&self.admissions),
            discharged: day(&self.discharges).filter(|day| year.contains(day))?,
            stay_days: stay.and_then(|days| i32::try_from(days).ok()),
            cost_fen: self.costs[row].fen(),
            has_died: self.deaths[row],
            is_faulty: false,
            is_planned: (self.planned.as_ref())
                .is_some_and(|planned| planned.is_valid(row) && planned.value(row)),
        })
    }
}

impl Worker for GatherWorker<'_> {
    type Rows = Gathered;

    fn load(&mut self, file: &ClaimFile, batch: RecordBatch) -> Result<(), Error> {
        let array = |column| column_array(&batch, file.position(column, false));
        let required = |column| array(column).expect("supervise asks for this column");
        let hospital = |id: &str| {
            let mut hospitals = self.stage.hospitals.lock().expect("no worker panicked");
            hospitals.number(id)
        };
        let ways = &self.stage.job.terms.death_ways;
        let deaths = by_text(file, required(Column::DischargeWay), |way| {
            ways.contains_key(way)
        })?;
        let mut costs = money(file, required(Column::TotalCost))?;
        if let Some(drugs) = self.stage.drugs {
            drugs.take_out((file, &batch), &mut costs)?;
        }
        self.columns = Some(Columns {
            hospitals: by_text(file, required(Column::HospitalId), hospital)?,
            persons: texts(file, required(Column::PersonId))?,
            admissions: dates(file, required(Column::AdmissionDate))?,
            discharges: dates(file, required(Column::DischargeDate))?,
            costs,
            stays: ints(file, required(Column::StayDays))?,
            deaths: deaths
                .into_iter()
                .map(|death| death == Some(true))
                .collect(),
            planned: array(Column::ReadmissionPlanned).map(|a| a.as_boolean().clone()),
        });
        self.grouping
            .load(file, &batch, |column| file.position(column, false))
    }

    fn take(
        &mut self,
        span: Range<usize>,
        first_row: u64,
        rows: &mut Option<Gathered>,
    ) -> Result<(), Error> {
        let gathered = rows.get_or_insert_default();
        let columns = self.columns.as_ref().expect("a batch was loaded");
        let (stage, start) = (self.stage, span.start);
        let faults = &stage.job.terms.faults;
        let mut grouped = GroupedRows::default();
        let mut seen = 0;
        self.grouping
            .take(span, first_row, &mut grouped, |row, grouping, found| {
                let own = &found[seen..];
                let is_faulty = own
                    .iter()
                    .any(|row| faults.contains_key(row.finding.code()));
                seen = found.len();
                let number = first_row + (row - start) as u64;
                if stage.verdicts.on(number).is_some() {
                    return;
                }
                let case = columns.case(row, &stage.year).map(|case| SupervisedCase {
                    group: grouping.outcome.group().map(|group| group.0),
                    is_faulty,
                    ..case
                });
                gathered.0.extend(case);
            });
        Ok(())
    }
}
