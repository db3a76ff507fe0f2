use crate::policy::PolicyProblem;
use jiff::civil::Date;

/// What can be wrong with a registry of new technologies, beside what can be wrong with any
/// policy file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TechnologyProblem {
    /// A key that a registry does not have, or one that holds something else.
    #[error("a registry is a list of technologies; write each as [[technology]]")]
    NotTechnologies,
    /// A field that an entry cannot have.
    #[error("a technology has no field {field:?}; its fields are {known}")]
    UnknownField {
        /// As written.
        field: String,
        /// What is known.
        known: String,
    },
    /// Something else where a list of texts belongs.
    #[error("the field {field:?} must be a list of texts in quotes, as [\"a\", \"b\"]")]
    NotTexts {
        /// The field.
        field: &'static str,
    },
    /// An entry that nothing can match.
    #[error("nothing can match the technology; state its `codes`, its `procedures` or both")]
    NoCode,
    /// A code that stands twice in one entry.
    #[error("the code {code:?} stands twice in {field:?}; keep one")]
    CodeTwice {
        /// The code.
        code: String,
        /// The field.
        field: &'static str,
    },
    /// Two entries with a code in common hold on the same day.
    #[error(
        "the technology holds from {from}, when the one in line {other_line} with the same code \
         {code:?} still holds; end that one the day before, or take the code out of one of them"
    )]
    CodeOverlaps {
        /// The first day of the later entry.
        from: Date,
        /// The line of the earlier entry.
        other_line: u64,
        /// The code.
        code: String,
    },
    /// Two entries with one id hold on the same day.
    #[error(
        "the technology holds from {from}, when the one in line {other_line} with the same id \
         {id:?} still holds; end that one the day before, or give one of them another id"
    )]
    IdOverlaps {
        /// The first day of the later entry.
        from: Date,
        /// The line of the earlier entry.
        other_line: u64,
        /// The id.
        id: String,
    },
    /// No mode at all.
    #[error("the technology has no mode; write modes with one or more of {allowed}")]
    NoMode {
        /// The choices.
        allowed: String,
    },
    /// A mode that stands twice.
    #[error("the mode {mode:?} stands twice; keep one")]
    ModeTwice {
        /// The mode.
        mode: &'static str,
    },
    /// Two modes that both pay.
    #[error("{one} and {other} would both pay for the technology; keep one of the two")]
    TwoPayments {
        /// One mode.
        one: &'static str,
        /// The other.
        other: &'static str,
    },
    /// A mode without its parameter.
    #[error("the mode {mode} needs {field}; add it with a number in quotes")]
    ParameterMissing {
        /// The mode.
        mode: &'static str,
        /// The field, or the two of which one is needed.
        field: &'static str,
    },
    /// A parameter whose mode is not there.
    #[error("{field} belongs to the mode {mode}, which the technology does not have; take it out")]
    ParameterUnused {
        /// The field.
        field: &'static str,
        /// The mode.
        mode: &'static str,
    },
    /// Both a weight and a factor.
    #[error("a raised weight is either a weight or a factor; take weight or weight_factor out")]
    WeightAndFactor,
}

impl From<TechnologyProblem> for PolicyProblem {
    fn from(problem: TechnologyProblem) -> Self {
        Self::Technology(problem)
    }
}
