//! A user who stops a run waits no longer than a moment, and nothing is published.

use drgdip_batch::inputs::Inputs;
use drgdip_batch::{
    CatalogueJob, Class, Error, PreparedPolicy, Progress, ReadOptions, Silent, SynthJob,
    SynthPractice, WeighJob, catalogue, synth_practised, weigh,
};
use drgdip_tests::{example_policy, national};
use jiff::civil::date;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// Counts how often it is asked in each stage, and says yes from some question of a stage on.
#[derive(Default)]
struct Impatient {
    asked: Mutex<Vec<(String, u64)>>,
    /// The stage, and after how many questions in it the answer is yes.
    stop: Option<(&'static str, u64)>,
}

impl Impatient {
    fn at(stage: &'static str, questions: u64) -> Self {
        Self {
            stop: Some((stage, questions)),
            ..Self::default()
        }
    }

    fn asked_in(&self, stage: &str) -> u64 {
        let asked = self.asked.lock().unwrap();
        let found = asked.iter().filter(|(name, _)| name == stage);
        found.map(|(_, count)| count).sum()
    }
}

impl Progress for Impatient {
    fn stage(&self, name: &str, _rows: Option<u64>) {
        self.asked.lock().unwrap().push((name.to_owned(), 0));
    }
    fn advance(&self, _rows: u64) {}
    fn note(&self, _text: &str) {}
    fn is_interrupted(&self) -> bool {
        let mut asked = self.asked.lock().unwrap();
        let Some((name, count)) = asked.last_mut() else {
            return false;
        };
        *count += 1;
        self.stop
            .is_some_and(|(stage, after)| name == stage && *count > after)
    }
}

fn generate(folder: &Path, cases: u64, progress: &dyn Progress) -> Result<PathBuf, Error> {
    let out = folder.join("claims.parquet");
    let job = SynthJob {
        cases,
        seed: 4,
        plan: national(),
        policy: &example_policy(),
        period: "2026-10",
        bad_rows_per_ten_thousand: None,
        out: &out,
        files: 1,
        inputs: &folder.join("inputs"),
        units: false,
        threads: Some(1),
    };
    synth_practised(&job, SynthPractice::Usual, progress).map(|_| out)
}

struct Bench {
    claims: Vec<PathBuf>,
    policy: PreparedPolicy,
    inputs: Inputs,
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let policy = example_policy();
        Self {
            claims: vec![generate(folder.path(), 3_000, &Silent).unwrap()],
            inputs: Inputs::read(None, &policy.standing).unwrap(),
            policy,
            folder,
        }
    }

    fn out(&self) -> PathBuf {
        self.folder.path().join("outputs/out")
    }

    fn catalogue(&self, progress: &dyn Progress) -> Result<(), Error> {
        let terms = self.policy.policy.catalogue_at(date(2027, 1, 1)).unwrap();
        let job = CatalogueJob {
            claims: &self.claims,
            policy: &self.policy.policy,
            policy_files: &self.policy.files,
            terms: &terms,
            year: 2027,
            id: "grown",
            inputs: &self.inputs,
            previous: None,
            decisions: None,
            out: &self.out(),
            read: ReadOptions::default(),
            threads: Some(1),
        };
        catalogue(&job, progress).map(|_| ())
    }

    fn weigh(&self, progress: &dyn Progress) -> Result<(), Error> {
        let terms = self.policy.policy.weigh_at(date(2027, 1, 1)).unwrap();
        let job = WeighJob {
            claims: &self.claims,
            plan: national(),
            policy: &self.policy.policy,
            policy_files: &self.policy.files,
            terms: &terms,
            year: 2027,
            inputs: &self.inputs,
            changes: None,
            quotas: None,
            out: &self.out(),
            read: ReadOptions::default(),
            threads: Some(1),
        };
        weigh(&job, progress).map(|_| ())
    }

    /// A run asks at least so often in a stage, and wherever it is told to stop there, it does.
    #[track_caller]
    fn check(
        &self,
        run: impl Fn(&Self, &dyn Progress) -> Result<(), Error>,
        (stage, least): (&'static str, u64),
    ) {
        let patient = Impatient::default();
        run(self, &patient).unwrap();
        let questions = patient.asked_in(stage);
        assert!(questions >= least, "{questions} questions in {stage:?}");
        fs::remove_dir_all(self.out()).unwrap();
        for after in [0, questions / 2, questions - 1] {
            let result = run(self, &Impatient::at(stage, after));
            refused(result, after);
            let outputs = fs::read_dir(self.out().parent().unwrap()).unwrap();
            assert_eq!(outputs.count(), 0, "after {after} questions");
        }
    }
}

#[track_caller]
fn refused<T>(result: Result<T, Error>, after: u64) {
    let Err(error) = result else {
        panic!("the run went on after {after} questions");
    };
    assert_eq!(error.class(), Class::Interrupted, "{error}");
    assert_eq!(error.exit_code(), 130);
    assert_eq!(error.to_string(), "interrupted; nothing was published");
}

#[test]
fn growing_a_catalogue_can_be_interrupted_before_every_group() {
    Bench::new().check(Bench::catalogue, ("catalogue", 200));
}

#[test]
fn weighing_can_be_interrupted_before_every_group() {
    Bench::new().check(Bench::weigh, ("weigh", 200));
}

#[test]
fn generating_claims_can_be_interrupted_within_a_row_group() {
    let patient = Impatient::default();
    let folder = tempfile::tempdir().unwrap();
    generate(folder.path(), 50_000, &patient).unwrap();
    assert!(patient.asked_in("generate claims") >= 10);
    for after in [0, 7] {
        let folder = tempfile::tempdir().unwrap();
        refused(
            generate(
                folder.path(),
                50_000,
                &Impatient::at("generate claims", after),
            ),
            after,
        );
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
