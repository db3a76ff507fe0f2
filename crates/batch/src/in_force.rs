//! Plans chosen claim by claim: the one in force for the region at the discharge date.

use crate::group::thread_pool;
use crate::grouped::PreparedPlan;
use crate::output::sha256;
use crate::plans_by_unit::PlansByUnit;
use crate::read::{
    ClaimFile, ClaimFiles, Column, ColumnNeeds, ReadOptions, Remap, Unit, column_array, dates,
    texts,
};
use crate::settle::setting::date_of;
use crate::{Class, Error, Progress};
use arrow::array::{Array, ArrayRef, Date32Array, DictionaryArray, RecordBatch};
use arrow::datatypes::Int32Type;
use drgdip_tables::PlanLibrary;
use drgdip_tables::library::is_region;
use rayon::prelude::*;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

/// The plan of a row that has none.
pub(crate) const NO_PLAN: u16 = u16::MAX;

/// How many regions and days a message names.
const MOST_NAMED: usize = 5;

/// What plans are chosen by.
pub struct PlansRequest<'a> {
    /// Claim files, folders of them, or globs.
    pub claims: &'a [PathBuf],
    /// The plans to choose from.
    pub library: &'a PlanLibrary,
    /// The user's own list of codes that cannot be the principal diagnosis.
    pub grey_list: Option<&'a Path>,
    /// How claims are read.
    pub read: ReadOptions,
    /// How many threads work; `None` is one for each core.
    pub threads: Option<usize>,
}

/// The plans in force for the regions and discharge dates of some claims.
pub struct PlansInForce {
    plans: Vec<PreparedPlan>,
    /// `COVERAGE.toml` with its sha256.
    pub(crate) coverage: (String, String),
    /// By region and day of discharge, the index of the plan.
    chosen: HashMap<String, HashMap<i32, u16>>,
}

/// A region and a day of discharge, with how many claims have them and the first of these.
type Pairs = BTreeMap<(String, i32), (u64, u64)>;

impl PlansInForce {
    /// Reads region and discharge date of all claims, and loads the plans that are in force.
    ///
    /// Claims without a region of six digits or without a discharge date need no plan.
    ///
    /// # Errors
    /// A library without dates, a region and day with no plan or more than one, plans that cannot
    /// be used, claims that cannot be read, and an interruption.
    pub fn choose(request: &PlansRequest<'_>, progress: &dyn Progress) -> Result<Self, Error> {
        let library = request.library;
        library.require_dates()?;
        let needs = ColumnNeeds {
            required: vec![Column::Region, Column::DischargeDate],
            optional: Vec::new(),
        };
        let mut files = ClaimFiles::open(request.claims, &needs, request.read, None)?;
        let pool = thread_pool(request.threads)?;
        files.leave_out_damaged((&pool, false), progress)?;
        progress.stage("choose plans", Some(files.rows));
        let pairs = pool.install(|| {
            let scanned = files
                .units
                .par_iter()
                .map(|unit| scan(&files, unit, progress));
            scanned.try_reduce(Pairs::new, |a, b| Ok(joined(a, b)))
        })?;
        let ids = ids_of(&pairs, library, &files)?;
        let distinct: BTreeSet<&str> = ids.values().copied().collect();
        let mut plans = Vec::new();
        for id in &distinct {
            let mut loaded = library.load(id)?;
            if let Some(list) = request.grey_list {
                loaded = loaded.with_grey_list(list)?;
            }
            plans.push(PreparedPlan::of(loaded)?);
        }
        let hint = "Group the claims of fewer regions at a time.";
        require_few_groups(&plans, ("--plan auto", hint))?;
        let numbers: HashMap<&str, u16> = distinct.into_iter().zip(0..).collect();
        let mut chosen: HashMap<String, HashMap<i32, u16>> = HashMap::new();
        for ((region, day), id) in &ids {
            let days = chosen.entry((*region).to_owned()).or_default();
            days.insert(*day, numbers[id]);
        }
        let named = library.file().iter().next();
        let coverage = named.map(|(path, bytes)| (library.file().name_of(path), sha256(bytes)));
        Ok(Self {
            plans,
            coverage: coverage.unwrap_or_default(),
            chosen,
        })
    }
}

/// How many groups the plans of a run may have together: outputs number them with 16 bits, and the
/// last number is no group.
const MOST_GROUPS: usize = 65_534;

/// Refuses plans with more groups than can be numbered; the error names what chose the plans, and
/// says what to do.
pub(crate) fn require_few_groups(
    plans: &[PreparedPlan],
    (place, hint): (&str, &str),
) -> Result<(), Error> {
    let groups: usize = plans.iter().map(|plan| plan.grouper.groups().len()).sum();
    if groups <= MOST_GROUPS {
        return Ok(());
    }
    let problem = format!(
        "the {} plans of the run have {groups} groups together, more than {MOST_GROUPS}.",
        plans.len()
    );
    Err(Error::new(Class::Table, place, problem, hint))
}

/// The plan of each region and day; the error names those that have none, or more than one.
fn ids_of<'p>(
    pairs: &'p Pairs,
    library: &'p PlanLibrary,
    files: &ClaimFiles,
) -> Result<BTreeMap<(&'p str, i32), &'p str>, Error> {
    let (mut ids, mut wrong) = (BTreeMap::new(), Vec::new());
    for ((region, day), (claims, first)) in pairs {
        let Some(date) = date_of(*day) else { continue };
        match library.in_force(region, date) {
            Ok(plan) => {
                ids.insert((region.as_str(), *day), plan.id.as_str());
            }
            Err(problem) => {
                let (file, row) = files.place(*first);
                let place = format!("the first in {}, row {row}", file.label);
                wrong.push(format!(
                    "{problem} for region {region} at {date} ({claims} claims, {place})"
                ));
            }
        }
    }
    if wrong.is_empty() {
        return Ok(ids);
    }
    let more = wrong.len().saturating_sub(MOST_NAMED);
    wrong.truncate(MOST_NAMED);
    let mut problem = wrong.join("; ");
    if more > 0 {
        problem += &format!("; and {more} more");
    }
    let hint = "State in COVERAGE.toml which one plan applies there, correct the claims, or name a \
                plan with --plan.";
    let place = library.file().name_of("COVERAGE.toml");
    Err(Error::new(Class::Table, place, problem + ".", hint))
}

fn joined(mut a: Pairs, b: Pairs) -> Pairs {
    for (pair, (claims, first)) in b {
        let known = a.entry(pair).or_insert((0, first));
        *known = (known.0 + claims, known.1.min(first));
    }
    a
}

fn scan(files: &ClaimFiles, unit: &Unit, progress: &dyn Progress) -> Result<Pairs, Error> {
    let file = &files.files[unit.file];
    let columns = [Column::Region, Column::DischargeDate];
    let mut reader = file.read_columns(unit, &columns)?;
    let mut pairs = Pairs::new();
    let mut next_row = unit.first_row;
    while let Some(batch) = file.next_batch(&mut reader)? {
        progress.look()?;
        let facts = Facts::read(file, &batch, |column| file.position_among(column, &columns))?;
        let mut here: HashMap<(i32, i32), (u64, u64)> = HashMap::new();
        for row in 0..batch.num_rows() {
            if let Some(pair) = facts.pair(row) {
                here.entry(pair).or_insert((0, next_row + row as u64)).0 += 1;
            }
        }
        let named = here.into_iter().filter_map(|((key, day), counted)| {
            let region = facts.region(key);
            is_region(region).then(|| ((region.to_owned(), day), counted))
        });
        pairs = joined(pairs, named.collect());
        next_row += batch.num_rows() as u64;
        progress.advance(batch.num_rows() as u64);
    }
    Ok(pairs)
}

/// The region and the discharge date of the rows of a batch.
struct Facts {
    regions: DictionaryArray<Int32Type>,
    discharges: Date32Array,
}

impl Facts {
    fn read(
        file: &ClaimFile,
        batch: &RecordBatch,
        position: impl Fn(Column) -> Option<usize>,
    ) -> Result<Self, Error> {
        let array = |column| -> &ArrayRef {
            column_array(batch, position(column)).expect("plans in force ask for this column")
        };
        Ok(Self {
            regions: texts(file, array(Column::Region))?,
            discharges: dates(file, array(Column::DischargeDate))?,
        })
    }

    /// The dictionary key of the region and the day of discharge, where a row has both.
    fn pair(&self, row: usize) -> Option<(i32, i32)> {
        let is_whole = self.regions.is_valid(row) && self.discharges.is_valid(row);
        is_whole.then(|| (self.regions.keys().value(row), self.discharges.value(row)))
    }

    fn region(&self, key: i32) -> &str {
        let texts = self.regions.values();
        let key = usize::try_from(key).expect("a dictionary key is not negative");
        arrow::array::AsArray::as_string::<i32>(texts.as_ref()).value(key)
    }
}

/// Finds the plan of each row; remembers what it has looked up.
pub(crate) struct PlanOfRow<'p> {
    plans: &'p PlansInForce,
    /// By dictionary key, the region's number among `days`.
    regions: Remap<Option<u32>>,
    known: HashMap<String, u32>,
    days: Vec<&'p HashMap<i32, u16>>,
}

impl<'p> PlanOfRow<'p> {
    pub(crate) fn new(plans: &'p PlansInForce) -> Self {
        Self {
            plans,
            regions: Remap::default(),
            known: HashMap::new(),
            days: Vec::new(),
        }
    }

    /// The index of the plan of each row of a batch, or [`NO_PLAN`].
    pub(crate) fn read(
        &mut self,
        file: &ClaimFile,
        batch: &RecordBatch,
        position: impl Fn(Column) -> Option<usize>,
    ) -> Result<Vec<u16>, Error> {
        let facts = Facts::read(file, batch, position)?;
        let (plans, known, days) = (self.plans, &mut self.known, &mut self.days);
        let table = self.regions.update(&facts.regions, |region| {
            let of_region = plans.chosen.get(region)?;
            Some(match known.entry(region.to_owned()) {
                Entry::Occupied(known) => *known.get(),
                Entry::Vacant(free) => {
                    days.push(of_region);
                    let number = u32::try_from(days.len() - 1).expect("fewer regions than 2^32");
                    *free.insert(number)
                }
            })
        });
        let plan = |row| {
            let (key, day) = facts.pair(row)?;
            let region = table[usize::try_from(key).ok()?]?;
            days[region as usize].get(&day).copied()
        };
        let rows = 0..batch.num_rows();
        Ok(rows.map(|row| plan(row).unwrap_or(NO_PLAN)).collect())
    }
}

/// By what claims are grouped.
#[derive(Clone, Copy)]
pub enum PlanChoice<'a> {
    /// All by one plan.
    One(&'a PreparedPlan),
    /// Each by the plan in force for its region at its discharge date.
    InForce(&'a PlansInForce),
    /// Each by the plan of the payment unit of its hospital.
    ByUnit(&'a PlansByUnit),
}

impl<'a> From<&'a PlansByUnit> for PlanChoice<'a> {
    fn from(plans: &'a PlansByUnit) -> Self {
        Self::ByUnit(plans)
    }
}

impl<'a> From<&'a PreparedPlan> for PlanChoice<'a> {
    fn from(plan: &'a PreparedPlan) -> Self {
        Self::One(plan)
    }
}

impl<'a> From<&'a PlansInForce> for PlanChoice<'a> {
    fn from(plans: &'a PlansInForce) -> Self {
        Self::InForce(plans)
    }
}

impl<'a> PlanChoice<'a> {
    /// The plans of the run.
    #[must_use]
    pub fn plans(self) -> &'a [PreparedPlan] {
        match self {
            Self::One(plan) => std::slice::from_ref(plan),
            Self::InForce(plans) => &plans.plans,
            Self::ByUnit(plans) => plans.plans(),
        }
    }

    /// The columns that say which plan a claim is grouped by.
    pub(crate) fn chosen_by(self) -> Vec<Column> {
        match self {
            Self::One(_) => Vec::new(),
            Self::InForce(_) => vec![Column::Region, Column::DischargeDate],
            Self::ByUnit(_) => vec![Column::HospitalId],
        }
    }

    /// The columns without which claims cannot be grouped so.
    pub(crate) fn columns(self) -> Vec<Column> {
        let mut columns = self.chosen_by();
        if self.plans().iter().any(|plan| plan.grouper.uses_cost()) {
            columns.push(Column::TotalCost);
        }
        columns
    }
}
