use std::fmt;
use std::str::FromStr;

/// An amount of money in yuan, held as whole fen (分).
///
/// There are no operators: every sum is a named, checked method, and there is no product, since
/// a product needs a rounding rule and therefore belongs to the stage that knows the rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Yuan(i64);

/// What can be wrong with an amount of money.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The sum does not fit into 64 bits of fen (about 92 quadrillion yuan).
    #[error("the sum of {0} and {1} yuan is too large")]
    Overflow(Yuan, Yuan),
    /// The value does not fit into 64 bits of fen.
    #[error("{0} fen is too large an amount")]
    TooLarge(i128),
    /// The text is not an amount with at most two decimals.
    #[error("{0:?} is not an amount of yuan with at most two decimals")]
    NotAnAmount(String),
}

impl Yuan {
    /// No money.
    pub const ZERO: Self = Self(0);

    /// An amount given in fen.
    #[must_use]
    pub const fn from_fen(fen: i64) -> Self {
        Self(fen)
    }

    /// An amount given in fen, from a wider integer.
    pub fn try_from_fen(fen: i128) -> Result<Self, MoneyError> {
        i64::try_from(fen)
            .map(Self)
            .map_err(|_| MoneyError::TooLarge(fen))
    }

    /// The amount in fen.
    #[must_use]
    pub const fn fen(self) -> i64 {
        self.0
    }

    /// The sum of two amounts.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        self.0
            .checked_add(other.0)
            .map(Self)
            .ok_or(MoneyError::Overflow(self, other))
    }

    /// What remains of this amount without the other.
    pub fn minus(self, other: Self) -> Result<Self, MoneyError> {
        self.0
            .checked_sub(other.0)
            .map(Self)
            .ok_or(MoneyError::Overflow(self, other))
    }

    /// The exact sum of many amounts; the order does not matter.
    pub fn total(amounts: impl IntoIterator<Item = Self>) -> Result<Self, MoneyError> {
        let mut sum: i128 = 0;
        for amount in amounts {
            // 2^64 amounts of 2^63 fen fit into i128, so this sum cannot overflow.
            sum = sum.wrapping_add(i128::from(amount.0));
        }
        Self::try_from_fen(sum)
    }

    /// Whether the amount is below zero.
    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }
}

impl fmt::Display for Yuan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let fen = self.0.unsigned_abs();
        f.pad(&format!("{sign}{}.{:02}", fen / 100, fen % 100))
    }
}

impl FromStr for Yuan {
    type Err = MoneyError;

    /// Reads decimal text with at most two decimals, such as `-12.5`; no exponent, no separators.
    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let wrong = || MoneyError::NotAnAmount(text.to_owned());
        let (sign, digits) = match text.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || fraction.len() > 2 || !all_digits(whole) || !all_digits(fraction) {
            return Err(wrong());
        }
        let yuan: i128 = whole.parse().map_err(|_| wrong())?;
        let fen: i128 = format!("{fraction:0<2}").parse().map_err(|_| wrong())?;
        let total = yuan
            .checked_mul(100)
            .and_then(|y| y.checked_add(fen))
            .ok_or_else(wrong)?;
        Self::try_from_fen(total.checked_mul(sign).ok_or_else(wrong)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, fen: i64, shown: &str) {
        let amount: Yuan = text.parse().unwrap();
        assert_eq!(amount, Yuan::from_fen(fen));
        assert_eq!(amount.to_string(), shown);
    }

    #[test]
    fn amounts_are_read_and_shown_to_the_fen() {
        check("0", 0, "0.00");
        check("12.5", 1250, "12.50");
        check("-0.05", -5, "-0.05");
        check(
            "99999999999999.99",
            9_999_999_999_999_999,
            "99999999999999.99",
        );
    }

    #[test]
    fn amounts_that_would_need_rounding_or_guessing_are_refused() {
        for text in ["", "-", ".5", "1.234", "1e3", "1,000", " 1", "1.-2", "+1"] {
            assert_eq!(
                text.parse::<Yuan>(),
                Err(MoneyError::NotAnAmount(text.to_owned()))
            );
        }
        assert!("92233720368547758.08".parse::<Yuan>().is_err());
    }

    #[test]
    fn sums_that_do_not_fit_are_errors() {
        let most = Yuan::from_fen(i64::MAX);
        assert!(most.plus(Yuan::from_fen(1)).is_err());
        assert!(Yuan::from_fen(i64::MIN).minus(Yuan::from_fen(1)).is_err());
        assert!(Yuan::total([most, most]).is_err());
        assert_eq!(
            Yuan::total([most, Yuan::from_fen(-1)]),
            Ok(Yuan::from_fen(i64::MAX - 1))
        );
    }
}
