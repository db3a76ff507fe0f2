//! That the entries of a parameter hold on every day, one at a time.

use super::keys::{self, Need};
use super::parameter::{Entry, Parameter};
use super::problem::PolicyProblem;
use jiff::civil::Date;

/// From when until when a policy holds; no last day is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) from: Date,
    pub(super) until: Option<Date>,
}

impl Span {
    pub(super) fn contains(self, date: Date) -> bool {
        self.from <= date && self.until.is_none_or(|until| date <= until)
    }

    pub(super) fn in_words(self) -> String {
        match self.until {
            Some(until) => format!("from {} until {until}", self.from),
            None => format!("from {} on", self.from),
        }
    }
}

/// A fault in the dates of a parameter, with the line of the entry that it is about.
pub(super) type Fault = (u64, PolicyProblem);

/// Finds the first overlap or gap.
///
/// A parameter that is always needed has to cover every day of the policy; one that only some
/// choices ask for may begin later and end earlier, but has no hole.
pub(super) fn check(parameter: &Parameter, span: Span) -> Option<Fault> {
    let pairs = parameter
        .entries
        .iter()
        .zip(parameter.entries.iter().skip(1));
    for (earlier, later) in pairs {
        let fault = between(earlier, later);
        if fault.is_some() {
            return fault;
        }
    }
    let is_needed = keys::find(parameter.key).is_some_and(|key| key.need == Need::Always);
    if is_needed {
        at_the_ends(parameter, span)
    } else {
        None
    }
}

fn between(earlier: &Entry, later: &Entry) -> Option<Fault> {
    let overlap = PolicyProblem::Overlap {
        from: later.from,
        other_line: earlier.line,
    };
    let Some(until) = earlier.until else {
        return Some((later.line, overlap));
    };
    if later.from <= until {
        return Some((later.line, overlap));
    }
    match until.tomorrow() {
        Ok(day) if day < later.from => Some((later.line, PolicyProblem::Gap { day })),
        _ => None,
    }
}

fn at_the_ends(parameter: &Parameter, span: Span) -> Option<Fault> {
    let (first, last) = (parameter.entries.first()?, parameter.entries.last()?);
    if first.from > span.from {
        return Some((first.line, PolicyProblem::Gap { day: span.from }));
    }
    let until = last.until?;
    let is_short = span.until.is_none_or(|end| until < end);
    let day = until.tomorrow().ok()?;
    is_short.then_some((last.line, PolicyProblem::Gap { day }))
}
