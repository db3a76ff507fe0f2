use super::*;
use crate::files::FileSet;
use crate::policy::Policy;
use crate::policy::sources::Sources;
use jiff::civil::date;
use std::borrow::Cow;
use std::fs;
use std::path::Path;

const SOURCES: &str = include_str!("../../../../../tests/cases/policies/SOURCES.toml");

fn load(text: &str) -> Result<TechnologyRegistry, String> {
    let file = |path: &str, text: &str| (path.to_owned(), Cow::Owned(text.as_bytes().to_vec()));
    let files = [
        file("p/new-technology.toml", text),
        file("p/SOURCES.toml", SOURCES),
    ];
    let files = FileSet::in_memory("bad", files);
    let sources = Sources::load(&files, "p/SOURCES.toml").expect("the sources");
    TechnologyRegistry::load(&files, "p", &sources).map_err(|error| error.to_string())
}

/// The first line of each bad file is the message that it must give.
#[test]
fn every_bad_registry_is_refused_with_its_place_and_what_to_do() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cases/new-technology/bad");
    let mut wrong = Vec::new();
    let mut files = 0;
    for entry in fs::read_dir(folder).expect("the bad files") {
        let path = entry.expect("a bad file").path();
        let text = fs::read_to_string(&path).expect("a bad file");
        let expected = text.lines().next().expect("a first line");
        let found = load(&text).err().unwrap_or_else(|| "no error".to_owned());
        if format!("# {found}") != expected {
            wrong.push(format!("{}\n  {found}", path.display()));
        }
        files += 1;
    }
    assert!(files > 30, "{files}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Two terms of one stent, one after the other, and a gap of a year before the second.
const RENEWED: &str = r#"
[[technology]]
id = "stent"
kind = "consumable"
name = "支架"
codes = ["C2"]
from = "2026-01-01"
modes = ["raised_weight"]
weight = "2.5"
source = "model"

[[technology]]
id = "stent"
kind = "consumable"
name = "支架"
codes = ["C1", "C2"]
procedures = ["39.7"]
approved = "2021-05-06"
listed = "2022-07-08"
from = "2023-01-01"
until = "2024-12-31"
modes = ["control_exempt", "carve_out"]
cost_more_than = "2.0"
share_more_than = "0.64"
source = "model"
note = "first term"
"#;

#[track_caller]
fn check(code: &str, day: Date, expected: Option<(Validity, u64)>) {
    let registry = load(RENEWED).expect("a registry");
    let found = registry.item(code, day);
    let found = found.map(|found| (found.validity, found.technology.line));
    assert_eq!(found, expected, "{code} {day}");
}

#[test]
fn a_code_is_found_by_the_entry_that_is_valid_or_nearest_in_the_past() {
    const FIRST: u64 = 12;
    const SECOND: u64 = 2;
    let (matched, expired) = (Validity::Matched, Validity::Expired);
    check(
        "C2",
        date(2022, 12, 31),
        Some((Validity::NotYetValid, FIRST)),
    );
    check("C2", date(2023, 1, 1), Some((matched, FIRST)));
    check("C2", date(2024, 12, 31), Some((matched, FIRST)));
    check("C2", date(2025, 1, 1), Some((expired, FIRST)));
    check("C2", date(2025, 12, 31), Some((expired, FIRST)));
    check("C2", date(2026, 1, 1), Some((matched, SECOND)));
    check("C2", date(2099, 1, 1), Some((matched, SECOND)));
    check("C1", date(2026, 1, 1), Some((expired, FIRST)));
    check("39.7", date(2024, 1, 1), None);
    check("c2", date(2024, 1, 1), None);
}

#[test]
fn an_entry_has_what_its_file_states() {
    let registry = load(RENEWED).expect("a registry");
    let found = registry
        .procedure("39.7", date(2024, 6, 1))
        .expect("a match");
    assert_eq!(found.validity.word(), "matched");
    let technology = found.technology;
    assert_eq!(technology.kind, TechnologyKind::Consumable);
    assert_eq!(technology.items, ["C1", "C2"]);
    assert_eq!(technology.approved, Some(date(2021, 5, 6)));
    assert_eq!(technology.listed, Some(date(2022, 7, 8)));
    assert_eq!(technology.modes(), ["carve_out", "control_exempt"]);
    let terms = CarveOutTerms {
        cost_more_than: Decimal::new(2, 0),
        share_more_than: Decimal::new(64, 2),
    };
    assert_eq!(technology.pay, Some(TechnologyPay::CarveOut(terms)));
    assert_eq!(technology.source.key, "model");
    assert_eq!(technology.note.as_deref(), Some("first term"));
    let raised = TechnologyPay::RaisedWeight(RaisedWeight::Weight(Decimal::new(25, 1)));
    assert_eq!(registry.technologies()[0].pay, Some(raised));
    assert!(!registry.technologies()[0].is_control_exempt);
}

#[test]
fn a_policy_without_the_file_has_an_empty_registry() {
    let files = FileSet::bundled_policy("zhejiang-2020").expect("a bundled policy");
    let policy = Policy::load(&files).expect("a policy");
    let registry = policy.new_technologies();
    assert!(registry.is_empty() && registry.file().is_empty());
    assert_eq!(registry.item("C1", date(2026, 1, 1)), None);
}

/// The example in the manual is read as it stands there.
#[test]
fn the_example_of_the_manual_is_a_registry() {
    let page = include_str!("../../../../../policies/new-technology.md");
    let mut blocks = page.split("```toml\n").skip(1);
    let example = blocks.next().expect("an example");
    let example = example.split("```").next().expect("the end of the example");
    let registry = load(example).expect("a registry");
    let modes: Vec<_> = registry
        .technologies()
        .iter()
        .flat_map(Technology::modes)
        .collect();
    for mode in MODES {
        assert!(modes.contains(&mode), "the manual has no example of {mode}");
        assert!(
            page.contains(&format!("`{mode}`")),
            "the manual does not explain {mode}"
        );
    }
    assert!(blocks.next().is_none());
}
