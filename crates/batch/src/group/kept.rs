//! The input columns that `--keep` writes, of files that need not have the same ones.

use crate::Error;
use crate::grouped::grouped_fields;
use crate::read::{ClaimFile, ClaimFiles, Column, is_text};
use arrow::array::{ArrayRef, RecordBatch, new_null_array};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field};

/// The input columns that are written: those of all files whose names the grouped columns do not
/// have, in the order in which they first come up.
pub(super) struct KeptColumns {
    pub(super) fields: Vec<Field>,
    /// For each file, where each of them stands; `None` where it lacks it.
    positions: Vec<Vec<Option<usize>>>,
    /// Columns that are not written because the output has its own of that name.
    pub(super) not_kept: Vec<String>,
}

/// What a column of a file is: the same in files that call it otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Key {
    Claim(Column),
    Other(String),
}

fn key_of(file: &ClaimFile, index: usize) -> Key {
    let mut columns = Column::ALL.iter();
    match columns.find(|column| file.layout.index(**column) == Some(index)) {
        Some(column) => Key::Claim(*column),
        None => Key::Other(file.schema().field(index).name().clone()),
    }
}

impl KeptColumns {
    pub(super) fn new(files: &ClaimFiles, keep: bool) -> Result<Self, Error> {
        let mut kept = Self {
            fields: Vec::new(),
            positions: Vec::new(),
            not_kept: Vec::new(),
        };
        if !keep {
            return Ok(kept);
        }
        let mut keys = Vec::new();
        for file in &files.files {
            kept.take(file, &mut keys)?;
        }
        for positions in &mut kept.positions {
            positions.resize(kept.fields.len(), None);
        }
        Ok(kept)
    }

    /// Takes in the columns of a file.
    fn take(&mut self, file: &ClaimFile, keys: &mut Vec<Key>) -> Result<(), Error> {
        let own = grouped_fields();
        let is_own = |name: &str| own.iter().any(|field| field.name() == name);
        let mut positions = vec![None; self.fields.len()];
        for (index, field) in file.schema().fields().iter().enumerate() {
            let key = key_of(file, index);
            if is_own(field.name()) || self.is_written_as_id(&key, keys) {
                if key != Key::Claim(Column::CaseId) && !self.not_kept.contains(field.name()) {
                    self.not_kept.push(field.name().clone());
                }
                continue;
            }
            let at = match keys.iter().position(|known| *known == key) {
                Some(at) => {
                    self.widen(at, file, field)?;
                    at
                }
                None => {
                    self.add(file, field)?;
                    keys.push(key);
                    positions.push(None);
                    self.fields.len() - 1
                }
            };
            positions[at] = Some(index);
        }
        self.positions.push(positions);
        Ok(())
    }

    /// Whether this is a `case_id` under another name, where files before had it under its own:
    /// the output has it already.
    fn is_written_as_id(&self, key: &Key, keys: &[Key]) -> bool {
        *key == Key::Claim(Column::CaseId) && !self.positions.is_empty() && !keys.contains(key)
    }

    fn add(&mut self, file: &ClaimFile, field: &Field) -> Result<(), Error> {
        if self.fields.iter().any(|known| known.name() == field.name()) {
            let problem = format!("two columns would be kept as {}.", field.name());
            return Err(Error::input(file.path.display(), problem)
                .with_hint("Leave one of them out, or group without --keep."));
        }
        self.fields.push(field.clone().with_nullable(true));
        Ok(())
    }

    /// Makes a kept column take that of another file, too.
    fn widen(&mut self, at: usize, file: &ClaimFile, field: &Field) -> Result<(), Error> {
        let kept = &self.fields[at];
        match common(kept.data_type(), field.data_type()) {
            Some(wide) => {
                self.fields[at] = kept.clone().with_data_type(wide);
                Ok(())
            }
            None => {
                let (name, stored) = (field.name(), field.data_type());
                let before = kept.data_type();
                let problem =
                    format!("column {name} is {stored} here and {before} in files before it.");
                Err(Error::input(file.path.display(), problem)
                    .with_hint("With --keep a column must have one type in all claim files."))
            }
        }
    }

    /// The kept columns of a batch with all columns.
    pub(super) fn of(&self, file: &ClaimFile, batch: &RecordBatch) -> Result<Vec<ArrayRef>, Error> {
        let strict = CastOptions {
            safe: false,
            ..CastOptions::default()
        };
        let positions = &self.positions[file.number];
        let columns = self.fields.iter().zip(positions).map(|(field, position)| {
            let wanted = field.data_type();
            match position.map(|position| batch.column(position)) {
                None => Ok(new_null_array(wanted, batch.num_rows())),
                Some(array) if array.data_type() == wanted => Ok(array.clone()),
                Some(array) => {
                    cast_with_options(array, wanted, &strict).map_err(|error| file.broken(&error))
                }
            }
        });
        columns.collect()
    }
}

/// The type that holds all values of both, where there is a plain one.
fn common(kept: &DataType, other: &DataType) -> Option<DataType> {
    let is_plain_text = |of: &DataType| is_text(of) && !holds_bytes(of);
    let width = |of: &DataType| of.primitive_width();
    match (kept, other) {
        (kept, other) if kept == other => Some(kept.clone()),
        (DataType::Null, typed) | (typed, DataType::Null) => Some(typed.clone()),
        // A dictionary may have too few keys for the texts of another file.
        (DataType::Dictionary(_, _), other) if is_plain_text(kept) && is_plain_text(other) => {
            Some(DataType::Utf8)
        }
        (kept, other) if is_plain_text(kept) && is_plain_text(other) => Some(kept.clone()),
        (kept, other) if kept.is_signed_integer() && other.is_signed_integer() => Some(
            if width(kept) < width(other) {
                other
            } else {
                kept
            }
            .clone(),
        ),
        (
            DataType::List(a) | DataType::LargeList(a),
            DataType::List(b) | DataType::LargeList(b),
        ) if is_plain_text(a.data_type()) && is_plain_text(b.data_type()) => Some(kept.clone()),
        _ => None,
    }
}

fn holds_bytes(of: &DataType) -> bool {
    match of {
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => true,
        DataType::Dictionary(_, value) => holds_bytes(value),
        _ => false,
    }
}
