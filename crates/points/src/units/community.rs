//! The community model (基层支付模式): groups at one price, packages, home beds.
//!
//! Source: payment-spec E4 `[MODEL]`; the idea alone is public.

use super::{AMOUNT, CostItem, LinePart, not_negative};
use crate::award::{CaseRules, GroupPrice, award_by_cost, normal_points};
use crate::exact::{Exact, product};
use crate::{Error, Points, Ratio};
use drgdip_claims::Yuan;
use drgdip_tables::policy::{CommunityTerms, Line};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// Whether a group has its own price in the community: it is one of those that every institution
/// treats, and it has enough cases.
#[must_use]
pub fn has_own_price(group: &str, cases: u64, terms: &CommunityTerms) -> bool {
    terms.groups.contains_key(group) && terms.min_cases.holds(Decimal::from(cases))
}

/// `b`: the same points in every institution, whatever the case cost (同病同价).
///
/// Errors: a number that does not fit.
pub fn one_price(price: &GroupPrice, rules: &CaseRules) -> Result<Points, Error> {
    normal_points(price, Ratio::ONE, rules)
}

/// What a case without such a group earns: its cost, as far as it is within the trimming multiple
/// of what its chapter costs on average, `min(C, 1.5 × mean) / M × scale`.
///
/// The text says only that deviations are trimmed; to trim the cost that is counted is the choice
/// made here. Errors: an amount below zero, or a number that does not fit.
pub fn by_trimmed_cost(
    total_cost: Yuan,
    chapter_mean: Yuan,
    terms: &CommunityTerms,
    rules: &CaseRules,
) -> Result<Points, Error> {
    let most = super::money(not_negative(chapter_mean)?).times(&Exact::decimal(terms.trim_at));
    // Down, so that no fen above the multiple counts.
    let most = super::yuan(&most, crate::Rounding::Down)?;
    award_by_cost(total_cost.min(most), rules, Ratio::ONE)
}

/// A month in which a patient has a package (慢病服务包).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PatientMonth {
    /// The person.
    pub person_id: String,
    /// The package.
    pub package: String,
    /// The month, as months since any month.
    pub month: u32,
}

/// What the packages of an institution ask of their line.
///
/// Errors: a package that the policy does not price, a patient-month that stands twice, or an
/// amount that does not fit.
pub fn packages(months: &[PatientMonth], terms: &CommunityTerms) -> Result<LinePart, Error> {
    let mut seen = months.to_vec();
    seen.sort();
    if let Some(pair) = seen.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(Error::PackageTwice {
            person_id: pair[0].person_id.clone(),
            package: pair[0].package.clone(),
        });
    }
    let mut counts: BTreeMap<&str, i128> = BTreeMap::new();
    for month in months {
        let count = counts.entry(&month.package).or_default();
        *count = count.saturating_add(1);
    }
    let mut amounts = Vec::new();
    for (package, count) in &counts {
        let price = terms.packages.get(*package);
        let price = price.ok_or_else(|| Error::NoPackagePrice((*package).to_owned()))?;
        let fen = product(*count, i128::from(price.month_fen), AMOUNT)?;
        amounts.push(Yuan::try_from_fen(fen)?);
    }
    let items = counts
        .keys()
        .map(|package| CostItem::Item((*package).to_owned()));
    Ok(LinePart {
        line: Line::ChronicPackages,
        amount: Yuan::total(amounts)?,
        items: items.collect(),
    })
}

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
    use crate::units::quota::testing::rules;
    use drgdip_tables::policy::{Bound, ChronicPackage, Overrun, Pays};

    fn terms() -> CommunityTerms {
        let package = ChronicPackage {
            title: "高血压".to_owned(),
            month_fen: 6_050,
        };
        CommunityTerms {
            groups: BTreeMap::from([("FV25".to_owned(), "高血压".to_owned())]),
            min_cases: Bound::AtLeast(Decimal::TEN),
            trim_at: Decimal::new(15, 1),
            packages: BTreeMap::from([("hypertension".to_owned(), package)]),
            packages_overrun: Some(Overrun::ProRata),
            home_bed_fen: Some(8_000),
            home_bed_pays: Pays::Points,
            bed_day_kinds: BTreeMap::new(),
        }
    }

    #[test]
    fn a_group_of_the_community_has_one_price_from_ten_cases_on() {
        assert!(has_own_price("FV25", 10, &terms()));
        assert!(!has_own_price("FV25", 9, &terms()));
        assert!(!has_own_price("FV23", 500, &terms()));
        let price = rules().price("0.6".parse().unwrap()).unwrap();
        let points = one_price(&price, &rules()).unwrap();
        assert_eq!(points.to_string(), "60.0000");
    }

    #[test]
    fn a_cost_counts_up_to_one_and_a_half_of_the_chapters_mean() {
        let points = |cost: &str| {
            let mean = "4000.01".parse().unwrap();
            by_trimmed_cost(cost.parse().unwrap(), mean, &terms(), &rules())
                .unwrap()
                .to_string()
        };
        assert_eq!(points("3000.00"), "30.0000");
        assert_eq!(points("6000.01"), "60.0001");
        assert_eq!(points("6000.02"), "60.0001");
        assert_eq!(points("90000.00"), "60.0001");
    }

    #[test]
    fn a_package_is_paid_for_each_month_of_a_patient_once() {
        let month = |person: &str, month| PatientMonth {
            person_id: person.to_owned(),
            package: "hypertension".to_owned(),
            month,
        };
        let asked = packages(&[month("p1", 1), month("p1", 2), month("p2", 1)], &terms());
        assert_eq!(asked.unwrap().amount.to_string(), "181.50");
        assert_eq!(
            packages(&[month("p1", 1), month("p1", 1)], &terms())
                .unwrap_err()
                .to_string(),
            "person p1 has the package \"hypertension\" twice in one month; keep one row"
        );
        let mut unknown = month("p1", 1);
        unknown.package = "asthma".to_owned();
        assert_eq!(
            packages(&[unknown], &terms()).unwrap_err().to_string(),
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
}
