/// How many units of [`ln_fen`] make 1: fifteen decimals.
pub const LN_UNITS: i64 = 1_000_000_000_000_000;

/// ln 2 with 62 binary places.
const LN_2: i64 = 3_196_577_161_300_663_915;
const BINARY_PLACES: u32 = 62;
const ONE: i64 = 1 << BINARY_PLACES;
/// The last odd power of z that counts: z is at most 3 − 2√2, and its 25th power is below 2^-63.
const LAST_POWER: i64 = 25;

/// The natural logarithm of a number of fen, in units of 10^-15, rounded to the nearest from a
/// value that is exact to 10^-17: a result differs from the truth by less than one unit.
///
/// The number is x = m × 2^e with m between 1/√2 and √2, and
/// ln m = 2 (z + z³/3 + z⁵/5 + …) with z = (m − 1) / (m + 1), which is at most 0.172.
///
/// # Panics
/// For a number that is not above zero; such costs are left out before.
#[must_use]
#[expect(
    clippy::arithmetic_side_effects,
    reason = "every number stays below 2^63, or 2^127 where it is a product; see the ranges"
)]
pub fn ln_fen(fen: i64) -> i64 {
    assert!(fen > 0, "a cost that is not above zero has no logarithm");
    let (mantissa, exponent) = split(fen);
    // Both are below 2^63: the mantissa lies between ONE/√2 and ONE×√2.
    let (above, below) = (
        i128::from(mantissa - ONE),
        i128::from(mantissa) + i128::from(ONE),
    );
    let z = (above << BINARY_PLACES) / below;
    let square = (z * z) >> BINARY_PLACES;
    let (mut power, mut sum) = (z, z);
    let mut odd = 3;
    while odd <= LAST_POWER {
        power = (power * square) >> BINARY_PLACES;
        sum += power / i128::from(odd);
        odd += 2;
    }
    let ln = i128::from(exponent) * i128::from(LN_2) + 2 * sum;
    let half = 1_i128 << (BINARY_PLACES - 1);
    let units = (ln * i128::from(LN_UNITS) + half) >> BINARY_PLACES;
    i64::try_from(units).expect("a logarithm of 63 bits is below 44")
}

/// The number as mantissa × 2^exponent, the mantissa with 62 binary places, near 1.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "shifts by the number of leading zeros keep the number in 63 bits"
)]
const fn split(fen: i64) -> (i64, i32) {
    /// √2 with 62 binary places.
    const ROOT_OF_TWO: i64 = 6_521_908_912_666_391_106;
    let bits = 63 - fen.leading_zeros();
    // A number of 63 bits already has 62 places after its first.
    let mantissa = fen << (BINARY_PLACES - bits);
    let exponent = bits.cast_signed();
    if mantissa > ROOT_OF_TWO {
        (mantissa >> 1, exponent + 1)
    } else {
        (mantissa, exponent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(fen: i64, expected: i64) {
        let difference = ln_fen(fen).abs_diff(expected);
        assert!(difference <= 1, "ln {fen} is off by {difference}");
    }

    /// The expected values were computed with sixty decimals by another program.
    #[test]
    fn logarithms_are_true_to_the_last_unit() {
        check(1, 0);
        check(2, 693_147_180_559_945);
        check(3, 1_098_612_288_668_109);
        check(10, 2_302_585_092_994_045);
        check(99, 4_595_119_850_134_589);
        check(12_345, 9_421_006_401_779_279);
        check(1_000_000, 13_815_510_557_964_274);
        check(1_234_567_890_123, 27_841_742_138_243_830);
        check(i64::MAX, 43_668_272_375_276_554);
    }

    #[test]
    fn the_logarithm_of_a_product_is_the_sum() {
        for (a, b) in [(7, 11), (12_345, 678_901), (999_983, 1_000_003)] {
            let difference = ln_fen(a * b) - ln_fen(a) - ln_fen(b);
            assert!(difference.abs() <= 2, "{a} × {b}: {difference}");
        }
    }
}
