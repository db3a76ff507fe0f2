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
        let technologies = policy.new_technologies().technologies().iter();
        used.extend(technologies.map(|technology| technology.source.key.clone()));
        let stated = policy.sources().iter().map(|source| source.key.clone());
        let unused: Vec<String> = stated.filter(|key| !used.contains(key)).collect();
        assert!(unused.is_empty(), "{id} uses no value from {unused:?}");
    }
}

fn bundled(id: &str) -> Policy {
    Policy::load(&FileSet::bundled_policy(id).unwrap()).unwrap()
}

/// The steps of a policy: key, size, and the words.
fn steps(policy: &Policy) -> Vec<(&'static str, String, String)> {
    let step = |warning: drgdip_tables::policy::PolicyWarning| {
        (
            warning.key,
            warning.step.normalize().to_string(),
            warning.message,
        )
    };
    policy.warnings().into_iter().map(step).collect()
}

#[test]
fn a_step_at_the_low_threshold_is_told_with_its_size() {
    let found = steps(&bundled("jining"));
    assert_eq!(
        found[0],
        (
            "case.low.threshold",
            "0.5".to_owned(),
            "a case at 0.5 of the reference cost earns 0.5 of the base points, one beyond earns \
             all of them: a step of 0.5; with a coefficient of 1.1 a step of 0.6"
                .to_owned()
        )
    );
    assert_eq!(
        found[1],
        (
            "case.high.limit",
            "-3".to_owned(),
            "a case just above 5 times the reference cost earns the normal points again: a step \
             of -3 of the base points"
                .to_owned()
        )
    );
    assert_eq!(found.len(), 2);
}

#[test]
fn a_deduction_with_a_coefficient_above_one_is_told_with_its_drop() {
    let sizes: Vec<_> = steps(&bundled("zhoukou-2026"))
        .into_iter()
        .filter(|step| step.0 == "case.high.rule")
        .map(|step| step.1)
        .collect();
    // K × (1 − k) with k = 1.1 for the bands 3, 2.5, 2, 1.5 and 1.3.
    assert_eq!(sizes, ["-0.3", "-0.25", "-0.2", "-0.15", "-0.13"]);
}

#[test]
fn a_capped_case_steps_up_and_an_added_one_does_not() {
    let high = |id: &str| -> Vec<String> {
        let is_high = |step: &(&str, String, String)| step.0.starts_with("case.high");
        let steps = steps(&bundled(id)).into_iter().filter(is_high);
        steps.map(|step| step.1).collect()
    };
    assert_eq!(high("panjin"), ["2", "1.5", "1", "0.5", "0.3"]);
    assert!(high("dazhou").is_empty());
    assert!(high("taian").is_empty());
}

#[test]
fn the_step_of_the_largest_coefficient_of_the_levels_is_told() {
    let levels = "value = \"level\"\nsource = \"model\"\n\n[[coefficient.by_level]]\n\
                  from = \"2026-01-01\"\nvalues = { \"3\" = \"1.08\", \"2\" = \"0.95\" }\n\
                  unit = \"ratio\"";
    let text = EXAMPLE.replacen("value = \"hospitals_input\"", levels, 1);
    let found = steps(&load(&text, EXAMPLE_SOURCES).unwrap());
    assert_eq!(found.len(), 1);
    assert!(
        found[0]
            .2
            .ends_with("with the largest coefficient, 1.08, a step of 0.73"),
        "{}",
        found[0].2
    );
}

/// Base points are weights times the scale, so the bands of 100 and 200 points at a scale of 300
/// begin at no weight of four places.
#[test]
fn bands_by_base_points_are_those_of_the_weights_that_reach_them() {
    use drgdip_points::award::CaseRules;
    let bands = "bands = [\n    { points_at_least = \"0\", more_than = \"3\" },\n    \
                 { points_at_least = \"100\", more_than = \"2.5\" },\n    \
                 { points_more_than = \"201\", more_than = \"2\" },\n]";
    let start = EXAMPLE.find("bands = [").unwrap();
    let end = start + EXAMPLE[start..].find("\n]").unwrap() + 2;
    let text = EXAMPLE.replace(&EXAMPLE[start..end], bands);
    let text = text.replacen("value = \"100\"", "value = \"300\"", 1);
    let policy = load(&text, EXAMPLE_SOURCES).unwrap();
    let terms = policy.at(jiff::civil::date(2026, 10, 31)).unwrap().case;
    let rules = CaseRules::new(&terms).unwrap();
    let multiple = |weight: &str| {
        let price = rules.price(weight.parse().unwrap()).unwrap();
        price.high_multiple().to_string()
    };
    for (weight, expected) in [
        ("0.3333", "3.000000"),
        ("0.3334", "2.500000"),
        ("0.6700", "2.500000"),
        ("0.6701", "2.000000"),
    ] {
        assert_eq!(multiple(weight), expected, "{weight}");
    }
}

#[test]
fn the_band_of_a_kept_surplus_is_told_with_the_size_of_its_step() {
    let bands = [
        added(
            "clearing.hospital.keep_from",
            "value = \"0.8\"",
            "multiple of payable",
        ),
        added("clearing.hospital.below_pays", "value = \"1\"", "ratio"),
        added(
            "clearing.hospital.share_until",
            "value = \"1.1\"",
            "multiple of payable",
        ),
        added(
            "clearing.hospital.fund_share",
            "value = \"0.7\"",
            "share of overspending",
        ),
        added("clearing.hospital.needs_approval", "value = \"yes\"", ""),
    ];
    let text = EXAMPLE.to_owned() + &bands.concat();
    let found = steps(&load(&text, EXAMPLE_SOURCES).unwrap());
    let expected = (
        "clearing.hospital.keep_from",
        "0.2".to_owned(),
        "a hospital whose cost is just below 0.8 of its payable is due 0.8 of it, one from there \
         on the whole: a step of 0.2 of the payable"
            .to_owned(),
    );
    assert_eq!(found.last(), Some(&expected));
    // Paid 1.25 times below the band, a hospital meets no step there.
    let smooth = text.replace(&bands[1], &bands[1].replace("\"1\"", "\"1.25\""));
    let found = steps(&load(&smooth, EXAMPLE_SOURCES).unwrap());
    assert!(
        found
            .iter()
            .all(|step| step.0 != "clearing.hospital.keep_from")
    );
}

#[test]
fn a_share_for_baselines_beside_the_advice_is_told_with_its_distance() {
    let found = |share: &str| -> Vec<String> {
        let entries = [
            added(
                "value.baseline_increment.calibration",
                "value = \"budget_share\"",
                "",
            ),
            added(
                "value.baseline_increment.budget_share",
                &format!("value = \"{share}\""),
                "share of budget",
            ),
        ];
        let text = EXAMPLE.to_owned() + &entries.concat();
        let steps = steps(&load(&text, EXAMPLE_SOURCES).unwrap()).into_iter();
        let is_share =
            |step: &(&str, String, String)| step.0 == "value.baseline_increment.budget_share";
        steps
            .filter(is_share)
            .map(|step| format!("{}: {}", step.1, step.2))
            .collect()
    };
    assert_eq!(
        found("0.85"),
        ["0.05: the baselines earn 0.85 of the budget; the DIP 3.0 draft advises 0.7 to 0.8"]
    );
    assert_eq!(
        found("0.6"),
        ["-0.1: the baselines earn 0.6 of the budget; the DIP 3.0 draft advises 0.7 to 0.8"]
    );
    assert!(found("0.7").is_empty() && found("0.8").is_empty());
}

#[test]
fn a_class_that_is_paid_at_cost_needs_the_rule_that_knows_its_cost() {
    let names = |names: &str| added("case.at_cost", &format!("names = {{ {names} }}"), "");
    check_added(
        &[],
        &[names("low = \"低倍率\"")],
        "case.low.rule: \"RATIO\" is none of the choices; write one of BY_ACTUAL, since \
         case.at_cost names low",
    );
    check_added(
        &[],
        &[names("normal = \"正常\"")],
        "case.at_cost: \"normal\" is none of the choices; write one of low, high, review",
    );
    check_added(
        &[],
        &[names("review = \"特例单议\"")],
        &asked("case.review.value"),
    );
}
