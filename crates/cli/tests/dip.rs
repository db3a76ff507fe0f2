//! The commands with a DIP plan.

use assert_cmd::Command;

const TINY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/dip-tiny");

/// What a command prints, and its exit code.
fn drgdip(arguments: &[&str]) -> (String, Option<i32>) {
    let mut command = Command::cargo_bin("drgdip").expect("the command");
    let output = command.args(arguments).output().expect("it runs");
    let text = [output.stdout, output.stderr].concat();
    (
        String::from_utf8(text).expect("UTF-8"),
        output.status.code(),
    )
}

fn json(arguments: &[&str]) -> serde_json::Value {
    let (text, code) = drgdip(arguments);
    assert_eq!(code, Some(0), "{text}");
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn explain_shows_layer_candidates_and_tie_break() {
    let case = [
        "explain",
        "--plan",
        TINY,
        "--principal",
        "I25.103",
        "--op",
        "36.0600",
        "--op",
        "00.2400",
        "--age",
        "50",
    ];
    let (text, code) = drgdip(&case);
    assert_eq!(code, Some(0), "{text}");
    for line in [
        "Layer basic: 2 rows take the case",
        "  taken: JC002, by the tie-break most_related (the most related procedures)",
        "基本病种：符合的病种 2 个",
    ] {
        assert!(text.lines().any(|found| found == line), "{text}");
    }
    let explained = json(&[&case[..], &["--json"]].concat());
    let grouping = &explained["cases"][0]["grouping"];
    assert_eq!(grouping["group"], "JC002");
    assert_eq!(grouping["layer"], "basic");
    assert!(grouping["mdc"].is_null() && grouping["severity"].is_null());
}

#[test]
fn tables_show_and_check_take_a_dip_plan_and_diff_refuses_it() {
    let shown = json(&["tables", "show", TINY, "--json"]);
    assert_eq!(shown["tie_break"], "national-3.0");
    assert_eq!(shown["layers"][3]["groups"], 8);
    let group = json(&["tables", "show", TINY, "--group", "JC001", "--json"]);
    assert_eq!(group["weight"], "3.0000");
    assert_eq!(group["subtypes"][1]["coefficient"], "1.6000");
    let (text, code) = drgdip(&["tables", "show", TINY, "--group", "JC001"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("  层 Layer: 基本病种 basic\n"), "{text}");
    let (text, code) = drgdip(&["tables", "show", TINY, "--group", "JC999"]);
    assert_eq!(code, Some(2), "{text}");
    let (text, code) = drgdip(&["tables", "check", TINY]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("0 条警告 warnings"), "{text}");
    let (text, code) = drgdip(&["tables", "diff", TINY, "chs-drg-1.1"]);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("one of these is a DIP plan"), "{text}");
}

#[test]
fn the_dip_demo_fills_one_folder_that_verifies_and_explains_itself() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = |arguments: &[&str]| {
        let mut command = Command::cargo_bin("drgdip").expect("the command");
        let output = command.current_dir(folder.path()).args(arguments).output();
        let output = output.expect("it runs");
        let text = String::from_utf8([output.stdout, output.stderr].concat()).expect("UTF-8");
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {text}");
        text
    };
    let demo = run(&["demo", "--dip", "-o", "demo", "--cases", "3000"]);
    assert!(demo.contains("990100-employee-dip"), "{demo}");
    let verified = run(&["verify", "demo"]);
    assert!(
        verified.contains("全部一致 Everything adds up."),
        "{verified}"
    );
    let proposed = demo.lines().skip_while(|line| !line.starts_with("下一步"));
    let commands = proposed.filter_map(|line| line.trim().strip_prefix("drgdip "));
    let commands: Vec<Vec<&str>> = commands.map(|line| line.split(' ').collect()).collect();
    assert_eq!(commands.len(), 4, "{demo}");
    let said: Vec<String> = commands.iter().map(|command| run(command)).collect();
    let explained = &said[2];
    for line in [
        "  病种库 catalogue: dip-example-2026",
        "  层 layer: 基本病种 basic",
        "  择优 tie-break: 唯一符合 the only row",
        "      ← 病种均次费用 the mean cost that the catalogue states",
    ] {
        assert!(explained.lines().any(|found| found == line), "{explained}");
    }
    assert!(!explained.contains("不符 differences"), "{explained}");
    let by = [
        "--policy",
        "example-dip-2026",
        "--year",
        "2026",
        "-o",
        "supervised",
    ];
    let told = run(&[&["supervise", "demo/claims.parquet"], &by[..]].concat());
    assert!(told.contains("二次入院 Readm."), "{told}");
    run(&["verify", "supervised"]);
}

#[test]
fn a_history_of_years_becomes_a_catalogue_that_can_group_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (history, catalogue) = (path("h.parquet"), path("catalogue"));
    let made = [
        "synth",
        "--cases",
        "8000",
        "--years",
        "2024-2025",
        "-o",
        &history,
    ];
    let (text, code) = drgdip(&made);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("wrote 16000 claims"), "{text}");
    let (first, second) = (path("h-2024.parquet"), path("h-2025.parquet"));
    let grown = ["catalogue", &first, &second, "--policy", "example-dip-2026"];
    let (text, code) = drgdip(&[&grown[..], &["--year", "2026", "-o", &catalogue]].concat());
    assert_eq!(code, Some(0), "{text}");
    let out = path("grouped.parquet");
    let grouped = json(&[
        "group", &second, "--plan", &catalogue, "-o", &out, "--json", "-q",
    ]);
    assert_eq!(grouped["rows"], 8_000, "{grouped}");
    let cases = grouped["outcomes"]["grouped/group_rule"].as_u64();
    assert!(cases > Some(6_000), "{grouped}");
}

#[test]
fn a_case_by_its_facts_is_priced_with_its_subtype_and_the_mean_cost_of_its_group() {
    let case = [
        "explain",
        "--plan",
        TINY,
        "--principal",
        "I25.103",
        "--op",
        "36.0600",
        "--age",
        "50",
        "--icu-hours",
        "60",
        "--policy",
        "example-dip-2026",
        "--level",
        "3",
        "--cost",
        "48000",
    ];
    let explained = json(&[&case[..], &["--json", "-q"]].concat());
    let money = &explained["cases"][0]["money"];
    assert_eq!(money["subtype"], "icu.short");
    assert_eq!(money["auxiliary"], "1.600000");
    assert_eq!(money["reference_cost"], "30000.00");
    assert_eq!(money["case_class"], "normal");
    // 3,000 × 1.6 × 1.0374.
    assert_eq!(money["points"], "4979.5200");
}

#[test]
fn a_dip_folder_whose_cases_are_those_of_another_run_is_a_difference() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (demo, other) = (path("demo"), path("other"));
    let (text, code) = drgdip(&["demo", "--dip", "-o", &demo, "--cases", "1500"]);
    assert_eq!(code, Some(0), "{text}");
    let (_, proposed) = text.split_once("--case-id ").expect("a case to explain");
    let case = proposed.split_whitespace().next().expect("its id");
    let explain = ["explain", "--settled", &demo, "--case-id", case];
    let (text, code) = drgdip(&explain);
    assert_eq!(code, Some(0), "{text}");
    let (text, code) = drgdip(&["demo", "--dip", "-o", &other, "--cases", "1400"]);
    assert_eq!(code, Some(0), "{text}");
    let cases = |run: &str| folder.path().join(run).join("cases.parquet");
    std::fs::copy(cases("other"), cases("demo")).expect("a copy");
    let (text, code) = drgdip(&explain);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("不符 differences"), "{text}");
}
