//! The lines after the payment: deductions and shares, prepayments, and what is left at the
//! clearing.

use super::line::{Line, Section, decimal, of_ratio, of_yuan, product, six, value_text};
use crate::Error;
use crate::inputs::{InputTable, Inputs};
use crate::settle::PoolReport;
use crate::settle::closing::{ClearedHospital, Closing, HospitalAdjustment, PrepaidHospital};
use crate::settle::conduct::{Drivers, audits, conducts, drivers};
use crate::settle::prior::initial;
use crate::settle::setting::Setting;
use drgdip_claims::Yuan;
use drgdip_points::Ratio;
use drgdip_points::clear::{Conduct, hospital_band};
use drgdip_points::pool::HospitalPayment;
use drgdip_tables::policy::{
    Assessment, GrowthTerms, HospitalBands, MarginTerms, PrepaidValue, ValueFamily,
};
use rust_decimal::Decimal;
use std::collections::{BTreeMap, HashMap};

/// What the closing says, by pool and hospital.
pub(super) struct ClosingLines<'c> {
    setting: &'c Setting<'c>,
    inputs: &'c Inputs,
    adjustments: HashMap<Key<'c>, Vec<&'c HospitalAdjustment>>,
    prepaid: HashMap<Key<'c>, &'c PrepaidHospital>,
    cleared: HashMap<Key<'c>, &'c ClearedHospital>,
    months: HashMap<Key<'c>, Vec<(&'c str, Yuan)>>,
    advances: HashMap<Key<'c>, Vec<(&'c str, Yuan)>>,
    conducts: HashMap<(&'c str, String), Conduct>,
    drivers: HashMap<&'c str, Vec<Driver<'c>>>,
}

/// What the hospitals of a pool did for primary care, by one driver.
struct Driver<'c> {
    name: &'c str,
    /// Its weight, over the weights of all drivers that any hospital states.
    weights: (Decimal, Decimal),
    amounts: BTreeMap<&'c str, Ratio>,
    sum: Decimal,
}

type Key<'c> = (&'c str, &'c str);

impl<'c> ClosingLines<'c> {
    pub(super) fn new(
        setting: &'c Setting<'c>,
        inputs: &'c Inputs,
        pools: &'c [PoolReport],
        closing: &'c Closing,
    ) -> Result<Self, Error> {
        let mut lines = Self {
            setting,
            inputs,
            adjustments: HashMap::new(),
            prepaid: HashMap::new(),
            cleared: HashMap::new(),
            months: HashMap::new(),
            advances: HashMap::new(),
            conducts: HashMap::new(),
            drivers: HashMap::new(),
        };
        for row in &closing.adjustments {
            let key = (row.pool.as_str(), row.hospital_id.as_str());
            lines.adjustments.entry(key).or_default().push(row);
        }
        let prepaid = closing.prepaid.iter();
        lines.prepaid = prepaid
            .map(|row| ((row.pool.as_str(), row.hospital_id.as_str()), row))
            .collect();
        let cleared = closing.cleared.iter();
        lines.cleared = cleared
            .map(|row| ((row.pool.as_str(), row.hospital_id.as_str()), row))
            .collect();
        for (month, rows) in &closing.ledger {
            for ((pool, hospital), yuan) in rows {
                let key = (pool.as_str(), hospital.as_str());
                lines.months.entry(key).or_default().push((month, *yuan));
            }
        }
        if setting.period.is_year() {
            lines.conduct(pools)?;
        }
        Ok(lines)
    }

    /// What only a year needs: conduct, advances and drivers.
    fn conduct(&mut self, pools: &'c [PoolReport]) -> Result<(), Error> {
        let year = self.setting.period.text.as_str();
        let audits = audits(self.setting, self.inputs, pools)?;
        for pool in pools {
            let found = conducts((self.setting, self.inputs), pool, &audits)?;
            let keyed = found.into_iter().map(|(id, c)| ((pool.id.as_str(), id), c));
            self.conducts.extend(keyed);
            if let Some(terms) = &self.setting.terms.growth {
                let drivers = weighed(drivers(self.inputs, pool, terms)?, terms);
                self.drivers.insert(&pool.id, drivers);
            }
        }
        for row in self.inputs.rows(InputTable::Advances) {
            let (period, yuan) = (row.required("period"), row.yuan("amount"));
            if period.starts_with(year) {
                let key = (row.required("pool"), row.required("hospital_id"));
                self.advances.entry(key).or_default().push((period, yuan));
            }
        }
        Ok(())
    }

    /// The hospitals that the closing knows in a pool.
    pub(super) fn hospitals(&self, pool: &str) -> impl Iterator<Item = &'c str> {
        let adjusted = self.adjustments.keys();
        let keys = adjusted
            .chain(self.prepaid.keys())
            .chain(self.cleared.keys());
        let mine = keys.filter(|key| key.0 == pool).map(|key| key.1);
        mine.collect::<Vec<_>>().into_iter()
    }

    /// The lines of a hospital in a pool; its payment is what the cases are paid.
    pub(super) fn lines(
        &self,
        report: &PoolReport,
        (hospital, paid): (&str, Option<&HospitalPayment>),
    ) -> Vec<Line> {
        let key = (report.id.as_str(), hospital);
        let mut lines = Vec::new();
        let mut payable = paid.map_or(Yuan::ZERO, |paid| paid.payment);
        for row in self.adjustments.get(&key).into_iter().flatten() {
            let (text, keys) = self.adjustment(row, report, payable);
            if !matches!(row.kind, "primary_care_growth" | "debt_carried") {
                payable = payable.plus(row.amount).unwrap_or(payable);
            }
            let item = format!("{} {}", title(row.kind), row.kind);
            let line = Line::new(Section::Adjustments, item).amount(row.amount);
            lines.push(line.arithmetic(text).keys(keys));
        }
        if let Some(row) = self.prepaid.get(&key) {
            lines.extend(self.prepayment(row, (report, paid)));
        }
        if let Some(row) = self.cleared.get(&key) {
            lines.extend(self.clearing(row));
        }
        lines
    }

    /// How an adjustment was found, and the keys that ask for it.
    fn adjustment(
        &self,
        row: &HospitalAdjustment,
        report: &PoolReport,
        payable: Yuan,
    ) -> (String, &'static [&'static str]) {
        let key = (report.id.as_str(), row.hospital_id.clone());
        let conduct = self.conducts.get(&key).copied().unwrap_or_default();
        let terms = &self.setting.terms.clearing;
        match (row.kind, &terms.assessment, &terms.hospital_bands) {
            ("assessment", Assessment::Coefficient, _) => {
                let k = conduct.coefficient.map_or(Decimal::ONE, of_ratio);
                let text = format!("{payable} × {k} − {payable} = {}", row.amount);
                (text, &["clearing.assessment"])
            }
            ("margin_held", Assessment::Margin(margin), _) => {
                let text = format!("{payable} × {} 预留 held back", margin.share.normalize());
                (text, &["clearing.assessment", "clearing.margin.share"])
            }
            ("margin_released", Assessment::Margin(margin), _) => {
                (released(margin, &conduct), MARGIN)
            }
            ("overspend_share" | "surplus_returned", _, Some(bands)) => {
                (self.band(row, (bands, &conduct), payable), BANDS)
            }
            ("primary_care_growth", ..) => (
                self.growth(report, &row.hospital_id),
                &[
                    "pool.primary_care_growth.share",
                    "pool.primary_care_growth.drivers",
                ],
            ),
            ("debt_carried", ..) if self.setting.terms.prepay.is_none() => {
                let text = format!("支付 {payable} 低于零 below zero: 结转 carried as a debt");
                (text, &["value.negative"])
            }
            ("debt_carried", ..) => {
                let text = "预付不足抵扣 what the prepayment could not bear".to_owned();
                (text, &["value.negative", "prepay.share"])
            }
            _ => (format!("审核 audits: {}", row.reason), &[]),
        }
    }

    fn band(
        &self,
        row: &HospitalAdjustment,
        (bands, conduct): (&HospitalBands, &Conduct),
        payable: Yuan,
    ) -> String {
        let cost = conduct.itemised.minus(conduct.audit).unwrap_or(Yuan::ZERO);
        let known = format!(
            "D = {payable}; A = 按项目 by item {} − 审核 audits {} = {cost}",
            conduct.itemised, conduct.audit
        );
        if row.kind == "surplus_returned" {
            let (pays, from) = (bands.below_pays.normalize(), bands.keep_from.normalize());
            return format!("{known}; A < {from} × D: {pays} × A − D = {}", row.amount);
        }
        let rounding = self.setting.terms.value.money_rounding;
        let due = hospital_band(payable, cost, bands, rounding);
        let granted = due.ok().and_then(|due| due.minus(payable).ok());
        let granted = granted.unwrap_or(row.amount);
        let (share, until) = (bands.fund_share.normalize(), bands.share_until.normalize());
        let mut text = format!("{known}; {share} × (min(A, {until} × D) − D) = {granted}");
        if granted != row.amount {
            let amount = row.amount;
            text += &format!("; 按风险金比例下调 scaled to the pool's risk fund: {amount}");
        }
        text
    }

    /// Each driver: money × weight × own amount ÷ all amounts.
    fn growth(&self, report: &PoolReport, hospital: &str) -> String {
        let part = |driver: &Driver<'_>| {
            let own = driver.amounts.get(hospital);
            let own = own.map_or(Decimal::ZERO, |own| of_ratio(*own));
            let (weight, all) = driver.weights;
            format!(
                "{}: {} × {weight} ÷ {all} × {own} ÷ {}",
                driver.name, report.growth, driver.sum
            )
        };
        let drivers = self.drivers.get(report.id.as_str()).into_iter().flatten();
        drivers.map(part).collect::<Vec<_>>().join(" + ")
    }

    fn prepayment(
        &self,
        row: &PrepaidHospital,
        (report, paid): (&PoolReport, Option<&HospitalPayment>),
    ) -> Vec<Line> {
        let Some(terms) = &self.setting.terms.prepay else {
            return Vec::new();
        };
        let line = |item: &str| Line::new(Section::Prepayment, item);
        let minus = |yuan: Yuan| Yuan::ZERO.minus(yuan).unwrap_or(Yuan::ZERO);
        let earned = match terms.value {
            PrepaidValue::Month => "本月支付 the payment of the month".to_owned(),
            PrepaidValue::Initial => self.at_initial(row, (report, paid)),
        };
        let share = terms.share.normalize();
        let due = product(Some(of_yuan(row.earned)), terms.share);
        let prepaid = format!(
            "{} × {share} = {due}; − {} − {} = {} − 欠款 debt {}",
            row.earned,
            row.audit,
            row.debt_before,
            row.prepaid.minus(row.debt).unwrap_or(row.prepaid),
            row.debt
        );
        vec![
            line("应得 earned")
                .points(row.points)
                .amount(row.earned)
                .arithmetic(earned)
                .keys(&["prepay.value", "value.initial"]),
            line("预付比例 share paid in advance")
                .yuan(row.earned)
                .by(terms.share)
                .keys(&["prepay.share"]),
            line("减：审核扣减 less audits of the month").amount(minus(row.audit)),
            line("减：上期欠款 less debt before").amount(minus(row.debt_before)),
            line("本月预付 prepaid now")
                .amount(row.prepaid)
                .arithmetic(prepaid)
                .keys(&["prepay.share", "value.money_rounding"]),
            line("结转欠款 debt after it").amount(row.debt),
        ]
    }

    fn at_initial(
        &self,
        row: &PrepaidHospital,
        (report, own): (&PoolReport, Option<&HospitalPayment>),
    ) -> String {
        let pool = self
            .setting
            .pools
            .all
            .iter()
            .find(|pool| pool.id == report.id);
        let value = pool.and_then(|pool| initial(pool, &self.setting.terms).ok().flatten());
        let Some(value) = value else {
            return String::new();
        };
        let worth = decimal(&value).and_then(|v| v.checked_mul(super::line::of_points(row.points)));
        let mut text = format!(
            "{} × v0 {} = {}",
            row.points,
            value_text(&value),
            worth.map_or_else(|| "…".to_owned(), six)
        );
        if let (Some(own), ValueFamily::C) = (own, self.setting.terms.value.family) {
            text += &format!(" − U {}", own.patient_side);
        }
        text
    }

    fn clearing(&self, row: &ClearedHospital) -> Vec<Line> {
        let line = |item: &str| Line::new(Section::Clearing, item);
        let minus = |yuan: Yuan| Yuan::ZERO.minus(yuan).unwrap_or(Yuan::ZERO);
        let key = (row.pool.as_str(), row.hospital_id.as_str());
        let months = self.months.get(&key).into_iter().flatten();
        let months: Vec<String> = months.map(|(m, yuan)| format!("{m} {yuan}")).collect();
        let advances = self.advances.get(&key).into_iter().flatten();
        let advances: Vec<String> = advances.map(|(p, yuan)| format!("{p} {yuan}")).collect();
        vec![
            line("全年支付 payment of the year").amount(row.payment),
            line("调整合计 adjustments").amount(row.adjustments),
            line("年度应付 due for the year")
                .amount(row.due)
                .arithmetic(format!(
                    "{} + {} = {}",
                    row.payment, row.adjustments, row.due
                )),
            line("减：已预付 less prepaid")
                .amount(minus(row.prepaid))
                .arithmetic(months.join(" + ")),
            line("减：周转金 less advanced")
                .amount(minus(row.advanced))
                .arithmetic(advances.join(" + ")),
            line("清算应付 what is left to pay")
                .amount(row.clearing)
                .arithmetic(format!(
                    "{} − {} − {} = {}",
                    row.due, row.prepaid, row.advanced, row.clearing
                )),
        ]
    }
}

const MARGIN: &[&str] = &[
    "clearing.assessment",
    "clearing.margin.share",
    "clearing.margin.full_from",
    "clearing.margin.none_until",
];
const BANDS: &[&str] = &[
    "clearing.hospital.keep_from",
    "clearing.hospital.below_pays",
    "clearing.hospital.share_until",
    "clearing.hospital.fund_share",
    "clearing.hospital.needs_approval",
    "pool.risk_share",
];

fn weighed<'c>(stated: Drivers<'c>, terms: &GrowthTerms) -> Vec<Driver<'c>> {
    let weight = |driver: &str| terms.drivers.get(driver).copied().unwrap_or(Decimal::ZERO);
    let all: Decimal = stated.keys().map(|driver| weight(driver)).sum();
    let driver = |(name, amounts): (&'c str, BTreeMap<&'c str, Ratio>)| Driver {
        name,
        weights: (weight(name).normalize(), all.normalize()),
        sum: amounts.values().map(|amount| of_ratio(*amount)).sum(),
        amounts,
    };
    stated.into_iter().map(driver).collect()
}

fn released(margin: &MarginTerms, conduct: &Conduct) -> String {
    let (none, full) = (margin.none_until.normalize(), margin.full_from.normalize());
    match conduct.score.map(of_ratio) {
        None => "没有评分，全部返还 without a score all is released".to_owned(),
        Some(score) => format!(
            "预留 held × ({score} − {none}) ÷ ({full} − {none}), 介于 0 与 1 between 0 and 1"
        ),
    }
}

const fn title(kind: &str) -> &'static str {
    match kind.as_bytes() {
        b"primary_care_growth" => "基层倾斜",
        b"assessment" => "考核",
        b"margin_held" => "质量保证金预留",
        b"margin_released" => "质量保证金返还",
        b"overspend_share" => "超支分担",
        b"surplus_returned" => "结余扣回",
        b"audit" => "审核扣减",
        b"debt_carried" => "结转欠款",
        _ => "其他",
    }
}
