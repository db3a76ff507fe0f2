//! Decides on one case: whether it is paid, from which pool, and with how many points.

use super::batch::{Batch, Named};
use super::cases::{SettledCase, SettledClass};
use super::day_rules::{DayRules, HeldRules};
use super::earn::Earning;
use super::ledger::Account;
use super::links::{self, LinkPage, PaidCase};
use super::pooling::RegionPools;
use super::pricing::Pricing;
use super::setting::Setting;
use super::stays::StayFacts;
use super::units::{Judged, NamedUnit, UnitCase, UnitKey, UnitSums};
use super::verdicts::VerdictsInOrder;
use crate::Error;
use crate::findings::FindingRow;
use crate::grouped::{GroupingWorker, invalid_finding};
use crate::read::{ClaimFiles, FEN_LIMIT, MoneyCell};
use arrow::array::{Array, StringArray};
use drgdip_claims::{Finding, Yuan};
use drgdip_grouper::{CaseMoney, Grouping, Outcome};
use drgdip_points::Points;
use drgdip_tables::policy::{LateEntries, PatientSide, ValueFamily};
use jiff::civil::Date;

/// One grouped row.
pub(super) struct Seen<'a> {
    pub(super) row: usize,
    pub(super) number: u64,
    pub(super) ids: &'a StringArray,
    pub(super) grouping: Grouping,
}

impl Seen<'_> {
    pub(super) fn id(&self) -> Option<&str> {
        self.ids
            .is_valid(self.row)
            .then(|| self.ids.value(self.row))
    }
}

/// What lines pay of a case, so that points do not answer for it.
#[derive(Clone, Copy, Default)]
pub(super) struct PaidByLines {
    /// Whether a line pays the whole case.
    pub(super) is_whole: bool,
    /// What lines are asked for.
    pub(super) asked: Yuan,
}

/// Decides on the rows of a batch.
pub(super) struct Desk<'d, 'l> {
    pub(super) setting: &'d Setting<'d>,
    pub(super) files: &'d ClaimFiles,
    pub(super) batch: &'d Batch,
    pub(super) grouping: &'d GroupingWorker<'d>,
    pub(super) pools: &'d [RegionPools],
    pub(super) days: &'d mut DayRules,
    pub(super) links: &'d mut LinkPage<'l>,
    pub(super) units: &'d mut UnitSums,
    /// The verdicts on the rows that are settled, in row order.
    pub(super) verdicts: VerdictsInOrder<'d>,
}

impl Desk<'_, '_> {
    /// Settles a row; an account comes with every case that is paid.
    pub(super) fn settle(
        &mut self,
        seen: &Seen<'_>,
        found: &mut Vec<FindingRow>,
    ) -> Result<(SettledCase, Option<(Account, PaidByLines)>), Error> {
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
            subtype: None,
            points: Points::ZERO,
        };
        let mut say = |finding| {
            let case_id = seen.id().map(str::to_owned);
            found.push(FindingRow::new(
                seen.number,
                finding,
                case_id,
                String::new(),
            ));
        };
        self.warn(seen.row, &mut say);
        match self.pay(seen, &mut case, &mut say) {
            Ok(paid) => Ok((case, Some(paid))),
            Err(Refusal::Finding(finding)) => {
                case.class = SettledClass::Unpaid(finding);
                // The grouping has already said why a case is invalid or has no id.
                if !matches!(seen.grouping.outcome, Outcome::Invalid(_))
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
        let unit = match self.batch.hospitals[row] {
            Named::Known(number) => {
                let discharges = &self.batch.discharges;
                let day = discharges.is_valid(row).then(|| discharges.value(row));
                self.setting.unit_of(number, day)
            }
            Named::Unknown | Named::Missing => Some(0),
        };
        let away = self.batch.away.as_ref().is_some_and(|away| away[row]);
        self.pools[region as usize].pool(insurance, unit, away)
    }

    /// U of a case, where the claim states what it is made of.
    fn patient_side(&self, row: usize) -> Option<i64> {
        let amount = |column: &Option<Vec<MoneyCell>>| match column.as_ref()?[row] {
            MoneyCell::Fen(fen) => Some(fen),
            MoneyCell::Missing | MoneyCell::Unusable => None,
        };
        let side = match self.setting.terms.patient_side {
            PatientSide::PatientAndOtherFunds => {
                amount(&self.batch.patient)?.checked_add(amount(&self.batch.other_funds)?)
            }
            PatientSide::TotalLessFund => match self.batch.total[row] {
                MoneyCell::Fen(total) => total.checked_sub(amount(&self.batch.fund)?),
                MoneyCell::Missing | MoneyCell::Unusable => None,
            },
        };
        side.filter(|side| side.unsigned_abs() < FEN_LIMIT)
    }

    /// Findings that do not keep a case from being paid.
    fn warn(&self, row: usize, say: &mut impl FnMut(Finding)) {
        if self.batch.stays.named_unit(row) == NamedUnit::Unknown {
            say(Finding::PaymentUnitUnknown);
        }
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
    ) -> Result<(Account, PaidByLines), Refusal> {
        self.admit(seen)?;
        let total = admissible_cost(self.batch.total[seen.row])?;
        let (day, dated) = self.rules(seen.row, say)?;
        let (account, holds) = self.account(seen.row, case.pool, dated.date())?;
        self.require_patient_side(case)?;
        let files = self.files;
        let wrong = |e| Refusal::Error(wrong(files, seen, e));
        let unit = self.unit((seen, day), &dated, (total, account, holds))?;
        let cost = unit.as_ref().map_or(total, |unit| unit.cost);
        if let Some(unit) = unit.as_ref().filter(|unit| unit.has_drugs()) {
            without_drugs(case, unit).map_err(wrong)?;
        }
        let hospital = account.hospital as usize;
        let earning = Earning {
            pricing: &dated.pricing,
            options: &dated.options,
            hospital: &self.setting.hospitals[hospital][holds],
            coefficient: dated.coefficients[hospital][holds],
            stay: stay(self.setting, (self.batch, seen.row), &dated),
            discharged: day,
            cost,
            subtype: self.subtype(seen, &dated.pricing, cost),
            named: self.batch.stays.named_unit(seen.row),
            unit: unit.as_ref(),
            is_late: false,
        };
        let earned = earning.earn(seen.grouping.outcome, say).map_err(wrong)?;
        let earned = earned.map_err(Refusal::Finding)?;
        is_held(earned.points).map_err(wrong)?;
        let side = case.patient_side.map_or(Yuan::ZERO, Yuan::from_fen);
        let is_on_line = unit.as_ref().is_some_and(|unit| unit.on_line().is_some());
        if is_on_line {
            // The line pays what others do not bear, so points have nothing to take off.
            case.patient_side = case.patient_side.map(|_| 0);
        }
        case.class = earned.class;
        case.points = earned.points;
        if let Some((price, reference_cost, coefficient)) = earned.price {
            case.weight = Some(price.weight().ten_thousandths());
            case.base_points = Some(price.base_points().ten_thousandths());
            case.reference_cost = Some(reference_cost.fen());
            case.coefficient = Some(coefficient.millionths());
            case.subtype = earned.subtype.and_then(|number| u32::try_from(number).ok());
        }
        let paid = PaidCase {
            account,
            earned,
            cost,
            seen_cost: earned.seen_cost.unwrap_or(cost),
            stay: earning.stay,
            discharged: day,
            rules: &dated.pricing.rules,
            patient_side: case.patient_side,
            counting: (self.setting.measures).counting(self.batch, seen.row, &seen.grouping),
        };
        let noted = self.links.note(self.setting, seen, &paid, say);
        noted.map_err(Refusal::Error)?;
        let mut lines = PaidByLines::default();
        if let Some(unit) = &unit {
            let key = UnitKey {
                case_id: seen.id().unwrap_or_default(),
                account,
                row: seen.number,
            };
            let asked = unit.close(key, (earned.points, side), self.units);
            lines.asked = asked.map_err(wrong)?;
            lines.is_whole = is_on_line;
        }
        Ok((account, lines))
    }

    /// The subtype of the auxiliary directory that a grouped case is of, where the policy pays it.
    fn subtype(&self, seen: &Seen<'_>, pricing: &Pricing, cost: Yuan) -> Option<usize> {
        if !pricing.has_subtypes() {
            return None;
        }
        let group = seen.grouping.outcome.group()?.0;
        let standard = pricing.price(group)?.reference_cost().ok()?;
        let drugs = self.batch.drugs.as_ref().map(|drugs| drugs[seen.row]);
        let money = CaseMoney {
            cost: Some(cost.fen()),
            standard: Some(standard.fen()),
            // Claims state no fee of treatment without surgery.
            treatment: None,
            drug: drugs.and_then(MoneyCell::fen),
        };
        self.grouping.subtype(seen.row, group, &money)
    }

    /// The case for payment units, where the claim states something that one of them looks at.
    fn unit<'u>(
        &self,
        (seen, discharged): (&Seen<'_>, i32),
        dated: &'u HeldRules,
        (total, account, holds): (Yuan, Account, usize),
    ) -> Result<Option<UnitCase<'u>>, Refusal>
    where
        Self: 'u,
    {
        let row = seen.row;
        let found = (self.batch.units.as_ref()).and_then(|units| units.row(row));
        let (Some(facts), Some(rules), Some(used)) =
            (found, dated.units.as_ref(), self.setting.unit_use.as_ref())
        else {
            return Ok(None);
        };
        let (Some(day), Some(insurance)) = (used.day(discharged), self.batch.insurances[row])
        else {
            return Ok(None);
        };
        let case_id = seen.id().unwrap_or_default();
        let audits = &self.setting.item_audits;
        let audit = audits.of(case_id, self.setting.ids(account));
        let audit = audit.map_err(|e| {
            let place = format!("the audits of case {case_id}");
            let hint = "Correct the amounts of the audits input.";
            Refusal::Error(Error::input(place, e).with_hint(hint))
        })?;
        let hospital = &self.setting.hospitals[account.hospital as usize][holds];
        let judged = Judged {
            facts,
            rules,
            registry: self.setting.policy.new_technologies(),
            day,
            insurance,
            rounding: self.setting.terms.value.money_rounding,
            follow_ups: self.setting.follow_ups.of(case_id),
            audit,
            is_primary_care: hospital.is_primary_care,
        };
        let wrong = |e| wrong(self.files, seen, e);
        let case = UnitCase::new(judged, total, wrong).map_err(Refusal::Error)?;
        case.map(Some).map_err(Refusal::Finding)
    }

    /// Whether the row may be paid at all.
    fn admit(&mut self, seen: &Seen<'_>) -> Result<(), Refusal> {
        if seen.id().is_none() {
            return Err(Refusal::Finding(Finding::CaseIdMissing));
        }
        if let Some(finding) = self.verdicts.on(seen.number) {
            return Err(Refusal::Finding(finding));
        }
        match seen.grouping.outcome {
            Outcome::Invalid(reason) => Err(Refusal::Finding(invalid_finding(reason))),
            _ => Ok(()),
        }
    }

    /// The rules that the discharge date selects.
    fn rules(
        &mut self,
        row: usize,
        say: &mut impl FnMut(Finding),
    ) -> Result<(i32, HeldRules), Refusal> {
        if self.batch.discharges.is_null(row) {
            return Err(Refusal::Finding(Finding::DischargeMissing));
        }
        let day = self.batch.discharges.value(row);
        if day > self.setting.last_day {
            return Err(Refusal::Finding(Finding::DischargeAfterPeriod));
        }
        let dated = self.days.on(self.setting, day).map_err(Refusal::Error)?;
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

    /// The account that a case is booked in, and the hospital's row that holds on the day.
    fn account(
        &self,
        row: usize,
        pool: Option<u16>,
        day: Option<Date>,
    ) -> Result<(Account, usize), Refusal> {
        if self.batch.insurances[row].is_none() {
            return Err(Refusal::Finding(Finding::InsuranceUnknown));
        }
        if self.batch.regions[row].is_none() {
            return Err(Refusal::Finding(Finding::RegionMissing));
        }
        let pool = pool.ok_or(Refusal::Finding(Finding::RegionNotSettled))?;
        let hospital = match self.batch.hospitals[row] {
            Named::Known(number) => number,
            Named::Unknown => return Err(Refusal::Finding(Finding::HospitalUnknown)),
            Named::Missing => return Err(Refusal::Finding(Finding::HospitalMissing)),
        };
        let rows = &self.setting.hospitals[hospital as usize];
        let holds = rows
            .iter()
            .position(|row| day.is_some_and(|day| row.holds_on(day)));
        let holds = holds.ok_or(Refusal::Finding(Finding::HospitalUnknown))?;
        let members = &self.setting.pools.all[usize::from(pool)].members;
        if members
            .as_ref()
            .is_some_and(|m| !m.contains(&rows[holds].hospital_id))
        {
            return Err(Refusal::Finding(Finding::HospitalNotInPool));
        }
        Ok((Account { pool, hospital }, holds))
    }

    fn require_patient_side(&self, case: &SettledCase) -> Result<(), Refusal> {
        let is_needed =
            self.setting.terms.value.family != ValueFamily::A || links::pays_at_cost(self.setting);
        if is_needed && case.patient_side.is_none() {
            return Err(Refusal::Finding(Finding::PaymentPartsMissing));
        }
        Ok(())
    }
}

/// Points are written with eighteen digits, four of them decimals.
const POINTS_LIMIT: u64 = 10_u64.pow(18);

/// Points that the outputs have room for.
fn is_held(points: Points) -> Result<(), drgdip_points::Error> {
    match points.ten_thousandths().unsigned_abs() < POINTS_LIMIT {
        true => Ok(()),
        false => Err(drgdip_points::Error::Overflow(
            "number of points of the case",
        )),
    }
}

/// Takes negotiated drugs out of what points answer for: their cost, and what patients bear of it.
fn without_drugs(case: &mut SettledCase, unit: &UnitCase<'_>) -> Result<(), drgdip_points::Error> {
    case.total_cost = Some(unit.cost.fen());
    if let Some(side) = case.patient_side {
        let left = unit.without_drugs(Yuan::from_fen(side))?;
        case.patient_side = Some(left.fen());
    }
    Ok(())
}

/// What stops a run at a claim, with the file and the row that it stands in.
fn wrong(files: &ClaimFiles, seen: &Seen<'_>, problem: drgdip_points::Error) -> Error {
    let (file, row) = files.place(seen.number);
    let id = seen.id().unwrap_or_default();
    let place = format!("{}, row {row}, case {id}", file.label);
    let hint = "Correct the claim, or the parameters of the policy that pay it.";
    Error::input(place, format!("{problem}.")).with_hint(hint)
}

/// What the claim says of the stay, where a rule asks.
fn stay<'b>(
    setting: &Setting<'_>,
    (batch, row): (&'b Batch, usize),
    dated: &HeldRules,
) -> StayFacts<'b> {
    if dated.options.looks_at_stays || links::is_linked(setting) {
        batch.stays.row(row)
    } else {
        StayFacts::default()
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
