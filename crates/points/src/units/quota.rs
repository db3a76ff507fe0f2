//! Single diseases at a quota (单病种定额) and payment by item (按项目付费).

use super::{Yield, not_negative};
use crate::Error;
use crate::award::{CaseRules, PresetValue, award_by_amount};
use drgdip_claims::Yuan;
use drgdip_tables::policy::{Line, Pays, SingleDiseaseTerms};

/// The quota of a group at a level, the one for every other level where it has none.
#[must_use]
pub fn quota(terms: &SingleDiseaseTerms, group: &str, level: &str) -> Option<Yuan> {
    let of = |level: &str| terms.quotas.get(&(group.to_owned(), level.to_owned()));
    of(level).or_else(|| of("")).copied().map(Yuan::from_fen)
}

/// How an agreed amount is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AmountRule {
    /// Points or a line.
    pub pays: Pays,
    /// The line, where it is one.
    pub line: Line,
    /// v_ref, where it is points.
    pub preset_value: PresetValue,
}

/// What an agreed amount yields: `amount / v_ref` points, or the amount on its line.
///
/// For a quota it is the quota, whatever the case cost. Source: `policies/units.md`, Single
/// diseases and items. Errors: an amount below zero, or a number that does not fit.
pub fn agreed_amount(amount: Yuan, rule: AmountRule, rules: &CaseRules) -> Result<Yield, Error> {
    let amount = not_negative(amount)?;
    match rule.pays {
        Pays::Points => {
            let points = award_by_amount(amount, rule.preset_value, rules)?;
            Ok(Yield::stay_points(points))
        }
        Pays::Line(_) => Ok(Yield::stay_line(rule.line, amount)),
    }
}

/// What payment by item is worth: the cost without what an audit took off, never below zero.
///
/// It is also what approved special cases fall back to. Errors: an amount below zero, or one that
/// does not fit.
pub fn by_item(total_cost: Yuan, taken_off: Yuan) -> Result<Yuan, Error> {
    let left = not_negative(total_cost)?.minus(not_negative(taken_off)?)?;
    Ok(left.max(Yuan::ZERO))
}

#[cfg(test)]
pub(super) mod testing {
    use crate::Rounding;
    use crate::award::CaseRules;
    use drgdip_tables::policy::{
        Bound, CaseTerms, CoefficientUse, HighBand, HighRule, LowRule, Reference,
    };
    use rust_decimal::Decimal;

    /// A scale of 100 and a mean cost of 10,000 yuan, so that a point costs 100 yuan.
    pub(in crate::units) fn rules() -> CaseRules {
        CaseRules::new(&CaseTerms {
            scale: 100,
            mean_cost_fen: 1_000_000,
            points_rounding: Rounding::HalfAwayFromZero,
            reference: Reference::Group,
            low_threshold: Bound::LessThan(Decimal::new(5, 1)),
            low_rule: LowRule::Ratio(CoefficientUse::Without),
            high_bands: vec![HighBand {
                weight: Bound::AtLeast(Decimal::ZERO),
                threshold: Bound::MoreThan(Decimal::from(3)),
            }],
            high_rule: HighRule::LinearAdd {
                alpha: Decimal::ONE,
                coefficient: CoefficientUse::Without,
            },
            high_limit: None,
        })
        .unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::testing::rules;
    use super::*;
    use drgdip_tables::policy::Overrun;
    use rust_decimal::Decimal;
    use std::collections::BTreeMap;

    fn rule(pays: Pays) -> AmountRule {
        AmountRule {
            pays,
            line: Line::SingleDisease,
            preset_value: PresetValue::from_decimal(Decimal::new(985, 1)).unwrap(),
        }
    }

    #[test]
    fn a_quota_is_the_quota_in_points_or_on_its_line() {
        let amount = "9850.00".parse().unwrap();
        let points = agreed_amount(amount, rule(Pays::Points), &rules()).unwrap();
        assert_eq!(points.points().to_string(), "100.0000");
        let line = agreed_amount(amount, rule(Pays::Line(Overrun::ProRata)), &rules()).unwrap();
        assert_eq!(line.lines()[0].amount, amount);
        let below = agreed_amount(Yuan::from_fen(-1), rule(Pays::Points), &rules());
        assert!(matches!(below, Err(Error::Negative(_))));
    }

    #[test]
    fn a_quota_of_the_level_comes_before_that_of_all_others() {
        let of = |group: &str, level: &str, fen| ((group.to_owned(), level.to_owned()), fen);
        let terms = SingleDiseaseTerms {
            pays: Pays::Points,
            quotas: BTreeMap::from([of("ZA11", "", 100), of("ZA11", "3", 200)]),
        };
        assert_eq!(quota(&terms, "ZA11", "3"), Some(Yuan::from_fen(200)));
        assert_eq!(quota(&terms, "ZA11", "2"), Some(Yuan::from_fen(100)));
        assert_eq!(quota(&terms, "ZA12", "2"), None);
    }

    #[test]
    fn payment_by_item_is_the_cost_without_what_an_audit_took_off() {
        let fen = |cost, off| by_item(Yuan::from_fen(cost), Yuan::from_fen(off)).map(Yuan::fen);
        assert_eq!(fen(500, 20), Ok(480));
        assert_eq!(fen(500, 600), Ok(0));
        assert!(fen(-1, 0).is_err());
        assert!(fen(1, -1).is_err());
    }
}
