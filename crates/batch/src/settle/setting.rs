//! What a settlement is made with: pools, hospitals, dates, and the policy's rules at each date.

use super::earn::CaseOptions;
use super::means::GroupMeans;
use super::pricing::{self, Pricing};
use super::verdicts::Verdicts;
use crate::in_force::PlanChoice;
use crate::inputs::{Budget, Hospital, Inputs, Insurance};
use crate::{Class, Error};
use drgdip_claims::Yuan;
use drgdip_points::Ratio;
use drgdip_points::award::CaseRules;
use drgdip_tables::Policy;
use drgdip_tables::policy::{DateSelector, PolicyAt};
use jiff::ToSpan;
use jiff::civil::Date;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

/// The payment unit of this settlement; other units come to the same ledger with their own rules.
pub(crate) const UNIT: &str = "drg";

/// The month that is settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Period {
    pub(crate) text: String,
    pub(crate) first: Date,
    pub(crate) last: Date,
}

impl Period {
    /// Reads `YYYY-MM`.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let wrong = || {
            Error::usage(
                format!("{text:?} is not a period."),
                "Write the month as YYYY-MM.",
            )
        };
        if text.len() != "YYYY-MM".len() {
            return Err(wrong());
        }
        let first: Date = format!("{text}-01").parse().map_err(|_| wrong())?;
        Ok(Self {
            text: text.to_owned(),
            first,
            last: first.last_of_month(),
        })
    }

    /// The period that was asked for, or else the only one that the budgets state.
    pub(crate) fn choose(asked: Option<&str>, budgets: &[Budget]) -> Result<Self, Error> {
        if let Some(text) = asked {
            return Self::parse(text);
        }
        let mut stated: Vec<&str> = budgets
            .iter()
            .map(|budget| budget.period.as_str())
            .collect();
        stated.sort_unstable();
        stated.dedup();
        match stated[..] {
            [only] => Self::parse(only),
            _ => Err(Error::usage(
                format!("the budgets state the periods {}.", stated.join(", ")),
                "Say which one to settle with --period YYYY-MM.",
            )),
        }
    }
}

/// Days since 1970-01-01.
pub(crate) fn day_number(date: Date) -> i32 {
    (date - jiff::civil::date(1970, 1, 1)).get_days()
}

/// The date of a day number; `None` beyond the calendar.
pub(crate) fn date_of(day: i32) -> Option<Date> {
    jiff::civil::date(1970, 1, 1)
        .checked_add(i64::from(day).days())
        .ok()
}

/// A pool: region × insurance × unit.
#[derive(Clone, Debug)]
pub(crate) struct Pool {
    pub(crate) id: String,
    pub(crate) region: String,
    pub(crate) insurance: Insurance,
    pub(crate) budget: Yuan,
}

/// The rules at one date: prices and every hospital's coefficient.
pub(crate) struct Dated {
    pub(crate) pricing: Pricing,
    pub(crate) options: CaseOptions,
    /// For each hospital, one coefficient for each of its rows.
    pub(crate) coefficients: Vec<Vec<Ratio>>,
}

/// Everything that a case is settled with.
pub(crate) struct Setting<'s> {
    pub(crate) plan: PlanChoice<'s>,
    policy: &'s Policy,
    /// The policy at the last day of the period.
    pub(crate) terms: PolicyAt,
    pub(crate) period: Period,
    pub(crate) first_day: i32,
    pub(crate) last_day: i32,
    pub(crate) pools: Vec<Pool>,
    pool_of: HashMap<(String, Insurance), u16>,
    /// The rows of each hospital; the index is its number in the run.
    pub(crate) hospitals: Vec<Vec<Hospital>>,
    pub(crate) hospital_numbers: HashMap<String, u32>,
    pub(crate) verdicts: Verdicts,
    /// What is known of the groups beside the plan.
    pub(crate) means: GroupMeans,
    /// The cases that experts approved, with the amount where it is not the whole cost.
    approved: HashMap<String, Option<Yuan>>,
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
        let terms = policy.at(period.last)?;
        let pools = pools(&terms, inputs, &period)?;
        let pool_of = pools
            .iter()
            .zip(0..)
            .map(|(pool, number)| ((pool.region.clone(), pool.insurance), number))
            .collect();
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
        let means = GroupMeans::new(inputs, plan);
        let at_settlement = Arc::new(dated(&terms, plan, &hospitals, &means)?);
        let approved = inputs.reviews.iter().filter(|review| review.is_approved);
        let approved = approved
            .map(|review| (review.case_id.clone(), review.amount))
            .collect();
        Ok(Self {
            plan,
            policy,
            first_day: day_number(period.first),
            last_day: day_number(period.last),
            terms,
            period,
            pools,
            pool_of,
            hospitals,
            hospital_numbers: ids,
            verdicts: Verdicts::default(),
            means,
            approved,
            at_settlement,
            by_discharge: Mutex::default(),
        })
    }

    /// The pool of a region and insurance, where the policy settles it.
    pub(crate) fn pool(&self, region: &str, insurance: Insurance) -> Option<u16> {
        // A lookup in a map keyed by pairs needs an owned key; regions are looked up once a
        // dictionary, not once a claim.
        self.pool_of.get(&(region.to_owned(), insurance)).copied()
    }

    /// The amount that experts approved for a case, where they approved it; an inner `None` is
    /// its whole cost.
    pub(crate) fn approved(&self, case_id: &str) -> Option<Option<Yuan>> {
        self.approved.get(case_id).copied()
    }

    /// The rules for cases on the last day of the period.
    pub(crate) fn rules_at_settlement(&self) -> &CaseRules {
        &self.at_settlement.pricing.rules
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
            .map(|terms| dated(&terms, self.plan, &self.hospitals, &self.means))
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
    means: &GroupMeans,
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
    Ok(Dated {
        pricing,
        options,
        coefficients,
    })
}

/// Every region × insurance of the policy with its budget; the error names all that have none.
fn pools(terms: &PolicyAt, inputs: &Inputs, period: &Period) -> Result<Vec<Pool>, Error> {
    let mut pools = Vec::new();
    let mut missing = Vec::new();
    for region in terms.regions.keys() {
        for word in terms.insurances.keys() {
            let insurance = Insurance::from_word(word).ok_or_else(|| {
                let problem = format!("the insurance {word:?} is not one that claims can state.");
                Error::new(
                    Class::Table,
                    format!("policy {}", terms.policy),
                    problem,
                    "",
                )
            })?;
            let id = format!("{region}-{insurance}-{UNIT}");
            match budget_of(inputs, region, insurance, period) {
                Some(budget) => {
                    let region = region.clone();
                    pools.push(Pool {
                        id,
                        region,
                        insurance,
                        budget: budget.amount,
                    });
                }
                None => missing.push(id),
            }
        }
    }
    if missing.is_empty() {
        return Ok(pools);
    }
    let problem = format!(
        "the pools {} have no budget for {}.",
        missing.join(", "),
        period.text
    );
    Err(Error::input("budgets", problem)
        .with_hint("Add a row for each of them, 0 where there is no money."))
}

fn budget_of<'i>(
    inputs: &'i Inputs,
    region: &str,
    insurance: Insurance,
    period: &Period,
) -> Option<&'i Budget> {
    inputs.budgets.iter().find(|budget| {
        budget.region == region
            && budget.insurance == insurance
            && budget.period == period.text
            && budget.unit.as_deref().is_none_or(|unit| unit == UNIT)
            && budget.line.is_none()
    })
}
