//! Subtypes of the auxiliary directory (辅助目录) out of the cases of the last year.
//!
//! A kind of subtypes, such as the comorbidity index, cuts the cases of a group by level. Where the
//! group and a level are large enough and the cut takes enough off the variation of the group, the
//! level is a subtype, and its coefficient is its mean cost over that of the group.
//!
//! Source: `dip-3.0-draft`; policies/catalogue.md, step 9.

use crate::exact::Exact;
use crate::measure::Kept;
use crate::spread::Spread;
use crate::{Error, Watch};
use drgdip_tables::policy::{AuxiliaryTerms, Bound};
use num_bigint::BigInt;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// How many kinds of subtypes a case can have a level of.
pub const MOST_KINDS: usize = 6;

/// A case of the last year with its levels, 16 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LevelledCase {
    /// The group, an index into the groups of the catalogue.
    pub group: u16,
    /// By kind, one more than the level; 0 where the case has none.
    pub levels: [u8; MOST_KINDS],
    /// The total cost in fen, above zero.
    pub cost_fen: i64,
}

/// A subtype that its history triggers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FoundSubtype {
    /// The group.
    pub group: u16,
    /// The kind, by its place.
    pub kind: usize,
    /// The level of the kind.
    pub level: u16,
    /// How many cases were of it.
    pub cases: u64,
    /// Its mean cost over that of the group, in ten-thousandths.
    pub coefficient: i64,
    /// The coefficient of variation of the group, in ten-thousandths.
    pub cv: i64,
    /// The same within the levels.
    pub cv_within: i64,
}

/// How many groups passed each gate of a kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AuxiliaryCounts {
    /// The cases of the last year in groups that can have subtypes.
    pub cases: u64,
    /// Groups with enough cases.
    pub large: u64,
    /// Those of them whose costs vary enough.
    pub wide: u64,
    /// Those that some kind narrows enough.
    pub narrowed: u64,
}

/// Finds the subtypes of all groups; the order of the cases does not matter.
///
/// `kept` is what trimming kept of each group, `None` for a group that can have no subtype. The
/// names of the kinds say whose gates are relaxed.
///
/// # Errors
/// Numbers that do not fit, and an interruption.
pub fn subtypes(
    mut cases: Vec<LevelledCase>,
    kept: &[Option<Kept>],
    (kinds, terms): (&[&str], &AuxiliaryTerms),
    watch: Watch<'_>,
) -> Result<(Vec<FoundSubtype>, AuxiliaryCounts), Error> {
    cases.retain(|case| {
        let kept = kept.get(usize::from(case.group)).copied().flatten();
        kept.is_some_and(|kept| kept.contains(case.cost_fen))
    });
    watch.sort_by_key(&mut cases, |case| *case)?;
    let mut counts = AuxiliaryCounts {
        cases: count(cases.len()),
        ..AuxiliaryCounts::default()
    };
    let mut found = Vec::new();
    for of_group in cases.chunk_by(|one, other| one.group == other.group) {
        watch.ask()?;
        let whole = Spread::of(of_group.iter().map(|case| case.cost_fen));
        let group = Group {
            cases: of_group,
            whole: &whole,
            terms,
        };
        let before = found.len();
        for (kind, name) in kinds.iter().enumerate().take(MOST_KINDS) {
            group.cut(kind, terms.relaxed(name), &mut found)?;
        }
        let is_large = whole.cases() >= terms.min_cases;
        let is_wide = is_large && whole.is_within(terms.min_cv);
        counts.large = counts.large.saturating_add(is_large.into());
        counts.wide = counts.wide.saturating_add(is_wide.into());
        let is_narrowed = found.len() > before;
        counts.narrowed = counts.narrowed.saturating_add(is_narrowed.into());
    }
    Ok((found, counts))
}

/// The cases of one group.
struct Group<'g> {
    cases: &'g [LevelledCase],
    whole: &'g Spread,
    terms: &'g AuxiliaryTerms,
}

impl Group<'_> {
    /// Cuts the group by the levels of a kind, whose gates are times a factor.
    fn cut(
        &self,
        kind: usize,
        relaxed: Decimal,
        found: &mut Vec<FoundSubtype>,
    ) -> Result<(), Error> {
        let times = |limit: Decimal| Exact::decimal(limit).times(&Exact::decimal(relaxed));
        let enough = |cases: u64, least: u64| Exact::whole(cases) >= times(Decimal::from(least));
        let cv = bound_times(self.terms.min_cv, relaxed)?;
        if !enough(self.whole.cases(), self.terms.min_cases) || !self.whole.is_within(cv) {
            return Ok(());
        }
        let mut levels: BTreeMap<u8, Vec<i64>> = BTreeMap::new();
        for case in self.cases {
            let level = case.levels[kind];
            levels.entry(level).or_default().push(case.cost_fen);
        }
        let levels: Vec<(u8, Spread)> = levels
            .into_iter()
            .map(|(level, costs)| (level, Spread::of(costs)))
            .collect();
        let within = within(levels.iter().map(|(_, spread)| spread));
        let all = total(self.whole);
        // CV falls by a share where its square falls to (1 − share)²; N and the mean stay.
        let rest = Exact::whole(1).minus(&times(self.terms.min_cv_reduction));
        if within > all.times(&rest.times(&rest)) {
            return Ok(());
        }
        let cv_within = cv_of(&within, self.whole);
        for (level, spread) in levels.iter().filter(|(level, _)| *level > 0) {
            if !enough(spread.cases(), self.terms.min_subtype_cases) {
                continue;
            }
            found.push(FoundSubtype {
                group: self.cases[0].group,
                kind,
                level: u16::from(level.saturating_sub(1)),
                cases: spread.cases(),
                coefficient: over_mean(spread, self.whole)?,
                cv: self.whole.cv_ten_thousandths().unwrap_or(0),
                cv_within,
            });
        }
        Ok(())
    }
}

/// `Σ (x − mean)²` of some costs.
fn total(spread: &Spread) -> Exact {
    let scaled = Exact::whole(spread.scaled_variance());
    scaled
        .over(&Exact::whole(spread.cases()))
        .unwrap_or_else(Exact::zero)
}

/// The same around the mean of each level: `Σ_j n_j s_j²`.
fn within<'s>(levels: impl Iterator<Item = &'s Spread>) -> Exact {
    let parts: Vec<Exact> = levels.map(total).collect();
    Exact::total(&parts)
}

/// `sqrt(within / N) / mean` in ten-thousandths.
fn cv_of(within: &Exact, whole: &Spread) -> i64 {
    // CV² = within × N / (Σx)², and its root has four places where the square has eight.
    let sum = Exact::whole(whole.sum().clone());
    let square = within.times(&Exact::whole(whole.cases()));
    let square = square.over(&sum.times(&sum)).unwrap_or_else(Exact::zero);
    let digits = square.times(&Exact::whole(BigInt::from(10_i64.pow(16))));
    let eight: BigInt = digits.floor().sqrt();
    let root = Exact::whole(eight).over(&Exact::whole(10_i64.pow(8)));
    root.and_then(|root| root.to_i64(4, "coefficient of variation").ok())
        .unwrap_or(0)
}

/// The mean of a level over that of the group, in ten-thousandths.
fn over_mean(level: &Spread, whole: &Spread) -> Result<i64, Error> {
    let mean = |spread: &Spread| {
        let sum = Exact::whole(spread.sum().clone());
        sum.over(&Exact::whole(spread.cases()))
    };
    let ratio = mean(level).zip(mean(whole));
    let ratio = ratio.and_then(|(level, whole)| level.over(&whole));
    let ratio = ratio.ok_or(Error::Overflow("mean cost"))?;
    ratio.to_i64(4, "coefficient of a subtype")
}

fn bound_times(bound: Bound, factor: Decimal) -> Result<Bound, Error> {
    let value = bound.value().checked_mul(factor);
    let value = value.ok_or(Error::Overflow("gate of a subtype"))?;
    Ok(match bound {
        Bound::AtLeast(_) => Bound::AtLeast(value),
        Bound::MoreThan(_) => Bound::MoreThan(value),
        Bound::AtMost(_) => Bound::AtMost(value),
        Bound::LessThan(_) => Bound::LessThan(value),
    })
}

fn count(cases: usize) -> u64 {
    u64::try_from(cases).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn terms() -> AuxiliaryTerms {
        AuxiliaryTerms {
            min_cases: 15,
            min_subtype_cases: 5,
            min_cv: Bound::MoreThan(decimal("0.5")),
            min_cv_reduction: decimal("0.2"),
            relaxed: BTreeMap::new(),
            long_stay: None,
            high_cost_multiple: None,
            high_cost_share: None,
        }
    }

    /// So many cases of each level (one more than its number) at a cost.
    fn cases(levels: &[(u8, usize, i64)]) -> Vec<LevelledCase> {
        let mut cases = Vec::new();
        for (level, times, cost_fen) in levels {
            let mut all = [0; MOST_KINDS];
            all[1] = *level;
            let case = LevelledCase {
                group: 0,
                levels: all,
                cost_fen: *cost_fen,
            };
            cases.extend(std::iter::repeat_n(case, *times));
        }
        cases
    }

    fn found(levels: &[(u8, usize, i64)], terms: &AuxiliaryTerms) -> Vec<(u16, u64, i64)> {
        let kept = [Some(Kept {
            lowest_fen: 1,
            highest_fen: 1_000_000,
        })];
        let (found, _) =
            subtypes(cases(levels), &kept, (&["age", "cci"], terms), Watch::NEVER).unwrap();
        assert!(found.iter().all(|subtype| subtype.kind == 1));
        let told = found.iter().map(|s| (s.level, s.cases, s.coefficient));
        told.collect()
    }

    #[test]
    fn the_coefficient_is_the_mean_of_the_subtype_over_that_of_the_group() {
        // Means 1,000 and 4,000 of ten each: 2,500 together, CV 0.6.
        let two = [(0, 10, 1_000), (2, 10, 4_000)];
        assert_eq!(found(&two, &terms()), [(1, 10, 16_000)]);
        let kept = [Some(Kept {
            lowest_fen: 1,
            highest_fen: 10_000,
        })];
        let (found, counts) = subtypes(
            cases(&two),
            &kept,
            (&["age", "cci"], &terms()),
            Watch::NEVER,
        )
        .unwrap();
        assert_eq!((found[0].cv, found[0].cv_within), (6_000, 0));
        assert_eq!((counts.large, counts.wide, counts.narrowed), (1, 1, 1));
    }

    #[test]
    fn each_gate_is_asked() {
        // Too few cases, too few of the level, too narrow, too little gained.
        assert_eq!(found(&[(0, 7, 1_000), (1, 7, 4_000)], &terms()), []);
        assert_eq!(found(&[(0, 16, 1_000), (1, 4, 9_000)], &terms()), []);
        assert_eq!(found(&[(0, 10, 1_000), (1, 10, 2_900)], &terms()), []);
        let mixed = [(0, 6, 1_000), (0, 4, 4_000), (1, 4, 1_000), (1, 6, 4_000)];
        assert_eq!(found(&mixed, &terms()), []);
        // Four levels of five where half of the gate is enough.
        let mut relaxed = terms();
        relaxed.relaxed.insert("cci".to_owned(), decimal("0.5"));
        let few = [(0, 4, 1_000), (1, 4, 4_000)];
        assert_eq!(found(&few, &relaxed), [(0, 4, 16_000)]);
        relaxed.relaxed.clear();
        relaxed.relaxed.insert("age".to_owned(), decimal("0.5"));
        assert_eq!(found(&few, &relaxed), []);
    }

    #[test]
    fn what_lies_exactly_at_the_reduction_counts() {
        // Levels at 10 ± 8 and 22 ± 8 (thousand): total 64 + 36 = 100, within 64: a fall of 0.2.
        let at = [
            (0, 5, 2_000),
            (0, 5, 18_000),
            (1, 5, 14_000),
            (1, 5, 30_000),
        ];
        assert_eq!(found(&at, &terms()), [(0, 10, 13_750)]);
        let mut more = terms();
        more.min_cv_reduction = decimal("0.2001");
        assert_eq!(found(&at, &more), []);
    }

    #[test]
    fn trimmed_cases_and_groups_without_subtypes_do_not_count() {
        let mut all = cases(&[(0, 10, 1_000), (2, 10, 4_000), (2, 3, 2_000_000)]);
        let kept = Some(Kept {
            lowest_fen: 1_000,
            highest_fen: 4_000,
        });
        let kinds = ["age", "cci"];
        let (found, _) = subtypes(all.clone(), &[kept], (&kinds, &terms()), Watch::NEVER).unwrap();
        assert_eq!((found[0].cases, found[0].coefficient), (10, 16_000));
        all.reverse();
        let (again, counts) =
            subtypes(all.clone(), &[kept], (&kinds, &terms()), Watch::NEVER).unwrap();
        assert_eq!((again, counts.cases), (found, 20));
        let (none, _) = subtypes(all, &[None], (&kinds, &terms()), Watch::NEVER).unwrap();
        assert_eq!(none, []);
    }
}
