use super::*;
use arrow::array::{
    AsArray, Decimal64Array, DictionaryArray, Int32Array, ListArray, StringArray, UInt16Array,
};
use arrow::datatypes::{Int32Type, UInt16Type};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::reader::{FileReader, SerializedFileReader};
use std::fs::File;

const MONEY: DataType = DataType::Decimal64(16, 2);

/// Writes one row group of one column and reads it again, as the readers of others see it.
fn written(field: Field, is_unique: bool, pieces: &[ArrayRef]) -> (Vec<u8>, ArrayRef) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.parquet");
    let unique = [field.name().clone()];
    let unique: Vec<&str> = unique
        .iter()
        .filter(|_| is_unique)
        .map(String::as_str)
        .collect();
    let (mut writer, encoder) = create(&path, Schema::new(vec![field]), &unique).unwrap();
    writer
        .append(encoder.encode(0, 0, &[pieces.to_vec()]).unwrap())
        .unwrap();
    writer.finish().unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(&path).unwrap()).unwrap();
    let batches: Vec<ArrayRef> = reader
        .with_batch_size(1 << 20)
        .build()
        .unwrap()
        .map(|batch| batch.unwrap().column(0).clone())
        .collect();
    assert_eq!(batches.len(), 1);
    (std::fs::read(&path).unwrap(), batches[0].clone())
}

fn amounts(values: &[Option<i64>]) -> ArrayRef {
    let array: Decimal64Array = values.iter().copied().collect();
    Arc::new(array.with_data_type(MONEY))
}

/// Amounts come back as they were, whether or not they are said to repeat, and however they are
/// cut into pieces.
#[track_caller]
fn check_amounts(values: &[Option<i64>]) {
    for is_unique in [true, false] {
        let field = || Field::new("amount", MONEY, true);
        let whole = [amounts(values)];
        let (bytes, read) = written(field(), is_unique, &whole);
        let read = arrow::compute::cast(&read, &DataType::Decimal128(16, 2)).unwrap();
        let read = read.as_primitive::<arrow::datatypes::Decimal128Type>();
        let read: Vec<_> = read.iter().collect();
        let expected: Vec<_> = values.iter().map(|v| v.map(i128::from)).collect();
        assert!(
            read == expected,
            "{} values, unique: {is_unique}",
            values.len()
        );
        let cut = values.len() / 3;
        let pieces = [amounts(&values[..cut]), amounts(&values[cut..])];
        assert!(written(field(), is_unique, &pieces).0 == bytes);
    }
}

/// Numbers without a plain pattern, of so many bits.
fn scattered(count: u64, bits: u32) -> Vec<i64> {
    let mixed = (1..=count).map(|n| n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - bits));
    mixed.map(u64::cast_signed).collect()
}

#[test]
fn amounts_come_back() {
    let all = |values: Vec<i64>| values.into_iter().map(Some).collect::<Vec<_>>();
    check_amounts(&[Some(5)]);
    check_amounts(&[None]);
    check_amounts(&[None, Some(-3)]);
    check_amounts(&all(vec![7; 40_000]));
    check_amounts(&all(scattered(131_072, 30)));
    check_amounts(&all(scattered(5_000, 64)));
    check_amounts(&all(scattered(70_001, 9)));
    check_amounts(&all(vec![i64::MIN, i64::MAX, 0, -1, i64::MAX, i64::MIN]));
    check_amounts(&[None; 33_000]);
}

#[test]
fn absent_amounts_come_back_at_their_places() {
    let values = scattered(100_003, 20);
    let holes = values.iter().enumerate();
    let holes = holes.map(|(row, value)| (row % 7 != 3 && row / 40_000 != 1).then_some(*value));
    check_amounts(&holes.collect::<Vec<_>>());
}

fn texts(array: &ArrayRef) -> Vec<Option<String>> {
    let texts = arrow::compute::cast(array, &DataType::Utf8).unwrap();
    let texts = texts.as_string::<i32>().iter();
    texts.map(|text| text.map(str::to_owned)).collect()
}

#[test]
fn codes_come_back_by_their_texts() {
    let names: ArrayRef = Arc::new(StringArray::from(vec!["b", "a", "b", "", "e"]));
    for absent in [0, 9] {
        let keys = scattered(90_000, 16).into_iter().map(|key| {
            let key = key % 5;
            (absent == 0 || key * 7 % absent != 1).then(|| u16::try_from(key).unwrap())
        });
        let keys: UInt16Array = keys.collect();
        let array = DictionaryArray::<UInt16Type>::new(keys, names.clone());
        let array: ArrayRef = Arc::new(array);
        let field = || Field::new("code", array.data_type().clone(), true);
        let (bytes, read) = written(field(), false, std::slice::from_ref(&array));
        assert!(texts(&read) == texts(&array));
        let pieces = [array.slice(0, 3), array.slice(3, 0), array.slice(3, 89_997)];
        assert!(written(field(), false, &pieces).0 == bytes);
    }
}

#[test]
fn codes_of_several_dictionaries_share_one() {
    let piece = |keys: Vec<i32>, names: Vec<&str>| -> ArrayRef {
        let names = Arc::new(StringArray::from(names));
        Arc::new(DictionaryArray::<Int32Type>::new(
            Int32Array::from(keys),
            names,
        ))
    };
    let one = [piece(vec![0, 1, 0, 2], vec!["x", "y", "z"])];
    let two = [
        piece(vec![1, 0], vec!["y", "x"]),
        piece(vec![2, 0], vec!["z", "w", "x"]),
    ];
    let field = || Field::new("hospital", one[0].data_type().clone(), true);
    let expected = ["x", "y", "x", "z"].map(|text| Some(text.to_owned()));
    let (bytes, read) = written(field(), false, &one);
    assert_eq!(texts(&read), expected);
    assert!(written(field(), false, &two).0 == bytes);
}

#[test]
fn unique_and_absent_texts_come_back() {
    let ids = (0..40_000).map(|n| (n % 11 != 5).then(|| format!("case {}", n * 7919 % 40_009)));
    let ids: ArrayRef = Arc::new(ids.collect::<StringArray>());
    let field = || Field::new("id", DataType::Utf8, true);
    assert!(texts(&written(field(), true, std::slice::from_ref(&ids)).1) == texts(&ids));
    let none: ArrayRef = Arc::new(StringArray::new_null(70_000));
    assert!(texts(&written(field(), false, std::slice::from_ref(&none)).1) == texts(&none));
}

#[test]
fn bounds_and_absent_values_are_told_but_of_codes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.parquet");
    let list = DataType::new_list(DataType::Int32, true);
    let ids: ArrayRef = Arc::new(StringArray::from(vec!["b", "a", "c"]));
    let numbers = [vec![Some(1)], vec![], vec![None, Some(3)]].map(Some);
    let numbers: ArrayRef = Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>(numbers));
    let schema = Schema::new(vec![
        Field::new("numbers", list, true),
        Field::new("id", DataType::Utf8, false),
        Field::new("amount", MONEY, true),
    ]);
    let (mut writer, encoder) = create(&path, schema, &["id"]).unwrap();
    let columns = [
        vec![numbers],
        vec![ids],
        vec![amounts(&[Some(4), None, Some(-2)])],
    ];
    let spill = Spill::new(folder.path()).unwrap();
    let encoder = encoder.with_spill(spill);
    let mut chunks = encoder.encode(0, 0, &columns[..1]).unwrap();
    chunks.extend(encoder.encode(0, 1, &columns[1..]).unwrap());
    writer.append(chunks).unwrap();
    writer.finish().unwrap();
    let file = SerializedFileReader::new(File::open(&path).unwrap()).unwrap();
    let row_group = file.metadata().row_group(0);
    let statistics = |column: usize| row_group.column(column).statistics().unwrap().clone();
    assert_eq!(statistics(1).min_bytes_opt(), Some(&b"a"[..]));
    assert_eq!(statistics(1).max_bytes_opt(), Some(&b"c"[..]));
    assert_eq!(
        statistics(2).min_bytes_opt(),
        Some(&(-2_i64).to_le_bytes()[..])
    );
    assert_eq!(
        statistics(2).max_bytes_opt(),
        Some(&4_i64.to_le_bytes()[..])
    );
    assert_eq!(statistics(2).null_count_opt(), Some(1));
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(&path).unwrap()).unwrap();
    let batch = reader.build().unwrap().next().unwrap().unwrap();
    assert_eq!(batch.column(0).as_list::<i32>().value_length(2), 2);
    assert_eq!(
        texts(batch.column(1)),
        ["b", "a", "c"].map(|t| Some(t.to_owned()))
    );
}
