//! Payment units of single cases through whole settlements of a few claims, whose points and
//! amounts were computed by hand.
//!
//! Every claim is of one group with the weight 0.4907 in one hospital with the coefficient 1.05:
//! base points 49.07, reference cost 5,397.70 yuan, normal points 51.5235; high above 16,193.10.

use arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, Decimal128Array, Int32Array, ListBuilder, RecordBatch,
    StringArray, StringBuilder, StructBuilder, builder::Decimal128Builder,
};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, Decimal128Type, Field, Fields};
use drgdip_batch::explain::explain_case;
use drgdip_batch::inputs::Inputs;
use drgdip_batch::verify::verify;
use drgdip_batch::{
    Error, LedgerUse, PreparedPolicy, SettleJob, SettleSpan, SettleSummary, Silent, settle,
};
use drgdip_tests::{month_job, plan};
use jiff::civil::{Date, date};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

const NORMAL: &str = "51.5235";

/// A claim of an ordinary stay, changed by a test.
#[derive(Clone)]
struct Claim {
    id: String,
    hospital: &'static str,
    left: Date,
    insurance: &'static str,
    /// In fen.
    cost: i64,
    /// New technologies and negotiated drugs, each with what it cost in fen.
    items: Vec<(&'static str, i64)>,
    drugs: Vec<(&'static str, i64)>,
    procedure: Option<&'static str>,
    /// The unit that pays it, the kind of care and the days of the stay.
    unit: Option<(&'static str, &'static str, i32)>,
    /// The TCM disease, the syndrome and what TCM treatment cost in yuan.
    tcm: Option<(&'static str, &'static str, i64)>,
}

fn claim(id: &str, yuan: i64) -> Claim {
    Claim {
        id: id.to_owned(),
        hospital: "H1",
        left: date(2026, 10, 6),
        insurance: "employee",
        cost: yuan * 100,
        items: Vec::new(),
        drugs: Vec::new(),
        procedure: None,
        unit: None,
        tcm: None,
    }
}

fn with_items(id: &str, yuan: i64, items: &[(&'static str, i64)]) -> Claim {
    let items = items.iter().map(|(code, yuan)| (*code, yuan * 100));
    Claim {
        items: items.collect(),
        ..claim(id, yuan)
    }
}

fn with_drugs(id: &str, yuan: i64, drugs: &[(&'static str, i64)]) -> Claim {
    let drugs = drugs.iter().map(|(code, yuan)| (*code, yuan * 100));
    Claim {
        drugs: drugs.collect(),
        ..claim(id, yuan)
    }
}

fn item_list(claims: &[Claim], of: impl Fn(&Claim) -> &[(&'static str, i64)]) -> ArrayRef {
    let money = DataType::Decimal128(16, 2);
    let fields = Fields::from(vec![
        Field::new("code", DataType::Utf8, true),
        Field::new("cost", money.clone(), true),
    ]);
    let mut list = ListBuilder::new(StructBuilder::from_fields(fields, 0));
    for claim in claims {
        for (code, fen) in of(claim) {
            let item = list.values();
            let text = item.field_builder::<StringBuilder>(0).unwrap();
            text.append_value(code);
            let cost = item.field_builder::<Decimal128Builder>(1).unwrap();
            cost.append_value(i128::from(*fen));
            item.append(true);
        }
        list.append(true);
    }
    Arc::new(list.finish())
}

fn batch(claims: &[Claim]) -> RecordBatch {
    let texts = |of: &dyn Fn(&Claim) -> Option<String>| -> ArrayRef {
        Arc::new(claims.iter().map(of).collect::<StringArray>())
    };
    let constant = |text: &str| texts(&|_| Some(text.to_owned()));
    let day = |claim: &Claim| Some((claim.left - date(1970, 1, 1)).get_days());
    let money = |of: &dyn Fn(&Claim) -> i64| -> ArrayRef {
        let fen: Decimal128Array = claims.iter().map(|c| Some(i128::from(of(c)))).collect();
        Arc::new(fen.with_data_type(DataType::Decimal128(16, 2)))
    };
    let ages: Int32Array = claims.iter().map(|_| Some(50)).collect();
    let left: Date32Array = claims.iter().map(day).collect();
    let days: Int32Array = claims
        .iter()
        .map(|claim| Some(claim.unit.map_or(4, |(_, _, days)| days)))
        .collect();
    let unit = texts(&|c| c.unit.map(|(unit, _, _)| unit.to_owned()));
    let care = texts(&|c| c.unit.map(|(_, care, _)| care.to_owned()));
    let disease = texts(&|c| c.tcm.map(|(disease, _, _)| disease.to_owned()));
    let syndrome = texts(&|c| c.tcm.map(|(_, syndrome, _)| syndrome.to_owned()));
    RecordBatch::try_from_iter_with_nullable([
        ("case_id", texts(&|c| Some(c.id.clone())), true),
        ("hospital_id", texts(&|c| Some(c.hospital.to_owned())), true),
        ("region", constant("990100"), true),
        ("insurance", texts(&|c| Some(c.insurance.to_owned())), true),
        ("sex", constant("1"), true),
        ("age_years", Arc::new(ages) as ArrayRef, true),
        ("principal_diagnosis", constant("I10.x00x002"), true),
        (
            "main_procedure",
            texts(&|c| c.procedure.map(str::to_owned)),
            true,
        ),
        ("discharge_date", Arc::new(left) as ArrayRef, true),
        ("stay_days", Arc::new(days) as ArrayRef, true),
        ("payment_unit", unit, true),
        ("treatment_type", care, true),
        ("tcm_disease", disease, true),
        ("tcm_syndrome", syndrome, true),
        (
            "tcm_cost",
            money(&|c| c.tcm.map_or(0, |(_, _, yuan)| yuan * 100)),
            true,
        ),
        ("total_cost", money(&|c| c.cost), true),
        // The patient bears a fifth, the fund the rest.
        ("fund_paid", money(&|c| c.cost - c.cost / 5), true),
        ("patient_paid", money(&|c| c.cost / 5), true),
        ("other_funds_paid", money(&|_| 0), true),
        ("new_tech_items", item_list(claims, |c| &c.items), true),
        ("negotiated_drugs", item_list(claims, |c| &c.drugs), true),
    ])
    .unwrap()
}

const EXAMPLE: &str = include_str!("../../policies/example-2026.toml");
const SOURCES: &str = include_str!("../../policies/example-2026/SOURCES.toml");
const HOSPITALS: &str = "hospital_id,level,coefficient\nH1,3,1.05\n";
const GROUPS: &str = "group,mean_cost,mean_drug,mean_consumable,mean_service\n\
                      FV25,5400.00,2000.00,500.00,900.00\n";

/// A technology of the registry, valid from 2026-01-01 on.
fn technology(id: &str, code: &str, rest: &str) -> String {
    format!(
        "[[technology]]\nid = \"{id}\"\nkind = \"drug\"\nname = \"某药\"\ncodes = [\"{code}\"]\n\
         from = \"2026-01-01\"\nsource = \"model\"\n{rest}\n"
    )
}

const CARVE_OUT: &str =
    "modes = [\"carve_out\"]\ncost_more_than = \"2.0\"\nshare_more_than = \"0.64\"";

/// A few claims under a registry and the parameters of units.
#[derive(Clone, Default)]
struct Run {
    registry: String,
    units: String,
    drugs: String,
    /// Other tables of units, by name.
    tables: Vec<(&'static str, &'static str)>,
    /// Parameters of the policy itself.
    rules: String,
    /// Rows of the budgets of lines, as `line,amount`.
    lines: Vec<(&'static str, &'static str)>,
    /// What stands in the place of a passage of the example.
    family: Option<&'static str>,
    reviews: &'static str,
    efficacy: &'static str,
    audits: &'static str,
    /// The hospitals input, where it is not the usual one.
    hospitals: Option<&'static str>,
    /// Files of a plan that stands on the national one and is used instead.
    overlay: Vec<(&'static str, &'static str)>,
}

impl Run {
    fn policy(&self, folder: &Path) -> PreparedPolicy {
        let family = format!("value = \"{}\"", self.family.unwrap_or("A"));
        let text = EXAMPLE
            .replacen("value = \"baseline_increment\"", "value = \"uniform\"", 1)
            .replacen("value = \"C\"", &family, 1);
        let tables = folder.join("example-2026");
        fs::create_dir_all(tables.join("units")).unwrap();
        fs::write(tables.join("SOURCES.toml"), SOURCES).unwrap();
        fs::write(tables.join("new-technology.toml"), &self.registry).unwrap();
        fs::write(tables.join("units/units.toml"), &self.units).unwrap();
        if !self.drugs.is_empty() {
            fs::write(tables.join("units/negotiated-drugs.csv"), &self.drugs).unwrap();
        }
        for (name, text) in &self.tables {
            fs::write(tables.join("units").join(name), text).unwrap();
        }
        let path = folder.join("example-2026.toml");
        fs::write(&path, text + &self.rules).unwrap();
        PreparedPolicy::load(path.to_str().unwrap()).unwrap()
    }

    fn try_settle(&self, claims: &[Claim], folder: &Path) -> Result<SettleSummary, Error> {
        let inputs = folder.join("inputs");
        fs::create_dir_all(&inputs).unwrap();
        let mut budgets = "region,insurance,period,amount,line\n".to_owned();
        for region in ["990100", "990200", "990300"] {
            for insurance in ["employee", "resident"] {
                budgets += &format!("{region},{insurance},2026-10,1000000.00,\n");
            }
        }
        for (line, amount) in &self.lines {
            budgets += &format!("990100,employee,2026-10,{amount},{line}\n");
        }
        let hospitals = self.hospitals.unwrap_or(HOSPITALS);
        fs::write(inputs.join("hospitals.csv"), hospitals).unwrap();
        if !self.audits.is_empty() {
            fs::write(inputs.join("audits.csv"), self.audits).unwrap();
        }
        fs::write(inputs.join("groups.csv"), GROUPS).unwrap();
        fs::write(inputs.join("budgets.csv"), budgets).unwrap();
        if !self.reviews.is_empty() {
            fs::write(inputs.join("reviews.csv"), self.reviews).unwrap();
        }
        if !self.efficacy.is_empty() {
            fs::write(inputs.join("efficacy.csv"), self.efficacy).unwrap();
        }
        let path = folder.join("claims.parquet");
        write(&path, claims);
        let policy = self.policy(folder);
        let inputs = Inputs::read(Some(&inputs), &[]).unwrap();
        let (claims, out) = ([path], folder.join("settled"));
        let job = month_job(&claims, &policy, &inputs, &out);
        if self.overlay.is_empty() {
            return settle(&job, &Silent);
        }
        let overlay = folder.join("overlay");
        fs::create_dir_all(&overlay).unwrap();
        for (name, text) in &self.overlay {
            fs::write(overlay.join(name), text).unwrap();
        }
        let own = plan(overlay.to_str().unwrap());
        let job = SettleJob {
            plan: (&own).into(),
            ..job
        };
        settle(&job, &Silent)
    }

    /// Settles, and checks that all adds up and that every case is explained without a difference.
    fn settle(&self, claims: &[Claim]) -> Settled {
        let folder = tempfile::tempdir().unwrap();
        let summary = self.try_settle(claims, folder.path()).unwrap();
        let out = folder.path().join("settled");
        let verified = verify(&out, &Silent).unwrap();
        assert!(verified.mismatches.is_empty(), "{:?}", verified.mismatches);
        let settled = Settled {
            cases: table(&out.join("cases.parquet")),
            lines: table(&out.join("lines.parquet")),
            summary,
            folder,
        };
        for id in claims.iter().map(|claim| &claim.id).take(40) {
            let explained = explain_case(&out, id, &[], &Silent).unwrap();
            assert!(explained[0].differences.is_empty(), "{id}: {explained:?}");
        }
        settled
    }
}

fn write(path: &Path, claims: &[Claim]) {
    let batch = batch(claims);
    let file = File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

type Row = BTreeMap<String, String>;

struct Settled {
    cases: Vec<Row>,
    lines: Vec<Row>,
    summary: SettleSummary,
    folder: TempDir,
}

impl Settled {
    fn case(&self, id: &str) -> &Row {
        self.cases.iter().find(|row| row["case_id"] == id).unwrap()
    }

    #[track_caller]
    fn check(&self, id: &str, class: &str, points: &str) {
        let row = self.case(id);
        let found = (row["case_class"].as_str(), row["points"].as_str());
        assert_eq!(found, (class, points), "{id}");
    }

    /// What a case is paid from a line; nothing where it is on none.
    fn line(&self, id: &str, line: &str) -> Option<&str> {
        let is_meant = |row: &&Row| row["case_id"] == id && row["line"] == line;
        let mut rows = self.lines.iter().filter(is_meant);
        let found = rows.next().map(|row| row["amount"].as_str());
        assert!(rows.next().is_none(), "{id} is on {line} once");
        found
    }

    /// What is said of a case, in one text.
    fn explained(&self, id: &str) -> String {
        let out = self.folder.path().join("settled");
        let explained = explain_case(&out, id, &[], &Silent).unwrap();
        let steps = explained[0].parts.iter().flat_map(|part| &part.steps);
        let said = steps.map(|step| format!("{}: {} {}\n", step.item, step.value, step.arithmetic));
        said.collect()
    }
}

/// The rows of a table as texts; an absent value is left out.
fn table(path: &Path) -> Vec<Row> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    let schema = reader.schema().clone();
    let batches: Vec<_> = reader.build().unwrap().map(Result::unwrap).collect();
    let all = concat_batches(&schema, &batches).unwrap();
    let mut rows = vec![Row::new(); all.num_rows()];
    for (field, column) in all.schema().fields().iter().zip(all.columns()) {
        let texts = match column.data_type() {
            DataType::Decimal128(_, _) => {
                let column = column.as_primitive::<Decimal128Type>();
                let rows = 0..column.len();
                StringArray::from_iter_values(rows.map(|row| column.value_as_string(row)))
            }
            _ => cast(column, &DataType::Utf8)
                .unwrap()
                .as_string::<i32>()
                .clone(),
        };
        for (row, text) in rows.iter_mut().zip(0..) {
            if column.is_valid(text) {
                row.insert(field.name().clone(), texts.value(text).to_owned());
            }
        }
    }
    rows
}

fn overrun(rule: &str) -> String {
    format!(
        "[[unit.new_technology.overrun]]\nfrom = \"2026-01-01\"\nvalue = \"{rule}\"\nsource = \"model\"\n"
    )
}

fn carve_outs() -> Run {
    Run {
        registry: technology("t", "X1", CARVE_OUT),
        units: overrun("pro_rata"),
        lines: vec![("new_technology", "100000.00")],
        ..Run::default()
    }
}

#[test]
fn a_carved_out_technology_is_paid_from_its_line_beside_the_standard() {
    let settled = carve_outs().settle(&[
        claim("plain", 20_000),
        with_items("carved", 20_000, &[("X1", 15_000)]),
        with_items("small-share", 20_000, &[("X1", 12_800)]),
        with_items("cheap", 10_800, &[("X1", 10_000)]),
    ]);
    settled.check("plain", "high", "86.1317");
    // 15,000 yuan less the mean 2,000 of drugs, and the standard without an extra.
    settled.check("carved", "normal", NORMAL);
    assert_eq!(settled.line("carved", "new_technology"), Some("13000.00"));
    // Both bounds are exclusive: 64 % of the cost, and twice the mean.
    settled.check("small-share", "high", "86.1317");
    settled.check("cheap", "normal", NORMAL);
    assert_eq!(settled.lines.len(), 1);
    let said = settled.explained("carved");
    assert!(said.contains("除外支付 paid beside the standard"), "{said}");
    assert!(said.contains("13000.00"), "{said}");
}

#[test]
fn a_technology_out_of_its_time_does_nothing_but_say_so() {
    let dated = |from: &str, until: &str| Run {
        registry: technology("t", "X1", CARVE_OUT).replace(
            "from = \"2026-01-01\"",
            &format!("from = \"{from}\"\nuntil = \"{until}\""),
        ),
        ..carve_outs()
    };
    let claims = [with_items("a", 20_000, &[("X1", 15_000)])];
    for (from, until, word) in [
        ("2026-01-01", "2026-10-05", "expired"),
        ("2026-10-07", "2027-12-31", "not_yet_valid"),
    ] {
        let settled = dated(from, until).settle(&claims);
        settled.check("a", "high", "86.1317");
        assert!(settled.lines.is_empty());
        assert!(settled.explained("a").contains(word));
    }
    let settled = dated("2026-10-06", "2026-10-06").settle(&claims);
    assert_eq!(settled.line("a", "new_technology"), Some("13000.00"));
}

#[test]
fn removing_a_technology_gives_the_run_without_it() {
    let claims = [
        claim("plain", 5_000),
        with_items("a", 20_000, &[("X1", 15_000)]),
    ];
    let without = Run {
        registry: technology("other", "X9", CARVE_OUT),
        ..carve_outs()
    };
    let never = [claim("plain", 5_000), claim("a", 20_000)];
    assert_eq!(
        without.settle(&claims).cases,
        carve_outs().settle(&never).cases
    );
    assert_ne!(
        carve_outs().settle(&claims).cases,
        carve_outs().settle(&never).cases
    );
}

#[test]
fn a_line_is_cut_to_its_budget_to_the_fen() {
    let claims: Vec<Claim> = ["a", "b", "c"]
        .map(|id| with_items(id, 20_000, &[("X1", 15_000)]))
        .to_vec();
    let run = Run {
        lines: vec![("new_technology", "10000.00")],
        ..carve_outs()
    };
    let settled = run.settle(&claims);
    let paid = ["a", "b", "c"].map(|id| settled.line(id, "new_technology").unwrap());
    assert_eq!(paid, ["3333.34", "3333.33", "3333.33"]);
}

#[test]
fn a_line_without_a_budget_says_which_row_to_add() {
    let folder = tempfile::tempdir().unwrap();
    let run = Run {
        lines: Vec::new(),
        ..carve_outs()
    };
    let claims = [with_items("a", 20_000, &[("X1", 15_000)])];
    let error = run.try_settle(&claims, folder.path()).unwrap_err();
    assert_eq!(
        error.problem(),
        "cases of the pool 990100-employee-drg are to be paid from the line \"new_technology\", \
         which has no budget for 2026-10."
    );
    assert!(!folder.path().join("settled").exists());
}

#[test]
fn add_on_points_come_on_top_and_their_cost_is_not_seen() {
    let run = Run {
        registry: technology(
            "t",
            "X1",
            "modes = [\"add_on_points\"]\nadd_on_share = \"0.5\"",
        ),
        ..Run::default()
    };
    let settled = run.settle(&[with_items("a", 20_000, &[("X1", 15_000)])]);
    // Half of the 13,000 yuan above the mean are not seen: 13,500 make a normal case. Over 110 yuan
    // a point that half is 59.0909 points.
    settled.check("a", "normal", "110.6144");
    assert!(settled.lines.is_empty());
}

#[test]
fn add_on_points_never_lower_what_a_high_case_earns() {
    let add_on = "modes = [\"add_on_points\"]\nadd_on_share = \"0.5\"";
    let dear = format!("{add_on}\npoint_value = \"200\"");
    let run = Run {
        registry: technology("t", "X1", add_on) + &technology("dear", "X2", &dear),
        ..Run::default()
    };
    let settled = run.settle(&[
        with_items("plain", 60_000, &[("ZZ", 50_000)]),
        with_items("a", 60_000, &[("X1", 50_000)]),
        with_items("dear", 60_000, &[("X2", 50_000)]),
        with_items("normal", 16_000, &[("X1", 10_000)]),
    ]);
    // 51.5235 + 60,000 ÷ 110 − 3 × 49.07. Of 48,000 yuan above the mean half are not seen: 231.5862
    // points and 218.1818 on top, which at 200 yuan a point would be 120.
    for id in ["plain", "a", "dear"] {
        settled.check(id, "high", "449.7680");
        let out = settled.folder.path().join("settled");
        let explained = explain_case(&out, id, &[], &Silent).unwrap();
        assert_eq!(explained[0].differences, [""; 0], "{id}");
    }
    let said = settled.explained("dear");
    assert!(said.contains("231.5862 + 新技术加成 of new technologies 218.1818"));
    assert!(said.contains("at least 449.7680 − 231.5862"), "{said}");
    // A normal case is measured by its whole cost, with 4,000 ÷ 110 points on top.
    settled.check("normal", "normal", "87.8871");
    assert!(settled.explained("normal").contains("16000.00 ÷ 5397.7"));
}

#[test]
fn a_raised_weight_stands_for_the_group_s() {
    let run = Run {
        registry: technology(
            "t",
            "X1",
            "modes = [\"raised_weight\"]\nweight_factor = \"2\"",
        ),
        ..Run::default()
    };
    let settled = run.settle(&[with_items("a", 5_500, &[("X1", 100)])]);
    settled.check("a", "normal", "103.0470");
    assert_eq!(settled.case("a")["weight"], "0.9814");
}

#[test]
fn a_procedure_shows_a_technology_too() {
    let run = Run {
        registry: technology(
            "t",
            "X1",
            "modes = [\"raised_weight\"]\nweight_factor = \"2\"",
        )
        .replace("codes = [\"X1\"]", "procedures = [\"17.4200\"]"),
        ..Run::default()
    };
    let robot = Claim {
        procedure: Some("17.4200"),
        ..claim("a", 5_500)
    };
    let settled = run.settle(&[robot, claim("b", 5_500)]);
    assert_eq!(settled.case("a").get("weight").unwrap(), "0.9814");
    assert_eq!(settled.case("b")["weight"], "0.4907");
    assert!(settled.explained("a").contains("raised_weight"));
    assert!(!settled.explained("b").contains("新技术"));
}

const NEGOTIATED: &str = r#"
[[unit.negotiated_drugs.overrun]]
from = "2026-01-01"
value = "carry_over"
source = "model"

[[unit.negotiated_drugs.fund_shares]]
from = "2026-01-01"
values = { employee = "0.8", resident = "0.65" }
unit = "share of amount"
source = "model"

[[unit.negotiated_drugs.months]]
from = "2026-01-01"
value = "36"
unit = "months"
source = "model"
"#;

fn negotiated() -> Run {
    Run {
        units: NEGOTIATED.to_owned() + &overrun("pro_rata"),
        drugs: "drug,title,from,until,source,note\nD1,甲,2026-01-01,,model,\n\
                D2,乙,2023-10-07,,model,\nD3,丙,2023-11-01,,model,\n"
            .to_owned(),
        lines: vec![("negotiated_drugs", "100000.00")],
        ..Run::default()
    }
}

#[test]
fn a_negotiated_drug_leaves_the_cost_and_is_paid_from_its_line() {
    let settled = negotiated().settle(&[
        with_drugs("a", 20_000, &[("D1", 14_000)]),
        with_drugs("closed", 20_000, &[("D2", 14_000)]),
        with_drugs("open", 20_000, &[("D3", 14_000)]),
        claim("plain", 6_000),
    ]);
    // What is left of 20,000 yuan is 6,000, like the plain case.
    settled.check("a", "normal", NORMAL);
    settled.check("plain", "normal", NORMAL);
    assert_eq!(settled.case("a")["total_cost"], "6000.00");
    assert_eq!(settled.line("a", "negotiated_drugs"), Some("11200.00"));
    // Of the patient's 4,000 yuan, 2,800 were for the drug.
    assert_eq!(settled.case("a")["patient_side"], "1200.00");
    // Thirty-six months from the day of listing.
    settled.check("closed", "high", "86.1317");
    assert_eq!(settled.line("closed", "negotiated_drugs"), None);
    assert!(settled.explained("closed").contains("不在单列期"));
    assert_eq!(settled.line("open", "negotiated_drugs"), Some("11200.00"));
    assert!(
        settled
            .explained("a")
            .contains("单列支付 paid from the line")
    );
}

#[test]
fn an_item_that_is_both_is_paid_once() {
    let mut run = negotiated();
    run.registry = technology("t", "D1", CARVE_OUT);
    run.lines.push(("new_technology", "100000.00"));
    let both = Claim {
        drugs: vec![("D1", 1_500_000)],
        ..with_items("a", 20_000, &[("D1", 15_000)])
    };
    let settled = run.settle(std::slice::from_ref(&both));
    assert_eq!(settled.line("a", "negotiated_drugs"), Some("12000.00"));
    assert_eq!(settled.line("a", "new_technology"), None);
    settled.check("a", "normal", NORMAL);

    run.units += "[[unit.negotiated_drugs.precedence]]\nfrom = \"2026-01-01\"\n\
                  value = \"new_technology\"\nsource = \"model\"\n";
    let settled = run.settle(&[both]);
    assert_eq!(settled.line("a", "negotiated_drugs"), None);
    assert_eq!(settled.line("a", "new_technology"), Some("13000.00"));
}

#[test]
fn items_that_cost_more_than_the_case_keep_it_from_being_paid() {
    let settled = negotiated().settle(&[
        claim("plain", 5_000),
        with_drugs("a", 5_000, &[("D1", 5_001)]),
        with_drugs("b", 5_000, &[("D1", -1)]),
    ]);
    for id in ["a", "b"] {
        assert_eq!(settled.case(id)["unpaid_reason"], "items_unusable");
    }
    assert!(settled.lines.is_empty());
    assert_eq!(settled.summary.rows, 3);
}

/// Ordinary claims, some of them high, and others with a carved-out technology outside the control
/// proportion, or with a negotiated drug.
fn mixed(ordinary: &[i64], flagged: &[i64], drugs: &[i64]) -> Vec<Claim> {
    let id = |start: &str, number: usize| format!("{start}{number:03}");
    let mut claims = Vec::new();
    for (number, yuan) in ordinary.iter().enumerate() {
        claims.push(claim(&id("o", number), *yuan));
    }
    for (number, yuan) in flagged.iter().enumerate() {
        claims.push(with_items(
            &id("f", number),
            *yuan,
            &[("X1", *yuan * 7 / 10)],
        ));
    }
    for (number, yuan) in drugs.iter().enumerate() {
        claims.push(with_drugs(&id("d", number), *yuan, &[("D1", *yuan / 2)]));
    }
    claims
}

fn controlled() -> Run {
    let mut run = negotiated();
    let modes = CARVE_OUT.replace("\"carve_out\"", "\"carve_out\", \"control_exempt\"");
    run.registry = technology("t", "X1", &modes);
    run.lines.push(("new_technology", "5000.00"));
    run.rules = "\n[[case.high.control_share]]\nfrom = \"2026-01-01\"\nvalue = \"0.05\"\n\
                 unit = \"share of discharges\"\nsource = \"model\"\n"
        .to_owned();
    run
}

/// The ordinary cases: class, rule and points of each.
fn ordinary(settled: &Settled) -> Vec<(String, Option<String>, String)> {
    let rows = settled.cases.iter();
    let ordinary = rows.filter(|row| row["case_id"].starts_with('o'));
    let said = |row: &Row| {
        let rule = row.get("link_rule").cloned();
        (row["case_class"].clone(), rule, row["points"].clone())
    };
    ordinary.map(said).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, ..ProptestConfig::default() })]

    /// A case is paid by points once, and each of its items by at most one line; the lines add up
    /// (`settle` above verifies them). Flagged cases change no ordinary one.
    #[test]
    fn flagged_cases_change_no_ordinary_one(
        usual in proptest::collection::vec(1_000_i64..30_000, 15..40),
        flagged in proptest::collection::vec(1_000_i64..40_000, 1..6),
        drugs in proptest::collection::vec(1_000_i64..40_000, 0..4),
    ) {
        let run = controlled();
        let alone = run.settle(&mixed(&usual, &[], &drugs));
        let with = run.settle(&mixed(&usual, &flagged, &drugs));
        prop_assert_eq!(ordinary(&alone), ordinary(&with));
        prop_assert_eq!(with.cases.len(), usual.len() + flagged.len() + drugs.len());
        for row in &with.cases {
            prop_assert_ne!(&row["points"], "0.0000");
            let id = row["case_id"].as_str();
            let on_drugs = with.line(id, "negotiated_drugs").is_some();
            prop_assert_eq!(on_drugs, id.starts_with('d'));
            let _ = with.line(id, "new_technology");
        }
    }
}

const STAYS: &str = r#"
[[unit.day_surgery.factor]]
from = "2026-01-01"
value = "0.9"
unit = "ratio"
source = "model"

[[unit.bed_day.pays]]
from = "2026-01-01"
value = "PAYS"
source = "model"

[[unit.bed_day.overrun]]
from = "2026-01-01"
value = "supplement"
source = "model"

[[unit.bed_day.short_stay]]
from = "2026-01-01"
less_than = "7"
unit = "days"
source = "model"

[[unit.single_disease.pays]]
from = "2026-01-01"
value = "PAYS"
source = "model"

[[unit.single_disease.overrun]]
from = "2026-01-01"
value = "pro_rata"
source = "model"

[[unit.item.pays]]
from = "2026-01-01"
value = "PAYS"
source = "model"

[[unit.item.overrun]]
from = "2026-01-01"
value = "pro_rata"
source = "model"
"#;

const STAGES: &str = "care,level,first_day,yuan_per_day,from,until,source,note\n\
                      rehabilitation,,1,420.00,2026-01-01,,model,\n\
                      rehabilitation,,16,360.00,2026-01-01,,model,\n";
const QUOTAS: &str = "group,level,yuan,from,until,source,note\nFV25,,5500.00,2026-01-01,,model,\n";

fn stays(pays: &str) -> Run {
    let rules = "\n[[points.preset_value]]\nfrom = \"2026-01-01\"\nvalue = \"110.00\"\n\
                 unit = \"yuan per point\"\nsource = \"model\"\n";
    Run {
        units: STAYS.replace("PAYS", pays),
        rules: rules.to_owned(),
        tables: vec![
            ("bed-day-stages.csv", STAGES),
            ("single-disease-quotas.csv", QUOTAS),
        ],
        lines: vec![
            ("bed_day", "7000.00"),
            ("single_disease", "100000.00"),
            ("item", "100000.00"),
        ],
        ..Run::default()
    }
}

fn claims_of_units() -> Vec<Claim> {
    let named = |id: &str, yuan, unit, care, days| Claim {
        unit: Some((unit, care, days)),
        ..claim(id, yuan)
    };
    vec![
        claim("plain", 5_000),
        named("day", 3_000, "day_surgery", "", 1),
        named("quota", 9_000, "single_disease", "", 4),
        named("item", 6_000, "item", "", 4),
        named("rehab", 8_000, "bed_day", "rehabilitation", 20),
        named("short", 5_000, "bed_day", "rehabilitation", 6),
        named("other", 5_000, "bed_day", "nursing", 20),
    ]
}

#[test]
fn a_stay_is_paid_by_the_unit_that_its_claim_names() {
    let settled = stays("points").settle(&claims_of_units());
    settled.check("plain", "normal", NORMAL);
    settled.check("day", "day_surgery", "46.3712");
    settled.check("quota", "single_disease", "50.0000");
    settled.check("item", "item", "54.5455");
    // 15 days at 420 yuan and 5 at 360, over 110 yuan a point.
    settled.check("rehab", "bed_day", "73.6364");
    settled.check("short", "normal", NORMAL);
    settled.check("other", "normal", NORMAL);
    assert!(settled.lines.is_empty());
    assert!(settled.explained("short").contains("bed_day_stay_short"));
    assert!(
        settled
            .explained("rehab")
            .contains("第 16 天起 from day 16: 360.00")
    );
}

/// How often a finding was made.
fn count(settled: &Settled, code: &str) -> u64 {
    let mut found = settled.summary.findings.iter();
    let found = found.find(|(finding, _)| finding.code() == code);
    found.map_or(0, |(_, count)| count)
}

#[test]
fn a_unit_that_nobody_knows_and_one_that_does_not_pay_are_findings() {
    let named = |id: &str, unit| Claim {
        unit: Some((unit, "rehabilitation", 20)),
        ..claim(id, 5_000)
    };
    let claims = [
        claim("plain", 5_000),
        named("drg", "drg"),
        named("empty", ""),
        named("paid", "bed_day"),
        named("misspelt", "bedday"),
        named("capital", "Bed_day"),
        named("no home beds", "home_bed"),
    ];
    let settled = stays("points").settle(&claims);
    settled.check("paid", "bed_day", "73.6364");
    for id in [
        "plain",
        "drg",
        "empty",
        "misspelt",
        "capital",
        "no home beds",
    ] {
        settled.check(id, "normal", NORMAL);
    }
    assert_eq!(count(&settled, "payment_unit_unknown"), 2);
    assert_eq!(count(&settled, "payment_unit_not_applied"), 1);
    // A policy without any unit says so too.
    let settled = Run::default().settle(&claims);
    assert_eq!(count(&settled, "payment_unit_unknown"), 2);
    assert_eq!(count(&settled, "payment_unit_not_applied"), 2);
}

#[test]
fn numbers_of_a_claim_that_do_not_fit_name_its_file_and_row() {
    let mut run = stays("points");
    run.rules = run.rules.replacen("110.00", "0.01", 1);
    let huge = Claim {
        cost: 9_999_999_999_999_999,
        unit: Some(("item", "", 4)),
        ..claim("huge", 0)
    };
    let folder = tempfile::tempdir().unwrap();
    let claims = [claim("plain", 5_000), huge];
    let error = run.try_settle(&claims, folder.path()).err().unwrap();
    let path = folder.path().join("claims.parquet");
    let place = format!("{}, row 2, case huge", path.display());
    assert_eq!((error.place(), error.exit_code()), (place.as_str(), 3));
    assert_eq!(
        error.hint(),
        "Correct the claim, or the parameters of the policy that pay it."
    );
}

#[test]
fn a_stay_on_a_line_has_no_points_and_is_paid_what_others_do_not_bear() {
    for family in ["A", "C"] {
        let run = Run {
            family: Some(family),
            ..stays("line")
        };
        let settled = run.settle(&claims_of_units());
        // Each amount less the fifth of the cost that the patient bears.
        settled.check("quota", "single_disease", "0.0000");
        assert_eq!(settled.line("quota", "single_disease"), Some("3700.00"));
        settled.check("item", "item", "0.0000");
        assert_eq!(settled.line("item", "item"), Some("4800.00"));
        settled.check("rehab", "bed_day", "0.0000");
        // 8,100 yuan less 1,600 are within the budget of the line.
        assert_eq!(settled.line("rehab", "bed_day"), Some("6500.00"));
        for id in ["quota", "item", "rehab"] {
            assert_eq!(settled.case(id)["payment"], "0.00", "{id} by points");
        }
        assert_eq!(settled.line("plain", "item"), None);
        settled.check("day", "day_surgery", "46.3712");
    }
}

#[test]
fn what_lines_pay_is_not_counted_with_what_points_answer_for() {
    let run = Run {
        family: Some("B"),
        hospitals: Some("hospital_id,level,coefficient\nH1,3,1.05\nH2,3,1.05\n"),
        drugs: negotiated().drugs,
        units: stays("line").units + NEGOTIATED,
        lines: [&stays("line").lines[..], &negotiated().lines[..]].concat(),
        ..stays("line")
    };
    let other = |id: &str| Claim {
        hospital: "H2",
        ..claim(id, 5_000)
    };
    let item = Claim {
        unit: Some(("item", "", 4)),
        ..claim("item", 6_000)
    };
    let drug = with_drugs("drug", 7_000, &[("D1", 2_000)]);
    let settled = run.settle(&[
        claim("one", 5_000),
        drug,
        item,
        other("first"),
        other("second"),
    ]);
    let pools = &settled.summary.pools;
    let pool = pools
        .iter()
        .find(|p| p.id == "990100-employee-drg")
        .unwrap();
    // Both have two ordinary cases of which the fund bears the same share, and earn the same.
    let [one, two] = &pool.settlement.hospitals[..] else {
        panic!("{:?}", pool.settlement.hospitals)
    };
    assert_eq!(one.payment, two.payment);
    // Of the 5,600 that the fund booked for the second one, 1,600 are the drug's; 4,800 are on a line.
    assert_eq!(settled.line("drug", "negotiated_drugs"), Some("1600.00"));
    assert_eq!(settled.line("item", "item"), Some("4800.00"));
    let itemised = ["H1", "H2"].map(|id| pool.itemised[id].to_string());
    assert_eq!(itemised, ["8000.00", "8000.00"]);
}

/// The first audit names another pool than the case's; the last takes off more than it cost.
const AUDITS: &str = "hospital_id,pool,period,case_id,amount,reason\n\
                      H1,990100-resident-drg,2026-10,item,5.00,pool\n\
                      H1,990100-employee-drg,2026-10,item,500.00,重复收费\n\
                      H1,990100-employee-drg,2026-10,item,50.00,超标准收费\n\
                      H1,990100-employee-drg,2026-09,item,9.00,month\n\
                      H1,990100-employee-drg,2026-10,plain,300.00,分解住院\n\
                      H1,990100-employee-drg,2026-10,cheap,1500.00,串换项目\n";

#[test]
fn what_an_audit_takes_off_an_item_payment_is_not_taken_off_the_hospital_again() {
    let mut claims = claims_of_units();
    claims.push(Claim {
        unit: Some(("item", "", 4)),
        ..claim("cheap", 1_000)
    });
    claims.push(Claim {
        insurance: "resident",
        ..claim("resident", 5_000)
    });
    let run = |pays| Run {
        audits: AUDITS,
        ..stays(pays)
    };
    let settled = run("points").settle(&claims);
    // 6,000 less 550 yuan, over 110 yuan a point.
    settled.check("item", "item", "49.5455");
    settled.check("cheap", "item", "0.0000");
    settled.check("plain", "normal", NORMAL);
    let said = settled.explained("item");
    let expected = "费用 cost 6000.00 − 审核扣减 audits 550.00";
    assert!(said.contains(expected), "{said}");
    // What the hospital owes: 300 of a case that no item pays, and 500 above the cost of another.
    let audit = |settled: &Settled, pool: &str| {
        let mut rows = settled.summary.prepaid.iter();
        rows.find(|row| row.pool == pool).unwrap().audit.to_string()
    };
    assert_eq!(audit(&settled, "990100-employee-drg"), "800.00");
    assert_eq!(audit(&settled, "990100-resident-drg"), "5.00");
    let settled = run("line").settle(&claims);
    // Less the 1,200 yuan that the patient bears.
    assert_eq!(settled.line("item", "item"), Some("4250.00"));
    assert_eq!(settled.line("cheap", "item"), Some("0.00"));
    assert_eq!(audit(&settled, "990100-employee-drg"), "800.00");
}

const HOME_BED: &str = r#"
[[unit.community.home_bed]]
from = "2026-01-01"
value = "80.00"
unit = "yuan per visit-day"
source = "model"

[[unit.community.home_bed_pays]]
from = "2026-01-01"
value = "PAYS"
source = "model"

[[unit.community.home_bed_overrun]]
from = "2026-01-01"
value = "pro_rata"
source = "model"
"#;

fn home_beds(pays: &str) -> Run {
    Run {
        units: HOME_BED.replace("PAYS", pays),
        tables: Vec::new(),
        lines: Vec::new(),
        ..stays("points")
    }
}

#[test]
fn visit_days_of_a_home_bed_earn_points_in_the_pool_of_all_others() {
    let home = Claim {
        unit: Some(("home_bed", "", 30)),
        ..claim("home", 3_000)
    };
    let claims = [claim("plain", 5_000), home];
    let settled = home_beds("points").settle(&claims);
    settled.check("plain", "normal", NORMAL);
    // 30 days at 80 yuan, over 110 yuan a point.
    settled.check("home", "home_bed", "21.8182");
    let said = settled.explained("home");
    let expected = "30 床日 visit-days × 80.00 = 2400.00 ÷ v_ref 110";
    assert!(said.contains(expected), "{said}");
    let mut totals = settled.summary.unit_totals.by_pool.iter();
    let total = totals.find(|total| total.unit == "home_bed").unwrap();
    assert_eq!(total.cases, 1);
    assert_eq!(total.points.to_string(), "21.8182");
    assert_eq!(total.payment.to_string(), settled.case("home")["payment"]);
    // On a line, visit-days stand in a table of their own, and the claim is an ordinary case.
    let on_line = home_beds("line").settle(&claims);
    on_line.check("home", "normal", NORMAL);
}

#[test]
fn a_line_of_home_beds_that_earn_points_would_pay_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let run = Run {
        lines: vec![("home_beds", "1000.00")],
        ..home_beds("points")
    };
    let error = run.try_settle(&[claim("plain", 5_000)], folder.path());
    let error = error.err().unwrap();
    assert_eq!(
        error.problem(),
        "the policy pays home beds in points, so the line home_beds pays nobody."
    );
}

const COMMUNITY_CARE: &str = r#"
[[unit.community.bed_day_care]]
from = "2026-01-01"
names = { rehabilitation = "康复床日" }
source = "model"
"#;

#[test]
fn primary_care_is_paid_by_the_day_for_care_whose_claims_name_no_unit() {
    let stay = |id: &str, unit, care, days| Claim {
        unit: Some((unit, care, days)),
        ..claim(id, 6_000)
    };
    let claims = [
        stay("rehab", "", "rehabilitation", 20),
        stay("short", "", "rehabilitation", 6),
        stay("other", "", "nursing", 20),
        stay("item", "item", "rehabilitation", 20),
    ];
    let run = Run {
        units: STAYS.replace("PAYS", "points") + COMMUNITY_CARE,
        ..stays("points")
    };
    run.settle(&claims).check("rehab", "normal", NORMAL);
    let run = Run {
        hospitals: Some("hospital_id,level,coefficient,primary_care\nH1,3,1.05,yes\n"),
        ..run
    };
    let settled = run.settle(&claims);
    settled.check("rehab", "bed_day", "73.6364");
    settled.check("short", "normal", NORMAL);
    settled.check("other", "normal", NORMAL);
    settled.check("item", "item", "54.5455");
    assert!(settled.explained("rehab").contains("by_care"));
    assert!(settled.explained("short").contains("bed_day_stay_short"));
}

const TCM: &str = r#"
[[unit.tcm.upfront_share]]
from = "2026-01-01"
value = "0.7"
unit = "share of points"
source = "model"

[[unit.tcm.claw_back]]
from = "2026-01-01"
value = "0.2"
unit = "share of upfront points"
source = "model"

[[unit.tcm.treatment_share]]
from = "2026-01-01"
at_least = "0.6"
unit = "share of cost"
source = "model"

[[unit.tcm.stay_days]]
from = "2026-01-01"
at_least = "3"
unit = "days"
source = "model"

[[unit.tcm.syndrome]]
from = "2026-01-01"
value = "needed"
source = "model"

[[unit.tcm.tail]]
from = "2026-01-01"
value = "TAIL"
source = "model"
"#;
const TCM_OVERRUN: &str = "\n[[unit.tcm.overrun]]\nfrom = \"2026-01-01\"\n\
                           value = \"pro_rata\"\nsource = \"model\"\n";
const PAIRS: &str = "disease,title,group,share,window_days,from,until,source,note\n\
                     BNG080,某病,FV25,0.8,90,2026-01-01,,model,\n\
                     BWG000,某病,XX99,1,90,2026-01-01,,model,\n";
const GRADES: &str = "score_at_least,earns,from,until,source,note\n0,0,2026-01-01,,model,\n\
                      60,0.6,2026-01-01,,model,\n75,0.85,2026-01-01,,model,\n\
                      90,1,2026-01-01,,model,\n";
/// The 30 days of the last row are not the window of the disease.
const EFFICACY: &str = "case_id,window,grade,failed\ngood,90,80,\nfailed,90,95,1\n\
                        waiting,30,95,\n";

fn by_efficacy(tail: &str) -> Run {
    let overrun = if tail == "line" { TCM_OVERRUN } else { "" };
    Run {
        units: TCM.replace("TAIL", tail) + overrun,
        tables: vec![("tcm-pairing.csv", PAIRS), ("tcm-grades.csv", GRADES)],
        lines: vec![("tcm_tail", "500000.00")],
        efficacy: EFFICACY,
        ..Run::default()
    }
}

fn tcm_claims() -> Vec<Claim> {
    let named = |id: &str, tcm, days| Claim {
        tcm: Some(tcm),
        unit: Some(("", "", days)),
        ..claim(id, 5_000)
    };
    vec![
        claim("plain", 5_000),
        named("good", ("BNG080", "Z1", 3_000), 3),
        named("failed", ("BNG080", "Z1", 4_000), 9),
        named("waiting", ("BNG080", "Z1", 4_000), 9),
        named("few-tcm", ("BNG080", "Z1", 2_999), 9),
        named("no-syndrome", ("BNG080", "", 4_000), 9),
        named("short", ("BNG080", "Z1", 4_000), 2),
        named("unpaired", ("BZZ000", "Z1", 4_000), 9),
        named("no-weight", ("BWG000", "Z1", 4_000), 9),
    ]
}

const ORDINARY: [&str; 6] = [
    "plain",
    "few-tcm",
    "no-syndrome",
    "short",
    "unpaired",
    "no-weight",
];

/// The amounts that are noted of a case, by what is decided.
fn noted(settled: &Settled, id: &str) -> BTreeMap<String, String> {
    let notes = table(&settled.folder.path().join("settled/unit_cases.parquet"));
    let of_case = notes.into_iter().filter(|row| row["case_id"] == id);
    let amounts = of_case.filter_map(|mut row| {
        let amount = row.remove("amount")?;
        Some((row.remove("decision")?, amount))
    });
    amounts.collect()
}

#[test]
fn a_tcm_disease_earns_the_points_of_its_western_group_by_efficacy() {
    let settled = by_efficacy("accrued").settle(&tcm_claims());
    // 49.07 base points × 0.8 without the coefficient 1.05; all count in the year of discharge.
    for id in ["good", "failed", "waiting"] {
        settled.check(id, "tcm", "39.2560");
    }
    for id in ORDINARY {
        settled.check(id, "normal", NORMAL);
    }
    assert!(settled.lines.is_empty());
    for (id, why) in [
        ("few-tcm", "tcm_share_low"),
        ("no-syndrome", "tcm_without_syndrome"),
        ("short", "tcm_stay_short"),
        ("no-weight", "XX99 无权重"),
    ] {
        assert!(settled.explained(id).contains(why), "{id}");
    }
    let said = settled.explained("good");
    for part in [
        "p_full 39.2560",
        "p_0 27.4792",
        "deferred 11.7768",
        "earned 10.0103",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(settled.explained("waiting").contains("is not known"));
    // 95 % of a million over 426.909 points: 87,356.32 yuan, three tenths of which are held; the
    // hospital's last fen go to the cases with the largest remainders.
    assert_eq!(settled.case("good")["payment"], "87356.33");
    let amounts = |id: &str| {
        let found = noted(&settled, id);
        let words = ["held", "to_hospital", "to_pool", "clawed_back"];
        words.map(|word| found.get(word).cloned().unwrap_or_default())
    };
    let good = ["26206.90", "22275.91", "3930.99", ""];
    assert_eq!(amounts("good"), good);
    let failed = ["26206.90", "0.00", "26206.90", "12229.79"];
    assert_eq!(amounts("failed"), failed);
    assert_eq!(amounts("waiting"), ["26206.90", "", "", ""]);
    assert_eq!(amounts("few-tcm"), [""; 4]);
}

#[test]
fn the_rest_of_a_tcm_case_is_paid_from_its_line_once_its_efficacy_is_known() {
    let settled = by_efficacy("line").settle(&tcm_claims());
    settled.check("good", "tcm", "27.4792");
    settled.check("waiting", "tcm", "27.4792");
    // A failure takes back a fifth of 27.4792 points and loses the rest.
    settled.check("failed", "tcm", "21.9834");
    for id in ORDINARY {
        settled.check(id, "normal", NORMAL);
    }
    // 10.0103 points at 950,000 yuan over 386.0828 points.
    assert_eq!(settled.line("good", "tcm_tail"), Some("24631.47"));
    assert_eq!(settled.line("waiting", "tcm_tail"), None);
    assert_eq!(settled.line("failed", "tcm_tail"), Some("0.00"));
}

const SWITCH: &str = "\n[[unit.bed_day.switch_after]]\nfrom = \"2026-01-01\"\nvalue = \"10\"\n\
                      unit = \"days\"\nsource = \"model\"\n\n[[unit.bed_day.switch_care]]\n\
                      from = \"2026-01-01\"\nvalue = \"rehabilitation\"\nsource = \"model\"\n";

#[test]
fn a_long_stay_is_paid_by_its_group_and_then_by_the_day() {
    let stay = |id: &str, days| Claim {
        unit: Some(("", "", days)),
        ..claim(id, 20_000)
    };
    let claims = [claim("plain", 5_000), stay("ten", 10), stay("twenty", 20)];
    let run = |pays| Run {
        units: STAYS.replace("PAYS", pays) + SWITCH,
        ..stays(pays)
    };
    let settled = run("points").settle(&claims);
    settled.check("plain", "normal", NORMAL);
    settled.check("ten", "high", "86.1317");
    // Normal points, though the cost is high; days 11 to 15 at 420 yuan and 16 to 20 at 360.
    settled.check("twenty", "bed_day", "86.9780");
    let settled = run("line").settle(&claims);
    settled.check("ten", "high", "86.1317");
    settled.check("twenty", "bed_day", NORMAL);
    assert_eq!(settled.line("twenty", "bed_day"), Some("3900.00"));
    assert_eq!(settled.lines.len(), 1);
    assert!(settled.explained("twenty").contains("第 11 – 20 天按床日"));
}

/// A group of its own, just before its base.
const OWN_GROUP: [(&str, &str); 3] = [
    (
        "plan.toml",
        "id = \"own-group\"\ntitle = \"own group\"\nbase = \"chs-drg-1.1\"\n",
    ),
    (
        "drg.csv",
        "change,adrg,order,drg,name,rule\nadd,FV2,29,FV25_n,高血压，新技术,new_tech\n",
    ),
    (
        "weights.csv",
        "change,drg,weight,origin,source\nadd,FV25_n,1.2000,published,harbin-2024\n",
    ),
];

#[test]
fn a_technology_with_a_group_of_its_own_is_grouped_and_paid_by_it() {
    let run = Run {
        registry: technology("t", "X1", "modes = [\"own_group\"]"),
        overlay: OWN_GROUP.to_vec(),
        ..Run::default()
    };
    let claims = [
        claim("plain", 5_500),
        with_items("flagged", 12_000, &[("X1", 6_000)]),
    ];
    let settled = run.settle(&claims);
    assert_eq!(settled.case("plain")["group"], "FV25");
    settled.check("plain", "normal", NORMAL);
    // 1.2 × 100 × 1.05; nothing else is done for the item.
    assert_eq!(settled.case("flagged")["group"], "FV25_n");
    settled.check("flagged", "normal", "126.0000");
    assert!(settled.lines.is_empty());
    let said = settled.explained("flagged");
    assert!(said.contains("独立成组 a group of its own"), "{said}");
    // A technology that is not valid on the day leaves the case in the base group.
    let expired = Run {
        registry: run
            .registry
            .replace("from = \"2026-01-01\"", "from = \"2026-11-01\""),
        ..run
    };
    let settled = expired.settle(&claims);
    assert_eq!(settled.case("flagged")["group"], "FV25");
}

/// What a claim of the whole states, by numbers that a property draws.
#[derive(Clone, Debug)]
struct Drawn {
    yuan: i64,
    /// 0 nothing, 1 to 4 a named unit, 5 and 6 a TCM disease, 7 a long stay.
    stay: usize,
    item: Option<&'static str>,
    has_drug: bool,
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let item = prop_oneof![
        Just(None),
        Just(Some("X1")),
        Just(Some("X2")),
        Just(Some("X9"))
    ];
    let parts = (2_000_i64..60_000, 0_usize..8, item, any::<bool>());
    parts.prop_map(|(yuan, stay, item, has_drug)| Drawn {
        yuan,
        stay,
        item,
        has_drug,
    })
}

impl Drawn {
    fn claim(&self, number: usize) -> Claim {
        let unit = match self.stay {
            1 => Some(("day_surgery", "", 1)),
            2 => Some(("single_disease", "", 4)),
            3 => Some(("item", "", 4)),
            4 => Some(("bed_day", "rehabilitation", 20)),
            5 | 6 => Some(("", "", 9)),
            7 => Some(("", "", 30)),
            _ => None,
        };
        let share = if self.stay == 5 { 7 } else { 1 };
        let tcm = matches!(self.stay, 5 | 6).then(|| ("BNG080", "Z1", self.yuan * share / 10));
        let item = self.item.map(|code| (code, self.yuan * 100 * 6 / 10));
        let drug = self.has_drug.then(|| ("D1", self.yuan * 100 / 4));
        Claim {
            items: item.into_iter().collect(),
            drugs: drug.into_iter().collect(),
            unit,
            tcm,
            ..claim(&format!("c{number:03}"), self.yuan)
        }
    }
}

/// Every unit of single cases in one policy, its stays by points or from lines.
fn everything(pays: &str, tail: &str) -> Run {
    let add_on = "modes = [\"add_on_points\"]\nadd_on_share = \"0.5\"";
    let stays = Run {
        units: STAYS.replace("PAYS", pays) + SWITCH,
        ..stays(pays)
    };
    let tcm = by_efficacy(tail);
    let drugs = negotiated();
    Run {
        registry: technology("t1", "X1", CARVE_OUT) + &technology("t2", "X2", add_on),
        units: stays.units + &tcm.units + &drugs.units,
        drugs: drugs.drugs,
        tables: [stays.tables, tcm.tables].concat(),
        rules: stays.rules,
        lines: vec![
            ("bed_day", "7000.00"),
            ("single_disease", "9000.00"),
            ("item", "20000.00"),
            ("tcm_tail", "5000.00"),
            ("negotiated_drugs", "20000.00"),
            ("new_technology", "5000.00"),
        ],
        efficacy: "case_id,window,grade,failed\nc000,90,80,\nc001,90,95,1\nc002,90,95,\n",
        ..Run::default()
    }
}

const STAY_LINES: [&str; 3] = ["bed_day", "single_disease", "item"];

/// Every cost item of a case is paid by points or by one line, neither by both nor by none.
fn check_paid_once(settled: &Settled, claim: &Claim, drawn: &Drawn) -> Result<(), TestCaseError> {
    let row = settled.case(&claim.id);
    let id = claim.id.as_str();
    prop_assert_ne!(row["case_class"].as_str(), "unpaid");
    // The drug leaves the cost and is on its line; without one the cost is whole.
    let drugs: i64 = claim.drugs.iter().map(|(_, fen)| fen).sum();
    let left = format!(
        "{}.{:02}",
        (claim.cost - drugs) / 100,
        (claim.cost - drugs) % 100
    );
    prop_assert_eq!(&row["total_cost"], &left);
    let on_drugs = settled.line(id, "negotiated_drugs");
    prop_assert_eq!(on_drugs.is_some(), drawn.has_drug);
    // The stay earns points or is on one line; two parts of it may be in both places only where
    // it was cut by days or by instalments.
    let has_points = row["points"] != "0.0000";
    let lines = STAY_LINES
        .iter()
        .filter(|line| settled.line(id, line).is_some());
    let lines: Vec<&&str> = lines.collect();
    prop_assert!(lines.len() <= 1, "{id} is on {lines:?}");
    let is_switched = drawn.stay == 7;
    match is_switched {
        true => prop_assert!(has_points),
        false => prop_assert_eq!(has_points, lines.is_empty(), "{} {:?}", id, lines),
    }
    let has_tail = settled.line(id, "tcm_tail").is_some();
    prop_assert!(!has_tail || (row["case_class"] == "tcm" && has_points));
    // A technology is on its line exactly where it was carved out.
    let notes = noted_decisions(settled, id);
    let is_carved = notes.iter().any(|decision| decision == "carved_out");
    prop_assert_eq!(settled.line(id, "new_technology").is_some(), is_carved);
    prop_assert!(!is_carved || (drawn.item == Some("X1") && row["case_class"] == "normal"));
    Ok(())
}

fn noted_decisions(settled: &Settled, id: &str) -> Vec<String> {
    let notes = table(&settled.folder.path().join("settled/unit_cases.parquet"));
    let of_case = notes.into_iter().filter(|row| row["case_id"] == id);
    of_case.map(|row| row["decision"].clone()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    /// Over all units no case is paid twice, and none is forgotten (`settle` above verifies the
    /// sums and explains every case).
    #[test]
    fn no_case_is_paid_twice_or_never_over_all_units(
        all in proptest::collection::vec(drawn(), 8..20),
        on_lines in any::<bool>(),
        has_tail in any::<bool>(),
    ) {
        let pays = if on_lines { "line" } else { "points" };
        let tail = if has_tail { "line" } else { "accrued" };
        let claims: Vec<Claim> = all.iter().enumerate().map(|(n, one)| one.claim(n)).collect();
        let settled = everything(pays, tail).settle(&claims);
        prop_assert_eq!(settled.cases.len(), claims.len());
        for (claim, drawn) in claims.iter().zip(&all) {
            check_paid_once(&settled, claim, drawn)?;
        }
        let lines = settled.lines.iter();
        let known = lines.filter(|row| claims.iter().any(|claim| claim.id == row["case_id"]));
        prop_assert_eq!(known.count(), settled.lines.len());
    }
}

/// A year of a few claims, cleared with a ledger; the run and its tables.
struct Cleared {
    folder: TempDir,
}

impl Cleared {
    fn table(&self, name: &str) -> Vec<Row> {
        let path = self.folder.path().join("settled").join(name);
        match path.is_file() {
            true => table(&path),
            false => Vec::new(),
        }
    }

    /// The adjustments of a kind, in yuan.
    fn adjusted(&self, kind: &str) -> Vec<String> {
        let rows = self.table("adjustments.parquet").into_iter();
        let mine = rows.filter(|row| row["kind"] == kind);
        mine.map(|row| row["amount"].clone()).collect()
    }

    fn pool(&self) -> Row {
        let pools = self.table("pools.parquet");
        pools
            .into_iter()
            .find(|row| row["pool"] == "990100-employee-drg")
            .unwrap()
    }
}

impl Run {
    fn try_clear(&self, claims: &[Claim], year: &str, ledger: &Path) -> Result<Cleared, Error> {
        let folder = tempfile::tempdir().unwrap();
        let inputs = folder.path().join("inputs");
        fs::create_dir_all(&inputs).unwrap();
        let mut budgets = "region,insurance,period,amount,line\n".to_owned();
        for region in ["990100", "990200", "990300"] {
            for insurance in ["employee", "resident"] {
                budgets += &format!("{region},{insurance},{year},1000000.00,\n");
            }
        }
        for (line, amount) in &self.lines {
            budgets += &format!("990100,employee,{year},{amount},{line}\n");
        }
        fs::write(inputs.join("hospitals.csv"), HOSPITALS).unwrap();
        fs::write(inputs.join("groups.csv"), GROUPS).unwrap();
        fs::write(inputs.join("budgets.csv"), budgets).unwrap();
        if !self.efficacy.is_empty() {
            fs::write(inputs.join("efficacy.csv"), self.efficacy).unwrap();
        }
        let path = folder.path().join("claims.parquet");
        write(&path, claims);
        let policy = self.policy(folder.path());
        let inputs = Inputs::read(Some(&inputs), &[]).unwrap();
        let (claims, out) = ([path], folder.path().join("settled"));
        let job = SettleJob {
            period: Some(year),
            span: SettleSpan::Year,
            ledger: Some(LedgerUse {
                folder: ledger,
                correction: None,
            }),
            ..month_job(&claims, &policy, &inputs, &out)
        };
        settle(&job, &Silent)?;
        for run in [&out, ledger] {
            if run.is_dir() {
                let verified = verify(run, &Silent).unwrap();
                assert!(verified.mismatches.is_empty(), "{:?}", verified.mismatches);
            }
        }
        Ok(Cleared { folder })
    }

    fn clear(&self, claims: &[Claim], year: &str, ledger: &Path) -> Cleared {
        self.try_clear(claims, year, ledger).unwrap()
    }
}

fn held(efficacy: &'static str) -> Run {
    let run = by_efficacy("accrued");
    Run {
        units: run.units
            + "\n[[unit.tcm.held]]\nfrom = \"2026-01-01\"\nvalue = \"ledger\"\nsource = \"model\"\n",
        efficacy,
        ..run
    }
}

fn in_2027(id: &str, yuan: i64) -> Claim {
    Claim {
        left: date(2027, 3, 6),
        ..claim(id, yuan)
    }
}

const NOBODY: &str = "case_id,window,grade,failed\n";

fn fen(text: &str) -> i64 {
    text.replace('.', "").parse().unwrap()
}

/// How many entries a ledger has.
fn entries(ledger: &Path) -> usize {
    let names = fs::read_dir(ledger)
        .unwrap()
        .map(|file| file.unwrap().path());
    names
        .filter(|path| path.extension().is_some_and(|e| e == "json"))
        .count()
}

#[test]
fn the_deferred_money_of_a_year_is_held_and_divided_in_the_next_through_the_ledger() {
    let ledger = tempfile::tempdir().unwrap();
    let ledger = ledger.path().join("ledger");
    let claims: Vec<Claim> = tcm_claims()
        .into_iter()
        .filter(|claim| ["plain", "good", "failed", "waiting"].contains(&claim.id.as_str()))
        .collect();
    let first = held(NOBODY).clear(&claims, "2026", &ledger);
    let cases = first.table("tcm_held.parquet");
    assert_eq!(cases.len(), 3);
    let sum: i64 = cases.iter().map(|row| fen(&row["held"])).sum();
    let adjusted = first.adjusted("tcm_held");
    assert_eq!(adjusted.len(), 1);
    assert_eq!(fen(&adjusted[0]), -sum);
    // What was held is neither due nor paid, and stands in the ledger once.
    let clearing = &first.table("clearing.parquet")[0];
    assert_eq!(fen(&clearing["due"]), fen(&clearing["payment"]) - sum);
    assert_eq!(first.pool()["budget"], "1000000.00");
    let again = held(NOBODY).clear(&claims, "2026", &ledger);
    assert_eq!(again.table("tcm_held.parquet"), cases);
    assert_eq!(entries(&ledger), 1);

    // A score of 80 earns 85 %; a failure nothing, and a fifth of the upfront part is taken back.
    let later = held(EFFICACY).clear(&[in_2027("new", 5_000)], "2027", &ledger);
    let decided = later.table("tcm_held.parquet");
    let of = |id: &str| decided.iter().find(|row| row["case_id"] == id).unwrap();
    let (good, failed) = (of("good"), of("failed"));
    assert_eq!(of("waiting")["state"], "held");
    let held_of = |row: &Row| fen(&row["held"]);
    // Of 11.7768 deferred points 10.0103 are earned, and the fen is rounded once.
    let expected = (held_of(good) * 100_103 * 2 + 117_768) / (2 * 117_768);
    assert_eq!(fen(&good["to_hospital"]), expected);
    assert_eq!(
        fen(&good["to_hospital"]) + fen(&good["to_pool"]),
        held_of(good)
    );
    assert_eq!(failed["to_hospital"], "0.00");
    assert_eq!(fen(&failed["to_pool"]), held_of(failed));
    let back = fen(&good["to_pool"]) + fen(&failed["to_pool"]) + fen(&failed["clawed_back"]);
    assert_eq!(
        later.adjusted("tcm_released"),
        [good["to_hospital"].clone()]
    );
    assert_eq!(
        later.adjusted("tcm_clawed_back"),
        [format!("-{}", failed["clawed_back"])]
    );
    assert!(later.adjusted("tcm_held").is_empty());
    assert_eq!(fen(&later.pool()["budget"]), 100_000_000 + back);
    // What comes back has left its part of the reserve in its own year.
    assert_eq!(later.pool()["reserve"], first.pool()["reserve"]);
    assert_ne!(later.pool()["reserve"], "0.00");
    assert_eq!(
        fen(&later.table("brought_forward.parquet")[0]["amount"]),
        back
    );
    hands_on(&ledger);
}

/// What waits still is handed on, and what was divided is not divided again.
fn hands_on(ledger: &Path) {
    let known = "case_id,window,grade,failed\nwaiting,90,100,\ngood,90,80,\n";
    let last = held(known).clear(
        &[Claim {
            left: date(2028, 3, 6),
            ..claim("x", 5_000)
        }],
        "2028",
        ledger,
    );
    let rest = last.table("tcm_held.parquet");
    assert_eq!(rest.len(), 1);
    assert_eq!(
        (rest[0]["case_id"].as_str(), rest[0]["year"].as_str()),
        ("waiting", "2026")
    );
    assert_eq!(rest[0]["to_hospital"], rest[0]["held"]);
    assert_eq!(last.pool()["budget"], "1000000.00");
}

#[test]
fn an_efficacy_that_is_known_at_the_clearing_comes_back_to_the_pool_next_year() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("ledger");
    let claims: Vec<Claim> = tcm_claims().into_iter().take(3).collect();
    let first = held(EFFICACY).clear(&claims, "2026", &ledger);
    let cases = first.table("tcm_held.parquet");
    let back: i64 = cases
        .iter()
        .map(|row| fen(&row["to_pool"]) + fen(&row["clawed_back"]))
        .sum();
    assert!(back > 0);
    let next = held(EFFICACY).clear(&[in_2027("new", 5_000)], "2027", &ledger);
    assert_eq!(fen(&next.pool()["budget"]), 100_000_000 + back);
    assert!(next.table("tcm_held.parquet").is_empty());
}

#[test]
fn a_policy_that_holds_money_asks_for_its_ledger_at_the_clearing() {
    let folder = tempfile::tempdir().unwrap();
    let run = held(NOBODY);
    let policy = run.policy(folder.path());
    let path = folder.path().join("claims.parquet");
    write(&path, &tcm_claims());
    let inputs = folder.path().join("inputs");
    fs::create_dir_all(&inputs).unwrap();
    fs::write(inputs.join("hospitals.csv"), HOSPITALS).unwrap();
    let mut budgets = "region,insurance,period,amount\n".to_owned();
    for region in ["990100", "990200", "990300"] {
        budgets += &format!("{region},employee,2026,1.00\n{region},resident,2026,1.00\n");
    }
    fs::write(inputs.join("budgets.csv"), budgets).unwrap();
    let inputs = Inputs::read(Some(&inputs), &[]).unwrap();
    let (claims, out) = ([path], folder.path().join("settled"));
    let job = SettleJob {
        period: Some("2026"),
        span: SettleSpan::Year,
        ..month_job(&claims, &policy, &inputs, &out)
    };
    let error = settle(&job, &Silent).unwrap_err();
    assert!(error.to_string().contains("in a ledger"), "{error}");
    assert!(!out.exists());
}

#[test]
fn what_a_line_owes_comes_first_out_of_its_budget_of_the_next_year() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("ledger");
    let run = Run {
        lines: vec![("negotiated_drugs", "6000.00")],
        ..negotiated()
    };
    // 8,000 and 4,000 yuan of drugs, of which the fund pays 80 %: 9,600 are asked, 6,000 paid.
    let claims = [
        with_drugs("a", 20_000, &[("D1", 8_000)]),
        with_drugs("b", 20_000, &[("D1", 4_000)]),
    ];
    let first = run.clear(&claims, "2026", &ledger);
    let line = &first.table("line_budgets.parquet")[0];
    assert_eq!(
        (line["paid"].as_str(), line["owed"].as_str()),
        ("6000.00", "3600.00")
    );
    let mut later = with_drugs("c", 20_000, &[("D1", 5_000)]);
    later.left = date(2027, 3, 6);
    let next = run.clear(&[later], "2027", &ledger);
    let debts = next.table("line_debts.parquet");
    let paid: Vec<_> = debts
        .iter()
        .map(|row| (row["case_id"].as_str(), row["paid"].as_str()))
        .collect();
    assert_eq!(paid, [("a", "2400.00"), ("b", "1200.00")]);
    let line = &next.table("line_budgets.parquet")[0];
    let of = |column: &str| line[column].as_str();
    assert_eq!(
        (of("owed_before"), of("paid_owed"), of("asked")),
        ("3600.00", "3600.00", "4000.00")
    );
    assert_eq!((of("paid"), of("owed")), ("2400.00", "1600.00"));
    // A year in which nobody asks pays what is still owed.
    let quiet = Claim {
        left: date(2028, 3, 6),
        ..claim("quiet", 5_000)
    };
    let last = run.clear(&[quiet], "2028", &ledger);
    assert_eq!(last.table("line_debts.parquet")[0]["paid"], "1600.00");
}
