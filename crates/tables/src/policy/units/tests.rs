use super::*;
use crate::error::Error;
use crate::files::FileSet;
use crate::policy::{Policy, PolicyAt};
use jiff::civil::date;
use rust_decimal::Decimal;
use std::borrow::Cow;

const PAGE: &str = include_str!("../../../../../policies/units.md");
const EXAMPLE: &str = include_str!("../../../../../policies/example-2026.toml");
const SOURCES: &str = include_str!("../../../../../policies/example-2026/SOURCES.toml");

/// The example policy without units, and these files in its folder of units.
fn load(units: &[(&str, &str)]) -> Result<Policy, Error> {
    load_with(EXAMPLE, units)
}

fn load_with(policy: &str, units: &[(&str, &str)]) -> Result<Policy, Error> {
    let bytes = |text: &str| Cow::Owned(text.as_bytes().to_vec());
    let mut files = vec![
        ("p.toml".to_owned(), bytes(policy)),
        ("p/SOURCES.toml".to_owned(), bytes(SOURCES)),
    ];
    for (name, text) in units {
        files.push((format!("p/units/{name}"), bytes(text)));
    }
    Policy::load(&FileSet::in_memory("bad", files))
}

/// The fenced examples of the page: all TOML as one file, and each table by its name.
fn page() -> Vec<(String, String)> {
    let mut toml = String::new();
    let mut files = Vec::new();
    for block in PAGE.split("\n```").skip(1).step_by(2) {
        let (head, text) = block.split_once('\n').unwrap();
        match head.split_once(' ') {
            None if head == "toml" => toml += &format!("{text}\n"),
            Some(("csv", name)) => files.push((name.to_owned(), format!("{text}\n"))),
            _ => panic!("{head:?} is no example"),
        }
    }
    files.push(("all.toml".to_owned(), toml));
    files
}

fn of_page(change: impl Fn(&str, &str) -> String) -> Result<Policy, Error> {
    let files = page();
    let changed: Vec<(String, String)> = files
        .iter()
        .map(|(name, text)| (name.clone(), change(name, text)))
        .collect();
    let borrowed: Vec<(&str, &str)> = changed
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    load(&borrowed)
}

fn at(policy: &Policy, day: jiff::civil::Date) -> PolicyAt {
    policy.at(day).unwrap()
}

fn dec(text: &str) -> Decimal {
    Decimal::from_str_exact(text).unwrap()
}

#[test]
fn the_examples_of_the_page_are_a_policy_with_every_unit() {
    let policy = of_page(|_, text| text.to_owned()).unwrap();
    let units = at(&policy, date(2026, 6, 1)).units;
    assert_eq!(units.line_surplus, Some(LineSurplus::Reserve));
    let negotiated = units.negotiated.unwrap();
    assert_eq!(negotiated.fund_shares["employee"], dec("0.8"));
    let drug = &negotiated.drugs["XN01A000001"];
    assert_eq!(drug.last_day, date(2027, 12, 31));
    let tcm = units.tcm.unwrap();
    assert_eq!(tcm.pairs["BNG080"].window_days, 180);
    assert_eq!(tcm.grades.len(), 4);
    assert_eq!(tcm.tail, TcmTail::Accrued);
    let bed_day = units.bed_day.unwrap();
    assert_eq!(bed_day.pays, Pays::Points);
    assert_eq!(bed_day.switch_after, Some(60));
    let third = BedDayKind {
        care: "rehabilitation".to_owned(),
        level: "3".to_owned(),
    };
    assert_eq!(bed_day.stages[&third][1].day_fen, 32_000);
    assert_eq!(units.day_surgery.unwrap().own_groups.len(), 1);
    let single = units.single_disease.unwrap();
    assert_eq!(single.quotas[&("GE15".to_owned(), "3".to_owned())], 680_000);
    assert_eq!(units.item, Some(Pays::Line(Overrun::ProRata)));
    let capitation = units.capitation.unwrap();
    assert_eq!(capitation.rates["old"].rate_fen, 520_000);
    assert_eq!(capitation.stop_loss_fen, Some(20_000_000));
    let community = units.community.unwrap();
    assert_eq!(community.packages["diabetes"].month_fen, 8_500);
    assert_eq!(community.home_bed_pays, Pays::Line(Overrun::ProRata));
    assert_eq!(units.family_doctor.unwrap().rate_fen, 13_000);
}

#[test]
fn the_page_names_every_parameter_and_table() {
    for key in keys() {
        let is_known = PAGE.contains(&format!("`{}`", key.name));
        let is_overrun = key.name.ends_with(".overrun");
        assert!(is_known || is_overrun, "{} is missing", key.name);
        let example = format!("[[{}]]", key.name);
        assert!(PAGE.contains(&example), "{example} has no example");
    }
    for line in Line::ALL {
        assert!(PAGE.contains(&format!("`{}`", line.code())));
        assert_eq!(Line::find(line.code()), Some(line));
    }
}

#[test]
fn the_example_city_has_the_units_of_the_page() {
    let bundled = FileSet::bundled_policy("example-2026").unwrap();
    let example = Policy::load(&bundled).unwrap();
    let page = of_page(|_, text| text.to_owned()).unwrap();
    let day = date(2026, 6, 1);
    assert_eq!(at(&example, day).units, at(&page, day).units);
}

#[test]
fn a_policy_shows_its_units_with_file_and_line() {
    let policy = of_page(|_, text| text.to_owned()).unwrap();
    let values = policy.describe(date(2026, 6, 1)).unwrap();
    let find = |key: &str| values.iter().find(|value| value.key == key).unwrap();
    let share = find("unit.tcm.upfront_share");
    assert_eq!(share.value, "0.7");
    assert_eq!(share.file, "bad/p/units/all.toml");
    let pair = find("unit.tcm.pairing (table)");
    assert_eq!(
        pair.value,
        "disease BGG000, title 骨折病, group IF49, share 0.8, window_days 90"
    );
    assert_eq!(
        (pair.file.as_str(), pair.line),
        ("bad/p/units/tcm-pairing.csv", 2)
    );
    assert_eq!(find("points.scale").file, "bad/p.toml");
}

#[test]
fn the_window_of_a_drug_closes_after_three_years_or_earlier() {
    let policy = of_page(|_, text| text.to_owned()).unwrap();
    let drugs = |day| {
        let drugs = at(&policy, day).units.negotiated.unwrap().drugs;
        drugs.into_keys().collect::<Vec<_>>()
    };
    assert_eq!(drugs(date(2026, 12, 31)), ["XN01A000001", "XN01A000002"]);
    assert_eq!(drugs(date(2027, 1, 1)), ["XN01A000001"]);
    assert_eq!(drugs(date(2027, 12, 31)), ["XN01A000001"]);
    assert!(drugs(date(2028, 1, 1)).is_empty());
}

#[test]
fn a_policy_without_units_does_nothing_of_them() {
    let policy = load(&[]).unwrap();
    let units = at(&policy, date(2026, 6, 1)).units;
    assert_eq!(units, UnitTerms::default());
}

/// The first line of each bad file is the message that it must give, with `#` before it; then
/// come the files of units, each after a line with `---` and its name.
#[test]
fn every_bad_file_of_units_is_refused_with_its_place_and_what_to_do() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/cases/units/bad");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    assert!(paths.len() > 20, "the bad files are there");
    let mut wrong = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap();
        let mut parts = text.split("\n--- ");
        let expected = parts.next().unwrap().trim_start_matches("# ").to_owned();
        let files: Vec<(&str, &str)> = parts.map(|part| part.split_once('\n').unwrap()).collect();
        let found = load(&files).map_or_else(|error| error.to_string(), |_| "no error".to_owned());
        if found != expected {
            wrong.push(format!("{}\n  {found}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_empty_place_of_a_unit_asks_for_what_it_needs() {
    let switches = [
        "unit.negotiated_drugs.overrun",
        "unit.tcm.upfront_share",
        "unit.capitation.reserve_share",
        "unit.community.home_bed",
        "unit.community.bed_day_care",
        "unit.family_doctor.rate",
    ];
    for key in switches {
        let entry = example_entry(key);
        let error = load(&[("one.toml", &entry)]).unwrap_err().to_string();
        let is_asked = error.contains("the policy needs this parameter on 2026-01-01")
            || error.contains("the parameter needs a row of units/");
        assert!(is_asked, "{key}: {error}");
    }
}

/// The example of a parameter on the page.
fn example_entry(key: &str) -> String {
    let start = PAGE.find(&format!("[[{key}]]")).unwrap();
    let rest = &PAGE[start..];
    let end = rest.find("\n\n").unwrap().min(rest.find("\n```").unwrap());
    format!("{}\n", &rest[..end])
}

#[test]
fn two_rules_for_bed_days_are_refused() {
    let day_cost = "[[case.bed_day.day_cost]]\nfrom = \"2026-01-01\"\nvalue = \"300.00\"\n\
                    unit = \"yuan per day\"\nsource = \"model\"\n";
    let policy = format!("{EXAMPLE}\n{day_cost}");
    let files = page();
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(n, t)| (n.as_str(), t.as_str()))
        .collect();
    let error = load_with(&policy, &files).unwrap_err().to_string();
    assert!(
        error.ends_with(
            "unit.bed_day.pays: the policy states case.bed_day.day_cost too, on 2026-01-01; pay \
             bed-days by one price or by stages"
        ),
        "{error}"
    );
}

#[test]
fn points_for_an_amount_need_the_preset_value() {
    let error = of_page(|_, text| {
        text.replace(
            "[[unit.item.pays]]\nfrom = \"2026-01-01\"\nvalue = \"line\"",
            "[[unit.item.pays]]\nfrom = \"2026-01-01\"\nvalue = \"points\"",
        )
    });
    assert_eq!(
        error.unwrap_err().to_string(),
        "bad/p.toml, points.preset_value: the policy needs this parameter on 2026-01-01; add \
         [[points.preset_value]] with from, source and a value"
    );
}

#[test]
fn what_other_parameters_say_of_community_groups_is_no_key_of_a_unit() {
    for key in ["groups", "min_cases", "trim_at"] {
        let entry = format!(
            "[[unit.community.{key}]]\nfrom = \"2026-01-01\"\nvalue = \"1\"\n\
             source = \"model\"\n"
        );
        let error = load(&[("one.toml", &entry)]).unwrap_err().to_string();
        let is_unknown = error.contains("no parameter has this key");
        assert!(is_unknown, "{key}: {error}");
    }
}

#[test]
fn care_of_the_community_by_the_day_needs_bed_days() {
    let entry = example_entry("unit.community.bed_day_care");
    let error = load(&[("one.toml", &entry)]).unwrap_err().to_string();
    assert!(
        error.contains("unit.bed_day.pays: the policy needs this parameter on 2026-01-01"),
        "{error}"
    );
}
