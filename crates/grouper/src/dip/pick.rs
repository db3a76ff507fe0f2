//! Chooses one of several rows that take a case.

use super::buckets::Entry;
use super::{Kernel, View};
use drgdip_tables::dip::Choose;
use drgdip_tables::dip::tie_break::Test;
use std::cmp::Ordering;

/// The best row so far.
pub(crate) struct Pick<'k, 'v> {
    kernel: &'k Kernel,
    view: &'v View<'v>,
    choose: Choose,
    best: Option<Entry>,
}

impl<'k, 'v> Pick<'k, 'v> {
    pub(crate) fn new(kernel: &'k Kernel, view: &'v View<'v>, choose: Choose) -> Self {
        Self {
            kernel,
            view,
            choose,
            best: None,
        }
    }

    pub(crate) fn view(&self) -> &'v View<'v> {
        self.view
    }

    pub(crate) fn best(&self) -> Option<Entry> {
        self.best
    }

    /// Takes a row into account; rows may come in any order and more than once.
    pub(crate) fn offer(&mut self, entry: Entry) {
        let row = &self.kernel.rows[entry.row as usize];
        if self.best.is_some_and(|best| best.row == entry.row) || !row.holds(self.kernel, self.view)
        {
            return;
        }
        let is_better = self
            .best
            .is_none_or(|best| match self.compare(entry, best) {
                Ordering::Greater => true,
                Ordering::Equal => entry.row < best.row,
                Ordering::Less => false,
            });
        if is_better {
            self.best = Some(entry);
        }
    }

    fn compare(&self, one: Entry, other: Entry) -> Ordering {
        if self.choose == Choose::First {
            return Ordering::Equal;
        }
        let tests = &self.kernel.tie_break().by;
        let mut compared = tests
            .iter()
            .map(|test| self.mark(*test, one).cmp(&self.mark(*test, other)));
        let decided = compared.find(|order| *order != Ordering::Equal);
        decided.unwrap_or(Ordering::Equal)
    }

    /// What a test says of a row; more is better.
    fn mark(&self, test: Test, entry: Entry) -> i64 {
        let (kernel, view) = (self.kernel, self.view);
        let row = &kernel.rows[entry.row as usize];
        let count = |count: usize| i64::try_from(count).expect("few procedures");
        match test {
            Test::MostRelated => count(row.related_matched(kernel, view)),
            Test::MostJoined => count(row.joined(kernel, view)),
            Test::MostMatched => count(row.matched(view)),
            Test::NamesMain => {
                let main = view.procedures.main();
                i64::from(main.is_some_and(|code| row.names(kernel, code)))
            }
            Test::NoSurplus => {
                let mut all = view.procedures.all();
                i64::from(all.all(|code| row.names(kernel, code)))
            }
            Test::LongestKey => i64::from(entry.key),
            Test::NearestMeanCost => match (view.cost, row.mean_cost) {
                (None, _) => 0,
                (Some(_), None) => i64::MIN,
                (Some(cost), Some(mean)) => -saturated(cost.abs_diff(mean)),
            },
            Test::HighestWeight => row.weight,
            Test::ClassOrder => -row.sort,
        }
    }
}

fn saturated(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
