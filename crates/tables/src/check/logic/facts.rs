//! What a case can still be while facts about it are settled one by one.

use super::formula::{Atom, Formula, Slot, WordField};
use super::numbers::NumberDomain;
use super::universe::Universe;
use crate::rule::{ListId, NumberField};
use fixedbitset::FixedBitSet;

/// What is settled about a case.
#[derive(Clone, Debug)]
pub(super) struct Facts<'u> {
    universe: &'u Universe,
    /// The classes that the principal diagnosis and the main procedure can have; the last one
    /// is that there is none.
    single: [FixedBitSet; 2],
    /// The other diagnoses and the other procedures.
    many: [Many; 2],
    /// Whether it is settled that there is some procedure.
    has_op: bool,
    numbers: [NumberDomain; NumberField::ALL.len()],
    words: [FixedBitSet; 3],
    flags: Vec<Option<bool>>,
}

/// Codes of which a case has any number.
#[derive(Clone, Debug)]
struct Many {
    /// The classes of which there is none.
    forbidden: FixedBitSet,
    /// Lists of which there is at least one code.
    needed: Vec<ListId>,
    /// There is no code at all.
    is_empty: bool,
}

impl<'u> Facts<'u> {
    /// A case of which nothing is known.
    pub(super) fn new(universe: &'u Universe) -> Self {
        let all = |count: usize| {
            let mut set = FixedBitSet::with_capacity(count);
            set.insert_range(..);
            set
        };
        let words = &universe.vocabulary;
        let many = Many {
            forbidden: FixedBitSet::with_capacity(universe.classes + 1),
            needed: Vec::new(),
            is_empty: false,
        };
        Self {
            universe,
            single: [all(universe.classes + 1), all(universe.classes + 1)],
            many: [many.clone(), many],
            has_op: false,
            numbers: Default::default(),
            // In each field the last word stands for all others and for none.
            words: [
                all(3),
                all(words.discharges.len() + 1),
                all(words.departments.len() + 1),
            ],
            flags: vec![None; words.flags.len()],
        }
    }

    /// The classes that are left for the code of a single slot.
    pub(super) fn codes(&self, slot: Slot) -> &FixedBitSet {
        match place_of(slot) {
            Place::Single(index) => &self.single[index],
            Place::Many(_) => unreachable!("the slot holds any number of codes"),
        }
    }

    /// Whether the formula holds whatever else is settled, fails, or neither yet.
    pub(super) fn value(&self, formula: &Formula) -> Option<bool> {
        match formula {
            Formula::Is(atom, holds) => self.holds(atom).map(|value| value == *holds),
            Formula::All(parts) => self.value_of(parts, false),
            Formula::Any(parts) => self.value_of(parts, true),
        }
    }

    /// The classes that are left for the code of a single slot, to be changed.
    fn codes_mut(&mut self, slot: Slot) -> &mut FixedBitSet {
        match place_of(slot) {
            Place::Single(index) => &mut self.single[index],
            Place::Many(_) => unreachable!("the slot holds any number of codes"),
        }
    }

    /// The value of parts of which one with the value `decisive` decides.
    fn value_of(&self, parts: &[Formula], decisive: bool) -> Option<bool> {
        let mut is_open = false;
        for part in parts {
            match self.value(part) {
                Some(value) if value == decisive => return Some(decisive),
                Some(_) => {}
                None => is_open = true,
            }
        }
        (!is_open).then_some(!decisive)
    }

    fn holds(&self, atom: &Atom) -> Option<bool> {
        match atom {
            Atom::Code(slot, list) => {
                let list = self.universe.list(*list);
                match place_of(*slot) {
                    Place::Single(index) => part_of(&self.single[index], list),
                    Place::Many(index) => self.many_holds(&self.many[index], list),
                }
            }
            Atom::Starts(slot, list) => part_of(self.codes(*slot), self.universe.starting(*list)),
            Atom::HasCode(slot) => match place_of(*slot) {
                Place::Single(index) => {
                    let absent = self.single[index].contains(self.universe.classes);
                    (!absent).then_some(true)
                }
                Place::Many(_) => None,
            },
            Atom::NoOp => self.no_op(),
            Atom::Number(field, comparison, number) => {
                self.numbers[*field as usize].holds(*comparison, *number)
            }
            Atom::Word(field, words) => {
                let left = &self.words[word_index(*field)];
                let inside = words.iter().filter(|word| left.contains(**word)).count();
                match inside {
                    0 => Some(false),
                    all if all == left.count_ones(..) => Some(true),
                    _ => None,
                }
            }
            Atom::Flag(flag) => self.flags[*flag],
        }
    }

    fn many_holds(&self, many: &Many, list: &FixedBitSet) -> Option<bool> {
        if many.is_empty || list.is_subset(&many.forbidden) {
            return Some(false);
        }
        let needs_it = |needed: &ListId| {
            let needed = self.universe.list(*needed).as_slice().iter();
            let rest = many.forbidden.as_slice().iter().zip(list.as_slice());
            needed
                .zip(rest)
                .all(|(needed, (forbidden, list))| needed & !forbidden & !list == 0)
        };
        many.needed.iter().any(needs_it).then_some(true)
    }

    fn no_op(&self) -> Option<bool> {
        let [_, main] = &self.single;
        let [_, others] = &self.many;
        let may_lack_main = main.contains(self.universe.classes);
        if self.has_op || !may_lack_main || !others.needed.is_empty() {
            return Some(false);
        }
        others.is_empty.then_some(true)
    }

    /// Settles a fact; `false` when it contradicts what is settled.
    pub(super) fn set(&mut self, atom: &Atom, holds: bool) -> bool {
        match atom {
            Atom::Code(slot, list) => self.set_code((*slot, *list), holds),
            Atom::Starts(slot, list) => {
                let classes = self.universe.starting(*list);
                restrict(self.codes_mut(*slot), classes, holds)
            }
            Atom::HasCode(slot) => self.set_has_code(*slot, holds),
            Atom::NoOp => self.set_no_op(holds),
            Atom::Number(field, comparison, number) => {
                self.numbers[*field as usize].set((*comparison, *number), holds)
            }
            Atom::Word(field, words) => {
                let left = &mut self.words[word_index(*field)];
                let named: FixedBitSet = words.iter().copied().collect();
                restrict(left, &named, holds)
            }
            Atom::Flag(flag) => self.flags[*flag].replace(holds).unwrap_or(holds) == holds,
        }
    }

    fn set_code(&mut self, (slot, list): (Slot, ListId), holds: bool) -> bool {
        let classes = self.universe.list(list);
        match (place_of(slot), holds) {
            (Place::Single(index), _) => restrict(&mut self.single[index], classes, holds),
            (Place::Many(index), true) => {
                let many = &mut self.many[index];
                many.needed.push(list);
                !many.is_empty && !classes.is_subset(&many.forbidden)
            }
            (Place::Many(index), false) => {
                let many = &mut self.many[index];
                many.forbidden.union_with(classes);
                let is_possible =
                    |list: &ListId| !self.universe.list(*list).is_subset(&many.forbidden);
                many.needed.iter().all(is_possible)
            }
        }
    }

    fn set_has_code(&mut self, slot: Slot, holds: bool) -> bool {
        let Place::Single(index) = place_of(slot) else {
            return true;
        };
        let mut absent = FixedBitSet::with_capacity(self.universe.classes + 1);
        absent.insert(self.universe.classes);
        restrict(&mut self.single[index], &absent, !holds)
    }

    fn set_no_op(&mut self, holds: bool) -> bool {
        if !holds {
            self.has_op = true;
            return self.no_op() != Some(true);
        }
        let [_, others] = &mut self.many;
        others.is_empty = true;
        let is_possible = others.needed.is_empty() && !self.has_op;
        self.set_has_code(Slot::MainOp, false) && is_possible
    }
}

enum Place {
    Single(usize),
    Many(usize),
}

const fn place_of(slot: Slot) -> Place {
    match slot {
        Slot::Principal => Place::Single(0),
        Slot::MainOp => Place::Single(1),
        Slot::OtherDx => Place::Many(0),
        Slot::OtherOp => Place::Many(1),
    }
}

const fn word_index(field: WordField) -> usize {
    match field {
        WordField::Sex => 0,
        WordField::Discharge => 1,
        WordField::Department => 2,
    }
}

/// Whether all that is left stands in the list, nothing, or some of it (`None`).
fn part_of(left: &FixedBitSet, list: &FixedBitSet) -> Option<bool> {
    if left.is_disjoint(list) {
        return Some(false);
    }
    left.is_subset(list).then_some(true)
}

/// Keeps what stands in the list, or what does not; `false` when nothing is left.
fn restrict(left: &mut FixedBitSet, list: &FixedBitSet, keep: bool) -> bool {
    if keep {
        left.intersect_with(list);
    } else {
        left.difference_with(list);
    }
    !left.is_clear()
}
