//! The summaries of the checks: by rule, by hospital, by both, and what was not asked.

use super::tally::{HospitalTally, Tally};
use super::{CheckRules, CheckSummary, NotAsked};
use crate::Error;
use crate::flat::csv_file;
use crate::manifest::OutputFile;
use drgdip_claims::Rule;
use std::collections::BTreeMap;
use std::path::Path;

/// Writes the summaries and completes the counts.
pub(super) fn write(
    folder: &Path,
    rules: CheckRules<'_>,
    tally: &Tally,
    summary: &mut CheckSummary,
) -> Result<Vec<OutputFile>, Error> {
    let hospitals = tally.hospitals();
    for counted in hospitals.values() {
        summary.rejected += counted.rejected;
        summary.warned += u64::try_from(counted.warned).expect("the counts of a run are whole");
        for (rule, count) in &counted.rules {
            let level = rules
                .checks
                .level(*rule)
                .expect("a rule that is asked is on");
            summary.rules.entry(*rule).or_insert((level, 0)).1 += count;
        }
    }
    Ok(vec![
        by_rule(folder, rules, summary)?,
        by_hospital(folder, &hospitals)?,
        by_rule_and_hospital(folder, rules, &hospitals)?,
        not_asked((folder, "not_asked.csv"), &summary.not_asked)?,
    ])
}

fn by_rule(
    folder: &Path,
    rules: CheckRules<'_>,
    summary: &CheckSummary,
) -> Result<OutputFile, Error> {
    let heading = [
        "rule",
        "code",
        "level",
        "findings",
        "files_not_asked",
        "message_zh",
        "message_en",
    ];
    let mut rows = vec![heading.map(str::to_owned)];
    for rule in Rule::ALL {
        let level = rules.checks.level(*rule);
        let level = level.map_or_else(|| "off".to_owned(), |level| level.to_string());
        let count = summary.rules.get(rule).map_or(0, |(_, count)| *count);
        let files = summary.not_asked.iter().filter(|left| left.rule == *rule);
        let mut files: Vec<&str> = files.map(|left| left.file.as_str()).collect();
        files.dedup();
        rows.push([
            rule.number(),
            rule.code().to_owned(),
            level,
            count.to_string(),
            files.len().to_string(),
            rule.chinese().to_owned(),
            rule.english().to_owned(),
        ]);
    }
    csv_file(folder, "rules.csv", &rows)
}

fn by_hospital(
    folder: &Path,
    hospitals: &BTreeMap<String, HospitalTally>,
) -> Result<OutputFile, Error> {
    let heading = [
        "hospital_id",
        "claims",
        "rejected",
        "warned",
        "clean",
        "pass_rate",
    ];
    let mut rows = vec![heading.map(str::to_owned)];
    for (id, counted) in hospitals {
        let warned = u64::try_from(counted.warned).expect("the counts of a run are whole");
        let passed = counted.claims - counted.rejected;
        rows.push([
            id.clone(),
            counted.claims.to_string(),
            counted.rejected.to_string(),
            warned.to_string(),
            (passed - warned).to_string(),
            rate(passed, counted.claims),
        ]);
    }
    csv_file(folder, "hospitals.csv", &rows)
}

/// A share with four decimals, cut off after them, so that only a share without a fault is 1.
fn rate(part: u64, whole: u64) -> String {
    let shares = u128::from(part) * 10_000 / u128::from(whole.max(1));
    format!("{}.{:04}", shares / 10_000, shares % 10_000)
}

fn by_rule_and_hospital(
    folder: &Path,
    rules: CheckRules<'_>,
    hospitals: &BTreeMap<String, HospitalTally>,
) -> Result<OutputFile, Error> {
    let heading = ["hospital_id", "rule", "code", "level", "findings"];
    let mut rows = vec![heading.map(str::to_owned)];
    for (id, counted) in hospitals {
        for (rule, count) in &counted.rules {
            let level = rules
                .checks
                .level(*rule)
                .expect("a rule that is asked is on");
            rows.push([
                id.clone(),
                rule.number(),
                rule.code().to_owned(),
                level.to_string(),
                count.to_string(),
            ]);
        }
    }
    csv_file(folder, "summary.csv", &rows)
}

/// The rules that were not asked of a file, as a table of this name.
pub(crate) fn not_asked(
    (folder, name): (&Path, &str),
    not_asked: &[NotAsked],
) -> Result<OutputFile, Error> {
    let mut rows = vec![["rule", "code", "file", "reason"].map(str::to_owned)];
    for left in not_asked {
        rows.push([
            left.rule.number(),
            left.rule.code().to_owned(),
            left.file.clone(),
            left.reason.clone(),
        ]);
    }
    csv_file(folder, name, &rows)
}
