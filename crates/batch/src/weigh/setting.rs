//! What history is weighed with: years, groups, levels of hospitals, what people stated.

use super::{Stated, WeighJob, families};
use crate::Error;
use crate::grouped::PreparedPlan;
use crate::inputs::{Hospital, StatedGroup};
use crate::settle::setting::day_number;
use drgdip_calibrate::{Change, Group};
use drgdip_grouper::GroupIndex;
use drgdip_tables::plan::AdrgKind;
use jiff::civil::Date;
use std::collections::{BTreeSet, HashMap};

/// What a case of no known level is numbered by.
pub(super) const NO_LEVEL: u8 = u8::MAX;

/// Everything that a history is weighed with, apart from its cases.
pub(super) struct Setting<'s> {
    pub(super) plan: &'s PreparedPlan,
    /// The history years, oldest first.
    pub(super) years: Vec<i16>,
    /// The first day of each history year, and the day after the last.
    starts: Vec<i32>,
    /// The groups that can have a weight.
    pub(super) groups: Vec<Group>,
    /// Chinese names of the groups.
    pub(super) names: Vec<String>,
    /// The number of each of the plan's groups among [`Self::groups`].
    numbers: Vec<Option<u16>>,
    pub(super) families: Vec<Vec<u16>>,
    pub(super) changes: Vec<Change>,
    /// The level of each hospital, by its number.
    pub(super) levels: Vec<Option<u16>>,
    /// The words of the levels.
    pub(super) level_names: Vec<String>,
    pub(super) hospitals: HashMap<String, u32>,
}

impl<'s> Setting<'s> {
    pub(super) fn new(job: &WeighJob<'s>, stated: &Stated) -> Result<Self, Error> {
        let (years, starts) = years(job.year, job.terms.years.len())?;
        let level_names: BTreeSet<String> = job
            .inputs
            .hospitals
            .iter()
            .map(|row| row.level.clone())
            .collect();
        let level_names: Vec<String> = level_names.into_iter().collect();
        if level_names.len() >= usize::from(NO_LEVEL) {
            let problem = format!("the hospitals have {} levels.", level_names.len());
            return Err(Error::input("hospitals", problem)
                .with_hint("Look at the column level: it should have a few words only."));
        }
        let (hospitals, levels) = hospitals(&job.inputs.hospitals, &level_names);
        let mut setting = Self {
            plan: job.plan,
            years,
            starts,
            groups: Vec::new(),
            names: Vec::new(),
            numbers: Vec::new(),
            families: Vec::new(),
            changes: Vec::new(),
            levels,
            level_names,
            hospitals,
        };
        setting.add_groups();
        setting.families = families::of_plan(&job.plan.plan, &setting.numbers_by_code());
        setting.take_stated(stated)?;
        Ok(setting)
    }

    /// Takes every group that a case can be paid by: no ambiguous one, no ADRG as a group.
    fn add_groups(&mut self) {
        let weights = self.plan.plan.weights_by_group();
        for info in self.plan.grouper.groups() {
            let is_paid = info.kind != AdrgKind::Ambiguous && !info.is_adrg;
            let number = u16::try_from(self.groups.len()).expect("the grouper's limit");
            self.numbers.push(is_paid.then_some(number));
            if !is_paid {
                continue;
            }
            self.groups.push(Group {
                code: info.group.clone(),
                adrg: info.adrg.clone(),
                prior: weights
                    .get(info.group.as_str())
                    .map(|row| row.ten_thousandths),
                quota_fen: None,
            });
            self.names.push(info.group_name.clone());
        }
    }

    fn numbers_by_code(&self) -> HashMap<&str, u16> {
        let codes = self.groups.iter().map(|group| group.code.as_str());
        codes.zip(0..).collect()
    }

    fn take_stated(&mut self, stated: &Stated) -> Result<(), Error> {
        let numbers = self.numbers_by_code();
        let number = |row: &StatedGroup| {
            numbers.get(row.group.as_str()).copied().ok_or_else(|| {
                let problem = format!("the plan {} has no group {}.", self.plan.plan.id, row.group);
                Error::input(&row.place, problem).with_hint("Correct the code or drop the row.")
            })
        };
        let changes = stated.weights.iter().map(|row| {
            Ok(Change {
                group: number(row)?,
                ten_thousandths: row.value,
            })
        });
        let changes = changes.collect::<Result<_, Error>>()?;
        let means = stated
            .means
            .iter()
            .map(|row| Ok((number(row)?, row.value)))
            .collect::<Result<Vec<_>, Error>>()?;
        for (group, fen) in means {
            self.groups[usize::from(group)].quota_fen = Some(fen);
        }
        self.changes = changes;
        Ok(())
    }

    /// The number of a group that can have a weight.
    pub(super) fn number(&self, group: GroupIndex) -> Option<u16> {
        self.numbers[usize::from(group.0)]
    }

    /// The history year of a day: 0 is the oldest.
    pub(super) fn year(&self, day: i32) -> Option<u8> {
        let after = self.starts.partition_point(|start| *start <= day);
        let year = after
            .checked_sub(1)
            .filter(|year| *year < self.years.len())?;
        u8::try_from(year).ok()
    }

    /// The level of a hospital by its number.
    pub(super) fn level(&self, hospital: u32) -> u8 {
        let known = usize::try_from(hospital)
            .ok()
            .and_then(|h| self.levels.get(h));
        let level = known.copied().flatten();
        level.and_then(|l| u8::try_from(l).ok()).unwrap_or(NO_LEVEL)
    }
}

/// The years before one, oldest first, with their first days and the day after.
pub(crate) fn years(year: i16, count: usize) -> Result<(Vec<i16>, Vec<i32>), Error> {
    let back = i16::try_from(count).expect("a policy states few years");
    let years: Vec<i16> = (year.saturating_sub(back)..year).collect();
    let first_day = |year: i16| {
        Date::new(year, 1, 1).map(day_number).map_err(|_| {
            Error::usage(
                format!("{year} is not a year of the calendar."),
                "Write the year that the weights are for, such as the coming one.",
            )
        })
    };
    let starts = years.iter().copied().chain([year]).map(first_day);
    let starts = starts.collect::<Result<_, Error>>()?;
    Ok((years, starts))
}

/// Numbers the hospitals; one with several rows has the level of the last.
pub(crate) fn hospitals(
    rows: &[Hospital],
    level_names: &[String],
) -> (HashMap<String, u32>, Vec<Option<u16>>) {
    let mut numbers = HashMap::new();
    let mut levels = Vec::new();
    for row in rows {
        let level = level_names.binary_search(&row.level).ok();
        let level = level.and_then(|index| u16::try_from(index).ok());
        let next = u32::try_from(levels.len()).expect("an input table has fewer rows");
        let number = *numbers.entry(row.hospital_id.clone()).or_insert(next);
        if number == next {
            levels.push(level);
        } else {
            levels[number as usize] = level;
        }
    }
    (numbers, levels)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn history_is_the_years_before() {
        let (years, starts) = years(2027, 3).unwrap();
        assert_eq!(years, [2024, 2025, 2026]);
        let days = [2024, 2025, 2026, 2027].map(|year| day_number(date(year, 1, 1)));
        assert_eq!(starts, days);
    }

    #[test]
    fn a_hospital_has_the_level_of_its_last_row() {
        let row = |id: &str, level: &str| Hospital {
            hospital_id: id.to_owned(),
            name: String::new(),
            level: level.to_owned(),
            alliance: None,
            region: None,
            unit: None,
            is_primary_care: false,
            coefficient: None,
            tilt: None,
            from: None,
            until: None,
        };
        let rows = [row("b", "2"), row("a", "3"), row("b", "3")];
        let names = ["2", "3"].map(str::to_owned);
        let (numbers, levels) = hospitals(&rows, &names);
        assert_eq!((numbers["b"], numbers["a"]), (0, 1));
        assert_eq!(levels, [Some(1), Some(1)]);
    }
}
