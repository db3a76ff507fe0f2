//! Supervision indices of a generated month: they add up, and settlements can take what follows.

use drgdip_batch::inputs::{InputTable, Inputs};
use drgdip_batch::verify::verify;
use drgdip_batch::{
    PreparedPolicy, ReadOptions, Silent, SuperviseJob, SuperviseSummary, supervise,
};
use drgdip_calibrate::Exact;
use drgdip_tests::{contents, month, national};
use jiff::civil::date;
use std::fs;
use std::path::{Path, PathBuf};

fn supervised(claims: &[PathBuf], out: &Path, threads: usize) -> SuperviseSummary {
    supervised_in(2026, (claims, out), threads)
}

fn supervised_in(
    year: i16,
    (claims, out): (&[PathBuf], &Path),
    threads: usize,
) -> SuperviseSummary {
    let policy = PreparedPolicy::load("example-dip-2026").unwrap();
    let terms = policy.policy.supervise_at(date(year, 12, 31)).unwrap();
    let job = SuperviseJob {
        claims,
        plan: national(),
        policy_files: &policy.files,
        terms: &terms,
        out,
        read: ReadOptions::default(),
        threads: Some(threads),
    };
    supervise(&job, &Silent).unwrap()
}

#[test]
fn what_is_expected_of_all_hospitals_is_what_happened() {
    let folder = tempfile::tempdir().unwrap();
    let made = month(folder.path(), 20_000, 3, 1);
    let out = folder.path().join("supervised");
    let summary = supervised(&made.claims, &out, 2);
    let mut happened = 0;
    for index in 0..5 {
        let values = || summary.hospitals.values().map(|found| &found.values[index]);
        let observed: u64 = values().map(|value| value.observed).sum();
        let expected: Vec<Exact> = values().map(|value| value.expected.clone()).collect();
        assert_eq!(
            Exact::total(&expected),
            Exact::whole(observed),
            "index {index}"
        );
        happened += u64::from(observed > 0);
    }
    assert!(happened >= 3, "{happened} indices have something to say");
    assert!(summary.cases > 19_000 && summary.cases < summary.rows);
    let coefficients = || summary.hospitals.values().map(|found| found.coefficient);
    assert!(coefficients().all(|k| (9_500..=10_000).contains(&k)));
    assert!(coefficients().any(|k| k < 10_000));
    assert!(verify(&out, &Silent).unwrap().mismatches.is_empty());
}

#[test]
fn discharges_of_another_year_are_not_counted() {
    let folder = tempfile::tempdir().unwrap();
    let made = month(folder.path(), 2_000, 1, 1);
    let out = folder.path().join("supervised");
    let of_next_year = supervised_in(2027, (&made.claims, &out), 1);
    assert_eq!((of_next_year.rows, of_next_year.cases), (2_000, 0));
    assert!(verify(&out, &Silent).unwrap().mismatches.is_empty());
}

#[test]
fn neither_files_nor_threads_show_and_the_assessments_are_an_input_of_settlements() {
    let folder = tempfile::tempdir().unwrap();
    let mut outputs = Vec::new();
    for (files, threads) in [(1, 1), (3, 2)] {
        let place = folder.path().join(format!("m{files}"));
        fs::create_dir(&place).unwrap();
        let made = month(&place, 6_000, 5, files);
        let out = place.join("supervised");
        supervised(&made.claims, &out, threads);
        let mut found = contents(&out);
        found.retain(|name, _| name.ends_with(".csv"));
        outputs.push(found);
        let inputs = made.inputs;
        fs::copy(out.join("assessments.csv"), inputs.join("assessments.csv")).unwrap();
        let read = Inputs::read(Some(&inputs), &[]).unwrap();
        assert!(read.rows(InputTable::Assessments).len() > 20);
    }
    assert_eq!(outputs[0].len(), 2);
    assert!(outputs[0] == outputs[1]);
}
