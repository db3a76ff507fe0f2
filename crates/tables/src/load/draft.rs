//! A plan while its layers are being read, the lowest base first.

use super::cells::{CellTable, Layer, Shape};
use super::code_settings::GREY;
use super::codes::{ExclusionTables, SeverityTable, Shared, TableNames};
use super::lists::Lists;
use super::manifest::{self, Manifest};
use super::problem::PlanProblem;
use super::rows::TableFile;
use crate::error::{Error, Place, Problem, Warning};
use crate::files::FileSet;
use crate::plan::{CodeTable, Settings};

pub(super) mod adrg {
    pub(crate) const MDC: usize = 0;
    pub(crate) const ORDER: usize = 1;
    pub(crate) const ADRG: usize = 2;
    pub(crate) const NAME: usize = 3;
    pub(crate) const KIND: usize = 4;
    pub(crate) const RULE: usize = 5;
    pub(crate) const FALLBACK: usize = 6;
}

pub(super) mod weight {
    pub(crate) const GROUP: usize = 0;
    pub(crate) const WEIGHT: usize = 1;
    pub(crate) const ORIGIN: usize = 2;
    pub(crate) const SOURCE: usize = 3;
}

/// The column of `drg.csv` that names the ADRG.
pub(super) const GROUP_ADRG: usize = 0;

static MDC: Shape<4> = Shape {
    columns: ["order", "mdc", "name", "gate"],
    key: 1,
    what: "the MDC",
};
static ADRG: Shape<7> = Shape {
    columns: ["mdc", "order", "adrg", "name", "kind", "rule", "fallback"],
    key: adrg::ADRG,
    what: "the ADRG",
};
static DRG: Shape<5> = Shape {
    columns: ["adrg", "order", "drg", "name", "rule"],
    key: 2,
    what: "the group",
};
static GREY_CODE: Shape<2> = Shape {
    columns: ["code", "name"],
    key: 0,
    what: "the grey code",
};
static WEIGHT: Shape<4> = Shape {
    columns: ["drg", "weight", "origin", "source"],
    key: weight::GROUP,
    what: "the weight of",
};

/// Everything that the layers so far say.
pub(super) struct Draft {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) base: Option<String>,
    pub(super) settings: Option<Settings>,
    pub(super) codes: CodeTable,
    pub(super) files: Vec<String>,
    pub(super) lists: Lists,
    pub(super) mdcs: CellTable<4>,
    pub(super) adrgs: CellTable<7>,
    pub(super) drgs: CellTable<5>,
    pub(super) weights: CellTable<4>,
    pub(super) grey: CellTable<2>,
    /// Whether some layer so far has a table of grey codes.
    has_grey_table: bool,
    pub(super) severity: SeverityTable,
    pub(super) exclusions: ExclusionTables,
    tables: TableNames,
    pub(super) warnings: Vec<Warning>,
}

impl Default for Draft {
    fn default() -> Self {
        Self {
            id: String::new(),
            title: String::new(),
            base: None,
            settings: None,
            codes: CodeTable::default(),
            files: Vec::new(),
            lists: Lists::default(),
            mdcs: CellTable::new(&MDC),
            adrgs: CellTable::new(&ADRG),
            drgs: CellTable::new(&DRG),
            weights: CellTable::new(&WEIGHT),
            grey: CellTable::new(&GREY_CODE),
            has_grey_table: false,
            severity: SeverityTable::default(),
            exclusions: ExclusionTables::default(),
            tables: TableNames::default(),
            warnings: Vec::new(),
        }
    }
}

/// The files of one layer, with their indices in the plan.
struct LayerFiles<'a> {
    set: &'a FileSet,
    names: Vec<(&'a str, String)>,
    first: u16,
    is_overlay: bool,
}

impl<'a> LayerFiles<'a> {
    fn new(set: &'a FileSet, first: usize, is_overlay: bool) -> Result<Self, Error> {
        let names: Vec<_> = set.paths().map(|path| (path, set.name_of(path))).collect();
        for (path, name) in &names {
            if !is_known(path) {
                let place = Place {
                    file: name.clone(),
                    ..Place::default()
                };
                return Err(PlanProblem::UnknownFile.at(place));
            }
        }
        let first = u16::try_from(first).expect("files and layers are limited");
        Ok(Self {
            set,
            names,
            first,
            is_overlay,
        })
    }

    fn table(&self, index: usize) -> Result<TableFile<'_>, Error> {
        let (path, name) = &self.names[index];
        let bytes = self.set.get(path).unwrap_or_default();
        let file = self.first + u16::try_from(index).expect("files are limited");
        TableFile::new(bytes, (name, file), self.is_overlay)
    }

    /// A table; `None` where an overlay says nothing about it.
    fn find(&self, path: &str) -> Result<Option<TableFile<'_>>, Error> {
        match self.names.iter().position(|(known, _)| *known == path) {
            Some(index) => self.table(index).map(Some),
            None if self.is_overlay || path == "weights.csv" || path == GREY => Ok(None),
            None => {
                let place = Place {
                    file: self.set.name_of(path),
                    ..Place::default()
                };
                Err(Error {
                    place,
                    problem: Problem::FileMissing,
                })
            }
        }
    }

    fn lists(&self) -> Result<Vec<TableFile<'_>>, Error> {
        let are_lists = |index: &usize| self.names[*index].0.starts_with("lists/");
        (0..self.names.len())
            .filter(are_lists)
            .map(|index| self.table(index))
            .collect()
    }
}

const TABLES: [&str; 7] = [
    "mdc.csv",
    "adrg.csv",
    "drg.csv",
    "severity.csv",
    "exclusions.csv",
    "weights.csv",
    GREY,
];

fn is_known(path: &str) -> bool {
    let list = path
        .strip_prefix("lists/")
        .and_then(|name| name.strip_suffix(".csv"));
    path == manifest::FILE
        || TABLES.contains(&path)
        || list.is_some_and(|name| !name.is_empty() && !name.contains('/'))
}

impl Draft {
    /// Reads a layer onto the layers before it.
    pub(super) fn add_layer(&mut self, set: &FileSet) -> Result<(), Error> {
        let manifest = Manifest::read(set)?;
        let files = LayerFiles::new(set, self.files.len(), manifest.base.is_some())?;
        self.files
            .extend(files.names.iter().map(|(_, name)| name.clone()));
        let name = set.name_of(manifest::FILE);
        self.settings = Some(manifest.settings(self.settings.as_ref(), &name)?);
        if !manifest.inherits_weights() {
            self.weights.rows.clear();
        }
        (self.id, self.title, self.base) = (manifest.id, manifest.title, manifest.base);
        let mut layer = Layer {
            files: &self.files,
            first_file: files.first,
            warnings: &mut self.warnings,
        };
        self.mdcs.removed.clear();
        self.adrgs.removed.clear();
        self.drgs.removed.clear();
        if let Some(file) = files.find(TABLES[0])? {
            self.mdcs.apply(&file, &mut layer)?;
        }
        if let Some(file) = files.find(TABLES[1])? {
            self.adrgs.apply(&file, &mut layer)?;
        }
        if let Some(file) = files.find(TABLES[2])? {
            self.drgs.apply(&file, &mut layer)?;
        }
        self.lists.apply(&files.lists()?, &mut self.codes)?;
        self.lists.end_layer(&mut layer);
        let mut shared = Shared {
            codes: &mut self.codes,
            tables: &mut self.tables,
        };
        if let Some(file) = files.find(TABLES[3])? {
            self.severity.apply(&file, &mut shared, &mut layer)?;
        }
        if let Some(file) = files.find(TABLES[4])? {
            self.exclusions.apply(&file, &mut shared, &mut layer)?;
        }
        if let Some(file) = files.find(TABLES[5])? {
            self.weights.apply(&file, &mut layer)?;
        }
        if let Some(file) = files.find(GREY)? {
            self.grey.apply(&file, &mut layer)?;
        }
        self.check_grey(set)?;
        let first_file = files.first;
        self.drop_orphans(first_file);
        Ok(())
    }

    /// A list of grey codes is named by the settings, and one that they name is there.
    fn check_grey(&mut self, set: &FileSet) -> Result<(), Error> {
        let settings = self.settings.as_ref();
        let is_named = settings.is_some_and(|settings| settings.codes.has_grey_list);
        let is_here = set.get(GREY).is_some();
        self.has_grey_table |= is_here;
        let problem = match (is_named, self.has_grey_table) {
            (false, _) if is_here => PlanProblem::GreyListNotNamed.into(),
            (true, false) => Problem::FileMissing,
            _ => return Ok(()),
        };
        let place = Place {
            file: set.name_of(GREY),
            ..Place::default()
        };
        Err(Error { place, problem })
    }

    /// What stands below a removed MDC, ADRG or group goes with it.
    fn drop_orphans(&mut self, first_file: u16) {
        self.adrgs
            .drop_below(adrg::MDC, &gone(&self.mdcs), first_file);
        self.drgs
            .drop_below(GROUP_ADRG, &gone(&self.adrgs), first_file);
        let mut groups = gone(&self.drgs);
        groups.append(&mut gone(&self.adrgs));
        self.weights.drop_below(weight::GROUP, &groups, first_file);
    }
}

/// The keys that a layer removed and did not add again.
fn gone<const N: usize>(table: &CellTable<N>) -> std::collections::BTreeSet<String> {
    table
        .removed
        .iter()
        .filter(|key| !table.rows.contains_key(*key))
        .cloned()
        .collect()
}
