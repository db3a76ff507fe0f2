//! Every bundled policy pays whole settlements: two generated months, and the year that they are.
//!
//! A policy that names a plan which is not bundled is run with the national one in its place, as
//! its own note tells users to name theirs.

use drgdip_batch::inputs::Inputs;
use drgdip_batch::verify::verify;
use drgdip_batch::{
    Error, LedgerUse, PreparedPlan, PreparedPolicy, SettleJob, SettleSpan, SettleSummary, Silent,
    SynthJob, settle, synth,
};
use drgdip_claims::Yuan;
use drgdip_points::{PointValue, Rounding};
use drgdip_tables::FileSet;
use drgdip_tests::{month_job, national, plan};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A bundled policy with generated hospitals, and two months of claims for it.
struct Preset {
    folder: tempfile::TempDir,
    policy: PreparedPolicy,
    /// The plan that the policy names, where that is bundled and not the national one.
    own_plan: Option<PreparedPlan>,
    year: i16,
    claims: Vec<PathBuf>,
}

/// Twelve hospitals of three levels in the first three regions of a policy.
fn hospitals(regions: &[&String]) -> String {
    let mut text = "hospital_id,name,level,region,primary_care,coefficient\n".to_owned();
    for number in 0..12 {
        let region = regions[number % regions.len().min(3)];
        let (level, care, coefficient) = match number % 3 {
            0 => ("3", "no", "1.0500"),
            1 => ("2", "no", "0.9800"),
            _ => ("1", "yes", "0.9000"),
        };
        text += &format!("H{number:02},医院{number},{level},{region},{care},{coefficient}\n");
    }
    text
}

impl Preset {
    fn new(id: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let policies = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policies");
        let (file, tables) = (format!("{id}.toml"), folder.path().join(id));
        fs::create_dir(&tables).unwrap();
        fs::copy(policies.join(&file), folder.path().join(&file)).unwrap();
        let sources = policies.join(id).join("SOURCES.toml");
        fs::copy(sources, tables.join("SOURCES.toml")).unwrap();
        let path = folder.path().join(&file);
        let load = || PreparedPolicy::load(path.to_str().unwrap()).unwrap();
        let first = load().policy.first_day();
        let terms = load().policy.at(first).unwrap();
        let regions: Vec<&String> = terms.regions.keys().collect();
        fs::write(tables.join("hospitals.csv"), hospitals(&regions)).unwrap();
        let is_bundled = drgdip_tables::load_plan(&terms.plan).is_ok();
        let is_national = terms.plan == national().plan.id;
        let mut preset = Self {
            policy: load(),
            own_plan: (is_bundled && !is_national).then(|| plan(&terms.plan)),
            year: first.year(),
            claims: Vec::new(),
            folder,
        };
        preset.claims = [1, 2].map(|month| preset.generate(month)).to_vec();
        preset.write_year();
        preset
    }

    fn plan(&self) -> &PreparedPlan {
        self.own_plan.as_ref().unwrap_or(national())
    }

    /// The plan that claims are made from; a DIP catalogue makes none.
    fn claims_plan(&self) -> &PreparedPlan {
        let own = self.own_plan.as_ref();
        own.filter(|own| own.plan.dip.is_none())
            .unwrap_or(national())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn period(&self, month: u64) -> String {
        format!("{}-{month:02}", self.year)
    }

    /// Generates a month and the tables that some policies ask for beside it.
    fn generate(&self, month: u64) -> PathBuf {
        let period = self.period(month);
        let (out, inputs) = (self.path(&format!("{period}.parquet")), self.path(&period));
        let job = SynthJob {
            cases: 600,
            seed: month,
            plan: self.claims_plan(),
            policy: &self.policy,
            period: &period,
            bad_rows_per_ten_thousand: None,
            out: &out,
            files: 1,
            inputs: &inputs,
            units: false,
            threads: Some(2),
        };
        synth(&job, &Silent).unwrap();
        for (name, text) in [
            (
                "groups.csv",
                "group,level,mean_cost,stay_days,cases,cv\nES35,,7000.00,6.5,90,0.6\n",
            ),
            ("reviews.csv", "case_id,decision,amount\nC0,approved,\n"),
        ] {
            fs::write(inputs.join(name), text).unwrap();
        }
        out
    }

    /// The inputs of the year: its budgets are twice those of the first month.
    fn write_year(&self) {
        let year = self.path("year");
        fs::create_dir(&year).unwrap();
        let first = self.path(&self.period(1));
        for name in ["hospitals.csv", "prior.csv", "groups.csv", "reviews.csv"] {
            fs::copy(first.join(name), year.join(name)).unwrap();
        }
        let months = [1, 2].map(|month| {
            let path = self.path(&self.period(month)).join("budgets.csv");
            fs::read_to_string(path).unwrap()
        });
        let mut text = "region,insurance,unit,period,amount\n".to_owned();
        for (one, two) in months[0].lines().zip(months[1].lines()).skip(1) {
            let cells = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>();
            let (one, two) = (cells(one), cells(two));
            let amount = Yuan::total([&one, &two].map(|cells| cells[4].parse().unwrap())).unwrap();
            text += &format!("{},{},{},{},{amount}\n", one[0], one[1], one[2], self.year);
        }
        fs::write(year.join("budgets.csv"), text).unwrap();
    }

    fn settle(&self, month: Option<u64>) -> SettleSummary {
        let id = self.policy.policy.id();
        let (period, settled) = self.try_settle(month);
        let summary = settled.unwrap_or_else(|e| panic!("{id} {period}: {e:?}"));
        let verified = verify(&self.path(&format!("settled-{period}")), &Silent).unwrap();
        assert!(
            verified.mismatches.is_empty(),
            "{id}: {:?}",
            verified.mismatches
        );
        summary
    }

    fn try_settle(&self, month: Option<u64>) -> (String, Result<SettleSummary, Error>) {
        let (period, inputs, claims) = match month {
            Some(month) => {
                let period = self.period(month);
                let inputs = self.path(&period);
                let index = usize::try_from(month).unwrap() - 1;
                (period, inputs, &self.claims[index..=index])
            }
            None => (self.year.to_string(), self.path("year"), &self.claims[..]),
        };
        let inputs = Inputs::read(Some(&inputs), &self.policy.standing).unwrap();
        let terms = self.policy.policy.at(self.policy.policy.first_day());
        let ledger = self.path("ledger");
        let prepays = terms.unwrap().prepay.is_some();
        let out = self.path(&format!("settled-{period}"));
        let settled = settle(
            &SettleJob {
                plan: self.plan().into(),
                period: Some(&period),
                span: month.map_or(SettleSpan::Year, |_| SettleSpan::Month),
                ledger: prepays.then_some(LedgerUse {
                    folder: &ledger,
                    correction: None,
                }),
                ..month_job(claims, &self.policy, &inputs, &out)
            },
            &Silent,
        );
        (period, settled)
    }
}

/// Every fen of every pool is paid or explained, and something is paid to both insurances.
#[track_caller]
fn assert_pays(summary: &SettleSummary, id: &str) {
    for pool in &summary.pools {
        let settled = &pool.settlement;
        let back = settled.paid.plus(settled.residual);
        assert_eq!(back, Ok(settled.distributable), "{id} {}", pool.id);
    }
    for insurance in ["employee", "resident"] {
        let mine = summary
            .pools
            .iter()
            .filter(|pool| pool.insurance == insurance);
        let paid = Yuan::total(mine.map(|pool| pool.settlement.paid)).unwrap();
        assert!(paid > Yuan::ZERO, "{id} pays nothing to {insurance}");
    }
}

#[test]
fn every_bundled_policy_settles_two_months_and_clears_the_year() {
    for id in FileSet::bundled_policies() {
        let preset = Preset::new(id);
        let months = [1, 2].map(|month| preset.settle(Some(month)));
        for month in &months {
            assert_eq!(month.rows, 600);
            assert_pays(month, id);
        }
        let year = preset.settle(None);
        assert_eq!(year.rows, 1_200);
        assert_pays(&year, id);
        for row in &year.cleared {
            let parts = [row.prepaid, row.advanced, row.clearing];
            assert_eq!(Yuan::total(parts), Ok(row.due), "{id} {}", row.hospital_id);
        }
    }
}

#[test]
fn zhoukou_prepays_at_the_values_that_were_published_for_it() {
    let month = Preset::new("zhoukou-2026").settle(Some(1));
    let mut insurances = BTreeSet::new();
    for pool in &month.pools {
        let value: PointValue = match pool.insurance.as_str() {
            "employee" => "53.8381".parse().unwrap(),
            _ => "52.8094".parse().unwrap(),
        };
        for hospital in pool.settlement.hospitals.iter().filter(|h| h.cases > 0) {
            let mut rows = month.prepaid.iter();
            let key = (&pool.id, &hospital.hospital_id);
            let row = rows
                .find(|row| (&row.pool, &row.hospital_id) == key)
                .unwrap();
            let worth = hospital
                .points
                .pay_at(&value, Rounding::HalfAwayFromZero)
                .unwrap();
            assert_eq!(worth.minus(hospital.patient_side), Ok(row.earned));
            insurances.insert(pool.insurance.as_str());
        }
    }
    assert_eq!(insurances.len(), 2);
}

#[test]
fn zhejiang_hospitals_keep_the_regional_surplus_but_for_the_part_of_the_fund() {
    let preset = Preset::new("zhejiang-2020");
    let year = preset.settle(None);
    let mut checked = 0;
    for pool in &year.pools {
        let spent = Yuan::total(pool.itemised.values().copied()).unwrap().fen();
        let budget = pool.settlement.budget.fen();
        // Five of a hundred are the reserve, and of the rest the fund keeps fifteen of a hundred of
        // what was not spent, so that hospitals never get less than they spent of it.
        let to_spend = budget * 95;
        if spent == 0 || spent * 100 >= to_spend {
            continue;
        }
        let reserve = pool.settlement.reserve.fen();
        let kept = (to_spend - spent * 100) * 15;
        assert!(
            (reserve * 10_000 - budget * 500 - kept).abs() <= 10_000,
            "{}",
            pool.id
        );
        assert!(budget - reserve >= spent, "{}", pool.id);
        checked += 1;
    }
    assert!(checked > 0);
}

#[test]
fn a_month_in_shanghai_makes_up_for_the_baseline_that_the_month_before_left() {
    let preset = Preset::new("shanghai-model");
    let (_, early) = preset.try_settle(Some(2));
    assert_eq!(
        early.unwrap_err().problem(),
        "the baseline of 2026-02 is that of the year to date, and the ledger does not have 2026-01."
    );
    let (first, second) = (preset.settle(Some(1)), preset.settle(Some(2)));
    let text = fs::read_to_string(preset.path("2026-02").join("prior.csv")).unwrap();
    let mut carried = 0;
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let prior: i64 = cells[2].replace('.', "").parse().unwrap();
        let of = |summary: &SettleSummary| {
            let pool = summary
                .pools
                .iter()
                .find(|pool| pool.id == cells[0])
                .unwrap();
            let mut all = pool.settlement.hospitals.iter();
            all.find(|h| h.hospital_id == cells[1]).cloned()
        };
        let before = of(&first).map_or(0, |h| h.points.ten_thousandths());
        let found = of(&second).unwrap().allowance.ten_thousandths();
        // β of n months: n/12 of four fifths, rounded half up to four places.
        let to_date = |months: i64| (prior * 8 * months * 2 + 120) / 240;
        let used = before.min(to_date(1));
        assert_eq!(found, to_date(2) - used, "{} {}", cells[0], cells[1]);
        carried += i64::from(found > to_date(1));
    }
    assert!(carried > 0);
}
