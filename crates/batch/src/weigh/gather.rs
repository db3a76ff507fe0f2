//! The first pass: claims become cases of 16 bytes, or a count under a reason.

use super::setting::{NO_LEVEL, Setting};
use crate::grouped::{GroupedRows, GroupingWorker};
use crate::read::{ClaimFile, Column, MoneyCell, Remap, column_array, dates, money, texts};
use crate::run::{Stage, Worker};
use crate::settle::units::{PastDrugs, TakenOut};
use crate::settle::verdicts::Verdicts;
use crate::{Error, OutcomeCounts};
use arrow::array::{Array, Date32Array, RecordBatch};
use drgdip_calibrate::Case;
use drgdip_claims::Finding;
use drgdip_grouper::{Grouping, Outcome};
use std::ops::Range;

/// Why a case of the history cannot be used, in the order in which it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Unusable {
    Duplicate,
    Reversed,
    Invalid,
    Ungrouped,
    Ambiguous,
    NoGroupOfAdrg,
    DateMissing,
    OtherYear,
    CostMissing,
    CostNotPositive,
}

impl Unusable {
    pub(super) const ALL: [Self; 10] = [
        Self::Duplicate,
        Self::Reversed,
        Self::Invalid,
        Self::Ungrouped,
        Self::Ambiguous,
        Self::NoGroupOfAdrg,
        Self::DateMissing,
        Self::OtherYear,
        Self::CostMissing,
        Self::CostNotPositive,
    ];

    /// Stable code, Chinese, English.
    pub(super) const fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Duplicate => ("duplicate", "病例号重复", "repeats an earlier case_id"),
            Self::Reversed => ("reversed", "冲销及被冲销", "a reversal or what it cancels"),
            Self::Invalid => ("invalid", "信息缺失,无法分组", "a fact is missing"),
            Self::Ungrouped => ("ungrouped", "未入组", "no rule takes it"),
            Self::Ambiguous => ("ambiguous", "歧义病案", "ambiguous"),
            Self::NoGroupOfAdrg => (
                "no_group_of_adrg",
                "只入 ADRG,未入细分组",
                "in an ADRG, but in no group of it",
            ),
            Self::DateMissing => ("date_missing", "无出院日期", "no date of discharge"),
            Self::OtherYear => ("other_year", "不在测算年度内", "discharged in another year"),
            Self::CostMissing => (
                "cost_missing",
                "无总费用或总费用不可用",
                "no total cost, or none in whole fen",
            ),
            Self::CostNotPositive => (
                "cost_not_positive",
                "总费用不大于 0",
                "a total cost of 0 or less",
            ),
        }
    }
}

/// How many claims could not be used, by reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeftOut([u64; Unusable::ALL.len()]);

impl LeftOut {
    fn count(&mut self, reason: Unusable) {
        self.0[reason as usize] += 1;
    }

    fn add(&mut self, more: &Self) {
        for (count, more) in self.0.iter_mut().zip(more.0) {
            *count += more;
        }
    }

    /// Every reason that came up: stable code, Chinese, English, number of claims.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &'static str, &'static str, u64)> {
        let all = Unusable::ALL.iter().zip(self.0);
        all.filter(|(_, count)| *count > 0).map(|(reason, count)| {
            let (code, chinese, english) = reason.words();
            (code, chinese, english, count)
        })
    }

    /// How many claims could not be used.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }
}

/// What is remembered of a row for the second pass, 4 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RowKey {
    /// The group among those that can have a weight; `u16::MAX` for an unusable row.
    pub(super) group: u16,
    pub(super) year: u8,
    pub(super) level: u8,
}

impl RowKey {
    const UNUSABLE: Self = Self {
        group: u16::MAX,
        year: 0,
        level: NO_LEVEL,
    };
}

/// What some consecutive rows amount to.
#[derive(Default)]
pub(super) struct Gathered {
    pub(super) cases: Vec<Case>,
    /// One key a row, where the second pass needs them.
    pub(super) keys: Vec<RowKey>,
    /// The places of keys with what their rows' negotiated drugs cost in fen, ascending.
    pub(super) drugs: Vec<(usize, i64)>,
    pub(super) outcomes: OutcomeCounts,
    pub(super) left_out: LeftOut,
}

impl Gathered {
    /// Room for all rows at once, so that growing never holds them twice.
    pub(super) fn for_rows(rows: u64, keeps_keys: bool) -> Self {
        let rows = usize::try_from(rows).expect("the cases fit into memory");
        Self {
            cases: Vec::with_capacity(rows),
            keys: Vec::with_capacity(if keeps_keys { rows } else { 0 }),
            ..Self::default()
        }
    }

    pub(super) fn append(&mut self, mut later: Self) {
        self.cases.append(&mut later.cases);
        let before = self.keys.len();
        let drugs = later.drugs.into_iter();
        self.drugs
            .extend(drugs.map(|(place, fen)| (before + place, fen)));
        self.keys.append(&mut later.keys);
        self.outcomes.add(&later.outcomes);
        self.left_out.add(&later.left_out);
    }
}

/// The first pass as a stage of a run.
pub(super) struct Gather<'s> {
    setting: &'s Setting<'s>,
    verdicts: &'s Verdicts,
    drugs: Option<&'s PastDrugs<'s>>,
    /// Whether the second pass will need the keys of the rows.
    keeps_keys: bool,
}

impl<'s> Gather<'s> {
    pub(super) const fn new(
        setting: &'s Setting<'s>,
        (verdicts, drugs): (&'s Verdicts, Option<&'s PastDrugs<'s>>),
        keeps_keys: bool,
    ) -> Self {
        Self {
            setting,
            verdicts,
            drugs,
            keeps_keys,
        }
    }

    pub(super) const fn keeps_keys(&self) -> bool {
        self.keeps_keys
    }
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
            grouping: GroupingWorker::new(self.setting.plan.into()),
            hospital: Remap::default(),
            batch: None,
        }
    }

    fn join(&self, earlier: &mut Gathered, later: Gathered) {
        earlier.append(later);
    }

    fn encode(&self, _chunk: usize, rows: Gathered) -> Result<Gathered, Error> {
        Ok(rows)
    }
}

/// The columns of a batch beside those of grouping.
struct Columns {
    discharges: Date32Array,
    /// Without negotiated drugs.
    costs: Vec<MoneyCell>,
    /// What these cost, by row.
    drugs: Vec<TakenOut>,
    hospitals: Option<Vec<u32>>,
}

/// One worker of the first pass.
pub(super) struct GatherWorker<'s> {
    stage: &'s Gather<'s>,
    grouping: GroupingWorker<'s>,
    hospital: Remap<u32>,
    batch: Option<Columns>,
}

/// A hospital that the hospitals table does not name.
const UNKNOWN_HOSPITAL: u32 = u32::MAX;

impl GatherWorker<'_> {
    fn hospitals(
        &mut self,
        file: &ClaimFile,
        batch: &RecordBatch,
    ) -> Result<Option<Vec<u32>>, Error> {
        let numbers = &self.stage.setting.hospitals;
        let position = file.position(Column::HospitalId, false);
        let Some(array) = column_array(batch, position).filter(|_| !numbers.is_empty()) else {
            return Ok(None);
        };
        let hospitals = texts(file, array)?;
        let number = |id: &str| numbers.get(id).copied().unwrap_or(UNKNOWN_HOSPITAL);
        let table = self.hospital.update(&hospitals, number);
        let keys = hospitals.keys().iter();
        let number = |key: Option<i32>| key.map_or(UNKNOWN_HOSPITAL, |k| table[k as usize]);
        Ok(Some(keys.map(number).collect()))
    }
}

impl Worker for GatherWorker<'_> {
    type Rows = Gathered;

    fn load(&mut self, file: &ClaimFile, batch: RecordBatch) -> Result<(), Error> {
        let required = |column| {
            let array = column_array(&batch, file.position(column, false));
            array.expect("weigh asks for this column")
        };
        let mut costs = money(file, required(Column::TotalCost))?;
        let drugs = self.stage.drugs;
        let drugs = drugs.map(|drugs| drugs.take_out((file, &batch), &mut costs));
        let columns = Columns {
            discharges: dates(file, required(Column::DischargeDate))?,
            costs,
            drugs: drugs.transpose()?.unwrap_or_default(),
            hospitals: self.hospitals(file, &batch)?,
        };
        self.batch = Some(columns);
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
        let judge = Judge {
            stage: self.stage,
            columns: self.batch.as_ref().expect("a batch was loaded"),
        };
        let start = span.start;
        let mut grouped = GroupedRows::default();
        self.grouping
            .take(span, first_row, &mut grouped, |row, grouping, _| {
                let number = first_row + (row - start) as u64;
                judge.keep(row, number, grouping, gathered);
            });
        grouped.count(&mut gathered.outcomes);
        Ok(())
    }
}

/// Decides whether a row can be used.
struct Judge<'j> {
    stage: &'j Gather<'j>,
    columns: &'j Columns,
}

impl Judge<'_> {
    fn keep(&self, row: usize, number: u64, grouping: Grouping, gathered: &mut Gathered) {
        let case = self.case(row, number, grouping);
        let key = match case {
            Ok(case) => {
                gathered.cases.push(case);
                RowKey {
                    group: case.group,
                    year: u8::try_from(case.year).expect("a policy states few years"),
                    level: self.stage.setting.level(case.hospital),
                }
            }
            Err(reason) => {
                gathered.left_out.count(reason);
                RowKey::UNUSABLE
            }
        };
        if self.stage.keeps_keys {
            let drugs = &self.columns.drugs;
            if let Ok(found) = drugs.binary_search_by_key(&row, |taken| taken.row) {
                gathered.drugs.push((gathered.keys.len(), drugs[found].fen));
            }
            gathered.keys.push(key);
        }
    }

    fn case(&self, row: usize, number: u64, grouping: Grouping) -> Result<Case, Unusable> {
        match self.stage.verdicts.on(number) {
            Some(Finding::DuplicateCase) => return Err(Unusable::Duplicate),
            Some(_) => return Err(Unusable::Reversed),
            None => {}
        }
        let setting = self.stage.setting;
        let group = match grouping.outcome {
            Outcome::Grouped(group) => setting.number(group).ok_or(Unusable::Ambiguous)?,
            Outcome::GroupedByAdrg(_) => return Err(Unusable::NoGroupOfAdrg),
            Outcome::Ambiguous(_) => return Err(Unusable::Ambiguous),
            Outcome::Ungrouped(_) | Outcome::Excluded(_) => return Err(Unusable::Ungrouped),
            Outcome::Invalid(_) => return Err(Unusable::Invalid),
        };
        let discharges = &self.columns.discharges;
        if discharges.is_null(row) {
            return Err(Unusable::DateMissing);
        }
        let year = setting.year(discharges.value(row));
        let year = u16::from(year.ok_or(Unusable::OtherYear)?);
        let cost_fen = match self.columns.costs[row] {
            MoneyCell::Fen(fen) if fen > 0 => fen,
            MoneyCell::Fen(_) => return Err(Unusable::CostNotPositive),
            MoneyCell::Missing | MoneyCell::Unusable => return Err(Unusable::CostMissing),
        };
        let hospital = self.columns.hospitals.as_ref().map(|all| all[row]);
        Ok(Case {
            group,
            year,
            hospital: hospital.unwrap_or(UNKNOWN_HOSPITAL),
            cost_fen,
        })
    }
}
