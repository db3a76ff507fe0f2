//! Whole catalogues: grown out of history, alike however they are run, and true to their report.

use arrow::array::{
    ArrayRef, Date32Array, Decimal128Array, Int64Array, ListBuilder, RecordBatch, StringArray,
    StringBuilder,
};
use drgdip_batch::inputs::Inputs;
use drgdip_batch::verify::verify;
use drgdip_batch::{
    CatalogueJob, CatalogueSummary, Error, GroupJob, PreparedPlan, PreparedPolicy, ReadOptions,
    Silent, catalogue, group,
};
use drgdip_tables::load_plan;
use drgdip_tests::{Drug, contents, item_column, list_drugs};
use parquet::arrow::ArrowWriter;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const EXAMPLE: &str = include_str!("../../policies/example-2026.toml");
const SOURCES: &str = include_str!("../../policies/example-2026/SOURCES.toml");
const HOSPITALS: &str = include_str!("../../policies/example-2026/hospitals.csv");

/// The example policy as if it had begun years before, with passages replaced.
fn policy(folder: &Path, changes: &[(&str, &str)]) -> PreparedPolicy {
    policy_with(folder, changes, "")
}

/// The same with further entries.
fn policy_with(folder: &Path, changes: &[(&str, &str)], more: &str) -> PreparedPolicy {
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
    fs::write(&path, text + more).unwrap();
    PreparedPolicy::load(path.to_str().unwrap()).unwrap()
}

#[derive(Clone)]
struct Claim {
    principal: Option<String>,
    procedures: Vec<&'static str>,
    year: i32,
    fen: Option<i128>,
    stay: i64,
    icu_hours: i64,
    drug: Option<Drug>,
}

/// Days from 1970-01-01 to 1 July of a year from 2000 on.
fn july(year: i32) -> i32 {
    let leap_days = (year - 1969) / 4;
    let is_leap = i32::from(year % 4 == 0);
    (year - 1970) * 365 + leap_days + 181 + is_leap
}

fn write(path: &Path, claims: &[(usize, Claim)]) -> PathBuf {
    let ids = claims.iter().map(|(number, _)| format!("C{number}"));
    let mut others = ListBuilder::new(StringBuilder::new());
    for (_, claim) in claims {
        for code in claim.procedures.iter().skip(1) {
            others.values().append_value(code);
        }
        others.append(true);
    }
    let costs: Decimal128Array = claims.iter().map(|(_, claim)| claim.fen).collect();
    let sexes = claims.iter().map(|_| "1");
    let ages = claims.iter().map(|_| 50);
    let main = claims
        .iter()
        .map(|(_, claim)| claim.procedures.first().copied());
    let principal = claims.iter().map(|(_, claim)| claim.principal.clone());
    let mut columns: Vec<(&str, ArrayRef)> = vec![
        ("case_id", Arc::new(StringArray::from_iter_values(ids))),
        ("sex", Arc::new(StringArray::from_iter_values(sexes))),
        ("age_years", Arc::new(Int64Array::from_iter_values(ages))),
        (
            "principal_diagnosis",
            Arc::new(principal.collect::<StringArray>()),
        ),
        ("main_procedure", Arc::new(main.collect::<StringArray>())),
        ("other_procedures", Arc::new(others.finish())),
        (
            "discharge_date",
            Arc::new(
                claims
                    .iter()
                    .map(|(_, c)| Some(july(c.year)))
                    .collect::<Date32Array>(),
            ),
        ),
        (
            "stay_days",
            Arc::new(Int64Array::from_iter_values(
                claims.iter().map(|(_, c)| c.stay),
            )),
        ),
        (
            "icu_hours",
            Arc::new(Int64Array::from_iter_values(
                claims.iter().map(|(_, c)| c.icu_hours),
            )),
        ),
        (
            "total_cost",
            Arc::new(costs.with_precision_and_scale(16, 2).unwrap()),
        ),
    ];
    let drugs: Vec<Option<Drug>> = claims.iter().map(|(_, claim)| claim.drug).collect();
    if drugs.iter().any(Option::is_some) {
        columns.push(("negotiated_drugs", item_column(&drugs)));
    }
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let file = fs::File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    path.to_owned()
}

fn claim(principal: &str, procedures: &[&'static str], year: i32, fen: i128) -> Claim {
    Claim {
        principal: Some(principal.to_owned()),
        procedures: procedures.to_vec(),
        year,
        fen: Some(fen),
        stay: 5,
        icu_hours: 0,
        drug: None,
    }
}

struct Job<'j> {
    claims: &'j [PathBuf],
    policy: &'j PreparedPolicy,
    out: &'j Path,
    threads: usize,
    decisions: Option<&'j Path>,
}

fn run(job: &Job<'_>) -> Result<CatalogueSummary, Error> {
    let terms = job
        .policy
        .policy
        .catalogue_at(jiff::civil::date(2027, 1, 1))?;
    let inputs = Inputs::read(None, &job.policy.standing)?;
    let job = CatalogueJob {
        claims: job.claims,
        policy: &job.policy.policy,
        policy_files: &job.policy.files,
        terms: &terms,
        year: 2027,
        id: "dip-2027",
        inputs: &inputs,
        previous: None,
        decisions: job.decisions,
        out: job.out,
        read: ReadOptions::default(),
        threads: Some(job.threads),
    };
    catalogue(&job, &Silent)
}

const NO_TRIM: [(&str, &str); 2] = [
    (
        "[[weigh.trim.method]]\nfrom = \"2020-01-01\"\nvalue = \"percentile\"",
        "[[weigh.trim.method]]\nfrom = \"2020-01-01\"\nvalue = \"none\"",
    ),
    (
        "[[catalogue.threshold.cases]]\nfrom = \"2020-01-01\"\nvalue = \"15\"",
        "[[catalogue.threshold.cases]]\nfrom = \"2020-01-01\"\nvalue = \"5\"",
    ),
];

#[test]
fn the_golden_history_becomes_a_catalogue_with_the_golden_weights() {
    let folder = tempfile::tempdir().unwrap();
    let policy = policy(folder.path(), &NO_TRIM);
    let treated: [(&str, &[&'static str]); 3] = [
        ("A41.900", &[]),
        ("K35.800", &["47.0100"]),
        ("S72.000", &["81.5100"]),
    ];
    let costs: [[(usize, i128); 3]; 3] = [
        [(10, 1_200_000), (12, 1_260_000), (20, 1_300_000)],
        [(30, 600_000), (28, 610_000), (25, 620_000)],
        [(0, 0), (3, 3_000_000), (6, 3_200_000)],
    ];
    let mut claims = Vec::new();
    for ((principal, procedures), costs) in treated.into_iter().zip(costs) {
        for (year, (times, fen)) in (2024..).zip(costs) {
            let claim = claim(principal, procedures, year, fen);
            claims.extend(std::iter::repeat_n(claim, times));
        }
    }
    let claims: Vec<(usize, Claim)> = claims.into_iter().enumerate().collect();
    let history = [write(&folder.path().join("history.parquet"), &claims)];
    let out = folder.path().join("catalogue");
    let job = Job {
        claims: &history,
        policy: &policy,
        out: &out,
        threads: 2,
        decisions: None,
    };
    let summary = run(&job).unwrap();
    let weights = fs::read_to_string(out.join("weights.csv")).unwrap();
    assert_eq!(
        weights,
        "group,weight,mean_cost,origin,source\n\
         A41.9,1.1585,12887.36,history,dip-2027-history\n\
         K35.8:47.0100,0.5533,6155.56,history,dip-2027-history\n\
         S72.0:81.5100,2.8541,31750.00,history,dip-2027-history\n"
    );
    let report = &summary.catalogue.calibration.report;
    assert_eq!(report.mean_calculated.shown(12), "1.000000000000");
    assert_eq!(report.mean_after_rounding().unwrap().shown(5), "0.99997");
}

/// The example policy with a negotiated drug, and with further entries.
fn with_drug(folder: &Path, more: &str) -> PreparedPolicy {
    policy_with(folder, &NO_TRIM, more);
    let tables = folder.join("example-2026");
    list_drugs(&tables, "2020-01-01", "D1,甲,2025-03-01,,model,\n");
    let path = folder.join("example-2026.toml");
    PreparedPolicy::load(path.to_str().unwrap()).unwrap()
}

#[test]
fn a_drug_that_a_line_pays_raises_no_weight() {
    let folder = tempfile::tempdir().unwrap();
    let policy = with_drug(folder.path(), "");
    let mut claims = Vec::new();
    for year in 2024..=2026 {
        let plain = claim("A41.900", &[], year, 1_000_000);
        claims.extend(std::iter::repeat_n(plain, 10));
        let mut treated = claim("K35.800", &["47.0100"], year, 1_000_000);
        if year == 2026 {
            treated.fen = Some(3_000_000);
            treated.drug = Some(("D1", 2_000_000));
        }
        claims.extend(std::iter::repeat_n(treated, 10));
    }
    // What cannot be right is not counted: a drug that costs more than the whole case.
    let mut wrong = claim("A41.900", &[], 2026, 1_000_000);
    wrong.drug = Some(("D1", 1_000_001));
    claims.push(wrong);
    let claims: Vec<(usize, Claim)> = claims.into_iter().enumerate().collect();
    let history = [write(&folder.path().join("history.parquet"), &claims)];
    let out = folder.path().join("catalogue");
    let job = Job {
        claims: &history,
        policy: &policy,
        out: &out,
        threads: 2,
        decisions: None,
    };
    let left_out = run(&job).unwrap().left_out;
    let reasons: Vec<_> = left_out.iter().map(|(code, _, n)| (code, n)).collect();
    assert_eq!(reasons, [("cost_missing", 1)]);
    // (1 × 10,000 + 2 × 10,000 + 7 × (30,000 − 20,000)) ÷ 10 = 10,000 yuan.
    assert_eq!(
        fs::read_to_string(out.join("weights.csv")).unwrap(),
        "group,weight,mean_cost,origin,source\n\
         A41.9,1.0000,10000.00,history,dip-2027-history\n\
         K35.8:47.0100,1.0000,10000.00,history,dip-2027-history\n"
    );
}

#[test]
fn a_drug_that_a_line_pays_makes_no_subtype() {
    let folder = tempfile::tempdir().unwrap();
    let policy = with_drug(folder.path(), AUXILIARY);
    let mut claims = Vec::new();
    let mut add = |times: usize, yuan: i128, drug: i128, icu_hours| {
        let one = Claim {
            icu_hours,
            drug: Some(("D1", drug * 100)).filter(|_| drug > 0),
            ..claim("I25.100", &[], 2026, yuan * 100)
        };
        claims.extend(std::iter::repeat_n(one, times));
    };
    add(30, 1_000, 0, 0);
    add(20, 7_000, 3_000, 60);
    let claims: Vec<(usize, Claim)> = claims.into_iter().enumerate().collect();
    let history = [write(&folder.path().join("history.parquet"), &claims)];
    let out = folder.path().join("catalogue");
    let job = Job {
        claims: &history,
        policy: &policy,
        out: &out,
        threads: 2,
        decisions: None,
    };
    run(&job).unwrap();
    // Means 1,000 and 7,000 − 3,000 = 4,000 yuan, 2,200 together.
    assert_eq!(
        fs::read_to_string(out.join("auxiliary.csv")).unwrap(),
        "group,kind,level,coefficient,cases,cv,cv_within\n\
         I25.1,icu,2-7_days,1.8182,20,0.6680,0.0000\n"
    );
}

/// When groups have subtypes.
const AUXILIARY: &str = "
[[catalogue.auxiliary.min_cases]]
from = \"2020-01-01\"
value = \"15\"
unit = \"cases\"
source = \"model\"

[[catalogue.auxiliary.min_subtype_cases]]
from = \"2020-01-01\"
value = \"5\"
unit = \"cases\"
source = \"model\"

[[catalogue.auxiliary.cv]]
from = \"2020-01-01\"
more_than = \"0.5\"
unit = \"SD / mean\"
source = \"model\"

[[catalogue.auxiliary.min_cv_reduction]]
from = \"2020-01-01\"
value = \"0.2\"
unit = \"share of CV\"
source = \"model\"

[[catalogue.auxiliary.long_stay]]
from = \"2020-01-01\"
more_than = \"3\"
unit = \"days\"
source = \"model\"
";

#[test]
fn groups_whose_costs_intensive_care_explains_have_a_subtype() {
    let folder = tempfile::tempdir().unwrap();
    let policy = policy_with(folder.path(), &NO_TRIM, AUXILIARY);
    let mut claims = Vec::new();
    let mut add = |times: usize, year, fen, icu_hours| {
        let one = Claim {
            icu_hours,
            ..claim("I25.100", &[], year, fen)
        };
        claims.extend(std::iter::repeat_n(one, times));
    };
    // The years before the last have a say in the weight and none in the subtype.
    add(40, 2025, 700_000, 60);
    add(30, 2026, 100_000, 0);
    add(20, 2026, 400_000, 60);
    let claims: Vec<(usize, Claim)> = claims.into_iter().enumerate().collect();
    let history = [write(&folder.path().join("history.parquet"), &claims)];
    let out = folder.path().join("catalogue");
    let job = Job {
        claims: &history,
        policy: &policy,
        out: &out,
        threads: 2,
        decisions: None,
    };
    let subtypes = run(&job).unwrap().subtypes.unwrap();
    assert_eq!((subtypes.found, subtypes.counts.cases), (1, 50));
    // Means 1,000 and 4,000 yuan, 2,200 together.
    assert_eq!(
        fs::read_to_string(out.join("auxiliary.csv")).unwrap(),
        "group,kind,level,coefficient,cases,cv,cv_within\n\
         I25.1,icu,2-7_days,1.8182,20,0.6680,0.0000\n"
    );
    let loaded = load_plan(out.to_str().unwrap()).unwrap();
    let dip = loaded.plan.dip.unwrap();
    assert_eq!(dip.auxiliary.subtypes[0].coefficient, 18_182);
    let long_stay = dip.auxiliary.parameters.long_stay;
    assert_eq!(long_stay, (drgdip_tables::rule::Comparison::MoreThan, 3));
    assert!(verify(&out, &Silent).unwrap().mismatches.is_empty());
}

/// A history with large and small groups, related procedures, and rows that cannot be used.
fn varied() -> Vec<(usize, Claim)> {
    let mut claims = Vec::new();
    let mut add = |principal: &str, procedures: &[&'static str], times: i128, fen: i128| {
        for number in 0..times {
            let year = 2024 + i32::try_from(number % 3).unwrap();
            let code = format!("{principal}0{}", number % 2);
            claims.push(claim(&code, procedures, year, fen + number * 1_000));
        }
    };
    add("I25.1", &["36.0600"], 40, 3_000_000);
    add("I25.1", &["36.0600", "00.2400"], 30, 4_500_000);
    add("I25.1", &["36.0600", "00.2400", "00.5900"], 20, 6_000_000);
    add("I25.1", &["36.0600", "88.5500"], 10, 3_050_000);
    add("I25.1", &[], 50, 900_000);
    add("I25.2", &[], 9, 950_000);
    add("K80.0", &["51.2300"], 12, 1_500_000);
    add("K80.1", &["51.2300"], 11, 1_550_000);
    add("K80.2", &["51.2300", "51.5100"], 6, 2_500_000);
    add("K80.3", &["51.8800"], 4, 2_000_000);
    add("J18.9", &["33.2400"], 25, 800_000);
    add("J18.9", &["93.9000"], 20, 500_000);
    add("J18.9", &["99.9999x"], 3, 400_000);
    add("R52.9", &["99.2900", "36.0600"], 16, 700_000);
    add("i25.1", &["36.0600"], 3, 700_000);
    let with = |change: &dyn Fn(&mut Claim)| {
        let mut changed = claim("J18.900", &["33.2400"], 2026, 800_000);
        change(&mut changed);
        changed
    };
    let odd = [
        with(&|claim| claim.principal = None),
        with(&|claim| claim.principal = Some("I1".to_owned())),
        with(&|claim| claim.fen = None),
        with(&|claim| claim.fen = Some(0)),
        with(&|claim| claim.year = 2020),
        with(&|claim| claim.stay = 61),
    ];
    claims.extend(odd);
    claims.into_iter().enumerate().collect()
}

/// The history in so many files, the rows strewn.
fn files(folder: &Path, number: usize) -> Vec<PathBuf> {
    fs::create_dir_all(folder).unwrap();
    let mut parts = vec![Vec::new(); number];
    for (at, claim) in varied().into_iter().enumerate() {
        let part = (at * 7 + at / 5) % number;
        let place = (at * 13) % (parts[part].len() + 1);
        parts[part].insert(place, claim);
    }
    let named = parts.iter().enumerate();
    named
        .map(|(at, part)| write(&folder.join(format!("{at}.parquet")), part))
        .collect()
}

/// The contents of a run without its manifest, which names its inputs.
fn made(out: &Path) -> Vec<(String, Vec<u8>)> {
    let mut made: Vec<_> = contents(out).into_iter().collect();
    made.retain(|(name, _)| !name.contains("manifest"));
    made
}

#[test]
fn neither_files_nor_threads_can_show() {
    let folder = tempfile::tempdir().unwrap();
    let policy = policy_with(folder.path(), &[], AUXILIARY);
    let mut outputs = Vec::new();
    for (number, threads) in [(1, 1), (3, 3), (5, 1)] {
        let claims = files(&folder.path().join(format!("h{number}")), number);
        let out = folder.path().join(format!("out-{number}"));
        let job = Job {
            claims: &claims,
            policy: &policy,
            out: &out,
            threads,
            decisions: None,
        };
        run(&job).unwrap();
        assert!(verify(&out, &Silent).unwrap().mismatches.is_empty());
        outputs.push(made(&out));
    }
    assert!(outputs[0].len() > 6, "{}", outputs[0].len());
    assert!(outputs.iter().all(|output| *output == outputs[0]));
}

/// Groups a history by the plan of a folder and counts core, comprehensive and other cases.
fn grouped(claims: &[PathBuf], plan: &Path, out: &Path) -> (u64, u64, u64, u64) {
    let plan = PreparedPlan::of(load_plan(plan.to_str().unwrap()).unwrap()).unwrap();
    let job = GroupJob {
        claims,
        plan: (&plan).into(),
        out,
        keep: false,
        read: ReadOptions::default(),
        threads: Some(2),
        row_group_rows: None,
    };
    let summary = group(&job, &Silent).unwrap();
    let file = fs::File::open(out).unwrap();
    let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file);
    let (mut core, mut comprehensive) = (0, 0);
    for batch in reader.unwrap().build().unwrap() {
        let batch = batch.unwrap();
        let layers = batch.column_by_name("layer").unwrap();
        let layers = arrow::compute::cast(layers, &arrow::datatypes::DataType::Utf8).unwrap();
        let layers = layers.as_any().downcast_ref::<StringArray>().unwrap();
        for layer in layers.iter().flatten() {
            match layer {
                "comprehensive" => comprehensive += 1,
                "merged" | "basic" => core += 1,
                "" => {}
                other => panic!("{other}"),
            }
        }
    }
    let of = |status: &str| summary.outcomes.of_status(status);
    (core, comprehensive, of("ungrouped"), of("invalid"))
}

fn claimed(summary: &CatalogueSummary) -> (u64, u64, u64, u64) {
    let claims = summary.catalogue.claims;
    (
        claims.core,
        claims.comprehensive,
        claims.ungrouped,
        summary.invalid,
    )
}

#[test]
fn a_catalogue_covers_its_history_as_it_claims() {
    let folder = tempfile::tempdir().unwrap();
    let policy = policy(folder.path(), &[]);
    let claims = files(&folder.path().join("history"), 2);
    let out = folder.path().join("catalogue");
    let job = Job {
        claims: &claims,
        policy: &policy,
        out: &out,
        threads: 2,
        decisions: None,
    };
    let summary = run(&job).unwrap();
    let covered = grouped(&claims, &out, &folder.path().join("grouped.parquet"));
    assert_eq!(covered, claimed(&summary));
    assert!(
        covered.0 > 200 && covered.1 > 20 && covered.2 > 5,
        "{covered:?}"
    );
    let codes: Vec<&str> = summary
        .catalogue
        .groups
        .iter()
        .map(|group| group.code.as_str())
        .collect();
    assert_eq!(
        codes[..4],
        [
            "I25.1",
            "I25.1:36.0600+00.2400+00.5900",
            "I25.1:36.0600+00.2400",
            "I25.1:36.0600"
        ]
    );
    let left: Vec<_> = summary
        .left_out
        .iter()
        .map(|(code, _, count)| (code, count))
        .collect();
    assert_eq!(
        left,
        [
            ("principal_missing", 1),
            ("other_year", 1),
            ("long_stay", 1),
            ("cost_missing", 1),
            ("cost_not_positive", 1)
        ]
    );
    let steps = &summary.catalogue.steps;
    assert!(steps.iter().all(|step| step.cases_out <= step.cases_in));
}

#[test]
fn decisions_make_the_same_catalogue_again() {
    let folder = tempfile::tempdir().unwrap();
    let policy = policy(folder.path(), &[]);
    let claims = files(&folder.path().join("history"), 2);
    let first = folder.path().join("first");
    let job = Job {
        claims: &claims,
        policy: &policy,
        out: &first,
        threads: 2,
        decisions: None,
    };
    let before = run(&job).unwrap();
    let proposals = fs::read_to_string(first.join("build/proposals.csv")).unwrap();
    let merge = proposals
        .lines()
        .find(|line| line.starts_with("merge,K80.0:51.2300;"))
        .unwrap();
    let decided = format!("{}accept,同一术式", merge.strip_suffix(',').unwrap());
    let decisions = folder.path().join("decisions.csv");
    let rows = [
        "rename,I25.1,冠心病保守治疗,,,,,accept,",
        "weight-change,J18.9:33.2400,0.5,,,,,accept,",
        "reassign,I25.2,I25.1,,,,,reject,",
    ];
    let text = proposals.replacen(merge, &format!("{decided}\n{}", rows.join("\n")), 1);
    fs::write(&decisions, text).unwrap();
    let mut outputs = Vec::new();
    for (name, threads) in [("second", 1), ("third", 3)] {
        let out = folder.path().join(name);
        let job = Job {
            out: &out,
            threads,
            decisions: Some(&decisions),
            ..job
        };
        let after = run(&job).unwrap();
        assert!(after.catalogue.used.core > before.catalogue.used.core);
        let covered = grouped(&claims, &out, &folder.path().join("grouped.parquet"));
        assert_eq!(covered, claimed(&after));
        let groups = fs::read_to_string(out.join("groups.csv")).unwrap();
        assert!(groups.contains("K80.0:51.2300,K80.0、K80.1 行 51.2300,merged,K80.0|K80.1,"));
        assert!(groups.contains("I25.1,冠心病保守治疗,basic,"));
        let weights = fs::read_to_string(out.join("weights.csv")).unwrap();
        assert!(weights.contains("\nJ18.9:33.2400,0.5000,"), "{weights}");
        outputs.push(made(&out));
    }
    assert!(outputs[0] == outputs[1]);
    fs::write(
        &decisions,
        "kind,groups,value,decision\nrename,X99.9,x,accept\n",
    )
    .unwrap();
    let job = Job {
        decisions: Some(&decisions),
        ..job
    };
    let error = run(&job).unwrap_err();
    assert_eq!(
        error.problem(),
        "no catalogue can be grown: a decision names X99.9, which this history does not have; \
         correct the row or take the decision back."
    );
}
