//! How the money above the baselines is shared: by points, by tilted points, by sub-pools.

use super::model::{Pool, Pricing, Subpool};
use super::parts::{Weighted, exact_ratio, measure_names};
use crate::exact::Exact;
use crate::{Error, Ratio};
use drgdip_tables::policy::{IncrementRule, VOLUME};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

impl Pool<'_> {
    /// Shares the increment money by the rule and returns what the rule means to spend; `None`
    /// where there is nobody to share with.
    pub(super) fn share_increment(
        &self,
        spent: Exact,
        rule: &IncrementRule,
        pricing: &mut Pricing,
    ) -> Result<Option<Exact>, Error> {
        if self.increment.is_zero() {
            return Ok(None);
        }
        let by: fn(&Weighted) -> &Exact = match rule {
            IncrementRule::Tilted => |hospital| &hospital.tilted,
            IncrementRule::ByPoints | IncrementRule::Subpools(_) => |hospital| &hospital.increment,
        };
        if let IncrementRule::Subpools(shares) = rule {
            self.share_subpools(&spent, shares, pricing)?;
            let mean = spent.over(&self.increment);
            pricing.floating = self.paying(mean.unwrap_or_else(Exact::zero));
            return Ok(Some(spent));
        }
        let all = Exact::total(self.hospitals.iter().map(by));
        let Some(value) = spent.over(&all) else {
            return Ok(None);
        };
        let value = self.paying(value);
        for (earned, hospital) in pricing.earned.iter_mut().zip(self.hospitals) {
            earned.increment = value.times(by(hospital));
        }
        pricing.floating = value;
        Ok(Some(spent))
    }

    /// M3: each share by its own measure; the share of an empty measure returns to volume.
    fn share_subpools(
        &self,
        spent: &Exact,
        shares: &BTreeMap<String, Decimal>,
        pricing: &mut Pricing,
    ) -> Result<(), Error> {
        let mut volume = spent.clone();
        for (index, name) in measure_names(self.terms).enumerate() {
            let share = shares.get(name).copied().unwrap_or(Decimal::ZERO);
            let amount = spent.times(&exact_ratio(Ratio::from_decimal(share)?));
            let points = self.hospitals.iter().map(|h| &h.measures[index]);
            let points = Exact::total(points);
            let Some(value) = amount.over(&points) else {
                continue;
            };
            let value = self.paying(value);
            for (earned, hospital) in pricing.earned.iter_mut().zip(self.hospitals) {
                let part = value.times(&hospital.measures[index]);
                earned.increment = earned.increment.plus(&part);
            }
            volume = volume.minus(&amount);
            pricing.subpools.push(Subpool {
                name: name.to_owned(),
                amount,
                points,
                value,
            });
        }
        let value = volume.over(&self.increment).unwrap_or_else(Exact::zero);
        let value = self.paying(value);
        for (earned, hospital) in pricing.earned.iter_mut().zip(self.hospitals) {
            let part = value.times(&hospital.increment);
            earned.increment = earned.increment.plus(&part);
        }
        pricing.subpools.push(Subpool {
            name: VOLUME.to_owned(),
            amount: volume,
            points: self.increment.clone(),
            value,
        });
        Ok(())
    }
}
