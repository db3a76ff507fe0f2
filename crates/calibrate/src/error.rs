/// Why weights cannot be computed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A result does not fit; nothing wraps around.
    #[error(
        "the {0} does not fit into the range of exact numbers; look for absurd costs among the \
         claims"
    )]
    Overflow(&'static str),
    /// Nothing is left to weigh.
    #[error("no case of the history can be used; look at the reasons in the counts")]
    NoCases,
    /// The benchmark group is unknown or has no usable case.
    #[error(
        "the benchmark group {0:?} has no usable case; name a common group with stable costs in \
         weigh.benchmark"
    )]
    NoBenchmark(String),
    /// A changed group stands twice.
    #[error("the group {0} is changed twice; keep one row")]
    ChangedTwice(String),
    /// Manual changes take the whole total weight.
    #[error(
        "the manual changes take the whole total weight and leave nothing for the other groups; \
         lower them"
    )]
    ChangesTakeAll,
    /// A decision names what the history does not have.
    #[error(
        "a decision names {0}, which this history does not have; correct the row or take the \
         decision back"
    )]
    DecisionNames(String),
    /// Two decisions move the same thing.
    #[error("two decisions move {0} to different groups; keep one of them")]
    DecidedTwice(String),
    /// The caller asked to stop.
    #[error("interrupted")]
    Interrupted,
    /// More groups than can be numbered.
    #[error("the catalogue has more than 65,534 groups; raise catalogue.threshold.cases")]
    TooManyGroups,
}
