//! Every value of a policy at one date, typed.

use super::Policy;
use super::case;
use super::checks;
use super::keys;
use super::parameter::Value;
use super::problem::PolicyProblem;
use super::terms::{Bound, CaseTerms, PolicyAt, Treatment, WithoutWeight};
use super::value_keys as value;
use super::{clearing, pools, units};
use crate::error::{Error, Place};
use jiff::civil::Date;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use std::collections::BTreeMap;

/// Asks a policy for its values at one date.
///
/// Words and forms were checked when the file was read, so a value of another form is a bug.
pub(super) struct Resolver<'a> {
    pub(super) policy: &'a Policy,
    pub(super) date: Date,
}

impl Resolver<'_> {
    pub(super) fn all(&self) -> Result<PolicyAt, Error> {
        Ok(PolicyAt {
            policy: self.policy.id.clone(),
            date: self.date,
            plan: self.word(keys::PLAN)?.to_owned(),
            unit_plans: self.optional_names(pools::UNIT_PLANS),
            selected_by: self.choice(keys::SELECTED_BY, &keys::SELECTORS)?,
            insurances: self.names(keys::INSURANCES)?,
            regions: self.names(keys::REGIONS)?,
            case: self.case()?,
            coefficient: case::coefficient(self)?,
            same_price_groups: self.optional_names(case::SAME_PRICE_GROUPS),
            subtypes: case::subtypes(self),
            primary_care_price: case::primary_care_price(self),
            fallback_discount: case::fallback_discount(self),
            stays: case::stays(self)?,
            unstable: case::unstable(self)?,
            links: case::links(self)?,
            without_weight: self.without_weight()?,
            ungrouped: self.treatment(keys::UNGROUPED)?,
            ambiguous: self.treatment(keys::AMBIGUOUS)?,
            late: self.choice(keys::LATE_ENTRIES, &keys::LATE)?,
            patient_side: self.choice(value::PATIENT_SIDE, &value::PATIENT_SIDES)?,
            reserve_share: self.number(keys::RESERVE_SHARE)?,
            pools: pools::resolve(self)?,
            growth: pools::growth(self)?,
            value: value::resolve(self)?,
            initial_values: value::initial(self),
            tilts: value::tilts(self),
            complex_from: value::complex_from(self),
            prepay: clearing::prepay(self)?,
            clearing: clearing::resolve(self)?,
            units: units::resolve(self)?,
            checks: checks::resolve(self)?,
        })
    }

    fn case(&self) -> Result<CaseTerms, Error> {
        let mean_cost = self.number(keys::MEAN_COST)?;
        let terms = CaseTerms {
            scale: self.whole(keys::SCALE)?,
            mean_cost_fen: fen(mean_cost),
            points_rounding: self.choice(keys::POINTS_ROUNDING, &keys::ROUNDINGS)?,
            reference: case::reference(self),
            low_threshold: self.bound(keys::LOW_THRESHOLD)?,
            low_rule: case::low_rule(self)?,
            high_bands: case::high_bands(self, self.whole(keys::SCALE)?)?,
            high_rule: case::high_rule(self)?,
            high_limit: self.optional_bound(case::HIGH_LIMIT),
        };
        self.check_cut_offs(&terms)?;
        Ok(terms)
    }

    /// A low cut-off at or above a high one would let a case be both.
    fn check_cut_offs(&self, terms: &CaseTerms) -> Result<(), Error> {
        let low = terms.low_threshold.value();
        let high = terms
            .high_bands
            .iter()
            .map(|band| band.threshold.value())
            .min();
        match high {
            Some(high) if low >= high => {
                let problem = PolicyProblem::CutOffsCross {
                    low: low.to_string(),
                    high: high.to_string(),
                };
                Err(self.wrong(keys::LOW_THRESHOLD, problem))
            }
            _ => Ok(()),
        }
    }

    fn without_weight(&self) -> Result<WithoutWeight, Error> {
        match self.value(keys::WITHOUT_WEIGHT)? {
            Value::Treatment(word, _) if word == "error" => Ok(WithoutWeight::Refuse),
            _ => Ok(WithoutWeight::Treat(self.treatment(keys::WITHOUT_WEIGHT)?)),
        }
    }

    pub(super) fn treatment(&self, key: &'static str) -> Result<Treatment, Error> {
        match self.value(key)? {
            Value::Treatment(_, Some(discount)) => Ok(Treatment::ByCost {
                discount: *discount,
            }),
            Value::Treatment(_, None) => Ok(Treatment::Unpaid),
            other => unreachable!("{other} was read as a treatment"),
        }
    }

    pub(super) fn value(&self, key: &'static str) -> Result<&Value, Error> {
        let entry = self.policy.entry(key, self.date);
        entry.map(|entry| &entry.value).ok_or_else(|| {
            let problem = PolicyProblem::ParameterMissing {
                key: key.to_owned(),
                date: self.date,
            };
            self.wrong(key, problem)
        })
    }

    /// The value of a parameter that the policy may leave out.
    pub(super) fn optional(&self, key: &'static str) -> Option<&Value> {
        self.policy.entry(key, self.date).map(|entry| &entry.value)
    }

    /// The number of a parameter that the policy may leave out, or that may be `none`.
    pub(super) fn optional_number(&self, key: &'static str) -> Option<Decimal> {
        match self.optional(key)? {
            Value::Number(number) => Some(*number),
            Value::NoNumber => None,
            other => unreachable!("{other} was read as a number"),
        }
    }

    /// The choice of a parameter that the policy may leave out.
    pub(super) fn optional_choice<T: Copy>(
        &self,
        key: &'static str,
        choices: &[(&'static str, T)],
    ) -> Option<T> {
        match self.optional(key)? {
            Value::Word(word) => keys::choice(choices, word),
            other => unreachable!("{other} was read as a word"),
        }
    }

    /// The named numbers of a parameter that the policy may leave out.
    pub(super) fn optional_levels(&self, key: &'static str) -> BTreeMap<String, Decimal> {
        match self.optional(key) {
            None => BTreeMap::new(),
            Some(Value::Levels(levels)) => levels.clone(),
            Some(other) => unreachable!("{other} was read as named numbers"),
        }
    }

    pub(super) fn bound(&self, key: &'static str) -> Result<Bound, Error> {
        match self.value(key)? {
            Value::Bound(bound) => Ok(*bound),
            other => unreachable!("{other} was read as a comparison"),
        }
    }

    /// The comparison of a parameter that the policy may leave out.
    pub(super) fn optional_bound(&self, key: &'static str) -> Option<Bound> {
        match self.optional(key)? {
            Value::Bound(bound) => Some(*bound),
            other => unreachable!("{other} was read as a comparison"),
        }
    }

    /// The names of a parameter that the policy may leave out.
    pub(super) fn optional_names(&self, key: &'static str) -> BTreeMap<String, String> {
        match self.optional(key) {
            None => BTreeMap::new(),
            Some(Value::Names(names)) => names.clone(),
            Some(other) => unreachable!("{other} was read as names"),
        }
    }

    pub(super) fn word(&self, key: &'static str) -> Result<&str, Error> {
        match self.value(key)? {
            Value::Word(word) => Ok(word),
            other => unreachable!("{other} was read as a word"),
        }
    }

    pub(super) fn choice<T: Copy>(
        &self,
        key: &'static str,
        choices: &[(&'static str, T)],
    ) -> Result<T, Error> {
        let word = self.word(key)?;
        Ok(keys::choice(choices, word).expect("words were checked when the file was read"))
    }

    pub(super) fn number(&self, key: &'static str) -> Result<Decimal, Error> {
        match self.value(key)? {
            Value::Number(number) => Ok(*number),
            other => unreachable!("{other} was read as a number"),
        }
    }

    pub(super) fn whole(&self, key: &'static str) -> Result<u32, Error> {
        let number = self.number(key)?;
        Ok(number
            .to_u32()
            .expect("the range was checked when the file was read"))
    }

    pub(super) fn names(&self, key: &'static str) -> Result<BTreeMap<String, String>, Error> {
        match self.value(key)? {
            Value::Names(names) => Ok(names.clone()),
            other => unreachable!("{other} was read as names"),
        }
    }

    pub(super) fn wrong(&self, key: &'static str, problem: PolicyProblem) -> Error {
        let line = self.policy.entry(key, self.date).map(|entry| entry.line);
        let file = self.policy.file_of(key).to_owned();
        let place = Place {
            file,
            line,
            field: Some(key.to_owned()),
        };
        Error {
            place,
            problem: problem.into(),
        }
    }
}

/// An amount of yuan with at most two decimals and at most a billion, in fen.
pub(super) fn fen(yuan: Decimal) -> i64 {
    let fen = yuan
        .checked_mul(Decimal::ONE_HUNDRED)
        .and_then(|fen| fen.to_i64());
    fen.expect("places and range were checked when the file was read")
}
