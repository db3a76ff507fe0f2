//! Payment units of people (按人头, 家庭医生, 服务包, 家庭病床): what inputs state of alliances, teams
//! and hospitals, each paid from its own budget line.
//!
//! In: the settled pools, whose points are computed inside alliances as everywhere, and the tables
//! of people. Out: rows that say step by step what each party asks and is paid, and one settlement
//! a line and region, which adds up to the fen. A unit takes part where the budgets state its line
//! for the period; what the policy leaves out is not done.

mod alliances;
mod asked;
mod budget;
mod rows;
mod table;

use super::PoolReport;
use super::carried::Earlier;
use super::setting::{Period, Setting};
use super::units::LineReport;
use crate::Error;
use crate::inputs::{Budget, InputTable, Inputs};
use asked::Asker;
use budget::budget_of;
use drgdip_claims::Yuan;
use drgdip_points::pool::reserve_of;
use drgdip_points::units::{LineClaim, LineInput, LineSettlement, settle_line};
use drgdip_points::{Ratio, Rounding};
use drgdip_tables::policy::{CommunityTerms, Line, LineSurplus, Overrun, Pays, PolicyAt};
use rows::{Debts, Party, Role, RowMaker, UnitRow};
use std::collections::BTreeMap;

pub(crate) use table::UNITS;
pub(super) use table::write;

/// What a line and region came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitShare {
    /// The pooling area.
    pub region: String,
    /// The line, by its code.
    pub line: &'static str,
    /// How many alliances, teams, hospitals or cases.
    pub parties: u64,
    /// Its budget with what the reserve added.
    pub budget: Yuan,
    /// What was asked.
    pub asked: Yuan,
    /// What is paid.
    pub paid: Yuan,
    /// What is owed or cut.
    pub unpaid: Yuan,
    /// What is left of the budget.
    pub left: Yuan,
}

/// All units of people of a settlement.
#[derive(Clone, Debug, Default)]
pub(super) struct People {
    pub(super) rows: Vec<UnitRow>,
    /// With those of lines that cases draw on.
    pub(super) shares: Vec<UnitShare>,
    /// The settled lines, by region.
    pub(super) left: Vec<(String, LineSettlement)>,
}

/// The lines that units of people draw on, in the order in which the reserve serves them.
const LINES: [Line; 4] = [
    Line::ChronicPackages,
    Line::HomeBeds,
    Line::Capitation,
    Line::FamilyDoctor,
];

/// What becomes of claims above the budget of a line; none where the policy has no such unit.
///
/// The policy states no rule for what alliances keep, so none of it is lost: it is owed.
fn overrun(line: Line, terms: &PolicyAt) -> Option<Overrun> {
    let units = &terms.units;
    match line {
        Line::ChronicPackages => units.community.as_ref()?.packages_overrun,
        Line::HomeBeds => match units.community.as_ref()?.home_bed_pays {
            Pays::Line(overrun) => Some(overrun),
            Pays::Points => None,
        },
        Line::Capitation => units.capitation.as_ref().map(|_| Overrun::CarryOver),
        Line::FamilyDoctor => units.family_doctor.map(|terms| terms.overrun),
        _ => None,
    }
}

/// Visit-days that earn points come as claims; stated for a line, nothing would pay them.
fn refuse_home_beds(terms: &PolicyAt, inputs: &Inputs) -> Result<(), Error> {
    let community = terms.units.community.as_ref();
    if !community.is_some_and(CommunityTerms::has_home_beds_in_points) {
        return Ok(());
    }
    let is_of_line = |budget: &Budget| budget.line.as_deref() == Some(Line::HomeBeds.code());
    let table = match inputs.rows(InputTable::HomeBeds) {
        [] if inputs.budgets.iter().any(is_of_line) => "budgets",
        [] => return Ok(()),
        _ => InputTable::HomeBeds.stem(),
    };
    let problem = "the policy pays home beds in points, so the line home_beds pays nobody.";
    let hint = "Give the visit-days as claims with the payment_unit home_bed and without the \
                line's rows, or state unit.community.home_bed_pays = line.";
    Err(Error::input(table, problem).with_hint(hint))
}

/// The tables that the lines of the budgets ask for.
pub(super) fn needed(
    terms: &PolicyAt,
    inputs: &Inputs,
    period: &Period,
) -> Result<Vec<InputTable>, Error> {
    refuse_home_beds(terms, inputs)?;
    let mut needed = Vec::new();
    for line in LINES {
        let mut regions = terms.regions.keys();
        let budgets = regions.any(|region| inputs_have(inputs, region, line, period));
        if !budgets || overrun(line, terms).is_none() {
            continue;
        }
        needed.extend(match line {
            Line::ChronicPackages => vec![InputTable::Packages],
            Line::HomeBeds => vec![InputTable::HomeBeds],
            Line::FamilyDoctor => vec![InputTable::Teams],
            _ if period.is_year() => vec![InputTable::Members, InputTable::AllianceScores],
            _ => vec![InputTable::Members],
        });
    }
    Ok(needed)
}

fn inputs_have(inputs: &Inputs, region: &str, line: Line, period: &Period) -> bool {
    matches!(budget_of(inputs, (region, line), period), Ok(Some(_)))
}

/// Settles every unit of people whose line the budgets state.
///
/// # Errors
/// A row of a table about a hospital, band or package that nobody knows, and amounts that do not
/// fit.
pub(super) fn settle(
    setting: &Setting<'_>,
    inputs: &Inputs,
    (pools, lines, earlier): (&[PoolReport], &[LineReport], &Earlier),
) -> Result<People, Error> {
    let mut people = People {
        shares: of_cases(setting, lines)?,
        ..People::default()
    };
    for region in setting.terms.regions.keys() {
        let mut reserve = reserve(setting, region, lines)?;
        let asker = Asker {
            setting,
            inputs,
            pools,
            lines,
            region,
        };
        for line in LINES {
            let owed = earlier.owed(region, line)?;
            let brought_forward = earlier.surplus(region, line)?;
            let is_left = !owed.is_empty() || brought_forward != Yuan::ZERO;
            let budget = budget_of(inputs, (region, line), &setting.period)?;
            let Some((overrun, budget)) = overrun(line, &setting.terms).zip(budget) else {
                match is_left {
                    true => return Err(not_settled(region, line)),
                    false => continue,
                }
            };
            let asked = asker.of(line)?;
            let surplus = setting.terms.units.line_surplus;
            let input = LineInput {
                line,
                budget,
                brought_forward,
                reserve,
                overrun,
                surplus: surplus.unwrap_or(LineSurplus::Reserve),
                owed,
                claims: asked.claims(),
            };
            let settled = settle_line(&input).map_err(|e| wrong(line, e))?;
            reserve = reserve.minus(settled.supplement).map_err(overflow)?;
            people.add(region, (&input, &settled), asked)?;
            people.left.push((region.clone(), settled));
        }
    }
    Ok(people)
}

/// What lines of cases came to, by region and line.
fn of_cases(setting: &Setting<'_>, lines: &[LineReport]) -> Result<Vec<UnitShare>, Error> {
    let mut shares: Vec<UnitShare> = Vec::new();
    for report in lines {
        let region = &setting.pools.all[usize::from(report.pool)].region;
        let claims = report.entries.iter().map(|entry| entry.asked);
        let owed = report.owed.iter().map(|claim| claim.amount);
        let asked = Yuan::total(claims.chain(owed)).map_err(overflow)?;
        let budget = report.budget.plus(report.brought_forward);
        let with = (budget.map_err(overflow)?, &report.settled);
        let own = share(region, with, asked, report.entries.len())?;
        let mut known = shares.iter_mut();
        match known.find(|share| share.region == own.region && share.line == own.line) {
            Some(share) => share.add(&own)?,
            None => shares.push(own),
        }
    }
    shares.sort_by_key(|share| (share.region.clone(), share.line));
    Ok(shares)
}

impl UnitShare {
    fn add(&mut self, more: &Self) -> Result<(), Error> {
        let sum = |one: Yuan, other: Yuan| one.plus(other).map_err(overflow);
        self.parties += more.parties;
        self.budget = sum(self.budget, more.budget)?;
        self.asked = sum(self.asked, more.asked)?;
        self.paid = sum(self.paid, more.paid)?;
        self.unpaid = sum(self.unpaid, more.unpaid)?;
        self.left = sum(self.left, more.left)?;
        Ok(())
    }
}

/// What a region's pools keep back, beside the risk fund and other shares, less what lines of cases
/// took of it.
fn reserve(setting: &Setting<'_>, region: &str, lines: &[LineReport]) -> Result<Yuan, Error> {
    let place = format!("policy {}", setting.terms.policy);
    let share = Ratio::from_decimal(setting.terms.reserve_share);
    let share = share.map_err(|e| Error::input(&place, e))?;
    let rounding = setting.terms.value.money_rounding;
    let pools = setting
        .pools
        .all
        .iter()
        .filter(|pool| pool.region == region);
    let reserves = pools.map(|pool| {
        let own = pool.own_budget().map_err(overflow)?;
        reserve_of(own, share, rounding).map_err(|e| Error::input(&place, e))
    });
    let reserves = reserves.collect::<Result<Vec<_>, _>>()?;
    let reserves = Yuan::total(reserves).map_err(overflow)?;
    let is_here = |line: &&LineReport| setting.pools.all[usize::from(line.pool)].region == region;
    let taken = lines.iter().filter(is_here);
    let taken = Yuan::total(taken.map(|line| line.settled.supplement)).map_err(overflow)?;
    reserves.minus(taken).map_err(overflow)
}

fn overflow(error: drgdip_claims::MoneyError) -> Error {
    Error::input("units", error)
}

fn wrong(line: Line, error: drgdip_points::Error) -> Error {
    Error::input(format!("unit {}", line.code()), error)
}

/// What the parties of a line ask, and how that was found.
#[derive(Debug, Default)]
struct Asked {
    parties: Vec<AskedParty>,
}

#[derive(Debug)]
struct AskedParty {
    party: Party,
    steps: Vec<Step>,
    /// What it asks of the line; zero where the period is only watched.
    amount: Yuan,
    /// What it has to bear itself.
    borne: Option<Yuan>,
}

/// A step of a party.
#[derive(Debug)]
struct Step {
    item: String,
    quantity: Option<i64>,
    amount: Option<Yuan>,
    arithmetic: String,
    keys: &'static [&'static str],
}

impl Step {
    fn amount(item: impl Into<String>, amount: Yuan) -> Self {
        Self {
            item: item.into(),
            quantity: None,
            amount: Some(amount),
            arithmetic: String::new(),
            keys: &[],
        }
    }

    fn quantity(item: impl Into<String>, ten_thousandths: i64) -> Self {
        Self {
            quantity: Some(ten_thousandths),
            amount: None,
            ..Self::amount(item, Yuan::ZERO)
        }
    }

    fn by(mut self, arithmetic: impl Into<String>) -> Self {
        self.arithmetic = arithmetic.into();
        self
    }

    const fn keys(mut self, keys: &'static [&'static str]) -> Self {
        self.keys = keys;
        self
    }
}

impl Asked {
    fn claims(&self) -> Vec<LineClaim> {
        let claim = |asked: &AskedParty| LineClaim {
            key: asked.party.id.clone(),
            amount: asked.amount,
        };
        self.parties.iter().map(claim).collect()
    }
}

impl People {
    /// The rows of a line: those of its parties, then the line itself.
    fn add(
        &mut self,
        region: &str,
        (input, settled): (&LineInput, &LineSettlement),
        asked: Asked,
    ) -> Result<(), Error> {
        let all = total(&input.claims)?.plus(total(&input.owed)?);
        let all = all.map_err(overflow)?;
        let budget = input.budget.plus(input.brought_forward);
        let with = (budget.map_err(overflow)?, settled);
        let share = share(region, with, all, asked.parties.len())?;
        let mut maker = RowMaker {
            region,
            line: input.line,
            rows: &mut self.rows,
        };
        maker.debts(&asked, (input, settled))?;
        for (asked, paid) in asked.parties.into_iter().zip(&settled.paid) {
            maker.party(asked, (*paid, input.overrun))?;
        }
        let budget = Party {
            kind: "line",
            id: input.line.code().to_owned(),
            hospital: String::new(),
        };
        let paid = Yuan::total(settled.paid.iter().copied()).map_err(overflow)?;
        if let Some(debts) = Debts::of(input, settled)? {
            maker.amount(&budget, Role::Brought, input.brought_forward);
            maker.amount(&budget, Role::OwedBefore, debts.owed);
            maker.amount(&budget, Role::PaidOwed, debts.paid);
        }
        let amounts = [
            (Role::Budget, input.budget),
            (Role::Supplement, settled.supplement),
            (Role::Asked, total(&input.claims)?),
            (Role::Paid, paid),
            (Role::Owed, total(&settled.still_owed)?),
            (Role::Cut, settled.cut),
            (Role::Carried, settled.carried_forward),
            (Role::Returned, settled.returned),
        ];
        for (role, amount) in amounts {
            maker.amount(&budget, role, amount);
        }
        self.shares.push(share);
        Ok(())
    }
}

fn total(claims: &[LineClaim]) -> Result<Yuan, Error> {
    Yuan::total(claims.iter().map(|claim| claim.amount)).map_err(overflow)
}

fn share(
    region: &str,
    (budget, settled): (Yuan, &LineSettlement),
    asked: Yuan,
    parties: usize,
) -> Result<UnitShare, Error> {
    let paid = settled.paid.iter().chain(&settled.paid_owed).copied();
    let paid = Yuan::total(paid).map_err(overflow)?;
    let budget = budget.plus(settled.supplement).map_err(overflow)?;
    Ok(UnitShare {
        region: region.to_owned(),
        line: settled.line.code(),
        parties: parties as u64,
        budget,
        asked,
        paid,
        unpaid: asked.minus(paid).map_err(overflow)?,
        left: budget.minus(paid).map_err(overflow)?,
    })
}

/// A line that owes something cannot be left out.
fn not_settled(region: &str, line: Line) -> Error {
    let problem = format!(
        "the ledger says that the line {:?} of {region} owes something or has something left.",
        line.code()
    );
    let hint =
        "Give the line a row in the budgets, 0 where there is no money, and the policy its unit.";
    Error::input("ledger", problem).with_hint(hint)
}

/// The rounding of amounts of a setting.
fn rounding(setting: &Setting<'_>) -> Rounding {
    setting.terms.value.money_rounding
}

/// Amounts by some key, in its order.
type Sums<'s> = BTreeMap<&'s str, Yuan>;
