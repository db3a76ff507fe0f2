//! A policy's rules for cases at one date, prepared for every group of the plan.

use crate::grouped::{PreparedPlan, subtypes_of};
use crate::in_force::PlanChoice;
use crate::{Class, Error};
use drgdip_claims::{Finding, Yuan};
use drgdip_grouper::{GroupInfo, Outcome};
use drgdip_points::award::{self, CaseRules, GroupPrice};
use drgdip_points::{Ratio, Weight};
use drgdip_tables::dip::auxiliary::Subtype;
use drgdip_tables::policy::{
    CoefficientSource, LateEntries, PolicyAt, SubtypeMeasure, Treatment, WithoutWeight,
};

/// How a case is priced.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Way<'p> {
    /// By the weight of its group.
    ByWeight {
        price: &'p GroupPrice,
        reference_cost: Yuan,
    },
    /// By its cost with a discount, and what is to be said about it.
    ByCost(Ratio, Option<Finding>),
    /// Not at all.
    Unpaid(Finding),
}

/// A policy at one date, ready for many cases.
pub(crate) struct Pricing {
    pub(crate) rules: CaseRules,
    pub(crate) late: LateEntries,
    pub(crate) coefficient: CoefficientSource,
    /// The price and the reference cost of each group of all plans of the run.
    prices: Vec<Price>,
    /// The same for each subtype of all plans; empty where the policy pays none.
    subtypes: Vec<Price>,
    without_weight: Prepared,
    ungrouped: Prepared,
    ambiguous: Prepared,
}

/// The price and the reference cost of a group; `None` where it has no weight.
type Price = Option<(GroupPrice, Yuan)>;

#[derive(Clone, Copy)]
pub(crate) enum Prepared {
    ByCost(Ratio),
    Unpaid,
}

impl Pricing {
    pub(crate) fn new(terms: &PolicyAt, choice: PlanChoice<'_>) -> Result<Self, Error> {
        let place = format!("policy {} at {}", terms.policy, terms.date);
        let wrong = |e: drgdip_points::Error| Error::new(Class::Table, &place, e, "");
        let rules = CaseRules::new(&terms.case).map_err(wrong)?;
        let prices = choice
            .plans()
            .iter()
            .map(|plan| prices(plan, &rules))
            .collect::<Result<Vec<_>, _>>()
            .map_err(wrong)?;
        let plans = choice.plans().iter().zip(&prices);
        let subtypes = (terms.subtypes.into_iter())
            .flat_map(|measure| plans.clone().map(move |with| (with, measure)))
            .map(|((plan, prices), measure)| subtypes(plan, prices, measure))
            .collect::<Result<Vec<_>, _>>()
            .map_err(wrong)?;
        let without_weight = match terms.without_weight {
            WithoutWeight::Treat(treatment) => prepare(treatment).map_err(wrong)?,
            WithoutWeight::Refuse => {
                for (plan, prices) in choice.plans().iter().zip(&prices) {
                    refuse_missing(plan, prices, &place)?;
                }
                Prepared::Unpaid
            }
        };
        Ok(Self {
            late: terms.late,
            coefficient: terms.coefficient.clone(),
            ungrouped: prepare(terms.ungrouped).map_err(wrong)?,
            ambiguous: prepare(terms.ambiguous).map_err(wrong)?,
            rules,
            prices: prices.concat(),
            subtypes: subtypes.concat(),
            without_weight,
        })
    }

    /// The price of a group; `None` where it has no weight.
    pub(crate) fn price(&self, group: u16) -> Option<&GroupPrice> {
        let price = self.prices.get(usize::from(group))?.as_ref();
        price.map(|(price, _)| price)
    }

    /// Whether the policy pays subtypes of the auxiliary directory, and a plan has some.
    pub(crate) const fn has_subtypes(&self) -> bool {
        !self.subtypes.is_empty()
    }

    /// The price of a subtype by its place among those of all plans, and the reference cost of
    /// its group; `None` where the group has no weight.
    pub(crate) fn subtype(&self, number: usize) -> Option<(&GroupPrice, Yuan)> {
        let price = self.subtypes.get(number)?.as_ref();
        price.map(|(price, reference_cost)| (price, *reference_cost))
    }

    /// How a case with this outcome is priced; invalid cases are not.
    pub(crate) fn way(&self, outcome: Outcome) -> Way<'_> {
        match outcome {
            Outcome::Grouped(group) | Outcome::GroupedByAdrg(group) => {
                match &self.prices[usize::from(group.0)] {
                    Some((price, reference_cost)) => Way::ByWeight {
                        price,
                        reference_cost: *reference_cost,
                    },
                    None => treated(self.without_weight, Finding::GroupWithoutWeight),
                }
            }
            Outcome::Ambiguous(_) => treated(self.ambiguous, Finding::UngroupedUnpaid),
            // A case that a DIP plan excludes is settled as an ungrouped one.
            Outcome::Ungrouped(_) | Outcome::Excluded(_) => {
                treated(self.ungrouped, Finding::UngroupedUnpaid)
            }
            Outcome::Invalid(reason) => Way::Unpaid(crate::grouped::invalid_finding(reason)),
        }
    }
}

pub(crate) const fn treated<'p>(prepared: Prepared, finding: Finding) -> Way<'p> {
    match prepared {
        Prepared::ByCost(discount) => match finding {
            Finding::GroupWithoutWeight => Way::ByCost(discount, Some(finding)),
            _ => Way::ByCost(discount, None),
        },
        Prepared::Unpaid => Way::Unpaid(finding),
    }
}

pub(crate) fn prepare(treatment: Treatment) -> Result<Prepared, drgdip_points::Error> {
    Ok(match treatment {
        Treatment::ByCost { discount } => Prepared::ByCost(Ratio::from_decimal(discount)?),
        Treatment::Unpaid => Prepared::Unpaid,
    })
}

/// The prices of the groups of one plan.
fn prices(plan: &PreparedPlan, rules: &CaseRules) -> Result<Vec<Price>, drgdip_points::Error> {
    let weights = plan.plan.weights_by_group();
    let price = |(number, group): (usize, &GroupInfo)| {
        let Some(row) = weights.get(group.group.as_str()) else {
            return Ok(None);
        };
        // The groups of a DIP plan stand in the order of its catalogue.
        let catalogue = plan.plan.dip.as_ref();
        let mean = catalogue.and_then(|catalogue| catalogue.groups[number].mean_cost_fen);
        let weight = Weight::from_ten_thousandths(row.ten_thousandths)?;
        let price = rules.price_of(weight, mean.map(Yuan::from_fen))?;
        let reference_cost = price.reference_cost()?;
        Ok(Some((price, reference_cost)))
    };
    plan.grouper
        .groups()
        .iter()
        .enumerate()
        .map(price)
        .collect()
}

/// The prices of the subtypes of one plan, from those of its groups.
fn subtypes(
    plan: &PreparedPlan,
    prices: &[Price],
    measure: SubtypeMeasure,
) -> Result<Vec<Price>, drgdip_points::Error> {
    let price = |subtype: &Subtype| {
        let coefficient = Ratio::from_ten_thousandths(subtype.coefficient)?;
        let of_group = prices[usize::from(subtype.group)].as_ref();
        Ok(of_group.map(|(price, cost)| (price.of_subtype(coefficient, measure), *cost)))
    };
    subtypes_of(plan).iter().map(price).collect()
}

fn refuse_missing(plan: &PreparedPlan, prices: &[Price], place: &str) -> Result<(), Error> {
    let groups = plan.grouper.groups().iter().zip(prices);
    let missing: Vec<&str> = groups
        .filter(|(group, price)| price.is_none() && group.group != group.adrg)
        .map(|(group, _)| group.group.as_str())
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let problem = format!(
        "plan {} has no weight for {}.",
        plan.plan.id,
        missing.join(", ")
    );
    let hint = "Add the weights to the plan, or let the policy say how such groups are paid.";
    Err(Error::new(Class::Table, place, problem, hint))
}

/// The coefficient of a hospital under this policy.
pub(crate) fn coefficient(
    pricing: &Pricing,
    hospital: &crate::inputs::Hospital,
) -> Result<Ratio, Error> {
    let place = format!("hospital {}", hospital.hospital_id);
    let wrong = |e: drgdip_points::Error| Error::new(Class::Input, &place, e, "");
    let stated = hospital.coefficient.map(Ratio::from_ten_thousandths);
    let stated = stated.transpose().map_err(wrong)?;
    award::hospital_coefficient(&pricing.coefficient, &hospital.level, stated).map_err(wrong)
}
