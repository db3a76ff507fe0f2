//! The barrier for linked cases: who keeps what, once all cases are noted.

use super::super::ledger::Account;
use super::super::measures::Measured;
use super::super::setting::Setting;
use super::super::stay_book::{StayBook, StayEntry};
use super::note::LinkNote;
use super::{Adjusted, Adjustments, Candidate, LinkRule, Links, Noted};
use crate::{Class, Error};
use drgdip_points::award::{CaseRules, reduced};
use drgdip_points::link::{
    HighCase, ReviewedCase, Stay, control_proportion, control_ranks, readmission_after,
    review_ranks, share_of, within_cap,
};
use drgdip_points::{Points, Ratio};
use drgdip_tables::policy::ControlTerms;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

impl Links {
    /// Decides on every case that others have a say in, or that is paid at cost.
    pub(crate) fn settle(&self, setting: &Setting<'_>) -> Result<Adjustments, Error> {
        let noted = std::mem::take(&mut *self.noted.lock().expect("no worker panicked"));
        let mut decided = Decided::default();
        for (version, terms) in setting.link_terms.iter().enumerate() {
            let decision = Decision {
                setting,
                noted: &noted,
                version,
            };
            if let Some(review) = &terms.review {
                decision.review_cases(ratio(review.cap)?, &mut decided)?;
            }
            if let Some(control) = &terms.control {
                decision.control_cases(control, &mut decided)?;
            }
        }
        for case in &noted.low {
            // What experts decided is not decided again.
            if !decided.adjusted.contains_key(&case.row) {
                adjust(&mut decided.adjusted, case, LinkRule::AtCost);
            }
        }
        if let Some(book) = &self.book {
            split_stays(setting, book, &mut decided)?;
        }
        let Decided {
            mut adjusted,
            notes,
        } = decided;
        *self.notes.lock().expect("no worker panicked") = notes;
        let is_kept = |case: &Adjusted| {
            case.points != case.before
                || case.at_cost.is_some()
                || case.rule == LinkRule::SpecialReview
        };
        adjusted.retain(|_, case| is_kept(case));
        for case in adjusted.values_mut() {
            let of = |points| setting.measures.points(&case.counting, points);
            let (before, after) = (of(case.before), of(case.points));
            case.measured = std::array::from_fn(|index| after[index] - before[index]);
        }
        Ok(adjusted)
    }
}

/// What was decided so far, and why.
#[derive(Default)]
struct Decided {
    adjusted: Adjustments,
    notes: Vec<LinkNote>,
}

impl Decided {
    /// Notes a ranked case, and pays it by `change` where the ranking says so.
    fn rank(
        &mut self,
        case: &Candidate,
        rule: LinkRule,
        ranking: &Ranking,
        change: Option<LinkRule>,
    ) {
        let after = match change {
            Some(change) => adjust(&mut self.adjusted, case, change),
            None => case.points,
        };
        self.notes.push(LinkNote {
            case_id: case.case_id.clone(),
            account: case.account,
            rule,
            is_changed: change == Some(rule),
            amount: Some(case.amount),
            rank: ranking.rank,
            limit: Some(ranking.limit),
            discharges: Some(ranking.discharges),
            share: ranking.share,
            before: case.points,
            after,
            other: None,
        });
    }
}

/// Where a case stands among those that it is ranked with.
struct Ranking {
    /// From 1; a case outside the ranking has none.
    rank: Option<usize>,
    limit: usize,
    discharges: u64,
    share: Ratio,
}

/// One version of the rules that link cases, and what was noted.
struct Decision<'d, 's> {
    setting: &'d Setting<'s>,
    noted: &'d Noted,
    version: usize,
}

impl Decision<'_, '_> {
    /// The approved cases of each region that are within its cap.
    fn review_cases(&self, cap: Ratio, decided: &mut Decided) -> Result<(), Error> {
        let pools = &self.setting.pools.all;
        let region = |account: &Account| pools[usize::from(account.pool)].region.as_str();
        let mut discharges: BTreeMap<&str, u64> = BTreeMap::new();
        for ((version, account), counted) in &self.noted.discharges {
            if *version == self.version {
                *discharges.entry(region(account)).or_default() +=
                    counted.ordinary + counted.new_technology;
            }
        }
        for (name, count) in discharges {
            let is_meant =
                |case: &&Candidate| case.version == self.version && region(&case.account) == name;
            let candidates: Vec<&Candidate> = self.noted.reviewed.iter().filter(is_meant).collect();
            let cases: Vec<ReviewedCase<'_>> = candidates
                .iter()
                .map(|case| ReviewedCase {
                    case_id: &case.case_id,
                    amount: case.amount,
                })
                .collect();
            let wrong = |e| Error::input("reviews", e);
            let limit = share_of(count, cap).map_err(wrong)?;
            let within = within_cap(&cases, count, cap).map_err(wrong)?;
            let ranks = review_ranks(&cases).into_iter().zip(within);
            for (case, (rank, is_within)) in candidates.into_iter().zip(ranks) {
                let ranking = Ranking {
                    rank: Some(rank),
                    limit,
                    discharges: count,
                    share: cap,
                };
                let rule = LinkRule::SpecialReview;
                decided.rank(case, rule, &ranking, is_within.then_some(rule));
            }
        }
        Ok(())
    }

    /// The high cases of each hospital that the control proportion leaves without an extra.
    fn control_cases(&self, terms: &ControlTerms, decided: &mut Decided) -> Result<(), Error> {
        let share = ratio(terms.share)?;
        let discharges = self.discharges(terms);
        let mut by_hospital: BTreeMap<u32, Vec<&Candidate>> = BTreeMap::new();
        for case in &self.noted.high {
            // What experts decided is not ranked again.
            if case.version == self.version && !decided.adjusted.contains_key(&case.row) {
                let of_hospital = by_hospital.entry(case.account.hospital);
                of_hospital.or_default().push(case);
            }
        }
        for (hospital, candidates) in by_hospital {
            let cases: Vec<HighCase<'_>> = candidates
                .iter()
                .map(|case| HighCase {
                    case_id: &case.case_id,
                    excess: case.amount,
                    is_new_technology: case.is_new_technology,
                })
                .collect();
            let count = discharges.get(&hospital).copied().unwrap_or(0);
            let wrong = |e| Error::input("claims", e);
            let limit = share_of(count, share).map_err(wrong)?;
            let kept = control_proportion(&cases, count, share).map_err(wrong)?;
            let ranks = control_ranks(&cases).into_iter().zip(kept);
            for (case, (rank, is_kept)) in candidates.into_iter().zip(ranks) {
                let ranking = Ranking {
                    rank,
                    limit,
                    discharges: count,
                    share,
                };
                let change = match is_kept {
                    false => Some(LinkRule::ControlProportion),
                    true => case.money.map(|_| LinkRule::AtCost),
                };
                decided.rank(case, LinkRule::ControlProportion, &ranking, change);
            }
        }
        Ok(())
    }

    /// How many discharges of each hospital the proportion is taken of.
    fn discharges(&self, terms: &ControlTerms) -> BTreeMap<u32, u64> {
        let mut discharges: BTreeMap<u32, u64> = BTreeMap::new();
        for ((version, account), counted) in &self.noted.discharges {
            if *version != self.version {
                continue;
            }
            let count = discharges.entry(account.hospital).or_default();
            *count += counted.ordinary;
            if terms.counts_new_technology {
                *count += counted.new_technology;
            }
        }
        discharges
    }
}

/// Puts what a rule gives in the place of a case's points; money takes all of them.
fn adjust(adjusted: &mut Adjustments, case: &Candidate, rule: LinkRule) -> Points {
    let money = case.money.filter(|_| rule != LinkRule::ControlProportion);
    let change = Adjusted {
        account: case.account,
        group: case.group,
        rule,
        before: case.points,
        points: money.map_or(case.instead, |_| Points::ZERO),
        at_cost: money,
        measured: Measured::default(),
        counting: case.counting,
    };
    let points = change.points;
    adjusted.insert(case.row, change);
    points
}

/// Takes from every stay before a readmission what the policy of its date takes.
///
/// A stay that is paid at cost has no points that could be taken.
fn split_stays(setting: &Setting<'_>, book: &StayBook, decided: &mut Decided) -> Result<(), Error> {
    let rules = setting.rules_at_settlement();
    book.visit(|entries| {
        entries.sort_unstable_by(|a, b| a.key.cmp(b.key).then(a.row.cmp(&b.row)));
        for stays in entries.chunk_by(|a, b| a.key == b.key) {
            let terms = &setting.link_terms[usize::from(stays[0].rules)].split_stays;
            let terms = terms
                .as_ref()
                .expect("only rules with split stays are noted");
            let factor = ratio(terms.factor)?;
            let dates: Vec<Stay<'_>> = stays.iter().map(dates_of).collect();
            let followed = readmission_after(&dates, terms.window);
            for (stay, later) in stays.iter().zip(followed) {
                if let Some(later) = later.filter(|_| stay.is_own) {
                    split_stay((stay, &stays[later]), (factor, rules), decided)?;
                }
            }
        }
        Ok(())
    })
}

/// Reduces the earlier of two stays, and notes both.
fn split_stay(
    (stay, later): (&StayEntry<'_>, &StayEntry<'_>),
    (factor, rules): (Ratio, &CaseRules),
    decided: &mut Decided,
) -> Result<(), Error> {
    let known = decided.adjusted.get(&stay.row);
    if known.is_some_and(|known| known.at_cost.is_some()) {
        return Ok(());
    }
    let now = |stay: &StayEntry<'_>, adjusted: &Adjustments| {
        let known = adjusted.get(&stay.row);
        known.map_or(stay.points, |known| known.points)
    };
    let points = now(stay, &decided.adjusted);
    let left = reduced(points, factor, rules).map_err(|e| Error::input("claims", e))?;
    let days = later.admitted.saturating_sub(stay.discharged);
    let own = |entry: &StayEntry<'_>, other: &StayEntry<'_>, before, after| LinkNote {
        case_id: entry.case_id.to_owned(),
        account: entry.account,
        rule: LinkRule::SplitStay,
        is_changed: before != after,
        amount: None,
        rank: None,
        limit: None,
        discharges: None,
        share: factor,
        before,
        after,
        other: Some((other.case_id.to_owned(), days)),
    };
    let of_later = now(later, &decided.adjusted);
    decided.notes.push(own(stay, later, points, left));
    decided.notes.push(own(later, stay, of_later, of_later));
    let change = Adjusted {
        account: stay.account,
        group: Some(stay.group),
        rule: LinkRule::SplitStay,
        before: stay.points,
        points: left,
        at_cost: None,
        measured: Measured::default(),
        counting: stay.counting,
    };
    decided.adjusted.insert(stay.row, change);
    Ok(())
}

fn dates_of<'e>(entry: &StayEntry<'e>) -> Stay<'e> {
    Stay {
        case_id: entry.case_id,
        admitted: entry.admitted,
        discharged: entry.discharged,
    }
}

fn ratio(number: Decimal) -> Result<Ratio, Error> {
    Ratio::from_decimal(number).map_err(|e| Error::new(Class::Table, "policy, linked cases", e, ""))
}
