//! Finds the few rules of a plan that a case can still satisfy, by intersecting bit sets.
//!
//! Every rule is evaluated when the plan is compiled: partially, once for each class of principal
//! diagnoses, once for each class of main procedures, once for each sex. Each evaluation leaves a
//! bit set of the rules that are not certainly false. A case takes one set of each sort, and the
//! intersection is what remains. Of a remaining rule only those conjuncts are evaluated that no
//! set decides.
//!
//! The other diagnoses and procedures of a case hardly ever matter to a rule, so each set exists
//! twice: for rules that an other code of the case may satisfy (*among*), where it leaves the
//! others open, and for the rest (*alone*), where it takes them for absent and so decides more.
//! A third table says which rules ask for one of the lists of an other code.
//!
//! A disjunction that mixes diagnoses with procedures cannot be decided by one set; it is split
//! into alternatives, which follow each other and stand for the same rule.

use crate::expr::{Expr, Known, looks_at};
use crate::facts::Facts;
use crate::lists::{Members, Membership, UNLISTED};
use drgdip_claims::Sex;
use std::collections::HashMap;
use std::hash::Hash;

/// Compiled rules in the order in which they are tried.
#[derive(Debug)]
pub(crate) struct Filter {
    /// By class of the principal diagnosis, the words of its sets that are not empty.
    principal: Rows<SparseWord>,
    /// By class of the main procedure plus one, 0 being "absent".
    main: Rows<Pair>,
    /// By class of an other diagnosis, the alternatives that ask others for one of its lists.
    ask_diagnoses: Rows<u64>,
    /// By class of an other procedure, likewise; with those that ask whether there is any.
    ask_procedures: Rows<u64>,
    /// By sex.
    sex: Rows<u64>,
    alternatives: Vec<Alternative>,
    /// What is left to evaluate; the first is always true.
    rests: Vec<Expr>,
}

/// One word of the two sets that a code has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Pair {
    /// The possible alternatives, for those to which no other code matters.
    alone: u64,
    /// The possible alternatives, for those to which an other code matters.
    among: u64,
}

/// A word that is not empty, and its place. Most principal diagnoses belong to one MDC, so most
/// words of their sets are empty; skipping those is the larger part of the speed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct SparseWord {
    index: u32,
    pair: Pair,
}

/// One way to satisfy a rule.
#[derive(Debug)]
struct Alternative {
    /// The position of the rule that it stands for.
    rule: u32,
    /// Index into [`Filter::rests`]: what no set decides when no other code matters, when an other
    /// diagnosis does, when an other procedure does, when both do.
    rest: [u32; 4],
}

impl Filter {
    /// Compiles rules against the classes of a plan's codes.
    pub(crate) fn new(rules: Vec<Expr>, membership: &Membership) -> Self {
        let (owners, rules): (Vec<u32>, Vec<Expr>) = (0u32..)
            .zip(rules)
            .flat_map(|(owner, rule)| rule.split().into_iter().map(move |part| (owner, part)))
            .unzip();
        let rules = rules.as_slice();
        let sieve = Sieve::new(rules, membership);
        let pairs = |alone: Vec<Vec<u64>>, among: Vec<Vec<u64>>| {
            let pair = |(alone, among)| Pair { alone, among };
            let row = move |(alone, among): (Vec<u64>, Vec<u64>)| -> Vec<Pair> {
                alone.into_iter().zip(among).map(pair).collect()
            };
            alone.into_iter().zip(among).map(row)
        };
        let principal = pairs(
            sieve.possible(Known::PrincipalAlone),
            sieve.possible(Known::PrincipalAmong),
        );
        let main = pairs(
            sieve.possible(|lists| Known::MainAlone(Some(lists))),
            sieve.possible(|lists| Known::MainAmong(Some(lists))),
        );
        let no_main = pairs(
            vec![possible(rules, Known::MainAlone(None))],
            vec![possible(rules, Known::MainAmong(None))],
        );
        let mut rests = vec![Expr::True];
        let alternatives = owners
            .into_iter()
            .zip(rules)
            .map(|(rule, expr)| Alternative::new(rule, expr, &mut rests))
            .collect();
        Self {
            principal: Rows::new(principal.map(|row| sparse(&row))),
            main: Rows::new(no_main.chain(main)),
            ask_diagnoses: Rows::new(sieve.rows(Expr::asks_dx).into_iter()),
            ask_procedures: Rows::new(sieve.rows(Expr::asks_op).into_iter()),
            sex: Rows::new(
                SEXES
                    .into_iter()
                    .map(|sex| possible(rules, Known::Sex(sex))),
            ),
            alternatives,
            rests,
        }
    }

    /// By class, whether rules ask other diagnoses for one of its lists.
    pub(crate) fn listed_diagnoses(&self) -> impl Iterator<Item = bool> {
        self.ask_diagnoses
            .all()
            .map(|set| set.iter().any(|word| *word != 0))
    }

    /// The bit sets of a case.
    #[inline]
    pub(crate) fn sets(&self, facts: &Facts<'_>) -> CaseSets<'_> {
        let main = facts.main.map_or(0, |_| usize::from(facts.main_class) + 1);
        CaseSets {
            principal: self.principal.get(usize::from(facts.principal_class)),
            main: self.main.get(main),
            sex: self.sex.get(sex_index(facts.case.sex)),
        }
    }

    /// Calls `take` with each rule that is true for the case, in order, until it returns something.
    #[inline]
    pub(crate) fn first<T>(
        &self,
        facts: &Facts<'_>,
        sets: &CaseSets<'_>,
        mut take: impl FnMut(usize) -> Option<T>,
    ) -> Option<T> {
        for word in sets.principal {
            let index = word.index as usize;
            let (main, sex) = (sets.main[index], sets.sex[index]);
            if (word.pair.alone | word.pair.among) & (main.alone | main.among) & sex == 0 {
                continue;
            }
            let dx_among = self.diagnoses_matter(facts, index);
            let op_among = self.procedures_matter(facts, index);
            let mut left = word.pair.choose(dx_among) & main.choose(op_among) & sex;
            while left != 0 {
                let bit = left.trailing_zeros();
                left &= left - 1;
                let among = (dx_among >> bit & 1) | (op_among >> bit & 1) << 1;
                let alternative = &self.alternatives[64 * index + bit as usize];
                if self.holds(alternative.rest[(among & 3) as usize], facts) {
                    let taken = take(alternative.rule as usize);
                    if taken.is_some() {
                        return taken;
                    }
                }
            }
        }
        None
    }

    /// The alternatives of a word to which an other diagnosis of the case matters.
    #[inline]
    fn diagnoses_matter(&self, facts: &Facts<'_>, word: usize) -> u64 {
        let mut bits = 0;
        if facts.severity.listed {
            for code in facts.case.other_diagnoses {
                bits |= self
                    .ask_diagnoses
                    .get(usize::from(facts.membership.class(*code)))[word];
            }
        }
        bits
    }

    /// The alternatives of a word to which an other procedure of the case matters.
    #[inline]
    fn procedures_matter(&self, facts: &Facts<'_>, word: usize) -> u64 {
        let mut bits = 0;
        for code in facts.other_procedures {
            bits |= self
                .ask_procedures
                .get(usize::from(facts.membership.class(*code)))[word];
        }
        bits
    }

    #[inline]
    fn holds(&self, rest: u32, facts: &Facts<'_>) -> bool {
        rest == 0 || self.rests[rest as usize].holds(facts)
    }
}

impl Pair {
    /// The possible alternatives, when other codes matter to these.
    #[inline]
    fn choose(self, among: u64) -> u64 {
        (self.alone & !among) | (self.among & among)
    }
}

/// The bit sets of one case.
#[derive(Debug)]
pub(crate) struct CaseSets<'a> {
    principal: &'a [SparseWord],
    main: &'a [Pair],
    sex: &'a [u64],
}

/// The words that are not empty.
fn sparse(words: &[Pair]) -> Vec<SparseWord> {
    let words = (0u32..)
        .zip(words)
        .map(|(index, pair)| SparseWord { index, pair: *pair });
    words
        .filter(|word| word.pair.alone | word.pair.among != 0)
        .collect()
}

/// One row of words for each class, each distinct row kept once.
#[derive(Debug)]
struct Rows<T> {
    /// By class, the first word of its row and the first one after it.
    ranges: Vec<(u32, u32)>,
    words: Vec<T>,
}

impl<T: Copy + Eq + Hash> Rows<T> {
    fn new(rows: impl Iterator<Item = Vec<T>>) -> Self {
        let mut words = Vec::new();
        let mut known = HashMap::new();
        let end = |words: &Vec<T>| u32::try_from(words.len()).expect("fewer than 2^32 words");
        let ranges = rows
            .map(|row| {
                *known.entry(row).or_insert_with_key(|row| {
                    let start = end(&words);
                    words.extend_from_slice(row);
                    (start, end(&words))
                })
            })
            .collect();
        Self { ranges, words }
    }

    #[inline]
    fn get(&self, class: usize) -> &[T] {
        let (start, end) = self.ranges[class];
        &self.words[start as usize..end as usize]
    }

    fn all(&self) -> impl Iterator<Item = &[T]> {
        (0..self.ranges.len()).map(|class| self.get(class))
    }
}

impl Alternative {
    fn new(rule: u32, expr: &Expr, rests: &mut Vec<Expr>) -> Self {
        use looks_at::{HAS_OPS, MAIN, OTHER_DX, OTHER_OPS, PRINCIPAL, SEX};
        let rest = [0, 1, 2, 3].map(|among| {
            let diagnoses = if among & 1 == 0 {
                PRINCIPAL | OTHER_DX
            } else {
                PRINCIPAL
            };
            let procedures = if among & 2 == 0 {
                MAIN | HAS_OPS | OTHER_OPS
            } else {
                MAIN | HAS_OPS
            };
            let decided = [diagnoses, procedures, SEX];
            let is_open = |part: &&Expr| {
                let bits = part.looks_at();
                !decided.iter().any(|set| bits & !set == 0)
            };
            let rest = Expr::all(expr.conjuncts().iter().filter(is_open).cloned());
            let known = rests.iter().position(|known| *known == rest);
            let index = known.unwrap_or_else(|| {
                rests.push(rest);
                rests.len() - 1
            });
            u32::try_from(index).expect("fewer than 2^32 rules")
        });
        Self { rule, rest }
    }
}

/// Asks the rules about one class of codes after another.
///
/// What a rule says of a class can only depend on those of its lists that the rule names. So every
/// rule is asked about the class without lists, and then about other classes only those rules that
/// name one of their lists.
struct Sieve<'r> {
    rules: &'r [Expr],
    membership: &'r Membership,
    /// By list, the rules that name it.
    naming: Vec<Vec<u32>>,
}

impl<'r> Sieve<'r> {
    fn new(rules: &'r [Expr], membership: &'r Membership) -> Self {
        let mut naming: Vec<Vec<u32>> = Vec::new();
        for (rule, expr) in (0_u32..).zip(rules) {
            expr.each_list(&mut |list| {
                let list = list as usize;
                if naming.len() <= list {
                    naming.resize(list + 1, Vec::new());
                }
                naming[list].push(rule);
            });
        }
        Self {
            rules,
            membership,
            naming,
        }
    }

    /// By class, the rules that are not certainly false.
    fn possible<'k>(&self, known: impl Fn(Members<'r>) -> Known<'k>) -> Vec<Vec<u64>>
    where
        'r: 'k,
    {
        self.rows(|rule, lists| rule.known(&known(lists)) != Some(false))
    }

    /// By class, the rules for which the answer is yes.
    fn rows(&self, is_in: impl Fn(&Expr, Members<'r>) -> bool) -> Vec<Vec<u64>> {
        let unlisted = self.membership.members(UNLISTED);
        let usual = as_bits(self.rules, |rule| is_in(rule, unlisted));
        let row = |class| {
            let lists = self.membership.members(class);
            let mut words = usual.clone();
            let named = lists
                .iter()
                .filter_map(|list| self.naming.get(list as usize));
            for &rule in named.flatten() {
                let bit = 1 << (rule % 64);
                let word = &mut words[(rule / 64) as usize];
                if is_in(&self.rules[rule as usize], lists) {
                    *word |= bit;
                } else {
                    *word &= !bit;
                }
            }
            words
        };
        (0..self.membership.classes()).map(row).collect()
    }
}

/// The rules that are not certainly false.
fn possible(rules: &[Expr], known: Known<'_>) -> Vec<u64> {
    as_bits(rules, |rule| rule.known(&known) != Some(false))
}

fn as_bits(rules: &[Expr], is_in: impl Fn(&Expr) -> bool) -> Vec<u64> {
    let word = |rules: &[Expr]| {
        let bits = rules.iter().enumerate();
        bits.fold(0, |word, (bit, rule)| word | u64::from(is_in(rule)) << bit)
    };
    rules.chunks(64).map(word).collect()
}

/// In the order of [`sex_index`].
const SEXES: [Option<Sex>; 3] = [None, Some(Sex::Male), Some(Sex::Female)];

fn sex_index(sex: Option<Sex>) -> usize {
    match sex {
        None => 0,
        Some(Sex::Male) => 1,
        Some(Sex::Female) => 2,
    }
}
