//! The answers of other groupers: the sample of `data/answers`, and all of them where there are
//! any.
//!
//! `DRGDIP_REFERENCE` is the absolute path of a folder with all answers (`answers/SCHEME.parquet`)
//! and the facts that plans were made from (`schemes/SCHEME`). They are too large to be kept here.
//! Tests that need them compare nothing where the variable is not set, and fail where it names a
//! folder that lacks them.

use drgdip_batch::compare::{CompareJob, Comparison, Field, compare};
use drgdip_batch::{GroupJob, PreparedPlan, ReadOptions, Silent, group};
use drgdip_claims::{Claim, Sex};
use drgdip_grouper::trace::trace;
use drgdip_grouper::{Grouping, LookedUpClaim, Outcome};
use drgdip_tables::import::{Facts, ImportOptions, import};
use drgdip_tables::load_plan;
use drgdip_tests::plan;
use std::path::{Path, PathBuf};

/// Each transcribed plan with the name of its scheme among the references.
const SCHEMES: [(&str, &str); 11] = [
    ("chs-drg-1.0r-opendrg", "chs_drg_10"),
    ("chs-drg-1.1-opendrg", "chs_drg_11"),
    ("chs-drg-1.2-draft", "chs-drg-1.2-draft"),
    ("110000-beijing-2022", "beijing_2022"),
    ("320400-changzhou-2022", "changzhou_2022"),
    ("320500-suzhou-2023", "suzhou_2023"),
    ("330000-zhejiang-2022", "zhejiang_2022"),
    ("340100-hefei-2023", "hefei_2023"),
    ("420100-wuhan-2022", "wuhan_2022"),
    ("440600-foshan-2022", "foshan_2022"),
    ("450000-guangxi-2022", "guangxi_2022"),
];

/// A file or folder of the references, where they are asked for.
fn reference(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("DRGDIP_REFERENCE")?;
    let path = Path::new(&root).join(path);
    assert!(path.exists(), "{} is missing", path.display());
    Some(path)
}

fn compared(plan: &PreparedPlan, reference: PathBuf) -> Comparison {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("grouped.parquet");
    let job = GroupJob {
        claims: std::slice::from_ref(&reference),
        plan: plan.into(),
        out: &out,
        keep: false,
        read: ReadOptions::default(),
        threads: None,
        row_group_rows: None,
    };
    group(&job, &Silent).unwrap();
    let job = CompareJob {
        ours: out,
        reference,
        key: "case_id".to_owned(),
    };
    compare(&job, &Silent).unwrap()
}

#[test]
fn every_transcribed_plan_gives_every_answer_of_its_reference() {
    for (id, scheme) in SCHEMES {
        let Some(answers) = reference(&format!("answers/{scheme}.parquet")) else {
            return;
        };
        let result = compared(&plan(id), answers);
        assert!(result.is_equal(), "{id}: {:?}", result.differences);
    }
}

/// A scheme that is imported groups as exactly when written out as over another base, and an
/// overlay on a plan of the same family is a small part of it.
#[test]
fn an_imported_scheme_gives_every_answer_of_its_reference() {
    let bases = ["chs-drg-1.1", "chs-drg-1.0r-opendrg"].map(|id| load_plan(id).unwrap());
    for scheme in ["guangxi_2022", "changzhou_2022"] {
        let (Some(facts), Some(answers)) = (
            reference(&format!("schemes/{scheme}")),
            reference(&format!("answers/{scheme}.parquet")),
        ) else {
            return;
        };
        let facts = Facts::folder(&facts).unwrap();
        let mut rows = Vec::new();
        for base in [None, Some(&bases[0]), Some(&bases[1])] {
            let options = ImportOptions {
                id: "imported".to_owned(),
                title: None,
                sources: Vec::new(),
                base,
            };
            let imported = import(&facts, &options).unwrap();
            rows.push((imported.rows, imported.whole_rows));
            let plan = PreparedPlan::new(imported.plan, Vec::new());
            let result = compared(&plan, answers.clone());
            assert!(result.is_equal(), "{scheme}: {:?}", result.differences);
        }
        assert!(rows[1..].iter().any(|(rows, whole)| rows * 10 < *whole));
    }
}

/// The published lists differ from the transcription in a handful of groups, and nowhere else.
#[test]
fn the_published_plan_differs_only_where_the_lists_do() {
    let Some(answers) = reference("answers/chs_drg_11.parquet") else {
        return;
    };
    let result = compared(&plan("chs-drg-1.1"), answers);
    assert_eq!(result.unmatched.count(), 0);
    let listed = ["PV1", "FM1", "FM3", "LL1", "FF1", "FF2"];
    for difference in &result.differences {
        let answers = [&difference.ours, &difference.reference];
        let is_listed = answers.iter().any(|answer| {
            answer
                .get(Field::Adrg)
                .is_some_and(|adrg| listed.contains(&adrg))
        });
        assert!(is_listed, "{difference:?}");
    }
}

/// The sample that is kept with the tests, through the single road and through the trace.
#[test]
fn every_transcribed_plan_gives_the_answers_of_the_sample() {
    for (id, _) in SCHEMES {
        let plan = plan(id);
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("data/answers/{id}.csv"));
        let mut rows = csv::Reader::from_path(path).unwrap();
        let header = rows.headers().unwrap().clone();
        let mut count = 0;
        for row in rows.records() {
            let row = row.unwrap();
            let cell = |name: &str| {
                let at = header.iter().position(|column| column == name).unwrap();
                row[at].to_owned()
            };
            let claim = claim(&cell);
            let looked_up = LookedUpClaim::new(&claim, &plan.plan, &plan.grouper);
            let grouping = plan.grouper.group(&looked_up.case());
            let expected = ["status", "mdc", "adrg", "group"].map(&cell);
            let case = cell("case_id");
            assert_eq!(answer(&plan, grouping), expected, "{id} {case}");
            let traced = trace(&plan.plan, &claim);
            assert_eq!(traced.outcome.status(), expected[0], "{id} {case}");
            let landed = traced.landing.map(|landing| landing.group().to_owned());
            assert_eq!(landed.unwrap_or_default(), expected[3], "{id} {case}");
            count += 1;
        }
        assert!(count > 150, "{id} has {count} cases");
    }
}

fn answer(plan: &PreparedPlan, grouping: Grouping) -> [String; 4] {
    let status = grouping.outcome.status().to_owned();
    let Some(group) = grouping.outcome.group() else {
        assert!(!matches!(grouping.outcome, Outcome::Grouped(_)));
        return [status, String::new(), String::new(), String::new()];
    };
    let info = plan.grouper.info(group);
    [
        status,
        info.mdc.clone(),
        info.adrg.clone(),
        info.group.clone(),
    ]
}

fn claim(cell: &impl Fn(&str) -> String) -> Claim {
    let number = |name: &str| cell(name).parse().ok();
    let text = |name: &str| Some(cell(name)).filter(|text| !text.is_empty());
    let list = |name: &str| text(name).map_or_else(Vec::new, |text| codes(&text));
    Claim {
        sex: cell("sex").parse().ok().and_then(Sex::from_code),
        age_years: number("age_years"),
        age_days: number("age_days"),
        birth_weight_g: number("birth_weight_g"),
        stay_days: number("stay_days"),
        icu_hours: number("icu_hours"),
        discharge_way: text("discharge_way"),
        department: text("department"),
        principal_diagnosis: text("principal_diagnosis"),
        other_diagnoses: list("other_diagnoses"),
        main_procedure: text("main_procedure"),
        other_procedures: list("other_procedures"),
        ..Claim::default()
    }
}

fn codes(text: &str) -> Vec<String> {
    text.split(';').map(str::to_owned).collect()
}
