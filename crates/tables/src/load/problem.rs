//! What can be wrong with the tables of a grouping plan.

use crate::error::{Error, Place, Problem};
use crate::rule::RuleError;

/// The faults that a plan can have. Each is a full sentence and, where it is not plain, what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanProblem {
    /// No bundled plan and no folder has this name.
    #[error(
        "there is no such plan; give the path of a plan folder or one of the bundled plans: {known}"
    )]
    NoSuchPlan {
        /// The bundled plans.
        known: String,
    },
    /// A folder of plans without a `COVERAGE.toml`.
    #[error(
        "the file is missing; a folder of plans has one, which says where and when each plan applies, \
         and a folder for each plan. Name such a folder with --tables, or leave it out for the \
         bundled plans"
    )]
    NoCoverage,
    /// A folder of plans that has no plan of this name.
    #[error("the folder of plans has no folder of this name; its COVERAGE.toml names {known}")]
    NotInLibrary {
        /// The plans that its `COVERAGE.toml` names.
        known: String,
    },
    /// A file that no plan has.
    #[error(
        "no file of this name belongs to a plan; its files are plan.toml, mdc.csv, adrg.csv, \
         drg.csv, severity.csv, exclusions.csv, weights.csv, grey.csv and lists/*.csv"
    )]
    UnknownFile,
    /// Text in another encoding.
    #[error("the file is not UTF-8; save it as UTF-8")]
    NotUtf8,
    /// What the TOML reader says, including unknown keys.
    #[error("{message}")]
    Toml {
        /// What it says.
        message: String,
    },
    /// A setting that a plan without base leaves out.
    #[error("the setting is missing; a plan without base states every setting")]
    MissingSetting,
    /// A plan id that could be a path.
    #[error(
        "`{id}` is not the id of a plan; an id has letters, digits, `-`, `_` and `.`, and begins \
         with a letter or digit"
    )]
    BadId {
        /// As written.
        id: String,
    },
    /// A base that is nowhere.
    #[error(
        "the base `{base}` is neither a folder beside this plan nor one of the bundled plans: \
         {known}"
    )]
    BaseNotFound {
        /// The base.
        base: String,
        /// The bundled plans.
        known: String,
    },
    /// A folder whose plan has another id than the folder.
    #[error("the folder of the base `{base}` holds the plan `{found}`; rename one of them")]
    BaseHasOtherId {
        /// The base.
        base: String,
        /// The id in its manifest.
        found: String,
    },
    /// The id of a code set or crosswalk that could be a path.
    #[error(
        "`{id}` is not the id of a code set or crosswalk; an id has letters, digits, `-`, `_` and \
         `.`, and begins with a letter or digit"
    )]
    BadCodeSetId {
        /// As written.
        id: String,
    },
    /// A code set or crosswalk that is nowhere.
    #[error(
        "there is no code set or crosswalk `{id}`; it is neither a folder of code-sets beside the \
         plan nor one of the bundled ones: {known}"
    )]
    NoSuchCodeSet {
        /// The id.
        id: String,
        /// The bundled ones.
        known: String,
    },
    /// A setting that asks for valid codes, and no code set.
    #[error("the setting needs to know the valid codes; name a code set in codes.set")]
    SettingNeedsCodeSet,
    /// A crosswalk that leads to a code that is not valid.
    #[error("the code set `{set}` has no `{code}`; a crosswalk leads to valid codes")]
    NotInCodeSet {
        /// The code set.
        set: String,
        /// The code.
        code: String,
    },
    /// A table of grey codes without the setting.
    #[error(
        "the table is not used, because codes.grey is \"none\"; write grey = \"grey.csv\" or remove \
         the file"
    )]
    GreyListNotNamed,
    /// A region that is none.
    #[error("`{region}` is not a region; write national or six digits")]
    BadRegion {
        /// As written.
        region: String,
    },
    /// No plan to choose by date.
    #[error(
        "no plan says from which discharge date it applies, so none can be chosen by date; name \
         one of {known}, or give a folder of plans whose COVERAGE.toml states `from` with --tables"
    )]
    NoPlanHasDates {
        /// All plans.
        known: String,
    },
    /// A plan with two entries in COVERAGE.toml.
    #[error("the plan is stated twice; keep one of them")]
    CoveredTwice,
    /// A plan that ends before it begins.
    #[error("the plan would end on {until}, before it begins on {from}")]
    EndsBeforeItBegins {
        /// The first discharge date.
        from: jiff::civil::Date,
        /// The last discharge date.
        until: jiff::civil::Date,
    },
    /// Overlays that stand on each other.
    #[error("the plan would stand on itself: {chain}")]
    BaseIsCyclic {
        /// The ids from the plan to the repeated one.
        chain: String,
    },
    /// A chain of overlays that is too long.
    #[error("more than {most} plans stand on one another; state the differences in fewer overlays")]
    TooManyLayers {
        /// The limit.
        most: usize,
    },
    /// A column that the table does not have.
    #[error("the table has no such column; its columns are {columns}")]
    UnknownColumn {
        /// All columns.
        columns: String,
    },
    /// A column that is not there.
    #[error("the column is missing; the columns are {columns}")]
    MissingColumn {
        /// All columns.
        columns: String,
    },
    /// A column that is there twice.
    #[error("the column is there twice; remove one of them")]
    RepeatedColumn,
    /// A row with too few or too many fields.
    #[error("the row has {found} fields, but the header has {expected}; quote fields with commas")]
    FieldCount {
        /// Fields of the header.
        expected: usize,
        /// Fields of the row.
        found: usize,
    },
    /// A value that may not be left out.
    #[error("the value is missing")]
    EmptyCell,
    /// A value in a row that removes something.
    #[error("a row that removes something states only {keys}; leave this field empty")]
    NotAKey {
        /// The columns that say what is removed.
        keys: &'static str,
    },
    /// Not a whole number.
    #[error("`{text}` is not a whole number from 0 to 4294967295")]
    BadNumber {
        /// As written.
        text: String,
    },
    /// Not a weight.
    #[error(
        "`{text}` is not a weight; write a decimal number that is not negative, with at most four \
         decimals, such as 1.2345"
    )]
    BadWeight {
        /// As written.
        text: String,
    },
    /// A word that is not one of a few.
    #[error("`{word}` is not known here; write {allowed}")]
    BadWord {
        /// As written.
        word: String,
        /// What is known.
        allowed: &'static str,
    },
    /// A sheet that the workbook does not have.
    #[error("the sheet is missing; the sheets of a workbook are {sheets}")]
    SheetMissing {
        /// All sheets.
        sheets: String,
    },
    /// A word that cannot be part of the name of a list.
    #[error(
        "`{text}` cannot name a list; a classification has letters, digits, `_`, `.`, `-`, `+`, \
         `*` and `/` only"
    )]
    BadClassification {
        /// As written.
        text: String,
    },
    /// Rows of one MDC or ADRG with others between them.
    #[error(
        "the rows of {what} `{code}` begin in row {first} and go on here; rows are tried in their \
         order, so put the rows of one {what} together"
    )]
    RowsApart {
        /// `MDC` or `ADRG`.
        what: &'static str,
        /// Its code.
        code: String,
        /// The first row.
        first: u64,
    },
    /// A severity that no case has.
    #[error("mcc and cc cannot both be 1, because cc counts only without mcc; write cc as 0 or -1")]
    MccAndCc,
    /// An ADRG whose code does not tell its kind.
    #[error(
        "the code `{code}` does not tell the kind of the ADRG; add a column kind to the sheet \
         ADRG信息 with surgical, procedure, medical or ambiguous"
    )]
    KindUnknown {
        /// The ADRG.
        code: String,
    },
    /// A rule that cannot be understood.
    #[error("the rule `{rule}` cannot be used, {error}")]
    BadRule {
        /// As written.
        rule: String,
        /// Where and why.
        error: RuleError,
    },
    /// The same thing stated twice with different values.
    #[error("{what} `{code}` is already stated in {first}; keep one of them")]
    Duplicate {
        /// Such as "the ADRG".
        what: &'static str,
        /// Its code.
        code: String,
        /// The place of the other row.
        first: Place,
    },
    /// Two rows with the same place in the order.
    #[error(
        "`{code}` has the same order as `{other}` in {first}; which is tried first is not clear"
    )]
    DuplicateOrder {
        /// The code of this row.
        code: String,
        /// The code of the other row.
        other: String,
        /// The place of the other row.
        first: Place,
    },
    /// An overlay adds what its base has.
    #[error(
        "{what} `{code}` cannot be added, because the base has it; leave it out or use replace"
    )]
    AlreadyThere {
        /// Such as "the ADRG".
        what: &'static str,
        /// Its code.
        code: String,
    },
    /// An overlay changes what its base does not have.
    #[error("{what} `{code}` cannot be changed or removed, because the base does not have it")]
    NotThere {
        /// Such as "the ADRG".
        what: &'static str,
        /// Its code.
        code: String,
    },
    /// A replaced severity row of a code with two.
    #[error("`{code}` has both levels in the base; remove one row and add another")]
    TwoLevels {
        /// The diagnosis.
        code: String,
    },
    /// A row that replaces a row of a list.
    #[error("a row of a list has nothing to replace; remove the one code and add the other")]
    NothingToReplace,
    /// An overlay that does not say what it was made to say, which is a fault of this program.
    #[error(
        "the overlay that was made says something else than the facts: {line}; please report it"
    )]
    OverlayDiffers {
        /// What differs.
        line: String,
    },
    /// More of something than a compiled plan can number.
    #[error("the plan has more than {most} {what}; make a plan for each part of the cases")]
    TooMany {
        /// Such as "groups".
        what: &'static str,
        /// The limit.
        most: usize,
    },
    /// A row below something that is not there.
    #[error("the plan has no {what} `{code}`")]
    UnknownParent {
        /// Such as "MDC".
        what: &'static str,
        /// Its code.
        code: String,
    },
}

impl PlanProblem {
    /// The error that this is at a place.
    #[must_use]
    pub(crate) fn at(self, place: Place) -> Error {
        Error {
            place,
            problem: Problem::from(self),
        }
    }
}
