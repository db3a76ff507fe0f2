//! Takes a rule apart into alternatives, any one of which makes it true.

use drgdip_tables::rule::{Predicate, Rule};

/// One demand of an alternative: a fact that must hold, or must not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Demand<'a> {
    pub(crate) predicate: &'a Predicate,
    pub(crate) holds: bool,
}

/// Demands that together make a rule true.
pub(crate) type Alternative<'a> = Vec<Demand<'a>>;

/// How many alternatives of a rule are kept; published plans have at most a few dozen.
const MOST: usize = 256;

/// The alternatives of several rules that must all be true.
pub(crate) fn alternatives<'a>(rules: &[&'a Rule]) -> Vec<Alternative<'a>> {
    all(rules.iter().map(|rule| of(rule, true)))
}

/// The alternatives in which the rule is what is wanted.
fn of(rule: &Rule, wanted: bool) -> Vec<Alternative<'_>> {
    match (rule, wanted) {
        (Rule::True, true) | (Rule::False, false) => vec![Vec::new()],
        (Rule::True, false) | (Rule::False, true) => Vec::new(),
        (Rule::Not(inner), _) => of(inner, !wanted),
        // By De Morgan, "not all" is "one is not" and the other way round.
        (Rule::All(parts), true) | (Rule::Any(parts), false) => {
            all(parts.iter().map(|part| of(part, wanted)))
        }
        (Rule::Any(parts), true) | (Rule::All(parts), false) => {
            let each = parts.iter().flat_map(|part| of(part, wanted));
            each.take(MOST).collect()
        }
        (Rule::Is(predicate), holds) => vec![vec![Demand { predicate, holds }]],
    }
}

/// One alternative of each part, in every combination.
fn all<'a>(parts: impl Iterator<Item = Vec<Alternative<'a>>>) -> Vec<Alternative<'a>> {
    parts.fold(vec![Vec::new()], |done, part| {
        let pairs = done.iter().flat_map(|a| part.iter().map(move |b| (a, b)));
        pairs
            .take(MOST)
            .map(|(a, b)| a.iter().chain(b).copied().collect())
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(predicate: Predicate) -> Rule {
        Rule::Is(predicate)
    }

    #[track_caller]
    fn check(rule: &Rule, wanted: &[&[(&Predicate, bool)]]) {
        let found = alternatives(&[rule]);
        let found: Vec<Vec<_>> = found
            .iter()
            .map(|alternative| alternative.iter().map(|d| (d.predicate, d.holds)).collect())
            .collect();
        assert_eq!(found, wanted);
    }

    #[test]
    fn a_rule_comes_apart_into_its_alternatives() {
        use Predicate::{Cc, Mcc, NewTech, NoOp};
        check(&Rule::True, &[&[]]);
        check(&Rule::False, &[]);
        let either = Rule::Any(vec![is(Mcc), is(Cc)]);
        check(&either, &[&[(&Mcc, true)], &[(&Cc, true)]]);
        let both = Rule::All(vec![is(NoOp), either.clone()]);
        check(
            &both,
            &[
                &[(&NoOp, true), (&Mcc, true)],
                &[(&NoOp, true), (&Cc, true)],
            ],
        );
        let neither = Rule::Not(Box::new(Rule::Any(vec![either, is(NewTech)])));
        check(
            &neither,
            &[&[(&Mcc, false), (&Cc, false), (&NewTech, false)]],
        );
    }
}
