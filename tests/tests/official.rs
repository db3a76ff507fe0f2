//! Protected payment cases: amounts computed outside this program.

use drgdip_claims::Yuan;
use drgdip_points::award::{CaseRules, award};
use drgdip_points::clear::{hospital_band, region_fund};
use drgdip_points::link::{HighCase, control_proportion};
use drgdip_points::pool::{HospitalTotals, PoolInput, PoolSettlement, PriorYear, settle_pool};
use drgdip_points::{PointValue, Points, Rounding};
use drgdip_tables::policy::{
    BaselineIncrement, Bound, Calibration, CaseTerms, CoefficientUse, HighBand, HighRule,
    HospitalBands, IncrementRule, LowRule, Reference, RegionBands, UniformMode, ValueFamily,
    ValueModel, ValueTerms,
};
use drgdip_tables::{FileSet, Policy};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

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
fn g3_case_points_are_those_of_the_protected_cases() {
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
    let reference = match terms.reference.has_coefficient() {
        false => mean,
        true => mean.checked_mul(decimal(coefficient)).unwrap(),
    };
    let cost = reference.checked_mul(decimal(ratio)).unwrap().normalize();
    yuan(&cost.to_string())
}

#[test]
fn g2_deviation_cases_earn_what_the_bundled_profiles_say() {
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
fn g4_the_control_proportion_keeps_the_protected_cases() {
    let file: ControlFile = read(include_str!(
        "../cases/official/payment/control-proportion.toml"
    ));
    let high: Vec<_> = file.cases.iter().map(high_case).collect();
    let proportion = file.proportion.parse().unwrap();
    let kept = control_proportion(&high, file.ordinary_discharges, proportion).unwrap();
    let expected: Vec<_> = file.cases.iter().map(|case| case.kept).collect();
    assert_eq!(kept, expected, "{}", file.name);
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

fn uniform(family: ValueFamily) -> ValueTerms {
    ValueTerms::new(family, ValueModel::Uniform(UniformMode::Floating))
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
fn g5_each_family_of_point_value_pays_the_protected_amounts() {
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
        ..PoolInput::default()
    };
    for case in &file.cases {
        let family = match case.family.as_str() {
            "A" => ValueFamily::A,
            "B" => ValueFamily::B,
            "C" => ValueFamily::C,
            other => panic!("{other} is no family"),
        };
        let settlement = settle_pool(&input, &uniform(family)).unwrap();
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
    /// Cal-1; Cal-2 where there is `budget_share`.
    prior_value: Option<PriorValue>,
    budget_share: Option<String>,
    baseline_share: String,
    floating_cap: Option<String>,
    tilts: Option<BTreeMap<String, String>>,
    subpools: Option<BTreeMap<String, String>>,
    #[serde(default)]
    measures: BTreeMap<String, BTreeMap<String, String>>,
    hospitals: Vec<IncrementHospital>,
    fixed_value: String,
    fixed_share: String,
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
            ..HospitalTotals::default()
        };
        let value = match &self.prior_value {
            Some(prior) => {
                PointValue::per_point(yuan(&prior.amount), points(&prior.points)).unwrap()
            }
            None => PointValue::zero(),
        };
        let prior = |hospital: &IncrementHospital| (hospital.id.clone(), points(&hospital.prior));
        let tilts = self.tilts.iter().flatten();
        let measure = |measure: &BTreeMap<String, String>| {
            let rows = measure.iter();
            rows.map(|(id, text)| (id.clone(), points(text))).collect()
        };
        let measures = self.measures.iter();
        PoolInput {
            budget: yuan(&self.budget),
            hospitals: self.hospitals.iter().map(totals).collect(),
            prior: Some(PriorYear {
                value,
                points: self.hospitals.iter().map(prior).collect(),
                used: BTreeMap::new(),
            }),
            tilts: tilts
                .map(|(id, tilt)| (id.clone(), tilt.parse().unwrap()))
                .collect(),
            measures: measures
                .map(|(name, rows)| (name.clone(), measure(rows)))
                .collect(),
            ..PoolInput::default()
        }
    }

    fn terms(&self) -> ValueTerms {
        let plain = BaselineIncrement::plain(Decimal::ONE, decimal(&self.baseline_share));
        let calibration = match &self.budget_share {
            Some(share) => Calibration::BudgetShare {
                share: decimal(share),
            },
            None => plain.calibration,
        };
        let increment = match (&self.tilts, &self.subpools) {
            (None, None) => IncrementRule::ByPoints,
            (Some(_), _) => IncrementRule::Tilted,
            (None, Some(shares)) => {
                let shares = shares.iter();
                IncrementRule::Subpools(
                    shares
                        .map(|(name, share)| (name.clone(), decimal(share)))
                        .collect(),
                )
            }
        };
        let rule = BaselineIncrement {
            calibration,
            increment,
            floating_cap: self.floating_cap.as_deref().map(decimal),
            ..plain
        };
        ValueTerms::new(ValueFamily::A, ValueModel::BaselineIncrement(rule))
    }
}

#[test]
fn g8_baseline_and_increment_pay_the_protected_amounts_beside_a_uniform_value() {
    let file: IncrementFile = read(include_str!(
        "../cases/official/payment/baseline-increment.toml"
    ));
    for case in &file.cases {
        let name = &case.name;
        let input = case.input();
        let settlement = settle_pool(&input, &case.terms()).unwrap();
        let expected: Vec<_> = case.hospitals.iter().map(|h| h.payment.clone()).collect();
        assert_eq!(payments(&settlement), expected, "{name}");
        let baselines = settlement
            .hospitals
            .iter()
            .map(|h| h.baseline_points.to_string());
        let expected = case.hospitals.iter().map(|h| h.baseline_points.clone());
        assert!(baselines.eq(expected), "{name}");
        let found = [
            settlement.fixed_value.to_string(),
            settlement.fixed_share.to_string(),
            settlement.floating_value.to_string(),
            settlement.residual.to_string(),
            settlement.residual_reason.code().to_owned(),
        ];
        let expected = [
            &case.fixed_value,
            &case.fixed_share,
            &case.floating_value,
            &case.residual,
            &case.reason,
        ];
        assert_eq!(found.each_ref(), expected, "{name}");
        assert_conserved(&settlement, name);

        let uniform = settle_pool(&input, &uniform(ValueFamily::A)).unwrap();
        assert_eq!(
            uniform.floating_value.to_string(),
            case.uniform_value,
            "{name}"
        );
        assert_eq!(payments(&uniform), case.uniform_payments, "{name}");
        assert_conserved(&uniform, name);
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClearingFile {
    #[serde(rename = "source")]
    _source: String,
    hospital: HospitalClearing,
    region: RegionClearing,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HospitalClearing {
    keep_from: String,
    below_pays: String,
    share_until: String,
    fund_share: String,
    payable: String,
    #[serde(rename = "case")]
    cases: Vec<BandCase>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BandCase {
    name: String,
    itemised: String,
    due: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RegionClearing {
    surplus_share: String,
    deficit_share: String,
    budget: String,
    #[serde(rename = "case")]
    cases: Vec<RegionCase>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RegionCase {
    name: String,
    spent: String,
    fund: String,
}

#[test]
fn g6_and_g7_surplus_and_overspending_are_shared_as_in_the_protected_cases() {
    let file: ClearingFile = read(include_str!("../cases/official/payment/clearing.toml"));
    let rounding = Rounding::HalfAwayFromZero;
    let bands = HospitalBands {
        keep_from: decimal(&file.hospital.keep_from),
        below_pays: decimal(&file.hospital.below_pays),
        share_until: decimal(&file.hospital.share_until),
        fund_share: decimal(&file.hospital.fund_share),
        needs_approval: false,
    };
    let payable = yuan(&file.hospital.payable);
    for case in &file.hospital.cases {
        let due = hospital_band(payable, yuan(&case.itemised), &bands, rounding).unwrap();
        assert_eq!(due, yuan(&case.due), "{}", case.name);
    }
    let bands = RegionBands {
        surplus_share: decimal(&file.region.surplus_share),
        deficit_share: decimal(&file.region.deficit_share),
    };
    let budget = yuan(&file.region.budget);
    for case in &file.region.cases {
        let fund = region_fund(budget, yuan(&case.spent), &bands, rounding).unwrap();
        assert_eq!(fund, yuan(&case.fund), "{}", case.name);
    }
}
