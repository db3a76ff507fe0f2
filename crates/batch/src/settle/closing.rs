//! From what pools pay to what hospitals get: a month's prepayment, or a year's clearing.

use super::PoolReport;
use super::SettleJob;
use super::carried::Holdings;
use super::conduct::{ByAccount, audits, conducts, growth};
use super::journal::{ByHospital, Journal, LedgerRow};
use super::prior::initial;
use super::setting::Setting;
use crate::Error;
use crate::inputs::{InputTable, Inputs};
use drgdip_claims::{MoneyError, Yuan};
use drgdip_points::clear::{
    Adjustment, AdjustmentKind, ClearingRules, adjust, prepay, within_fund,
};
use drgdip_points::pool::{HospitalPayment, HospitalTotals};
use drgdip_points::{PointValue, Points};
use drgdip_tables::policy::{PrepaidValue, PrepayTerms, ValueTerms};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// An amount of a hospital beside its payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HospitalAdjustment {
    /// The pool.
    pub pool: String,
    /// The hospital.
    pub hospital_id: String,
    /// Why, as a stable code.
    pub kind: &'static str,
    /// How much; below zero it is taken off.
    pub amount: Yuan,
    /// What an audit says, or the parameter of the policy.
    pub reason: String,
}

/// What a hospital is prepaid for a month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrepaidHospital {
    /// The pool.
    pub pool: String,
    /// The hospital.
    pub hospital_id: String,
    /// How many cases it settles.
    pub cases: u64,
    /// Its points.
    pub points: Points,
    /// What it earned at the value that prepayments go by.
    pub earned: Yuan,
    /// What audits of the month take off.
    pub audit: Yuan,
    /// What it owed from the months before.
    pub debt_before: Yuan,
    /// What is paid now.
    pub prepaid: Yuan,
    /// What it owes after it.
    pub debt: Yuan,
}

/// What a hospital gets for a year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClearedHospital {
    /// The pool.
    pub pool: String,
    /// The hospital.
    pub hospital_id: String,
    /// What its cases are paid.
    pub payment: Yuan,
    /// Σ of its adjustments.
    pub adjustments: Yuan,
    /// The final amount of the year: payment and adjustments.
    pub due: Yuan,
    /// Σ of what it was prepaid.
    pub prepaid: Yuan,
    /// Σ of what it was advanced.
    pub advanced: Yuan,
    /// What is still to be paid; below zero it is to be paid back.
    pub clearing: Yuan,
}

/// What is done with the payments of a settlement.
#[derive(Clone, Debug, Default)]
pub(super) struct Closing {
    pub(super) adjustments: Vec<HospitalAdjustment>,
    /// The prepayments of a month, where the policy has any.
    pub(super) prepaid: Vec<PrepaidHospital>,
    /// The clearing of a year.
    pub(super) cleared: Vec<ClearedHospital>,
    /// What the ledger says was prepaid, by month.
    pub(super) ledger: BTreeMap<String, ByHospital>,
    /// What whoever reads the settlement should know of the policy, with sizes.
    pub(super) warnings: Vec<String>,
}

impl Closing {
    /// Closes a month or clears a year.
    ///
    /// # Errors
    /// Inputs that do not fit the pools, a ledger that cannot be used, amounts that do not fit.
    pub(super) fn new(
        job: &SettleJob<'_>,
        setting: &Setting<'_>,
        (pools, holdings): (&[PoolReport], &Holdings),
        journal: &Journal,
    ) -> Result<Self, Error> {
        let mut closing = Self::close(job, setting, (pools, holdings), journal)?;
        closing.warnings = super::warnings::warnings(setting, pools)?;
        Ok(closing)
    }

    fn close(
        job: &SettleJob<'_>,
        setting: &Setting<'_>,
        (pools, holdings): (&[PoolReport], &Holdings),
        journal: &Journal,
    ) -> Result<Self, Error> {
        if setting.period.is_year() {
            return clear(job.inputs, setting, (pools, holdings), journal);
        }
        match &setting.terms.prepay {
            Some(terms) => close_month(job.inputs, (setting, terms), pools, journal),
            None => Ok(Self {
                adjustments: debts(pools),
                ..Self::default()
            }),
        }
    }

    /// The rows of the month for the ledger.
    pub(super) fn ledger_rows(&self) -> Vec<LedgerRow> {
        let row = |hospital: &PrepaidHospital| {
            let counted = (hospital.cases, hospital.points);
            LedgerRow {
                earned: hospital.earned.to_string(),
                audit: hospital.audit.to_string(),
                debt_before: hospital.debt_before.to_string(),
                prepaid: hospital.prepaid.to_string(),
                debt: hospital.debt.to_string(),
                ..LedgerRow::new(&hospital.pool, &hospital.hospital_id, counted)
            }
        };
        self.prepaid.iter().map(row).collect()
    }
}

fn overflow(error: MoneyError) -> Error {
    Error::input("clearing", error)
}

/// A payment below zero is not collected now: it is a debt.
const DEBT_CARRIED: &str = "debt_carried";

fn debts(pools: &[PoolReport]) -> Vec<HospitalAdjustment> {
    let of_pool = |pool: &PoolReport| -> Vec<HospitalAdjustment> {
        let owing = pool
            .settlement
            .hospitals
            .iter()
            .filter(|h| h.payment.is_negative());
        let debt = |h: &HospitalPayment| {
            let amount = Yuan::ZERO.minus(h.payment).unwrap_or(Yuan::ZERO);
            debt_row(&pool.id, &h.hospital_id, amount)
        };
        owing.map(debt).collect()
    };
    pools.iter().flat_map(of_pool).collect()
}

/// The parameter that asks for an adjustment.
const fn parameter(kind: AdjustmentKind) -> &'static str {
    match kind {
        AdjustmentKind::PrimaryCareGrowth => "pool.primary_care_growth.share",
        AdjustmentKind::Assessment => "clearing.assessment",
        AdjustmentKind::MarginHeld => "clearing.margin.share",
        AdjustmentKind::MarginReleased => "clearing.margin.full_from",
        AdjustmentKind::OverspendShare => "clearing.hospital.fund_share",
        AdjustmentKind::SurplusReturned => "clearing.hospital.keep_from",
        AdjustmentKind::Audit => "audits",
    }
}

fn debt_row(pool: &str, hospital_id: &str, amount: Yuan) -> HospitalAdjustment {
    HospitalAdjustment {
        reason: "value.negative".to_owned(),
        pool: pool.to_owned(),
        hospital_id: hospital_id.to_owned(),
        kind: DEBT_CARRIED,
        amount,
    }
}

fn close_month(
    inputs: &Inputs,
    (setting, terms): (&Setting<'_>, &PrepayTerms),
    pools: &[PoolReport],
    journal: &Journal,
) -> Result<Closing, Error> {
    let period = setting.period.text.as_str();
    let audits = audits(setting, inputs, pools)?;
    let debts = journal.debts_before(period)?;
    let mut closing = Closing::default();
    for pool in pools {
        let worth = Worth::of(pool, (setting, terms))?;
        for hospital in &pool.settlement.hospitals {
            let key = (pool.id.clone(), hospital.hospital_id.clone());
            let of = |all: &ByAccount<Yuan>| all.get(&key).copied().unwrap_or(Yuan::ZERO);
            let earned = worth.earned(hospital)?;
            let (audit, debt_before) = (of(&audits), of(&debts));
            let rounding = setting.terms.value.money_rounding;
            let due = prepay(earned, terms.share, audit, debt_before, rounding)
                .map_err(|e| Error::input(format!("prepayment of {}", key.1), e))?;
            if due.debt != Yuan::ZERO {
                closing.adjustments.push(debt_row(&key.0, &key.1, due.debt));
            }
            closing.prepaid.push(PrepaidHospital {
                pool: key.0,
                hospital_id: key.1,
                cases: hospital.cases,
                points: hospital.points,
                earned,
                audit,
                debt_before,
                prepaid: due.prepaid,
                debt: due.debt,
            });
        }
    }
    Ok(closing)
}

/// What hospitals of a pool earned in a month, at the value that prepayments go by.
enum Worth<'p> {
    /// Their payments at the value of the month itself.
    Paid,
    /// Their points at the initial value.
    Initial {
        totals: HashMap<&'p str, &'p HospitalTotals>,
        value: PointValue,
        terms: &'p ValueTerms,
    },
}

impl<'p> Worth<'p> {
    fn of(
        pool: &'p PoolReport,
        (setting, terms): (&'p Setting<'_>, &PrepayTerms),
    ) -> Result<Self, Error> {
        if terms.value == PrepaidValue::Month {
            return Ok(Self::Paid);
        }
        let known = setting.pools.all.iter().find(|known| known.id == pool.id);
        let known = known.expect("a report is about a pool of the setting");
        let value = initial(known, &setting.terms)?.ok_or_else(|| {
            let problem = format!("the policy states no initial point value for {}.", pool.id);
            let hint = "Add it to value.initial, under the pool, its insurance or all.";
            Error::input("prepayments", problem).with_hint(hint)
        })?;
        let totals = pool.input.hospitals.iter();
        Ok(Self::Initial {
            totals: totals.map(|of| (of.hospital_id.as_str(), of)).collect(),
            value,
            terms: &setting.terms.value,
        })
    }

    fn earned(&self, hospital: &HospitalPayment) -> Result<Yuan, Error> {
        let Self::Initial {
            totals,
            value,
            terms,
        } = self
        else {
            return Ok(hospital.payment);
        };
        // A hospital that is paid has totals, if only of cases that are paid at cost.
        let worth = totals[hospital.hospital_id.as_str()].worth_at(value, terms);
        let worth = worth.map_err(|e| Error::input("prepayments", e))?;
        worth.plus(hospital.at_cost).map_err(overflow)
    }
}

fn clear(
    inputs: &Inputs,
    setting: &Setting<'_>,
    (pools, holdings): (&[PoolReport], &Holdings),
    journal: &Journal,
) -> Result<Closing, Error> {
    let year = setting.period.text.as_str();
    let audits = audits(setting, inputs, pools)?;
    let mut closing = Closing {
        ledger: journal.prepaid_in(year)?,
        ..Closing::default()
    };
    let mut due: ByAccount<(Yuan, Yuan)> = BTreeMap::new();
    for pool in pools {
        let adjusted = adjustments(inputs, setting, pool, &audits)?;
        for hospital in &pool.settlement.hospitals {
            let id = &hospital.hospital_id;
            let mut sum = Yuan::ZERO;
            for adjustment in adjusted.get(id).into_iter().flatten() {
                sum = sum.plus(adjustment.amount).map_err(overflow)?;
                closing.adjustments.push(HospitalAdjustment {
                    pool: pool.id.clone(),
                    hospital_id: id.clone(),
                    kind: adjustment.kind.code(),
                    amount: adjustment.amount,
                    reason: match adjustment.kind {
                        AdjustmentKind::Audit => reasons(inputs, id),
                        kind => parameter(kind).to_owned(),
                    },
                });
            }
            due.insert((pool.id.clone(), id.clone()), (hospital.payment, sum));
        }
    }
    for held in holdings.adjustments()? {
        let key = (held.pool.clone(), held.hospital_id.clone());
        let (_, sum) = due.entry(key).or_default();
        *sum = sum.plus(held.amount).map_err(overflow)?;
        closing.adjustments.push(held);
    }
    let prepaid = sum_up(
        closing
            .ledger
            .values()
            .flatten()
            .map(|(key, yuan)| (key, *yuan)),
    )?;
    let advanced = advances(inputs, year)?;
    let keys: BTreeSet<_> = due
        .keys()
        .chain(prepaid.keys())
        .chain(advanced.keys())
        .collect();
    for key in keys {
        let of = |all: &ByAccount<Yuan>| all.get(key).copied().unwrap_or(Yuan::ZERO);
        let (payment, adjustments) = due.get(key).copied().unwrap_or_default();
        let due = payment.plus(adjustments).map_err(overflow)?;
        let (prepaid, advanced) = (of(&prepaid), of(&advanced));
        let clearing = due.minus(prepaid).and_then(|rest| rest.minus(advanced));
        closing.cleared.push(ClearedHospital {
            pool: key.0.clone(),
            hospital_id: key.1.clone(),
            payment,
            adjustments,
            due,
            prepaid,
            advanced,
            clearing: clearing.map_err(overflow)?,
        });
    }
    Ok(closing)
}

/// What the audits of a hospital say, each reason once.
fn reasons(inputs: &Inputs, hospital_id: &str) -> String {
    let rows = inputs.rows(InputTable::Audits).iter();
    let mine = rows.filter(|row| row.required("hospital_id") == hospital_id);
    let reasons: BTreeSet<&str> = mine.filter_map(|row| row.text("reason")).collect();
    match reasons.is_empty() {
        true => parameter(AdjustmentKind::Audit).to_owned(),
        false => reasons.into_iter().collect::<Vec<_>>().join("; "),
    }
}

/// What the rules of the year do to each hospital of a pool.
fn adjustments(
    inputs: &Inputs,
    setting: &Setting<'_>,
    pool: &PoolReport,
    audits: &ByAccount<Yuan>,
) -> Result<BTreeMap<String, Vec<Adjustment>>, Error> {
    let wrong = |e: drgdip_points::Error| Error::input(format!("clearing of {}", pool.id), e);
    let rules = ClearingRules {
        assessment: setting.terms.clearing.assessment,
        bands: setting.terms.clearing.hospital_bands,
        rounding: setting.terms.value.money_rounding,
    };
    let growth = growth(setting, inputs, pool)?;
    let mut found = BTreeMap::new();
    for (id, conduct) in conducts((setting, inputs), pool, audits)? {
        let payment = pool.settlement.hospital(&id);
        let payment = payment.map_or(Yuan::ZERO, |paid| paid.payment);
        let mut adjusted = Vec::new();
        if let Some(amount) = growth.get(&id).filter(|amount| **amount != Yuan::ZERO) {
            adjusted.push(Adjustment {
                kind: AdjustmentKind::PrimaryCareGrowth,
                amount: *amount,
            });
        }
        adjusted.extend(adjust(payment, &conduct, &rules).map_err(wrong)?);
        found.insert(id, adjusted);
    }
    limit_to_risk_fund(&mut found, pool).map_err(wrong)?;
    Ok(found)
}

/// Scales what the fund bears of overspending to the pool's risk fund.
fn limit_to_risk_fund(
    found: &mut BTreeMap<String, Vec<Adjustment>>,
    pool: &PoolReport,
) -> Result<(), drgdip_points::Error> {
    let is_share = |a: &&mut Adjustment| a.kind == AdjustmentKind::OverspendShare;
    let mut shares: Vec<&mut Adjustment> = found.values_mut().flatten().filter(is_share).collect();
    let amounts: Vec<Yuan> = shares.iter().map(|a| a.amount).collect();
    let limited = within_fund(&amounts, pool.risk_fund)?;
    for (share, amount) in shares.iter_mut().zip(limited) {
        share.amount = amount;
    }
    Ok(())
}

fn advances(inputs: &Inputs, year: &str) -> Result<ByAccount<Yuan>, Error> {
    let rows = inputs.rows(InputTable::Advances).iter();
    let mine = rows.filter(|row| row.required("period").starts_with(year));
    let rows: Vec<_> = mine
        .map(|row| {
            let key = (
                row.required("pool").to_owned(),
                row.required("hospital_id").to_owned(),
            );
            (key, row.yuan("amount"))
        })
        .collect();
    sum_up(rows.iter().map(|(key, yuan)| (key, *yuan)))
}

fn sum_up<'a>(
    rows: impl Iterator<Item = (&'a (String, String), Yuan)>,
) -> Result<ByAccount<Yuan>, Error> {
    let mut sums: ByAccount<Yuan> = BTreeMap::new();
    for (key, yuan) in rows {
        let sum = sums.entry(key.clone()).or_default();
        *sum = sum.plus(yuan).map_err(overflow)?;
    }
    Ok(sums)
}
