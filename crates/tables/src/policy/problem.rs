use crate::error::Problem;
use jiff::civil::Date;

/// What can be wrong with a policy file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyProblem {
    /// A policy is one TOML file, and a folder of tables beside it.
    #[error("a policy needs exactly one TOML file beside its folder of tables; there are {found}")]
    NotOneFile {
        /// How many there are.
        found: usize,
    },
    /// The bytes are not UTF-8.
    #[error("the file is not UTF-8 text; save it as UTF-8")]
    NotUtf8,
    /// Not TOML at all.
    #[error("the TOML cannot be read: {message}")]
    Syntax {
        /// What the parser says.
        message: String,
    },
    /// A key that no parameter has.
    #[error("no parameter has this key; correct its spelling or take it out")]
    UnknownKey,
    /// A level of a rule that the checks do not have.
    #[error("the checks have no rule {code:?}; {hint}")]
    RuleUnknown {
        /// As written.
        code: String,
        /// The codes that may be meant, or where they stand.
        hint: String,
    },
    /// A level of a rule where no checks are named.
    #[error(
        "the policy names no checks on {date} whose level this could be; add [[checks.use]] with \
         from, source and a value"
    )]
    LevelWithoutChecks {
        /// The first such day.
        date: Date,
    },
    /// Checks that are neither beside the policy nor bundled.
    #[error(
        "there are no checks {name:?}: no folder of that name stands beside the policy, and bundled \
         are {known}"
    )]
    ChecksMissing {
        /// As written.
        name: String,
        /// The bundled ones.
        known: String,
    },
    /// Checks that lie outside the folder of the policy.
    #[error(
        "{name:?} leads out of the folder of the policy; put the checks into it and name them by \
         their path in it"
    )]
    ChecksOutside {
        /// As written.
        name: String,
    },
    /// A field that an entry of this parameter cannot have.
    #[error("an entry of this parameter has no field {field:?}; its fields are {known}")]
    UnknownField {
        /// As written.
        field: String,
        /// What is known.
        known: String,
    },
    /// A parameter that is not a list of dated entries.
    #[error(
        "a parameter is a list of dated entries; write [[{key}]] with from, source and a value"
    )]
    NotEntries {
        /// The key.
        key: String,
    },
    /// A number or date without quotes.
    #[error("{text} is not in quotes; write \"{text}\", so that every digit counts as written")]
    NotQuoted {
        /// As written.
        text: String,
    },
    /// Something else where text in quotes belongs.
    #[error("the field {field:?} must be text in quotes")]
    NotText {
        /// The field.
        field: String,
    },
    /// A field that must be there is not, or is empty.
    #[error("the field {field:?} is missing or empty; fill it in")]
    FieldMissing {
        /// The field.
        field: String,
    },
    /// An entry without a source.
    #[error("the entry has no source; name the paper that the value comes from, as in {sources}")]
    SourceMissing {
        /// The file of sources.
        sources: String,
    },
    /// A source that stands in no table of sources.
    #[error("the source {source_key:?} does not stand in {sources}; add it there")]
    SourceUnknown {
        /// As written.
        source_key: String,
        /// The file of sources.
        sources: String,
    },
    /// A source that stands twice.
    #[error("the source {source_key:?} stands twice; keep one")]
    SourceTwice {
        /// As written.
        source_key: String,
    },
    /// A number without a unit.
    #[error("the entry has no unit; write unit = {expected:?}")]
    UnitMissing {
        /// The unit of the parameter.
        expected: &'static str,
    },
    /// A number in a unit that the parameter does not have.
    #[error("the unit {found:?} is not the one of this parameter; write unit = {expected:?}")]
    UnitDiffers {
        /// As written.
        found: String,
        /// The unit of the parameter.
        expected: &'static str,
    },
    /// Not a date.
    #[error("{text:?} is not a date; write it as \"2026-01-31\"")]
    NotADate {
        /// As written.
        text: String,
    },
    /// A range that ends before it begins.
    #[error("the range ends on {until}, before it begins on {from}; exchange or correct the dates")]
    UntilBeforeFrom {
        /// First day.
        from: Date,
        /// Last day.
        until: Date,
    },
    /// Two entries hold on the same day.
    #[error(
        "the entry holds from {from}, when the one in line {other_line} still holds; \
         end that one the day before"
    )]
    Overlap {
        /// The first day of the later entry.
        from: Date,
        /// The line of the earlier entry.
        other_line: u64,
    },
    /// No entry holds on a day of the policy.
    #[error("no entry holds on {day}; extend an entry or add one from that day")]
    Gap {
        /// The first such day.
        day: Date,
    },
    /// The policy does not hold on a date.
    #[error("the policy has no values for {date}; it holds {range}")]
    OutsideDates {
        /// The date that was asked for.
        date: Date,
        /// In words.
        range: String,
    },
    /// A parameter that is needed is not there.
    #[error(
        "the policy needs this parameter on {date}; add [[{key}]] with from, source and a value"
    )]
    ParameterMissing {
        /// The key.
        key: String,
        /// The first day on which it is needed.
        date: Date,
    },
    /// A word that is not one of those allowed.
    #[error("{word:?} is none of the choices; write one of {allowed}")]
    WordUnknown {
        /// As written.
        word: String,
        /// The choices.
        allowed: String,
    },
    /// A comparison that is not one of those allowed.
    #[error("{word:?} is not a comparison that is allowed here; write one of {allowed}")]
    ComparisonUnknown {
        /// As written.
        word: String,
        /// The choices.
        allowed: String,
    },
    /// No comparison, or two of them.
    #[error("there must be exactly one comparison; write one of {allowed}")]
    NotOneComparison {
        /// The choices.
        allowed: String,
    },
    /// Not a number, or one with too many digits.
    #[error("{text:?} is not a number with at most {places} decimals; write it as \"1.05\"")]
    NotANumber {
        /// As written.
        text: String,
        /// The most decimals.
        places: u32,
    },
    /// Not a share.
    #[error("{text:?} is not a share; write a decimal as \"0.08\" or a fraction as \"1/12\"")]
    NotAShare {
        /// As written.
        text: String,
    },
    /// Not parts.
    #[error(
        "{text:?} is not a list of parts; write one whole number from 1 on for each year, oldest \
         first, as \"1:2:7\""
    )]
    NotParts {
        /// As written.
        text: String,
    },
    /// A number outside what makes sense.
    #[error("{text} makes no sense here; the number must be {range}")]
    OutOfRange {
        /// As written.
        text: String,
        /// In words.
        range: String,
    },
    /// Bands that do not ascend.
    #[error("the band from {text} does not lie above the one before it; sort the bands by weight")]
    BandsNotAscending {
        /// The bound as written.
        text: String,
    },
    /// Bands of weights and bands of base points in one list.
    #[error(
        "the band from {text} is of another measure than the one before it; write all bands by \
         weight or all by base points"
    )]
    BandsMixed {
        /// The bound as written.
        text: String,
    },
    /// Bands that leave the smallest weights out.
    #[error("the first band begins at {text}; begin it at \"0\", so that every weight has a band")]
    BandsBeginLate {
        /// The bound as written.
        text: String,
    },
    /// A discount where nothing is discounted.
    #[error("a discount has no meaning with {word:?}; take it out or write \"by_cost\"")]
    DiscountUnused {
        /// The choice.
        word: String,
    },
    /// The lower fence of trimming reaches the upper one.
    #[error("the lower fence {lower} reaches the upper one {upper}; no case would be left")]
    FencesCross {
        /// The lower fence.
        lower: String,
        /// The upper fence.
        upper: String,
    },
    /// Shares of one whole that are not one whole.
    #[error("the shares add up to {sum}; correct them, so that they add up to 1")]
    SharesDoNotAddUp {
        /// Their sum.
        sum: String,
    },
    /// A fault of the registry of new technologies.
    #[error(transparent)]
    Technology(super::TechnologyProblem),
    /// A fault of the files of payment units.
    #[error(transparent)]
    Unit(super::UnitProblem),
    /// Two bounds in the wrong order.
    #[error("{lower} is not below {upper} of {other}; correct one of the two")]
    BoundsCross {
        /// The value that should be the lower one.
        lower: String,
        /// The value that should be the upper one.
        upper: String,
        /// The key of the upper one.
        other: &'static str,
    },
    /// The low-cost cut-off reaches a high-cost one.
    #[error("the low-cost cut-off {low} reaches the high-cost one {high}; a case cannot be both")]
    CutOffsCross {
        /// The low cut-off.
        low: String,
        /// The lowest high cut-off.
        high: String,
    },
}

impl From<PolicyProblem> for Problem {
    fn from(problem: PolicyProblem) -> Self {
        // Boxed, so that errors of other tables stay small.
        Self::Policy(Box::new(problem))
    }
}
