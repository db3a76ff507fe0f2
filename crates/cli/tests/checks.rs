//! Checks of claims that a policy names, and what is said where a name leads nowhere.

use assert_cmd::Command;
use serde_json::Value;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// The exit code, standard output and standard error.
fn drgdip(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::cargo_bin("drgdip").unwrap();
    let output = command
        .current_dir(folder)
        .args(arguments)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let code = output.status.code().unwrap();
    (code, text(output.stdout), text(output.stderr))
}

#[track_caller]
fn succeeds(folder: &Path, arguments: &[&str]) -> String {
    let (code, stdout, stderr) = drgdip(folder, arguments);
    assert_eq!(code, 0, "{stderr}");
    stdout
}

/// What a command that fails says, on one line.
#[track_caller]
fn fails(folder: &Path, arguments: &[&str], expected: i32) -> String {
    let (code, _, stderr) = drgdip(folder, arguments);
    assert_eq!(code, expected, "{stderr}");
    stderr.replace("\n  ", " | ").trim_end().to_owned()
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

const EXAMPLE: &str = "example-2026";
const RULE: &str = "q52_low_standard_admission";

/// A month of claims beside the example policy, which names these checks too.
fn month(more: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let policies = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies");
    let text = fs::read_to_string(policies.join("example-2026.toml")).unwrap();
    let own = folder.path().join(EXAMPLE);
    fs::write(own.with_extension("toml"), text + more).unwrap();
    fs::create_dir(&own).unwrap();
    for name in ["SOURCES.toml", "hospitals.csv"] {
        fs::copy(policies.join(EXAMPLE).join(name), own.join(name)).unwrap();
    }
    let synth = ["synth", "--cases", "1500", "-q", "-o", "claims.parquet"];
    succeeds(folder.path(), &synth);
    folder
}

fn stated(key: &str, from: &str, value: &str) -> String {
    format!("\n[[{key}]]\nfrom = \"{from}\"\nvalue = \"{value}\"\nsource = \"model\"\n")
}

fn settle(folder: &Path, out: &str, more: &[&str]) -> Value {
    let own = ["settle", "--policy", "example-2026.toml"];
    let claims = ["claims.parquet", "-q", "--json", "-o", out];
    succeeds(folder, &[&own[..], &claims, more].concat());
    json(&folder.join(out).join("manifest.json"))
}

/// The copy of the bundled checks with one level changed.
fn own_checks(folder: &Path, level: &str) {
    let bundled = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies/checks/basic");
    fs::create_dir_all(folder).unwrap();
    for entry in fs::read_dir(bundled).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, folder.join(path.file_name().unwrap())).unwrap();
    }
    let path = folder.join("checks.toml");
    let text = fs::read_to_string(&path).unwrap();
    let (usual, other) = (
        format!("{RULE} = \"warn\""),
        format!("{RULE} = \"{level}\""),
    );
    assert!(text.contains(&usual));
    fs::write(&path, text.replace(&usual, &other)).unwrap();
}

#[test]
fn a_policy_names_the_checks_of_a_settlement_and_makes_a_warning_reject() {
    let use_basic = stated("checks.use", "2026-01-01", "basic");
    let level = format!("checks.levels.{RULE}");
    // The other level holds only after the month.
    let until = "\n[[checks.levels.q30_sex_conflict]]\nfrom = \"2026-11-01\"\nvalue = \"off\"\n\
                 source = \"model\"\n";
    let folder = month(&(use_basic + &stated(&level, "2026-10-31", "reject") + until));
    let folder = folder.path();
    let rejected = |manifest: &Value| manifest["findings"]["check_rejected"].as_u64().unwrap_or(0);

    let by_policy = settle(folder, "by-policy", &[]);
    let checks = &by_policy["checks"];
    assert_eq!(checks["id"], "basic");
    assert_eq!(checks["policy"], EXAMPLE);
    assert_eq!(checks["levels"][RULE], "reject");
    assert_eq!(checks["levels"]["q51_readmitted"], "warn");
    assert_eq!(checks["levels"]["q30_sex_conflict"], "reject");
    assert!(folder.join("by-policy/checks.parquet").exists());

    // The command line comes before the policy; two claims of the month break the rule.
    let by_command = settle(folder, "by-command", &["--checks", "basic"]);
    assert_eq!(by_command["checks"]["policy"], Value::Null);
    assert_eq!(by_command["checks"]["levels"][RULE], "warn");
    assert_eq!(rejected(&by_policy), rejected(&by_command) + 2);

    let shown = succeeds(
        folder,
        &["policy", "show", "example-2026.toml", "--at", "2026-10-31"],
    );
    assert!(shown.contains("checks.use = basic\n"), "{shown}");
    assert!(
        shown.contains(&format!("{level} = reject\n  from 2026-10-31")),
        "{shown}"
    );
    assert!(!shown.contains("q30_sex_conflict"));
}

#[test]
fn checks_beside_the_policy_come_before_bundled_ones() {
    let folder = month(&stated("checks.use", "2026-01-01", "basic"));
    own_checks(&folder.path().join("basic"), "off");
    let manifest = settle(folder.path(), "settled", &[]);
    assert_eq!(manifest["checks"]["levels"][RULE], "off");
    // They are kept with what else the settlement was made by.
    let kept = |name: &str| fs::read(folder.path().join(name).join("checks.toml")).unwrap();
    assert_eq!(kept("settled/basis/checks"), kept("basic"));
    succeeds(folder.path(), &["verify", "settled"]);
}

#[test]
fn checks_that_a_policy_cannot_have_are_refused_with_line_and_key() {
    let line = |folder: &TempDir| {
        let text = fs::read_to_string(folder.path().join("example-2026.toml")).unwrap();
        1 + text
            .lines()
            .position(|line| line.starts_with("[[checks"))
            .unwrap()
    };
    let check = ["policy", "check", "example-2026.toml"];
    let folder = month(&stated("checks.use", "2027-01-01", "nowhere"));
    assert_eq!(
        fails(folder.path(), &check, 4),
        format!(
            "error: there are no checks \"nowhere\": no folder of that name stands beside the \
             policy, and bundled are basic | where: ./example-2026.toml, line {}, checks.use",
            line(&folder)
        )
    );
    let folder = month(&stated("checks.use", "2026-01-01", "../basic"));
    assert_eq!(
        fails(folder.path(), &check, 4),
        format!(
            "error: \"../basic\" leads out of the folder of the policy; put the checks into it and \
             name them by their path in it | where: ./example-2026.toml, line {}, checks.use",
            line(&folder)
        )
    );
    let level = format!("checks.levels.{RULE}");
    let folder = month(&stated(&level, "2026-01-01", "off"));
    assert_eq!(
        fails(folder.path(), &check, 4),
        format!(
            "error: the policy names no checks on 2026-01-01 whose level this could be; add \
             [[checks.use]] with from, source and a value | where: ./example-2026.toml, line {}, \
             {level}",
            line(&folder)
        )
    );
}

#[test]
fn a_name_that_leads_nowhere_is_told_with_the_bundled_ones() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    assert_eq!(
        fails(
            folder,
            &["check", "c.parquet", "--checks", "nope", "-o", "out"],
            4
        ),
        "error: there are no such checks; give the path of a folder with checks.toml, or one of \
         the bundled checks: basic | where: nope"
    );
    let plan = fails(
        folder,
        &["group", "c.parquet", "--plan", "./nope", "-o", "out"],
        4,
    );
    assert!(plan.contains("give the path of a plan folder or one of the bundled plans: "));
    let policy = fails(
        folder,
        &["settle", "c.parquet", "--policy", "nope", "-o", "out"],
        4,
    );
    assert!(policy.contains("Give the path of its TOML file, or one of the bundled policies: "));

    let group = [
        "group",
        "c.parquet",
        "--plan",
        "a",
        "--tables",
        "plans",
        "-o",
        "out",
    ];
    let tables = fails(folder, &group, 4);
    assert!(tables.contains("a folder for each plan. Name such a folder with --tables"));
    assert!(tables.ends_with("where: plans/COVERAGE.toml"), "{tables}");
    let tables = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../grouper-tables");
    fs::create_dir(folder.join("plans")).unwrap();
    fs::copy(
        tables.join("COVERAGE.toml"),
        folder.join("plans/COVERAGE.toml"),
    )
    .unwrap();
    let missing = fails(folder, &group, 4);
    let said = "the folder of plans has no folder of this name; its COVERAGE.toml names ";
    assert!(missing.contains(said), "{missing}");
    assert!(missing.ends_with("where: plans/a"), "{missing}");
}

#[test]
fn a_coefficient_by_level_asks_for_the_level() {
    let folder = tempfile::tempdir().unwrap();
    let case = [
        "explain",
        "--plan",
        "dip-example-2026",
        "--principal",
        "I25.103",
    ];
    let money = ["--policy", "example-dip-2026", "--cost", "100"];
    let said = fails(folder.path(), &[&case[..], &money].concat(), 2);
    assert!(said.contains("State one with --level: "), "{said}");
    let said = fails(
        folder.path(),
        &[&case[..], &money, &["--level", "9"]].concat(),
        2,
    );
    assert!(
        said.contains("no coefficient for the level \"9\""),
        "{said}"
    );
}

#[test]
fn a_missing_column_is_told_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("claims.csv"), "case_id,sex\n1,1\n").unwrap();
    succeeds(
        folder,
        &["convert", "claims.csv", "-q", "-o", "claims.parquet"],
    );
    let group = [
        "group",
        "claims.parquet",
        "--plan",
        "chs-drg-1.1",
        "-o",
        "out.parquet",
    ];
    let said = fails(folder, &group, 3);
    assert!(
        said.contains("the file lacks age_years (or age), principal_diagnosis"),
        "{said}"
    );
    assert!(
        said.contains("what to do: Name the columns so, or by the national names"),
        "{said}"
    );
    assert!(said.contains("`drgdip convert`"), "{said}");
}
