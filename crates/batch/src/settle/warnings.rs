//! What whoever reads a settlement should know of the policy that made it.

use super::PoolReport;
use super::setting::Setting;
use crate::Error;
use drgdip_points::clear::surplus_jump;
use drgdip_points::{PointValue, Points};
use drgdip_tables::policy::{ValueModel, advised_fixed_share};

/// Where the policy makes what a hospital is due jump, and where a pool's baselines earn another
/// share than the national text advises, each with the size.
///
/// # Errors
/// Numbers of the policy that do not fit.
pub(super) fn warnings(setting: &Setting<'_>, pools: &[PoolReport]) -> Result<Vec<String>, Error> {
    let mut warnings: Vec<String> = jump(setting)?.into_iter().collect();
    if matches!(setting.terms.value.model, ValueModel::BaselineIncrement(_)) {
        for pool in pools {
            warnings.extend(fixed_share(pool)?);
        }
    }
    Ok(warnings)
}

fn jump(setting: &Setting<'_>) -> Result<Option<String>, Error> {
    let bands = setting.terms.clearing.hospital_bands;
    let (Some(bands), true) = (bands, setting.period.is_year()) else {
        return Ok(None);
    };
    let jump = surplus_jump(&bands).map_err(|e| Error::input("clearing.hospital", e))?;
    if jump.millionths() == 0 {
        return Ok(None);
    }
    Ok(Some(format!(
        "clearing.hospital.keep_from: at {} of its payable, what a hospital is due jumps by {} of \
         it.",
        bands.keep_from, jump
    )))
}

/// θ of a pool, where it is not what is advised.
///
/// Source: `policies/payment.md`: `v_fix × Σβ / T` is checked against the advice of 7:3 to 8:2.
fn fixed_share(pool: &PoolReport) -> Result<Option<String>, Error> {
    let settled = &pool.settlement;
    let is_empty = settled.points == Points::ZERO;
    let value = |share| {
        PointValue::from_decimal(share).map_err(|e| Error::input("value.baseline_increment", e))
    };
    let [least, most] = advised_fixed_share();
    let is_advised = settled.fixed_share >= value(least)? && settled.fixed_share <= value(most)?;
    Ok((!is_empty && !is_advised).then(|| {
        format!(
            "value.baseline_increment: in the pool {} all baselines would earn {} of what is \
             distributed; the DIP 3.0 draft advises {least} to {most}.",
            pool.id, settled.fixed_share
        )
    }))
}
