//! The claim files of a run: found, opened, in byte order of their names.

use super::columns::{Column, ColumnNeeds, Kind, Layout};
use super::foreign::{check_codecs, not_decoded, not_parquet};
use super::found::Found;
use super::quarantine::{Quarantined, label_of};
use super::types::{Retyped, read_type};
use crate::{Error, Progress};
use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder, RowSelection, RowSelector,
};
use std::cell::Cell;
use std::collections::BTreeSet;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How claims are read.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReadOptions {
    /// Accept money columns that hold floating-point numbers; each value is rounded once, half
    /// away from zero, from its shortest decimal text.
    pub allow_float_money: bool,
    /// Take whole numbers in money columns for fen; otherwise such columns are refused.
    pub money_in_fen: bool,
    /// Leave out files and row groups that cannot be read, and count them, instead of stopping.
    pub keep_going: bool,
}

thread_local! {
    /// Whether this thread is inside the decoder, whose panics on damaged pages are caught.
    static IS_DECODING: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic of this thread would be one of the decoder on a damaged page, which becomes an
/// error that names the file; a panic hook need not tell it.
#[must_use]
pub fn is_decoding() -> bool {
    IS_DECODING.get()
}

/// A row group is cut into units of at most so many rows, so that one large row group still
/// keeps all threads busy.
const UNIT_ROWS: u64 = 1 << 20;

/// How many rows are decoded at a time: few enough that what a batch becomes stays near the
/// processor while its rows are grouped and settled.
const BATCH_ROWS: usize = 1 << 12;

/// One claim file, opened and checked.
pub(crate) struct ClaimFile {
    /// The number of the file among those of the run.
    pub(crate) number: usize,
    pub(crate) path: PathBuf,
    /// The path as outputs write it down.
    pub(crate) label: String,
    /// The number of the file's first row among all rows of the run.
    pub(crate) first_row: u64,
    pub(crate) layout: Layout,
    metadata: ArrowReaderMetadata,
    /// What becomes another type after it is read, and all columns as they become.
    retyped: Retyped,
    schema: Arc<Schema>,
    /// The row groups that are left out because they cannot be read.
    left_out: BTreeSet<usize>,
    /// The position of each column in a batch; `None` where the file lacks the column.
    positions: Vec<Option<usize>>,
}

/// A piece of work: some rows of one row group.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unit {
    pub(crate) file: usize,
    row_group: usize,
    skip: u64,
    pub(crate) rows: u64,
    /// The number of its first row among all rows of the run.
    pub(crate) first_row: u64,
}

/// All claim files of a run.
pub(crate) struct ClaimFiles {
    pub(crate) files: Vec<ClaimFile>,
    pub(crate) units: Vec<Unit>,
    pub(crate) rows: u64,
    /// What was left out because it cannot be read; empty unless the run keeps going.
    pub(crate) quarantined: Vec<Quarantined>,
    /// What folders hold beside claim files and is not read, in words.
    pub(crate) passed_over: Vec<String>,
    pub(super) keeps_going: bool,
}

impl Unit {
    /// The row group that it is a piece of.
    pub(super) const fn row_group(&self) -> usize {
        self.row_group
    }
}

impl ClaimFiles {
    /// Opens every file named, every Parquet file of a folder named, and every match of a glob.
    ///
    /// What a folder holds beside them is for [`Self::tell`].
    ///
    /// Outputs name a file inside `root` by its path from there.
    pub(crate) fn open(
        inputs: &[PathBuf],
        needs: &ColumnNeeds,
        options: ReadOptions,
        root: Option<&Path>,
    ) -> Result<Self, Error> {
        let mut all = Self {
            files: Vec::new(),
            units: Vec::new(),
            rows: 0,
            quarantined: Vec::new(),
            passed_over: Vec::new(),
            keeps_going: options.keep_going,
        };
        let found = Found::of(inputs)?;
        all.passed_over = found.passed_over;
        for path in found.files {
            let label = label_of(&path, root);
            match ClaimFile::open(path.clone(), needs, options) {
                Ok(file) => {
                    let number = all.files.len();
                    all.files.push(ClaimFile {
                        number,
                        label,
                        ..file
                    });
                }
                Err(error) if options.keep_going => {
                    let left = Quarantined::file(label, stated_rows(&path), &error);
                    all.quarantined.push(left);
                }
                Err(error) => return Err(error),
            }
        }
        if let ([], Some(left)) = (&all.files[..], all.quarantined.first()) {
            let problem = format!("no claim file can be read: {}", left.reason);
            return Err(Error::input(&left.file, problem));
        }
        all.number_rows();
        Ok(all)
    }

    /// Says what folders hold and is not read, so that nobody takes it for settled.
    pub(crate) fn tell(&self, progress: &dyn Progress) {
        for passed_over in &self.passed_over {
            progress.note(&format!("{passed_over} is not read."));
        }
    }

    /// Numbers the rows of all files and cuts them into units.
    pub(super) fn number_rows(&mut self) {
        self.rows = 0;
        self.units.clear();
        for number in 0..self.files.len() {
            self.files[number].first_row = self.rows;
            self.add_units(number);
        }
    }

    fn add_units(&mut self, number: usize) {
        let file = &self.files[number];
        for (row_group, metadata) in file.metadata.metadata().row_groups().iter().enumerate() {
            if file.left_out.contains(&row_group) {
                continue;
            }
            let rows = u64::try_from(metadata.num_rows()).unwrap_or(0);
            let mut skip = 0;
            while skip < rows {
                let take = UNIT_ROWS.min(rows - skip);
                let first_row = self.rows + skip;
                self.units.push(Unit {
                    file: number,
                    row_group,
                    skip,
                    rows: take,
                    first_row,
                });
                skip += take;
            }
            self.rows += rows;
        }
    }

    /// Visits some rows, which are given in row order, with some of their columns: the batch, the
    /// number of the row in the run, and its offset in the batch.
    pub(crate) fn visit_rows(
        &self,
        rows: &[u64],
        columns: &[Column],
        mut visit: impl FnMut(&ClaimFile, &RecordBatch, u64, usize) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut rest = rows;
        for unit in &self.units {
            let until = rest.partition_point(|row| *row < unit.first_row + unit.rows);
            let (mut here, later) = rest.split_at(until);
            rest = later;
            if here.is_empty() {
                continue;
            }
            let file = &self.files[unit.file];
            let mut reader = file.read_columns(unit, columns)?;
            let mut first = unit.first_row;
            while let Some(batch) = file.next_batch(&mut reader)? {
                let next = first + batch.num_rows() as u64;
                let (inside, after) = here.split_at(here.partition_point(|row| *row < next));
                for row in inside {
                    visit(file, &batch, *row, to_usize(row - first))?;
                }
                (here, first) = (after, next);
            }
        }
        Ok(())
    }

    /// Which file a row of the run stands in, and its number there from 1.
    pub(crate) fn place(&self, row: u64) -> (&ClaimFile, u64) {
        let after = self.files.partition_point(|file| file.first_row <= row);
        let file = &self.files[after - 1];
        let mut place = row - file.first_row;
        for row_group in &file.left_out {
            let (first, rows) = file.rows_of(*row_group);
            if place >= first {
                place += rows;
            }
        }
        (file, place + 1)
    }
}

impl ClaimFile {
    fn open(path: PathBuf, needs: &ColumnNeeds, options: ReadOptions) -> Result<Self, Error> {
        let handle = File::open(&path).map_err(|e| Error::file(&path, "open it", &e))?;
        let bytes = handle
            .metadata()
            .map_err(|e| Error::file(&path, "read it", &e))?
            .len();
        let wrong = |problem: String| Error::input(path.display(), problem);
        if bytes == 0 {
            return Err(wrong("the file is empty.".to_owned())
                .with_hint("Deliver the file again; nothing was written."));
        }
        let stored = ArrowReaderMetadata::load(&handle, ArrowReaderOptions::new())
            .map_err(|e| not_parquet(&path, &e))?;
        let layout = Layout::find(stored.schema(), needs, options);
        let layout = layout.map_err(|unfit| wrong(unfit.problem).with_hint(unfit.hint))?;
        if !options.allow_float_money {
            refuse_float_money(&path, stored.schema(), &layout)?;
        }
        check_codecs(&path, stored.metadata(), &layout.projection())?;
        let schema = hinted_schema(stored.schema(), &layout);
        let hinted = ArrowReaderOptions::new().with_schema(schema);
        let metadata = ArrowReaderMetadata::try_new(Arc::clone(stored.metadata()), hinted)
            .map_err(|e| not_parquet(&path, &e))?;
        let positions = positions(&layout);
        let retyped = Retyped::find(metadata.schema(), &layout);
        Ok(Self {
            number: 0,
            label: path.display().to_string(),
            path,
            first_row: 0,
            layout,
            schema: retyped.schema(metadata.schema()),
            retyped,
            metadata,
            left_out: BTreeSet::new(),
            positions,
        })
    }

    /// Leaves a row group out; says whether it was not left out before.
    pub(super) fn leave_out(&mut self, row_group: usize) -> bool {
        self.left_out.insert(row_group)
    }

    /// The first row of a row group in the file, from 0, and how many it says that it has.
    pub(super) fn rows_of(&self, row_group: usize) -> (u64, u64) {
        let row_groups = self.metadata.metadata().row_groups();
        let rows = |at: usize| u64::try_from(row_groups[at].num_rows()).unwrap_or(0);
        ((0..row_group).map(rows).sum(), rows(row_group))
    }

    /// The position of a column in the batches of this file, of which all columns are read or
    /// only the needed ones.
    pub(crate) fn position(&self, column: Column, everything: bool) -> Option<usize> {
        if everything {
            self.layout.index(column)
        } else {
            self.positions[column as usize]
        }
    }

    /// The position of a column in batches of which only some columns were read.
    pub(crate) fn position_among(&self, column: Column, read: &[Column]) -> Option<usize> {
        let index = self.layout.index(column)?;
        let before = read.iter().filter_map(|other| self.layout.index(*other));
        Some(before.filter(|other| *other < index).count())
    }

    /// How many rows of the file are read.
    pub(crate) fn rows(&self) -> u64 {
        let row_groups = 0..self.metadata.metadata().row_groups().len();
        let read = row_groups.filter(|row_group| !self.left_out.contains(row_group));
        read.map(|row_group| self.rows_of(row_group).1).sum()
    }

    /// All columns of the file with the types that they have in batches.
    pub(crate) fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Reads the needed columns of a unit, or all columns where `everything` is wanted.
    pub(crate) fn read(
        &self,
        unit: &Unit,
        everything: bool,
    ) -> Result<ParquetRecordBatchReader, Error> {
        let projection = if everything {
            ProjectionMask::all()
        } else {
            let descriptor = self.metadata.metadata().file_metadata().schema_descr();
            ProjectionMask::roots(descriptor, self.layout.projection())
        };
        self.reader(unit, projection, whole(unit))
    }

    /// Reads some columns of a unit; their order in the batches is that of the file.
    pub(crate) fn read_columns(
        &self,
        unit: &Unit,
        columns: &[Column],
    ) -> Result<ParquetRecordBatchReader, Error> {
        self.reader(unit, self.projection_of(columns), whole(unit))
    }

    /// Reads some columns of some rows of a unit, which are given in row order.
    pub(super) fn read_some(
        &self,
        unit: &Unit,
        rows: &[u64],
        columns: &[Column],
    ) -> Result<ParquetRecordBatchReader, Error> {
        let ranges = rows.iter().map(|row| {
            let place = to_usize(unit.skip + (row - unit.first_row));
            place..place + 1
        });
        let until = to_usize(unit.skip + unit.rows);
        let selection = RowSelection::from_consecutive_ranges(ranges, until);
        self.reader(unit, self.projection_of(columns), selection)
    }

    fn projection_of(&self, columns: &[Column]) -> ProjectionMask {
        let descriptor = self.metadata.metadata().file_metadata().schema_descr();
        let roots = columns
            .iter()
            .filter_map(|column| self.layout.index(*column));
        ProjectionMask::roots(descriptor, roots)
    }

    fn reader(
        &self,
        unit: &Unit,
        projection: ProjectionMask,
        selection: RowSelection,
    ) -> Result<ParquetRecordBatchReader, Error> {
        let handle = File::open(&self.path).map_err(|e| Error::file(&self.path, "open it", &e))?;
        ParquetRecordBatchReaderBuilder::new_with_metadata(handle, self.metadata.clone())
            .with_row_groups(vec![unit.row_group])
            .with_row_selection(selection)
            .with_projection(projection)
            .with_batch_size(BATCH_ROWS)
            .build()
            .map_err(|e| self.broken(&e))
    }

    /// The error for data of this file that cannot be decoded.
    pub(crate) fn broken(&self, error: &dyn std::fmt::Display) -> Error {
        not_decoded(&self.path, error)
    }

    /// The next batch, or the error that names this file.
    ///
    /// The decoder panics on some damaged pages; that is the file's fault and not ours, so it is
    /// an error like any other.
    pub(crate) fn next_batch(
        &self,
        reader: &mut ParquetRecordBatchReader,
    ) -> Result<Option<RecordBatch>, Error> {
        IS_DECODING.set(true);
        let next = catch_unwind(AssertUnwindSafe(|| reader.next()));
        IS_DECODING.set(false);
        let next = next.map_err(|_| self.broken(&"a page is damaged"))?;
        let batch = next.transpose().map_err(|e| self.broken(&e))?;
        let worked = batch.map(|batch| self.retyped.apply(batch)).transpose();
        worked.map_err(|(column, error)| {
            let problem = format!("column {column} holds bytes that are no text: {error}.");
            Error::input(self.path.display(), problem)
                .with_hint("Write the column as text in UTF-8.")
        })
    }
}

/// How many rows a file that is no usable claim file says that it has; 0 where it cannot say so.
fn stated_rows(path: &Path) -> u64 {
    let metadata = File::open(path)
        .ok()
        .and_then(|file| ArrowReaderMetadata::load(&file, ArrowReaderOptions::new()).ok());
    let rows = metadata.map_or(0, |metadata| metadata.metadata().file_metadata().num_rows());
    u64::try_from(rows).unwrap_or(0)
}

fn whole(unit: &Unit) -> RowSelection {
    RowSelection::from(vec![
        RowSelector::skip(to_usize(unit.skip)),
        RowSelector::select(to_usize(unit.rows)),
    ])
}

fn to_usize(rows: u64) -> usize {
    usize::try_from(rows).expect("a row group has fewer rows than the address space")
}

fn refuse_float_money(path: &Path, schema: &Schema, layout: &Layout) -> Result<(), Error> {
    let holds_money = |column: &Column| matches!(column.kind(), Kind::Money | Kind::Items);
    for column in Column::ALL.iter().filter(|column| holds_money(column)) {
        let Some(index) = layout.index(*column) else {
            continue;
        };
        let stored = schema.field(index).data_type();
        if holds_floats(stored) {
            let problem = format!("column {} holds {stored}, not exact money.", column.name());
            return Err(Error::input(path.display(), problem).with_hint(
                "Deliver Decimal128(16,2), or say --allow-float-money to have each value rounded to the fen.",
            ));
        }
    }
    Ok(())
}

/// Whether there are floating-point numbers in a column, on their own or in its items.
fn holds_floats(stored: &DataType) -> bool {
    match stored {
        DataType::List(item) | DataType::LargeList(item) => holds_floats(item.data_type()),
        DataType::Struct(fields) => fields.iter().any(|field| holds_floats(field.data_type())),
        stored => stored.is_floating(),
    }
}

fn hinted_schema(stored: &Schema, layout: &Layout) -> Arc<Schema> {
    let mut fields: Vec<Field> = stored.fields().iter().map(|f| f.as_ref().clone()).collect();
    for column in all_columns() {
        if let Some(index) = layout.index(column) {
            let wanted = read_type(column, fields[index].data_type());
            fields[index].set_data_type(wanted);
        }
    }
    Arc::new(Schema::new(fields))
}

fn all_columns() -> impl Iterator<Item = Column> {
    Column::ALL.iter().copied()
}

fn positions(layout: &Layout) -> Vec<Option<usize>> {
    let projection = layout.projection();
    let position = |column| {
        let index = layout.index(column)?;
        projection.iter().position(|field| *field == index)
    };
    all_columns().map(position).collect()
}
