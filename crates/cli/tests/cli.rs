//! The commands as a user runs them: exit codes, messages, what stands where.

use assert_cmd::Command;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const PLAN: &str = "chs-drg-1.1";
const POLICY: &str = "example-2026";

fn drgdip(folder: &Path, arguments: &[&str]) -> Run {
    let mut command = Command::cargo_bin("drgdip").unwrap();
    let output = command
        .current_dir(folder)
        .args(arguments)
        .output()
        .unwrap();
    Run {
        code: output.status.code().expect("the process ends by itself"),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

struct Run {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Run {
    #[track_caller]
    fn ends_with(self, code: i32) -> Self {
        assert_eq!(
            self.code, code,
            "stdout: {}\nstderr: {}",
            self.stdout, self.stderr
        );
        self
    }

    #[track_caller]
    fn says(self, text: &str) -> Self {
        assert!(
            self.stdout.contains(text),
            "stdout: {}\nstderr: {}",
            self.stdout,
            self.stderr
        );
        self
    }

    #[track_caller]
    fn complains(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "stderr: {}", self.stderr);
        self
    }

    fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap()
    }
}

/// A folder with `claims.parquet` and `claims-inputs/`.
fn month(cases: u32) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let cases = cases.to_string();
    drgdip(
        folder.path(),
        &[
            "synth",
            "--cases",
            &cases,
            "-o",
            "claims.parquet",
            "--quiet",
        ],
    )
    .ends_with(0);
    folder
}

/// The same folder with `grouped.parquet`.
fn grouped(cases: u32) -> TempDir {
    let folder = month(cases);
    let arguments = [
        "group",
        "claims.parquet",
        "--plan",
        PLAN,
        "-o",
        "grouped.parquet",
    ];
    let run = drgdip(folder.path(), &arguments).ends_with(0);
    assert_eq!(run.stdout, "");
    folder
}

fn settle(folder: &Path, more: &[&str]) -> Run {
    let mut arguments = vec![
        "settle",
        "--policy",
        POLICY,
        "claims.parquet",
        "-o",
        "settled",
    ];
    arguments.extend(more);
    drgdip(folder, &arguments)
}

#[test]
fn every_command_has_help_with_examples() {
    let here = Path::new(".");
    let commands = [
        "demo", "group", "explain", "compare", "settle", "weigh", "newtech", "synth", "verify",
        "tables",
    ];
    let all = drgdip(here, &["--help"]).ends_with(0).says("Exit codes:");
    for command in commands {
        assert!(all.stdout.contains(command));
        drgdip(here, &[command, "--help"])
            .ends_with(0)
            .says("Examples:\n  drgdip ");
    }
}

#[test]
fn wrong_use_ends_with_2() {
    let here = Path::new(".");
    drgdip(here, &[]).ends_with(2);
    drgdip(here, &["group", "claims.parquet"])
        .ends_with(2)
        .complains("--plan");
    drgdip(here, &["--threads", "0", "tables", "list"]).ends_with(2);
    drgdip(here, &["explain", "--plan", PLAN])
        .ends_with(2)
        .complains("no case is named.");
    drgdip(here, &["tables", "show", PLAN, "--mdc", "MDC?"])
        .ends_with(2)
        .complains("the plan chs-drg-1.1 has no MDC MDC?.");
}

#[test]
fn an_unknown_plan_or_policy_ends_with_4_and_names_the_known_ones() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = [
        "group",
        "claims.parquet",
        "--plan",
        "nothing",
        "-o",
        "out.parquet",
    ];
    drgdip(folder.path(), &arguments)
        .ends_with(4)
        .complains(PLAN);
    let arguments = [
        "settle",
        "--policy",
        "nothing",
        "claims.parquet",
        "-o",
        "out",
    ];
    drgdip(folder.path(), &arguments)
        .ends_with(4)
        .complains(POLICY);
}

#[test]
fn missing_or_broken_claims_end_with_3_and_leave_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let group = |file: &str| {
        drgdip(
            folder.path(),
            &["group", file, "--plan", PLAN, "-o", "out.parquet"],
        )
        .ends_with(3)
    };
    group("claims.parquet").complains("where: claims.parquet\n  what to do: Check the path.");
    fs::write(folder.path().join("broken.parquet"), "no Parquet").unwrap();
    group("broken.parquet").complains("this is no Parquet file but text");
    fs::write(folder.path().join("empty.parquet"), "").unwrap();
    group("empty.parquet").complains("the file is empty.");
    let left: Vec<PathBuf> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

#[test]
fn a_history_is_weighed_and_verified() {
    let folder = month(1500);
    let weigh = |more: &[&str]| {
        let mut arguments = vec![
            "weigh",
            "claims.parquet",
            "--policy",
            POLICY,
            "-o",
            "weights",
        ];
        arguments.extend(more);
        drgdip(folder.path(), &arguments)
    };
    weigh(&[]).ends_with(2).complains("--year");
    weigh(&["--year", "2031"])
        .ends_with(3)
        .complains("none of the 1500 claims can be used: 4 invalid, 1496 other_year.");
    weigh(&["--year", "2027", "--plan", "nothing"]).ends_with(4);
    weigh(&["--year", "2025"])
        .ends_with(4)
        .complains("the policy has no values for 2025-01-01; it holds from 2026-01-01 on");
    let run = weigh(&["--year", "2027"]).ends_with(0);
    assert_eq!(run.stdout, "");
    let run = run.complains("note: the history has no usable case of 2024, 2025;");
    run.complains("已写入 wrote weights");
    drgdip(folder.path(), &["verify", "weights"])
        .ends_with(0)
        .says("weigh · 1,500 行 rows · 4 个文件 files");
    let json = weigh(&["--year", "2027", "--json"]).ends_with(0).json();
    let counts = &json["weigh"]["cases"];
    let of = |name: &str| counts[name].as_u64().unwrap();
    let trimmed = of("trimmed_low") + of("trimmed_high") + of("trimmed_again");
    assert_eq!(of("usable"), of("used") + trimmed);
    fs::write(folder.path().join("weights/weights.csv"), "drg,weight\n").unwrap();
    drgdip(folder.path(), &["verify", "weights"])
        .ends_with(5)
        .says("[sha256] weights.csv");
}

#[test]
fn groups_are_compared_with_exit_0_or_1() {
    let folder = grouped(1500);
    let compare = |reference: &str, more: &[&str]| {
        let mut arguments = vec!["compare", "grouped.parquet", reference];
        arguments.extend(more);
        drgdip(folder.path(), &arguments)
    };
    compare("grouped.parquet", &[])
        .ends_with(0)
        .says("1,500 / 1,500 = 100.00 %");
    drgdip(folder.path(), &["verify", "grouped.parquet"])
        .ends_with(0)
        .says("1,500 行 rows");
    let equal = compare("grouped.parquet", &["--json"]).ends_with(0).json();
    assert_eq!(equal["equal"], true);
    assert_eq!(equal["overall"]["group"], 1500);
    let by_adrg = equal["by_adrg"].as_object().unwrap();
    let cases = by_adrg
        .values()
        .map(|count| count["cases"].as_u64().unwrap());
    assert_eq!(cases.sum::<u64>(), 1500);

    let fewer = ["synth", "--cases", "1400", "-o", "fewer.parquet", "--quiet"];
    drgdip(folder.path(), &fewer).ends_with(0);
    let group = [
        "group",
        "fewer.parquet",
        "--plan",
        PLAN,
        "-o",
        "fewer-grouped.parquet",
    ];
    drgdip(folder.path(), &group).ends_with(0);
    let different = compare("fewer-grouped.parquet", &["--json"])
        .ends_with(1)
        .json();
    let missing = different["unmatched"]["missing_in_reference"]
        .as_array()
        .unwrap();
    assert!(missing.len() >= 90, "{}", missing.len());
    compare("fewer-grouped.parquet", &["--md"])
        .ends_with(1)
        .says("## 无法配对 Unmatched");
    compare("claims.parquet", &[])
        .ends_with(3)
        .complains("no group column in common");
    compare("grouped.parquet", &["--key", "id"])
        .ends_with(3)
        .complains("--key");
}

#[test]
fn findings_fail_a_run_only_when_asked() {
    let folder = month(4000);
    let group = |level: &str| {
        let arguments = [
            "group",
            "claims.parquet",
            "--plan",
            PLAN,
            "-o",
            "out.parquet",
            "--fail-on",
            level,
            "--json",
        ];
        drgdip(folder.path(), &arguments)
    };
    let summary = group("none").ends_with(0).json();
    assert_eq!(summary["rows"], 4000);
    assert!(summary["findings"]["sex_missing"].as_u64().unwrap() > 0);
    group("reject").ends_with(1);
    group("warn").ends_with(1);
}

#[test]
fn a_month_is_settled_and_verified_and_a_changed_fen_is_found() {
    let folder = month(3000);
    let inputs = ["--inputs", "claims-inputs"];
    let run = settle(folder.path(), &inputs)
        .ends_with(0)
        .complains("基金池 Pool");
    assert_eq!(run.stdout, "");
    let verify = |run: &str| drgdip(folder.path(), &["verify", run]);
    verify("settled")
        .ends_with(0)
        .says("全部一致 Everything adds up.");

    let budgets = folder.path().join("settled/pools.parquet");
    let mut bytes = fs::read(&budgets).unwrap();
    let last = bytes.len() - 100;
    bytes[last] ^= 1;
    fs::write(&budgets, bytes).unwrap();
    verify("settled")
        .ends_with(5)
        .says("[sha256] pools.parquet")
        .complains("do not reconcile");
    fs::remove_file(&budgets).unwrap();
    verify("settled").ends_with(3).complains("pools.parquet");
}

#[test]
fn months_go_into_a_ledger_and_the_year_is_cleared_against_it() {
    let folder = month(2_000);
    let at = |arguments: &[&str]| {
        let more = [
            "--policy",
            POLICY,
            "--plan",
            PLAN,
            "--inputs",
            "claims-inputs",
        ];
        let all = [&["settle", "claims.parquet"][..], &more, arguments].concat();
        drgdip(folder.path(), &all)
    };
    let monthly = ["-o", "settled", "--period", "2026-10", "--ledger", "ledger"];
    at(&monthly).ends_with(0).complains("月度预付 Prepaid");
    at(&monthly).ends_with(0);
    let entries = fs::read_dir(folder.path().join("ledger")).unwrap();
    let entries = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let entries: Vec<String> = entries.filter(|name| !name.starts_with('.')).collect();
    assert_eq!(entries, ["0001-2026-10.json"]);
    drgdip(folder.path(), &["verify", "ledger"])
        .ends_with(0)
        .says("ledger");

    let inputs = folder.path().join("claims-inputs");
    let budgets = fs::read_to_string(inputs.join("budgets.csv")).unwrap();
    fs::write(
        inputs.join("budgets.csv"),
        budgets.replace("2026-10", "2026"),
    )
    .unwrap();
    let annual = ["-o", "year", "--annual", "--ledger", "ledger"];
    at(&annual)
        .ends_with(0)
        .complains("年度清算 Clearing")
        .complains("The ledger has 1 of 12 months.")
        .complains("Nothing is taken off for 2026-01, 2026-02");
    drgdip(folder.path(), &["verify", "year"])
        .ends_with(0)
        .says("Everything adds up.");
    at(&["-o", "year", "--annual", "--period", "2026-10"])
        .ends_with(2)
        .complains("is not a year.");

    let entry = folder.path().join("ledger/0001-2026-10.json");
    let text = fs::read_to_string(&entry).unwrap();
    fs::write(
        &entry,
        text.replace("\"drgdip_ledger\": 1", "\"drgdip_ledger\": 2"),
    )
    .unwrap();
    drgdip(folder.path(), &["verify", "ledger"])
        .ends_with(5)
        .says("[ledger]");
    at(&annual)
        .ends_with(5)
        .complains("is missing or out of place");
}

#[test]
fn a_settlement_names_all_inputs_that_it_lacks() {
    let folder = month(300);
    settle(folder.path(), &[])
        .ends_with(0)
        .complains("the inputs are taken from claims-inputs");
    fs::remove_dir_all(folder.path().join("settled")).unwrap();
    let inputs = folder.path().join("inputs");
    fs::rename(folder.path().join("claims-inputs"), &inputs).unwrap();
    settle(folder.path(), &[])
        .ends_with(3)
        .complains("budgets.csv");
    settle(folder.path(), &["--period", "2026-10"])
        .ends_with(3)
        .complains("prior.csv");
    fs::remove_file(inputs.join("prior.csv")).unwrap();
    settle(folder.path(), &["--inputs", "inputs"])
        .ends_with(3)
        .complains("prior.csv");
    settle(folder.path(), &["--inputs", "nowhere"])
        .ends_with(3)
        .complains("nowhere");
    assert!(!folder.path().join("settled").exists());
}

#[test]
fn the_demo_fills_one_folder_that_verifies_and_can_be_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let demo = || drgdip(folder.path(), &["demo", "-o", "demo", "--cases", "3000"]);
    let mut first = demo()
        .ends_with(0)
        .says("下一步 Next")
        .says("drgdip verify demo");
    drgdip(folder.path(), &["verify", "demo"]).ends_with(0);
    assert_eq!(demo().ends_with(0).stdout, first.stdout);

    // Every command that the demo proposes works as it stands.
    let next = first
        .stdout
        .lines()
        .skip_while(|line| !line.starts_with("下一步"));
    for line in next.filter_map(|line| line.trim().strip_prefix("drgdip ")) {
        let command = line.split("  #").next().unwrap_or_default().trim();
        let arguments: Vec<&str> = command.split(' ').collect();
        drgdip(folder.path(), &arguments).ends_with(0);
    }
    for unit in [
        "床日 bed-days",
        "新技术 new technology",
        "谈判药 negotiated drugs",
    ] {
        first = first.says(unit);
    }
}

/// A process may be told how large its files can grow; beyond it, writing fails as on a full disk.
#[cfg(unix)]
#[test]
fn a_disk_that_takes_no_more_is_said_and_nothing_is_left() {
    let folder = month(300);
    for command in [
        "group claims.parquet --plan chs-drg-1.1 -o out/grouped.parquet",
        "settle --policy example-2026 claims.parquet -o out/settled",
    ] {
        let script = format!("trap '' XFSZ; ulimit -f 2; exec \"$0\" {command}");
        let run = std::process::Command::new("bash")
            .args(["-c", &script, env!("CARGO_BIN_EXE_drgdip")])
            .current_dir(folder.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&run.stderr);
        assert_eq!(run.status.code(), Some(3), "{said}");
        assert!(said.contains("cannot write"), "{said}");
        assert_eq!(fs::read_dir(folder.path().join("out")).unwrap().count(), 0);
    }
}

#[test]
fn a_folder_that_is_no_run_is_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("letter.txt"), "dear").unwrap();
    let run = drgdip(folder.path(), &["demo", "-o", ".", "--cases", "100"]);
    assert_eq!(run.code, 2, "{}", run.stderr);
    assert_eq!(
        fs::read_to_string(folder.path().join("letter.txt")).unwrap(),
        "dear"
    );
}

#[test]
fn facts_become_a_plan_beside_its_base() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let facts = [
        (
            "plan.tsv",
            "key\tvalue\nid\tsmall\nno_group_fallback\tadrg\nnewborn_days\t28\n\
             retry_with_each_other_procedure\tfalse\ncheck.sex_missing\tnone\n\
             check.age_missing\tnone\ncheck.age_0_without_days\tnone\n\
             check.newborn_without_weight\tnone\ncheck.principal_missing\tnone\n",
        ),
        ("mdc.tsv", "order\tmdc\tname\tgate\n1\tMDCB\t神经\ttrue\n"),
        (
            "adrg.tsv",
            "mdc\torder\tadrg\tname\tkind\trule\tfallback\n\
             MDCB\t1\tBR1\t出血\tmedical\tprincipal in BR1.dx\t\n",
        ),
        (
            "drg.tsv",
            "adrg\torder\tdrg\tname\trule\nBR1\t1\tBR19\t九\ttrue\n",
        ),
        ("lists.tsv", "list\tcode\nBR1.dx\tI61\n"),
        ("severity.tsv", "code\tlevel\texclusion_table\n"),
        ("exclusions.tsv", "exclusion_table\tprincipal_code\n"),
    ];
    fs::create_dir(here.join("facts")).unwrap();
    for (name, text) in facts {
        fs::write(here.join("facts").join(name), text).unwrap();
    }
    let import = |arguments: &[&str]| {
        let all = ["tables", "import", "./facts", "-o"]
            .iter()
            .chain(arguments);
        drgdip(here, &all.copied().collect::<Vec<_>>())
    };
    import(&["whole"]).ends_with(0).says("1 组 groups");
    import(&["whole"])
        .ends_with(2)
        .complains("a plan stands there already");
    import(&["facts"]).ends_with(2).complains("holds no plan");
    let again = import(&["whole", "--replace", "--json"])
        .ends_with(0)
        .json();
    assert_eq!(again["rows"], 4);
    fs::write(
        here.join("facts/lists.tsv"),
        "list\tcode\nBR1.dx\tI61\nBR1.dx\tI62\n",
    )
    .unwrap();
    let over = import(&["over", "--base", "whole", "--json"])
        .ends_with(0)
        .json();
    assert_eq!(
        (&over["rows"], &over["rows_written_out"]),
        (&1.into(), &5.into())
    );
    drgdip(here, &["explain", "--plan", "./over", "--principal", "I62"])
        .ends_with(0)
        .says("BR19");
    import(&["elsewhere/over", "--base", "./whole"])
        .ends_with(2)
        .complains("would not find its base");
    fs::write(
        here.join("facts/mdc.tsv"),
        "order\tmdc\tname\tgate\n1\tMDCB\t神经\tmaybe\n",
    )
    .unwrap();
    import(&["bad"])
        .ends_with(4)
        .complains("mdc.tsv, line 2, gate");
    assert!(!here.join("bad").exists());
}

#[test]
fn tables_are_listed_shown_and_checked() {
    let folder = tempfile::tempdir().unwrap();
    let tables = |arguments: &[&str]| {
        let all: Vec<&str> = ["tables"].iter().chain(arguments).copied().collect();
        drgdip(folder.path(), &all)
    };
    tables(&["list"]).ends_with(0).says(PLAN).says(POLICY);
    let list = tables(&["list", "--json"]).ends_with(0).json();
    let plans = list["plans"].as_array().unwrap();
    let national = plans.iter().find(|plan| plan["id"] == PLAN).unwrap();
    assert_eq!(national["groups"], 628);
    tables(&["show", PLAN]).ends_with(0).says("MDCF");
    tables(&["show", PLAN, "--mdc", "MDCF"])
        .ends_with(0)
        .says("FM1");
    tables(&["show", PLAN, "--adrg", "FM1"])
        .ends_with(0)
        .says("规则 Rule:");
    tables(&["show", PLAN, "--group", "FM19"])
        .ends_with(0)
        .says("权重 Weight");
    tables(&["check", PLAN]).ends_with(0).says("usable");

    fs::create_dir(folder.path().join("plan")).unwrap();
    tables(&["check", "./plan"])
        .ends_with(4)
        .complains("plan.toml");
    fs::write(
        folder.path().join("plan/plan.toml"),
        "id = \"p\"\nidd = 1\n",
    )
    .unwrap();
    tables(&["check", "./plan"]).ends_with(4).complains("idd");
}

/// A folder `local` with an overlay that lets no case into one ADRG.
fn local_plan(folder: &Path) {
    fs::create_dir(folder.join("local")).unwrap();
    let manifest = format!("id = \"local\"\ntitle = \"Local\"\nbase = \"{PLAN}\"\n");
    fs::write(folder.join("local/plan.toml"), manifest).unwrap();
    let adrgs = "change,mdc,order,adrg,name,kind,rule,fallback\nreplace,,,FM3,,,false,\n";
    fs::write(folder.join("local/adrg.csv"), adrgs).unwrap();
}

#[test]
fn what_is_odd_about_plans_is_told_by_code_and_as_json() {
    let folder = tempfile::tempdir().unwrap();
    local_plan(folder.path());
    let check = |arguments: &[&str]| {
        let all: Vec<&str> = ["tables", "check"]
            .iter()
            .chain(arguments)
            .copied()
            .collect();
        drgdip(folder.path(), &all)
    };
    check(&["./local"])
        .ends_with(0)
        .says("无法进入的 ADRG unreachable_adrg · 1\n")
        .says("adrg.csv, line 2, rule: No case can enter `FM3`, because its rule is never true.");
    let one = check(&["./local", "--json"]).ends_with(0).json();
    assert_eq!(one["plan"], "local");
    assert_eq!(one["by_code"]["unreachable_adrg"][0], "FM3");
    let levels: Vec<&str> = one["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|warning| warning["level"].as_str().unwrap())
        .collect();
    assert!(levels.contains(&"warning") && levels.contains(&"note"));

    let several = check(&[PLAN, "./nowhere", "./local"])
        .ends_with(4)
        .complains("nowhere");
    let summary = several.says("分组方案 Plan").says("Local");
    assert!(summary.stdout.contains("CHS-DRG 1.1"));
    let both = check(&[PLAN, "./local", "--json"]).ends_with(0).json();
    assert_eq!(both["plans"][1]["plan"], "local");
}

#[test]
fn two_plans_are_compared_by_meaning_and_by_the_cases_that_move() {
    let folder = month(3000);
    local_plan(folder.path());
    let diff = |arguments: &[&str]| {
        let all: Vec<&str> = ["tables", "diff", PLAN]
            .iter()
            .chain(arguments)
            .copied()
            .collect();
        drgdip(folder.path(), &all)
    };
    diff(&[PLAN]).ends_with(0).says("两个方案相同");
    diff(&["chs-drg-1.1-opendrg"])
        .ends_with(0)
        .says("448: A04.000x001 A04.100x002 A04.200x002 …")
        .says("在 FF2 之后 behind FF2");
    let full = diff(&["chs-drg-1.1-opendrg", "--full"]).ends_with(0);
    assert!(!full.stdout.contains('…'), "{}", full.stdout);
    diff(&["nothing"]).ends_with(4).complains("nothing");

    diff(&["./local", "--claims", "claims.parquet"])
        .ends_with(0)
        .says("FM3     main_op in FM3.op  false ")
        .says("病例 Cases 3,000 ·");
    let moved = diff(&["./local", "--claims", "claims.parquet", "--json"])
        .ends_with(0)
        .json();
    assert_eq!(moved["equal"], false);
    assert_eq!(moved["rules"][0]["after"], "false");
    let migration = &moved["migration"];
    let moves = migration["moves"].as_array().unwrap();
    assert!(!moves.is_empty());
    assert!(moves.iter().all(|cases| cases["before"]["adrg"] == "FM3"));
    let cases: u64 = moves
        .iter()
        .map(|cases| cases["cases"].as_u64().unwrap())
        .sum();
    assert_eq!(migration["moved"], cases);
    assert_eq!(migration["unchanged"], 3000 - cases);
    for threads in ["1", "3"] {
        let arguments = [
            "./local",
            "--claims",
            "claims.parquet",
            "--json",
            "--threads",
            threads,
        ];
        assert_eq!(diff(&arguments).json(), moved);
    }
    let group = [
        "group",
        "claims.parquet",
        "--plan",
        PLAN,
        "-o",
        "g.parquet",
        "--json",
    ];
    let grouped = drgdip(folder.path(), &group).ends_with(0).json();
    assert_eq!(migration["before"], grouped["outcomes"]);
}

/// The folder of the test data, where a plan of two groups stands.
fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data")
}

#[test]
fn a_case_is_explained_from_codes_to_yuan() {
    let arguments = "explain --plan ./mini --principal I50.900 --other E87.600 --sex 1 --age 64 \
                     --policy example-2026 --cost 16500 --coefficient 1.1 --point-value 98";
    let arguments: Vec<&str> = arguments
        .split(' ')
        .filter(|word| !word.is_empty())
        .collect();
    let run = drgdip(&data(), &arguments).ends_with(0);
    assert_eq!(run.stdout, include_str!("data/explain.txt"));
    assert_eq!(run.stderr, "");
}

#[test]
fn an_explanation_is_json_for_programs() {
    let explain = |more: &str| {
        let arguments = format!("explain --plan ./mini --json --principal I50.900 {more}");
        drgdip(&data(), &arguments.split(' ').collect::<Vec<_>>())
    };
    let case = &explain("--sex female --age 70").ends_with(0).json()["cases"][0];
    assert_eq!(case["grouping"]["group"], "FR25");
    assert_eq!(case["money"], serde_json::Value::Null);
    let case = &explain("--age 70").ends_with(0).json()["cases"][0];
    assert_eq!(case["grouping"]["reason"], "sex_missing");
    let case = &explain("--sex 1 --age-days 3").ends_with(0).json()["cases"][0];
    assert_eq!(case["grouping"]["reason"], "birth_weight_missing");
    // Without a group the example policy pays by cost: 16,500 / 11,000 × 100 × 0.7.
    let ungrouped = "--policy example-2026 --cost 16500";
    let case = &explain(&format!("--age 70 {ungrouped}"))
        .ends_with(0)
        .json()["cases"][0];
    assert_eq!(case["money"]["points"], "105.0000");
    explain("--sex x")
        .ends_with(2)
        .complains("\"x\" is no sex.");
    explain("--policy example-2026 --cost 1,5")
        .ends_with(2)
        .complains("is no amount of yuan");
}

#[test]
fn a_settled_case_is_explained_with_its_pool() {
    let folder = month(3000);
    settle(folder.path(), &["--inputs", "claims-inputs"]).ends_with(0);
    let explain = |case_id: &str| {
        let arguments = [
            "explain",
            "--plan",
            PLAN,
            "--case-id",
            case_id,
            "claims.parquet",
            "--settled",
            "settled",
            "--json",
        ];
        drgdip(folder.path(), &arguments)
    };
    explain("nobody")
        .ends_with(3)
        .complains("the settled run has no case nobody.");
    let case_id = first_case(folder.path());
    let explained = explain(&case_id).ends_with(0).json();
    let case = &explained["cases"][0];
    let settled = &explained["settled"][0];
    assert_eq!(settled["differences"], serde_json::json!([]));
    let group = &settled["parts"][0]["steps"][0]["value"];
    assert_eq!(&case["grouping"]["group"], group);
    assert!(settled["parameters"].as_array().unwrap().len() > 5);
    assert!(case["grouping"]["group"].is_string());
}

/// A case of a demo of the same seed, since the demo names one.
fn first_case(folder: &Path) -> String {
    let run = drgdip(folder, &["demo", "-o", "demo", "--cases", "3000"]).ends_with(0);
    let after = run.stdout.split("--case-id ").nth(1).unwrap();
    after.split(' ').next().unwrap().to_owned()
}

#[test]
fn a_closed_pipe_is_no_panic() {
    use std::process::{Command as Process, Stdio};
    let mut child = Process::new(env!("CARGO_BIN_EXE_drgdip"))
        .args(["tables", "show", PLAN, "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_ends_with_130_and_leaves_nothing() {
    use std::io::{BufRead, BufReader, Read};
    use std::process::{Command as Process, Stdio};
    let folder = tempfile::tempdir().unwrap();
    let mut child = Process::new(env!("CARGO_BIN_EXE_drgdip"))
        .args(["synth", "--cases", "50000000", "-o", "claims.parquet"])
        .current_dir(folder.path())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    stderr.read_line(&mut line).unwrap();
    assert_eq!(line, "generate claims: 50000000 rows\n");
    let pid = child.id().to_string();
    assert!(
        Process::new("kill")
            .args(["-INT", &pid])
            .status()
            .unwrap()
            .success()
    );
    let mut rest = String::new();
    stderr.read_to_string(&mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(
        rest.ends_with("error: interrupted; nothing was published\n"),
        "{rest}"
    );
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_plan_is_chosen_by_region_and_discharge_date() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    drgdip(
        here,
        &["explain", "--plan", "auto", "--principal", "I50.900"],
    )
    .ends_with(4)
    .complains("no plan says from which discharge date it applies")
    .complains("chs-drg-1.1, chs-drg-1.1-opendrg");
    let coverage = "[[plan]]\nid = \"old\"\ntitle = \"O\"\nregion = \"990200\"\n\
                    from = \"2026-01-01\"\nuntil = \"2026-06-30\"\n\
                    [[plan]]\nid = \"new\"\ntitle = \"N\"\nregion = \"990000\"\n\
                    from = \"2026-07-01\"\n";
    for id in ["old", "new"] {
        let text = format!("id = \"{id}\"\ntitle = \"T\"\nbase = \"chs-drg-1.1\"\n");
        fs::create_dir_all(here.join("plans").join(id)).unwrap();
        fs::write(here.join("plans").join(id).join("plan.toml"), text).unwrap();
    }
    fs::write(here.join("plans/COVERAGE.toml"), coverage).unwrap();
    let explain = |more: &str| {
        let arguments = format!(
            "explain --plan auto --tables plans --principal I50.900 --sex 1 --age 64 --json {more}"
        );
        drgdip(here, &arguments.split_whitespace().collect::<Vec<_>>())
    };
    let plan = |more: &str| explain(more).ends_with(0).json()["plan"].clone();
    assert_eq!(plan("--region 990201 --discharged 2026-06-30"), "old");
    assert_eq!(plan("--region 990201 --discharged 2026-07-01"), "new");
    explain("--region 990300 --discharged 2026-06-30")
        .ends_with(4)
        .complains("no plan is in force for region 990300 at 2026-06-30.");
    explain("--region 9903 --discharged 2026-06-30")
        .ends_with(2)
        .complains("--region and --discharged");
    explain("--region 990300 --discharged June")
        .ends_with(2)
        .complains("\"June\" is no date.");
    let named = [
        "explain",
        "--plan",
        "new",
        "--tables",
        "plans",
        "--principal",
        "I50.900",
    ];
    drgdip(here, &named).ends_with(0).says("Plan new T");
}

#[test]
fn claims_of_several_plans_are_grouped_and_settled() {
    let folder = month(2_000);
    let here = folder.path();
    let coverage = "[[plan]]\nid = \"city\"\ntitle = \"C\"\nregion = \"990200\"\n\
                    from = \"2026-01-01\"\n\
                    [[plan]]\nid = \"all\"\ntitle = \"A\"\nregion = \"national\"\n\
                    from = \"2020-01-01\"\n";
    for id in ["city", "all"] {
        let text = format!("id = \"{id}\"\ntitle = \"T\"\nbase = \"chs-drg-1.1\"\n");
        fs::create_dir_all(here.join("plans").join(id)).unwrap();
        fs::write(here.join("plans").join(id).join("plan.toml"), text).unwrap();
    }
    fs::write(here.join("plans/COVERAGE.toml"), coverage).unwrap();
    let auto = ["--plan", "auto", "--tables", "plans"];
    let run = |words: &[&str]| drgdip(here, &[words, &auto].concat());
    run(&["group", "claims.parquet", "-o", "auto.parquet"]).ends_with(0);
    let manifest: serde_json::Value =
        serde_json::from_slice(&fs::read(here.join("auto.manifest.json")).unwrap()).unwrap();
    assert_eq!(manifest["plan"]["id"], "auto");
    let ids: Vec<_> = manifest["plans"]
        .as_array()
        .unwrap()
        .iter()
        .map(|plan| &plan["id"])
        .collect();
    assert_eq!(ids, ["all", "city"]);
    let settle = [
        "settle",
        "--policy",
        POLICY,
        "claims.parquet",
        "-o",
        "settled",
    ];
    run(&settle).ends_with(0);
    drgdip(here, &["verify", "settled"]).ends_with(0);
    // What is not in force stops the run before anything is written.
    fs::write(
        here.join("plans/COVERAGE.toml"),
        coverage.replace("2020-01-01", "2027-01-01"),
    )
    .unwrap();
    run(&["group", "claims.parquet", "-o", "none.parquet"])
        .ends_with(4)
        .complains("no plan is in force for region 990100 at 2026-10-01");
    assert!(!here.join("none.parquet").exists());
}

#[test]
fn a_list_of_grey_codes_is_the_users_own() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::write(here.join("grey.csv"), "code,name\nI50.900,心力衰竭\n").unwrap();
    let explain = |list: &str| {
        let arguments = format!(
            "explain --plan {PLAN} --principal I50.900 --sex 1 --age 64 --grey-list {list}"
        );
        drgdip(here, &arguments.split_whitespace().collect::<Vec<_>>())
    };
    explain("grey.csv")
        .ends_with(0)
        .says("principal_diagnosis I50.900：主要诊断为灰码")
        .says("Check failed: the principal diagnosis cannot be one (grey code)")
        .says("[grey_principal]");
    explain("nowhere.csv").ends_with(4).complains("nowhere.csv");
    fs::write(here.join("grey.csv"), "code\nI50.900\n").unwrap();
    explain("grey.csv")
        .ends_with(4)
        .complains("the column is missing; the columns are code, name");
}

#[test]
fn candidates_for_groups_of_new_technologies_are_listed_and_written() {
    let folder = tempfile::tempdir().unwrap();
    let made = [
        "synth",
        "--cases",
        "6000",
        "--units",
        "-o",
        "history.parquet",
    ];
    drgdip(folder.path(), &made).ends_with(0);
    let asked = [
        "newtech",
        "candidates",
        "history.parquet",
        "--policy",
        POLICY,
    ];
    let run = drgdip(folder.path(), &asked)
        .ends_with(0)
        .says("新技术 Technology")
        .says("carved-out-drug")
        .says("未达标 not reached");
    assert!(run.stdout.contains("6,000 条清单 claims"), "{}", run.stdout);
    let json = drgdip(folder.path(), &[&asked[..], &["--json"]].concat()).ends_with(0);
    let json = json.json();
    assert_eq!(json["command"], "newtech candidates");
    assert_eq!(json["rows"], 6_000);
    assert!(!json["candidates"].as_array().unwrap().is_empty());

    let written = [&asked[..], &["-o", "found"]].concat();
    drgdip(folder.path(), &written).ends_with(0);
    let listed = fs::read_to_string(folder.path().join("found/candidates.csv")).unwrap();
    let candidates = json["candidates"].as_array().unwrap().len();
    assert_eq!(listed.lines().count(), candidates + 1);
    // A folder that is no run of drgdip is kept, and a history without claims is said.
    fs::create_dir(folder.path().join("mine")).unwrap();
    fs::write(folder.path().join("mine/letter.txt"), "dear").unwrap();
    let kept = [&asked[..], &["-o", "mine"]].concat();
    drgdip(folder.path(), &kept).ends_with(2);
    let nowhere = [
        "newtech",
        "candidates",
        "nowhere.parquet",
        "--policy",
        POLICY,
    ];
    assert_ne!(drgdip(folder.path(), &nowhere).code, 0);
    let dated = [&asked[..], &["--date", "tomorrow"]].concat();
    drgdip(folder.path(), &dated)
        .ends_with(2)
        .complains("is no date");
}

/// What another run does while it writes an output: it holds the lock beside it.
fn held(folder: &Path, output: &str) -> fs::File {
    let lock = fs::File::create(folder.join(format!(".{output}.drgdip-lock"))).unwrap();
    lock.lock().unwrap();
    lock
}

#[test]
fn a_file_that_another_run_is_writing_is_left_alone() {
    let folder = month(200);
    let here = folder.path();
    fs::write(here.join("table.csv"), "case_id\nA\n").unwrap();
    let part = here.join(".out.parquet.drgdip-part");
    let runs: [&[&str]; 3] = [
        &["group", "claims.parquet", "--plan", PLAN],
        &["convert", "table.csv"],
        &["synth", "--cases", "20"],
    ];
    for run in runs {
        let run = [run, &["-o", "out.parquet", "-q"]].concat();
        let other = held(here, "out.parquet");
        fs::write(&part, "what the other run has so far").unwrap();
        drgdip(here, &run)
            .ends_with(2)
            .complains("another run is writing out.parquet.");
        let kept = fs::read_to_string(&part).unwrap();
        assert_eq!(kept, "what the other run has so far");
        assert!(!here.join("out.parquet").exists());
        drop(other);
        drgdip(here, &run).ends_with(0);
        let names = fs::read_dir(here).unwrap();
        let mut names = names.map(|entry| entry.unwrap().file_name());
        let hidden = names.find(|name| name.to_string_lossy().starts_with('.'));
        assert_eq!(hidden, None, "nothing is left behind");
        fs::remove_file(here.join("out.parquet")).unwrap();
    }
}
