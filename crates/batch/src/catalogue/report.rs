//! The build report as JSON.

use super::{CatalogueSummary, Subtypes};
use drgdip_calibrate::catalogue::Coverage;
use serde_json::{Map, Value, json};

fn coverage(coverage: Coverage) -> Value {
    json!({
        "core": coverage.core,
        "comprehensive": coverage.comprehensive,
        "ungrouped": coverage.ungrouped,
    })
}

/// All counts and totals.
pub(super) fn json(summary: &CatalogueSummary) -> Value {
    let catalogue = &summary.catalogue;
    let left_out: Map<String, Value> = summary
        .left_out
        .iter()
        .map(|(code, _, count)| (code.to_owned(), json!(count)))
        .collect();
    let steps = catalogue.steps.iter().map(|step| {
        json!({
            "step": step.step,
            "name": step.name,
            "in": step.cases_in,
            "out": step.cases_out,
            "reason": step.reason,
            "groups": step.groups,
        })
    });
    let report = &catalogue.calibration.report;
    let code = |group: u16| catalogue.groups[usize::from(group)].code.clone();
    let inversions = catalogue.calibration.inversions.iter();
    let inversions =
        inversions.map(|pair| json!({ "severe": code(pair.severe), "mild": code(pair.mild) }));
    let primary = catalogue
        .groups
        .iter()
        .filter(|group| group.is_primary_care);
    let mut told = json!({
        "rows": summary.rows,
        "years": summary.years,
        "left_out": left_out,
        "threshold": catalogue.threshold,
        "steps": steps.collect::<Vec<_>>(),
        "groups": catalogue.groups.len(),
        "primary_care_groups": primary.count(),
        "auxiliary": summary.subtypes.as_ref().map(Subtypes::json),
        "coverage_of_used": coverage(catalogue.used),
        "coverage_of_claims": {
            "core": catalogue.claims.core,
            "comprehensive": catalogue.claims.comprehensive,
            "ungrouped": catalogue.claims.ungrouped,
            "excluded": summary.excluded,
            "invalid": summary.invalid,
        },
        "mean_cost_fen": catalogue.calibration.mean_fen.shown(4),
        "mean_weight_before_rounding": report.mean_calculated.shown(12),
        "mean_weight": report.mean_after_rounding().map(|mean| mean.shown(12)),
        "stable": report.groups.stable + report.groups.stable_after_retrim,
        "unstable": report.groups.unstable,
        "small": report.groups.small,
        "inversions": inversions.collect::<Vec<_>>(),
        "proposals": catalogue.proposals.len(),
    });
    if let Some(missed) = report.missed() {
        told["total_weight_missed"] = json!(missed.shown(4));
    }
    told
}
