//! Reads `groups.csv` and `weights.csv` of a DIP plan.

use super::codes::intern_below;
use super::load::Reading;
use super::problem::DipProblem;
use super::{
    DipGroup, DipOptions, DipRow, Expression, Layer, ProcedureClass, ProcedureMatch, Sign,
    Treatment, TreatmentClass,
};
use crate::error::Error;
use crate::load::PlanProblem;
use crate::load::finish::ten_thousandths;
use crate::load::rows::{Change, Row};
use crate::plan::{CodeTable, RowRef, StatedRule, WeightRow};
use crate::rule::{self, ListId, Predicate};
use std::collections::HashMap;

/// The columns of `groups.csv`.
pub const GROUP_COLUMNS: [&str; 10] = [
    "group",
    "name",
    "layer",
    "key",
    "procedures",
    "related",
    "class",
    "condition",
    "primary_care",
    "tcm",
];
const GROUP: usize = 0;
const NAME: usize = 1;
const LAYER: usize = 2;
const KEY: usize = 3;
const PROCEDURES: usize = 4;
const RELATED: usize = 5;
const CLASS: usize = 6;
const CONDITION: usize = 7;
const PRIMARY_CARE: usize = 8;
const TCM: usize = 9;

/// What any treatment is written as.
const ANY: &str = "*";
/// How many characters a key has at least: a category (类目).
const CATEGORY_CHARACTERS: usize = 3;

type GroupRow<'r> = Row<'r, 10>;

/// The groups and their rows while the table is read.
pub(super) struct Groups<'o> {
    pub(super) groups: Vec<DipGroup>,
    pub(super) rows: Vec<DipRow>,
    pub(super) index: HashMap<String, u16>,
    first_rows: Vec<RowRef>,
    options: &'o DipOptions,
}

impl<'o> Groups<'o> {
    pub(super) fn read(
        reading: &mut Reading<'_>,
        options: &'o DipOptions,
        class_of: &dyn Fn(&str) -> Option<ProcedureClass>,
    ) -> Result<Self, Error> {
        let mut groups = Self {
            groups: Vec::new(),
            rows: Vec::new(),
            index: HashMap::new(),
            first_rows: Vec::new(),
            options,
        };
        let table = reading.tables.required("groups.csv")?;
        let (codes, lists) = (&mut reading.codes, &reading.list_ids);
        table.each_row(&GROUP_COLUMNS, Change::Add, |row| {
            let mut read = groups.row(row, lists)?;
            read.class = groups.class(row, &read, class_of)?;
            groups.enter(row, &mut read)?;
            groups.intern(&read, codes);
            groups.rows.push(read);
            Ok(())
        })?;
        Ok(groups)
    }

    fn row(&self, row: &GroupRow<'_>, lists: &HashMap<String, ListId>) -> Result<DipRow, Error> {
        let layer = layer(row)?;
        let treatment = match row.cells[PROCEDURES] {
            "" => Treatment::Conservative,
            ANY => Treatment::Any,
            _ => Treatment::Procedures(expression(row, PROCEDURES)?),
        };
        let related = match row.cells[RELATED] {
            "" => None,
            _ => Some(expression(row, RELATED)?),
        };
        if related.is_some() && !matches!(treatment, Treatment::Procedures(_)) {
            return Err(row.error(RELATED, DipProblem::RelatedAlone));
        }
        if layer == Layer::Comprehensive && treatment != Treatment::Any {
            return Err(row.error(PROCEDURES, DipProblem::ComprehensiveByProcedures));
        }
        Ok(DipRow {
            group: 0,
            keys: keys(row, layer)?,
            treatment,
            related,
            class: None,
            condition: condition(row, lists)?,
            row: row.at,
        })
    }

    /// The class of a row: as stated, or the largest of its procedures.
    fn class(
        &self,
        row: &GroupRow<'_>,
        read: &DipRow,
        class_of: &dyn Fn(&str) -> Option<ProcedureClass>,
    ) -> Result<Option<TreatmentClass>, Error> {
        let options = self.options;
        match row.cells[CLASS] {
            "" if layer(row)? == Layer::Comprehensive => {
                Err(row.error(CLASS, DipProblem::ComprehensiveByProcedures))
            }
            "" => Ok(match &read.treatment {
                Treatment::Any => None,
                Treatment::Conservative => Some(TreatmentClass::Conservative),
                Treatment::Procedures(expression) => {
                    let class = |code| class_of(code).unwrap_or(options.unlisted_procedure);
                    let classes = expression.codes().map(class);
                    let treated = classes.map(|class| class.treatment(options.interventional_as));
                    treated.max()
                }
            }),
            word => match TreatmentClass::of(word) {
                Some(class) => Ok(Some(class)),
                None => {
                    let word = word.to_owned();
                    let allowed = "conservative, diagnostic, therapeutic or surgery, or nothing";
                    Err(row.error(CLASS, PlanProblem::BadWord { word, allowed }))
                }
            },
        }
    }

    /// Enters the group of a row, or checks that its other rows describe it so too.
    fn enter(&mut self, row: &GroupRow<'_>, read: &mut DipRow) -> Result<(), Error> {
        let code = row.required(GROUP)?.to_owned();
        let group = DipGroup {
            name: row.required(NAME)?.to_owned(),
            layer: layer(row)?,
            class: read.class,
            is_primary_care: flag(row, PRIMARY_CARE)?,
            is_tcm: flag(row, TCM)?,
            mean_cost_fen: None,
            ten_thousandths: None,
            code: code.clone(),
        };
        if let Some(known) = self.index.get(&code) {
            read.group = *known;
            let other = &self.groups[usize::from(*known)];
            let class = other.class;
            if (DipGroup { class, ..group }) != *other {
                let first = row.place_of_line(self.first_rows[usize::from(*known)].line);
                return Err(row.error(GROUP, DipProblem::GroupDiffers { code, first }));
            }
            return Ok(());
        }
        // The last numbers mean no group and no plan in outputs.
        let next = u16::try_from(self.groups.len())
            .ok()
            .filter(|n| *n < u16::MAX - 1);
        let Some(next) = next else {
            return Err(row.error(GROUP, DipProblem::TooManyGroups));
        };
        read.group = next;
        self.index.insert(code, next);
        self.groups.push(group);
        self.first_rows.push(row.at);
        Ok(())
    }

    /// Makes the codes of a row known by what they match.
    fn intern(&self, read: &DipRow, codes: &mut CodeTable) {
        for key in &read.keys {
            intern_below(codes, key);
        }
        let procedures = match &read.treatment {
            Treatment::Procedures(expression) => Some(expression),
            _ => None,
        };
        let all = procedures.into_iter().chain(&read.related);
        for code in all.flat_map(Expression::codes) {
            intern_procedure(codes, code, self.options);
        }
    }
}

/// Makes a procedure known with all by which [`DipOptions`] lets cases match it.
fn intern_procedure(codes: &mut CodeTable, code: &str, options: &DipOptions) {
    codes.intern(code);
    match options.procedure_match {
        ProcedureMatch::Exact => {}
        ProcedureMatch::Prefix => {
            intern_below(codes, code);
        }
        ProcedureMatch::Extension => {
            intern_below(codes, &format!("{code}{EXTENSION}"));
        }
    }
    if let (true, Some((base, _))) = (options.base_matches_extensions, code.split_once(EXTENSION)) {
        codes.intern(base);
    }
}

/// What begins the extension of a code in the insurance edition (医保版).
const EXTENSION: char = 'x';

/// Whether a procedure of the catalogue takes a procedure of a case.
///
/// Source: the national tables, by which an entry with an extension takes only that extension and
/// an entry without takes all of its own.
#[must_use]
pub fn procedure_matches(options: &DipOptions, entry: &str, code: &str) -> bool {
    let rest = code.strip_prefix(entry);
    let is_taken = match options.procedure_match {
        ProcedureMatch::Exact => rest == Some(""),
        ProcedureMatch::Prefix => rest.is_some(),
        ProcedureMatch::Extension => {
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(EXTENSION))
        }
    };
    let is_base = || {
        entry
            .split_once(EXTENSION)
            .is_some_and(|(base, _)| base == code)
    };
    is_taken || (options.base_matches_extensions && is_base())
}

fn layer(row: &GroupRow<'_>) -> Result<Layer, Error> {
    let word = row.required(LAYER)?;
    Layer::of(word).ok_or_else(|| {
        let word = word.to_owned();
        let allowed = "pre_grouped, merged, auxiliary, basic, comprehensive or fallback";
        row.error(LAYER, PlanProblem::BadWord { word, allowed })
    })
}

fn flag(row: &GroupRow<'_>, column: usize) -> Result<bool, Error> {
    match row.cells[column] {
        "" => Ok(false),
        "yes" => Ok(true),
        word => {
            let (word, allowed) = (word.to_owned(), "yes or nothing");
            Err(row.error(column, PlanProblem::BadWord { word, allowed }))
        }
    }
}

fn expression(row: &GroupRow<'_>, column: usize) -> Result<Expression, Error> {
    Expression::parse(row.cells[column]).map_err(|sign| {
        let sign = match sign {
            Sign::Or => '|',
            Sign::And => '+',
        };
        row.error(column, DipProblem::BadExpression { sign })
    })
}

/// What the principal diagnosis begins with. A fallback row may have as little as a letter.
fn keys(row: &GroupRow<'_>, layer: Layer) -> Result<Vec<String>, Error> {
    let is_open = matches!(layer, Layer::PreGrouped | Layer::Fallback);
    let cell = row.cells[KEY];
    if cell.is_empty() {
        return match is_open {
            true => Ok(Vec::new()),
            false => Err(row.error(KEY, DipProblem::NoKey)),
        };
    }
    let least = if layer == Layer::Fallback {
        1
    } else {
        CATEGORY_CHARACTERS
    };
    let mut keys: Vec<String> = Vec::new();
    for key in cell.split('|') {
        let begins_well = key.starts_with(|first: char| first.is_ascii_uppercase());
        let is_plain = key.bytes().all(|byte| byte.is_ascii_graphic());
        if !begins_well || !is_plain || key.len() < least || keys.iter().any(|k| k == key) {
            let key = key.to_owned();
            return Err(row.error(KEY, DipProblem::BadKey { key }));
        }
        keys.push(key.to_owned());
    }
    Ok(keys)
}

fn condition(
    row: &GroupRow<'_>,
    lists: &HashMap<String, ListId>,
) -> Result<Option<StatedRule>, Error> {
    match row.cells[CONDITION] {
        "" => Ok(None),
        text => stated_rule(text, row.at, lists)
            .map(Some)
            .map_err(|problem| row.error(CONDITION, problem)),
    }
}

/// Reads a condition, which may ask for anything but severity.
pub(super) fn stated_rule(
    text: &str,
    row: RowRef,
    lists: &HashMap<String, ListId>,
) -> Result<StatedRule, crate::error::Problem> {
    let parsed = rule::parse(text, &mut |name| lists.get(name).copied());
    let rule = parsed.map_err(|error| {
        let rule = text.to_owned();
        PlanProblem::BadRule { rule, error }
    })?;
    let mut asks_severity = false;
    rule.each_predicate(&mut |predicate| {
        asks_severity |= matches!(predicate, Predicate::Mcc | Predicate::Cc);
    });
    match asks_severity {
        true => Err(DipProblem::SeverityInCondition.into()),
        false => Ok(StatedRule {
            text: text.to_owned(),
            rule,
            row,
        }),
    }
}

const WEIGHTS: [&str; 5] = ["group", "weight", "mean_cost", "origin", "source"];
/// Fen for a yuan, in the ten-thousandths that decimal texts are read in.
const TEN_THOUSANDTHS_OF_FEN: i64 = 100;

/// Reads the weights, and puts them and the mean costs beside the groups.
pub(super) fn read_weights(
    reading: &Reading<'_>,
    groups: &mut Groups<'_>,
) -> Result<Vec<WeightRow>, Error> {
    let mut weights: Vec<WeightRow> = Vec::new();
    if let Some(table) = reading.tables.find("weights.csv")? {
        table.each_row(&WEIGHTS, Change::Add, |row| {
            let code = row.required(0)?.to_owned();
            let Some(index) = groups.index.get(&code) else {
                return Err(row.error(0, DipProblem::NoSuchGroup { code }));
            };
            let bad = |column: usize, places| {
                let text = row.cells[column].to_owned();
                row.error(column, DipProblem::BadDecimal { text, places })
            };
            let weight = ten_thousandths(row.required(1)?).ok_or_else(|| bad(1, 4))?;
            let group = &mut groups.groups[usize::from(*index)];
            group.ten_thousandths = Some(weight);
            if !row.cells[2].is_empty() {
                let mean = ten_thousandths(row.cells[2]).ok_or_else(|| bad(2, 2))?;
                if mean % TEN_THOUSANDTHS_OF_FEN != 0 {
                    return Err(bad(2, 2));
                }
                group.mean_cost_fen = Some(mean / TEN_THOUSANDTHS_OF_FEN);
            }
            weights.push(WeightRow {
                group: code,
                ten_thousandths: weight,
                origin: row.cells[3].to_owned(),
                source: row.cells[4].to_owned(),
                row: row.at,
            });
            Ok(())
        })?;
    }
    weights.sort_by(|a, b| (&a.group, a.row).cmp(&(&b.group, b.row)));
    reading.refuse_repeats(&weights, |weight| (&weight.group, weight.row, "group"))?;
    Ok(weights)
}
