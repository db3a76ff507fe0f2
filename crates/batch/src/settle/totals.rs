//! Exact totals that workers add up in any order.

use super::ledger::Account;
use super::links::Adjusted;
use super::measures::{MOST, Measured};
use crate::Error;
use drgdip_claims::Yuan;
use drgdip_grouper::GroupIndex;
use drgdip_points::Points;
use std::collections::BTreeMap;

fn overflow() -> Error {
    Error::input("claims", "a total is too large to be held exactly.")
        .with_hint("Look for absurd amounts among the claims.")
}

fn add(total: &mut i128, amount: i64) -> Result<(), Error> {
    *total = total.checked_add(i128::from(amount)).ok_or_else(overflow)?;
    Ok(())
}

/// The totals of one hospital in one pool.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Totals {
    pub(crate) cases: u64,
    points: i128,
    total_cost: i128,
    patient_side: i128,
    fund_paid: i128,
    /// What cases are paid beside points.
    at_cost: i128,
    /// How many of the cases have a weight, and Σ of these in ten-thousandths.
    weighted: (u64, i128),
    measured: [i128; MOST],
}

/// How heavy some cases are: what the case-mix index (CMI) is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CaseMix {
    /// How many of the cases have a weight.
    pub cases: u64,
    /// Σ of these weights, in ten-thousandths.
    pub weights: i128,
}

impl CaseMix {
    /// Both together; the numbers of one run never come near the end of 128 bits.
    #[must_use]
    pub const fn plus(self, more: Self) -> Self {
        Self {
            cases: self.cases.saturating_add(more.cases),
            weights: self.weights.saturating_add(more.weights),
        }
    }

    /// The mean weight in ten-thousandths, a half up; `None` without a case that has one.
    #[must_use]
    pub fn index(self) -> Option<i64> {
        let cases = i128::from(self.cases);
        let rounded = (self.weights + cases / 2).checked_div(cases)?;
        i64::try_from(rounded).ok()
    }
}

/// What one case adds to its hospital's totals.
pub(crate) struct Counted {
    pub(crate) points: Points,
    pub(crate) total_cost: i64,
    pub(crate) patient_side: i64,
    /// What the fund paid by item.
    pub(crate) fund_paid: i64,
    /// In ten-thousandths, where the group has one.
    pub(crate) weight: Option<i64>,
    pub(crate) measured: Measured,
}

impl Totals {
    pub(crate) fn count(&mut self, case: &Counted) -> Result<(), Error> {
        self.cases += 1;
        add(&mut self.points, case.points.ten_thousandths())?;
        add(&mut self.total_cost, case.total_cost)?;
        add(&mut self.patient_side, case.patient_side)?;
        add(&mut self.fund_paid, case.fund_paid)?;
        if let Some(weight) = case.weight {
            self.weighted.0 += 1;
            add(&mut self.weighted.1, weight)?;
        }
        for (sum, points) in self.measured.iter_mut().zip(case.measured) {
            if points != 0 {
                add(sum, points)?;
            }
        }
        Ok(())
    }

    /// Takes some points away and adds others, where a case was changed after it was counted.
    ///
    /// A case that is paid at cost leaves the cost and the patient side that points answer for.
    pub(crate) fn exchange(&mut self, change: &Adjusted) -> Result<(), Error> {
        add(&mut self.points, change.points.ten_thousandths())?;
        self.take(|totals| &mut totals.points, change.before.ten_thousandths())?;
        for (sum, change) in self.measured.iter_mut().zip(change.measured) {
            add(sum, change)?;
        }
        if let Some(money) = change.at_cost {
            add(&mut self.at_cost, money.paid.fen())?;
            self.take(|totals| &mut totals.total_cost, money.cost.fen())?;
            self.take(|totals| &mut totals.patient_side, money.patient_side.fen())?;
        }
        Ok(())
    }

    fn take(&mut self, of: impl Fn(&mut Self) -> &mut i128, amount: i64) -> Result<(), Error> {
        let total = of(self);
        *total = total.checked_sub(i128::from(amount)).ok_or_else(overflow)?;
        Ok(())
    }

    pub(crate) fn add(&mut self, more: &Self) -> Result<(), Error> {
        let sum = |a: i128, b: i128| a.checked_add(b).ok_or_else(overflow);
        self.cases += more.cases;
        self.points = sum(self.points, more.points)?;
        self.total_cost = sum(self.total_cost, more.total_cost)?;
        self.patient_side = sum(self.patient_side, more.patient_side)?;
        self.fund_paid = sum(self.fund_paid, more.fund_paid)?;
        self.at_cost = sum(self.at_cost, more.at_cost)?;
        self.weighted.0 += more.weighted.0;
        self.weighted.1 = sum(self.weighted.1, more.weighted.1)?;
        for (own, more) in self.measured.iter_mut().zip(more.measured) {
            *own = sum(*own, more)?;
        }
        Ok(())
    }

    pub(crate) fn points(&self) -> Result<Points, Error> {
        let value = i64::try_from(self.points).map_err(|_| overflow())?;
        Ok(Points::from_ten_thousandths(value))
    }

    pub(crate) fn total_cost(&self) -> Result<Yuan, Error> {
        Yuan::try_from_fen(self.total_cost).map_err(|_| overflow())
    }

    pub(crate) fn patient_side(&self) -> Result<Yuan, Error> {
        Yuan::try_from_fen(self.patient_side).map_err(|_| overflow())
    }

    pub(crate) fn fund_paid(&self) -> Result<Yuan, Error> {
        Yuan::try_from_fen(self.fund_paid).map_err(|_| overflow())
    }

    pub(crate) fn at_cost(&self) -> Result<Yuan, Error> {
        Yuan::try_from_fen(self.at_cost).map_err(|_| overflow())
    }

    /// How heavy the cases are.
    pub(crate) const fn case_mix(&self) -> CaseMix {
        CaseMix {
            cases: self.weighted.0,
            weights: self.weighted.1,
        }
    }

    /// The points of a measure.
    pub(crate) fn measured(&self, measure: usize) -> Result<Points, Error> {
        let value = i64::try_from(self.measured[measure]).map_err(|_| overflow())?;
        Ok(Points::from_ten_thousandths(value))
    }
}

/// The totals of one group over all pools.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct GroupTotals {
    pub(crate) cases: u64,
    pub(crate) points: i128,
    pub(crate) total_cost: i128,
    /// Σ of the squares of the costs in fen, for the coefficient of variation.
    pub(crate) cost_squares: u128,
    /// Σ of the weights, in ten-thousandths.
    pub(crate) weights: i128,
}

impl GroupTotals {
    fn count(&mut self, points: Points, total_cost: i64, weight: i64) -> Result<(), Error> {
        self.cases += 1;
        add(&mut self.points, points.ten_thousandths())?;
        add(&mut self.total_cost, total_cost)?;
        add(&mut self.weights, weight)?;
        let magnitude = u128::from(total_cost.unsigned_abs());
        let squares = self.cost_squares.checked_add(magnitude * magnitude);
        self.cost_squares = squares.ok_or_else(overflow)?;
        Ok(())
    }

    fn add(&mut self, more: &Self) -> Result<(), Error> {
        let sum = |a: i128, b: i128| a.checked_add(b).ok_or_else(overflow);
        self.cases += more.cases;
        self.points = sum(self.points, more.points)?;
        self.total_cost = sum(self.total_cost, more.total_cost)?;
        self.weights = sum(self.weights, more.weights)?;
        let squares = self.cost_squares.checked_add(more.cost_squares);
        self.cost_squares = squares.ok_or_else(overflow)?;
        Ok(())
    }
}

/// The totals of all groups that have cases.
#[derive(Clone, Debug, Default)]
pub(crate) struct TotalsByGroup(pub(crate) BTreeMap<u16, GroupTotals>);

/// What one worker adds up, found by number, since every case asks.
pub(crate) struct Tally {
    hospitals: usize,
    /// One more than the place in `accounts`, by pool and hospital; zero where there is none.
    places: Vec<u32>,
    accounts: Vec<(Account, Totals)>,
    groups: Vec<GroupTotals>,
}

impl Tally {
    /// Nothing, for so many pools and hospitals.
    pub(crate) fn new(pools: usize, hospitals: usize) -> Self {
        Self {
            hospitals,
            places: vec![0; pools * hospitals],
            accounts: Vec::new(),
            groups: Vec::new(),
        }
    }

    /// The totals of an account.
    pub(crate) fn account(&mut self, account: Account) -> &mut Totals {
        let number = usize::from(account.pool) * self.hospitals + account.hospital as usize;
        if self.places[number] == 0 {
            self.accounts.push((account, Totals::default()));
            let places = u32::try_from(self.accounts.len());
            self.places[number] = places.expect("fewer accounts than 2^32");
        }
        &mut self.accounts[self.places[number] as usize - 1].1
    }

    /// Counts a case of a group.
    pub(crate) fn group(
        &mut self,
        group: GroupIndex,
        (points, total_cost, weight): (Points, i64, Option<i64>),
    ) -> Result<(), Error> {
        let number = usize::from(group.0);
        if number >= self.groups.len() {
            self.groups.resize(number + 1, GroupTotals::default());
        }
        self.groups[number].count(points, total_cost, weight.unwrap_or(0))
    }

    /// The totals of the accounts that have any.
    pub(crate) fn accounts(&self) -> &[(Account, Totals)] {
        &self.accounts
    }

    /// Adds the totals of the groups that have cases to those of all workers.
    pub(crate) fn add_groups_to(&self, all: &mut TotalsByGroup) -> Result<(), Error> {
        for (number, totals) in (0..).zip(&self.groups) {
            if totals.cases > 0 {
                all.0.entry(number).or_default().add(totals)?;
            }
        }
        Ok(())
    }
}
