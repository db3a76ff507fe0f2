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
