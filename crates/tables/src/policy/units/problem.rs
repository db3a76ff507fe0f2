use crate::policy::PolicyProblem;
use jiff::civil::Date;

/// What can be wrong with the files of payment units, beside what can be wrong with any policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnitProblem {
    /// A file that no unit reads.
    #[error(
        "no payment unit reads this file; the tables are {tables}, and parameters stand in TOML \
         files"
    )]
    UnknownFile {
        /// The names that are known.
        tables: String,
    },
    /// A parameter of something else in a file of units.
    #[error("only parameters that begin with `unit.` stand here; move it to the policy file")]
    NotAUnitKey,
    /// A parameter that stands in two files.
    #[error("the parameter stands in {other} too; keep all its entries in one file")]
    KeyInTwoFiles {
        /// The other file.
        other: String,
    },
    /// A column that a table does not have.
    #[error("the table has no column {column:?}; its columns are {columns}")]
    UnknownColumn {
        /// As written.
        column: String,
        /// All of them.
        columns: String,
    },
    /// A column that a table must have.
    #[error("the table needs the column {column:?}; its columns are {columns}")]
    MissingColumn {
        /// Its name.
        column: &'static str,
        /// All of them.
        columns: String,
    },
    /// A column that stands twice.
    #[error("the column {column:?} stands twice; keep one")]
    ColumnTwice {
        /// Its name.
        column: String,
    },
    /// A row of another length than the header.
    #[error("the row has {found} cells where the header has {expected}; look for a comma")]
    CellCount {
        /// In the row.
        found: usize,
        /// In the header.
        expected: usize,
    },
    /// A cell that must not be empty.
    #[error("the cell is empty; fill it in")]
    CellEmpty,
    /// Two rows about the same thing hold on the same day.
    #[error(
        "the row is about {key} from {from}, when the one in line {other_line} still holds; end \
         that one the day before"
    )]
    RowsOverlap {
        /// What both are about.
        key: String,
        /// The first day of the later one.
        from: Date,
        /// The line of the earlier one.
        other_line: u64,
    },
    /// A table whose unit the policy does not state.
    #[error("the policy does not use this table; add [[{key}]] to it or take the table out")]
    TableUnused {
        /// The parameter that would use it.
        key: &'static str,
    },
    /// A unit without a row of the table that it needs.
    #[error("on {date} the parameter needs a row of units/{table}; add one that holds then")]
    TableEmpty {
        /// The table.
        table: &'static str,
        /// The first day without a row.
        date: Date,
    },
    /// Stages or grades that leave their beginning out.
    #[error("on {date} the first row for {key} begins at {first}; begin at {expected}")]
    BeginsLate {
        /// What the rows are about.
        key: String,
        /// Where they begin.
        first: String,
        /// Where they should.
        expected: &'static str,
        /// The day.
        date: Date,
    },
    /// A price that rises where it should fall, or an efficacy that earns less than a lower one.
    #[error("on {date} the rows for {key} do not {order}; correct the one from {at}")]
    NotInOrder {
        /// What the rows are about.
        key: String,
        /// In words.
        order: &'static str,
        /// The first row out of order.
        at: String,
        /// The day.
        date: Date,
    },
    /// Two rules for bed-days.
    #[error(
        "the policy states case.bed_day.day_cost too, on {date}; pay bed-days by one price or by \
         stages"
    )]
    TwoBedDayRules {
        /// The day.
        date: Date,
    },
    /// A kind of bed-day without a price.
    #[error("units/bed-day-stages.csv has no stages for {kind:?} on {date}; add them")]
    NoStages {
        /// The kind.
        kind: String,
        /// The day.
        date: Date,
    },
}

impl From<UnitProblem> for PolicyProblem {
    fn from(problem: UnitProblem) -> Self {
        Self::Unit(problem)
    }
}
