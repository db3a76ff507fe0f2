//! A case's share of what its hospital earned, by cumulative rounding.

use super::Step;
use super::run::SettledRun;
use crate::find::{broken, builder};
use crate::{Error, Progress};
use arrow::array::{Array, AsArray, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Decimal128Type};
use parquet::arrow::ProjectionMask;
use rust_decimal::Decimal;

/// A paid case of the hospital, as far as its share needs it.
pub(super) struct Place<'p> {
    pub(super) case_id: &'p str,
    pub(super) pool: &'p str,
    pub(super) hospital: &'p str,
}

/// What stands before a case in the order of `case_id`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Before {
    /// How many paid cases.
    pub(super) cases: u64,
    /// Their points, in ten-thousandths.
    pub(super) points: i128,
}

/// Adds up the paid cases of the hospital and pool whose `case_id` comes before.
pub(super) fn before(
    run: &SettledRun,
    place: &Place<'_>,
    progress: &dyn Progress,
) -> Result<Before, Error> {
    let path = run.folder.join("cases.parquet");
    let names = ["case_id", "hospital_id", "pool", "case_class", "points"];
    let builder = builder(&path)?;
    let index = |name: &&str| {
        builder
            .schema()
            .column_with_name(name)
            .map(|(index, _)| index)
    };
    let missing = || Error::input(path.display(), "one of the columns of a case is missing.");
    let roots: Option<Vec<usize>> = names.iter().map(index).collect();
    let roots = roots.ok_or_else(missing)?;
    let mask = ProjectionMask::roots(builder.parquet_schema(), roots);
    let reader = builder
        .with_projection(mask)
        .with_batch_size(1 << 14)
        .build();
    let mut found = Before::default();
    for batch in reader.map_err(|error| broken(&path, &error))? {
        let batch = batch.map_err(|error| broken(&path, &error))?;
        progress.look()?;
        let text = |name: &str| -> Result<StringArray, Error> {
            let column = batch.column_by_name(name).ok_or_else(missing)?;
            let text = cast(column, &DataType::Utf8).map_err(|e| broken(&path, &e))?;
            Ok(text.as_string::<i32>().clone())
        };
        let (ids, hospitals) = (text("case_id")?, text("hospital_id")?);
        let (pools, classes) = (text("pool")?, text("case_class")?);
        let points = batch.column_by_name("points").ok_or_else(missing)?;
        let points = points.as_primitive::<Decimal128Type>();
        let is = |column: &StringArray, row, value: &str| {
            column.is_valid(row) && column.value(row) == value
        };
        for row in 0..batch.num_rows() {
            let is_mine = is(&hospitals, row, place.hospital) && is(&pools, row, place.pool);
            let is_paid = !is(&classes, row, "unpaid");
            if is_mine && is_paid && ids.is_valid(row) && ids.value(row) < place.case_id {
                found.cases += 1;
                found.points += points.value(row);
            }
        }
    }
    Ok(found)
}

/// The hospital's amounts and the case's own.
pub(super) struct Amounts {
    /// In fen.
    pub(super) gross: i128,
    /// In ten-thousandths.
    pub(super) all_points: i128,
    /// Of how many cases.
    pub(super) cases: i128,
    /// In ten-thousandths.
    pub(super) points: i128,
    /// U of the case in fen, where the hospital's gross includes it.
    pub(super) side: Option<i128>,
}

/// The steps to the payment of a case, and the payment in fen.
pub(super) fn steps(before: Before, amounts: &Amounts) -> (Vec<Step>, i128) {
    let after = before.points + amounts.points;
    let (low, high, whole) = match amounts.all_points {
        // Without points what raises a payment to zero is split by the number of cases.
        0 => (
            i128::from(before.cases),
            i128::from(before.cases) + 1,
            amounts.cases.max(1),
        ),
        all => (before.points, after, all),
    };
    let (from, to) = (
        rounded(low * amounts.gross, whole),
        rounded(high * amounts.gross, whole),
    );
    let gross = yuan(amounts.gross);
    let shown = |part: i128| match amounts.all_points {
        0 => part.to_string(),
        _ => decimal(part, 4),
    };
    let share = |part: i128, rounded: i128| {
        let exact = decimal(part * amounts.gross * 10_000 / whole, 6);
        format!(
            "{} × {gross} ÷ {} = {exact}… → {}",
            shown(part),
            shown(whole),
            yuan(rounded)
        )
    };
    let mut steps = vec![
        Step::new("排在其前的病例 cases before it, by case_id", before.cases).by(format!(
            "点数合计 their points: {}",
            decimal(before.points, 4)
        )),
        Step::new("累计应得（之前） running share before it", yuan(from)).by(share(low, from)),
        Step::new("累计应得（含本例） running share with it", yuan(to)).by(share(high, to)),
        Step::new("本例应得 its share of the gross", yuan(to - from)).by(format!(
            "{} − {}",
            yuan(to),
            yuan(from)
        )),
    ];
    let mut paid = to - from;
    if let Some(side) = amounts.side {
        paid -= side;
        let text = format!("{} − U {}", yuan(to - from), yuan(side));
        steps.push(Step::new("本例支付 payment of the case", yuan(paid)).by(text));
    } else {
        steps.push(Step::new("本例支付 payment of the case", yuan(paid)));
    }
    (steps, paid)
}

/// Rounded half away from zero; the denominator is above zero.
fn rounded(numerator: i128, denominator: i128) -> i128 {
    let away = (2 * numerator.abs() + denominator) / (2 * denominator);
    away * numerator.signum()
}

pub(super) fn yuan(fen: i128) -> String {
    decimal(fen, 2)
}

pub(super) fn decimal(units: i128, places: u32) -> String {
    match Decimal::try_from_i128_with_scale(units, places) {
        Ok(shown) => shown.to_string(),
        Err(_) => format!("{units}e-{places}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_the_difference_of_two_rounded_running_shares() {
        let amounts = Amounts {
            gross: 100,
            all_points: 3,
            cases: 3,
            points: 1,
            side: None,
        };
        let paid = |points, cases| steps(Before { cases, points }, &amounts).1;
        assert_eq!([paid(0, 0), paid(1, 1), paid(2, 2)], [33, 34, 33]);
        let with_side = Amounts {
            side: Some(50),
            ..amounts
        };
        assert_eq!(steps(Before::default(), &with_side).1, -17);
        let (found, _) = steps(
            Before {
                cases: 1,
                points: 1,
            },
            &with_side,
        );
        assert_eq!(
            found[2].arithmetic,
            "0.0002 × 1.00 ÷ 0.0003 = 0.666666… → 0.67"
        );
    }

    #[test]
    fn halves_go_away_from_zero() {
        assert_eq!([rounded(1, 2), rounded(-1, 2), rounded(1, 3)], [1, -1, 0]);
        assert_eq!([rounded(3, 2), rounded(2, 3), rounded(-2, 3)], [2, 1, -1]);
    }
}
