//! The tables that a settlement takes beside the claims.
//!
//! Each is a CSV or Parquet file of the inputs folder; a table that the folder does not have is
//! taken from the policy's standing tables. Everything is checked here, so that a settlement
//! starts from values that are whole: a bad cell is an error with file, line and column.

mod cells;
mod columns;
mod decided;
mod known;
mod rows;
mod sheet;
mod stated;
mod table;

use crate::Error;
use drgdip_tables::FileSet;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

pub use columns::Column;
pub use decided::{Accepted, accepted};
pub use known::{GroupMean, Review};
pub use rows::{Budget, Hospital, Insurance, Prior};
pub use sheet::{Cells, SheetRow};
pub use stated::{StatedGroup, stated_means, stated_weights};
use table::TextTable;

/// A table of settlement inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InputTable {
    /// Who the contracted hospitals (定点医疗机构) are.
    Hospitals,
    /// What each pool may spend (总额预算) in a period.
    Budgets,
    /// Last year's settled points and point values.
    Prior,
    /// What is known of groups beside the plan.
    Groups,
    /// Decisions on single cases (特例单议).
    Reviews,
    /// What audits take off (审核扣减).
    Audits,
    /// Scores and coefficients of hospitals (考核).
    Assessments,
    /// Money paid before any claim (预拨周转金).
    Advances,
    /// Points of hospitals by measure, for sub-pools.
    Measures,
    /// What a hospital's increment points count.
    Tilts,
    /// What hospitals did for primary care (就诊下沉, 慢病管理).
    Drivers,
    /// Which groups are primary-care, TCM or otherwise marked.
    GroupFlags,
    /// Which hospitals a pool settles, where not all.
    PoolHospitals,
    /// How a budget is cut into pools and lines.
    BudgetTree,
    /// Persons of an alliance by age band.
    Members,
    /// Grades of efficacy of single cases.
    Efficacy,
    /// Family-doctor teams.
    Teams,
    /// Service packages.
    Packages,
    /// Visit-days of home beds (家庭病床).
    HomeBeds,
    /// What the fund paid for members of an alliance elsewhere.
    AllianceOutside,
    /// How the parts of an alliance's assessment are scored.
    AllianceScores,
}

impl InputTable {
    /// All tables, in the order in which they are read.
    pub const ALL: [Self; 21] = [
        Self::Hospitals,
        Self::Budgets,
        Self::Prior,
        Self::Groups,
        Self::Reviews,
        Self::Audits,
        Self::Assessments,
        Self::Advances,
        Self::Measures,
        Self::Tilts,
        Self::Drivers,
        Self::GroupFlags,
        Self::PoolHospitals,
        Self::BudgetTree,
        Self::Members,
        Self::Efficacy,
        Self::Teams,
        Self::Packages,
        Self::HomeBeds,
        Self::AllianceOutside,
        Self::AllianceScores,
    ];

    /// The file name without its extension.
    #[must_use]
    pub const fn stem(self) -> &'static str {
        match self {
            Self::Hospitals => "hospitals",
            Self::Budgets => "budgets",
            Self::Prior => "prior",
            Self::Groups => "groups",
            Self::Reviews => "reviews",
            Self::Audits => "audits",
            Self::Assessments => "assessments",
            Self::Advances => "advances",
            Self::Measures => "measures",
            Self::Tilts => "tilts",
            Self::Drivers => "drivers",
            Self::GroupFlags => "group_flags",
            Self::PoolHospitals => "pool_hospitals",
            Self::BudgetTree => "budget_tree",
            Self::Members => "members",
            Self::Efficacy => "efficacy",
            Self::Teams => "teams",
            Self::Packages => "packages",
            Self::HomeBeds => "home_beds",
            Self::AllianceOutside => "alliance_outside",
            Self::AllianceScores => "alliance_scores",
        }
    }

    /// The columns, those that must be there first.
    #[must_use]
    pub const fn columns(self) -> &'static [Column] {
        columns::of(self)
    }

    /// The columns that no two rows have all alike.
    const fn key(self) -> &'static [&'static str] {
        columns::key(self)
    }
}

impl fmt::Display for InputTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let required = self.columns().iter().filter(|column| column.is_required);
        let names: Vec<_> = required.map(|column| column.name).collect();
        write!(f, "{}.csv (columns {})", self.stem(), names.join(", "))
    }
}

/// A file that inputs were read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputFile {
    /// Which table it holds.
    pub table: InputTable,
    /// Its path, or its place in the policy folder.
    pub path: String,
    /// The SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// How many rows it has.
    pub rows: u64,
    /// Where its bytes are.
    pub origin: Origin,
}

/// Where the bytes of an input file are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// In a file.
    File(PathBuf),
    /// In the folder of the policy, which may be inside the program.
    Standing(Vec<u8>),
}

/// A standing table of a policy, used where the inputs folder has no file of that name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandingFile {
    /// The file name, such as `hospitals.csv`.
    pub name: String,
    /// How people know it: the policy and the path inside it.
    pub label: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// The settlement inputs, checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inputs {
    /// Hospitals in file order; one hospital may have several rows with disjoint dates.
    pub hospitals: Vec<Hospital>,
    /// Budgets in file order, no two with the same key.
    pub budgets: Vec<Budget>,
    /// Prior points in file order, no two with the same pool and hospital.
    pub prior: Vec<Prior>,
    /// What is known of groups, no two rows of the same group, level and hospital.
    pub groups: Vec<GroupMean>,
    /// Decisions on single cases, one a case.
    pub reviews: Vec<Review>,
    /// The rows of every other table that is there.
    pub sheets: BTreeMap<InputTable, Vec<SheetRow>>,
    /// The files read, in the order of [`InputTable::ALL`].
    pub files: Vec<InputFile>,
    /// Files of the folder that no table is read from, by name; worth a note to the user.
    pub unused: Vec<String>,
}

impl StandingFile {
    /// The standing tables among a policy's files: those of the folder that bears its id.
    #[must_use]
    pub fn of_policy(files: &FileSet, id: &str) -> Vec<Self> {
        let inside = |path: &str| path.strip_prefix(id)?.strip_prefix('/').map(str::to_owned);
        let standing = |(path, bytes): (&str, &[u8])| {
            Some(Self {
                name: inside(path)?,
                label: files.name_of(path),
                bytes: bytes.to_vec(),
            })
        };
        files.iter().filter_map(standing).collect()
    }
}

impl Inputs {
    /// Reads the tables of a folder, each replaced by the standing one where it is absent.
    ///
    /// # Errors
    ///
    /// A folder or file that cannot be read, a table that is there as CSV and as Parquet, a
    /// missing or unknown column, a cell that is no such value, and a repeated key.
    pub fn read(folder: Option<&Path>, standing: &[StandingFile]) -> Result<Self, Error> {
        let found = folder.map_or_else(|| Ok(Vec::new()), list_files)?;
        let mut inputs = Self {
            unused: unused(&found),
            ..Self::default()
        };
        for table in InputTable::ALL {
            let Some((text, origin)) = open(table, &found, standing)? else {
                continue;
            };
            inputs.files.push(InputFile {
                table,
                path: text.label.clone(),
                sha256: text.sha256.clone(),
                rows: text.rows.len() as u64,
                origin,
            });
            match table {
                InputTable::Hospitals => inputs.hospitals = rows::hospitals(&text)?,
                InputTable::Budgets => inputs.budgets = rows::budgets(&text)?,
                InputTable::Prior => inputs.prior = rows::prior(&text)?,
                InputTable::Groups => {
                    inputs.sheets.insert(table, sheet::read(table, &text)?);
                    inputs.groups = known::groups(&text)?;
                }
                InputTable::Reviews => {
                    inputs.sheets.insert(table, sheet::read(table, &text)?);
                    inputs.reviews = known::reviews(&text)?;
                }
                _ => {
                    inputs.sheets.insert(table, sheet::read(table, &text)?);
                }
            }
        }
        Ok(inputs)
    }

    /// Makes sure that these tables are there.
    ///
    /// # Errors
    ///
    /// One that names all tables that are missing.
    pub fn require(&self, needed: &[InputTable]) -> Result<(), Error> {
        let missing = self.missing(needed);
        if missing.is_empty() {
            return Ok(());
        }
        let missing: Vec<String> = missing.iter().map(ToString::to_string).collect();
        let problem = format!("the settlement needs {}.", missing.join("; "));
        let hint = "Put them into one folder and name it with --inputs.";
        Err(Error::input("inputs", problem).with_hint(hint))
    }

    /// The rows of a table; none where it is not there.
    #[must_use]
    pub fn rows(&self, table: InputTable) -> &[SheetRow] {
        self.sheets.get(&table).map_or(&[], Vec::as_slice)
    }

    /// The tables among `needed` that no file was found for.
    #[must_use]
    pub fn missing(&self, needed: &[InputTable]) -> Vec<InputTable> {
        let has = |table: &InputTable| self.files.iter().any(|file| file.table == *table);
        needed.iter().filter(|table| !has(table)).copied().collect()
    }
}

/// The files of a folder in byte order of their names.
fn list_files(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let cannot = |error| Error::file(folder, "read the inputs folder", &error);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(cannot)? {
        let path = entry.map_err(cannot)?.path();
        if path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn stem_and_extension(path: &Path) -> (&str, &str) {
    let stem = path.file_stem().and_then(|part| part.to_str());
    let extension = path.extension().and_then(|part| part.to_str());
    (stem.unwrap_or(""), extension.unwrap_or(""))
}

fn is_of(path: &Path, table: InputTable) -> bool {
    let (stem, extension) = stem_and_extension(path);
    stem == table.stem() && matches!(extension, "csv" | "parquet")
}

fn unused(found: &[PathBuf]) -> Vec<String> {
    let is_used = |path: &Path| InputTable::ALL.iter().any(|table| is_of(path, *table));
    let names = found.iter().filter(|path| !is_used(path));
    names
        .filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned()))
        .collect()
}

fn open(
    table: InputTable,
    found: &[PathBuf],
    standing: &[StandingFile],
) -> Result<Option<(TextTable, Origin)>, Error> {
    let here: Vec<&PathBuf> = found.iter().filter(|path| is_of(path, table)).collect();
    if let [first, second, ..] = here[..] {
        let problem = format!(
            "there is {} beside it, and only one of them can be meant",
            second.display()
        );
        let error = Error::input(first.display(), problem);
        return Err(error.with_hint("Take one of the two away."));
    }
    if let Some(path) = here.first() {
        let text = TextTable::open(path, table.columns())?;
        return Ok(Some((text, Origin::File((*path).clone()))));
    }
    let name = format!("{}.csv", table.stem());
    let file = standing.iter().find(|file| file.name == name);
    file.map(|file| {
        let text = TextTable::from_csv(&file.label, &file.bytes, table.columns())?;
        Ok((text, Origin::Standing(file.bytes.clone())))
    })
    .transpose()
}

#[cfg(test)]
mod tests;
