//! `--plan auto`: each claim is grouped by the plan in force for its region at its discharge date.

use arrow::array::{Array, ArrayRef, AsArray, Date32Array, RecordBatch, StringArray};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, Date32Type};
use drgdip_batch::inputs::Inputs;
use drgdip_batch::verify::verify;
use drgdip_batch::{
    Class, Error, GroupJob, GroupSummary, PlanChoice, PlansInForce, PlansRequest, PreparedPlan,
    ReadOptions, SettleJob, SettleSummary, Silent, group, settle,
};
use drgdip_tables::{PlanLibrary, load_plan};
use drgdip_tests::{Month, contents, example_policy, month, month_job, national};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The east and the north go by the plan of the country, the west changes in the middle of the
/// month, and the plan of the province has ended.
const COVERAGE: &str = r#"
[[plan]]
id = "country"
title = "Country"
region = "national"
from = "2020-01-01"

[[plan]]
id = "province"
title = "Province"
region = "990000"
from = "2020-01-01"
until = "2025-12-31"

[[plan]]
id = "west-old"
title = "West"
region = "990200"
from = "2026-01-01"
until = "2026-10-15"

[[plan]]
id = "west-new"
title = "West"
region = "990200"
from = "2026-10-16"
"#;

/// The day 2026-10-16 in days since 1970-01-01.
const CHANGE: i32 = 20_742;

struct Desk {
    folder: tempfile::TempDir,
    month: Month,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let month = month(folder.path(), 4_000, 5, 3);
        let desk = Self { folder, month };
        desk.write("tables/COVERAGE.toml", COVERAGE);
        for id in ["country", "province", "west-old", "west-new"] {
            let base = match id {
                "country" | "province" => "chs-drg-1.1",
                _ => "country",
            };
            let manifest = format!("id = \"{id}\"\ntitle = \"T\"\nbase = \"{base}\"\n");
            desk.write(&format!("tables/{id}/plan.toml"), &manifest);
        }
        // The west knows fewer groups, and its weights are its own.
        let columns = "change,mdc,order,adrg,name,kind,rule,fallback";
        let adrgs = format!("{columns}\nremove,,,FR1,,,,\nremove,,,BR2,,,,\n");
        desk.write("tables/west-old/adrg.csv", &adrgs);
        let mut weights = "change,drg,weight,origin,source\n".to_owned();
        for row in &national().plan.weights {
            weights += &format!("replace,{},9.5,published,\n", row.group);
        }
        desk.write("tables/west-new/weights.csv", &weights);
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn choose(&self, claims: &[PathBuf]) -> Result<PlansInForce, Error> {
        let library = PlanLibrary::folder(&self.path("tables"))?;
        let request = PlansRequest {
            claims,
            library: &library,
            grey_list: None,
            read: ReadOptions::default(),
            threads: Some(2),
        };
        PlansInForce::choose(&request, &Silent)
    }

    fn plan(&self, id: &str) -> PreparedPlan {
        let path = self.path("tables").join(id);
        PreparedPlan::of(load_plan(&path.to_string_lossy()).unwrap()).unwrap()
    }

    fn group(&self, claims: &[PathBuf], plan: PlanChoice<'_>, name: &str) -> GroupSummary {
        self.group_with(claims, plan, (name, 2))
    }

    fn group_with(
        &self,
        claims: &[PathBuf],
        plan: PlanChoice<'_>,
        (name, threads): (&str, usize),
    ) -> GroupSummary {
        let out = self.path(name);
        let job = GroupJob {
            claims,
            plan,
            out: &out,
            keep: false,
            read: ReadOptions::default(),
            threads: Some(threads),
            row_group_rows: Some(1_000),
        };
        group(&job, &Silent).unwrap()
    }

    fn settle(&self, plan: PlanChoice<'_>, name: &str) -> SettleSummary {
        let policy = example_policy();
        let inputs = Inputs::read(Some(&self.month.inputs), &policy.standing).unwrap();
        settle(
            &SettleJob {
                plan,
                ..month_job(&self.month.claims, &policy, &inputs, &self.path(name))
            },
            &Silent,
        )
        .unwrap()
    }

    /// All claims of the month as one file, changed.
    fn changed(&self, change: impl Fn(RecordBatch) -> RecordBatch) -> PathBuf {
        let batches: Vec<_> = self.month.claims.iter().map(|path| read(path)).collect();
        let batch = change(concat_batches(&batches[0].schema(), &batches).unwrap());
        let path = self.path("changed.parquet");
        let file = File::create(&path).unwrap();
        let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        path
    }
}

fn read(path: &Path) -> RecordBatch {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    let batches: Vec<_> = reader.build().unwrap().map(Result::unwrap).collect();
    concat_batches(&batches[0].schema(), &batches).unwrap()
}

/// The rows of a grouped file as text; the first cells are the case and the plan.
fn rows(path: &Path) -> Vec<Vec<Option<String>>> {
    let batch = read(path);
    let texts = |column: &ArrayRef| cast(column, &DataType::Utf8).unwrap();
    let columns: Vec<_> = batch.columns().iter().map(texts).collect();
    let cell = |column: &ArrayRef, row| {
        let text = column.as_string::<i32>();
        text.is_valid(row).then(|| text.value(row).to_owned())
    };
    let row = |row| columns.iter().map(|column| cell(column, row)).collect();
    (0..batch.num_rows()).map(row).collect()
}

fn replaced(batch: &RecordBatch, name: &str, column: ArrayRef) -> RecordBatch {
    let schema = batch.schema();
    let columns = schema.fields().iter().zip(batch.columns());
    let columns = columns.map(|(field, old)| match field.name() == name {
        true => (field.name().clone(), column.clone(), true),
        false => (field.name().clone(), old.clone(), true),
    });
    RecordBatch::try_from_iter_with_nullable(columns.collect::<Vec<_>>()).unwrap()
}

/// The region and the day of each claim, changed where `change` says so.
fn moved(
    batch: &RecordBatch,
    change: impl Fn(usize, &mut Option<String>, &mut Option<i32>),
) -> RecordBatch {
    let regions = cast(batch.column_by_name("region").unwrap(), &DataType::Utf8).unwrap();
    let days = batch.column_by_name("discharge_date").unwrap().clone();
    let mut cells: Vec<_> = regions
        .as_string::<i32>()
        .iter()
        .map(|region| region.map(str::to_owned))
        .zip(days.as_primitive::<Date32Type>().iter())
        .collect();
    for (row, (region, day)) in cells.iter_mut().enumerate() {
        change(row, region, day);
    }
    let (regions, days): (Vec<_>, Vec<_>) = cells.into_iter().unzip();
    let batch = replaced(batch, "region", Arc::new(StringArray::from(regions)));
    replaced(&batch, "discharge_date", Arc::new(Date32Array::from(days)))
}

#[test]
fn i12_each_claim_is_grouped_as_its_own_plan_groups_it() {
    let desk = Desk::new();
    let claims = &desk.month.claims;
    let plans = desk.choose(claims).unwrap();
    let ids: Vec<_> = PlanChoice::from(&plans)
        .plans()
        .iter()
        .map(|plan| plan.plan.id.clone())
        .collect();
    assert_eq!(ids, ["country", "west-new", "west-old"]);
    let summary = desk.group(claims, (&plans).into(), "auto.parquet");
    assert_eq!(summary.rows, 4_000);
    assert_eq!(summary.outcomes.total(), 4_000);
    let auto = rows(&desk.path("auto.parquet"));
    let alone = ["country", "west-old", "west-new"].map(|id| {
        let out = format!("{id}.parquet");
        desk.group(claims, (&desk.plan(id)).into(), &out);
        rows(&desk.path(&out))
    });
    let facts = claims.iter().flat_map(|path| {
        let batch = read(path);
        let regions = cast(batch.column_by_name("region").unwrap(), &DataType::Utf8).unwrap();
        let days = batch.column_by_name("discharge_date").unwrap().clone();
        let facts = |row| {
            let region = regions.as_string::<i32>();
            let day = days.as_primitive::<Date32Type>();
            (
                region.is_valid(row).then(|| region.value(row).to_owned()),
                day.is_valid(row).then(|| day.value(row)),
            )
        };
        (0..batch.num_rows()).map(facts).collect::<Vec<_>>()
    });
    let mut seen = [0; 4];
    for (row, (region, day)) in facts.enumerate() {
        let number = match (region.as_deref(), day) {
            (None, _) | (_, None) => 3,
            (Some("990200"), Some(day)) if day < CHANGE => 1,
            (Some("990200"), Some(_)) => 2,
            _ => 0,
        };
        seen[number] += 1;
        match alone.get(number) {
            Some(rows) => assert_eq!(auto[row], rows[row], "row {row}"),
            None => assert_eq!(auto[row][3].as_deref(), Some("no_plan"), "row {row}"),
        }
    }
    assert!(seen[..3].iter().all(|count| *count > 100), "{seen:?}");
    let groups = |rows: &[Vec<Option<String>>]| -> Vec<_> {
        rows.iter().map(|row| row[6].clone()).collect()
    };
    assert_ne!(groups(&alone[0]), groups(&alone[1]), "the plans differ");
}

#[test]
fn threads_do_not_show_where_a_run_has_several_plans() {
    let desk = Desk::new();
    let claims = &desk.month.claims;
    let outputs = [1, 2, 5].map(|threads| {
        let plans = desk.choose(claims).unwrap();
        let name = format!("{threads}/out.parquet");
        fs::create_dir(desk.path(&threads.to_string())).unwrap();
        desk.group_with(claims, (&plans).into(), (&name, threads));
        contents(&desk.path(&threads.to_string()))
    });
    assert_eq!(outputs[0].len(), 3);
    assert!(outputs[0] == outputs[1] && outputs[1] == outputs[2]);
}

#[test]
fn a_claim_without_region_or_date_is_invalid_and_named() {
    let desk = Desk::new();
    let claims = [desk.changed(|batch| {
        moved(&batch, |row, region, day| match row {
            7 => *region = None,
            8 => *region = Some("9902".to_owned()),
            9 => *day = None,
            _ => {
                region.get_or_insert_with(|| "990100".to_owned());
                day.get_or_insert(CHANGE);
            }
        })
    })];
    let plans = desk.choose(&claims).unwrap();
    let summary = desk.group(&claims, (&plans).into(), "auto.parquet");
    let no_plan: u64 = summary
        .outcomes
        .iter()
        .filter(|(_, reason, _)| *reason == "no_plan")
        .map(|(_, _, count)| count)
        .sum();
    assert_eq!(no_plan, 3);
    let rows = rows(&desk.path("auto.parquet"));
    for row in &rows[7..10] {
        assert_eq!(row[1], None, "there is no plan");
        assert_eq!(row[2].as_deref(), Some("invalid"));
        assert_eq!(row[3].as_deref(), Some("no_plan"));
        assert!(row[4..].iter().all(Option::is_none), "{row:?}");
    }
    let found = summary.findings.iter();
    let found = found.filter(|(finding, _)| finding.code() == "no_plan");
    assert_eq!(found.map(|(_, count)| count).sum::<u64>(), 3);
}

#[track_caller]
fn refused(desk: &Desk, claims: &[PathBuf], message: &str) {
    let error = desk.choose(claims).map(|_| ()).expect_err("no choice");
    assert_eq!(error.class(), Class::Table);
    assert_eq!(error.exit_code(), 4);
    let root = desk.folder.path().to_string_lossy().into_owned();
    assert_eq!(error.to_string().replace(&root, "."), message);
}

const HINT: &str = "State in COVERAGE.toml which one plan applies there, correct the claims, or \
                    name a plan with --plan.";

#[test]
fn a_region_and_date_without_a_plan_stop_the_run() {
    let desk = Desk::new();
    let claims = [desk.changed(|batch| {
        moved(&batch, |row, region, day| {
            region.get_or_insert_with(|| "990100".to_owned());
            day.get_or_insert(CHANGE);
            if row == 40 || row == 50 {
                *day = Some(18_000);
            }
            if row == 60 {
                (*region, *day) = (Some("110100".to_owned()), Some(18_001));
            }
        })
    })];
    let batch = read(&claims[0]);
    let regions = cast(batch.column_by_name("region").unwrap(), &DataType::Utf8).unwrap();
    let region = |row| regions.as_string::<i32>().value(row).to_owned();
    let at = |region: &str, date: &str, claims: u64, row: usize| {
        format!(
            "no plan is in force for region {region} at {date} ({claims} claims, the first in \
             ./changed.parquet, row {row})"
        )
    };
    let mut pairs = vec![at("110100", "2019-04-15", 1, 61)];
    if region(40) == region(50) {
        pairs.push(at(&region(40), "2019-04-14", 2, 41));
    } else {
        let mut both = [(region(40), 41), (region(50), 51)];
        both.sort();
        pairs.extend(both.map(|(region, row)| at(&region, "2019-04-14", 1, row)));
    }
    let message = format!("./tables/COVERAGE.toml: {}. {HINT}", pairs.join("; "));
    refused(&desk, &claims, &message);
}

#[test]
fn two_plans_for_one_region_and_date_stop_the_run() {
    let desk = Desk::new();
    let claims = [desk.changed(|batch| {
        moved(&batch, |row, region, day| {
            *region = Some("990200".to_owned());
            *day = Some(CHANGE + i32::from(row % 2 == 0));
        })
    })];
    let overlapping = COVERAGE.replace("until = \"2026-10-15\"", "until = \"2026-10-16\"");
    desk.write("tables/COVERAGE.toml", &overlapping);
    let pair = "west-old and west-new are in force for region 990200 at 2026-10-16 (2000 claims, \
                the first in ./changed.parquet, row 2)";
    refused(
        &desk,
        &claims,
        &format!("./tables/COVERAGE.toml: {pair}. {HINT}"),
    );
}

#[test]
fn plans_without_dates_are_never_chosen() {
    let desk = Desk::new();
    let lines = COVERAGE.lines();
    let undated: Vec<_> = lines
        .filter(|line| !line.starts_with("from") && !line.starts_with("until"))
        .collect();
    desk.write("tables/COVERAGE.toml", &undated.join("\n"));
    refused(
        &desk,
        &desk.month.claims,
        "./tables/COVERAGE.toml: no plan says from which discharge date it applies, so none can \
         be chosen by date; name one of country, province, west-old, west-new, or give a folder \
         of plans whose COVERAGE.toml states `from` with --tables",
    );
}

#[test]
fn a_month_of_several_plans_settles_to_the_fen() {
    let desk = Desk::new();
    let plans = desk.choose(&desk.month.claims).unwrap();
    let settled = desk.settle((&plans).into(), "settled");
    assert_eq!(settled.rows, 4_000);
    assert_eq!(settled.classes.values().sum::<u64>(), 4_000);
    let verified = verify(&desk.path("settled"), &Silent).unwrap();
    assert!(verified.mismatches.is_empty(), "{:?}", verified.mismatches);
    let groups = rows(&desk.path("settled/groups.parquet"));
    let of = |plan: &str| -> Vec<(String, String)> {
        let own = groups.iter().filter(|row| row[8].as_deref() == Some(plan));
        own.map(|row| (row[0].clone().unwrap(), row[3].clone().unwrap_or_default()))
            .collect()
    };
    assert!(of("west-new").len() > 100 && of("country").len() > 100);
    assert!(of("west-new").iter().all(|(_, weight)| weight == "9.5000"));
    assert!(of("country").iter().all(|(_, weight)| weight != "9.5000"));
    let is_gone = |group: &str| group.starts_with("FR1") || group.starts_with("BR2");
    assert!(!of("west-old").iter().any(|(group, _)| is_gone(group)));
    let all = ["west-new", "west-old", "country"].map(|id| of(id).len());
    assert_eq!(groups.len(), all.into_iter().sum::<usize>());
}

#[test]
fn one_plan_in_force_settles_as_the_plan_by_its_name() {
    let desk = Desk::new();
    let only = "[[plan]]\nid = \"country\"\ntitle = \"C\"\nregion = \"national\"\n\
                from = \"2020-01-01\"\n";
    desk.write("tables/COVERAGE.toml", only);
    let dated = [desk.changed(|batch| {
        moved(&batch, |_, region, day| {
            region.get_or_insert_with(|| "990100".to_owned());
            day.get_or_insert(CHANGE);
        })
    })];
    let desk = Desk {
        month: Month {
            claims: dated.to_vec(),
            inputs: desk.month.inputs.clone(),
        },
        ..desk
    };
    let plans = desk.choose(&desk.month.claims).unwrap();
    desk.settle((&plans).into(), "auto");
    desk.settle((&desk.plan("country")).into(), "named");
    let (auto, named) = (contents(&desk.path("auto")), contents(&desk.path("named")));
    for (name, bytes) in &named {
        let is_same = auto[name] == *bytes;
        assert_eq!(is_same, name != "manifest.json", "{name}");
    }
}
