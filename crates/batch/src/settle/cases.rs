//! The first pass: every claim grouped, classified and given its points.

use super::ledger::{Account, Entry, Ledger, Page};
use super::pricing::Way;
use super::setting::{Dated, Setting, date_of};
use super::totals::{Totals, TotalsByGroup};
use crate::Error;
use crate::findings::FindingRow;
use crate::grouped::{GroupedRows, GroupingWorker};
use crate::inputs::Insurance;
use crate::read::{ClaimFile, Column, MoneyCell, Remap, column_array, dates, money, texts};
use crate::run::Worker;
use arrow::array::{Array, ArrayRef, Date32Array, RecordBatch, StringArray};
use drgdip_claims::{Finding, Yuan};
use drgdip_grouper::Grouping;
use drgdip_points::award::{award, award_by_cost};
use drgdip_points::classify::CaseClass;
use drgdip_points::{Points, Ratio};
use drgdip_tables::policy::{LateEntries, PatientSide, ValueFamily};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex};

/// How a case is settled, as written in outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SettledClass {
    Priced(CaseClass),
    ByCost,
    Unpaid(Finding),
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
    pub(crate) points: Points,
}

/// Some consecutive cases.
#[derive(Default)]
pub(crate) struct SettledRows {
    pub(crate) grouped: GroupedRows,
    pub(crate) hospitals: Vec<ArrayRef>,
    pub(crate) cases: Vec<SettledCase>,
}

/// What the workers add up.
#[derive(Default)]
pub(crate) struct Sums {
    pub(crate) accounts: HashMap<Account, Totals>,
    pub(crate) groups: TotalsByGroup,
}

/// A text of a claim that names something the settlement knows, or does not.
#[derive(Clone, Copy, Debug)]
enum Named<T> {
    Missing,
    Unknown,
    Known(T),
}

/// One worker of the first pass.
pub(crate) struct CaseWorker<'s> {
    setting: &'s Setting<'s>,
    sums: &'s Mutex<Sums>,
    grouping: GroupingWorker<'s>,
    page: Page<'s>,
    own: Sums,
    hospital: Remap<Named<u32>>,
    region: Remap<u32>,
    /// The regions of the dictionary at hand, and their pools by insurance.
    insurance: Remap<Option<Insurance>>,
    pools: PoolCache,
    days: HashMap<i32, Option<Arc<Dated>>>,
    batch: Option<Batch>,
}

/// The pools of each region text that came up, by insurance.
#[derive(Default)]
struct PoolCache {
    numbers: HashMap<String, u32>,
    pools: Vec<[Option<u16>; 2]>,
}

impl PoolCache {
    fn number(&mut self, setting: &Setting<'_>, region: &str) -> u32 {
        if let Some(number) = self.numbers.get(region) {
            return *number;
        }
        let number = u32::try_from(self.pools.len()).expect("fewer regions than 2^32");
        let both = [Insurance::Employee, Insurance::Resident];
        self.pools
            .push(both.map(|insurance| setting.pool(region, insurance)));
        self.numbers.insert(region.to_owned(), number);
        number
    }
}

/// The columns of a batch that settlement looks at.
struct Batch {
    hospital_texts: Option<ArrayRef>,
    hospitals: Vec<Named<u32>>,
    regions: Vec<Option<u32>>,
    insurances: Vec<Option<Insurance>>,
    discharges: Date32Array,
    total: Vec<MoneyCell>,
    fund: Option<Vec<MoneyCell>>,
    other_funds: Option<Vec<MoneyCell>>,
    patient: Option<Vec<MoneyCell>>,
}

impl<'s> CaseWorker<'s> {
    pub(crate) fn new(setting: &'s Setting<'s>, ledger: &'s Ledger, sums: &'s Mutex<Sums>) -> Self {
        Self {
            setting,
            sums,
            grouping: GroupingWorker::new(setting.plan),
            page: ledger.page(),
            own: Sums::default(),
            hospital: Remap::default(),
            region: Remap::default(),
            insurance: Remap::default(),
            pools: PoolCache::default(),
            days: HashMap::new(),
            batch: None,
        }
    }

    fn columns(&mut self, file: &ClaimFile, batch: &RecordBatch) -> Result<Batch, Error> {
        let array = |column| column_array(batch, file.position(column, false));
        let required = |column| array(column).expect("settle asks for this column");
        let amounts = |column| array(column).map(|a| money(file, a)).transpose();
        let hospitals = texts(file, required(Column::HospitalId))?;
        let regions = texts(file, required(Column::Region))?;
        let insurances = texts(file, required(Column::Insurance))?;
        let setting = self.setting;
        let known = |id: &str| match setting.hospital_numbers.get(id) {
            Some(number) => Named::Known(*number),
            None => Named::Unknown,
        };
        let table = self.hospital.update(&hospitals, known);
        let hospital_of = |key: Option<i32>| key.map_or(Named::Missing, |k| table[k as usize]);
        let hospital_numbers = hospitals.keys().iter().map(hospital_of).collect();
        let pools = &mut self.pools;
        let table = self
            .region
            .update(&regions, |region| pools.number(setting, region));
        let region_numbers = regions
            .keys()
            .iter()
            .map(|k| k.map(|k| table[k as usize]))
            .collect();
        let table = self.insurance.update(&insurances, Insurance::from_word);
        let insured = insurances
            .keys()
            .iter()
            .map(|k| k.and_then(|k| table[k as usize]))
            .collect();
        Ok(Batch {
            hospitals: hospital_numbers,
            hospital_texts: Some(Arc::new(hospitals)),
            regions: region_numbers,
            insurances: insured,
            discharges: dates(file, required(Column::DischargeDate))?,
            total: money(file, required(Column::TotalCost))?,
            fund: amounts(Column::FundPaid)?,
            other_funds: amounts(Column::OtherFundsPaid)?,
            patient: amounts(Column::PatientPaid)?,
        })
    }
}

impl Worker for CaseWorker<'_> {
    type Rows = SettledRows;

    fn load(&mut self, file: &ClaimFile, batch: RecordBatch) -> Result<(), Error> {
        self.grouping
            .load(file, &batch, |column| file.position(column, false))?;
        self.batch = Some(self.columns(file, &batch)?);
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
        let texts = batch
            .hospital_texts
            .as_ref()
            .expect("settle reads the hospital");
        rows.hospitals.push(texts.slice(span.start, span.len()));
        let ids = self.grouping.case_ids().clone();
        let last_row = first_row + span.len() as u64;
        let mut desk = Desk {
            setting: self.setting,
            batch: &batch,
            pools: &self.pools.pools,
            days: &mut self.days,
            has_verdicts: self.setting.verdicts.touches(first_row..last_row),
        };
        let (own, page, cases) = (&mut self.own, &mut self.page, &mut rows.cases);
        let mut failure = Ok(());
        self.grouping.take(
            span.clone(),
            first_row,
            &mut rows.grouped,
            |row, _, grouping, found| {
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
                failure = desk.settle(&seen, found).and_then(|(case, account)| {
                    book(&seen, &case, account, own, page)?;
                    cases.push(case);
                    Ok(())
                });
            },
        );
        self.batch = Some(batch);
        failure
    }

    fn finish(&mut self) -> Result<(), Error> {
        self.page.finish()?;
        let own = std::mem::take(&mut self.own);
        let mut sums = self.sums.lock().expect("no worker panicked");
        for (account, totals) in own.accounts {
            sums.accounts.entry(account).or_default().add(&totals)?;
        }
        sums.groups.add(&own.groups)
    }
}

/// One grouped row.
struct Seen<'a> {
    row: usize,
    number: u64,
    ids: &'a StringArray,
    grouping: Grouping,
}

impl Seen<'_> {
    fn id(&self) -> Option<&str> {
        self.ids
            .is_valid(self.row)
            .then(|| self.ids.value(self.row))
    }
}

/// Books a case where it counts: in its hospital's account, its group, and the ledger.
fn book(
    seen: &Seen<'_>,
    case: &SettledCase,
    account: Option<Account>,
    sums: &mut Sums,
    page: &mut Page<'_>,
) -> Result<(), Error> {
    let Some(account) = account else {
        return Ok(());
    };
    let total_cost = case.total_cost.unwrap_or(0);
    let patient_side = case.patient_side.unwrap_or(0);
    let totals = sums.accounts.entry(account).or_default();
    totals.count(case.points, total_cost, patient_side)?;
    if let Some(group) = seen.grouping.outcome.group() {
        sums.groups
            .count(group, case.points, total_cost, case.weight)?;
    }
    page.add(&Entry {
        account,
        row: seen.number,
        points: case.points,
        patient_side: Yuan::from_fen(patient_side),
        case_id: seen.id().expect("a case without a case_id is not paid"),
    })
}

/// Decides on the rows of a batch.
struct Desk<'d> {
    setting: &'d Setting<'d>,
    batch: &'d Batch,
    pools: &'d [[Option<u16>; 2]],
    days: &'d mut HashMap<i32, Option<Arc<Dated>>>,
    has_verdicts: bool,
}

impl Desk<'_> {
    /// Settles a row; an account comes with every case that is paid.
    fn settle(
        &mut self,
        seen: &Seen<'_>,
        found: &mut Vec<FindingRow>,
    ) -> Result<(SettledCase, Option<Account>), Error> {
        let amount = match self.batch.total[seen.row] {
            MoneyCell::Fen(fen) => Some(fen),
            MoneyCell::Missing | MoneyCell::Unusable => None,
        };
        let mut case = SettledCase {
            pool: self.pool(seen.row),
            class: SettledClass::Unpaid(Finding::CaseIdMissing),
            total_cost: amount,
            patient_side: self.patient_side(seen.row),
            reference_cost: None,
            weight: None,
            base_points: None,
            coefficient: None,
            points: Points::ZERO,
        };
        let mut say = |finding| {
            found.push(FindingRow {
                row: seen.number,
                finding,
                case_id: seen.id().map(str::to_owned),
                value: String::new(),
            });
        };
        self.warn(seen.row, &mut say);
        match self.pay(seen, &mut case, &mut say) {
            Ok(account) => Ok((case, Some(account))),
            Err(Refusal::Finding(finding)) => {
                case.class = SettledClass::Unpaid(finding);
                // The grouping has already said why a case is invalid or has no id.
                if !matches!(seen.grouping.outcome, drgdip_grouper::Outcome::Invalid(_))
                    && finding != Finding::CaseIdMissing
                {
                    say(finding);
                }
                Ok((case, None))
            }
            Err(Refusal::Error(error)) => Err(error),
        }
    }

    fn pool(&self, row: usize) -> Option<u16> {
        let region = self.batch.regions[row]?;
        let insurance = self.batch.insurances[row]?;
        self.pools[region as usize][insurance as usize]
    }

    /// U of a case, where the claim states what it is made of.
    fn patient_side(&self, row: usize) -> Option<i64> {
        let amount = |column: &Option<Vec<MoneyCell>>| match column.as_ref()?[row] {
            MoneyCell::Fen(fen) => Some(fen),
            MoneyCell::Missing | MoneyCell::Unusable => None,
        };
        match self.setting.terms.patient_side {
            PatientSide::PatientAndOtherFunds => {
                amount(&self.batch.patient)?.checked_add(amount(&self.batch.other_funds)?)
            }
            PatientSide::TotalLessFund => match self.batch.total[row] {
                MoneyCell::Fen(total) => total.checked_sub(amount(&self.batch.fund)?),
                MoneyCell::Missing | MoneyCell::Unusable => None,
            },
        }
    }

    /// Findings that do not keep a case from being paid.
    fn warn(&self, row: usize, say: &mut impl FnMut(Finding)) {
        let cell = |column: &Option<Vec<MoneyCell>>| column.as_ref().map(|cells| cells[row]);
        let batch = self.batch;
        let parts = (
            cell(&batch.fund),
            cell(&batch.other_funds),
            cell(&batch.patient),
        );
        if let (
            Some(MoneyCell::Fen(fund)),
            Some(MoneyCell::Fen(other)),
            Some(MoneyCell::Fen(patient)),
        ) = parts
            && let MoneyCell::Fen(total) = batch.total[row]
        {
            let sum = i128::from(fund) + i128::from(other) + i128::from(patient);
            if sum != i128::from(total) {
                say(Finding::PaymentPartsDiffer);
            }
        }
    }

    /// Gives a case its class and points, or says why it gets none.
    fn pay(
        &mut self,
        seen: &Seen<'_>,
        case: &mut SettledCase,
        say: &mut impl FnMut(Finding),
    ) -> Result<Account, Refusal> {
        self.admit(seen)?;
        let cost = admissible_cost(self.batch.total[seen.row])?;
        let (day, dated) = self.rules(seen.row, say)?;
        let (account, coefficient) = self.account(seen.row, day, &dated)?;
        self.require_patient_side(case)?;
        let overflow = |e: drgdip_points::Error| {
            let id = seen.id().unwrap_or_default();
            Refusal::Error(Error::input(format!("case {id}"), e))
        };
        let rules = &dated.pricing.rules;
        match dated.pricing.way(seen.grouping.outcome) {
            Way::ByWeight {
                price,
                reference_cost,
            } => {
                let awarded = award(price, coefficient, cost, rules).map_err(overflow)?;
                case.class = SettledClass::Priced(awarded.class);
                case.points = awarded.points;
                case.weight = Some(price.weight().ten_thousandths());
                case.base_points = Some(price.base_points().ten_thousandths());
                case.reference_cost = Some(reference_cost.fen());
                case.coefficient = Some(coefficient.millionths());
            }
            Way::ByCost(discount, finding) => {
                case.points = award_by_cost(cost, rules, discount).map_err(overflow)?;
                case.class = SettledClass::ByCost;
                finding.into_iter().for_each(say);
            }
            Way::Unpaid(finding) => return Err(Refusal::Finding(finding)),
        }
        Ok(account)
    }

    /// Whether the row may be paid at all.
    fn admit(&self, seen: &Seen<'_>) -> Result<(), Refusal> {
        if seen.id().is_none() {
            return Err(Refusal::Finding(Finding::CaseIdMissing));
        }
        let verdict = self
            .has_verdicts
            .then(|| self.setting.verdicts.on(seen.number))
            .flatten();
        if let Some(finding) = verdict {
            return Err(Refusal::Finding(finding));
        }
        match seen.grouping.outcome {
            drgdip_grouper::Outcome::Invalid(reason) => {
                Err(Refusal::Finding(crate::grouped::invalid_finding(reason)))
            }
            _ => Ok(()),
        }
    }

    /// The rules that the discharge date selects.
    fn rules(
        &mut self,
        row: usize,
        say: &mut impl FnMut(Finding),
    ) -> Result<(i32, Arc<Dated>), Refusal> {
        if self.batch.discharges.is_null(row) {
            return Err(Refusal::Finding(Finding::DischargeMissing));
        }
        let day = self.batch.discharges.value(row);
        if day > self.setting.last_day {
            return Err(Refusal::Finding(Finding::DischargeAfterPeriod));
        }
        if !self.days.contains_key(&day) {
            let rules = self.setting.rules_on(day).map_err(Refusal::Error)?;
            self.days.insert(day, rules);
        }
        let dated = self.days[&day].clone();
        let dated = dated.ok_or(Refusal::Finding(Finding::PolicyDateMissing))?;
        if day < self.setting.first_day {
            match dated.pricing.late {
                LateEntries::Pay => say(Finding::DischargeBeforePeriod),
                LateEntries::Unpaid => {
                    return Err(Refusal::Finding(Finding::DischargeBeforePeriod));
                }
            }
        }
        Ok((day, dated))
    }

    /// The account that a case is booked in, and the hospital's coefficient on the day.
    fn account(&self, row: usize, day: i32, dated: &Dated) -> Result<(Account, Ratio), Refusal> {
        if self.batch.insurances[row].is_none() {
            return Err(Refusal::Finding(Finding::InsuranceUnknown));
        }
        if self.batch.regions[row].is_none() {
            return Err(Refusal::Finding(Finding::RegionMissing));
        }
        let pool = self
            .pool(row)
            .ok_or(Refusal::Finding(Finding::RegionNotSettled))?;
        let hospital = match self.batch.hospitals[row] {
            Named::Known(number) => number,
            Named::Unknown => return Err(Refusal::Finding(Finding::HospitalUnknown)),
            Named::Missing => return Err(Refusal::Finding(Finding::HospitalMissing)),
        };
        let rows = &self.setting.hospitals[hospital as usize];
        let date = date_of(day);
        let holds = rows
            .iter()
            .position(|row| date.is_some_and(|date| row.holds_on(date)));
        let holds = holds.ok_or(Refusal::Finding(Finding::HospitalUnknown))?;
        let coefficient = dated.coefficients[hospital as usize][holds];
        Ok((Account { pool, hospital }, coefficient))
    }

    fn require_patient_side(&self, case: &SettledCase) -> Result<(), Refusal> {
        let is_needed = self.setting.terms.value.family != ValueFamily::A;
        if is_needed && case.patient_side.is_none() {
            return Err(Refusal::Finding(Finding::PaymentPartsMissing));
        }
        Ok(())
    }
}

/// Why a case gets no points.
enum Refusal {
    Finding(Finding),
    /// The run cannot go on.
    Error(Error),
}

fn admissible_cost(cell: MoneyCell) -> Result<Yuan, Refusal> {
    match cell {
        MoneyCell::Fen(fen) if fen < 0 => Err(Refusal::Finding(Finding::CostNegative)),
        MoneyCell::Fen(fen) => Ok(Yuan::from_fen(fen)),
        MoneyCell::Missing => Err(Refusal::Finding(Finding::CostMissing)),
        MoneyCell::Unusable => Err(Refusal::Finding(Finding::CostUnusable)),
    }
}
