//! A settlement as text or JSON.

use super::units;
use crate::commands::check::{not_asked_json, not_asked_line};
use crate::commands::findings_json;
use crate::commands::group::{
    findings_table, outcomes_json, outcomes_table, quarantine_json, quarantine_line,
};
use crate::layout::{Align, Layout, grouped_digits};
use drgdip_batch::{PoolReport, PrepaidHospital, SettleSummary};
use drgdip_claims::Yuan;
use drgdip_points::pool::HospitalPayment;
use drgdip_points::{PointValue, Points, Rounding};
use serde_json::{Value, json};
use std::path::Path;

/// With how many decimals reports show a point value.
const VALUE_PLACES: u32 = 4;

/// What became of the claims, the pools, and what was found.
pub(crate) fn plain(summary: &SettleSummary) -> String {
    let head = format!(
        "结算期 Period {} · {} 条清单 claims\n",
        summary.period,
        grouped_digits(&summary.rows.to_string())
    );
    let left = quarantine_line(summary.quarantined);
    let outcomes = outcomes_table(&summary.outcomes);
    let pools = pools_table(summary);
    let findings = findings_table(&summary.findings);
    let hospitals = closing_tables(summary);
    let units = units::tables(summary);
    let not_asked = not_asked_line(&summary.checks_not_asked, "checks_not_asked.csv");
    format!("{head}{left}\n{outcomes}\n{pools}{units}{hospitals}{findings}{not_asked}")
}

/// What hospitals are prepaid, or what they get for a year and why.
fn closing_tables(summary: &SettleSummary) -> String {
    let mut text = String::new();
    if !summary.cleared.is_empty() {
        text += &format!("\n年度清算 Clearing\n{}", cleared_table(summary));
        let without = &summary.months_without_entry;
        if !without.is_empty() {
            text += &format!(
                "台账 The ledger has {} of 12 months. 无记录 Nothing is taken off for {}.\n",
                12 - without.len(),
                without.join(", ")
            );
        }
    }
    for warning in &summary.policy_warnings {
        text += &format!("政策提示 Policy: {warning}\n");
    }
    if !summary.prepaid.is_empty() {
        let sum = |amount: fn(&PrepaidHospital) -> Yuan| {
            Yuan::total(summary.prepaid.iter().map(amount)).map_or_else(|e| e.to_string(), money)
        };
        let (prepaid, debt) = (sum(|row| row.prepaid), sum(|row| row.debt));
        text += &format!("\n月度预付 Prepaid {prepaid} · 挂账 owed {debt}\n");
    }
    text
}

/// The hospitals of a year: baseline, increment, effective value, and what is left to pay.
fn cleared_table(summary: &SettleSummary) -> String {
    let mut table = Layout::new(&[
        ("基金池 Pool", Align::Left),
        ("医院 Hospital", Align::Left),
        ("基准点数 Baseline", Align::Right),
        ("增量点数 Increment", Align::Right),
        ("基准金额 Baseline", Align::Right),
        ("增量金额 Increment", Align::Right),
        ("实际点值 Effective", Align::Right),
        ("支付 Payment", Align::Right),
        ("调整 Adjusted", Align::Right),
        ("应付 Due", Align::Right),
        ("已预付 Prepaid", Align::Right),
        ("清算 Clearing", Align::Right),
    ]);
    for row in &summary.cleared {
        let pool = summary.pools.iter().find(|pool| pool.id == row.pool);
        let hospitals = pool.map_or(&[][..], |pool| &pool.settlement.hospitals);
        let paid = hospitals.iter().find(|h| h.hospital_id == row.hospital_id);
        let paid = paid.cloned().unwrap_or_default();
        table.row([
            row.pool.clone(),
            row.hospital_id.clone(),
            points(paid.baseline_points),
            points(paid.increment_points),
            money(paid.earned.baseline),
            money(paid.earned.increment),
            paid.effective_value()
                .as_ref()
                .map(value)
                .unwrap_or_default(),
            money(row.payment),
            money(row.adjustments),
            money(row.due),
            money(row.prepaid),
            money(row.clearing),
        ]);
    }
    table.render()
}

/// The pools, one a row.
pub(crate) fn pools_table(summary: &SettleSummary) -> String {
    let mut table = Layout::new(&[
        ("基金池 Pool", Align::Left),
        ("医院 Hosp.", Align::Right),
        ("预算 Budget", Align::Right),
        ("预留 Reserve", Align::Right),
        ("点数 Points", Align::Right),
        ("固定点值 Fixed", Align::Right),
        ("浮动点值 Floating", Align::Right),
        ("支付 Paid", Align::Right),
        ("余额 Residual", Align::Right),
        ("原因 Reason", Align::Left),
    ]);
    for pool in &summary.pools {
        let settled = &pool.settlement;
        table.row([
            pool.id.clone(),
            settled.hospitals.len().to_string(),
            money(settled.budget),
            money(settled.reserve),
            points(settled.points),
            value(&settled.fixed_value),
            value(&settled.floating_value),
            money(settled.paid),
            money(settled.residual),
            settled.residual_reason.code().to_owned(),
        ]);
    }
    table.render()
}

/// The hospitals of all pools, each pool's by what they are paid, `most` of each pool.
pub(crate) fn hospitals_table(summary: &SettleSummary, most: usize) -> String {
    let mut table = Layout::new(&[
        ("基金池 Pool", Align::Left),
        ("医院 Hospital", Align::Left),
        ("级别 Level", Align::Left),
        ("病例 Cases", Align::Right),
        ("点数 Points", Align::Right),
        ("基准 Baseline", Align::Right),
        ("增量 Increment", Align::Right),
        ("支付 Payment", Align::Right),
    ]);
    for pool in &summary.pools {
        let mut hospitals: Vec<&HospitalPayment> = pool.settlement.hospitals.iter().collect();
        hospitals.sort_by_key(|hospital| std::cmp::Reverse(hospital.payment));
        for hospital in hospitals.into_iter().take(most) {
            table.row(hospital_row(summary, pool, hospital));
        }
    }
    table.render()
}

fn hospital_row(
    summary: &SettleSummary,
    pool: &PoolReport,
    hospital: &HospitalPayment,
) -> [String; 8] {
    let known = summary.hospitals.get(&hospital.hospital_id);
    let (name, level) = known.cloned().unwrap_or_default();
    [
        pool.id.clone(),
        format!("{} {name}", hospital.hospital_id),
        level,
        grouped_digits(&hospital.cases.to_string()),
        points(hospital.points),
        points(hospital.baseline_points),
        points(hospital.increment_points),
        money(hospital.payment),
    ]
}

pub(super) fn money(amount: Yuan) -> String {
    grouped_digits(&amount.to_string())
}

pub(super) fn points(points: Points) -> String {
    grouped_digits(&points.to_string())
}

/// A point value as published; an empty text when it does not fit.
fn value(value: &PointValue) -> String {
    let published = value.published(VALUE_PLACES, Rounding::HalfAwayFromZero);
    published.map(|value| value.to_string()).unwrap_or_default()
}

/// Everything, for programs; amounts are texts, so that no digit is lost.
pub(crate) fn json(command: &str, output: &Path, summary: &SettleSummary) -> Value {
    let pools: Vec<Value> = summary.pools.iter().map(pool_json).collect();
    json!({
        "command": command,
        "output": output.display().to_string(),
        "period": summary.period,
        "rows": summary.rows,
        "quarantined": quarantine_json(summary.quarantined),
        "outcomes": outcomes_json(&summary.outcomes),
        "classes": summary.classes,
        "findings": findings_json(&summary.findings),
        "pools": pools,
        "units": summary.units.iter().map(units::share_json).collect::<Vec<Value>>(),
        "unit_totals": summary.unit_totals.by_pool.iter().map(units::total_json).collect::<Vec<Value>>(),
        "months_without_entry": summary.months_without_entry,
        "policy_warnings": summary.policy_warnings,
        "checks_not_asked": not_asked_json(&summary.checks_not_asked),
        "prepaid": summary.prepaid.iter().map(|row| json!({
            "pool": row.pool,
            "hospital_id": row.hospital_id,
            "earned": row.earned.to_string(),
            "prepaid": row.prepaid.to_string(),
            "debt": row.debt.to_string(),
        })).collect::<Vec<Value>>(),
        "cleared": summary.cleared.iter().map(|row| json!({
            "pool": row.pool,
            "hospital_id": row.hospital_id,
            "payment": row.payment.to_string(),
            "adjustments": row.adjustments.to_string(),
            "due": row.due.to_string(),
            "prepaid": row.prepaid.to_string(),
            "advanced": row.advanced.to_string(),
            "clearing": row.clearing.to_string(),
        })).collect::<Vec<Value>>(),
    })
}

fn pool_json(pool: &PoolReport) -> Value {
    let settled = &pool.settlement;
    let hospitals: Vec<Value> = settled.hospitals.iter().map(hospital_json).collect();
    json!({
        "pool": pool.id,
        "region": pool.region,
        "insurance": pool.insurance,
        "budget": settled.budget.to_string(),
        "reserve": settled.reserve.to_string(),
        "distributable": settled.distributable.to_string(),
        "points": settled.points.to_string(),
        "fixed_value": value(&settled.fixed_value),
        "fixed_share": value(&settled.fixed_share),
        "floating_value": value(&settled.floating_value),
        "paid": settled.paid.to_string(),
        "residual": settled.residual.to_string(),
        "residual_reason": settled.residual_reason.code(),
        "hospitals": hospitals,
    })
}

fn hospital_json(hospital: &HospitalPayment) -> Value {
    json!({
        "hospital_id": hospital.hospital_id,
        "cases": hospital.cases,
        "points": hospital.points.to_string(),
        "payment": hospital.payment.to_string(),
    })
}
