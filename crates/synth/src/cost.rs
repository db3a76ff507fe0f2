//! What a case costs and who pays for it, in whole numbers.

use crate::draw::Draw;
use crate::rows::Row;
use drgdip_tables::plan::AdrgKind;

/// The steps of the table of cost factors: a quantile is a number of so many parts.
const STEPS_LOG2: u32 = 10;

/// The scale of a cost factor: this much is one.
const ONE_LOG2: u32 = 16;

/// How cost varies around its mean: a bell with a few very low and very high cases.
///
/// Source: `data/cost_quantiles.csv`, derived as `data/README.md` says.
#[derive(Clone, Debug)]
pub(crate) struct CostFactors(Vec<u32>);

impl CostFactors {
    /// The bundled table.
    pub(crate) fn bundled() -> Self {
        let text = include_str!("../data/cost_quantiles.csv");
        let factors: Vec<u32> = csv::Reader::from_reader(text.as_bytes())
            .deserialize::<(u32, u32)>()
            .map(|row| {
                row.expect("the bundled cost factors are two whole numbers a row")
                    .1
            })
            .collect();
        assert_eq!(factors.len(), (1 << STEPS_LOG2) + 1, "one factor a step");
        Self(factors)
    }

    /// A factor, in 65,536ths; its mean is one.
    pub(crate) fn draw(&self, draw: &mut Draw) -> i64 {
        let bits = draw.bits();
        let step = (bits >> (64 - STEPS_LOG2)) as usize;
        let between = i64::from((bits as u32) >> (32 - ONE_LOG2));
        let (low, high) = (i64::from(self.0[step]), i64::from(self.0[step + 1]));
        low + (((high - low) * between) >> ONE_LOG2)
    }
}

/// `base` times a factor of [`CostFactors`], cut to a whole number.
pub(crate) fn scaled(base: i64, factor: i64) -> i64 {
    (base.saturating_mul(factor)) >> ONE_LOG2
}

/// How the cost of a case splits by what it was spent on, in thousandths of the total.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spending {
    drugs: i64,
    consumables: i64,
    services: i64,
    tcm: i64,
}

impl Spending {
    /// What is usual for a kind of treatment; the rest is examinations, beds and the like.
    pub(crate) const fn usual(kind: AdrgKind) -> Self {
        let (drugs, consumables, services, tcm) = match kind {
            AdrgKind::Surgical | AdrgKind::Ambiguous => (200, 300, 320, 5),
            AdrgKind::Procedural => (190, 390, 240, 5),
            AdrgKind::Medical => (350, 90, 280, 40),
        };
        Self {
            drugs,
            consumables,
            services,
            tcm,
        }
    }
}

impl Spending {
    /// What of a mean cost goes into drugs, consumables and services.
    pub(crate) fn parts_of(self, cost: i64) -> [i64; 3] {
        // Each part of a case swings evenly around 90 % of what is usual.
        [self.drugs, self.consumables, self.services]
            .map(|per_mille| cost / 1_000 * per_mille * 9 / 10)
    }
}

/// Splits the total by what it was spent on; the parts add up to less than the total.
pub(crate) fn spend(row: &mut Row, total: i64, usual: Spending, draw: &mut Draw) {
    // Each part is 70 % to 110 % of what is usual, and what is usual adds up to 825 of 1,000 at
    // most.
    let mut part = |per_mille: i64| {
        let swing = 700 + i64::from(draw.below(401));
        total / 1_000 * (per_mille * swing / 1_000)
    };
    row.drug_cost = part(usual.drugs);
    row.consumable_cost = part(usual.consumables);
    row.service_cost = part(usual.services);
    row.tcm_cost = part(usual.tcm);
    row.total_cost = Some(total);
}

/// Splits the total by who pays; the three parts add up to the total exactly.
pub(crate) fn pay(row: &mut Row, total: i64, fund_per_mille: u32, draw: &mut Draw) {
    let swing = i64::from(draw.below(101)) - 50;
    let fund = (i64::from(fund_per_mille) + swing).clamp(0, 1_000);
    row.fund_paid = total / 1_000 * fund;
    let left = total - row.fund_paid;
    // Four in ten patients have a further fund that takes up to a third of what is left.
    let other = if draw.chance(4_000) {
        i64::from(draw.below(334))
    } else {
        0
    };
    row.other_funds_paid = left / 1_000 * other;
    row.patient_paid = left - row.other_funds_paid;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cost_factors_have_a_mean_of_one_and_tails_on_both_sides() {
        let factors = CostFactors::bundled();
        let mut draw = Draw::from_seed(5);
        let drawn: Vec<i64> = (0..100_000).map(|_| factors.draw(&mut draw)).collect();
        let one = 1 << ONE_LOG2;
        let mean = drawn.iter().sum::<i64>() / 100_000;
        assert!((one * 98 / 100..one * 102 / 100).contains(&mean), "{mean}");
        let low = drawn.iter().filter(|&&f| f * 5 < one * 2).count();
        let high = drawn.iter().filter(|&&f| f > one * 2).count();
        assert!((2_000..4_000).contains(&low), "{low}");
        assert!((2_000..5_000).contains(&high), "{high}");
    }

    #[test]
    fn every_fen_is_paid_by_someone_and_the_parts_fit_into_the_total() {
        let mut draw = Draw::from_seed(6);
        for total in [1, 999, 1_000, 123_456_789] {
            let mut row = Row::default();
            spend(
                &mut row,
                total,
                Spending::usual(AdrgKind::Medical),
                &mut draw,
            );
            pay(&mut row, total, 980, &mut draw);
            let spent = row.drug_cost + row.consumable_cost + row.service_cost + row.tcm_cost;
            assert!(spent <= total);
            assert_eq!(
                row.fund_paid + row.other_funds_paid + row.patient_paid,
                total
            );
            assert!(row.patient_paid >= 0 && row.other_funds_paid >= 0 && row.fund_paid >= 0);
        }
    }
}
