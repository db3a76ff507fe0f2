//! The barrier for linked cases: who keeps what, once all cases are noted.

use super::super::ledger::Account;
use super::super::setting::Setting;
use super::super::stay_book::{StayBook, StayEntry};
use super::{Adjusted, Adjustments, Candidate, LinkRule, Links, Noted};
use crate::{Class, Error};
use drgdip_points::Ratio;
use drgdip_points::award::reduced;
use drgdip_points::link::{
    HighCase, ReviewedCase, Stay, control_proportion, followed_by_readmission, within_cap,
};
use drgdip_tables::policy::{ControlTerms, SplitStayTerms};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

impl Links {
    /// Decides on every case that others have a say in.
    pub(crate) fn settle(&self, setting: &Setting<'_>) -> Result<Adjustments, Error> {
        let terms = &setting.terms.links;
        let noted = std::mem::take(&mut *self.noted.lock().expect("no worker panicked"));
        let mut adjusted = Adjustments::new();
        if let Some(review) = &terms.review {
            let cap = ratio(review.cap)?;
            review_cases(setting, &noted, cap, &mut adjusted)?;
        }
        if let Some(control) = &terms.control {
            control_cases(&noted, control, &mut adjusted)?;
        }
        if let (Some(split), Some(book)) = (&terms.split_stays, &self.book) {
            split_stays(setting, split, book, &mut adjusted)?;
        }
        adjusted
            .retain(|_, case| case.points != case.before || case.rule == LinkRule::SpecialReview);
        Ok(adjusted)
    }
}

/// The approved cases of each region that are within its cap.
fn review_cases(
    setting: &Setting<'_>,
    noted: &Noted,
    cap: Ratio,
    adjusted: &mut Adjustments,
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
        let kept = within_cap(&cases, count, cap).map_err(|e| Error::input("reviews", e))?;
        for (case, _) in candidates.into_iter().zip(kept).filter(|(_, kept)| *kept) {
            adjust(adjusted, case, LinkRule::SpecialReview);
        }
    }
    Ok(())
}

/// The high cases of each hospital that the control proportion leaves without an extra.
fn control_cases(
    noted: &Noted,
    terms: &ControlTerms,
    adjusted: &mut Adjustments,
) -> Result<(), Error> {
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
        if !adjusted.contains_key(&case.row) {
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
        let kept = control_proportion(&cases, count, share);
        let kept = kept.map_err(|e| Error::input("claims", e))?;
        for (case, _) in candidates.into_iter().zip(kept).filter(|(_, kept)| !*kept) {
            adjust(adjusted, case, LinkRule::ControlProportion);
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
    adjusted: &mut Adjustments,
) -> Result<(), Error> {
    let factor = ratio(terms.factor)?;
    let rules = setting.rules_at_settlement();
    book.visit(|entries| {
        entries.sort_unstable_by(|a, b| a.key.cmp(b.key).then(a.row.cmp(&b.row)));
        for stays in entries.chunk_by(|a, b| a.key == b.key) {
            let dates: Vec<Stay<'_>> = stays.iter().map(dates_of).collect();
            let followed = followed_by_readmission(&dates, terms.window);
            for (stay, _) in stays.iter().zip(followed).filter(|(_, followed)| *followed) {
                let known = adjusted.get(&stay.row);
                let points = known.map_or(stay.points, |known| known.points);
                let left = reduced(points, factor, rules);
                let change = Adjusted {
                    account: stay.account,
                    group: Some(stay.group),
                    rule: LinkRule::SplitStay,
                    before: stay.points,
                    points: left.map_err(|e| Error::input("claims", e))?,
                };
                adjusted.insert(stay.row, change);
            }
        }
        Ok(())
    })
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
