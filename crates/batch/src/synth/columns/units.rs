//! The columns in which generated claims state payment units.

use super::{short, short_coded};
use crate::settle::columns::{MONEY, decimals};
use arrow::array::{ArrayRef, ListArray, StringArray, StructArray};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, Field, Fields};
use drgdip_synth::{ClaimRows, StatedUnit, UnitFacts, Units};
use std::sync::Arc;

/// The texts that units refer to.
pub(super) struct UnitTexts {
    units: ArrayRef,
    care: ArrayRef,
    diseases: ArrayRef,
    syndromes: ArrayRef,
    technologies: Vec<String>,
    drugs: Vec<String>,
}

impl UnitTexts {
    pub(super) fn new(units: &Units) -> Self {
        let of = |texts: &[String]| Arc::new(StringArray::from_iter_values(texts)) as ArrayRef;
        let mix = units.mix();
        let technologies = mix.technologies.iter();
        let names = StatedUnit::ALL.map(|unit| unit.code().to_owned());
        Self {
            units: of(&names),
            care: of(&mix.care),
            diseases: of(&mix.tcm_diseases),
            syndromes: of(units.syndromes()),
            technologies: technologies.map(|item| item.code.clone()).collect(),
            drugs: mix.drugs.clone(),
        }
    }
}

fn item_fields() -> Fields {
    Fields::from(vec![
        Field::new("code", DataType::Utf8, true),
        Field::new("cost", MONEY, true),
    ])
}

/// The columns, in the order of [`columns`].
pub(super) fn fields() -> Vec<Field> {
    let items = DataType::List(item());
    let columns = [
        ("payment_unit", short_coded()),
        ("treatment_type", short_coded()),
        ("tcm_disease", short_coded()),
        ("tcm_syndrome", short_coded()),
        ("new_tech_items", items.clone()),
        ("negotiated_drugs", items),
    ];
    let field = |(name, data_type)| Field::new(name, data_type, true);
    columns.map(field).to_vec()
}

/// What some rows state.
pub(super) fn columns(rows: &ClaimRows, texts: &UnitTexts) -> Vec<ArrayRef> {
    let mut all: Vec<Option<&UnitFacts>> = vec![None; rows.len()];
    for (row, facts) in &rows.units {
        all[*row] = Some(facts);
    }
    let coded = |of: &dyn Fn(&UnitFacts) -> Option<usize>, texts: &ArrayRef| {
        let indexes = all.iter().map(|facts| facts.and_then(of).map(key));
        short(indexes, texts)
    };
    let unit = |facts: &UnitFacts| {
        let stated = facts.unit?;
        StatedUnit::ALL.iter().position(|unit| *unit == stated)
    };
    vec![
        coded(&unit, &texts.units),
        coded(&|facts| facts.care, &texts.care),
        coded(&|facts| Some(facts.tcm?.0), &texts.diseases),
        coded(&|facts| Some(facts.tcm?.1), &texts.syndromes),
        items(&all, (&texts.technologies, |facts| &facts.technologies)),
        items(&all, (&texts.drugs, |facts| &facts.drugs)),
    ]
}

fn key(index: usize) -> u16 {
    u16::try_from(index).expect("policies name fewer than 65,536 of each")
}

type ItemsOf = fn(&UnitFacts) -> &Vec<(usize, i64)>;

/// A list of codes and costs; null where a claim states none.
fn items(all: &[Option<&UnitFacts>], (codes, of): (&[String], ItemsOf)) -> ArrayRef {
    let lists = || {
        all.iter()
            .map(|facts| facts.map_or(&[][..], |facts| of(facts)))
    };
    let stated = || lists().flatten();
    let texts = stated().map(|(number, _)| codes[*number].as_str());
    let texts = Arc::new(texts.map(Some).collect::<StringArray>()) as ArrayRef;
    let costs = decimals(stated().map(|(_, fen)| Some(*fen)), &MONEY).remove(0);
    let values = StructArray::new(item_fields(), vec![texts, costs], None);
    let present = NullBuffer::from_iter(lists().map(|list| !list.is_empty()));
    let offsets = OffsetBuffer::from_lengths(lists().map(<[_]>::len));
    Arc::new(ListArray::new(
        item(),
        offsets,
        Arc::new(values),
        Some(present),
    ))
}

fn item() -> Arc<Field> {
    Arc::new(Field::new("item", DataType::Struct(item_fields()), true))
}
