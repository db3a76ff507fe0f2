//! Protected cases of payment units: amounts computed outside this program.

use drgdip_claims::Yuan;
use drgdip_points::Rounding;
use drgdip_points::units::capitation::{capitation, settle};
use drgdip_points::units::negotiated::CodedItem;
use drgdip_points::units::new_technology::{GroupMeans, UsedTechnology, effect};
use drgdip_tables::policy::{
    Bound, CapitationRate, CapitationTerms, CarveOutTerms, CaseTerms, CoefficientUse, HighBand,
    HighRule, LowRule, Reference, SourceRow, Technology, TechnologyKind, TechnologyPay,
};
use jiff::civil::date;
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CarveOutFile {
    #[serde(rename = "source")]
    _source: String,
    mean_cost: String,
    mean_drug: String,
    standard: String,
    cost_more_than: String,
    share_more_than: String,
    #[serde(rename = "case")]
    cases: Vec<CarveOutCase>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CarveOutCase {
    name: String,
    cost: String,
    drug: String,
    pay: String,
}

fn technology(file: &CarveOutFile) -> Technology {
    Technology {
        id: "drug".to_owned(),
        kind: TechnologyKind::Drug,
        name: "某药".to_owned(),
        items: vec!["D".to_owned()],
        procedures: Vec::new(),
        approved: None,
        listed: None,
        from: date(2026, 1, 1),
        until: None,
        pay: Some(TechnologyPay::CarveOut(CarveOutTerms {
            cost_more_than: decimal(&file.cost_more_than),
            share_more_than: decimal(&file.share_more_than),
        })),
        is_control_exempt: false,
        source: SourceRow {
            key: "model".to_owned(),
            title: "model".to_owned(),
            tag: "MODEL".to_owned(),
            reliability: "model".to_owned(),
        },
        note: None,
        line: 1,
    }
}

fn rules() -> drgdip_points::award::CaseRules {
    drgdip_points::award::CaseRules::new(&CaseTerms {
        scale: 100,
        mean_cost_fen: 1_000_000,
        points_rounding: Rounding::HalfAwayFromZero,
        reference: Reference::Group,
        low_threshold: Bound::LessThan(decimal("0.5")),
        low_rule: LowRule::Ratio(CoefficientUse::Without),
        high_bands: vec![HighBand {
            weight: Bound::AtLeast(Decimal::ZERO),
            threshold: Bound::MoreThan(decimal("3")),
        }],
        high_rule: HighRule::Normal,
        high_limit: None,
    })
    .unwrap()
}

#[test]
fn g9_a_carved_out_technology_is_paid_as_protected() {
    let file: CarveOutFile = read(include_str!(
        "../cases/official/payment/new-technology.toml"
    ));
    let means = GroupMeans {
        cost: Some(yuan(&file.mean_cost)),
        drug: Some(yuan(&file.mean_drug)),
        ..GroupMeans::default()
    };
    let technology = technology(&file);
    for case in &file.cases {
        let used = [UsedTechnology {
            technology: &technology,
            items: vec![CodedItem {
                code: "D".to_owned(),
                cost: yuan(&case.drug),
            }],
        }];
        let of = (yuan(&case.cost), "2".parse().unwrap());
        let found = effect(&used, of, &means, &rules()).unwrap();
        let beside = found.carved_out.map_or(Yuan::ZERO, |part| part.amount);
        let pay = yuan(&file.standard).plus(beside).unwrap();
        assert_eq!(pay, yuan(&case.pay), "{}", case.name);
    }
    assert_eq!(file.cases.len(), 4);
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CapitationFile {
    #[serde(rename = "source")]
    _source: String,
    reserve_share: String,
    overspend_limit: String,
    fund_share: String,
    cap: String,
    net: String,
    #[serde(rename = "band")]
    bands: Vec<Band>,
    #[serde(rename = "case")]
    cases: Vec<CapitationCase>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Band {
    name: String,
    members: u64,
    rate: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CapitationCase {
    name: String,
    spend: String,
    assessment: String,
    kept: String,
    fund_adds: String,
}

#[test]
fn g10_capitation_is_settled_as_protected() {
    let file: CapitationFile = read(include_str!("../cases/official/payment/capitation.toml"));
    let rate = |band: &Band| CapitationRate {
        title: band.name.clone(),
        rate_fen: yuan(&band.rate).fen(),
        risk: Decimal::ONE,
    };
    let rates = file
        .bands
        .iter()
        .map(|band| (band.name.clone(), rate(band)));
    let terms = CapitationTerms {
        rates: rates.collect(),
        trend: Decimal::ZERO,
        reserve_share: decimal(&file.reserve_share),
        stop_loss_fen: None,
        stop_loss_share: Decimal::ZERO,
        overspend_limit: decimal(&file.overspend_limit),
        fund_share: decimal(&file.fund_share),
        assessment: BTreeMap::new(),
    };
    let rounding = Rounding::HalfAwayFromZero;
    let members = file
        .bands
        .iter()
        .map(|band| (band.name.clone(), band.members));
    let found = capitation(&members.collect(), &terms, rounding).unwrap();
    assert_eq!((found.cap, found.net), (yuan(&file.cap), yuan(&file.net)));
    for case in &file.cases {
        let (spend, assessment) = (yuan(&case.spend), case.assessment.parse().unwrap());
        let settled = settle(found.net, spend, assessment, (&terms, rounding)).unwrap();
        let paid = (settled.kept, settled.fund_adds);
        assert_eq!(
            paid,
            (yuan(&case.kept), yuan(&case.fund_adds)),
            "{}",
            case.name
        );
    }
    assert_eq!(file.cases.len(), 3);
}
