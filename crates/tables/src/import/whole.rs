//! Facts as a plan that is written out.

use super::Head;
use super::facts::{CHECKS, Facts, SETTINGS};
use super::repeats;
use super::table::{self, ADD, FactRow, FactTable, PlanFiles, PlanTable};
use crate::error::Error;
use crate::files::FileSet;
use crate::load::PlanProblem;
use crate::rule::{self, ListId};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Between two neighbours in the order, so that one can be put between them by one row.
pub(super) const STEP: u32 = 10;

/// The lists of the facts by name; lists of the same codes are stated once, by the first name.
struct Lists<'f> {
    ids: HashMap<&'f str, ListId>,
    /// The name under which each list is stated.
    stated: Vec<&'f str>,
    codes: BTreeMap<&'f str, BTreeSet<&'f str>>,
    /// The MDC whose rules name each stated list first.
    used_in: BTreeMap<&'f str, &'f str>,
}

impl<'f> Lists<'f> {
    fn new(facts: &'f Facts) -> Result<Self, Error> {
        let mut codes: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for row in &facts.lists.rows {
            let [list, code] = &row.cells;
            if let Some(column) = row.cells.iter().position(String::is_empty) {
                return Err(facts.lists.error(row.line, column, PlanProblem::EmptyCell));
            }
            codes.entry(list).or_default().insert(code);
        }
        let mut first_of = HashMap::new();
        let mut lists = Self {
            ids: HashMap::new(),
            stated: Vec::new(),
            codes: BTreeMap::new(),
            used_in: BTreeMap::new(),
        };
        for (id, (name, codes)) in (0..).zip(codes) {
            let first = *first_of.entry(codes.clone()).or_insert(name);
            lists.ids.insert(name, ListId(id));
            lists.stated.push(first);
            if first == name {
                lists.codes.insert(name, codes);
            }
        }
        Ok(lists)
    }

    /// The rule with every list by the name under which it is stated, in canonical form.
    fn rule<const N: usize>(
        &mut self,
        table: &FactTable<N>,
        (row, column): (&FactRow<N>, usize),
        mdc: &'f str,
    ) -> Result<String, Error> {
        let text = &row.cells[column];
        let parsed = rule::parse(text, &mut |name| self.ids.get(name).copied());
        let rule = parsed.map_err(|error| {
            let rule = text.clone();
            table.error(row.line, column, PlanProblem::BadRule { rule, error })
        })?;
        rule.each_list(&mut |id| {
            let name = self.stated[id.0 as usize];
            self.used_in.entry(name).or_insert(mdc);
        });
        Ok(rule.show(|id| self.stated[id.0 as usize]).to_string())
    }
}

/// The files of the plan that the facts are.
///
/// Rows keep their order, so that a fault which the loader finds stands in the same line of the
/// facts.
pub(super) fn files(facts: &Facts, head: &Head, notes: &mut Vec<String>) -> Result<FileSet, Error> {
    let mut files = PlanFiles::default();
    files.text("plan.toml", manifest(facts, head)?);
    let mut lists = Lists::new(facts)?;
    let mut mdcs = PlanTable::whole(table::MDC, false);
    for row in &facts.mdcs.rows {
        let [order, mdc, name, _] = row.cells.clone();
        let gate = lists.rule(&facts.mdcs, (row, 3), &row.cells[1])?;
        let order = stepped(&facts.mdcs, (row, 0), order)?;
        mdcs.push(ADD, [order, mdc, name, gate]);
    }
    files.table("mdc.csv", &mdcs);
    let mdc_of: HashMap<&str, &str> = facts
        .adrgs
        .rows
        .iter()
        .map(|row| (row.cells[2].as_str(), row.cells[0].as_str()))
        .collect();
    let mut adrgs = PlanTable::whole(table::ADRG, false);
    let stated = repeats::adrgs(&facts.adrgs, notes);
    for row in &stated {
        let [mdc, order, adrg, name, kind, _, fallback] = row.cells.clone();
        let rule = lists.rule(&facts.adrgs, (row, 5), &row.cells[0])?;
        let order = stepped(&facts.adrgs, (row, 1), order)?;
        adrgs.push(ADD, [mdc, order, adrg, name, kind, rule, fallback]);
    }
    files.table("adrg.csv", &adrgs);
    let mut drgs = PlanTable::whole(table::DRG, false);
    let stated = repeats::drgs(&facts.drgs, notes);
    for row in &stated {
        let [adrg, order, drg, name, _] = row.cells.clone();
        let mdc = mdc_of.get(adrg.as_str()).copied().unwrap_or_default();
        let rule = lists.rule(&facts.drgs, (row, 4), mdc)?;
        let order = stepped(&facts.drgs, (row, 1), order)?;
        drgs.push(ADD, [adrg, order, drg, name, rule]);
    }
    files.table("drg.csv", &drgs);
    write_lists(&lists, &mut files, notes);
    write_codes(facts, &mut files);
    write_weights(facts, &mut files, (head, notes))?;
    Ok(files.finish(facts.label()))
}

/// The order of a row of facts, which counts by ones, in steps.
fn stepped<const N: usize>(
    table: &FactTable<N>,
    (row, column): (&FactRow<N>, usize),
    order: String,
) -> Result<String, Error> {
    let number: Option<u32> = order.parse().ok();
    let stepped = number.and_then(|number| number.checked_mul(STEP));
    let bad = || table.error(row.line, column, PlanProblem::BadNumber { text: order });
    stepped.map(|order| order.to_string()).ok_or_else(bad)
}

fn manifest(facts: &Facts, head: &Head) -> Result<String, Error> {
    let mut settings = String::from("\n[settings]\n");
    for key in SETTINGS {
        let value = required(facts, key)?;
        let is_word = value.starts_with(|first: char| first.is_ascii_alphabetic());
        let is_text = is_word && value != "true" && value != "false";
        let value = if is_text {
            quoted(value)
        } else {
            value.to_owned()
        };
        settings.push_str(&format!("{key} = {value}\n"));
    }
    settings.push_str("\n[checks]\n");
    for check in CHECKS {
        let value = required(facts, &format!("check.{check}"))?;
        settings.push_str(&format!("{check} = {}\n", quoted(value)));
    }
    Ok(head_text(head, None) + &settings + &origin_text(head))
}

/// A setting that every scheme states.
fn required<'f>(facts: &'f Facts, key: &str) -> Result<&'f str, Error> {
    facts.value(key).ok_or_else(|| {
        PlanProblem::MissingSetting.at(crate::error::Place {
            file: facts.settings.name.clone(),
            line: None,
            field: Some(key.to_owned()),
        })
    })
}

/// The first lines of `plan.toml`.
pub(super) fn head_text(head: &Head, base: Option<&str>) -> String {
    let mut text = format!(
        "id = {}\ntitle = {}\n",
        quoted(&head.id),
        quoted(&head.title)
    );
    if let Some(base) = base {
        text.push_str(&format!("base = {}\n", quoted(base)));
    }
    let sources: Vec<String> = head.sources.iter().map(|key| quoted(key)).collect();
    text.push_str(&format!("sources = [{}]\n", sources.join(", ")));
    text
}

/// The last lines of `plan.toml`: where the facts come from.
pub(super) fn origin_text(head: &Head) -> String {
    if head.origin.is_empty() {
        return String::new();
    }
    let lines = head.origin.iter();
    let lines: String = lines
        .map(|(key, value)| format!("{key} = {}\n", quoted(value)))
        .collect();
    format!("\n[origin]\n{lines}")
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn write_lists(lists: &Lists<'_>, files: &mut PlanFiles, notes: &mut Vec<String>) {
    let mut tables: BTreeMap<String, PlanTable<2>> = BTreeMap::new();
    let mut unused = Vec::new();
    for (name, codes) in &lists.codes {
        let Some(mdc) = lists.used_in.get(name) else {
            unused.push(*name);
            continue;
        };
        let table = tables
            .entry(list_file(name, mdc))
            .or_insert_with(|| PlanTable::whole(table::LIST, true));
        for code in codes {
            table.push(ADD, [(*name).to_owned(), (*code).to_owned()]);
        }
    }
    for (path, table) in &tables {
        files.table(path, table);
    }
    if !unused.is_empty() {
        let names = unused.join(", ");
        notes.push(format!("Lists that no rule names are left out: {names}."));
    }
}

/// The file that a list stands in: the letter of the MDC that names it first, or for a list that
/// belongs to none its own name.
pub(super) fn list_file(list: &str, mdc: &str) -> String {
    let stem = if list.contains('.') {
        mdc.strip_prefix("MDC")
            .filter(|rest| !rest.is_empty())
            .unwrap_or(mdc)
    } else {
        list
    };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let is_name = !stem.is_empty() && stem.chars().all(is_plain);
    format!("lists/{}.csv", if is_name { stem } else { "other" })
}

fn write_codes(facts: &Facts, files: &mut PlanFiles) {
    let mut severity = PlanTable::whole(table::SEVERITY, false);
    for row in &facts.severity.rows {
        severity.push(ADD, row.cells.clone());
    }
    files.table("severity.csv", &severity);
    let mut exclusions = PlanTable::whole(table::EXCLUSION, false);
    for row in &facts.exclusions.rows {
        exclusions.push(ADD, row.cells.clone());
    }
    files.table("exclusions.csv", &exclusions);
}

fn write_weights(
    facts: &Facts,
    files: &mut PlanFiles,
    (head, notes): (&Head, &mut Vec<String>),
) -> Result<(), Error> {
    let Some(weights) = &facts.weights else {
        return Ok(());
    };
    let source = head.sources.first().cloned().unwrap_or_default();
    let mut table = PlanTable::whole(table::WEIGHT, true);
    let mut rounded = 0_usize;
    let groups: BTreeSet<&str> = facts.groups().collect();
    let (mut rows, strange): (Vec<_>, Vec<_>) = weights
        .rows
        .iter()
        .partition(|row| groups.contains(row.cells[0].as_str()));
    if !strange.is_empty() {
        let codes: Vec<&str> = strange.iter().map(|row| row.cells[0].as_str()).collect();
        let codes = codes.join(", ");
        notes.push(format!(
            "Weights of groups that are not there are left out: {codes}."
        ));
    }
    rows.sort_by(|a, b| a.cells[0].cmp(&b.cells[0]));
    for row in rows {
        let [group, weight] = &row.cells;
        let kept = four_places(weight).ok_or_else(|| {
            let text = weight.clone();
            weights.error(row.line, 1, PlanProblem::BadWeight { text })
        })?;
        rounded += usize::from(kept.len() < weight.len());
        table.push(
            ADD,
            [group.clone(), kept, "published".to_owned(), source.clone()],
        );
    }
    if rounded > 0 {
        notes.push(format!(
            "{rounded} weights have more than four places and are rounded, halves up."
        ));
    }
    files.table("weights.csv", &table);
    Ok(())
}

/// A decimal number that is not negative, rounded to four places, halves up.
fn four_places(text: &str) -> Option<String> {
    use rust_decimal::{Decimal, RoundingStrategy};
    let number: Decimal = text.parse().ok()?;
    if number.is_sign_negative() {
        return None;
    }
    let half_up = RoundingStrategy::MidpointAwayFromZero;
    Some(number.round_dp_with_strategy(4, half_up).to_string())
}
