//! Facts in, plans out: written out, as overlays, and what is refused.

use super::*;
use crate::load::load_plan;
use proptest::prelude::*;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

const PLAN: &str = "\
key\tvalue
id\tsmall_2022
title\t小方案
base\tnone
source\tSomewhere
no_group_fallback\tadrg
retry_with_each_other_procedure\tfalse
unknown_code\tmatches nothing
check.sex_missing\tinvalid
check.age_missing\tinvalid
check.age_0_without_days\tnone
check.newborn_without_weight\tnone
check.principal_missing\tnone
newborn_days\t28
malformed_codes_left_out\tmcc:?I10
";

/// The facts of a small scheme, as texts by file name.
fn small() -> BTreeMap<&'static str, String> {
    let texts = [
        ("plan.tsv", PLAN),
        (
            "mdc.tsv",
            "order\tmdc\tname\tgate\n1\tMDCB\t神经, 系统\tprincipal in MDCB.principal\n\
             2\tMDCC\t眼\tprincipal in MDCC.principal\n",
        ),
        (
            "adrg.tsv",
            "mdc\torder\tadrg\tname\tkind\trule\tfallback\n\
             MDCB\t1\tBB1\t开颅\tsurgical\tmain_op in BB1.op\t\n\
             MDCB\t2\tBR1\t出血\tmedical\ttrue\tcontinue\n\
             MDCC\t1\tCB1\t玻璃体\tsurgical\tany_op in CB1.op\t\n",
        ),
        (
            "drg.tsv",
            "adrg\torder\tdrg\tname\trule\nBB1\t1\tBB11\t一\tmcc\n\
             BB1\t2\tBB15\t五\ttrue\nBR1\t1\tBR19\t九\ttrue\n\
             CB1\t1\tCB19\t九\tsex = male\n",
        ),
        (
            "lists.tsv",
            "list\tcode\nBB1.op\t01.2\nBB1.op\t01.3\nCB1.op\t01.2\nCB1.op\t01.3\n\
             MDCB.principal\tI61\nMDCB.principal\tI62\nMDCC.principal\tH33\nZZ1.op\t99\n",
        ),
        (
            "severity.tsv",
            "code\tlevel\texclusion_table\nI10\tcc\t\nI61\tmcc\t1\nJ96\tcc\t2\nJ96\tmcc\t2\n",
        ),
        (
            "exclusions.tsv",
            "exclusion_table\tprincipal_code\n1\tI61\n1\tI62\n2\tJ96\n",
        ),
        ("weights.tsv", "drg\tweight\nBB11\t2.50005\nXX19\t1\n"),
    ];
    texts
        .into_iter()
        .map(|(path, text)| (path, text.to_owned()))
        .collect()
}

fn read(texts: &BTreeMap<&'static str, String>) -> Result<Facts, String> {
    let files = texts.iter().map(|(path, text)| {
        let bytes = text.clone().into_bytes();
        ((*path).to_owned(), Cow::Owned(bytes))
    });
    let facts = Facts::of(&FileSet::in_memory("f", files));
    facts.map_err(|error| error.to_string())
}

fn options(base: Option<&LoadedPlan>) -> ImportOptions<'_> {
    ImportOptions {
        id: "new".to_owned(),
        title: None,
        sources: vec!["here".to_owned()],
        base,
    }
}

fn text(files: &FileSet, path: &str) -> String {
    let bytes = files.get(path).expect("the file is written");
    std::str::from_utf8(bytes).expect("UTF-8").to_owned()
}

fn written(files: &FileSet) -> Vec<&str> {
    files.paths().collect()
}

#[test]
fn a_scheme_becomes_a_plan_with_lists_stated_once() {
    let facts = read(&small()).expect("good facts");
    let imported = import(&facts, &options(None)).expect("a plan");
    assert_eq!(
        written(&imported.files),
        [
            "adrg.csv",
            "drg.csv",
            "exclusions.csv",
            "lists/B.csv",
            "lists/C.csv",
            "mdc.csv",
            "plan.toml",
            "severity.csv",
            "weights.csv"
        ]
    );
    assert_eq!(
        text(&imported.files, "adrg.csv"),
        "mdc,order,adrg,name,kind,rule,fallback\n\
         MDCB,10,BB1,开颅,surgical,main_op in BB1.op,\n\
         MDCB,20,BR1,出血,medical,true,continue\n\
         MDCC,10,CB1,玻璃体,surgical,any_op in BB1.op,\n"
    );
    assert_eq!(
        text(&imported.files, "mdc.csv"),
        "order,mdc,name,gate\n10,MDCB,\"神经, 系统\",principal in MDCB.principal\n\
         20,MDCC,眼,principal in MDCC.principal\n"
    );
    assert_eq!(
        text(&imported.files, "weights.csv"),
        "drg,weight,origin,source\nBB11,2.5001,published,here\n"
    );
    assert_eq!(
        imported.notes,
        [
            "The scheme leaves out malformed codes: mcc:?I10.",
            "Lists that no rule names are left out: ZZ1.op.",
            "Weights of groups that are not there are left out: XX19.",
            "1 weights have more than four places and are rounded, halves up.",
        ]
    );
    assert_eq!(imported.plan.counts().drgs, 4);
    assert_eq!(imported.rows, 2 + 3 + 4 + 5 + 4 + 3 + 1);
}

#[track_caller]
fn check_error(path: &'static str, (old, new): (&str, &str), message: &str) {
    let mut texts = small();
    let text = texts.get_mut(path).expect("a file of the facts");
    assert!(text.contains(old), "{path} has no {old:?}");
    *text = text.replace(old, new);
    let error = read(&texts)
        .and_then(|facts| import(&facts, &options(None)).map_err(|error| error.to_string()));
    assert_eq!(error.map(|_| ()).expect_err("a fault"), message);
}

#[test]
fn a_fault_is_reported_where_it_stands_in_the_facts() {
    check_error(
        "plan.tsv",
        ("unknown_code\tmatches nothing", "unknown_code\tinvalid"),
        "f/plan.tsv, line 8, value: `invalid` is not known here; write matches nothing",
    );
    check_error(
        "plan.tsv",
        ("check.sex_missing", "check.sex"),
        "f/plan.tsv, line 9, key: `check.sex` is not known here; write one of the keys that \
         grouper-tables/README.md lists for plan.tsv",
    );
    check_error(
        "plan.tsv",
        ("newborn_days\t28\n", ""),
        "f/plan.tsv, newborn_days: the setting is missing; a plan without base states every setting",
    );
    check_error(
        "mdc.tsv",
        ("gate\n", "rule\n"),
        "f/mdc.tsv, line 1, gate: the column is missing; the columns are order, mdc, name, gate",
    );
    check_error(
        "drg.tsv",
        ("\tBB11\t一\tmcc", "\tBB11\tmcc"),
        "f/drg.tsv, line 2: the row has 4 fields, but the header has 5; quote fields with commas",
    );
    check_error(
        "adrg.tsv",
        ("any_op in CB1.op", "any_op in CB2.op"),
        "f/adrg.tsv, line 4, rule: the rule `any_op in CB2.op` cannot be used, character 11: the \
         plan has no list `CB2.op`",
    );
    check_error(
        "adrg.tsv",
        ("MDCC\t1\tCB1", "MDCX\t1\tCB1"),
        "f/adrg.tsv, line 4, mdc: the plan has no MDC `MDCX`",
    );
    check_error(
        "lists.tsv",
        ("\t99", "\t"),
        "f/lists.tsv, line 9, code: the value is missing",
    );
    check_error(
        "weights.tsv",
        ("2.50005", "-1"),
        "f/weights.tsv, line 2, weight: `-1` is not a weight; write a decimal number that is not \
         negative, with at most four decimals, such as 1.2345",
    );
}

fn loaded(files: FileSet) -> LoadedPlan {
    LoadedPlan::of(files).expect("a plan")
}

#[test]
fn an_overlay_states_only_what_differs() {
    let base_facts = read(&small()).expect("good facts");
    let mut base = options(None);
    base.id = "base".to_owned();
    let base = loaded(import(&base_facts, &base).expect("a plan").files);
    let mut texts = small();
    texts.remove("weights.tsv");
    let mut edit = |path, old, new| {
        let text: &mut String = texts.get_mut(path).expect("a file");
        assert!(text.contains(old), "{old}");
        *text = text.replace(old, new);
    };
    edit(
        "plan.tsv",
        "no_group_fallback\tadrg",
        "no_group_fallback\tcontinue",
    );
    edit("lists.tsv", "MDCB.principal\tI62", "MDCB.principal\tI63");
    edit(
        "adrg.tsv",
        "true\tcontinue",
        "any_op in CB1.op or (no_op or mcc)\t",
    );
    edit(
        "drg.tsv",
        "BB1\t2\tBB15\t五",
        "BB1\t2\tBB13\t三\tcc\nBB1\t3\tBB15\t五",
    );
    // The same tables under other numbers are the same tables.
    edit("severity.tsv", "\t2\n", "\t9\n");
    edit("exclusions.tsv", "2\tJ96", "9\tJ96");
    let facts = read(&texts).expect("good facts");
    let imported = import(&facts, &options(Some(&base))).expect("an overlay");
    let shown: Vec<String> = imported
        .files
        .paths()
        .map(|path| format!("{path}\n{}", text(&imported.files, path)))
        .collect();
    assert_eq!(
        shown.join(""),
        "adrg.csv\nchange,mdc,order,adrg,name,kind,rule,fallback\n\
         replace,,,BR1,,,any_op in BB1.op or (no_op or mcc),\n\
         drg.csv\nchange,adrg,order,drg,name,rule\nadd,BB1,15,BB13,三,cc\n\
         lists/B.csv\nchange,list,code\nremove,MDCB.principal,I62\nadd,MDCB.principal,I63\n\
         plan.toml\nid = \"new\"\ntitle = \"小方案\"\nbase = \"base\"\nsources = [\"here\"]\n\n\
         [settings]\nno_group_fallback = \"continue\"\ninherit_weights = false\n\n\
         [origin]\nbase = \"none\"\nmalformed_codes_left_out = \"mcc:?I10\"\n\
         scheme = \"small_2022\"\nsource = \"Somewhere\"\n"
    );
    assert_eq!((imported.rows, imported.whole_rows), (4, 22));
}

/// One of the bundled plans over another, there and back.
#[test]
fn bundled_plans_can_stand_on_one_another() {
    let plans = ["chs-drg-1.1", "320500-suzhou-2023"].map(|id| load_plan(id).expect("bundled"));
    for (base, target) in [(0, 1), (1, 0)] {
        let head = Head {
            id: "new".to_owned(),
            title: String::new(),
            sources: Vec::new(),
            origin: BTreeMap::new(),
        };
        let (base, target) = (&plans[base], &plans[target].plan);
        let files = overlay::files(&base.plan, target, &head);
        let find = |id: &str| Ok(base.layers.iter().find(|layer| is_plan(layer, id)).cloned());
        let (plan, _) = GroupingPlan::load(&files, &find).expect("an overlay");
        assert_eq!(sameness::first_difference(target, &plan), None);
        assert!(rows_of(&files) < 2_000);
    }
}

/// Facts of a scheme with any of these parts, so that two of them differ in any way.
fn any_facts() -> impl Strategy<Value = BTreeMap<&'static str, String>> {
    let adrg = (0_u8..3, 0_usize..6, 0_usize..3, 0_usize..3);
    let code = 0_u8..8;
    let lists = prop::collection::vec(prop::collection::btree_set(code.clone(), 1..6), 4);
    (
        prop::collection::btree_map(0_u8..8, adrg, 1..7),
        lists,
        prop::collection::btree_map((code.clone(), any::<bool>()), 0_u8..4, 0..8),
        prop::collection::btree_map(code, 1_u8..4, 0..8),
        any::<bool>(),
    )
        .prop_map(|(adrgs, lists, severity, exclusions, is_continue)| {
            let mut texts = small();
            let fallback = if is_continue { "continue" } else { "adrg" };
            let plan = PLAN.replace("fallback\tadrg", &format!("fallback\t{fallback}"));
            texts.insert("plan.tsv", plan);
            texts.remove("weights.tsv");
            let rules = [
                "true",
                "main_op in L0",
                "any_op in L1 and not mcc",
                "main_op in L2 or (cc or mcc)",
                "principal in L3 and main_op in L0",
                "age_years > 3",
            ];
            let mut adrg_text = texts["adrg.tsv"].lines().next().unwrap().to_owned() + "\n";
            let mut drg_text = texts["drg.tsv"].lines().next().unwrap().to_owned() + "\n";
            for (n, (mdc, rule, groups, fallback)) in adrgs {
                let fallback = ["", "adrg", "continue"][fallback];
                let rule = rules[rule];
                let order = 20 - n;
                adrg_text += &format!("M{mdc}\t{order}\tA{n}\t-\tmedical\t{rule}\t{fallback}\n");
                for (group, rule) in (0..=groups).zip(["mcc", "cc", "true"]) {
                    drg_text += &format!("A{n}\t{group}\tA{n}{group}\tname {n}\t{rule}\n");
                }
            }
            texts.insert("adrg.tsv", adrg_text);
            texts.insert("drg.tsv", drg_text);
            let mdcs = (0..3).map(|n| format!("{}\tM{n}\t{n}\tprincipal in L3\n", 3 - n));
            let mdcs: String = mdcs.collect();
            texts.insert("mdc.tsv", format!("order\tmdc\tname\tgate\n{mdcs}"));
            let mut text = "list\tcode\n".to_owned();
            for (n, codes) in lists.iter().enumerate() {
                text.extend(codes.iter().map(|code| format!("L{n}\tC{code}\n")));
            }
            texts.insert("lists.tsv", text);
            let mut text = "code\tlevel\texclusion_table\n".to_owned();
            for ((code, is_mcc), table) in severity {
                let level = if is_mcc { "mcc" } else { "cc" };
                let table = if table == 0 {
                    String::new()
                } else {
                    table.to_string()
                };
                text += &format!("C{code}\t{level}\t{table}\n");
            }
            texts.insert("severity.tsv", text);
            let mut text = "exclusion_table\tprincipal_code\n".to_owned();
            for (code, table) in exclusions {
                text += &format!("{table}\tC{code}\n");
            }
            texts.insert("exclusions.tsv", text);
            texts
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// `import` compares the overlay with the whole plan and fails when they differ.
    #[test]
    fn an_overlay_says_what_the_facts_say(base in any_facts(), target in any_facts()) {
        let base = read(&base).expect("good facts");
        let whole = import(&base, &options(None));
        let mut at_base = options(None);
        at_base.id = "base".to_owned();
        prop_assert!(whole.is_ok(), "{:?}", whole.err());
        let base = loaded(import(&base, &at_base).expect("a plan").files);
        let target = read(&target).expect("good facts");
        let overlay = import(&target, &options(Some(&base)));
        prop_assert!(overlay.is_ok(), "{}", overlay.unwrap_err());
    }

    #[test]
    fn any_text_is_a_table_or_an_error(text in "[a-z\t\n\r]{0,40}") {
        let _ = table::FactTable::read(&text, "t.tsv".to_owned(), ["a", "b"]);
    }
}

#[test]
fn a_folder_that_is_not_there_is_an_error() {
    let error = Facts::folder(Path::new("no/such/folder")).expect_err("nothing");
    assert_eq!(error.to_string(), "no/such/folder: the file is missing");
}
