//! The barrier for linked cases: who keeps what, once all cases are noted.

use super::super::ledger::Account;
use super::super::setting::Setting;
use super::super::stay_book::{StayBook, StayEntry};
use super::note::LinkNote;
use super::{Adjusted, Adjustments, Candidate, LinkRule, Links, Noted};
use crate::{Class, Error};
use drgdip_points::Ratio;
use drgdip_points::award::{CaseRules, reduced};
use drgdip_points::link::{
    HighCase, ReviewedCase, Stay, control_ranks, readmission_after, review_ranks, share_of,
};
use drgdip_tables::policy::{ControlTerms, SplitStayTerms};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

impl Links {
    /// Decides on every case that others have a say in.
    pub(crate) fn settle(&self, setting: &Setting<'_>) -> Result<Adjustments, Error> {
        let terms = &setting.terms.links;
        let noted = std::mem::take(&mut *self.noted.lock().expect("no worker panicked"));
        let mut decided = Decided::default();
        if let Some(review) = &terms.review {
            let cap = ratio(review.cap)?;
            review_cases(setting, &noted, cap, &mut decided)?;
        }
        if let Some(control) = &terms.control {
            control_cases(&noted, control, &mut decided)?;
        }
        if let (Some(split), Some(book)) = (&terms.split_stays, &self.book) {
            split_stays(setting, split, book, &mut decided)?;
        }
        let Decided {
            mut adjusted,
            notes,
        } = decided;
        *self.notes.lock().expect("no worker panicked") = notes;
        adjusted
            .retain(|_, case| case.points != case.before || case.rule == LinkRule::SpecialReview);
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
    /// Notes a ranked case, and changes its points where the ranking says so.
    fn rank(&mut self, case: &Candidate, rule: LinkRule, ranking: &Ranking, is_changed: bool) {
        let after = if is_changed {
            case.instead
        } else {
            case.points
        };
        self.notes.push(LinkNote {
            case_id: case.case_id.clone(),
            account: case.account,
            rule,
            is_changed,
            amount: Some(case.amount),
            rank: ranking.rank,
            limit: Some(ranking.limit),
            discharges: Some(ranking.discharges),
            share: ranking.share,
            before: case.points,
            after,
            other: None,
        });
        if is_changed {
            adjust(&mut self.adjusted, case, rule);
        }
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

/// The approved cases of each region that are within its cap.
fn review_cases(
    setting: &Setting<'_>,
    noted: &Noted,
    cap: Ratio,
    decided: &mut Decided,
) -> Result<(), Error> {
    let region = |account: &Account| setting.pools.all[usize::from(account.pool)].region.as_str();
    let mut discharges: BTreeMap<&str, u64> = BTreeMap::new();
    for (account, counted) in &noted.discharges {
        *discharges.entry(region(account)).or_default() +=
            counted.ordinary + counted.new_technology;
    }
    for (name, count) in discharges {
        let of_region = |case: &&Candidate| region(&case.account) == name;
        let candidates: Vec<&Candidate> = noted.reviewed.iter().filter(of_region).collect();
        let cases: Vec<ReviewedCase<'_>> = candidates
            .iter()
            .map(|case| ReviewedCase {
                case_id: &case.case_id,
                amount: case.amount,
            })
            .collect();
        let limit = share_of(count, cap).map_err(|e| Error::input("reviews", e))?;
        for (case, rank) in candidates.into_iter().zip(review_ranks(&cases)) {
            let ranking = Ranking {
                rank: Some(rank),
                limit,
                discharges: count,
                share: cap,
            };
            decided.rank(case, LinkRule::SpecialReview, &ranking, rank <= limit);
        }
    }
    Ok(())
}

/// The high cases of each hospital that the control proportion leaves without an extra.
fn control_cases(noted: &Noted, terms: &ControlTerms, decided: &mut Decided) -> Result<(), Error> {
    let share = ratio(terms.share)?;
    let mut discharges: BTreeMap<u32, u64> = BTreeMap::new();
    for (account, counted) in &noted.discharges {
        let count = discharges.entry(account.hospital).or_default();
        *count += counted.ordinary;
        if terms.counts_new_technology {
            *count += counted.new_technology;
        }
    }
    let mut by_hospital: BTreeMap<u32, Vec<&Candidate>> = BTreeMap::new();
    for case in &noted.high {
        // What experts decided is not ranked again.
        if !decided.adjusted.contains_key(&case.row) {
            by_hospital
                .entry(case.account.hospital)
                .or_default()
                .push(case);
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
        let limit = share_of(count, share).map_err(|e| Error::input("claims", e))?;
        for (case, rank) in candidates.into_iter().zip(control_ranks(&cases)) {
            let ranking = Ranking {
                rank,
                limit,
                discharges: count,
                share,
            };
            let is_beyond = rank.is_some_and(|rank| rank > limit);
            decided.rank(case, LinkRule::ControlProportion, &ranking, is_beyond);
        }
    }
    Ok(())
}

fn adjust(adjusted: &mut Adjustments, case: &Candidate, rule: LinkRule) {
    let change = Adjusted {
        account: case.account,
        group: case.group,
        rule,
        before: case.points,
        points: case.instead,
    };
    adjusted.insert(case.row, change);
}

/// Takes from every stay before a readmission what the policy takes.
fn split_stays(
    setting: &Setting<'_>,
    terms: &SplitStayTerms,
    book: &StayBook,
    decided: &mut Decided,
) -> Result<(), Error> {
    let factor = ratio(terms.factor)?;
    let rules = setting.rules_at_settlement();
    book.visit(|entries| {
        entries.sort_unstable_by(|a, b| a.key.cmp(b.key).then(a.row.cmp(&b.row)));
        for stays in entries.chunk_by(|a, b| a.key == b.key) {
            let dates: Vec<Stay<'_>> = stays.iter().map(dates_of).collect();
            let followed = readmission_after(&dates, terms.window);
            for (stay, later) in stays.iter().zip(followed) {
                if let Some(later) = later {
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
