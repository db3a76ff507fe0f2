//! Rules that set a case apart by its stay or by other cases, through whole settlements of a few
//! claims whose points were computed by hand.
//!
//! Every claim is of one group with the weight 0.4907 in one hospital with the coefficient 1.05:
//! base points 49.07, reference cost 5,397.70 yuan, normal points 51.5235; high above 16,193.10.

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Date32Array, Decimal128Array, Int32Array, RecordBatch,
    StringArray,
};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, Decimal128Type};
use drgdip_batch::explain::explain_case;
use drgdip_batch::inputs::Inputs;
use drgdip_batch::verify::verify;
use drgdip_batch::{Error, PreparedPolicy, SettleSummary, Silent, settle};
use drgdip_tests::{contents, month_job};
use jiff::civil::{Date, date};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

const NORMAL: &str = "51.5235";
const HALF: &str = "25.7618";

/// A claim of an ordinary stay, changed by a test.
#[derive(Clone)]
struct Claim {
    id: String,
    person: String,
    hospital: &'static str,
    admitted: Date,
    days: i32,
    way: &'static str,
    cost: i128,
    new_tech: bool,
    unit: Option<&'static str>,
    uploaded_after: i32,
}

fn claim(id: &str, yuan: i128) -> Claim {
    Claim {
        id: id.to_owned(),
        person: format!("P-{id}"),
        hospital: "H1",
        admitted: date(2026, 10, 2),
        days: 4,
        way: "1",
        cost: yuan * 100,
        new_tech: false,
        unit: None,
        uploaded_after: 1,
    }
}

fn day(date: Date) -> i32 {
    (date - jiff::civil::date(1970, 1, 1)).get_days()
}

fn batch(claims: &[Claim]) -> RecordBatch {
    let texts = |of: &dyn Fn(&Claim) -> Option<String>| -> ArrayRef {
        Arc::new(claims.iter().map(of).collect::<StringArray>())
    };
    let constant = |text: &str| texts(&|_| Some(text.to_owned()));
    let numbers = |of: &dyn Fn(&Claim) -> i32| -> ArrayRef {
        Arc::new(claims.iter().map(of).map(Some).collect::<Int32Array>())
    };
    let dates = |of: &dyn Fn(&Claim) -> i32| -> ArrayRef {
        Arc::new(claims.iter().map(of).map(Some).collect::<Date32Array>())
    };
    let left = |c: &Claim| day(c.admitted) + c.days;
    let costs: Decimal128Array = claims.iter().map(|claim| Some(claim.cost)).collect();
    let costs = costs.with_data_type(DataType::Decimal128(16, 2));
    let money = |of: &dyn Fn(&Claim) -> i128| -> ArrayRef {
        let fen: Decimal128Array = claims.iter().map(of).map(Some).collect();
        Arc::new(fen.with_data_type(DataType::Decimal128(16, 2)))
    };
    let new_tech: BooleanArray = claims.iter().map(|claim| Some(claim.new_tech)).collect();
    RecordBatch::try_from_iter_with_nullable([
        ("case_id", texts(&|c| Some(c.id.clone())), true),
        ("person_id", texts(&|c| Some(c.person.clone())), true),
        ("hospital_id", texts(&|c| Some(c.hospital.to_owned())), true),
        ("region", constant("990100"), true),
        ("insurance", constant("employee"), true),
        ("sex", constant("1"), true),
        ("age_years", numbers(&|_| 50), true),
        ("stay_days", numbers(&|c| c.days), true),
        ("discharge_way", texts(&|c| Some(c.way.to_owned())), true),
        ("payment_unit", texts(&|c| c.unit.map(str::to_owned)), true),
        ("principal_diagnosis", constant("I10.x00x002"), true),
        ("admission_date", dates(&|c| day(c.admitted)), true),
        ("discharge_date", dates(&left), true),
        ("uploaded_at", dates(&|c| left(c) + c.uploaded_after), true),
        ("total_cost", Arc::new(costs) as ArrayRef, true),
        // The patient bears a fifth, and half of the cost is drugs.
        ("patient_paid", money(&|c| c.cost / 5), true),
        ("other_funds_paid", money(&|_| 0), true),
        ("fund_paid", money(&|c| c.cost - c.cost / 5), true),
        ("drug_cost", money(&|c| c.cost / 2), true),
        ("consumable_cost", money(&|_| 0), true),
        ("new_tech", Arc::new(new_tech) as ArrayRef, true),
    ])
    .unwrap()
}

const EXAMPLE: &str = include_str!("../../policies/example-2026.toml");
const SOURCES: &str = include_str!("../../policies/example-2026/SOURCES.toml");

/// A parameter as an entry of a policy.
fn entry(key: &str, body: &str) -> String {
    format!("\n[[{key}]]\nfrom = \"2026-01-01\"\n{body}\nsource = \"model\"\n")
}

fn value(key: &str, value: &str) -> String {
    entry(key, &format!("value = \"{value}\""))
}

fn measured(key: &str, what: &str, value: &str, unit: &str) -> String {
    entry(key, &format!("{what} = \"{value}\"\nunit = \"{unit}\""))
}

/// The example policy with one floating value, fund points, and further rules.
fn policy(folder: &Path, run: &Run<'_>) -> PreparedPolicy {
    let coefficient_from = run.coefficient.unwrap_or("hospitals_input");
    let mut text = EXAMPLE
        .replacen("value = \"baseline_increment\"", "value = \"uniform\"", 1)
        .replacen("value = \"C\"", "value = \"A\"", 1)
        .replacen("hospitals_input", coefficient_from, 1);
    for (from, to) in run.replaced {
        assert!(text.contains(from), "the example has no {from:?}");
        text = text.replacen(from, to, 1);
    }
    fs::create_dir_all(folder.join("example-2026")).unwrap();
    fs::write(folder.join("example-2026/SOURCES.toml"), SOURCES).unwrap();
    let path = folder.join("example-2026.toml");
    fs::write(&path, text + &run.rules.concat()).unwrap();
    PreparedPolicy::load(path.to_str().unwrap()).unwrap()
}

const HOSPITALS: &str = "\
hospital_id,level,coefficient,alliance
H1,3,1.05,A
H2,3,1.05,A
H3,3,1.05,
";

fn budgets() -> String {
    let mut text = "region,insurance,period,amount\n".to_owned();
    for region in ["990100", "990200", "990300"] {
        for insurance in ["employee", "resident"] {
            text += &format!("{region},{insurance},2026-10,1000000.00\n");
        }
    }
    text
}

/// How a case was settled: class, the rule that other cases brought in, points.
type Settled = BTreeMap<String, (String, Option<String>, String)>;

/// A few claims under some rules, with the groups and reviews inputs.
#[derive(Default)]
struct Run<'r> {
    rules: Vec<String>,
    /// Where the coefficient comes from, when not from the hospitals input.
    coefficient: Option<&'r str>,
    groups: &'r str,
    reviews: &'r str,
    /// Passages of the example policy, and what stands there instead.
    replaced: &'r [(&'r str, &'r str)],
}

impl Run<'_> {
    fn try_settle(&self, claims: &[Claim], folder: &Path) -> Result<SettleSummary, Error> {
        let inputs = folder.join("inputs");
        fs::create_dir_all(&inputs).unwrap();
        fs::write(inputs.join("hospitals.csv"), HOSPITALS).unwrap();
        fs::write(inputs.join("budgets.csv"), budgets()).unwrap();
        for (name, text) in [("groups.csv", self.groups), ("reviews.csv", self.reviews)] {
            if !text.is_empty() {
                fs::write(inputs.join(name), text).unwrap();
            }
        }
        let path = folder.join("claims.parquet");
        write(&path, &batch(claims));
        let policy = policy(folder, self);
        let inputs = Inputs::read(Some(&inputs), &[]).unwrap();
        settle(
            &month_job(&[path], &policy, &inputs, &folder.join("settled")),
            &Silent,
        )
    }

    /// Settles, and checks that cases, hospitals and pools still add up to each other.
    fn settle(&self, claims: &[Claim]) -> Settled {
        let folder = tempfile::tempdir().unwrap();
        self.try_settle(claims, folder.path()).unwrap();
        let out = folder.path().join("settled");
        let verified = verify(&out, &Silent).unwrap();
        assert!(verified.mismatches.is_empty(), "{:?}", verified.mismatches);
        assert!(contents(&out).contains_key("cases.parquet"));
        let settled = cases(&out.join("cases.parquet"));
        explain_each(&out, &settled);
        settled
    }
}

/// Every class and rule is explained, and nothing that is computed again differs.
fn explain_each(out: &Path, settled: &Settled) {
    let mut seen = BTreeSet::new();
    for (id, (class, rule, points)) in settled {
        if !seen.insert((class, rule)) {
            continue;
        }
        let explained = explain_case(out, id, &[], &Silent).unwrap();
        let [case] = &explained[..] else {
            panic!("{id} stands there once");
        };
        assert!(case.differences.is_empty(), "{id}: {:?}", case.differences);
        let steps: Vec<_> = case.parts.iter().flat_map(|part| &part.steps).collect();
        let needs = steps
            .iter()
            .find(|step| step.arithmetic.contains("needs the claim"));
        assert!(needs.is_none(), "{id}: {needs:?}");
        let has_points = steps.iter().any(|step| step.value == *points);
        assert!(has_points || class == "unpaid", "{id}: {steps:?}");
        if let Some(rule) = rule {
            let key = match rule.as_str() {
                "special_review" => "case.review.cap",
                "control_proportion" => "case.high.control_share",
                _ => "case.split_stay.window",
            };
            assert!(case.parameters.iter().any(|said| said.said.key == key));
        }
    }
}

fn write(path: &Path, batch: &RecordBatch) {
    let file = File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
}

fn cases(path: &Path) -> Settled {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    let batches: Vec<_> = reader.build().unwrap().map(Result::unwrap).collect();
    let all = concat_batches(&batches[0].schema(), &batches).unwrap();
    let text = |name: &str| {
        let column = cast(all.column_by_name(name).unwrap(), &DataType::Utf8).unwrap();
        column.as_string::<i32>().clone()
    };
    let (ids, classes, rules) = (text("case_id"), text("case_class"), text("link_rule"));
    let points = all.column_by_name("points").unwrap();
    let points = points.as_primitive::<Decimal128Type>();
    let settled = |row| {
        let rule = rules.is_valid(row).then(|| rules.value(row).to_owned());
        let points = points.value_as_string(row);
        (
            ids.value(row).to_owned(),
            (classes.value(row).to_owned(), rule, points),
        )
    };
    (0..all.num_rows()).map(settled).collect()
}

#[track_caller]
fn check(settled: &Settled, id: &str, class: &str, rule: Option<&str>, points: &str) {
    let expected = (class.to_owned(), rule.map(str::to_owned), points.to_owned());
    assert_eq!(settled[id], expected, "{id}");
}

/// 56 ordinary stays, three ordinary high ones and one of new technology.
fn with_high_cases() -> Vec<Claim> {
    let mut claims: Vec<Claim> = (0..56).map(|n| claim(&format!("n{n:02}"), 5_000)).collect();
    claims.extend([
        claim("low", 17_000),
        claim("top", 20_000),
        claim("mid", 18_000),
    ]);
    let new_tech = Claim {
        new_tech: true,
        ..claim("new", 17_500)
    };
    claims.push(new_tech);
    claims
}

#[test]
fn only_the_dearest_high_cases_within_the_control_proportion_keep_their_extra() {
    let share = measured(
        "case.high.control_share",
        "value",
        "0.05",
        "share of discharges",
    );
    let mut run = Run {
        rules: vec![share],
        ..Run::default()
    };
    // 59 ordinary discharges: two of the three ordinary high cases.
    let settled = run.settle(&with_high_cases());
    check(&settled, "top", "high", None, "86.1317");
    check(&settled, "mid", "high", None, "67.9499");
    check(&settled, "low", "high", Some("control_proportion"), NORMAL);
    check(&settled, "new", "high", None, "63.4044");
    check(&settled, "n00", "normal", None, NORMAL);
    // Stays that are paid by the day are no discharges of the groups.
    let by_day = measured("case.bed_day.day_cost", "value", "500.00", "yuan per day");
    run.rules.push(by_day);
    let mut more = with_high_cases();
    more.extend((0..20).map(|n| Claim {
        unit: Some("bed_day"),
        ..claim(&format!("d{n:02}"), 5_000)
    }));
    let settled = run.settle(&more);
    check(&settled, "low", "high", Some("control_proportion"), NORMAL);
    run.rules.pop();
    // With the new-technology case in the base there are 60, and three keep theirs.
    run.rules
        .push(value("case.high.control_base", "all_discharges"));
    let settled = run.settle(&with_high_cases());
    check(&settled, "low", "high", None, "58.8590");
    check(&settled, "new", "high", None, "63.4044");
}

#[test]
fn the_order_of_claims_changes_no_ranking() {
    let share = measured(
        "case.high.control_share",
        "value",
        "0.05",
        "share of discharges",
    );
    let run = Run {
        rules: vec![share],
        ..Run::default()
    };
    let claims = with_high_cases();
    let reversed: Vec<Claim> = claims.iter().rev().cloned().collect();
    assert_eq!(run.settle(&claims), run.settle(&reversed));
}

fn split_rules(scope: &str) -> Vec<String> {
    vec![
        measured("case.split_stay.window", "at_most", "10", "days"),
        value("case.split_stay.scope", scope),
        value("case.split_stay.same", "group"),
        measured("case.split_stay.factor", "value", "0.5", "ratio"),
    ]
}

/// Three stays of one person with gaps of 10 and 11 days, and two in different hospitals.
fn readmissions() -> Vec<Claim> {
    let stay = |id: &str, person: &str, hospital, from: i8| Claim {
        person: person.to_owned(),
        hospital,
        admitted: date(2026, 10, from),
        days: 1,
        ..claim(id, 5_000)
    };
    vec![
        stay("a3", "A", "H1", 24),
        stay("a1", "A", "H1", 1),
        stay("a2", "A", "H1", 12),
        stay("b1", "B", "H1", 1),
        stay("b2", "B", "H2", 5),
        stay("b3", "B", "H3", 8),
        stay("c1", "C", "H1", 1),
    ]
}

#[test]
fn the_stay_before_a_readmission_keeps_half_of_its_points() {
    let run = |scope| Run {
        rules: split_rules(scope),
        ..Run::default()
    };
    let cut = |scope: &'static str| -> Vec<String> {
        let settled = run(scope).settle(&readmissions());
        for (class, rule, points) in settled.values() {
            let expected = if rule.is_some() { HALF } else { NORMAL };
            assert_eq!((class.as_str(), points.as_str()), ("normal", expected));
        }
        let cut = settled
            .into_iter()
            .filter(|(_, (_, rule, _))| rule.is_some());
        cut.map(|(id, _)| id).collect()
    };
    assert_eq!(cut("hospital"), ["a1"]);
    assert_eq!(cut("alliance"), ["a1", "b1"]);
    assert_eq!(cut("any"), ["a1", "b1", "b2"]);
}

#[test]
fn stays_that_people_rightly_come_back_for_are_exempt() {
    for exempt in [
        entry(
            "case.split_stay.exempt_groups",
            "names = { FV2 = \"高血压\" }",
        ),
        entry(
            "case.split_stay.exempt_diagnoses",
            "names = { \"I10\" = \"高血压\" }",
        ),
    ] {
        let mut rules = split_rules("any");
        rules.push(exempt);
        let run = Run {
            rules,
            ..Run::default()
        };
        let settled = run.settle(&readmissions());
        assert!(settled.values().all(|(_, rule, _)| rule.is_none()));
    }
}

const REVIEWS: &str = "\
case_id,decision,amount
top,approved,19000.00
mid,approved,
low,approved,15000.00
n00,approved,9000.00
n01,refused,
";

#[test]
fn approved_special_cases_within_the_cap_earn_their_amount() {
    let rules = |value_rule: &str| {
        vec![
            measured("case.review.cap", "value", "0.05", "share of discharges"),
            value("case.review.value", value_rule),
            measured("points.preset_value", "value", "110.00", "yuan per point"),
        ]
    };
    let run = |value_rule| Run {
        rules: rules(value_rule),
        reviews: REVIEWS,
        ..Run::default()
    };
    // 5 % of 60 discharges are three cases: the largest amounts.
    let settled = run("preset").settle(&with_high_cases());
    check(&settled, "top", "high", Some("special_review"), "172.7273");
    check(&settled, "mid", "high", Some("special_review"), "163.6364");
    check(&settled, "low", "high", Some("special_review"), "136.3636");
    check(&settled, "n00", "normal", None, NORMAL);
    check(&settled, "n01", "normal", None, NORMAL);
    // M over the scale is 110 yuan too, so floating points are the same in number.
    assert_eq!(run("floating").settle(&with_high_cases()), settled);
}

#[test]
fn a_reviewed_case_below_the_gate_and_one_outside_the_ranking_are_paid_by_the_general_rules() {
    let run = Run {
        rules: vec![
            measured("case.review.cap", "value", "0.05", "share of discharges"),
            measured(
                "case.review.gate",
                "more_than",
                "3",
                "multiple of reference cost",
            ),
            value("case.review.value", "floating"),
            measured(
                "case.high.control_share",
                "value",
                "0.02",
                "share of discharges",
            ),
        ],
        reviews: "case_id,decision\ntop,approved\nn00,approved\n",
        ..Run::default()
    };
    // One ordinary high case of 59 keeps its extra; the reviewed one is not ranked.
    let settled = run.settle(&with_high_cases());
    check(&settled, "top", "high", Some("special_review"), "181.8182");
    check(&settled, "mid", "high", None, "67.9499");
    check(&settled, "low", "high", Some("control_proportion"), NORMAL);
    check(&settled, "n00", "normal", None, NORMAL);
}

/// Claims whose stay sets them apart, each just inside and just outside its rule.
fn unusual_stays() -> Vec<Claim> {
    let with = |id: &str, yuan, change: &dyn Fn(&mut Claim)| {
        let mut claim = claim(id, yuan);
        change(&mut claim);
        claim
    };
    let early = date(2026, 8, 1);
    vec![
        with("long-60", 5_000, &|c| (c.days, c.admitted) = (60, early)),
        with("long-61", 5_000, &|c| (c.days, c.admitted) = (61, early)),
        with("by-day", 5_000, &|c| c.unit = Some("bed_day")),
        with("cheap", 1_000, &|_| ()),
        with("death", 1_000, &|c| c.way = "5"),
        with("transfer", 5_000, &|c| (c.way, c.days) = ("2", 3)),
        with("transfer-late", 5_000, &|c| (c.way, c.days) = ("2", 7)),
        with("day", 3_000, &|c| c.days = 1),
        with("day-surgery", 3_000, &|c| {
            (c.days, c.unit) = (1, Some("day_surgery"))
        }),
        with("two-days", 3_000, &|c| c.days = 2),
        with("uploaded-10", 5_000, &|c| c.uploaded_after = 10),
        with("uploaded-11", 5_000, &|c| c.uploaded_after = 11),
        with("high-uploaded-11", 20_000, &|c| c.uploaded_after = 11),
    ]
}

fn stay_rules() -> Vec<String> {
    vec![
        measured("case.bed_day.long_stay", "more_than", "60", "days"),
        measured("case.bed_day.day_cost", "value", "500.00", "yuan per day"),
        entry(
            "case.low.exempt_discharge_ways",
            "names = { \"5\" = \"死亡\" }",
        ),
        entry(
            "case.transfer.discharge_ways",
            "names = { \"2\" = \"医嘱转院\" }",
        ),
        measured("case.short_stay.limit", "less_than", "2", "days"),
        value("case.short_stay.rule", "by_cost"),
        measured("case.late_upload.limit", "more_than", "10", "days"),
        measured("case.late_upload.factor", "value", "0.5", "ratio"),
    ]
}

const GROUPS: &str = "group,stay_days,cases,cv,mean_cost\nFV25,8,4,0.6,5400.00\n";

#[test]
fn a_stay_is_paid_by_what_sets_it_apart() {
    let run = Run {
        rules: stay_rules(),
        groups: GROUPS,
        ..Run::default()
    };
    let settled = run.settle(&unusual_stays());
    let check = |id: &str, class: &str, points: &str| check(&settled, id, class, None, points);
    check("long-60", "normal", NORMAL);
    check("long-61", "bed_day", "291.1364");
    check("by-day", "bed_day", "19.0909");
    check("cheap", "low", "9.0909");
    check("death", "normal", NORMAL);
    check("transfer", "transfer", HALF);
    check("transfer-late", "normal", NORMAL);
    check("day", "short_stay", "27.2727");
    check("day-surgery", "normal", NORMAL);
    check("two-days", "normal", NORMAL);
    check("uploaded-10", "normal", NORMAL);
    check("uploaded-11", "normal", HALF);
    // Half of 51.5235 + 20,000 ÷ 110 − 147.21, rounded once: half of 86.1317 would be 43.0659.
    check("high-uploaded-11", "high", "43.0658");
}

#[test]
fn an_unstable_group_is_paid_by_cost_at_its_discount() {
    let treatment = entry(
        "case.unstable.treatment",
        "value = \"by_cost\"\ndiscount = \"0.9\"",
    );
    let run = |limit: &str| Run {
        rules: vec![
            treatment.clone(),
            measured("case.unstable.cases", "less_than", limit, "cases"),
        ],
        groups: GROUPS,
        ..Run::default()
    };
    let claims = [claim("a", 5_000)];
    check(&run("5").settle(&claims), "a", "unstable", None, "40.9091");
    check(&run("4").settle(&claims), "a", "normal", None, NORMAL);
}

#[test]
fn a_primary_care_group_has_one_price_in_every_hospital() {
    let names = entry(
        "coefficient.same_price_groups",
        "names = { FV25 = \"高血压\" }",
    );
    let run = Run {
        rules: vec![names],
        ..Run::default()
    };
    check(
        &run.settle(&[claim("a", 5_000)]),
        "a",
        "normal",
        None,
        "49.0700",
    );
}

#[test]
fn a_coefficient_is_blended_of_the_means_of_a_group_at_the_level_and_in_the_hospital() {
    let run = Run {
        rules: vec![
            measured("coefficient.level_share", "value", "0.5", "ratio"),
            measured("coefficient.without_mean", "value", "1", "ratio"),
        ],
        coefficient: Some("group_means"),
        groups: "group,level,hospital_id,mean_cost\nFV25,,,5000.00\nFV25,3,,6000.00\n\
                 FV25,,H1,5500.00\n",
        ..Run::default()
    };
    let away = Claim {
        hospital: "H2",
        ..claim("without-own-mean", 5_000)
    };
    let settled = run.settle(&[claim("own-mean", 5_000), away]);
    // 0.5 × 1.2 + 0.5 × 1.1, and 0.5 × 1.2 + 0.5 × 1.
    check(&settled, "own-mean", "normal", None, "56.4305");
    check(&settled, "without-own-mean", "normal", None, "53.9770");
}

#[test]
fn a_rule_that_needs_a_table_or_a_column_names_it_before_it_starts() {
    let folder = tempfile::tempdir().unwrap();
    let run = Run {
        rules: stay_rules(),
        ..Run::default()
    };
    let error = run.try_settle(&[claim("a", 1)], folder.path()).unwrap_err();
    assert_eq!(
        error.problem(),
        "the settlement needs groups.csv (columns group)."
    );
    assert!(!folder.path().join("settled").exists());
}

/// Low cases by their cost, high ones by item, at 110 yuan a point.
const BY_COST: &[(&str, &str)] = &[
    ("value = \"RATIO\"", "value = \"BY_ACTUAL\""),
    ("value = \"LINEAR_ADD\"", "value = \"BY_ITEM_TOP\""),
];

fn by_cost_rules(at_cost: &str) -> Vec<String> {
    let mut rules = vec![
        measured("points.preset_value", "value", "110.00", "yuan per point"),
        measured(
            "case.high.control_share",
            "value",
            "0.05",
            "share of discharges",
        ),
    ];
    if !at_cost.is_empty() {
        rules.push(entry("case.at_cost", &format!("names = {{ {at_cost} }}")));
    }
    rules
}

#[test]
fn cases_paid_at_cost_earn_money_that_comes_off_the_pool_before_points() {
    // 59 ordinary discharges again: two of the three ordinary high cases are paid by item.
    let mut claims = with_high_cases();
    claims.retain(|claim| claim.id != "n55");
    claims.push(claim("cheap", 1_000));
    let settle = |at_cost: &str, run: &dyn Fn(&[Claim]) -> Vec<Claim>| {
        let rules = Run {
            rules: by_cost_rules(at_cost),
            replaced: BY_COST,
            ..Run::default()
        };
        let folder = tempfile::tempdir().unwrap();
        let summary = rules.try_settle(&run(&claims), folder.path()).unwrap();
        let out = folder.path().join("settled");
        let verified = verify(&out, &Silent).unwrap();
        assert!(verified.mismatches.is_empty(), "{:?}", verified.mismatches);
        (summary, cases(&out.join("cases.parquet")))
    };
    let same = |claims: &[Claim]| claims.to_vec();
    let (summary, settled) = settle("low = \"低倍率\", high = \"高倍率\"", &same);
    check(&settled, "cheap", "low", Some("at_cost"), "0.0000");
    check(&settled, "top", "high", Some("at_cost"), "0.0000");
    check(&settled, "mid", "high", Some("at_cost"), "0.0000");
    check(&settled, "new", "high", Some("at_cost"), "0.0000");
    check(&settled, "low", "high", Some("control_proportion"), NORMAL);
    check(&settled, "n00", "normal", None, NORMAL);
    let pool = &summary.pools[0].settlement;
    // Four fifths of 1,000, 20,000, 18,000 and 17,500 yuan; the rest of 950,000 is for points.
    assert_eq!(pool.at_cost.to_string(), "45200.00");
    assert_eq!(pool.paid.to_string(), "950000.00");
    assert_eq!(pool.points.to_string(), "2885.3160");
    let hospital = &pool.hospitals[0];
    assert_eq!(
        (hospital.at_cost, hospital.payment),
        (pool.at_cost, pool.paid)
    );

    let reversed = |claims: &[Claim]| claims.iter().rev().cloned().collect();
    let (_, other) = settle("low = \"低倍率\", high = \"高倍率\"", &reversed);
    assert_eq!(settled, other);
    // Where the policy names no class, the same cases earn points at the preset value.
    let (summary, settled) = settle("", &same);
    check(&settled, "cheap", "low", None, "9.0909");
    check(&settled, "top", "high", None, "181.8182");
    assert_eq!(summary.pools[0].settlement.at_cost.fen(), 0);
}

#[test]
fn a_review_can_be_paid_in_money_too() {
    let run = Run {
        rules: vec![
            measured("points.preset_value", "value", "110.00", "yuan per point"),
            measured("case.review.cap", "value", "0.05", "share of discharges"),
            value("case.review.value", "preset"),
            entry("case.at_cost", "names = { review = \"特例单议\" }"),
        ],
        reviews: "case_id,decision,amount\ntop,approved,19000.00\n",
        ..Run::default()
    };
    let folder = tempfile::tempdir().unwrap();
    let summary = run.try_settle(&with_high_cases(), folder.path()).unwrap();
    let settled = cases(&folder.path().join("settled/cases.parquet"));
    check(&settled, "top", "high", Some("special_review"), "0.0000");
    // The approved amount without the fifth of 20,000 that the patient bears.
    assert_eq!(summary.pools[0].settlement.at_cost.to_string(), "15000.00");
}

#[test]
fn points_that_other_cases_changed_count_by_measure_as_they_are_now() {
    let mut rules = vec![
        measured(
            "case.high.control_share",
            "value",
            "0.05",
            "share of discharges",
        ),
        value("value.mode", "elastic"),
        entry(
            "value.initial",
            "values = { all = \"60\" }\nunit = \"yuan per point\"",
        ),
        value("value.elastic.fixed_part", "rigid_cost"),
        measured("value.elastic.floating_cap", "value", "none", "ratio"),
        value("value.elastic.residual_rule", "RESERVE"),
    ];
    rules.extend(split_rules("any"));
    let run = Run {
        rules,
        ..Run::default()
    };
    let mut claims = with_high_cases();
    claims.extend(readmissions());
    let folder = tempfile::tempdir().unwrap();
    let summary = run.try_settle(&claims, folder.path()).unwrap();
    let settled = cases(&folder.path().join("settled/cases.parquet"));
    let changed = settled.values().filter(|(_, rule, _)| rule.is_some());
    assert!(changed.count() >= 3);
    // Half of every case's final points, rounded half up.
    let half = |points: &String| {
        let points: i64 = points.replace('.', "").parse().unwrap();
        (points + 1) / 2
    };
    let expected: i64 = settled.values().map(|(_, _, points)| half(points)).sum();
    let found = summary.pools[0]
        .settlement
        .baseline_points
        .ten_thousandths();
    assert_eq!(found, expected);
}

/// A parameter that changes in the middle of the month.
fn changing(key: &str, what: &str, (before, after): (&str, &str), unit: &str) -> String {
    format!(
        "\n[[{key}]]\nfrom = \"2026-01-01\"\nuntil = \"2026-10-15\"\n{what} = \"{before}\"\n\
         unit = \"{unit}\"\nsource = \"model\"\n\n[[{key}]]\nfrom = \"2026-10-16\"\n\
         {what} = \"{after}\"\nunit = \"{unit}\"\nsource = \"model\"\n"
    )
}

const BY_DISCHARGE: &[(&str, &str)] = &[("value = \"settlement\"", "value = \"discharge\"")];

#[test]
fn the_control_proportion_of_the_day_of_discharge_counts_the_discharges_of_its_days() {
    let share = ("0.05", "0.02");
    let run = Run {
        rules: vec![changing(
            "case.high.control_share",
            "value",
            share,
            "share of discharges",
        )],
        replaced: BY_DISCHARGE,
        ..Run::default()
    };
    let mut claims = with_high_cases();
    let later = |claim: &Claim| Claim {
        id: format!("z-{}", claim.id),
        person: format!("Z-{}", claim.person),
        admitted: date(2026, 10, 20),
        ..claim.clone()
    };
    claims.extend(with_high_cases().iter().map(later));
    let settled = run.settle(&claims);
    // 5 % of 59 discharges are two cases, 2 % of the other 59 are one.
    check(&settled, "top", "high", None, "86.1317");
    check(&settled, "mid", "high", None, "67.9499");
    check(&settled, "low", "high", Some("control_proportion"), NORMAL);
    check(&settled, "z-top", "high", None, "86.1317");
    check(
        &settled,
        "z-mid",
        "high",
        Some("control_proportion"),
        NORMAL,
    );
    check(
        &settled,
        "z-low",
        "high",
        Some("control_proportion"),
        NORMAL,
    );
    check(&settled, "z-new", "high", None, "63.4044");
}

#[test]
fn a_split_stay_goes_by_the_window_of_its_own_day() {
    let mut rules = split_rules("hospital");
    rules[0] = changing("case.split_stay.window", "at_most", ("10", "5"), "days");
    let run = Run {
        rules,
        replaced: BY_DISCHARGE,
        ..Run::default()
    };
    let stay = |id: &str, from: i8| Claim {
        person: id[..1].to_owned(),
        admitted: date(2026, 10, from),
        days: 1,
        ..claim(id, 5_000)
    };
    let claims = [
        // A gap of ten days before the change, of six across it, of eight and of five after it.
        stay("a1", 1),
        stay("a2", 12),
        stay("b1", 13),
        stay("b2", 20),
        stay("c1", 16),
        stay("c2", 25),
        stay("d1", 17),
        stay("d2", 23),
    ];
    let settled = run.settle(&claims);
    let cut: Vec<&str> = settled
        .iter()
        .filter(|(_, (_, rule, _))| rule.is_some())
        .map(|(id, _)| id.as_str())
        .collect();
    assert_eq!(cut, ["a1", "b1", "d1"]);
}
