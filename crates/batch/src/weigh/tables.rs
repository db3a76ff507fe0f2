//! The tables that `weigh` writes: weights for a plan, groups for a settlement, all steps.

use super::WeighSummary;
use super::parts::{PartTotals, Parts};
use super::setting::Setting;
use crate::Error;
use crate::flat::{csv_file, four_places};
use crate::manifest::OutputFile;
use crate::settle::columns::{MONEY, POINTS, decimals};
use crate::settle::reports::{NamedColumn, texts, write};
use arrow::array::{ArrayRef, StringArray, UInt64Array};
use arrow::datatypes::DataType;
use drgdip_calibrate::{Exact, GroupWeight, YearTotals};
use drgdip_claims::Yuan;
use drgdip_tables::policy::WeighTerms;
use std::path::Path;
use std::sync::Arc;

/// The numbers of the groups in byte order of their codes.
pub(super) fn order(setting: &Setting<'_>) -> Vec<u16> {
    let mut order: Vec<u16> = (0..).take(setting.groups.len()).collect();
    order.sort_by_key(|number| &setting.groups[usize::from(*number)].code);
    order
}

/// An amount of fen, rounded once, in yuan; an amount that does not fit is in words.
pub(crate) fn yuan(fen: &Exact) -> String {
    let whole = fen.to_i64(0, "mean cost").map(Yuan::from_fen);
    whole.map_or_else(|_| format!("{} fen", fen.shown(0)), |yuan| yuan.to_string())
}

/// Writes `weights.csv`, in the form that a plan folder holds.
pub(super) fn weights(
    folder: &Path,
    setting: &Setting<'_>,
    summary: &WeighSummary,
) -> Result<OutputFile, Error> {
    let source = match (setting.years.first(), setting.years.last()) {
        (Some(first), Some(last)) => format!("history-{first}-{last}"),
        _ => "history".to_owned(),
    };
    let mut rows = vec![["drg", "weight", "origin", "source"].map(str::to_owned)];
    for number in order(setting) {
        let group = &summary.calibration.groups[usize::from(number)];
        let (Some(weight), Some(origin)) = (group.weight, group.origin) else {
            continue;
        };
        let code = setting.groups[usize::from(number)].code.clone();
        let origin = origin.code().to_owned();
        rows.push([code, four_places(weight), origin, source.clone()]);
    }
    csv_file(folder, "weights.csv", &rows)
}

/// Writes `calibration.csv`: every group with every step.
pub(super) fn calibration(
    folder: &Path,
    setting: &Setting<'_>,
    summary: &WeighSummary,
) -> Result<OutputFile, Error> {
    let heading = [
        "group",
        "name",
        "adrg",
        "cases",
        "trimmed_low",
        "trimmed_high",
        "trimmed_again",
        "used",
        "lowest_cost",
        "highest_cost",
        "mean_cost",
        "cv",
        "stability",
        "calculated",
        "weight",
        "base_points",
        "prior_weight",
        "change",
        "origin",
        "reasons",
    ];
    let mut rows = vec![heading.map(str::to_owned)];
    for number in order(setting) {
        let group = &summary.calibration.groups[usize::from(number)];
        rows.push(step_row(setting, number, group));
    }
    csv_file(folder, "calibration.csv", &rows)
}

fn step_row(setting: &Setting<'_>, number: u16, group: &GroupWeight) -> [String; 20] {
    let stated = &setting.groups[usize::from(number)];
    let places = |value: Option<i64>| value.map(four_places).unwrap_or_default();
    let cost = |fen: Option<i64>| fen.map(|f| Yuan::from_fen(f).to_string());
    let reasons: Vec<&str> = group.reasons.iter().map(|reason| reason.code()).collect();
    let counts = group.counts;
    [
        stated.code.clone(),
        setting.names[usize::from(number)].clone(),
        stated.adrg.clone(),
        counts.given.to_string(),
        counts.low.to_string(),
        counts.high.to_string(),
        counts.again.to_string(),
        counts.used.to_string(),
        cost(group.kept.map(|kept| kept.lowest_fen)).unwrap_or_default(),
        cost(group.kept.map(|kept| kept.highest_fen)).unwrap_or_default(),
        group.mean_fen.as_ref().map(yuan).unwrap_or_default(),
        places(group.cv),
        group.stability.code().to_owned(),
        group
            .calculated
            .as_ref()
            .map(|weight| weight.shown(8))
            .unwrap_or_default(),
        places(group.weight),
        places(group.base_points),
        places(stated.prior),
        change(group.weight, stated.prior).unwrap_or_default(),
        group.origin.map_or("", |origin| origin.code()).to_owned(),
        reasons.join(";"),
    ]
}

/// By which share of the prior weight a weight moved, with four places.
pub(super) fn change(weight: Option<i64>, prior: Option<i64>) -> Option<String> {
    let (weight, prior) = (weight?, prior?);
    let moved = Exact::whole(i128::from(weight) - i128::from(prior));
    Some(moved.over(&Exact::whole(prior))?.shown(4))
}

/// A row of `groups.parquet`.
struct GroupRow<'r> {
    group: &'r str,
    level: Option<&'r str>,
    weight: Option<i64>,
    mean_fen: Option<i64>,
    /// Mean drug, consumable and service cost in fen, and mean days in hundredths.
    parts: [Option<i64>; 4],
    cases: u64,
    cv: Option<i64>,
}

/// Writes `groups.parquet`, the settlement input `groups`: a row for each group, and one for each
/// level of hospital that treated it.
pub(super) fn groups(
    folder: &Path,
    setting: &Setting<'_>,
    (summary, parts): (&WeighSummary, &Parts),
    terms: &WeighTerms,
) -> Result<OutputFile, Error> {
    let maker = RowMaker {
        setting,
        summary,
        parts,
        terms,
    };
    let mut rows = Vec::new();
    for number in order(setting) {
        maker.add(number, &mut rows)?;
    }
    write(folder, "groups.parquet", columns(&rows))
}

fn columns(rows: &[GroupRow<'_>]) -> Vec<NamedColumn> {
    let each = |value: &dyn Fn(&GroupRow<'_>) -> Option<i64>, data_type: &DataType| {
        decimals(rows.iter().map(value), data_type).remove(0)
    };
    let level: StringArray = rows.iter().map(|row| row.level).collect();
    let cases = UInt64Array::from_iter_values(rows.iter().map(|row| row.cases));
    let level: ArrayRef = Arc::new(level);
    vec![
        ("group", texts(rows.iter().map(|row| row.group))),
        ("level", level),
        ("weight", each(&|row| row.weight, &POINTS)),
        ("mean_cost", each(&|row| row.mean_fen, &MONEY)),
        ("mean_drug", each(&|row| row.parts[0], &MONEY)),
        ("mean_consumable", each(&|row| row.parts[1], &MONEY)),
        ("mean_service", each(&|row| row.parts[2], &MONEY)),
        ("stay_days", each(&|row| row.parts[3], &MONEY)),
        ("cases", Arc::new(cases)),
        ("cv", each(&|row| row.cv, &POINTS)),
    ]
}

struct RowMaker<'m> {
    setting: &'m Setting<'m>,
    summary: &'m WeighSummary,
    parts: &'m Parts,
    terms: &'m WeighTerms,
}

impl<'m> RowMaker<'m> {
    fn add(&self, number: u16, rows: &mut Vec<GroupRow<'m>>) -> Result<(), Error> {
        let calibration = &self.summary.calibration;
        let group = &calibration.groups[usize::from(number)];
        let code = self.setting.groups[usize::from(number)].code.as_str();
        rows.push(GroupRow {
            group: code,
            level: None,
            weight: group.weight,
            mean_fen: rounded(group.mean_fen.as_ref(), 0)?,
            parts: self.means(&self.all_levels(number)?)?,
            cases: group.counts.used,
            cv: group.cv,
        });
        let first = calibration.levels.partition_point(|l| l.group < number);
        let of_group = calibration.levels[first..].iter();
        for level in of_group.take_while(|level| level.group == number) {
            let key = (number, u8::try_from(level.level).expect("levels are few"));
            rows.push(GroupRow {
                group: code,
                level: Some(&self.setting.level_names[usize::from(level.level)]),
                weight: group.weight,
                mean_fen: rounded(Some(&level.mean_fen), 0)?,
                parts: match self.parts.get(&key) {
                    Some(totals) => self.means(totals)?,
                    None => [None; 4],
                },
                cases: level.cases,
                cv: level.cv,
            });
        }
        Ok(())
    }

    fn all_levels(&self, number: u16) -> Result<PartTotals, Error> {
        let years = self.terms.years.len();
        let mut all: PartTotals = std::array::from_fn(|_| YearTotals::new(years));
        for (_, totals) in self.parts.range((number, 0)..=(number, u8::MAX)) {
            for (sum, more) in all.iter_mut().zip(totals) {
                sum.add(more).map_err(|e| too_large(&e))?;
            }
        }
        Ok(all)
    }

    fn means(&self, totals: &PartTotals) -> Result<[Option<i64>; 4], Error> {
        let mean = |part: usize, places| {
            let mean = totals[part].mean(&self.terms.years, self.terms.year_mean);
            rounded(mean.as_ref(), places)
        };
        Ok([mean(0, 0)?, mean(1, 0)?, mean(2, 0)?, mean(3, 2)?])
    }
}

fn rounded(value: Option<&Exact>, places: u32) -> Result<Option<i64>, Error> {
    let whole = value.map(|value| value.to_i64(places, "mean cost"));
    whole.transpose().map_err(|e| too_large(&e))
}

fn too_large(error: &drgdip_calibrate::Error) -> Error {
    Error::input("history", format!("{error}."))
}
