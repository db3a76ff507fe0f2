//! What tables say about the codes of a batch, asked once for each distinct text.

use crate::Error;
use crate::grouped::PreparedPlan;
use crate::read::{ClaimFile, Column, Remap, column_array, texts};
use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, RecordBatch, StringArray};
use arrow::datatypes::Int32Type;
use drgdip_claims::check::{Code, CodeTraits};
use drgdip_grouper::Resolver;
use drgdip_tables::ClaimChecks;
use drgdip_tables::code_set::CodeKind;
use std::collections::HashMap;

/// Asks the tables; remembers what was said.
pub(super) struct CodeReader<'j> {
    checks: &'j ClaimChecks,
    plan: Option<(&'j PreparedPlan, Resolver<'j>)>,
    /// Everything that was said, each once; the first one says nothing.
    said: Vec<CodeTraits>,
    places: HashMap<CodeTraits, u32>,
}

/// One column of codes; lists have offsets.
struct CodeColumn {
    codes: DictionaryArray<Int32Type>,
    texts: StringArray,
    /// By key of the dictionary, the place of what is said.
    places: Vec<u32>,
    offsets: Option<Vec<usize>>,
}

/// The codes of a batch: principal and other diagnoses, main and other procedures.
#[derive(Default)]
pub(super) struct CodeColumns {
    columns: [Option<CodeColumn>; CODES.len()],
    remaps: [Remap<u32>; CODES.len()],
}

const CODES: [(Column, CodeKind); 4] = [
    (Column::PrincipalDiagnosis, CodeKind::Diagnosis),
    (Column::OtherDiagnoses, CodeKind::Diagnosis),
    (Column::MainProcedure, CodeKind::Procedure),
    (Column::OtherProcedures, CodeKind::Procedure),
];

/// The codes of one claim.
pub(super) struct CodesOfClaim<'c> {
    pub(super) principal: Option<Code<'c>>,
    pub(super) other_diagnoses: Vec<Code<'c>>,
    pub(super) main_procedure: Option<Code<'c>>,
    pub(super) other_procedures: Vec<Code<'c>>,
}

impl CodeColumns {
    /// Reads a batch; the codes are asked by the reader, which remembers dictionaries.
    pub(super) fn read(
        &mut self,
        file: &ClaimFile,
        batch: &RecordBatch,
        reader: &mut CodeReader<'_>,
    ) -> Result<(), Error> {
        let slots = self.columns.iter_mut().zip(&mut self.remaps);
        for ((slot, remap), (column, kind)) in slots.zip(CODES) {
            let array = column_array(batch, file.position(column, false));
            *slot = reader.read(file, array, (kind, remap))?;
        }
        Ok(())
    }

    /// The codes of a row, with what the reader said of them.
    pub(super) fn of<'c>(&'c self, row: usize, reader: &'c CodeReader<'_>) -> CodesOfClaim<'c> {
        let [principal, diagnoses, main_procedure, procedures] = &self.columns;
        let one = |column: &'c Option<CodeColumn>| reader.code(column.as_ref()?, row);
        let list = |column: &'c Option<CodeColumn>| reader.codes(column.as_ref(), row);
        CodesOfClaim {
            principal: one(principal),
            other_diagnoses: list(diagnoses),
            main_procedure: one(main_procedure),
            other_procedures: list(procedures),
        }
    }
}

impl<'j> CodeReader<'j> {
    pub(super) fn new(checks: &'j ClaimChecks, plan: Option<&'j PreparedPlan>) -> Self {
        Self {
            checks,
            plan: plan.map(|prepared| (prepared, Resolver::new(&prepared.plan))),
            said: vec![CodeTraits::default()],
            places: HashMap::from([(CodeTraits::default(), 0)]),
        }
    }

    /// Reads a column of codes or of lists of codes.
    fn read(
        &mut self,
        file: &ClaimFile,
        array: Option<&ArrayRef>,
        (kind, remap): (CodeKind, &mut Remap<u32>),
    ) -> Result<Option<CodeColumn>, Error> {
        let Some(array) = array else { return Ok(None) };
        let list = array.as_list_opt::<i32>();
        let codes = texts(file, list.map_or(array, |list| list.values()))?;
        let places = remap.update(&codes, |text| self.place(kind, text)).to_vec();
        let offsets = list.map(|list| {
            let offsets = list.value_offsets().iter();
            offsets
                .map(|at| usize::try_from(*at).unwrap_or(0))
                .collect()
        });
        Ok(Some(CodeColumn {
            texts: codes.values().as_string::<i32>().clone(),
            codes,
            places,
            offsets,
        }))
    }

    /// The code at some place of a column, where there is one.
    fn code<'c>(&'c self, column: &'c CodeColumn, item: usize) -> Option<Code<'c>> {
        let keys = column.codes.keys();
        let key = keys.is_valid(item).then(|| keys.value(item))?;
        let key = usize::try_from(key).ok()?;
        let text = column.texts.value(key);
        let place = usize::try_from(column.places[key]).ok()?;
        let traits = &self.said[place];
        (!text.is_empty()).then_some(Code { text, traits })
    }

    /// The codes in a row of a column of lists.
    fn codes<'c>(&'c self, column: Option<&'c CodeColumn>, row: usize) -> Vec<Code<'c>> {
        let bounds = column.and_then(|column| {
            let bounds = column.offsets.as_ref()?.get(row..row + 2)?;
            Some((column, bounds[0]..bounds[1]))
        });
        let Some((column, items)) = bounds else {
            return Vec::new();
        };
        items.filter_map(|item| self.code(column, item)).collect()
    }

    fn place(&mut self, kind: CodeKind, text: &str) -> u32 {
        let traits = self.traits(kind, text);
        if let Some(place) = self.places.get(&traits) {
            return *place;
        }
        let place = u32::try_from(self.said.len()).expect("fewer kinds of codes than 2^32");
        self.said.push(traits.clone());
        self.places.insert(traits, place);
        place
    }

    fn traits(&self, kind: CodeKind, text: &str) -> CodeTraits {
        let codes = &self.checks.codes;
        let Some((prepared, resolver)) = &self.plan else {
            return codes.traits(kind, text);
        };
        let resolved = resolver.resolve(kind, text);
        let became = resolved.text(text);
        let dip = prepared.plan.dip.as_deref();
        CodeTraits {
            not_in_code_set: resolved.is_unknown,
            is_grey: resolved.grey.is_some(),
            mapped: (became != text).then(|| became.to_owned()),
            is_excluded: dip.is_some_and(|dip| dip.find_excluded(became).is_some()),
            ..codes.traits(kind, became)
        }
    }
}
