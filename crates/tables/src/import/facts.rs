//! The facts of a scheme: eight plain tables, as `grouper-tables/README.md` describes them.

use super::table::{FactRow, FactTable};
use crate::error::{Error, Place, Problem};
use crate::files::FileSet;
use crate::load::PlanProblem;
use std::collections::BTreeMap;
use std::path::Path;

/// The facts of a scheme, read but not yet checked.
#[derive(Clone, Debug)]
pub struct Facts {
    pub(super) label: String,
    pub(super) settings: FactTable<2>,
    pub(super) mdcs: FactTable<4>,
    pub(super) adrgs: FactTable<7>,
    pub(super) drgs: FactTable<5>,
    pub(super) lists: FactTable<2>,
    pub(super) severity: FactTable<3>,
    pub(super) exclusions: FactTable<2>,
    pub(super) weights: Option<FactTable<2>>,
    /// What was understood of a workbook that its keeper should know, each a full sentence.
    pub(super) remarks: Vec<String>,
}

/// Keys of `plan.tsv` that say where the facts come from; they are kept in the plan.
const ORIGIN: [&str; 8] = [
    "id",
    "base",
    "source",
    "source_commit",
    "licence",
    "groups_named_without_rule",
    "adrgs_named_without_rule",
    "malformed_codes_left_out",
];
/// Keys that only count rows.
const COUNTS: [&str; 4] = ["mdcs", "adrgs", "ambiguous_groups", "drgs"];
/// Keys that `settings.rs` reads.
pub(super) const SETTINGS: [&str; 3] = [
    "no_group_fallback",
    "retry_with_each_other_procedure",
    "newborn_days",
];
/// The checks, each written `check.…` in the facts.
pub(super) const CHECKS: [&str; 5] = [
    "sex_missing",
    "age_missing",
    "age_0_without_days",
    "newborn_without_weight",
    "principal_missing",
];

impl Facts {
    /// Reads the tables of a folder.
    ///
    /// # Errors
    /// A file that is missing or not UTF-8, a column that is missing, a row of another length, a
    /// setting that is not known.
    pub fn folder(folder: &Path) -> Result<Self, Error> {
        Self::of(&FileSet::facts(folder)?)
    }

    /// Reads the tables from files that are in memory.
    ///
    /// # Errors
    /// As for [`Facts::folder`].
    pub fn of(files: &FileSet) -> Result<Self, Error> {
        let read = Reader { files };
        let facts = Self {
            label: files.label().to_owned(),
            settings: read.table("plan.tsv", ["key", "value"])?,
            mdcs: read.table("mdc.tsv", super::table::MDC)?,
            adrgs: read.table("adrg.tsv", super::table::ADRG)?,
            drgs: read.table("drg.tsv", super::table::DRG)?,
            lists: read.table("lists.tsv", super::table::LIST)?,
            severity: read.table("severity.tsv", super::table::SEVERITY)?,
            exclusions: read.table("exclusions.tsv", ["exclusion_table", "principal_code"])?,
            weights: match files.get("weights.tsv") {
                Some(_) => Some(read.table("weights.tsv", ["drg", "weight"])?),
                None => None,
            },
            remarks: Vec::new(),
        };
        facts.check_settings()?;
        Ok(facts)
    }

    /// The id that the facts give the scheme.
    #[must_use]
    pub fn id(&self) -> String {
        self.value("id").unwrap_or_default().to_owned()
    }

    /// The title that the facts give the scheme, or else its id.
    #[must_use]
    pub fn title(&self) -> String {
        let title = self.value("title").filter(|title| !title.is_empty());
        title.map_or_else(|| self.id(), str::to_owned)
    }

    /// What messages call the facts.
    pub(super) fn label(&self) -> &str {
        &self.label
    }

    /// The facts as a whole, for messages.
    pub(super) fn place(&self) -> Place {
        Place {
            file: self.label.clone(),
            ..Place::default()
        }
    }

    /// The codes that a weight can belong to.
    pub(super) fn groups(&self) -> impl Iterator<Item = &str> {
        let drgs = self.drgs.rows.iter().map(|row| row.cells[2].as_str());
        drgs.chain(self.adrgs.rows.iter().map(|row| row.cells[2].as_str()))
    }

    pub(super) fn value(&self, key: &str) -> Option<&str> {
        self.setting(key).map(|row| row.cells[1].as_str())
    }

    pub(super) fn setting(&self, key: &str) -> Option<&FactRow<2>> {
        self.settings.rows.iter().find(|row| row.cells[0] == key)
    }

    /// Where the facts come from and what their keeper left out.
    pub(super) fn origin(&self) -> BTreeMap<String, String> {
        let stated = ORIGIN
            .iter()
            .filter_map(|key| Some((*key, self.value(key)?)));
        stated
            .filter(|(_, value)| !value.is_empty())
            .map(|(key, value)| (key.replace("id", "scheme"), value.to_owned()))
            .collect()
    }

    /// What the facts themselves say is missing in them.
    pub(super) fn notes(&self) -> Vec<String> {
        let said = [
            ("groups_named_without_rule", "names groups without a rule"),
            ("adrgs_named_without_rule", "names ADRGs without a rule"),
            ("malformed_codes_left_out", "leaves out malformed codes"),
        ];
        let stated = said
            .iter()
            .filter_map(|(key, what)| Some((*what, self.value(key)?)));
        let stated = stated
            .filter(|(_, value)| !value.is_empty())
            .map(|(what, value)| format!("The scheme {what}: {value}."));
        self.remarks.iter().cloned().chain(stated).collect()
    }

    /// A fault that the loader found in the plan of the facts, where it stands in the facts.
    pub(super) fn in_facts(&self, mut error: Error) -> Error {
        let table = error.place.file.rsplit('/').next().unwrap_or_default();
        let found = error.place.line.and_then(|line| {
            let column = error.place.field.as_deref();
            match table {
                "mdc.csv" => self.mdcs.stated(line, (column, &super::table::MDC)),
                "adrg.csv" => self.adrgs.stated(line, (column, &super::table::ADRG)),
                "drg.csv" => self.drgs.stated(line, (column, &super::table::DRG)),
                "severity.csv" => self
                    .severity
                    .stated(line, (column, &super::table::SEVERITY)),
                "exclusions.csv" => {
                    (self.exclusions).stated(line, (column, &super::table::EXCLUSION))
                }
                _ => None,
            }
        });
        match found {
            Some(place) => error.place = place,
            None => error.place.file = error.place.file.replace(".csv", ".tsv"),
        }
        error
    }

    /// Refuses keys that could change a group and are not understood.
    pub(super) fn check_settings(&self) -> Result<(), Error> {
        for row in &self.settings.rows {
            let [key, value] = &row.cells;
            let check = key.strip_prefix("check.");
            let is_known = match check {
                Some(check) => CHECKS.contains(&check),
                None => {
                    let known = [&ORIGIN[..], &COUNTS, &SETTINGS, &["title", "unknown_code"]];
                    known.concat().contains(&key.as_str())
                }
            };
            if !is_known {
                let problem = PlanProblem::BadWord {
                    word: key.clone(),
                    allowed: "one of the keys that grouper-tables/README.md lists for plan.tsv",
                };
                return Err(self.settings.error(row.line, 0, problem));
            }
            let (values, allowed): (&[&str], _) = match key.as_str() {
                "unknown_code" => (&["matches nothing"], "matches nothing"),
                "no_group_fallback" => (&["adrg", "continue"], "adrg or continue"),
                "retry_with_each_other_procedure" => (&["true", "false"], "true or false"),
                _ if check.is_some() => (&["invalid", "none"], "invalid or none"),
                _ => continue,
            };
            if !values.contains(&value.as_str()) {
                let word = value.clone();
                let problem = PlanProblem::BadWord { word, allowed };
                return Err(self.settings.error(row.line, 1, problem));
            }
        }
        self.check_newborn_days()
    }

    fn check_newborn_days(&self) -> Result<(), Error> {
        let Some(row) = self.setting("newborn_days") else {
            return Ok(());
        };
        let text = row.cells[1].clone();
        match text.parse::<u32>() {
            Ok(_) => Ok(()),
            Err(_) => Err((self.settings).error(row.line, 1, PlanProblem::BadNumber { text })),
        }
    }
}

struct Reader<'a> {
    files: &'a FileSet,
}

impl Reader<'_> {
    fn table<const N: usize>(
        &self,
        path: &str,
        columns: [&'static str; N],
    ) -> Result<FactTable<N>, Error> {
        let name = self.files.name_of(path);
        let Some(bytes) = self.files.get(path) else {
            let file = name;
            return Err(Error {
                place: Place {
                    file,
                    ..Place::default()
                },
                problem: Problem::FileMissing,
            });
        };
        let text = crate::load::utf8(bytes, &name)?;
        FactTable::read(text, name, columns)
    }
}
