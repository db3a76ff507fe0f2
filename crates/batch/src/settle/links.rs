//! What depends on the other cases of a hospital or region: special-case review, the control
//! proportion of high cases, and stays that one illness was split into.
//!
//! The first pass notes who takes part. After it, every case that other cases change gets its
//! final points; all others keep theirs.

mod at_cost;
mod decide;
pub(super) mod note;

use super::desk::Seen;
use super::earn::Earned;
use super::ledger::Account;
use super::measures::{Counting, Measured};
use super::setting::Setting;
use super::stay_book::{StayBook, StayEntry, StayPage};
use super::stays::StayFacts;
use crate::{Class, Error};
pub(crate) use at_cost::AtCost;
use drgdip_claims::{Finding, Yuan};
use drgdip_points::award::{CaseRules, PresetValue, award_by_amount, award_by_cost};
use drgdip_points::classify::CaseClass;
use drgdip_points::{Points, Ratio};
use drgdip_tables::Policy;
use drgdip_tables::policy::{
    Bound, DateSelector, LinkTerms, PolicyAt, ReviewValue, SameCase, SplitScope, SplitStayTerms,
};
use rust_decimal::Decimal;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Mutex;

pub(crate) use note::LinkNote;

/// Which rule changed the points of a case because of other cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LinkRule {
    /// Paid as special-case review decided.
    SpecialReview,
    /// A high case beyond the control proportion, paid as a normal one.
    ControlProportion,
    /// The stay before a readmission.
    SplitStay,
    /// Paid what it cost, beside points.
    AtCost,
}

impl LinkRule {
    pub(crate) const ALL: [Self; 4] = [
        Self::SpecialReview,
        Self::ControlProportion,
        Self::SplitStay,
        Self::AtCost,
    ];

    /// As written in outputs.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::SpecialReview => "special_review",
            Self::ControlProportion => "control_proportion",
            Self::SplitStay => "split_stay",
            Self::AtCost => "at_cost",
        }
    }
}

/// The final points of a case that other cases changed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Adjusted {
    pub(crate) account: Account,
    pub(crate) group: Option<u16>,
    pub(crate) rule: LinkRule,
    pub(crate) before: Points,
    pub(crate) points: Points,
    /// What it is paid beside points.
    pub(crate) at_cost: Option<AtCost>,
    /// By how much its points by measure change.
    pub(crate) measured: Measured,
    counting: Counting,
}

/// The cases that other cases changed, by row.
pub(crate) type Adjustments = BTreeMap<u64, Adjusted>;

/// A case that takes part in a ranking.
struct Candidate {
    row: u64,
    account: Account,
    group: Option<u16>,
    case_id: String,
    /// What it is ranked by.
    amount: Yuan,
    /// What it has now.
    points: Points,
    /// What it has when it stays in, or falls out, of the ranking.
    instead: Points,
    /// What it is paid in money when it stays in.
    money: Option<AtCost>,
    is_new_technology: bool,
    counting: Counting,
    /// Which of the rules hold for its date.
    version: usize,
}

/// How many cases were paid.
#[derive(Clone, Copy, Debug, Default)]
struct Discharges {
    ordinary: u64,
    new_technology: u64,
}

/// What the workers note for the rules that link cases.
#[derive(Default)]
struct Noted {
    high: Vec<Candidate>,
    reviewed: Vec<Candidate>,
    /// Low cases that are paid at cost.
    low: Vec<Candidate>,
    discharges: HashMap<(usize, Account), Discharges>,
}

/// All that the first pass notes.
pub(crate) struct Links {
    book: Option<StayBook>,
    noted: Mutex<Noted>,
    /// What was decided about whom, once the cases are settled.
    notes: Mutex<Vec<LinkNote>>,
}

/// What one worker notes.
pub(crate) struct LinkPage<'l> {
    links: &'l Links,
    stays: Option<StayPage<'l>>,
    own: Noted,
    key: String,
    /// Which rules hold on which day.
    versions: HashMap<i32, usize>,
}

/// A paid case, for whoever links it with others.
pub(super) struct PaidCase<'c> {
    pub(super) account: Account,
    pub(super) earned: Earned<'c>,
    pub(super) cost: Yuan,
    /// The cost by which it is classified.
    pub(super) seen_cost: Yuan,
    pub(super) stay: StayFacts<'c>,
    pub(super) discharged: i32,
    pub(super) rules: &'c CaseRules,
    pub(super) patient_side: Option<i64>,
    pub(super) counting: Counting,
}

/// Whether the policy links cases or pays some at cost, so that points can change after a case was
/// counted.
pub(crate) fn is_linked(setting: &Setting<'_>) -> bool {
    setting.link_terms.iter().any(does_anything)
}

fn does_anything(terms: &LinkTerms) -> bool {
    let is_linked =
        terms.control.is_some() || terms.split_stays.is_some() || terms.review.is_some();
    is_linked || terms.at_cost.is_some()
}

/// Whether some cases are paid money, from which their patient side is taken off.
pub(crate) fn pays_at_cost(setting: &Setting<'_>) -> bool {
    setting
        .link_terms
        .iter()
        .any(|terms| terms.at_cost.is_some())
}

/// The rules that link cases on all dates that can select them, each once; those of the settlement
/// alone where that selects them.
///
/// # Errors
/// More versions than stays can name.
pub(crate) fn versions(policy: &Policy, terms: &PolicyAt) -> Result<Vec<LinkTerms>, Error> {
    let mut versions = vec![terms.links.clone()];
    if terms.selected_by == DateSelector::Discharge {
        for day in policy.changes() {
            let links = policy.at(day)?.links;
            if !versions.contains(&links) {
                versions.push(links);
            }
        }
    }
    if versions.len() > usize::from(u8::MAX) {
        let problem = "the rules that link cases change more than 254 times.";
        let place = format!("policy {}", terms.policy);
        return Err(Error::new(Class::Table, place, problem, ""));
    }
    Ok(versions)
}

impl Links {
    pub(crate) fn new(setting: &Setting<'_>, folder: &Path) -> Result<Self, Error> {
        let mut versions = setting.link_terms.iter();
        let is_split = versions.any(|links| links.split_stays.is_some());
        let book = is_split.then(|| StayBook::new(folder)).transpose()?;
        Ok(Self {
            book,
            noted: Mutex::default(),
            notes: Mutex::default(),
        })
    }

    /// What was decided about each case that took part.
    pub(crate) fn notes(self) -> Vec<LinkNote> {
        self.notes.into_inner().expect("no worker panicked")
    }

    pub(crate) fn page(&self) -> LinkPage<'_> {
        LinkPage {
            links: self,
            stays: self.book.as_ref().map(StayBook::page),
            own: Noted::default(),
            key: String::new(),
            versions: HashMap::new(),
        }
    }
}

impl LinkPage<'_> {
    /// Notes a paid case where a rule of the policy needs it.
    pub(super) fn note(
        &mut self,
        setting: &Setting<'_>,
        seen: &Seen<'_>,
        case: &PaidCase<'_>,
        say: &mut impl FnMut(Finding),
    ) -> Result<(), Error> {
        if !is_linked(setting) {
            return Ok(());
        }
        let known = self.versions.entry(case.discharged);
        let version = *known.or_insert_with(|| setting.link_version(case.discharged));
        let terms = &setting.link_terms[version];
        if (terms.control.is_some() || terms.review.is_some()) && !case.earned.class.is_by_unit() {
            let counted = self
                .own
                .discharges
                .entry((version, case.account))
                .or_default();
            if case.stay.is_new_technology {
                counted.new_technology += 1;
            } else {
                counted.ordinary += 1;
            }
        }
        let money = terms.at_cost.map(|rule| at_cost::of(&rule, case));
        let money = money.transpose().map_err(|e| wrong(seen, e))?.flatten();
        if let Some(money) = money.filter(|money| money.class == CaseClass::Low) {
            let mut candidate = candidate(seen, case, (case.cost, Points::ZERO), version);
            candidate.money = Some(money);
            self.own.low.push(candidate);
        }
        let money = money.filter(|money| money.class == CaseClass::High);
        // A high case by item may earn exactly the normal points, and be paid at cost all the same.
        let normal = case.earned.normal.or(money.map(|_| case.earned.points));
        if terms.control.is_some()
            && let (Some(normal), Some((_, reference, _))) = (normal, case.earned.price)
        {
            let excess = case
                .seen_cost
                .minus(reference)
                .map_err(|e| wrong(seen, e))?;
            let mut candidate = candidate(seen, case, (excess, normal), version);
            candidate.money = money;
            self.own.high.push(candidate);
        }
        if terms.review.is_some()
            && let Some(approved) = setting.approved(seen.id().unwrap_or_default())
        {
            self.review((seen, case), (terms, version), approved, say)?;
        }
        for (number, terms) in (0..).zip(&setting.link_terms) {
            if let Some(split) = &terms.split_stays {
                let own = (number, usize::from(number) == version);
                self.stay(setting, (split, own), (seen, case), say)?;
            }
        }
        Ok(())
    }

    fn review(
        &mut self,
        (seen, case): (&Seen<'_>, &PaidCase<'_>),
        (terms, version): (&LinkTerms, usize),
        approved: Option<Yuan>,
        say: &mut impl FnMut(Finding),
    ) -> Result<(), Error> {
        let review = terms.review.expect("the caller asked for it");
        let is_below = match (review.gate, case.earned.price) {
            (Some(gate), Some((_, reference, _))) => {
                let times = gate.value().checked_mul(Decimal::from(reference.fen()));
                let bound = times.map(|bound| with_value(gate, bound));
                !bound.is_some_and(|bound| bound.holds(Decimal::from(case.cost.fen())))
            }
            _ => false,
        };
        if is_below {
            say(Finding::ReviewBelowGate);
            return Ok(());
        }
        let amount = approved.unwrap_or(case.cost);
        let points = match review.value {
            ReviewValue::Preset(value) => PresetValue::from_decimal(value)
                .and_then(|value| award_by_amount(amount, value, case.rules)),
            ReviewValue::Floating => award_by_cost(amount, case.rules, Ratio::ONE),
        };
        let points = points.map_err(|e| wrong(seen, e))?;
        let mut candidate = candidate(seen, case, (amount, points), version);
        let money = terms.at_cost.filter(|rule| rule.review);
        let money = money.map(|_| AtCost::new(case, amount, CaseClass::Normal));
        candidate.money = money.transpose().map_err(|e| wrong(seen, e))?;
        self.own.reviewed.push(candidate);
        Ok(())
    }

    /// Notes a stay that another one can be split from.
    fn stay(
        &mut self,
        setting: &Setting<'_>,
        (terms, (rules, is_own)): (&SplitStayTerms, (u8, bool)),
        (seen, case): (&Seen<'_>, &PaidCase<'_>),
        say: &mut impl FnMut(Finding),
    ) -> Result<(), Error> {
        let Some(group) = seen.grouping.outcome.group().map(|group| group.0) else {
            return Ok(());
        };
        let (Some(person), Some(admitted)) = (case.stay.person, case.stay.admitted) else {
            if is_own {
                say(Finding::PersonMissing);
            }
            return Ok(());
        };
        let means = &setting.means;
        let principal = case.stay.principal.unwrap_or_default();
        let is_exempt = [means.code(group), means.adrg(group)]
            .iter()
            .any(|code| terms.exempt_groups.contains_key(*code))
            || terms
                .exempt_diagnoses
                .keys()
                .any(|start| principal.starts_with(start.as_str()));
        if is_exempt {
            return Ok(());
        }
        let likeness = match terms.same {
            SameCase::Group => means.code(group),
            SameCase::Adrg => means.adrg(group),
            SameCase::Category => principal.get(..3).unwrap_or(principal),
        };
        let place = place(setting, terms.scope, case);
        self.key.clear();
        self.key.push(char::from(rules));
        for part in [person, place, likeness] {
            self.key.push_str(part);
            // No code or name holds this character, so parts cannot run into each other.
            self.key.push('\u{1f}');
        }
        let entry = StayEntry {
            account: case.account,
            row: seen.number,
            group,
            points: case.earned.points,
            counting: case.counting,
            rules,
            is_own,
            admitted,
            discharged: case.discharged,
            key: &self.key,
            case_id: seen.id().unwrap_or_default(),
        };
        let page = self.stays.as_mut();
        page.expect("a policy with split stays has a book")
            .add(&entry)
    }

    /// Hands over what the worker noted.
    pub(crate) fn finish(&mut self) -> Result<(), Error> {
        if let Some(stays) = &mut self.stays {
            stays.finish()?;
        }
        let own = std::mem::take(&mut self.own);
        let mut all = self.links.noted.lock().expect("no worker panicked");
        all.high.extend(own.high);
        all.reviewed.extend(own.reviewed);
        all.low.extend(own.low);
        for (account, counted) in own.discharges {
            let total = all.discharges.entry(account).or_default();
            total.ordinary += counted.ordinary;
            total.new_technology += counted.new_technology;
        }
        Ok(())
    }
}

fn candidate(
    seen: &Seen<'_>,
    case: &PaidCase<'_>,
    (amount, instead): (Yuan, Points),
    version: usize,
) -> Candidate {
    Candidate {
        row: seen.number,
        account: case.account,
        group: seen.grouping.outcome.group().map(|group| group.0),
        case_id: seen.id().unwrap_or_default().to_owned(),
        amount,
        points: case.earned.points,
        instead,
        money: None,
        is_new_technology: case.stay.is_new_technology,
        counting: case.counting,
        version,
    }
}

/// Where the stay is, as far as the scope tells places apart.
fn place<'s>(setting: &'s Setting<'_>, scope: SplitScope, case: &PaidCase<'_>) -> &'s str {
    let hospital = &setting.hospitals[case.account.hospital as usize];
    let region = &setting.pools.all[usize::from(case.account.pool)].region;
    match scope {
        SplitScope::Hospital => &hospital[0].hospital_id,
        SplitScope::Alliance => {
            let alliance = hospital.iter().rev().find_map(|row| row.alliance.as_ref());
            alliance.unwrap_or(&hospital[0].hospital_id)
        }
        SplitScope::Any => region,
    }
}

/// The same comparison with another number.
const fn with_value(bound: Bound, value: Decimal) -> Bound {
    match bound {
        Bound::AtLeast(_) => Bound::AtLeast(value),
        Bound::MoreThan(_) => Bound::MoreThan(value),
        Bound::AtMost(_) => Bound::AtMost(value),
        Bound::LessThan(_) => Bound::LessThan(value),
    }
}

fn wrong(seen: &Seen<'_>, problem: impl std::fmt::Display) -> Error {
    let id = seen.id().unwrap_or_default();
    Error::input(format!("case {id}"), problem)
}
