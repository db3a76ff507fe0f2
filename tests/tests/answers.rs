//! The answers of another grouper, where its cases are at hand.

use drgdip_batch::compare::{CompareJob, Field, compare};
use drgdip_batch::{GroupJob, ReadOptions, Silent, group};
use drgdip_tests::plan;
use std::path::{Path, PathBuf};

fn reference_cases() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join("../../shared/reference/answers/chs_drg_11.parquet");
    if !path.exists() {
        println!("the reference answers are not here; nothing is compared");
        return None;
    }
    Some(path)
}

fn grouped_by(name: &str, cases: &Path, folder: &Path) -> PathBuf {
    let out = folder.join(format!("{name}.parquet"));
    let plan = plan(name);
    let job = GroupJob {
        claims: &[cases.to_owned()],
        plan: (&plan).into(),
        out: &out,
        keep: false,
        read: ReadOptions::default(),
        threads: None,
        row_group_rows: None,
    };
    group(&job, &Silent).unwrap();
    out
}

#[test]
fn the_transcribed_plan_gives_every_answer_of_the_reference() {
    let Some(reference) = reference_cases() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let ours = grouped_by("chs-drg-1.1-opendrg", &reference, folder.path());
    let job = CompareJob {
        ours,
        reference,
        key: "case_id".to_owned(),
    };
    let result = compare(&job, &Silent).unwrap();
    assert!(result.is_equal(), "{:?}", result.differences);
}

/// The published lists differ from the transcription in a handful of groups, and nowhere else.
#[test]
fn the_published_plan_differs_only_where_the_lists_do() {
    let Some(reference) = reference_cases() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let ours = grouped_by("chs-drg-1.1", &reference, folder.path());
    let job = CompareJob {
        ours,
        reference,
        key: "case_id".to_owned(),
    };
    let result = compare(&job, &Silent).unwrap();
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
