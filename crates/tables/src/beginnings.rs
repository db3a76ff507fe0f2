//! Which codes of a plan begin with the entries of a list.

use crate::plan::{CodeId, CodeTable, GroupingPlan};
use crate::rule::ListId;

/// The codes of a plan, sorted by their texts, so that those with one beginning stand together.
#[derive(Debug)]
pub struct Beginnings<'p> {
    codes: &'p CodeTable,
    sorted: Vec<CodeId>,
}

impl<'p> Beginnings<'p> {
    /// Sorts the codes of a plan.
    #[must_use]
    pub fn new(plan: &'p GroupingPlan) -> Self {
        let codes = &plan.codes;
        let mut sorted: Vec<CodeId> = (0..).map(CodeId).take(codes.len()).collect();
        sorted.sort_unstable_by_key(|code| codes.text(*code));
        Self { codes, sorted }
    }

    /// The codes that begin with an entry of the list, the entries themselves among them; sorted
    /// by id, each once.
    #[must_use]
    pub fn of_list(&self, plan: &GroupingPlan, list: ListId) -> Vec<CodeId> {
        let entries = plan.list(list).codes.iter();
        let mut found: Vec<CodeId> = entries
            .flat_map(|(entry, _)| self.of(self.codes.text(*entry)))
            .copied()
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    fn of(&self, beginning: &str) -> &[CodeId] {
        let before = |code: &CodeId| self.codes.text(*code) < beginning;
        let start = self.sorted.partition_point(before);
        let rest = &self.sorted[start..];
        let has_it = |code: &CodeId| self.codes.text(*code).starts_with(beginning);
        &rest[..rest.partition_point(has_it)]
    }
}
