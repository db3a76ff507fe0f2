//! Last year's settlement of each pool.

use super::setting::{Pool, Setting};
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
    let pools = setting.pools.all.iter();
    if !needs_prior(&setting.terms) {
        return Ok(pools.map(|_| None).collect());
    }
    inputs.require(&[InputTable::Prior])?;
    pools
        .map(|pool| prior(pool, setting, inputs).map(Some))
        .collect()
}

/// The initial value that the policy states for a pool.
pub(super) fn initial(pool: &Pool, terms: &PolicyAt) -> Result<Option<PointValue>, Error> {
    let keys = [pool.id.as_str(), &pool.insurance, "all"];
    let stated = keys.iter().find_map(|key| terms.initial_values.get(*key));
    let place = || format!("policy {}, value.initial", terms.policy);
    stated
        .map(|value| PointValue::from_decimal(*value).map_err(|e| Error::input(place(), e)))
        .transpose()
}

fn prior(pool: &Pool, setting: &Setting<'_>, inputs: &Inputs) -> Result<PriorYear, Error> {
    let initial = initial(pool, &setting.terms)?;
    let pool = pool.id.as_str();
    let rows = || inputs.prior.iter().filter(|row| row.pool == pool);
    let mut values: Vec<i64> = rows().filter_map(|row| row.value).collect();
    values.sort_unstable();
    values.dedup();
    let place = format!("prior, pool {pool}");
    let value = match values[..] {
        [value] => {
            PointValue::from_decimal(Decimal::new(value, 4)).map_err(|e| Error::input(&place, e))?
        }
        [] if initial.is_some() => initial.unwrap_or_else(PointValue::zero),
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
