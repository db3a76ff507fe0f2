//! What a policy says about the checks of claims (清单质控) that a settlement runs before it pays.

use super::Policy;
use super::keys::{Key, Kind, when_asked, words};
use super::parameter::Value;
use super::problem::PolicyProblem;
use super::resolve::Resolver;
use crate::claim_checks::{ClaimChecks, LEVELS, Level, rules_named_like};
use crate::error::Error;
use crate::files::FileSet;
use drgdip_claims::Rule;
use jiff::civil::Date;
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::sync::LazyLock;

/// Which checks a settlement runs, and where the policy changes their levels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckTerms {
    /// A folder beside the file of the policy, or the id of bundled checks.
    pub name: String,
    /// The rules whose level the policy states itself; `None` is a rule that is off.
    pub levels: BTreeMap<Rule, Level>,
}

const USE: &str = "checks.use";
/// What stands before the code of a rule.
const LEVEL: &str = "checks.levels.";

static LEVEL_WORDS: [&str; 4] = words(&LEVELS);

/// A parameter for each rule; keys live as long as the program, so the names are made once.
static KEYS: LazyLock<Vec<Key>> = LazyLock::new(|| {
    let level = |rule: &Rule| {
        let name: &'static str = format!("{LEVEL}{}", rule.code()).leak();
        when_asked(name, Kind::Word(&LEVEL_WORDS))
    };
    let levels = Rule::ALL.iter().map(level);
    std::iter::once(when_asked(USE, Kind::Text))
        .chain(levels)
        .collect()
});

/// Every parameter of this section.
pub(super) fn keys() -> impl Iterator<Item = &'static Key> {
    KEYS.iter()
}

/// What is wrong with a key that no parameter has, where it names a rule.
pub(super) fn unknown_rule(key: &str) -> Option<PolicyProblem> {
    let code = key.strip_prefix(LEVEL)?;
    Some(PolicyProblem::RuleUnknown {
        code: code.to_owned(),
        hint: rules_named_like(code),
    })
}

/// Resolves the section at a date; `None` where the policy names no checks.
pub(super) fn resolve(resolver: &Resolver<'_>) -> Result<Option<CheckTerms>, Error> {
    let mut levels = BTreeMap::new();
    for (rule, key) in Rule::ALL.iter().zip(keys().skip(1)) {
        let Some(level) = resolver.optional_choice(key.name, &LEVELS) else {
            continue;
        };
        if resolver.optional(USE).is_none() {
            let date = resolver.date;
            return Err(resolver.wrong(key.name, PolicyProblem::LevelWithoutChecks { date }));
        }
        levels.insert(*rule, level);
    }
    Ok(resolver.optional(USE).map(|name| match name {
        Value::Word(name) => CheckTerms {
            name: name.clone(),
            levels,
        },
        other => unreachable!("{other} was read as text"),
    }))
}

impl Policy {
    /// The checks of claims that the policy names at a date, with the levels that it states itself,
    /// and the files that they were read from; `None` where it names none.
    ///
    /// `beside` is the folder that the file of the policy stands in, and none for a bundled one. A
    /// folder in it comes before bundled checks of the same name.
    ///
    /// # Errors
    /// When the policy does not hold on that date, there are no such checks, or they cannot be used.
    pub fn checks_at(
        &self,
        date: Date,
        beside: Option<&Path>,
    ) -> Result<Option<(ClaimChecks, FileSet)>, Error> {
        let Some(terms) = self.at(date)?.checks else {
            return Ok(None);
        };
        let resolver = Resolver { policy: self, date };
        let wrong = |problem| resolver.wrong(USE, problem);
        let files = match folder(&terms.name, beside).map_err(wrong)? {
            Some(folder) => FileSet::folder(&folder)?,
            None => FileSet::bundled_checks(&terms.name)
                .ok_or_else(|| wrong(unknown_checks(&terms.name)))?,
        };
        let mut checks = ClaimChecks::of(&files)?;
        checks.policy = Some(self.id.clone());
        for (rule, level) in terms.levels {
            checks.set_level(rule, level);
        }
        Ok(Some((checks, files)))
    }

    /// Whether it names checks of claims on some day.
    #[must_use]
    pub fn names_checks(&self) -> bool {
        self.parameters.iter().any(|parameter| parameter.key == USE)
    }
}

/// The folder of this name beside the policy, where there is one.
fn folder(name: &str, beside: Option<&Path>) -> Result<Option<PathBuf>, PolicyProblem> {
    let is_inside = |part| matches!(part, Component::Normal(_) | Component::CurDir);
    if !Path::new(name).components().all(is_inside) {
        return Err(PolicyProblem::ChecksOutside {
            name: name.to_owned(),
        });
    }
    let folder = beside.map(|beside| beside.join(name));
    Ok(folder.filter(|folder| folder.is_dir()))
}

fn unknown_checks(name: &str) -> PolicyProblem {
    PolicyProblem::ChecksMissing {
        name: name.to_owned(),
        known: FileSet::bundled_checks_ids().join(", "),
    }
}
