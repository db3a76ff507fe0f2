//! Cases per second of the DIP grouper alone, on one thread, from codes that are looked up already.
//!
//! The catalogue is generated: ten thousand groups over 1,200 subcategories, as in a city, with
//! related procedures, comprehensive groups and pre-grouped rows, under the national tie-break and
//! under one that compares by many tests. The cases are near to its rows.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use drgdip_grouper::{Case, CaseCode, Grouper, Numbers};
use drgdip_tables::{FileSet, GroupingPlan, LoadedPlan};
use std::borrow::Cow;
use std::fmt::Write;
use std::hint::black_box;

const CASES: usize = 200_000;
const CATEGORIES: usize = 300;
const SUBCATEGORIES: usize = 4;
/// Groups of each subcategory: with procedures, and the conservative one.
const BY_PROCEDURES: usize = 6;
const PROCEDURES: usize = 2_000;
const TIE_BREAKS: [&str; 2] = ["national-3.0", "hubei"];

/// A small generator (xorshift64), so that every run draws the same.
struct Draws(u64);

impl Draws {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let limit = u64::try_from(limit).expect("small limits");
        usize::try_from((self.0 >> 16) % limit).expect("less than a small limit")
    }
}

fn category(number: usize) -> String {
    let letter = char::from(b'A' + u8::try_from(number / 100).expect("few categories"));
    format!("{letter}{:02}", number % 100)
}

fn procedure(number: usize) -> String {
    format!("{:02}.{:02}00", number / 100, number % 100)
}

/// The text of `groups.csv`.
fn groups(draws: &mut Draws) -> String {
    let mut text =
        "group,name,layer,key,procedures,related,class,condition,primary_care,tcm\n".to_owned();
    let mut number = 0;
    let mut add = |row: String| {
        number += 1;
        writeln!(text, "G{number},N,{row},,").expect("a text grows");
    };
    for _ in 0..15 {
        let operation = procedure(draws.below(PROCEDURES));
        add(format!("pre_grouped,,{operation},,,"));
    }
    for class in ["conservative", "diagnostic", "therapeutic", "surgery"] {
        for number in 0..CATEGORIES {
            add(format!("comprehensive,{},*,,{class},", category(number)));
        }
    }
    for number in 0..CATEGORIES * SUBCATEGORIES {
        let key = format!(
            "{}.{}",
            category(number / SUBCATEGORIES),
            number % SUBCATEGORIES
        );
        add(format!("basic,{key},,,,"));
        for _ in 0..BY_PROCEDURES {
            let main = procedure(draws.below(40) + number % 50 * 39);
            let other = procedure(draws.below(PROCEDURES));
            add(match draws.below(4) {
                0 => format!("basic,{key},{main}|{other},,,"),
                1 => format!("basic,{key},{main},{other},,"),
                _ => format!("basic,{key},{main},,,"),
            });
        }
    }
    text
}

fn plan(tie_break: &str) -> GroupingPlan {
    let manifest = format!(
        "id = \"bench\"\ntitle = \"B\"\nkind = \"dip\"\ntie_break = \"{tie_break}\"\n[settings]\n\
         interventional_as = \"surgery\"\nunlisted_procedure = \"surgery\"\n\
         class_of = \"largest\"\nprocedure_match = \"extension\"\n\
         base_matches_extensions = false\npromote_next_procedure = true\nnewborn_days = 28\n\
         [checks]\nsex_missing = \"none\"\nage_missing = \"invalid\"\n\
         age_0_without_days = \"none\"\nnewborn_without_weight = \"none\"\n\
         principal_missing = \"invalid\"\n[[steps]]\nlayers = [\"pre_grouped\"]\n\
         choose = \"first\"\n[[steps]]\nlayers = [\"basic\"]\nchoose = \"tie_break\"\n[[steps]]\n\
         layers = [\"comprehensive\"]\nchoose = \"tie_break\"\n"
    );
    let texts = [
        ("plan.toml", manifest),
        ("groups.csv", groups(&mut Draws(0x9E37_79B9_7F4A_7C15))),
    ];
    let files = texts.map(|(path, text)| (path.to_owned(), Cow::Owned(text.into_bytes())));
    LoadedPlan::of(FileSet::in_memory("bench", files))
        .expect("a plan")
        .plan
}

struct Row {
    principal: CaseCode,
    diagnoses: std::ops::Range<usize>,
    procedures: std::ops::Range<usize>,
}

/// Generated cases in the shape of a batch: 5 diagnoses and 1.5 procedures on average.
struct Batch {
    rows: Vec<Row>,
    codes: Vec<CaseCode>,
}

impl Batch {
    fn draw(plan: &GroupingPlan) -> Self {
        let mut draws = Draws(0x2545_F491_4F6C_DD1D);
        let find = |text: &str| CaseCode::look_up_in(plan, text);
        let diagnosis = |number: usize| {
            find(&format!(
                "{}.{}00",
                category(number / SUBCATEGORIES),
                number % SUBCATEGORIES
            ))
        };
        let mut batch = Self {
            rows: Vec::with_capacity(CASES),
            codes: Vec::new(),
        };
        for _ in 0..CASES {
            let number = draws.below(CATEGORIES * SUBCATEGORIES);
            let start = batch.codes.len();
            for _ in 0..draws.below(9) {
                batch
                    .codes
                    .push(diagnosis(draws.below(CATEGORIES * SUBCATEGORIES)));
            }
            let middle = batch.codes.len();
            for position in 0..[0, 0, 1, 1, 1, 1, 2, 2, 3, 4][draws.below(10)] {
                let near = draws.below(40) + number % 50 * 39;
                let any = draws.below(PROCEDURES);
                batch
                    .codes
                    .push(find(&procedure(if position == 0 { near } else { any })));
            }
            batch.rows.push(Row {
                principal: diagnosis(number),
                diagnoses: start..middle,
                procedures: middle..batch.codes.len(),
            });
        }
        batch
    }

    /// Groups every case and returns a sum that depends on each answer.
    fn group(&self, grouper: &Grouper) -> usize {
        let index = |row: &Row| {
            let procedures = &self.codes[row.procedures.clone()];
            let grouping = grouper.group(&Case {
                numbers: Numbers {
                    age_years: Some(50),
                    stay_days: Some(7),
                    ..Numbers::default()
                },
                principal: Some(row.principal),
                other_diagnoses: &self.codes[row.diagnoses.clone()],
                main_procedure: procedures.first().copied(),
                other_procedures: procedures.get(1..).unwrap_or_default(),
                ..Case::default()
            });
            grouping
                .outcome
                .group()
                .map_or(0, |group| usize::from(group.0))
        };
        self.rows.iter().map(index).sum()
    }
}

fn kernel(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("dip");
    group.throughput(Throughput::Elements(
        u64::try_from(CASES).expect("few cases"),
    ));
    for tie_break in TIE_BREAKS {
        let plan = plan(tie_break);
        let batch = Batch::draw(&plan);
        let grouper = Grouper::new(&plan);
        group.bench_function(tie_break, |bencher| {
            bencher.iter(|| batch.group(black_box(&grouper)));
        });
    }
    group.finish();
}

criterion_group!(benches, kernel);
criterion_main!(benches);
