use super::*;
use crate::code_set::CodeKind;
use drgdip_claims::Sex;
use drgdip_claims::check::CodeTraits;
use std::borrow::Cow;

fn bundled() -> ClaimChecks {
    ClaimChecks::load("basic").unwrap().0
}

/// The bundled checks with one file changed.
fn changed(path: &str, change: impl Fn(&str) -> String) -> Result<ClaimChecks, Error> {
    let files = FileSet::bundled_checks("basic").unwrap();
    let file = |(name, bytes): (&str, &[u8])| {
        let text = std::str::from_utf8(bytes).unwrap();
        let text = if name == path {
            change(text)
        } else {
            text.to_owned()
        };
        (name.to_owned(), Cow::Owned(text.into_bytes()))
    };
    let files: Vec<_> = files.iter().map(file).collect();
    read::checks(&FileSet::in_memory("mine", files))
}

#[test]
fn the_bundled_checks_state_the_usual_level_of_every_rule() {
    let text = FileSet::bundled_checks("basic").unwrap();
    let text = String::from_utf8(text.get("checks.toml").unwrap().to_vec()).unwrap();
    let checks = bundled();
    for rule in Rule::ALL {
        assert!(
            text.contains(&format!("\n{} = ", rule.code())),
            "{}",
            rule.code()
        );
        assert_eq!(checks.level(*rule), Some(rule.usual()), "{}", rule.code());
    }
}

#[test]
fn the_longest_beginning_of_a_code_speaks() {
    let checks = changed("sex.csv", |_| {
        "kind,begins,sex\ndiagnosis,X,male\ndiagnosis,X1,any\ndiagnosis,X12,female\n".to_owned()
    });
    let codes = checks.unwrap().codes;
    let sex = |code| codes.traits(CodeKind::Diagnosis, code).sex;
    assert_eq!(sex("X2"), Some(Sex::Male));
    assert_eq!(sex("X"), Some(Sex::Male));
    assert_eq!(sex("X10.5"), None);
    assert_eq!(sex("X12.5"), Some(Sex::Female));
    assert_eq!(sex("男"), None);
    assert_eq!(sex(""), None);
    let procedure = codes.traits(CodeKind::Procedure, "X2");
    assert_eq!(procedure, CodeTraits::default());
}

#[test]
fn the_bundled_tables_know_what_their_sources_say() {
    let codes = bundled().codes;
    let diagnosis = |code| codes.traits(CodeKind::Diagnosis, code);
    assert_eq!(diagnosis("C61.x00").sex, Some(Sex::Male));
    assert_eq!(diagnosis("N80.000").sex, Some(Sex::Female));
    assert_eq!(diagnosis("I21.001"), CodeTraits::default());
    let delivery = diagnosis("O80.000");
    assert_eq!(delivery.companion.as_deref(), Some("Z37"));
    assert_eq!(
        (delivery.at_least_years, delivery.below_years),
        (Some(10), Some(60))
    );
    assert!(diagnosis("R96.000").means_death);
    assert_eq!(diagnosis("P22.000").newborn_below_days, Some(366));
    let hours = |code| codes.traits(CodeKind::Procedure, code).ventilator_hours;
    assert_eq!(hours("96.7101"), Some((1, 96)));
    assert_eq!(hours("96.7200"), Some((96, i64::MAX)));
}

#[test]
fn levels_and_limits_are_data() {
    let checks = changed("checks.toml", |text| {
        text.replace(
            "q15_uploaded_late = \"warn\"",
            "q15_uploaded_late = \"off\"",
        )
        .replace("q39_principal_acquired = \"warn\"\n", "")
        .replace("tolerance = \"0.01\"", "tolerance = \"0.10\"")
    });
    let checks = checks.unwrap();
    assert_eq!(checks.level(Rule::UploadedLate), None);
    assert_eq!(
        checks.level(Rule::PrincipalAcquired),
        Some(FindingSeverity::Warn)
    );
    assert_eq!(checks.limits.tolerance_fen, 10);
    assert_eq!(checks.limits.share_above, 9_500);
    assert_eq!(checks.limits.extreme_share, 10);
}

#[track_caller]
fn refused(path: &str, change: impl Fn(&str) -> String, expected: &str) {
    let error = changed(path, change).unwrap_err();
    assert_eq!(error.to_string(), expected);
}

#[test]
fn faults_are_errors_with_file_line_and_key() {
    refused(
        "checks.toml",
        |text| {
            text.replace(
                "q15_uploaded_late = \"warn\"",
                "q15_uploaded_late = \"wrn\"",
            )
        },
        "mine/checks.toml, line 24, q15_uploaded_late: \"wrn\" is no level; write reject, warn, \
         repaired or off",
    );
    refused(
        "checks.toml",
        |text| text.replace("q15_uploaded_late", "q15_late"),
        "mine/checks.toml, line 24, q15_late: there is no such rule; write q15_uploaded_late",
    );
    refused(
        "checks.toml",
        |text| text.replace("share_above = \"0.95\"", "share_above = \"1.5\""),
        "mine/checks.toml, line 58, share_above: \"1.5\" is no share from 0 to 1 with at most \
         four decimals",
    );
    refused(
        "death.csv",
        |text| format!("{text}R98\n"),
        "mine/death.csv, line 9: the beginning R98 stands in an earlier row too",
    );
    refused(
        "newborn.csv",
        |text| text.replace("A33,29", "A33,soon"),
        "mine/newborn.csv, line 2: CSV deserialize error: record 1 (line: 2, byte: 18): field 1: \
         invalid digit found in string",
    );
}

#[test]
fn a_folder_without_checks_is_refused() {
    let error = read::checks(&FileSet::in_memory("mine", [])).unwrap_err();
    assert_eq!(error.to_string(), "mine/checks.toml: the file is missing");
}
