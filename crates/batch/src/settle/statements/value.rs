//! The lines that say what a point of a pool is worth, and how that was found.

use super::keys;
use super::line::{Line, Section, decimal, of_points, of_yuan, product, quotient, six, value_text};
use crate::settle::PoolReport;
use drgdip_claims::Yuan;
use drgdip_points::pool::{PoolSettlement, ResidualReason};
use drgdip_tables::policy::{
    BaselineIncrement, Calibration, Elastic, IncrementRule, PaidValue, PolicyAt, ResidualRule,
    UniformMode, ValueFamily, ValueModel,
};
use rust_decimal::Decimal;

/// A pool and the terms that it was settled by.
pub(super) struct PoolLines<'p> {
    pub(super) report: &'p PoolReport,
    pub(super) terms: &'p PolicyAt,
    /// The exact money that points share: T, or T + ΣU; less what is paid at cost.
    amount: Decimal,
    /// The same in words.
    amount_text: String,
}

fn line(item: &str) -> Line {
    Line::new(Section::Value, item)
}

impl<'p> PoolLines<'p> {
    pub(super) fn new(report: &'p PoolReport, terms: &'p PolicyAt) -> Self {
        let settled = &report.settlement;
        let for_points = of_yuan(settled.distributable)
            .checked_sub(of_yuan(settled.at_cost))
            .unwrap_or_default()
            .max(Decimal::ZERO);
        let side = Self::patient_side(settled, terms);
        let amount = for_points.checked_add(of_yuan(side)).unwrap_or_default();
        let amount_text = match terms.value.family {
            ValueFamily::C => format!("({for_points} + {side})"),
            ValueFamily::A | ValueFamily::B => for_points.to_string(),
        };
        Self {
            report,
            terms,
            amount,
            amount_text,
        }
    }

    fn patient_side(settled: &PoolSettlement, terms: &PolicyAt) -> Yuan {
        match terms.value.family {
            ValueFamily::C => {
                Yuan::total(settled.hospitals.iter().map(|h| h.patient_side)).unwrap_or(Yuan::ZERO)
            }
            ValueFamily::A | ValueFamily::B => Yuan::ZERO,
        }
    }

    fn settled(&self) -> &'p PoolSettlement {
        &self.report.settlement
    }

    /// All lines, from the budget to what is left of it.
    pub(super) fn lines(&self) -> Vec<Line> {
        let mut lines = self.budget();
        match &self.terms.value.model {
            ValueModel::Uniform(UniformMode::Floating) => lines.push(self.floating()),
            ValueModel::Uniform(UniformMode::Fixed) => lines.push(self.fixed()),
            ValueModel::Uniform(UniformMode::Elastic(rule)) => lines.extend(self.elastic(rule)),
            ValueModel::BaselineIncrement(rule) => lines.extend(self.baseline_increment(rule)),
        }
        lines.push(self.residual());
        lines
    }

    fn budget(&self) -> Vec<Line> {
        let settled = self.settled();
        let share = |share: Decimal| share.normalize();
        let mut reserve = format!("{} × {}", settled.budget, share(self.terms.reserve_share));
        if let Some(risk) = self.terms.pools.risk_share {
            reserve += &format!(" + 风险金 risk fund {} × {}", settled.budget, share(risk));
        }
        if let Some(growth) = &self.terms.growth {
            let share = share(growth.share);
            reserve += &format!(" + 基层 primary care {} × {share}", settled.budget);
        }
        if self.terms.clearing.region_bands.is_some() && self.report.input.budget != settled.budget
        {
            reserve += " + 区域结余 what the region's bands leave to the fund";
        }
        let minus = Yuan::ZERO.minus(settled.reserve).unwrap_or(Yuan::ZERO);
        let mut lines = vec![
            line("总额预算 budget of the pool").amount(settled.budget),
            line("预留 set aside")
                .amount(minus)
                .arithmetic(format!("{reserve} = {}", settled.reserve))
                .keys(&[
                    "pool.reserve_share",
                    "pool.risk_share",
                    "pool.primary_care_growth.share",
                    "clearing.region.surplus_share",
                    "clearing.region.deficit_share",
                ]),
            line("可分配 T distributable T")
                .amount(settled.distributable)
                .arithmetic(format!("{} − {}", settled.budget, settled.reserve)),
        ];
        if settled.at_cost != Yuan::ZERO {
            let minus = Yuan::ZERO.minus(settled.at_cost).unwrap_or(Yuan::ZERO);
            lines.push(line("按成本支付 paid at cost first").amount(minus));
        }
        if self.terms.value.family == ValueFamily::C {
            let side = Self::patient_side(settled, self.terms);
            lines.push(
                line("全部医院个人及其他基金 ΣU patient side of all hospitals")
                    .amount(side)
                    .keys(&["value.family", "value.patient_side"]),
            );
        }
        lines.push(line("全部医院点数 P points of all hospitals").points(settled.points));
        lines
    }

    /// What the values are spread over: points, in family B times fund shares.
    fn over(&self, points: &str) -> String {
        match self.terms.value.family {
            ValueFamily::B => format!("Σ({points} × ρ), ρ = (C − U) ÷ C"),
            ValueFamily::A | ValueFamily::C => points.to_owned(),
        }
    }

    fn published(&self) -> String {
        match self.terms.value.pays {
            PaidValue::Exact => String::new(),
            PaidValue::Published => {
                let places = self.terms.value.published_places;
                format!(", 公布 published with {places} decimals")
            }
        }
    }

    fn floating(&self) -> Line {
        let settled = self.settled();
        let points = settled.points.to_string();
        let mut text = format!("{} ÷ {}", self.amount_text, self.over(&points));
        text += &format!(
            " = {}{}",
            value_text(&settled.floating_value),
            self.published()
        );
        line("点值 v point value v")
            .points(settled.points)
            .at(&settled.floating_value)
            .arithmetic(text)
            .keys(keys::VALUE)
    }

    fn fixed(&self) -> Line {
        let settled = self.settled();
        let text = format!(
            "年初点值 initial value {}{}",
            value_text(&settled.floating_value),
            self.published()
        );
        line("固定点值 v0 fixed point value")
            .points(settled.points)
            .at(&settled.floating_value)
            .arithmetic(text)
            .keys(&["value.family", "value.mode", "value.initial"])
    }

    fn elastic(&self, rule: &Elastic) -> Vec<Line> {
        let settled = self.settled();
        let source = format!("年初点值 initial value, 用于 for {}", rule.fixed_part);
        let fixed = self.fixed_line(source, &["value.mode", "value.elastic.fixed_part"]);
        let mut lines = vec![fixed];
        lines.extend(self.increment_lines(rule.floating_cap, &IncrementRule::ByPoints));
        lines.extend(self.left_over(rule.residual_rule, settled));
        lines
    }

    fn baseline_increment(&self, rule: &BaselineIncrement) -> Vec<Line> {
        let settled = self.settled();
        let (source, keys) = match rule.calibration {
            Calibration::PriorValue { factor } => {
                let prior = self.report.input.prior.as_ref();
                let prior = prior.map_or_else(|| "…".to_owned(), |p| value_text(&p.value));
                let text = format!(
                    "λ {} × 上年点值 last year's value {prior}",
                    factor.normalize()
                );
                (text, "value.baseline_increment.fixed_value_factor")
            }
            Calibration::BudgetShare { share } => {
                let text = format!(
                    "θ {} × {} ÷ Σβ {}",
                    share.normalize(),
                    self.amount_text,
                    self.over(&self.allowances())
                );
                (text, "value.baseline_increment.budget_share")
            }
        };
        let calibration = "value.baseline_increment.calibration";
        let mut lines = vec![self.fixed_line(source, &["value.model", calibration, keys])];
        if let Some(line) = self.floors(rule) {
            lines.push(line);
        }
        lines.extend(self.increment_lines(rule.floating_cap, &rule.increment));
        lines.extend(self.left_over(rule.residual_rule, settled));
        lines
    }

    fn allowances(&self) -> String {
        let hospitals = self.settled().hospitals.iter();
        let sum = hospitals.map(|h| i128::from(h.allowance.ten_thousandths()));
        let sum = i64::try_from(sum.sum::<i128>()).unwrap_or(i64::MAX);
        Decimal::new(sum, 4).to_string()
    }

    fn fixed_line(&self, source: String, keys: &[&'static str]) -> Line {
        let settled = self.settled();
        let shown = value_text(&settled.fixed_value);
        let mut text = format!("{source} = {shown}{}", self.published());
        if settled.is_fixed_value_scaled {
            let points = settled.baseline_points.to_string();
            text = format!(
                "{source}; 预算不足，按比例下调 more than the budget, so scaled to {} ÷ {} = {shown}",
                self.amount_text,
                self.over(&points)
            );
        }
        line("固定点值 v_fix fixed value of baseline points")
            .points(settled.baseline_points)
            .at(&settled.fixed_value)
            .arithmetic(text)
            .keys(keys)
    }

    fn floors(&self, rule: &BaselineIncrement) -> Option<Line> {
        let floor = rule.floor?;
        let settled = self.settled();
        let paid = Yuan::total(settled.hospitals.iter().map(|h| h.earned.floor)).ok()?;
        let text = format!(
            "每家医院 each hospital: κ {} × v_fix × β − v_fix × min(P, β), 不低于零 if above zero",
            floor.normalize()
        );
        let floor = line("保底合计 floors of all hospitals").amount(paid);
        let keys = &["value.baseline_increment.floor"];
        Some(floor.arithmetic(text).keys(keys))
    }

    /// From the money for increments to the floating value.
    fn increment_lines(&self, cap: Option<Decimal>, rule: &IncrementRule) -> Vec<Line> {
        let settled = self.settled();
        let mut lines = vec![self.money_for_increments()];
        if let Some(cap) = cap {
            lines.push(self.cap(cap));
        }
        let points = settled.increment_points.to_string();
        let spread = match rule {
            IncrementRule::ByPoints => self.over(&points),
            IncrementRule::Tilted => format!("Σ(w × {}), w = 倾斜系数 tilt", self.over("I")),
            IncrementRule::Subpools(_) => self.over(&points),
        };
        let text = format!(
            "{} ÷ {spread} = {}{}",
            if cap.is_some() {
                "min(T_inc, 上限 cap)"
            } else {
                "T_inc"
            },
            value_text(&settled.floating_value),
            self.published()
        );
        lines.push(
            line("浮动点值 floating value of increment points")
                .points(settled.increment_points)
                .at(&settled.floating_value)
                .arithmetic(text)
                .keys(&[
                    "value.baseline_increment.increment",
                    "value.baseline_increment.tilt.primary_care",
                    "value.baseline_increment.tilt.by_level",
                ]),
        );
        lines.extend(self.subpools(rule));
        lines
    }

    fn subpools(&self, rule: &IncrementRule) -> Vec<Line> {
        let IncrementRule::Subpools(shares) = rule else {
            return Vec::new();
        };
        let of = |subpool: &drgdip_points::pool::SubpoolValue| {
            let share = shares.get(&subpool.name).map_or_else(
                || "其余 the rest".to_owned(),
                |share| share.normalize().to_string(),
            );
            let text = format!(
                "份额 share {share}: {} ÷ {} = {}",
                value_text(&subpool.amount),
                value_text(&subpool.points),
                value_text(&subpool.value)
            );
            line(&format!("子池 sub-pool {}", subpool.name))
                .at(&subpool.value)
                .arithmetic(text)
                .keys(&["value.baseline_increment.subpools"])
        };
        self.settled().subpools.iter().map(of).collect()
    }

    /// T_inc = T − v_fix × Σ baseline points − Σ floors.
    fn money_for_increments(&self) -> Line {
        let settled = self.settled();
        let points = settled.baseline_points.to_string();
        let mut text = format!(
            "{} − {} × {}",
            self.amount_text,
            value_text(&settled.fixed_value),
            self.over(&points)
        );
        let floors = Yuan::total(settled.hospitals.iter().map(|h| h.earned.floor));
        let floors = floors.unwrap_or(Yuan::ZERO);
        if floors != Yuan::ZERO {
            text += &format!(" − 保底 floors {floors}");
        }
        if self.terms.value.family != ValueFamily::B {
            let fixed = decimal(&settled.fixed_value);
            let baseline = fixed.and_then(|v| v.checked_mul(of_points(settled.baseline_points)));
            let rest = baseline.and_then(|b| self.amount.checked_sub(b));
            let rest = rest.and_then(|r| r.checked_sub(of_yuan(floors)));
            text += &format!(" = {}", rest.map_or_else(|| "…".to_owned(), six));
        }
        line("增量资金 T_inc money for increments").arithmetic(text)
    }

    fn cap(&self, cap: Decimal) -> Line {
        let settled = self.settled();
        let points = settled.increment_points.to_string();
        let fixed = decimal(&settled.fixed_value);
        let per_point = fixed.and_then(|fixed| fixed.checked_mul(cap));
        let mut text = format!(
            "c {} × v_fix {} × {}",
            cap.normalize(),
            value_text(&settled.fixed_value),
            self.over(&points)
        );
        if self.terms.value.family != ValueFamily::B {
            let most = product(per_point, of_points(settled.increment_points));
            text += &format!(" = {most}");
        }
        line("浮动上限 most that increments may have")
            .arithmetic(text)
            .keys(&[
                "value.baseline_increment.floating_cap",
                "value.elastic.floating_cap",
            ])
    }

    fn left_over(&self, rule: ResidualRule, settled: &PoolSettlement) -> Option<Line> {
        if settled.left_over == Yuan::ZERO {
            return None;
        }
        let text = match rule {
            ResidualRule::Reserve => "留存 stays in the reserve".to_owned(),
            ResidualRule::ProRataBase => format!(
                "按基准点数分配 shared by baseline points: {} ÷ {} = {}",
                settled.left_over,
                self.over(&settled.baseline_points.to_string()),
                self.per_point(settled, settled.baseline_points)
            ),
            ResidualRule::ProRataPoints => format!(
                "按全部点数分配 shared by all points: {} ÷ {} = {}",
                settled.left_over,
                self.over(&settled.points.to_string()),
                self.per_point(settled, settled.points)
            ),
        };
        let line = line("剩余 left over by the values").amount(settled.left_over);
        Some(line.arithmetic(text).keys(&[
            "value.baseline_increment.residual_rule",
            "value.elastic.residual_rule",
        ]))
    }

    fn per_point(&self, settled: &PoolSettlement, points: drgdip_points::Points) -> String {
        if self.terms.value.family == ValueFamily::B {
            return "…".to_owned();
        }
        quotient(Some(of_yuan(settled.left_over)), Some(of_points(points)))
    }

    fn residual(&self) -> Line {
        let settled = self.settled();
        let reason = match settled.residual_reason {
            ResidualReason::Nothing => "全部分配 all is distributed".to_owned(),
            reason => format!("原因 reason: {}", reason.code()),
        };
        let text = format!(
            "{} − {}; {reason}; 尾差 of it rounding {}",
            settled.distributable, settled.paid, settled.rounding_residual
        );
        line("结余 residual of the pool")
            .amount(settled.residual)
            .arithmetic(text)
            .keys(&["value.money_rounding", "value.pays"])
    }
}
