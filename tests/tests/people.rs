//! Units of people: capitation, packages, home beds and family doctors, each paid from its line.

use drgdip_batch::explain::explain_hospital;
use drgdip_batch::inputs::Inputs;
use drgdip_batch::verify::verify;
use drgdip_batch::{
    Error, LedgerUse, SettleJob, SettleSpan, SettleSummary, Silent, UnitShare, settle,
};
use drgdip_claims::Yuan;
use drgdip_tests::{Month, clean_month, example_policy, month_job};
use std::fs;
use std::path::{Path, PathBuf};

const HOSPITAL: &str = "H99010000001";

/// A generated month whose hospitals belong to the alliance L1 as far as `alliance` says so.
struct City {
    folder: tempfile::TempDir,
    month: Month,
}

impl City {
    /// Lines are rows of the budgets: period, line, amount.
    fn new(lines: &[(&str, &str, &str)], tables: &[(&str, String)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let month = clean_month(folder.path(), 600);
        let hospitals = month.inputs.join("hospitals.csv");
        let text = fs::read_to_string(&hospitals).unwrap();
        let with_alliance = text.lines().map(|line| match line.split(',').next() {
            Some("hospital_id") => format!("{line},alliance\n"),
            Some(HOSPITAL) => format!("{line},L1\n"),
            _ => format!("{line},\n"),
        });
        fs::write(&hospitals, with_alliance.collect::<String>()).unwrap();
        let budgets = month.inputs.join("budgets.csv");
        let mut text = fs::read_to_string(&budgets).unwrap();
        // The same amounts for the month and for the year that it stands for.
        let year: Vec<String> = text
            .lines()
            .skip(1)
            .map(|l| l.replace("2026-10", "2026"))
            .collect();
        text += &(year.join("\n") + "\n");
        for (period, line, amount) in lines {
            text += &format!("990100,employee,,{period},{amount},{line}\n");
        }
        fs::write(&budgets, text).unwrap();
        let city = Self { folder, month };
        for (name, text) in tables {
            city.write(name, text);
        }
        city
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.month.inputs.join(name), text).unwrap();
    }

    fn settle(&self, period: &str) -> Result<(SettleSummary, PathBuf), Error> {
        self.settle_with(period, None)
    }

    /// The same with a ledger, which a clearing reads and writes.
    fn settle_with(
        &self,
        period: &str,
        ledger: Option<&Path>,
    ) -> Result<(SettleSummary, PathBuf), Error> {
        let policy = example_policy();
        let inputs = Inputs::read(Some(&self.month.inputs), &policy.standing)?;
        let out = self.folder.path().join(format!("settled-{period}"));
        let job = SettleJob {
            period: Some(period),
            span: match period.len() {
                4 => SettleSpan::Year,
                _ => SettleSpan::Month,
            },
            threads: Some(1),
            ledger: ledger.map(|folder| LedgerUse {
                folder,
                correction: None,
            }),
            ..month_job(&self.month.claims, &policy, &inputs, &out)
        };
        Ok((settle(&job, &Silent)?, out))
    }
}

fn yuan(text: &str) -> Yuan {
    text.parse().unwrap()
}

fn share<'s>(summary: &'s SettleSummary, line: &str) -> &'s UnitShare {
    let mut units = summary.units.iter();
    units.find(|unit| unit.line == line).unwrap()
}

/// The steps about a hospital's lines: item and value.
fn explained(out: &Path) -> Vec<(String, String)> {
    let all = explain_hospital(out, (HOSPITAL, None), &Silent).unwrap();
    let units = all.last().unwrap();
    assert!(
        units.title.contains("lines of their own"),
        "{}",
        units.title
    );
    assert!(
        units
            .parameters
            .iter()
            .any(|p| p.said.key.starts_with("unit."))
    );
    let steps = units.parts.iter().flat_map(|part| &part.steps);
    steps
        .map(|step| (step.item.clone(), step.value.clone()))
        .collect()
}

#[track_caller]
fn says(steps: &[(String, String)], item: &str, value: &str) {
    let found: Vec<&str> = steps
        .iter()
        .filter(|(said, _)| said.contains(item))
        .map(|(_, value)| value.as_str())
        .collect();
    assert!(found.contains(&value), "{item}: {found:?}");
}

fn people() -> Vec<(&'static str, String)> {
    vec![
        (
            "packages.csv",
            format!("package,hospital_id,persons,months\ndiabetes,{HOSPITAL},800,12\n"),
        ),
        (
            "home_beds.csv",
            format!("hospital_id,visit_days\n{HOSPITAL},240\n"),
        ),
        (
            "teams.csv",
            format!(
                "team,members,score,hospital_id\nT1,1500,88.5,{HOSPITAL}\nT2,900,100,{HOSPITAL}\n"
            ),
        ),
    ]
}

#[test]
fn each_unit_of_people_is_paid_from_its_own_line() {
    let lines = [
        ("2026-10", "chronic_packages", "100000.00"),
        ("2026-10", "home_beds", "15000.00"),
        ("2026-10", "family_doctor", "20800.00"),
    ];
    let city = City::new(&lines, &people());
    let (summary, out) = city.settle("2026-10").unwrap();
    // 800 persons × 1 month × 85, and the rest goes back to the reserve.
    let packages = share(&summary, "chronic_packages");
    assert_eq!(
        (packages.paid, packages.left),
        (yuan("68000.00"), yuan("32000.00"))
    );
    // 240 × 80 = 19,200 asked of 15,000.
    let beds = share(&summary, "home_beds");
    assert_eq!(
        (beds.asked, beds.paid),
        (yuan("19200.00"), yuan("15000.00"))
    );
    // 1,500 × 130 × 0.8 / 12 and 900 × 130 × 0.8 / 12: 13,000 and 7,800, exactly the budget.
    let doctors = share(&summary, "family_doctor");
    assert_eq!(
        (doctors.asked, doctors.unpaid),
        (yuan("20800.00"), Yuan::ZERO)
    );
    let verified = verify(&out, &Silent).unwrap();
    assert_eq!(verified.mismatches, []);
    assert!(verified.files.contains(&"units.parquet".to_owned()));
    let steps = explained(&out);
    says(&steps, "服务包 package diabetes", "68000.00");
    says(&steps, "paid from the line", "15000.00");
    says(&steps, "on account for the month", "13000.00");
    says(&steps, "cut above the budget", "4200.00");
}

#[test]
fn a_year_pays_what_months_left_out() {
    let lines = [
        ("2026", "chronic_packages", "1000000.00"),
        ("2026", "family_doctor", "400000.00"),
    ];
    let city = City::new(&lines, &people());
    let (summary, out) = city.settle("2026").unwrap();
    assert_eq!(share(&summary, "chronic_packages").paid, yuan("816000.00"));
    // 1,500 × 130 × (0.8 + 0.2 × 0.885) + 900 × 130.
    assert_eq!(share(&summary, "family_doctor").paid, yuan("307515.00"));
    let steps = explained(&out);
    says(&steps, "tail at the end of the year", "34515.00");
    assert_eq!(verify(&out, &Silent).unwrap().mismatches, []);
}

#[test]
fn the_golden_alliance_is_settled_from_its_members_and_claims() {
    let members = "alliance,age_band,persons\nL1,child,20000\nL1,adult,60000\nL1,old,20000\n";
    let parts = ["health_management", "referral_down", "inside_share", "cost"];
    let scores: String = parts
        .iter()
        .map(|part| format!("L1,{part},0.9\n"))
        .collect();
    let tables = [
        ("members.csv", members.to_owned()),
        (
            "alliance_scores.csv",
            format!("alliance,part,score\n{scores}"),
        ),
    ];
    let lines = [("2026", "capitation", "6000000.00")];
    let city = City::new(&lines, &tables);
    let (summary, _) = city.settle("2026").unwrap();
    let hospitals = summary
        .pools
        .iter()
        .flat_map(|pool| &pool.settlement.hospitals);
    let inside = hospitals.filter(|hospital| hospital.hospital_id == HOSPITAL);
    let inside = Yuan::total(inside.map(|hospital| hospital.payment)).unwrap();
    assert!(inside > Yuan::ZERO);
    let check = |spend: &str, paid: &str, expected: &[(&str, &str)]| {
        let outside = yuan(spend).minus(inside).unwrap();
        city.write(
            "alliance_outside.csv",
            &format!("alliance,amount\nL1,{outside}\n"),
        );
        fs::remove_dir_all(city.folder.path().join("settled-2026")).unwrap();
        let (summary, out) = city.settle("2026").unwrap();
        let unit = share(&summary, "capitation");
        assert_eq!((unit.paid, unit.unpaid), (yuan(paid), Yuan::ZERO));
        let steps = explained(&out);
        says(&steps, "Cap of the year", "212000000.00");
        says(&steps, "Net of the year", "201400000.00");
        says(&steps, "Spend", spend);
        for (item, value) in expected {
            says(&steps, item, value);
        }
        assert_eq!(verify(&out, &Silent).unwrap().mismatches, []);
    };
    let kept = [
        ("surplus kept", "5760000.00"),
        ("surplus returned", "640000.00"),
    ];
    check("195000000.00", "5760000.00", &kept);
    let shared = [
        ("borne by the fund", "1800000.00"),
        ("borne by the alliance", "1800000.00"),
    ];
    check("205000000.00", "0.00", &shared);
    check(
        "230000000.00",
        "0.00",
        &[("borne by the fund", "10070000.00")],
    );
}

#[test]
fn a_line_without_its_table_stops_the_run_before_it_starts() {
    let lines = [
        ("2026-10", "family_doctor", "1.00"),
        ("2026-10", "capitation", "1.00"),
    ];
    let error = City::new(&lines, &[]).settle("2026-10").unwrap_err();
    let problem = error.problem();
    assert!(
        problem.contains("members.csv (columns alliance, age_band, persons)"),
        "{problem}"
    );
    assert!(
        problem.contains("teams.csv (columns team, members)"),
        "{problem}"
    );
}

#[test]
fn rows_about_what_nobody_knows_are_named() {
    #[track_caller]
    fn check(line: &str, table: (&str, &str), expected: &str) {
        let tables = [(table.0, table.1.to_owned())];
        let error = City::new(&[("2026-10", line, "1.00")], &tables).settle("2026-10");
        assert_eq!(error.unwrap_err().problem(), expected);
    }
    check(
        "home_beds",
        ("home_beds.csv", "hospital_id,visit_days\nH7,1\n"),
        "the hospitals table has no hospital H7.",
    );
    check(
        "capitation",
        ("members.csv", "alliance,age_band,persons\nL9,old,1\n"),
        "no hospital belongs to the alliance L9.",
    );
    check(
        "capitation",
        ("members.csv", "alliance,age_band,persons\nL1,unborn,1\n"),
        "capitation-rates.csv of the policy has no band unborn.",
    );
}

#[test]
fn a_month_only_watches_alliances_and_no_line_is_no_unit() {
    let members = "alliance,age_band,persons\nL1,old,10\n".to_owned();
    let city = City::new(
        &[("2026-10", "capitation", "5.00")],
        &[("members.csv", members)],
    );
    let (summary, _) = city.settle("2026-10").unwrap();
    let unit = share(&summary, "capitation");
    assert_eq!((unit.asked, unit.left), (Yuan::ZERO, yuan("5.00")));
    let city = City::new(&[], &people());
    let (summary, out) = city.settle("2026-10").unwrap();
    assert_eq!(summary.units, []);
    assert!(!out.join("units.parquet").exists());
}

#[test]
fn what_an_alliance_is_owed_comes_first_out_of_the_next_budget() {
    let members = "alliance,age_band,persons\nL1,child,20000\nL1,adult,60000\nL1,old,20000\n";
    let scores = "alliance,part,score\nL1,cost,0.9\nL1,inside_share,0.9\n\
                  L1,referral_down,0.9\nL1,health_management,0.9\n";
    let tables = [
        ("members.csv", members.to_owned()),
        ("alliance_scores.csv", scores.to_owned()),
    ];
    let lines = [
        ("2026", "capitation", "1000000.00"),
        ("2027", "capitation", "500000000.00"),
    ];
    let city = City::new(&lines, &tables);
    let budgets = city.month.inputs.join("budgets.csv");
    let text = fs::read_to_string(&budgets).unwrap();
    let pools = text.lines().filter(|row| row.contains(",2026-10,"));
    let later: String = pools
        .map(|row| row.replace("2026-10", "2027") + "\n")
        .collect();
    fs::write(&budgets, text.clone() + &later).unwrap();
    let ledger = city.folder.path().join("ledger");
    let (first, out) = city.settle_with("2026", Some(&ledger)).unwrap();
    assert_eq!(verify(&out, &Silent).unwrap().mismatches, []);
    let owed = share(&first, "capitation").unpaid;
    assert!(owed > Yuan::ZERO);
    let (next, out) = city.settle_with("2027", Some(&ledger)).unwrap();
    assert_eq!(verify(&out, &Silent).unwrap().mismatches, []);
    let unit = share(&next, "capitation");
    assert_eq!((unit.asked, unit.unpaid), (unit.paid, Yuan::ZERO));
    let steps = explained(&out);
    says(&steps, "owed from the year before", &owed.to_string());
    says(&steps, "paid of what was owed", &owed.to_string());
    // A budget without the line would lose the debt.
    let without: String = text
        .lines()
        .filter(|row| !row.contains(",2027,"))
        .map(|row| row.to_owned() + "\n")
        .collect();
    fs::write(&budgets, without + &later).unwrap();
    fs::remove_dir_all(&out).unwrap();
    let error = city.settle_with("2027", Some(&ledger)).unwrap_err();
    assert!(error.to_string().contains("owes something"), "{error}");
}
