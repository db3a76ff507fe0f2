//! What each step took in and gave on.

use super::groups::{Built, CatalogueGroup, GroupLayer};
use super::rest::Dropped;
use super::stems::Stems;
use super::{CatalogueStep, Coverage, count};
use crate::Calibration;

/// Step, name, cases in and out, why the others stay behind, groups.
type Row = (&'static str, &'static str, (u64, u64), &'static str, u64);

/// The counts of all steps, in their order.
pub(super) fn all(
    stems: &Stems,
    (built, calibration): (&Built, &Calibration),
    (used, threshold, dropped): (Coverage, u64, Dropped),
) -> Vec<CatalogueStep> {
    let groups = &built.groups;
    let rest = groups
        .iter()
        .filter(|group| group.layer == GroupLayer::Comprehensive);
    let rest = count(rest.count());
    let is_split = |group: &&CatalogueGroup| group.stem.is_some_and(|(_, related)| related);
    let split = count(groups.iter().filter(is_split).count());
    let large = stems.stems.iter().filter(|stem| stem.size() >= threshold);
    let large = count(large.count());
    let joined = count(stems.stems.iter().filter(|s| s.parts.len() > 1).count());
    let (all, with_stem, core) = (used.total(), stems.cases(), used.core);
    let left = used.comprehensive.saturating_add(used.ungrouped);
    let named = left.saturating_sub(dropped.nameless);
    let enough = named.saturating_sub(dropped.few);
    let trimmed = calibration.report.cases;
    let weighed = calibration.report.groups.with_weight;
    let nothing_lost = |cases| (cases, cases);
    let no_stem = "no subcategory or no main procedure";
    let few = "fewer cases than the threshold";
    let rows: [Row; 9] = [
        (
            "S4",
            "enumerate",
            (all, with_stem),
            no_stem,
            count(stems.stems.len()),
        ),
        ("S6", "merge", nothing_lost(with_stem), "", joined),
        ("S7", "threshold", (with_stem, core), few, large),
        ("S5", "related procedures", nothing_lost(core), "", split),
        ("S9", "category", (left, named), "no category", rest),
        (
            "S9",
            "comprehensive",
            (named, enough),
            "too few cases",
            rest,
        ),
        (
            "S9",
            "spread",
            (enough, used.comprehensive),
            "costs spread too far",
            rest,
        ),
        (
            "S3",
            "trim",
            (trimmed.given, trimmed.used),
            "trimmed",
            count(groups.len()),
        ),
        ("S12", "weights", nothing_lost(trimmed.used), "", weighed),
    ];
    rows.into_iter().map(step).collect()
}

fn step((step, name, (cases_in, cases_out), reason, groups): Row) -> CatalogueStep {
    CatalogueStep {
        step,
        name,
        cases_in,
        cases_out,
        reason,
        groups,
    }
}
