//! From cost and group to points: every factor of a case, computed again by the code that settles.

use super::Step;
use super::coefficient::{self, coefficient};
use super::of_units::Units;
use super::run::SettledRun;
use crate::Error;
use crate::find::{FoundClaim, TextRow};
use crate::inputs::{GroupMean, Hospital};
use crate::settle::statements::keys;
use drgdip_claims::Yuan;
use drgdip_points::award::{
    CaseRules, GroupPrice, award, award_by_cost, bed_day_points, normal_points, reduced,
    short_stay_points, transfer_points,
};
use drgdip_points::{Points, Ratio, Weight};
use drgdip_tables::policy::{
    Bound, CoefficientUse, HighRule, LowRule, PolicyAt, Reference, ShortStayRule, Treatment,
    WithoutWeight,
};
use rust_decimal::{Decimal, RoundingStrategy};

/// What a case's points are computed from.
pub(super) struct Award<'a> {
    pub(super) run: &'a SettledRun,
    pub(super) terms: &'a PolicyAt,
    pub(super) row: &'a TextRow,
    /// The claim, where it is at hand.
    pub(super) claim: Option<&'a FoundClaim>,
    /// Whether the claim came too late.
    pub(super) is_late: bool,
    rules: CaseRules,
    cost: Yuan,
    units: Units,
}

/// The steps to the points of a case before other cases have a say.
pub(super) struct Awarded {
    pub(super) steps: Vec<Step>,
    /// The points; `None` where a fact is missing, which a step says.
    pub(super) points: Option<Points>,
}

fn wrong(e: impl std::fmt::Display) -> Error {
    Error::input("explain", e)
}

fn shown(number: Decimal) -> String {
    let rounded = number.round_dp_with_strategy(6, RoundingStrategy::MidpointAwayFromZero);
    rounded.normalize().to_string()
}

fn of_ratio(ratio: Ratio) -> Decimal {
    Decimal::new(ratio.millionths(), 6).normalize()
}

/// A bound in signs, such as `< 0.5`.
fn sign(bound: Bound) -> String {
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
        Ok(Self {
            rules: CaseRules::new(&terms.case).map_err(wrong)?,
            cost: cost.parse().map_err(wrong)?,
            run,
            terms,
            row,
            claim,
            is_late,
            units: Units::default(),
        })
    }

    /// The same with what payment units change.
    pub(super) fn with(mut self, units: Units) -> Self {
        self.cost = units.seen.unwrap_or(self.cost);
        self.units = units;
        self
    }

    fn text(&self, column: &str) -> Option<&'a str> {
        self.row.get(column).map(String::as_str)
    }

    fn cost(&self) -> Decimal {
        Decimal::new(self.cost.fen(), 2)
    }

    fn mean(&self) -> Decimal {
        Decimal::new(self.terms.case.mean_cost_fen, 2)
    }

    fn scale(&self) -> Decimal {
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

    fn hospital(&self) -> Option<&'a Hospital> {
        let day = self.claim.and_then(|claim| claim.discharge_date);
        coefficient::hospital(self.run, self.text("hospital_id")?, day)
    }

    /// `C ÷ M × scale` with further factors, in words.
    fn by_cost_text(&self, factors: &str) -> String {
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
            "day_surgery" | "single_disease" | "item" | "tcm" => self.by_unit(),
            "bed_day" if self.terms.stays.bed_day.is_none() => self.by_unit(),
            "bed_day" => self.bed_day()?,
            class => self.priced(class)?,
        };
        let extra = self.units.extra;
        if let Some(points) = awarded.points.filter(|_| extra > Points::ZERO) {
            let sum = points.plus(extra).map_err(wrong)?;
            let text = format!("{points} + 新技术加成 of new technologies {extra}");
            awarded
                .steps
                .push(Step::new("加成后点数 points with add-ons", sum).by(text));
            awarded.points = Some(sum);
        }
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
            },
            None => missing("单元点数 points by the unit", &[]),
        }
    }

    fn by_cost(&self) -> Result<Awarded, Error> {
        let (treatment, key) = match self.text("status") {
            Some("ambiguous") => (self.terms.ambiguous, "case.ambiguous"),
            Some("ungrouped") => (self.terms.ungrouped, "case.ungrouped"),
            _ => match self.terms.without_weight {
                WithoutWeight::Treat(treatment) => (treatment, "case.without_weight"),
                WithoutWeight::Refuse => (Treatment::Unpaid, "case.without_weight"),
            },
        };
        let title = "按费用折算 points by cost";
        self.discounted(title, treatment, &[key, "points.mean_cost", "points.scale"])
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
            });
        };
        let ratio = Ratio::from_decimal(discount).map_err(wrong)?;
        let points = award_by_cost(self.cost, &self.rules, ratio).map_err(wrong)?;
        let text = self.by_cost_text(&format!(" × 折扣 discount {}", discount.normalize()));
        Ok(Awarded {
            steps: vec![Step::new(title, points).by(text).keys(keys)],
            points: Some(points),
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
        })
    }

    /// A case whose group has a weight.
    fn priced(&self, class: &str) -> Result<Awarded, Error> {
        let weight: Weight = self
            .text("weight")
            .unwrap_or_default()
            .parse()
            .map_err(wrong)?;
        let stated: Ratio = self
            .text("coefficient")
            .unwrap_or_default()
            .parse()
            .map_err(wrong)?;
        let price = self.rules.price(weight).map_err(wrong)?;
        let mut steps = self.price_steps(&price, weight)?;
        steps.push(match self.hospital() {
            Some(hospital) => {
                let (k, step) = coefficient(self.run, self.terms, (hospital, self.text("group")))?;
                if k == stated {
                    step
                } else {
                    Step::new(K, stated).by(differs(k))
                }
            }
            None => Step::new(K, stated).by(NEEDS_CLAIM),
        });
        let classes = award(&price, stated, self.cost, &self.rules).map_err(wrong)?;
        steps.extend(self.class_steps(&price, (weight, stated), (class, classes.class.code())));
        let normal = normal_points(&price, stated, &self.rules).map_err(wrong)?;
        let normal_text = format!("b {} × k {}", price.base_points(), of_ratio(stated));
        let (points, text) = match class {
            "low" => (classes.points, self.low_text(&price, stated)),
            "high" => (classes.points, self.high_text(&price, (weight, stated))),
            "transfer" => return self.transfer(steps, normal),
            "short_stay" => return self.short_stay(steps, (&price, stated)),
            _ => (normal, normal_text),
        };
        let title = match class {
            "low" => "低倍率点数 points of a low case",
            "high" => "高倍率点数 points of a high case",
            _ => "正常点数 normal points",
        };
        steps.push(
            Step::new(title, points)
                .by(text)
                .keys(&keys::of_class(class)),
        );
        Ok(Awarded {
            steps,
            points: Some(points),
        })
    }

    fn price_steps(&self, price: &GroupPrice, weight: Weight) -> Result<Vec<Step>, Error> {
        let reference = price.reference_cost().map_err(wrong)?;
        Ok(vec![
            Step::new("权重 RW weight", weight).by(self.weight_text(weight)),
            Step::new("基准点数 b base points", price.base_points())
                .by(format!("{weight} × {}", self.scale()))
                .keys(&["points.scale"]),
            Step::new("参考费用 RW × M reference cost", reference)
                .by(format!("{weight} × {}", self.mean()))
                .keys(&["points.mean_cost"]),
        ])
    }

    /// Where the weight of a case comes from.
    fn weight_text(&self, weight: Weight) -> String {
        let group = self.text("group").unwrap_or_default();
        let own = self.units.group_weight.as_ref();
        match own.filter(|own| **own != weight.to_string()) {
            Some(own) => {
                format!(
                    "病组 group {group} 的权重 has {own}，由新技术提高 raised by a new technology"
                )
            }
            None => format!("病组 group {group}，来自分组方案 from the plan"),
        }
    }

    /// How the cost stands to the reference cost, and which class that makes.
    fn class_steps(
        &self,
        price: &GroupPrice,
        (weight, k): (Weight, Ratio),
        (class, by_cost): (&str, &str),
    ) -> Vec<Step> {
        let reference = Decimal::new(weight.ten_thousandths(), 4).checked_mul(self.mean());
        let (reference, name) = match self.terms.case.reference {
            Reference::Group => (reference, "RW × M"),
            Reference::GroupAndCoefficient => (
                reference.and_then(|r| r.checked_mul(of_ratio(k))),
                "RW × M × k",
            ),
        };
        let ratio = reference.and_then(|reference| self.cost().checked_div(reference));
        let ratio_text = ratio.map_or_else(|| "—".to_owned(), shown);
        let base = reference.map_or_else(|| "—".to_owned(), shown);
        let high = of_ratio(price.high_multiple());
        let cut = |multiple: Decimal| {
            reference
                .and_then(|r| r.checked_mul(multiple))
                .map_or_else(|| "—".to_owned(), shown)
        };
        let low = self.terms.case.low_threshold;
        let mut steps = vec![
            Step::new("费用倍数 r cost ratio", &ratio_text)
                .by(format!("{} ÷ {base} ({name})", self.cost()))
                .keys(&["case.reference"]),
            Step::new("低倍率界 low below", sign(low))
                .by(format!(
                    "{} × {base} = {}",
                    low.value().normalize(),
                    cut(low.value())
                ))
                .keys(&["case.low.threshold"]),
            Step::new("高倍率界 K high above", high)
                .by(format!("{high} × {base} = {}", cut(high)))
                .keys(&["case.high.thresholds"]),
        ];
        let mut decided = Step::new("病例类型 case class", keys::class_title(class));
        if class == "normal" && self.units.is_carved_out {
            decided = decided
                .by("除外支付病例按标准支付 paid its standard, since a part is paid beside it");
        } else if class == "normal" && by_cost == "low" {
            let text = "费用低于低倍率界，但离院方式豁免 below the low cut-off, but exempt by discharge way";
            decided = decided.by(text).keys(&["case.low.exempt_discharge_ways"]);
        }
        steps.push(decided);
        steps
    }

    fn low_text(&self, price: &GroupPrice, k: Ratio) -> String {
        let most = format!("b × k {} × {}", price.base_points(), of_ratio(k));
        let k = of_ratio(k);
        match (self.terms.case.low_rule, self.terms.case.reference) {
            (LowRule::PointsNoK, _) => self.by_cost_text(""),
            (LowRule::ByActual { preset_value }, _) => {
                format!("{} ÷ v_ref {}", self.cost(), preset_value.normalize())
            }
            (LowRule::Ratio(CoefficientUse::With), Reference::Group) => {
                format!("min({}, {most})", self.by_cost_text(&format!(" × k {k}")))
            }
            (LowRule::Ratio(CoefficientUse::Without), Reference::GroupAndCoefficient) => {
                format!("min({}, {most})", self.by_cost_text(&format!(" ÷ k {k}")))
            }
            (LowRule::Ratio(_), _) => format!("min({}, {most})", self.by_cost_text("")),
        }
    }

    fn high_text(&self, price: &GroupPrice, (weight, k): (Weight, Ratio)) -> String {
        let (b, multiple, k) = (
            price.base_points(),
            of_ratio(price.high_multiple()),
            of_ratio(k),
        );
        let reference = match self.terms.case.reference {
            Reference::Group => format!("{} ÷ ({weight} × {})", self.cost(), self.mean()),
            Reference::GroupAndCoefficient => {
                format!("{} ÷ ({weight} × {} × {k})", self.cost(), self.mean())
            }
        };
        let text = match self.terms.case.high_rule {
            HighRule::LinearAdd { alpha, coefficient } => {
                let with = match coefficient {
                    CoefficientUse::With => format!(" × {k}"),
                    CoefficientUse::Without => String::new(),
                };
                let alpha = alpha.normalize();
                format!("b {b} × k {k} + ({reference} − K {multiple}) × {b} × α {alpha}{with}")
            }
            HighRule::Deduct => format!(
                "({} ÷ {} − (K {multiple} − 1) × RW {weight} × k {k}) × {}，不低于零 not below zero",
                self.cost(),
                self.mean(),
                self.scale()
            ),
            HighRule::Cap => format!("b {b} × K {multiple} × k {k}"),
            HighRule::ByItemTop { preset_value } => {
                format!("{} ÷ v_ref {}", self.cost(), preset_value.normalize())
            }
            HighRule::Normal => format!("b {b} × k {k}"),
        };
        match self.terms.case.high_limit {
            None => text,
            Some(limit) => format!("{text}; r {} 时只得 b × k earns b × k only", sign(limit)),
        }
    }

    fn transfer(&self, mut steps: Vec<Step>, normal: Points) -> Result<Awarded, Error> {
        let keys = keys::of_class("transfer");
        let title = "转院点数 points of a transfer";
        let stay = self.group_mean().and_then(|row| row.stay_days);
        let (Some(days), Some(stay)) = (self.days(), stay) else {
            steps.extend(missing(title, &keys).steps);
            return Ok(Awarded {
                steps,
                points: None,
            });
        };
        let points = transfer_points(normal, days, stay, &self.rules).map_err(wrong)?;
        let text = format!(
            "min({normal}, {normal} × ({days} 天 days + 1) ÷ 平均住院日 mean stay {})",
            Decimal::new(stay, 4).normalize()
        );
        steps.push(Step::new(title, points).by(text).keys(&keys));
        Ok(Awarded {
            steps,
            points: Some(points),
        })
    }

    fn short_stay(
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
        })
    }

    /// What is left of the points of a claim that came late.
    fn late(&self, awarded: &mut Awarded) -> Result<(), Error> {
        let (Some(terms), Some(points)) = (self.terms.stays.late_upload, awarded.points) else {
            return Ok(());
        };
        let factor = Ratio::from_decimal(terms.factor).map_err(wrong)?;
        let left = reduced(points, factor, &self.rules).map_err(wrong)?;
        let text = format!(
            "上传迟于出院 uploaded {} 天 days after the discharge: {points} × {}",
            sign(terms.limit),
            terms.factor.normalize()
        );
        let keys = &["case.late_upload.limit", "case.late_upload.factor"];
        awarded.steps.push(
            Step::new("迟传后点数 points of a late upload", left)
                .by(text)
                .keys(keys),
        );
        awarded.points = Some(left);
        Ok(())
    }
}

const K: &str = "差异系数 k hospital coefficient";

/// What a step says that only a claim could complete.
pub(super) const NEEDS_CLAIM: &str = "需要结算清单 needs the claim: name the claim files";

fn differs(k: Ratio) -> String {
    format!("按文件夹中的输入应为 by the inputs in the folder it would be {k}")
}

fn missing(title: &str, keys: &[&str]) -> Awarded {
    Awarded {
        steps: vec![Step::new(title, "").by(NEEDS_CLAIM).keys(keys)],
        points: None,
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
