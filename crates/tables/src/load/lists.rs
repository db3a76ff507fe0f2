//! The code lists while a plan is being read.

use super::cells::Layer;
use super::problem::PlanProblem;
use super::rows::{Change, Row, TableFile};
use crate::error::Error;
use crate::plan::{CodeId, CodeList, CodeTable, RowRef};
use std::collections::HashMap;
use std::sync::Arc;

const COLUMNS: [&str; 2] = ["list", "code"];
const LIST: usize = 0;
const CODE: usize = 1;

/// The lists of all layers so far.
#[derive(Default)]
pub(crate) struct Lists {
    lists: Vec<DraftList>,
    index: HashMap<Arc<str>, usize>,
    /// The list of the row before, since rows of one list stand together.
    latest: usize,
}

struct DraftList {
    name: Arc<str>,
    /// Sorted by code between layers; rows of the current layer stand at the end.
    codes: Vec<(CodeId, RowRef)>,
    /// How many of the codes are from earlier layers.
    settled: usize,
    is_removed: bool,
}

impl Lists {
    /// Applies the files of a layer: removals first, then additions.
    pub(crate) fn apply(
        &mut self,
        files: &[TableFile<'_>],
        codes: &mut CodeTable,
    ) -> Result<(), Error> {
        for file in files {
            file.each_row(&COLUMNS, Change::Replace, |row| {
                Err(row.error(LIST, PlanProblem::NothingToReplace))
            })?;
            file.each_row(&COLUMNS, Change::Remove, |row| self.remove(row, codes))?;
        }
        for file in files {
            file.each_row(&COLUMNS, Change::Add, |row| self.add(row, codes))?;
        }
        Ok(())
    }

    /// Sorts what the layer added, and reports what it added twice.
    pub(crate) fn end_layer(&mut self, layer: &mut Layer<'_>) {
        for list in &mut self.lists {
            if list.settled == list.codes.len() {
                continue;
            }
            list.codes.sort_unstable();
            list.codes.dedup_by(|later, first| {
                let is_repeat = later.0 == first.0;
                if is_repeat {
                    layer.warn_of_repeat(later.1, first.1);
                }
                is_repeat
            });
            list.settled = list.codes.len();
        }
    }

    /// The lists that are left, sorted by name.
    pub(crate) fn finish(self) -> Vec<CodeList> {
        let left = self.lists.into_iter().filter(|list| !list.is_removed);
        let mut lists: Vec<_> = left
            .map(|list| CodeList {
                name: list.name.as_ref().to_owned(),
                codes: list.codes,
            })
            .collect();
        lists.sort_by(|left, right| left.name.cmp(&right.name));
        lists
    }

    fn add(&mut self, row: &Row<'_, 2>, codes: &mut CodeTable) -> Result<(), Error> {
        let name = row.required(LIST)?;
        let code = row.required(CODE)?;
        let id = codes.intern(code);
        let list = self.find_or_make(name);
        if list.settled_at(id).is_some() {
            let code = format!("{code} of {name}");
            return Err(row.error(
                CODE,
                PlanProblem::AlreadyThere {
                    what: "the code",
                    code,
                },
            ));
        }
        list.codes.push((id, row.at));
        Ok(())
    }

    /// Removes one code, or the whole list where the row names no code.
    fn remove(&mut self, row: &Row<'_, 2>, codes: &CodeTable) -> Result<(), Error> {
        let name = row.required(LIST)?;
        let found = self.index.get(name).map(|at| &mut self.lists[*at]);
        let Some(list) = found.filter(|list| !list.is_removed) else {
            let problem = PlanProblem::NotThere {
                what: "the list",
                code: name.to_owned(),
            };
            return Err(row.error(LIST, problem));
        };
        let code = row.cells[CODE];
        if code.is_empty() {
            list.codes.clear();
            list.is_removed = true;
            list.settled = 0;
            return Ok(());
        }
        let Some(at) = codes.find(code).and_then(|id| list.settled_at(id)) else {
            let code = format!("{code} of {name}");
            return Err(row.error(
                CODE,
                PlanProblem::NotThere {
                    what: "the code",
                    code,
                },
            ));
        };
        list.codes.remove(at);
        list.settled -= 1;
        Ok(())
    }

    fn find_or_make(&mut self, name: &str) -> &mut DraftList {
        let is_latest = self
            .lists
            .get(self.latest)
            .is_some_and(|list| &*list.name == name);
        if !is_latest {
            self.latest = match self.index.get(name) {
                Some(at) => *at,
                None => self.make(name.into()),
            };
        }
        let list = &mut self.lists[self.latest];
        list.is_removed = false;
        list
    }

    fn make(&mut self, name: Arc<str>) -> usize {
        self.index.insert(Arc::clone(&name), self.lists.len());
        self.lists.push(DraftList {
            name,
            codes: Vec::new(),
            settled: 0,
            is_removed: false,
        });
        self.lists.len() - 1
    }
}

impl DraftList {
    /// Where a code of an earlier layer stands.
    fn settled_at(&self, code: CodeId) -> Option<usize> {
        self.codes[..self.settled]
            .binary_search_by_key(&code, |(id, _)| *id)
            .ok()
    }
}
