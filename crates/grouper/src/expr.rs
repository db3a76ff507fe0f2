//! Rules as the kernel evaluates them.
//!
//! A rule of the plan is rewritten once, when the plan is compiled: `any` scopes become the two
//! scopes that they stand for, texts become small numbers, lists are numbered densely, constants
//! are folded. What is left can be evaluated for a case, or *partially* for what is already known
//! of a case (only its principal diagnosis, say), which is how [`crate::filter`] decides most
//! rules before the first case is seen.

use crate::case::TextSlot;
use crate::facts::Facts;
use crate::lists::Members;
use drgdip_claims::Sex;
use drgdip_tables::rule::{Comparison, NumberField};

/// A compiled rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expr {
    True,
    False,
    Not(Box<Expr>),
    All(Box<[Expr]>),
    Any(Box<[Expr]>),
    Is(Atom),
}

/// One fact that a compiled rule asks for. Lists are dense numbers of [`crate::compiler`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Atom {
    Principal(u32),
    OtherDx(u32),
    Main(u32),
    OtherOp(u32),
    NoOp,
    Mcc,
    Cc,
    NewTech,
    Number(NumberField, Comparison, i64),
    SexIs(Sex),
    DischargeIn(Box<[u32]>),
    DepartmentIs(u32),
    BodyRegions(Box<[u32]>, u32),
}

/// The parts of a case that an atom looks at, as bits.
pub(crate) mod looks_at {
    pub(crate) const PRINCIPAL: u8 = 1;
    pub(crate) const OTHER_DX: u8 = 1 << 1;
    pub(crate) const MAIN: u8 = 1 << 2;
    pub(crate) const OTHER_OPS: u8 = 1 << 3;
    /// Whether there is any procedure, which the presence of others alone can answer.
    pub(crate) const HAS_OPS: u8 = 1 << 4;
    pub(crate) const SEX: u8 = 1 << 5;
    pub(crate) const REST: u8 = 1 << 6;

    /// Whether no single bit set of [`crate::filter`] can decide a rule that looks at these.
    pub(crate) fn is_mixed(bits: u8) -> bool {
        let sorts = [PRINCIPAL | OTHER_DX, MAIN | OTHER_OPS | HAS_OPS, SEX];
        !sorts.iter().any(|sort| bits & !sort == 0)
    }
}

/// What is known of a case while the rest is open.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Known<'a> {
    /// The lists of the principal diagnosis (an absent one stands in none), and that no other
    /// diagnosis stands in a list that is asked for.
    PrincipalAlone(Members<'a>),
    /// The lists of the principal diagnosis.
    PrincipalAmong(Members<'a>),
    /// The lists of the main procedure, and that no other procedure matters.
    MainAlone(Option<Members<'a>>),
    /// The lists of the main procedure, and that there are others.
    MainAmong(Option<Members<'a>>),
    /// The sex.
    Sex(Option<Sex>),
    /// Both facts of severity.
    Severity { mcc: bool, cc: bool },
}

impl Known<'_> {
    /// What the knowledge says of an atom; `None` when it leaves the atom open.
    fn of(&self, atom: &Atom) -> Option<bool> {
        match self {
            Self::PrincipalAlone(lists) => of_principal(*lists, atom, Some(false)),
            Self::PrincipalAmong(lists) => of_principal(*lists, atom, None),
            Self::MainAlone(lists) => of_main(*lists, atom, Some(false)),
            Self::MainAmong(lists) => of_main(*lists, atom, None),
            Self::Sex(sex) => match atom {
                Atom::SexIs(asked) => Some(*sex == Some(*asked)),
                _ => None,
            },
            Self::Severity { mcc, cc } => match atom {
                Atom::Mcc => Some(*mcc),
                Atom::Cc => Some(*cc),
                _ => None,
            },
        }
    }
}

/// What the principal diagnosis says, when `others` is known of other diagnoses.
fn of_principal(lists: Members<'_>, atom: &Atom, others: Option<bool>) -> Option<bool> {
    match atom {
        Atom::Principal(list) => Some(lists.has(*list)),
        Atom::OtherDx(_) => others,
        Atom::BodyRegions(regions, at_least) => {
            let found = regions.iter().filter(|list| lists.has(**list)).count();
            if found >= *at_least as usize {
                Some(true)
            } else {
                others
            }
        }
        _ => None,
    }
}

/// What the main procedure says, when `others` is known of other procedures.
fn of_main(lists: Option<Members<'_>>, atom: &Atom, others: Option<bool>) -> Option<bool> {
    match atom {
        Atom::Main(list) => Some(lists.is_some_and(|lists| lists.has(*list))),
        Atom::OtherOp(_) => others,
        Atom::NoOp if others.is_none() => Some(false),
        Atom::NoOp => Some(lists.is_none()),
        _ => None,
    }
}

impl Atom {
    fn looks_at(&self) -> u8 {
        match self {
            Self::Principal(_) => looks_at::PRINCIPAL,
            Self::Main(_) => looks_at::MAIN,
            Self::OtherOp(_) => looks_at::OTHER_OPS,
            Self::NoOp => looks_at::HAS_OPS,
            Self::SexIs(_) => looks_at::SEX,
            Self::OtherDx(_) => looks_at::OTHER_DX,
            Self::BodyRegions(..) => looks_at::PRINCIPAL | looks_at::OTHER_DX,
            _ => looks_at::REST,
        }
    }

    fn holds(&self, facts: &Facts<'_>) -> bool {
        match self {
            Self::Principal(list) => facts.principal_in(*list),
            Self::OtherDx(list) => facts.other_dx_in(*list),
            Self::Main(list) => facts.main_in(*list),
            Self::OtherOp(list) => facts.other_op_in(*list),
            Self::NoOp => facts.has_no_procedure(),
            Self::Mcc => facts.severity.mcc,
            Self::Cc => facts.severity.cc,
            Self::NewTech => facts.case.new_tech,
            Self::Number(field, comparison, limit) => facts
                .number(*field)
                .is_some_and(|number| comparison.holds(i64::from(number), *limit)),
            Self::SexIs(sex) => facts.case.sex == Some(*sex),
            Self::DischargeIn(ways) => {
                matches!(facts.case.discharge_way, TextSlot::Named(way) if ways.contains(&way))
            }
            Self::DepartmentIs(code) => facts.case.department == TextSlot::Named(*code),
            Self::BodyRegions(lists, at_least) => {
                let found = lists.iter().filter(|list| facts.any_dx_in(**list)).count();
                found >= *at_least as usize
            }
        }
    }
}

impl Expr {
    /// Whether the rule is true for the case.
    pub(crate) fn holds(&self, facts: &Facts<'_>) -> bool {
        match self {
            Self::True => true,
            Self::False => false,
            Self::Not(inner) => !inner.holds(facts),
            Self::All(parts) => parts.iter().all(|part| part.holds(facts)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(facts)),
            Self::Is(atom) => atom.holds(facts),
        }
    }

    /// What is certain of the rule from partial knowledge; `None` when both answers are possible.
    pub(crate) fn known(&self, known: &Known<'_>) -> Option<bool> {
        match self {
            Self::True => Some(true),
            Self::False => Some(false),
            Self::Not(inner) => inner.known(known).map(|holds| !holds),
            Self::All(parts) => Self::known_of(parts, known, false),
            Self::Any(parts) => Self::known_of(parts, known, true),
            Self::Is(atom) => known.of(atom),
        }
    }

    /// One part that equals `decisive` decides; otherwise one open part leaves the whole open.
    fn known_of(parts: &[Self], known: &Known<'_>, decisive: bool) -> Option<bool> {
        let mut open = false;
        for part in parts {
            match part.known(known) {
                Some(holds) if holds == decisive => return Some(decisive),
                Some(_) => {}
                None => open = true,
            }
        }
        (!open).then_some(!decisive)
    }

    /// The parts of the case that the rule looks at, as bits of [`looks_at`].
    pub(crate) fn looks_at(&self) -> u8 {
        match self {
            Self::True | Self::False => 0,
            Self::Not(inner) => inner.looks_at(),
            Self::All(parts) | Self::Any(parts) => {
                parts.iter().fold(0, |bits, part| bits | part.looks_at())
            }
            Self::Is(atom) => atom.looks_at(),
        }
    }

    /// Calls `visit` for every list that the rule names.
    pub(crate) fn each_list(&self, visit: &mut impl FnMut(u32)) {
        match self {
            Self::True | Self::False => {}
            Self::Not(inner) => inner.each_list(visit),
            Self::All(parts) | Self::Any(parts) => {
                parts.iter().for_each(|part| part.each_list(visit));
            }
            Self::Is(atom) => match atom {
                Atom::Principal(list)
                | Atom::OtherDx(list)
                | Atom::Main(list)
                | Atom::OtherOp(list) => visit(*list),
                Atom::BodyRegions(lists, _) => lists.iter().copied().for_each(visit),
                Atom::NoOp
                | Atom::Mcc
                | Atom::Cc
                | Atom::NewTech
                | Atom::Number(..)
                | Atom::SexIs(_)
                | Atom::DischargeIn(_)
                | Atom::DepartmentIs(_) => {}
            },
        }
    }

    /// Whether one of the atoms is like this.
    fn has_atom(&self, is_like: &impl Fn(&Atom) -> bool) -> bool {
        match self {
            Self::True | Self::False => false,
            Self::Not(inner) => inner.has_atom(is_like),
            Self::All(parts) | Self::Any(parts) => parts.iter().any(|part| part.has_atom(is_like)),
            Self::Is(atom) => is_like(atom),
        }
    }

    /// Whether the rule asks other diagnoses for one of these lists.
    pub(crate) fn asks_dx(&self, lists: Members<'_>) -> bool {
        self.has_atom(&|atom| match atom {
            Atom::OtherDx(list) => lists.has(*list),
            Atom::BodyRegions(regions, _) => regions.iter().any(|list| lists.has(*list)),
            _ => false,
        })
    }

    /// Whether the rule asks other procedures for one of these lists, or whether there are any.
    pub(crate) fn asks_op(&self, lists: Members<'_>) -> bool {
        self.has_atom(&|atom| match atom {
            Atom::OtherOp(list) => lists.has(*list),
            Atom::NoOp => true,
            _ => false,
        })
    }

    /// The parts that must all be true, nested ones opened.
    pub(crate) fn conjuncts(&self) -> &[Self] {
        match self {
            Self::True => &[],
            Self::All(parts) => parts,
            other => std::slice::from_ref(other),
        }
    }

    /// The parts that must all be true, nested ones opened.
    fn into_conjuncts(self) -> Vec<Self> {
        match self {
            Self::True => Vec::new(),
            Self::All(parts) => parts.into_vec(),
            other => vec![other],
        }
    }

    /// Rules of which at least one is true exactly when this one is, with fewer disjunctions that
    /// look at several parts of the case. There are at most [`MOST_ALTERNATIVES`].
    pub(crate) fn split(self) -> Vec<Self> {
        let mut whole = vec![self];
        while let Some(more) = split_once(&whole) {
            whole = more;
        }
        whole
    }

    /// The alternatives of the first disjunction that looks at several parts of the case.
    fn alternatives(&self) -> Option<Vec<Self>> {
        let conjuncts = self.conjuncts();
        let is_mixed =
            |part: &Self| matches!(part, Self::Any(_)) && looks_at::is_mixed(part.looks_at());
        let position = conjuncts.iter().position(is_mixed)?;
        let Self::Any(choices) = &conjuncts[position] else {
            return None;
        };
        let with = |choice: &Self| {
            let (before, after) = (&conjuncts[..position], &conjuncts[position + 1..]);
            let parts = before.iter().chain(std::iter::once(choice)).chain(after);
            Self::all(parts.cloned())
        };
        Some(choices.iter().map(with).collect())
    }

    /// All of these, with constants folded and nested conjunctions opened.
    pub(crate) fn all(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut kept = Vec::new();
        for part in parts {
            match part {
                Self::False => return Self::False,
                part => kept.extend(part.into_conjuncts()),
            }
        }
        Self::of_parts(kept, Self::True, Self::All)
    }

    /// At least one of these, with constants folded.
    pub(crate) fn any(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut kept = Vec::new();
        for part in parts {
            match part {
                Self::True => return Self::True,
                Self::False => {}
                Self::Any(inner) => kept.extend(inner.into_vec()),
                part => kept.push(part),
            }
        }
        Self::of_parts(kept, Self::False, Self::Any)
    }

    fn of_parts(mut parts: Vec<Self>, empty: Self, many: fn(Box<[Self]>) -> Self) -> Self {
        match parts.len() {
            0 => empty,
            1 => parts.remove(0),
            _ => many(parts.into_boxed_slice()),
        }
    }

    pub(crate) fn not(inner: Self) -> Self {
        match inner {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Not(twice) => *twice,
            other => Self::Not(Box::new(other)),
        }
    }
}

/// How many alternatives a rule may be split into.
const MOST_ALTERNATIVES: usize = 32;

/// Splits the first rule that can be split; `None` when there is none or there would be too many.
fn split_once(rules: &[Expr]) -> Option<Vec<Expr>> {
    let mut found = rules
        .iter()
        .enumerate()
        .filter_map(|(at, rule)| Some((at, rule.alternatives()?)));
    let (position, alternatives) = found.next()?;
    let mut all = rules.to_vec();
    all.splice(position..=position, alternatives);
    (all.len() <= MOST_ALTERNATIVES).then_some(all)
}
