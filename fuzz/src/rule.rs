//! Texts as rules.

use drgdip_tables::rule::{self, ListId, Rule, RuleError};

/// The names of lists in the order in which they come first.
#[derive(Default)]
struct Names(Vec<String>);

impl Names {
    /// Every name is that of a list, but for those that begin with `no`.
    fn find(&mut self, name: &str) -> Option<ListId> {
        if name.starts_with("no") {
            return None;
        }
        let known = self.0.iter().position(|known| known == name);
        let index = known.unwrap_or_else(|| {
            self.0.push(name.to_owned());
            self.0.len() - 1
        });
        u32::try_from(index).ok().map(ListId)
    }

    fn parse(&mut self, text: &str) -> Result<Rule, RuleError> {
        rule::parse(text, &mut |name| self.find(name))
    }
}

/// Any text as a rule: what is read is printed so that it is read again as the same.
pub fn rule_text(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let mut names = Names::default();
    match names.parse(&text) {
        Ok(rule) => {
            let shown = rule.show(|list| &names.0[list.0 as usize]).to_string();
            assert_eq!(names.parse(&shown), Ok(rule), "{shown}");
            true
        }
        Err(error) => {
            assert!(error.position <= text.chars().count() + 1, "{error}");
            false
        }
    }
}
