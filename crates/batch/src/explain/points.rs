//! From cost and group to points: every factor of a case, computed again by the code that settles.

use super::Step;
use super::coefficient::{self, coefficient};
use super::dip::Catalogue;
use super::of_units::Units;
use super::priced::base_text;
use super::run::SettledRun;
use crate::Error;
use crate::find::{FoundClaim, TextRow};
use crate::inputs::{GroupMean, Hospital};
use crate::settle::statements::keys;
use drgdip_claims::Yuan;
use drgdip_points::award::{
    CaseRules, GroupPrice, award_by_cost, award_by_group_cost, bed_day_points, short_stay_points,
    transfer_points,
};
use drgdip_points::{Points, Ratio};
use drgdip_tables::policy::{Bound, PolicyAt, ShortStayRule, Treatment, WithoutWeight};
use rust_decimal::{Decimal, RoundingStrategy};

/// What a case's points are computed from.
#[derive(Clone)]
pub(super) struct Award<'a> {
    pub(super) run: &'a SettledRun,
    pub(super) terms: &'a PolicyAt,
    pub(super) row: &'a TextRow,
    /// The claim, where it is at hand.
    pub(super) claim: Option<&'a FoundClaim>,
    /// Whether the claim came too late.
    pub(super) is_late: bool,
    pub(super) rules: CaseRules,
    /// By what the case is classified.
    pub(super) cost: Yuan,
    /// All that it cost, without negotiated drugs.
    pub(super) whole: Yuan,
    pub(super) units: Units,
    /// The DIP catalogue of the case, where it is at hand.
    pub(super) catalogue: Option<&'a Catalogue>,
}

/// The steps to the points of a case before other cases have a say.
pub(super) struct Awarded {
    pub(super) steps: Vec<Step>,
    /// The points; `None` where a fact is missing, which a step says.
    pub(super) points: Option<Points>,
    /// What of them is on top.
    pub(super) extra: Points,
}

pub(super) fn wrong(e: impl std::fmt::Display) -> Error {
    Error::input("explain", e)
}

pub(super) fn shown(number: Decimal) -> String {
    let rounded = number.round_dp_with_strategy(6, RoundingStrategy::MidpointAwayFromZero);
    rounded.normalize().to_string()
}

pub(super) fn of_ratio(ratio: Ratio) -> Decimal {
    Decimal::new(ratio.millionths(), 6).normalize()
}

/// A bound in signs, such as `< 0.5`.
pub(super) fn sign(bound: Bound) -> String {
    let sign = match bound {
        Bound::AtLeast(_) => "≥",
        Bound::MoreThan(_) => ">",
        Bound::AtMost(_) => "≤",
        Bound::LessThan(_) => "<",
    };
    format!("{sign} {}", bound.value().normalize())
}

impl<'a> Award<'a> {
    pub(super) fn new(
        (run, terms): (&'a SettledRun, &'a PolicyAt),
        row: &'a TextRow,
        (claim, is_late): (Option<&'a FoundClaim>, bool),
    ) -> Result<Self, Error> {
        let cost = row.get("total_cost").map_or("0", String::as_str);
        let cost = cost.parse().map_err(wrong)?;
        Ok(Self {
            rules: CaseRules::new(&terms.case).map_err(wrong)?,
            cost,
            whole: cost,
            run,
            terms,
            row,
            claim,
            is_late,
            units: Units::default(),
            catalogue: None,
        })
    }

    /// The same by the DIP catalogue that the case was grouped by.
    pub(super) const fn of_catalogue(mut self, catalogue: Option<&'a Catalogue>) -> Self {
        self.catalogue = catalogue;
        self
    }

    /// The same with what payment units change.
    pub(super) fn with(mut self, units: Units) -> Self {
        self.cost = units.seen.unwrap_or(self.cost);
        self.units = units;
        self
    }

    pub(super) fn text(&self, column: &str) -> Option<&'a str> {
        self.row.get(column).map(String::as_str)
    }

    pub(super) fn cost(&self) -> Decimal {
        Decimal::new(self.cost.fen(), 2)
    }

    pub(super) fn mean(&self) -> Decimal {
        Decimal::new(self.terms.case.mean_cost_fen, 2)
    }

    pub(super) fn scale(&self) -> Decimal {
        Decimal::from(self.terms.case.scale)
    }

    fn days(&self) -> Option<u32> {
        let days = self.claim.and_then(|found| found.claim.stay_days);
        days.and_then(|days| u32::try_from(days).ok())
    }

    /// The row about the group in the whole region.
    fn group_mean(&self) -> Option<&'a GroupMean> {
        let group = self.text("group")?;
        let mut rows = self.run.inputs.groups.iter();
        rows.find(|row| row.group == group && row.level.is_none() && row.hospital_id.is_none())
    }

    pub(super) fn hospital(&self) -> Option<&'a Hospital> {
        let day = self.claim.and_then(|claim| claim.discharge_date);
        coefficient::hospital(self.run, self.text("hospital_id")?, day)
    }

    /// `C ÷ M × scale` with further factors, in words.
    pub(super) fn by_cost_text(&self, factors: &str) -> String {
        format!(
            "{} ÷ {} × {}{factors}",
            self.cost(),
            self.mean(),
            self.scale()
        )
    }

    /// All steps, by the class that the run gave the case.
    pub(super) fn steps(&self) -> Result<Awarded, Error> {
        let mut awarded = match self.text("case_class").unwrap_or_default() {
            "by_cost" => self.by_cost()?,
            "unstable" => self.unstable()?,
            "day_surgery" | "single_disease" | "item" | "tcm" | "home_bed" => self.by_unit(),
            "bed_day" if self.terms.stays.bed_day.is_none() => self.by_unit(),
            "bed_day" => self.bed_day()?,
            class => self.priced(class)?,
        };
        self.add_on(&mut awarded)?;
        if self.is_late {
            self.late(&mut awarded)?;
        }
        Ok(awarded)
    }

    /// A stay that its claim's unit pays; the steps of the unit have said how.
    fn by_unit(&self) -> Awarded {
        match self.units.stay {
            Some(points) => Awarded {
                steps: Vec::new(),
                points: Some(points),
                extra: Points::ZERO,
            },
            None => missing("单元点数 points by the unit", &[]),
        }
    }

    fn by_cost(&self) -> Result<Awarded, Error> {
        let (treatment, key) = match self.text("status") {
            _ if self.text("weight").is_some() => return self.by_group_cost(),
            Some("ambiguous") => (self.terms.ambiguous, "case.ambiguous"),
            Some("ungrouped" | "excluded") => (self.terms.ungrouped, "case.ungrouped"),
            _ => match self.terms.without_weight {
                WithoutWeight::Treat(treatment) => (treatment, "case.without_weight"),
                WithoutWeight::Refuse => (Treatment::Unpaid, "case.without_weight"),
            },
        };
        let title = "按费用折算 points by cost";
        self.discounted(title, treatment, &[key, "points.mean_cost", "points.scale"])
    }

    /// A case of a fallback group, by what it cost against it.
    fn by_group_cost(&self) -> Result<Awarded, Error> {
        let keys = ["case.fallback"];
        let discount = self.terms.fallback_discount.unwrap_or(Decimal::ONE);
        let ratio = Ratio::from_decimal(discount).map_err(wrong)?;
        let price = self.price()?;
        let points = award_by_group_cost(&price, self.cost, ratio, &self.rules).map_err(wrong)?;
        let text = format!(
            "b {} × {} ÷ {} × 折扣 discount {}",
            price.base_points(),
            self.cost(),
            price.reference_cost().map_err(wrong)?,
            discount.normalize()
        );
        let title = "空白病组点数 points of a fallback group";
        let mut steps = self.price_steps(&price, price.weight())?;
        steps.push(Step::new(title, points).by(text).keys(&keys));
        Ok(Awarded {
            steps,
            points: Some(points),
            extra: Points::ZERO,
        })
    }

    fn discounted(
        &self,
        title: &str,
        treatment: Treatment,
        keys: &[&str],
    ) -> Result<Awarded, Error> {
        let Treatment::ByCost { discount } = treatment else {
            return Ok(Awarded {
                steps: vec![Step::new(title, "不支付 unpaid").keys(keys)],
                points: None,
                extra: Points::ZERO,
            });
        };
        let ratio = Ratio::from_decimal(discount).map_err(wrong)?;
        let points = award_by_cost(self.cost, &self.rules, ratio).map_err(wrong)?;
        let text = self.by_cost_text(&format!(" × 折扣 discount {}", discount.normalize()));
        Ok(Awarded {
            steps: vec![Step::new(title, points).by(text).keys(keys)],
            points: Some(points),
            extra: Points::ZERO,
        })
    }

    fn unstable(&self) -> Result<Awarded, Error> {
        let Some(terms) = &self.terms.unstable else {
            return Err(wrong(
                "the policy says nothing about unstable groups on that day.",
            ));
        };
        let row = self.group_mean();
        let mut why = Vec::new();
        if let Some((bound, cases)) = terms.cases.zip(row.and_then(|row| row.cases)) {
            why.push(format!("病例数 cases {cases} ({})", sign(bound)));
        }
        if let Some((bound, cv)) = terms.variation.zip(row.and_then(|row| row.variation)) {
            why.push(format!("CV {} ({})", Decimal::new(cv, 4), sign(bound)));
        }
        let group = self.text("group").unwrap_or_default();
        if terms.groups.contains_key(group) {
            why.push(format!("{group} 由政策列名 is named by the policy"));
        }
        let keys = keys::of_class("unstable");
        let mut awarded = self.discounted("按费用折算 points by cost", terms.treatment, &keys)?;
        let reason = Step::new("非稳定病组 unstable group", group).by(why.join("; "));
        awarded.steps.insert(0, reason.keys(&keys));
        Ok(awarded)
    }

    fn bed_day(&self) -> Result<Awarded, Error> {
        let keys = keys::of_class("bed_day");
        let Some((terms, hospital)) = self.terms.stays.bed_day.zip(self.hospital()) else {
            return Ok(missing("床日点数 bed-day points", &keys));
        };
        let (k, step) = coefficient(self.run, self.terms, (hospital, self.text("group")))?;
        let Some(days) = self.days() else {
            return Ok(missing("床日点数 bed-day points", &keys));
        };
        let day_cost = Yuan::from_fen(terms.day_cost_fen);
        let points = bed_day_points(day_cost, days, k, &self.rules).map_err(wrong)?;
        let why = match terms.long_stay {
            Some(bound) if bound.holds(Decimal::from(days)) => format!("{days} {}", sign(bound)),
            _ => "结算单元 payment_unit bed_day".to_owned(),
        };
        let text = format!(
            "{day_cost} ÷ {} × {} × k {} × {days} 天 days",
            self.mean(),
            self.scale(),
            of_ratio(k)
        );
        Ok(Awarded {
            steps: vec![
                Step::new("住院天数 days of the stay", days)
                    .by(why)
                    .keys(&keys),
                step,
                Step::new("床日点数 bed-day points", points)
                    .by(text)
                    .keys(&keys),
            ],
            points: Some(points),
            extra: Points::ZERO,
        })
    }

    pub(super) fn transfer(
        &self,
        mut steps: Vec<Step>,
        (price, k): (&GroupPrice, Ratio),
    ) -> Result<Awarded, Error> {
        let keys = keys::of_class("transfer");
        let title = "转院点数 points of a transfer";
        let stay = self.group_mean().and_then(|row| row.stay_days);
        let (Some(days), Some(stay)) = (self.days(), stay) else {
            steps.extend(missing(title, &keys).steps);
            return Ok(Awarded {
                steps,
                points: None,
                extra: Points::ZERO,
            });
        };
        let points = transfer_points(price, k, (days, stay), &self.rules).map_err(wrong)?;
        let normal = format!("b {} × k {}", base_text(price), of_ratio(k));
        let text = format!(
            "min({normal}, {normal} × ({days} 天 days + 1) ÷ 平均住院日 mean stay {})",
            Decimal::new(stay, 4).normalize()
        );
        steps.push(Step::new(title, points).by(text).keys(&keys));
        Ok(Awarded {
            steps,
            points: Some(points),
            extra: Points::ZERO,
        })
    }

    pub(super) fn short_stay(
        &self,
        mut steps: Vec<Step>,
        (price, k): (&GroupPrice, Ratio),
    ) -> Result<Awarded, Error> {
        let keys = keys::of_class("short_stay");
        let Some(short) = self.terms.stays.short_stay else {
            return Err(wrong(
                "the policy says nothing about short stays on that day.",
            ));
        };
        let points = short_stay_points(short.rule, price, (k, self.cost), &self.rules);
        let points = points.map_err(wrong)?;
        let earns = match short.rule {
            ShortStayRule::Low => self.low_text(price, k),
            ShortStayRule::ByCost => self.by_cost_text(""),
        };
        let days = self
            .days()
            .map_or_else(|| NEEDS_CLAIM.to_owned(), |days| days.to_string());
        let limit = Step::new("住院天数 days of the stay", days).by(sign(short.limit));
        steps.push(limit.keys(&keys));
        let text = format!(
            "min({earns}, b {} × k {})",
            price.base_points(),
            of_ratio(k)
        );
        let title = "短住院点数 points of a short stay";
        steps.push(Step::new(title, points).by(text).keys(&keys));
        Ok(Awarded {
            steps,
            points: Some(points),
            extra: Points::ZERO,
        })
    }
}

/// What a step says that only a claim could complete.
pub(super) const NEEDS_CLAIM: &str = "需要结算清单 needs the claim: name the claim files";

fn missing(title: &str, keys: &[&str]) -> Awarded {
    Awarded {
        steps: vec![Step::new(title, "").by(NEEDS_CLAIM).keys(keys)],
        points: None,
        extra: Points::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_shown_in_signs() {
        let half = Decimal::new(50, 2);
        assert_eq!(sign(Bound::LessThan(half)), "< 0.5");
        assert_eq!(sign(Bound::AtLeast(half)), "≥ 0.5");
        assert_eq!(shown(Decimal::new(12_500, 4)), "1.25");
    }
}
