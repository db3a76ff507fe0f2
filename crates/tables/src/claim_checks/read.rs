//! From the files of a folder of checks to their values.

use super::book::{CodeBook, Table};
use super::{ClaimChecks, Level};
use crate::error::{Error, Place, Problem, line_of};
use crate::files::FileSet;
use drgdip_claims::check::Limits;
use drgdip_claims::{FindingSeverity, Rule, Sex, Yuan};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

const FILE: &str = "checks.toml";

/// The words for levels; `off` is none.
pub(crate) const LEVELS: [(&str, Level); 4] = [
    ("reject", Some(FindingSeverity::Reject)),
    ("warn", Some(FindingSeverity::Warn)),
    ("repaired", Some(FindingSeverity::Repaired)),
    ("off", None),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stated {
    id: String,
    title: String,
    #[serde(default)]
    levels: BTreeMap<toml::Spanned<String>, toml::Spanned<String>>,
    limits: StatedLimits,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StatedLimits {
    newborn_days: i64,
    most_age_years: i64,
    upload_days: i64,
    discharge_ways: Vec<String>,
    death_way: String,
    acquired: String,
    tolerance: toml::Spanned<String>,
    share_above: toml::Spanned<String>,
    extreme_share: toml::Spanned<String>,
    low_stay_days: i64,
    low_cost_below: toml::Spanned<String>,
    day_surgery_units: Vec<String>,
    day_surgery_days: i64,
    upcoding_levels: i64,
    readmission_days: i64,
}

/// The text of `checks.toml`, for the lines of faults.
struct Source<'f> {
    name: String,
    text: &'f str,
}

impl Source<'_> {
    fn wrong(&self, at: usize, field: &str, reason: String) -> Error {
        let line = Some(line_of(self.text, at));
        fault(&self.name, line, Some(field), reason)
    }

    fn yuan(&self, field: &str, text: &toml::Spanned<String>) -> Result<i64, Error> {
        let amount: Result<Yuan, _> = text.get_ref().parse();
        amount
            .map(Yuan::fen)
            .map_err(|error| self.wrong(text.span().start, field, error.to_string()))
    }

    /// A share from 0 to 1 in ten-thousandths.
    fn share(&self, field: &str, text: &toml::Spanned<String>) -> Result<i64, Error> {
        let wrong = || {
            let reason = format!(
                "{:?} is no share from 0 to 1 with at most four decimals",
                text.get_ref()
            );
            self.wrong(text.span().start, field, reason)
        };
        let mut share: Decimal = text.get_ref().parse().map_err(|_| wrong())?;
        if share.is_sign_negative() || share > Decimal::ONE || share.normalize().scale() > 4 {
            return Err(wrong());
        }
        share.rescale(4);
        i64::try_from(share.mantissa()).map_err(|_| wrong())
    }
}

fn fault(file: &str, line: Option<u64>, field: Option<&str>, reason: String) -> Error {
    Error {
        place: Place {
            file: file.to_owned(),
            line,
            field: field.map(str::to_owned),
        },
        problem: Problem::Checks { reason },
    }
}

/// There are no bundled checks of a name and no such folder.
pub(super) fn no_such_checks(name: &str) -> Error {
    let known = FileSet::bundled_checks_ids().join(", ");
    let reason = format!(
        "there are no such checks; give the path of a folder with checks.toml, or one of the bundled \
         checks: {known}"
    );
    fault(name, None, None, reason)
}

/// Reads all files of a folder of checks.
pub(super) fn checks(files: &FileSet) -> Result<ClaimChecks, Error> {
    let name = files.name_of(FILE);
    let Some(bytes) = files.get(FILE) else {
        return Err(Error {
            place: Place {
                file: name,
                ..Place::default()
            },
            problem: Problem::FileMissing,
        });
    };
    let text = std::str::from_utf8(bytes)
        .map_err(|_| fault(&name, None, None, "the file is not UTF-8".to_owned()))?;
    let source = Source { name, text };
    let stated: Stated = toml::from_str(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        source.wrong(at, "", error.message().to_owned())
    })?;
    Ok(ClaimChecks {
        levels: levels(&source, &stated.levels)?,
        limits: limits(&source, stated.limits)?,
        codes: codes(files)?,
        id: stated.id,
        title: stated.title,
        policy: None,
    })
}

fn levels(
    source: &Source<'_>,
    stated: &BTreeMap<toml::Spanned<String>, toml::Spanned<String>>,
) -> Result<Vec<Option<FindingSeverity>>, Error> {
    let mut levels: Vec<_> = Rule::ALL.iter().map(|rule| Some(rule.usual())).collect();
    for (code, word) in stated {
        let rule = Rule::from_code(code.get_ref()).ok_or_else(|| {
            let reason = format!(
                "there is no such rule; {}",
                rules_named_like(code.get_ref())
            );
            source.wrong(code.span().start, code.get_ref(), reason)
        })?;
        let known = LEVELS.iter().find(|(known, _)| known == word.get_ref());
        let (_, level) = known.ok_or_else(|| {
            let reason = format!(
                "{:?} is no level; write reject, warn, repaired or off",
                word.get_ref()
            );
            source.wrong(word.span().start, code.get_ref(), reason)
        })?;
        levels[rule as usize] = *level;
    }
    Ok(levels)
}

/// What to write in place of a code that no rule has: the codes of its number, or where all stand.
pub(crate) fn rules_named_like(code: &str) -> String {
    let number = code.split('_').next();
    let of_number = |rule: &&Rule| rule.code().split('_').next() == number;
    let near = Rule::ALL.iter().filter(of_number).map(|rule| rule.code());
    match near.collect::<Vec<_>>()[..] {
        [] => "rules.csv, which `drgdip check` writes, has the codes of all rules".to_owned(),
        ref near => format!("write {}", near.join(" or ")),
    }
}

fn limits(source: &Source<'_>, stated: StatedLimits) -> Result<Limits, Error> {
    Ok(Limits {
        tolerance_fen: source.yuan("tolerance", &stated.tolerance)?,
        share_above: source.share("share_above", &stated.share_above)?,
        extreme_share: source.share("extreme_share", &stated.extreme_share)?,
        low_cost_below_fen: source.yuan("low_cost_below", &stated.low_cost_below)?,
        newborn_days: stated.newborn_days,
        most_age_years: stated.most_age_years,
        upload_days: stated.upload_days,
        discharge_ways: stated.discharge_ways,
        death_way: stated.death_way,
        acquired: stated.acquired,
        low_stay_days: stated.low_stay_days,
        day_surgery_units: stated.day_surgery_units,
        day_surgery_days: stated.day_surgery_days,
        upcoding_levels: stated.upcoding_levels,
        readmission_days: stated.readmission_days,
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SexRow {
    kind: RowKind,
    begins: String,
    sex: RowSex,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum RowKind {
    Diagnosis,
    Procedure,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum RowSex {
    Male,
    Female,
    /// Both, against a shorter beginning.
    Any,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AgeRow {
    begins: String,
    at_least_years: Option<i64>,
    below_years: Option<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewbornRow {
    begins: String,
    below_days: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeathRow {
    begins: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CompanionRow {
    begins: String,
    needs: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VentilationRow {
    begins: String,
    at_least_hours: i64,
    below_hours: Option<i64>,
}

/// Reads the tables of codes; a table that is not there says nothing.
fn codes(files: &FileSet) -> Result<CodeBook, Error> {
    let mut book = CodeBook::default();
    each(files, "sex.csv", |row: SexRow| {
        let sex = match row.sex {
            RowSex::Male => Some(Sex::Male),
            RowSex::Female => Some(Sex::Female),
            RowSex::Any => None,
        };
        match row.kind {
            RowKind::Diagnosis => state(&mut book.diagnosis_sex, row.begins, sex),
            RowKind::Procedure => state(&mut book.procedure_sex, row.begins, sex),
        }
    })?;
    each(files, "ages.csv", |row: AgeRow| {
        let ages = (row.at_least_years, row.below_years);
        state(&mut book.ages, row.begins, ages)
    })?;
    each(files, "newborn.csv", |row: NewbornRow| {
        state(&mut book.newborn, row.begins, row.below_days)
    })?;
    each(files, "death.csv", |row: DeathRow| {
        state(&mut book.death, row.begins, ())
    })?;
    each(files, "companions.csv", |row: CompanionRow| {
        state(&mut book.companions, row.begins, row.needs)
    })?;
    each(files, "ventilation.csv", |row: VentilationRow| {
        let hours = (row.at_least_hours, row.below_hours.unwrap_or(i64::MAX));
        state(&mut book.ventilation, row.begins, hours)
    })?;
    Ok(book)
}

/// Puts a row into a table; says why it cannot be there.
fn state<T>(table: &mut Table<T>, begins: String, says: T) -> Result<(), String> {
    if begins.is_empty() {
        return Err("the beginning of the codes is empty".to_owned());
    }
    let fault = format!("the beginning {begins} stands in an earlier row too");
    match table.insert(begins, says) {
        None => Ok(()),
        Some(_) => Err(fault),
    }
}

/// Reads the rows of a CSV table, where it is there.
fn each<R: DeserializeOwned>(
    files: &FileSet,
    path: &str,
    mut take: impl FnMut(R) -> Result<(), String>,
) -> Result<(), Error> {
    let Some(bytes) = files.get(path) else {
        return Ok(());
    };
    let name = files.name_of(path);
    let wrong = |line, reason: String| fault(&name, line, None, reason);
    let mut rows = csv::Reader::from_reader(bytes);
    let header = rows.headers().cloned();
    let header = header.map_err(|error| wrong(Some(1), error.to_string()))?;
    let mut record = csv::StringRecord::new();
    loop {
        let more = rows.read_record(&mut record);
        let line = record.position().map(csv::Position::line);
        match more {
            Ok(false) => return Ok(()),
            Ok(true) => {}
            Err(error) => return Err(wrong(line, error.to_string())),
        }
        let row = record.deserialize(Some(&header));
        let row = row.map_err(|error| wrong(line, error.to_string()))?;
        take(row).map_err(|reason| wrong(line, reason))?;
    }
}
