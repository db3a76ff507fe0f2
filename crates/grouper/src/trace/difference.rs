//! Where the road of a claim parts from the one that was expected.

use super::words::{Language, Words};
use super::{AdrgStep, Evidence, Trace, Walk};
use drgdip_tables::plan::{Adrg, Mdc, StatedRule};

/// The answer that somebody else gives for a claim; no group for invalid and ungrouped claims.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expected<'a> {
    /// The code of the MDC.
    pub mdc: Option<&'a str>,
    /// The code of the ADRG.
    pub adrg: Option<&'a str>,
    /// The code of the group.
    pub group: Option<&'a str>,
}

/// One sentence in two languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// In English.
    pub english: String,
    /// 中文.
    pub chinese: String,
}

impl Difference {
    fn of(trace: &Trace<'_>, sentence: impl Fn(Words<'_>) -> String) -> Self {
        let words = |language| Words {
            plan: trace.plan,
            language,
        };
        Self {
            english: sentence(words(Language::English)),
            chinese: sentence(words(Language::Chinese)),
        }
    }
}

/// Names the first rule at which a traced claim parts from the expected answer.
///
/// That is the row of the expected MDC, ADRG or group that did not match, or else the row that
/// took the case before it. `None` when the answers agree. What the other side does not state is
/// not compared, unless it states nothing at all: then it has no group.
#[must_use]
pub fn first_difference(trace: &Trace<'_>, expected: &Expected<'_>) -> Option<Difference> {
    if agrees(trace, expected) {
        return None;
    }
    let Some(walk) = walk_that_decided(trace) else {
        return Some(Difference::of(trace, |words| check_sentence(trace, words)));
    };
    let Some((mdc, adrg)) = find(trace, expected) else {
        return Some(Difference::of(trace, |words| {
            no_such_adrg(trace, expected, words)
        }));
    };
    let tried = walk.mdcs.iter().find(|step| step.mdc.code == mdc.code);
    let Some(mdc_step) = tried else {
        return Some(Difference::of(trace, |words| {
            taken_before(trace, &adrg.code, words)
        }));
    };
    if !mdc_step.gate.holds {
        let rule = (mdc.code.as_str(), &mdc.gate, &mdc_step.gate);
        return Some(Difference::of(trace, |words| not_matched(rule, words)));
    }
    let tried = mdc_step
        .adrgs
        .iter()
        .find(|step| step.adrg.code == adrg.code);
    Some(match tried {
        None => Difference::of(trace, |words| taken_before(trace, &adrg.code, words)),
        Some(step) if !step.rule.holds => {
            let rule = (adrg.code.as_str(), &adrg.rule, &step.rule);
            Difference::of(trace, |words| not_matched(rule, words))
        }
        Some(step) => Difference::of(trace, |words| in_adrg(trace, step, expected, words)),
    })
}

fn agrees(trace: &Trace<'_>, expected: &Expected<'_>) -> bool {
    let is_same = |ours: &str, theirs: Option<&str>| theirs.is_none_or(|theirs| theirs == ours);
    match &trace.landing {
        None => *expected == Expected::default(),
        Some(_) if *expected == Expected::default() => false,
        Some(landing) => {
            is_same(&landing.mdc.code, expected.mdc)
                && is_same(&landing.adrg.code, expected.adrg)
                && is_same(landing.group(), expected.group)
        }
    }
}

/// The walk that found the group, or the first when none did.
fn walk_that_decided<'t, 'p>(trace: &'t Trace<'p>) -> Option<&'t Walk<'p>> {
    if trace.landing.is_some() {
        trace.walks.last()
    } else {
        trace.walks.first()
    }
}

/// The MDC and ADRG of the plan that the expected answer means, by whatever codes it states.
fn find<'p>(trace: &Trace<'p>, expected: &Expected<'_>) -> Option<(&'p Mdc, &'p Adrg)> {
    let mdcs = trace.plan.mdcs.iter();
    let mut adrgs = mdcs.flat_map(|mdc| mdc.adrgs.iter().map(move |adrg| (mdc, adrg)));
    if *expected == Expected::default() {
        return None;
    }
    adrgs.find(|(mdc, adrg)| {
        let has_group = |group| group == adrg.code || adrg.drgs.iter().any(|drg| drg.code == group);
        expected.mdc.is_none_or(|code| code == mdc.code)
            && expected.adrg.is_none_or(|code| code == adrg.code)
            && (expected.adrg.is_some() || expected.group.is_none_or(has_group))
    })
}

fn check_sentence(trace: &Trace<'_>, words: Words<'_>) -> String {
    let failed = trace.checks.iter().filter(|step| step.is_failed);
    let what = failed
        .map(|step| words.failure(step.reason))
        .collect::<String>();
    words.say(
        format!("The case is invalid before any MDC is tried: {what}."),
        format!("病例无效，未进入分组：{what}。"),
    )
}

/// The expected answer has no group, or one that the plan does not have.
fn no_such_adrg(trace: &Trace<'_>, expected: &Expected<'_>, words: Words<'_>) -> String {
    let names = [expected.mdc, expected.adrg, expected.group];
    let names = names.into_iter().flatten().collect::<Vec<_>>().join(" / ");
    let ours = ours(trace, words);
    if names.is_empty() {
        words.say(
            format!("No group was expected, but {ours}."),
            format!("预期无分组，但{ours}。"),
        )
    } else {
        words.say(
            format!("The plan has no {names}; {ours}."),
            format!("方案中没有 {names}；{ours}。"),
        )
    }
}

/// What this side did.
fn ours(trace: &Trace<'_>, words: Words<'_>) -> String {
    let step = walk_that_decided(trace).and_then(|walk| walk.mdcs.last());
    let Some((step, landing)) = step.and_then(|step| step.adrgs.last()).zip(trace.landing) else {
        return words.outcome(trace.outcome);
    };
    let (adrg, group) = (&step.adrg.code, landing.group());
    let (place, because) = (words.place(step.adrg.rule.row), words.because(&step.rule));
    words.say(
        format!("ADRG {adrg} ({place}) takes the case as {group}, since {because}"),
        format!("ADRG {adrg}（{place}）已收入该病例为 {group}：{because}"),
    )
}

fn taken_before(trace: &Trace<'_>, adrg: &str, words: Words<'_>) -> String {
    let ours = ours(trace, words);
    words.say(
        format!("Before {adrg} is tried, {ours}."),
        format!("在尝试 {adrg} 之前，{ours}。"),
    )
}

fn not_matched(
    (code, rule, evidence): (&str, &StatedRule, &Evidence<'_>),
    words: Words<'_>,
) -> String {
    let (place, text) = (words.place(rule.row), &rule.text);
    let because = words.because(evidence);
    words.say(
        format!("{code} ({place}) does not match: {because}; its rule is {text}."),
        format!("{code}（{place}）不符：{because}；规则为 {text}。"),
    )
}

/// The expected ADRG takes the case; its groups decide.
fn in_adrg(
    trace: &Trace<'_>,
    step: &AdrgStep<'_>,
    expected: &Expected<'_>,
    words: Words<'_>,
) -> String {
    let group = expected.group.unwrap_or(&step.adrg.code);
    let mut tried = step.groups.iter();
    let failed = tried.find(|tried| tried.drg.code == group && !tried.rule.holds);
    if let Some(tried) = failed {
        return not_matched((group, &tried.drg.rule, &tried.rule), words);
    }
    let taken = step.groups.iter().find(|tried| tried.rule.holds);
    let Some(taken) = taken else {
        let (adrg, ours) = (&step.adrg.code, ours(trace, words));
        return words.say(
            format!("No group row of {adrg} matches; {ours}."),
            format!("{adrg} 没有符合的细分组；{ours}。"),
        );
    };
    let (code, place) = (&taken.drg.code, words.place(taken.drg.rule.row));
    let because = words.because(&taken.rule);
    words.say(
        format!("Group {code} ({place}) takes the case, not {group}: {because}."),
        format!("细分组 {code}（{place}）已收入该病例，而非 {group}：{because}。"),
    )
}

/// One question of a walk and its answer.
struct Step<'t> {
    code: &'t str,
    rule: &'t StatedRule,
    evidence: &'t Evidence<'t>,
}

/// Names the first question at which two traces of one claim part, such as those of two plans.
///
/// `None` when both ask the same questions and get the same answers. A claim that one plan finds
/// invalid parts from the other before the first question.
#[must_use]
pub fn divergence(one: &Trace<'_>, other: &Trace<'_>) -> Option<Difference> {
    let invalid = [one, other]
        .into_iter()
        .find(|trace| trace.walks.is_empty());
    if let Some(trace) = invalid {
        let is_same = one.outcome == other.outcome;
        return (!is_same).then(|| Difference::of(trace, |words| check_sentence(trace, words)));
    }
    let (ones, others) = (questions(one), questions(other));
    let is_same =
        |(a, b): &(&Step<'_>, &Step<'_>)| a.code == b.code && a.evidence.holds == b.evidence.holds;
    let same = ones.iter().zip(&others).take_while(is_same).count();
    let (a, b) = (ones.get(same), others.get(same));
    (a.is_some() || b.is_some()).then(|| {
        let [a, b] = [(one, a), (other, b)]
            .map(|(trace, step)| Difference::of(trace, |words| answer(trace, step, words)));
        Difference {
            english: format!("{} {}", a.english, b.english),
            chinese: format!("{}{}", a.chinese, b.chinese),
        }
    })
}

/// All questions of all walks of a trace, in order.
fn questions<'t>(trace: &'t Trace<'_>) -> Vec<Step<'t>> {
    let mut steps = Vec::new();
    let step = |code, rule, evidence| Step {
        code,
        rule,
        evidence,
    };
    for mdc in trace.walks.iter().flat_map(|walk| &walk.mdcs) {
        steps.push(step(mdc.mdc.code.as_str(), &mdc.mdc.gate, &mdc.gate));
        for adrg in &mdc.adrgs {
            steps.push(step(adrg.adrg.code.as_str(), &adrg.adrg.rule, &adrg.rule));
            let groups = adrg.groups.iter();
            steps.extend(groups.map(|group| step(&group.drg.code, &group.drg.rule, &group.rule)));
        }
    }
    steps
}

/// What one plan says to the question at which the traces part.
fn answer(trace: &Trace<'_>, step: Option<&Step<'_>>, words: Words<'_>) -> String {
    let plan = &trace.plan.id;
    let Some(step) = step else {
        let outcome = words.outcome(trace.outcome);
        return words.say(
            format!("In {plan}: {outcome}."),
            format!("{plan}：{outcome}。"),
        );
    };
    let (code, place) = (step.code, words.place(step.rule.row));
    let because = words.because(step.evidence);
    let (english, chinese) = match step.evidence.holds {
        true => ("matches", "符合"),
        false => ("does not match", "不符"),
    };
    words.say(
        format!("In {plan}, {code} ({place}) {english}: {because}."),
        format!("{plan} 中 {code}（{place}）{chinese}：{because}。"),
    )
}
