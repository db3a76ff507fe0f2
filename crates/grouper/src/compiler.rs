//! From the rules of a plan to [`Expr`].

use crate::expr::{Atom, Expr};
use drgdip_tables::rule::{ListId, Predicate, Rule, Scope};
use std::collections::HashMap;

/// A list of a plan, and how codes are compared with its entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum AskedList {
    /// A code is an entry of the list.
    Whole(ListId),
    /// A code begins with an entry of the list.
    Beginning(ListId),
}

/// Turns rules into [`Expr`], and numbers what they name.
#[derive(Debug, Default)]
pub(crate) struct Compiler {
    /// The lists that rules use; the position is the dense number.
    pub(crate) lists: Vec<AskedList>,
    /// The dense numbers of the lists.
    numbers: HashMap<AskedList, u32>,
    /// The departments that rules name; the position is the number of [`crate::TextSlot::Named`].
    pub(crate) departments: Vec<String>,
    /// The discharge ways that rules name.
    pub(crate) discharge_ways: Vec<String>,
}

impl Compiler {
    /// Compiles one rule.
    pub(crate) fn compile(&mut self, rule: &Rule) -> Expr {
        match rule {
            Rule::True => Expr::True,
            Rule::False => Expr::False,
            Rule::Not(inner) => Expr::not(self.compile(inner)),
            Rule::All(parts) => Expr::all(self.compile_each(parts)),
            Rule::Any(parts) => Expr::any(self.compile_each(parts)),
            Rule::Is(predicate) => self.predicate(predicate),
        }
    }

    fn compile_each(&mut self, parts: &[Rule]) -> Vec<Expr> {
        parts.iter().map(|part| self.compile(part)).collect()
    }

    fn predicate(&mut self, predicate: &Predicate) -> Expr {
        Expr::Is(match predicate {
            Predicate::In(scope, list) => return self.scope(*scope, *list),
            Predicate::PrincipalStarts(list) => {
                Atom::Principal(self.list(AskedList::Beginning(*list)))
            }
            Predicate::MainOpStarts(list) => Atom::Main(self.list(AskedList::Beginning(*list))),
            Predicate::NoOp => Atom::NoOp,
            Predicate::Mcc => Atom::Mcc,
            Predicate::Cc => Atom::Cc,
            Predicate::NewTech => Atom::NewTech,
            Predicate::Number(field, comparison, limit) => {
                Atom::Number(*field, *comparison, *limit)
            }
            Predicate::SexIs(sex) => Atom::SexIs(*sex),
            Predicate::DischargeIn(ways) => Atom::DischargeIn(
                ways.iter()
                    .map(|way| number_of(&mut self.discharge_ways, way))
                    .collect(),
            ),
            Predicate::DepartmentIs(code) => {
                Atom::DepartmentIs(number_of(&mut self.departments, code))
            }
            Predicate::BodyRegions(lists, at_least) => {
                let lists = lists.iter().map(|list| self.list(AskedList::Whole(*list)));
                let lists = lists.collect();
                Atom::BodyRegions(lists, *at_least)
            }
        })
    }

    fn scope(&mut self, scope: Scope, list: ListId) -> Expr {
        let list = self.list(AskedList::Whole(list));
        let either = |one, other| Expr::any([Expr::Is(one), Expr::Is(other)]);
        match scope {
            Scope::Principal => Expr::Is(Atom::Principal(list)),
            Scope::OtherDx => Expr::Is(Atom::OtherDx(list)),
            Scope::AnyDx => either(Atom::Principal(list), Atom::OtherDx(list)),
            Scope::MainOp => Expr::Is(Atom::Main(list)),
            Scope::OtherOp => Expr::Is(Atom::OtherOp(list)),
            Scope::AnyOp => either(Atom::Main(list), Atom::OtherOp(list)),
        }
    }

    fn list(&mut self, asked: AskedList) -> u32 {
        *self.numbers.entry(asked).or_insert_with(|| {
            self.lists.push(asked);
            u32::try_from(self.lists.len() - 1).expect("list ids are 32 bits wide")
        })
    }
}

/// The position of a text among the texts, which it joins if need be.
fn number_of(texts: &mut Vec<String>, text: &str) -> u32 {
    let found = texts.iter().position(|known| known == text);
    let position = found.unwrap_or_else(|| {
        texts.push(text.to_owned());
        texts.len() - 1
    });
    u32::try_from(position).expect("the rules of a plan are shorter than 2^32 words")
}
