//! Codes that are looked up by what they begin with.
//!
//! Beside the codes that a DIP plan names as they are, its table of codes has one for each
//! beginning that it names, written with a hyphen behind it, as ICD-10 itself writes categories:
//! `I25-` stands for every code below I25 that the plan does not know more closely.

use crate::plan::{CodeId, CodeTable};
use std::collections::BTreeMap;

/// What marks a code as standing for all that begin so.
const BELOW: char = '-';

/// The beginnings of a text, the shortest first, the whole text last.
pub fn prefixes(text: &str) -> impl Iterator<Item = &str> {
    let ends = text.char_indices().map(|(at, c)| at + c.len_utf8());
    ends.map(move |end| &text[..end])
}

/// The code that stands for the longest known beginning of a code.
pub(crate) fn find_below(codes: &CodeTable, code: &str) -> Option<CodeId> {
    let mut probe = String::with_capacity(code.len() + 1);
    let found = prefixes(codes.within_longest(code)).filter_map(|begin| {
        probe.clear();
        probe.push_str(begin);
        probe.push(BELOW);
        codes.find(&probe)
    });
    found.last()
}

/// Makes a beginning known.
pub(crate) fn intern_below(codes: &mut CodeTable, begin: &str) -> CodeId {
    codes.intern(&format!("{begin}{BELOW}"))
}

/// What a code of the table certainly begins with: the code, or the beginning that it stands for.
#[must_use]
pub fn begins(text: &str) -> &str {
    text.strip_suffix(BELOW).unwrap_or(text)
}

/// Whether a code of the table stands for all that begin so.
#[must_use]
pub fn is_below(text: &str) -> bool {
    text.ends_with(BELOW)
}

/// The codes of a table by their text, to find those with a beginning.
pub struct ByText<'c>(BTreeMap<&'c str, Vec<CodeId>>);

impl<'c> ByText<'c> {
    /// All codes of a table.
    #[must_use]
    pub fn new(codes: &'c CodeTable) -> Self {
        let mut by_text: BTreeMap<&str, Vec<CodeId>> = BTreeMap::new();
        for (id, text) in (0..).map(CodeId).zip(codes.texts()) {
            by_text.entry(begins(text)).or_default().push(id);
        }
        Self(by_text)
    }

    /// The codes that begin so, in the order of their texts.
    pub fn below(&self, begin: &str) -> impl Iterator<Item = CodeId> {
        let from = self
            .0
            .range::<str, _>((std::ops::Bound::Included(begin), std::ops::Bound::Unbounded));
        let begin = begin.to_owned();
        let inside = from.take_while(move |(text, _)| text.starts_with(&begin));
        inside.flat_map(|(_, ids)| ids.iter().copied())
    }
}
