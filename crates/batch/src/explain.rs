//! What a settled folder says of a case or a hospital, as steps that a reviewer can redo.
//!
//! In: a settled folder, and the claims where a step needs a fact that only they hold. Out: steps
//! with their numbers, their arithmetic and the parameters of the policy behind them. Points and
//! payments are computed again from the copies of policy and inputs in the folder, by the code that
//! settles, and compared with what stands there; what differs, and what the folder does not say, is
//! said and never guessed.

mod case;
mod coefficient;
mod dip;
mod facts;
mod hospital;
mod late;
mod linked;
mod of_units;
mod points;
mod priced;
mod run;
mod share;
mod units;

use drgdip_tables::policy::Described;
use jiff::civil::Date;
use std::fmt;

pub use case::explain_case;
pub use hospital::explain_hospital;

/// A step, in Chinese and English.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// What is found.
    pub item: String,
    /// The number or word that is found; empty where the step only says something.
    pub value: String,
    /// How, so that it can be redone with a calculator.
    pub arithmetic: String,
    /// The keys of the policy behind it.
    pub keys: Vec<String>,
}

impl Step {
    fn new(item: impl Into<String>, value: impl fmt::Display) -> Self {
        Self {
            item: item.into(),
            value: value.to_string(),
            ..Self::default()
        }
    }

    fn by(mut self, arithmetic: impl Into<String>) -> Self {
        self.arithmetic = arithmetic.into();
        self
    }

    fn keys(mut self, keys: &[&str]) -> Self {
        self.keys = keys.iter().map(|key| (*key).to_owned()).collect();
        self
    }
}

/// Steps that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Chinese with English.
    pub title: String,
    /// In the order of the computation.
    pub steps: Vec<Step>,
}

/// A parameter of the policy that steps follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Key, value, dates, source, line.
    pub said: Described,
    /// The day on which the policy was read.
    pub at: Date,
}

/// What was found of one case, or of one hospital in one pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// What it is about.
    pub title: String,
    /// The steps.
    pub parts: Vec<Part>,
    /// The parameters behind them, in the order of the policy.
    pub parameters: Vec<Parameter>,
    /// What does not agree with what stands in the folder; empty is good.
    pub differences: Vec<String>,
}
