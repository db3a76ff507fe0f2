//! What units make of one claim, found again from the claim and from copies of policy and inputs
//! by the code that settles.

use super::audits::ItemAudits;
use super::case::{Judged, UnitCase, UnitKey};
use super::columns::{UnitColumns, UnitFacts, UnitUse};
use super::rules::UnitRules;
use super::stay::StayPricing;
use super::tcm::FollowUps;
use super::{CARVED_OUT, UnitSums};
use crate::find::rows_of_case;
use crate::inputs::{Inputs, Insurance};
use crate::read::{
    ClaimFile, ClaimFiles, Column, ColumnNeeds, ReadOptions, column_array, dates, money, texts,
};
use crate::settle::cases::SettledClass;
use crate::settle::ledger::Account;
use crate::settle::means::GroupMeans;
use crate::settle::period::Period;
use crate::{Error, Progress};
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use drgdip_claims::Yuan;
use drgdip_points::award::CaseRules;
use drgdip_points::{Points, Ratio, Weight};
use drgdip_tables::Policy;
use drgdip_tables::policy::{Line, PatientSide, PolicyAt};
use jiff::civil::Date;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A claim with what units look at.
#[derive(Clone, Debug)]
pub(crate) struct UnitClaim {
    facts: UnitFacts,
    day: Date,
    insurance: Insurance,
    total: Yuan,
    /// What patients and other funds bear; zero where the claim does not say.
    side: Yuan,
}

/// The first claim of a case in a file; `None` where it states nothing that a unit looks at.
///
/// # Errors
/// A file that cannot be read, and an interruption.
pub(crate) fn claim(
    file: &PathBuf,
    case_id: &str,
    (policy, terms): (&Policy, &PolicyAt),
    progress: &dyn Progress,
) -> Result<Option<UnitClaim>, Error> {
    let Some(used) = UnitUse::new(policy, terms) else {
        return Ok(None);
    };
    let mut optional = used.columns();
    optional.extend([
        Column::Insurance,
        Column::DischargeDate,
        Column::StayDays,
        Column::TotalCost,
        Column::FundPaid,
        Column::OtherFundsPaid,
        Column::PatientPaid,
        Column::MainProcedure,
        Column::OtherProcedures,
    ]);
    optional.sort_unstable();
    optional.dedup();
    let needs = ColumnNeeds {
        required: vec![Column::CaseId],
        optional,
    };
    // Whatever holds amounts here was let in by the run.
    let read = ReadOptions {
        allow_float_money: true,
        money_in_fen: true,
        keep_going: false,
    };
    let files = ClaimFiles::open(std::slice::from_ref(file), &needs, read, None)?;
    let rows = rows_of_case(&files, case_id, progress)?;
    let columns: Vec<Column> = needs.required.into_iter().chain(needs.optional).collect();
    let mut found = None;
    let first = &rows[..rows.len().min(1)];
    files.visit_rows(first, &columns, |file, batch, _, offset| {
        let row = ClaimRow {
            file,
            batch: &batch.slice(offset, 1),
        };
        found = row.read(&used, (policy, terms))?;
        Ok(())
    })?;
    Ok(found)
}

/// One row of a claim file, of which the needed columns were read.
struct ClaimRow<'r> {
    file: &'r ClaimFile,
    batch: &'r RecordBatch,
}

impl ClaimRow<'_> {
    fn array(&self, column: Column) -> Option<&ArrayRef> {
        column_array(self.batch, self.file.position(column, false))
    }

    fn amount(&self, column: Column) -> Result<Option<i64>, Error> {
        let cells = self.array(column).map(|a| money(self.file, a));
        Ok(cells.transpose()?.and_then(|cells| cells[0].fen()))
    }

    fn insurance(&self) -> Result<Option<Insurance>, Error> {
        let Some(column) = self.array(Column::Insurance) else {
            return Ok(None);
        };
        let words = texts(self.file, column)?;
        let key = words.keys().iter().next().flatten();
        let key = key.and_then(|key| usize::try_from(key).ok());
        let words = words.values().as_string::<i32>();
        Ok(key.and_then(|key| Insurance::from_word(words.value(key))))
    }

    /// What patients and other funds bear, where the claim says it.
    fn side(&self, of: PatientSide, total: i64) -> Result<Option<i64>, Error> {
        Ok(match of {
            PatientSide::PatientAndOtherFunds => {
                let patient = self.amount(Column::PatientPaid)?;
                let both = patient.zip(self.amount(Column::OtherFundsPaid)?);
                both.and_then(|(patient, other)| patient.checked_add(other))
            }
            PatientSide::TotalLessFund => {
                let fund = self.amount(Column::FundPaid)?;
                fund.and_then(|fund| total.checked_sub(fund))
            }
        })
    }

    fn read(
        &self,
        used: &UnitUse,
        (policy, terms): (&Policy, &PolicyAt),
    ) -> Result<Option<UnitClaim>, Error> {
        let Some(days) = self.array(Column::DischargeDate) else {
            return Ok(None);
        };
        let days = dates(self.file, days)?;
        let day = days.is_valid(0).then(|| used.day(days.value(0))).flatten();
        let total = self.amount(Column::TotalCost)?;
        let (Some(day), Some(insurance), Some(total)) = (day, self.insurance()?, total) else {
            return Ok(None);
        };
        let with = (used, policy.new_technologies());
        let columns = UnitColumns::read((self.file, self.batch), with, &days)?;
        let side = self.side(terms.patient_side, total)?;
        Ok(columns.row(0).map(|facts| UnitClaim {
            facts: facts.clone(),
            day,
            insurance,
            total: Yuan::from_fen(total),
            side: side.map_or(Yuan::ZERO, Yuan::from_fen),
        }))
    }
}

/// What the settled run states of a case, beside its claim.
pub(crate) struct StatedCase<'s> {
    pub(crate) case_id: &'s str,
    /// The code of its group; nothing where it has none.
    pub(crate) group: &'s str,
    /// The weight by which its unit pays the stay, or by which technologies act.
    pub(crate) weight: Option<Weight>,
    /// Whether it is the weight of the group with which a TCM disease is paired.
    pub(crate) is_paired: bool,
    pub(crate) coefficient: Ratio,
    /// The level of the hospital.
    pub(crate) level: &'s str,
    /// The ids of the pool and the hospital.
    pub(crate) hospital: (&'s str, &'s str),
    pub(crate) is_primary_care: bool,
}

/// What units make of a case.
#[derive(Clone, Debug, Default)]
pub(crate) struct Redone {
    /// The cost without negotiated drugs.
    pub(crate) cost: Yuan,
    /// The class and the points of a stay that a unit pays.
    pub(crate) stay: Option<(SettledClass, Points)>,
    /// By what cost technologies let the case be classified, their points on top, and the weight
    /// that stands for the group's.
    pub(crate) effect: Option<(Yuan, Points, Option<Weight>)>,
    /// Whether a part is paid beside the standard.
    pub(crate) is_carved_out: bool,
    /// What it asks of lines; the points that a line pays where it pays points.
    pub(crate) asked: BTreeMap<Line, (Yuan, Option<Points>)>,
    /// What its unit says of the stay.
    pub(crate) how: Option<String>,
}

/// Judges a claim again.
///
/// # Errors
/// A policy or inputs that do not fit the claim, and numbers that do not fit.
pub(crate) fn redo(
    claim: &UnitClaim,
    stated: &StatedCase<'_>,
    (policy, terms, inputs): (&Policy, &PolicyAt, &Inputs),
    period: &Period,
) -> Result<Redone, Error> {
    let wrong = |e: drgdip_points::Error| Error::input(format!("case {}", stated.case_id), e);
    let means = GroupMeans::of_group(inputs, stated.group);
    let rules = UnitRules::new(terms, &means)?;
    let follow_ups = FollowUps::new(inputs);
    let audit = ItemAudits::new(inputs, period).of(stated.case_id, stated.hospital);
    let judged = Judged {
        facts: &claim.facts,
        rules: &rules,
        registry: policy.new_technologies(),
        day: claim.day,
        insurance: claim.insurance,
        rounding: terms.value.money_rounding,
        follow_ups: follow_ups.of(stated.case_id),
        audit: audit.map_err(|e| wrong(e.into()))?,
        is_primary_care: stated.is_primary_care,
    };
    let case = UnitCase::new(judged, claim.total, wrong)?;
    let case = case.map_err(|finding| Error::input("claims", finding.english()))?;
    let case_rules = CaseRules::new(&terms.case).map_err(wrong)?;
    let price = stated.weight.map(|weight| case_rules.price(weight));
    let price = price.transpose().map_err(wrong)?;
    let own = price.as_ref().filter(|_| !stated.is_paired);
    let group = (!stated.group.is_empty()).then_some(0);
    let pricing = StayPricing {
        price: own,
        paired: price.as_ref().filter(|_| stated.is_paired),
        group,
        coefficient: stated.coefficient,
        level: stated.level,
        days: None,
        rules: &case_rules,
    };
    let stay = case.stay(&pricing).map_err(wrong)?;
    let effect = match (&stay, own) {
        (None, Some(price)) => case.change(price, group, &case_rules).map_err(wrong)?,
        _ => None,
    };
    let effect = effect.map(|change| {
        let raised = change.raised.as_ref().map(|(price, _)| price.weight());
        (change.seen, change.effect.extra, raised)
    });
    let found = Redone {
        cost: case.cost,
        stay,
        effect,
        ..Redone::default()
    };
    let side = case.without_drugs(claim.side).map_err(wrong)?;
    found.closed(&case, (stated.case_id, side)).map_err(wrong)
}

impl Redone {
    /// The same with what is asked of lines and what is said of the stay.
    fn closed(
        mut self,
        case: &UnitCase<'_>,
        (case_id, side): (&str, Yuan),
    ) -> Result<Self, drgdip_points::Error> {
        let extra = self.effect.map_or(Points::ZERO, |(_, extra, _)| extra);
        let points = self.stay.map_or(extra, |(_, points)| points);
        let mut sums = UnitSums::default();
        let account = Account {
            pool: 0,
            hospital: 0,
        };
        let key = UnitKey {
            case_id,
            account,
            row: 0,
        };
        case.close(key, (points, side), &mut sums)?;
        for entry in sums.lines {
            self.asked.insert(entry.line, (entry.asked, entry.earned));
        }
        self.is_carved_out = sums.notes.iter().any(|note| note.decision == CARVED_OUT);
        let stay = sums
            .notes
            .into_iter()
            .find(|note| is_of_stay(note.decision));
        self.how = stay.map(|note| note.how);
        Ok(self)
    }
}

/// Whether a decision is about who pays the stay.
pub(crate) fn is_of_stay(decision: &str) -> bool {
    matches!(decision, "by_unit" | "by_care" | "switched" | "by_efficacy")
}
