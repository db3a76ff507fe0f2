//! What the manifest of a settlement says.

use super::setting::Setting;
use super::{SettleJob, SettleSummary};
use crate::manifest::Manifest;
use drgdip_claims::Yuan;
use drgdip_points::pool::PoolSettlement;
use serde_json::json;
use std::collections::BTreeMap;

/// What the manifest of a settlement says beside plan, claims and outputs.
pub(super) fn describe(
    manifest: &mut Manifest,
    job: &SettleJob<'_>,
    setting: &Setting<'_>,
    summary: &SettleSummary,
) {
    let files: BTreeMap<&str, &str> = job
        .policy_files
        .iter()
        .map(|(name, hash)| (name.as_str(), hash.as_str()))
        .collect();
    manifest.set(
        "policy",
        json!({ "id": setting.terms.policy, "files": files }),
    );
    let inputs = job
        .inputs
        .files
        .iter()
        .map(|file| json!({ "file": file.path, "rows": file.rows, "sha256": file.sha256 }));
    manifest.set("settlement_inputs", inputs.collect());
    manifest.set("period", json!(summary.period));
    if let Some(rules) = &job.checks {
        manifest.set("checks", rules.described());
    }
    if !summary.months_without_entry.is_empty() {
        manifest.set("months_without_entry", json!(summary.months_without_entry));
    }
    if !summary.policy_warnings.is_empty() {
        manifest.set("policy_warnings", json!(summary.policy_warnings));
    }
    manifest.counts(summary.rows, &summary.outcomes, &summary.findings);
    manifest.set("case_classes", json!(summary.classes));
    let total = |amount: fn(&PoolSettlement) -> Yuan| {
        let fen: i128 = summary
            .pools
            .iter()
            .map(|pool| i128::from(amount(&pool.settlement).fen()))
            .sum();
        Yuan::try_from_fen(fen).map_or_else(|_| format!("{fen} fen"), |yuan| yuan.to_string())
    };
    manifest.set(
        "money",
        json!({
            "budget": total(|s| s.budget),
            "reserve": total(|s| s.reserve),
            "distributable": total(|s| s.distributable),
            "paid": total(|s| s.paid),
            "residual": total(|s| s.residual),
        }),
    );
}
