//! The pass over the history: claims become cases of 16 bytes, or a count under a reason.

use super::base::Base;
use super::book::Book;
use crate::Error;
use crate::read::{ClaimFile, Column, MoneyCell, Remap, column_array, dates, ints, money, texts};
use crate::run::{Stage, Worker};
use crate::settle::units::PastDrugs;
use crate::settle::verdicts::Verdicts;
use arrow::array::{Array, ArrayRef, AsArray, Date32Array, Int64Array, RecordBatch};
use drgdip_calibrate::catalogue::TreatedCase;
use drgdip_claims::Finding;
use std::collections::HashMap;
use std::ops::Range;

/// Why a case of the history cannot be used, in the order in which it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unusable {
    Duplicate,
    Reversed,
    NoPrincipal,
    Excluded,
    DateMissing,
    OtherYear,
    LongStay,
    CostMissing,
    CostNotPositive,
}

const REASONS: [(&str, &str); 9] = [
    ("duplicate", "病例号重复"),
    ("reversed", "冲销及被冲销"),
    ("principal_missing", "无主要诊断"),
    ("excluded_principal", "主要诊断在排除列表"),
    ("date_missing", "无出院日期"),
    ("other_year", "不在测算年度内"),
    ("long_stay", "住院时间过长"),
    ("cost_missing", "无总费用或总费用不可用"),
    ("cost_not_positive", "总费用不大于 0"),
];

/// How many claims could not be used, by reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CatalogueLeftOut([u64; REASONS.len()]);

impl CatalogueLeftOut {
    /// Every reason that came up: stable code, Chinese, number of claims.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &'static str, u64)> {
        let all = REASONS.iter().zip(self.0);
        all.filter(|(_, count)| *count > 0)
            .map(|((code, chinese), count)| (*code, *chinese, count))
    }

    /// How many claims could not be used.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }
}

/// What some consecutive rows amount to.
#[derive(Default)]
pub(super) struct Gathered {
    pub(super) cases: Vec<TreatedCase>,
    /// The practices of rows that can be grouped but not used.
    pub(super) unusable: Vec<u32>,
    pub(super) left_out: CatalogueLeftOut,
    /// Rows that grouping finds invalid, and that it excludes.
    pub(super) invalid: u64,
    pub(super) excluded: u64,
}

impl Gathered {
    pub(super) fn append(&mut self, mut later: Self) {
        self.cases.append(&mut later.cases);
        self.unusable.append(&mut later.unusable);
        for (count, more) in self.left_out.0.iter_mut().zip(later.left_out.0) {
            *count += more;
        }
        self.invalid += later.invalid;
        self.excluded += later.excluded;
    }
}

/// The pass as a stage of a run.
pub(super) struct Gather<'s> {
    pub(super) base: &'s Base,
    pub(super) book: &'s Book,
    pub(super) verdicts: &'s Verdicts,
    pub(super) drugs: Option<&'s PastDrugs<'s>>,
    /// The first day of each history year, and the day after the last.
    pub(super) starts: &'s [i32],
    pub(super) hospitals: &'s HashMap<String, u32>,
    pub(super) max_stay_days: Option<u32>,
}

/// A hospital that the hospitals table does not name.
pub(super) const UNKNOWN_HOSPITAL: u16 = u16::MAX;

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
            numbers: HashMap::new(),
            texts: Vec::new(),
            known: HashMap::new(),
            columns: None,
        }
    }

    fn join(&self, earlier: &mut Gathered, later: Gathered) {
        earlier.append(later);
    }

    fn encode(&self, _chunk: usize, rows: Gathered) -> Result<Gathered, Error> {
        Ok(rows)
    }
}

/// How many treatments are remembered at most.
const REMEMBERED: usize = 1 << 17;

/// What a missing value is numbered by.
const ABSENT: u32 = u32::MAX;

/// What a row says of its treatment.
#[derive(Clone, Copy)]
enum Said {
    Practice(u32),
    Excluded,
}

struct Columns {
    principals: Vec<u32>,
    mains: Vec<u32>,
    others: Vec<u32>,
    /// Where the other procedures of each row begin; one more than there are rows.
    offsets: Vec<usize>,
    discharges: Date32Array,
    /// Without negotiated drugs.
    costs: Vec<MoneyCell>,
    stays: Option<Int64Array>,
    hospitals: Vec<u16>,
}

/// One worker of the pass.
pub(super) struct GatherWorker<'s> {
    stage: &'s Gather<'s>,
    numbers: HashMap<String, u32>,
    texts: Vec<String>,
    /// By principal diagnosis and procedures in their order, what they amount to.
    known: HashMap<Box<[u32]>, Said>,
    columns: Option<Columns>,
}

impl GatherWorker<'_> {
    fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let next = u32::try_from(self.texts.len()).expect("fewer than 2^32 codes");
        self.numbers.insert(text.to_owned(), next);
        self.texts.push(text.to_owned());
        next
    }

    fn coded(&mut self, file: &ClaimFile, array: &ArrayRef) -> Result<Vec<u32>, Error> {
        let column = texts(file, array)?;
        let mut remap = Remap::default();
        let table = remap.update(&column, |text| self.number(text));
        let keys = column.keys().iter();
        Ok(keys
            .map(|key| key.map_or(ABSENT, |key| table[key as usize]))
            .collect())
    }

    fn lists(
        &mut self,
        file: &ClaimFile,
        array: &ArrayRef,
    ) -> Result<(Vec<u32>, Vec<usize>), Error> {
        let list = array.as_list::<i32>();
        let items = self.coded(file, list.values())?;
        let (mut codes, mut offsets) = (Vec::with_capacity(items.len()), vec![0]);
        for row in 0..list.len() {
            let span = list.value_offsets()[row] as usize..list.value_offsets()[row + 1] as usize;
            if list.is_valid(row) {
                codes.extend(items[span].iter().filter(|code| **code != ABSENT));
            }
            offsets.push(codes.len());
        }
        Ok((codes, offsets))
    }

    fn hospitals(&self, file: &ClaimFile, array: &ArrayRef) -> Result<Vec<u16>, Error> {
        let column = texts(file, array)?;
        let number = |id: &str| {
            let known = self.stage.hospitals.get(id).copied();
            let known = known.and_then(|number| u16::try_from(number).ok());
            known.unwrap_or(UNKNOWN_HOSPITAL)
        };
        let mut remap = Remap::default();
        let table = remap.update(&column, number);
        let keys = column.keys().iter();
        Ok(keys
            .map(|key| key.map_or(UNKNOWN_HOSPITAL, |key| table[key as usize]))
            .collect())
    }

    /// What the codes of a row amount to; `None` without a principal diagnosis.
    fn said(&mut self, columns: &Columns, row: usize) -> Option<Said> {
        let principal = columns.principals[row];
        if principal == ABSENT {
            return None;
        }
        let others = &columns.others[columns.offsets[row]..columns.offsets[row + 1]];
        let mut key = vec![principal, columns.mains[row]];
        key.extend_from_slice(others);
        if let Some(said) = self.known.get(key.as_slice()) {
            return Some(*said);
        }
        let text = |code: &u32| self.texts.get(*code as usize).map(String::as_str);
        let procedures: Vec<Option<&str>> = key[1..].iter().map(text).collect();
        let principal = &self.texts[principal as usize];
        let said = if self.stage.base.excludes(principal) {
            Said::Excluded
        } else {
            let treated = self.stage.base.treated(principal, &procedures);
            Said::Practice(self.stage.book.practice(principal, &treated))
        };
        if self.known.len() >= REMEMBERED {
            self.known.clear();
        }
        self.known.insert(key.into(), said);
        Some(said)
    }

    fn usable(
        &self,
        columns: &Columns,
        (row, number): (usize, u64),
        said: Option<Said>,
    ) -> Result<TreatedCase, Unusable> {
        match self.stage.verdicts.on(number) {
            Some(Finding::DuplicateCase) => return Err(Unusable::Duplicate),
            Some(_) => return Err(Unusable::Reversed),
            None => {}
        }
        let practice = match said.ok_or(Unusable::NoPrincipal)? {
            Said::Excluded => return Err(Unusable::Excluded),
            Said::Practice(practice) => practice,
        };
        if columns.discharges.is_null(row) {
            return Err(Unusable::DateMissing);
        }
        let day = columns.discharges.value(row);
        let after = self.stage.starts.partition_point(|start| *start <= day);
        let year = after.checked_sub(1).ok_or(Unusable::OtherYear)?;
        if year + 1 >= self.stage.starts.len() {
            return Err(Unusable::OtherYear);
        }
        let stay = columns.stays.as_ref().filter(|stays| stays.is_valid(row));
        let stay = stay.map(|stays| stays.value(row));
        if stay
            .zip(self.stage.max_stay_days)
            .is_some_and(|(stay, most)| stay > most.into())
        {
            return Err(Unusable::LongStay);
        }
        let cost_fen = match columns.costs[row] {
            MoneyCell::Fen(fen) if fen > 0 => fen,
            MoneyCell::Fen(_) => return Err(Unusable::CostNotPositive),
            MoneyCell::Missing | MoneyCell::Unusable => return Err(Unusable::CostMissing),
        };
        Ok(TreatedCase {
            practice,
            hospital: columns.hospitals[row],
            year: u8::try_from(year).expect("a policy states few years"),
            cost_fen,
        })
    }
}

impl Worker for GatherWorker<'_> {
    type Rows = Gathered;

    fn load(&mut self, file: &ClaimFile, batch: RecordBatch) -> Result<(), Error> {
        let rows = batch.num_rows();
        let array = |column| column_array(&batch, file.position(column, false));
        let required = |column| array(column).expect("catalogue asks for this column");
        let mains = match array(Column::MainProcedure) {
            Some(array) => self.coded(file, array)?,
            None => vec![ABSENT; rows],
        };
        let (others, offsets) = match array(Column::OtherProcedures) {
            Some(array) => self.lists(file, array)?,
            None => (Vec::new(), vec![0; rows + 1]),
        };
        let mut costs = money(file, required(Column::TotalCost))?;
        if let Some(drugs) = self.stage.drugs {
            drugs.take_out((file, &batch), &mut costs)?;
        }
        self.columns = Some(Columns {
            principals: self.coded(file, required(Column::PrincipalDiagnosis))?,
            mains,
            others,
            offsets,
            discharges: dates(file, required(Column::DischargeDate))?,
            costs,
            stays: array(Column::StayDays).map(|a| ints(file, a)).transpose()?,
            hospitals: match array(Column::HospitalId) {
                Some(array) => self.hospitals(file, array)?,
                None => vec![UNKNOWN_HOSPITAL; rows],
            },
        });
        Ok(())
    }

    fn take(
        &mut self,
        span: Range<usize>,
        first_row: u64,
        rows: &mut Option<Gathered>,
    ) -> Result<(), Error> {
        let gathered = rows.get_or_insert_default();
        let columns = self.columns.take().expect("a batch was loaded");
        for (number, row) in (first_row..).zip(span) {
            let said = self.said(&columns, row);
            match said {
                None => gathered.invalid += 1,
                Some(Said::Excluded) => gathered.excluded += 1,
                Some(Said::Practice(_)) => {}
            }
            match (self.usable(&columns, (row, number), said), said) {
                (Ok(case), _) => gathered.cases.push(case),
                (Err(reason), said) => {
                    gathered.left_out.0[reason as usize] += 1;
                    if let Some(Said::Practice(practice)) = said {
                        gathered.unusable.push(practice);
                    }
                }
            }
        }
        self.columns = Some(columns);
        Ok(())
    }
}
