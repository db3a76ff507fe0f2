//! A hospital of a settled folder: its statement, with the parameters behind each line.

use super::run::SettledRun;
use super::{Explanation, Part, Step, units};
use crate::find::TextRow;
use crate::settle::statements::STATEMENTS;
use crate::{Error, Progress};
use std::collections::BTreeMap;
use std::path::Path;

/// Explains what a hospital is paid, in one pool or in each that pays it.
///
/// # Errors
/// A folder that is no settlement or whose copies were changed, a hospital that it does not have,
/// and an interruption.
pub fn explain_hospital(
    folder: &Path,
    (hospital, pool): (&str, Option<&str>),
    progress: &dyn Progress,
) -> Result<Vec<Explanation>, Error> {
    let run = SettledRun::open(folder)?;
    let pools = lines(&run, (hospital, pool), progress)?;
    let units = units::of_hospital(&run, hospital, progress)?;
    if pools.is_empty() && (units.is_none() || pool.is_some()) {
        let of = pool.map_or_else(String::new, |pool| format!(" in the pool {pool}"));
        let problem = format!("the settled run has no hospital {hospital}{of}.");
        return Err(
            Error::input(folder.display(), problem).with_hint("Check the key and the pool.")
        );
    }
    let explain = |(pool, lines): (String, Vec<TextRow>)| {
        let mut parts = parts(&lines, &SECTIONS);
        parts.push(rounding());
        let steps = parts.iter().flat_map(|part| &part.steps);
        Ok(Explanation {
            title: format!(
                "医院 Hospital {hospital} · 基金池 pool {pool} · {}",
                run.period.text
            ),
            parameters: run.parameters(steps, run.period.last)?,
            parts,
            differences: Vec::new(),
        })
    };
    let pools = pools.into_iter().map(explain);
    let mut found = pools.collect::<Result<Vec<_>, Error>>()?;
    // What is paid from lines is none of a pool's, so it is shown once, after all pools.
    found.extend(units.filter(|_| pool.is_none()));
    Ok(found)
}

/// The parts of a statement, in its order.
const SECTIONS: [&str; 10] = [
    "head",
    "cases",
    "classes",
    "points",
    "value",
    "earned",
    "payment",
    "adjustments",
    "prepayment",
    "clearing",
];

fn title(section: &str) -> &'static str {
    match section {
        "head" => "表头 head",
        "cases" => "病例 cases by class and group",
        "classes" => "病例类型 classes",
        "points" => "医院点数 points of the hospital",
        "value" => "点值 value of a point in the pool",
        "earned" => "医院应得 what the hospital earns",
        "payment" => "支付 payment",
        "adjustments" => "调整 adjustments",
        "prepayment" => "预付 prepayment",
        _ => "清算 clearing",
    }
}

/// The lines of the statements of a hospital, by pool.
pub(super) fn lines(
    run: &SettledRun,
    (hospital, pool): (&str, Option<&str>),
    progress: &dyn Progress,
) -> Result<BTreeMap<String, Vec<TextRow>>, Error> {
    let mut pools: BTreeMap<String, Vec<TextRow>> = BTreeMap::new();
    for row in run.rows(STATEMENTS, ("hospital_id", hospital), progress)? {
        let of = row.get("pool").cloned().unwrap_or_default();
        if pool.is_none_or(|pool| pool == of) {
            pools.entry(of).or_default().push(row);
        }
    }
    Ok(pools)
}

/// Some parts of a statement as steps.
pub(super) fn parts(lines: &[TextRow], sections: &[&str]) -> Vec<Part> {
    let part = |section: &&str| {
        let mine = lines.iter().filter(|row| get(row, "section") == *section);
        Part {
            title: title(section).to_owned(),
            steps: mine.map(step).collect(),
        }
    };
    let parts = sections.iter().map(part);
    parts.filter(|part| !part.steps.is_empty()).collect()
}

pub(super) fn get<'r>(row: &'r TextRow, column: &str) -> &'r str {
    row.get(column).map_or("", String::as_str)
}

fn step(row: &TextRow) -> Step {
    let columns = ["amount", "value", "quantity"];
    let shown = columns
        .iter()
        .map(|column| get(row, column))
        .find(|text| !text.is_empty());
    let shown = shown.unwrap_or_default();
    let value = match get(row, "amount") {
        "" => plain(shown),
        amount => amount.to_owned(),
    };
    let mut step = Step::new(get(row, "item"), value).by(get(row, "arithmetic"));
    if let ("cases" | "classes", cases) = (get(row, "section"), get(row, "cases")) {
        step.item = format!("{} × {cases}", step.item);
    }
    step.keys = keys(get(row, "parameters"));
    step
}

/// A decimal without the zeros at its end.
pub(super) fn plain(text: &str) -> String {
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text.to_owned(),
    }
}

/// The keys of a column such as `value.family = C; value.model = uniform`.
pub(super) fn keys(parameters: &str) -> Vec<String> {
    let key = |part: &str| {
        let (key, _) = part.split_once(" = ")?;
        let bare = key.strip_suffix(" (table)").unwrap_or(key);
        let is_key = bare.contains('.') && !bare.contains(char::is_whitespace);
        is_key.then(|| key.to_owned())
    };
    parameters.split("; ").filter_map(key).collect()
}

/// How the amounts of the statement came to whole fen.
fn rounding() -> Part {
    let hospital = "同池各医院应得先舍去到分，余下的分按小数部分从大到小逐分补足，相同者按 hospital_id 排序; \
        the gross of each hospital is cut to whole fen; the fen that are left go one each to the \
        largest fractions, ties by hospital_id (value.pays = published: each rounded by itself)";
    let case = "按 case_id 顺序，病例得到累计应得（四舍五入到分）之差; in case_id order a case gets the \
        difference of the rounded running shares after and before it";
    Part {
        title: "到分 how amounts come to the fen".to_owned(),
        steps: vec![
            Step::new("医院 hospitals", "最大余额法 largest remainder")
                .by(hospital)
                .keys(&["value.money_rounding", "value.pays"]),
            Step::new("病例 cases", "累计舍入 cumulative rounding").by(case),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_between_values_that_hold_the_same_signs() {
        let text = "value.family = C; coefficient.by_level = 2: 0.9; 3: 1.05; points.scale = 100";
        let expected = ["value.family", "coefficient.by_level", "points.scale"];
        assert_eq!(keys(text), expected);
        assert_eq!(keys(""), [""; 0]);
        assert_eq!(
            [plain("110.500000"), plain("7"), plain("3.000000")],
            ["110.5", "7", "3"]
        );
    }
}
