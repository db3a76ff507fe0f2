//! A comparison as text, Markdown or JSON.

use crate::layout::{Align, Layout, grouped_digits};
use drgdip_batch::compare::{Agreement, Answer, Comparison, Confusion, Field, Parting};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// How many lines of a list a report for people shows.
const MOST_LINES: usize = 40;

/// A heading and the table under it, before they are given a form.
struct Section {
    heading: String,
    columns: Vec<(String, Align)>,
    rows: Vec<Vec<String>>,
    /// What stands under the table, such as how many rows were left out.
    foot: String,
}

/// The report with aligned columns.
pub(crate) fn plain(result: &Comparison) -> String {
    let mut text = format!("{}\n", verdict(result));
    for section in sections(result) {
        let columns: Vec<(&str, Align)> = section
            .columns
            .iter()
            .map(|(name, align)| (name.as_str(), *align))
            .collect();
        let mut table = Layout::new(&columns);
        section.rows.into_iter().for_each(|row| table.row(row));
        text += &format!("\n{}\n{}{}", section.heading, table.render(), section.foot);
    }
    text
}

/// The report as Markdown.
pub(crate) fn markdown(result: &Comparison) -> String {
    let mut text = format!("**{}**\n", verdict(result));
    for section in sections(result) {
        let names: Vec<&str> = section
            .columns
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        let rule: Vec<&str> = section
            .columns
            .iter()
            .map(|(_, align)| {
                if *align == Align::Right {
                    "---:"
                } else {
                    "---"
                }
            })
            .collect();
        text += &format!("\n## {}\n\n| {} |\n", section.heading, names.join(" | "));
        text += &format!("| {} |\n", rule.join(" | "));
        for row in section.rows {
            let cells: Vec<String> = row.iter().map(|cell| cell.replace('|', "\\|")).collect();
            text += &format!("| {} |\n", cells.join(" | "));
        }
        text += &format!("\n{}", section.foot);
    }
    text
}

fn verdict(result: &Comparison) -> String {
    let (all, cases) = (result.overall.all, result.overall.cases);
    let share = percent(all, cases);
    let count = |number: u64| grouped_digits(&number.to_string());
    let unmatched = match result.unmatched.count() {
        0 => String::new(),
        count => format!(" · 无法配对 unmatched {count}"),
    };
    let (all, cases) = (count(all), count(cases));
    format!("一致 Agreement {all} / {cases} = {share}{unmatched}")
}

fn sections(result: &Comparison) -> Vec<Section> {
    let mut sections = vec![by_field(result)];
    if !result.by_mdc.is_empty() {
        sections.push(by_name("按 MDC By MDC", &result.by_mdc, result));
    }
    sections.extend(by_adrg(result));
    if !result.by_stratum.is_empty() {
        sections.push(by_name("按来源 By stratum", &result.by_stratum, result));
    }
    if !result.confusions.is_empty() {
        sections.push(confusions(result));
    }
    if result.confusions.iter().any(|pair| pair.parting.is_some()) {
        sections.push(partings(result));
    }
    if result.unmatched.count() > 0 {
        sections.push(unmatched(result));
    }
    sections
}

fn by_field(result: &Comparison) -> Section {
    let count = |number: u64| grouped_digits(&number.to_string());
    let cases = result.overall.cases;
    let mut rows: Vec<Vec<String>> = Vec::new();
    for field in &result.fields {
        let agree = result.overall.of(*field);
        rows.push(vec![
            field.name().to_owned(),
            count(agree),
            count(cases),
            percent(agree, cases),
        ]);
    }
    let all = result.overall.all;
    rows.push(vec![
        "全部 all".to_owned(),
        count(all),
        count(cases),
        percent(all, cases),
    ]);
    Section {
        heading: "总体 Overall".to_owned(),
        columns: columns(&["字段 Field", "一致 Agree", "病例 Cases", "比例 Share"], 1),
        rows,
        foot: String::new(),
    }
}

fn by_name(heading: &str, counts: &BTreeMap<String, Agreement>, result: &Comparison) -> Section {
    let mut names = vec!["名称 Name", "病例 Cases"];
    names.extend(result.fields.iter().map(|field| field.name()));
    names.extend(["全部 all", "比例 Share"]);
    Section {
        heading: heading.to_owned(),
        columns: columns(&names, 1),
        rows: counts
            .iter()
            .map(|(name, agreement)| agreement_row(name, agreement, result))
            .collect(),
        foot: String::new(),
    }
}

fn agreement_row(name: &str, agreement: &Agreement, result: &Comparison) -> Vec<String> {
    let name = if name.is_empty() { "—" } else { name };
    let fields = result.fields.iter().map(|field| agreement.of(*field));
    let counts = std::iter::once(agreement.cases)
        .chain(fields)
        .chain([agreement.all]);
    std::iter::once(name.to_owned())
        .chain(counts.map(|count| count.to_string()))
        .chain([percent(agreement.all, agreement.cases)])
        .collect()
}

/// The ADRGs whose cases do not all agree, those with the most differing cases first.
fn by_adrg(result: &Comparison) -> Option<Section> {
    let differing = |agreement: &Agreement| agreement.cases - agreement.all;
    let counts = result.by_adrg.iter();
    let mut worst: Vec<_> = counts.filter(|(_, count)| differing(count) > 0).collect();
    worst.sort_by_key(|(_, count)| std::cmp::Reverse(differing(count)));
    if worst.is_empty() {
        return None;
    }
    let rows = worst.iter().take(MOST_LINES);
    Some(Section {
        rows: rows
            .map(|(name, count)| agreement_row(name, count, result))
            .collect(),
        foot: left_out(worst.len()),
        ..by_name("有差异的 ADRG ADRGs that differ", &BTreeMap::new(), result)
    })
}

fn confusions(result: &Comparison) -> Section {
    let row = |pair: &Confusion| {
        let (ours, reference) = names(&pair.ours, &pair.reference);
        vec![
            pair.cases.to_string(),
            ours,
            reference,
            pair.examples.join(" "),
        ]
    };
    let shown = result.confusions.iter().take(MOST_LINES);
    Section {
        heading: "混淆 Confusion".to_owned(),
        columns: vec![
            ("病例 Cases".to_owned(), Align::Right),
            ("我方 Ours".to_owned(), Align::Left),
            ("参考 Reference".to_owned(), Align::Left),
            ("示例 Examples".to_owned(), Align::Left),
        ],
        rows: shown.map(row).collect(),
        foot: left_out(result.confusions.len()) + how_to_see_rules(result),
    }
}

/// What to do so that differing answers are led back to rules.
fn how_to_see_rules(result: &Comparison) -> &'static str {
    if result.confusions.iter().any(|pair| pair.parting.is_some()) {
        return "";
    }
    "用 --plan 指明方案、且一方文件含病例字段时，列出分歧规则。\n\
     With --plan, and the claim columns in one of the files, the rules are named.\n"
}

/// The first rule at which the answers of each pair part, by one of its cases.
fn partings(result: &Comparison) -> Section {
    let row = |pair: &Confusion| {
        let (ours, reference) = names(&pair.ours, &pair.reference);
        let sentence = pair.parting.as_ref();
        let sentence = sentence.map(|parting| format!("{} {}", parting.chinese, parting.english));
        vec![
            ours,
            reference,
            pair.examples.first().cloned().unwrap_or_default(),
            sentence.unwrap_or_default(),
        ]
    };
    let headings = [
        "我方 Ours",
        "参考 Reference",
        "病例 Case",
        "分歧 Where they part",
    ];
    let pairs = result.confusions.iter().take(MOST_LINES);
    Section {
        heading: "首个分歧规则 First differing rule".to_owned(),
        columns: columns(&headings, headings.len()),
        rows: pairs.map(row).collect(),
        foot: left_out(result.confusions.len()),
    }
}

fn unmatched(result: &Comparison) -> Section {
    let unmatched = &result.unmatched;
    let lists = [
        ("参考有我方无 missing in ours", &unmatched.missing_in_ours),
        (
            "我方有参考无 missing in reference",
            &unmatched.missing_in_reference,
        ),
        ("我方重复 repeated in ours", &unmatched.repeated_in_ours),
        (
            "参考重复 repeated in reference",
            &unmatched.repeated_in_reference,
        ),
    ];
    let mut rows = Vec::new();
    for (name, keys) in lists.into_iter().filter(|(_, keys)| !keys.is_empty()) {
        let examples: Vec<&str> = keys.iter().take(5).map(String::as_str).collect();
        rows.push(vec![
            name.to_owned(),
            keys.len().to_string(),
            examples.join(" "),
        ]);
    }
    if unmatched.rows_without_key > 0 {
        let count = unmatched.rows_without_key.to_string();
        rows.push(vec![
            "无标识 rows without key".to_owned(),
            count,
            String::new(),
        ]);
    }
    Section {
        heading: "无法配对 Unmatched".to_owned(),
        columns: vec![
            ("情况 What".to_owned(), Align::Left),
            ("行数 Rows".to_owned(), Align::Right),
            ("示例 Examples".to_owned(), Align::Left),
        ],
        rows,
        foot: String::new(),
    }
}

/// Column names, the first few of them texts and the rest numbers.
fn columns(names: &[&str], texts: usize) -> Vec<(String, Align)> {
    let align = |index| {
        if index < texts {
            Align::Left
        } else {
            Align::Right
        }
    };
    names
        .iter()
        .enumerate()
        .map(|(index, name)| ((*name).to_owned(), align(index)))
        .collect()
}

fn left_out(count: usize) -> String {
    match count.saturating_sub(MOST_LINES) {
        0 => String::new(),
        more => format!("… {more} 行未列出 more rows; --json lists all.\n"),
    }
}

/// Two answers as short as they can be told apart.
fn names(ours: &Answer, reference: &Answer) -> (String, String) {
    let (short, other) = (ours.to_string(), reference.to_string());
    if short != other {
        return (short, other);
    }
    let full = |answer: &Answer| {
        let parts = Field::ALL.map(|field| answer.get(field).unwrap_or("-").to_owned());
        parts.join("/")
    };
    (full(ours), full(reference))
}

/// A share with two decimals, cut, so that 100.00 % means all.
fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "—".to_owned();
    }
    let hundredths = u128::from(part) * 10_000 / u128::from(whole);
    format!("{}.{:02} %", hundredths / 100, hundredths % 100)
}

/// Everything, for programs.
pub(crate) fn json(result: &Comparison) -> Value {
    let named = |counts: &BTreeMap<String, Agreement>| -> Map<String, Value> {
        counts
            .iter()
            .map(|(name, count)| (name.clone(), agreement_json(count, result)))
            .collect()
    };
    let confusions: Vec<Value> = result.confusions.iter().map(confusion_json).collect();
    let differences: Vec<Value> = result
        .differences
        .iter()
        .map(|case| {
            let (ours, reference) = (answer_json(&case.ours), answer_json(&case.reference));
            let parting = parting_json(case.parting.as_ref());
            json!({ "key": case.key, "ours": ours, "reference": reference, "parting": parting })
        })
        .collect();
    let unmatched = &result.unmatched;
    json!({
        "equal": result.is_equal(),
        "overall": agreement_json(&result.overall, result),
        "by_mdc": named(&result.by_mdc),
        "by_adrg": named(&result.by_adrg),
        "by_stratum": named(&result.by_stratum),
        "confusions": confusions,
        "differences": differences,
        "unmatched": {
            "missing_in_ours": unmatched.missing_in_ours,
            "missing_in_reference": unmatched.missing_in_reference,
            "repeated_in_ours": unmatched.repeated_in_ours,
            "repeated_in_reference": unmatched.repeated_in_reference,
            "rows_without_key": unmatched.rows_without_key,
        },
    })
}

fn agreement_json(agreement: &Agreement, result: &Comparison) -> Value {
    let mut value = Map::new();
    value.insert("cases".to_owned(), json!(agreement.cases));
    for field in &result.fields {
        value.insert(field.name().to_owned(), json!(agreement.of(*field)));
    }
    value.insert("all".to_owned(), json!(agreement.all));
    Value::Object(value)
}

fn answer_json(answer: &Answer) -> Value {
    let part = |field: Field| (field.name().to_owned(), json!(answer.get(field)));
    Value::Object(Field::ALL.into_iter().map(part).collect())
}

fn confusion_json(pair: &Confusion) -> Value {
    json!({
        "ours": answer_json(&pair.ours),
        "reference": answer_json(&pair.reference),
        "cases": pair.cases,
        "examples": pair.examples,
        "parting": parting_json(pair.parting.as_ref()),
    })
}

fn parting_json(parting: Option<&Parting>) -> Value {
    let sentences =
        |parting: &Parting| json!({ "english": parting.english, "chinese": parting.chinese });
    parting.map_or(Value::Null, sentences)
}
