//! A DIP catalogue (地方病种库) out of claims history, exact and in any order of the cases.
//!
//! In: how cases were treated, as [`Practice`]s, with the cost, year and hospital of every usable
//! case; a policy's terms; what people decided. Out: the groups with their rows, weights and
//! counts, what each step took in and gave on, coefficients of hospitals by level, and proposals
//! for people. A practice belongs to exactly one *stem*, a diagnosis with its treatment; stems that
//! are large enough are core groups, and some related procedures make groups of their own beside
//! them. What is left becomes comprehensive groups.
//!
//! Source: policies/catalogue.md, the steps, whose letters steps.csv repeats.

mod auxiliary;
mod decide;
mod groups;
mod hospitals;
mod propose;
mod related;
mod rest;
mod stems;
mod steps;
#[cfg(test)]
#[expect(
    clippy::arithmetic_side_effects,
    reason = "a test that overflows fails"
)]
mod tests;

pub use auxiliary::{AuxiliaryCounts, FoundSubtype, LevelledCase, MOST_KINDS, subtypes};
pub use decide::{Decisions, Join, Split};
pub use groups::{CatalogueGroup, GroupLayer, GroupRow};
pub use hospitals::LevelCoefficient;
pub use propose::{Evidence, Proposal, ProposalKind};

use crate::history::Case;
use crate::measure::{Measured, measure};
use crate::{Calibration, Error, Group, History, Watch, calibrate};
use drgdip_tables::dip::TreatmentClass;
use drgdip_tables::policy::CatalogueTerms;
use std::collections::HashMap;

/// How some cases were treated.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Practice {
    /// The subcategory (亚目) of the principal diagnosis, an index into [`CatalogueHistory::codes`];
    /// `None` where the code has none or cannot be named in a table.
    pub diagnosis: Option<u32>,
    /// The category (类目) of it.
    pub category: Option<u32>,
    /// The main procedure, where it can head a group.
    pub main: Option<u32>,
    /// The other procedures, distinct and sorted.
    pub related: Box<[u32]>,
    /// The treatment class of the cases.
    pub class: TreatmentClass,
}

/// One usable case of the history, 16 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TreatedCase {
    /// The practice, an index into [`CatalogueHistory::practices`].
    pub practice: u32,
    /// The hospital, an index into [`CatalogueHistory::levels`]; one beyond it is not known.
    pub hospital: u16,
    /// The year, an index into the policy's year weights: 0 is the oldest.
    pub year: u8,
    /// The total cost in fen, above zero.
    pub cost_fen: i64,
}

/// Everything that a catalogue is grown from.
#[derive(Clone, Debug, Default)]
pub struct CatalogueHistory<'h> {
    /// The codes, sorted, so that an order by number is one by text.
    pub codes: &'h [String],
    /// The distinct practices.
    pub practices: &'h [Practice],
    /// By practice, how many claims there are in all, usable or not.
    pub claims: &'h [u64],
    /// The usable cases in any order.
    pub cases: Vec<TreatedCase>,
    /// The level of each hospital.
    pub levels: &'h [Option<u16>],
    /// Whether each hospital is a primary institution (基层医疗机构).
    pub primary: &'h [bool],
    /// The weights of the previous catalogue in ten-thousandths, by group.
    pub prior: HashMap<String, i64>,
}

/// What a step took in and gave on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CatalogueStep {
    /// The letter of the step in policies/catalogue.md.
    pub step: &'static str,
    /// What it is.
    pub name: &'static str,
    /// The cases that came in.
    pub cases_in: u64,
    /// Those that it gave on.
    pub cases_out: u64,
    /// Why the others did not go on.
    pub reason: &'static str,
    /// How many groups it made or kept.
    pub groups: u64,
}

/// How many cases each kind of group takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Core groups (核心病种): merged and basic.
    pub core: u64,
    /// Comprehensive groups (综合病种).
    pub comprehensive: u64,
    /// None.
    pub ungrouped: u64,
}

impl Coverage {
    /// All of them.
    #[must_use]
    pub const fn total(&self) -> u64 {
        let grouped = self.core.saturating_add(self.comprehensive);
        grouped.saturating_add(self.ungrouped)
    }
}

/// A catalogue with everything that led to it.
#[derive(Clone, Debug)]
pub struct Catalogue {
    /// The groups in the order of their rows.
    pub groups: Vec<CatalogueGroup>,
    /// From how many cases on a core group stands.
    pub threshold: u64,
    /// Weights and counts, group by group in the same order.
    pub calibration: Calibration,
    /// The usable cases by kind of group.
    pub used: Coverage,
    /// All claims that can be grouped by kind of group: what grouping this history gives.
    pub claims: Coverage,
    /// Counts of every step.
    pub steps: Vec<CatalogueStep>,
    /// Coefficients by level, by number of the level.
    pub levels: Vec<LevelCoefficient>,
    /// What people may decide.
    pub proposals: Vec<Proposal>,
}

/// What all steps look at.
struct Bench<'b> {
    codes: &'b [String],
    practices: &'b [Practice],
    terms: &'b CatalogueTerms,
    watch: Watch<'b>,
}

impl Bench<'_> {
    fn code(&self, number: u32) -> &str {
        &self.codes[index(number)]
    }

    /// Trims and measures cases that are sorted by cost.
    fn measure(&self, cases: impl Iterator<Item = TreatedCase>) -> Result<Measured, Error> {
        let plain = |case: TreatedCase| Case {
            group: 0,
            year: case.year.into(),
            hospital: case.hospital.into(),
            cost_fen: case.cost_fen,
        };
        let cases: Vec<Case> = cases.map(plain).collect();
        measure(&cases, &self.terms.weigh)
    }
}

fn index(number: u32) -> usize {
    usize::try_from(number).expect("a number of 32 bits fits into memory")
}

fn count(cases: usize) -> u64 {
    u64::try_from(cases).unwrap_or(u64::MAX)
}

/// Grows a catalogue.
///
/// # Errors
/// No usable case, decisions that name what is not there or contradict each other, more groups
/// than can be numbered, numbers that do not fit, and an interruption.
pub fn grow(
    history: CatalogueHistory<'_>,
    terms: &CatalogueTerms,
    decisions: &Decisions,
    watch: Watch<'_>,
) -> Result<Catalogue, Error> {
    let bench = Bench {
        codes: history.codes,
        practices: history.practices,
        terms,
        watch,
    };
    let mut cases = history.cases;
    let stems = stems::find(&bench, decisions, &mut cases)?;
    let threshold = stems.threshold(count(cases.len()), terms.threshold);
    let mut built = groups::build(&bench, (&stems, &cases), threshold, decisions)?;
    let dropped = rest::add(&bench, &mut built, &cases)?;
    built.name(decisions)?;
    let calibration = weigh(&bench, (&built, &cases), &history.prior, decisions)?;
    let counted = hospitals::count(
        &built,
        &calibration,
        (&cases, watch),
        (history.levels, history.primary),
    )?;
    counted.mark_primary_care(&mut built.groups, &calibration, terms);
    let levels = counted.coefficients(&built.groups, &calibration)?;
    let proposals = propose::all(&bench, (&stems, &cases, threshold), (&built, &calibration))?;
    let used = built.coverage(cases.iter().map(|case| (case.practice, 1)));
    let claims = built.coverage((0..).zip(history.claims.iter().copied()));
    let steps = steps::all(&stems, (&built, &calibration), (used, threshold, dropped));
    Ok(Catalogue {
        threshold,
        calibration,
        used,
        claims,
        steps,
        levels,
        proposals,
        groups: built.groups,
    })
}

/// The weights of the groups, by the same rules as those of any plan.
fn weigh(
    bench: &Bench<'_>,
    (built, cases): (&groups::Built, &[TreatedCase]),
    prior: &HashMap<String, i64>,
    decisions: &Decisions,
) -> Result<Calibration, Error> {
    let group = |group: &CatalogueGroup| Group {
        code: group.code.clone(),
        adrg: group.family.clone(),
        prior: prior.get(&group.code).copied(),
        quota_fen: None,
    };
    let plain = |case: &TreatedCase| {
        Some(Case {
            group: built.group_of(case.practice)?,
            year: case.year.into(),
            hospital: case.hospital.into(),
            cost_fen: case.cost_fen,
        })
    };
    let groups: Vec<Group> = built.groups.iter().map(group).collect();
    // Room for all at once, so that growing never holds them twice.
    let mut grouped = Vec::with_capacity(cases.len());
    for some in bench.watch.pieces(cases) {
        grouped.extend(some?.iter().filter_map(plain));
    }
    let history = History {
        groups: &groups,
        cases: grouped,
        levels: &[],
        families: &built.families(),
        changes: &decisions.changes(&groups)?,
    };
    calibrate(history, &bench.terms.weigh, bench.watch)
}
