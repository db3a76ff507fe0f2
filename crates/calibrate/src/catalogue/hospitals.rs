//! Step 8: primary-care groups and coefficients of hospitals, from the used cases.

use super::TreatedCase;
use super::groups::{Built, CatalogueGroup};
use crate::{Calibration, Error, Exact, Watch};
use drgdip_tables::policy::{Bound, CatalogueTerms};
use std::collections::BTreeMap;

/// What hospitals of one level cost beside what their cases cost elsewhere (医疗机构调节系数).
///
/// Source: `dip-3.0-draft`; policies/catalogue.md, the fine print.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LevelCoefficient {
    /// The level, as the history numbers it.
    pub level: u16,
    /// The used cases.
    pub cases: u64,
    /// What they cost, in fen.
    pub actual_fen: i128,
    /// What they cost at the means of their groups, in fen: neutral as to case-mix. The mean of
    /// each group is taken at twelve decimals of a fen.
    pub expected_fen: Exact,
    /// Mean cost of the level over that of all levels, four places.
    pub by_class: i64,
    /// Actual over expected cost, four places.
    pub neutral: i64,
    /// The same, so that Σ weight·k = Σ weight over the cases of a known level; four places.
    /// Groups of primary care count with 1.
    pub coefficient: i64,
}

/// At how many decimals the mean and the weight of a group are added up over levels. Fractions
/// of ten thousand groups have a common denominator of a hundred thousand digits, and nothing that
/// is derived here is stated with more than four.
const MEAN_PLACES: u32 = 12;

/// The used cases by group and level.
pub(super) struct Counted {
    /// By group: the used cases, and those of primary institutions.
    primary: Vec<(u64, u64)>,
    /// By level and group: cases and cost.
    levels: BTreeMap<(u16, u16), (u64, i128)>,
}

/// Counts the cases that trimming left.
pub(super) fn count(
    built: &Built,
    calibration: &Calibration,
    (cases, watch): (&[TreatedCase], Watch<'_>),
    (levels, primary): (&[Option<u16>], &[bool]),
) -> Result<Counted, Error> {
    let mut counted = Counted {
        primary: vec![(0, 0); built.groups.len()],
        levels: BTreeMap::new(),
    };
    let used = |case: &TreatedCase| {
        let group = built.group_of(case.practice)?;
        let kept = calibration.groups[usize::from(group)].kept?;
        kept.contains(case.cost_fen).then_some((group, *case))
    };
    for some in watch.pieces(cases) {
        for (group, case) in some?.iter().filter_map(used) {
            let hospital = usize::from(case.hospital);
            let is_primary = primary.get(hospital) == Some(&true);
            let level = levels.get(hospital).copied().flatten();
            counted.add(group, case.cost_fen, (level, is_primary))?;
        }
    }
    Ok(counted)
}

impl Counted {
    /// Counts one used case of a hospital of some level.
    fn add(
        &mut self,
        group: u16,
        cost_fen: i64,
        (level, is_primary): (Option<u16>, bool),
    ) -> Result<(), Error> {
        let (all, of_primary) = &mut self.primary[usize::from(group)];
        *all = all.saturating_add(1);
        *of_primary = of_primary.saturating_add(is_primary.into());
        if let Some(level) = level {
            let (cases, sum) = self.levels.entry((level, group)).or_default();
            *cases = cases.saturating_add(1);
            let more = sum.checked_add(cost_fen.into());
            *sum = more.ok_or(Error::Overflow("sum of costs"))?;
        }
        Ok(())
    }

    /// Marks the groups that primary institutions treat largely and alike (基层病种).
    pub(super) fn mark_primary_care(
        &self,
        groups: &mut [CatalogueGroup],
        calibration: &Calibration,
        terms: &CatalogueTerms,
    ) {
        let weights = calibration.groups.iter().zip(&self.primary);
        for (group, (weight, (all, of_primary))) in groups.iter_mut().zip(weights) {
            let wanted = Exact::decimal(terms.primary_share).times(&Exact::whole(*all));
            let is_common = *of_primary > 0 && Exact::whole(*of_primary) >= wanted;
            let is_alike = weight.cv.is_some_and(|cv| is_within(cv, terms.primary_cv));
            group.is_primary_care = is_common && is_alike;
        }
    }

    /// Coefficients by level, with the budget kept.
    pub(super) fn coefficients(
        &self,
        groups: &[CatalogueGroup],
        calibration: &Calibration,
    ) -> Result<Vec<LevelCoefficient>, Error> {
        let mut levels: BTreeMap<u16, Sums> = BTreeMap::new();
        let mut region = Sums::default();
        for ((level, group), (cases, cost)) in &self.levels {
            let group = usize::from(*group);
            let stated = &calibration.groups[group];
            let whole = Exact::whole(*cases);
            let at_places = |number: &Option<Exact>| {
                let number = number.as_ref().map(|number| number.to_places(MEAN_PLACES));
                number.unwrap_or_else(Exact::zero)
            };
            let mean = at_places(&stated.mean_fen);
            let weight = at_places(&stated.exact).times(&whole);
            let of_case = Sums {
                cases: *cases,
                actual: Exact::whole(*cost),
                expected: mean.times(&whole),
                coefficient_weight: match groups[group].is_primary_care {
                    true => Exact::zero(),
                    false => weight,
                },
            };
            levels.entry(*level).or_default().add(&of_case);
            region.add(&of_case);
        }
        let neutral = |sums: &Sums| sums.actual.over(&sums.expected);
        let parts: Vec<Exact> = levels
            .values()
            .filter_map(|sums| Some(neutral(sums)?.times(&sums.coefficient_weight)))
            .collect();
        let factor = region.coefficient_weight.over(&Exact::total(&parts));
        let factor = factor.unwrap_or_else(|| Exact::whole(1));
        let coefficient = |(level, sums): (&u16, &Sums)| {
            let raw = neutral(sums).unwrap_or_else(|| Exact::whole(1));
            let by_class = sums
                .mean()
                .zip(region.mean())
                .and_then(|(own, all)| own.over(&all));
            let by_class = by_class.unwrap_or_else(|| Exact::whole(1));
            Ok(LevelCoefficient {
                level: *level,
                cases: sums.cases,
                actual_fen: self.actual(*level),
                expected_fen: sums.expected.clone(),
                by_class: by_class.to_i64(4, "coefficient")?,
                neutral: raw.to_i64(4, "coefficient")?,
                coefficient: raw.times(&factor).to_i64(4, "coefficient")?,
            })
        };
        levels.iter().map(coefficient).collect()
    }

    fn actual(&self, level: u16) -> i128 {
        let of_level = self.levels.range((level, 0)..=(level, u16::MAX));
        of_level.fold(0, |all: i128, (_, (_, cost))| all.saturating_add(*cost))
    }
}

#[derive(Default)]
struct Sums {
    cases: u64,
    actual: Exact,
    expected: Exact,
    coefficient_weight: Exact,
}

impl Sums {
    fn add(&mut self, more: &Self) {
        self.cases = self.cases.saturating_add(more.cases);
        self.actual = self.actual.plus(&more.actual);
        self.expected = self.expected.plus(&more.expected);
        self.coefficient_weight = self.coefficient_weight.plus(&more.coefficient_weight);
    }

    fn mean(&self) -> Option<Exact> {
        self.actual.over(&Exact::whole(self.cases))
    }
}

/// Whether a coefficient of variation in ten-thousandths lies within a bound.
fn is_within(cv: i64, bound: Bound) -> bool {
    let cv = rust_decimal::Decimal::new(cv, 4);
    match bound {
        Bound::AtMost(limit) => cv <= limit,
        Bound::LessThan(limit) => cv < limit,
        Bound::AtLeast(limit) => cv >= limit,
        Bound::MoreThan(limit) => cv > limit,
    }
}
