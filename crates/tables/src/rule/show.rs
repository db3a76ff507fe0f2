//! Rules as text, in one canonical form.

use super::{ListId, Predicate, Rule, Scope};
use drgdip_claims::Sex;
use std::fmt;

/// A rule that prints itself: parsing what it prints gives the rule again.
pub struct ShownRule<'a, F> {
    rule: &'a Rule,
    name: F,
}

impl<'a, F: Fn(ListId) -> &'a str> ShownRule<'a, F> {
    pub(super) fn new(rule: &'a Rule, name: F) -> Self {
        Self { rule, name }
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, rule: &Rule, tightness: u8) -> fmt::Result {
        let needs_parentheses = own_tightness(rule) <= tightness;
        if needs_parentheses {
            f.write_str("(")?;
        }
        match rule {
            Rule::True => f.write_str("true")?,
            Rule::False => f.write_str("false")?,
            Rule::Not(inner) => {
                f.write_str("not ")?;
                self.write(f, inner, AND)?;
            }
            Rule::All(parts) => self.write_joined(f, parts, (" and ", AND))?,
            Rule::Any(parts) => self.write_joined(f, parts, (" or ", OR))?,
            Rule::Is(predicate) => self.write_predicate(f, predicate)?,
        }
        if needs_parentheses {
            f.write_str(")")
        } else {
            Ok(())
        }
    }

    fn write_joined(
        &self,
        f: &mut fmt::Formatter<'_>,
        parts: &[Rule],
        (word, tightness): (&str, u8),
    ) -> fmt::Result {
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                f.write_str(word)?;
            }
            self.write(f, part, tightness)?;
        }
        Ok(())
    }

    fn write_predicate(&self, f: &mut fmt::Formatter<'_>, predicate: &Predicate) -> fmt::Result {
        match predicate {
            Predicate::In(scope, list) => write!(f, "{} in {}", scope.word(), (self.name)(*list)),
            Predicate::PrincipalStarts(list) => {
                write!(
                    f,
                    "{} starts {}",
                    Scope::Principal.word(),
                    (self.name)(*list)
                )
            }
            Predicate::MainOpStarts(list) => {
                write!(f, "{} starts {}", Scope::MainOp.word(), (self.name)(*list))
            }
            Predicate::NoOp => f.write_str("no_op"),
            Predicate::Mcc => f.write_str("mcc"),
            Predicate::Cc => f.write_str("cc"),
            Predicate::NewTech => f.write_str("new_tech"),
            Predicate::Number(field, comparison, number) => {
                write!(f, "{} {} {number}", field.word(), comparison.sign())
            }
            Predicate::SexIs(Sex::Male) => f.write_str("sex = male"),
            Predicate::SexIs(Sex::Female) => f.write_str("sex = female"),
            Predicate::DischargeIn(ways) => write!(f, "discharge in ({})", ways.join(", ")),
            Predicate::DepartmentIs(department) => write!(f, "department = {department}"),
            Predicate::BodyRegions(lists, least) => {
                let names: Vec<_> = lists.iter().map(|list| (self.name)(*list)).collect();
                write!(f, "body_regions({}) >= {least}", names.join(", "))
            }
        }
    }
}

impl<'a, F: Fn(ListId) -> &'a str> fmt::Display for ShownRule<'a, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, self.rule, 0)
    }
}

const OR: u8 = 1;
const AND: u8 = 2;

fn own_tightness(rule: &Rule) -> u8 {
    match rule {
        Rule::Any(_) => OR,
        Rule::All(_) => AND,
        _ => AND + 1,
    }
}
