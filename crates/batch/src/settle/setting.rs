//! What a settlement is made with: pools, hospitals, dates, and the policy's rules at each date.

use super::earn::CaseOptions;
use super::ledger::Account;
use super::links;
use super::means::GroupMeans;
use super::measures::Measures;
pub(crate) use super::period::{Period, date_of, day_number};
pub(crate) use super::pooling::{Pool, units};
use super::pooling::{Pools, RegionPools};
use super::pricing::{self, Pricing};
use super::units::{FollowUps, ItemAudits, UnitRules, UnitUse};
use super::verdicts::Verdicts;
use crate::Error;
use crate::in_force::PlanChoice;
use crate::inputs::{Hospital, Inputs};
use drgdip_claims::Yuan;
use drgdip_points::Ratio;
use drgdip_points::award::CaseRules;
use drgdip_tables::Policy;
use drgdip_tables::policy::{DateSelector, LinkTerms, PolicyAt, Share, ValueModel};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

/// The rules at one date: prices and every hospital's coefficient.
pub(crate) struct Dated {
    pub(crate) pricing: Pricing,
    pub(crate) options: CaseOptions,
    /// The rules of payment units, where the policy has units that look at claims.
    pub(crate) units: Option<UnitRules>,
    /// For each hospital, one coefficient for each of its rows.
    pub(crate) coefficients: Vec<Vec<Ratio>>,
}

/// Everything that a case is settled with.
pub(crate) struct Setting<'s> {
    pub(crate) plan: PlanChoice<'s>,
    pub(super) policy: &'s Policy,
    /// The policy at the last day of the period.
    pub(crate) terms: PolicyAt,
    pub(crate) period: Period,
    pub(crate) first_day: i32,
    pub(crate) last_day: i32,
    pub(crate) pools: Pools,
    /// What is counted of each case beside its points.
    pub(crate) measures: Measures,
    /// The number of each hospital's payment unit.
    pub(crate) units: Vec<Vec<Option<u8>>>,
    /// The rows of each hospital; the index is its number in the run.
    pub(crate) hospitals: Vec<Vec<Hospital>>,
    pub(crate) hospital_numbers: HashMap<String, u32>,
    pub(crate) verdicts: Verdicts,
    /// What is known of the groups beside the plan.
    pub(crate) means: GroupMeans,
    /// The cases that experts approved, with the amount where it is not the whole cost.
    approved: HashMap<String, Option<Yuan>>,
    /// The rules that link cases, each once, where dates of discharge select them.
    pub(crate) link_terms: Vec<LinkTerms>,
    /// What payment units look at; `None` where the policy has no such unit.
    pub(super) unit_use: Option<UnitUse>,
    /// What follow-ups found of TCM cases.
    pub(super) follow_ups: FollowUps,
    /// What audits say of cases that are paid by item.
    pub(super) item_audits: ItemAudits,
    at_settlement: Arc<Dated>,
    by_discharge: Mutex<HashMap<i32, Option<Arc<Dated>>>>,
}

impl<'s> Setting<'s> {
    pub(crate) fn new(
        plan: PlanChoice<'s>,
        policy: &'s Policy,
        inputs: &Inputs,
        period: Period,
    ) -> Result<Self, Error> {
        let terms = terms_of(policy, &period)?;
        let pools = Pools::new(&terms, inputs, &period)?;
        let measures = Measures::new(&terms, plan, inputs)?;
        let mut by_id: BTreeMap<&str, Vec<Hospital>> = BTreeMap::new();
        for hospital in &inputs.hospitals {
            by_id
                .entry(&hospital.hospital_id)
                .or_default()
                .push(hospital.clone());
        }
        let ids = by_id
            .keys()
            .zip(0..)
            .map(|(id, number)| ((*id).to_owned(), number))
            .collect();
        let hospitals: Vec<Vec<Hospital>> = by_id.into_values().collect();
        let unit = |row: &Hospital| pools.unit(row.unit.as_deref(), &terms);
        let of_rows = |rows: &Vec<Hospital>| rows.iter().map(unit).collect();
        let units = hospitals.iter().map(of_rows).collect();
        let link_terms = links::versions(policy, &terms)?;
        let means = GroupMeans::new(inputs, plan);
        let unit_use = UnitUse::new(policy, &terms);
        let with = (&means, unit_use.is_some());
        let at_settlement = Arc::new(dated(&terms, plan, &hospitals, with)?);
        let approved = inputs.reviews.iter().filter(|review| review.is_approved);
        let approved = approved
            .map(|review| (review.case_id.clone(), review.amount))
            .collect();
        let item_audits = ItemAudits::new(inputs, &period);
        Ok(Self {
            plan,
            policy,
            first_day: day_number(period.first),
            last_day: day_number(period.last),
            terms,
            period,
            pools,
            measures,
            units,
            hospitals,
            hospital_numbers: ids,
            verdicts: Verdicts::default(),
            means,
            approved,
            link_terms,
            unit_use,
            follow_ups: FollowUps::new(inputs),
            item_audits,
            at_settlement,
            by_discharge: Mutex::default(),
        })
    }

    /// The unit that pays a hospital for a discharge on a day: that of its row that holds then, or
    /// of its first one where none does.
    pub(super) fn unit_of(&self, hospital: u32, day: Option<i32>) -> Option<u8> {
        let units = &self.units[hospital as usize];
        if units.len() == 1 {
            return units[0];
        }
        let rows = &self.hospitals[hospital as usize];
        let day = day.and_then(date_of);
        let held = day.and_then(|day| rows.iter().position(|row| row.holds_on(day)));
        units[held.unwrap_or(0)]
    }

    /// The pools of a region; regions are looked up once a dictionary, not once a claim.
    pub(crate) fn pools_of(&self, region: &str) -> RegionPools {
        self.pools.of_region(region)
    }

    /// The same setting for the claims of the year before, judged by this year's rules.
    pub(crate) fn in_year_before(&self) -> Result<Self, Error> {
        let period = self.period.year_before()?;
        let mut terms = self.terms.clone();
        terms.selected_by = DateSelector::Settlement;
        Ok(Self {
            plan: self.plan,
            policy: self.policy,
            first_day: day_number(period.first),
            last_day: day_number(period.last),
            terms,
            period,
            pools: self.pools.clone(),
            measures: self.measures.clone(),
            units: self.units.clone(),
            hospitals: self
                .hospitals
                .iter()
                .map(|rows| without_start(rows))
                .collect(),
            hospital_numbers: self.hospital_numbers.clone(),
            verdicts: Verdicts::default(),
            means: self.means.clone(),
            approved: HashMap::new(),
            link_terms: vec![self.terms.links.clone()],
            // A registry of this year does for last year's claims what it does for this year's.
            unit_use: (self.unit_use.as_ref()).map(|used| used.always_on(self.period.last)),
            follow_ups: FollowUps::default(),
            item_audits: ItemAudits::default(),
            at_settlement: Arc::clone(&self.at_settlement),
            by_discharge: Mutex::default(),
        })
    }

    /// The ids of the pool and the hospital of an account.
    pub(super) fn ids(&self, account: Account) -> (&str, &str) {
        let pool = &self.pools.all[usize::from(account.pool)].id;
        (
            pool,
            &self.hospitals[account.hospital as usize][0].hospital_id,
        )
    }

    /// The amount that experts approved for a case, where they approved it; an inner `None` is
    /// its whole cost.
    pub(crate) fn approved(&self, case_id: &str) -> Option<Option<Yuan>> {
        self.approved.get(case_id).copied()
    }

    /// The rules for cases on the last day of the period.
    /// Whether a rule of the policy reads the input `reviews`.
    pub(super) fn has_reviews(&self) -> bool {
        self.link_terms.iter().any(|terms| terms.review.is_some())
    }

    pub(crate) fn rules_at_settlement(&self) -> &CaseRules {
        &self.at_settlement.pricing.rules
    }

    /// Which of the rules that link cases hold for a discharge on this day.
    pub(crate) fn link_version(&self, day: i32) -> usize {
        if self.link_terms.len() == 1 {
            return 0;
        }
        let terms = date_of(day).and_then(|date| self.policy.at(date).ok());
        let mut all = self.link_terms.iter();
        let position = terms.and_then(|terms| all.position(|links| *links == terms.links));
        position.unwrap_or(0)
    }

    /// The rules for a discharge on this day; `None` where the policy states none.
    pub(crate) fn rules_on(&self, day: i32) -> Result<Option<Arc<Dated>>, Error> {
        if self.terms.selected_by == DateSelector::Settlement || day == self.last_day {
            return Ok(Some(Arc::clone(&self.at_settlement)));
        }
        let mut known = self.by_discharge.lock().expect("no worker panicked");
        if let Some(found) = known.get(&day) {
            return Ok(found.clone());
        }
        let terms = date_of(day).and_then(|date| self.policy.at(date).ok());
        let rules = terms
            .map(|terms| {
                let with = (&self.means, self.unit_use.is_some());
                dated(&terms, self.plan, &self.hospitals, with)
            })
            .transpose()?;
        let rules = rules.map(Arc::new);
        known.insert(day, rules.clone());
        Ok(rules)
    }
}

fn dated(
    terms: &PolicyAt,
    plan: PlanChoice<'_>,
    hospitals: &[Vec<Hospital>],
    (means, has_units): (&GroupMeans, bool),
) -> Result<Dated, Error> {
    let pricing = Pricing::new(terms, plan)?;
    let options = CaseOptions::new(terms, means)?;
    let coefficients = hospitals
        .iter()
        .map(|rows| {
            rows.iter()
                .map(|row| pricing::coefficient(&pricing, row))
                .collect()
        })
        .collect::<Result<_, Error>>()?;
    let units = has_units
        .then(|| UnitRules::new(terms, means))
        .transpose()?;
    Ok(Dated {
        pricing,
        options,
        units,
        coefficients,
    })
}

/// The first row of a hospital holds from ever, so that a table of this year's hospitals knows
/// those of last year.
fn without_start(rows: &[Hospital]) -> Vec<Hospital> {
    let mut rows = rows.to_vec();
    let first = rows.iter_mut().min_by_key(|row| row.from);
    if let Some(first) = first {
        first.from = None;
    }
    rows
}

/// The policy at the last day of a period, with the season share of the year to date where its
/// baselines ask for it; all of last year's points belong to a whole year.
fn terms_of(policy: &Policy, period: &Period) -> Result<PolicyAt, Error> {
    let mut terms = policy.at(period.last)?;
    let to_date = super::year_to_date::season(policy, period)?;
    if let ValueModel::BaselineIncrement(rule) = &mut terms.value.model {
        if period.is_year() {
            rule.season_share = Share {
                numerator: 1,
                denominator: 1,
            };
        } else if let Some(to_date) = to_date {
            rule.season_share = to_date;
        }
    }
    Ok(terms)
}
