//! From the columns of a batch to the cases that the grouper takes.

use super::ClaimFile;
use super::codes::{CodeLists, CodeMemory, CodeTexts, RowMarks};
use super::columns::Column;
use super::marks::Marks;
use super::values::{Remap, column_array, ints, texts};
use crate::Error;
use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, DictionaryArray, Int64Array, RecordBatch,
};
use arrow::datatypes::Int32Type;
use drgdip_claims::Sex;
use drgdip_grouper::{Case, CodeRole, CodeSlot, Grouper, Numbers, Resolver, TextSlot};
use drgdip_tables::GroupingPlan;
use drgdip_tables::code_set::CodeKind;

/// Reads batches into cases; remembers the dictionaries that it has looked up.
pub(crate) struct CaseReader<'p> {
    resolver: Resolver<'p>,
    grouper: &'p Grouper,
    diagnoses: CodeMemory,
    procedures: CodeMemory,
    principal: CodeTexts,
    others: CodeTexts,
    main: CodeTexts,
    other_procedures: CodeTexts,
    sex: Remap<Option<Sex>>,
    department: Remap<TextSlot>,
    discharge_way: Remap<TextSlot>,
}

/// The cases of one batch.
pub(crate) struct CaseBatch {
    sex: Vec<Option<Sex>>,
    age_years: Ints,
    age_days: Ints,
    birth_weight_g: Ints,
    stay_days: Ints,
    icu_hours: Ints,
    ventilator_hours: Ints,
    infant_age_alone: bool,
    discharge_way: Vec<TextSlot>,
    department: Vec<TextSlot>,
    principal: Vec<CodeSlot>,
    main: Vec<CodeSlot>,
    others: CodeLists,
    procedures: CodeLists,
    new_tech: Option<BooleanArray>,
    marks: RowMarks,
}

/// A number column that may be absent altogether.
struct Ints(Option<Int64Array>);

impl Ints {
    fn get(&self, row: usize) -> Option<i32> {
        let array = self.0.as_ref()?;
        // A number beyond 32 bits compares like the largest or smallest one.
        array.is_valid(row).then(|| saturate(array.value(row)))
    }
}

fn saturate(value: i64) -> i32 {
    i32::try_from(value).unwrap_or(if value < 0 { i32::MIN } else { i32::MAX })
}

impl<'p> CaseReader<'p> {
    pub(crate) fn new(plan: &'p GroupingPlan, grouper: &'p Grouper) -> Self {
        Self {
            resolver: Resolver::new(plan),
            grouper,
            diagnoses: CodeMemory::default(),
            procedures: CodeMemory::default(),
            principal: CodeTexts::new(CodeRole::Principal),
            others: CodeTexts::new(CodeRole::OtherDiagnosis),
            main: CodeTexts::new(CodeRole::MainProcedure),
            other_procedures: CodeTexts::new(CodeRole::OtherProcedure),
            sex: Remap::default(),
            department: Remap::default(),
            discharge_way: Remap::default(),
        }
    }

    /// By what codes are looked up.
    pub(crate) const fn resolver(&self) -> &Resolver<'p> {
        &self.resolver
    }

    /// The code columns of the last batch.
    pub(crate) const fn codes(&self) -> [&CodeTexts; 4] {
        [
            &self.principal,
            &self.others,
            &self.main,
            &self.other_procedures,
        ]
    }

    /// Looks up the codes of a batch, whose columns stand at these positions.
    pub(crate) fn load(
        &mut self,
        file: &ClaimFile,
        batch: &RecordBatch,
        position: impl Fn(Column) -> Option<usize>,
    ) -> Result<CaseBatch, Error> {
        let array = |column| column_array(batch, position(column));
        let int = |column| array(column).map(|a| ints(file, a)).transpose().map(Ints);
        let text = |column| array(column).map(|a| texts(file, a)).transpose();
        let rows = batch.num_rows();
        let grouper = self.grouper;
        let resolver = self.resolver;
        let codes = [
            (&mut self.principal, Column::PrincipalDiagnosis),
            (&mut self.others, Column::OtherDiagnoses),
            (&mut self.main, Column::MainProcedure),
            (&mut self.other_procedures, Column::OtherProcedures),
        ];
        for (texts, column) in codes {
            let memory = match texts.role().kind() {
                CodeKind::Diagnosis => &mut self.diagnoses,
                CodeKind::Procedure => &mut self.procedures,
            };
            texts.load((file, array(column)), resolver, memory)?;
        }
        let mut marks = RowMarks::new(rows);
        Ok(CaseBatch {
            sex: self.sexes(file, array(Column::Sex), rows)?,
            age_years: int(Column::AgeYears)?,
            age_days: int(Column::AgeDays)?,
            birth_weight_g: int(Column::BirthWeight)?,
            stay_days: int(Column::StayDays)?,
            icu_hours: int(Column::IcuHours)?,
            ventilator_hours: int(Column::VentilatorHours)?,
            infant_age_alone: file.layout.infant_age_alone,
            discharge_way: mapped(
                rows,
                text(Column::DischargeWay)?,
                &mut self.discharge_way,
                TextSlot::Absent,
                |way| grouper.discharge_way(Some(way)),
            ),
            department: mapped(
                rows,
                text(Column::Department)?,
                &mut self.department,
                TextSlot::Absent,
                |department| grouper.department(Some(department)),
            ),
            principal: self.principal.slots(rows, &mut marks),
            main: self.main.slots(rows, &mut marks),
            others: self.others.lists(&mut marks),
            procedures: self.other_procedures.lists(&mut marks),
            marks,
            new_tech: array(Column::NewTech).map(|a| a.as_boolean().clone()),
        })
    }
}

impl CaseReader<'_> {
    fn sexes(
        &mut self,
        file: &ClaimFile,
        array: Option<&ArrayRef>,
        rows: usize,
    ) -> Result<Vec<Option<Sex>>, Error> {
        let Some(array) = array else {
            return Ok(vec![None; rows]);
        };
        if array.data_type().is_integer() {
            let codes = ints(file, array)?;
            let sex = |code: Option<i64>| code.and_then(Sex::from_code);
            return Ok(codes.iter().map(sex).collect());
        }
        let column = Some(texts(file, array)?);
        Ok(mapped(rows, column, &mut self.sex, None, sex_of))
    }
}

impl CaseBatch {
    /// The case in a row of the batch.
    pub(crate) fn case(&self, row: usize) -> Case<'_> {
        let age_days = self.age_days.get(row);
        let age_years = match age_days {
            Some(_) if self.infant_age_alone => Some(0),
            _ => self.age_years.get(row),
        };
        Case {
            sex: self.sex[row],
            numbers: Numbers {
                age_years,
                age_days,
                birth_weight_g: self.birth_weight_g.get(row),
                stay_days: self.stay_days.get(row),
                icu_hours: self.icu_hours.get(row),
                ventilator_hours: self.ventilator_hours.get(row),
            },
            discharge_way: self.discharge_way[row],
            department: self.department[row],
            principal: self.principal[row],
            other_diagnoses: self.others.row(row),
            main_procedure: self.main[row],
            other_procedures: self.procedures.row(row),
            new_tech: self
                .new_tech
                .as_ref()
                .is_some_and(|flags| flags.is_valid(row) && flags.value(row)),
            faults: self.marks(row).faults(),
        }
    }

    /// Raises the flag of a new technology in some rows.
    pub(crate) fn flag(&mut self, rows: &[usize]) {
        if rows.is_empty() {
            return;
        }
        let stated = self.new_tech.take();
        let flag = |row: usize| {
            let stated = stated.as_ref().filter(|flags| flags.is_valid(row));
            stated.is_some_and(|flags| flags.value(row))
        };
        let mut flags: Vec<bool> = (0..self.sex.len()).map(flag).collect();
        for row in rows {
            flags[*row] = true;
        }
        self.new_tech = Some(BooleanArray::from(flags));
    }

    /// What there is to say about the codes of a row.
    pub(crate) fn marks(&self, row: usize) -> Marks {
        self.marks.row(row)
    }
}

fn sex_of(code: &str) -> Option<Sex> {
    code.parse().ok().and_then(Sex::from_code)
}

/// One looked-up value a row; `absent` where the column or the value is missing.
fn mapped<T: Copy>(
    rows: usize,
    column: Option<DictionaryArray<Int32Type>>,
    remap: &mut Remap<T>,
    absent: T,
    lookup: impl FnMut(&str) -> T,
) -> Vec<T> {
    let Some(column) = column else {
        return vec![absent; rows];
    };
    let table = remap.update(&column, lookup);
    let keys = column.keys();
    match keys.nulls() {
        None => keys.values().iter().map(|key| table[index(*key)]).collect(),
        Some(_) => keys
            .iter()
            .map(|key| key.map_or(absent, |k| table[index(k)]))
            .collect(),
    }
}

pub(super) fn index(key: i32) -> usize {
    usize::try_from(key).expect("a dictionary key is not negative")
}
