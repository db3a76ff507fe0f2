//! Claims become cases with a group, a hospital, a cost and the technologies that they use.

use super::Named;
use crate::grouped::{GroupedRows, GroupingWorker, PreparedPlan};
use crate::read::{ClaimFile, Column, MoneyCell, Remap, column_array, money, texts};
use crate::run::{Stage, Worker};
use crate::settle::units::PastDrugs;
use crate::settle::verdicts::Verdicts;
use crate::{Error, OutcomeCounts};
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::DataType;
use drgdip_grouper::Outcome;
use drgdip_tables::plan::AdrgKind;
use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Mutex;

/// A case that can be used.
#[derive(Clone, Copy, Debug)]
pub(super) struct Case {
    pub(super) group: u16,
    pub(super) hospital: u32,
    pub(super) cost_fen: i64,
}

/// What some consecutive rows amount to.
#[derive(Default)]
pub(super) struct Gathered {
    pub(super) cases: Vec<Case>,
    /// Positions of cases with the number of a technology that they use, each pair once.
    pub(super) uses: Vec<(usize, u16)>,
    pub(super) outcomes: OutcomeCounts,
}

impl Gathered {
    pub(super) fn append(&mut self, mut later: Self) {
        let before = self.cases.len();
        self.cases.append(&mut later.cases);
        let uses = later.uses.into_iter();
        self.uses
            .extend(uses.map(|(case, used)| (case + before, used)));
        self.outcomes.add(&later.outcomes);
    }
}

/// Which technologies a code belongs to.
type Numbers<'t> = HashMap<&'t str, Vec<u16>>;

/// The pass as a stage of a run.
pub(super) struct Gather<'s> {
    plan: &'s PreparedPlan,
    verdicts: &'s Verdicts,
    drugs: Option<&'s PastDrugs<'s>>,
    items: Numbers<'s>,
    procedures: Numbers<'s>,
    /// The numbers of hospitals, in the order in which workers meet them.
    hospitals: Mutex<HashMap<String, u32>>,
}

impl<'s> Gather<'s> {
    pub(super) fn new(
        plan: &'s PreparedPlan,
        (verdicts, drugs): (&'s Verdicts, Option<&'s PastDrugs<'s>>),
        technologies: &'s [Named<'s>],
    ) -> Self {
        let (mut items, mut procedures) = (Numbers::new(), Numbers::new());
        for (number, named) in (0..).zip(technologies) {
            for entry in &named.entries {
                let lists = [
                    (&mut items, &entry.items),
                    (&mut procedures, &entry.procedures),
                ];
                for (numbers, codes) in lists {
                    for code in codes {
                        let known = numbers.entry(code).or_default();
                        if known.last() != Some(&number) {
                            known.push(number);
                        }
                    }
                }
            }
        }
        Self {
            plan,
            verdicts,
            drugs,
            items,
            procedures,
            hospitals: Mutex::default(),
        }
    }

    fn hospital(&self, id: &str) -> u32 {
        let mut known = self.hospitals.lock().expect("no worker panicked");
        let next = u32::try_from(known.len()).expect("there are fewer hospitals than claims");
        *known.entry(id.to_owned()).or_insert(next)
    }

    /// Whether a group is one that cases are paid by.
    fn takes(&self, group: u16) -> bool {
        let info = &self.plan.grouper.groups()[usize::from(group)];
        info.kind != AdrgKind::Ambiguous && !info.is_adrg
    }
}

impl Stage for Gather<'_> {
    type Worker<'w>
        = GatherWorker<'w>
    where
        Self: 'w;
    type Rows = Gathered;
    type Encoded = Gathered;

    fn worker(&self) -> GatherWorker<'_> {
        GatherWorker {
            stage: self,
            grouping: GroupingWorker::new(self.plan.into()),
            hospital: Remap::default(),
            batch: Columns::default(),
        }
    }

    fn join(&self, earlier: &mut Gathered, later: Gathered) {
        earlier.append(later);
    }

    fn encode(&self, _chunk: usize, rows: Gathered) -> Result<Gathered, Error> {
        Ok(rows)
    }
}

/// The columns of a batch beside those of grouping.
#[derive(Default)]
struct Columns {
    /// Without negotiated drugs.
    costs: Vec<MoneyCell>,
    hospitals: Vec<Option<u32>>,
    /// The technologies of each row that uses some.
    used: HashMap<usize, BTreeSet<u16>>,
}

/// One worker.
pub(super) struct GatherWorker<'s> {
    stage: &'s Gather<'s>,
    grouping: GroupingWorker<'s>,
    hospital: Remap<u32>,
    batch: Columns,
}

impl GatherWorker<'_> {
    fn hospitals(&mut self, file: &ClaimFile, array: &ArrayRef) -> Result<Vec<Option<u32>>, Error> {
        let texts = texts(file, array)?;
        let table = self.hospital.update(&texts, |id| self.stage.hospital(id));
        let keys = texts.keys().iter();
        Ok(keys.map(|key| key.map(|k| table[k as usize])).collect())
    }
}

/// Adds the technologies whose codes rows have in a column of texts, or of lists of texts.
fn add_uses(
    file: &ClaimFile,
    (array, codes): (&ArrayRef, &Numbers<'_>),
    used: &mut HashMap<usize, BTreeSet<u16>>,
) -> Result<(), Error> {
    let (bounds, values): (Vec<usize>, ArrayRef) = match array.data_type() {
        DataType::List(_) => {
            let list = array.as_list::<i32>();
            let bounds = list.value_offsets().iter();
            let bounds = bounds.map(|at| usize::try_from(*at).expect("offsets are not negative"));
            (bounds.collect(), list.values().clone())
        }
        DataType::LargeList(_) => {
            let list = array.as_list::<i64>();
            let bounds = list.value_offsets().iter();
            let bounds = bounds.map(|at| usize::try_from(*at).expect("offsets are not negative"));
            (bounds.collect(), list.values().clone())
        }
        _ => ((0..=array.len()).collect(), array.clone()),
    };
    let values = match values.as_struct_opt() {
        Some(items) => items.column_by_name("code").cloned(),
        None => Some(values),
    };
    let values = values.expect("the columns of items were checked when the file was opened");
    let values = texts(file, &values)?;
    let words = values.values().as_string::<i32>();
    let known: Vec<Option<&Vec<u16>>> = words.iter().map(|word| codes.get(word?)).collect();
    if known.iter().all(Option::is_none) {
        return Ok(());
    }
    for (row, span) in bounds.windows(2).enumerate() {
        if !array.is_valid(row) {
            continue;
        }
        let keys = (span[0]..span[1]).filter(|item| values.keys().is_valid(*item));
        let numbers = keys.filter_map(|item| known[values.keys().value(item) as usize]);
        let numbers: BTreeSet<u16> = numbers.flatten().copied().collect();
        if !numbers.is_empty() {
            used.entry(row).or_default().extend(numbers);
        }
    }
    Ok(())
}

impl Worker for GatherWorker<'_> {
    type Rows = Gathered;

    fn load(&mut self, file: &ClaimFile, batch: RecordBatch) -> Result<(), Error> {
        let array = |column| column_array(&batch, file.position(column, false));
        let required = |column| array(column).expect("the command asks for this column");
        let mut used = HashMap::new();
        let stage = self.stage;
        let columns = [
            (Column::NewTechItems, &stage.items),
            (Column::MainProcedure, &stage.procedures),
            (Column::OtherProcedures, &stage.procedures),
        ];
        for (column, codes) in columns {
            if let Some(array) = array(column).filter(|_| !codes.is_empty()) {
                add_uses(file, (array, codes), &mut used)?;
            }
        }
        let mut costs = money(file, required(Column::TotalCost))?;
        if let Some(drugs) = stage.drugs {
            drugs.take_out((file, &batch), &mut costs)?;
        }
        self.batch = Columns {
            costs,
            hospitals: self.hospitals(file, required(Column::HospitalId))?,
            used,
        };
        self.grouping
            .load(file, &batch, |column| file.position(column, false))
    }

    fn take(
        &mut self,
        span: Range<usize>,
        first_row: u64,
        rows: &mut Option<Gathered>,
    ) -> Result<(), Error> {
        let gathered = rows.get_or_insert_default();
        let (stage, columns, start) = (self.stage, &self.batch, span.start);
        let mut grouped = GroupedRows::default();
        self.grouping
            .take(span, first_row, &mut grouped, |row, grouping, _| {
                let number = first_row + (row - start) as u64;
                let Outcome::Grouped(group) = grouping.outcome else {
                    return;
                };
                let MoneyCell::Fen(cost_fen) = columns.costs[row] else {
                    return;
                };
                let is_decided = stage.verdicts.on(number).is_some();
                let Some(hospital) = columns.hospitals[row] else {
                    return;
                };
                if is_decided || cost_fen <= 0 || !stage.takes(group.0) {
                    return;
                }
                let position = gathered.cases.len();
                gathered.cases.push(Case {
                    group: group.0,
                    hospital,
                    cost_fen,
                });
                let used = columns.used.get(&row).into_iter().flatten();
                gathered.uses.extend(used.map(|number| (position, *number)));
            });
        grouped.count(&mut gathered.outcomes);
        Ok(())
    }
}
