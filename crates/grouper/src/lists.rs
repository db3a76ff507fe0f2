//! Which lists a code stands in, by way of classes.
//!
//! Tens of thousands of codes fall into a few thousand *classes*: codes that stand in exactly the
//! same lists. Rules cannot tell two codes of one class apart, so whatever is worked out per class
//! beforehand holds for each of its codes. That a code begins with an entry of a list counts like
//! standing in a list, so beginnings are compared here, once for each code of the plan, and never
//! again.

use crate::case::{CaseCode, CodeSlot};
use crate::compiler::AskedList;
use drgdip_tables::GroupingPlan;
use drgdip_tables::beginnings::Beginnings;
use drgdip_tables::plan::CodeId;
use std::collections::HashMap;

/// The class of codes that stand in no list, of unknown codes, and of absent ones.
pub(crate) const UNLISTED: u16 = 0;

/// The class of every code and the lists of every class.
#[derive(Debug)]
pub(crate) struct Membership {
    /// By code id.
    class_of: Vec<u16>,
    /// By code id, the class of codes that the plan never mentions and that begin with this one
    /// and no longer one; empty where no rule asks for beginnings.
    class_of_longer: Vec<u16>,
    /// How many words of 64 lists a class takes.
    words: usize,
    /// By class, one bit for each list.
    bits: Vec<u64>,
}

/// The lists of one class.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Members<'a>(&'a [u64]);

impl Members<'_> {
    /// Whether the codes of the class stand in the list.
    pub(crate) fn has(self, list: u32) -> bool {
        self.0[(list / 64) as usize] >> (list % 64) & 1 == 1
    }

    /// The lists, in the order of their numbers.
    pub(crate) fn iter(self) -> impl Iterator<Item = u32> {
        let words = (0_u32..).step_by(64).zip(self.0);
        words.flat_map(|(first, word)| {
            (0..64)
                .filter(move |bit| word >> bit & 1 == 1)
                .map(move |bit| first + bit)
        })
    }
}

impl Membership {
    /// Sorts the codes of a plan into classes by those lists that its rules use.
    pub(crate) fn new(plan: &GroupingPlan, lists: &[AskedList]) -> Self {
        let lists_of_code = lists_of_code(plan, lists);
        let is_beginning = |list: &u32| matches!(lists[*list as usize], AskedList::Beginning(_));
        let only_beginnings =
            |of_code: &Vec<u32>| of_code.iter().copied().filter(is_beginning).collect();
        let longer: Vec<Vec<u32>> = match (0u32..).zip(lists).any(|(n, _)| is_beginning(&n)) {
            true => lists_of_code.iter().map(only_beginnings).collect(),
            false => Vec::new(),
        };
        let words = lists.len().div_ceil(64).max(1);
        let mut membership = Self {
            class_of: Vec::new(),
            class_of_longer: Vec::new(),
            words,
            bits: vec![0; words],
        };
        let mut classes = HashMap::from([(Vec::new(), UNLISTED)]);
        membership.class_of = membership.classify(lists_of_code, &mut classes);
        membership.class_of_longer = membership.classify(longer, &mut classes);
        membership
    }

    /// The class of each of these sets of lists, a new one where it has none.
    fn classify(&mut self, sets: Vec<Vec<u32>>, known: &mut HashMap<Vec<u32>, u16>) -> Vec<u16> {
        let class = |lists| {
            *known
                .entry(lists)
                .or_insert_with_key(|lists| self.add(lists))
        };
        sets.into_iter().map(class).collect()
    }

    fn add(&mut self, lists: &[u32]) -> u16 {
        let class = self.classes();
        let start = self.bits.len();
        self.bits.resize(start + self.words, 0);
        for list in lists {
            self.bits[start + (list / 64) as usize] |= 1 << (list % 64);
        }
        class
    }

    /// How many classes there are.
    pub(crate) fn classes(&self) -> u16 {
        let classes = self.bits.len() / self.words;
        u16::try_from(classes).expect("fewer than 65,536 classes of codes")
    }

    /// The class of a code of a case.
    pub(crate) fn class(&self, code: CaseCode) -> u16 {
        match self.class_of.get(code.index()) {
            Some(class) => *class,
            None => self.class_outside(code),
        }
    }

    /// The class of a code that the plan never mentions.
    #[cold]
    fn class_outside(&self, code: CaseCode) -> u16 {
        let class = self.class_of_longer.get(code.beginning());
        class.copied().unwrap_or(UNLISTED)
    }

    /// The class of a code that may be absent.
    pub(crate) fn class_of_slot(&self, code: CodeSlot) -> u16 {
        code.map_or(UNLISTED, |code| self.class(code))
    }

    /// The lists of a class.
    pub(crate) fn members(&self, class: u16) -> Members<'_> {
        let start = usize::from(class) * self.words;
        Members(&self.bits[start..start + self.words])
    }

    /// Whether a code stands in a list.
    pub(crate) fn contains(&self, list: u32, code: CaseCode) -> bool {
        self.members(self.class(code)).has(list)
    }
}

/// By code, the numbers of the lists that it stands in, or of which it has a beginning.
fn lists_of_code(plan: &GroupingPlan, lists: &[AskedList]) -> Vec<Vec<u32>> {
    let mut lists_of_code = vec![Vec::new(); plan.codes.len()];
    // The codes are sorted only for plans that ask for beginnings.
    let mut sorted = None;
    for (number, list) in (0u32..).zip(lists) {
        let mut add = |code: CodeId| lists_of_code[code.0 as usize].push(number);
        match list {
            AskedList::Whole(list) => plan.list(*list).codes.iter().for_each(|(id, _)| add(*id)),
            AskedList::Beginning(list) => {
                let beginnings = sorted.get_or_insert_with(|| Beginnings::new(plan));
                beginnings.of_list(plan, *list).into_iter().for_each(add);
            }
        }
    }
    lists_of_code
}
