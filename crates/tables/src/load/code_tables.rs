//! Reads code sets, crosswalks and lists of grey codes, when a command needs them.

use super::problem::PlanProblem;
use super::rows::{Change, Row, TableFile};
use super::{LoadedPlan, manifest};
use crate::bundled;
use crate::code_set::{CodeKind, CodeSet, CodeTables, Crosswalk};
use crate::error::{Error, Place, Problem};
use crate::files::FileSet;
use crate::plan::{CodeTable, GreyRow, RowRef};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const CODES: [&str; 2] = ["code", "name"];
const ENTRIES: [&str; 2] = ["clinical_code", "insurance_code"];

impl LoadedPlan {
    /// Reads the code set and the crosswalk that the settings of the plan name.
    ///
    /// They are folders of `code-sets` beside the folder of the plan, or else bundled.
    ///
    /// # Errors
    /// When a table is not there or cannot be used.
    pub fn with_code_tables(mut self) -> Result<Self, Error> {
        if self.plan.code_tables.is_some() {
            return Ok(self);
        }
        let settings = &self.plan.settings.codes;
        let mut files = Vec::new();
        let mut find = |id: &Option<String>, field| match id {
            None => Ok(None),
            Some(id) => {
                files.push(self.find_code_set(id, field)?);
                Ok(files.last().cloned())
            }
        };
        let set = find(&settings.set, "codes.set")?;
        let set = set.as_ref().map(CodeSet::load).transpose()?;
        let crosswalk = find(&settings.crosswalk, "codes.crosswalk")?;
        let crosswalk = match (&crosswalk, &set) {
            (Some(files), Some(set)) => Some(Crosswalk::load(files, set)?),
            _ => None,
        };
        self.code_files.append(&mut files);
        let tables = CodeTables::new(&self.plan, set, crosswalk);
        self.plan.code_tables = Some(Arc::new(tables));
        Ok(self)
    }

    /// Adds the user's own list of codes that cannot be the principal diagnosis (灰码).
    ///
    /// # Errors
    /// When the file cannot be read or is not such a list.
    pub fn with_grey_list(mut self, path: &Path) -> Result<Self, Error> {
        let files = FileSet::single_file(path)?;
        let name = path.display().to_string();
        let file = u16::try_from(self.plan.files.len()).expect("files are limited");
        let inner = files.paths().next().unwrap_or_default();
        let bytes = files.get(inner).unwrap_or_default();
        let table = TableFile::new(bytes, (&name, file), false)?;
        let mut grey = std::mem::take(&mut self.plan.grey);
        let mut own = Codes::default();
        table.each_row(&CODES, Change::Add, |row| {
            own.add(row)?;
            let (code, row) = (row.cells[0].to_owned(), row.at);
            grey.push(GreyRow { code, row });
            Ok(())
        })?;
        // Where the plan has the code too, its row stays, since sorting keeps the order of equals.
        grey.sort_by(|a, b| a.code.cmp(&b.code));
        grey.dedup_by(|later, first| later.code == first.code);
        self.plan.grey = grey;
        self.plan.files.push(name);
        self.code_files.push(files);
        Ok(self)
    }

    fn find_code_set(&self, id: &str, field: &str) -> Result<FileSet, Error> {
        let beside = self.folder.as_deref().and_then(|folder| beside(folder, id));
        let found = match beside {
            Some(folder) => Some(FileSet::folder(&folder)?),
            None => FileSet::bundled_code_set(id),
        };
        found.ok_or_else(|| {
            let problem = PlanProblem::NoSuchCodeSet {
                id: id.to_owned(),
                known: FileSet::bundled_code_sets().join(", "),
            };
            problem.at(Place {
                file: self.layers[0].name_of(manifest::FILE),
                line: None,
                field: Some(field.to_owned()),
            })
        })
    }
}

/// The folder of a code set beside the folder of a plan.
fn beside(plan: &Path, id: &str) -> Option<PathBuf> {
    let real = plan.canonicalize().ok()?;
    let folder = real.parent()?.join(bundled::CODE_SETS).join(id);
    folder.is_dir().then_some(folder)
}

impl CodeSet {
    /// Reads a code set: `diagnoses.csv` and `procedures.csv`, each with `code` and `name`.
    ///
    /// The id is the last part of what the folder is called.
    ///
    /// # Errors
    /// A table that is missing or has the wrong columns, and a code that is empty or stated twice.
    pub fn load(files: &FileSet) -> Result<Self, Error> {
        let codes = |path| -> Result<CodeTable, Error> {
            let mut codes = Codes::default();
            each_row(files, path, &CODES, |row| codes.add(row).map(|_| ()))?;
            Ok(codes.table)
        };
        Ok(Self {
            id: id_of(files),
            diagnoses: codes("diagnoses.csv")?,
            procedures: codes("procedures.csv")?,
        })
    }
}

impl Crosswalk {
    /// Reads a crosswalk to a code set: `diagnosis-crosswalk.csv` and `procedure-crosswalk.csv`,
    /// each with `clinical_code` and `insurance_code`.
    ///
    /// # Errors
    /// A table that is missing or has the wrong columns, a clinical code that is empty or stated
    /// twice, and an insurance code that the set does not have.
    pub fn load(files: &FileSet, set: &CodeSet) -> Result<Self, Error> {
        let entries = |path, kind| -> Result<HashMap<String, String>, Error> {
            let (mut codes, mut entries) = (Codes::default(), HashMap::new());
            each_row(files, path, &ENTRIES, |row| {
                let clinical = codes.add(row)?;
                let insurance = row.required(1)?;
                if !set.contains(kind, insurance) {
                    let (set, code) = (set.id.clone(), insurance.to_owned());
                    return Err(row.error(1, PlanProblem::NotInCodeSet { set, code }));
                }
                entries.insert(clinical.to_owned(), insurance.to_owned());
                Ok(())
            })?;
            Ok(entries)
        };
        Ok(Self {
            id: id_of(files),
            diagnoses: entries("diagnosis-crosswalk.csv", CodeKind::Diagnosis)?,
            procedures: entries("procedure-crosswalk.csv", CodeKind::Procedure)?,
        })
    }
}

/// The codes of one table while it is read.
#[derive(Default)]
struct Codes {
    table: CodeTable,
    /// By code, the row that states it.
    rows: Vec<RowRef>,
}

impl Codes {
    /// Takes the code in the first column.
    fn add<'r>(&mut self, row: &Row<'r, 2>) -> Result<&'r str, Error> {
        let code = row.required(0)?;
        let id = self.table.intern(code);
        if let Some(first) = self.rows.get(id.0 as usize) {
            let problem = PlanProblem::Duplicate {
                what: "the code",
                code: code.to_owned(),
                first: row.place_of_line(first.line),
            };
            return Err(row.error(0, problem));
        }
        self.rows.push(row.at);
        Ok(code)
    }
}

/// Reads a table that must be there.
fn each_row(
    files: &FileSet,
    path: &str,
    columns: &'static [&'static str; 2],
    take: impl FnMut(&Row<'_, 2>) -> Result<(), Error>,
) -> Result<(), Error> {
    let name = files.name_of(path);
    let Some(bytes) = files.get(path) else {
        let place = Place {
            file: name,
            ..Place::default()
        };
        return Err(Error {
            place,
            problem: Problem::FileMissing,
        });
    };
    TableFile::new(bytes, (&name, 0), false)?.each_row(columns, Change::Add, take)
}

/// The last part of what the folder is called.
fn id_of(files: &FileSet) -> String {
    let label = files.label().trim_end_matches('/');
    label.rsplit('/').next().unwrap_or(label).to_owned()
}

#[cfg(test)]
mod tests {
    use crate::load::load_plan;
    use crate::plan::{CodeSettings, Repairs};

    #[test]
    fn the_bundled_code_set_and_crosswalk_are_whole() {
        let root = tempfile::tempdir().expect("a folder");
        let manifest = "id = \"p\"\ntitle = \"P\"\nbase = \"chs-drg-1.1\"\n[codes]\n\
                        crosswalk = \"clinical-to-insurance-2.0\"\n";
        std::fs::write(root.path().join("plan.toml"), manifest).expect("a file");
        let loaded = load_plan(&root.path().display().to_string()).expect("a plan");
        assert!(loaded.plan.code_tables.is_none(), "nothing is read unasked");
        let loaded = loaded.with_code_tables().expect("its tables");
        let tables = loaded.plan.code_tables.as_ref().expect("its tables");
        let set = tables.set.as_ref().expect("the base's code set");
        assert_eq!(set.id, "insurance-2.0");
        assert_eq!(
            (set.diagnoses.len(), set.procedures.len()),
            (33_304, 13_686)
        );
        let crosswalk = tables.crosswalk.as_ref().expect("its own crosswalk");
        let sizes = (crosswalk.diagnoses.len(), crosswalk.procedures.len());
        assert_eq!(sizes, (4_388, 560));
        assert_eq!(loaded.code_files.len(), 2);
    }

    #[test]
    fn bundled_plans_change_no_code_and_the_transcribed_one_has_everything_off() {
        let national = load_plan("chs-drg-1.1")
            .expect("a plan")
            .plan
            .settings
            .codes;
        assert_eq!(national.set.as_deref(), Some("insurance-2.0"));
        assert!(!national.can_change_outcomes() && !national.has_grey_list);
        let transcribed = load_plan("chs-drg-1.1-opendrg").expect("a plan").plan;
        assert_eq!(transcribed.settings.codes, CodeSettings::default());
    }

    #[test]
    fn an_overlay_states_only_the_code_settings_that_differ() {
        let root = tempfile::tempdir().expect("a folder");
        let write = |id: &str, base: &str, codes: &str| {
            let text =
                format!("id = \"{id}\"\ntitle = \"T\"\nbase = \"{base}\"\n[codes]\n{codes}\n");
            std::fs::create_dir_all(root.path().join(id)).expect("a folder");
            std::fs::write(root.path().join(id).join("plan.toml"), text).expect("a file");
        };
        write(
            "one",
            "chs-drg-1.1",
            "unknown = \"invalid\"\nrepair = [\"spaces\"]",
        );
        write("two", "one", "repair = []");
        write("three", "one", "set = \"none\"\nunknown = \"ignore\"");
        let settings = |id: &str| {
            let path = root.path().join(id).display().to_string();
            load_plan(&path).expect("a plan").plan.settings.codes
        };
        let one = CodeSettings {
            set: Some("insurance-2.0".to_owned()),
            unknown_is_invalid: true,
            repairs: Repairs {
                spaces: true,
                ..Repairs::default()
            },
            crosswalk: None,
            has_grey_list: false,
        };
        assert_eq!(settings("one"), one);
        let repairs = Repairs::default();
        assert_eq!(
            settings("two"),
            CodeSettings {
                repairs,
                ..one.clone()
            }
        );
        let without_set = CodeSettings {
            set: None,
            unknown_is_invalid: false,
            ..one
        };
        assert_eq!(settings("three"), without_set);
    }
}
