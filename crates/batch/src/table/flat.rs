//! The values of a flat column, as its pages will hold them.

use super::bits;
use arrow::array::{Array, ArrayRef, AsArray, BooleanBufferBuilder, DictionaryArray, StringArray};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::{
    ArrowDictionaryKeyType, ArrowNativeType, DataType, Decimal64Type, Int32Type, UInt16Type,
};
use parquet::basic::Encoding;
use parquet::data_type::ByteArray;
use parquet::file::statistics::{Statistics, ValueStatistics};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// The most distinct numbers of a row group that are worth a dictionary.
const MAX_NUMBERS: usize = 1 << 15;
/// The longest text that is quoted as a bound of a column.
const MAX_BOUND: usize = 64;

/// A column of some consecutive rows.
pub(super) struct Flat<'a> {
    pub(super) rows: usize,
    /// Which rows have a value; absent where all do.
    pub(super) present: Option<BooleanBuffer>,
    values: Values<'a>,
    has_bounds: bool,
}

/// The values of the rows that have one.
enum Values<'a> {
    /// Places in a dictionary.
    Coded(Vec<u32>, Dictionary),
    Numbers(Vec<i64>),
    Texts(Vec<&'a [u8]>),
}

/// Distinct values in the order in which they first come.
#[derive(Default)]
pub(super) struct Dictionary {
    /// As a page holds them.
    pub(super) bytes: Vec<u8>,
    pub(super) count: usize,
    numbers: Option<(i64, i64)>,
}

impl<'a> Flat<'a> {
    /// The column that these pieces make up, if it is one of those that are encoded here.
    pub(super) fn of(pieces: &'a [ArrayRef], is_unique: bool) -> Option<Self> {
        let rows = pieces.iter().map(|piece| piece.len()).sum();
        let absent: usize = pieces.iter().map(|piece| piece.null_count()).sum();
        let first = pieces.first().filter(|_| rows > 0)?;
        let values = match first.data_type() {
            DataType::Dictionary(key, value) if **value == DataType::Utf8 => match **key {
                DataType::UInt16 => coded::<UInt16Type>(pieces)?,
                DataType::Int32 => coded::<Int32Type>(pieces)?,
                _ => return None,
            },
            DataType::Decimal64(precision, _) if *precision > 9 => {
                let numbers = numbers(pieces);
                let dictionary = (!is_unique).then(|| coded_numbers(&numbers)).flatten();
                dictionary.unwrap_or(Values::Numbers(numbers))
            }
            DataType::Utf8 if is_unique || absent == rows => Values::Texts(texts(pieces)),
            _ => return None,
        };
        Some(Self {
            rows,
            present: (absent > 0).then(|| present(pieces)),
            values,
            has_bounds: !matches!(first.data_type(), DataType::Dictionary(_, _)),
        })
    }

    pub(super) const fn dictionary(&self) -> Option<&Dictionary> {
        match &self.values {
            Values::Coded(_, dictionary) => Some(dictionary),
            _ => None,
        }
    }

    pub(super) const fn encoding(&self) -> Encoding {
        match &self.values {
            Values::Coded(_, _) => Encoding::RLE_DICTIONARY,
            Values::Numbers(_) => Encoding::DELTA_BINARY_PACKED,
            Values::Texts(_) => Encoding::PLAIN,
        }
    }

    /// How many rows have no value.
    fn absent(&self) -> usize {
        let present = self.present.as_ref();
        present.map_or(0, |present| self.rows - present.count_set_bits())
    }

    /// Appends a page's values.
    pub(super) fn put(&self, values: Range<usize>, out: &mut Vec<u8>) {
        match &self.values {
            Values::Coded(codes, dictionary) => {
                let width = bits::width_for(dictionary.count);
                out.push(width.to_le_bytes()[0]);
                bits::put_hybrid(&codes[values], width, out);
            }
            Values::Numbers(numbers) => bits::put_differences(&numbers[values], out),
            Values::Texts(texts) => texts[values].iter().for_each(|text| put_text(text, out)),
        }
    }

    /// The bounds of the values. Every row group has nearly all codes, so bounds of coded texts
    /// would let no reader skip any and are left out.
    pub(super) fn statistics(&self) -> Option<Statistics> {
        let absent = Some(self.absent() as u64);
        let of_numbers = |bounds: Option<(i64, i64)>| {
            let (least, most) = bounds.unzip();
            let statistics = ValueStatistics::new(least, most, None, absent, false);
            Statistics::from(statistics.with_backwards_compatible_min_max(true))
        };
        match &self.values {
            _ if !self.has_bounds => None,
            Values::Coded(_, dictionary) => Some(of_numbers(dictionary.numbers)),
            Values::Numbers(numbers) => Some(of_numbers(bounds(numbers))),
            Values::Texts(texts) => {
                let (least, most) = (texts.iter().min(), texts.iter().max());
                let are_short = |text: &&&[u8]| text.len() <= MAX_BOUND;
                let (least, most) = match (least, most) {
                    (Some(least), Some(most)) if are_short(&least) && are_short(&most) => {
                        (Some(least.to_vec()), Some(most.to_vec()))
                    }
                    _ => (None, None),
                };
                let (least, most) = (least.map(ByteArray::from), most.map(ByteArray::from));
                Some(ValueStatistics::new(least, most, None, absent, false).into())
            }
        }
    }
}

fn present(pieces: &[ArrayRef]) -> BooleanBuffer {
    let mut present = BooleanBufferBuilder::new(pieces.iter().map(|piece| piece.len()).sum());
    for piece in pieces {
        match piece.nulls() {
            Some(nulls) => present.append_buffer(nulls.inner()),
            None => present.append_n(piece.len(), true),
        }
    }
    present.finish()
}

/// Numbers of all present values; each text of a dictionary is looked at once, not once a row.
fn coded<'a, K: ArrowDictionaryKeyType>(pieces: &'a [ArrayRef]) -> Option<Values<'a>> {
    let mut known: HashMap<&'a str, u32> = HashMap::new();
    let mut dictionary = Dictionary::default();
    let mut codes = Vec::with_capacity(pieces.iter().map(|piece| piece.len()).sum());
    // The number of each key of the texts that came last.
    let mut numbered: Vec<u32> = Vec::new();
    let mut last: Option<&ArrayRef> = None;
    for piece in pieces {
        let piece: &'a DictionaryArray<K> = piece.as_dictionary_opt()?;
        let texts: &'a StringArray = piece.values().as_string_opt()?;
        if texts.null_count() > 0 {
            return None;
        }
        if !last.is_some_and(|last| Arc::ptr_eq(last, piece.values())) {
            numbered.clear();
            numbered.resize(texts.len(), u32::MAX);
            last = Some(piece.values());
        }
        let mut code = |key: K::Native| {
            let slot = &mut numbered[key.as_usize()];
            if *slot == u32::MAX {
                let text = texts.value(key.as_usize());
                *slot = *known
                    .entry(text)
                    .or_insert_with(|| dictionary.add_text(text));
            }
            *slot
        };
        let keys = piece.keys();
        match keys.nulls().filter(|nulls| nulls.null_count() > 0) {
            None => codes.extend(keys.values().iter().map(|key| code(*key))),
            Some(nulls) => {
                for (from, to) in nulls.valid_slices() {
                    codes.extend(keys.values()[from..to].iter().map(|key| code(*key)));
                }
            }
        }
    }
    Some(Values::Coded(codes, dictionary))
}

impl Dictionary {
    fn next(&mut self) -> u32 {
        self.count += 1;
        u32::try_from(self.count - 1).expect("a row group has fewer rows than 2^32")
    }

    fn add_text(&mut self, text: &str) -> u32 {
        put_text(text.as_bytes(), &mut self.bytes);
        self.next()
    }

    fn add_number(&mut self, number: i64) -> u32 {
        self.bytes.extend_from_slice(&number.to_le_bytes());
        let (least, most) = self.numbers.unwrap_or((number, number));
        self.numbers = Some((least.min(number), most.max(number)));
        self.next()
    }
}

fn put_text(text: &[u8], out: &mut Vec<u8>) {
    let length = u32::try_from(text.len()).expect("Parquet texts are below 2 GiB");
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(text);
}

fn numbers(pieces: &[ArrayRef]) -> Vec<i64> {
    let mut numbers = Vec::with_capacity(pieces.iter().map(|piece| piece.len()).sum());
    for piece in pieces {
        let piece = piece.as_primitive::<Decimal64Type>();
        match piece.nulls().filter(|nulls| nulls.null_count() > 0) {
            None => numbers.extend_from_slice(piece.values()),
            Some(nulls) => {
                for (from, to) in nulls.valid_slices() {
                    numbers.extend_from_slice(&piece.values()[from..to]);
                }
            }
        }
    }
    numbers
}

/// How many numbers are found without asking the map.
const NEAR: usize = 1 << 12;

/// Numbers as places in a dictionary, unless too many are distinct.
fn coded_numbers(numbers: &[i64]) -> Option<Values<'static>> {
    let mut known: HashMap<i64, u32> = HashMap::new();
    let mut near = vec![(0, u32::MAX); NEAR];
    let mut dictionary = Dictionary::default();
    let mut codes = Vec::with_capacity(numbers.len());
    for number in numbers {
        let mixed = number.cast_unsigned().wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let place = usize::try_from(mixed >> (64 - NEAR.ilog2())).expect("twelve bits fit");
        let (seen, code) = near[place];
        if seen == *number && code != u32::MAX {
            codes.push(code);
            continue;
        }
        let entry = known.entry(*number);
        let code = *entry.or_insert_with(|| dictionary.add_number(*number));
        if dictionary.count > MAX_NUMBERS {
            return None;
        }
        near[place] = (*number, code);
        codes.push(code);
    }
    Some(Values::Coded(codes, dictionary))
}

fn bounds(numbers: &[i64]) -> Option<(i64, i64)> {
    let least = numbers.iter().min()?;
    Some((*least, *numbers.iter().max()?))
}

fn texts(pieces: &[ArrayRef]) -> Vec<&[u8]> {
    let pieces = pieces.iter().flat_map(|piece| piece.as_string::<i32>());
    pieces.flatten().map(str::as_bytes).collect()
}
