//! The stages of bed-days at one date.

use super::keys::*;
use super::problem::UnitProblem;
use super::resolve::{Units, whole};
use super::shapes;
use super::terms::{BedDayKind, BedDayStage, StagedBedDayTerms};
use crate::error::Error;
use crate::policy::case::DAY_COST;
use crate::policy::resolve::fen;
use std::collections::BTreeMap;

impl Units<'_, '_> {
    pub(super) fn bed_day(&self) -> Result<Option<StagedBedDayTerms>, Error> {
        let (resolver, date) = (self.resolver, self.resolver.date);
        if resolver.optional(BED_DAY_PAYS).is_none() {
            return Ok(None);
        }
        if resolver.optional(DAY_COST).is_some() {
            return Err(self.wrong(BED_DAY_PAYS, UnitProblem::TwoBedDayRules { date }));
        }
        let stages = self.stages()?;
        let switch_after = match resolver.optional(SWITCH_AFTER) {
            Some(_) => Some(resolver.whole(SWITCH_AFTER)?),
            None => None,
        };
        let switch_kind = match switch_after {
            Some(_) => Some(resolver.word(SWITCH_CARE)?.to_owned()),
            None => None,
        };
        if let Some(kind) = &switch_kind {
            self.check_care(SWITCH_CARE, kind, &stages)?;
        }
        Ok(Some(StagedBedDayTerms {
            pays: self.pays(BED_DAY_PAYS, BED_DAY_OVERRUN)?,
            stages,
            short: resolver.optional_bound(BED_DAY_SHORT),
            long: resolver.optional_bound(BED_DAY_LONG),
            switch_after,
            switch_kind,
        }))
    }

    /// Each list of stages begins with the first day, and days become no dearer.
    pub(super) fn stages(&self) -> Result<BTreeMap<BedDayKind, Vec<BedDayStage>>, Error> {
        let mut stages: BTreeMap<BedDayKind, Vec<BedDayStage>> = BTreeMap::new();
        for row in self.needed(BED_DAY_PAYS, &shapes::BED_DAYS)? {
            let kind = BedDayKind {
                care: row.text(0).to_owned(),
                level: row.text(1).to_owned(),
            };
            stages.entry(kind).or_default().push(BedDayStage {
                first_day: whole(row.number(2)),
                day_fen: fen(row.number(3)),
            });
        }
        let date = self.resolver.date;
        for (kind, stages) in &mut stages {
            stages.sort_by_key(|stage| stage.first_day);
            let key = [kind.care.as_str(), kind.level.as_str()].join(" ");
            let key = key.trim_end().to_owned();
            if stages[0].first_day != 1 {
                let first = format!("day {}", stages[0].first_day);
                let expected = "day 1";
                let problem = UnitProblem::BeginsLate {
                    key,
                    first,
                    expected,
                    date,
                };
                return Err(self.wrong(BED_DAY_PAYS, problem));
            }
            let rises = |pair: &&[BedDayStage]| pair[1].day_fen > pair[0].day_fen;
            if let Some(pair) = stages.windows(2).find(rises) {
                let at = format!("day {}", pair[1].first_day);
                let order = "fall with the stay";
                let problem = UnitProblem::NotInOrder {
                    key,
                    order,
                    at,
                    date,
                };
                return Err(self.wrong(BED_DAY_PAYS, problem));
            }
        }
        Ok(stages)
    }

    pub(super) fn check_care(
        &self,
        key: &'static str,
        kind: &str,
        stages: &BTreeMap<BedDayKind, Vec<BedDayStage>>,
    ) -> Result<(), Error> {
        if stages.keys().any(|known| known.care == kind) {
            return Ok(());
        }
        let (kind, date) = (kind.to_owned(), self.resolver.date);
        Err(self.wrong(key, UnitProblem::NoStages { kind, date }))
    }
}
