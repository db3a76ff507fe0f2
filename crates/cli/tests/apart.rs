//! Outputs that would take the place of what is read are refused, and nothing is lost.

use assert_cmd::Command;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// The exit code and standard error.
fn drgdip(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let mut command = Command::cargo_bin("drgdip").unwrap();
    let output = command.current_dir(folder).args(arguments).output();
    let output = output.unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap(), text)
}

fn month() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let synth = ["synth", "--cases", "300", "-q", "-o", "claims.parquet"];
    assert_eq!(drgdip(folder.path(), &synth).0, 0);
    folder
}

const SETTLE: [&str; 4] = ["settle", "--policy", "example-2026", "-q"];
const GROUP: [&str; 4] = ["group", "--plan", "chs-drg-1.1", "-q"];

#[track_caller]
fn refused(folder: &Path, arguments: &[&str], says: &str) {
    let (code, text) = drgdip(folder, arguments);
    assert_eq!(code, 2, "{arguments:?}: {text}");
    assert!(text.contains(says), "{text}");
}

#[test]
fn a_run_never_replaces_what_it_reads() {
    let month = month();
    let folder = month.path();
    let claims = fs::read(folder.join("claims.parquet")).unwrap();
    let settle = |more: &[&'static str]| [&SETTLE[..], more].concat();
    let group = |more: &[&'static str]| [&GROUP[..], more].concat();

    refused(
        folder,
        &group(&["claims.parquet", "-o", "./claims.parquet"]),
        "the output is claims.parquet",
    );
    fs::copy(
        folder.join("claims.parquet"),
        folder.join("c.findings.parquet"),
    )
    .unwrap();
    refused(
        folder,
        &group(&["c.findings.parquet", "-o", "c.parquet"]),
        "c.findings.parquet",
    );

    // A finished run may be replaced, but not where it holds the claims, the inputs or the ledger.
    let first = settle(&["claims.parquet", "-o", "settled"]);
    assert_eq!(drgdip(folder, &first).0, 0);
    fs::copy(
        folder.join("claims.parquet"),
        folder.join("settled/claims.parquet"),
    )
    .unwrap();
    let inside = settle(&[
        "settled/claims.parquet",
        "--inputs",
        "claims-inputs",
        "-o",
        "settled",
    ]);
    refused(
        folder,
        &inside,
        "the output holds settled/claims.parquet, which is read",
    );
    let inputs = settle(&[
        "claims.parquet",
        "--inputs",
        "settled/basis/inputs",
        "-o",
        "settled",
    ]);
    refused(folder, &inputs, "the output holds settled/basis/inputs/");
    fs::create_dir(folder.join("settled/ledger")).unwrap();
    let ledger = settle(&[
        "claims.parquet",
        "--ledger",
        "settled/ledger",
        "-o",
        "settled",
    ]);
    refused(
        folder,
        &ledger,
        "the output holds settled/ledger, which is read",
    );
    let check = ["check", "settled/claims.parquet", "-q", "-o", "settled"];
    refused(folder, &check, "the output holds settled/claims.parquet");
    assert_eq!(fs::read(folder.join("claims.parquet")).unwrap(), claims);
    assert!(folder.join("settled/ledger").is_dir());
}

#[test]
fn a_conversion_never_replaces_its_source() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("claims.csv"), "case_id,sex\n1,1\n").unwrap();
    let convert = ["convert", "claims.csv", "-o", "claims.csv"];
    refused(folder, &convert, "the output is claims.csv, which is read");
    let kept = fs::read(folder.join("claims.csv")).unwrap();
    assert_eq!(kept, b"case_id,sex\n1,1\n");
}

#[test]
fn a_ledger_that_is_made_in_the_output_is_refused_before_it_is_lost() {
    let month = month();
    let own = ["claims.parquet", "--ledger", "out/ledger", "-o", "out"];
    refused(month.path(), &[&SETTLE[..], &own].concat(), "out/ledger");
    assert!(!month.path().join("out").exists());
}

#[cfg(unix)]
#[test]
fn an_output_that_is_a_link_is_refused() {
    let month = month();
    let folder = month.path();
    fs::write(folder.join("kept"), "kept").unwrap();
    std::os::unix::fs::symlink("kept", folder.join("out.parquet")).unwrap();
    let own = ["claims.parquet", "-o", "out.parquet"];
    refused(
        folder,
        &[&GROUP[..], &own].concat(),
        "the output is a link.",
    );
    assert_eq!(fs::read(folder.join("kept")).unwrap(), b"kept");
}

#[test]
fn a_folder_of_claims_says_what_it_holds_beside_them_and_may_take_the_output() {
    let month = month();
    let folder = month.path();
    fs::create_dir_all(folder.join("in/late")).unwrap();
    for name in ["in/a.parquet", "in/late/b.parquet"] {
        fs::copy(folder.join("claims.parquet"), folder.join(name)).unwrap();
    }
    fs::write(folder.join("in/late.csv"), "case_id\n1\n").unwrap();
    let group = [
        "group",
        "in",
        "--plan",
        "chs-drg-1.1",
        "-o",
        "in/out.parquet",
    ];
    for _ in 0..2 {
        let (code, text) = drgdip(folder, &group);
        assert_eq!(code, 0, "{text}");
        assert!(text.contains("in/late.csv"), "{text}");
        assert!(text.contains("in/**/*.parquet"), "{text}");
        let manifest = fs::read_to_string(folder.join("in/out.manifest.json")).unwrap();
        let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
        assert_eq!(manifest["rows"], 300);
        assert_eq!(manifest["passed_over"].as_array().map(Vec::len), Some(2));
    }
}
