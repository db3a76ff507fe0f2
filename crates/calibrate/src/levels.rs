use crate::groups::GroupWeight;
use crate::history::Case;
use crate::spread::Spread;
use crate::years::YearTotals;
use crate::{Error, Exact, Watch};
use drgdip_tables::policy::WeighTerms;
use std::collections::BTreeMap;

/// What a group costs in the hospitals of one level (分级均费).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LevelMean {
    /// The group.
    pub group: u16,
    /// The level, as the history numbers it.
    pub level: u16,
    /// How many of the group's used cases are of this level.
    pub cases: u64,
    /// Their mean cost in fen, exact, the years weighed as the policy says.
    pub mean_fen: Exact,
    /// Their coefficient of variation, in ten-thousandths.
    pub cv: Option<i64>,
}

/// The means by level of the cases that are used; the cases are sorted by group.
pub(crate) fn means(
    (cases, watch): (&[Case], Watch<'_>),
    groups: &[GroupWeight],
    levels: &[Option<u16>],
    terms: &WeighTerms,
) -> Result<Vec<LevelMean>, Error> {
    let mut found = Vec::new();
    for of_group in cases.chunk_by(|a, b| a.group == b.group) {
        watch.ask()?;
        let Some(group) = of_group.first().map(|case| case.group) else {
            continue;
        };
        let kept = groups[usize::from(group)].kept;
        let mut by_level: BTreeMap<u16, (YearTotals, Vec<i64>)> = BTreeMap::new();
        for case in of_group {
            let Some(level) = level_of(case, levels) else {
                continue;
            };
            if !kept.is_some_and(|kept| kept.contains(case.cost_fen)) {
                continue;
            }
            let (totals, costs) = by_level
                .entry(level)
                .or_insert_with(|| (YearTotals::new(terms.years.len()), Vec::new()));
            totals.count(usize::from(case.year), case.cost_fen)?;
            costs.push(case.cost_fen);
        }
        found.extend(by_level.into_iter().filter_map(|(level, (totals, costs))| {
            Some(LevelMean {
                group,
                level,
                cases: totals.cases(),
                mean_fen: totals.mean(&terms.years, terms.year_mean)?,
                cv: Spread::of(costs).cv_ten_thousandths(),
            })
        }));
    }
    Ok(found)
}

fn level_of(case: &Case, levels: &[Option<u16>]) -> Option<u16> {
    let hospital = usize::try_from(case.hospital).ok()?;
    levels.get(hospital).copied().flatten()
}
