//! What units note while cases are settled, and the barrier at which every line is paid.

use super::audits::Audited;
use super::tcm::{Accrual, note_accruals, value_of};
use super::unit_of;
use crate::Error;
use crate::settle::PoolReport;
use crate::settle::carried::{Earlier, Holding};
use crate::settle::ledger::Account;
use crate::settle::links::{Adjustments, LinkRule};
use crate::settle::setting::Setting;
use drgdip_claims::Yuan;
use drgdip_points::pool::reserve_of;
use drgdip_points::units::{LineClaim, LineInput, LineSettlement, settle_line};
use drgdip_points::{Points, Ratio, Weight};
use drgdip_tables::policy::{Line, LineSurplus, Overrun, Pays, TcmTail, UnitTerms};
use std::collections::BTreeMap;

/// What a case asks of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LineEntry {
    pub(crate) row: u64,
    pub(crate) account: Account,
    pub(crate) case_id: String,
    pub(crate) line: Line,
    pub(crate) asked: Yuan,
    /// Points that the line pays at what a point of the hospital earns; `None` for an amount.
    pub(crate) earned: Option<Points>,
}

/// What was found and decided about a case by a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UnitNote {
    pub(crate) row: u64,
    pub(crate) account: Account,
    pub(crate) case_id: String,
    pub(crate) unit: &'static str,
    /// The technology, drug, disease or kind of care.
    pub(crate) key: String,
    /// The codes of the claim behind it.
    pub(crate) code: String,
    /// A stable word.
    pub(crate) decision: &'static str,
    pub(crate) cost: Option<Yuan>,
    pub(crate) points: Option<Points>,
    /// The weight and the coefficient by which a unit pays; that of the group where technologies
    /// act.
    pub(crate) weight: Option<Weight>,
    pub(crate) coefficient: Option<Ratio>,
    pub(crate) line: Option<Line>,
    /// What is asked of the line.
    pub(crate) amount: Option<Yuan>,
    /// How, in Chinese and English, with the numbers.
    pub(crate) how: String,
}

impl UnitNote {
    pub(super) fn new(unit: &'static str, key: &str, decision: &'static str) -> Self {
        Self {
            row: 0,
            account: Account {
                pool: 0,
                hospital: 0,
            },
            case_id: String::new(),
            unit,
            key: key.to_owned(),
            code: String::new(),
            decision,
            cost: None,
            points: None,
            weight: None,
            coefficient: None,
            line: None,
            amount: None,
            how: String::new(),
        }
    }
}

/// What the workers note for units.
#[derive(Debug, Default)]
pub(crate) struct UnitSums {
    pub(crate) lines: Vec<LineEntry>,
    pub(crate) notes: Vec<UnitNote>,
    /// TCM cases whose deferred points were accrued.
    pub(crate) accruals: Vec<Accrual>,
    /// What the clearing of the year holds of them.
    pub(crate) holdings: Vec<Holding>,
    /// What audits took off cases that are paid by item.
    pub(crate) audited: Vec<Audited>,
}

impl UnitSums {
    pub(crate) fn append(&mut self, mut more: Self) {
        self.lines.append(&mut more.lines);
        self.notes.append(&mut more.notes);
        self.accruals.append(&mut more.accruals);
        self.holdings.append(&mut more.holdings);
        self.audited.append(&mut more.audited);
    }
}

/// A line of a pool, settled against its own budget.
#[derive(Clone, Debug)]
pub(crate) struct LineReport {
    pub(crate) pool: u16,
    pub(crate) budget: Yuan,
    /// What the year before left over for it, and whom it owes.
    pub(crate) brought_forward: Yuan,
    pub(crate) owed: Vec<LineClaim>,
    /// Who asked, by `case_id`.
    pub(crate) entries: Vec<LineEntry>,
    pub(crate) settled: LineSettlement,
}

/// Pays every line of every pool that a case asks, in the order of pools and lines.
///
/// A case whose whole cost is paid by another rule, as special-case review or payment at cost do,
/// asks nothing for the technologies in it. Errors: a line without a budget, or amounts that do
/// not fit.
pub(in crate::settle) fn settle_lines(
    setting: &Setting<'_>,
    sums: &mut UnitSums,
    adjusted: &Adjustments,
    (pools, earlier): (&[PoolReport], &Earlier),
) -> Result<Vec<LineReport>, Error> {
    note_accruals(setting, sums, (adjusted, pools))?;
    let mut by_line = by_line(setting, sums, (adjusted, pools))?;
    for (number, pool) in (0..).zip(pools) {
        for line in earlier.lines_owing(&pool.id) {
            by_line.entry((number, line)).or_default();
        }
    }
    let mut reports: Vec<LineReport> = Vec::new();
    let mut reserves: BTreeMap<u16, Yuan> = BTreeMap::new();
    for ((pool, line), mut entries) in by_line {
        entries.sort_by(|a, b| a.case_id.cmp(&b.case_id).then(a.row.cmp(&b.row)));
        let id = &pools[usize::from(pool)].id;
        let wrong = |e: drgdip_points::Error| Error::input(format!("pool {id}, line"), e);
        let reserve = match reserves.get(&pool) {
            Some(left) => *left,
            None => reserve(setting, pool)?,
        };
        let input = LineInput {
            line,
            budget: budget(setting, pool, line)?,
            brought_forward: earlier.surplus(id, line)?,
            reserve,
            overrun: overrun(&setting.terms.units, line)?,
            surplus: setting
                .terms
                .units
                .line_surplus
                .unwrap_or(LineSurplus::Reserve),
            owed: earlier.owed(id, line)?,
            claims: entries.iter().map(claim).collect(),
        };
        let settled = settle_line(&input).map_err(wrong)?;
        let left = reserve.minus(settled.supplement);
        reserves.insert(pool, left.map_err(|e| Error::input("pools", e))?);
        reports.push(LineReport {
            pool,
            budget: input.budget,
            brought_forward: input.brought_forward,
            owed: input.owed,
            entries,
            settled,
        });
    }
    Ok(reports)
}

/// What audits took off cases, by pool and hospital; nothing of cases that another rule pays.
pub(in crate::settle) fn audited(
    setting: &Setting<'_>,
    sums: &UnitSums,
    adjusted: &Adjustments,
) -> Vec<((String, String), Yuan)> {
    let counts = |entry: &&Audited| !is_paid_otherwise((entry.row, Line::Item), adjusted);
    let taken = sums.audited.iter().filter(counts);
    let keyed = taken.map(|entry| {
        let (pool, hospital) = setting.ids(entry.account);
        ((pool.to_owned(), hospital.to_owned()), entry.amount)
    });
    keyed.collect()
}

/// What is asked of each line of each pool, in money.
fn by_line(
    setting: &Setting<'_>,
    sums: &mut UnitSums,
    (adjusted, pools): (&Adjustments, &[PoolReport]),
) -> Result<BTreeMap<(u16, Line), Vec<LineEntry>>, Error> {
    let rounding = setting.terms.value.money_rounding;
    let mut by_line: BTreeMap<(u16, Line), Vec<LineEntry>> = BTreeMap::new();
    for mut entry in std::mem::take(&mut sums.lines) {
        if is_paid_otherwise((entry.row, entry.line), adjusted) {
            sums.notes.push(replaced(&entry));
            continue;
        }
        let value = value_of(setting, pools, entry.account);
        if let Some((points, value)) = entry.earned.zip(value) {
            let asked = points.pay_at(&value, rounding);
            entry.asked = asked.map_err(|e| Error::input(format!("case {}", entry.case_id), e))?;
        }
        let key = (entry.account.pool, entry.line);
        by_line.entry(key).or_default().push(entry);
    }
    Ok(by_line)
}

/// Whether another rule pays the whole cost of the case, the items of the line with it.
pub(super) fn is_paid_otherwise((row, line): (u64, Line), adjusted: &Adjustments) -> bool {
    let change = adjusted.get(&row);
    let pays_all = change
        .is_some_and(|change| change.rule == LinkRule::SpecialReview || change.at_cost.is_some());
    // Negotiated drugs are taken out of the cost that these rules pay.
    pays_all && line != Line::NegotiatedDrugs
}

fn replaced(entry: &LineEntry) -> UnitNote {
    UnitNote {
        row: entry.row,
        account: entry.account,
        case_id: entry.case_id.clone(),
        line: Some(entry.line),
        amount: Some(Yuan::ZERO),
        how: "特例单议或按项目已支付全部费用 another rule pays the whole cost, so the line pays nothing"
            .to_owned(),
        ..UnitNote::new(unit_of(entry.line), "", "paid_otherwise")
    }
}

fn claim(entry: &LineEntry) -> LineClaim {
    LineClaim {
        key: entry.case_id.clone(),
        amount: entry.asked,
    }
}

/// What the pool's reserve can give to its lines.
fn reserve(setting: &Setting<'_>, pool: u16) -> Result<Yuan, Error> {
    let pool = &setting.pools.all[usize::from(pool)];
    let wrong = |e: drgdip_points::Error| Error::input(format!("pool {}", pool.id), e);
    let share = Ratio::from_decimal(setting.terms.reserve_share).map_err(wrong)?;
    reserve_of(pool.budget, share, setting.terms.value.money_rounding).map_err(wrong)
}

fn budget(setting: &Setting<'_>, pool: u16, line: Line) -> Result<Yuan, Error> {
    let pool = &setting.pools.all[usize::from(pool)];
    let stated = pool.lines.get(line.code()).copied();
    stated.ok_or_else(|| {
        let problem = format!(
            "cases of the pool {} are to be paid from the line {:?}, which has no budget for {}.",
            pool.id,
            line.code(),
            setting.period.text
        );
        let hint = "Add a row with this text in the column line, 0 where there is no money.";
        Error::input("budgets", problem).with_hint(hint)
    })
}

const fn rule(pays: Pays) -> Option<Overrun> {
    match pays {
        Pays::Line(overrun) => Some(overrun),
        Pays::Points => None,
    }
}

/// What becomes of claims above the budget of a line of cases.
pub(crate) fn overrun(terms: &UnitTerms, line: Line) -> Result<Overrun, Error> {
    let stated = match line {
        Line::NewTechnology => terms.carve_out_overrun,
        Line::NegotiatedDrugs => terms.negotiated.as_ref().map(|terms| terms.overrun),
        Line::BedDay => terms.bed_day.as_ref().and_then(|terms| rule(terms.pays)),
        Line::SingleDisease => terms.single_disease.as_ref().and_then(|t| rule(t.pays)),
        Line::Item => terms.item.and_then(rule),
        Line::TcmTail => terms.tcm.as_ref().and_then(|terms| match terms.tail {
            TcmTail::Line(overrun) => Some(overrun),
            TcmTail::Accrued => None,
        }),
        _ => None,
    };
    stated.ok_or_else(|| {
        let key = format!("unit.{}.overrun", line.code());
        let problem = format!("the policy does not say what becomes of claims above {key}.");
        Error::new(crate::Class::Table, "policy", problem, "Add the parameter.")
    })
}
