//! Runs that are killed at any moment: what stood there stays whole, and the next run mends the
//! rest.
//!
//! `DRGDIP_KILLS` is how many settlements are killed, 10 unless told otherwise; `DRGDIP_KILLS=200
//! cargo test -p drgdip --test kills` takes some minutes. `DRGDIP_KILL_SEED` moves the moments,
//! `DRGDIP_BINARY` is another build of the command to kill.
//! When a process is killed depends on the machine; what must hold afterwards does not.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

fn number(name: &str, usual: u64) -> u64 {
    let stated = std::env::var(name).ok();
    stated.map_or(usual, |text| text.parse().expect("a whole number"))
}

/// Random enough to spread moments, and the same in every run of the test.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most.max(1)
    }
}

fn drgdip(folder: &Path, arguments: &[&str]) -> Command {
    let own = assert_cmd::cargo::cargo_bin!("drgdip");
    let binary = std::env::var_os("DRGDIP_BINARY").map_or(own.to_owned(), PathBuf::from);
    let mut command = Command::new(binary);
    command
        .current_dir(folder)
        .args(arguments)
        .arg("--quiet")
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command
}

#[track_caller]
fn done(folder: &Path, arguments: &[&str]) {
    let output = drgdip(folder, arguments).output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {complaint}");
}

/// Every file below a folder by its path; hidden names only where they are asked for.
fn contents(folder: &Path, hidden: bool) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(inner) = open.pop() {
        let Ok(entries) = fs::read_dir(&inner) else {
            continue;
        };
        for entry in entries {
            let path = entry.unwrap().path();
            let is_hidden = path.file_name().unwrap().to_string_lossy().starts_with('.');
            if is_hidden && !hidden {
                continue;
            }
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_owned();
                found.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    found
}

/// Waits until a file is there or the process has ended.
fn wait_for(path: &Path, child: &mut Child) {
    while !path.exists() && child.try_wait().unwrap().is_none() {
        sleep(Duration::from_micros(200));
    }
}

/// Kills a process at the moment that the dice say; one that has ended by itself stays ended.
fn kill(mut child: Child, dice: &mut Dice, (whole, late): (Duration, Option<&Path>)) {
    match late {
        Some(sign) => {
            wait_for(sign, &mut child);
            sleep(Duration::from_micros(dice.below(8_000)));
        }
        None => {
            let most = u64::try_from(whole.as_micros()).unwrap();
            sleep(Duration::from_micros(dice.below(most)));
        }
    }
    let _ = child.kill();
    child.wait().unwrap();
}

const SETTLE: [&str; 10] = [
    "settle",
    "--policy",
    "example-2026",
    "--inputs",
    "../claims-inputs",
    "../claims.parquet",
    "-o",
    "out",
    "--ledger",
    "ledger",
];

/// A month, an earlier result that a run replaces, and the result of an undisturbed run.
struct Bench {
    root: tempfile::TempDir,
    earlier: BTreeMap<PathBuf, Vec<u8>>,
    result: BTreeMap<PathBuf, Vec<u8>>,
    ledger: BTreeMap<PathBuf, Vec<u8>>,
    /// How long an undisturbed run takes.
    whole: Duration,
}

impl Bench {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        for (cases, name) in [("3000", "claims"), ("500", "earlier")] {
            let claims = format!("{name}.parquet");
            done(root.path(), &["synth", "--cases", cases, "-o", &claims]);
        }
        let calm = root.path().join("calm");
        fs::create_dir(&calm).unwrap();
        let started = Instant::now();
        done(&calm, &SETTLE);
        let whole = started.elapsed();
        let rough = root.path().join("rough");
        fs::create_dir(&rough).unwrap();
        let mut earlier = SETTLE[..8].to_vec();
        earlier[4] = "../earlier-inputs";
        earlier[5] = "../earlier.parquet";
        done(&rough, &earlier);
        Self {
            earlier: contents(&rough.join("out"), true),
            result: contents(&calm.join("out"), true),
            ledger: contents(&calm.join("ledger"), false),
            whole,
            root,
        }
    }

    fn rough(&self) -> PathBuf {
        self.root.path().join("rough")
    }

    /// What stands there after a kill is the earlier or the new result, whole, and the ledger
    /// has its entry once or not at all.
    #[track_caller]
    fn is_whole(&self) {
        let rough = self.rough();
        let out = contents(&rough.join("out"), true);
        let is_new = out == self.result;
        assert!(is_new || out == self.earlier, "a half result stands there");
        let ledger = contents(&rough.join("ledger"), false);
        assert!(
            ledger.is_empty() || ledger == self.ledger,
            "{:?}",
            ledger.keys()
        );
        assert!(
            ledger.is_empty() || is_new,
            "the ledger knows what is not published"
        );
    }
}

#[test]
fn a_settlement_can_be_killed_at_any_moment() {
    let bench = Bench::new();
    assert_ne!(bench.earlier, bench.result);
    assert_eq!(bench.ledger.len(), 1, "{:?}", bench.ledger.keys());
    let rough = bench.rough();
    let mut dice = Dice(number("DRGDIP_KILL_SEED", 1));
    let manifest = rough.join(".out.drgdip-part/manifest.json");
    for turn in 0..number("DRGDIP_KILLS", 10) {
        let child = drgdip(&rough, &SETTLE).spawn().unwrap();
        // Every second run is killed where it is most delicate: while it is published.
        let late = (turn % 2 == 1).then_some(manifest.as_path());
        kill(child, &mut dice, (bench.whole, late));
        bench.is_whole();
    }
    done(&rough, &SETTLE);
    assert_eq!(contents(&rough.join("out"), true), bench.result);
    assert_eq!(contents(&rough.join("ledger"), false), bench.ledger);
    let left: Vec<String> = fs::read_dir(&rough)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name != "out" && name != "ledger")
        .collect();
    assert!(left.is_empty(), "{left:?} are left behind");
    let calm = contents(&bench.root.path().join("calm/ledger"), true);
    let ledger = contents(&rough.join("ledger"), true);
    assert_eq!(
        ledger.keys().collect::<Vec<_>>(),
        calm.keys().collect::<Vec<_>>()
    );
}

#[test]
fn a_grouping_that_was_killed_is_no_finished_one() {
    let bench = tempfile::tempdir().unwrap();
    let folder = bench.path();
    done(
        folder,
        &["synth", "--cases", "3000", "-o", "claims.parquet"],
    );
    let group = [
        "group",
        "claims.parquet",
        "--plan",
        "chs-drg-1.1",
        "-o",
        "g/out.parquet",
    ];
    let started = Instant::now();
    done(folder, &group);
    let whole = started.elapsed();
    let result = contents(&folder.join("g"), true);
    assert_eq!(result.len(), 3);
    let mut dice = Dice(number("DRGDIP_KILL_SEED", 1));
    let staged = folder.join("g/.out.manifest.json.drgdip-part");
    for turn in 0..number("DRGDIP_KILLS", 10).div_ceil(2) {
        let child = drgdip(folder, &group).spawn().unwrap();
        let late = (turn % 2 == 0).then_some(staged.as_path());
        kill(child, &mut dice, (whole, late));
        // Without a manifest it is no finished run; with one, everything is there.
        if folder.join("g/out.manifest.json").exists() {
            assert_eq!(contents(&folder.join("g"), false), result);
        }
    }
    done(folder, &group);
    assert_eq!(contents(&folder.join("g"), true), result);
}
