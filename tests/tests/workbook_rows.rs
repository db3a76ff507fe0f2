//! A plan made of a workbook takes the first row that holds, as a plain walk over the rows does.

use drgdip_claims::{Claim, Sex};
use drgdip_grouper::{Grouper, LookedUpClaim};
use drgdip_tables::import::{Facts, ImportOptions, Sheet, SheetRow, Workbook, import};
use proptest::prelude::*;
use proptest::sample::select;

/// A condition of a row: as the workbook writes it, and what it means.
type Condition = (&'static str, fn(&Claim) -> bool);

const ADRG_RULES: [Condition; 4] = [
    ("is_op2(case, 'X')", |claim| {
        operations(claim).any(|op| op == "x1")
    }),
    ("is_pd2(case, 'D')", |claim| principal(claim) == "d1"),
    ("case.age < 18 or is_sd2(case, 'D')", |claim| {
        claim.age_years.is_some_and(|age| age < 18)
            || claim.other_diagnoses.iter().any(|code| code == "d1")
    }),
    ("True", |_| true),
];
const DRG_RULES: [Condition; 3] = [
    ("", |_| true),
    ("case.gender == 1", |claim| claim.sex == Some(Sex::Male)),
    ("case.age >= 60", |claim| {
        claim.age_years.is_some_and(|age| age >= 60)
    }),
];

fn principal(claim: &Claim) -> &str {
    claim.principal_diagnosis.as_deref().unwrap_or_default()
}

fn operations(claim: &Claim) -> impl Iterator<Item = &str> {
    let codes = claim.main_procedure.iter().chain(&claim.other_procedures);
    codes.map(String::as_str)
}

#[derive(Clone, Debug)]
struct Row {
    mdc: usize,
    adrg: String,
    drg: String,
    adrg_rule: usize,
    drg_rule: usize,
    flags: [i8; 3],
}

impl Row {
    fn takes(&self, claim: &Claim) -> bool {
        let others = |code: &str| claim.other_diagnoses.iter().any(|other| other == code);
        let mcc = others("m1") && principal(claim) != "b1";
        let has = [
            matches!(claim.main_procedure.as_deref(), Some("x1" | "y1")),
            mcc,
            others("c1") && !mcc,
        ];
        let is_asked = |(flag, has): (&i8, bool)| *flag == -1 || (*flag == 1) == has;
        principal(claim) == ["b1", "d1"][self.mdc]
            && self.flags.iter().zip(has).all(is_asked)
            && ADRG_RULES[self.adrg_rule].1(claim)
            && DRG_RULES[self.drg_rule].1(claim)
    }

    fn cells(&self) -> Vec<String> {
        let mdc = ["MDCB", "MDCC"][self.mdc];
        let rules = [ADRG_RULES[self.adrg_rule].0, DRG_RULES[self.drg_rule].0];
        let words = [mdc, &self.adrg, &self.drg, "", rules[0], rules[1]];
        let flags = self.flags.map(|flag| flag.to_string());
        words.map(str::to_owned).into_iter().chain(flags).collect()
    }
}

/// Rows of up to three ADRGs in each of two MDCs; groups may come twice.
fn rows() -> impl Strategy<Value = Vec<Row>> {
    let flag = || select(vec![-1_i8, 0, 1]);
    let flags = (flag(), flag(), flag()).prop_map(|(op, mcc, cc)| match (mcc, cc) {
        (1, 1) => [op, 1, 0],
        _ => [op, mcc, cc],
    });
    // Most rows of an ADRG share its rule, as in real workbooks.
    let row = (
        0_usize..3,
        select(vec![0_usize, 0, 0, 1, 2, 3]),
        0_usize..3,
        flags,
    );
    let adrg = (0_usize..4, prop::collection::vec(row, 1..6));
    prop::collection::vec(adrg, 1..7).prop_map(|adrgs| {
        let half = adrgs.len() / 2;
        let adrgs = adrgs.into_iter().enumerate();
        let rows = adrgs.flat_map(|(index, (rule, rows))| {
            rows.into_iter()
                .map(move |(drg, shift, drg_rule, flags)| Row {
                    mdc: usize::from(index > half),
                    adrg: format!("BR{index}"),
                    drg: format!("BR{index}{drg}"),
                    adrg_rule: (rule + shift) % ADRG_RULES.len(),
                    drg_rule,
                    flags,
                })
        });
        rows.collect()
    })
}

fn claim() -> impl Strategy<Value = Claim> {
    let others = prop::collection::vec(select(vec!["m1", "c1", "d1", "z"]), 0..3);
    let operations = prop::collection::vec(select(vec!["x1", "y1", "w1"]), 0..3);
    (
        select(vec!["b1", "d1"]),
        others,
        operations,
        prop::option::of(select(vec![5_i64, 17, 18, 59, 60])),
        prop::option::of(select(vec![Sex::Male, Sex::Female])),
    )
        .prop_map(|(principal, others, operations, age_years, sex)| {
            let mut operations = operations.into_iter().map(str::to_owned);
            Claim {
                principal_diagnosis: Some(principal.to_owned()),
                other_diagnoses: others.into_iter().map(str::to_owned).collect(),
                main_procedure: operations.next(),
                other_procedures: operations.collect(),
                age_years,
                sex,
                ..Claim::default()
            }
        })
}

fn workbook(rows: &[Row]) -> Workbook {
    let rules = "mdc_code|adrg_code|drg_code|mdc_rule|adrg_rule|drg_rule|op|mcc|cc";
    let texts = [
        ("MDC信息", "mdc_code|mdc_name"),
        ("ADRG信息", "adrg_code|adrg_name"),
        ("DRG信息", "drg_code|drg_name"),
        (
            "MDC诊断表",
            "mdc_code|classification|diagnosis_code\nMDCB|B|b1\nMDCC|C|d1",
        ),
        ("ADRG诊断表", "classification|diagnosis_code\nD|d1"),
        ("ADRG手术表", "classification|operation_code\nX|x1\nY|y1"),
        ("MCC", "diagnosis_code|excluded_table\nm1|1"),
        ("CC", "diagnosis_code|excluded_table\nc1|"),
        ("排除诊断表", "table_name|diagnosis_code\n1|b1"),
        ("DRG分组规则", rules),
    ];
    let cells = |line: &str| line.split('|').map(str::to_owned).collect();
    let sheets = texts.map(|(name, text)| {
        let mut lines: Vec<Vec<String>> = text.lines().map(cells).collect();
        if text == rules {
            lines.extend(rows.iter().map(Row::cells));
        }
        let rows = (1..).zip(lines);
        let rows = rows.map(|(number, cells)| SheetRow { number, cells });
        Sheet {
            name: name.to_owned(),
            rows: rows.collect(),
        }
    });
    Workbook {
        label: "w.xlsx".to_owned(),
        sheets: sheets.to_vec(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_first_row_that_holds_takes_the_case(
        rows in rows(),
        claims in prop::collection::vec(claim(), 30),
    ) {
        let facts = Facts::workbook(&workbook(&rows)).expect("good sheets");
        let options = ImportOptions {
            id: "w".to_owned(),
            title: None,
            sources: Vec::new(),
            base: None,
        };
        let plan = import(&facts, &options).expect("a plan").plan;
        let grouper = Grouper::new(&plan);
        for claim in claims {
            let looked_up = LookedUpClaim::new(&claim, &plan, &grouper);
            let group = grouper.group(&looked_up.case()).outcome.group();
            let group = group.map(|group| grouper.info(group).group.clone());
            let first = rows.iter().find(|row| row.takes(&claim));
            prop_assert_eq!(group, first.map(|row| row.drg.clone()), "{:?}", claim);
        }
    }
}
