//! What can be wrong with the tables of a DIP plan.

use crate::error::{Error, Place, Problem};

/// The faults that a DIP plan can have beyond those of every plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DipProblem {
    /// A DIP plan that stands on another.
    #[error("a DIP plan stands on no other; state the whole catalogue and leave `base` out")]
    HasBase,
    /// A file that no DIP plan has.
    #[error(
        "no file of this name belongs to a DIP plan; its files are plan.toml, groups.csv, \
         weights.csv, excluded-diagnoses.csv, procedure-rules.csv, procedure-classes.csv, \
         tie-breaks.toml, cci.csv, auxiliary-kinds.csv, auxiliary-levels.csv, auxiliary.csv, \
         grey.csv and lists/*.csv"
    )]
    UnknownFile,
    /// A layer that is in no step, or in two.
    #[error("the layer {layer} stands in {steps} steps; it must stand in one")]
    LayerInSteps {
        /// The layer.
        layer: &'static str,
        /// How many.
        steps: usize,
    },
    /// A tie-break that is nowhere.
    #[error("there is no tie-break `{id}`; there are {known}")]
    NoSuchTieBreak {
        /// The id.
        id: String,
        /// All ids.
        known: String,
    },
    /// A tie-break that is stated twice.
    #[error("the tie-break `{id}` is stated twice; keep one of them")]
    TieBreakTwice {
        /// The id.
        id: String,
    },
    /// A key that is no beginning of a diagnosis.
    #[error(
        "`{key}` is no key; a key is what a diagnosis begins with, three characters such as I25 \
         or more such as I25.1, several are joined by `|`"
    )]
    BadKey {
        /// As written.
        key: String,
    },
    /// A row that would take any diagnosis.
    #[error(
        "the key is missing; only rows of the layers pre_grouped and fallback may take any \
         principal diagnosis"
    )]
    NoKey,
    /// A cell of procedures with a sign too many.
    #[error("a `{sign}` has no code on one side; write codes joined by `|` for or, `+` for and")]
    BadExpression {
        /// The sign.
        sign: char,
    },
    /// A comprehensive row that names procedures.
    #[error(
        "a row of the layer comprehensive goes by its class; write `*` for its procedures and \
         state its class"
    )]
    ComprehensiveByProcedures,
    /// Related procedures without procedures.
    #[error("related procedures need procedures; state them or leave this field empty")]
    RelatedAlone,
    /// A group with two descriptions.
    #[error("the group `{code}` is described otherwise by {first}; its rows must agree in this")]
    GroupDiffers {
        /// The group.
        code: String,
        /// Its first row.
        first: Place,
    },
    /// More groups than outputs can number.
    #[error("the catalogue has more than 65,533 groups; group the regions apart")]
    TooManyGroups,
    /// A rule that asks for what DIP does not have.
    #[error("a DIP plan has no severity; leave mcc and cc out of the condition")]
    SeverityInCondition,
    /// A scope where none belongs, or none where one does.
    #[error("a scope is a list of principal diagnoses; main_in_scope needs one, other rules none")]
    ScopeMisplaced,
    /// A scope that is no list.
    #[error("the plan has no list `{list}`")]
    NoSuchList {
        /// The list.
        list: String,
    },
    /// A code that has two rows.
    #[error("`{code}` is stated before by {first}; keep one of them")]
    StatedTwice {
        /// The code, or what the row is about.
        code: String,
        /// The other row.
        first: Place,
    },
    /// A group that is nowhere.
    #[error("the catalogue has no group `{code}`")]
    NoSuchGroup {
        /// The group.
        code: String,
    },
    /// A kind or level of the auxiliary directory that is nowhere.
    #[error("the auxiliary directory has no {what} `{name}`; state it in {file}")]
    NoSuchSubtype {
        /// Such as "kind".
        what: &'static str,
        /// The name.
        name: String,
        /// Where it would stand.
        file: &'static str,
    },
    /// A subtype of a TCM group.
    #[error("the group `{code}` is one of Chinese medicine, which has no auxiliary subtypes")]
    SubtypeOfTcm {
        /// The group.
        code: String,
    },
    /// A number that is none.
    #[error(
        "`{text}` is not such a number; write a decimal number that is not negative, with at most \
         {places} decimals"
    )]
    BadDecimal {
        /// As written.
        text: String,
        /// How many decimals it may have.
        places: usize,
    },
}

impl DipProblem {
    /// The error that this is at a place.
    #[must_use]
    pub(crate) fn at(self, place: Place) -> Error {
        Error {
            place,
            problem: Problem::from(self),
        }
    }
}
