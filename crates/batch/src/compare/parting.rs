//! Where two answers part: the first rule of the plan that says something else.

use super::{CompareJob, Comparison, Difference, Field};
use crate::find::{for_each_claim, open_claims};
use crate::{Error, Progress};
use drgdip_claims::Claim;
use drgdip_grouper::trace::{self, Expected, divergence, first_difference, trace};
use drgdip_tables::GroupingPlan;
use std::collections::HashMap;
use std::path::Path;

/// The plans by which the two sides were grouped, as far as they are known.
#[derive(Clone, Copy, Debug)]
pub struct Plans<'p> {
    /// The plan of our side.
    pub ours: &'p GroupingPlan,
    /// The plan of the reference; with it both plans are asked, rule by rule.
    pub reference: Option<&'p GroupingPlan>,
}

/// Which row of a file a difference is about.
type RowOf = fn(&Difference) -> u64;

/// Adds to each difference the first rule at which the two answers part.
///
/// The facts of the cases are taken from the reference, or else from our file; when neither has
/// the claim columns, nothing is added.
///
/// # Errors
///
/// A file that cannot be read, and an interruption.
pub fn explain_differences(
    comparison: &mut Comparison,
    job: &CompareJob,
    plans: &Plans<'_>,
    progress: &dyn Progress,
) -> Result<(), Error> {
    let sides: [(&Path, RowOf); 2] = [
        (&job.reference, |case| case.reference_row),
        (&job.ours, |case| case.ours_row),
    ];
    for (path, row_of) in sides {
        let Some(files) = open_claims(path) else {
            continue;
        };
        let cases = &mut comparison.differences;
        let by_row: HashMap<u64, usize> = cases
            .iter()
            .enumerate()
            .map(|(index, case)| (row_of(case), index))
            .collect();
        let mut rows: Vec<u64> = by_row.keys().copied().collect();
        rows.sort_unstable();
        progress.stage("compare: rules", Some(rows.len() as u64));
        for rows in rows.chunks(1 << 12) {
            progress.look()?;
            for_each_claim(&files, rows, |_, row, claim| {
                let case = &mut cases[by_row[&row]];
                case.parting = parting(case, &claim, plans);
            })?;
            progress.advance(rows.len() as u64);
        }
        tell_by_pair(comparison);
        return Ok(());
    }
    Ok(())
}

/// Gives each pair of answers the rule that was found for its first example.
fn tell_by_pair(comparison: &mut Comparison) {
    let differences = &comparison.differences;
    let by_key: HashMap<&str, &Difference> = differences
        .iter()
        .map(|case| (case.key.as_str(), case))
        .collect();
    for pair in &mut comparison.confusions {
        let example = pair.examples.first();
        let case = example.and_then(|key| by_key.get(key.as_str()));
        pair.parting = case.and_then(|case| case.parting.clone());
    }
}

/// The rule where the answers part; rows of a DIP catalogue compete, so that there is none.
fn parting(case: &Difference, claim: &Claim, plans: &Plans<'_>) -> Option<trace::Difference> {
    let mut both = std::iter::once(plans.ours).chain(plans.reference);
    if both.any(|plan| plan.dip.is_some()) {
        return None;
    }
    let ours = trace(plans.ours, claim);
    if let Some(plan) = plans.reference {
        return divergence(&ours, &trace(plan, claim));
    }
    let reference = &case.reference;
    let expected = Expected {
        mdc: reference.get(Field::Mdc),
        adrg: reference.get(Field::Adrg),
        group: reference.get(Field::Group),
    };
    first_difference(&ours, &expected)
}
