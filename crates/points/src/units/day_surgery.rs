//! Day surgery and day wards (日间手术, 日间病房).

use super::Yield;
use crate::award::{CaseRules, normal_points};
use crate::{Error, Ratio, Weight};
use drgdip_tables::policy::{DaySurgeryTerms, OwnDayGroup};

/// What a day surgery yields: the points of its own group, or a share of the inpatient group's.
///
/// It is never low, because it is meant to be short and cheap, and never high. `weight` is the
/// inpatient group's. Source: `policies/units.md`, Day surgery. Errors: a weight that the policy
/// has no band for, or a number that does not fit.
pub fn day_surgery(
    (group, weight): (&str, Weight),
    coefficient: Ratio,
    terms: &DaySurgeryTerms,
    rules: &CaseRules,
) -> Result<Yield, Error> {
    let points = match terms.own_groups.get(group) {
        Some(own) => normal_points(&rules.price(own_weight(own)?)?, coefficient, rules)?,
        None => {
            let kept = rules.keeping(Ratio::from_decimal(terms.factor)?);
            normal_points(&rules.price(weight)?, coefficient, &kept)?
        }
    };
    Ok(Yield::stay_points(points))
}

fn own_weight(own: &OwnDayGroup) -> Result<Weight, Error> {
    own.weight.to_string().parse()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::quota::testing::rules;
    use rust_decimal::Decimal;
    use std::collections::BTreeMap;

    #[test]
    fn day_surgery_earns_its_own_group_or_a_share_of_the_inpatient_one() {
        let own = OwnDayGroup {
            group: "CB3D".to_owned(),
            weight: Decimal::new(55, 2),
        };
        let terms = DaySurgeryTerms {
            factor: Decimal::new(9, 1),
            own_groups: BTreeMap::from([("CB39".to_owned(), own)]),
        };
        let weight = "0.8".parse().unwrap();
        let k = "1.1".parse().unwrap();
        let points = |group| {
            let earned = day_surgery((group, weight), k, &terms, &rules()).unwrap();
            earned.points().to_string()
        };
        assert_eq!(points("CB39"), "60.5000");
        assert_eq!(points("GD25"), "79.2000");
    }

    #[test]
    fn the_share_of_the_inpatient_group_is_rounded_once() {
        let terms = DaySurgeryTerms {
            factor: Decimal::new(5, 1),
            own_groups: BTreeMap::new(),
        };
        let weight = "1.2345".parse().unwrap();
        let k = "0.8002".parse().unwrap();
        let earned = day_surgery(("GD25", weight), k, &terms, &rules()).unwrap();
        // 123.45 × 0.8002 × 0.5 = 49.392345; half of the rounded 98.7847 would be 49.3924.
        assert_eq!(earned.points().to_string(), "49.3923");
    }
}
