//! What a plan's code settings say about the codes of each row of a batch.

use super::ClaimFile;
use super::cases::index;
use super::columns::Column;
use super::values::{Remap, texts};
use crate::Error;
use arrow::array::{Array, ArrayRef, AsArray};
use drgdip_grouper::{CodeFaults, CodeRole, Resolver};

/// What there is to say about the codes of a row, or about one code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Marks(u8);

impl Marks {
    const NOTABLE: u8 = 1;
    const UNKNOWN: u8 = 2;
    const GREY: u8 = 4;

    fn of(resolver: &Resolver<'_>, role: CodeRole, text: &str) -> Self {
        let resolved = resolver.resolve(role.kind(), text);
        let is_grey = role == CodeRole::Principal && resolved.grey.is_some();
        let bit = |is_set: bool, bit| if is_set { bit } else { 0 };
        Self(
            bit(resolved.is_notable(role), Self::NOTABLE)
                | bit(resolved.is_unknown, Self::UNKNOWN)
                | bit(is_grey, Self::GREY),
        )
    }

    /// Whether some code of the row has a finding.
    pub(crate) const fn are_notable(self) -> bool {
        self.0 != 0
    }

    pub(crate) const fn faults(self) -> CodeFaults {
        CodeFaults {
            unknown_code: self.0 & Self::UNKNOWN != 0,
            grey_principal: self.0 & Self::GREY != 0,
        }
    }
}

/// Reads marks; remembers the dictionaries that it has looked up.
#[derive(Default)]
pub(super) struct MarkReader {
    principal: Remap<Marks>,
    others: Remap<Marks>,
    main: Remap<Marks>,
    procedures: Remap<Marks>,
}

impl MarkReader {
    /// The marks of each row; none at all where no code of the batch has any.
    pub(super) fn read<'a>(
        &mut self,
        file: &ClaimFile,
        resolver: &Resolver<'_>,
        rows: usize,
        array: impl Fn(Column) -> Option<&'a ArrayRef>,
    ) -> Result<Vec<Marks>, Error> {
        let mut marks = Vec::new();
        for (role, column, remap) in [
            (
                CodeRole::Principal,
                Column::PrincipalDiagnosis,
                &mut self.principal,
            ),
            (
                CodeRole::MainProcedure,
                Column::MainProcedure,
                &mut self.main,
            ),
            (
                CodeRole::OtherDiagnosis,
                Column::OtherDiagnoses,
                &mut self.others,
            ),
            (
                CodeRole::OtherProcedure,
                Column::OtherProcedures,
                &mut self.procedures,
            ),
        ] {
            let Some(array) = array(column) else {
                continue;
            };
            let list = array.as_list_opt::<i32>();
            let codes = texts(file, list.map_or(array, |list| list.values()))?;
            let table = remap.update(&codes, |text| Marks::of(resolver, role, text));
            if !table.iter().any(|marks| marks.are_notable()) {
                continue;
            }
            marks.resize(rows, Marks::default());
            let keys = codes.keys();
            let mut mark = |row: usize, item: usize| {
                if keys.is_valid(item) {
                    marks[row].0 |= table[index(keys.value(item))].0;
                }
            };
            let Some(list) = list else {
                (0..rows).for_each(|row| mark(row, row));
                continue;
            };
            for (row, bounds) in list.value_offsets().windows(2).enumerate() {
                if list.is_valid(row) {
                    (index(bounds[0])..index(bounds[1])).for_each(|item| mark(row, item));
                }
            }
        }
        if marks.iter().all(|marks| !marks.are_notable()) {
            marks.clear();
        }
        Ok(marks)
    }
}
