//! One ledger for the cases of every unit: points in one sum, lines in theirs.

use super::{LineClaim, Yield};
use crate::{Error, Points};
use drgdip_claims::Yuan;
use drgdip_tables::policy::Line;
use std::collections::BTreeMap;

/// What every case of a pool yields, each case once.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    cases: BTreeMap<String, (String, Yield)>,
}

/// What a unit has of a pool.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnitShare {
    /// Its cases.
    pub cases: u64,
    /// Their points.
    pub points: Points,
    /// What they ask of each line.
    pub lines: BTreeMap<Line, Yuan>,
}

impl Ledger {
    /// Enters a case of a unit.
    ///
    /// Errors: the case is in the ledger already.
    pub fn enter(&mut self, case_id: &str, unit: &str, earned: Yield) -> Result<(), Error> {
        let entry = (unit.to_owned(), earned);
        if self.cases.insert(case_id.to_owned(), entry).is_some() {
            return Err(Error::CasePaidTwice(case_id.to_owned()));
        }
        Ok(())
    }

    /// That every one of these cases is in the ledger, and no other.
    ///
    /// Errors: the first case that is missing, or that nobody expected.
    pub fn check_complete<'c>(
        &self,
        case_ids: impl IntoIterator<Item = &'c str>,
    ) -> Result<(), Error> {
        let mut left: BTreeMap<&str, ()> = self.cases.keys().map(|id| (id.as_str(), ())).collect();
        for case_id in case_ids {
            if left.remove(case_id).is_none() {
                return Err(Error::CaseUnpaid(case_id.to_owned()));
            }
        }
        match left.into_keys().next() {
            Some(case_id) => Err(Error::CaseUnknown(case_id.to_owned())),
            None => Ok(()),
        }
    }

    /// The points of all cases, exactly.
    pub fn points(&self) -> Result<Points, Error> {
        Points::total(self.cases.values().map(|(_, earned)| earned.points()))
    }

    /// What the cases ask of a line, in `case_id` order.
    #[must_use]
    pub fn claims_on(&self, line: Line) -> Vec<LineClaim> {
        let claim = |(case_id, (_, earned)): (&String, &(String, Yield))| {
            let part = earned.lines().iter().find(|part| part.line == line)?;
            Some(LineClaim {
                key: case_id.clone(),
                amount: part.amount,
            })
        };
        self.cases.iter().filter_map(claim).collect()
    }

    /// What each unit has, by its name.
    ///
    /// Errors: a sum that does not fit.
    pub fn units(&self) -> Result<BTreeMap<&str, UnitShare>, Error> {
        let mut units: BTreeMap<&str, UnitShare> = BTreeMap::new();
        for (unit, earned) in self.cases.values() {
            let share = units.entry(unit).or_default();
            share.cases = share.cases.saturating_add(1);
            share.points = share.points.plus(earned.points())?;
            for part in earned.lines() {
                let sum = share.lines.entry(part.line).or_default();
                *sum = sum.plus(part.amount)?;
            }
        }
        Ok(units)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn earned(number: i64) -> Yield {
        Yield::stay_points(Points::from_ten_thousandths(number))
    }

    fn ledger() -> Ledger {
        let mut ledger = Ledger::default();
        ledger.enter("a", "drg", earned(10)).unwrap();
        let line = Yield::stay_line(Line::BedDay, Yuan::from_fen(300));
        ledger.enter("b", "bed_day", line).unwrap();
        ledger
    }

    #[test]
    fn a_case_is_in_the_ledger_once() {
        assert_eq!(
            ledger()
                .enter("a", "tcm", earned(1))
                .unwrap_err()
                .to_string(),
            "case a stands in the ledger already; give it to one payment unit"
        );
    }

    #[test]
    fn every_case_that_came_in_is_in_the_ledger() {
        let ledger = ledger();
        assert_eq!(ledger.check_complete(["b", "a"]), Ok(()));
        assert_eq!(
            ledger
                .check_complete(["a", "b", "c"])
                .unwrap_err()
                .to_string(),
            "case c is paid by no payment unit; give it to one"
        );
        assert_eq!(
            ledger.check_complete(["b"]).unwrap_err().to_string(),
            "case a is paid but is none of the cases of the pool; look for a mistaken key"
        );
    }

    #[test]
    fn the_shares_of_the_units_are_the_whole() {
        let ledger = ledger();
        let units = ledger.units().unwrap();
        assert_eq!(units["drg"].points, ledger.points().unwrap());
        assert_eq!(units["bed_day"].lines[&Line::BedDay], Yuan::from_fen(300));
        assert_eq!(ledger.claims_on(Line::BedDay)[0].key, "b");
        assert!(ledger.claims_on(Line::Item).is_empty());
    }
}
