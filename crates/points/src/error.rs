use drgdip_claims::{MoneyError, Yuan};

/// Why points or payments cannot be computed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A result does not fit; nothing wraps around.
    #[error(
        "the {0} does not fit into the range of exact numbers; check the amounts for misprints"
    )]
    Overflow(&'static str),
    /// The text is not a number with so many decimals.
    #[error("{text:?} is not a number with at most {places} decimals, such as \"1.05\"")]
    NotANumber {
        /// As given.
        text: String,
        /// How many decimals are kept.
        places: u32,
    },
    /// A ratio, weight or amount of points that must not be below zero is.
    #[error("{0} is below zero where only zero or more makes sense")]
    Negative(String),
    /// A weight of zero or less has no reference cost.
    #[error("a weight of {0} has no reference cost; a group without a weight must have no row")]
    NotAWeight(String),
    /// The mean cost of all cases or the points for a weight of 1 is not above zero.
    #[error("the {0} must be above zero; correct the policy")]
    NotPositive(&'static str),
    /// No band of the policy takes a weight.
    #[error("no band of the high-cost thresholds takes the weight {0}; add a band from 0")]
    NoBand(String),
    /// A case with a negative cost has no points; a reversal is netted before.
    #[error("a total cost of {0} yuan is below zero; net reversals before points are awarded")]
    NegativeCost(Yuan),
    /// A hospital stands twice in a pool.
    #[error("hospital {0} stands twice in the pool; give each hospital one row")]
    HospitalTwice(String),
    /// The reserve of a pool is below zero or more than its budget.
    #[error("a reserve of {reserve} yuan does not fit a budget of {budget} yuan")]
    ReserveOutsideBudget {
        /// The budget.
        budget: Yuan,
        /// The reserve.
        reserve: Yuan,
    },
    /// Baseline + increment needs last year's points and value.
    #[error(
        "the pool has no last year's points and value, which baseline + increment needs; \
         add its rows to the prior input"
    )]
    PriorMissing,
    /// A fixed or elastic value needs the initial value of the year.
    #[error(
        "the pool has no initial point value; add it to value.initial of the policy, under the \
         pool, its insurance or all"
    )]
    InitialValueMissing,
    /// The model shares money by a measure that nobody took.
    #[error(
        "there are no points for the measure {0:?}; add its rows to the measures input, or \
         correct the name in the policy"
    )]
    MeasureMissing(String),
    /// A policy says that a hospital's coefficient follows its level, and the level is not there.
    #[error(
        "the policy has no coefficient for hospitals of level {0:?}; add it or correct the level"
    )]
    LevelUnknown(String),
    /// A policy takes the coefficient from the hospitals input, and it is not there.
    #[error(
        "the hospital has no coefficient; fill in the column coefficient of the hospitals input"
    )]
    CoefficientMissing,
    /// More points were split than the hospital has.
    #[error("the cases of hospital {0} have other points than the hospital's total")]
    SplitDiffers(String),
    /// A cost item is paid in two ways.
    #[error("case {case_id}: {item} would be paid twice; let points or one line pay it, not both")]
    ItemPaidTwice {
        /// The case.
        case_id: String,
        /// The item in words.
        item: String,
    },
    /// A cost item is paid in no way.
    #[error("case {case_id}: nothing pays {item}; name the unit or line that does")]
    ItemUnpaid {
        /// The case.
        case_id: String,
        /// The item in words.
        item: String,
    },
    /// Something is paid that the case did not cost.
    #[error(
        "case {case_id}: {item} would be paid but is not on the bill; add its cost to the claim"
    )]
    ItemNotOnBill {
        /// The case.
        case_id: String,
        /// The item in words.
        item: String,
    },
    /// The items of a case cost more than the case.
    #[error("the items of a case cost more than the {0} yuan of the whole case; correct the claim")]
    ItemsAboveCost(Yuan),
    /// A mean cost that a new technology is held against is not there.
    #[error(
        "the group of a case with a new technology has no mean {0} cost; fill it in in the groups \
         input"
    )]
    NoGroupMean(&'static str),
    /// Bed-days of a kind without stages.
    #[error(
        "no stages are stated for bed-days of the kind {0:?}; add them to the bed-day stages of \
         the policy"
    )]
    NoBedDayPrice(String),
    /// Members of a band without a rate.
    #[error(
        "members of the band {0:?} have no capitation rate; add the band to the rates of the \
         policy, or correct the members input"
    )]
    NoCapitationRate(String),
    /// A score that should be a share is not.
    #[error("the score of {0:?} is above 1; write scores as shares of the whole, such as 0.9")]
    ScoreAboveOne(String),
    /// A package that the policy does not price.
    #[error("the package {0:?} has no price; add it to the packages of the policy")]
    NoPackagePrice(String),
    /// Home beds without a price.
    #[error("the policy has no price of a visit-day of home beds; add unit.community.home_bed")]
    NoHomeBedPrice,
    /// A month that no year has.
    #[error("{0} is no month; write a number from 1 to 12")]
    NotAMonth(i128),
    /// An amount of money does not fit.
    #[error(transparent)]
    Money(#[from] MoneyError),
}
