//! Counts of agreement.

use super::answers::{Answer, Field, Text};
use super::{Comparison, Difference, Parting};
use std::collections::{BTreeMap, HashMap};

/// How many cases agree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Agreement {
    /// How many cases were compared.
    pub cases: u64,
    /// How many agree in each field, in the order of [`Field::ALL`]; 0 for fields not compared.
    pub fields: [u64; 4],
    /// How many agree in every field compared.
    pub all: u64,
}

impl Agreement {
    /// How many cases agree in this field.
    #[must_use]
    pub const fn of(&self, field: Field) -> u64 {
        self.fields[field as usize]
    }

    fn add(&mut self, agrees: [bool; 4], in_all: bool) {
        self.cases += 1;
        self.all += u64::from(in_all);
        for (count, agrees) in self.fields.iter_mut().zip(agrees) {
            *count += u64::from(agrees);
        }
    }
}

/// A pair of different answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confusion {
    /// Our answer.
    pub ours: Answer,
    /// The answer of the reference.
    pub reference: Answer,
    /// How many cases have this pair.
    pub cases: u64,
    /// The first few of their keys.
    pub examples: Vec<String>,
    /// The first rule at which the answers of the first example part, once it has been looked for.
    pub parting: Option<Parting>,
}

/// How many keys a confusion names.
const EXAMPLES: usize = 3;

/// A comparison under way.
pub(super) struct Tally {
    fields: Vec<Field>,
    overall: Agreement,
    by_mdc: HashMap<Option<Text>, Agreement>,
    by_adrg: HashMap<Option<Text>, Agreement>,
    by_stratum: HashMap<Text, Agreement>,
    differences: Vec<Difference>,
}

impl Tally {
    pub(super) fn new(fields: Vec<Field>) -> Self {
        Self {
            fields,
            overall: Agreement::default(),
            by_mdc: HashMap::new(),
            by_adrg: HashMap::new(),
            by_stratum: HashMap::new(),
            differences: Vec::new(),
        }
    }

    /// Counts one case that both sides have.
    pub(super) fn add(&mut self, pair: Difference, stratum: Option<Text>) {
        let agrees = Field::ALL.map(|field| {
            self.fields.contains(&field) && pair.ours.get(field) == pair.reference.get(field)
        });
        let in_all = self.fields.iter().all(|field| agrees[*field as usize]);
        self.overall.add(agrees, in_all);
        let mdc = pair.reference.shared(Field::Mdc);
        self.by_mdc.entry(mdc).or_default().add(agrees, in_all);
        let adrg = pair.reference.shared(Field::Adrg);
        self.by_adrg.entry(adrg).or_default().add(agrees, in_all);
        if let Some(stratum) = stratum {
            self.by_stratum
                .entry(stratum)
                .or_default()
                .add(agrees, in_all);
        }
        if !in_all {
            self.differences.push(pair);
        }
    }

    pub(super) fn finish(mut self) -> Comparison {
        self.differences.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        let by_stratum = self.by_stratum.into_iter();
        Comparison {
            overall: self.overall,
            by_mdc: by_name(self.by_mdc),
            by_adrg: by_name(self.by_adrg),
            by_stratum: by_stratum
                .map(|(name, count)| (name.to_string(), count))
                .collect(),
            confusions: confusions(&self.differences),
            differences: self.differences,
            ..Comparison::default()
        }
    }
}

/// Counts by name; cases without one stand under an empty name. Where no case has one, there is
/// nothing to part them by.
fn by_name(counts: HashMap<Option<Text>, Agreement>) -> BTreeMap<String, Agreement> {
    let has_names = counts.keys().any(Option::is_some);
    let named = counts.into_iter().filter(|_| has_names);
    named
        .map(|(name, count)| (name.as_deref().unwrap_or_default().to_owned(), count))
        .collect()
}

fn confusions(differences: &[Difference]) -> Vec<Confusion> {
    let mut pairs: BTreeMap<(&Answer, &Answer), Vec<&str>> = BTreeMap::new();
    for case in differences {
        let keys = pairs.entry((&case.ours, &case.reference)).or_default();
        keys.push(&case.key);
    }
    let confusion = |((ours, reference), keys): ((&Answer, &Answer), Vec<&str>)| Confusion {
        ours: ours.clone(),
        reference: reference.clone(),
        cases: keys.len() as u64,
        examples: keys
            .iter()
            .take(EXAMPLES)
            .map(|key| (*key).to_owned())
            .collect(),
        parting: None,
    };
    let mut confusions: Vec<Confusion> = pairs.into_iter().map(confusion).collect();
    // A stable sort keeps the order of the answers among pairs that are equally frequent.
    confusions.sort_by_key(|confusion| std::cmp::Reverse(confusion.cases));
    confusions
}
