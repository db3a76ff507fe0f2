//! The demo has every payment unit, its report shows them, and one case of each is explained.

use drgdip_batch::explain::explain_case;
use drgdip_batch::verify::verify;
use drgdip_batch::{DemoJob, SettleSummary, Silent, UnitTotal, demo};
use drgdip_claims::Yuan;
use drgdip_points::Points;
use drgdip_tests::{example_policy, national};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::OnceLock;
use tempfile::TempDir;

struct Made {
    settled: SettleSummary,
    out: PathBuf,
    _folder: TempDir,
}

/// A small demo, made once.
fn made() -> &'static Made {
    static MADE: OnceLock<Made> = OnceLock::new();
    MADE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("demo");
        let job = DemoJob {
            cases: 8_000,
            seed: 1,
            plan: national(),
            claims_plan: None,
            policy: &example_policy(),
            period: "2026-10",
            out: &out,
            threads: Some(2),
        };
        let settled = demo(&job, &Silent).unwrap().settled;
        Made {
            settled,
            out,
            _folder: folder,
        }
    })
}

fn of(unit: &str) -> Vec<&'static UnitTotal> {
    let totals = made().settled.unit_totals.by_pool.iter();
    totals.filter(|total| total.unit == unit).collect()
}

#[test]
fn every_unit_of_cases_has_points_or_an_amount_on_a_line() {
    for unit in ["by_group", "bed_day", "day_surgery", "tcm"] {
        let paid = |total: &&UnitTotal| total.points > Points::ZERO && total.cases > 0;
        assert!(of(unit).iter().any(paid), "{unit}");
    }
    for unit in [
        "single_disease",
        "item",
        "negotiated_drugs",
        "new_technology",
    ] {
        let paid = |total: &&UnitTotal| total.on_line > Yuan::ZERO && total.cases > 0;
        assert!(of(unit).iter().any(paid), "{unit}");
    }
    let added = of("new_technology");
    assert!(added.iter().any(|total| total.extra_points > Points::ZERO));
}

#[test]
fn the_lines_of_people_stand_beside_those_of_cases() {
    let lines: BTreeSet<&str> = made().settled.units.iter().map(|u| u.line).collect();
    for line in [
        "negotiated_drugs",
        "new_technology",
        "single_disease",
        "item",
        "chronic_packages",
        "home_beds",
        "capitation",
        "family_doctor",
    ] {
        assert!(lines.contains(line), "{line} is not among {lines:?}");
    }
}

#[test]
fn the_demo_adds_up_and_its_units_are_its_pools() {
    let made = made();
    let verified = verify(&made.out, &Silent).unwrap();
    assert!(verified.mismatches.is_empty(), "{:?}", verified.mismatches);
    for pool in &made.settled.pools {
        let totals = made.settled.unit_totals.by_pool.iter();
        let units: Vec<_> = totals.filter(|total| total.pool == pool.id).collect();
        let points: i64 = units.iter().map(|u| u.points.ten_thousandths()).sum();
        let paid = Yuan::total(units.iter().map(|u| u.payment)).unwrap();
        assert_eq!(points, pool.settlement.points.ten_thousandths());
        assert_eq!(paid, pool.settlement.paid);
    }
}

#[test]
fn one_case_of_every_unit_is_explained_without_a_difference() {
    let made = made();
    let mut seen = BTreeSet::new();
    for example in &made.settled.unit_totals.examples {
        let explained = explain_case(&made.out, &example.case_id, &[], &Silent).unwrap();
        let differences = &explained[0].differences;
        assert!(differences.is_empty(), "{example:?}: {differences:?}");
        seen.insert(example.decision);
    }
    let expected = [
        "add_on_points",
        "by_efficacy",
        "by_unit",
        "carved_out",
        "on_line",
        "raised_weight",
        "switched",
    ];
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), expected);
}
