//! The second pass over the last year: which subtypes the groups of the catalogue have.
//!
//! It runs where the policy says when groups have subtypes. The catalogue as it was written groups
//! each usable case of the last year and finds its levels; `drgdip-calibrate` then decides.

use super::{CatalogueJob, CatalogueSummary};
use crate::Error;
use crate::flat::{csv_file, four_places};
use crate::grouped::{GroupedRows, GroupingWorker, PreparedPlan};
use crate::manifest::OutputFile;
use crate::read::{
    ClaimFile, ClaimFiles, Column, ColumnNeeds, MoneyCell, column_array, dates, ints, money,
};
use crate::run::{Run, Stage, Worker};
use crate::settle::units::PastDrugs;
use crate::settle::verdicts::Verdicts;
use arrow::array::{Array, Date32Array, Int64Array, RecordBatch};
use drgdip_calibrate::Watch;
use drgdip_calibrate::catalogue::{
    AuxiliaryCounts, FoundSubtype, GroupLayer, LevelledCase, MOST_KINDS, subtypes,
};
use drgdip_grouper::CaseMoney;
use drgdip_tables::dip::DipCatalogue;
use drgdip_tables::policy::AuxiliaryTerms;
use drgdip_tables::{FileSet, LoadedPlan};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;

/// The subtypes that were found, with what the gates let through.
#[derive(Clone, Debug)]
pub struct Subtypes {
    /// How many subtypes there are.
    pub found: u64,
    /// How many groups have some.
    pub groups: u64,
    /// How many groups passed each gate.
    pub counts: AuxiliaryCounts,
}

impl Subtypes {
    /// As it stands in the report.
    pub(super) fn json(&self) -> Value {
        json!({
            "cases_of_last_year": self.counts.cases,
            "large_groups": self.counts.large,
            "wide_groups": self.counts.wide,
            "narrowed_groups": self.counts.narrowed,
            "subtypes": self.found,
        })
    }
}

/// The pass over the claims of the last year.
pub(super) struct LastYear<'y> {
    pub(super) job: &'y CatalogueJob<'y>,
    pub(super) terms: &'y AuxiliaryTerms,
    pub(super) verdicts: &'y Verdicts,
    pub(super) drugs: Option<&'y PastDrugs<'y>>,
    /// The first day of the last year, and the day after it.
    pub(super) days: (i32, i32),
}

impl LastYear<'_> {
    /// Finds the subtypes of the catalogue that stands in the folder, and writes their table.
    ///
    /// # Errors
    /// Claims without the columns that levels ask for, more kinds than can be counted, and an
    /// interruption.
    pub(super) fn add(
        &self,
        folder: &Path,
        first: &Run<'_>,
        summary: &CatalogueSummary,
    ) -> Result<(Subtypes, OutputFile), Error> {
        let plan = PreparedPlan::of(LoadedPlan::of(FileSet::folder(folder)?)?)?;
        let dip = plan.plan.dip.as_ref().expect("a catalogue is a DIP plan");
        let kinds: Vec<&str> = (dip.auxiliary.kinds.iter())
            .map(|kind| kind.name.as_str())
            .collect();
        if kinds.len() > MOST_KINDS {
            let problem = format!("there are {} kinds of subtypes.", kinds.len());
            let hint = "A catalogue is grown with at most six kinds.";
            return Err(Error::input("auxiliary-kinds.csv", problem).with_hint(hint));
        }
        let files = ClaimFiles::open(
            self.job.claims,
            &needs(self.drugs),
            self.job.read,
            Some(folder),
        )?;
        let run = Run {
            files: &files,
            ..*first
        };
        run.progress.stage("subtypes", Some(files.rows));
        let stage = Levels {
            last: self,
            plan: &plan,
            dip,
            numbers: numbers(dip, summary),
        };
        let mut cases: Vec<LevelledCase> = Vec::new();
        run.stage(&stage, |mut chunk: Levelled| {
            cases.append(&mut chunk.0);
            Ok(())
        })?;
        let stated = summary.catalogue.groups.iter();
        let stated = stated.zip(&summary.catalogue.calibration.groups);
        let kept = stated.map(|(group, weight)| {
            let is_core = group.layer != GroupLayer::Comprehensive;
            weight.kept.filter(|_| is_core && weight.weight.is_some())
        });
        let kept: Vec<_> = kept.collect();
        let is_stopped = || run.progress.is_interrupted();
        let watch = Watch::new(&is_stopped);
        let (found, counts) = match subtypes(cases, &kept, (&kinds, self.terms), watch) {
            Err(drgdip_calibrate::Error::Interrupted) => return Err(Error::interrupted()),
            found => found.map_err(|e| Error::input("history", e))?,
        };
        let mut groups: Vec<u16> = found.iter().map(|subtype| subtype.group).collect();
        groups.dedup();
        let output = write(folder, dip, (summary, &found))?;
        let told = Subtypes {
            found: found.len() as u64,
            groups: groups.len() as u64,
            counts,
        };
        Ok((told, output))
    }
}

/// The columns that levels look at.
fn needs(drugs: Option<&PastDrugs<'_>>) -> ColumnNeeds {
    let mut needs = crate::group::grouping_columns();
    needs
        .required
        .extend([Column::DischargeDate, Column::TotalCost]);
    needs.optional.push(Column::DrugCost);
    if let Some(drugs) = drugs {
        needs.also(drugs.columns());
    }
    needs
}

/// By group of the plan, its number in the catalogue that was grown.
fn numbers(dip: &DipCatalogue, summary: &CatalogueSummary) -> Vec<Option<u16>> {
    let grown = summary.catalogue.groups.iter();
    let by_code: HashMap<&str, u16> = grown.map(|group| group.code.as_str()).zip(0..).collect();
    let number = |code: &str| by_code.get(code).copied();
    dip.groups.iter().map(|group| number(&group.code)).collect()
}

fn write(
    folder: &Path,
    dip: &DipCatalogue,
    (summary, found): (&CatalogueSummary, &[FoundSubtype]),
) -> Result<OutputFile, Error> {
    let columns = [
        "group",
        "kind",
        "level",
        "coefficient",
        "cases",
        "cv",
        "cv_within",
    ];
    let mut rows = vec![columns.map(str::to_owned)];
    rows.extend(found.iter().map(|subtype| {
        let kind = &dip.auxiliary.kinds[subtype.kind];
        [
            summary.catalogue.groups[usize::from(subtype.group)]
                .code
                .clone(),
            kind.name.clone(),
            kind.levels[usize::from(subtype.level)].name.clone(),
            four_places(subtype.coefficient),
            subtype.cases.to_string(),
            four_places(subtype.cv),
            four_places(subtype.cv_within),
        ]
    }));
    csv_file(folder, "auxiliary.csv", &rows)
}

/// Some consecutive cases of the last year.
#[derive(Default)]
struct Levelled(Vec<LevelledCase>);

struct Levels<'l> {
    last: &'l LastYear<'l>,
    plan: &'l PreparedPlan,
    dip: &'l DipCatalogue,
    numbers: Vec<Option<u16>>,
}

impl Stage for Levels<'_> {
    type Worker<'w>
        = LevelWorker<'w>
    where
        Self: 'w;
    type Rows = Levelled;
    type Encoded = Levelled;

    fn worker(&self) -> LevelWorker<'_> {
        LevelWorker {
            stage: self,
            grouping: GroupingWorker::new(self.plan.into()),
            columns: None,
        }
    }

    fn join(&self, earlier: &mut Levelled, mut later: Levelled) {
        earlier.0.append(&mut later.0);
    }

    fn encode(&self, _chunk: usize, rows: Levelled) -> Result<Levelled, Error> {
        Ok(rows)
    }
}

struct Columns {
    discharges: Date32Array,
    /// Without negotiated drugs.
    costs: Vec<MoneyCell>,
    drugs: Option<Vec<MoneyCell>>,
    stays: Option<Int64Array>,
}

struct LevelWorker<'s> {
    stage: &'s Levels<'s>,
    grouping: GroupingWorker<'s>,
    columns: Option<Columns>,
}

impl LevelWorker<'_> {
    /// The levels of a row, where its case is one of the last year that can be used.
    fn levelled(&self, (row, number): (usize, u64), group: u16) -> Option<LevelledCase> {
        let columns = self.columns.as_ref()?;
        let last = self.stage.last;
        if last.verdicts.on(number).is_some() || columns.discharges.is_null(row) {
            return None;
        }
        let day = columns.discharges.value(row);
        if !(last.days.0..last.days.1).contains(&day) {
            return None;
        }
        let stay = columns.stays.as_ref().filter(|stays| stays.is_valid(row));
        let longest = last.job.terms.max_stay_days;
        let stay = stay.map(|stays| stays.value(row)).zip(longest);
        if stay.is_some_and(|(stay, most)| stay > most.into()) {
            return None;
        }
        let cost_fen = columns.costs[row].fen().filter(|fen| *fen > 0)?;
        let stated = &self.stage.dip.groups[usize::from(group)];
        let money = CaseMoney {
            cost: Some(cost_fen),
            standard: stated.mean_cost_fen,
            treatment: None,
            drug: columns.drugs.as_ref().and_then(|drugs| drugs[row].fen()),
        };
        let mut levels = [0; MOST_KINDS];
        let found = self.grouping.levels(row, &money);
        for (slot, level) in levels.iter_mut().zip(found) {
            *slot = level.map_or(0, |level| u8::try_from(level + 1).unwrap_or(u8::MAX));
        }
        Some(LevelledCase {
            group: self.stage.numbers[usize::from(group)]?,
            levels,
            cost_fen,
        })
    }
}

impl Worker for LevelWorker<'_> {
    type Rows = Levelled;

    fn load(&mut self, file: &ClaimFile, batch: RecordBatch) -> Result<(), Error> {
        let array = |column| column_array(&batch, file.position(column, false));
        let required = |column| array(column).expect("subtypes ask for this column");
        let mut costs = money(file, required(Column::TotalCost))?;
        if let Some(drugs) = self.stage.last.drugs {
            drugs.take_out((file, &batch), &mut costs)?;
        }
        self.columns = Some(Columns {
            discharges: dates(file, required(Column::DischargeDate))?,
            costs,
            drugs: array(Column::DrugCost)
                .map(|a| money(file, a))
                .transpose()?,
            stays: array(Column::StayDays).map(|a| ints(file, a)).transpose()?,
        });
        self.grouping
            .load(file, &batch, |column| file.position(column, false))
    }

    fn take(
        &mut self,
        span: Range<usize>,
        first_row: u64,
        rows: &mut Option<Levelled>,
    ) -> Result<(), Error> {
        let levelled = rows.get_or_insert_default();
        let start = span.start;
        let mut grouped = GroupedRows::default();
        self.grouping
            .take(span, first_row, &mut grouped, |row, grouping, _| {
                let number = first_row + (row - start) as u64;
                let group = grouping.outcome.group();
                let case = group.and_then(|group| self.levelled((row, number), group.0));
                levelled.0.extend(case);
            });
        Ok(())
    }
}
