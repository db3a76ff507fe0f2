use crate::Error;
use crate::exact::Exact;
use drgdip_tables::policy::YearMean;

/// How many cases there are of each year, and what they add up to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct YearTotals {
    counts: Vec<u64>,
    sums: Vec<i128>,
}

impl YearTotals {
    /// Nothing yet, for so many years.
    #[must_use]
    pub fn new(years: usize) -> Self {
        Self {
            counts: vec![0; years],
            sums: vec![0; years],
        }
    }

    /// Counts one amount, such as a cost in fen or a number of days, in a year (0 is the oldest).
    ///
    /// # Errors
    /// A sum that does not fit.
    pub fn count(&mut self, year: usize, amount: i64) -> Result<(), Error> {
        let (count, sum) = (&mut self.counts[year], &mut self.sums[year]);
        *count = count.saturating_add(1);
        *sum = sum
            .checked_add(i128::from(amount))
            .ok_or(Error::Overflow("sum of costs"))?;
        Ok(())
    }

    /// Adds what others have counted.
    ///
    /// # Errors
    /// A sum that does not fit.
    pub fn add(&mut self, more: &Self) -> Result<(), Error> {
        for (count, more) in self.counts.iter_mut().zip(&more.counts) {
            *count = count.saturating_add(*more);
        }
        for (sum, more) in self.sums.iter_mut().zip(&more.sums) {
            *sum = sum
                .checked_add(*more)
                .ok_or(Error::Overflow("sum of costs"))?;
        }
        Ok(())
    }

    /// How many cases there are of each year.
    #[must_use]
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// How many cases there are.
    #[must_use]
    pub fn cases(&self) -> u64 {
        self.counts.iter().fold(0, |all, n| all.saturating_add(*n))
    }

    /// Σ w·N: every case counts what its year counts.
    #[must_use]
    pub fn weighted_cases(&self, weights: &[u32]) -> Exact {
        let counts = self.counts.iter().map(|count| i128::from(*count));
        weighted(counts, weights)
    }

    /// The mean, with the years weighed as told; `None` without a case.
    ///
    /// Pooled: Σ w·sum / Σ w·N. Yearly: Σ w·(sum/N) / Σ w over the years that have a case, so a
    /// year without one is left out and the others count for it in their proportion.
    ///
    /// Source: `dip-3.0-draft`, the weights of three years, whose text can be read both ways;
    /// policies/weigh.md, `weigh.year_mean`.
    #[must_use]
    pub fn mean(&self, weights: &[u32], of: YearMean) -> Option<Exact> {
        match of {
            YearMean::Pooled => {
                let sum = weighted(self.sums.iter().copied(), weights);
                sum.over(&self.weighted_cases(weights))
            }
            YearMean::Yearly => self.mean_of_means(weights),
        }
    }

    fn mean_of_means(&self, weights: &[u32]) -> Option<Exact> {
        let mut sum = Exact::zero();
        let mut all = Exact::zero();
        for ((count, year_sum), weight) in self.counts.iter().zip(&self.sums).zip(weights) {
            let Some(mean) = Exact::whole(*year_sum).over(&Exact::whole(*count)) else {
                continue;
            };
            let weight = Exact::whole(*weight);
            sum = sum.plus(&mean.times(&weight));
            all = all.plus(&weight);
        }
        sum.over(&all)
    }
}

fn weighted(values: impl Iterator<Item = i128>, weights: &[u32]) -> Exact {
    let products = values.zip(weights).map(|(value, weight)| {
        let weight = Exact::whole(*weight);
        Exact::whole(value).times(&weight)
    });
    Exact::total(&products.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn totals(years: &[(u64, i64)]) -> YearTotals {
        let mut totals = YearTotals::new(years.len());
        for (year, (count, amount)) in years.iter().enumerate() {
            for _ in 0..*count {
                totals.count(year, *amount).expect("it fits");
            }
        }
        totals
    }

    #[track_caller]
    fn check(years: &[(u64, i64)], of: YearMean, expected: &str) {
        let mean = totals(years).mean(&[1, 2, 7], of);
        let shown = mean.map_or_else(|| "none".to_owned(), |mean| mean.shown(2));
        assert_eq!(shown, expected);
    }

    #[test]
    fn years_are_pooled_or_averaged_by_their_weights() {
        let years = [(10, 12_000), (12, 12_600), (20, 13_000)];
        check(&years, YearMean::Pooled, "12887.36");
        check(&years, YearMean::Yearly, "12820.00");
    }

    #[test]
    fn a_year_without_cases_counts_for_nothing() {
        let years = [(0, 0), (3, 30_000), (6, 32_000)];
        check(&years, YearMean::Pooled, "31750.00");
        check(&years, YearMean::Yearly, "31555.56");
        check(&[(0, 0); 3], YearMean::Pooled, "none");
        check(&[(0, 0); 3], YearMean::Yearly, "none");
    }
}
