//! Why claims cannot be generated.

/// What keeps a generator from being made; each says what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The world has no hospital that could have a case.
    #[error("no hospital has a share of the cases; name at least one hospital with a share")]
    NoHospital,
    /// The world has no insurance that could pay.
    #[error("no insurance has a share of the cases; name at least one insurance with a share")]
    NoInsurance,
    /// The period ends before it begins.
    #[error(
        "the period ends on day {last} before it begins on day {first} (days since 1970-01-01)"
    )]
    PeriodBackwards {
        /// The first day of the period.
        first: i32,
        /// The last day of the period.
        last: i32,
    },
    /// The cost of a case of weight 1 must be more than nothing.
    #[error("the cost of a case of weight 1 is {0} yuan; it must be above zero")]
    CostNotPositive(drgdip_claims::Yuan),
    /// More than every row cannot be bad.
    #[error("{0} of 10,000 rows are to be bad; at most 10,000 can be")]
    TooManyBadRows(u32),
    /// An insurance pays more than the whole cost.
    #[error(
        "the fund of insurance {insurance} pays {per_mille} of 1,000; at most 1,000 are possible"
    )]
    FundPaysTooMuch {
        /// The code of the insurance.
        insurance: String,
        /// What its fund was said to pay.
        per_mille: u32,
    },
    /// No case was found for any group.
    #[error("no case was found that reaches any group of the plan {plan}; check the plan's rules")]
    NoGroup {
        /// The id of the plan.
        plan: String,
    },
}
