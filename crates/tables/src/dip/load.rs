//! Reads the folder of a DIP plan.

use super::auxiliary::Auxiliary;
use super::code_rows::{read_classes, read_excluded, read_procedure_rules};
use super::codes::{ByText, intern_below, prefixes};
use super::groups::{Groups, read_weights};
use super::manifest::{self, Manifest};
use super::problem::DipProblem;
use super::{DipCatalogue, TieBreak, tie_break};
use crate::error::{Error, Place, Problem, Warning};
use crate::files::FileSet;
use crate::load::PlanProblem;
use crate::load::cells::Layer as TableLayer;
use crate::load::code_settings::GREY;
use crate::load::lists::Lists;
use crate::load::manifest::FILE;
use crate::load::rows::{Change, TableFile};
use crate::plan::{CodeList, CodeTable, GreyRow, GroupingPlan, RowRef};
use crate::rule::ListId;
use std::collections::HashMap;
use std::sync::Arc;

/// Tables that a plan may leave to those that all DIP plans share.
const SHARED: [&str; 5] = [
    "tie-breaks.toml",
    "procedure-classes.csv",
    "cci.csv",
    "auxiliary-kinds.csv",
    "auxiliary-levels.csv",
];
/// Tables that are a plan's own.
const OWN: [&str; 7] = [
    FILE,
    "groups.csv",
    "weights.csv",
    "excluded-diagnoses.csv",
    "procedure-rules.csv",
    "auxiliary.csv",
    GREY,
];

/// Where a catalogue that was grown out of history says how; nothing in it decides a case.
const BUILD: &str = "build/";

/// Whether a folder holds a DIP plan.
///
/// # Errors
/// A missing or broken `plan.toml`.
pub(crate) fn is_dip(files: &FileSet) -> Result<bool, Error> {
    manifest::is_dip(files)
}

/// A plan with its warnings, and the shared tables that it takes.
pub(crate) type LoadedDip = (GroupingPlan, Vec<Warning>, FileSet);

/// The tables of a plan, own and shared, with what messages call them.
pub(super) struct Tables<'f> {
    entries: Vec<(&'f str, &'f [u8])>,
    names: Vec<String>,
}

impl<'f> Tables<'f> {
    fn new(own: &'f FileSet, shared: &'f FileSet) -> Result<Self, Error> {
        let mut tables = Self {
            entries: Vec::new(),
            names: Vec::new(),
        };
        for set in [own, shared] {
            for (path, bytes) in set.iter() {
                let name = set.name_of(path);
                if path.starts_with(BUILD) {
                    continue;
                }
                let list = path
                    .strip_prefix("lists/")
                    .and_then(|name| name.strip_suffix(".csv"));
                let is_list = list.is_some_and(|name| !name.is_empty() && !name.contains('/'));
                if !is_list && !SHARED.contains(&path) && !OWN.contains(&path) {
                    let place = Place {
                        file: name,
                        ..Place::default()
                    };
                    return Err(DipProblem::UnknownFile.at(place));
                }
                tables.entries.push((path, bytes));
                tables.names.push(name);
            }
        }
        Ok(tables)
    }

    fn table(&self, index: usize) -> Result<TableFile<'_>, Error> {
        let file = u16::try_from(index).expect("files are limited");
        TableFile::new(self.entries[index].1, (&self.names[index], file), false)
    }

    /// A table; `None` where the plan has none.
    pub(super) fn find(&self, path: &str) -> Result<Option<TableFile<'_>>, Error> {
        let found = self.entries.iter().position(|(known, _)| *known == path);
        found.map(|index| self.table(index)).transpose()
    }

    /// A table that every plan has.
    pub(super) fn required(&self, path: &str) -> Result<TableFile<'_>, Error> {
        let folder = self.names[0]
            .rsplit_once('/')
            .map_or("", |(folder, _)| folder);
        self.find(path)?.ok_or_else(|| Error {
            place: Place {
                file: format!("{folder}/{path}"),
                ..Place::default()
            },
            problem: Problem::FileMissing,
        })
    }
}

/// What the tables are read into.
pub(super) struct Reading<'f> {
    pub(super) tables: &'f Tables<'f>,
    pub(super) codes: CodeTable,
    pub(super) list_ids: HashMap<String, ListId>,
    /// By list, its entries as written.
    pub(super) lists: Vec<Vec<String>>,
}

impl Reading<'_> {
    fn place(&self, row: RowRef, field: &str) -> Place {
        Place {
            file: self.tables.names[usize::from(row.file)].clone(),
            line: Some(row.line.into()),
            field: Some(field.to_owned()),
        }
    }

    /// The error that a row says of a code what another said before.
    pub(super) fn stated_twice(
        &self,
        code: String,
        (row, field): (RowRef, &str),
        first: RowRef,
    ) -> Error {
        let first = Place {
            field: None,
            ..self.place(first, field)
        };
        DipProblem::StatedTwice { code, first }.at(self.place(row, field))
    }

    /// Refuses two neighbours of sorted rows with the same key.
    pub(super) fn refuse_repeats<T>(
        &self,
        sorted: &[T],
        key: impl Fn(&T) -> (&String, RowRef, &'static str),
    ) -> Result<(), Error> {
        for pair in sorted.windows(2) {
            let ((first, first_row, _), (code, row, field)) = (key(&pair[0]), key(&pair[1]));
            if first == code {
                return Err(self.stated_twice(code.clone(), (row, field), first_row));
            }
        }
        Ok(())
    }
}

/// Reads a DIP plan; what it leaves out of the tables that all such plans share is taken from
/// `shared`.
pub(crate) fn load_files(files: &FileSet, shared: &FileSet) -> Result<LoadedDip, Error> {
    let shared = FileSet::in_memory(
        shared.label(),
        shared
            .iter()
            .filter(|(path, _)| SHARED.contains(path) && files.get(path).is_none())
            .map(|(path, bytes)| (path.to_owned(), bytes.to_vec().into())),
    );
    let manifest = Manifest::read(files)?;
    let tables = Tables::new(files, &shared)?;
    let mut warnings = Vec::new();
    let (lists, mut reading) = read_lists(&tables, &mut warnings)?;
    let excluded = read_excluded(&mut reading)?;
    let procedure_rules = read_procedure_rules(&mut reading)?;
    let classes = read_classes(&mut reading)?;
    let class_of = |code: &str| {
        let found = prefixes(code).filter_map(|begin| {
            let found = classes.binary_search_by(|row| row.begins.as_str().cmp(begin));
            found.ok().map(|at| classes[at].class)
        });
        found.last()
    };
    let mut groups = Groups::read(&mut reading, &manifest.options, &class_of)?;
    let weights = read_weights(&reading, &mut groups)?;
    let auxiliary = Auxiliary::read(&mut reading, manifest.auxiliary, &groups)?;
    let grey = read_grey(&mut reading, files, manifest.settings.codes.has_grey_list)?;
    let (rows, groups) = (groups.rows, groups.groups);
    let tie_break = find_tie_break(files, &shared, &manifest.tie_break)?;
    let lists = expanded(lists, &reading.codes);
    let plan = GroupingPlan {
        id: manifest.id,
        title: manifest.title,
        base: None,
        settings: manifest.settings,
        codes: reading.codes,
        lists,
        mdcs: Vec::new(),
        severity: Vec::new(),
        exclusions: Vec::new(),
        weights,
        grey,
        code_tables: None,
        dip: Some(Arc::new(DipCatalogue {
            options: manifest.options,
            steps: manifest.steps,
            groups,
            rows,
            excluded,
            procedure_rules,
            classes,
            tie_break,
            auxiliary,
        })),
        files: tables.names.clone(),
    };
    warnings.extend(super::warnings::warnings(&plan));
    warnings.sort();
    Ok((plan, warnings, shared))
}

fn read_lists<'f>(
    tables: &'f Tables<'f>,
    warnings: &mut Vec<Warning>,
) -> Result<(Vec<CodeList>, Reading<'f>), Error> {
    let mut codes = CodeTable::default();
    let are_lists = |index: &usize| tables.entries[*index].0.starts_with("lists/");
    let files = (0..tables.entries.len()).filter(are_lists);
    let files: Vec<_> = files
        .map(|index| tables.table(index))
        .collect::<Result<_, _>>()?;
    let mut lists = Lists::default();
    lists.apply(&files, &mut codes)?;
    lists.end_layer(&mut TableLayer {
        files: &tables.names,
        first_file: 0,
        warnings,
    });
    let lists = lists.finish();
    let texts: Vec<Vec<String>> = lists
        .iter()
        .map(|list| {
            let codes = list.codes.iter().map(|(id, _)| codes.text(*id).to_owned());
            codes.collect()
        })
        .collect();
    for entry in texts.iter().flatten() {
        intern_below(&mut codes, entry);
    }
    let names = lists.iter().map(|list| list.name.clone());
    let list_ids = names.zip((0..).map(ListId)).collect();
    let reading = Reading {
        tables,
        codes,
        list_ids,
        lists: texts,
    };
    Ok((lists, reading))
}

/// The lists with all codes that begin with one of their entries.
fn expanded(lists: Vec<CodeList>, codes: &CodeTable) -> Vec<CodeList> {
    let by_text = ByText::new(codes);
    let expand = |list: CodeList| {
        let rows = list.codes.iter().flat_map(|(entry, row)| {
            let below = by_text.below(codes.text(*entry));
            below.map(|id| (id, *row)).collect::<Vec<_>>()
        });
        let mut found: Vec<_> = rows.collect();
        found.sort_unstable();
        found.dedup_by_key(|(id, _)| *id);
        CodeList {
            name: list.name,
            codes: found,
        }
    };
    lists.into_iter().map(expand).collect()
}

fn read_grey(
    reading: &mut Reading<'_>,
    files: &FileSet,
    is_named: bool,
) -> Result<Vec<GreyRow>, Error> {
    let at = |problem: Problem| {
        let place = Place {
            file: files.name_of(GREY),
            ..Place::default()
        };
        Err(Error { place, problem })
    };
    let mut grey: Vec<GreyRow> = Vec::new();
    match (reading.tables.find(GREY)?, is_named) {
        (None, false) => {}
        (None, true) => return at(Problem::FileMissing),
        (Some(_), false) => return at(PlanProblem::GreyListNotNamed.into()),
        (Some(table), true) => table.each_row(&["code", "name"], Change::Add, |row| {
            let code = row.required(0)?.to_owned();
            grey.push(GreyRow { code, row: row.at });
            Ok(())
        })?,
    }
    grey.sort_by(|a, b| (&a.code, a.row).cmp(&(&b.code, b.row)));
    reading.refuse_repeats(&grey, |row| (&row.code, row.row, "code"))?;
    Ok(grey)
}

fn find_tie_break(files: &FileSet, shared: &FileSet, id: &str) -> Result<TieBreak, Error> {
    let all = match files.get(tie_break::FILE) {
        Some(_) => tie_break::read(files)?,
        None => tie_break::read(shared)?,
    };
    let known: Vec<&str> = all.iter().map(|profile| profile.id.as_str()).collect();
    let known = known.join(", ");
    let found = all.into_iter().find(|profile| profile.id == id);
    found.ok_or_else(|| {
        let id = id.to_owned();
        DipProblem::NoSuchTieBreak { id, known }.at(Place {
            file: files.name_of(FILE),
            line: None,
            field: Some("tie_break".to_owned()),
        })
    })
}
