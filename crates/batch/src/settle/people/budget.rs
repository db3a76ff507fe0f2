//! What the budgets state for a line.

use crate::Error;
use crate::inputs::Inputs;
use crate::settle::setting::Period;
use drgdip_claims::Yuan;
use drgdip_tables::policy::Line;

/// The budget of a line in a region, over all insurances and units; `None` where no row states it.
///
/// A year without rows of its own is the sum of its months.
pub(super) fn budget_of(
    inputs: &Inputs,
    (region, line): (&str, Line),
    period: &Period,
) -> Result<Option<Yuan>, Error> {
    let of = |periods: &[String]| {
        let rows = inputs.budgets.iter().filter(|row| {
            row.region == region
                && row.line.as_deref() == Some(line.code())
                && periods.contains(&row.period)
        });
        rows.map(|row| row.amount).collect::<Vec<Yuan>>()
    };
    let mut rows = of(std::slice::from_ref(&period.text));
    if rows.is_empty() && period.is_year() {
        rows = of(&period.months());
    }
    if rows.is_empty() {
        return Ok(None);
    }
    let sum = Yuan::total(rows).map_err(|e| Error::input("budgets", e))?;
    Ok(Some(sum))
}
