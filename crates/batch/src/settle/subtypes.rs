//! The columns of `cases.parquet` about subtypes of the auxiliary directory (辅助分型).

use super::columns::{RATIO, decimals};
use crate::grouped::subtypes_of;
use crate::in_force::PlanChoice;
use arrow::array::{ArrayRef, Decimal64Array, DictionaryArray, StringArray, UInt16Array};
use arrow::datatypes::UInt16Type;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What the columns say of each subtype, by its place among those of all plans.
pub(super) struct SubtypeNames {
    /// Kind and level, each pair once.
    texts: ArrayRef,
    /// Which text a subtype has.
    text_of: Vec<u16>,
    /// Its coefficient in millionths.
    coefficients: Vec<i64>,
}

impl SubtypeNames {
    pub(super) fn new(choice: PlanChoice<'_>) -> Self {
        let mut names: Vec<String> = Vec::new();
        let mut coefficients = Vec::new();
        for plan in choice.plans() {
            let Some(catalogue) = &plan.plan.dip else {
                continue;
            };
            for subtype in subtypes_of(plan) {
                names.push(catalogue.auxiliary.name(subtype));
                // Four places become six.
                coefficients.push(subtype.coefficient.saturating_mul(100));
            }
        }
        let mut numbers: BTreeMap<&str, u16> = names.iter().map(|name| (&**name, 0)).collect();
        for (number, slot) in (0..).zip(numbers.values_mut()) {
            *slot = number;
        }
        let texts = StringArray::from_iter_values(numbers.keys());
        Self {
            texts: Arc::new(texts),
            text_of: names.iter().map(|name| numbers[&**name]).collect(),
            coefficients,
        }
    }
}

/// The subtypes of consecutive cases; nothing is kept until a case has one.
#[derive(Default)]
pub(super) struct SubtypeColumns {
    cases: usize,
    /// By case, the place of its subtype among those of all plans.
    found: Vec<Option<u32>>,
}

impl SubtypeColumns {
    /// How many columns there are.
    pub(super) const COUNT: usize = 2;

    pub(super) fn push(&mut self, subtype: Option<u32>) {
        if subtype.is_some() || !self.found.is_empty() {
            self.found.resize(self.cases, None);
            self.found.push(subtype);
        }
        self.cases += 1;
    }

    /// The columns `subtype` and `auxiliary` of so many cases.
    pub(super) fn finish(mut self, cases: usize, names: &SubtypeNames) -> [ArrayRef; 2] {
        if self.found.is_empty() {
            let keys = UInt16Array::new_null(cases);
            let numbers = Decimal64Array::new_null(cases).with_data_type(RATIO);
            let texts = Arc::clone(&names.texts);
            let texts = DictionaryArray::<UInt16Type>::new(keys, texts);
            return [Arc::new(texts), Arc::new(numbers)];
        }
        self.found.resize(cases, None);
        let keys = self.found.iter();
        let keys: UInt16Array = keys
            .map(|subtype| subtype.map(|number| names.text_of[number as usize]))
            .collect();
        let texts = Arc::clone(&names.texts);
        let coefficient =
            |subtype: &Option<u32>| subtype.map(|number| names.coefficients[number as usize]);
        let mut numbers = decimals(self.found.iter().map(coefficient), &RATIO);
        [
            Arc::new(DictionaryArray::<UInt16Type>::new(keys, texts)),
            numbers.remove(0),
        ]
    }
}
