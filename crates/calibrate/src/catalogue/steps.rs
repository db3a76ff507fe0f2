//! What each step took in and gave on.

use super::groups::{Built, GroupLayer};
use super::rest::Dropped;
use super::stems::Stems;
use super::{CatalogueStep, Coverage, count};
use crate::Calibration;

/// The counts of all steps, in their order.
pub(super) fn all(
    stems: &Stems,
    (built, calibration): (&Built, &Calibration),
    (used, threshold, dropped): (Coverage, u64, Dropped),
) -> Vec<CatalogueStep> {
    let groups = |is_meant: &dyn Fn(GroupLayer) -> bool| {
        count(
            built
                .groups
                .iter()
                .filter(|group| is_meant(group.layer))
                .count(),
        )
    };
    let large = stems.stems.iter().filter(|stem| stem.size() >= threshold);
    let split = built
        .groups
        .iter()
        .filter(|g| g.stem.is_some_and(|(_, related)| related));
    let joined = stems.stems.iter().filter(|stem| stem.parts.len() > 1);
    let step = |step, name, (cases_in, cases_out), reason, groups| CatalogueStep {
        step,
        name,
        cases_in,
        cases_out,
        reason,
        groups,
    };
    let all = used.total();
    let left = used.comprehensive.saturating_add(used.ungrouped);
    let few = left.saturating_sub(dropped.nameless);
    let enough = few.saturating_sub(dropped.few);
    let weighed = calibration.report.cases;
    vec![
        step(
            "S4",
            "enumerate",
            (all, stems.cases()),
            "no subcategory or no main procedure",
            count(stems.stems.len()),
        ),
        step(
            "S6",
            "merge",
            (stems.cases(), stems.cases()),
            "",
            count(joined.count()),
        ),
        step(
            "S7",
            "threshold",
            (stems.cases(), used.core),
            "fewer cases than the threshold",
            count(large.count()),
        ),
        step(
            "S5",
            "related procedures",
            (used.core, used.core),
            "",
            count(split.count()),
        ),
        step("S9", "category", (left, few), "no category", 0),
        step("S9", "comprehensive", (few, enough), "too few cases", 0),
        step(
            "S9",
            "spread",
            (enough, used.comprehensive),
            "costs spread too far",
            groups(&|layer| layer == GroupLayer::Comprehensive),
        ),
        step(
            "S3",
            "trim",
            (weighed.given, weighed.used),
            "trimmed",
            count(built.groups.len()),
        ),
        step(
            "S12",
            "weights",
            (weighed.used, weighed.used),
            "",
            calibration.report.groups.with_weight,
        ),
    ]
}
