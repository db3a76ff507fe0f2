//! What a run writes does not depend on where and when it runs: time zone, language, home, the
//! folder that it is called in, and the number of threads.
//!
//! By design the names of the claims and input files show, as they were given: in manifests, in
//! findings, and in `not_asked.csv`. Here they are given relative to the working directory, so that
//! everything is equal.

use assert_cmd::Command;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Where a run takes place.
struct Place {
    zone: &'static str,
    language: &'static str,
    /// The folder inside a temporary one that is the working directory.
    folder: &'static str,
    threads: &'static str,
}

const PLACES: [Place; 3] = [
    Place {
        zone: "Pacific/Kiritimati",
        language: "C",
        folder: "=1+1",
        threads: "1",
    },
    Place {
        zone: "Asia/Shanghai",
        language: "zh_CN.GB18030",
        folder: "十月 结算/month",
        threads: "2",
    },
    Place {
        zone: "America/St_Johns",
        language: "tr_TR.UTF-8",
        folder: "b/c/d",
        threads: "5",
    },
];

const CLAIMS: &str = "synth --cases 900 -o claims.parquet";
const HISTORY: &str = "synth --cases 900 --years 2024-2025 -o h.parquet";

const RUNS: [&str; 10] = [
    "group claims.parquet --plan chs-drg-1.1 --keep -o grouped/all.parquet",
    "check claims.parquet --plan chs-drg-1.1 -o checked",
    "settle claims.parquet --policy example-2026 --inputs claims-inputs --period 2026-10 \
     --ledger ledger -o settled",
    "settle claims.parquet --policy example-2026 --inputs year-inputs --annual --period 2026 \
     --ledger ledger -o year",
    "weigh claims.parquet --policy example-2026 --year 2027 -o weighed",
    "catalogue h-2024.parquet h-2025.parquet --policy example-dip-2026 --year 2026 -o catalogue",
    "supervise claims.parquet --policy example-dip-2026 --plan chs-drg-1.1 --year 2026 -o watched",
    "convert claims.csv -o converted.parquet",
    "demo --cases 900 -o demo",
    "explain --settled settled --hospital H99010000001 --json",
];

/// A row of a CSV file with what languages write differently: a date, a comma in a number's place,
/// the letters that Turkish changes the case of.
const ROWS: &str = "case_id,principal_diagnosis,sex,age_years,discharge_date,total_cost\n\
                    i1,i21.000,1,61,2026-10-31,1234.56\nİ2,I10.X00,2,70,2026-10-01,0.10\n";

impl Place {
    /// What a command writes to its standard output.
    fn run(&self, root: &Path, command: &str) -> String {
        let here = root.join(self.folder);
        let home = root.join(format!("home of {}", self.threads));
        fs::create_dir_all(&home).unwrap();
        let output = Command::cargo_bin("drgdip")
            .unwrap()
            .current_dir(here)
            .env("TZ", self.zone)
            .env("LANG", self.language)
            .env("LC_ALL", self.language)
            .env("HOME", home)
            .args(command.split_whitespace())
            .args(["--threads", self.threads, "--quiet"])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{command}: {said}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Everything that all commands write here, by name.
    fn everything(&self) -> BTreeMap<String, Vec<u8>> {
        let root = tempfile::tempdir().unwrap();
        let here = root.path().join(self.folder);
        fs::create_dir_all(&here).unwrap();
        fs::write(here.join("claims.csv"), ROWS).unwrap();
        self.run(root.path(), CLAIMS);
        self.run(root.path(), HISTORY);
        let inputs = here.join("year-inputs");
        fs::create_dir(&inputs).unwrap();
        for name in ["hospitals.csv", "budgets.csv", "prior.csv"] {
            let text = fs::read_to_string(here.join("claims-inputs").join(name)).unwrap();
            fs::write(inputs.join(name), text.replace("2026-10", "2026")).unwrap();
        }
        let mut found = BTreeMap::new();
        for command in RUNS {
            let said = self.run(root.path(), command);
            found.insert(format!("> {command}"), said.into_bytes());
        }
        gather(&here, "", &mut found);
        let name = self.folder.as_bytes();
        for (file, bytes) in found.iter().filter(|(file, _)| file.ends_with(".json")) {
            let place = root.path().as_os_str().as_encoded_bytes();
            assert!(!holds(bytes, place), "{file} has an absolute path");
            assert!(self.folder.len() < 4 || !holds(bytes, name), "{file}");
        }
        found
    }
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

fn gather(folder: &Path, before: &str, found: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{before}{}", entry.file_name().to_string_lossy());
        match entry.path().is_dir() {
            true => gather(&entry.path(), &format!("{name}/"), found),
            false => {
                found.insert(name, fs::read(entry.path()).unwrap());
            }
        }
    }
}

#[test]
fn time_zone_language_home_folder_and_threads_do_not_show() {
    let found = std::thread::scope(|scope| {
        let running = PLACES
            .each_ref()
            .map(|place| scope.spawn(|| place.everything()));
        running.map(|run| run.join().expect("every command ends well"))
    });
    let [expected, others @ ..] = &found;
    for name in [
        "settled/manifest.json",
        "year/statements.parquet",
        "ledger/0001-2026-10.json",
        "grouped/all.manifest.json",
        "catalogue/groups.csv",
        "demo/cases.parquet",
    ] {
        assert!(expected.contains_key(name), "{name} is not written");
    }
    let names = |all: &BTreeMap<String, Vec<u8>>| all.keys().cloned().collect::<Vec<_>>();
    for (place, found) in PLACES[1..].iter().zip(others) {
        assert_eq!(names(found), names(expected));
        for (name, bytes) in expected {
            assert!(*bytes == found[name], "{name} differs in {}", place.zone);
        }
    }
}
