//! The first pass: every claim grouped, classified and given its points.

use super::batch::{Batch, BatchReader};
use super::columns::CaseColumns;
use super::day_rules::DayRules;
use super::desk::{Desk, PaidByLines, Seen};
use super::ledger::{Account, Entry, Ledger, Page};
use super::links::{Adjustments, LinkPage, Links};
use super::setting::Setting;
use super::tallies::Kind;
use super::totals::{Counted, Tally, Totals, TotalsByGroup};
use super::units::UnitSums;
use crate::Error;
use crate::grouped::{GroupedRows, GroupingWorker};
use crate::read::{ClaimFile, ClaimFiles, MoneyCell};
use crate::run::Worker;
use crate::table::chunk_len;
use arrow::array::{Array, ArrayRef, RecordBatch};
use drgdip_claims::{Finding, Yuan};
use drgdip_points::Points;
use drgdip_points::classify::CaseClass;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Mutex;

/// How a case is settled, as written in outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SettledClass {
    Priced(CaseClass),
    ByCost,
    /// A group that is not stable, by cost.
    Unstable,
    /// By the day.
    BedDay,
    /// A transfer before its time.
    Transfer,
    /// Too few days for the whole points.
    ShortStay,
    /// Registered day surgery, by its own group or a share of the inpatient one.
    DaySurgery,
    /// At the quota of a single disease.
    SingleDisease,
    /// By item, what it cost.
    Item,
    /// A TCM disease by efficacy.
    Tcm,
    /// Visit-days of a home bed.
    HomeBed,
    Unpaid(Finding),
}

impl SettledClass {
    /// Whether a unit of its own pays the case, by the day, by item, by a quota or by the visit, and
    /// not what it is grouped into.
    pub(super) const fn is_by_unit(self) -> bool {
        matches!(
            self,
            Self::BedDay | Self::SingleDisease | Self::Item | Self::HomeBed
        )
    }
}

/// What the settlement says of one case.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SettledCase {
    pub(crate) pool: Option<u16>,
    pub(crate) class: SettledClass,
    pub(crate) total_cost: Option<i64>,
    pub(crate) patient_side: Option<i64>,
    pub(crate) reference_cost: Option<i64>,
    pub(crate) weight: Option<i64>,
    pub(crate) base_points: Option<i64>,
    pub(crate) coefficient: Option<i64>,
    /// The subtype of the auxiliary directory, by its place among those of all plans.
    pub(crate) subtype: Option<u32>,
    pub(crate) points: Points,
}

/// Some consecutive cases.
#[derive(Default)]
pub(crate) struct SettledRows {
    pub(crate) grouped: GroupedRows,
    pub(crate) hospitals: Vec<ArrayRef>,
    /// The columns of the cases, in one piece or several.
    pub(crate) cases: Vec<CaseColumns>,
}

/// What the workers add up.
#[derive(Default)]
pub(crate) struct Sums {
    pub(crate) accounts: HashMap<Account, Totals>,
    pub(crate) groups: TotalsByGroup,
    /// What payment units note of single cases.
    pub(crate) units: UnitSums,
}

impl Sums {
    /// Puts the points of cases that other cases changed in the place of those that they had.
    pub(crate) fn exchange(&mut self, adjusted: &Adjustments) -> Result<(), Error> {
        for change in adjusted.values() {
            let totals = self.accounts.entry(change.account).or_default();
            totals.exchange(change)?;
            if let Some(group) = change.group {
                let totals = self.groups.0.entry(group).or_default();
                let before = i128::from(change.before.ten_thousandths());
                totals.points += i128::from(change.points.ten_thousandths()) - before;
            }
        }
        Ok(())
    }
}

/// One worker of the first pass.
pub(crate) struct CaseWorker<'s> {
    setting: &'s Setting<'s>,
    files: &'s ClaimFiles,
    sums: &'s Mutex<Sums>,
    grouping: GroupingWorker<'s>,
    reader: BatchReader<'s>,
    /// Where paid cases wait for what a point is worth; none where only the sums are asked.
    page: Option<Page<'s>>,
    links: LinkPage<'s>,
    own: Tally,
    days: DayRules,
    units: UnitSums,
    batch: Option<Batch>,
}

impl<'s> CaseWorker<'s> {
    pub(crate) fn new(
        setting: &'s Setting<'s>,
        (ledger, links): (Option<&'s Ledger>, &'s Links),
        (files, sums): (&'s ClaimFiles, &'s Mutex<Sums>),
    ) -> Self {
        Self {
            setting,
            files,
            sums,
            grouping: GroupingWorker::new(setting.plan),
            reader: BatchReader::new(setting),
            page: ledger.map(Ledger::page),
            links: links.page(),
            own: Tally::new(setting.pools.all.len(), setting.hospitals.len()),
            days: DayRules::default(),
            units: UnitSums::default(),
            batch: None,
        }
    }
}

impl Worker for CaseWorker<'_> {
    type Rows = SettledRows;

    fn load(&mut self, file: &ClaimFile, batch: RecordBatch) -> Result<(), Error> {
        self.grouping
            .load(file, &batch, |column| file.position(column, false))?;
        let batch = self.reader.read(file, &batch)?;
        if let Some(units) = &batch.units {
            self.grouping.flag_new_technology(units.flagged());
        }
        self.batch = Some(batch);
        Ok(())
    }

    fn take(
        &mut self,
        span: Range<usize>,
        first_row: u64,
        rows: &mut Option<SettledRows>,
    ) -> Result<(), Error> {
        let rows = rows.get_or_insert_default();
        let batch = self
            .batch
            .take()
            .expect("a batch is loaded before its rows are taken");
        let hospitals = batch.hospital_texts.slice(span.start, span.len());
        rows.hospitals.push(hospitals);
        let ids = self.grouping.case_ids().clone();
        let last_row = first_row + span.len() as u64;
        let mut desk = Desk {
            setting: self.setting,
            files: self.files,
            batch: &batch,
            grouping: &self.grouping,
            pools: self.reader.pools(),
            days: &mut self.days,
            links: &mut self.links,
            units: &mut self.units,
            verdicts: self.setting.verdicts.of(first_row..last_row),
        };
        if rows.cases.is_empty() {
            rows.grouped.reserve(chunk_len());
            rows.cases.push(CaseColumns::with_capacity(chunk_len()));
        }
        let cases = rows.cases.last_mut().expect("there is a piece");
        let (own, page) = (&mut self.own, &mut self.page);
        let mut failure = Ok(());
        self.grouping.take(
            span.clone(),
            first_row,
            &mut rows.grouped,
            |row, grouping, found| {
                if failure.is_err() {
                    return;
                }
                let number = first_row + (row - span.start) as u64;
                let seen = Seen {
                    row,
                    number,
                    ids: &ids,
                    grouping,
                };
                failure = desk.settle(&seen, found).and_then(|(case, paid)| {
                    let counted = paid
                        .map(|(account, lines)| (account, counted(&desk, &seen, (&case, lines))));
                    book(&seen, &case, counted, (own, page.as_mut()))?;
                    cases.push(&case);
                    Ok(())
                });
            },
        );
        self.batch = Some(batch);
        failure
    }

    fn finish(&mut self) -> Result<(), Error> {
        if let Some(page) = &mut self.page {
            page.finish()?;
        }
        self.links.finish()?;
        let mut sums = self.sums.lock().expect("no worker panicked");
        for (account, totals) in self.own.accounts() {
            sums.accounts.entry(*account).or_default().add(totals)?;
        }
        sums.units.append(std::mem::take(&mut self.units));
        self.own.add_groups_to(&mut sums.groups)
    }
}

/// What a paid case adds to its hospital's totals, without what lines pay of it.
fn counted(
    desk: &Desk<'_, '_>,
    seen: &Seen<'_>,
    (case, lines): (&SettledCase, PaidByLines),
) -> Counted {
    let (batch, row) = (desk.batch, seen.row);
    let fund = batch.fund.as_ref().map(|fund| fund[row]);
    let measures = &desk.setting.measures;
    let by_points = |fen: i64| if lines.is_whole { 0 } else { fen };
    Counted {
        points: case.points,
        total_cost: by_points(case.total_cost.unwrap_or(0)),
        patient_side: case.patient_side.unwrap_or(0),
        fund_paid: match fund {
            // What the line is asked for may differ from what was booked, but never turns it over.
            Some(MoneyCell::Fen(fen)) => by_points(fen.saturating_sub(lines.asked.fen()).max(0)),
            _ => 0,
        },
        weight: case.weight,
        measured: measures.of(batch, row, (&seen.grouping, case)),
    }
}

/// Books a case where it counts: in its hospital's account, its group, and the ledger.
fn book(
    seen: &Seen<'_>,
    case: &SettledCase,
    counted: Option<(Account, Counted)>,
    (tally, page): (&mut Tally, Option<&mut Page<'_>>),
) -> Result<(), Error> {
    let Some((account, counted)) = counted else {
        return Ok(());
    };
    tally.account(account).count(&counted)?;
    if let Some(group) = seen.grouping.outcome.group() {
        let cost = case.total_cost.unwrap_or(0);
        tally.group(group, (case.points, cost, case.weight))?;
    }
    let Some(page) = page else {
        return Ok(());
    };
    page.add(&Entry {
        account,
        row: seen.number,
        points: case.points,
        patient_side: Yuan::from_fen(counted.patient_side),
        kind: Kind::new(
            case.class,
            seen.grouping.outcome.group().map(|group| group.0),
        ),
        case_id: seen
            .id()
            .expect("a case without a case_id is not paid")
            .as_bytes(),
    })
}
