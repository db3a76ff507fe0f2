//! Rules as formulas in which only single facts are negated.

use crate::rule::{Comparison, ListId, NumberField, Predicate, Rule, Scope};
use drgdip_claims::Sex;

/// Where a code can stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::check) enum Slot {
    /// The principal diagnosis; a case has at most one.
    Principal,
    /// The main procedure; a case has at most one.
    MainOp,
    /// The other diagnoses.
    OtherDx,
    /// The other procedures.
    OtherOp,
}

/// A field that holds one word of a few.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::check) enum WordField {
    Sex,
    Discharge,
    Department,
}

/// One fact about a case.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::check) enum Atom {
    /// A code of the slot stands in the list.
    Code(Slot, ListId),
    /// The code of the slot, a single one, begins with an entry of the list.
    Starts(Slot, ListId),
    /// There is a code in the slot; asked of single slots only.
    HasCode(Slot),
    /// The case has no procedure.
    NoOp,
    /// A number is there and the comparison holds.
    Number(NumberField, Comparison, i64),
    /// The word of the field is one of these, by their index among the words of the plan.
    Word(WordField, Vec<usize>),
    /// A fact that stands for itself, such as `mcc`.
    Flag(usize),
}

impl Atom {
    /// The number is there, whatever it is.
    pub(in crate::check) const fn is_present(field: NumberField) -> Self {
        Self::Number(field, Comparison::AtLeast, i64::MIN)
    }
}

/// A condition on a case.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::check) enum Formula {
    /// The fact holds, or does not.
    Is(Atom, bool),
    /// All parts hold; true when there are none.
    All(Vec<Self>),
    /// One part holds; false when there are none.
    Any(Vec<Self>),
}

impl Formula {
    /// The condition that always holds.
    pub(in crate::check) const TRUE: Self = Self::All(Vec::new());
    /// The condition that never holds.
    pub(in crate::check) const FALSE: Self = Self::Any(Vec::new());

    /// Calls `visit` for every list that asks for a code, where that is in a slot.
    pub(in crate::check) fn each_wanted_list(&self, visit: &mut dyn FnMut(Slot, ListId)) {
        match self {
            Self::Is(Atom::Code(slot, list), true) => visit(*slot, *list),
            Self::Is(..) => {}
            Self::All(parts) | Self::Any(parts) => {
                parts.iter().for_each(|part| part.each_wanted_list(visit));
            }
        }
    }

    /// The opposite.
    pub(in crate::check) fn negated(&self) -> Self {
        let all = |parts: &[Self]| parts.iter().map(Self::negated).collect();
        match self {
            Self::Is(atom, holds) => Self::Is(atom.clone(), !holds),
            Self::All(parts) => Self::Any(all(parts)),
            Self::Any(parts) => Self::All(all(parts)),
        }
    }
}

/// The words and facts that rules name, numbered.
#[derive(Clone, Debug, Default)]
pub(super) struct Vocabulary {
    pub(super) discharges: Vec<String>,
    pub(super) departments: Vec<String>,
    pub(super) flags: Vec<Flag>,
    /// Whether the plan has a diagnosis of this level at all.
    pub(super) has_mcc: bool,
    pub(super) has_cc: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Flag {
    Mcc,
    Cc,
    NewTech,
    BodyRegions(Vec<ListId>, u32),
}

fn index_of<T: PartialEq>(known: &mut Vec<T>, item: T) -> usize {
    known
        .iter()
        .position(|known| *known == item)
        .unwrap_or_else(|| {
            known.push(item);
            known.len() - 1
        })
}

impl Vocabulary {
    /// The formula of a rule.
    pub(super) fn formula(&mut self, rule: &Rule) -> Formula {
        match rule {
            Rule::True => Formula::TRUE,
            Rule::False => Formula::FALSE,
            Rule::Not(inner) => self.formula(inner).negated(),
            Rule::All(parts) => Formula::All(self.formulas(parts)),
            Rule::Any(parts) => Formula::Any(self.formulas(parts)),
            Rule::Is(predicate) => self.predicate(predicate),
        }
    }

    fn formulas(&mut self, rules: &[Rule]) -> Vec<Formula> {
        rules.iter().map(|rule| self.formula(rule)).collect()
    }

    fn predicate(&mut self, predicate: &Predicate) -> Formula {
        let atom = match predicate {
            Predicate::In(scope, list) => return in_list(*scope, *list),
            Predicate::PrincipalStarts(list) => Atom::Starts(Slot::Principal, *list),
            Predicate::MainOpStarts(list) => Atom::Starts(Slot::MainOp, *list),
            Predicate::NoOp => Atom::NoOp,
            Predicate::Mcc if !self.has_mcc => return Formula::FALSE,
            Predicate::Cc if !self.has_cc => return Formula::FALSE,
            Predicate::Mcc => self.flag(Flag::Mcc),
            Predicate::Cc => self.flag(Flag::Cc),
            Predicate::NewTech => self.flag(Flag::NewTech),
            Predicate::Number(field, comparison, number) => {
                Atom::Number(*field, *comparison, *number)
            }
            Predicate::SexIs(sex) => Atom::Word(WordField::Sex, vec![sex_index(*sex)]),
            Predicate::DischargeIn(ways) => {
                let ways = ways.iter().cloned();
                let ways = ways.map(|way| index_of(&mut self.discharges, way));
                Atom::Word(WordField::Discharge, ways.collect())
            }
            Predicate::DepartmentIs(code) => {
                let index = index_of(&mut self.departments, code.clone());
                Atom::Word(WordField::Department, vec![index])
            }
            Predicate::BodyRegions(lists, least) => {
                let mut lists = lists.clone();
                lists.sort_unstable();
                self.flag(Flag::BodyRegions(lists, *least))
            }
        };
        Formula::Is(atom, true)
    }

    fn flag(&mut self, flag: Flag) -> Atom {
        Atom::Flag(index_of(&mut self.flags, flag))
    }

    /// What holds of the flags by itself: who has injuries in three regions has them in two.
    pub(super) fn laws(&self) -> Vec<Formula> {
        let mut laws = Vec::new();
        for (more, flag) in self.flags.iter().enumerate() {
            for (fewer, other) in self.flags.iter().enumerate() {
                if is_stricter(flag, other) {
                    let parts = [(more, false), (fewer, true)]
                        .map(|(flag, holds)| Formula::Is(Atom::Flag(flag), holds));
                    laws.push(Formula::Any(parts.to_vec()));
                }
            }
        }
        laws
    }
}

fn is_stricter(flag: &Flag, other: &Flag) -> bool {
    match (flag, other) {
        (Flag::BodyRegions(lists, least), Flag::BodyRegions(others, fewer)) => {
            lists == others && least > fewer
        }
        _ => false,
    }
}

/// The index of a sex among the words of its field; absent and other codes come after both.
pub(super) const fn sex_index(sex: Sex) -> usize {
    match sex {
        Sex::Male => 0,
        Sex::Female => 1,
    }
}

fn in_list(scope: Scope, list: ListId) -> Formula {
    let is = |slot| Formula::Is(Atom::Code(slot, list), true);
    match scope {
        Scope::Principal => is(Slot::Principal),
        Scope::OtherDx => is(Slot::OtherDx),
        Scope::AnyDx => Formula::Any(vec![is(Slot::Principal), is(Slot::OtherDx)]),
        Scope::MainOp => is(Slot::MainOp),
        Scope::OtherOp => is(Slot::OtherOp),
        Scope::AnyOp => Formula::Any(vec![is(Slot::MainOp), is(Slot::OtherOp)]),
    }
}
