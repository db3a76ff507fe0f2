//! Last year's settlement of each pool.

use super::setting::Setting;
use crate::Error;
use crate::inputs::{InputTable, Inputs};
use drgdip_points::pool::PriorYear;
use drgdip_points::{PointValue, Points};
use drgdip_tables::policy::{PolicyAt, ValueModel};
use rust_decimal::Decimal;

/// Whether the policy's model builds on last year's settlement.
pub(super) fn needs_prior(terms: &PolicyAt) -> bool {
    matches!(terms.value.model, ValueModel::BaselineIncrement(_))
}

/// Last year's settlement of each pool, where the policy's model needs it.
pub(super) fn priors(
    setting: &Setting<'_>,
    inputs: &Inputs,
) -> Result<Vec<Option<PriorYear>>, Error> {
    if !needs_prior(&setting.terms) {
        return Ok(setting.pools.iter().map(|_| None).collect());
    }
    inputs.require(&[InputTable::Prior])?;
    setting
        .pools
        .iter()
        .map(|pool| prior(&pool.id, inputs).map(Some))
        .collect()
}

fn prior(pool: &str, inputs: &Inputs) -> Result<PriorYear, Error> {
    let rows = || inputs.prior.iter().filter(|row| row.pool == pool);
    let mut values: Vec<i64> = rows().filter_map(|row| row.value).collect();
    values.sort_unstable();
    values.dedup();
    let place = format!("prior, pool {pool}");
    let value = match values[..] {
        [value] => {
            PointValue::from_decimal(Decimal::new(value, 4)).map_err(|e| Error::input(&place, e))?
        }
        [] => {
            let problem = "there is no row that states last year's point value.";
            return Err(Error::input(&place, problem).with_hint("Add the pool's rows."));
        }
        _ => {
            let problem = "the rows state more than one point value.";
            return Err(Error::input(&place, problem).with_hint("A pool has one value a year."));
        }
    };
    let points = rows()
        .map(|row| {
            (
                row.hospital_id.clone(),
                Points::from_ten_thousandths(row.points),
            )
        })
        .collect();
    Ok(PriorYear { value, points })
}
