//! Protected payment cases: amounts computed outside this program.

use drgdip_claims::Yuan;
use drgdip_points::award::{CaseRules, award};
use drgdip_points::link::{HighCase, control_proportion};
use drgdip_points::pool::{HospitalTotals, PoolInput, PoolSettlement, PriorYear, settle_pool};
use drgdip_points::{PointValue, Points, Rounding};
use drgdip_tables::policy::{
    BaselineIncrement, Bound, CaseTerms, CoefficientUse, HighBand, HighRule, LowRule, Reference,
    ResidualRule, Share, ValueFamily, ValueModel, ValueTerms,
};
use drgdip_tables::{FileSet, Policy};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Reads a file of cases; a field that is not known would be a check that is not made.
fn read<T: DeserializeOwned>(text: &str) -> T {
    toml::from_str(text).unwrap()
}

fn decimal(text: &str) -> Decimal {
    Decimal::from_str_exact(text).unwrap()
}

fn yuan(text: &str) -> Yuan {
    text.parse().unwrap()
}

fn points(text: &str) -> Points {
    text.parse().unwrap()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseFile {
    #[serde(rename = "source")]
    _source: String,
    mean_cost: String,
    scale: u32,
    low_below: String,
    high_above: String,
    point_value: String,
    #[serde(rename = "case")]
    cases: Vec<PointsCase>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PointsCase {
    name: String,
    weight: String,
    coefficient: String,
    high_rules: Vec<String>,
    total_cost: String,
    class: String,
    points: String,
    worth: String,
}

impl CaseFile {
    fn rules(&self, high_rule: &str) -> CaseRules {
        CaseRules::new(&CaseTerms {
            scale: self.scale,
            mean_cost_fen: yuan(&self.mean_cost).fen(),
            points_rounding: Rounding::HalfAwayFromZero,
            reference: Reference::Group,
            low_threshold: Bound::LessThan(decimal(&self.low_below)),
            low_rule: LowRule::PointsNoK,
            high_bands: vec![HighBand {
                weight: Bound::AtLeast(Decimal::ZERO),
                threshold: Bound::MoreThan(decimal(&self.high_above)),
            }],
            high_rule: match high_rule {
                "LINEAR_ADD" => HighRule::LinearAdd {
                    alpha: Decimal::ONE,
                    coefficient: CoefficientUse::Without,
                },
                "DEDUCT" => HighRule::Deduct,
                "CAP" => HighRule::Cap,
                "BY_ITEM_TOP" => HighRule::ByItemTop {
                    preset_value: decimal(&self.point_value),
                },
                "NORMAL" => HighRule::Normal,
                other => panic!("{other} is not a rule of these cases"),
            },
            high_limit: None,
        })
        .unwrap()
    }
}

#[test]
fn case_points_are_those_of_the_protected_cases() {
    let file: CaseFile = read(include_str!("../cases/official/payment/case-points.toml"));
    let value: PointValue = file.point_value.parse().unwrap();
    for case in &file.cases {
        for high_rule in &case.high_rules {
            let rules = file.rules(high_rule);
            let price = rules.price(case.weight.parse().unwrap()).unwrap();
            let coefficient = case.coefficient.parse().unwrap();
            let found = award(&price, coefficient, yuan(&case.total_cost), &rules).unwrap();
            let worth = found
                .points
                .pay_at(&value, Rounding::HalfAwayFromZero)
                .unwrap();
            let found = [
                found.class.to_string(),
                found.points.to_string(),
                worth.to_string(),
            ];
            let expected = [&case.class, &case.points, &case.worth];
            assert_eq!(found.each_ref(), expected, "{}", case.name);
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeviationFile {
    #[serde(rename = "source")]
    _source: String,
    coefficient: String,
    base_points: String,
    policies: Vec<String>,
    #[serde(rename = "case")]
    cases: Vec<DeviationCase>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeviationCase {
    name: String,
    ratio: String,
    points: Vec<String>,
    classes: Vec<String>,
}

/// The terms of a bundled policy on its first day.
fn bundled(id: &str) -> CaseTerms {
    let policy = Policy::load(&FileSet::bundled_policy(id).unwrap()).unwrap();
    let first = *policy.changes().first().unwrap();
    policy.at(first).unwrap().case
}

/// What a case costs at a ratio of the reference cost of a group with the weight 1.
fn cost_at(ratio: &str, coefficient: &str, terms: &CaseTerms) -> Yuan {
    let mean = Decimal::new(terms.mean_cost_fen, 2);
    let reference = match terms.reference {
        Reference::Group => mean,
        Reference::GroupAndCoefficient => mean.checked_mul(decimal(coefficient)).unwrap(),
    };
    let cost = reference.checked_mul(decimal(ratio)).unwrap().normalize();
    yuan(&cost.to_string())
}

#[test]
fn deviation_cases_earn_what_the_bundled_profiles_say() {
    let file: DeviationFile = read(include_str!("../cases/official/payment/deviation.toml"));
    for (column, policy) in file.policies.iter().enumerate() {
        let terms = bundled(policy);
        let rules = CaseRules::new(&terms).unwrap();
        let price = rules.price("1".parse().unwrap()).unwrap();
        assert_eq!(price.base_points(), points(&file.base_points), "{policy}");
        for case in &file.cases {
            let cost = cost_at(&case.ratio, &file.coefficient, &terms);
            let found = award(&price, file.coefficient.parse().unwrap(), cost, &rules).unwrap();
            let expected = (&case.points[column], &case.classes[column]);
            let found = (&found.points.to_string(), &found.class.to_string());
            assert_eq!(found, expected, "{policy}: {}", case.name);
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ControlFile {
    #[serde(rename = "source")]
    _source: String,
    name: String,
    ordinary_discharges: u64,
    proportion: String,
    #[serde(rename = "case")]
    cases: Vec<ControlCase>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ControlCase {
    id: String,
    excess: String,
    #[serde(default)]
    new_technology: bool,
    kept: bool,
}

fn high_case(case: &ControlCase) -> HighCase<'_> {
    HighCase {
        case_id: &case.id,
        excess: yuan(&case.excess),
        is_new_technology: case.new_technology,
    }
}

#[test]
fn the_control_proportion_keeps_the_protected_cases() {
    let file: ControlFile = read(include_str!(
        "../cases/official/payment/control-proportion.toml"
    ));
    let high: Vec<_> = file.cases.iter().map(high_case).collect();
    let proportion = file.proportion.parse().unwrap();
    let kept = control_proportion(&high, file.ordinary_discharges, proportion).unwrap();
    let expected: Vec<_> = file.cases.iter().map(|case| case.kept).collect();
    assert_eq!(kept, expected, "{}", file.name);
}

fn terms(family: ValueFamily, model: ValueModel) -> ValueTerms {
    ValueTerms {
        family,
        model,
        money_rounding: Rounding::HalfAwayFromZero,
        points_rounding: Rounding::HalfAwayFromZero,
        published_places: 4,
    }
}

fn payments(settlement: &PoolSettlement) -> Vec<String> {
    settlement
        .hospitals
        .iter()
        .map(|hospital| hospital.payment.to_string())
        .collect()
}

#[track_caller]
fn assert_conserved(settlement: &PoolSettlement, name: &str) {
    let payments = settlement.hospitals.iter().map(|hospital| hospital.payment);
    assert_eq!(Yuan::total(payments), Ok(settlement.paid), "{name}");
    let whole = settlement.paid.plus(settlement.residual);
    assert_eq!(whole, Ok(settlement.distributable), "{name}");
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FamilyFile {
    #[serde(rename = "source")]
    _source: String,
    pool: FamilyPool,
    #[serde(rename = "case")]
    cases: Vec<FamilyCase>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FamilyPool {
    budget: String,
    #[serde(rename = "hospital")]
    hospitals: Vec<FamilyHospital>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FamilyHospital {
    id: String,
    points: String,
    total_cost: String,
    patient_side: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FamilyCase {
    name: String,
    family: String,
    floating_value: String,
    payments: Vec<String>,
}

#[test]
fn each_family_of_point_value_pays_the_protected_amounts() {
    let file: FamilyFile = read(include_str!(
        "../cases/official/payment/point-value-families.toml"
    ));
    let totals = |hospital: &FamilyHospital| HospitalTotals {
        hospital_id: hospital.id.clone(),
        cases: 1,
        points: points(&hospital.points),
        total_cost: yuan(&hospital.total_cost),
        patient_side: yuan(&hospital.patient_side),
    };
    let input = PoolInput {
        budget: yuan(&file.pool.budget),
        reserve: Yuan::ZERO,
        hospitals: file.pool.hospitals.iter().map(totals).collect(),
        prior: None,
    };
    for case in &file.cases {
        let family = match case.family.as_str() {
            "A" => ValueFamily::A,
            "B" => ValueFamily::B,
            "C" => ValueFamily::C,
            other => panic!("{other} is no family"),
        };
        let settlement = settle_pool(&input, &terms(family, ValueModel::Uniform)).unwrap();
        assert_eq!(
            settlement.floating_value.to_string(),
            case.floating_value,
            "{}",
            case.name
        );
        assert_eq!(payments(&settlement), case.payments, "{}", case.name);
        assert_eq!(settlement.residual, Yuan::ZERO, "{}", case.name);
        assert_conserved(&settlement, &case.name);
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IncrementFile {
    #[serde(rename = "source")]
    _source: String,
    #[serde(rename = "case")]
    cases: Vec<IncrementCase>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IncrementCase {
    name: String,
    budget: String,
    prior_value: PriorValue,
    baseline_share: String,
    floating_cap: Option<String>,
    hospitals: Vec<IncrementHospital>,
    fixed_value: String,
    floating_value: String,
    residual: String,
    reason: String,
    uniform_value: String,
    uniform_payments: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PriorValue {
    amount: String,
    points: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IncrementHospital {
    id: String,
    points: String,
    prior: String,
    baseline_points: String,
    payment: String,
}

impl IncrementCase {
    fn input(&self) -> PoolInput {
        let totals = |hospital: &IncrementHospital| HospitalTotals {
            hospital_id: hospital.id.clone(),
            cases: 1,
            points: points(&hospital.points),
            total_cost: Yuan::ZERO,
            patient_side: Yuan::ZERO,
        };
        let (amount, spread) = (
            yuan(&self.prior_value.amount),
            points(&self.prior_value.points),
        );
        let prior = |hospital: &IncrementHospital| (hospital.id.clone(), points(&hospital.prior));
        PoolInput {
            budget: yuan(&self.budget),
            reserve: Yuan::ZERO,
            hospitals: self.hospitals.iter().map(totals).collect(),
            prior: Some(PriorYear {
                value: PointValue::per_point(amount, spread).unwrap(),
                points: self.hospitals.iter().map(prior).collect(),
            }),
        }
    }

    fn model(&self) -> ValueModel {
        ValueModel::BaselineIncrement(BaselineIncrement {
            fixed_value_factor: Decimal::ONE,
            baseline_share: decimal(&self.baseline_share),
            season_share: Share {
                numerator: 1,
                denominator: 1,
            },
            floating_cap: self.floating_cap.as_deref().map(decimal),
            residual_rule: ResidualRule::Reserve,
        })
    }
}

#[test]
fn baseline_and_increment_pay_the_protected_amounts_beside_a_uniform_value() {
    let file: IncrementFile = read(include_str!(
        "../cases/official/payment/baseline-increment.toml"
    ));
    for case in &file.cases {
        let name = &case.name;
        let input = case.input();
        let settlement = settle_pool(&input, &terms(ValueFamily::A, case.model())).unwrap();
        let expected: Vec<_> = case.hospitals.iter().map(|h| h.payment.clone()).collect();
        assert_eq!(payments(&settlement), expected, "{name}");
        let baselines = settlement
            .hospitals
            .iter()
            .map(|h| h.baseline_points.to_string());
        let expected = case.hospitals.iter().map(|h| h.baseline_points.clone());
        assert!(baselines.eq(expected), "{name}");
        assert_eq!(
            settlement.fixed_value.to_string(),
            case.fixed_value,
            "{name}"
        );
        assert_eq!(
            settlement.floating_value.to_string(),
            case.floating_value,
            "{name}"
        );
        assert_eq!(settlement.residual, yuan(&case.residual), "{name}");
        assert_eq!(settlement.residual_reason.code(), case.reason, "{name}");
        assert_conserved(&settlement, name);

        let uniform = settle_pool(&input, &terms(ValueFamily::A, ValueModel::Uniform)).unwrap();
        assert_eq!(
            uniform.floating_value.to_string(),
            case.uniform_value,
            "{name}"
        );
        assert_eq!(payments(&uniform), case.uniform_payments, "{name}");
        assert_conserved(&uniform, name);
    }
}
