//! What a catalogue stands on before it has groups: settings, classes and rules of procedures.

use super::CatalogueJob;
use crate::Error;
use drgdip_tables::dip::{ClassOf, DipCatalogue, GROUP_COLUMNS, ProcedureRule, TreatmentClass};
use drgdip_tables::policy::{AuxiliaryTerms, Bound};
use drgdip_tables::{FileSet, GroupingPlan, LoadedPlan};
use rust_decimal::Decimal;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Tables that come along from the previous catalogue; they hold no groups.
const CARRIED: [&str; 8] = [
    "auxiliary-kinds.csv",
    "auxiliary-levels.csv",
    "cci.csv",
    "excluded-diagnoses.csv",
    "procedure-rules.csv",
    "procedure-classes.csv",
    "tie-breaks.toml",
    "grey.csv",
];

/// A plan without groups, and the files that it shares with the one to be written.
pub(super) struct Base {
    plan: GroupingPlan,
    /// Path and bytes; `plan.toml` is among them.
    pub(super) files: BTreeMap<String, Vec<u8>>,
}

/// How the procedures of a case count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Treated<'t> {
    /// The main procedure, where it can head a group.
    pub(super) main: Option<&'t str>,
    /// The other ones that a table can name.
    pub(super) related: Vec<&'t str>,
    pub(super) class: TreatmentClass,
}

impl Base {
    pub(super) fn new(job: &CatalogueJob<'_>) -> Result<Self, Error> {
        let mut files = BTreeMap::from([("plan.toml".to_owned(), manifest(job).into_bytes())]);
        if let Some(own) = job.previous.and_then(|previous| previous.layers.first()) {
            let is_carried = |path: &str| CARRIED.contains(&path) || path.starts_with("lists/");
            let carried = own.iter().filter(|(path, _)| is_carried(path));
            files.extend(carried.map(|(path, bytes)| (path.to_owned(), bytes.to_vec())));
        }
        let mut whole: BTreeMap<String, Cow<'static, [u8]>> = files
            .iter()
            .map(|(path, bytes)| (path.clone(), Cow::Owned(bytes.clone())))
            .collect();
        let heading = format!("{}\n", GROUP_COLUMNS.join(","));
        whole.insert("groups.csv".to_owned(), Cow::Owned(heading.into_bytes()));
        let loaded = LoadedPlan::of(FileSet::in_memory("catalogue", whole))?;
        Ok(Self {
            plan: loaded.plan,
            files,
        })
    }

    fn dip(&self) -> &DipCatalogue {
        self.plan.dip.as_ref().expect("the base is a DIP plan")
    }

    /// Whether a principal diagnosis excludes its case.
    pub(super) fn excludes(&self, principal: &str) -> bool {
        self.dip().find_excluded(principal).is_some()
    }

    fn class(&self, procedure: &str) -> TreatmentClass {
        let options = &self.dip().options;
        let class = self.dip().procedure_class(procedure);
        let class = class.unwrap_or(options.unlisted_procedure);
        class.treatment(options.interventional_as)
    }

    fn may_be_main(&self, procedure: &str, principal: &str) -> bool {
        match self.rule(procedure) {
            None => true,
            Some(ProcedureRule::Conservative | ProcedureRule::NotMain) => false,
            Some(ProcedureRule::MainInScope(list)) => {
                let code = self.plan.find_code(principal);
                let mut codes = self.plan.list(list).codes.iter();
                codes.any(|(listed, _)| Some(*listed) == code)
            }
        }
    }

    fn rule(&self, procedure: &str) -> Option<ProcedureRule> {
        self.dip()
            .find_procedure_rule(procedure)
            .map(|row| row.rule)
    }

    /// Cleans procedures as a grouper with this plan does.
    pub(super) fn treated<'t>(
        &self,
        principal: &str,
        procedures: &[Option<&'t str>],
    ) -> Treated<'t> {
        let options = &self.dip().options;
        let is_main = |at: &usize| {
            let may = |procedure| self.may_be_main(procedure, principal);
            procedures[*at].is_some_and(may)
        };
        let tried = match options.promote_next_procedure {
            true => procedures.len(),
            false => procedures.len().min(1),
        };
        let Some(main_at) = (0..tried).find(is_main) else {
            return Treated {
                main: None,
                related: Vec::new(),
                class: TreatmentClass::Conservative,
            };
        };
        let counts = |procedure: &str| self.rule(procedure) != Some(ProcedureRule::Conservative);
        let main = procedures[main_at].unwrap_or_default();
        let all = || procedures.iter().flatten().copied().filter(|p| counts(p));
        let class = match options.class_of {
            ClassOf::Main => self.class(main),
            ClassOf::Largest => {
                let largest = all().map(|procedure| self.class(procedure)).max();
                largest.unwrap_or(TreatmentClass::Conservative)
            }
        };
        let heads = is_procedure(main) && self.class(main) != TreatmentClass::Conservative;
        let others = (0..).zip(procedures).filter(|(at, _)| *at != main_at);
        let others = others.filter_map(|(_, procedure)| *procedure);
        let related = others.filter(|p| counts(p) && is_procedure(p)).collect();
        Treated {
            main: Some(main).filter(|_| heads),
            related,
            class,
        }
    }
}

/// Whether a table can name a procedure.
fn is_procedure(code: &str) -> bool {
    !code.is_empty() && code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.')
}

/// The first characters of a diagnosis, where a key can name them.
pub(super) fn begins(code: &str, characters: usize) -> Option<&str> {
    let begin = code.get(..characters)?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.';
    let is_key = begin.starts_with(|c: char| c.is_ascii_uppercase()) && begin.bytes().all(is_plain);
    is_key.then_some(begin)
}

/// The `plan.toml` of a catalogue.
fn manifest(job: &CatalogueJob<'_>) -> String {
    let terms = job.terms;
    format!(
        r#"id = "{id}"
title = "{year} 年 DIP 病种库"
kind = "dip"
sources = ["{id}-history"]
tie_break = "{tie_break}"

[origin]
notes = "Grown by drgdip catalogue out of the history before {year}, by policy {policy}."

[settings]
interventional_as = "{class}"
unlisted_procedure = "conservative"
class_of = "largest"
procedure_match = "exact"
base_matches_extensions = false
promote_next_procedure = true
cost_in_grouping = false
newborn_days = 28

[checks]
sex_missing = "none"
age_missing = "none"
age_0_without_days = "none"
newborn_without_weight = "none"
principal_missing = "invalid"
{auxiliary}
[[steps]]
layers = ["merged"]
choose = "tie_break"

[[steps]]
layers = ["basic"]
choose = "tie_break"

[[steps]]
layers = ["comprehensive"]
choose = "tie_break"
"#,
        id = job.id,
        auxiliary = terms.auxiliary.as_ref().map_or_else(String::new, auxiliary),
        year = job.year,
        tie_break = terms.tie_break,
        policy = terms.weigh.policy,
        class = terms.interventional_as.word(),
    )
}

/// The parameters of the auxiliary directory, with what the plans take where the policy says
/// nothing.
fn auxiliary(terms: &AuxiliaryTerms) -> String {
    let long_stay = match terms.long_stay {
        Some(Bound::MoreThan(days)) => format!("> {}", days.normalize()),
        Some(bound) => format!(">= {}", bound.value().normalize()),
        None => ">= 3".to_owned(),
    };
    let number = |stated: Option<Decimal>, usual: &str| {
        stated.map_or_else(|| usual.to_owned(), |number| number.normalize().to_string())
    };
    format!(
        "\n[auxiliary]\nlong_stay = \"{long_stay}\"\nhigh_cost_multiple = \"{}\"\n\
         high_cost_share = \"{}\"\n",
        number(terms.high_cost_multiple, "3"),
        number(terms.high_cost_share, "0.5"),
    )
}
