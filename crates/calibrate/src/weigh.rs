use crate::adjust::{self, Draft, ten_thousandths};
use crate::groups::{GroupWeight, Origin, Reason, Stability};
use crate::history::{Case, Group, History};
use crate::inversions::{self, Inversion};
use crate::levels::{self, LevelMean};
use crate::measure::{Measured, TrimCounts, measure};
use crate::report::{GroupCounts, Report, Totals};
use crate::years::YearTotals;
use crate::{Error, Exact, Watch};
use drgdip_tables::policy::{Instead, WeighTerms, WeightMethod};
use std::collections::HashMap;

/// Weights and base points, with everything that led to them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calibration {
    /// What came out for each group, in the order of [`History::groups`].
    pub groups: Vec<GroupWeight>,
    /// The mean cost M of all used cases in fen, exact (全部病例均次费用).
    pub mean_fen: Exact,
    /// The cost in fen that a weight of 1 stands for.
    pub reference_fen: Exact,
    /// What groups cost by level of hospital, by group and level.
    pub levels: Vec<LevelMean>,
    /// Families whose weights are the wrong way round.
    pub inversions: Vec<Inversion>,
    /// Counts and totals of every step.
    pub report: Report,
}

/// Computes weights and base points from claims history.
///
/// In this order: each group is trimmed and tested, perhaps trimmed again; its mean cost, the
/// years weighed, is divided by the reference cost; small and unstable groups get what the policy
/// says; prior weights smooth and limit; the total is brought back; people's changes are put in
/// place; weights are rounded once, to four places, a half away from zero.
///
/// Source: policies/weigh.md, the steps.
///
/// # Errors
/// No usable case, a benchmark group without one, changes that contradict each other or leave
/// nothing, numbers that do not fit, and an interruption.
pub fn calibrate(
    history: History<'_>,
    terms: &WeighTerms,
    watch: Watch<'_>,
) -> Result<Calibration, Error> {
    let mut cases = history.cases;
    // What else tells cases apart decides nothing, so its order does not matter.
    watch.sort_by_key(&mut cases, |case| (case.group, case.cost_fen))?;
    let measured = measure_all((&cases, history.groups.len()), terms, watch)?;
    let all = total_of(&measured, terms)?;
    let mean_fen = all
        .mean(&terms.years, terms.year_mean)
        .ok_or(Error::NoCases)?;
    let reference_fen = reference(history.groups, &measured, &mean_fen, terms)?;
    let mut drafts = drafts(history.groups, &measured, &reference_fen, terms)?;
    let mean_calculated = mean_calculated(&drafts, &all.weighted_cases(&terms.years));
    let codes = |group: u16| history.groups[usize::from(group)].code.clone();
    let totals = adjust::adjust(&mut drafts, history.changes, terms, &codes)?;
    let groups = measured
        .into_iter()
        .zip(drafts)
        .map(|(measured, draft)| finish(measured, draft, terms))
        .collect::<Result<Vec<_>, Error>>()?;
    let weighted_cases = all.weighted_cases(&terms.years);
    let report = report(&groups, totals, (weighted_cases, mean_calculated), terms);
    Ok(Calibration {
        levels: levels::means((&cases, watch), &groups, history.levels, terms)?,
        inversions: inversions::find(&groups, history.families),
        groups,
        mean_fen,
        reference_fen,
        report,
    })
}

fn measure_all(
    (cases, groups): (&[Case], usize),
    terms: &WeighTerms,
    watch: Watch<'_>,
) -> Result<Vec<Measured>, Error> {
    let mut rest = cases;
    let mut measured = Vec::with_capacity(groups);
    for group in 0..groups {
        watch.ask()?;
        let until = rest.partition_point(|case| usize::from(case.group) <= group);
        let (of_group, later) = rest.split_at(until);
        measured.push(measure(of_group, terms)?);
        rest = later;
    }
    assert!(rest.is_empty(), "every case names a group of the history");
    Ok(measured)
}

fn total_of<'m>(
    measured: impl IntoIterator<Item = &'m Measured>,
    terms: &WeighTerms,
) -> Result<YearTotals, Error> {
    let mut all = YearTotals::new(terms.years.len());
    for group in measured {
        all.add(&group.totals)?;
    }
    Ok(all)
}

/// The cost that a weight of 1 stands for.
///
/// Source: `dip-3.0-draft`, the three methods; policies/weigh.md, `weigh.method`.
fn reference(
    groups: &[Group],
    measured: &[Measured],
    mean_fen: &Exact,
    terms: &WeighTerms,
) -> Result<Exact, Error> {
    match &terms.method {
        WeightMethod::Average => Ok(mean_fen.clone()),
        WeightMethod::Benchmark(code) => {
            let found = groups.iter().zip(measured).find(|(g, _)| g.code == *code);
            let mean = found.and_then(|(_, measured)| measured.mean(terms));
            mean.ok_or_else(|| Error::NoBenchmark(code.clone()))
        }
        WeightMethod::Quota(fen_per_point) => {
            Ok(Exact::whole(*fen_per_point).times(&Exact::whole(terms.scale)))
        }
    }
}

/// The weight of every group from its own cases, or what the policy wants instead.
fn drafts(
    groups: &[Group],
    measured: &[Measured],
    reference_fen: &Exact,
    terms: &WeighTerms,
) -> Result<Vec<Draft>, Error> {
    let mut by_adrg: HashMap<&str, YearTotals> = HashMap::new();
    for (group, measured) in groups.iter().zip(measured) {
        by_adrg
            .entry(&group.adrg)
            .or_insert_with(|| YearTotals::new(terms.years.len()))
            .add(&measured.totals)?;
    }
    let weight = |mean: Option<Exact>| mean.and_then(|mean| mean.over(reference_fen));
    let adrg_means: HashMap<&str, Option<Exact>> = by_adrg
        .iter()
        .map(|(adrg, totals)| (*adrg, weight(totals.mean(&terms.years, terms.year_mean))))
        .collect();
    let draft = |(group, measured): (&Group, &Measured)| {
        let is_quota = matches!(terms.method, WeightMethod::Quota(_));
        let quota = group.quota_fen.filter(|_| is_quota).map(Exact::whole);
        let has_quota = quota.is_some();
        let mut draft = Draft {
            cases: measured.weighted_cases(terms),
            calculated: weight(quota.or_else(|| measured.mean(terms))),
            adrg_mean: adrg_means.get(group.adrg.as_str()).cloned().flatten(),
            prior: group.prior.map(ten_thousandths),
            exact: None,
            origin: None,
            reasons: Vec::new(),
        };
        choose(&mut draft, measured.stability, has_quota, terms);
        draft
    };
    Ok(groups.iter().zip(measured).map(draft).collect())
}

fn choose(draft: &mut Draft, stability: Stability, has_quota: bool, terms: &WeighTerms) {
    let (reason, instead) = match stability {
        Stability::Empty => (Some(Reason::NoCases), terms.small_groups),
        Stability::Small => (Some(Reason::TooFewCases), terms.small_groups),
        Stability::Unstable => (Some(Reason::SpreadsTooFar), terms.unstable_groups),
        Stability::StableAfterRetrim => (Some(Reason::TrimmedAgain), Instead::Own),
        Stability::Stable => (None, Instead::Own),
    };
    draft.reasons.extend(reason);
    if has_quota {
        draft.exact = draft.calculated.clone();
        draft.origin = Some(Origin::Quota);
    } else {
        draft.replace(instead);
    }
}

fn mean_calculated(drafts: &[Draft], cases: &Exact) -> Exact {
    let points = drafts
        .iter()
        .filter_map(|draft| Some(draft.calculated.as_ref()?.times(&draft.cases)));
    let points = Exact::total(&points.collect::<Vec<_>>());
    points.over(cases).unwrap_or_else(Exact::zero)
}

/// Rounds the weight of a group, once.
fn finish(measured: Measured, draft: Draft, terms: &WeighTerms) -> Result<GroupWeight, Error> {
    let mut reasons = draft.reasons;
    let rounded = draft.exact.as_ref().map(|exact| exact.to_i64(4, "weight"));
    let rounded = rounded.transpose()?;
    let weight = rounded.filter(|weight| *weight > 0);
    if rounded.is_some() && weight.is_none() {
        reasons.push(Reason::TooLittle);
    }
    let base_points = weight
        .map(|weight| {
            weight
                .checked_mul(i64::from(terms.scale))
                .ok_or(Error::Overflow("base points"))
        })
        .transpose()?;
    Ok(GroupWeight {
        mean_fen: measured.mean(terms),
        cv: measured.spread.cv_ten_thousandths(),
        counts: measured.counts,
        kept: measured.kept,
        totals: measured.totals,
        stability: measured.stability,
        calculated: draft.calculated,
        exact: weight.and(draft.exact),
        origin: weight.and(draft.origin),
        weight,
        base_points,
        reasons,
    })
}

fn report(
    groups: &[GroupWeight],
    totals: Totals,
    (weighted_cases, mean_calculated): (Exact, Exact),
    terms: &WeighTerms,
) -> Report {
    let mut cases = TrimCounts::default();
    let mut counts = GroupCounts::default();
    for group in groups {
        cases.add(&group.counts);
        let of_kind = match group.stability {
            Stability::Empty => &mut counts.empty,
            Stability::Small => &mut counts.small,
            Stability::Stable => &mut counts.stable,
            Stability::StableAfterRetrim => &mut counts.stable_after_retrim,
            Stability::Unstable => &mut counts.unstable,
        };
        *of_kind = of_kind.saturating_add(1);
        let has_weight = u64::from(group.weight.is_some());
        counts.with_weight = counts.with_weight.saturating_add(has_weight);
    }
    let each = |part: &dyn Fn(&Exact, i64) -> Exact| {
        let parts = groups.iter().filter_map(|group| {
            let cases = group.totals.weighted_cases(&terms.years);
            Some(part(&cases, group.weight?))
        });
        Exact::total(&parts.collect::<Vec<_>>())
    };
    Report {
        cases,
        groups: counts,
        weighted_cases,
        mean_calculated,
        total_calculated: totals.calculated,
        total_adjusted: totals.adjusted,
        kept_factor: totals.kept_factor,
        total_missed: totals.missed,
        total_before_changes: totals.before_changes,
        change_factor: totals.change_factor,
        total_after_changes: totals.after_changes,
        total_rounded: each(&|cases, weight| cases.times(&ten_thousandths(weight))),
        cases_with_weight: each(&|cases, _| cases.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::Change;
    use crate::testing::{cases, decimal, groups, terms};
    use drgdip_tables::policy::{Bound, ChangesBorneBy, TotalWeight, Trim, TrimMethod, YearMean};

    /// The golden history: three groups, three years.
    fn g1() -> Vec<Case> {
        let years: [[(usize, i64); 3]; 3] = [
            [(10, 1_200_000), (12, 1_260_000), (20, 1_300_000)],
            [(30, 600_000), (28, 610_000), (25, 620_000)],
            [(0, 0), (3, 3_000_000), (6, 3_200_000)],
        ];
        let of_group = |(group, years): (u16, &[(usize, i64); 3])| {
            let of_year = |(year, stated): (u16, &(usize, i64))| cases(group, year, *stated);
            (0..).zip(years).flat_map(of_year).collect::<Vec<_>>()
        };
        (0..).zip(&years).flat_map(of_group).collect()
    }

    fn run(
        cases: Vec<Case>,
        groups: &[Group],
        changes: &[Change],
        terms: &WeighTerms,
    ) -> Calibration {
        let history = History {
            groups,
            cases,
            changes,
            ..History::default()
        };
        calibrate(history, terms, Watch::NEVER).expect("the history can be weighed")
    }

    fn weights(calibration: &Calibration) -> Vec<Option<i64>> {
        calibration
            .groups
            .iter()
            .map(|group| group.weight)
            .collect()
    }

    #[test]
    fn the_golden_history_gives_the_golden_weights() {
        let pooled = run(g1(), &groups(&[None; 3]), &[], &terms());
        assert_eq!(weights(&pooled), [Some(11_585), Some(5_533), Some(28_541)]);
        assert_eq!(pooled.mean_fen.shown(0), "1112422");
        assert_eq!(pooled.report.mean_calculated, Exact::whole(1));
        let rounded = pooled.report.mean_after_rounding().expect("cases");
        assert_eq!(rounded.shown(5), "0.99997");
        let yearly = WeighTerms {
            year_mean: YearMean::Yearly,
            ..terms()
        };
        let yearly = run(g1(), &groups(&[None; 3]), &[], &yearly);
        assert_eq!(weights(&yearly), [Some(11_657), Some(5_601), Some(28_693)]);
        assert_eq!(yearly.mean_fen.shown(0), "1099765");
        assert_eq!(yearly.report.mean_calculated.shown(6), "1.007764");
    }

    #[test]
    fn base_points_are_the_rounded_weight_times_the_scale() {
        let calibration = run(g1(), &groups(&[None; 3]), &[], &terms());
        assert_eq!(calibration.groups[0].base_points, Some(1_158_500));
    }

    #[test]
    fn a_benchmark_group_weighs_one_and_a_quota_is_yuan_for_a_point() {
        let benchmark = WeighTerms {
            method: WeightMethod::Benchmark("B".to_owned()),
            ..terms()
        };
        let found = run(g1(), &groups(&[None; 3]), &[], &benchmark);
        assert_eq!(weights(&found), [Some(20_936), Some(10_000), Some(51_579)]);
        let unknown = WeighTerms {
            method: WeightMethod::Benchmark("Z".to_owned()),
            ..terms()
        };
        let history = History {
            groups: &groups(&[None; 3]),
            cases: g1(),
            ..History::default()
        };
        let error = calibrate(history, &unknown, Watch::NEVER).expect_err("no such group");
        assert_eq!(error, Error::NoBenchmark("Z".to_owned()));
        // A point is 100 yuan and a weight of 1 has 100 points: 10,000 yuan.
        let quota = WeighTerms {
            method: WeightMethod::Quota(10_000),
            ..terms()
        };
        let mut stated = groups(&[None; 4]);
        stated[1].quota_fen = Some(700_000);
        stated[3].quota_fen = Some(50_000);
        let found = run(g1(), &stated, &[], &quota);
        assert_eq!(
            weights(&found),
            [Some(12_887), Some(7_000), Some(31_750), Some(500)]
        );
        assert_eq!(found.groups[3].origin, Some(Origin::Quota));
    }

    #[test]
    fn a_small_group_gets_what_the_policy_says() {
        let mut history = g1();
        history.retain(|case| case.group != 2 || case.year == 1);
        for (instead, weight, origin) in [
            (Instead::Own, Some(32_837), Some(Origin::History)),
            (Instead::Without, None, None),
            (Instead::Prior, Some(20_000), Some(Origin::Prior)),
            (Instead::AdrgMean, Some(10_000), Some(Origin::AdrgMean)),
        ] {
            let terms = WeighTerms {
                min_cases: 5,
                small_groups: instead,
                ..terms()
            };
            let found = run(
                history.clone(),
                &groups(&[None, None, Some(20_000)]),
                &[],
                &terms,
            );
            let small = &found.groups[2];
            assert_eq!((small.weight, small.origin), (weight, origin));
            assert_eq!(small.stability, Stability::Small);
            assert_eq!(small.reasons, [Reason::TooFewCases]);
        }
    }

    #[test]
    fn a_group_without_prior_weight_says_so() {
        let terms = WeighTerms {
            small_groups: Instead::Prior,
            ..terms()
        };
        let found = run(g1(), &groups(&[None; 4]), &[], &terms);
        assert_eq!(found.groups[3].weight, None);
        assert_eq!(
            found.groups[3].reasons,
            [Reason::NoCases, Reason::NoPriorWeight]
        );
    }

    /// Nine cases of 1 yuan and one of 100: the CV is 2.72, without that one 0.
    fn uneven() -> Vec<Case> {
        let mut all = cases(0, 2, (9, 100));
        all.extend(cases(0, 2, (1, 10_000)));
        all
    }

    #[test]
    fn a_group_that_spreads_is_trimmed_again_once() {
        let again = |max_share| WeighTerms {
            min_cases: 5,
            stable_cv: Bound::AtMost(decimal("1")),
            retrim: Some(Trim {
                method: TrimMethod::Percentile {
                    lower: decimal("0.1"),
                    upper: decimal("0.9"),
                },
                max_share: decimal(max_share),
                min_cases: 0,
            }),
            ..terms()
        };
        let stable = run(uneven(), &groups(&[None]), &[], &again("0.2"));
        let group = &stable.groups[0];
        assert_eq!(group.stability, Stability::StableAfterRetrim);
        assert_eq!((group.counts.again, group.counts.used), (1, 9));
        assert_eq!(group.reasons, [Reason::TrimmedAgain]);
        let unstable = run(uneven(), &groups(&[None]), &[], &again("0.05"));
        let group = &unstable.groups[0];
        assert_eq!(group.stability, Stability::Unstable);
        assert_eq!((group.counts.again, group.counts.used), (0, 10));
        assert_eq!((group.weight, group.cv), (None, Some(27_248)));
    }

    #[test]
    fn prior_weights_smooth_and_limit() {
        let half = WeighTerms {
            smoothing: Some(decimal("0.5")),
            ..terms()
        };
        let priors = groups(&[Some(10_000), None, Some(40_000)]);
        let found = run(g1(), &priors, &[], &half);
        assert_eq!(weights(&found), [Some(10_792), Some(5_533), Some(34_271)]);
        let limited = WeighTerms {
            max_decrease: Some(decimal("0.05")),
            max_increase: Some(decimal("0.1")),
            ..terms()
        };
        let found = run(g1(), &priors, &[], &limited);
        assert_eq!(weights(&found), [Some(11_000), Some(5_533), Some(38_000)]);
        assert_eq!(found.groups[0].reasons, [Reason::RiseLimited]);
        assert_eq!(found.groups[2].reasons, [Reason::FallLimited]);
        let kept = WeighTerms {
            total: TotalWeight::Kept,
            ..limited
        };
        let found = run(g1(), &priors, &[], &kept);
        let report = &found.report;
        assert_eq!(report.total_before_changes, report.total_calculated);
        assert_ne!(report.total_adjusted, report.total_calculated);
    }

    /// Ten cases a group in the last year, at these costs in yuan.
    fn at_costs(yuan: &[i64]) -> Vec<Case> {
        let of_group = |(group, yuan): (u16, &i64)| cases(group, 2, (10, yuan.saturating_mul(100)));
        (0..).zip(yuan).flat_map(of_group).collect()
    }

    /// Checks weights with their reasons, the factor and what the total is off by, in cases.
    #[track_caller]
    fn check_kept(
        (costs, priors): (&[i64], &[Option<i64>]),
        (fall, rise): (&str, Option<&str>),
        expected: &[(i64, &[Reason])],
        (factor, missed): (&str, &str),
    ) {
        let terms = WeighTerms {
            max_decrease: Some(decimal(fall)),
            max_increase: rise.map(decimal),
            total: TotalWeight::Kept,
            ..terms()
        };
        let found = run(at_costs(costs), &groups(priors), &[], &terms);
        let of_group =
            |group: &GroupWeight| (group.weight.expect("a weight"), group.reasons.clone());
        let all: Vec<_> = found.groups.iter().map(of_group).collect();
        let expected: Vec<_> = expected.iter().map(|(w, r)| (*w, r.to_vec())).collect();
        assert_eq!(all, expected);
        let report = &found.report;
        assert_eq!(report.kept_factor.shown(8), factor);
        // All groups have as many cases, so that this is the sum of the weights less that of before.
        let cases = report.weighted_cases.over(&Exact::whole(costs.len()));
        let missed_of_one = report.total_missed.over(&cases.expect("there are cases"));
        assert_eq!(missed_of_one.expect("there are cases").shown(4), missed);
        let off = report.total_before_changes.minus(&report.total_calculated);
        assert_eq!(off, report.total_missed);
    }

    const FELL: &[Reason] = &[Reason::FallLimited];
    const ROSE: &[Reason] = &[Reason::RiseLimited];

    #[test]
    fn no_weight_falls_below_its_limit_to_keep_the_total() {
        // Means 4,000, 10,000 and 46,000 of 20,000 give 0.2, 0.5 and 2.3. The first stands at 0.9.
        // (3 − 0.9) ÷ 2.8 = 0.75 would press the second to 0.375, so that it stands at 0.45;
        // (3 − 0.9 − 0.45) ÷ 2.3 = 0.7174 leaves 1.65 for the third, which may fall to 1.35.
        check_kept(
            (
                &[4_000, 10_000, 46_000],
                &[Some(10_000), Some(5_000), Some(15_000)],
            ),
            ("0.1", None),
            &[(9_000, FELL), (4_500, FELL), (16_500, &[])],
            ("0.71739130", "0.0000"),
        );
        // 0.2, 0.5 and 2.3 again, and 2.3 is above 2.2. Within the limits 0.2 + 0.9 + 2.2 are more
        // than 3, so that the second stands at 0.9. 2.1 ÷ 2.5 = 0.84 would press the first to 0.168,
        // so that it stands at 0.18, and the third has the rest, 1.92, which no limit holds.
        check_kept(
            (
                &[4_000, 10_000, 46_000],
                &[Some(2_000), Some(10_000), Some(20_000)],
            ),
            ("0.1", Some("0.1")),
            &[(1_800, FELL), (9_000, FELL), (19_200, &[])],
            ("0.83478261", "0.0000"),
        );
    }

    #[test]
    fn no_weight_rises_above_its_limit_to_keep_the_total() {
        // 2.3 stands at 1.575, and 1.425 are left for 0.2 and 0.5: with the factor 2.0357 the
        // second would be 1.0179, so that it stands at 0.6 × 1.05 = 0.63. The first has the rest,
        // 0.795, and may have 0.84.
        check_kept(
            (
                &[4_000, 10_000, 46_000],
                &[Some(8_000), Some(6_000), Some(15_000)],
            ),
            ("0.9", Some("0.05")),
            &[(7_950, &[]), (6_300, ROSE), (15_750, ROSE)],
            ("3.97500000", "0.0000"),
        );
    }

    #[test]
    fn limits_that_leave_no_room_for_the_total_hold_and_the_report_says_so() {
        // Means 4,000 and 36,000 of 20,000 give 0.2 and 1.8, 2 together; at least 0.9 and 1.8.
        check_kept(
            (&[4_000, 36_000], &[Some(10_000), Some(20_000)]),
            ("0.1", None),
            &[(9_000, FELL), (18_000, FELL)],
            ("1.00000000", "0.7000"),
        );
        // At most 0.11 and 1.1: everything rises as far as it may.
        check_kept(
            (&[4_000, 36_000], &[Some(1_000), Some(10_000)]),
            ("0.9", Some("0.1")),
            &[(1_100, ROSE), (11_000, ROSE)],
            ("1.00000000", "-0.7900"),
        );
        // A group without a prior weight has no limit, and none is pressed to nothing.
        check_kept(
            (&[4_000, 36_000], &[Some(100_000), None]),
            ("0.1", None),
            &[(90_000, FELL), (18_000, &[])],
            ("1.00000000", "8.8000"),
        );
        // There is room: it takes the difference, 2 − 0.9 of 1.8.
        check_kept(
            (&[4_000, 36_000], &[Some(10_000), None]),
            ("0.1", None),
            &[(9_000, FELL), (11_000, &[])],
            ("0.61111111", "0.0000"),
        );
    }

    #[test]
    fn changes_keep_the_total_and_are_borne_by_others_or_all() {
        let change = Change {
            group: 0,
            ten_thousandths: 15_000,
        };
        let others = run(g1(), &groups(&[None; 3]), &[change], &terms());
        assert_eq!(weights(&others)[0], Some(15_000));
        assert_eq!(others.groups[0].origin, Some(Origin::Changed));
        let all = WeighTerms {
            changes: ChangesBorneBy::All,
            ..terms()
        };
        let all = run(g1(), &groups(&[None; 3]), &[change], &all);
        // ΣN·RW = 483, with 1.5 in place of 1.1585 it is 542.42: all times 0.89045.
        assert_eq!(weights(&all)[0], Some(13_357));
        for found in [others, all] {
            let report = found.report;
            assert_eq!(report.total_before_changes, report.total_after_changes);
        }
    }

    #[test]
    fn changes_that_contradict_or_take_everything_are_refused() {
        let refuse = |changes: &[Change]| {
            let groups = groups(&[None; 3]);
            let history = History {
                groups: &groups,
                cases: g1(),
                changes,
                ..History::default()
            };
            calibrate(history, &terms(), Watch::NEVER)
                .expect_err("refused")
                .to_string()
        };
        let change = |group, ten_thousandths| Change {
            group,
            ten_thousandths,
        };
        assert_eq!(
            refuse(&[change(1, 1), change(1, 2)]),
            "the group B is changed twice; keep one row"
        );
        assert_eq!(
            refuse(&[change(0, 50_000)]),
            "the manual changes take the whole total weight and leave nothing for the other \
             groups; lower them"
        );
    }

    #[test]
    fn inversions_are_named_and_levels_have_their_means() {
        let families = [vec![0, 1, 2]];
        let groups = groups(&[None; 3]);
        let mut history = g1();
        for case in history.iter_mut().filter(|case| case.cost_fen == 620_000) {
            case.hospital = 1;
        }
        let found = calibrate(
            History {
                groups: &groups,
                cases: history,
                families: &families,
                levels: &[Some(3), Some(1)],
                ..History::default()
            },
            &terms(),
            Watch::NEVER,
        );
        let found = found.expect("the history can be weighed");
        assert_eq!(found.inversions, [Inversion { severe: 1, mild: 2 }]);
        let of_b: Vec<_> = found
            .levels
            .iter()
            .filter(|level| level.group == 1)
            .map(|level| (level.level, level.cases, level.mean_fen.shown(0)))
            .collect();
        assert_eq!(
            of_b,
            [(1, 25, "620000".to_owned()), (3, 58, "606512".to_owned())]
        );
    }

    #[test]
    fn costs_that_are_not_above_zero_are_counted_and_left_out() {
        let mut history = g1();
        history.extend(cases(0, 0, (4, 0)));
        history.extend(cases(0, 0, (1, -5)));
        let found = run(history, &groups(&[None; 3]), &[], &terms());
        assert_eq!(found.report.cases.not_positive, 5);
        assert_eq!(found.report.cases.left_out(), 5);
        assert_eq!(weights(&found)[0], Some(11_585));
        let none = History {
            groups: &groups(&[None]),
            cases: cases(0, 0, (4, 0)),
            ..History::default()
        };
        assert_eq!(calibrate(none, &terms(), Watch::NEVER), Err(Error::NoCases));
    }
}
