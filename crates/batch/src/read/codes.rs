//! The code columns of a batch with every text looked up, each text once.

use super::ClaimFile;
use super::cases::index;
use super::marks::Marks;
use super::values::{Remap, texts};
use crate::Error;
use ahash::RandomState;
use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, ListArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::Int32Type;
use drgdip_grouper::{CaseCode, CodeRole, CodeSlot, Resolver};
use std::collections::HashMap;

/// How many texts are remembered at most; a column of ever new texts starts anew.
const REMEMBERED: usize = 1 << 17;

/// What the text of a code amounts to.
#[derive(Clone, Copy)]
pub(super) struct Looked {
    pub(super) code: CaseCode,
    pub(super) marks: Marks,
}

/// The texts of one kind of codes that came up: nearly every row group has the same ones.
#[derive(Default)]
pub(super) struct CodeMemory(HashMap<Box<str>, Looked, RandomState>);

impl CodeMemory {
    fn look(&mut self, resolver: Resolver<'_>, role: CodeRole, text: &str) -> Looked {
        if let Some(looked) = self.0.get(text) {
            return *looked;
        }
        let looked = match resolver.is_on() {
            false => {
                let code = resolver.code(role.kind(), text);
                Looked {
                    code,
                    marks: Marks::of_code(code),
                }
            }
            true => {
                let resolved = resolver.resolve(role.kind(), text);
                Looked {
                    code: resolved.code,
                    marks: Marks::of(&resolved),
                }
            }
        };
        if self.0.len() >= REMEMBERED {
            self.0.clear();
        }
        self.0.insert(text.into(), looked);
        looked
    }
}

/// The texts of a code column, looked up.
pub(crate) struct CodeTexts {
    role: CodeRole,
    remap: Remap<Looked>,
    /// The column of the batch; `None` where the file lacks it.
    column: Option<CodeColumn>,
}

/// A code column of a batch.
struct CodeColumn {
    /// By row, or by item of the lists, its text in the dictionary.
    keys: DictionaryArray<Int32Type>,
    /// Where the column holds lists.
    list: Option<ListArray>,
}

impl CodeTexts {
    pub(super) fn new(role: CodeRole) -> Self {
        Self {
            role,
            remap: Remap::default(),
            column: None,
        }
    }

    /// Takes in the column of a batch.
    pub(super) fn load(
        &mut self,
        (file, array): (&ClaimFile, Option<&ArrayRef>),
        resolver: Resolver<'_>,
        memory: &mut CodeMemory,
    ) -> Result<(), Error> {
        self.column = None;
        let Some(array) = array else {
            return Ok(());
        };
        let list = array.as_list_opt::<i32>().cloned();
        let keys = texts(file, list.as_ref().map_or(array, |list| list.values()))?;
        let role = self.role;
        self.remap
            .update(&keys, |text| memory.look(resolver, role, text));
        self.column = Some(CodeColumn { keys, list });
        Ok(())
    }

    pub(crate) const fn role(&self) -> CodeRole {
        self.role
    }

    /// The codes of a row with their texts; absent ones are left out.
    pub(crate) fn of_row(&self, row: usize) -> impl Iterator<Item = (CaseCode, &str)> {
        let column = self.column.as_ref();
        let items = column.map_or(0..0, |column| match &column.list {
            None => row..row + 1,
            Some(list) if list.is_null(row) => 0..0,
            Some(list) => {
                let offsets = list.value_offsets();
                index(offsets[row])..index(offsets[row + 1])
            }
        });
        let texts =
            column.map(|column| (column.keys.keys(), column.keys.values().as_string::<i32>()));
        items.filter_map(move |item| {
            let (keys, texts) = texts?;
            let key = keys.is_valid(item).then(|| index(keys.value(item)))?;
            Some((self.remap.table()[key].code, texts.value(key)))
        })
    }

    /// The code of each row of a column without lists; what is to say goes into `marks`.
    pub(super) fn slots(&self, rows: usize, marks: &mut RowMarks) -> Vec<CodeSlot> {
        let Some(column) = &self.column else {
            return vec![None; rows];
        };
        let (table, keys) = (self.remap.table(), column.keys.keys());
        let code = |(row, key): (usize, Option<i32>)| {
            let looked = table[index(key?)];
            marks.add(row, looked.marks.of_role(self.role));
            Some(looked.code)
        };
        keys.iter().enumerate().map(code).collect()
    }

    /// The codes of each row of a column of lists; what is to say goes into `marks`.
    pub(super) fn lists(&self, marks: &mut RowMarks) -> CodeLists {
        let Some(column) = &self.column else {
            return CodeLists::default();
        };
        let list = column.list.as_ref().expect("the column holds lists");
        let (table, keys) = (self.remap.table(), column.keys.keys());
        let offsets = list.value_offsets();
        let absent_rows = list.nulls().map_or(0, NullBuffer::null_count);
        let mut lists = CodeLists {
            offsets: Vec::with_capacity(offsets.len()),
            codes: Vec::with_capacity(keys.len()),
        };
        if keys.null_count() == 0 && absent_rows == 0 {
            lists.offsets.extend(offsets.iter().map(|at| index(*at)));
            let code = |(item, key): (usize, &i32)| {
                let looked = table[index(*key)];
                if looked.marks.are_any() {
                    let row = lists.offsets.partition_point(|at| *at <= item) - 1;
                    marks.add(row, looked.marks.of_role(self.role));
                }
                looked.code
            };
            let codes = keys.values().iter().enumerate().map(code);
            lists.codes.extend(codes);
            return lists;
        }
        lists.offsets.push(0);
        for (row, bounds) in offsets.windows(2).enumerate() {
            if list.is_valid(row) {
                let items = index(bounds[0])..index(bounds[1]);
                for item in items.filter(|item| keys.is_valid(*item)) {
                    let looked = table[index(keys.value(item))];
                    marks.add(row, looked.marks.of_role(self.role));
                    lists.codes.push(looked.code);
                }
            }
            lists.offsets.push(lists.codes.len());
        }
        lists
    }
}

/// A column of code lists; absent lists and absent items are left out.
#[derive(Default)]
pub(super) struct CodeLists {
    /// One more than there are rows, or none where the file lacks the column.
    offsets: Vec<usize>,
    codes: Vec<CaseCode>,
}

impl CodeLists {
    pub(super) fn row(&self, row: usize) -> &[CaseCode] {
        match self.offsets.get(row..row + 2) {
            Some(bounds) => &self.codes[bounds[0]..bounds[1]],
            None => &[],
        }
    }
}

/// What there is to say about the codes of each row; empty where nothing is.
pub(super) struct RowMarks {
    rows: usize,
    marks: Vec<Marks>,
}

impl RowMarks {
    pub(super) const fn new(rows: usize) -> Self {
        Self {
            rows,
            marks: Vec::new(),
        }
    }

    fn add(&mut self, row: usize, marks: Marks) {
        if marks.are_any() {
            self.marks.resize(self.rows, Marks::default());
            self.marks[row] = self.marks[row].or(marks);
        }
    }

    pub(super) fn row(&self, row: usize) -> Marks {
        self.marks.get(row).copied().unwrap_or_default()
    }
}
