//! All codes of a plan, each with a dense id.

use crate::plan::CodeId;
use ahash::RandomState;
use hashbrown::HashTable;

/// All codes that a plan mentions, each with a dense id.
///
/// The texts stand in one string, because a plan has tens of thousands of them and is loaded each
/// time that the program starts.
#[derive(Clone, Debug, Default)]
pub struct CodeTable {
    ids: HashTable<CodeId>,
    hasher: RandomState,
    texts: String,
    /// Where the text of each code ends; it begins where the one before ends.
    ends: Vec<u32>,
    /// How many bytes the longest code has.
    longest: usize,
}

impl CodeTable {
    /// The id of a code, byte by byte; `None` when the plan never mentions it.
    #[must_use]
    pub fn find(&self, code: &str) -> Option<CodeId> {
        let hash = self.hasher.hash_one(code);
        self.ids.find(hash, |id| self.text(*id) == code).copied()
    }

    /// The longest code that a text begins with; the text itself where it is a code.
    ///
    /// All codes that the text begins with are beginnings of that code, too.
    #[must_use]
    pub fn longest_beginning(&self, text: &str) -> Option<CodeId> {
        let ends = (self.within_longest(text).char_indices()).map(|(at, c)| at + c.len_utf8());
        ends.rev().find_map(|end| self.find(&text[..end]))
    }

    /// The beginning of a text that is no longer than the longest code; no code goes beyond it.
    pub(crate) fn within_longest<'t>(&self, text: &'t str) -> &'t str {
        match text
            .char_indices()
            .find(|(at, c)| at + c.len_utf8() > self.longest)
        {
            Some((end, _)) => &text[..end],
            None => text,
        }
    }

    /// The text of a code.
    #[must_use]
    pub fn text(&self, id: CodeId) -> &str {
        let index = id.0 as usize;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.texts[start as usize..self.ends[index] as usize]
    }

    /// The texts of all codes, in the order of their ids.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let spans = starts.zip(self.ends.iter().copied());
        spans.map(|(start, end)| &self.texts[start as usize..end as usize])
    }

    /// How many codes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The id of a code, a new one if need be.
    pub fn intern(&mut self, code: &str) -> CodeId {
        let hash = self.hasher.hash_one(code);
        if let Some(id) = self.ids.find(hash, |id| self.text(*id) == code) {
            return *id;
        }
        let id = CodeId(u32::try_from(self.ends.len()).expect("fewer than 2^32 codes"));
        self.texts.push_str(code);
        self.longest = self.longest.max(code.len());
        self.ends
            .push(u32::try_from(self.texts.len()).expect("less than 4 GiB of codes"));
        let Self {
            ids,
            hasher,
            texts,
            ends,
            ..
        } = self;
        ids.insert_unique(hash, id, |other| {
            let index = other.0 as usize;
            let start = index.checked_sub(1).map_or(0, |before| ends[before]);
            hasher.hash_one(&texts[start as usize..ends[index] as usize])
        });
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_keeps_its_id_and_text_while_others_are_added() {
        let mut codes = CodeTable::default();
        assert!(codes.is_empty());
        let texts: Vec<String> = (0..5_000).map(|n| format!("A{n:02}.{n}")).collect();
        let ids: Vec<CodeId> = texts.iter().map(|text| codes.intern(text)).collect();
        for (text, id) in texts.iter().zip(&ids) {
            assert_eq!((codes.intern(text), codes.find(text)), (*id, Some(*id)));
            assert_eq!(codes.text(*id), text);
        }
        assert!(codes.texts().eq(texts.iter().map(String::as_str)));
        assert_eq!(
            (codes.len(), codes.find("B99"), codes.find("")),
            (5_000, None, None)
        );
    }

    #[test]
    fn what_lies_beyond_the_longest_code_is_not_looked_at() {
        let mut codes = CodeTable::default();
        assert_eq!(codes.within_longest("I21"), "");
        for code in ["I21.0", "男性"] {
            codes.intern(code);
        }
        assert_eq!(codes.within_longest(&"I21.001".repeat(1 << 20)), "I21.00");
        assert_eq!(codes.within_longest("I2男性"), "I2男");
        assert_eq!(codes.within_longest("男性x"), "男性");
        assert_eq!(codes.within_longest("I21"), "I21");
    }

    #[test]
    fn a_text_has_the_longest_code_that_it_begins_with() {
        let mut codes = CodeTable::default();
        let [short, long] = ["I6", "I63.9"].map(|code| codes.intern(code));
        codes.intern("x");
        let check = |text, expected| assert_eq!(codes.longest_beginning(text), expected, "{text}");
        check("I63.900", Some(long));
        check("I63.9", Some(long));
        check("I63.", Some(short));
        check("I6诊", Some(short));
        check("I", None);
        check("", None);
    }

    #[test]
    fn an_empty_code_is_a_code() {
        let mut codes = CodeTable::default();
        let id = codes.intern("");
        assert_eq!(
            (codes.find(""), codes.text(id), codes.len()),
            (Some(id), "", 1)
        );
    }
}
