//! Folders, facts and workbooks that become plans, or errors.

use super::files::{files, parts};
use drgdip_grouper::Grouper;
use drgdip_tables::import::{Facts, ImportOptions, Sheet, SheetRow, Workbook, import};
use drgdip_tables::{Error, FileSet, GroupingPlan, LoadedPlan, check};
use std::sync::OnceLock;

/// The plan that overlays stand on.
const BASE: &[u8] = include_bytes!("base.txt");

fn base() -> &'static LoadedPlan {
    static BASE_PLAN: OnceLock<LoadedPlan> = OnceLock::new();
    BASE_PLAN.get_or_init(|| LoadedPlan::of(files(BASE)).expect("a plan"))
}

fn find_base(id: &str) -> Result<Option<FileSet>, Error> {
    Ok((id == base().plan.id).then(|| files(BASE)))
}

/// Loads, checks and compiles a plan; every step may refuse it, none may panic.
fn load(files: &FileSet) -> bool {
    let loaded = GroupingPlan::load(files, &find_base);
    if let Ok((plan, _)) = &loaded {
        let _ = check::check(plan);
        let _ = Grouper::new(plan);
    }
    loaded.is_ok()
}

/// Any files as the folder of a plan.
pub fn plan_folder(bytes: &[u8]) -> bool {
    load(&files(bytes))
}

/// Any files as the folder of a DIP plan, beside the tables that all DIP plans share.
pub fn dip_plan(bytes: &[u8]) -> bool {
    let loaded = LoadedPlan::of(files(bytes));
    if let Ok(loaded) = &loaded {
        let _ = check::check(&loaded.plan);
        let _ = Grouper::new(&loaded.plan);
    }
    loaded.is_ok()
}

/// Any tables over a small base.
pub fn overlay(bytes: &[u8]) -> bool {
    let head = b"=== plan.toml\nid = \"over\"\ntitle = \"\"\nbase = \"base\"\nsources = []\n";
    load(&files(&[head, bytes].concat()))
}

/// Any files as the folder of facts, written out and over a small base.
pub fn facts(bytes: &[u8]) -> bool {
    Facts::of(&files(bytes)).is_ok_and(|facts| import_both(&facts))
}

/// Any rows as a workbook: each part is a sheet, each line a row, cells are parted by `|`.
pub fn workbook(bytes: &[u8]) -> bool {
    let sheets = parts(bytes).into_iter().map(|(name, body)| {
        let text = String::from_utf8_lossy(body);
        let rows = (1..).zip(text.lines()).map(|(number, line)| SheetRow {
            number,
            cells: line.split('|').map(str::to_owned).collect(),
        });
        Sheet {
            name,
            rows: rows.collect(),
        }
    });
    let workbook = Workbook {
        label: "fuzz.xlsx".to_owned(),
        sheets: sheets.collect(),
    };
    Facts::workbook(&workbook).is_ok_and(|facts| import_both(&facts))
}

/// Facts make a plan or have a fault; an overlay that says something else is a fault of ours.
fn import_both(facts: &Facts) -> bool {
    let mut options = ImportOptions {
        id: "new".to_owned(),
        title: None,
        sources: Vec::new(),
        base: None,
    };
    let Ok(whole) = import(facts, &options) else {
        return false;
    };
    let _ = Grouper::new(&whole.plan);
    options.base = Some(base());
    match import(facts, &options) {
        Ok(over) => assert_eq!(over.plan.counts(), whole.plan.counts()),
        Err(error) => panic!("no overlay of good facts: {error}"),
    }
    true
}
