//! The lines of one hospital in one pool: its cases, its points, what they earn, what is paid.

use super::keys;
use super::line::{
    Line, Section, decimal, of_points, of_ratio, of_yuan, plain, product, six, value_text,
};
use super::value::PoolLines;
use crate::settle::columns::class_code;
use crate::settle::tallies::Tally;
use drgdip_claims::Yuan;
use drgdip_points::pool::{CaseSplit, HospitalPayment, HospitalTotals};
use drgdip_points::{PointValue, Points, Ratio};
use drgdip_tables::policy::{
    BaselineIncrement, IncrementRule, PaidValue, ResidualRule, UniformMode, VOLUME, ValueFamily,
    ValueModel,
};
use rust_decimal::Decimal;

/// A hospital of a pool.
pub(super) struct HospitalLines<'h> {
    pub(super) pool: &'h PoolLines<'h>,
    pub(super) payment: &'h HospitalPayment,
    /// What was counted for it; none for a hospital of last year without cases.
    pub(super) totals: Option<&'h HospitalTotals>,
    /// What one of its points earned on the whole, as it is shown.
    pub(super) value: Option<Decimal>,
    pub(super) tallies: Vec<Tally>,
}

impl HospitalLines<'_> {
    /// From cases to the payment; `group` gives the code of a group.
    pub(super) fn lines<'g>(&self, group: impl Fn(u16) -> &'g str) -> Vec<Line> {
        let mut lines = self.cases(group);
        lines.extend(self.classes());
        lines.extend(self.points());
        lines.extend(self.earned());
        lines.extend(self.paid());
        lines
    }

    fn cases<'g>(&self, group: impl Fn(u16) -> &'g str) -> Vec<Line> {
        let mut named: Vec<(&str, &Tally)> = self
            .tallies
            .iter()
            .map(|tally| (tally.kind.group().map_or("", &group), tally))
            .collect();
        named.sort_by_key(|(code, tally)| (tally.kind.class, *code, tally.kind.group));
        let line = |(code, tally): &(&str, &Tally)| {
            let class = class_code(tally.kind.class());
            let mut line = self.share(Section::Cases, (class, tally));
            line.item = match *code {
                "" => format!("{} 无病组 no group", keys::class_title(class)),
                code => format!("{} {code}", keys::class_title(class)),
            };
            line.group = (*code).to_owned();
            line
        };
        named.iter().map(line).collect()
    }

    /// The same by class alone.
    fn classes(&self) -> Vec<Line> {
        let mut sums: Vec<Tally> = Vec::new();
        for tally in &self.tallies {
            match sums
                .iter_mut()
                .find(|sum| sum.kind.class == tally.kind.class)
            {
                None => sums.push(*tally),
                Some(sum) => add(sum, tally),
            }
        }
        sums.sort_by_key(|sum| sum.kind.class);
        let line = |sum: &Tally| {
            let class = class_code(sum.kind.class());
            let mut line = self.share(Section::Classes, (class, sum));
            keys::class_title(class).clone_into(&mut line.item);
            line
        };
        sums.iter().map(line).collect()
    }

    /// What some cases have of the hospital's gross: points × gross ÷ all points, without U.
    fn share(&self, section: Section, (class, tally): (&'static str, &Tally)) -> Line {
        let hospital = self.payment;
        let mut text = format!(
            "{} × {} ÷ {}",
            tally.points, hospital.gross, hospital.points
        );
        let side = match hospital.split {
            CaseSplit::ByPoints => Yuan::ZERO,
            CaseSplit::ByPointsLessPatientSide => {
                text += &format!(" − U {}", tally.patient_side);
                tally.patient_side
            }
        };
        match exact_share(tally.points, hospital, side) {
            Some(exact) if exact == tally.payment => text += &format!(" = {exact}"),
            Some(exact) => {
                let difference = tally.payment.minus(exact).unwrap_or(Yuan::ZERO);
                text +=
                    &format!(" ≈ {exact}, 逐例尾差 cumulative rounding of the cases {difference}");
            }
            None => text += &format!(" → {}", tally.payment),
        }
        let mut line = Line::new(section, "")
            .cases(tally.cases)
            .points(tally.points)
            .amount(tally.payment)
            .arithmetic(text);
        if let Some(value) = self.value {
            line = line.by(value);
        }
        line.class = class;
        line.keys = keys::of_class(class);
        line
    }

    fn points(&self) -> Vec<Line> {
        let hospital = self.payment;
        let line = |item: &str| Line::new(Section::Points, item);
        let mut lines = vec![
            line("病例点数合计 P_h points of its cases")
                .cases(hospital.cases)
                .points(hospital.points)
                .arithmetic("Σ 病例点数 of the case lines above"),
        ];
        let (allowance, name) = match &self.pool.terms.value.model {
            ValueModel::Uniform(UniformMode::Elastic(rule)) => (
                format!("计量 measure {}", rule.fixed_part),
                "固定点值点数上限 points of the fixed part",
            ),
            ValueModel::BaselineIncrement(rule) => {
                (self.baseline(rule), "基准点数上限 β baseline allowance")
            }
            ValueModel::Uniform(_) => return lines,
        };
        let keys: &[&'static str] = &[
            "value.baseline_increment.baseline_share",
            "value.baseline_increment.season_share",
            "points.rounding",
            "value.elastic.fixed_part",
        ];
        let allowed = hospital.allowance;
        lines.push(line(name).points(allowed).arithmetic(allowance).keys(keys));
        let split = format!("min({}, {allowed})", hospital.points);
        let fixed = line("基准点数 baseline points").points(hospital.baseline_points);
        lines.push(fixed.arithmetic(split));
        let rest = format!("{} − {}", hospital.points, hospital.baseline_points);
        let increment = line("增量点数 increment points").points(hospital.increment_points);
        lines.push(increment.arithmetic(rest));
        lines
    }

    fn baseline(&self, rule: &BaselineIncrement) -> String {
        let prior = self.pool.report.input.prior.as_ref();
        let prior = prior.and_then(|prior| prior.points.get(&self.payment.hospital_id));
        let prior = prior.copied().unwrap_or(Points::ZERO);
        let season = &rule.season_share;
        let part = match season.denominator {
            1 => season.numerator.to_string(),
            denominator => format!("{} ÷ {denominator}", season.numerator),
        };
        format!(
            "上年点数 points of last year {prior} × η {} × {part} = {}",
            rule.baseline_share.normalize(),
            self.payment.allowance
        )
    }

    /// ρ of the hospital, in words, where the family has one.
    fn fund_share(&self) -> (String, Option<Decimal>) {
        if self.pool.terms.value.family != ValueFamily::B {
            return (String::new(), Some(Decimal::ONE));
        }
        let (cost, side) = self
            .totals
            .map_or((Yuan::ZERO, Yuan::ZERO), |t| (t.total_cost, t.patient_side));
        let fund = cost.minus(side).unwrap_or(Yuan::ZERO).max(Yuan::ZERO);
        let share = of_yuan(fund).checked_div(of_yuan(cost));
        let text = format!(" × ρ ({cost} − {side}) ÷ {cost}");
        (text, share.or(Some(Decimal::ZERO)))
    }

    /// `points × value`, in family B times ρ.
    fn worth(&self, points: Points, value: &PointValue) -> String {
        let (share_text, share) = self.fund_share();
        let worth = decimal(value).and_then(|v| v.checked_mul(of_points(points)));
        let worth = worth.zip(share).and_then(|(w, s)| w.checked_mul(s));
        let shown = worth.map_or_else(|| "…".to_owned(), six);
        format!("{points} × {}{share_text} = {shown}", value_text(value))
    }

    fn earned(&self) -> Vec<Line> {
        let settled = &self.pool.report.settlement;
        let (hospital, earned) = (self.payment, &self.payment.earned);
        let line = |item: &str| Line::new(Section::Earned, item);
        let is_split = !matches!(
            self.pool.terms.value.model,
            ValueModel::Uniform(UniformMode::Floating | UniformMode::Fixed)
        );
        let mut lines = Vec::new();
        if is_split {
            lines.push(
                line("基准部分 baseline part")
                    .points(hospital.baseline_points)
                    .at(&settled.fixed_value)
                    .amount(earned.baseline)
                    .arithmetic(self.worth(hospital.baseline_points, &settled.fixed_value))
                    .keys(keys::VALUE),
            );
        }
        let name = if is_split {
            "增量部分 increment part"
        } else {
            "点数所得 what its points earn"
        };
        lines.push(
            line(name)
                .points(hospital.increment_points)
                .at(&settled.floating_value)
                .amount(earned.increment)
                .arithmetic(self.increment())
                .keys(keys::VALUE),
        );
        lines.extend(self.extras());
        let total = format!(
            "{} + {} + {} + {} + {}",
            earned.baseline, earned.increment, earned.floor, earned.shared, earned.redistributed
        );
        let gross = line("应得合计 gross").amount(hospital.gross);
        lines.push(
            gross
                .arithmetic(format!("{total} = {}; {}", hospital.gross, self.rounding()))
                .keys(&["value.money_rounding", "value.pays"]),
        );
        lines
    }

    /// How the hospital's amount came to whole fen.
    fn rounding(&self) -> &'static str {
        match self.pool.terms.value.pays {
            PaidValue::Exact => {
                "到分：最大余额法 to the fen by largest remainder over the pool (ties by hospital_id), \
                 计入增量部分 taken by the increment part"
            }
            PaidValue::Published => {
                "到分：各自四舍五入 to the fen by itself, at the published value"
            }
        }
    }

    fn increment(&self) -> String {
        let settled = &self.pool.report.settlement;
        let (hospital, input) = (self.payment, &self.pool.report.input);
        let ValueModel::BaselineIncrement(rule) = &self.pool.terms.value.model else {
            return self.worth(hospital.increment_points, &settled.floating_value);
        };
        match &rule.increment {
            IncrementRule::ByPoints => {
                self.worth(hospital.increment_points, &settled.floating_value)
            }
            IncrementRule::Tilted => {
                let tilt = input.tilts.get(&hospital.hospital_id).copied();
                let tilt = of_ratio(tilt.unwrap_or(Ratio::ONE));
                let value = decimal(&settled.floating_value);
                let value = value.and_then(|value| value.checked_mul(tilt));
                let (share_text, share) = self.fund_share();
                let value = value.zip(share).and_then(|(v, s)| v.checked_mul(s));
                let shown = product(value, of_points(hospital.increment_points));
                format!(
                    "{} × w {tilt} × {}{share_text} = {shown}",
                    hospital.increment_points,
                    value_text(&settled.floating_value)
                )
            }
            IncrementRule::Subpools(_) => self.by_measures(),
        }
    }

    /// The increment by sub-pools: Σ points of the measure × its value.
    fn by_measures(&self) -> String {
        let (hospital, input) = (self.payment, &self.pool.report.input);
        let (share_text, _) = self.fund_share();
        let part = |subpool: &drgdip_points::pool::SubpoolValue| {
            let measure = input.measures.get(&subpool.name);
            let points = match measure {
                _ if subpool.name == VOLUME => hospital.increment_points,
                _ if hospital.points == Points::ZERO => Points::ZERO,
                Some(all) => all
                    .get(&hospital.hospital_id)
                    .copied()
                    .unwrap_or(Points::ZERO),
                None => Points::ZERO,
            };
            format!(
                "{} {points} × {}{share_text}",
                subpool.name,
                value_text(&subpool.value)
            )
        };
        let subpools = self.pool.report.settlement.subpools.iter();
        subpools.map(part).collect::<Vec<_>>().join(" + ")
    }

    /// Floor, shared residual and what others' negative payments cost.
    fn extras(&self) -> Vec<Line> {
        let (hospital, earned) = (self.payment, &self.payment.earned);
        let line = |item: &str| Line::new(Section::Earned, item);
        let mut lines = Vec::new();
        if earned.floor != Yuan::ZERO {
            let text = format!(
                "κ × v_fix × β {} − v_fix × {}",
                hospital.allowance, hospital.baseline_points
            );
            let floor = line("保底 floor of a shrinking hospital").amount(earned.floor);
            lines.push(
                floor
                    .arithmetic(text)
                    .keys(&["value.baseline_increment.floor"]),
            );
        }
        if earned.shared != Yuan::ZERO {
            let by_base = matches!(&self.pool.terms.value.model,
                ValueModel::BaselineIncrement(rule) if rule.residual_rule == ResidualRule::ProRataBase)
                || matches!(&self.pool.terms.value.model,
                ValueModel::Uniform(UniformMode::Elastic(rule)) if rule.residual_rule == ResidualRule::ProRataBase);
            let points = if by_base {
                hospital.baseline_points
            } else {
                hospital.points
            };
            let shared = line("剩余分配 its part of what is left over").points(points);
            lines.push(
                shared
                    .amount(earned.shared)
                    .arithmetic(format!(
                        "{points} × 剩余 ÷ 全部点数 what is left over per point"
                    ))
                    .keys(&[
                        "value.baseline_increment.residual_rule",
                        "value.elastic.residual_rule",
                    ]),
            );
        }
        if earned.redistributed != Yuan::ZERO {
            lines.push(
                line("负支付再分配 redistributed for payments below zero")
                    .amount(earned.redistributed)
                    .arithmetic("负支付补为零，其余医院按支付额分担 raised to zero, borne by the others in proportion")
                    .keys(&["value.negative"]),
            );
        }
        lines
    }

    fn paid(&self) -> Vec<Line> {
        let hospital = self.payment;
        let line = |item: &str| Line::new(Section::Payment, item);
        let mut lines = vec![line("应得合计 gross").amount(hospital.gross)];
        if hospital.split == CaseSplit::ByPointsLessPatientSide {
            let minus = Yuan::ZERO
                .minus(hospital.patient_side)
                .unwrap_or(Yuan::ZERO);
            lines.push(
                line("减：个人及其他基金 U less patient side")
                    .amount(minus)
                    .arithmetic("Σ U of its cases")
                    .keys(keys::PAYMENT),
            );
        }
        if hospital.at_cost != Yuan::ZERO {
            lines.push(line("加：按成本支付 plus paid at cost").amount(hospital.at_cost));
        }
        let text = format!(
            "{} − {} + {} = {}",
            hospital.gross, hospital.patient_side, hospital.at_cost, hospital.payment
        );
        let total = line("基金支付 payment of the fund").amount(hospital.payment);
        lines.push(
            total
                .cases(hospital.cases)
                .arithmetic(text)
                .keys(keys::PAYMENT),
        );
        lines
    }
}

fn add(sum: &mut Tally, more: &Tally) {
    let yuan = |a: Yuan, b: Yuan| a.plus(b).unwrap_or(a);
    sum.cases += more.cases;
    sum.points = sum.points.plus(more.points).unwrap_or(sum.points);
    sum.patient_side = yuan(sum.patient_side, more.patient_side);
    sum.payment = yuan(sum.payment, more.payment);
}

/// `points × gross ÷ all points − U`, to the fen, a half up; nothing without points.
fn exact_share(points: Points, hospital: &HospitalPayment, side: Yuan) -> Option<Yuan> {
    let whole = i128::from(hospital.points.ten_thousandths());
    if whole == 0 {
        return None;
    }
    let exact = i128::from(points.ten_thousandths()) * i128::from(hospital.gross.fen());
    let half = if exact < 0 { -whole / 2 } else { whole / 2 };
    let fen = (exact + half) / whole - i128::from(side.fen());
    Yuan::try_from_fen(fen).ok()
}

/// A number of a line as text, for tests and tables.
pub(super) fn number(value: Option<i128>) -> String {
    value.map_or_else(String::new, plain)
}
