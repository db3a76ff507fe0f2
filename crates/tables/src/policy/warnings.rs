//! Steps that a policy's own rules make in what a case earns and a hospital is due, and shares that
//! are not what the national text advises.
//!
//! A step is not a fault: published policies have them. But whoever writes or reads a policy should
//! know of each, with its size, because one fen of cost then decides about many points.

use super::Policy;
use super::case;
use super::clearing::{HospitalBands, KEEP_FROM};
use super::keys::{HIGH_RULE, HIGH_THRESHOLDS, LOW_THRESHOLD};
use super::terms::{
    Bound, CaseTerms, CoefficientSource, CoefficientUse, HighRule, LowRule, PolicyAt,
};
use super::value::{Calibration, ValueModel, advised_fixed_share};
use super::value_keys::BUDGET_SHARE;
use jiff::civil::Date;
use rust_decimal::Decimal;
use std::fmt;

/// A step that a policy makes, with its size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyWarning {
    /// The parameter that makes it.
    pub key: &'static str,
    /// The first day on which it does.
    pub from: Date,
    /// The line of the policy file.
    pub line: u64,
    /// The size of the step, below zero where dearer cases earn less: in base points of the group
    /// for a case, in payables for a hospital's clearing, in budgets for a share beside the advice.
    pub step: Decimal,
    /// The step in words.
    pub message: String,
}

impl fmt::Display for PolicyWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, key, from) = (self.line, self.key, self.from);
        write!(f, "line {line}, {key}, from {from}: {}", self.message)
    }
}

/// A step before it has a place.
struct Step {
    key: &'static str,
    size: Decimal,
    message: String,
}

impl Policy {
    /// The steps in what a case earns, each from the first day on which it is so large.
    ///
    /// # Panics
    /// Never: the policy was resolved on the same days when it was loaded.
    #[must_use]
    pub fn warnings(&self) -> Vec<PolicyWarning> {
        let mut warnings: Vec<PolicyWarning> = Vec::new();
        for from in self.changes() {
            let terms = self
                .at(from)
                .expect("the policy resolved when it was loaded");
            for step in steps(&terms) {
                let is_known = |w: &PolicyWarning| (w.key, &w.message) == (step.key, &step.message);
                if warnings.iter().any(is_known) {
                    continue;
                }
                let line = self.entry(step.key, from).map_or(0, |entry| entry.line);
                warnings.push(PolicyWarning {
                    key: step.key,
                    from,
                    line,
                    step: step.size,
                    message: step.message,
                });
            }
        }
        warnings
    }
}

/// The steps of a policy at one date.
fn steps(terms: &PolicyAt) -> Vec<Step> {
    let coefficients = Coefficients::of(&terms.coefficient);
    let mut steps = Vec::new();
    steps.extend(low_step(&terms.case, &coefficients));
    for (number, band) in terms.case.high_bands.iter().enumerate() {
        let multiple = band.threshold;
        let is_repeated = terms.case.high_bands[..number]
            .iter()
            .any(|earlier| earlier.threshold == multiple);
        if !is_repeated {
            steps.extend(high_step(&terms.case, multiple, &coefficients));
        }
    }
    steps.extend(limit_step(&terms.case));
    steps.extend(terms.clearing.hospital_bands.as_ref().and_then(band_step));
    steps.extend(share_beside_advice(&terms.value.model));
    steps
}

/// The step where a hospital begins to keep its surplus: r1·a0 of its payable just below, all of it
/// from there on.
///
/// Source: `policies/payment.md`, The year (结余留用).
fn band_step(bands: &HospitalBands) -> Option<Step> {
    let below = bands.keep_from.checked_mul(bands.below_pays)?;
    let size = Decimal::ONE.checked_sub(below)?;
    if size.is_zero() || bands.keep_from.is_zero() {
        return None;
    }
    let message = format!(
        "a hospital whose cost is just below {} of its payable is due {} of it, one from there on \
         the whole: a step of {} of the payable",
        bands.keep_from.normalize(),
        below.normalize(),
        size.normalize(),
    );
    Some(Step {
        key: KEEP_FROM,
        size,
        message,
    })
}

/// How far a stated share θ of the budget for baselines is from what the national text advises.
///
/// With last year's value (Cal-1) θ is known only when a pool is settled.
fn share_beside_advice(model: &ValueModel) -> Option<Step> {
    let ValueModel::BaselineIncrement(rule) = model else {
        return None;
    };
    let Calibration::BudgetShare { share } = rule.calibration else {
        return None;
    };
    let [least, most] = advised_fixed_share();
    let size = share.checked_sub(share.clamp(least, most))?;
    if size.is_zero() {
        return None;
    }
    let message = format!(
        "the baselines earn {} of the budget; the DIP 3.0 draft advises {least} to {most}",
        share.normalize()
    );
    Some(Step {
        key: BUDGET_SHARE,
        size,
        message,
    })
}

/// The coefficients that hospitals can have, as far as the policy itself says.
struct Coefficients {
    /// The one of which the steps are told.
    example: Decimal,
    /// How it is called in messages.
    words: String,
}

impl Coefficients {
    /// The largest coefficient of the levels; 1.1 as an example where the inputs state them.
    fn of(source: &CoefficientSource) -> Self {
        let levels = match source {
            CoefficientSource::Level(levels) | CoefficientSource::Blend { levels, .. } => {
                levels.values().max().copied()
            }
            CoefficientSource::HospitalsInput | CoefficientSource::GroupMeans { .. } => None,
        };
        match levels {
            Some(largest) => Self {
                example: largest,
                words: format!("with the largest coefficient, {},", largest.normalize()),
            },
            None => Self {
                example: Decimal::new(11, 1),
                words: "with a coefficient of 1.1".to_owned(),
            },
        }
    }
}

/// What a low case at the threshold earns against a normal one there, with a coefficient of 1.
///
/// Every low rule pays the cost, `r × b`; a normal case earns `b`.
fn low_step(terms: &CaseTerms, coefficients: &Coefficients) -> Option<Step> {
    let low = terms.low_threshold.value();
    let size = Decimal::ONE.checked_sub(low)?;
    if size.is_zero() {
        return None;
    }
    let mut message = format!(
        "a case {} earns {} of the base points, one beyond earns all of them: a step of {}",
        at(terms.low_threshold),
        low.normalize(),
        size.normalize(),
    );
    if let Some(step) = low_step_with(terms, coefficients.example) {
        let words = &coefficients.words;
        message += &format!("; {words} a step of {}", step.normalize());
    }
    Some(Step {
        key: LOW_THRESHOLD,
        size,
        message,
    })
}

/// The step at the low threshold with a coefficient, where it is another one.
fn low_step_with(terms: &CaseTerms, k: Decimal) -> Option<Decimal> {
    let low = terms.low_threshold.value();
    // r × b is C / M × scale; where r is of RW × M × k, that is r × b × k.
    let by_cost = match terms.reference.has_coefficient() {
        false => low,
        true => low.checked_mul(k)?,
    };
    let earned = match terms.low_rule {
        LowRule::Ratio(CoefficientUse::With) => low.checked_mul(k)?,
        LowRule::Ratio(CoefficientUse::Without) => low,
        LowRule::PointsNoK | LowRule::ByActual { .. } => by_cost,
    };
    let step = k.checked_sub(earned)?;
    (k != Decimal::ONE).then_some(step)
}

/// The step at a high threshold K.
fn high_step(terms: &CaseTerms, threshold: Bound, coefficients: &Coefficients) -> Option<Step> {
    let multiple = threshold.value();
    let k = coefficients.example;
    let words = &coefficients.words;
    let place = format!("a case {}", at(threshold));
    let beyond = multiple.checked_sub(Decimal::ONE)?;
    let step =
        |key, size: Decimal, message| (!size.is_zero()).then_some(Step { key, size, message });
    match terms.high_rule {
        HighRule::LinearAdd { .. } | HighRule::Normal => None,
        HighRule::Deduct => {
            // At r = K: K − (K − 1) × k against k.
            let size = multiple.checked_mul(Decimal::ONE.checked_sub(k)?)?;
            let normal = size.normalize();
            let message = format!(
                "{place} earns K × (1 − k) of the base points more than a normal one: {words} \
                 a step of {normal}"
            );
            step(HIGH_RULE, size, message)
        }
        HighRule::Cap => {
            let size = beyond;
            let message = format!(
                "{place} earns {} times the normal points, one below earns them once: a step of {} \
                 of the base points",
                multiple.normalize(),
                size.normalize()
            );
            step(HIGH_THRESHOLDS, size, message)
        }
        HighRule::ByItemTop { preset_value } => {
            let preset = multiple
                .checked_mul(Decimal::from(terms.mean_cost_fen))?
                .checked_div(Decimal::from(terms.scale).checked_mul(Decimal::ONE_HUNDRED)?)?
                .checked_div(preset_value)?
                .round_dp_with_strategy(6, rust_decimal::RoundingStrategy::MidpointAwayFromZero);
            let size = preset.checked_sub(Decimal::ONE)?;
            let message = format!(
                "{place} is paid by item and earns {} times the base points: a step of {}",
                preset.normalize(),
                size.normalize()
            );
            step(HIGH_RULE, size, message)
        }
    }
}

/// The step where high cases become so dear that they earn the normal points again.
fn limit_step(terms: &CaseTerms) -> Option<Step> {
    let limit = terms.high_limit?;
    let HighRule::LinearAdd { alpha, .. } = terms.high_rule else {
        return None;
    };
    let smallest = terms
        .high_bands
        .iter()
        .map(|band| band.threshold.value())
        .min()?;
    let added = limit.value().checked_sub(smallest)?.checked_mul(alpha)?;
    let message = format!(
        "a case {} earns the normal points again: a step of {} of the base points",
        at(limit),
        (-added).normalize()
    );
    Some(Step {
        key: case::HIGH_LIMIT,
        size: -added,
        message,
    })
}

fn at(bound: Bound) -> String {
    let value = bound.value().normalize();
    match bound {
        Bound::LessThan(_) => format!("just below {value} of the reference cost"),
        Bound::AtMost(_) => format!("at {value} of the reference cost"),
        Bound::AtLeast(_) => format!("at {value} times the reference cost"),
        Bound::MoreThan(_) => format!("just above {value} times the reference cost"),
    }
}
