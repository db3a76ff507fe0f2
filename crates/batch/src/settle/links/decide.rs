//! The barrier for linked cases: who keeps what, once all cases are noted.

use super::super::ledger::Account;
use super::super::measures::Measured;
use super::super::setting::Setting;
use super::super::stay_book::{StayBook, StayEntry};
use super::{Adjusted, Adjustments, Candidate, LinkRule, Links, Noted};
use crate::{Class, Error};
use drgdip_points::award::reduced;
use drgdip_points::link::{
    HighCase, ReviewedCase, Stay, control_proportion, followed_by_readmission, within_cap,
};
use drgdip_points::{Points, Ratio};
use drgdip_tables::policy::ControlTerms;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

impl Links {
    /// Decides on every case that others have a say in, or that is paid at cost.
    pub(crate) fn settle(&self, setting: &Setting<'_>) -> Result<Adjustments, Error> {
        let noted = std::mem::take(&mut *self.noted.lock().expect("no worker panicked"));
        let mut adjusted = Adjustments::new();
        for (version, terms) in setting.link_terms.iter().enumerate() {
            let decision = Decision {
                setting,
                noted: &noted,
                version,
            };
            if let Some(review) = &terms.review {
                decision.review_cases(ratio(review.cap)?, &mut adjusted)?;
            }
            if let Some(control) = &terms.control {
                decision.control_cases(control, &mut adjusted)?;
            }
        }
        for case in &noted.low {
            // What experts decided is not decided again.
            if !adjusted.contains_key(&case.row) {
                adjust(&mut adjusted, case, LinkRule::AtCost);
            }
        }
        if let Some(book) = &self.book {
            split_stays(setting, book, &mut adjusted)?;
        }
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

/// One of the rules that link cases, and what was noted.
struct Decision<'d, 's> {
    setting: &'d Setting<'s>,
    noted: &'d Noted,
    version: usize,
}

impl Decision<'_, '_> {
    /// The approved cases of each region that are within its cap.
    fn review_cases(&self, cap: Ratio, adjusted: &mut Adjustments) -> Result<(), Error> {
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
            let kept = within_cap(&cases, count, cap).map_err(|e| Error::input("reviews", e))?;
            for (case, _) in candidates.into_iter().zip(kept).filter(|(_, kept)| *kept) {
                adjust(adjusted, case, LinkRule::SpecialReview);
            }
        }
        Ok(())
    }

    /// The high cases of each hospital that the control proportion leaves without an extra.
    fn control_cases(&self, terms: &ControlTerms, adjusted: &mut Adjustments) -> Result<(), Error> {
        let share = ratio(terms.share)?;
        let discharges = self.discharges(terms);
        let mut by_hospital: BTreeMap<u32, Vec<&Candidate>> = BTreeMap::new();
        for case in &self.noted.high {
            // What experts decided is not ranked again.
            if case.version == self.version && !adjusted.contains_key(&case.row) {
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
            let kept = control_proportion(&cases, count, share);
            let kept = kept.map_err(|e| Error::input("claims", e))?;
            for (case, kept) in candidates.into_iter().zip(kept) {
                match kept {
                    false => adjust(adjusted, case, LinkRule::ControlProportion),
                    true if case.money.is_some() => adjust(adjusted, case, LinkRule::AtCost),
                    true => {}
                }
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
fn adjust(adjusted: &mut Adjustments, case: &Candidate, rule: LinkRule) {
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
    adjusted.insert(case.row, change);
}

/// Takes from every stay before a readmission what the policy of its date takes.
///
/// A stay that is paid at cost has no points that could be taken.
fn split_stays(
    setting: &Setting<'_>,
    book: &StayBook,
    adjusted: &mut Adjustments,
) -> Result<(), Error> {
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
            let followed = followed_by_readmission(&dates, terms.window);
            let split = stays.iter().zip(followed);
            for (stay, _) in split.filter(|(stay, followed)| *followed && stay.is_own) {
                let known = adjusted.get(&stay.row);
                if known.is_some_and(|known| known.at_cost.is_some()) {
                    continue;
                }
                let points = known.map_or(stay.points, |known| known.points);
                let left = reduced(points, factor, rules);
                let change = Adjusted {
                    account: stay.account,
                    group: Some(stay.group),
                    rule: LinkRule::SplitStay,
                    before: stay.points,
                    points: left.map_err(|e| Error::input("claims", e))?,
                    at_cost: None,
                    measured: Measured::default(),
                    counting: stay.counting,
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
