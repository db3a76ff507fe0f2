//! What one case needs to know of the other cases of its hospital and period.

use crate::Error;
use crate::Ratio;
use drgdip_claims::Yuan;
use drgdip_tables::policy::Bound;
use rust_decimal::Decimal;
use std::cmp::Reverse;

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
/// keep theirs and stand outside the ranking and the limit. They stand outside the base too, unless
/// the policy counts them among the discharges that the caller passes.
pub fn control_proportion(
    cases: &[HighCase<'_>],
    ordinary_discharges: u64,
    proportion: Ratio,
) -> Result<Vec<bool>, Error> {
    let limit = share_of(ordinary_discharges, proportion)?;
    let ranks = control_ranks(cases).into_iter();
    Ok(ranks
        .map(|rank| rank.is_none_or(|rank| rank <= limit))
        .collect())
}

/// The rank of each high case by its excess, from 1, in input order; new technology has none.
#[must_use]
pub fn control_ranks(cases: &[HighCase<'_>]) -> Vec<Option<usize>> {
    let mut ordinary: Vec<usize> = (0..cases.len())
        .filter(|&index| !cases[index].is_new_technology)
        .collect();
    ordinary.sort_by(|&left, &right| {
        let (left, right) = (&cases[left], &cases[right]);
        let by_excess = right.excess.cmp(&left.excess);
        by_excess.then_with(|| left.case_id.cmp(right.case_id))
    });
    ranked(cases.len(), ordinary)
}

/// The place of each index in an order, from 1.
fn ranked(count: usize, order: Vec<usize>) -> Vec<Option<usize>> {
    let mut ranks = vec![None; count];
    for (index, rank) in order.into_iter().zip(1..) {
        ranks[index] = Some(rank);
    }
    ranks
}

/// ⌊`share` × `count`⌋; more than the address space is all there is.
pub fn share_of(count: u64, share: Ratio) -> Result<usize, Error> {
    let limit = u128::from(count)
        .checked_mul(u128::from(share.millionths().unsigned_abs()))
        .map(|exact| exact.wrapping_div(1_000_000))
        .ok_or(Error::Overflow("limit of cases"))?;
    Ok(usize::try_from(limit).unwrap_or(usize::MAX))
}

/// A case that experts approved as a special one (特例单议).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReviewedCase<'a> {
    /// The key of the case.
    pub case_id: &'a str,
    /// The approved amount.
    pub amount: Yuan,
}

/// The approved cases of a region that are within the cap, in input order.
///
/// At most ⌊`cap` × `discharges`⌋ of the region's discharges are paid by review, the largest
/// amounts first, ties by case id. No public text says which cases go when a region approved too
/// many, so the order is a choice of this project.
pub fn within_cap(
    cases: &[ReviewedCase<'_>],
    discharges: u64,
    cap: Ratio,
) -> Result<Vec<bool>, Error> {
    let limit = share_of(discharges, cap)?;
    let ranks = review_ranks(cases).into_iter();
    Ok(ranks.map(|rank| rank <= limit).collect())
}

/// The rank of each reviewed case by its amount, from 1, in input order.
#[must_use]
pub fn review_ranks(cases: &[ReviewedCase<'_>]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..cases.len()).collect();
    order.sort_by_key(|&index| (Reverse(cases[index].amount), cases[index].case_id));
    let ranks = ranked(cases.len(), order).into_iter();
    ranks.map(|rank| rank.unwrap_or(usize::MAX)).collect()
}

/// A stay of a person, for finding illnesses that were split into several stays (分解住院).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stay<'a> {
    /// The key of the case.
    pub case_id: &'a str,
    /// The day of admission, in days since any day.
    pub admitted: i32,
    /// The day of discharge.
    pub discharged: i32,
}

/// Which stays are followed by another one within the window, in input order.
///
/// The stays are those of one person that the policy's scope and likeness put together; exempt
/// ones are not among them. A stay that begins before the earlier one ends is no readmission, and
/// hides none: of every stay, the first admission on or after its own discharge counts.
#[must_use]
pub fn followed_by_readmission(stays: &[Stay<'_>], window: Bound) -> Vec<bool> {
    let readmissions = readmission_after(stays, window).into_iter();
    readmissions
        .map(|readmission| readmission.is_some())
        .collect()
}

/// The stay that follows each one within the window, as [`followed_by_readmission`] finds it.
#[must_use]
pub fn readmission_after(stays: &[Stay<'_>], window: Bound) -> Vec<Option<usize>> {
    let mut order: Vec<usize> = (0..stays.len()).collect();
    order.sort_by_key(|&index| {
        let stay = &stays[index];
        (stay.admitted, stay.discharged, stay.case_id)
    });
    let mut followed = vec![None; stays.len()];
    for (&earlier, next) in order.iter().zip(1..) {
        let from = stays[earlier].discharged;
        // The stays stand by admission, and those before this one do not follow it.
        let after = order.partition_point(|&stay| stays[stay].admitted < from);
        let Some(&later) = order.get(after.max(next)) else {
            continue;
        };
        // Two 32-bit days differ by less than 64 bits.
        let gap = i64::from(stays[later].admitted).saturating_sub(i64::from(from));
        followed[earlier] = window.holds(Decimal::from(gap)).then_some(later);
    }
    followed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stay(case_id: &str, admitted: i32, discharged: i32) -> Stay<'_> {
        Stay {
            case_id,
            admitted,
            discharged,
        }
    }

    #[test]
    fn a_readmission_on_the_last_day_of_the_window_counts_where_the_bound_says_so() {
        let stays = [stay("b", 20, 25), stay("a", 1, 10), stay("c", 26, 30)];
        let found = |window| followed_by_readmission(&stays, window);
        let ten = Decimal::TEN;
        assert_eq!(found(Bound::AtMost(ten)), [true, true, false]);
        assert_eq!(found(Bound::LessThan(ten)), [true, false, false]);
    }

    #[test]
    fn a_stay_on_the_day_of_discharge_is_a_readmission_and_an_overlapping_one_is_not() {
        let window = Bound::AtMost(Decimal::TEN);
        let on_the_day = [stay("a", 1, 10), stay("b", 10, 12)];
        assert_eq!(followed_by_readmission(&on_the_day, window), [true, false]);
        let overlapping = [stay("a", 1, 10), stay("b", 9, 12)];
        assert_eq!(
            followed_by_readmission(&overlapping, window),
            [false, false]
        );
    }

    #[test]
    fn a_stay_within_another_one_hides_no_readmission() {
        let stays = [
            stay("first", 1, 10),
            stay("nested", 3, 5),
            stay("again", 12, 14),
        ];
        let found = |days| readmission_after(&stays, Bound::AtMost(Decimal::from(days)));
        assert_eq!(found(10), [Some(2), Some(2), None]);
        assert_eq!(found(2), [Some(2), None, None]);
        assert_eq!(found(1), [None; 3]);
    }

    #[test]
    fn of_two_stays_on_one_day_only_the_first_is_followed() {
        let stays = [stay("b", 5, 5), stay("a", 5, 5), stay("c", 5, 9)];
        let found = readmission_after(&stays, Bound::AtMost(Decimal::TEN));
        assert_eq!(found, [Some(2), Some(0), None]);
    }

    #[test]
    fn a_region_pays_by_review_no_more_cases_than_its_cap() {
        let case = |case_id, yuan: &str| ReviewedCase {
            case_id,
            amount: yuan.parse().unwrap(),
        };
        let cases = [
            case("c", "50"),
            case("b", "90"),
            case("a", "90"),
            case("d", "70"),
        ];
        let kept = |discharges| within_cap(&cases, discharges, "0.005".parse().unwrap()).unwrap();
        assert_eq!(kept(199), [false; 4]);
        assert_eq!(kept(200), [false, false, true, false]);
        assert_eq!(kept(799), [false, true, true, true]);
        assert_eq!(kept(800), [true; 4]);
    }
}
