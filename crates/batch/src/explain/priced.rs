//! The steps of a case whose group has a weight: price, coefficient, class, points.

use super::Step;
use super::coefficient::coefficient;
use super::points::{Award, Awarded, NEEDS_CLAIM, of_ratio, shown, sign, wrong};
use crate::Error;
use crate::settle::statements::keys;
use drgdip_points::award::{GroupPrice, award, normal_points};
use drgdip_points::{Points, Ratio, Weight};
use drgdip_tables::policy::{CoefficientUse, HighRule, LowRule, SubtypeMeasure};
use rust_decimal::Decimal;

const K: &str = "差异系数 k hospital coefficient";

impl Award<'_> {
    /// The price of the group as the row states it, with that of its subtype.
    pub(super) fn price(&self) -> Result<GroupPrice, Error> {
        let parsed = |column: &str| self.text(column).unwrap_or_default();
        let weight: Weight = parsed("weight").parse().map_err(wrong)?;
        let group = self.text("group").unwrap_or_default();
        let mean = match self.catalogue {
            Some(catalogue) => catalogue.mean_cost(group),
            None if self.text("layer").is_some() => parsed("reference_cost").parse().ok(),
            None => None,
        };
        let price = self.rules.price_of(weight, mean).map_err(wrong)?;
        match (self.text("auxiliary"), self.terms.subtypes) {
            (Some(coefficient), Some(measure)) => {
                let coefficient = coefficient.parse().map_err(wrong)?;
                Ok(price.of_subtype(coefficient, measure))
            }
            _ => Ok(price),
        }
    }

    /// A case whose group has a weight.
    pub(super) fn priced(&self, class: &str) -> Result<Awarded, Error> {
        let stated: Ratio = self
            .text("coefficient")
            .unwrap_or_default()
            .parse()
            .map_err(wrong)?;
        let price = self.price()?;
        let weight = price.weight();
        let mut steps = self.price_steps(&price, weight)?;
        steps.push(match self.hospital() {
            Some(hospital) => {
                let (k, step) = coefficient(self.run, self.terms, (hospital, self.text("group")))?;
                if self.has_one_price() {
                    self.one_price(stated)
                } else if k == stated {
                    step
                } else {
                    Step::new(K, stated).by(differs(k))
                }
            }
            None => Step::new(K, stated).by(NEEDS_CLAIM),
        });
        let classes = award(&price, stated, self.cost, &self.rules).map_err(wrong)?;
        steps.extend(self.class_steps(&price, stated, (class, classes.class.code())));
        let normal = normal_points(&price, stated, &self.rules).map_err(wrong)?;
        let normal_text = format!("b {} × k {}", base_text(&price), of_ratio(stated));
        let (points, text) = match class {
            "low" => (classes.points, self.low_text(&price, stated)),
            "high" => (classes.points, self.high_text(&price, (weight, stated))),
            "transfer" => return self.transfer(steps, (&price, stated)),
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
            extra: Points::ZERO,
        })
    }

    /// The points on top, at least what the cost that they hide would have earned.
    pub(super) fn add_on(&self, awarded: &mut Awarded) -> Result<(), Error> {
        let mut extra = self.units.extra;
        let Some(points) = awarded.points.filter(|_| extra > Points::ZERO) else {
            return Ok(());
        };
        let mut least = String::new();
        if self.cost != self.whole {
            let k = self.text("coefficient").unwrap_or_default();
            let (price, k) = (self.price()?, k.parse().map_err(wrong)?);
            let without = award(&price, k, self.whole, &self.rules).map_err(wrong)?;
            let lost = without.points.minus(points).map_err(wrong)?;
            extra = self.units.add_on.map_or(extra, |add_on| add_on.max(lost));
            least = format!(
                "，不少于 at least {} − {points}，{} 为全部费用 {} 的点数 the points of the whole cost",
                without.points, without.points, self.whole
            );
        }
        let sum = points.plus(extra).map_err(wrong)?;
        let text = format!("{points} + 新技术加成 of new technologies {extra}{least}");
        let step = Step::new("加成后点数 points with add-ons", sum).by(text);
        awarded.steps.push(step);
        awarded.points = Some(sum);
        awarded.extra = extra;
        Ok(())
    }

    /// Whether the group is one of primary care, with one price in every hospital.
    pub(super) fn has_one_price(&self) -> bool {
        let group = self.text("group").unwrap_or_default();
        self.catalogue
            .is_some_and(|catalogue| catalogue.has_one_price(group, self.terms))
    }

    /// The coefficient of such a group.
    fn one_price(&self, stated: Ratio) -> Step {
        let step = Step::new(K, stated);
        match stated == Ratio::ONE {
            true => step.by("基层病种 同病同治同价 a group of primary care has one price"),
            false => step.by(differs(Ratio::ONE)),
        }
        .keys(&["coefficient.primary_care_groups"])
    }

    pub(super) fn price_steps(
        &self,
        price: &GroupPrice,
        weight: Weight,
    ) -> Result<Vec<Step>, Error> {
        let reference = price.reference_cost().map_err(wrong)?;
        let mut steps = vec![
            Step::new("权重 RW weight", weight).by(self.weight_text(weight)),
            Step::new("基准点数 b base points", price.base_points())
                .by(format!("{weight} × {}", self.scale()))
                .keys(&["points.scale"]),
            match self.is_by_mean() {
                true => Step::new("参考费用 reference cost", reference)
                    .by("病种均次费用 the mean cost that the catalogue states".to_owned())
                    .keys(&["case.reference"]),
                false => Step::new("参考费用 RW × M reference cost", reference)
                    .by(format!("{weight} × {}", self.mean()))
                    .keys(&["points.mean_cost"]),
            },
        ];
        if let (Some(coefficient), Some(measure)) = (self.text("auxiliary"), self.terms.subtypes) {
            let subtype = self.text("subtype").unwrap_or_default();
            let measured = match measure {
                SubtypeMeasure::Subtype => "，参考费用同乘 the reference cost too",
                SubtypeMeasure::Group => "",
            };
            let step = Step::new("辅助分型调节系数 k_aux of the subtype", coefficient);
            steps.push(
                step.by(format!("{subtype}{measured}"))
                    .keys(&["case.subtypes"]),
            );
        }
        Ok(steps)
    }

    /// Whether the catalogue's mean cost is the reference cost of the group.
    fn is_by_mean(&self) -> bool {
        let group = self.text("group").unwrap_or_default();
        let is_stated = match self.catalogue {
            Some(catalogue) => catalogue.mean_cost(group).is_some(),
            None => self.text("layer").is_some(),
        };
        self.terms.case.reference.is_mean() && is_stated
    }

    /// The reference cost that classes are found by: before and with the hospital coefficient, and
    /// its name.
    fn reference(&self, price: &GroupPrice, k: Ratio) -> (Option<Decimal>, String) {
        let (mut reference, mut name) = match self.is_by_mean() {
            true => {
                let cost = price.reference_cost().ok();
                (
                    cost.map(|cost| Decimal::new(cost.fen(), 2)),
                    "M_i".to_owned(),
                )
            }
            false => {
                let weight = Decimal::new(price.weight().ten_thousandths(), 4);
                (weight.checked_mul(self.mean()), "RW × M".to_owned())
            }
        };
        let is_measured = self.terms.subtypes == Some(SubtypeMeasure::Subtype);
        if is_measured && self.text("auxiliary").is_some() {
            reference = reference.and_then(|r| r.checked_mul(of_ratio(price.auxiliary())));
            name += " × k_aux";
        }
        if self.terms.case.reference.has_coefficient() {
            reference = reference.and_then(|r| r.checked_mul(of_ratio(k)));
            name += " × k";
        }
        (reference, name)
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
        k: Ratio,
        (class, by_cost): (&str, &str),
    ) -> Vec<Step> {
        let (reference, name) = self.reference(price, k);
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
        } else if class == "normal" && by_cost == "low" && self.cost != self.whole {
            decided = decided.by(format!(
                "低倍率按全部费用 {} 判断 whether it is low is asked of its whole cost",
                self.whole
            ));
        } else if class == "normal" && by_cost == "low" {
            let text = "费用低于低倍率界，但离院方式豁免 below the low cut-off, but exempt by discharge way";
            decided = decided.by(text).keys(&["case.low.exempt_discharge_ways"]);
        }
        steps.push(decided);
        steps
    }

    /// Whether the reference cost is `RW × M` and no subtype counts.
    fn is_plain(&self) -> bool {
        !self.is_by_mean() && self.text("auxiliary").is_none()
    }

    pub(super) fn low_text(&self, price: &GroupPrice, k: Ratio) -> String {
        let most = format!("b × k {} × {}", base_text(price), of_ratio(k));
        if let (false, LowRule::Ratio(used)) = (self.is_plain(), self.terms.case.low_rule) {
            let with = match used {
                CoefficientUse::With => format!(" × k {}", of_ratio(k)),
                CoefficientUse::Without => String::new(),
            };
            let (reference, _) = self.reference(price, k);
            let reference = reference.map_or_else(|| "—".to_owned(), shown);
            let base = base_text(price);
            return format!(
                "min(b {base} × {} ÷ {reference}{with}, {most})",
                self.cost()
            );
        }
        let has_coefficient = self.terms.case.reference.has_coefficient();
        let k = of_ratio(k);
        match (self.terms.case.low_rule, has_coefficient) {
            (LowRule::PointsNoK, _) => self.by_cost_text(""),
            (LowRule::ByActual { preset_value }, _) => {
                format!("{} ÷ v_ref {}", self.cost(), preset_value.normalize())
            }
            (LowRule::Ratio(CoefficientUse::With), false) => {
                format!("min({}, {most})", self.by_cost_text(&format!(" × k {k}")))
            }
            (LowRule::Ratio(CoefficientUse::Without), true) => {
                format!("min({}, {most})", self.by_cost_text(&format!(" ÷ k {k}")))
            }
            (LowRule::Ratio(_), _) => format!("min({}, {most})", self.by_cost_text("")),
        }
    }

    fn high_text(&self, price: &GroupPrice, (weight, k): (Weight, Ratio)) -> String {
        let own = match self.is_plain() {
            true => (None, String::new()),
            false => self.reference(price, k),
        };
        let (b, multiple, k) = (
            base_text(price),
            of_ratio(price.high_multiple()),
            of_ratio(k),
        );
        let reference = match (own.0, self.terms.case.reference.has_coefficient()) {
            (Some(own), _) => format!("{} ÷ {}", self.cost(), shown(own)),
            (None, false) => format!("{} ÷ ({weight} × {})", self.cost(), self.mean()),
            (None, true) => format!("{} ÷ ({weight} × {} × {k})", self.cost(), self.mean()),
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
            HighRule::Deduct if !self.is_plain() => format!(
                "b {b} × {reference} − (K {multiple} − 1) × {b} × k {k}，不低于零 not below zero"
            ),
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
}

/// `b`, or `b × k_aux`.
pub(super) fn base_text(price: &GroupPrice) -> String {
    match price.auxiliary() == Ratio::ONE {
        true => price.base_points().to_string(),
        false => format!("{} × k_aux {}", price.base_points(), price.auxiliary()),
    }
}

fn differs(k: Ratio) -> String {
    format!("按文件夹中的输入应为 by the inputs in the folder it would be {k}")
}
