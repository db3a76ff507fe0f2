//! Policies that must be refused, each with its exact message.

use drgdip_tables::{FileSet, Policy};
use std::borrow::Cow;
use std::fs;
use std::path::{Path, PathBuf};

const SOURCES: &str = include_str!("../cases/policies/SOURCES.toml");

fn bad_files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases/policies/bad");
    let entries = fs::read_dir(folder).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty());
    paths
}

fn load(text: &str, sources: &str) -> Result<Policy, String> {
    let file = |path: &str, text: &str| (path.to_owned(), Cow::Owned(text.as_bytes().to_vec()));
    let files = [file("p.toml", text), file("p/SOURCES.toml", sources)];
    Policy::load(&FileSet::in_memory("bad", files)).map_err(|error| error.to_string())
}

/// The first line of each bad file is the message that it must give.
#[test]
fn every_bad_policy_is_refused_with_its_place_and_what_to_do() {
    let mut wrong = Vec::new();
    for path in bad_files() {
        let text = fs::read_to_string(&path).unwrap();
        let expected = text.lines().next().unwrap().trim_start_matches("# ");
        let found = load(&text, SOURCES)
            .err()
            .unwrap_or_else(|| "no error".to_owned());
        if found != expected {
            wrong.push(format!("{}\n  {found}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

const EXAMPLE: &str = include_str!("../../policies/example-2026.toml");
const EXAMPLE_SOURCES: &str = include_str!("../../policies/example-2026/SOURCES.toml");

/// The example policy with one passage replaced must give this message.
#[track_caller]
fn check_changed(from: &str, to: &str, expected: &str) {
    assert!(EXAMPLE.contains(from), "the example has no {from:?}");
    let found = load(&EXAMPLE.replacen(from, to, 1), EXAMPLE_SOURCES).unwrap_err();
    assert_eq!(found, expected);
}

/// Takes a whole parameter out of the example policy.
fn entry(key: &str) -> &'static str {
    let start = EXAMPLE.find(&format!("[[{key}]]")).unwrap();
    let rest = &EXAMPLE[start..];
    &rest[..rest.find("\n\n").unwrap() + 2]
}

#[test]
fn a_choice_asks_for_the_parameters_that_it_needs() {
    check_changed(
        entry("case.high.added_share"),
        "",
        "bad/p.toml, case.high.added_share: the policy needs this parameter on 2026-01-01; \
         add [[case.high.added_share]] with from, source and a value",
    );
    check_changed(
        "value = \"hospitals_input\"",
        "value = \"level\"",
        "bad/p.toml, coefficient.by_level: the policy needs this parameter on 2026-01-01; \
         add [[coefficient.by_level]] with from, source and a value",
    );
    let uniform = EXAMPLE.replace("value = \"baseline_increment\"", "value = \"uniform\"");
    let without = uniform.replace(entry("value.baseline_increment.residual_rule"), "");
    assert!(load(&without, EXAMPLE_SOURCES).is_ok());
}

#[test]
fn a_choice_that_begins_later_asks_for_its_parameters_from_that_day() {
    check_changed(
        "value = \"hospitals_input\"",
        "until = \"2026-06-30\"\nvalue = \"hospitals_input\"\nsource = \"model\"\n\n\
         [[coefficient.from]]\nfrom = \"2026-07-01\"\nvalue = \"level\"",
        "bad/p.toml, coefficient.by_level: the policy needs this parameter on 2026-07-01; \
         add [[coefficient.by_level]] with from, source and a value",
    );
}

#[test]
fn cut_offs_that_cross_are_refused() {
    let line = EXAMPLE
        .lines()
        .position(|line| line == "[[case.low.threshold]]")
        .unwrap()
        + 1;
    check_changed(
        "less_than = \"0.35\"",
        "less_than = \"1.3\"",
        &format!(
            "bad/p.toml, line {line}, case.low.threshold: the low-cost cut-off 1.3 reaches the \
             high-cost one 1.3; a case cannot be both"
        ),
    );
}

#[test]
fn a_date_before_or_after_the_policy_is_refused_with_its_range() {
    let dated = EXAMPLE.replacen(
        "from = \"2026-01-01\"",
        "from = \"2026-01-01\"\nuntil = \"2026-12-31\"",
        1,
    );
    let policy = load(&dated, EXAMPLE_SOURCES).unwrap();
    for (date, is_inside) in [
        (jiff::civil::date(2025, 12, 31), false),
        (jiff::civil::date(2026, 1, 1), true),
        (jiff::civil::date(2026, 12, 31), true),
        (jiff::civil::date(2027, 1, 1), false),
    ] {
        let message = format!(
            "bad/p.toml: the policy has no values for {date}; it holds from 2026-01-01 until \
             2026-12-31"
        );
        match policy.at(date) {
            Ok(_) => assert!(is_inside, "{date}"),
            Err(error) => assert_eq!((error.to_string(), is_inside), (message, false)),
        }
    }
}

#[test]
fn each_entry_holds_up_to_its_last_day() {
    let changed = EXAMPLE.replacen(
        "value = \"100\"\n",
        "until = \"2026-06-30\"\nvalue = \"100\"\nunit = \"points per weight\"\n\
         source = \"model\"\n\n[[points.scale]]\nfrom = \"2026-07-01\"\nvalue = \"1000\"\n",
        1,
    );
    let policy = load(&changed, EXAMPLE_SOURCES).unwrap();
    let scale = |month, day| {
        policy
            .at(jiff::civil::date(2026, month, day))
            .unwrap()
            .case
            .scale
    };
    assert_eq!((scale(1, 1), scale(6, 30), scale(7, 1)), (100, 100, 1000));
}

#[test]
fn the_files_of_a_policy_must_be_there_and_be_text() {
    let file = |path: &str, bytes: &[u8]| (path.to_owned(), Cow::Owned(bytes.to_vec()));
    let message = |files: Vec<(String, Cow<'static, [u8]>)>| {
        Policy::load(&FileSet::in_memory("bad", files))
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        message(vec![file("p.toml", b"")]),
        "bad/p/SOURCES.toml: the file is missing"
    );
    assert_eq!(
        message(vec![]),
        "bad: a policy needs exactly one TOML file beside its folder of tables; there are 0"
    );
    assert_eq!(
        message(vec![file("p.toml", b"\xff"), file("p/SOURCES.toml", b"")]),
        "bad/p.toml: the file is not UTF-8 text; save it as UTF-8"
    );
}

#[test]
fn the_sources_are_checked_too() {
    let message = |sources: &str| load(EXAMPLE, sources).unwrap_err();
    let twice = format!("{SOURCES}\n{SOURCES}");
    assert_eq!(
        message(&twice),
        "bad/p/SOURCES.toml, line 7, sources: the source \"model\" stands twice; keep one"
    );
    assert_eq!(
        message(&SOURCES.replace("reliability = \"model\"", "reliability = \"sure\"")),
        "bad/p/SOURCES.toml, line 5, sources: \"sure\" is none of the choices; write one of \
         official, third_party, recalled, model"
    );
    assert_eq!(
        message(&SOURCES.replace("title = \"A choice made for these tests\"\n", "")),
        "bad/p/SOURCES.toml, line 1, sources: the field \"title\" is missing or empty; fill it in"
    );
    assert_eq!(
        message("source = \"model\""),
        "bad/p/SOURCES.toml, line 1, source: no parameter has this key; correct its spelling or \
         take it out"
    );
}

#[test]
fn the_listing_names_value_unit_dates_and_source() {
    let policy = load(EXAMPLE, EXAMPLE_SOURCES).unwrap();
    let rows = policy.describe(jiff::civil::date(2026, 10, 31)).unwrap();
    let show = |key: &str| {
        let row = rows.iter().find(|row| row.key == key).unwrap();
        format!(
            "{} | {:?} | {} | {}",
            row.value, row.unit, row.from, row.source.tag
        )
    };
    assert_eq!(
        show("points.scale"),
        "100 | Some(\"points per weight\") | 2026-01-01 | S-DRGX"
    );
    assert_eq!(
        show("case.high.thresholds"),
        "weight at_least 0: more_than 3.0; weight at_least 1: more_than 2.5; \
         weight at_least 2: more_than 2.0; weight at_least 3: more_than 1.5; \
         weight at_least 5: more_than 1.3 | Some(\"multiple of reference cost\") | 2026-01-01 | \
         S-DRGX"
    );
    assert_eq!(
        show("case.ungrouped"),
        "by_cost, discount 0.7 | Some(\"ratio\") | 2026-01-01 | S-NODE"
    );
    assert_eq!(
        show("value.baseline_increment.season_share"),
        "1/1 | Some(\"share of prior points\") | 2026-01-01 | MODEL"
    );
}

/// Every bundled policy on every day on which something changes in it.
#[test]
fn every_bundled_policy_loads_and_resolves_and_uses_each_of_its_sources() {
    let ids = FileSet::bundled_policies();
    assert!(ids.contains(&"zhejiang-2020") && ids.contains(&"shanghai-model"));
    for id in ids {
        let policy = Policy::load(&FileSet::bundled_policy(id).unwrap()).unwrap();
        assert_eq!(policy.id(), id);
        let mut used = std::collections::BTreeSet::new();
        for day in policy.changes() {
            let terms = policy.at(day).unwrap();
            drgdip_points::award::CaseRules::new(&terms.case).unwrap();
            used.extend(
                policy
                    .describe(day)
                    .unwrap()
                    .into_iter()
                    .map(|row| row.source.key),
            );
        }
        let stated = policy.sources().iter().map(|source| source.key.clone());
        let unused: Vec<String> = stated.filter(|key| !used.contains(key)).collect();
        assert!(unused.is_empty(), "{id} uses no value from {unused:?}");
    }
}
