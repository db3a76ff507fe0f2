//! What tables say about the codes of a batch, asked once for each distinct text.

use super::CheckRules;
use crate::Error;
use crate::read::{ClaimFile, Remap, texts};
use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, StringArray};
use arrow::datatypes::Int32Type;
use drgdip_claims::check::{Code, CodeTraits};
use drgdip_grouper::Resolver;
use drgdip_tables::code_set::CodeKind;
use std::collections::HashMap;

/// Asks the tables; remembers what was said.
pub(super) struct CodeReader<'j> {
    rules: CheckRules<'j>,
    resolver: Option<Resolver<'j>>,
    /// Everything that was said, each once; the first one says nothing.
    said: Vec<CodeTraits>,
    places: HashMap<CodeTraits, u32>,
}

/// One column of codes; lists have offsets.
pub(super) struct CodeColumn {
    codes: DictionaryArray<Int32Type>,
    texts: StringArray,
    /// By key of the dictionary, the place of what is said.
    places: Vec<u32>,
    offsets: Option<Vec<usize>>,
}

impl<'j> CodeReader<'j> {
    pub(super) fn new(rules: CheckRules<'j>) -> Self {
        Self {
            rules,
            resolver: rules.plan.map(|prepared| Resolver::new(&prepared.plan)),
            said: vec![CodeTraits::default()],
            places: HashMap::from([(CodeTraits::default(), 0)]),
        }
    }

    /// Reads a column of codes or of lists of codes.
    pub(super) fn read(
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
    pub(super) fn code<'c>(&'c self, column: &'c CodeColumn, item: usize) -> Option<Code<'c>> {
        let keys = column.codes.keys();
        let key = keys.is_valid(item).then(|| keys.value(item))?;
        let key = usize::try_from(key).ok()?;
        let text = column.texts.value(key);
        let place = usize::try_from(column.places[key]).ok()?;
        let traits = &self.said[place];
        (!text.is_empty()).then_some(Code { text, traits })
    }

    /// Puts the codes of a row of lists into `codes`.
    pub(super) fn codes<'c>(
        &'c self,
        column: Option<&'c CodeColumn>,
        row: usize,
        codes: &mut Vec<Code<'c>>,
    ) {
        codes.clear();
        let Some(column) = column else { return };
        let bounds = column
            .offsets
            .as_ref()
            .and_then(|all| all.get(row..row + 2));
        if let Some([from, to]) = bounds {
            codes.extend((*from..*to).filter_map(|item| self.code(column, item)));
        }
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
        let codes = &self.rules.checks.codes;
        let Some((resolver, prepared)) = self.resolver.as_ref().zip(self.rules.plan) else {
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
