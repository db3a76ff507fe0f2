//! Points of a group whose reference cost is its own mean, or of a case of a subtype, in fractions.
//!
//! With B = b × k_aux, S the reference cost and r = C / S, every rule of [`super::award`] is the
//! same as for a reference cost `RW × M`, where `B × r` is `C / M × scale`.

use super::cost::Cost;
use super::rules::{CaseRules, GroupPrice, PreparedHighRule, PreparedLowRule};
use super::{award_by_amount, award_by_cost, normal_points};
use crate::classify::CaseClass;
use crate::exact::Exact;
use crate::{Error, Points, Ratio};
use drgdip_claims::Yuan;
use drgdip_tables::policy::CoefficientUse;

/// A case of such a group.
pub(super) struct Case<'c> {
    pub(super) price: &'c GroupPrice,
    pub(super) coefficient: Ratio,
    pub(super) total_cost: Yuan,
    pub(super) rules: &'c CaseRules,
}

fn part(ratio: Ratio) -> Exact {
    Exact::fraction(ratio.millionths(), 1_000_000)
}

/// `b × k_aux` in ten-thousandths of a point.
fn base(price: &GroupPrice) -> Exact {
    let own = Exact::whole(price.base_points().ten_thousandths());
    own.times(&part(price.auxiliary()))
}

/// `b × k_aux × k`, rounded once.
pub(super) fn normal(
    price: &GroupPrice,
    coefficient: Ratio,
    rules: &CaseRules,
) -> Result<Points, Error> {
    rules.rounded(&exact_normal(price, coefficient))
}

/// `b × k_aux × k` in ten-thousandths of a point.
pub(super) fn exact_normal(price: &GroupPrice, coefficient: Ratio) -> Exact {
    base(price).times(&part(coefficient))
}

impl Case<'_> {
    /// The points of a case of this class.
    pub(super) fn points(&self, class: CaseClass) -> Result<Points, Error> {
        match class {
            CaseClass::Normal => normal_points(self.price, self.coefficient, self.rules),
            CaseClass::Low => self.low(),
            CaseClass::High => self.high(),
        }
    }

    /// The coefficient where it is used.
    fn used(&self, used: CoefficientUse) -> Exact {
        match used {
            CoefficientUse::With => part(self.coefficient),
            CoefficientUse::Without => Exact::whole(1),
        }
    }

    /// `B × C / S`, with S before the hospital coefficient; `None` where S is zero.
    fn by_cost(&self) -> Option<Exact> {
        let cost = Exact::fraction(self.total_cost.fen(), 100);
        let by_cost = base(self.price).times(&cost);
        by_cost.over(&self.price.exact_reference())
    }

    /// `B × r`; `None` where there is no reference cost.
    fn by_ratio(&self) -> Option<Exact> {
        let by_cost = self.by_cost()?;
        match self.rules.reference.has_coefficient() {
            true => by_cost.over(&part(self.coefficient)),
            false => Some(by_cost),
        }
    }

    /// `B × C / S × discount`, rounded once; zero where there is no reference cost.
    pub(super) fn discounted(&self, discount: Ratio) -> Result<Points, Error> {
        match self.by_cost() {
            Some(by_cost) => self.rules.rounded(&by_cost.times(&part(discount))),
            None => Ok(Points::ZERO),
        }
    }

    pub(super) fn low(&self) -> Result<Points, Error> {
        let used = match self.rules.low_rule {
            PreparedLowRule::PointsNoK => {
                return award_by_cost(self.total_cost, self.rules, Ratio::ONE);
            }
            PreparedLowRule::ByActual(value) => {
                return award_by_amount(self.total_cost, value, self.rules);
            }
            PreparedLowRule::Ratio(used) => used,
        };
        let Some(by_ratio) = self.by_ratio() else {
            return Ok(Points::ZERO);
        };
        let points = self.rules.rounded(&by_ratio.times(&self.used(used)))?;
        Ok(points.min(normal_points(self.price, self.coefficient, self.rules)?))
    }

    fn high(&self) -> Result<Points, Error> {
        let (price, k) = (self.price, part(self.coefficient));
        let cost = Cost::against(self.total_cost, self.coefficient, self.rules.reference);
        let normal = || normal_points(price, self.coefficient, self.rules);
        if price.is_beyond_limit(&cost)? {
            return normal();
        }
        let multiple = part(price.high_multiple());
        let exact = match self.rules.high_rule {
            PreparedHighRule::LinearAdd(alpha, used) => {
                let Some(by_ratio) = self.by_ratio() else {
                    return Ok(Points::ZERO);
                };
                let excess = by_ratio.minus(&base(price).times(&multiple));
                let added = excess.times(&part(alpha)).times(&self.used(used));
                base(price).times(&k).plus(&added)
            }
            PreparedHighRule::Deduct => {
                let Some(by_cost) = self.by_cost() else {
                    return Ok(Points::ZERO);
                };
                let beyond_one = multiple.minus(&Exact::whole(1));
                by_cost.minus(&base(price).times(&k).times(&beyond_one))
            }
            PreparedHighRule::Cap => base(price).times(&k).times(&multiple),
            PreparedHighRule::ByItemTop(value) => {
                return award_by_amount(self.total_cost, value, self.rules);
            }
            PreparedHighRule::Normal => return normal(),
        };
        self.rules.rounded(&exact)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::terms;
    use super::super::{award, award_by_cost, award_by_group_cost};
    use super::*;
    use drgdip_tables::policy::{Bound, CaseTerms, HighRule, LowRule, Reference, SubtypeMeasure};
    use rust_decimal::Decimal;

    const COSTS: [&str; 9] = [
        "0",
        "0.01",
        "3999.99",
        "6000",
        "10000",
        "29999.99",
        "30000.01",
        "61234.57",
        "999999.99",
    ];

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn ratio(text: &str) -> Ratio {
        text.parse().unwrap()
    }

    fn low_rules() -> [LowRule; 4] {
        let preset_value = decimal("98.5");
        [
            LowRule::PointsNoK,
            LowRule::Ratio(CoefficientUse::With),
            LowRule::Ratio(CoefficientUse::Without),
            LowRule::ByActual { preset_value },
        ]
    }

    fn high_rules() -> [HighRule; 6] {
        let preset_value = decimal("98.5");
        let linear = |coefficient| HighRule::LinearAdd {
            alpha: decimal("0.8"),
            coefficient,
        };
        [
            linear(CoefficientUse::With),
            linear(CoefficientUse::Without),
            HighRule::Deduct,
            HighRule::Cap,
            HighRule::ByItemTop { preset_value },
            HighRule::Normal,
        ]
    }

    /// The class and points of all costs at some coefficients.
    fn all(terms: &CaseTerms, price: impl Fn(&CaseRules) -> GroupPrice) -> Vec<String> {
        let rules = CaseRules::new(terms).unwrap();
        let price = price(&rules);
        let mut found = Vec::new();
        for k in ["0.85", "1", "1.1"] {
            for cost in COSTS {
                let cost = cost.parse().unwrap();
                let award = award(&price, ratio(k), cost, &rules).unwrap();
                found.push(format!("{} {}", award.class, award.points));
            }
        }
        found
    }

    #[test]
    fn a_mean_that_is_the_weight_times_m_changes_nothing() {
        let weight = "1.5".parse().unwrap();
        let mean = "15000.00".parse().unwrap();
        let pairs = [
            (Reference::Group, Reference::MeanCost),
            (
                Reference::GroupAndCoefficient,
                Reference::MeanCostAndCoefficient,
            ),
        ];
        for (own, by_mean) in pairs {
            for (low_rule, high_rule) in low_rules()
                .into_iter()
                .flat_map(|low| high_rules().map(|high| (low, high)))
            {
                let mut terms = terms();
                terms.high_limit = Some(Bound::MoreThan(decimal("6")));
                (terms.low_rule, terms.high_rule) = (low_rule, high_rule);
                terms.reference = own;
                let plain = all(&terms, |rules| rules.price(weight).unwrap());
                terms.reference = by_mean;
                let mean = all(&terms, |rules| rules.price_of(weight, Some(mean)).unwrap());
                assert_eq!(plain, mean, "{low_rule:?} {high_rule:?} {own:?}");
            }
        }
    }

    /// `b = 1000, S = 10000, k = 1.05, k_aux = 1.2`, by the rules of DIP 1.0.
    #[track_caller]
    fn check(measure: SubtypeMeasure, cost: &str, class: CaseClass, points: &str) {
        let mut terms = terms();
        terms.scale = 1000;
        terms.reference = Reference::MeanCost;
        terms.low_threshold = Bound::LessThan(decimal("0.5"));
        terms.low_rule = LowRule::Ratio(CoefficientUse::With);
        terms.high_bands.truncate(1);
        terms.high_bands[0].threshold = Bound::AtLeast(decimal("2"));
        terms.high_rule = high_rules()[0];
        terms.high_rule = HighRule::LinearAdd {
            alpha: Decimal::ONE,
            coefficient: CoefficientUse::With,
        };
        let rules = CaseRules::new(&terms).unwrap();
        let mean = "10000.00".parse().unwrap();
        let price = rules.price_of("1".parse().unwrap(), Some(mean)).unwrap();
        let price = price.of_subtype(ratio("1.2"), measure);
        let found = award(&price, ratio("1.05"), cost.parse().unwrap(), &rules).unwrap();
        assert_eq!(
            (found.class, found.points.to_string().as_str()),
            (class, points)
        );
    }

    #[test]
    fn score_subtype_deviation_and_hospital_multiply() {
        use CaseClass::{High, Low, Normal};
        use SubtypeMeasure::{Group, Subtype};
        check(Group, "10000", Normal, "1260.0000");
        check(Group, "4999.99", Low, "629.9987");
        check(Group, "5000", Normal, "1260.0000");
        check(Group, "25000", High, "1890.0000");
        // Measured by what the subtype costs, 12,000 yuan.
        check(Subtype, "5999.99", Low, "629.9990");
        check(Subtype, "6000", Normal, "1260.0000");
        check(Subtype, "23999.99", Normal, "1260.0000");
        check(Subtype, "30000", High, "1890.0000");
    }

    #[test]
    fn a_blank_group_earns_its_points_by_cost_at_a_discount() {
        let mut terms = terms();
        terms.reference = Reference::MeanCost;
        let rules = CaseRules::new(&terms).unwrap();
        let mean = "8000.00".parse().unwrap();
        let price = rules.price_of("0.9".parse().unwrap(), Some(mean)).unwrap();
        let earned = |cost: &str| {
            let cost = cost.parse().unwrap();
            award_by_group_cost(&price, cost, ratio("0.7"), &rules)
        };
        // 90 points × 12,000 ÷ 8,000 × 0.7.
        assert_eq!(earned("12000"), Ok("94.5".parse().unwrap()));
        assert!(earned("-1").is_err());
        let without = rules.price_of("0.9".parse().unwrap(), None).unwrap();
        let cost = "12000".parse().unwrap();
        assert_eq!(
            award_by_group_cost(&without, cost, ratio("0.7"), &rules),
            award_by_cost(cost, &rules, ratio("0.7"))
        );
    }
}
