//! Finds the few rules of a plan that a case can still satisfy, by intersecting bit sets.
//!
//! Every rule of the filter is evaluated when the plan is compiled: partially, once for each class
//! of principal diagnoses, once for each class of main procedures (with and without other
//! procedures beside it), once for each kind of person. Each evaluation leaves a bit set of the
//! rules that are not certainly false. A case takes one set of each sort, and their intersection
//! is what remains. Of a remaining rule only those conjuncts are evaluated that no set decides.

use crate::expr::{Expr, Known, looks_at};
use crate::facts::Facts;
use crate::lists::Membership;
use drgdip_claims::Sex;

/// Compiled rules in the order in which they are tried.
#[derive(Debug)]
pub(crate) struct Filter {
    /// How many words of 64 rules one bit set takes.
    words: usize,
    /// By class of the principal diagnosis.
    principal: Vec<u64>,
    /// By class of the main procedure plus one, 0 being "absent"; then alone, among others.
    procedures: Vec<u64>,
    /// By sex and by whether an other diagnosis is listed.
    person: Vec<u64>,
    /// By rule, what is left to evaluate: for a lone procedure, and for one among others.
    rest: Vec<[Expr; 2]>,
}

impl Filter {
    /// Compiles rules against the classes of a plan's codes.
    pub(crate) fn new(rules: Vec<Expr>, membership: &Membership) -> Self {
        let classes = 0..u32::try_from(membership.classes()).expect("classes are 32 bits wide");
        let lists = |class| membership.members(class);
        let main = std::iter::once(None).chain(classes.clone().map(Some));
        let principal = classes.map(|class| Known::Principal(lists(class)));
        let procedures = main.flat_map(|class| {
            let main = class.map(lists);
            [Known::OnlyProcedure(main), Known::MainAmongOthers(main)]
        });
        Self {
            words: rules.len().div_ceil(64).max(1),
            principal: possible(&rules, principal),
            procedures: possible(&rules, procedures),
            person: possible(&rules, persons()),
            rest: rules.into_iter().map(rest).collect(),
        }
    }

    /// The rules that are true for the case, in order.
    pub(crate) fn matches<'a>(&'a self, facts: &'a Facts<'a>) -> impl Iterator<Item = usize> + 'a {
        let among_others = usize::from(!facts.other_procedures.is_empty());
        let main = facts.main.map_or(0, |_| facts.main_class as usize + 1);
        let person = 2 * sex_index(facts.case.sex) + usize::from(facts.severity.listed);
        let principal = self.set(&self.principal, facts.principal_class as usize);
        let procedures = self.set(&self.procedures, 2 * main + among_others);
        let person = self.set(&self.person, person);
        let words = principal.iter().zip(procedures).zip(person).enumerate();
        words
            .flat_map(|(word, ((p, m), s))| Ones(p & m & s).map(move |bit| 64 * word + bit))
            .filter(move |rule| self.rest[*rule][among_others].holds(facts))
    }

    fn set<'a>(&self, sets: &'a [u64], index: usize) -> &'a [u64] {
        &sets[index * self.words..(index + 1) * self.words]
    }
}

/// The positions of the bits of a word, lowest first.
struct Ones(u64);

impl Iterator for Ones {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        if self.0 == 0 {
            return None;
        }
        let bit = self.0.trailing_zeros() as usize;
        self.0 &= self.0 - 1;
        Some(bit)
    }
}

/// For each piece of knowledge, the rules that are not certainly false.
fn possible<'a>(rules: &[Expr], known: impl Iterator<Item = Known<'a>>) -> Vec<u64> {
    let mut sets = Vec::new();
    for known in known {
        if rules.is_empty() {
            sets.push(0);
        }
        for chunk in rules.chunks(64) {
            let bits = chunk.iter().enumerate().fold(0, |bits, (bit, rule)| {
                bits | u64::from(rule.known(&known) != Some(false)) << bit
            });
            sets.push(bits);
        }
    }
    sets
}

/// The kinds of person, in the order of [`sex_index`].
fn persons() -> impl Iterator<Item = Known<'static>> {
    [None, Some(Sex::Male), Some(Sex::Female)]
        .into_iter()
        .flat_map(|sex| {
            [false, true].map(|other_dx_listed| Known::Person {
                sex,
                other_dx_listed,
            })
        })
}

fn sex_index(sex: Option<Sex>) -> usize {
    match sex {
        None => 0,
        Some(Sex::Male) => 1,
        Some(Sex::Female) => 2,
    }
}

/// The conjuncts that no bit set decides, for a lone procedure and for one among others.
fn rest(rule: Expr) -> [Expr; 2] {
    use looks_at::{HAS_OPS, MAIN, OTHER_OPS, PRINCIPAL, SEX};
    let conjuncts = rule.into_conjuncts();
    [MAIN | OTHER_OPS | HAS_OPS, MAIN | HAS_OPS].map(|procedures| {
        let decided = [PRINCIPAL, procedures, SEX];
        let open = |part: &&Expr| {
            let bits = part.looks_at();
            !decided.iter().any(|set| bits & !set == 0)
        };
        Expr::all(conjuncts.iter().filter(open).cloned())
    })
}
