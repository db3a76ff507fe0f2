//! Pools and point values as policies state them, on one generated month.

use arrow::array::{Array, AsArray, Decimal128Array, RecordBatch, StringArray};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, Decimal128Type, Field, Schema};
use drgdip_batch::inputs::Inputs;
use drgdip_batch::verify::verify;
use drgdip_batch::{Error, PoolReport, PreparedPolicy, SettleSummary, Silent, settle};
use drgdip_claims::Yuan;
use drgdip_tests::{Month, clean_month, month_job};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// A generated month of the example policy.
struct Bench {
    folder: tempfile::TempDir,
    month: Month,
}

fn bench() -> &'static Bench {
    static BENCH: OnceLock<Bench> = OnceLock::new();
    BENCH.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let month = clean_month(folder.path(), 3_000);
        Bench { folder, month }
    })
}

/// A settlement of the month with other parameters and more input tables.
#[derive(Default)]
struct Change<'a> {
    /// Parameters of the example policy that are taken out.
    without: &'a [&'a str],
    /// Parameters that are put in: key, field and value, unit.
    with: &'a [(&'a str, &'a str, &'a str)],
    tables: &'a [(&'a str, String)],
    /// Claims in place of the month's own.
    claims: Option<PathBuf>,
}

impl Change<'_> {
    fn policy(&self, folder: &Path) -> Result<PreparedPolicy, Error> {
        let policies = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policies");
        let tables = folder.join("example-2026");
        fs::create_dir_all(&tables).unwrap();
        for name in ["SOURCES.toml", "hospitals.csv"] {
            fs::copy(policies.join("example-2026").join(name), tables.join(name)).unwrap();
        }
        let mut text = fs::read_to_string(policies.join("example-2026.toml")).unwrap();
        for key in self.without {
            let from = text.find(&format!("[[{key}]]")).unwrap();
            let end = from + text[from..].find("\n\n").unwrap();
            text.replace_range(from..end, "");
        }
        for (key, value, unit) in self.with {
            let unit = match *unit {
                "" => String::new(),
                unit => format!("unit = \"{unit}\"\n"),
            };
            text +=
                &format!("\n[[{key}]]\nfrom = \"2026-01-01\"\n{value}\n{unit}source = \"model\"\n");
        }
        let path = folder.join("example-2026.toml");
        fs::write(&path, text).unwrap();
        PreparedPolicy::load(path.to_str().unwrap())
    }

    fn settle(&self) -> Result<SettleSummary, Error> {
        let folder = tempfile::tempdir_in(bench().folder.path()).unwrap();
        let inputs = folder.path().join("inputs");
        fs::create_dir(&inputs).unwrap();
        for name in ["hospitals.csv", "budgets.csv", "prior.csv"] {
            fs::copy(bench().month.inputs.join(name), inputs.join(name)).unwrap();
        }
        for (name, text) in self.tables {
            fs::write(inputs.join(name), text).unwrap();
        }
        let policy = self.policy(folder.path())?;
        let inputs = Inputs::read(Some(&inputs), &policy.standing)?;
        let out = folder.path().join("settled");
        let claims = match &self.claims {
            Some(claims) => vec![claims.clone()],
            None => bench().month.claims.clone(),
        };
        let summary = settle(&month_job(&claims, &policy, &inputs, &out), &Silent)?;
        let verified = verify(&out, &Silent).unwrap();
        assert!(verified.mismatches.is_empty(), "{:?}", verified.mismatches);
        Ok(summary)
    }

    #[track_caller]
    fn settled(&self) -> SettleSummary {
        self.settle()
            .unwrap_or_else(|error| panic!("{}: {}", error.place(), error.problem()))
    }

    #[track_caller]
    fn refused(&self, expected: &str) {
        let error = self.settle().unwrap_err();
        assert_eq!(error.problem(), expected);
    }
}

/// A table of the month's inputs, its lines.
fn lines(name: &str) -> Vec<String> {
    let text = fs::read_to_string(bench().month.inputs.join(name)).unwrap();
    text.lines().map(str::to_owned).collect()
}

fn plain() -> &'static SettleSummary {
    static PLAIN: OnceLock<SettleSummary> = OnceLock::new();
    PLAIN.get_or_init(|| Change::default().settled())
}

fn pool<'s>(summary: &'s SettleSummary, id: &str) -> &'s PoolReport {
    let mut pools = summary.pools.iter();
    pools
        .find(|pool| pool.id == id)
        .unwrap_or_else(|| panic!("no pool {id}"))
}

const UNIFORM: &[&str] = &["value.model"];

#[test]
fn schemes_that_share_a_pool_have_one_budget_and_one_value() {
    let change = Change {
        without: UNIFORM,
        with: &[
            ("value.model", "value = \"uniform\"", ""),
            ("pool.schemes", "value = \"merged\"", ""),
        ],
        ..Change::default()
    };
    let merged = change.settled();
    assert_eq!(merged.pools.len(), 3);
    let of = |insurance: &str| {
        pool(plain(), &format!("990100-{insurance}-drg"))
            .settlement
            .clone()
    };
    let (employee, resident) = (of("employee"), of("resident"));
    let both = &pool(&merged, "990100-all-drg").settlement;
    assert_eq!(employee.budget.plus(resident.budget), Ok(both.budget));
    assert_eq!(employee.points.plus(resident.points), Ok(both.points));
    assert_eq!(both.residual, Yuan::ZERO);
}

#[test]
fn a_fixed_value_is_found_by_pool_insurance_or_all() {
    let with = |value: &'static str| {
        [
            ("value.model", "value = \"uniform\"", ""),
            ("value.mode", "value = \"fixed\"", ""),
            ("value.initial", value, "yuan per point"),
        ]
    };
    let change = Change {
        without: UNIFORM,
        with: &with(
            "values = { all = \"90\", employee = \"100.5\", \"990200-employee-drg\" = \"101\" }",
        ),
        ..Change::default()
    };
    let summary = change.settled();
    let value = |id| pool(&summary, id).settlement.floating_value.to_string();
    assert_eq!(value("990100-resident-drg"), "90.000000");
    assert_eq!(value("990100-employee-drg"), "100.500000");
    assert_eq!(value("990200-employee-drg"), "101.000000");
    for pool in &summary.pools {
        assert_eq!(pool.settlement.residual_reason.code(), "fixed_value");
    }
    let change = Change {
        without: UNIFORM,
        with: &with("values = { employee = \"90\" }"),
        ..Change::default()
    };
    change.refused(
        "the pool has no initial point value; add it to value.initial of the policy, under the \
         pool, its insurance or all",
    );
}

#[test]
fn the_published_value_pays_and_leaves_a_rounding_residual() {
    let change = Change {
        without: &["value.model", "value.published_places"],
        with: &[
            ("value.model", "value = \"uniform\"", ""),
            ("value.pays", "value = \"published\"", ""),
            ("value.published_places", "value = \"2\"", "decimals"),
        ],
        ..Change::default()
    };
    let summary = change.settled();
    assert!(
        summary
            .pools
            .iter()
            .any(|pool| pool.settlement.residual != Yuan::ZERO)
    );
    for pool in &summary.pools {
        let settled = &pool.settlement;
        assert_eq!(settled.residual, settled.rounding_residual);
        assert!(matches!(
            settled.residual_reason.code(),
            "rounding_residual" | "none"
        ));
        for hospital in &settled.hospitals {
            let rounding = drgdip_points::Rounding::HalfAwayFromZero;
            let worth = hospital.points.pay_at(&settled.floating_value, rounding);
            assert_eq!(worth, Ok(hospital.gross), "{}", hospital.hospital_id);
        }
    }
}

#[test]
fn an_elastic_value_holds_complex_groups_or_rigid_costs_fixed() {
    let change = |part: &'static str| {
        [
            ("value.model", "value = \"uniform\"", ""),
            ("value.mode", "value = \"elastic\"", ""),
            (
                "value.initial",
                "values = { all = \"60\" }",
                "yuan per point",
            ),
            ("value.elastic.fixed_part", part, ""),
            ("value.elastic.floating_cap", "value = \"none\"", "ratio"),
            ("value.elastic.residual_rule", "value = \"RESERVE\"", ""),
            ("measure.complexity.weight", "at_least = \"2\"", "weight"),
        ]
    };
    for part in ["value = \"complexity\"", "value = \"rigid_cost\""] {
        let change = Change {
            without: UNIFORM,
            with: &change(part),
            ..Change::default()
        };
        for pool in change.settled().pools {
            let settled = pool.settlement;
            assert_eq!(settled.fixed_value.to_string(), "60.000000");
            assert!(settled.baseline_points.ten_thousandths() > 0, "{part}");
            assert!(settled.increment_points.ten_thousandths() > 0, "{part}");
            assert_eq!(settled.residual, Yuan::ZERO);
        }
    }
}

#[test]
fn subpools_are_shared_by_claims_flags_and_tables() {
    let groups = "group,flag\nES25,primary_care\nFR25,primary_care\nGS15,primary_care\n";
    let hospital = plain().pools[0].settlement.hospitals[0].hospital_id.clone();
    let measures =
        format!("pool,measure,hospital_id,points\n990100-employee-drg,quality,{hospital},12.5\n");
    let with = [
        (
            "value.baseline_increment.increment",
            "value = \"subpools\"",
            "",
        ),
        (
            "value.baseline_increment.subpools",
            "values = { volume = \"0.5\", complexity = \"0.2\", primary_care = \"0.1\", \
             \"new_tech+tcm\" = \"0.1\", quality = \"0.1\" }",
            "share of increment money",
        ),
        ("measure.complexity.weight", "at_least = \"2\"", "weight"),
    ];
    let tables = [
        ("group_flags.csv", groups.to_owned()),
        ("measures.csv", measures),
    ];
    let change = Change {
        with: &with,
        tables: &tables,
        ..Change::default()
    };
    change.refused_for_columns();
    let with: Vec<_> = with
        .into_iter()
        .map(|(key, value, unit)| (key, value.replace("new_tech+tcm", "new_tech"), unit))
        .collect();
    let with: Vec<_> = with.iter().map(|(k, v, u)| (*k, v.as_str(), *u)).collect();
    let change = Change {
        with: &with,
        tables: &tables,
        ..Change::default()
    };
    let summary = change.settled();
    let names = |id| -> Vec<&str> {
        let subpools = pool(&summary, id).settlement.subpools.iter();
        subpools.map(|subpool| subpool.name.as_str()).collect()
    };
    assert!(names("990100-employee-drg").contains(&"quality"));
    assert!(!names("990200-employee-drg").contains(&"quality"));
    for pool in &summary.pools {
        assert!(pool.settlement.subpools.len() >= 2, "{}", pool.id);
    }
}

impl Change<'_> {
    /// The generated claims have no disease of traditional medicine.
    #[track_caller]
    fn refused_for_columns(&self) {
        let error = self.settle().unwrap_err();
        let problem = error.problem();
        assert!(
            problem.starts_with("the file lacks tcm_disease."),
            "{problem}"
        );
    }
}

#[test]
fn a_measure_that_nothing_explains_is_named() {
    let change = Change {
        with: &[
            (
                "value.baseline_increment.increment",
                "value = \"subpools\"",
                "",
            ),
            (
                "value.baseline_increment.subpools",
                "values = { volume = \"0.5\", surprise = \"0.5\" }",
                "share of increment money",
            ),
        ],
        ..Change::default()
    };
    change.refused("nothing says what the measure \"surprise\" of the policy is.");
}

#[test]
fn tilts_of_policy_hospitals_and_tables_are_multiplied() {
    let settled = &pool(plain(), "990100-employee-drg").settlement;
    let grown =
        |h: &&drgdip_points::pool::HospitalPayment| h.increment_points.ten_thousandths() > 0;
    let hospital = settled
        .hospitals
        .iter()
        .find(grown)
        .unwrap()
        .hospital_id
        .clone();
    let tilted = |factor: &str| {
        let table = format!("hospital_id,tilt,factor\n{hospital},quality,{factor}\n");
        let change = Change {
            with: &[
                (
                    "value.baseline_increment.increment",
                    "value = \"tilted\"",
                    "",
                ),
                (
                    "value.baseline_increment.tilt.primary_care",
                    "value = \"1.2\"",
                    "ratio",
                ),
                (
                    "value.baseline_increment.tilt.by_level",
                    "values = { \"3\" = \"1.1\" }",
                    "ratio",
                ),
            ],
            tables: &[("tilts.csv", table)],
            ..Change::default()
        };
        let summary = change.settled();
        let settled = &pool(&summary, "990100-employee-drg").settlement;
        let mine = settled.hospitals.iter().find(|h| h.hospital_id == hospital);
        mine.unwrap().earned.increment
    };
    assert_eq!(tilted("0"), Yuan::ZERO);
    assert!(tilted("0.5") < tilted("1"));
    assert!(tilted("1") < tilted("3"));
}

#[test]
fn hospitals_outside_the_list_of_a_pool_are_reported_and_not_paid() {
    let all = &pool(plain(), "990100-employee-drg").settlement.hospitals;
    let listed = all.iter().find(|h| h.cases > 0).unwrap();
    let others: u64 = all.iter().map(|h| h.cases).sum::<u64>() - listed.cases;
    let table = format!(
        "pool,hospital_id\n990100-employee-drg,{}\n",
        listed.hospital_id
    );
    let change = Change {
        tables: &[("pool_hospitals.csv", table)],
        ..Change::default()
    };
    let summary = change.settled();
    let settled = &pool(&summary, "990100-employee-drg").settlement;
    let paid: Vec<_> = settled.hospitals.iter().filter(|h| h.cases > 0).collect();
    assert_eq!(paid.len(), 1);
    assert_eq!(paid[0].points, listed.points);
    let mut found = summary.findings.iter();
    let (_, count) = found
        .find(|(f, _)| f.code() == "hospital_not_in_pool")
        .unwrap();
    assert_eq!(count, others);
}

/// The month's budgets as a tree of regions and pools; `more` is added to the root.
fn tree(more: i64) -> String {
    let mut leaves = String::new();
    let mut sum = 0;
    for line in &lines("budgets.csv")[1..] {
        let cells: Vec<&str> = line.split(',').collect();
        let amount: Yuan = cells[4].parse().unwrap();
        sum += amount.fen();
        let pool = format!("{}-{}-drg", cells[0], cells[1]);
        leaves += &format!("2026-10,{pool},city,{amount},\n");
    }
    let whole = Yuan::from_fen(sum + more);
    format!("period,node,parent,amount,share\n2026-10,city,,{whole},\n{leaves}")
}

#[test]
fn a_budget_tree_gives_the_pools_their_budgets_and_must_add_up() {
    let with_tree = |tree: String| {
        let change = Change {
            tables: &[("budget_tree.csv", tree)],
            ..Change::default()
        };
        change.settle()
    };
    let summary = with_tree(tree(0)).unwrap();
    for (pool, plain) in summary.pools.iter().zip(&plain().pools) {
        assert_eq!(pool.settlement, plain.settlement);
    }
    let error = with_tree(tree(150)).unwrap_err();
    assert!(
        error.place().ends_with("budget_tree.csv, line 2"),
        "{}",
        error.place()
    );
    let problem = error.problem();
    assert!(
        problem.starts_with("the parts of \"city\" add up to "),
        "{problem}"
    );
    assert!(problem.ends_with("a difference of 1.50."), "{problem}");
    let stranger = format!("{}2026-10,lost,nobody,1.00,\n", tree(0));
    let error = with_tree(stranger).unwrap_err();
    assert_eq!(
        error.problem(),
        "the parent \"nobody\" of \"lost\" is no node."
    );
    let half = "period,node,parent,amount,share\n2026-10,city,,10.00,\n\
                2026-10,990100-employee-drg,city,,0.5\n2026-10,rest,city,,0.4\n";
    let error = with_tree(half.to_owned()).unwrap_err();
    let expected = "the shares of the parts of \"city\" add up to 0.9000, not 1.";
    assert_eq!(error.problem(), expected);
    let other = half.replace("0.4", "0.5");
    let error = with_tree(other).unwrap_err();
    let expected = "the pool 990100-employee-drg has ";
    assert!(error.problem().starts_with(expected), "{}", error.problem());
}

#[test]
fn shares_of_the_budget_that_are_set_aside_are_shown() {
    let change = Change {
        with: &[
            ("pool.risk_share", "value = \"0.02\"", "share of budget"),
            (
                "pool.primary_care_growth.share",
                "value = \"0.01\"",
                "share of budget",
            ),
            (
                "pool.primary_care_growth.drivers",
                "values = { visits = \"1\" }",
                "share of growth",
            ),
        ],
        ..Change::default()
    };
    for (pool, plain) in change.settled().pools.iter().zip(&plain().pools) {
        let aside = Yuan::total([plain.settlement.reserve, pool.risk_fund, pool.growth]);
        assert_eq!(aside, Ok(pool.settlement.reserve));
        let cents = pool.settlement.budget.fen();
        assert_eq!(pool.risk_fund.fen(), (cents * 2 + 50) / 100);
        assert_eq!(pool.growth.fen(), (cents + 50) / 100);
    }
}

#[test]
fn a_month_is_prepaid_at_the_initial_value_or_at_its_own() {
    let own = plain();
    for row in &own.prepaid {
        let paid = pool(own, &row.pool).settlement.hospitals.iter();
        let mut paid = paid.filter(|h| h.hospital_id == row.hospital_id);
        assert_eq!(row.earned, paid.next().unwrap().payment);
        let share = (i128::from(row.earned.fen()) * 95 * 2 + 100).div_euclid(200);
        let due = i128::from(row.prepaid.fen()) - i128::from(row.debt.fen());
        assert!(
            due == share || row.earned.is_negative(),
            "{}",
            row.hospital_id
        );
    }
    let change = Change {
        without: &["prepay.value"],
        with: &[
            ("prepay.value", "value = \"initial\"", ""),
            (
                "value.initial",
                "values = { all = \"100\" }",
                "yuan per point",
            ),
        ],
        ..Change::default()
    };
    let initial = change.settled();
    for row in &initial.prepaid {
        let paid = pool(&initial, &row.pool).settlement.hospitals.iter();
        let mut paid = paid.filter(|h| h.hospital_id == row.hospital_id);
        let hospital = paid.next().unwrap();
        // A ten-thousandth of a point is worth a fen.
        let worth = hospital.points.ten_thousandths() - hospital.patient_side.fen();
        assert_eq!(row.earned.fen(), worth, "{}", row.hospital_id);
    }
}

#[test]
fn units_have_pools_of_their_own() {
    let hospitals = lines("hospitals.csv");
    let heading: Vec<&str> = hospitals[0].split(',').collect();
    let unit = heading.iter().position(|name| *name == "unit").unwrap();
    let moved: Vec<String> = hospitals
        .iter()
        .enumerate()
        .map(|(number, line)| {
            let mut cells: Vec<&str> = line.split(',').collect();
            if number > 0 && number % 2 == 0 {
                cells[unit] = "ward";
            }
            cells.join(",")
        })
        .collect();
    let mut budgets = lines("budgets.csv");
    for line in budgets.clone().iter().skip(1) {
        budgets.push(line.replace(",drg,", ",ward,"));
    }
    let change = Change {
        without: UNIFORM,
        with: &[
            ("value.model", "value = \"uniform\"", ""),
            (
                "pool.units",
                "names = { drg = \"病组\", ward = \"床日\" }",
                "",
            ),
        ],
        tables: &[
            ("hospitals.csv", moved.join("\n") + "\n"),
            ("budgets.csv", budgets.join("\n") + "\n"),
        ],
        ..Change::default()
    };
    let summary = change.settled();
    assert_eq!(summary.pools.len(), 12);
    for plain in &plain().pools {
        let other = plain.id.replace("-drg", "-ward");
        let parts = [pool(&summary, &plain.id), pool(&summary, &other)];
        let points = parts.map(|part| part.settlement.points.ten_thousandths());
        assert!(points.iter().all(|points| *points > 0), "{}", plain.id);
        let all = plain.settlement.points.ten_thousandths();
        assert_eq!(points.iter().sum::<i64>(), all);
    }
}

#[test]
fn a_policy_that_needs_the_area_of_insurance_says_so_before_it_starts() {
    let change = Change {
        with: &[("pool.out_of_area", "value = \"unpaid\"", "")],
        ..Change::default()
    };
    let error = change.settle().unwrap_err();
    let problem = error.problem();
    assert!(
        problem.starts_with("the file lacks insured_region (or insuplc)."),
        "{problem}"
    );
}

#[test]
fn everything_that_is_missing_is_named_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let policy = Change::default().policy(folder.path()).unwrap();
    let inputs = Inputs::read(Some(folder.path()), &policy.standing).unwrap();
    let claims: Vec<PathBuf> = bench().month.claims.clone();
    let error = settle(
        &month_job(&claims, &policy, &inputs, &folder.path().join("settled")),
        &Silent,
    )
    .unwrap_err();
    assert_eq!(
        error.problem(),
        "the settlement needs budgets.csv (columns region, insurance, period, amount); \
         prior.csv (columns pool, hospital_id, points)."
    );
}

/// The month's claims with one more text column, filled for every third row.
fn with_column(name: &str, text: &str) -> PathBuf {
    let file = File::open(&bench().month.claims[0]).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    let schema = Arc::clone(reader.schema());
    let batches: Vec<RecordBatch> = reader.build().unwrap().map(Result::unwrap).collect();
    let batch = concat_batches(&schema, &batches).unwrap();
    let cell = |row: usize| (row.is_multiple_of(3)).then_some(text);
    let column: StringArray = (0..batch.num_rows()).map(cell).collect();
    let mut fields: Vec<_> = schema.fields().iter().cloned().collect();
    fields.push(Arc::new(Field::new(name, DataType::Utf8, true)));
    let mut columns = batch.columns().to_vec();
    columns.push(Arc::new(column));
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap();
    let path = bench().folder.path().join(format!("with-{name}.parquet"));
    let mut writer = ArrowWriter::try_new(File::create(&path).unwrap(), batch.schema(), None);
    let writer = writer.as_mut().unwrap();
    writer.write(&batch).unwrap();
    writer.finish().unwrap();
    path
}

#[test]
fn people_insured_elsewhere_have_a_pool_of_their_own_or_none() {
    let claims = with_column("insured_region", "110100");
    let mut budgets = lines("budgets.csv");
    for line in budgets.clone().iter().skip(1) {
        budgets.push(line.replace(",drg,", ",out_of_area,"));
    }
    let uniform = ("value.model", "value = \"uniform\"", "");
    let own = Change {
        without: UNIFORM,
        with: &[uniform, ("pool.out_of_area", "value = \"own\"", "")],
        tables: &[("budgets.csv", budgets.join("\n") + "\n")],
        claims: Some(claims.clone()),
    };
    let own = own.settled();
    let unpaid = Change {
        without: UNIFORM,
        with: &[uniform, ("pool.out_of_area", "value = \"unpaid\"", "")],
        claims: Some(claims),
        ..Change::default()
    };
    let unpaid = unpaid.settled();
    assert_eq!((own.pools.len(), unpaid.pools.len()), (12, 6));
    let mut away = 0;
    for plain in &plain().pools {
        let other = plain.id.replace("-drg", "-out_of_area");
        let (home, elsewhere) = (pool(&own, &plain.id), pool(&own, &other));
        let sum = home.settlement.points.plus(elsewhere.settlement.points);
        assert_eq!(sum, Ok(plain.settlement.points), "{}", plain.id);
        let alone = &pool(&unpaid, &plain.id).settlement;
        assert_eq!(alone.points, home.settlement.points, "{}", plain.id);
        away += elsewhere
            .settlement
            .hospitals
            .iter()
            .map(|h| h.cases)
            .sum::<u64>();
    }
    assert!(away > 900);
    let mut found = unpaid.findings.iter();
    let (_, count) = found
        .find(|(f, _)| f.code() == "region_not_settled")
        .unwrap();
    assert_eq!(count, away);
}

#[test]
fn cases_of_traditional_medicine_share_a_subpool() {
    let change = Change {
        with: &[
            (
                "value.baseline_increment.increment",
                "value = \"subpools\"",
                "",
            ),
            (
                "value.baseline_increment.subpools",
                "values = { volume = \"0.9\", tcm = \"0.1\" }",
                "share of increment money",
            ),
        ],
        claims: Some(with_column("tcm_disease", "A01.01")),
        ..Change::default()
    };
    for pool in change.settled().pools {
        let subpools = &pool.settlement.subpools;
        let tcm = subpools
            .iter()
            .find(|subpool| subpool.name == "tcm")
            .unwrap();
        let all: drgdip_points::PointValue = pool.settlement.points.to_string().parse().unwrap();
        assert!(tcm.points < all && tcm.points > drgdip_points::PointValue::zero());
    }
}

/// The month's claims with a hundred times what patients of one hospital paid.
fn with_dear_patients(hospital: &str) -> PathBuf {
    let file = File::open(&bench().month.claims[0]).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    let schema = Arc::clone(reader.schema());
    let batches: Vec<RecordBatch> = reader.build().unwrap().map(Result::unwrap).collect();
    let batch = concat_batches(&schema, &batches).unwrap();
    let index = schema.index_of("patient_paid").unwrap();
    let ids = cast(
        batch.column_by_name("hospital_id").unwrap(),
        &DataType::Utf8,
    )
    .unwrap();
    let ids = ids.as_string::<i32>();
    let paid = batch.column(index).as_primitive::<Decimal128Type>();
    let dear = paid.iter().enumerate().map(|(row, paid)| {
        let factor = if ids.value(row) == hospital { 100 } else { 1 };
        paid.map(|paid| paid * factor)
    });
    let dear: Decimal128Array = dear.collect();
    let mut columns = batch.columns().to_vec();
    columns[index] = Arc::new(dear.with_data_type(paid.data_type().clone()));
    let batch = RecordBatch::try_new(schema, columns).unwrap();
    let path = bench().folder.path().join("dear.parquet");
    let mut writer = ArrowWriter::try_new(File::create(&path).unwrap(), batch.schema(), None);
    let writer = writer.as_mut().unwrap();
    writer.write(&batch).unwrap();
    writer.finish().unwrap();
    path
}

#[test]
fn a_hospital_that_earns_less_than_its_patients_paid_owes_it_or_the_others_bear_it() {
    let mut all = pool(plain(), "990100-employee-drg")
        .settlement
        .hospitals
        .iter();
    let dear = all.find(|h| h.cases > 0).unwrap().hospital_id.clone();
    let claims = with_dear_patients(&dear);
    let uniform = ("value.model", "value = \"uniform\"", "");
    let carried = Change {
        without: UNIFORM,
        with: &[uniform],
        claims: Some(claims.clone()),
        ..Change::default()
    };
    let carried = carried.settled();
    let of = |summary: &SettleSummary| {
        let mut hospitals = summary.pools[0].settlement.hospitals.clone();
        hospitals.retain(|h| h.hospital_id == dear);
        hospitals.remove(0)
    };
    assert!(of(&carried).payment.is_negative());
    let owed = |row: &&drgdip_batch::HospitalAdjustment| {
        row.pool == carried.pools[0].id && row.hospital_id == dear && row.kind == "debt_carried"
    };
    let debt = carried.adjustments.iter().find(owed).unwrap();
    let prepaid = carried
        .prepaid
        .iter()
        .find(|row| row.pool == debt.pool && row.hospital_id == dear);
    let prepaid = prepaid.unwrap();
    assert_eq!((prepaid.prepaid, prepaid.debt), (Yuan::ZERO, debt.amount));

    let raised = Change {
        without: &["value.model", "value.negative"],
        with: &[
            uniform,
            ("value.negative", "value = \"floor_and_redistribute\"", ""),
        ],
        claims: Some(claims),
        ..Change::default()
    };
    let raised = raised.settled();
    assert_eq!(of(&raised).payment, Yuan::ZERO);
    assert_eq!(
        raised.pools[0].settlement.paid,
        carried.pools[0].settlement.paid
    );
    let lifted = of(&raised).earned.redistributed;
    assert_eq!(lifted.plus(of(&carried).payment), Ok(Yuan::ZERO));
}

#[test]
fn a_fixed_share_beside_the_advice_is_a_warning_of_each_pool_with_its_value() {
    let settled = |share: &str| {
        let change = Change {
            with: &[
                (
                    "value.baseline_increment.calibration",
                    "value = \"budget_share\"",
                    "",
                ),
                (
                    "value.baseline_increment.budget_share",
                    share,
                    "share of budget",
                ),
            ],
            ..Change::default()
        };
        change.settled()
    };
    let half = settled("value = \"0.5\"");
    assert_eq!(half.policy_warnings.len(), half.pools.len());
    assert_eq!(
        half.policy_warnings[0],
        "value.baseline_increment: in the pool 990100-employee-drg all baselines would earn \
         0.500000 of what is distributed; the DIP 3.0 draft advises 0.7 to 0.8."
    );
    let advised = settled("value = \"0.75\"");
    assert!(
        advised.policy_warnings.is_empty(),
        "{:?}",
        advised.policy_warnings
    );
}
