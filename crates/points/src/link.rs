//! What one case needs to know of the other cases of its hospital and period.

use crate::Error;
use crate::Ratio;
use drgdip_claims::Yuan;

/// A high-cost case as the control proportion sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HighCase<'a> {
    /// The key of the case.
    pub case_id: &'a str,
    /// The cost above the group's standard.
    pub excess: Yuan,
    /// Whether the case uses a registered new technology.
    pub is_new_technology: bool,
}

/// The high cases of a hospital that keep their extra points (高倍率控制比例), in input order.
///
/// The ordinary high cases are ranked by excess, the largest first, ties by case id; the first
/// ⌊`proportion` × `ordinary_discharges`⌋ keep their extra points. New-technology cases always
/// keep theirs and stand outside the ranking, the base and the limit.
pub fn control_proportion(
    cases: &[HighCase<'_>],
    ordinary_discharges: u64,
    proportion: Ratio,
) -> Result<Vec<bool>, Error> {
    let limit = u128::from(ordinary_discharges)
        .checked_mul(u128::from(proportion.millionths().unsigned_abs()))
        .map(|exact| exact.wrapping_div(1_000_000))
        .ok_or(Error::Overflow("limit of high-cost cases"))?;
    // A limit beyond the address space takes every case.
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut ordinary: Vec<usize> = (0..cases.len())
        .filter(|&index| !cases[index].is_new_technology)
        .collect();
    ordinary.sort_by(|&left, &right| {
        let (left, right) = (&cases[left], &cases[right]);
        let by_excess = right.excess.cmp(&left.excess);
        by_excess.then_with(|| left.case_id.cmp(right.case_id))
    });
    let mut kept: Vec<bool> = cases.iter().map(|case| case.is_new_technology).collect();
    for index in ordinary.into_iter().take(limit) {
        kept[index] = true;
    }
    Ok(kept)
}
