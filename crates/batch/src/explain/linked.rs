//! What other cases did to a case.

use super::Step;
use super::run::SettledRun;
use crate::find::TextRow;
use crate::settle::reports::LINKS;
use crate::{Error, Progress};

/// The steps that other cases brought in, and the points after the last of them.
pub(super) fn steps(
    run: &SettledRun,
    case_id: &str,
    progress: &dyn Progress,
) -> Result<(Vec<Step>, Option<String>), Error> {
    if !run.has(LINKS) {
        return Ok((Vec::new(), None));
    }
    let rows = run.rows(LINKS, ("case_id", case_id), progress)?;
    let last = rows.iter().rfind(|row| get(row, "decision") == "changed");
    let last = last.map(|row| get(row, "points_after").to_owned());
    let steps = rows.iter().flat_map(|row| match get(row, "rule") {
        "special_review" => review(row),
        "control_proportion" => control(row),
        _ => split(row),
    });
    Ok((steps.collect(), last))
}

fn get<'r>(row: &'r TextRow, column: &str) -> &'r str {
    row.get(column).map_or("", String::as_str)
}

fn changed(row: &TextRow) -> String {
    let (before, after) = (get(row, "points_before"), get(row, "points_after"));
    match get(row, "decision") {
        "changed" => format!("点数 points {before} → {after}"),
        _ => format!("点数不变 points stay {before}"),
    }
}

const REVIEW: &[&str] = &[
    "case.review.cap",
    "case.review.gate",
    "case.review.value",
    "points.preset_value",
];

/// Rank, limit and how the limit was found.
fn ranked(row: &TextRow, what: &str) -> String {
    format!(
        "{what} {}; 排名 rank {} , 限额 limit {} = ⌊{} × {}⌋",
        get(row, "amount"),
        get(row, "rank"),
        get(row, "limit"),
        get(row, "share"),
        get(row, "discharges")
    )
}

fn review(row: &TextRow) -> Vec<Step> {
    let item = "特例单议 special-case review";
    let text = format!(
        "{}（统筹区出院数 discharges of the region; 金额大者优先 largest amounts first）; {}",
        ranked(row, "核定金额 approved amount"),
        changed(row)
    );
    vec![
        Step::new(item, get(row, "points_after"))
            .by(text)
            .keys(REVIEW),
    ]
}

fn control(row: &TextRow) -> Vec<Step> {
    let item = "高倍率控制比例 control proportion";
    let keys = &["case.high.control_share", "case.high.control_base"];
    if get(row, "rank").is_empty() {
        let text = "新技术病例不排名、不占限额 a new-technology case is outside ranking and limit";
        return vec![
            Step::new(item, get(row, "points_after"))
                .by(text)
                .keys(keys),
        ];
    }
    let text = format!(
        "{}（本院出院数 discharges of the hospital in all its pools; 超额大者优先, ties by case_id）; {}",
        ranked(row, "超额 excess C − RW × M"),
        changed(row)
    );
    vec![
        Step::new(item, get(row, "points_after"))
            .by(text)
            .keys(keys),
    ]
}

fn split(row: &TextRow) -> Vec<Step> {
    let keys = &[
        "case.split_stay.window",
        "case.split_stay.scope",
        "case.split_stay.same",
        "case.split_stay.factor",
        "points.rounding",
    ];
    let (other, days) = (get(row, "other_case_id"), get(row, "days_between"));
    let (item, text) = match get(row, "decision") {
        "changed" => (
            "分解住院：其后再入院 split stay, followed by another one",
            format!(
                "病例 case {other} 在出院 {days} 天后入院 was admitted {days} days after this discharge; \
                 {} × {} → {}",
                get(row, "points_before"),
                get(row, "share"),
                get(row, "points_after")
            ),
        ),
        _ => (
            "分解住院：前次住院 split stay, the later one of two",
            format!(
                "病例 case {other} 出院后 {days} 天入院 was discharged {days} days before; {}",
                changed(row)
            ),
        ),
    };
    vec![
        Step::new(item, get(row, "points_after"))
            .by(text)
            .keys(keys),
    ]
}
