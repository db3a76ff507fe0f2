//! Cases and hospitals of months settled by every bundled policy, explained.

use drgdip_batch::explain::{Explanation, explain_case, explain_hospital};
use drgdip_batch::inputs::Inputs;
use drgdip_batch::{PreparedPolicy, Silent, find_rows, settle};
use drgdip_tables::FileSet;
use drgdip_tests::{example_policy, month, month_job, settle_month};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Means of a group, for policies that ask for them.
const GROUPS: &str =
    "group,level,hospital_id,mean_cost,stay_days,cases,cv\nZZ15,,,1000.00,5,10,0.5\n";
/// A decision about no case of the month.
const REVIEWS: &str = "case_id,decision,amount\nnobody,approved,1.00\n";

/// A bundled policy for the region of the example's hospitals.
fn in_example_region(id: &str, folder: &Path) -> PreparedPolicy {
    let policy = PreparedPolicy::load(id).unwrap().policy;
    let text = policy.text();
    let (before, regions) = text.split_once("[[pool.regions]]").unwrap();
    let (_, after) = regions.split_once("\n[[").unwrap();
    let own = "from = \"2018-01-01\"\nnames = { \"990100\" = \"示例市\" }\nsource = \"model\"\n";
    let from = policy.first_day().to_string();
    let own = own.replace("2018-01-01", &from);
    let whole = format!("{before}[[pool.regions]]\n{own}\n[[{after}");
    // One month alone has no months before it.
    let whole = whole.replace("\"year_to_date\"", "\"alone\"");
    fs::create_dir_all(folder.join(id)).unwrap();
    fs::write(folder.join(id).join("SOURCES.toml"), policy.sources_text()).unwrap();
    let path = folder.join(format!("{id}.toml"));
    fs::write(&path, whole).unwrap();
    PreparedPolicy::load(path.to_str().unwrap()).unwrap_or_else(|error| panic!("{id}: {error}"))
}

fn settle_by(id: &str, folder: &Path) {
    let policy = in_example_region(id, folder);
    let made = month(folder, 900, 5, 1);
    let (claims, inputs) = (made.claims, made.inputs);
    fs::write(inputs.join("groups.csv"), GROUPS).unwrap();
    fs::write(inputs.join("reviews.csv"), REVIEWS).unwrap();
    let units = policy
        .policy
        .at(policy.policy.first_day())
        .unwrap()
        .pools
        .units;
    if let Some(unit) = units.keys().next().filter(|_| !units.contains_key("drg")) {
        for name in ["hospitals.csv", "budgets.csv"] {
            let text = fs::read_to_string(inputs.join(name)).unwrap();
            let text = text.replace(",drg,", &format!(",{unit},"));
            fs::write(inputs.join(name), text).unwrap();
        }
    }
    let standing = example_policy().standing;
    let inputs = Inputs::read(Some(&inputs), &standing).unwrap();
    settle(
        &month_job(&claims, &policy, &inputs, &folder.join("settled")),
        &Silent,
    )
    .unwrap_or_else(|error| panic!("{id}: {error}"));
}

fn explained(out: &Path, case_id: &str) -> Explanation {
    let mut found = explain_case(out, case_id, &[], &Silent).unwrap();
    found.remove(0)
}

#[test]
fn every_class_of_every_bundled_policy_is_explained_without_a_difference() {
    for id in FileSet::bundled_policies() {
        let folder = tempfile::tempdir().unwrap();
        settle_by(id, folder.path());
        let out = folder.path().join("settled");
        let mut classes = BTreeSet::new();
        for class in [
            "normal", "low", "high", "by_cost", "bed_day", "transfer", "unpaid",
        ] {
            let cases =
                find_rows(&out.join("cases.parquet"), "case_class", class, &Silent).unwrap();
            for case in cases
                .iter()
                .filter(|case| case.contains_key("case_id"))
                .take(2)
            {
                let one = explained(&out, &case["case_id"]);
                assert!(
                    one.differences.is_empty(),
                    "{id} {class}: {:?}",
                    one.differences
                );
                assert!(!one.parts.is_empty());
                classes.insert(class);
            }
        }
        assert!(classes.contains("normal"), "{id} has {classes:?}");
        let hospitals = find_rows(&out.join("hospitals.parquet"), "level", "3", &Silent).unwrap();
        let hospital = hospitals.iter().find(|row| row["cases"] != "0").unwrap();
        let asked = (
            hospital["hospital_id"].as_str(),
            Some(hospital["pool"].as_str()),
        );
        let found = explain_hospital(&out, asked, &Silent).unwrap();
        let parts: Vec<&str> = found[0]
            .parts
            .iter()
            .map(|part| part.title.as_str())
            .collect();
        assert!(parts.len() >= 7, "{id}: {parts:?}");
    }
}

#[test]
fn a_changed_copy_of_the_policy_explains_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let made = month(folder.path(), 500, 3, 1);
    let out = folder.path().join("settled");
    settle_month(&made.claims, &made.inputs, &out, 2).unwrap();
    let rows = find_rows(&out.join("cases.parquet"), "case_class", "normal", &Silent).unwrap();
    let id = &rows[0]["case_id"];
    let one = explained(&out, id);
    assert!(one.differences.is_empty());
    let policy = out.join("basis/policy.toml");
    let text = fs::read_to_string(&policy).unwrap();
    assert_eq!(text, example_policy().policy.text());
    fs::write(&policy, text + "\n").unwrap();
    let error = explain_case(&out, id, &[], &Silent).unwrap_err();
    assert!(error.to_string().contains("sha256 differs"), "{error}");
    let missing = explain_hospital(&out, ("nobody", None), &Silent).unwrap_err();
    assert!(missing.to_string().contains("sha256 differs"), "{missing}");
}
