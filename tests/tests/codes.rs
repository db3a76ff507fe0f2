//! What a plan does with codes before it looks them up: code sets, repairs, a crosswalk, and
//! diagnoses that cannot be the principal one.

use arrow::array::{
    Array, ArrayRef, AsArray, Int32Array, ListBuilder, RecordBatch, StringArray, StringBuilder,
};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use drgdip_batch::{GroupJob, PreparedPlan, ReadOptions, Silent, find_claims, group};
use drgdip_tables::load_plan;
use drgdip_tests::{national, plan};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Principal diagnosis, other diagnoses, procedures with the main one first.
type Codes<'c> = (&'c str, &'c [&'c str], &'c [&'c str]);

/// A folder with claims of men of 40 years and a plan.
struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    /// A plan that stands on the national one and has these code settings.
    fn new(settings: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let desk = Self { folder };
        let manifest = format!(
            "id = \"city\"\ntitle = \"City\"\nbase = \"chs-drg-1.1\"\n\n[codes]\n{settings}\n"
        );
        desk.write("city/plan.toml", &manifest);
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

    fn plan(&self) -> PreparedPlan {
        let loaded = load_plan(&self.path("city").to_string_lossy()).unwrap();
        PreparedPlan::of(loaded).unwrap()
    }

    fn claims(&self, codes: &[Codes<'_>]) -> PathBuf {
        let path = self.path("claims.parquet");
        let ids: Vec<String> = (1..=codes.len()).map(|id| id.to_string()).collect();
        let list = |of: fn(&Codes<'_>) -> Vec<String>| -> ArrayRef {
            let mut builder = ListBuilder::new(StringBuilder::new());
            for codes in codes {
                builder.append_value(of(codes).into_iter().map(Some));
            }
            Arc::new(builder.finish())
        };
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("case_id", Arc::new(StringArray::from(ids.clone()))),
            ("sex", Arc::new(Int32Array::from(vec![1; codes.len()]))),
            (
                "age_years",
                Arc::new(Int32Array::from(vec![40; codes.len()])),
            ),
            (
                "principal_diagnosis",
                Arc::new(
                    codes
                        .iter()
                        .map(|codes| Some(codes.0))
                        .collect::<StringArray>(),
                ),
            ),
            (
                "other_diagnoses",
                list(|codes| codes.1.iter().map(|code| (*code).to_owned()).collect()),
            ),
            (
                "main_procedure",
                Arc::new(
                    codes
                        .iter()
                        .map(|codes| codes.2.first())
                        .collect::<StringArray>(),
                ),
            ),
            (
                "other_procedures",
                list(|codes| {
                    codes
                        .2
                        .iter()
                        .skip(1)
                        .map(|code| (*code).to_owned())
                        .collect()
                }),
            ),
        ];
        let columns = columns
            .into_iter()
            .map(|(name, column)| (name, column, true));
        let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
        let mut writer =
            ArrowWriter::try_new(File::create(&path).unwrap(), batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        path
    }

    /// Groups claims; returns status, reason and group of each, and the findings as
    /// `case column value code`.
    fn group(&self, plan: &PreparedPlan, codes: &[Codes<'_>]) -> (Vec<String>, Vec<String>) {
        let claims = self.claims(codes);
        let out = self.path("grouped.parquet");
        let job = GroupJob {
            claims: std::slice::from_ref(&claims),
            plan: plan.into(),
            out: &out,
            keep: false,
            read: ReadOptions::default(),
            threads: Some(2),
            row_group_rows: None,
        };
        group(&job, &Silent).unwrap();
        let groups = rows(&out, &["status", "reason", "group"]);
        for (number, grouped) in groups.iter().enumerate() {
            let id = (number + 1).to_string();
            let found = find_claims(std::slice::from_ref(&claims), &id, &Silent).unwrap();
            let trace = drgdip_grouper::trace::trace(&plan.plan, &found[0].claim);
            let group = trace
                .landing
                .as_ref()
                .map_or("-", |landing| landing.group());
            let outcome = trace.outcome;
            let traced = format!("{} {} {group}", outcome.status(), outcome.reason());
            assert_eq!(&traced, grouped, "the trace and the batch agree");
        }
        let findings = self.path("grouped.findings.parquet");
        (
            groups,
            rows(&findings, &["case_id", "column", "value", "code"]),
        )
    }
}

/// Some columns of a Parquet file as text, `-` where a value is absent.
fn rows(path: &Path, columns: &[&str]) -> Vec<String> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    let mut rows = Vec::new();
    for batch in reader.build().unwrap() {
        let batch = batch.unwrap();
        let texts: Vec<_> = columns
            .iter()
            .map(|name| cast(batch.column_by_name(name).unwrap(), &DataType::Utf8).unwrap())
            .collect();
        for row in 0..batch.num_rows() {
            let cell = |text: &ArrayRef| match text.is_valid(row) {
                true => text.as_string::<i32>().value(row).to_owned(),
                false => "-".to_owned(),
            };
            rows.push(texts.iter().map(cell).collect::<Vec<_>>().join(" "));
        }
    }
    rows
}

const FAILURE: Codes<'_> = ("I50.900", &["E87.600"], &["36.0601"]);

#[test]
fn a_code_outside_the_code_set_is_named_and_changes_nothing_by_itself() {
    let desk = Desk::new("");
    let codes = [
        FAILURE,
        ("I50.900", &["E87.600", "nonsense"], &["36.0601", "99.zz"]),
    ];
    for plan in [&desk.plan(), national()] {
        let (groups, findings) = desk.group(plan, &codes);
        assert_eq!(groups[0], groups[1]);
        assert!(groups[0].starts_with("grouped group_rule F"), "{groups:?}");
        assert_eq!(
            findings,
            [
                "2 other_diagnoses nonsense diagnosis_not_in_code_set",
                "2 other_procedures 99.zz procedure_not_in_code_set",
                "2 other_diagnoses nonsense diagnosis_not_in_plan",
                "2 main_procedure,other_procedures 99.zz procedure_not_in_plan",
            ]
        );
    }
    let (_, findings) = desk.group(&plan("chs-drg-1.1-opendrg"), &codes);
    assert_eq!(
        findings,
        [
            "2 other_diagnoses nonsense diagnosis_not_in_plan",
            "2 main_procedure,other_procedures 99.zz procedure_not_in_plan",
        ]
    );
}

#[test]
fn a_plan_may_take_no_case_with_a_code_outside_the_code_set() {
    let desk = Desk::new("unknown = \"invalid\"");
    let codes = [
        FAILURE,
        ("I50.900", &["nonsense"], &[]),
        ("I50.900", &[], &["36.0601", "99.zz"]),
        // In the plan, but not in the insurance edition 2.0.
        ("K43.900", &[], &[]),
    ];
    let (groups, findings) = desk.group(&desk.plan(), &codes);
    assert!(groups[0].starts_with("grouped"), "{groups:?}");
    for group in &groups[1..] {
        assert_eq!(group, "invalid unknown_code -");
    }
    let all = "principal_diagnosis,other_diagnoses,main_procedure,other_procedures";
    assert_eq!(findings[0], format!("2 {all}  unknown_code"));
    assert!(findings.contains(&"4 principal_diagnosis K43.900 diagnosis_not_in_code_set".into()));
    assert!(
        !findings.iter().any(|finding| finding.starts_with("1 ")),
        "{findings:?}"
    );
}

#[test]
fn codes_are_repaired_where_the_plan_says_so_and_each_repair_is_a_finding() {
    let damaged: [Codes<'_>; 4] = [
        ("i50.900X001", &["e87.600"], &["36.0601"]),
        ("Ｉ５０．９００x００１", &["E87.600"], &["３６.0601"]),
        (" I50.900x 001", &["E87.600\t"], &["36.0601"]),
        (" ｉ50.900Ｘ001", &["E87.600"], &["36.0601"]),
    ];
    let whole: [Codes<'_>; 1] = [("I50.900x001", &["E87.600"], &["36.0601"])];
    let as_meant = {
        let desk = Desk::new("");
        desk.group(&desk.plan(), &whole).0.remove(0)
    };
    assert!(as_meant.starts_with("grouped group_rule F"), "{as_meant}");
    let all = "letter_case full_width spaces".split(' ');
    let only: Vec<String> = all
        .clone()
        .map(|one| format!("repair = [\"{one}\"]"))
        .collect();
    for (repaired, settings) in only.iter().enumerate() {
        let desk = Desk::new(settings);
        let (groups, _) = desk.group(&desk.plan(), &damaged);
        for (number, group) in groups.iter().enumerate() {
            assert_eq!(
                number == repaired,
                *group == as_meant,
                "{settings} {groups:?}"
            );
        }
    }
    let desk = Desk::new("repair = [\"letter_case\", \"full_width\", \"spaces\"]");
    let (groups, findings) = desk.group(&desk.plan(), &damaged);
    assert!(groups.iter().all(|group| *group == as_meant), "{groups:?}");
    assert_eq!(
        findings,
        [
            "1 principal_diagnosis i50.900X001 → I50.900x001 code_repaired",
            "1 other_diagnoses e87.600 → E87.600 code_repaired",
            "2 principal_diagnosis Ｉ５０．９００x００１ → I50.900x001 code_repaired",
            "2 main_procedure ３６.0601 → 36.0601 code_repaired",
            "3 principal_diagnosis  I50.900x 001 → I50.900x001 code_repaired",
            "3 other_diagnoses E87.600\t → E87.600 code_repaired",
            "4 principal_diagnosis  ｉ50.900Ｘ001 → I50.900x001 code_repaired",
        ]
    );
}

#[test]
fn a_clinical_code_is_taken_for_its_insurance_code_where_it_is_not_one_itself() {
    let desk = Desk::new("crosswalk = \"clinical-to-insurance-2.0\"\nrepair = [\"letter_case\"]");
    let codes: [Codes<'_>; 4] = [
        ("I50.900x001", &[], &[]),
        ("I50.900x021", &[], &[]),
        ("i50.900X021", &[], &[]),
        // A valid insurance code that is a clinical code with another meaning too.
        ("A19.000x001", &[], &[]),
    ];
    let (groups, findings) = desk.group(&desk.plan(), &codes);
    assert_eq!((&groups[1], &groups[2]), (&groups[0], &groups[0]));
    assert_eq!(
        findings,
        [
            "2 principal_diagnosis I50.900x021 → I50.900x001 code_mapped",
            "3 principal_diagnosis i50.900X021 → I50.900x021 code_repaired",
            "3 principal_diagnosis I50.900x021 → I50.900x001 code_mapped",
        ]
    );
}

#[test]
fn a_grey_code_cannot_be_the_principal_diagnosis() {
    let desk = Desk::new("grey = \"grey.csv\"\nrepair = [\"letter_case\"]");
    desk.write("city/grey.csv", "change,code,name\nadd,I50.900,心力衰竭\n");
    desk.write("own.csv", "code,name\nE87.600,低钾血症\nI50.900,心力衰竭\n");
    let codes: [Codes<'_>; 3] = [
        ("i50.900", &[], &[]),
        ("E87.600", &["I50.900"], &[]),
        ("I21.001", &["I50.900", "E87.600"], &[]),
    ];
    let (groups, findings) = desk.group(&desk.plan(), &codes);
    assert_eq!(groups[0], "invalid grey_principal -");
    assert!(
        groups[1..].iter().all(|group| group.starts_with("grouped")),
        "{groups:?}"
    );
    assert_eq!(
        findings,
        [
            "1 principal_diagnosis I50.900 grey_principal",
            "1 principal_diagnosis i50.900 → I50.900 code_repaired",
        ]
    );
    let own = load_plan(&desk.path("city").to_string_lossy()).unwrap();
    let own = own.with_grey_list(&desk.path("own.csv")).unwrap();
    let rows: Vec<String> = own
        .plan
        .grey
        .iter()
        .map(|row| own.plan.place(row.row).to_string())
        .collect();
    assert!(rows[0].ends_with("own.csv, line 2") && rows[1].ends_with("city/grey.csv, line 2"));
    let (groups, _) = desk.group(&PreparedPlan::of(own).unwrap(), &codes);
    assert_eq!(groups[..2], ["invalid grey_principal -"; 2]);
    assert!(groups[2].starts_with("grouped"), "{groups:?}");
}

#[track_caller]
fn check_error(settings: &str, files: &[(&str, &str)], message: &str) {
    let desk = Desk::new(settings);
    for (name, text) in files {
        desk.write(name, text);
    }
    let folder = desk.path("city").to_string_lossy().into_owned();
    let error = load_plan(&folder).and_then(|loaded| loaded.with_code_tables());
    let error = error.map(|_| ()).unwrap_err().to_string();
    let root = fs::canonicalize(desk.folder.path()).unwrap();
    let error = error
        .replace(&*root.to_string_lossy(), ".")
        .replace(&*desk.folder.path().to_string_lossy(), ".");
    assert_eq!(error, message);
}

#[test]
fn code_settings_that_cannot_be_used_are_refused_with_their_place() {
    check_error(
        "set = \"mine\"",
        &[],
        "./city/plan.toml, codes.set: there is no code set or crosswalk `mine`; it is neither a \
         folder of code-sets beside the plan nor one of the bundled ones: \
         clinical-to-insurance-2.0, insurance-2.0",
    );
    check_error(
        "set = \"../mine\"",
        &[],
        "./city/plan.toml, codes.set: `../mine` is not the id of a code set or crosswalk; an id \
         has letters, digits, `-`, `_` and `.`, and begins with a letter or digit",
    );
    check_error(
        "set = \"none\"\nunknown = \"invalid\"",
        &[],
        "./city/plan.toml, codes.unknown: the setting needs to know the valid codes; name a code \
         set in codes.set",
    );
    check_error(
        "set = \"none\"\ncrosswalk = \"clinical-to-insurance-2.0\"",
        &[],
        "./city/plan.toml, codes.crosswalk: the setting needs to know the valid codes; name a \
         code set in codes.set",
    );
    check_error(
        "grey = \"gray.csv\"",
        &[],
        "./city/plan.toml, codes.grey: `gray.csv` is not known here; write grey.csv or none",
    );
    check_error(
        "grey = \"grey.csv\"",
        &[],
        "./city/grey.csv: the file is missing",
    );
    check_error(
        "",
        &[("city/grey.csv", "change,code,name\n")],
        "./city/grey.csv: the table is not used, because codes.grey is \"none\"; write grey = \
         \"grey.csv\" or remove the file",
    );
}

#[test]
fn code_sets_that_cannot_be_used_are_refused_with_their_line() {
    let dx = "code-sets/mine/diagnoses.csv";
    let op = ("code-sets/mine/procedures.csv", "code,name\n01.2,a\n");
    let good = (dx, "code,name\nA00,a\n");
    check_error(
        "set = \"mine\"",
        &[good],
        "./code-sets/mine/procedures.csv: the file is missing",
    );
    check_error(
        "set = \"mine\"",
        &[(dx, "code,name\nA00,a\nA01,b\nA00,c\n"), op],
        "./code-sets/mine/diagnoses.csv, line 4, code: the code `A00` is already stated in \
         ./code-sets/mine/diagnoses.csv, line 2; keep one of them",
    );
    check_error(
        "set = \"mine\"",
        &[(dx, "code,name\n,a\n"), op],
        "./code-sets/mine/diagnoses.csv, line 2, code: the value is missing",
    );
    check_error(
        "set = \"mine\"",
        &[(dx, "codes,name\nA00,a\n"), op],
        "./code-sets/mine/diagnoses.csv, line 1, codes: the table has no such column; its \
         columns are code, name",
    );
    let map = "code-sets/map/diagnosis-crosswalk.csv";
    let header = "clinical_code,insurance_code\n";
    check_error(
        "set = \"mine\"\ncrosswalk = \"map\"",
        &[good, op, (map, &format!("{header}B00,A09\n"))],
        "./code-sets/map/diagnosis-crosswalk.csv, line 2, insurance_code: the code set `mine` \
         has no `A09`; a crosswalk leads to valid codes",
    );
    check_error(
        "set = \"mine\"\ncrosswalk = \"map\"",
        &[good, op, (map, &format!("{header}B00,A00\nB00,A00\n"))],
        "./code-sets/map/diagnosis-crosswalk.csv, line 3, clinical_code: the code `B00` is \
         already stated in ./code-sets/map/diagnosis-crosswalk.csv, line 2; keep one of them",
    );
}
