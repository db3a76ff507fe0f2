//! Supervision indices of hospitals (病案质量, 二次入院, 低标入院, 超长住院, 死亡风险), exact.
//!
//! In: the cases of a year with their groups, and a policy's terms. Out: for each hospital how
//! often something happened, how often it would have happened had each of its groups been as in the
//! whole region, the index observed over expected, and the coefficient that follows. An index of 1
//! is as elsewhere; only what lies above it takes something off.
//!
//! Source: policies/dip.md, supervision indices; a model.

use crate::Error;
use crate::exact::Exact;
use drgdip_tables::policy::{Bound, SUPERVISION_INDICES, SuperviseTerms};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// How many indices there are.
pub const INDICES: usize = SUPERVISION_INDICES.len();

const RECORD_QUALITY: usize = 0;
const READMISSION: usize = 1;
const LOW_STANDARD: usize = 2;
const OVER_LONG: usize = 3;
const DEATH_RISK: usize = 4;

/// A case of the year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SupervisedCase {
    /// The person; `None` where the claim names none.
    pub person: Option<u128>,
    /// The hospital.
    pub hospital: u32,
    /// The group; `None` without one.
    pub group: Option<u16>,
    /// The day of admission, where stated.
    pub admitted: Option<i32>,
    /// The day of discharge.
    pub discharged: i32,
    /// The days of the stay, where stated.
    pub stay_days: Option<i32>,
    /// The total cost in fen, where stated.
    pub cost_fen: Option<i64>,
    /// Whether the patient died.
    pub has_died: bool,
    /// Whether the record has one of the faults that count.
    pub is_faulty: bool,
    /// Whether the readmission was planned.
    pub is_planned: bool,
}

/// One index of one hospital.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexValue {
    /// How often it happened.
    pub observed: u64,
    /// How often it would have happened with the rates of the region.
    pub expected: Exact,
    /// Observed over expected in ten-thousandths; 1 where nothing was expected.
    pub index: i64,
}

/// The indices of one hospital.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HospitalIndices {
    /// The hospital.
    pub hospital: u32,
    /// Its cases.
    pub cases: u64,
    /// By index, in the order of [`SUPERVISION_INDICES`].
    pub values: [IndexValue; INDICES],
    /// `1 − Σ λ·max(0, index − 1)`, not below the least one, in ten-thousandths.
    pub coefficient: i64,
}

/// What a group is in the whole region.
#[derive(Default)]
struct GroupNorm {
    cases: u64,
    low_cost: i64,
    low_stay: i32,
    long_stay: i32,
    /// By index, how often it happened.
    happened: [u64; INDICES],
    deaths: u64,
    is_low_risk: bool,
    has_low_weight: bool,
}

/// Finds the indices of all hospitals; the order of the cases does not matter.
///
/// `weights` are those of the groups in ten-thousandths.
///
/// # Errors
/// Numbers that do not fit.
pub fn supervise(
    mut cases: Vec<SupervisedCase>,
    weights: &[Option<i64>],
    terms: &SuperviseTerms,
) -> Result<Vec<HospitalIndices>, Error> {
    cases.sort_unstable();
    let again = readmissions(&cases, terms.readmission_window);
    let mut norms = norms(&cases, weights, terms);
    let mut hospitals: BTreeMap<u32, Seen> = BTreeMap::new();
    let mut region = Seen::default();
    for (case, is_again) in cases.iter().zip(&again) {
        let norm = case.group.and_then(|group| norms.get(&group));
        let happened = happened(case, norm, *is_again);
        hospitals
            .entry(case.hospital)
            .or_default()
            .count(case.group, happened);
        region.count(None, happened);
        if let Some(norm) = case.group.and_then(|group| norms.get_mut(&group)) {
            for (count, happened) in norm.happened.iter_mut().zip(happened) {
                *count = count.saturating_add(happened.into());
            }
        }
    }
    let of = |(hospital, seen): (u32, Seen)| seen.indices(hospital, (&norms, &region), terms);
    hospitals.into_iter().map(of).collect()
}

/// Which cases, sorted by person, hospital, group and admission, are readmissions.
fn readmissions(cases: &[SupervisedCase], window: Bound) -> Vec<bool> {
    let mut again = vec![false; cases.len()];
    for (at, pair) in cases.windows(2).enumerate() {
        let key = |case: &SupervisedCase| (case.person, case.hospital, case.group);
        let is_same = key(&pair[0]) == key(&pair[1]);
        let is_whole = pair[1].person.is_some() && pair[1].group.is_some();
        let gap = pair[1]
            .admitted
            .and_then(|day| day.checked_sub(pair[0].discharged));
        let is_near = gap.is_some_and(|days| days >= 0 && window.holds(Decimal::from(days)));
        let next = at.saturating_add(1);
        again[next] = is_same && is_whole && is_near && !pair[1].is_planned;
    }
    again
}

/// The norms of each group.
fn norms(
    cases: &[SupervisedCase],
    weights: &[Option<i64>],
    terms: &SuperviseTerms,
) -> BTreeMap<u16, GroupNorm> {
    let mut costs: BTreeMap<u16, (Vec<i64>, Vec<i32>)> = BTreeMap::new();
    let mut norms: BTreeMap<u16, GroupNorm> = BTreeMap::new();
    for case in cases {
        let Some(group) = case.group else { continue };
        let (of_cost, of_stay) = costs.entry(group).or_default();
        of_cost.extend(case.cost_fen);
        of_stay.extend(case.stay_days);
        let norm = norms.entry(group).or_default();
        norm.cases = norm.cases.saturating_add(1);
        norm.deaths = norm.deaths.saturating_add(case.has_died.into());
    }
    for (group, norm) in &mut norms {
        let (of_cost, of_stay) = costs.entry(*group).or_default();
        of_cost.sort_unstable();
        of_stay.sort_unstable();
        norm.low_cost = ranked(of_cost, terms.low_percentile).unwrap_or(i64::MIN);
        norm.low_stay = ranked(of_stay, terms.low_percentile).unwrap_or(i32::MIN);
        norm.long_stay = ranked(of_stay, terms.long_percentile).unwrap_or(i32::MAX);
        norm.is_low_risk = is_low_risk(norm, terms.low_risk);
        let weight = weights.get(usize::from(*group)).copied().flatten();
        let weight = weight.map(|weight| Decimal::new(weight, 4));
        norm.has_low_weight = weight.is_some_and(|weight| terms.low_weight.holds(weight));
    }
    norms
}

/// The value at a share of sorted ones: the smallest that at least this share does not exceed.
fn ranked<T: Copy>(sorted: &[T], share: Decimal) -> Option<T> {
    let rank = Exact::decimal(share).times(&Exact::whole(sorted.len()));
    let floor = rank.floor();
    let is_whole = Exact::whole(floor.clone()) == rank;
    // The rank rounded up, counted from zero.
    let place = usize::try_from(&floor).ok()?;
    let place = place.saturating_sub(is_whole.into());
    sorted.get(place.min(sorted.len().checked_sub(1)?)).copied()
}

fn is_low_risk(norm: &GroupNorm, bound: Bound) -> bool {
    let deaths = Exact::whole(norm.deaths);
    let limit = Exact::decimal(bound.value()).times(&Exact::whole(norm.cases));
    match bound {
        Bound::LessThan(_) => deaths < limit,
        _ => deaths <= limit,
    }
}

/// What of the indices happened in a case.
fn happened(case: &SupervisedCase, norm: Option<&GroupNorm>, is_again: bool) -> [bool; INDICES] {
    let mut happened = [false; INDICES];
    happened[RECORD_QUALITY] = case.is_faulty;
    happened[READMISSION] = is_again;
    let Some(norm) = norm else {
        return happened;
    };
    let is_cheap = case.cost_fen.is_some_and(|fen| fen <= norm.low_cost);
    let is_short = case.stay_days.is_some_and(|days| days <= norm.low_stay);
    happened[LOW_STANDARD] = norm.has_low_weight && is_cheap && is_short;
    happened[OVER_LONG] = case.stay_days.is_some_and(|days| days > norm.long_stay);
    happened[DEATH_RISK] = norm.is_low_risk && case.has_died;
    happened
}

/// What was seen of a hospital.
#[derive(Default)]
struct Seen {
    cases: u64,
    happened: [u64; INDICES],
    groups: BTreeMap<u16, u64>,
}

impl Seen {
    fn count(&mut self, group: Option<u16>, happened: [bool; INDICES]) {
        self.cases = self.cases.saturating_add(1);
        for (count, happened) in self.happened.iter_mut().zip(happened) {
            *count = count.saturating_add(happened.into());
        }
        if let Some(group) = group {
            let cases = self.groups.entry(group).or_default();
            *cases = cases.saturating_add(1);
        }
    }

    /// How often an index would have happened with the rates of the region.
    fn expected(&self, index: usize, (norms, region): (&Norms, &Self)) -> Exact {
        let rate = |happened: u64, cases: u64| {
            let rate = Exact::whole(happened).over(&Exact::whole(cases));
            rate.unwrap_or_else(Exact::zero)
        };
        if index == RECORD_QUALITY {
            let rate = rate(region.happened[index], region.cases);
            return rate.times(&Exact::whole(self.cases));
        }
        let parts = self.groups.iter().filter_map(|(group, cases)| {
            let norm = norms.get(group)?;
            Some(rate(norm.happened[index], norm.cases).times(&Exact::whole(*cases)))
        });
        Exact::total(&parts.collect::<Vec<_>>())
    }

    fn indices(
        &self,
        hospital: u32,
        of_region: (&Norms, &Self),
        terms: &SuperviseTerms,
    ) -> Result<HospitalIndices, Error> {
        let one = Exact::whole(1);
        let mut coefficient = one.clone();
        let mut values = Vec::with_capacity(INDICES);
        for (index, name) in SUPERVISION_INDICES.iter().enumerate() {
            let observed = self.happened[index];
            let expected = self.expected(index, of_region);
            let ratio = Exact::whole(observed).over(&expected);
            let ratio = ratio.unwrap_or_else(|| one.clone());
            let beyond = ratio.minus(&one);
            if let Some(effect) = terms.effects.get(*name).filter(|_| beyond.is_positive()) {
                coefficient = coefficient.minus(&beyond.times(&Exact::decimal(*effect)));
            }
            values.push(IndexValue {
                observed,
                expected,
                index: ratio.to_i64(4, "supervision index")?,
            });
        }
        let least = Exact::decimal(terms.min_coefficient);
        let coefficient = if coefficient < least {
            least
        } else {
            coefficient
        };
        Ok(HospitalIndices {
            hospital,
            cases: self.cases,
            values: values.try_into().map_err(|_| Error::Overflow("indices"))?,
            coefficient: coefficient.to_i64(4, "coefficient")?,
        })
    }
}

type Norms = BTreeMap<u16, GroupNorm>;

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn terms() -> SuperviseTerms {
        let effects = ["readmission", "over_long", "record_quality"];
        SuperviseTerms {
            policy: "p".to_owned(),
            date: date(2026, 12, 31),
            plan: "q".to_owned(),
            faults: BTreeMap::new(),
            readmission_window: Bound::AtMost(decimal("15")),
            low_percentile: decimal("0.1"),
            low_weight: Bound::LessThan(decimal("1")),
            long_percentile: decimal("0.95"),
            low_risk: Bound::AtMost(decimal("0.05")),
            death_ways: BTreeMap::new(),
            effects: effects
                .map(|name| (name.to_owned(), decimal("0.02")))
                .into(),
            min_coefficient: decimal("0.9"),
        }
    }

    /// A stay of five days at 1,000 yuan, of a person of its own.
    fn case(person: u128, hospital: u32) -> SupervisedCase {
        SupervisedCase {
            person: Some(person),
            hospital,
            group: Some(0),
            admitted: Some(95),
            discharged: 100,
            stay_days: Some(5),
            cost_fen: Some(100_000),
            has_died: false,
            is_faulty: false,
            is_planned: false,
        }
    }

    /// Twenty cases in each of two hospitals, some changed.
    fn twenty(change: impl Fn(usize, &mut SupervisedCase)) -> Vec<SupervisedCase> {
        let mut cases: Vec<SupervisedCase> = (0..40)
            .map(|number| case(number, u32::from(number >= 20)))
            .collect();
        for (number, case) in cases.iter_mut().enumerate() {
            change(number, case);
        }
        cases
    }

    #[track_caller]
    fn check(cases: Vec<SupervisedCase>, index: usize, first: (u64, i64), coefficient: i64) {
        let found = supervise(cases, &[Some(5_000)], &terms()).unwrap();
        let value = &found[0].values[index];
        assert_eq!((value.observed, value.index), first);
        assert_eq!(found[0].coefficient, coefficient);
    }

    #[test]
    fn a_faulty_record_counts_against_the_rate_of_the_region() {
        // 3 of 20 where 4 of 40 are usual: 2 are expected.
        let cases = twenty(|number, case| case.is_faulty = matches!(number, 0 | 1 | 2 | 20));
        check(cases, RECORD_QUALITY, (3, 15_000), 9_900);
    }

    #[test]
    fn a_stay_soon_after_one_for_the_same_group_is_a_readmission() {
        let again = |gap: i32, is_planned| {
            let mut cases = twenty(|_, _| {});
            cases.push(SupervisedCase {
                admitted: Some(100 + gap),
                discharged: 130,
                is_planned,
                ..cases[0]
            });
            cases
        };
        // One in 41 cases, of which the hospital has 21: 41 ÷ 21, and 0.02 × 20 ÷ 21 is taken off.
        check(again(15, false), READMISSION, (1, 19_524), 9_810);
        check(again(16, false), READMISSION, (0, 10_000), 10_000);
        check(again(15, true), READMISSION, (0, 10_000), 10_000);
        check(again(-1, false), READMISSION, (0, 10_000), 10_000);
        let mut elsewhere = again(15, false);
        elsewhere.last_mut().unwrap().hospital = 1;
        check(elsewhere, READMISSION, (0, 10_000), 10_000);
    }

    #[test]
    fn long_stays_and_deaths_in_groups_of_low_risk_count() {
        // Two of forty are beyond the 38th stay; both are of the first hospital.
        let cases = twenty(|number, case| case.stay_days = Some(if number < 2 { 9 } else { 5 }));
        check(cases, OVER_LONG, (2, 20_000), 9_800);
        let cases = twenty(|number, case| case.has_died = number < 2);
        check(cases, DEATH_RISK, (2, 20_000), 10_000);
        let cases = twenty(|number, case| case.has_died = number < 3);
        check(cases, DEATH_RISK, (0, 10_000), 10_000);
    }

    #[test]
    fn low_standard_is_a_low_cost_a_short_stay_and_a_low_weight_together() {
        let cases = twenty(|number, case| {
            let is_low = number < 4;
            case.cost_fen = Some(if is_low { 50_000 } else { 100_000 });
            case.stay_days = Some(if is_low { 1 } else { 5 });
        });
        check(cases.clone(), LOW_STANDARD, (4, 20_000), 10_000);
        let heavy = supervise(cases, &[Some(10_000)], &terms()).unwrap();
        assert_eq!(heavy[0].values[LOW_STANDARD].observed, 0);
    }

    #[test]
    fn the_coefficient_does_not_fall_below_the_least_one_and_order_does_not_matter() {
        let mut terms = terms();
        terms
            .effects
            .insert("record_quality".to_owned(), decimal("5"));
        let mut cases = twenty(|number, case| case.is_faulty = number < 5);
        let found = supervise(cases.clone(), &[None], &terms).unwrap();
        assert_eq!(
            (found[0].coefficient, found[1].coefficient),
            (9_000, 10_000)
        );
        cases.reverse();
        assert_eq!(supervise(cases, &[None], &terms).unwrap(), found);
    }
}
