//! Grouping a batch of claims, and the columns that say the result.

mod about;
mod rows;

pub(crate) use about::invalid_finding;
pub use rows::OutcomeCounts;
pub(crate) use rows::{GroupNames, GroupedRows, grouped_fields};

use crate::Error;
use crate::findings::FindingRow;
use crate::in_force::PlanChoice;
use crate::output::sha256;
use crate::plans_by_unit::PlanFinder;
use crate::read::{CaseBatch, CaseReader, ClaimFile, Column, MoneyCell, column_array, money};
use about::{Place, SeenRow, Texts};
use arrow::array::{AsArray, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use drgdip_grouper::{CaseMoney, GroupIndex, Grouper, Grouping};
use drgdip_tables::dip::auxiliary::Subtype;
use drgdip_tables::{FileSet, GroupingPlan, LoadedPlan};
use std::ops::Range;

/// A plan with the grouper made from it.
pub struct PreparedPlan {
    /// The plan as loaded.
    pub plan: GroupingPlan,
    /// The compiled form.
    pub grouper: Grouper,
    /// Each table file of the plan and of its bases, with its sha256.
    pub files: Vec<(String, String)>,
}

impl PreparedPlan {
    /// Prepares a plan that has been loaded: reads its code tables, and hashes every file of its
    /// layers and of these.
    ///
    /// # Errors
    /// When a code table cannot be used.
    pub fn of(loaded: LoadedPlan) -> Result<Self, Error> {
        let loaded = loaded.with_code_tables()?;
        let hashed = |files: &FileSet| -> Vec<(String, String)> {
            let named = files
                .iter()
                .map(|(path, bytes)| (files.name_of(path), sha256(bytes)));
            named.collect()
        };
        let all = loaded.layers.iter().chain(&loaded.code_files);
        let files = all.flat_map(hashed).collect();
        Ok(Self::new(loaded.plan, files))
    }

    /// Compiles a plan; `files` are the table files with their bytes.
    #[must_use]
    pub fn new(plan: GroupingPlan, files: Vec<(String, String)>) -> Self {
        let grouper = Grouper::new(&plan);
        Self {
            plan,
            grouper,
            files,
        }
    }
}

/// The subtypes of a plan; a DRG plan has none.
pub(crate) fn subtypes_of(plan: &PreparedPlan) -> &[Subtype] {
    let catalogue = plan.plan.dip.as_ref();
    catalogue.map_or(&[], |catalogue| &catalogue.auxiliary.subtypes)
}

/// Groups batches of claims.
///
/// With several plans, the index of a group counts the groups of the plans before its own.
pub(crate) struct GroupingWorker<'p> {
    desks: Vec<PlanDesk<'p>>,
    /// How the plan of a row is found; `None` where the run has one plan.
    plan_of_row: Option<PlanFinder<'p>>,
    loaded: Option<Loaded>,
}

/// What groups the claims of one plan.
struct PlanDesk<'p> {
    plan: &'p PreparedPlan,
    grouper: &'p Grouper,
    reader: CaseReader<'p>,
    /// How many groups the plans before this one have.
    first_group: u16,
    /// How many subtypes they have.
    first_subtype: usize,
}

struct Loaded {
    /// By plan, the cases of the batch; `None` where no row of it is grouped by the plan.
    cases: Vec<Option<CaseBatch>>,
    /// The plan of each row; empty where the run has one plan.
    plans: Vec<u16>,
    /// The cost of each row in fen; empty where no plan looks at it.
    costs: Vec<Option<i64>>,
    texts: Texts,
}

impl<'p> GroupingWorker<'p> {
    pub(crate) fn new(choice: PlanChoice<'p>) -> Self {
        let mut desks = Vec::new();
        let (mut groups, mut subtypes) = (0, 0);
        for plan in choice.plans() {
            desks.push(PlanDesk {
                plan,
                first_subtype: subtypes,
                grouper: &plan.grouper,
                reader: CaseReader::new(&plan.plan, &plan.grouper),
                first_group: u16::try_from(groups).expect("groups are numbered with 16 bits"),
            });
            groups += plan.grouper.groups().len();
            subtypes += subtypes_of(plan).len();
        }
        Self {
            desks,
            plan_of_row: PlanFinder::of(choice),
            loaded: None,
        }
    }

    pub(crate) fn load(
        &mut self,
        file: &ClaimFile,
        batch: &RecordBatch,
        position: impl Fn(Column) -> Option<usize>,
    ) -> Result<(), Error> {
        let array = |column| column_array(batch, position(column));
        let ids = array(Column::CaseId).expect("case_id is a required column");
        let ids = cast(ids, &DataType::Utf8).map_err(|e| file.broken(&e))?;
        let plans = match &mut self.plan_of_row {
            None => Vec::new(),
            Some(plan_of_row) => plan_of_row.read(file, batch, &position)?,
        };
        let mut cases = Vec::new();
        for (number, desk) in (0..).zip(&mut self.desks) {
            let is_used = plans.is_empty() || plans.contains(&number);
            let read = is_used.then(|| desk.reader.load(file, batch, &position));
            cases.push(read.transpose()?);
        }
        let costs = match array(Column::TotalCost) {
            Some(array) if self.desks.iter().any(|desk| desk.grouper.uses_cost()) => {
                money(file, array)?
                    .into_iter()
                    .map(MoneyCell::fen)
                    .collect()
            }
            _ => Vec::new(),
        };
        self.loaded = Some(Loaded {
            cases,
            plans,
            costs,
            texts: Texts {
                case_ids: ids.as_string::<i32>().clone(),
            },
        });
        Ok(())
    }

    /// Raises the flag of a new technology in some rows of the batch.
    pub(crate) fn flag_new_technology(&mut self, rows: &[usize]) {
        let cases = self.loaded.iter_mut().flat_map(|loaded| &mut loaded.cases);
        cases.flatten().for_each(|cases| cases.flag(rows));
    }

    /// The subtype by which a grouped row is paid, as its place among those of all plans.
    ///
    /// `group` counts the groups of all plans, as rows have it.
    pub(crate) fn subtype(&self, row: usize, group: u16, money: &CaseMoney) -> Option<usize> {
        let loaded = self.loaded();
        let plan = usize::from(loaded.plans.get(row).copied().unwrap_or(0));
        let (desk, cases) = self.desks.get(plan).zip(loaded.cases.get(plan)?.as_ref())?;
        let catalogue = desk.plan.plan.dip.as_ref()?;
        let own = GroupIndex(group.checked_sub(desk.first_group)?);
        if catalogue.auxiliary.of_group(own.0).is_empty() {
            return None;
        }
        let found = desk.grouper.subtype(&cases.case(row), own, money)?;
        Some(desk.first_subtype + catalogue.auxiliary.number(found))
    }

    /// By kind of the auxiliary directory of the one plan of the run, the level that a row is of.
    pub(crate) fn levels(&self, row: usize, money: &CaseMoney) -> Vec<Option<u16>> {
        let case = (self.loaded().cases.first()).and_then(|cases| Some(cases.as_ref()?.case(row)));
        let desk = self.desks.first();
        let levels = desk
            .zip(case)
            .map(|(desk, case)| desk.grouper.subtype_levels(&case, money));
        levels.unwrap_or_default()
    }

    fn loaded(&self) -> &Loaded {
        self.loaded
            .as_ref()
            .expect("a batch is loaded before its rows are taken")
    }

    /// The case_ids of the batch.
    pub(crate) fn case_ids(&self) -> &StringArray {
        &self.loaded().texts.case_ids
    }

    /// Groups some rows of the batch; `each` sees the result of every row.
    pub(crate) fn take(
        &self,
        span: Range<usize>,
        first_row: u64,
        rows: &mut GroupedRows,
        mut each: impl FnMut(usize, Grouping, &mut Vec<FindingRow>),
    ) {
        let loaded = self.loaded();
        rows.case_ids
            .push(loaded.texts.case_ids.slice(span.start, span.len()));
        if let Some(plans) = loaded.plans.get(span.clone()) {
            rows.plans.extend_from_slice(plans);
        }
        for row in span.clone() {
            let number = first_row + (row - span.start) as u64;
            let plan = usize::from(loaded.plans.get(row).copied().unwrap_or(0));
            let grouping = match self.desks.get(plan).zip(loaded.cases.get(plan)) {
                Some((desk, Some(cases))) => {
                    let place = Place { row, number };
                    let cost = loaded.costs.get(row).copied().flatten();
                    desk.group(loaded, (cases, cost), place, &mut rows.findings)
                }
                _ => loaded
                    .texts
                    .without_plan(Place { row, number }, &mut rows.findings),
            };
            rows.push(grouping);
            each(row, grouping, &mut rows.findings);
        }
    }
}

impl PlanDesk<'_> {
    /// Groups one row and adds what is found about it.
    fn group(
        &self,
        Loaded { texts, .. }: &Loaded,
        (cases, cost): (&CaseBatch, Option<i64>),
        place: Place,
        findings: &mut Vec<FindingRow>,
    ) -> Grouping {
        let case = cases.case(place.row);
        let grouping = match cost {
            None => self.grouper.group(&case),
            Some(_) => self.grouper.group_with_cost(&case, cost),
        };
        let marks = cases.marks(place.row);
        if texts.is_conspicuous(place.row, &case, (grouping, marks)) {
            let seen = SeenRow {
                place,
                case: &case,
                grouping,
                marks,
            };
            texts.findings(&seen, &self.reader, findings);
        }
        Grouping {
            outcome: grouping.outcome.with_groups_from(self.first_group),
            ..grouping
        }
    }
}
