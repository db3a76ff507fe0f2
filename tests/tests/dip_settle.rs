//! Settlements by a DIP catalogue of a few claims whose points were computed by hand.
//!
//! The plan is `tests/data/dip-tiny`, the policy that of DIP 1.0: 1,000 points for a weight of 1, M
//! 10,000 yuan, low below half of the reference cost and high from twice of it on. JC001 has the
//! weight 3 and the subtypes cci.severe (1.3) and icu.short (1.6); JC006, a group of primary care,
//! the weight 0.4 and age.elderly (1.1) and non_tumour.severe (1.8); KB001 is a fallback group with
//! the weight 0.35. The mean cost of each is its weight times 10,000.

mod tampered;

use arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, Decimal128Array, Int32Array, ListBuilder, RecordBatch,
    StringArray, StringBuilder,
};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::DataType;
use drgdip_batch::explain::explain_case;
use drgdip_batch::inputs::Inputs;
use drgdip_batch::verify::verify;
use drgdip_batch::{
    CheckRules, PlansByUnit, PoolReport, PreparedPlan, PreparedPolicy, SettleSummary, Silent,
    settle,
};
use drgdip_claims::Rule;
use drgdip_tables::{ClaimChecks, load_plan};
use drgdip_tests::{month_job, table_rows};
use jiff::civil::date;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;
use tampered::tamper;

#[derive(Clone)]
struct Claim {
    id: String,
    hospital: &'static str,
    principal: &'static str,
    others: &'static [&'static str],
    procedures: &'static [&'static str],
    age: i32,
    days: i32,
    icu_hours: i32,
    fen: i128,
    /// The unit that pays the stay.
    unit: Option<&'static str>,
}

fn claim(id: &str, principal: &'static str, yuan: i128) -> Claim {
    Claim {
        id: id.to_owned(),
        hospital: "H1",
        principal,
        others: &[],
        procedures: &[],
        age: 50,
        days: 4,
        icu_hours: 0,
        fen: yuan * 100,
        unit: None,
    }
}

/// A coronary stent, JC001.
fn stent(id: &str, yuan: i128) -> Claim {
    Claim {
        procedures: &["36.0600"],
        ..claim(id, "I25.103", yuan)
    }
}

/// Pneumonia treated conservatively, JC006.
fn pneumonia(id: &str, yuan: i128) -> Claim {
    claim(id, "J18.900", yuan)
}

fn lists<'c>(of: impl Iterator<Item = &'c [&'c str]>) -> ArrayRef {
    let mut lists = ListBuilder::new(StringBuilder::new());
    for codes in of {
        codes
            .iter()
            .for_each(|code| lists.values().append_value(code));
        lists.append(true);
    }
    Arc::new(lists.finish())
}

fn batch(claims: &[Claim]) -> RecordBatch {
    let texts = |of: &dyn Fn(&Claim) -> Option<String>| -> ArrayRef {
        Arc::new(claims.iter().map(of).collect::<StringArray>())
    };
    let constant = |text: &str| texts(&|_| Some(text.to_owned()));
    let numbers = |of: &dyn Fn(&Claim) -> i32| -> ArrayRef {
        Arc::new(claims.iter().map(of).map(Some).collect::<Int32Array>())
    };
    let money = |of: &dyn Fn(&Claim) -> i128| -> ArrayRef {
        let fen: Decimal128Array = claims.iter().map(of).map(Some).collect();
        Arc::new(fen.with_data_type(DataType::Decimal128(16, 2)))
    };
    let day = (date(2026, 10, 20) - date(1970, 1, 1)).get_days();
    let days: Date32Array = claims.iter().map(|_| Some(day)).collect();
    RecordBatch::try_from_iter_with_nullable([
        ("case_id", texts(&|c| Some(c.id.clone())), true),
        ("hospital_id", texts(&|c| Some(c.hospital.to_owned())), true),
        ("region", constant("990100"), true),
        ("insurance", constant("employee"), true),
        ("sex", constant("1"), true),
        ("age_years", numbers(&|c| c.age), true),
        ("stay_days", numbers(&|c| c.days), true),
        ("icu_hours", numbers(&|c| c.icu_hours), true),
        (
            "principal_diagnosis",
            texts(&|c| Some(c.principal.to_owned())),
            true,
        ),
        (
            "other_diagnoses",
            lists(claims.iter().map(|c| c.others)),
            true,
        ),
        (
            "main_procedure",
            texts(&|c| c.procedures.first().map(|code| (*code).to_owned())),
            true,
        ),
        (
            "other_procedures",
            lists(claims.iter().map(|c| c.procedures.get(1..).unwrap_or(&[]))),
            true,
        ),
        ("payment_unit", texts(&|c| c.unit.map(str::to_owned)), true),
        ("discharge_date", Arc::new(days) as ArrayRef, true),
        ("total_cost", money(&|c| c.fen), true),
        ("patient_paid", money(&|c| c.fen / 5), true),
        ("other_funds_paid", money(&|_| 0), true),
    ])
    .unwrap()
}

const POLICY: &str = include_str!("../../policies/dip-1.0.toml");
const SOURCES: &str = include_str!("../../policies/dip-1.0/SOURCES.toml");
const PLAN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/dip-tiny");

const HOSPITALS: &str = "\
hospital_id,level,coefficient
H1,3,1.05
H2,1,0.90
";

/// An entry of a policy.
fn value(key: &str, value: &str) -> String {
    format!("\n[[{key}]]\nfrom = \"2021-01-01\"\n{value}\nsource = \"model\"\n")
}

fn word(key: &str, text: &str) -> String {
    value(key, &format!("value = \"{text}\""))
}

fn policy(folder: &Path, run: &Run<'_>) -> PreparedPolicy {
    let mut text = POLICY.to_owned();
    for (from, to) in run.replaced {
        assert!(text.contains(from), "the policy has no {from:?}");
        text = text.replacen(from, to, 1);
    }
    fs::create_dir_all(folder.join("dip-1.0")).unwrap();
    fs::write(folder.join("dip-1.0/SOURCES.toml"), SOURCES).unwrap();
    if !run.day_groups.is_empty() {
        let units = folder.join("dip-1.0/units");
        fs::create_dir_all(&units).unwrap();
        fs::write(units.join("day-surgery-groups.csv"), run.day_groups).unwrap();
    }
    let path = folder.join("dip-1.0.toml");
    fs::write(&path, text + &run.rules.concat()).unwrap();
    PreparedPolicy::load(path.to_str().unwrap()).unwrap()
}

/// Without a unit, so that shares or one ledger divide it.
fn budgets() -> String {
    let mut text = "region,insurance,period,amount\n".to_owned();
    for region in ["990100", "990200"] {
        for insurance in ["employee", "resident"] {
            text += &format!("{region},{insurance},2026-10,1234567.89\n");
        }
    }
    text
}

/// How a case was settled: group, class, subtype, coefficient, points.
type Settled = BTreeMap<String, [String; 5]>;

/// A few claims under some rules.
#[derive(Default)]
struct Run<'r> {
    rules: Vec<String>,
    reviews: &'r str,
    /// Rows of the groups that day surgery has of its own.
    day_groups: &'r str,
    /// Passages of the policy, and what stands there instead.
    replaced: &'r [(&'r str, &'r str)],
}

impl Run<'_> {
    fn settle_into(&self, claims: &[Claim], folder: &Path) -> SettleSummary {
        let inputs = folder.join("inputs");
        fs::create_dir_all(&inputs).unwrap();
        fs::write(inputs.join("hospitals.csv"), HOSPITALS).unwrap();
        fs::write(inputs.join("budgets.csv"), budgets()).unwrap();
        if !self.reviews.is_empty() {
            fs::write(inputs.join("reviews.csv"), self.reviews).unwrap();
        }
        let path = folder.join("claims.parquet");
        write(&path, &batch(claims));
        let policy = policy(folder, self);
        let inputs = Inputs::read(Some(&inputs), &[]).unwrap();
        let plan = PreparedPlan::of(load_plan(PLAN).unwrap()).unwrap();
        let (claims, out) = ([path], folder.join("settled"));
        let mut job = month_job(&claims, &policy, &inputs, &out);
        job.plan = (&plan).into();
        settle(&job, &Silent).unwrap()
    }

    /// Settles, checks that all adds up and that each case is explained to the same points and
    /// payment, and says how the cases were settled.
    fn settle(&self, claims: &[Claim]) -> Settled {
        let folder = tempfile::tempdir().unwrap();
        let summary = self.settle_into(claims, folder.path());
        let out = folder.path().join("settled");
        let verified = verify(&out, &Silent).unwrap();
        assert!(verified.mismatches.is_empty(), "{:?}", verified.mismatches);
        for pool in &summary.pools {
            let paid: i64 = pool
                .settlement
                .hospitals
                .iter()
                .map(|h| h.payment.fen())
                .sum();
            assert_eq!(paid, pool.settlement.paid.fen(), "pool {}", pool.id);
        }
        let settled = cases(&out);
        for id in settled.keys().take(12) {
            let explained = explain_case(&out, id, &[], &Silent).unwrap();
            assert_eq!(explained[0].differences, [""; 0], "case {id}");
        }
        settled
    }

    #[track_caller]
    fn check(&self, claim: Claim, expected: [&str; 5]) {
        let found = self.settle(&[claim, stent("Z", 30_000)]);
        let first = found.iter().find(|(id, _)| *id != "Z").unwrap();
        assert_eq!(first.1, &expected);
    }
}

fn write(path: &Path, batch: &RecordBatch) {
    let file = File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
}

fn cases(out: &Path) -> Settled {
    let file = File::open(out.join("cases.parquet")).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    let reader = reader.build().unwrap();
    let batches: Vec<RecordBatch> = reader.map(Result::unwrap).collect();
    let all = concat_batches(&batches[0].schema(), &batches).unwrap();
    let column = |name: &str| cast(all.column_by_name(name).unwrap(), &DataType::Utf8).unwrap();
    let names = ["group", "case_class", "subtype", "coefficient", "points"];
    let (ids, columns) = (column("case_id"), names.map(column));
    let text = |array: &ArrayRef, row: usize| {
        let array = array.as_string::<i32>();
        if array.is_null(row) {
            ""
        } else {
            array.value(row)
        }
        .to_owned()
    };
    (0..all.num_rows())
        .map(|row| {
            (
                text(&ids, row),
                columns.each_ref().map(|column| text(column, row)),
            )
        })
        .collect()
}

#[test]
fn score_hospital_and_deviation_multiply() {
    let run = Run::default();
    let stented = |class, points| ["JC001", class, "", "1.050000", points];
    run.check(stent("A", 30_000), stented("normal", "3150.0000"));
    run.check(stent("A", 14_999), stented("low", "1574.8950"));
    run.check(stent("A", 15_000), stented("normal", "3150.0000"));
    run.check(stent("A", 60_000), stented("high", "3150.0000"));
    run.check(stent("A", 75_000), stented("high", "4725.0000"));
    // A case that no group takes earns its cost at a discount.
    let ungrouped = claim("A", "Z99.900", 1_000);
    run.check(ungrouped, ["", "by_cost", "", "", "70.0000"]);
}

fn in_intensive_care(yuan: i128) -> Claim {
    Claim {
        icu_hours: 60,
        // Heart failure, lung disease and kidney disease: an index of 1 + 1 + 2.
        others: &["I50.900", "J44.900", "N18.900"],
        ..stent("A", yuan)
    }
}

#[test]
fn of_several_subtypes_the_highest_coefficient_wins_and_its_costs_measure_the_case() {
    let run = Run::default();
    let short = |class, points| ["JC001", class, "icu.short", "1.050000", points];
    run.check(in_intensive_care(48_000), short("normal", "5040.0000"));
    // Half of 30,000 × 1.6 yuan.
    run.check(in_intensive_care(24_000), short("normal", "5040.0000"));
    run.check(in_intensive_care(23_999), short("low", "2519.8950"));
    run.check(in_intensive_care(120_000), short("high", "7560.0000"));
    let ill = Claim {
        icu_hours: 0,
        ..in_intensive_care(30_000)
    };
    let severe = ["JC001", "normal", "cci.severe", "1.050000", "4095.0000"];
    run.check(ill, severe);
}

#[test]
fn subtypes_leave_the_reference_cost_or_are_not_paid_where_the_policy_says_so() {
    let rules = vec![word("case.subtypes", "group")];
    let by_group = Run {
        rules,
        ..Run::default()
    };
    let short = |class, points| ["JC001", class, "icu.short", "1.050000", points];
    by_group.check(in_intensive_care(24_000), short("normal", "5040.0000"));
    by_group.check(in_intensive_care(75_000), short("high", "7560.0000"));
    let rules = vec![word("case.subtypes", "none")];
    let none = Run {
        rules,
        ..Run::default()
    };
    let expected = ["JC001", "normal", "", "1.050000", "3150.0000"];
    none.check(in_intensive_care(48_000), expected);
}

#[test]
fn a_group_of_primary_care_has_one_price_in_every_hospital() {
    let one = |points| ["JC006", "normal", "", "1.000000", points];
    let run = Run::default();
    run.check(pneumonia("A", 4_000), one("400.0000"));
    let elsewhere = Claim {
        hospital: "H2",
        ..pneumonia("A", 4_000)
    };
    run.check(elsewhere, one("400.0000"));
    let rules = vec![word("coefficient.primary_care_groups", "as_others")];
    let others = Run {
        rules,
        ..Run::default()
    };
    let expected = ["JC006", "normal", "", "1.050000", "420.0000"];
    others.check(pneumonia("A", 4_000), expected);
}

#[test]
fn day_surgery_earns_a_share_of_its_group_or_the_points_of_a_group_of_its_own() {
    let rule = value(
        "unit.day_surgery.factor",
        "value = \"0.9\"\nunit = \"ratio\"",
    );
    let run = Run {
        rules: vec![rule],
        ..Run::default()
    };
    let by_day = |claim| Claim {
        unit: Some("day_surgery"),
        days: 1,
        ..claim
    };
    // 3,000 × 1.05 × 0.9, though the cost is low and the case was in intensive care.
    let share = ["JC001", "day_surgery", "", "", "2835.0000"];
    run.check(by_day(stent("A", 12_000)), share);
    run.check(by_day(in_intensive_care(12_000)), share);
    // A group of primary care has k = 1 here too.
    let one = ["JC006", "day_surgery", "", "", "360.0000"];
    run.check(by_day(pneumonia("A", 4_000)), one);
    let found = run.settle(&[stent("A", 12_000), by_day(stent("B", 12_000))]);
    assert_eq!((&*found["A"][1], &*found["B"][1]), ("low", "day_surgery"));
    let own = Run {
        day_groups: "inpatient_group,group,weight,from,until,source,note\n\
                     JC001,JC001-D,1.5000,2021-01-01,,model,\n",
        ..run
    };
    let expected = ["JC001", "day_surgery", "", "", "1575.0000"];
    own.check(by_day(stent("A", 12_000)), expected);
}

#[test]
fn a_changed_number_of_a_dip_case_is_a_difference() {
    for column in ["points", "payment", "auxiliary", "weight"] {
        let folder = tempfile::tempdir().unwrap();
        let claims = [in_intensive_care(48_000), stent("Z", 30_000)];
        Run::default().settle_into(&claims, folder.path());
        let out = folder.path().join("settled");
        let id = claims[0].id.as_str();
        let differences = || {
            explain_case(&out, id, &[], &Silent).unwrap()[0]
                .differences
                .clone()
        };
        assert_eq!(differences(), [""; 0]);
        tamper(&out, ("cases.parquet", column), id);
        assert!(!differences().is_empty(), "{column}");
    }
}

#[test]
fn a_severity_asks_for_a_long_stay_and_beats_the_age() {
    let run = Run::default();
    let old = |days| Claim {
        age: 70,
        days,
        others: &["A41.900"],
        ..pneumonia("A", 7_200)
    };
    let found = |class, subtype, points| ["JC006", class, subtype, "1.000000", points];
    run.check(old(3), found("normal", "non_tumour.severe", "720.0000"));
    // 4,000 × 1.1 yuan, so that 7,200 is neither low nor high.
    run.check(old(2), found("normal", "age.elderly", "440.0000"));
}

#[test]
fn a_case_is_measured_by_the_mean_cost_of_the_catalogue_where_the_policy_says_so() {
    let replaced = [("value = \"10000.00\"", "value = \"12000.00\"")];
    let by_weight = Run {
        replaced: &replaced,
        ..Run::default()
    };
    // Half of 36,000 yuan, and of 30,000.
    let low = ["JC001", "low", "", "1.050000", "1487.5000"];
    by_weight.check(stent("A", 17_000), low);
    let rules = vec![word("case.reference", "mean_cost")];
    let by_mean = Run {
        rules,
        replaced: &replaced,
        ..Run::default()
    };
    let found = |class, points| ["JC001", class, "", "1.050000", points];
    by_mean.check(stent("A", 17_000), found("normal", "3150.0000"));
    by_mean.check(stent("A", 14_000), found("low", "1470.0000"));
    by_mean.check(stent("A", 75_000), found("high", "4725.0000"));
    let rules = vec![word("case.reference", "mean_cost_and_coefficient")];
    let with_coefficient = Run {
        rules,
        replaced: &replaced,
        ..Run::default()
    };
    // 30,000 × 1.05 is 31,500; k × r is by the cost alone.
    with_coefficient.check(stent("A", 15_749), found("low", "1574.9000"));
    with_coefficient.check(stent("A", 15_750), found("normal", "3150.0000"));
}

#[test]
fn a_fallback_group_is_paid_as_others_or_by_its_cost_at_a_discount() {
    let run = Run::default();
    let vein = || claim("A", "I80.200", 6_999);
    let expected = ["KB001", "normal", "", "1.050000", "367.5000"];
    run.check(vein(), expected);
    let rules = vec![value(
        "case.fallback",
        "value = \"by_cost\"\ndiscount = \"0.7\"",
    )];
    let by_cost = Run {
        rules,
        ..Run::default()
    };
    // 350 × 6,999 ÷ 3,500 × 0.7.
    let expected = ["KB001", "by_cost", "", "1.000000", "489.9300"];
    by_cost.check(vein(), expected);
}

#[test]
fn at_most_five_of_a_thousand_discharges_are_reviewed() {
    let rules = vec![
        value(
            "case.review.cap",
            "value = \"0.005\"\nunit = \"share of discharges\"",
        ),
        value(
            "case.review.gate",
            "more_than = \"2\"\nunit = \"multiple of reference cost\"",
        ),
        word("case.review.value", "preset"),
        value(
            "points.preset_value",
            "value = \"10\"\nunit = \"yuan per point\"",
        ),
    ];
    let reviews = "case_id,decision,amount\nC000,approved,\nC001,approved,\nC002,approved,\n\
                   C003,approved,\nC004,refused,\n";
    let run = Run {
        rules,
        reviews,
        ..Run::default()
    };
    let costs = [90_000, 95_000, 80_000, 60_000, 99_000];
    let claims: Vec<Claim> = (0..400)
        .map(|number| {
            stent(
                &format!("C{number:03}"),
                *costs.get(number).unwrap_or(&30_000),
            )
        })
        .collect();
    let settled = run.settle(&claims);
    let points = |id: &str| settled[id][4].as_str();
    // Two of four hundred; the third largest and the one at the gate fall back to the rule.
    assert_eq!((points("C000"), points("C001")), ("9000.0000", "9500.0000"));
    assert_eq!(points("C002"), "5250.0000");
    assert_eq!(points("C003"), "3150.0000");
    assert_eq!(points("C004"), "7245.0000");
}

const UNITS: &str = "\
hospital_id,level,coefficient,unit
H1,3,1.05,drg
H2,1,0.90,dip
";

/// A hospital paid by DRG and one paid by DIP, with what their claims are settled by.
struct TwoUnits {
    policy: PreparedPolicy,
    inputs: Inputs,
    plans: PlansByUnit,
}

fn two_units(folder: &Path, hospitals: &str, ledger: &[String]) -> TwoUnits {
    let names = |key: &str, names: &str| value(key, &format!("names = {{ {names} }}"));
    let rules = vec![
        names("pool.units", "dip = \"DIP\", drg = \"DRG\""),
        names("grouping.unit_plans", "dip = \"dip-tiny\""),
        ledger.concat(),
    ];
    let run = Run {
        rules,
        replaced: &[("value = \"dip-3.0\"", "value = \"chs-drg-1.1\"")],
        ..Run::default()
    };
    let inputs = folder.join("inputs");
    fs::create_dir_all(&inputs).unwrap();
    fs::write(inputs.join("hospitals.csv"), hospitals).unwrap();
    fs::write(inputs.join("budgets.csv"), budgets()).unwrap();
    let policy = policy(folder, &run);
    let inputs = Inputs::read(Some(&inputs), &[]).unwrap();
    let terms = policy.policy.at(date(2026, 10, 31)).unwrap();
    let load = |id: &str| {
        let place = if id == "dip-tiny" { PLAN } else { id };
        PreparedPlan::of(load_plan(place).unwrap())
    };
    let plans = PlansByUnit::load(&terms, &inputs, load).unwrap().unwrap();
    TwoUnits {
        policy,
        inputs,
        plans,
    }
}

/// Stents in both hospitals, settled from one total.
fn by_two_units(
    folder: &Path,
    hospitals: &str,
    ledger: &[String],
) -> (SettleSummary, std::path::PathBuf) {
    let mut claims = Vec::new();
    for number in 0..40 {
        let one = stent(&format!("C{number:02}"), 21_001 + 997 * number);
        let hospital = if number % 3 == 0 { "H2" } else { "H1" };
        claims.push(Claim { hospital, ..one });
    }
    let path = folder.join("claims.parquet");
    write(&path, &batch(&claims));
    let with = two_units(folder, hospitals, ledger);
    let (claims, out) = ([path], folder.join("settled"));
    let mut job = month_job(&claims, &with.policy, &with.inputs, &out);
    job.plan = (&with.plans).into();
    let summary = settle(&job, &Silent).unwrap();
    let verified = verify(&out, &Silent).unwrap();
    assert!(verified.mismatches.is_empty(), "{:?}", verified.mismatches);
    for id in ["C00", "C01"] {
        let explained = explain_case(&out, id, &[], &Silent).unwrap();
        assert_eq!(explained[0].differences, [""; 0], "case {id}");
    }
    (summary, out)
}

/// What hospitals are paid and the residual, in fen, against what there is to distribute.
#[track_caller]
fn check_conserved(pool: &PoolReport) {
    let settlement = &pool.settlement;
    let paid: i64 = settlement.hospitals.iter().map(|h| h.payment.fen()).sum();
    let all = paid + settlement.residual.fen() + settlement.reserve.fen();
    assert_eq!(all, pool.input.budget.fen(), "pool {}", pool.id);
}

fn pool<'s>(summary: &'s SettleSummary, id: &str) -> &'s PoolReport {
    summary.pools.iter().find(|pool| pool.id == id).unwrap()
}

#[test]
fn drg_and_dip_hospitals_share_one_total_each_in_its_pool() {
    let folder = tempfile::tempdir().unwrap();
    let shares = "values = { dip = \"0.4\", drg = \"0.6\" }\nunit = \"share of budget\"";
    let (summary, out) = by_two_units(folder.path(), UNITS, &[value("pool.unit_shares", shares)]);
    let [dip, drg] = ["990100-employee-dip", "990100-employee-drg"].map(|id| pool(&summary, id));
    // 0.4 × 1,234,567.89 is 493,827.156; the other unit has the rest.
    assert_eq!(dip.input.budget.to_string(), "493827.16");
    assert_eq!(drg.input.budget.to_string(), "740740.73");
    [dip, drg].into_iter().for_each(check_conserved);
    let settled = cases(&out);
    let (of_dip, of_drg) = (&settled["C00"], &settled["C01"]);
    assert_eq!(
        (of_dip[0].as_str(), of_dip[3].as_str()),
        ("JC001", "0.900000")
    );
    assert!(
        of_drg[0].starts_with('F') && of_drg[3] == "1.050000",
        "{of_drg:?}"
    );
    let cases_of = |pool: &PoolReport| -> u64 {
        pool.input
            .hospitals
            .iter()
            .map(|hospital| u64::from(hospital.points.ten_thousandths() > 0))
            .sum()
    };
    assert_eq!((cases_of(dip), cases_of(drg)), (1, 1));
}

#[test]
fn each_claim_is_checked_by_the_plan_that_groups_it() {
    let folder = tempfile::tempdir().unwrap();
    let with = two_units(folder.path(), UNITS, &[]);
    // Pain is excluded from the catalogue alone; only the national plan knows which codes there are.
    let mut claims = Vec::new();
    for (id, hospital, principal) in [
        ("drg-pain", "H1", "R52.900"),
        ("dip-pain", "H2", "R52.900"),
        ("drg-unknown", "H1", "X99.999x999"),
        ("dip-unknown", "H2", "X99.999x999"),
    ] {
        let one = claim(id, principal, 5_000);
        claims.push(Claim { hospital, ..one });
    }
    let path = [folder.path().join("claims.parquet")];
    write(&path[0], &batch(&claims));
    let (checks, check_files) = ClaimChecks::load("basic").unwrap();
    let out = folder.path().join("settled");
    let mut job = month_job(&path, &with.policy, &with.inputs, &out);
    job.plan = (&with.plans).into();
    job.checks = Some(CheckRules {
        checks: &checks,
        check_files: &check_files,
        plan: Some(job.plan),
    });
    let summary = settle(&job, &Silent).unwrap();
    assert!(verify(&out, &Silent).unwrap().mismatches.is_empty());

    let found = table_rows(&out.join("checks.parquet"), ["code", "case_id"]);
    let of_rule = |rule: Rule| -> Vec<&str> {
        let hits = found.iter().filter(|[code, _]| code == rule.code());
        hits.map(|[_, case_id]| case_id.as_str()).collect()
    };
    assert_eq!(of_rule(Rule::PrincipalExcluded), ["dip-pain"]);
    assert_eq!(of_rule(Rule::DiagnosisNotInCodeSet), ["drg-unknown"]);

    let not_asked = |rule: Rule| -> Vec<&str> {
        let all = summary.checks_not_asked.iter();
        let of_rule = all.filter(|left| left.rule == rule);
        of_rule.map(|left| left.reason.as_str()).collect()
    };
    assert_eq!(
        not_asked(Rule::PrincipalExcluded),
        ["plan chs-drg-1.1 has no DIP catalogue"]
    );
    assert_eq!(
        not_asked(Rule::DiagnosisNotInCodeSet),
        ["plan dip-tiny has no code set"]
    );
    let written = fs::read_to_string(out.join("checks_not_asked.csv")).unwrap();
    assert_eq!(written.lines().count(), 1 + summary.checks_not_asked.len());
}

#[test]
fn a_hospital_that_changes_its_unit_is_grouped_and_paid_by_that_of_the_discharge() {
    let folder = tempfile::tempdir().unwrap();
    let hospitals = "hospital_id,level,coefficient,unit,from,until\n\
        H1,3,1.05,drg,,2026-09-30\n\
        H1,3,1.05,dip,2026-10-01,\n\
        H2,1,0.90,dip,,2026-09-30\n\
        H2,1,0.90,drg,2026-10-01,\n";
    let shares = "values = { dip = \"0.4\", drg = \"0.6\" }\nunit = \"share of budget\"";
    let shares = [value("pool.unit_shares", shares)];
    let (summary, out) = by_two_units(folder.path(), hospitals, &shares);
    let settled = cases(&out);
    let (of_second, of_first) = (&settled["C00"], &settled["C01"]);
    assert!(of_second[0].starts_with('F') && of_second[3] == "0.900000");
    assert_eq!(
        (of_first[0].as_str(), of_first[3].as_str()),
        ("JC001", "1.050000")
    );
    for (unit, hospital) in [("dip", "H1"), ("drg", "H2")] {
        let pool = pool(&summary, &format!("990100-employee-{unit}"));
        check_conserved(pool);
        let paid = pool.settlement.hospitals.iter().filter(|h| h.cases > 0);
        let paid: Vec<&str> = paid.map(|h| h.hospital_id.as_str()).collect();
        assert_eq!(paid, [hospital]);
    }
}

#[test]
fn drg_and_dip_hospitals_are_paid_one_value_where_the_ledger_is_unified() {
    let folder = tempfile::tempdir().unwrap();
    let (summary, _) = by_two_units(folder.path(), UNITS, &[word("pool.ledger", "unified")]);
    let one = pool(&summary, "990100-employee-all");
    assert_eq!(one.input.budget.to_string(), "1234567.89");
    check_conserved(one);
    let points_of = |id: &str| {
        let mut hospitals = one.input.hospitals.iter();
        hospitals
            .find(|hospital| hospital.hospital_id == id)
            .unwrap()
            .points
    };
    // Every patient bears a fifth, so a point is worth the same in both.
    let worth = |id: &str| {
        let mut paid = one.settlement.hospitals.iter();
        let paid = paid.find(|hospital| hospital.hospital_id == id).unwrap();
        i128::from(paid.payment.fen()) * 1_000_000_000 / i128::from(points_of(id).ten_thousandths())
    };
    let difference = worth("H1") - worth("H2");
    assert!(difference.abs() < 1_000, "{} {}", worth("H1"), worth("H2"));
    assert_eq!(
        summary
            .pools
            .iter()
            .filter(|pool| pool.region == "990100")
            .count(),
        2
    );
}
