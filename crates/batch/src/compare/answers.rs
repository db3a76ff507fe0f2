//! The group columns of a file, row by row.

use crate::{Error, Progress};
use arrow::array::{Array, ArrayRef, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Schema};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A text that many rows share.
pub(super) type Text = Arc<str>;

/// A part of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// `grouped`, `ambiguous`, `ungrouped`, `excluded` or `invalid`.
    Status,
    /// The major diagnostic category.
    Mdc,
    /// The core group.
    Adrg,
    /// The group.
    Group,
}

impl Field {
    /// All parts, from the widest to the narrowest.
    pub const ALL: [Self; 4] = [Self::Status, Self::Mdc, Self::Adrg, Self::Group];

    /// The column name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Mdc => "mdc",
            Self::Adrg => "adrg",
            Self::Group => "group",
        }
    }
}

/// What a side says of a case; an empty text counts as absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Answer {
    parts: [Option<Text>; 4],
}

impl Answer {
    /// One part of the answer.
    #[must_use]
    pub fn get(&self, field: Field) -> Option<&str> {
        self.parts[field as usize].as_deref()
    }

    /// One part of the answer, to be held.
    pub(super) fn shared(&self, field: Field) -> Option<Text> {
        self.parts[field as usize].clone()
    }
}

impl fmt::Display for Answer {
    /// The group, or the status of a case without one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let narrow_first = [Field::Group, Field::Status, Field::Adrg, Field::Mdc];
        let shown = narrow_first.into_iter().find_map(|field| self.get(field));
        f.pad(shown.unwrap_or("-"))
    }
}

/// Which side of a comparison a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// `group` is preferred to `expected_group`.
    Ours,
    /// `expected_group` is preferred to `group`.
    Reference,
}

/// One row of a file.
#[derive(Debug)]
pub(super) struct Row {
    /// The number of the row, from 0.
    pub(super) number: u64,
    pub(super) key: Option<String>,
    pub(super) answer: Answer,
    pub(super) plan: Option<Text>,
    pub(super) stratum: Option<Text>,
}

/// A file with a key and group columns.
#[derive(Debug)]
pub(super) struct AnswerFile {
    pub(super) path: PathBuf,
    pub(super) rows: u64,
    key: usize,
    parts: [Option<usize>; 4],
    plan: Option<usize>,
    stratum: Option<usize>,
}

impl AnswerFile {
    /// Finds the columns of a file.
    pub(super) fn open(path: &Path, key: &str, side: Side) -> Result<Self, Error> {
        let builder = builder(path)?;
        let schema = builder.schema();
        let index = |name: &str| schema.column_with_name(name).map(|(index, _)| index);
        let part = |field: Field| {
            let expected = index(&format!("expected_{}", field.name()));
            match side {
                Side::Ours => index(field.name()).or(expected),
                Side::Reference => expected.or_else(|| index(field.name())),
            }
        };
        let key = index(key).ok_or_else(|| no_key(path, key, schema))?;
        Ok(Self {
            path: path.to_owned(),
            rows: u64::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or(0),
            key,
            parts: Field::ALL.map(part),
            plan: index("plan"),
            stratum: index("stratum"),
        })
    }

    /// Whether the file has this part of the answers.
    pub(super) fn has(&self, field: Field) -> bool {
        self.parts[field as usize].is_some()
    }

    /// Hands on every row, in order.
    pub(super) fn for_each(
        &self,
        progress: &dyn Progress,
        mut take: impl FnMut(Row),
    ) -> Result<(), Error> {
        let builder = builder(&self.path)?;
        let optional = self.parts.iter().chain([&self.plan, &self.stratum]);
        let roots: Vec<usize> = optional.flatten().copied().chain([self.key]).collect();
        let mask = ProjectionMask::roots(builder.parquet_schema(), roots.iter().copied());
        let reader = builder
            .with_projection(mask)
            .with_batch_size(1 << 14)
            .build();
        let mut texts = Texts::default();
        let mut number = 0;
        for batch in reader.map_err(|error| self.broken(&error))? {
            let batch = batch.map_err(|error| self.broken(&error))?;
            progress.look()?;
            let columns = self.columns(&batch, &roots)?;
            for row in 0..batch.num_rows() {
                take(columns.row(row, number, &mut texts));
                number += 1;
            }
            progress.advance(batch.num_rows() as u64);
        }
        Ok(())
    }

    fn columns(&self, batch: &RecordBatch, roots: &[usize]) -> Result<Columns, Error> {
        let mut in_file_order = roots.to_vec();
        in_file_order.sort_unstable();
        in_file_order.dedup();
        let text = |index: usize| {
            let position = in_file_order.binary_search(&index);
            let position = position.expect("the column is among those that are read");
            as_text(batch.column(position)).map_err(|error| self.broken(&error))
        };
        let optional = |index: Option<usize>| index.map(text).transpose();
        let [status, mdc, adrg, group] = self.parts.map(optional);
        Ok(Columns {
            key: text(self.key)?,
            parts: [status?, mdc?, adrg?, group?],
            plan: optional(self.plan)?,
            stratum: optional(self.stratum)?,
        })
    }

    fn broken(&self, error: &dyn fmt::Display) -> Error {
        Error::input(
            self.path.display(),
            format!("the data cannot be decoded: {error}."),
        )
        .with_hint("The file is truncated or damaged; make it again.")
    }
}

fn builder(path: &Path) -> Result<ParquetRecordBatchReaderBuilder<File>, Error> {
    let file = File::open(path).map_err(|error| Error::file(path, "open it", &error))?;
    if path.is_dir() {
        return Err(
            Error::input(path.display(), "this is a folder, not a Parquet file.")
                .with_hint("Name the file in it that has the groups, such as cases.parquet."),
        );
    }
    ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| {
        let problem = format!("this is not a readable Parquet file: {error}.");
        Error::input(path.display(), problem)
    })
}

fn no_key(path: &Path, key: &str, schema: &Schema) -> Error {
    let names: Vec<&str> = schema
        .fields()
        .iter()
        .map(|field| field.name().as_str())
        .collect();
    let problem = format!(
        "the key column {key} is missing; the file has {}.",
        names.join(", ")
    );
    Error::input(path.display(), problem).with_hint("Name another column with --key.")
}

fn as_text(column: &ArrayRef) -> Result<StringArray, arrow::error::ArrowError> {
    let text = cast(column, &DataType::Utf8)?;
    Ok(StringArray::from(text.to_data()))
}

/// The text columns of a batch.
struct Columns {
    key: StringArray,
    parts: [Option<StringArray>; 4],
    plan: Option<StringArray>,
    stratum: Option<StringArray>,
}

impl Columns {
    fn row(&self, row: usize, number: u64, texts: &mut Texts) -> Row {
        let mut shared = |column: &Option<StringArray>| {
            let column = column.as_ref()?;
            text(column, row).map(|text| texts.share(text))
        };
        Row {
            number,
            key: text(&self.key, row).map(str::to_owned),
            answer: Answer {
                parts: [0, 1, 2, 3].map(|part| shared(&self.parts[part])),
            },
            plan: shared(&self.plan),
            stratum: shared(&self.stratum),
        }
    }
}

fn text(column: &StringArray, row: usize) -> Option<&str> {
    let text = column.is_valid(row).then(|| column.value(row));
    text.filter(|text| !text.is_empty())
}

/// Texts seen so far, each held once.
#[derive(Default)]
struct Texts(HashMap<Box<str>, Text>);

impl Texts {
    fn share(&mut self, text: &str) -> Text {
        if let Some(shared) = self.0.get(text) {
            return Arc::clone(shared);
        }
        let shared: Text = text.into();
        self.0.insert(text.into(), Arc::clone(&shared));
        shared
    }
}
