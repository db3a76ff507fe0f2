//! The community model (基层支付模式): chronic packages and visit-days of home beds.
//!
//! Source: a model, `policies/units.md`, Community; the idea alone is public. Its groups at one
//! price are those with k = 1, and its nursing and rehabilitation days are those of
//! [`super::bed_day`].

use super::AMOUNT;
use crate::Error;
use crate::exact::product;
use drgdip_claims::Yuan;
use drgdip_tables::policy::CommunityTerms;

/// What a number of patient-months of one package is worth.
///
/// Errors: a package that the policy does not price, or an amount that does not fit.
pub fn package_months(
    package: &str,
    patient_months: u64,
    terms: &CommunityTerms,
) -> Result<Yuan, Error> {
    let price = terms.packages.get(package);
    let price = price.ok_or_else(|| Error::NoPackagePrice(package.to_owned()))?;
    let fen = product(
        i128::from(patient_months),
        i128::from(price.month_fen),
        AMOUNT,
    )?;
    Ok(Yuan::try_from_fen(fen)?)
}

/// What the visit-days of a home bed (家庭病床) are worth; pay it with
/// [`super::quota::agreed_amount`].
///
/// Errors: the policy has no price of a day, or an amount that does not fit.
pub fn home_bed(visit_days: u32, terms: &CommunityTerms) -> Result<Yuan, Error> {
    let day = terms.home_bed_fen.ok_or(Error::NoHomeBedPrice)?;
    let fen = product(i128::from(visit_days), i128::from(day), AMOUNT)?;
    Ok(Yuan::try_from_fen(fen)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::award::PresetValue;
    use crate::units::quota::testing::rules;
    use crate::units::quota::{AmountRule, agreed_amount};
    use drgdip_tables::policy::{ChronicPackage, Line, Overrun, Pays};
    use rust_decimal::Decimal;
    use std::collections::BTreeMap;

    fn terms() -> CommunityTerms {
        let package = ChronicPackage {
            title: "高血压".to_owned(),
            month_fen: 6_050,
        };
        CommunityTerms {
            packages: BTreeMap::from([("hypertension".to_owned(), package)]),
            packages_overrun: Some(Overrun::ProRata),
            home_bed_fen: Some(8_000),
            home_bed_pays: Pays::Points,
            bed_day_kinds: BTreeMap::new(),
        }
    }

    #[test]
    fn a_package_is_paid_by_the_month_of_a_patient() {
        let asked = package_months("hypertension", 3, &terms());
        assert_eq!(asked.unwrap().to_string(), "181.50");
        assert_eq!(
            package_months("asthma", 1, &terms())
                .unwrap_err()
                .to_string(),
            "the package \"asthma\" has no price; add it to the packages of the policy"
        );
    }

    #[test]
    fn a_home_bed_is_paid_by_the_visit_day() {
        assert_eq!(home_bed(7, &terms()).unwrap().to_string(), "560.00");
        let mut none = terms();
        none.home_bed_fen = None;
        assert!(home_bed(7, &none).is_err());
    }

    #[test]
    fn visit_days_are_points_at_the_preset_value_or_an_amount_on_the_line() {
        let amount = home_bed(30, &terms()).unwrap();
        let rule = |pays| AmountRule {
            pays,
            line: Line::HomeBeds,
            preset_value: PresetValue::from_decimal(Decimal::new(96, 0)).unwrap(),
        };
        let earned = agreed_amount(amount, rule(Pays::Points), &rules()).unwrap();
        assert_eq!(earned.points().to_string(), "25.0000");
        let earned = agreed_amount(amount, rule(Pays::Line(Overrun::ProRata)), &rules()).unwrap();
        assert_eq!(earned.lines()[0].amount.to_string(), "2400.00");
    }
}
