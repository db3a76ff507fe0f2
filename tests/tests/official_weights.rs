//! Protected weights: a history whose weights were computed outside this program.

use drgdip_calibrate::{Case, Group, History, Watch, calibrate};
use drgdip_claims::Yuan;
use drgdip_points::Weight;
use drgdip_tables::policy::{
    Bound, ChangesBorneBy, Instead, TotalWeight, Trim, TrimMethod, WeighTerms, WeightMethod,
    YearMean,
};
use rust_decimal::Decimal;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WeightFile {
    #[serde(rename = "source")]
    _source: String,
    years: String,
    #[serde(rename = "group")]
    groups: Vec<StatedGroup>,
    #[serde(rename = "case")]
    cases: Vec<StatedCase>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StatedGroup {
    name: String,
    years: Vec<(usize, String)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StatedCase {
    name: String,
    year_mean: String,
    mean_costs: Vec<String>,
    mean_cost_of_all: String,
    weights: Vec<String>,
    mean_weight: String,
    mean_weight_after_rounding: Option<String>,
}

/// Terms that trim nothing and take every group as it is.
fn terms(years: &str, year_mean: YearMean) -> WeighTerms {
    WeighTerms {
        policy: "official".to_owned(),
        date: jiff::civil::date(2026, 1, 1),
        plan: "official".to_owned(),
        scale: 1000,
        years: years.split(':').map(|part| part.parse().unwrap()).collect(),
        year_mean,
        method: WeightMethod::Average,
        trim: Trim {
            method: TrimMethod::None,
            max_share: Decimal::ZERO,
            min_cases: 0,
        },
        retrim: None,
        min_cases: 1,
        stable_cv: Bound::AtMost(Decimal::ONE),
        small_groups: Instead::Without,
        unstable_groups: Instead::Without,
        smoothing: None,
        max_decrease: None,
        max_increase: None,
        total: TotalWeight::Open,
        changes: ChangesBorneBy::Others,
    }
}

/// The cases of a group, those of one year all alike; the sums divide without rest.
fn cases(number: u16, group: &StatedGroup) -> Vec<Case> {
    let of_year = |(year, (count, sum)): (u16, &(usize, String))| {
        let fen = sum.parse::<Yuan>().unwrap().fen();
        let each = fen / i64::try_from((*count).max(1)).unwrap();
        assert_eq!(each * i64::try_from(*count).unwrap(), fen);
        let case = Case {
            group: number,
            year,
            hospital: 0,
            cost_fen: each,
        };
        vec![case; *count]
    };
    (0..).zip(&group.years).flat_map(of_year).collect()
}

#[test]
fn g1_weights_of_three_years_by_both_readings() {
    let file: WeightFile =
        toml::from_str(include_str!("../cases/official/payment/weights.toml")).unwrap();
    let groups: Vec<Group> = file
        .groups
        .iter()
        .map(|group| Group {
            code: group.name.clone(),
            adrg: group.name.clone(),
            ..Group::default()
        })
        .collect();
    for case in &file.cases {
        let year_mean = match case.year_mean.as_str() {
            "pooled" => YearMean::Pooled,
            "yearly" => YearMean::Yearly,
            other => panic!("{other} is not a reading"),
        };
        let all = (0..)
            .zip(&file.groups)
            .flat_map(|(n, group)| cases(n, group));
        let history = History {
            groups: &groups,
            cases: all.collect(),
            ..History::default()
        };
        let found = calibrate(history, &terms(&file.years, year_mean), Watch::NEVER).unwrap();
        let yuan = |fen: i64| Yuan::from_fen(fen).to_string();
        let means: Vec<String> = found
            .groups
            .iter()
            .map(|g| yuan(g.mean_fen.as_ref().unwrap().to_i64(0, "mean").unwrap()))
            .collect();
        assert_eq!(means, case.mean_costs, "{}", case.name);
        let weights: Vec<String> = found
            .groups
            .iter()
            .map(|g| {
                Weight::from_ten_thousandths(g.weight.unwrap())
                    .unwrap()
                    .to_string()
            })
            .collect();
        assert_eq!(weights, case.weights, "{}", case.name);
        let all = yuan(found.mean_fen.to_i64(0, "mean").unwrap());
        assert_eq!(all, case.mean_cost_of_all, "{}", case.name);
        let mean = found.report.mean_calculated.shown(6);
        assert_eq!(mean, case.mean_weight, "{}", case.name);
        if let Some(expected) = &case.mean_weight_after_rounding {
            let mean = found.report.mean_after_rounding().unwrap();
            assert_eq!(mean.shown(5), *expected, "{}", case.name);
        }
    }
}
