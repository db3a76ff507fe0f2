//! Replays what the fuzzer starts from and what it has found, on stable.

#[path = "../../fuzz/src/lib.rs"]
#[allow(unreachable_pub, reason = "for the fuzzer it is a library")]
mod harness;

use std::fs;
use std::path::{Path, PathBuf};

fn corpus(target: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus");
    let entries = fs::read_dir(folder.join(target));
    let entries = entries.unwrap_or_else(|error| panic!("the corpus of {target}: {error}"));
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

#[test]
fn nothing_in_the_corpora_makes_a_target_panic() {
    for (target, run) in harness::TARGETS {
        let paths = corpus(target);
        assert!(!paths.is_empty(), "the corpus of {target} is empty");
        let mut taken = 0;
        for path in paths {
            println!("{}", path.display());
            taken += u32::from(run(&fs::read(&path).unwrap()));
        }
        // Where nothing is taken, what comes after reading is never run.
        assert!(taken > 0, "everything in the corpus of {target} is refused");
    }
}
