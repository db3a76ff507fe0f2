//! What a case earns under the rules of its date, before other cases have a say.

mod add_on;
mod late;

use super::cases::SettledClass;
use super::means::{GroupCoefficients, GroupMeans};
use super::pricing::{Prepared, Pricing, Way, prepare, treated};
use super::stays::StayFacts;
use super::units::{Change, NamedUnit, StayPricing, StayUnit, UnitCase};
use crate::inputs::Hospital;
use crate::{Class, Error};
use drgdip_claims::{Finding, Yuan};
use drgdip_grouper::Outcome;
use drgdip_points::award::{
    CaseAward, CaseRules, GroupPrice, award, award_by_cost, award_by_group_cost, bed_day_points,
    normal_points, short_stay_points, transfer_points,
};
use drgdip_points::classify::CaseClass;
use drgdip_points::{Points, Ratio};
use drgdip_tables::policy::{PolicyAt, StayTerms};
use rust_decimal::Decimal;

/// The rules of one date beside prices, ready for every group of the run.
pub(crate) struct CaseOptions {
    stays: StayTerms,
    /// Whether some rule asks about the stay itself.
    pub(super) looks_at_stays: bool,
    late_factor: Ratio,
    /// The rules by which a claim that came late keeps that factor of its points.
    late_rules: CaseRules,
    mean_stays: Vec<Option<i64>>,
    unstable: Option<(Vec<bool>, Prepared)>,
    same_price: Vec<bool>,
    /// The groups that are paid by what a case cost against them, at a discount.
    fallback: Option<(Vec<bool>, Ratio)>,
    by_group: Option<GroupCoefficients>,
}

impl CaseOptions {
    pub(crate) fn new(terms: &PolicyAt, means: &GroupMeans) -> Result<Self, Error> {
        let place = format!("policy {} at {}", terms.policy, terms.date);
        let wrong = |e: drgdip_points::Error| Error::new(Class::Table, &place, e, "");
        let unstable = terms.unstable.as_ref().map(|unstable| {
            let (groups, treatment) = means.unstable(unstable);
            prepare(treatment).map(|treatment| (groups, treatment))
        });
        let fallback = terms.fallback_discount;
        let fallback =
            fallback.map(|discount| Ok((means.fallbacks(), Ratio::from_decimal(discount)?)));
        let late = terms.stays.late_upload.map(|late| late.factor);
        let late_factor = Ratio::from_decimal(late.unwrap_or(Decimal::ONE)).map_err(wrong)?;
        let rules = CaseRules::new(&terms.case).map_err(wrong)?;
        let stays = &terms.stays;
        let looks_at_stays = stays.bed_day.is_some()
            || stays.short_stay.is_some()
            || stays.late_upload.is_some()
            || !stays.transfer_ways.is_empty()
            || !stays.low_exempt_ways.is_empty();
        Ok(Self {
            stays: stays.clone(),
            looks_at_stays,
            late_factor,
            late_rules: rules.keeping(late_factor),
            mean_stays: means.stays(),
            unstable: unstable.transpose().map_err(wrong)?,
            same_price: means.same_price(terms),
            fallback: fallback.transpose().map_err(wrong)?,
            by_group: GroupCoefficients::new(&terms.coefficient, means)?,
        })
    }

    /// Whether a rule about stays asks which claims name the unit, though the unit need not pay.
    fn asks_for(&self, unit: StayUnit) -> bool {
        unit == StayUnit::DaySurgery && self.stays.short_stay.is_some()
    }
}

/// What is known when a case is about to earn its points.
#[derive(Clone, Copy)]
pub(super) struct Earning<'e> {
    pub(super) pricing: &'e Pricing,
    pub(super) options: &'e CaseOptions,
    pub(super) hospital: &'e Hospital,
    /// The hospital's coefficient where the group has no say in it.
    pub(super) coefficient: Ratio,
    pub(super) stay: StayFacts<'e>,
    pub(super) discharged: i32,
    pub(super) cost: Yuan,
    /// The subtype of the auxiliary directory, by its place among those of all plans.
    pub(super) subtype: Option<usize>,
    /// The unit that the claim names.
    pub(super) named: NamedUnit,
    /// The technologies and drugs of the claim, where it lists some.
    pub(super) unit: Option<&'e UnitCase<'e>>,
    /// Whether its points are those that are left of a late upload.
    pub(super) is_late: bool,
}

/// What a case earned.
#[derive(Clone, Copy, Debug)]
pub(super) struct Earned<'e> {
    pub(super) class: SettledClass,
    pub(super) points: Points,
    /// Where the group has a weight, its price, its reference cost and the coefficient.
    pub(super) price: Option<(&'e GroupPrice, Yuan, Ratio)>,
    /// What is left of a high case outside the control proportion.
    pub(super) normal: Option<Points>,
    /// The cost by which the case was classified, where it is not its whole cost.
    pub(super) seen_cost: Option<Yuan>,
    /// The subtype of the auxiliary directory by which it is paid.
    pub(super) subtype: Option<usize>,
}

impl<'e> Earning<'e> {
    /// Gives a case its points, or says with a finding why it gets none.
    pub(super) fn earn(
        &self,
        outcome: Outcome,
        say: &mut impl FnMut(Finding),
    ) -> Result<Result<Earned<'e>, Finding>, drgdip_points::Error> {
        let group = outcome.group().map(|group| group.0);
        let by_unit = match self.unit {
            Some(unit) => self.by_unit(unit, (outcome, group))?,
            None => None,
        };
        let earned = match by_unit {
            Some(earned) => self.late_unit(earned, say)?,
            None => match self.by_stay(outcome, group, say)? {
                Ok(earned) => self.late(earned, outcome, say)?,
                Err(finding) => return Ok(Err(finding)),
            },
        };
        if let NamedUnit::Unit(unit) = self.named
            && earned.class != unit.class()
            && !self.options.asks_for(unit)
        {
            say(Finding::PaymentUnitNotApplied);
        }
        Ok(Ok(earned))
    }

    /// A case that is paid by the day or by its group.
    fn by_stay(
        &self,
        outcome: Outcome,
        group: Option<u16>,
        say: &mut impl FnMut(Finding),
    ) -> Result<Result<Earned<'e>, Finding>, drgdip_points::Error> {
        match self.bed_days(group)? {
            Some(earned) => Ok(Ok(earned)),
            None => self.by_group(outcome, group, say),
        }
    }

    const fn rules(&self) -> &'e CaseRules {
        match self.is_late {
            true => &self.options.late_rules,
            false => &self.pricing.rules,
        }
    }

    fn coefficient(&self, group: Option<u16>) -> Result<Ratio, drgdip_points::Error> {
        let Some(group) = group else {
            return Ok(self.coefficient);
        };
        if self.options.same_price[usize::from(group)] {
            return Ok(Ratio::ONE);
        }
        match &self.options.by_group {
            Some(by_group) => by_group.of(group, self.hospital),
            None => Ok(self.coefficient),
        }
    }

    /// A stay whose claim names the unit that pays it.
    fn by_unit(
        &self,
        unit: &UnitCase<'_>,
        (outcome, group): (Outcome, Option<u16>),
    ) -> Result<Option<Earned<'e>>, drgdip_points::Error> {
        let price = match self.pricing.way(outcome) {
            Way::ByWeight { price, .. } => Some(price),
            Way::ByCost(..) | Way::Unpaid(_) => None,
        };
        let found = unit.stay(&StayPricing {
            price,
            paired: unit
                .paired_group()
                .and_then(|group| self.pricing.price(group)),
            group,
            coefficient: self.coefficient(group)?,
            level: &self.hospital.level,
            days: None,
            rules: self.rules(),
        })?;
        Ok(found.map(|(class, points)| Earned::without_price(class, points)))
    }

    /// A long stay, or a claim of the unit bed-day, is paid by the day whatever its group.
    fn bed_days(&self, group: Option<u16>) -> Result<Option<Earned<'e>>, drgdip_points::Error> {
        let (Some(terms), Some(days)) = (self.options.stays.bed_day, self.stay.days) else {
            return Ok(None);
        };
        let is_long = terms
            .long_stay
            .is_some_and(|limit| limit.holds(Decimal::from(days)));
        if !is_long && !self.stay.is_bed_day {
            return Ok(None);
        }
        let coefficient = self.coefficient(group)?;
        let day_cost = Yuan::from_fen(terms.day_cost_fen);
        let points = bed_day_points(day_cost, days, coefficient, self.rules())?;
        Ok(Some(Earned::without_price(SettledClass::BedDay, points)))
    }

    fn by_group(
        &self,
        outcome: Outcome,
        group: Option<u16>,
        say: &mut impl FnMut(Finding),
    ) -> Result<Result<Earned<'e>, Finding>, drgdip_points::Error> {
        let mut way = self.pricing.way(outcome);
        let mut by_cost = SettledClass::ByCost;
        if let (Some((groups, treatment)), Some(group)) = (&self.options.unstable, group)
            && groups[usize::from(group)]
            && matches!(way, Way::ByWeight { .. })
        {
            way = treated(*treatment, Finding::UnstableGroup);
            by_cost = SettledClass::Unstable;
        }
        Ok(Ok(match way {
            Way::ByWeight {
                price,
                reference_cost,
            } => {
                if let Some(earned) = self.by_group_cost((price, reference_cost), group)? {
                    return Ok(Ok(earned));
                }
                let coefficient = self.coefficient(group)?;
                let of_subtype = self.subtype.and_then(|number| self.pricing.subtype(number));
                let (own, cost) = of_subtype.unwrap_or((price, reference_cost));
                let mut earned = self.priced((own, cost, coefficient), group)?;
                // Where a technology raises the weight, no subtype is paid on top.
                let is_paid = earned
                    .price
                    .is_some_and(|(paid, ..)| std::ptr::eq(paid, own));
                earned.subtype = self.subtype.filter(|_| of_subtype.is_some() && is_paid);
                earned
            }
            Way::ByCost(discount, finding) => {
                finding.into_iter().for_each(say);
                let points = award_by_cost(self.cost, self.rules(), discount)?;
                Earned::without_price(by_cost, points)
            }
            Way::Unpaid(finding) => return Ok(Err(finding)),
        }))
    }

    /// A case in a fallback group that the policy pays by cost (空白病组).
    fn by_group_cost(
        &self,
        (price, reference_cost): (&'e GroupPrice, Yuan),
        group: Option<u16>,
    ) -> Result<Option<Earned<'e>>, drgdip_points::Error> {
        let Some(((groups, discount), group)) = self.options.fallback.as_ref().zip(group) else {
            return Ok(None);
        };
        if !groups[usize::from(group)] {
            return Ok(None);
        }
        let points = award_by_group_cost(price, self.cost, *discount, self.rules())?;
        Ok(Some(Earned {
            price: Some((price, reference_cost, Ratio::ONE)),
            ..Earned::without_price(SettledClass::ByCost, points)
        }))
    }

    /// A case whose group has a weight.
    fn priced(
        &self,
        priced: (&'e GroupPrice, Yuan, Ratio),
        group: Option<u16>,
    ) -> Result<Earned<'e>, drgdip_points::Error> {
        let (price, _, coefficient) = priced;
        let rules = self.rules();
        let change = match self.unit {
            Some(unit) => unit.change(price, group, rules)?,
            None => None,
        };
        let raised = change.and_then(|change| change.raised.as_ref());
        let priced = raised.map_or(priced, |(price, cost)| (price, *cost, coefficient));
        let awarded = award(priced.0, coefficient, self.cost, rules)?;
        let whole = self.own(priced, (awarded, change), group)?;
        match change {
            Some(change) => self.added(priced, (whole, change), group),
            None => Ok(whole),
        }
    }

    /// What a case earns by its group, its class and its stay.
    fn own(
        &self,
        priced: (&'e GroupPrice, Yuan, Ratio),
        (awarded, change): (CaseAward, Option<&Change>),
        group: Option<u16>,
    ) -> Result<Earned<'e>, drgdip_points::Error> {
        let mut earned = self.classified(priced, (awarded, change))?;
        if let Some((class, points)) = self.cut_short(priced, earned.class, group)?
            && points < earned.points
        {
            (earned.class, earned.points, earned.normal) = (class, points, None);
        }
        Ok(earned)
    }

    /// What a case earns by how its cost stands to that of its group.
    fn classified(
        &self,
        priced: (&'e GroupPrice, Yuan, Ratio),
        (mut awarded, change): (CaseAward, Option<&Change>),
    ) -> Result<Earned<'e>, drgdip_points::Error> {
        let (price, _, coefficient) = priced;
        let rules = self.rules();
        let normal = || normal_points(price, coefficient, rules);
        let is_exempt =
            awarded.class == CaseClass::Low && self.has_way(&self.options.stays.low_exempt_ways);
        // What is paid beside the standard leaves the standard, neither more nor less.
        if is_exempt || change.is_some_and(|change| change.effect.carved_out.is_some()) {
            awarded = CaseAward {
                class: CaseClass::Normal,
                points: normal()?,
            };
        }
        let mut earned = Earned {
            price: Some(priced),
            ..Earned::without_price(SettledClass::Priced(awarded.class), awarded.points)
        };
        if awarded.class == CaseClass::High {
            earned.normal = Some(normal()?).filter(|normal| *normal != awarded.points);
        }
        Ok(earned)
    }

    /// What a transferred or a very short stay earns.
    fn cut_short(
        &self,
        (price, _, coefficient): (&GroupPrice, Yuan, Ratio),
        class: SettledClass,
        group: Option<u16>,
    ) -> Result<Option<(SettledClass, Points)>, drgdip_points::Error> {
        let stays = &self.options.stays;
        let Some(days) = self.stay.days else {
            return Ok(None);
        };
        let rules = self.rules();
        let mean_stay = group.and_then(|group| self.options.mean_stays[usize::from(group)]);
        if let Some(mean_stay) = mean_stay
            && class == SettledClass::Priced(CaseClass::Normal)
            && self.has_way(&stays.transfer_ways)
        {
            let points = transfer_points(price, coefficient, (days, mean_stay), rules)?;
            return Ok(Some((SettledClass::Transfer, points)));
        }
        let short = stays.short_stay.filter(|short| {
            short.limit.holds(Decimal::from(days))
                && !self.stay.is_day_surgery
                && !self.has_way(&stays.low_exempt_ways)
        });
        let Some(short) = short else {
            return Ok(None);
        };
        let case = (coefficient, self.cost);
        let points = short_stay_points(short.rule, price, case, rules)?;
        Ok(Some((SettledClass::ShortStay, points)))
    }

    fn has_way(&self, ways: &std::collections::BTreeMap<String, String>) -> bool {
        let way = self.stay.discharge_way;
        way.is_some_and(|way| ways.contains_key(way))
    }
}

impl Earned<'_> {
    const fn without_price(class: SettledClass, points: Points) -> Self {
        Self {
            class,
            points,
            price: None,
            normal: None,
            seen_cost: None,
            subtype: None,
        }
    }
}
