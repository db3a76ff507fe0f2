//! Which names of a plan mean which names of its base, by what stands under them.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::Hash;

/// Pairs things that share members: each left one with at most one right one and the other way
/// round, the pairs that save the most first.
///
/// `shared` gives how many members each pair has in common, `worth` how many rows a pair saves by
/// that; pairs that save nothing are not made. Ties go to equal names, then to the order of names.
pub(super) fn pair<'n>(
    shared: &HashMap<(&'n str, &'n str), usize>,
    worth: impl Fn(&str, &str, usize) -> isize,
) -> BTreeMap<&'n str, &'n str> {
    let mut pairs: Vec<_> = shared
        .iter()
        .map(|((left, right), count)| (worth(left, right, *count), *left, *right))
        .filter(|(worth, _, _)| *worth > 0)
        .collect();
    pairs.sort_unstable_by_key(|(worth, left, right)| {
        (std::cmp::Reverse(*worth), left != right, *left, *right)
    });
    let mut taken: HashSet<&str> = HashSet::new();
    let mut result = BTreeMap::new();
    for (_, left, right) in pairs {
        if !result.contains_key(left) && taken.insert(right) {
            result.insert(left, right);
        }
    }
    result
}

/// How many members each pair of a left and a right thing has in common.
pub(super) fn count_shared<'n, M: Eq + Hash>(
    left: impl Iterator<Item = (M, &'n str)>,
    right: impl Iterator<Item = (M, &'n str)>,
) -> HashMap<(&'n str, &'n str), usize> {
    let mut by_member: HashMap<M, Vec<&str>> = HashMap::new();
    for (member, name) in right {
        by_member.entry(member).or_default().push(name);
    }
    let mut shared = HashMap::new();
    for (member, left) in left {
        for right in by_member.get(&member).into_iter().flatten() {
            *shared.entry((left, *right)).or_default() += 1;
        }
    }
    shared
}

/// A name that is not taken, as near to `wanted` as can be.
pub(super) fn free_name(wanted: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let numbered = (2_u32..).map(|number| format!("{wanted}.{number}"));
    std::iter::once(wanted.to_owned())
        .chain(numbered)
        .find(|name| !is_taken(name))
        .expect("there are more numbers than names")
}

/// The members of each thing that has some.
pub(super) type Members<'n, M> = BTreeMap<&'n str, BTreeSet<M>>;

#[cfg(test)]
mod tests {
    use super::*;

    fn members<'n>(things: &[(&'n str, &'n str)]) -> Vec<(char, &'n str)> {
        let each = |(name, codes): &(&'n str, &'n str)| {
            let name = *name;
            codes
                .chars()
                .map(move |code| (code, name))
                .collect::<Vec<_>>()
        };
        things.iter().flat_map(each).collect()
    }

    #[test]
    fn what_shares_the_most_is_paired_and_each_only_once() {
        let left = members(&[("1", "abcd"), ("2", "ab"), ("3", "xyz"), ("4", "q")]);
        let right = members(&[("1", "xy"), ("7", "abc"), ("8", "b")]);
        let shared = count_shared(left.into_iter(), right.into_iter());
        let worth = |_: &str, _: &str, count: usize| isize::try_from(count).expect("small");
        let pairs = pair(&shared, worth);
        assert_eq!(
            pairs.into_iter().collect::<Vec<_>>(),
            [("1", "7"), ("2", "8"), ("3", "1")]
        );
        let none = pair(&shared, |_, _, _| 0);
        assert!(none.is_empty());
    }

    #[test]
    fn a_taken_name_gets_a_number() {
        assert_eq!(free_name("12", |_| false), "12");
        assert_eq!(
            free_name("12", |name| ["12", "12.2"].contains(&name)),
            "12.3"
        );
    }
}
