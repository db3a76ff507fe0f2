//! Comparisons of a condition.

use super::token::Token;
use crate::rule::{Comparison, NumberField, Predicate, Rule};
use drgdip_claims::Sex;

/// Numbers are whole counts of this part of one.
const PARTS: i64 = 1000;
/// The days of a month, as the front sheet (病案首页) counts the age of infants.
const DAYS_OF_A_MONTH: i64 = 30;

/// What stands on one side of a comparison, or alone.
#[derive(Clone, Debug)]
pub(super) enum Value<'a> {
    Rule(Rule),
    Field(Field),
    /// In thousandths.
    Number(i64),
    Text(&'a str),
}

impl Value<'_> {
    /// The value as a condition; `None` for what is none.
    pub(super) fn into_rule(self) -> Option<Rule> {
        match self {
            Self::Rule(rule) => Some(rule),
            Self::Number(0) => Some(Rule::False),
            Self::Number(PARTS) => Some(Rule::True),
            _ => None,
        }
    }
}

/// A field of the case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Gender,
    /// A number with how many of our units one of it is.
    Number(NumberField, i64),
}

impl Field {
    pub(super) fn of(word: &str) -> Option<Self> {
        Some(match word {
            "gender" => Self::Gender,
            "age" => Self::Number(NumberField::AgeYears, 1),
            "newborn_age_month" => Self::Number(NumberField::AgeDays, DAYS_OF_A_MONTH),
            "newborn_birth_weight" => Self::Number(NumberField::BirthWeightG, 1),
            "in_hospital_day" => Self::Number(NumberField::StayDays, 1),
            _ => return None,
        })
    }
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    Is(Comparison),
    Differs,
}

impl Sign {
    pub(super) fn of(token: Token<'_>) -> Option<Self> {
        let Token::Sign(sign) = token else {
            return None;
        };
        match sign {
            "==" => Some(Self::Is(Comparison::Equal)),
            "!=" => Some(Self::Differs),
            "=" => None,
            _ => {
                let mut all = Comparison::ALL.into_iter();
                all.find(|comparison| comparison.sign() == sign)
                    .map(Self::Is)
            }
        }
    }

    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Is(Comparison::Equal) => "==",
            Self::Is(comparison) => comparison.sign(),
            Self::Differs => "!=",
        }
    }

    /// The sign with the sides exchanged.
    const fn turned(self) -> Self {
        match self {
            Self::Is(Comparison::AtLeast) => Self::Is(Comparison::AtMost),
            Self::Is(Comparison::AtMost) => Self::Is(Comparison::AtLeast),
            Self::Is(Comparison::MoreThan) => Self::Is(Comparison::LessThan),
            Self::Is(Comparison::LessThan) => Self::Is(Comparison::MoreThan),
            other => other,
        }
    }
}

/// A number in thousandths; `None` when it has more decimals or is too large.
pub(super) fn number(text: &str) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text),
    };
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_plain(whole) || !is_plain(decimals) || decimals.len() > 3 {
        return None;
    }
    let whole: i64 = whole.parse().ok()?;
    let decimals: i64 = format!("{decimals:0<3}").parse().ok()?;
    let number = whole.checked_mul(PARTS)?.checked_add(decimals)?;
    Some(sign * number)
}

/// The rule that a comparison is; `None` for one that has no meaning.
pub(super) fn rule(left: &Value<'_>, sign: Sign, right: &Value<'_>) -> Option<Rule> {
    match (left, right) {
        (Value::Field(field), value) => field_rule(*field, sign, value),
        (value, Value::Field(field)) => field_rule(*field, sign.turned(), value),
        (Value::Rule(rule), value) | (value, Value::Rule(rule)) => {
            let expected = truth(value)?;
            let is_same = match sign {
                Sign::Is(Comparison::Equal) => expected,
                Sign::Differs => !expected,
                Sign::Is(_) => return None,
            };
            Some(if is_same {
                rule.clone()
            } else {
                not(rule.clone())
            })
        }
        _ => None,
    }
}

/// A constant that a condition is compared with.
const fn truth(value: &Value<'_>) -> Option<bool> {
    match value {
        Value::Number(PARTS) | Value::Rule(Rule::True) => Some(true),
        Value::Number(0) | Value::Rule(Rule::False) => Some(false),
        _ => None,
    }
}

fn field_rule(field: Field, sign: Sign, value: &Value<'_>) -> Option<Rule> {
    let value = match value {
        Value::Number(number) => *number,
        Value::Text(text) => number(text.trim())?,
        _ => return None,
    };
    match field {
        Field::Gender => sex_rule(sign, value),
        Field::Number(field, units) => number_rule((field, units), sign, value),
    }
}

fn sex_rule(sign: Sign, value: i64) -> Option<Rule> {
    const MALE: i64 = PARTS;
    const FEMALE: i64 = 2 * PARTS;
    let sex = match value {
        MALE => Sex::Male,
        FEMALE => Sex::Female,
        _ => return None,
    };
    let is_sex = Rule::Is(Predicate::SexIs(sex));
    match sign {
        Sign::Is(Comparison::Equal) => Some(is_sex),
        Sign::Differs => Some(not(is_sex)),
        Sign::Is(_) => None,
    }
}

/// Compares a whole number of ours; between two whole numbers the bound moves to the next one.
fn number_rule((field, units): (NumberField, i64), sign: Sign, value: i64) -> Option<Rule> {
    let is_whole = value % PARTS == 0;
    if units == 1 && !is_whole {
        return None;
    }
    let value = value.checked_mul(units)?;
    let (floor, is_whole) = (value.div_euclid(PARTS), value % PARTS == 0);
    let ceiling = if is_whole { floor } else { floor + 1 };
    let compared = |comparison, bound| Rule::Is(Predicate::Number(field, comparison, bound));
    let is_present = || compared(Comparison::AtLeast, 0);
    Some(match sign {
        // An absent number is −1 there, and there is no other below 0.
        Sign::Is(Comparison::Equal) if value == -PARTS * units => not(is_present()),
        Sign::Differs if value == -PARTS * units => is_present(),
        Sign::Is(Comparison::LessThan) if ceiling <= 0 => not(is_present()),
        Sign::Is(Comparison::AtMost) if floor < 0 => not(is_present()),
        Sign::Is(Comparison::MoreThan) if floor < 0 => is_present(),
        Sign::Is(comparison @ (Comparison::LessThan | Comparison::AtLeast)) => {
            compared(comparison, ceiling)
        }
        Sign::Is(comparison @ (Comparison::MoreThan | Comparison::AtMost)) => {
            compared(comparison, floor)
        }
        Sign::Is(Comparison::Equal) if is_whole => compared(Comparison::Equal, floor),
        Sign::Is(Comparison::Equal) => Rule::False,
        Sign::Differs if is_whole => not(compared(Comparison::Equal, floor)),
        Sign::Differs => Rule::True,
    })
}

fn not(rule: Rule) -> Rule {
    Rule::Not(Box::new(rule))
}
