//! A year: twelve months settled into a ledger, then cleared, and the same year in one run.

use drgdip_batch::inputs::Inputs;
use drgdip_batch::verify::verify;
use drgdip_batch::{
    Error, LedgerUse, PreparedPolicy, SettleJob, SettleSpan, SettleSummary, Silent, SynthJob,
    settle, synth,
};
use drgdip_claims::Yuan;
use drgdip_tests::{contents, month_job, national};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Parameters that the bundled example leaves out.
const CLEARING: &str = r#"
[[pool.risk_share]]
from = "2026-01-01"
value = "0.02"
unit = "share of budget"
source = "model"

[[pool.primary_care_growth.share]]
from = "2026-01-01"
value = "0.01"
unit = "share of budget"
source = "model"

[[pool.primary_care_growth.drivers]]
from = "2026-01-01"
values = { visits = "0.6", chronic = "0.4" }
unit = "share of growth"
source = "model"

[[clearing.assessment]]
from = "2026-01-01"
value = "margin"
source = "model"

[[clearing.margin.share]]
from = "2026-01-01"
value = "0.05"
unit = "share of payment"
source = "model"

[[clearing.margin.full_from]]
from = "2026-01-01"
value = "90"
unit = "score"
source = "model"

[[clearing.margin.none_until]]
from = "2026-01-01"
value = "60"
unit = "score"
source = "model"

[[clearing.hospital.keep_from]]
from = "2026-01-01"
value = "0.8"
unit = "multiple of payable"
source = "model"

[[clearing.hospital.below_pays]]
from = "2026-01-01"
value = "1"
unit = "ratio"
source = "model"

[[clearing.hospital.share_until]]
from = "2026-01-01"
value = "1.1"
unit = "multiple of payable"
source = "model"

[[clearing.hospital.fund_share]]
from = "2026-01-01"
value = "0.7"
unit = "share of overspending"
source = "model"

[[clearing.hospital.needs_approval]]
from = "2026-01-01"
value = "no"
source = "model"

[[clearing.region.surplus_share]]
from = "2026-01-01"
value = "0.85"
unit = "share of surplus"
source = "model"

[[clearing.region.deficit_share]]
from = "2026-01-01"
value = "0.15"
unit = "share of deficit"
source = "model"
"#;

/// Twelve generated months, and the inputs of the whole year.
struct Year {
    folder: tempfile::TempDir,
    months: Vec<(String, PathBuf, PathBuf)>,
    policy: PreparedPolicy,
}

fn policies() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../policies")
}

/// The example policy with more parameters, as a file of its own beside the same tables.
fn policy(folder: &Path, more: &str) -> PreparedPolicy {
    let tables = folder.join("example-2026");
    fs::create_dir_all(&tables).unwrap();
    for name in ["SOURCES.toml", "hospitals.csv"] {
        fs::copy(
            policies().join("example-2026").join(name),
            tables.join(name),
        )
        .unwrap();
    }
    let text = fs::read_to_string(policies().join("example-2026.toml")).unwrap();
    let entry = text.find("[[clearing.assessment]]").unwrap();
    let end = entry + text[entry..].find("\n\n").unwrap();
    let text = format!("{}{}", &text[..entry], &text[end..]);
    let path = folder.join("example-2026.toml");
    fs::write(&path, format!("{text}\n{more}")).unwrap();
    PreparedPolicy::load(path.to_str().unwrap()).unwrap()
}

fn year() -> &'static Year {
    static YEAR: OnceLock<Year> = OnceLock::new();
    YEAR.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let policy = policy(folder.path(), CLEARING);
        let months = (1..=12).map(|month| generate(folder.path(), &policy, month));
        let months = months.collect();
        let year = Year {
            folder,
            months,
            policy,
        };
        year.write_inputs();
        year
    })
}

fn generate(folder: &Path, policy: &PreparedPolicy, month: u64) -> (String, PathBuf, PathBuf) {
    let period = format!("2026-{month:02}");
    let (out, inputs) = (
        folder.join(format!("claims/{period}.parquet")),
        folder.join(&period),
    );
    let job = SynthJob {
        cases: 400,
        seed: month,
        plan: national(),
        policy,
        period: &period,
        bad_rows_per_ten_thousand: None,
        out: &out,
        files: 1,
        inputs: &inputs,
        units: false,
        threads: Some(2),
    };
    synth(&job, &Silent).unwrap();
    (period, out, inputs)
}

/// The rows of a CSV file without its heading, and the heading.
fn rows(path: &Path) -> (String, Vec<String>) {
    let text = fs::read_to_string(path).unwrap();
    let mut lines = text.lines().map(str::to_owned);
    (lines.next().unwrap(), lines.collect())
}

impl Year {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The year's budgets are those of its months, last year's points the sum of theirs.
    fn write_inputs(&self) {
        let inputs = self.path("year");
        fs::create_dir_all(&inputs).unwrap();
        let mut budgets = String::new();
        let mut prior: BTreeMap<(String, String), (i64, String)> = BTreeMap::new();
        for (_, _, month) in &self.months {
            let (heading, rows_of_month) = rows(&month.join("budgets.csv"));
            if budgets.is_empty() {
                budgets = heading + "\n";
            }
            budgets += &(rows_of_month.join("\n") + "\n");
            for row in rows(&month.join("prior.csv")).1 {
                let cells: Vec<&str> = row.split(',').collect();
                let points: i64 = cells[2].replace('.', "").parse().unwrap();
                let key = (cells[0].to_owned(), cells[1].to_owned());
                let sum = prior.entry(key).or_insert((0, cells[3].to_owned()));
                sum.0 += points;
            }
        }
        let mut text = "pool,hospital_id,points,value\n".to_owned();
        for ((pool, hospital), (points, value)) in &prior {
            let points = format!("{}.{:04}", points / 10_000, points % 10_000);
            text += &format!("{pool},{hospital},{points},{value}\n");
        }
        let (pool, hospital) = prior.keys().next().unwrap().clone();
        let other = prior.keys().find(|key| key.0 == pool && key.1 != hospital);
        let other = &other.unwrap().1;
        let tables = [
            ("prior.csv", text),
            ("budgets.csv", budgets),
            (
                "assessments.csv",
                format!("hospital_id,score\n{hospital},75\n{other},88.5\n"),
            ),
            (
                "advances.csv",
                format!("pool,hospital_id,period,amount\n{pool},{hospital},2026-01,1000.00\n"),
            ),
            (
                "drivers.csv",
                format!(
                    "pool,hospital_id,driver,amount\n{pool},{hospital},visits,30\n\
                     {pool},{other},visits,10\n"
                ),
            ),
        ];
        for (name, text) in tables {
            fs::write(inputs.join(name), text).unwrap();
        }
        let audit = format!(
            "hospital_id,pool,period,amount,reason\n{hospital},{pool},2026-03,250.00,分解住院\n"
        );
        for folder in self
            .months
            .iter()
            .map(|(_, _, month)| month)
            .chain([&inputs])
        {
            fs::write(folder.join("audits.csv"), &audit).unwrap();
        }
    }

    fn settle(&self, run: &Settling<'_>) -> Result<SettleSummary, Error> {
        let inputs = Inputs::read(Some(run.inputs), &self.policy.standing)?;
        settle(
            &SettleJob {
                period: Some(run.period),
                span: run.span,
                ledger: run.ledger.map(|folder| LedgerUse {
                    folder,
                    correction: run.correction,
                }),
                ..month_job(run.claims, &self.policy, &inputs, run.out)
            },
            &Silent,
        )
    }

    fn month(&self, number: usize, ledger: &Path, out: &Path) -> Result<SettleSummary, Error> {
        let (period, claims, inputs) = &self.months[number];
        self.settle(&Settling {
            claims: std::slice::from_ref(claims),
            inputs,
            period,
            span: SettleSpan::Month,
            ledger: Some(ledger),
            correction: None,
            out,
        })
    }

    fn annual(&self, ledger: Option<&Path>, out: &Path) -> Result<SettleSummary, Error> {
        let claims: Vec<PathBuf> = self
            .months
            .iter()
            .map(|(_, claims, _)| claims.clone())
            .collect();
        self.settle(&Settling {
            claims: &claims,
            inputs: &self.path("year"),
            period: "2026",
            span: SettleSpan::Year,
            ledger,
            correction: None,
            out,
        })
    }
}

struct Settling<'a> {
    claims: &'a [PathBuf],
    inputs: &'a Path,
    period: &'a str,
    span: SettleSpan,
    ledger: Option<&'a Path>,
    correction: Option<&'a str>,
    out: &'a Path,
}

#[track_caller]
fn assert_verified(run: &Path) {
    let verified = verify(run, &Silent).unwrap();
    assert!(verified.mismatches.is_empty(), "{:?}", verified.mismatches);
}

#[test]
fn i10_twelve_months_and_their_clearing_are_exactly_one_annual_run() {
    let year = year();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let ledger = path("ledger");
    let mut prepaid: BTreeMap<(String, String), i64> = BTreeMap::new();
    for number in 0..12 {
        let out = path(&format!("month-{number}"));
        let summary = year.month(number, &ledger, &out).unwrap();
        assert_verified(&out);
        for row in summary.prepaid {
            let key = (row.pool, row.hospital_id);
            *prepaid.entry(key).or_default() += row.prepaid.fen();
        }
    }
    assert!(prepaid.values().sum::<i64>() > 0);

    let cleared = year.annual(Some(&ledger), &path("year")).unwrap();
    let alone = year.annual(None, &path("alone")).unwrap();
    assert_verified(&path("year"));
    assert_verified(&path("alone"));
    assert!(cleared.months_without_entry.is_empty());
    // Without the ledger nothing is taken off, and it is said for which months.
    assert_eq!(alone.months_without_entry.len(), 12);
    assert_eq!(cleared.adjustments, alone.adjustments);
    let files = (contents(&path("year")), contents(&path("alone")));
    for name in [
        "hospitals.parquet",
        "pools.parquet",
        "cases.parquet",
        "adjustments.parquet",
    ] {
        assert!(files.0[name] == files.1[name], "{name} differs");
    }
    assert_eq!(cleared.cleared.len(), alone.cleared.len());
    for (cleared, alone) in cleared.cleared.iter().zip(&alone.cleared) {
        let key = (cleared.pool.clone(), cleared.hospital_id.clone());
        assert_eq!((&alone.pool, &alone.hospital_id), (&key.0, &key.1));
        assert_eq!(cleared.due, alone.due, "{key:?}");
        assert_eq!(alone.prepaid, Yuan::ZERO);
        assert_eq!(cleared.prepaid.fen(), prepaid[&key], "{key:?}");
        let parts = [cleared.prepaid, cleared.advanced, cleared.clearing];
        assert_eq!(Yuan::total(parts), Ok(cleared.due), "{key:?}");
    }
}

#[test]
fn every_adjustment_of_the_year_has_its_kind_and_its_fund() {
    let year = year();
    let folder = tempfile::tempdir().unwrap();
    let summary = year
        .annual(None, folder.path().join("year").as_path())
        .unwrap();
    let sum = |pool: &str, kind: &str| -> i64 {
        let rows = summary.adjustments.iter();
        let mine = rows.filter(|row| row.pool == pool && row.kind == kind);
        mine.map(|row| row.amount.fen()).sum()
    };
    let is_of_bands = |warning: &&String| warning.starts_with("clearing.");
    let of_bands: Vec<&String> = summary.policy_warnings.iter().filter(is_of_bands).collect();
    assert_eq!(
        of_bands,
        [
            "clearing.hospital.keep_from: at 0.8 of its payable, what a hospital is due jumps by \
          0.200000 of it."
        ]
    );
    let with_drivers = &summary.pools[0];
    let growth = sum(&with_drivers.id, "primary_care_growth");
    assert_eq!(growth, with_drivers.growth.fen());
    assert!(growth > 0);
    for pool in &summary.pools {
        let share = sum(&pool.id, "overspend_share");
        assert!((0..=pool.risk_fund.fen()).contains(&share), "{}", pool.id);
        let (held, released) = (
            sum(&pool.id, "margin_held"),
            sum(&pool.id, "margin_released"),
        );
        assert!(held < 0 && (0..=-held).contains(&released), "{}", pool.id);
    }
    assert_eq!(sum(&with_drivers.id, "audit"), -25_000);
    let shares: i64 = summary
        .pools
        .iter()
        .map(|pool| sum(&pool.id, "overspend_share"))
        .sum();
    let returned: i64 = summary
        .pools
        .iter()
        .map(|p| sum(&p.id, "surplus_returned"))
        .sum();
    assert!(shares > 0 || returned < 0, "no band was met");
}

#[test]
fn i9_a_month_that_is_settled_again_changes_neither_its_run_nor_the_ledger() {
    let year = year();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let ledger = path("ledger");
    for number in [0, 1] {
        year.month(number, &ledger, &path(&format!("m{number}")))
            .unwrap();
    }
    let before = contents(&ledger);
    for number in [0, 1] {
        year.month(number, &ledger, &path("again")).unwrap();
        let (first, again) = (
            contents(&path(&format!("m{number}"))),
            contents(&path("again")),
        );
        assert!(first == again, "month {number} differs");
    }
    assert!(contents(&ledger) == before, "the ledger differs");
}

#[test]
fn another_result_of_a_month_is_refused_before_anything_is_published() {
    let year = year();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let ledger = path("ledger");
    year.month(0, &ledger, &path("first")).unwrap();
    let (period, claims, inputs) = &year.months[0];
    let other = path("inputs");
    fs::create_dir(&other).unwrap();
    for name in ["hospitals.csv", "budgets.csv", "prior.csv"] {
        fs::copy(inputs.join(name), other.join(name)).unwrap();
    }
    let (heading, mut budgets) = rows(&other.join("budgets.csv"));
    budgets[0] = budgets[0].replacen(".00", ".50", 1);
    fs::write(
        other.join("budgets.csv"),
        format!("{heading}\n{}\n", budgets.join("\n")),
    )
    .unwrap();
    let out = path("second");
    let mut run = Settling {
        claims: std::slice::from_ref(claims),
        inputs: &other,
        period,
        span: SettleSpan::Month,
        ledger: Some(&ledger),
        correction: None,
        out: &out,
    };
    let error = year.settle(&run).unwrap_err();
    assert_eq!(error.exit_code(), 5);
    assert!(
        error.problem().contains("2026-01 is in the ledger already"),
        "{}",
        error.problem()
    );
    assert!(!path("second").exists());
    assert_eq!(contents(&ledger).len(), 2);
    run.correction = Some("the budget was corrected");
    year.settle(&run).unwrap();
    let entries = contents(&ledger);
    let text = String::from_utf8(entries["0002-2026-01.json"].clone()).unwrap();
    assert!(text.contains("\"correction\": \"the budget was corrected\""));
}

#[test]
fn prior_points_counted_from_last_years_claims_are_those_that_they_earn_now() {
    let year = year();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let (last, now) = (path("last.parquet"), path("now.parquet"));
    let mut folders = Vec::new();
    for (period, seed, out) in [("2026-01", 98, &last), ("2027-01", 99, &now)] {
        let inputs = path(period);
        let job = SynthJob {
            cases: 500,
            seed,
            plan: national(),
            policy: &year.policy,
            period,
            bad_rows_per_ten_thousand: Some(0),
            out,
            files: 1,
            inputs: &inputs,
            units: false,
            threads: Some(2),
        };
        synth(&job, &Silent).unwrap();
        folders.push(inputs);
    }
    let run = |period: &str, prior: &[PathBuf], claims: &PathBuf, inputs: &Path| {
        let inputs = Inputs::read(Some(inputs), &year.policy.standing).unwrap();
        settle(
            &SettleJob {
                period: Some(period),
                prior_claims: prior,
                checks: None,
                ..month_job(
                    std::slice::from_ref(claims),
                    &year.policy,
                    &inputs,
                    &path("settled"),
                )
            },
            &Silent,
        )
        .unwrap()
    };
    let before = run("2026-01", &[], &last, &folders[0]);
    let counted = run("2027-01", std::slice::from_ref(&last), &now, &folders[1]);
    let manifest = fs::read_to_string(path("settled/manifest.json")).unwrap();
    assert!(manifest.contains("\"prior_claims\""));
    for (before, counted) in before.pools.iter().zip(&counted.pools) {
        assert_eq!(before.id, counted.id);
        let mut earned = 0;
        for hospital in &before.settlement.hospitals {
            let now = counted.settlement.hospitals.iter();
            let mut now = now.filter(|h| h.hospital_id == hospital.hospital_id);
            let points = hospital.points.ten_thousandths();
            let allowance = now.next().map_or(0, |h| h.allowance.ten_thousandths());
            // The policy takes four fifths, rounded half up to four places.
            assert_eq!(allowance, (points * 8 + 5) / 10, "{}", hospital.hospital_id);
            earned += points;
        }
        assert!(earned > 0, "{}", before.id);
    }
    for insurance in ["employee", "resident"] {
        let mut pools = counted.pools.iter();
        assert!(pools.any(|pool| pool.insurance == insurance), "{insurance}");
    }
}
