//! Step 6: comprehensive groups of what the core groups leave.

use super::groups::{Built, CatalogueGroup, GroupLayer, GroupRow};
use super::{Bench, TreatedCase, count, index};
use crate::Error;
use drgdip_tables::dip::TreatmentClass;
use drgdip_tables::policy::Bound;
use std::collections::BTreeMap;

/// What is left of the cases, and why.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Dropped {
    /// Cases of categories with a class that are too few.
    pub(super) few: u64,
    /// Cases of those whose costs spread too far.
    pub(super) wide: u64,
    /// Cases whose diagnosis has no category.
    pub(super) nameless: u64,
}

type Kind = (u32, TreatmentClass);

/// Adds a group for each category and treatment class that has cases enough.
pub(super) fn add(
    bench: &Bench<'_>,
    built: &mut Built,
    cases: &[TreatedCase],
) -> Result<Dropped, Error> {
    let mut dropped = Dropped::default();
    let mut kinds: BTreeMap<Kind, Vec<TreatedCase>> = BTreeMap::new();
    let is_left = |case: &&TreatedCase| built.group_of(case.practice).is_none();
    for some in bench.watch.pieces(cases) {
        for case in some?.iter().filter(is_left) {
            match kind_of(bench, case.practice) {
                Some(kind) => kinds.entry(kind).or_default().push(*case),
                None => dropped.nameless = dropped.nameless.saturating_add(1),
            }
        }
    }
    let mut numbers: BTreeMap<Kind, u16> = BTreeMap::new();
    for (kind, mut cases) in kinds {
        bench.watch.ask()?;
        let size = count(cases.len());
        if size < bench.terms.comprehensive_cases {
            dropped.few = dropped.few.saturating_add(size);
            continue;
        }
        let by_cost = |case: &TreatedCase| (case.cost_fen, *case);
        bench.watch.sort_by_key(&mut cases, by_cost)?;
        let spread = bench.measure(cases.into_iter())?.spread;
        let limit = bench.terms.comprehensive_cv;
        if limit.is_some_and(|limit| !spread.is_within(Bound::AtMost(limit))) {
            dropped.wide = dropped.wide.saturating_add(size);
            continue;
        }
        numbers.insert(kind, built.add(group(bench, kind))?);
    }
    for (practice, group) in (0..).zip(&mut built.of_practice) {
        *group = group.or_else(|| numbers.get(&kind_of(bench, practice)?).copied());
    }
    Ok(dropped)
}

/// The category and treatment class of a practice, where its diagnosis has a category.
fn kind_of(bench: &Bench<'_>, practice: u32) -> Option<Kind> {
    let practice = &bench.practices[index(practice)];
    Some((practice.category?, practice.class))
}

fn group(bench: &Bench<'_>, (category, class): Kind) -> CatalogueGroup {
    let text = bench.code(category);
    CatalogueGroup {
        code: format!("{text}:{}", class.word()),
        family: text.to_owned(),
        name: None,
        layer: GroupLayer::Comprehensive,
        class: Some(class),
        rows: vec![GroupRow {
            keys: vec![category],
            procedures: Vec::new(),
            related: Vec::new(),
        }],
        is_primary_care: false,
        stem: None,
        is_conservative: class == TreatmentClass::Conservative,
    }
}
