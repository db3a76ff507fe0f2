//! Whole histories: three generated years, weighed, added up again, and weighed alike however
//! they are run.

use arrow::array::{Array, AsArray};
use arrow::datatypes::{Decimal128Type, UInt64Type};
use drgdip_batch::inputs::Inputs;
use drgdip_batch::verify::verify;
use drgdip_batch::{
    Error, PreparedPolicy, ReadOptions, Silent, SynthJob, WeighJob, WeighSummary, synth, weigh,
};
use drgdip_tables::policy::WeighTerms;
use drgdip_tests::{contents, national};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

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
