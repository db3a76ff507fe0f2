//! Integers as Parquet packs them: runs, bit-packed groups, and differences.

/// From how many equal values on a run is stored as one.
const MIN_RUN: usize = 24;
/// Values between two counts of a block of differences.
const BLOCK: usize = 128;
/// Values that share a width.
const MINI_BLOCK: usize = 32;

/// How many bits the numbers below `count` take.
pub(super) fn width_for(count: usize) -> u32 {
    usize::BITS - count.saturating_sub(1).leading_zeros()
}

/// Appends numbers of so many bits as runs and bit-packed groups of eight.
pub(super) fn put_hybrid(numbers: &[u32], width: u32, out: &mut Vec<u8>) {
    let mut packed_from = 0;
    let mut at = 0;
    while at < numbers.len() {
        let number = numbers[at];
        let run = numbers[at..].iter().take_while(|n| **n == number).count();
        if run < MIN_RUN {
            at = numbers.len().min(at + 8);
            continue;
        }
        put_packed(&numbers[packed_from..at], width, out);
        put_run((run, number), width, out);
        at += run;
        packed_from = at;
    }
    put_packed(&numbers[packed_from..], width, out);
}

/// Appends a number that comes so many times in a row.
pub(super) fn put_run((times, number): (usize, u32), width: u32, out: &mut Vec<u8>) {
    put_varint((times as u64) << 1, out);
    out.extend_from_slice(&number.to_le_bytes()[..width.div_ceil(8) as usize]);
}

/// Appends bits that are packed already, the lowest first.
pub(super) fn put_bits(bytes: &[u8], out: &mut Vec<u8>) {
    put_varint(((bytes.len() as u64) << 1) | 1, out);
    out.extend_from_slice(bytes);
}

fn put_packed(numbers: &[u32], width: u32, out: &mut Vec<u8>) {
    if numbers.is_empty() {
        return;
    }
    let groups = numbers.len().div_ceil(8);
    put_varint(((groups as u64) << 1) | 1, out);
    let end = out.len() + groups * width as usize;
    pack(numbers.iter().map(|number| u64::from(*number)), width, out);
    out.resize(end, 0);
}

/// Appends numbers of so many bits, the lowest bit first.
fn pack(numbers: impl Iterator<Item = u64>, width: u32, out: &mut Vec<u8>) {
    let mut word = 0_u64;
    let mut used = 0;
    for number in numbers {
        word |= number << used;
        used += width;
        if used >= 64 {
            out.extend_from_slice(&word.to_le_bytes());
            used -= 64;
            word = number.checked_shr(width - used).unwrap_or(0);
        }
    }
    out.extend_from_slice(&word.to_le_bytes()[..used.div_ceil(8) as usize]);
}

/// Appends numbers as their differences, in Parquet's encoding `DELTA_BINARY_PACKED`.
pub(super) fn put_differences(numbers: &[i64], out: &mut Vec<u8>) {
    put_varint(BLOCK as u64, out);
    put_varint((BLOCK / MINI_BLOCK) as u64, out);
    put_varint(numbers.len() as u64, out);
    put_signed(numbers.first().copied().unwrap_or(0), out);
    let mut differences = [0; BLOCK];
    // Each block begins with the last number of the one before it.
    for start in (0..numbers.len().saturating_sub(1)).step_by(BLOCK) {
        let numbers = &numbers[start..numbers.len().min(start + BLOCK + 1)];
        let count = numbers.len() - 1;
        for (difference, pair) in differences.iter_mut().zip(numbers.windows(2)) {
            *difference = pair[1].wrapping_sub(pair[0]);
        }
        put_block(&differences[..count], out);
    }
}

fn put_block(differences: &[i64], out: &mut Vec<u8>) {
    let least = *differences.iter().min().expect("no block is empty");
    put_signed(least, out);
    // Seen as bits, what is above the least one never wraps.
    let above = |difference: &i64| difference.wrapping_sub(least).cast_unsigned();
    let mut widths = [0_u32; BLOCK / MINI_BLOCK];
    for (width, mini) in widths.iter_mut().zip(differences.chunks(MINI_BLOCK)) {
        let bits = mini.iter().map(above).fold(0, |bits, number| bits | number);
        *width = u64::BITS - bits.leading_zeros();
    }
    out.extend(widths.map(|width| width.to_le_bytes()[0]));
    for (width, mini) in widths.into_iter().zip(differences.chunks(MINI_BLOCK)) {
        let end = out.len() + MINI_BLOCK / 8 * width as usize;
        pack(mini.iter().map(above), width, out);
        out.resize(end, 0);
    }
}

fn put_varint(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    out.push(number.to_le_bytes()[0]);
}

fn put_signed(number: i64, out: &mut Vec<u8>) {
    put_varint(((number << 1) ^ (number >> 63)).cast_unsigned(), out);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_width_holds_every_number_below_the_count() {
        let widths = [0, 1, 2, 3, 4, 5, 256, 257].map(width_for);
        assert_eq!(widths, [0, 0, 1, 2, 2, 3, 8, 9]);
    }

    #[test]
    fn numbers_are_packed_as_the_format_shows_it() {
        // The example of the format: 0 to 7 with three bits each.
        let mut out = Vec::new();
        put_hybrid(&[0, 1, 2, 3, 4, 5, 6, 7], 3, &mut out);
        assert_eq!(out, [0b11, 0b1000_1000, 0b1100_0110, 0b1111_1010]);
        let mut out = Vec::new();
        put_hybrid(&[5; 100], 3, &mut out);
        assert_eq!(out, [0xc8, 0x01, 5]);
    }

    #[test]
    fn differences_are_stored_as_the_format_shows_it() {
        // The first example of the format: 1 to 5 differ by one, so no bits are needed.
        let mut out = Vec::new();
        put_differences(&[1, 2, 3, 4, 5], &mut out);
        assert_eq!(out, [0x80, 1, 4, 5, 2, 2, 0, 0, 0, 0]);
        // The second one: the least difference is -2, the others are at most 3 above it.
        let mut out = Vec::new();
        put_differences(&[7, 5, 3, 1, 2, 3, 4, 5], &mut out);
        let head = [0x80, 1, 4, 8, 14, 3, 2, 0, 0, 0];
        assert_eq!(out[..10], head);
        assert_eq!(out[10..], [0b1100_0000, 0b11_1111, 0, 0, 0, 0, 0, 0]);
    }
}
