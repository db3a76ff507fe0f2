//! `--log json`, the summary of a run, and `--memory`.

use assert_cmd::Command;
use serde_json::Value;
use std::fs;
use std::path::Path;

/// The exit code, and every line of standard error as JSON.
fn logged(folder: &Path, arguments: &[&str]) -> (i32, Vec<Value>) {
    let mut command = Command::cargo_bin("drgdip").unwrap();
    let output = command
        .current_dir(folder)
        .args(arguments)
        .args(["--log", "json"])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    let events = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("a JSON line"));
    (output.status.code().unwrap(), events.collect())
}

fn month(folder: &Path) {
    let mut synth = Command::cargo_bin("drgdip").unwrap();
    synth
        .current_dir(folder)
        .args(["synth", "--cases", "1500", "-q", "-o", "claims.parquet"]);
    synth.assert().success();
}

#[test]
fn a_command_line_that_cannot_be_read_is_an_event_too() {
    let folder = tempfile::tempdir().unwrap();
    for wrong in [&["group"][..], &["synth", "--cases", "-1"], &["nonsense"]] {
        let (code, events) = logged(folder.path(), wrong);
        assert_eq!(code, 2, "{wrong:?}");
        let [error] = &events[..] else {
            panic!("{events:?}")
        };
        assert_eq!(
            (&error["event"], &error["exit_code"]),
            (&"error".into(), &2.into())
        );
    }
}

const GROUP: [&str; 6] = [
    "group",
    "claims.parquet",
    "--plan",
    "chs-drg-1.1",
    "-o",
    "out.parquet",
];

#[test]
fn every_line_of_a_json_log_is_an_event_and_the_last_one_sums_up() {
    let folder = tempfile::tempdir().unwrap();
    month(folder.path());
    let (code, events) = logged(folder.path(), &GROUP);
    assert_eq!(code, 0);
    let stages = events.iter().filter(|event| event["event"] == "stage");
    assert!(stages.count() > 0);
    let summary = events.last().unwrap();
    assert_eq!(summary["event"], "summary");
    assert_eq!(summary["command"], "group");
    assert_eq!(summary["rows_in"], 1_500);
    let count = |name: &str| summary[name].as_u64().unwrap();
    assert_eq!(count("grouped") + count("rejected"), 1_500);
    assert_eq!(count("quarantined"), 0);
    assert!(count("rows_per_second") > 0);
    if cfg!(target_os = "linux") {
        assert!(count("peak_memory_bytes") > 1 << 20);
    }
}

#[test]
fn an_error_is_an_event_too() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("claims.parquet"), "case_id\n1\n").unwrap();
    let (code, events) = logged(folder.path(), &GROUP);
    assert_eq!(code, 3);
    let error = events.last().unwrap();
    assert_eq!(error["event"], "error");
    assert_eq!(error["exit_code"], 3);
    assert_eq!(error["problem"], "this is no Parquet file but text.");
    assert!(error["where"].as_str().unwrap().ends_with("claims.parquet"));
}

#[test]
fn a_bound_on_memory_changes_no_byte_and_one_that_cannot_be_kept_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    month(folder.path());
    logged(folder.path(), &GROUP);
    let grouped = fs::read(folder.path().join("out.parquet")).unwrap();
    let (code, _) = logged(folder.path(), &[&GROUP[..], &["--memory", "256M"]].concat());
    assert_eq!(code, 0);
    assert_eq!(
        fs::read(folder.path().join("out.parquet")).unwrap(),
        grouped
    );
    for size in ["10M", "200M", "many", "1T"] {
        let mut command = Command::cargo_bin("drgdip").unwrap();
        command
            .current_dir(folder.path())
            .args(GROUP)
            .args(["--memory", size]);
        command.assert().code(2);
    }
}

#[test]
fn a_json_log_holds_no_tables_and_only_what_applies() {
    let folder = tempfile::tempdir().unwrap();
    month(folder.path());
    let run = |arguments: &[&str]| {
        let (code, events) = logged(folder.path(), arguments);
        assert_eq!(code, 0);
        let is_long = |event: &&Value| event["text"].as_str().is_some_and(|t| t.contains('\n'));
        assert_eq!(events.iter().find(is_long), None);
        events
    };
    let checked = run(&["check", "claims.parquet", "-o", "checked"]);
    let wrote = checked.iter().find(|event| event["event"] == "wrote");
    assert_eq!(wrote.unwrap()["output"], "checked");
    let summary = checked.last().unwrap();
    assert_eq!(summary["command"], "check");
    assert_eq!(summary.get("grouped"), None);

    let shown = run(&["demo", "--cases", "500", "-o", "demo"]);
    let summary = shown.last().unwrap();
    assert_eq!(summary["event"], "summary");
    assert_eq!(summary["command"], "demo");
    assert_eq!(summary["output"], "demo");
    let count = |name: &str| summary[name].as_u64().unwrap();
    // The demo adds claims of its own to those that it makes.
    assert!(count("rows_in") >= 500);
    assert!(count("grouped") > 0);
}

/// The peak memory of a run in bytes, as the run says it.
fn peak(folder: &Path, command: &str, more: &[&str]) -> u64 {
    let arguments: Vec<&str> = command.split(' ').chain(more.iter().copied()).collect();
    let (code, events) = logged(folder, &arguments);
    assert_eq!(code, 0, "{command}: {events:?}");
    let summary = events.last().unwrap();
    summary["peak_memory_bytes"].as_u64().expect("its peak")
}

/// Eight threads would have a file each; the bound leaves one.
#[cfg(target_os = "linux")]
#[test]
fn a_bound_on_memory_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let mut synth = Command::cargo_bin("drgdip").unwrap();
    let arguments = ["synth", "--cases", "48000", "-q", "-o", "in/claims.parquet"];
    synth.current_dir(folder.path()).args(arguments);
    synth
        .args(["--files", "8", "--inputs", "inputs"])
        .assert()
        .success();
    for command in [
        "group in --plan chs-drg-1.1 -o out.parquet",
        "settle in --policy example-2026 --inputs inputs -o settled",
        "check in --plan chs-drg-1.1 -o checked",
    ] {
        let bound = ["--threads", "8", "--memory", "256M"];
        let peak = peak(folder.path(), command, &bound);
        assert!(peak <= 256 << 20, "{command}: {} MiB", peak >> 20);
    }
}
