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
fn weighing_is_left_out_as_a_whole_or_stated_as_a_whole() {
    check_changed(
        entry("weigh.stable.cv"),
        "",
        "bad/p.toml, weigh.stable.cv: the policy needs this parameter on 2026-01-01; \
         add [[weigh.stable.cv]] with from, source and a value",
    );
    check_changed(
        "[[weigh.method]]\nfrom = \"2026-01-01\"\nvalue = \"average\"",
        "[[weigh.method]]\nfrom = \"2026-01-01\"\nvalue = \"benchmark\"",
        "bad/p.toml, weigh.benchmark: the policy needs this parameter on 2026-01-01; \
         add [[weigh.benchmark]] with from, source and a value",
    );
    let without = &EXAMPLE[..EXAMPLE.find("[[weigh.years]]").unwrap()];
    let policy = load(without, EXAMPLE_SOURCES).unwrap();
    let error = policy.weigh_at(jiff::civil::date(2026, 1, 1)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "bad/p.toml, weigh.years: the policy needs this parameter on 2026-01-01; \
         add [[weigh.years]] with from, source and a value"
    );
}

#[test]
fn fences_of_trimming_that_cross_are_refused() {
    let line = EXAMPLE
        .lines()
        .position(|line| line == "[[weigh.trim.lower_percentile]]")
        .unwrap()
        + 1;
    check_changed(
        "value = \"0.025\"",
        "value = \"0.975\"",
        &format!(
            "bad/p.toml, line {line}, weigh.trim.lower_percentile: the lower fence 0.975 reaches \
             the upper one 0.975; no case would be left"
        ),
    );
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

/// An entry that is put at the end of the example policy.
fn added(key: &str, value: &str, unit: &str) -> String {
    let unit = match unit {
        "" => String::new(),
        unit => format!("unit = \"{unit}\"\n"),
    };
    format!("\n[[{key}]]\nfrom = \"2026-01-01\"\n{value}\n{unit}source = \"model\"\n")
}

/// The example policy with entries put in and some taken out must give this message, whatever the
/// line.
#[track_caller]
fn check_added(without: &[&str], with: &[String], expected: &str) {
    let mut text = EXAMPLE.to_owned();
    for key in without {
        text = text.replace(entry(key), "");
    }
    text += &with.concat();
    let found = load(&text, EXAMPLE_SOURCES).unwrap_err();
    let (place, rest) = found.split_once(", ").unwrap();
    let rest = match rest.strip_prefix("line ") {
        Some(rest) => rest.split_once(", ").unwrap().1,
        None => rest,
    };
    assert_eq!(place, "bad/p.toml");
    assert_eq!(rest, expected);
}

/// That a parameter is asked for on the first day.
fn asked(key: &str) -> String {
    format!(
        "{key}: the policy needs this parameter on 2026-01-01; add [[{key}]] with from, source \
         and a value"
    )
}

#[test]
fn modes_of_the_point_value_ask_for_what_they_need() {
    let uniform = added("value.model", "value = \"uniform\"", "");
    let fixed = added("value.mode", "value = \"fixed\"", "");
    let elastic = added("value.mode", "value = \"elastic\"", "");
    let initial = added(
        "value.initial",
        "values = { all = \"90\" }",
        "yuan per point",
    );
    let part = added("value.elastic.fixed_part", "value = \"complexity\"", "");
    let model = ["value.model"];
    check_added(&model, &[uniform.clone(), fixed], &asked("value.initial"));
    let with = [uniform.clone(), elastic.clone(), initial.clone()];
    check_added(&model, &with, &asked("value.elastic.fixed_part"));
    let with = [uniform, elastic, initial, part];
    check_added(&model, &with, &asked("measure.complexity.weight"));
}

#[test]
fn baseline_and_increment_ask_for_what_they_need() {
    let share = "value.baseline_increment.budget_share";
    let calibration = "value.baseline_increment.calibration";
    let by_budget = added(calibration, "value = \"budget_share\"", "");
    check_added(&[], &[by_budget], &asked(share));
    let increment = "value.baseline_increment.increment";
    let subpools = added(increment, "value = \"subpools\"", "");
    check_added(
        &[],
        std::slice::from_ref(&subpools),
        &asked("value.baseline_increment.subpools"),
    );
    let shares = added(
        "value.baseline_increment.subpools",
        "values = { volume = \"0.6\", new_tech = \"0.3\" }",
        "share of increment money",
    );
    let expected = "value.baseline_increment.subpools: the shares add up to 0.9; correct them, \
                    so that they add up to 1";
    check_added(&[], &[subpools, shares], expected);
}

#[test]
fn pools_and_clearing_ask_for_what_they_need() {
    let growth = added(
        "pool.primary_care_growth.share",
        "value = \"0.01\"",
        "share of budget",
    );
    check_added(&[], &[growth], &asked("pool.primary_care_growth.drivers"));
    check_added(&["prepay.value"], &[], &asked("prepay.value"));
    let margin = |full: &str, none: &str| {
        [
            added("clearing.assessment", "value = \"margin\"", ""),
            added(
                "clearing.margin.share",
                "value = \"0.05\"",
                "share of payment",
            ),
            added(
                "clearing.margin.full_from",
                &format!("value = \"{full}\""),
                "score",
            ),
            added(
                "clearing.margin.none_until",
                &format!("value = \"{none}\""),
                "score",
            ),
        ]
    };
    let assessment = ["clearing.assessment"];
    check_added(
        &assessment,
        &margin("60", "90"),
        "clearing.margin.none_until: 90 is not below 60 of clearing.margin.full_from; correct \
         one of the two",
    );
    check_added(
        &assessment,
        &margin("90", "60")[..2],
        &asked("clearing.margin.full_from"),
    );
    let keep = added(
        "clearing.hospital.keep_from",
        "value = \"0.8\"",
        "multiple of payable",
    );
    let bands = [
        keep.clone(),
        added("clearing.hospital.below_pays", "value = \"1\"", "ratio"),
        added(
            "clearing.hospital.share_until",
            "value = \"0.9\"",
            "multiple of payable",
        ),
        added(
            "clearing.hospital.fund_share",
            "value = \"0.7\"",
            "share of overspending",
        ),
        added("clearing.hospital.needs_approval", "value = \"yes\"", ""),
    ];
    check_added(&[], &[keep], &asked("clearing.hospital.below_pays"));
    check_added(
        &[],
        &bands,
        "clearing.hospital.share_until: 0.9 makes no sense here; the number must be 1 or more",
    );
}
