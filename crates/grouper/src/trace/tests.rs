use super::{Expected, Language, divergence, first_difference, trace};
use crate::testing::{Plan, claim, is, within};
use drgdip_claims::Claim;
use drgdip_tables::plan::{AdrgKind, Level};
use drgdip_tables::rule::{Comparison, NumberField, Predicate, Rule, Scope};

/// Two MDCs; the second has an operation that needs a young patient, and a medical ADRG.
fn plan() -> Plan {
    let mut plan = Plan::empty();
    let heart = plan.list("heart", &["H1", "H2"]);
    let brain = plan.list("brain", &["B1", "B2"]);
    let open = plan.list("open", &["P1"]);
    plan.mdc("MH", within(Scope::Principal, heart));
    plan.adrg("HB1", AdrgKind::Surgical, within(Scope::AnyOp, open));
    plan.drg("HB19", Rule::True);
    plan.mdc("MB", within(Scope::Principal, brain));
    let young = is(Predicate::Number(
        NumberField::AgeYears,
        Comparison::LessThan,
        18,
    ));
    let rule = Rule::All(vec![within(Scope::AnyOp, open), young]);
    plan.adrg("BB1", AdrgKind::Surgical, rule);
    plan.drg("BB19", Rule::True);
    plan.adrg("BR1", AdrgKind::Medical, within(Scope::AnyDx, brain));
    plan.drg("BR11", is(Predicate::Mcc));
    plan.drg("BR15", Rule::True);
    plan.severity("S1", Level::Mcc, Some("7"));
    plan.severity("S2", Level::Cc, None);
    plan.exclusion("7", "B1");
    plan.0.settings.checks.sex_missing = true;
    plan
}

#[track_caller]
fn check_lines(claim: &Claim, language: Language, expected: &str) {
    let plan = plan();
    assert_eq!(
        trace(&plan.0, claim).lines(language).join("\n"),
        expected.trim()
    );
}

#[test]
fn a_trace_tells_each_step_in_english() {
    check_lines(
        &claim("B1", &["S1", "S2"], &["x", "P1"]),
        Language::English,
        "
Plan test Test
Checks passed: sex
Severity: CC
  S1 is an MCC, exclusion table 7 (severity.csv, line 2): excluded by principal diagnosis B1 \
(excl.csv, line 2)
  S2 is a CC, no exclusion table (severity.csv, line 3): counts
Not entered: MH
Entered MB MB 大类: principal diagnosis B1 stands in brain (lists.csv, line 10) — rule 1/3 \
(mdc.csv, line 3)
  BB1 BB1 组 does not match: age_years is 40, not < 18 — rule 2/3 (adrg.csv, line 3)
  BR1 BR1 组 matches: principal diagnosis B1 stands in brain (lists.csv, line 10) — rule 2/4 \
(adrg.csv, line 4)
    BR11 BR11 细分组 does not match: no MCC counts — rule 3/2 (drg.csv, line 2)
    BR15 BR15 细分组 matches: the rule is always true — rule 3/3 (drg.csv, line 3)
Outcome: BR15 BR15 细分组 — grouped by a group row [group_rule] (drg.csv, line 3)",
    );
}

#[test]
fn a_trace_tells_each_step_in_chinese() {
    check_lines(
        &claim("B2", &["S1"], &[]),
        Language::Chinese,
        "
分组方案 test Test
检查通过：性别
严重程度：严重并发症或合并症（MCC）
  S1 为 MCC，排除表 7（severity.csv 第 2 行）：计入
未进入：MH
进入 MB MB 大类：主要诊断 B2 在 brain 中（lists.csv 第 11 行） — rule 1/3（mdc.csv 第 3 行）
  BB1 BB1 组 不符：没有手术操作在 open 中 — rule 2/3（adrg.csv 第 3 行）
  BR1 BR1 组 符合：主要诊断 B2 在 brain 中（lists.csv 第 11 行） — rule 2/4（adrg.csv 第 4 行）
    BR11 BR11 细分组 符合：有计入的 MCC — rule 3/2（drg.csv 第 2 行）
结果：BR11 BR11 细分组 — 入组 [group_rule]（drg.csv 第 2 行）",
    );
}

/// A plan whose groups ask for beginnings of codes, two of them with one beginning in common.
fn beginnings() -> Plan {
    let mut plan = Plan::empty();
    let vessel = plan.list("vessel", &["38", "38.4", "39.7"]);
    let stroke = plan.list("stroke", &["I63"]);
    plan.mdc("MB", Rule::True);
    plan.adrg("BE2", AdrgKind::Surgical, Rule::True);
    plan.drg("BE2_38", is(Predicate::MainOpStarts(vessel)));
    plan.drg("BE2_I63", is(Predicate::PrincipalStarts(stroke)));
    plan
}

#[test]
fn a_trace_names_the_beginning_of_a_code_and_its_row() {
    let plan = beginnings();
    let lines = |claim: &Claim, language| trace(&plan.0, claim).lines(language)[4..].join("\n");
    let vessel = claim("X", &[], &["38.45"]);
    assert_eq!(
        lines(&vessel, Language::English),
        "    BE2_38 BE2_38 细分组 matches: main procedure 38.45 begins with 38.4 of vessel \
         (lists.csv, line 11) — rule 3/2 (drg.csv, line 2)\n\
         Outcome: BE2_38 BE2_38 细分组 — grouped by a group row [group_rule] (drg.csv, line 2)"
    );
    let stroke = claim("I63.9", &["38"], &["3", "38.45"]);
    assert_eq!(
        lines(&stroke, Language::Chinese),
        "    BE2_38 BE2_38 细分组 不符：主要手术操作不以 vessel 的任何条目开头 — rule 3/2\
         （drg.csv 第 2 行）\n    \
         BE2_I63 BE2_I63 细分组 符合：主要诊断 I63.9 以 stroke 的 I63 开头（lists.csv 第 10 行） — \
         rule 3/3（drg.csv 第 3 行）\n\
         结果：BE2_I63 BE2_I63 细分组 — 入组 [group_rule]（drg.csv 第 3 行）"
    );
}

#[test]
fn an_invalid_claim_ends_at_its_check() {
    let nameless = Claim {
        sex: None,
        ..claim("B1", &[], &[])
    };
    check_lines(
        &nameless,
        Language::English,
        "
Plan test Test
Check failed: sex is missing
Severity: none
Outcome: invalid: facts are missing [sex_missing]",
    );
}

#[test]
fn a_retry_is_told_with_its_procedure() {
    let mut plan = plan();
    plan.0.settings.retry_with_each_other_procedure = true;
    let claim = claim("H1", &[], &["x", "y", "P1"]);
    let mut changed = plan.0.clone();
    changed.mdcs[0].adrgs[0].rule.rule = match &plan.0.mdcs[0].adrgs[0].rule.rule {
        Rule::Is(Predicate::In(_, list)) => within(Scope::MainOp, *list),
        other => panic!("{other:?}"),
    };
    let trace = trace(&changed, &claim);
    let procedures: Vec<_> = trace
        .walks
        .iter()
        .map(|walk| walk.only_procedure.as_deref())
        .collect();
    assert_eq!(procedures, [None, Some("y"), Some("P1")]);
    let lines = trace.lines(Language::English).join("\n");
    assert!(
        lines.contains("Again, with P1 as the main and only procedure"),
        "{lines}"
    );
}

#[track_caller]
fn check_difference(claim: &Claim, codes: [&str; 3], sentence: &str) {
    let plan = plan();
    let [mdc, adrg, group] = codes.map(|code| (!code.is_empty()).then_some(code));
    let expected = Expected { mdc, adrg, group };
    let difference = first_difference(&trace(&plan.0, claim), &expected);
    assert_eq!(
        difference.map_or(String::new(), |difference| difference.english),
        sentence
    );
}

#[test]
fn the_first_rule_where_the_roads_part_is_named() {
    let adult = claim("B1", &["S2"], &["P1"]);
    check_difference(&adult, ["MB", "BR1", "BR15"], "");
    check_difference(
        &adult,
        ["MB", "BB1", "BB19"],
        "BB1 (adrg.csv, line 3) does not match: age_years is 40, not < 18; its rule is rule 2/3.",
    );
    check_difference(
        &adult,
        ["MH", "HB1", "HB19"],
        "MH (mdc.csv, line 2) does not match: the principal diagnosis does not stand in heart; \
         its rule is rule 1/2.",
    );
    check_difference(
        &adult,
        ["MB", "BR1", "BR11"],
        "BR11 (drg.csv, line 2) does not match: no MCC counts; its rule is rule 3/2.",
    );
    check_difference(
        &claim("B2", &["S1"], &[]),
        ["MB", "BR1", "BR15"],
        "Group BR11 (drg.csv, line 2) takes the case, not BR15: an MCC counts.",
    );
    check_difference(
        &claim("H1", &[], &["P1"]),
        ["MB", "BR1", "BR15"],
        "Before BR1 is tried, ADRG HB1 (adrg.csv, line 2) takes the case as HB19, since main \
         procedure P1 stands in open (lists.csv, line 10).",
    );
}

#[test]
fn answers_without_a_group_or_from_elsewhere_are_told_apart_too() {
    let medical = claim("H1", &[], &["P1"]);
    check_difference(
        &medical,
        ["", "", ""],
        "No group was expected, but ADRG HB1 (adrg.csv, line 2) takes the case as HB19, since \
         main procedure P1 stands in open (lists.csv, line 10).",
    );
    check_difference(
        &medical,
        ["MX", "XX1", "XX19"],
        "The plan has no MX / XX1 / XX19; ADRG HB1 (adrg.csv, line 2) takes the case as HB19, \
         since main procedure P1 stands in open (lists.csv, line 10).",
    );
    let unknown = Claim {
        sex: None,
        ..medical
    };
    check_difference(
        &unknown,
        ["MH", "HB1", "HB19"],
        "The case is invalid before any MDC is tried: sex is missing.",
    );
    check_difference(&claim("x", &[], &[]), ["", "", ""], "");
}

#[test]
fn two_plans_part_at_the_first_question_that_they_answer_differently() {
    let (one, mut other) = (plan(), plan());
    other.0.id = "other".to_owned();
    let claim = claim("B1", &[], &["P1"]);
    assert_eq!(
        divergence(&trace(&one.0, &claim), &trace(&other.0, &claim)),
        None
    );
    let young = is(Predicate::Number(
        NumberField::AgeYears,
        Comparison::LessThan,
        41,
    ));
    other.0.mdcs[1].adrgs[0].rule.rule = young;
    let parted = divergence(&trace(&one.0, &claim), &trace(&other.0, &claim)).unwrap();
    assert_eq!(
        parted.english,
        "In test, BB1 (adrg.csv, line 3) does not match: age_years is 40, not < 18. In other, \
         BB1 (adrg.csv, line 3) matches: age_years 40 < 41."
    );
    assert_eq!(
        parted.chinese,
        "test 中 BB1（adrg.csv 第 3 行）不符：age_years 为 40，不满足 < 18。other 中 BB1（adrg.csv \
         第 3 行）符合：age_years 40 < 41。"
    );
}
