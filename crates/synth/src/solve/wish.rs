//! What a case must have to meet all demands of an alternative.

use super::alternatives::Alternative;
use super::cells::{Span, opposite, position};
use super::universe::Universe;
use drgdip_claims::Sex;
use drgdip_tables::GroupingPlan;
use drgdip_tables::plan::CodeId;
use drgdip_tables::rule::{Comparison, ListId, NumberField, Predicate, Scope};

/// Codes that a slot may hold: those of all wanted lists, without those of unwanted ones.
#[derive(Clone, Debug, Default)]
struct SlotWish {
    wanted: Vec<ListId>,
    unwanted: Vec<ListId>,
    /// Lists with an entry that the code begins with, or does not.
    beginnings: Vec<(ListId, bool)>,
}

impl SlotWish {
    fn note(&mut self, list: ListId, holds: bool) {
        let lists = if holds {
            &mut self.wanted
        } else {
            &mut self.unwanted
        };
        lists.push(list);
    }

    /// The codes; `otherwise` where no list is wanted.
    fn codes(&self, plan: &GroupingPlan, otherwise: &[CodeId]) -> Vec<CodeId> {
        let (first, more) = match self.wanted.split_first() {
            Some((first, more)) => (Some(first), more),
            None => (None, &[][..]),
        };
        let mut codes = match first {
            Some(list) => plan
                .list(*list)
                .codes
                .iter()
                .map(|(code, _)| *code)
                .collect(),
            None => otherwise.to_vec(),
        };
        codes.retain(|&code| more.iter().all(|list| contains(plan, *list, code)));
        codes.retain(|&code| !self.unwanted.iter().any(|list| contains(plan, *list, code)));
        let begins = |code| {
            let mut asked = self.beginnings.iter();
            asked.all(|(list, holds)| begins_with(plan, *list, code) == *holds)
        };
        codes.retain(|&code| begins(code));
        codes
    }
}

/// What a case must have; whatever is not asked for is free.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wish<'a> {
    principal: SlotWish,
    main: SlotWish,
    /// The principal diagnoses that are possible; not empty.
    pub(crate) principals: Vec<CodeId>,
    /// The main procedures that are possible; empty when none is asked for.
    pub(crate) mains: Vec<CodeId>,
    pub(crate) any_dx: Vec<ListId>,
    pub(crate) other_dx: Vec<ListId>,
    pub(crate) any_op: Vec<ListId>,
    pub(crate) other_op: Vec<ListId>,
    pub(crate) regions: Vec<(&'a [ListId], u32)>,
    pub(crate) has_op: bool,
    pub(crate) has_mcc: bool,
    pub(crate) has_cc: bool,
    pub(crate) has_new_tech: bool,
    numbers: [Option<Span>; 6],
    pub(crate) sex: Option<Sex>,
    pub(crate) ways: Option<&'a [String]>,
    pub(crate) department: Option<&'a str>,
    is_impossible: bool,
}

impl<'a> Wish<'a> {
    /// `None` when the demands contradict each other.
    ///
    /// Demands that a fact be absent are met by not adding it; the grouper has the last word.
    pub(crate) fn new(
        alternative: &Alternative<'a>,
        plan: &GroupingPlan,
        universe: &Universe,
    ) -> Option<Self> {
        let mut wish = Self::default();
        for demand in alternative {
            if demand.holds {
                wish.want(demand.predicate);
            } else {
                wish.refuse(demand.predicate);
            }
        }
        wish.principals = wish.principal.codes(plan, &universe.principals);
        let begins = wish.main.beginnings.iter().any(|(_, holds)| *holds);
        let asks_for_main = wish.has_op || begins || !wish.main.wanted.is_empty();
        if asks_for_main {
            wish.mains = wish.main.codes(plan, &universe.procedures);
        }
        let lacks_code = wish.principals.is_empty() || asks_for_main && wish.mains.is_empty();
        (!wish.is_impossible && !lacks_code).then_some(wish)
    }

    /// The numbers that are possible for a field; `None` when any is.
    pub(crate) fn number(&self, field: NumberField) -> Option<Span> {
        self.numbers[position(field)]
    }

    fn want(&mut self, predicate: &'a Predicate) {
        match predicate {
            Predicate::In(Scope::Principal, list) => self.principal.note(*list, true),
            Predicate::In(Scope::MainOp, list) => self.main.note(*list, true),
            Predicate::In(Scope::AnyDx, list) => self.any_dx.push(*list),
            Predicate::In(Scope::OtherDx, list) => self.other_dx.push(*list),
            Predicate::In(Scope::AnyOp, list) => self.any_op.push(*list),
            Predicate::In(Scope::OtherOp, list) => self.other_op.push(*list),
            Predicate::PrincipalStarts(list) => self.principal.beginnings.push((*list, true)),
            Predicate::MainOpStarts(list) => self.main.beginnings.push((*list, true)),
            // A case has no procedure unless something asks for one.
            Predicate::NoOp => {}
            Predicate::Mcc => self.has_mcc = true,
            Predicate::Cc => self.has_cc = true,
            Predicate::NewTech => self.has_new_tech = true,
            Predicate::Number(field, comparison, constant) => {
                self.compare(*field, *comparison, *constant);
            }
            Predicate::SexIs(sex) => self.want_sex(*sex),
            Predicate::DischargeIn(ways) => self.ways = Some(ways),
            Predicate::DepartmentIs(department) => self.department = Some(department),
            Predicate::BodyRegions(lists, least) => self.regions.push((lists, *least)),
        }
    }

    fn refuse(&mut self, predicate: &Predicate) {
        match predicate {
            Predicate::In(Scope::Principal, list) => self.principal.note(*list, false),
            Predicate::In(Scope::MainOp, list) => self.main.note(*list, false),
            Predicate::PrincipalStarts(list) => self.principal.beginnings.push((*list, false)),
            Predicate::MainOpStarts(list) => self.main.beginnings.push((*list, false)),
            Predicate::NoOp => self.has_op = true,
            Predicate::SexIs(Sex::Male) => self.want_sex(Sex::Female),
            Predicate::SexIs(Sex::Female) => self.want_sex(Sex::Male),
            Predicate::Number(field, comparison, constant) if is_always_there(*field) => {
                self.compare(*field, opposite(*comparison), *constant);
            }
            _ => {}
        }
    }

    fn want_sex(&mut self, sex: Sex) {
        self.is_impossible |= self.sex.is_some_and(|wanted| wanted != sex);
        self.sex = Some(sex);
    }

    fn compare(&mut self, field: NumberField, comparison: Comparison, constant: i64) {
        let span = Span::comparing(field, comparison, constant);
        let known = self.number(field).unwrap_or(Span::domain(field));
        let both = span.and_then(|span| span.and(known));
        self.is_impossible |= both.is_none();
        self.numbers[position(field)] = both;
    }
}

/// Age in days and birth weight are absent from most cases, which makes comparisons false already.
const fn is_always_there(field: NumberField) -> bool {
    !matches!(field, NumberField::AgeDays | NumberField::BirthWeightG)
}

/// Whether a code begins with an entry of a list.
fn begins_with(plan: &GroupingPlan, list: ListId, code: CodeId) -> bool {
    let text = plan.codes.text(code);
    let mut entries = plan.list(list).codes.iter();
    entries.any(|(entry, _)| text.starts_with(plan.codes.text(*entry)))
}

/// Whether a list has a code.
pub(crate) fn contains(plan: &GroupingPlan, list: ListId, code: CodeId) -> bool {
    let codes = &plan.list(list).codes;
    codes
        .binary_search_by_key(&code, |(listed, _)| *listed)
        .is_ok()
}
