//! Candidates for groups of their own, on claims whose right verdict is known.

use arrow::array::{Array, Int32Array, StringBuilder, StructArray};
use arrow::array::{ArrayRef, Date32Array, Decimal128Array, ListBuilder, RecordBatch, StringArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field};
use drgdip_batch::verify::verify;
use drgdip_batch::{
    CandidateRow, CandidatesJob, CandidatesSummary, ReadOptions, Silent, candidates,
};
use drgdip_tests::{Drug, example_policy, item_column, national};
use jiff::civil::date;
use parquet::arrow::ArrowWriter;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A claim: hospital, cost in yuan, the code of an item, another procedure.
struct Row {
    hospital: u32,
    cost: i128,
    item: Option<&'static str>,
    procedure: Option<&'static str>,
    drug: Option<Drug>,
}

const ITEM: &str = "EXAMPLE-C-0101";
const DRUG: &str = "EXAMPLE-X-0102";

/// Cases of one medical group: 200 ordinary ones, 60 dear ones with a consumable in four
/// hospitals, 60 ordinary ones with a drug, and two with a procedure.
fn history() -> Vec<Row> {
    let row = |number: u32, cost: i128, item| Row {
        hospital: number % 4,
        cost,
        item,
        procedure: None,
        drug: None,
    };
    let mut rows = Vec::new();
    rows.extend((0..200).map(|n| row(n, 9_000 + 10 * i128::from(n), None)));
    rows.extend((0..60).map(|n| row(n, 20_000 + 10 * i128::from(n), Some(ITEM))));
    rows.extend((0..60).map(|n| row(n, 9_500 + 10 * i128::from(n), Some(DRUG))));
    rows
}

fn decimals(fen: impl Iterator<Item = i128>) -> Decimal128Array {
    Decimal128Array::from_iter_values(fen)
        .with_precision_and_scale(16, 2)
        .unwrap()
}

/// The column of items: a list of structs of code and cost.
fn items(rows: &[Row]) -> ArrayRef {
    let present: Vec<&Row> = rows.iter().filter(|row| row.item.is_some()).collect();
    let codes: StringArray = present.iter().map(|row| row.item).collect();
    let costs = decimals(present.iter().map(|row| row.cost * 50));
    let fields = vec![
        Field::new("code", DataType::Utf8, true),
        Field::new("cost", DataType::Decimal128(16, 2), true),
    ];
    let columns: Vec<ArrayRef> = vec![Arc::new(codes), Arc::new(costs)];
    let values = StructArray::new(fields.into(), columns, None);
    let lengths = rows.iter().map(|row| usize::from(row.item.is_some()));
    let field = Field::new_list_field(values.data_type().clone(), true);
    let offsets = OffsetBuffer::from_lengths(lengths);
    let list = arrow::array::ListArray::new(Arc::new(field), offsets, Arc::new(values), None);
    Arc::new(list)
}

/// The other procedures, or as many empty lists.
fn lists(rows: &[Row], is_procedures: bool) -> ArrayRef {
    let mut lists = ListBuilder::new(StringBuilder::new());
    for row in rows {
        if let Some(code) = row.procedure.filter(|_| is_procedures) {
            lists.values().append_value(code);
        }
        lists.append(true);
    }
    Arc::new(lists.finish())
}

fn write(path: &Path, rows: &[Row]) {
    let text = |of: &dyn Fn(usize, &Row) -> Option<String>| -> ArrayRef {
        let texts = rows.iter().enumerate().map(|(number, row)| of(number, row));
        Arc::new(texts.collect::<StringArray>())
    };
    let whole = |number: i32| -> ArrayRef { Arc::new(Int32Array::from(vec![number; rows.len()])) };
    let all = |word: &str| text(&|_, _| Some(word.to_owned()));
    let mut columns: Vec<(&str, ArrayRef)> = vec![
        ("case_id", text(&|number, _| Some(format!("C{number:05}")))),
        (
            "hospital_id",
            text(&|_, row| Some(format!("H{}", row.hospital))),
        ),
        ("sex", all("1")),
        ("age_years", whole(60)),
        ("stay_days", whole(8)),
        ("discharge_way", all("1")),
        ("principal_diagnosis", all("I10.x00x002")),
        ("other_diagnoses", lists(rows, false)),
        ("other_procedures", lists(rows, true)),
        (
            "total_cost",
            Arc::new(decimals(rows.iter().map(|row| row.cost * 100))),
        ),
        ("new_tech_items", items(rows)),
    ];
    let drugs: Vec<Option<Drug>> = rows.iter().map(|row| row.drug).collect();
    if drugs.iter().any(Option::is_some) {
        let day = (date(2026, 6, 1) - date(1970, 1, 1)).get_days();
        let days = Date32Array::from(vec![day; rows.len()]);
        columns.push(("discharge_date", Arc::new(days)));
        columns.push(("negotiated_drugs", item_column(&drugs)));
    }
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), None);
    let writer = writer.as_mut().unwrap();
    writer.write(&batch).unwrap();
    writer.finish().unwrap();
}

fn find(claims: &[PathBuf], out: Option<&Path>) -> CandidatesSummary {
    let policy = example_policy();
    let job = CandidatesJob {
        claims,
        plan: national(),
        policy: &policy.policy,
        policy_files: &policy.files,
        date: date(2026, 10, 31),
        out,
        read: ReadOptions::default(),
        threads: Some(2),
    };
    candidates(&job, &Silent).unwrap()
}

fn missed(row: &CandidateRow) -> Vec<&'static str> {
    let verdict = row.split.verdict.iter();
    let missed = verdict.filter(|(_, is_reached)| !is_reached);
    missed.map(|(criterion, _)| criterion.code()).collect()
}

#[test]
fn a_dear_technology_at_scale_gets_a_group_and_others_do_not() {
    let folder = tempfile::tempdir().unwrap();
    let claims = [folder.path().join("history.parquet")];
    let mut rows = history();
    // Two cases with the procedure, whose lists are the only ones that are not empty.
    for row in rows.iter_mut().skip(100).take(2) {
        row.procedure = Some("17.4200");
    }
    write(&claims[0], &rows);
    let out = folder.path().join("candidates");
    let found = find(&claims, Some(&out));
    assert_eq!(found.rows, 320);
    assert_eq!(verify(&out, &Silent).unwrap().mismatches, []);
    let of = |technology: &str| {
        let mut rows = found.candidates.iter();
        rows.find(|row| row.technology == technology).unwrap()
    };
    let consumable = of("add-on-consumable");
    assert_eq!(missed(consumable), [""; 0], "{:?}", consumable.split);
    // The policy trims 2.5 % at both ends, so the eight dearest of the 320 cases are not looked at.
    assert_eq!(consumable.split.new.spread.cases(), 52);
    assert_eq!(consumable.split.rest.spread.cases(), 252);
    assert_eq!(consumable.split.new.hospitals, 4);
    let new_group = format!("{}_n", consumable.group);
    assert_eq!(consumable.new_group.as_deref(), Some(new_group.as_str()));
    let drug = of("carved-out-drug");
    assert_eq!(drug.new_group, None);
    assert!(missed(drug).contains(&"mean_ratio"), "{:?}", missed(drug));
    assert_eq!(of("raised-robot").split.new.spread.cases(), 2);
    assert_eq!(found.unseen, ["last-years-service"]);
    assert_eq!(found.notes, [""; 0]);

    // The overlay is a plan: the new group stands just before its base, with the flag.
    let overlay = drgdip_tables::load_plan(out.join("overlay").to_str().unwrap()).unwrap();
    let groups = overlay.plan.adrgs().find_map(|(_, adrg)| {
        let codes: Vec<&str> = adrg.drgs.iter().map(|drg| drg.code.as_str()).collect();
        let place = codes.iter().position(|code| *code == new_group)?;
        Some((
            codes[place + 1].to_owned(),
            adrg.drgs[place].rule.text.clone(),
        ))
    });
    let (after, rule) = groups.unwrap();
    assert_eq!(after, consumable.group);
    assert!(rule.ends_with("new_tech"), "{rule}");
    // Total points stay, but for the rounding of two weights.
    let weights = overlay.plan.weights_by_group();
    let weight = |group: &str| i128::from(weights[group].ten_thousandths);
    let after = 52 * weight(&new_group) + 252 * weight(&consumable.group);
    let before = 304 * i128::from(consumable.weight.unwrap());
    let difference = i128::from(consumable.split.weight_difference);
    assert_eq!(before - after, difference);
    assert!(difference.abs() <= 152, "{difference}");
    let listed = fs::read_to_string(out.join("candidates.csv")).unwrap();
    assert_eq!(listed.lines().count(), 1 + found.candidates.len());
    assert!(listed.starts_with("technology,name,group,"));
}

#[test]
fn cases_that_are_dear_by_a_negotiated_drug_alone_need_no_group() {
    let folder = tempfile::tempdir().unwrap();
    let claims = [folder.path().join("history.parquet")];
    let mut rows = history();
    // Of 20,000 + 10 n yuan, 10,000 are for a drug whose line pays it.
    for row in rows.iter_mut().filter(|row| row.item == Some(ITEM)) {
        row.drug = Some(("XN01A000001", 1_000_000));
    }
    write(&claims[0], &rows);
    let found = find(&claims, None);
    let mut rows = found.candidates.iter();
    let row = rows.find(|row| row.technology == "add-on-consumable");
    let row = row.unwrap();
    assert_eq!(row.new_group, None);
    assert!(missed(row).contains(&"mean_ratio"), "{:?}", row.split);
    // Without the drug all 60 cost between 10,000 and 10,590 yuan, and what is trimmed at the ends
    // of 9,000 to 10,990 lies beyond them.
    assert_eq!(row.split.new.spread.cases(), 60);
}

#[test]
fn without_a_folder_the_same_is_found_and_nothing_written() {
    let folder = tempfile::tempdir().unwrap();
    let claims = [folder.path().join("history.parquet")];
    write(&claims[0], &history());
    let out = folder.path().join("out");
    let written = find(&claims, Some(&out)).json();
    assert_eq!(written["usable"], 320);
    assert_eq!(find(&claims, None).json(), written);
}

#[test]
fn a_few_cases_in_one_hospital_reach_too_little() {
    let folder = tempfile::tempdir().unwrap();
    let claims = [folder.path().join("history.parquet")];
    let mut rows = history();
    let used = rows.iter_mut().filter(|row| row.item == Some(ITEM));
    for (number, row) in used.enumerate() {
        row.hospital = 0;
        row.item = (number < 20).then_some(ITEM);
    }
    write(&claims[0], &rows);
    let found = find(&claims, None);
    let mut rows = found.candidates.iter();
    let row = rows
        .find(|row| row.technology == "add-on-consumable")
        .unwrap();
    let missed = missed(row);
    assert!(
        missed.contains(&"cases") && missed.contains(&"hospitals"),
        "{missed:?}"
    );
    assert_eq!(row.new_group, None);
}
