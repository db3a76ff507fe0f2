//! The demo has every payment unit, its report shows them, and one case of each is explained.

mod tampered;

use drgdip_batch::explain::explain_case;
use drgdip_batch::verify::verify;
use drgdip_batch::{DemoJob, SettleSummary, Silent, UnitTotal, demo};
use drgdip_claims::Yuan;
use drgdip_points::Points;
use drgdip_tests::{example_policy, national};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use tampered::tamper;
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

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        match path.is_dir() {
            true => copy(&path, &target),
            false => drop(fs::copy(&path, &target).unwrap()),
        }
    }
}

/// What is computed again does not come from the tables that it is compared with.
#[test]
fn a_changed_number_of_any_unit_is_a_difference() {
    let made = made();
    let folder = tempfile::tempdir().unwrap();
    let mut tampered = BTreeSet::new();
    for example in &made.settled.unit_totals.examples {
        let (case_id, unit) = (example.case_id.as_str(), example.unit);
        let changed = match example.decision {
            "carved_out" | "on_line" => ("lines.parquet", "asked"),
            _ if matches!(unit, "single_disease" | "item") => ("lines.parquet", "amount"),
            _ => ("cases.parquet", "points"),
        };
        let out = folder.path().join(format!("{unit}-{}", example.decision));
        copy(&made.out, &out);
        tamper(&out, changed, case_id);
        let explained = explain_case(&out, case_id, &[], &Silent).unwrap();
        let differences = &explained[0].differences;
        assert!(!differences.is_empty(), "{example:?}, {changed:?}");
        tampered.insert((unit, example.decision));
    }
    assert!(tampered.len() >= 10, "{tampered:?}");
}

/// The claim of the demo is in its folder; without it a step says so, and nothing is guessed.
#[test]
fn without_its_claim_a_unit_is_not_computed_again() {
    let made = made();
    let mut examples = made.settled.unit_totals.examples.iter();
    let example = examples
        .find(|example| example.unit == "day_surgery")
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("demo");
    copy(&made.out, &out);
    fs::remove_file(out.join("claims.parquet")).unwrap();
    let explained = explain_case(&out, &example.case_id, &[], &Silent).unwrap();
    assert!(explained[0].differences.is_empty());
    let steps = explained[0].parts.iter().flat_map(|part| &part.steps);
    let mut said = steps.map(|step| step.arithmetic.as_str());
    assert!(said.any(|text| text.contains("needs the claim")));
}
