//! Where the coefficient of a hospital came from.

use super::Step;
use super::run::SettledRun;
use crate::Error;
use crate::inputs::{GroupMean, Hospital};
use drgdip_points::Ratio;
use drgdip_points::award::{Quotient, blend, hospital_coefficient, ratio_of_means};
use drgdip_tables::policy::{CoefficientSource, PolicyAt};
use jiff::civil::Date;
use rust_decimal::Decimal;

/// A hospital of the run as it was on a day.
pub(super) fn hospital<'r>(
    run: &'r SettledRun,
    id: &str,
    day: Option<Date>,
) -> Option<&'r Hospital> {
    let mut rows = run
        .inputs
        .hospitals
        .iter()
        .filter(|row| row.hospital_id == id);
    let first = rows.clone().next();
    let is_one = |row: &Hospital| {
        first.is_some_and(|f| (f.coefficient, &f.level) == (row.coefficient, &row.level))
    };
    match day {
        Some(day) => rows.find(|row| row.holds_on(day)),
        None if rows.all(is_one) => first,
        None => None,
    }
}

/// The coefficient of a group in a hospital, with how it is found.
pub(super) fn coefficient(
    run: &SettledRun,
    terms: &PolicyAt,
    (hospital, group): (&Hospital, Option<&str>),
) -> Result<(Ratio, Step), Error> {
    let item = "差异系数 k hospital coefficient";
    let wrong = |e: drgdip_points::Error| Error::input("policy, coefficient", e);
    let same = group.filter(|group| terms.same_price_groups.contains_key(*group));
    if let Some(group) = same {
        let text = format!("{group} 同病同价 has one price in every hospital");
        let step = Step::new(item, Ratio::ONE).by(text);
        return Ok((Ratio::ONE, step.keys(&["coefficient.same_price_groups"])));
    }
    if let (CoefficientSource::GroupMeans { .. }, Some(group)) = (&terms.coefficient, group) {
        return of_means(run, terms, (hospital, group));
    }
    let stated = hospital.coefficient.map(Ratio::from_ten_thousandths);
    let stated = stated.transpose().map_err(wrong)?;
    let found = hospital_coefficient(&terms.coefficient, &hospital.level, stated);
    let found = found.map_err(wrong)?;
    let own = stated.map_or_else(|| "—".to_owned(), |own| own.to_string());
    let (text, keys): (String, &[&str]) = match &terms.coefficient {
        CoefficientSource::HospitalsInput => (
            format!("hospitals 表 coefficient 列 column: {own}"),
            &["coefficient.from"],
        ),
        CoefficientSource::Level(_) => (
            format!("级别 level {}", hospital.level),
            &["coefficient.from", "coefficient.by_level"],
        ),
        CoefficientSource::Blend {
            levels,
            level_share,
        } => {
            let level = levels.get(&hospital.level).copied().unwrap_or_default();
            let share = level_share.normalize();
            let text = format!(
                "{share} × {} + (1 − {share}) × {own} = {found}",
                level.normalize()
            );
            let keys = &[
                "coefficient.from",
                "coefficient.by_level",
                "coefficient.level_share",
            ];
            (text, keys)
        }
        CoefficientSource::GroupMeans { .. } => (
            "无病组 no group".to_owned(),
            &["coefficient.from", "coefficient.without_mean"],
        ),
    };
    Ok((found, Step::new(item, found).by(text).keys(keys)))
}

/// `a × k_level + (1 − a) × k_hospital` from the mean costs of the group.
fn of_means(
    run: &SettledRun,
    terms: &PolicyAt,
    (hospital, group): (&Hospital, &str),
) -> Result<(Ratio, Step), Error> {
    let wrong = |e: drgdip_points::Error| Error::input(format!("groups, group {group}"), e);
    let CoefficientSource::GroupMeans {
        level_share,
        without_mean,
    } = &terms.coefficient
    else {
        unreachable!("the caller knows that the coefficient comes from means");
    };
    let rows = || run.inputs.groups.iter().filter(|row| row.group == group);
    let region = rows().find(|row| row.level.is_none() && row.hospital_id.is_none());
    let region = region.and_then(|row| row.mean_cost);
    let without = Ratio::from_decimal(*without_mean).map_err(wrong)?;
    let of = |row: Option<&GroupMean>| -> Result<(Quotient, String), Error> {
        match (row.and_then(|row| row.mean_cost), region) {
            (Some(mean), Some(region)) => {
                let ratio = ratio_of_means(mean, region).map_err(wrong)?;
                Ok((ratio, format!("{mean} ÷ {region}")))
            }
            _ => Ok((without.into(), format!("无均值 no mean: {without}"))),
        }
    };
    let is_level =
        |row: &&GroupMean| row.hospital_id.is_none() && row.level.as_ref() == Some(&hospital.level);
    let is_own = |row: &&GroupMean| row.hospital_id.as_ref() == Some(&hospital.hospital_id);
    let (level, level_text) = of(rows().rfind(is_level))?;
    let (own, own_text) = of(rows().rfind(is_own))?;
    let share = Ratio::from_decimal(*level_share).map_err(wrong)?;
    let found = blend(level, own, share).map_err(wrong)?;
    let a = Decimal::new(share.millionths(), 6).normalize();
    let text = format!(
        "级别 level {level_text}; 医院 hospital {own_text}; {a} × level + (1 − {a}) × hospital = {found}"
    );
    let step = Step::new("差异系数 k hospital coefficient", found).by(text);
    let keys = [
        "coefficient.from",
        "coefficient.level_share",
        "coefficient.without_mean",
    ];
    Ok((found, step.keys(&keys)))
}
