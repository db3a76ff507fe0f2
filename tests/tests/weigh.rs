//! Whole histories: three generated years, weighed, added up again, and weighed alike however
//! they are run.

use arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, Decimal128Array, Int32Array, RecordBatch, StringArray,
};
use arrow::datatypes::{Decimal128Type, UInt64Type};
use drgdip_batch::inputs::Inputs;
use drgdip_batch::verify::verify;
use drgdip_batch::{
    Error, PreparedPolicy, ReadOptions, Silent, SynthJob, WeighJob, WeighSummary, synth, weigh,
};
use drgdip_tables::policy::WeighTerms;
use drgdip_tests::{Drug, contents, item_column, list_drugs, national};
use jiff::civil::{Date, date};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const EXAMPLE: &str = include_str!("../../policies/example-2026.toml");
const SOURCES: &str = include_str!("../../policies/example-2026/SOURCES.toml");
const HOSPITALS: &str = include_str!("../../policies/example-2026/hospitals.csv");

/// The example policy as if it had begun years before, with passages replaced.
fn policy(folder: &Path, changes: &[(&str, &str)]) -> PreparedPolicy {
    let earlier = |text: &str| text.replace("2026-01-01", "2020-01-01");
    let mut text = earlier(EXAMPLE);
    for (from, to) in changes {
        assert!(text.contains(from), "the example has no {from:?}");
        text = text.replacen(from, to, 1);
    }
    let tables = folder.join("example-2026");
    fs::create_dir_all(&tables).unwrap();
    fs::write(tables.join("SOURCES.toml"), SOURCES).unwrap();
    fs::write(tables.join("hospitals.csv"), earlier(HOSPITALS)).unwrap();
    let path = folder.join("example-2026.toml");
    fs::write(&path, text).unwrap();
    PreparedPolicy::load(path.to_str().unwrap()).unwrap()
}

/// Claims of one month of each year, cut into so many files a year.
fn history(folder: &Path, cases: u64, files: u64) -> Vec<PathBuf> {
    generate(folder, (cases, files), None)
}

fn generate(folder: &Path, (cases, files): (u64, u64), bad_rows: Option<u32>) -> Vec<PathBuf> {
    let policy = policy(&folder.join("policy"), &[]);
    let of_year = |year: u64| {
        let job = SynthJob {
            cases,
            seed: year,
            plan: national(),
            policy: &policy,
            period: &format!("{year}-10"),
            bad_rows_per_ten_thousand: bad_rows,
            out: &folder.join(format!("{year}.parquet")),
            files,
            inputs: &folder.join(format!("{year}-inputs")),
            units: false,
            threads: Some(2),
        };
        synth(&job, &Silent).unwrap().claims
    };
    (2024..=2026).flat_map(of_year).collect()
}

struct Job<'j> {
    claims: &'j [PathBuf],
    policy: &'j PreparedPolicy,
    out: &'j Path,
    year: i16,
    threads: usize,
    changes: Option<&'j Path>,
    quotas: Option<&'j Path>,
}

fn run(job: &Job<'_>) -> Result<WeighSummary, Error> {
    let first = jiff::civil::date(job.year, 1, 1);
    let terms: WeighTerms = job.policy.policy.weigh_at(first)?;
    let inputs = Inputs::read(None, &job.policy.standing)?;
    let job = WeighJob {
        claims: job.claims,
        plan: national(),
        policy: &job.policy.policy,
        policy_files: &job.policy.files,
        terms: &terms,
        year: job.year,
        inputs: &inputs,
        changes: job.changes,
        quotas: job.quotas,
        out: job.out,
        read: ReadOptions::default(),
        threads: Some(job.threads),
    };
    weigh(&job, &Silent)
}

fn job<'j>(claims: &'j [PathBuf], policy: &'j PreparedPolicy, out: &'j Path) -> Job<'j> {
    Job {
        claims,
        policy,
        out,
        year: 2027,
        threads: 2,
        changes: None,
        quotas: None,
    }
}

#[test]
fn three_years_are_weighed_and_add_up() {
    let folder = tempfile::tempdir().unwrap();
    let claims = history(folder.path(), 8_000, 1);
    let policy = policy(&folder.path().join("policy"), &[]);
    let out = folder.path().join("weights");
    let summary = run(&job(&claims, &policy, &out)).unwrap();
    assert_eq!(summary.rows, 24_000);
    let report = &summary.calibration.report;
    assert_eq!(report.cases.given + summary.left_out.total(), 24_000);
    assert_eq!(report.mean_calculated.shown(12), "1.000000000000");
    let years: Vec<i16> = summary.years.iter().map(|(year, _)| *year).collect();
    assert_eq!(years, [2024, 2025, 2026]);
    assert!(summary.years.iter().all(|(_, cases)| *cases > 5_000));
    let verified = verify(&out, &Silent).unwrap();
    assert!(verified.mismatches.is_empty(), "{:?}", verified.mismatches);
    assert_eq!(verified.files.len(), 4);
    let text = fs::read_to_string(out.join("manifest.json")).unwrap();
    let used = report.cases.used;
    let changed = text.replacen(&format!("\"used\": {used}"), "\"used\": 1", 1);
    assert_ne!(changed, text);
    fs::write(out.join("manifest.json"), changed).unwrap();
    let verified = verify(&out, &Silent).unwrap();
    let places: Vec<&str> = verified
        .mismatches
        .iter()
        .map(|m| m.place.as_str())
        .collect();
    assert_eq!(places, ["calibration.csv, used", "manifest", "manifest"]);
    let text = fs::read_to_string(out.join("report.md")).unwrap();
    assert!(text.contains("| 全部记录 rows read | 24000 |"), "{text}");
}

#[test]
fn threads_and_files_do_not_show() {
    let folder = tempfile::tempdir().unwrap();
    let policy = policy(&folder.path().join("policy"), &[]);
    let claims = history(folder.path(), 3_000, 3);
    let mut shuffled = claims.clone();
    shuffled.reverse();
    let whole = history(&folder.path().join("whole"), 3_000, 1);
    let runs = [(&claims, 1), (&shuffled, 2), (&claims, 5), (&whole, 2)];
    let mut results = Vec::new();
    for (number, (claims, threads)) in runs.into_iter().enumerate() {
        let out = folder.path().join(format!("weights-{number}"));
        let job = Job {
            threads,
            ..job(claims, &policy, &out)
        };
        run(&job).unwrap();
        let mut found = contents(&out);
        if number == 3 {
            // The manifest names the files, which are others here.
            found.remove("manifest.json");
        }
        results.push(found);
    }
    for other in &results[1..] {
        for (name, bytes) in other {
            assert!(*bytes == results[0][name], "{name} differs");
        }
    }
}

/// The weights of a run by group.
fn weights(out: &Path) -> BTreeMap<String, String> {
    let text = fs::read_to_string(out.join("weights.csv")).unwrap();
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        (cells[0].to_owned(), cells[1].to_owned())
    };
    text.lines().skip(1).map(row).collect()
}

#[test]
fn the_weights_can_stand_in_a_plan_and_are_reproduced_from_the_plan() {
    let folder = tempfile::tempdir().unwrap();
    let claims = history(folder.path(), 3_000, 1);
    let policy = policy(&folder.path().join("policy"), &[]);
    let out = folder.path().join("weights");
    run(&job(&claims, &policy, &out)).unwrap();
    let plan = folder.path().join("plan");
    let bundled = Path::new(env!("CARGO_MANIFEST_DIR")).join("../grouper-tables/chs-drg-1.1");
    copy_folder(&bundled, &plan);
    fs::copy(out.join("weights.csv"), plan.join("weights.csv")).unwrap();
    let loaded = drgdip_tables::load_plan(plan.to_str().unwrap())
        .unwrap()
        .plan;
    let in_plan: BTreeMap<String, i64> = loaded
        .weights
        .iter()
        .map(|row| (row.group.clone(), row.ten_thousandths))
        .collect();
    let written = weights(&out);
    assert!(written.len() > 500);
    assert_eq!(in_plan.len(), written.len());
    for (group, weight) in written {
        let ten_thousandths: i64 = weight.replace('.', "").parse().unwrap();
        assert_eq!(in_plan[&group], ten_thousandths, "{group}");
    }
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_folder(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

#[test]
fn the_cases_of_the_levels_are_those_of_the_group() {
    let folder = tempfile::tempdir().unwrap();
    // A bad row may lack its hospital.
    let claims = generate(folder.path(), (3_000, 1), Some(0));
    let policy = policy(&folder.path().join("policy"), &[]);
    let out = folder.path().join("weights");
    run(&job(&claims, &policy, &out)).unwrap();
    let file = fs::File::open(out.join("groups.parquet")).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    let reader = reader.with_batch_size(1 << 16);
    let batch = reader.build().unwrap().next().unwrap().unwrap();
    let column = |name: &str| batch.column_by_name(name).unwrap();
    let groups = column("group").as_string::<i32>();
    let levels = column("level").as_string::<i32>();
    let cases = column("cases").as_primitive::<UInt64Type>();
    let cost = column("mean_cost").as_primitive::<Decimal128Type>();
    let drug = column("mean_drug").as_primitive::<Decimal128Type>();
    let mut sums: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for row in 0..batch.num_rows() {
        let (whole, of_levels) = sums.entry(groups.value(row)).or_default();
        if levels.is_null(row) {
            *whole += cases.value(row);
        } else {
            *of_levels += cases.value(row);
        }
        if cases.value(row) > 0 {
            assert!(drug.value(row) > 0 && drug.value(row) < cost.value(row));
        }
    }
    assert!(sums.len() > 600);
    for (group, (whole, of_levels)) in sums {
        assert_eq!(whole, of_levels, "{group}");
    }
}

#[test]
fn changes_stand_as_stated_and_the_total_stays() {
    let folder = tempfile::tempdir().unwrap();
    let claims = history(folder.path(), 3_000, 1);
    let policy = policy(&folder.path().join("policy"), &[]);
    let table = folder.path().join("decided.csv");
    fs::write(&table, "group,weight,reason\nBR23,1.2345,议定\nFM19,2,\n").unwrap();
    let out = folder.path().join("weights");
    let job = Job {
        changes: Some(&table),
        ..job(&claims, &policy, &out)
    };
    let summary = run(&job).unwrap();
    let report = summary.calibration.report;
    assert_eq!(report.total_before_changes, report.total_after_changes);
    assert_ne!(report.change_factor.shown(8), "1.00000000");
    let weights = weights(&out);
    assert_eq!(weights["BR23"], "1.2345");
    assert_eq!(weights["FM19"], "2.0000");
}

#[track_caller]
fn refuse(stated: &str, expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    let policy = policy(folder.path(), &[]);
    let table = folder.path().join("decided.csv");
    fs::write(&table, stated).unwrap();
    let out = folder.path().join("weights");
    let job = Job {
        changes: Some(&table),
        ..job(&[], &policy, &out)
    };
    let error = run(&job).unwrap_err();
    assert_eq!(error.exit_code(), 3);
    let place = format!("{}, ", table.display());
    assert_eq!(error.to_string().replacen(&place, "", 1), expected);
    assert!(!out.exists());
}

#[test]
fn changes_that_cannot_be_meant_are_refused_with_their_place() {
    refuse(
        "group,weight\nBR23,1\nZZ99,1\n",
        "line 3, group: the plan chs-drg-1.1 has no group ZZ99. Correct the code or drop the row.",
    );
    refuse(
        "group,weight\nBR23,1\nBR23,2\n",
        "line 3, group: the group BR23 stands twice; keep one row.",
    );
    refuse(
        "group,weight\nBR23,0\n",
        "line 2, weight: the value must be above 0.",
    );
    refuse(
        "group,weight\nBR23,1.00001\n",
        "line 2, weight: \"1.00001\" is not a number of 0 or more with at most four decimals.",
    );
}

#[test]
fn a_quota_is_the_mean_cost_of_its_group() {
    let folder = tempfile::tempdir().unwrap();
    let claims = history(folder.path(), 3_000, 1);
    let quota = "value = \"quota\"\nsource = \"model\"\n\n[[weigh.quota]]\n\
                 from = \"2020-01-01\"\nvalue = \"110\"\nunit = \"yuan per point\"";
    let average = "[[weigh.method]]\nfrom = \"2020-01-01\"\nvalue = \"average\"";
    let replaced = format!("[[weigh.method]]\nfrom = \"2020-01-01\"\n{quota}");
    let policy = policy(&folder.path().join("policy"), &[(average, &replaced)]);
    let table = folder.path().join("quotas.csv");
    fs::write(&table, "group,mean_cost\nBR23,22000.00\n").unwrap();
    let out = folder.path().join("weights");
    let job = Job {
        quotas: Some(&table),
        ..job(&claims, &policy, &out)
    };
    let summary = run(&job).unwrap();
    // A weight of 1 is 100 points of 110 yuan. Prior weights of small groups are balanced.
    assert_eq!(summary.calibration.reference_fen.shown(0), "1100000");
    let factor = &summary.calibration.report.kept_factor;
    let text = fs::read_to_string(out.join("calibration.csv")).unwrap();
    let row = text.lines().find(|line| line.starts_with("BR23,")).unwrap();
    let cells: Vec<&str> = row.split(',').collect();
    assert_eq!((cells[13], cells[18]), ("2.00000000", "quota"));
    let two = drgdip_calibrate::Exact::whole(2);
    assert_eq!(cells[14], two.times(factor).shown(4));
}

#[test]
fn a_history_of_other_years_is_refused_and_every_row_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let claims = history(folder.path(), 500, 1);
    let policy = policy(&folder.path().join("policy"), &[]);
    let out = folder.path().join("weights");
    let late = Job {
        year: 2031,
        ..job(&claims, &policy, &out)
    };
    let error = run(&late).unwrap_err();
    assert_eq!(error.exit_code(), 3);
    assert_eq!(
        error.to_string(),
        "history: none of the 1500 claims can be used: 1500 other_year. History is \
         the years before --year, as many as weigh.years states."
    );
    assert!(!out.exists());
    let newest = Job {
        year: 2026,
        ..job(&claims, &policy, &out)
    };
    let summary = run(&newest).unwrap();
    let years: Vec<bool> = summary.years.iter().map(|(_, n)| *n == 0).collect();
    assert_eq!(years, [true, false, false]);
    assert_eq!(
        summary.calibration.report.cases.given + summary.left_out.total(),
        1_500
    );
}

/// A claim of a history in which a drug may be listed.
#[derive(Clone, Copy)]
struct Past {
    principal: &'static str,
    left: Date,
    yuan: i128,
    drug: Option<Drug>,
    /// The same among the items of new technologies.
    technology: Option<Drug>,
}

const PLAIN: &str = "I10.x00x002";
const TREATED: &str = "J18.900";

/// Ten cases of each group a year at 10,000 yuan; in the years of the list a drug of 20,000 yuan
/// comes to each case of the second group.
fn with_drug_on(years: std::ops::RangeInclusive<i16>, days: &[Date]) -> Vec<Past> {
    let mut claims = Vec::new();
    for year in years {
        let day = days.iter().find(|day| day.year() == year);
        let plain = Past {
            principal: PLAIN,
            left: date(year, 6, 10),
            yuan: 10_000,
            drug: None,
            technology: None,
        };
        let treated = Past {
            principal: TREATED,
            left: day.copied().unwrap_or(plain.left),
            yuan: if day.is_some() { 30_000 } else { 10_000 },
            drug: day.map(|_| ("D1", 2_000_000)),
            ..plain
        };
        claims.extend([[plain; 10], [treated; 10]].concat());
    }
    claims
}

/// Of each cost without its drug, 500 yuan are for other drugs.
fn write_past(path: &Path, claims: &[Past], has_drugs: bool) {
    let texts = |of: &dyn Fn(usize, &Past) -> String| -> ArrayRef {
        let texts = claims
            .iter()
            .enumerate()
            .map(|(n, claim)| Some(of(n, claim)));
        Arc::new(texts.collect::<StringArray>())
    };
    let money = |of: &dyn Fn(&Past) -> i128| -> ArrayRef {
        let fen: Decimal128Array = claims.iter().map(|claim| Some(of(claim))).collect();
        Arc::new(fen.with_precision_and_scale(16, 2).unwrap())
    };
    let day = |claim: &Past| Some((claim.left - date(1970, 1, 1)).get_days());
    let drug = |claim: &Past| claim.drug.map_or(0, |(_, fen)| fen);
    let mut columns: Vec<(&str, ArrayRef)> = vec![
        ("case_id", texts(&|n, _| format!("C{n}"))),
        ("sex", texts(&|_, _| "1".to_owned())),
        (
            "age_years",
            Arc::new(Int32Array::from(vec![60; claims.len()])),
        ),
        ("principal_diagnosis", texts(&|_, c| c.principal.to_owned())),
        (
            "discharge_date",
            Arc::new(claims.iter().map(day).collect::<Date32Array>()),
        ),
        ("total_cost", money(&|claim| claim.yuan * 100)),
        ("drug_cost", money(&|claim| 50_000 + drug(claim))),
    ];
    if has_drugs {
        let items = |of: &dyn Fn(&Past) -> Option<Drug>| {
            item_column(&claims.iter().map(of).collect::<Vec<_>>())
        };
        columns.push(("negotiated_drugs", items(&|claim| claim.drug)));
        columns.push(("new_tech_items", items(&|claim| claim.technology)));
    }
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let file = fs::File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

/// The example policy with the drug D1, whose window is from 2025-03-01 to 2028-02-29.
fn drug_policy(folder: &Path, more: &str) -> PreparedPolicy {
    policy(folder, &[]);
    let tables = folder.join("example-2026");
    list_drugs(&tables, "2020-01-01", "D1,甲,2025-03-01,,model,\n");
    let terms = tables.join("units/drugs.toml");
    let text = fs::read_to_string(&terms).unwrap();
    let drugs_first = "value = \"negotiated_drugs\"";
    assert!(text.contains(drugs_first));
    if !more.is_empty() {
        let technologies_first = text.replace(drugs_first, "value = \"new_technology\"");
        fs::write(&terms, technologies_first).unwrap();
        fs::write(tables.join("new-technology.toml"), more).unwrap();
    }
    let path = folder.join("example-2026.toml");
    PreparedPolicy::load(path.to_str().unwrap()).unwrap()
}

/// The weights of the two groups out of a history, and what was left out.
fn weighed(
    policy: &PreparedPolicy,
    year: i16,
    claims: &[Past],
    out: &Path,
) -> (Vec<String>, Vec<(&'static str, u64)>) {
    let history = out.with_extension("parquet");
    write_past(&history, claims, true);
    let job = Job {
        year,
        ..job(std::slice::from_ref(&history), policy, out)
    };
    let left_out = run(&job).unwrap().left_out;
    let text = fs::read_to_string(out.join("weights.csv")).unwrap();
    let own = text.lines().filter(|line| line.contains(",history,"));
    let weights = own.map(|line| line.split(',').nth(1).unwrap().to_owned());
    let mut weights: Vec<String> = weights.collect();
    weights.sort();
    let reasons = left_out.iter().map(|(code, _, _, count)| (code, count));
    (weights, reasons.collect())
}

#[test]
fn a_drug_that_a_line_pays_is_in_no_weight() {
    let folder = tempfile::tempdir().unwrap();
    let with_drugs = drug_policy(&folder.path().join("with"), "");
    let without = policy(&folder.path().join("without"), &[]);
    let claims = with_drug_on(2024..=2026, &[date(2026, 6, 10)]);
    let out = folder.path().join("drugs");
    let (weights, left_out) = weighed(&with_drugs, 2027, &claims, &out);
    assert_eq!(weights, ["1.0000", "1.0000"]);
    assert_eq!(left_out, []);
    let file = fs::File::open(out.join("groups.parquet")).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    let batch = reader.build().unwrap().next().unwrap().unwrap();
    let column = |name: &str| batch.column_by_name(name).unwrap();
    let amounts = |name: &str| {
        let used = column("cases").as_primitive::<UInt64Type>();
        let used = (0..batch.num_rows()).filter(|row| used.value(*row) > 0);
        let amounts = column(name).as_primitive::<Decimal128Type>();
        used.map(|row| amounts.value(row)).collect::<Vec<_>>()
    };
    assert_eq!(amounts("mean_cost"), [1_000_000, 1_000_000]);
    assert_eq!(amounts("mean_drug"), [50_000, 50_000]);
    assert!(verify(&out, &Silent).unwrap().mismatches.is_empty());

    // A policy without such drugs pays them by weight. Means 10,000 and
    // (10,000 + 2 × 10,000 + 7 × 30,000) ÷ 10 = 24,000 yuan, 17,000 together.
    let out = folder.path().join("no-drugs");
    let (weights, _) = weighed(&without, 2027, &claims, &out);
    assert_eq!(weights, ["0.5882", "1.4118"]);
}

#[test]
fn a_drug_leaves_the_cost_within_its_window_only() {
    let folder = tempfile::tempdir().unwrap();
    let policy = drug_policy(&folder.path().join("policy"), "");
    let of = |year: i16, left: Date| {
        let claims = with_drug_on(year - 3..=year - 1, &[left]);
        let out = folder.path().join(format!("{year}-{left}"));
        weighed(&policy, year, &claims, &out).0
    };
    assert_eq!(of(2027, date(2025, 3, 1)), ["1.0000", "1.0000"]);
    // Means 10,000 and (10,000 + 2 × 30,000 + 7 × 10,000) ÷ 10 = 14,000 yuan, 12,000 together.
    assert_eq!(of(2027, date(2025, 2, 28)), ["0.8333", "1.1667"]);
    // The window is open on the first day of 2028 and over on that of 2029, when the weights pay
    // the drug again and the history counts it: 10,000 and
    // (30,000 + 2 × 10,000 + 7 × 10,000) ÷ 10 = 12,000 yuan, 11,000 together.
    assert_eq!(of(2028, date(2025, 6, 10)), ["1.0000", "1.0000"]);
    assert_eq!(of(2029, date(2026, 6, 10)), ["0.9091", "1.0909"]);
}

#[test]
fn items_that_a_settlement_refuses_are_not_weighed() {
    let folder = tempfile::tempdir().unwrap();
    let policy = drug_policy(&folder.path().join("policy"), "");
    let mut claims = with_drug_on(2024..=2026, &[date(2026, 6, 10)]);
    let treated = *claims.last().unwrap();
    let with = |fen| Past {
        drug: Some(("D1", fen)),
        ..treated
    };
    claims.extend([with(3_000_001), with(3_000_000), with(-1)]);
    let out = folder.path().join("weights");
    let (weights, left_out) = weighed(&policy, 2027, &claims, &out);
    assert_eq!(weights, ["1.0000", "1.0000"]);
    assert_eq!(left_out, [("cost_missing", 2), ("cost_not_positive", 1)]);
}

#[test]
fn an_item_that_a_technology_pays_stays_in_the_cost() {
    let folder = tempfile::tempdir().unwrap();
    let registry = "[[technology]]\nid = \"t\"\nkind = \"drug\"\nname = \"甲\"\n\
                    codes = [\"D1\"]\nfrom = \"2026-06-10\"\nmodes = [\"carve_out\"]\n\
                    cost_more_than = \"2.0\"\nshare_more_than = \"0.64\"\n\
                    source = \"model\"\n";
    let policy = drug_policy(&folder.path().join("policy"), registry);
    let of = |left: Date| {
        let mut claims = with_drug_on(2024..=2026, &[left]);
        for claim in &mut claims {
            claim.technology = claim.drug;
        }
        let out = folder.path().join(left.to_string());
        weighed(&policy, 2027, &claims, &out).0
    };
    assert_eq!(of(date(2026, 6, 9)), ["1.0000", "1.0000"]);
    assert_eq!(of(date(2026, 6, 10)), ["0.5882", "1.4118"]);
}

#[test]
fn a_history_without_the_column_is_weighed_alike_with_and_without_drugs() {
    let folder = tempfile::tempdir().unwrap();
    let history = [folder.path().join("history.parquet")];
    let claims = with_drug_on(2024..=2026, &[date(2026, 6, 10)]);
    write_past(&history[0], &claims, false);
    let mut results = Vec::new();
    let policies = [
        policy(&folder.path().join("a"), &[]),
        drug_policy(&folder.path().join("b"), ""),
    ];
    for (number, policy) in policies.iter().enumerate() {
        let out = folder.path().join(format!("weights-{number}"));
        run(&job(&history, policy, &out)).unwrap();
        let mut found = contents(&out);
        // The manifest names the files of the policy, which are others.
        found.remove("manifest.json");
        results.push(found);
    }
    assert!(results[0] == results[1]);
}

#[test]
fn a_total_that_limits_leave_no_room_for_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let none = "[[weigh.max_increase]]\nfrom = \"2020-01-01\"\nvalue = \"none\"";
    let zero = none.replace("none", "0");
    let policy = policy(&folder.path().join("policy"), &[(none, &zero)]);
    let history = [folder.path().join("history.parquet")];
    write_past(&history[0], &with_drug_on(2024..=2026, &[]), false);
    let out = folder.path().join("weights");
    let summary = run(&job(&history, &policy, &out)).unwrap();
    // At equal costs both groups would weigh 1. The plan has less for both, and neither may rise.
    let prior = national().plan.weights_by_group();
    let text = fs::read_to_string(out.join("weights.csv")).unwrap();
    let own = text.lines().filter(|line| line.contains(",history,"));
    let weights: Vec<(i64, i64)> = own
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            let weight = cells[1].replace('.', "").parse().unwrap();
            (weight, prior[cells[0]].ten_thousandths)
        })
        .collect();
    assert_eq!(weights.len(), 2);
    assert!(
        weights
            .iter()
            .all(|(weight, prior)| weight == prior && *prior < 10_000)
    );
    // The ten cases a year of each group count 10 + 20 + 70.
    let sum: i64 = weights.iter().map(|(weight, _)| weight).sum();
    let missed = 20_000 - sum;
    let missed = format!("-{}.{:02}00", missed / 100, missed % 100);
    let report = &summary.calibration.report;
    assert_eq!(report.missed().unwrap().shown(4), missed);
    let text = fs::read_to_string(out.join("report.md")).unwrap();
    let told = format!("limits leave no room for the total, off by | {missed} |");
    assert!(text.contains(&told), "{text}");
    let manifest = fs::read_to_string(out.join("manifest.json")).unwrap();
    let told = format!("\"total_weight_missed\": \"{missed}\"");
    assert!(manifest.contains(&told), "{manifest}");
}
