//! Two plans side by side, their codes numbered alike and their rules in one canonical form.

use crate::plan::{CodeId, CodeTable, GroupingPlan};
use crate::rule::{Comparison, ListId, Predicate, Rule};
use std::collections::BTreeSet;
use std::collections::HashMap;

/// Two plans.
pub(super) struct Pair<'p> {
    /// The texts of the codes of both.
    codes: CodeTable,
    pub(super) before: Side<'p>,
    pub(super) after: Side<'p>,
}

/// One plan with the codes of both numbered alike.
pub(super) struct Side<'p> {
    pub(super) plan: &'p GroupingPlan,
    /// The number that each code has in both plans.
    shared: Vec<CodeId>,
    /// The codes of each list, sorted.
    lists: Vec<Vec<CodeId>>,
    /// Lists with the same codes have the same number, in both plans.
    contents: Vec<usize>,
}

impl<'p> Pair<'p> {
    pub(super) fn new(before: &'p GroupingPlan, after: &'p GroupingPlan) -> Self {
        let mut codes = CodeTable::default();
        let mut contents = HashMap::new();
        let before = Side::new(before, &mut codes, &mut contents);
        let after = Side::new(after, &mut codes, &mut contents);
        Self {
            codes,
            before,
            after,
        }
    }

    /// The texts of codes, sorted.
    pub(super) fn texts(&self, codes: impl IntoIterator<Item = CodeId>) -> Vec<String> {
        let texts = codes
            .into_iter()
            .map(|code| self.codes.text(code).to_owned());
        let mut texts: Vec<String> = texts.collect();
        texts.sort_unstable();
        texts
    }

    /// The text of a code.
    pub(super) fn text(&self, code: CodeId) -> &str {
        self.codes.text(code)
    }
}

impl<'p> Side<'p> {
    fn new(
        plan: &'p GroupingPlan,
        codes: &mut CodeTable,
        contents: &mut HashMap<Vec<CodeId>, usize>,
    ) -> Self {
        let ids = (0..plan.codes.len()).map(|id| CodeId(u32::try_from(id).unwrap_or(u32::MAX)));
        let shared: Vec<CodeId> = ids.map(|id| codes.intern(plan.codes.text(id))).collect();
        let mut lists = Vec::with_capacity(plan.lists.len());
        let mut numbers = Vec::with_capacity(plan.lists.len());
        for list in &plan.lists {
            let codes = list.codes.iter().map(|(code, _)| shared[code.0 as usize]);
            let mut codes: Vec<CodeId> = codes.collect();
            codes.sort_unstable();
            let next = contents.len();
            numbers.push(*contents.entry(codes.clone()).or_insert(next));
            lists.push(codes);
        }
        Self {
            plan,
            shared,
            lists,
            contents: numbers,
        }
    }

    /// The number of a code of the plan in both plans.
    pub(super) fn shared(&self, code: CodeId) -> CodeId {
        self.shared[code.0 as usize]
    }

    /// The codes of a list, sorted.
    pub(super) fn list(&self, list: ListId) -> &[CodeId] {
        &self.lists[list.0 as usize]
    }

    /// The number that stands for the codes of a list.
    pub(super) fn content(&self, list: ListId) -> usize {
        self.contents[list.0 as usize]
    }

    /// A rule as text in which equal lists have equal names, whatever the order of its parts.
    pub(super) fn canonical(&self, rule: &Rule) -> String {
        match rule {
            Rule::True => "true".to_owned(),
            Rule::False => "false".to_owned(),
            Rule::Not(inner) => format!("not({})", self.canonical(inner)),
            Rule::All(_) => self.joined(rule, ("and", "true", "false")),
            Rule::Any(_) => self.joined(rule, ("or", "false", "true")),
            Rule::Is(predicate) => self.predicate(predicate),
        }
    }

    /// Parts in order, each once; `idle` parts say nothing, a `strong` one says all.
    fn joined(&self, rule: &Rule, (word, idle, strong): (&str, &str, &str)) -> String {
        let mut parts = BTreeSet::new();
        self.flatten(rule, rule, &mut parts);
        parts.remove(idle);
        if parts.contains(strong) {
            return strong.to_owned();
        }
        let mut parts = parts.into_iter();
        match (parts.next(), parts.next()) {
            (None, _) => idle.to_owned(),
            (Some(only), None) => only,
            (Some(first), Some(second)) => {
                let all: Vec<String> = [first, second].into_iter().chain(parts).collect();
                format!("{word}({})", all.join(", "))
            }
        }
    }

    /// The parts of `rule`, with those of parts that are joined by the same word as `outer`.
    fn flatten(&self, rule: &Rule, outer: &Rule, into: &mut BTreeSet<String>) {
        match (rule, outer) {
            (Rule::All(parts), Rule::All(_)) | (Rule::Any(parts), Rule::Any(_)) => {
                parts
                    .iter()
                    .for_each(|part| self.flatten(part, outer, into));
            }
            _ => {
                into.insert(self.canonical(rule));
            }
        }
    }

    fn predicate(&self, predicate: &Predicate) -> String {
        match predicate {
            Predicate::In(scope, list) => format!("{} in #{}", scope.word(), self.content(*list)),
            Predicate::PrincipalStarts(list) => {
                format!("principal starts #{}", self.content(*list))
            }
            Predicate::MainOpStarts(list) => format!("main_op starts #{}", self.content(*list)),
            Predicate::Number(field, comparison, number) => {
                let (sign, number) = whole_numbers(*comparison, *number);
                format!("{} {sign} {number}", field.word())
            }
            Predicate::DischargeIn(ways) => {
                let ways: BTreeSet<&String> = ways.iter().collect();
                format!("discharge {ways:?}")
            }
            Predicate::BodyRegions(lists, least) => {
                let mut lists: Vec<usize> = lists.iter().map(|list| self.content(*list)).collect();
                lists.sort_unstable();
                format!("regions {lists:?} {least}")
            }
            Predicate::NoOp
            | Predicate::Mcc
            | Predicate::Cc
            | Predicate::NewTech
            | Predicate::SexIs(_)
            | Predicate::DepartmentIs(_) => format!("{predicate:?}"),
        }
    }
}

/// A comparison of whole numbers with a bound that belongs to it, so that `> 28` is `>= 29`.
fn whole_numbers(comparison: Comparison, number: i64) -> (&'static str, i64) {
    match comparison {
        Comparison::MoreThan if number < i64::MAX => (">=", number + 1),
        Comparison::LessThan if number > i64::MIN => ("<=", number - 1),
        _ => (comparison.sign(), number),
    }
}

/// Calls `visit` for the lists that a rule wants a code of, not for those that it excludes.
pub(super) fn each_wanted_list(rule: &Rule, is_wanted: bool, visit: &mut dyn FnMut(ListId)) {
    match rule {
        Rule::True | Rule::False => {}
        Rule::Not(inner) => each_wanted_list(inner, !is_wanted, visit),
        Rule::All(parts) | Rule::Any(parts) => {
            for part in parts {
                each_wanted_list(part, is_wanted, visit);
            }
        }
        Rule::Is(Predicate::In(_, list)) if is_wanted => visit(*list),
        Rule::Is(Predicate::BodyRegions(lists, _)) if is_wanted => {
            lists.iter().copied().for_each(visit);
        }
        Rule::Is(_) => {}
    }
}
