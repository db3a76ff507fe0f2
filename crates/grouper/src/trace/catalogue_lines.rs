//! A walk through a DIP catalogue as lines of text.

use super::catalogue::{Candidate, CatalogueWalk, Decision, ProcedureStep, StepTrace};
use super::words::Words;
use drgdip_tables::dip::ProcedureRule;
use drgdip_tables::dip::tie_break::Test;

/// How many candidates of a step are named.
const MOST_NAMED: usize = 8;

impl CatalogueWalk<'_> {
    pub(super) fn lines(&self, words: Words<'_>, lines: &mut Vec<String>) {
        if let Some(row) = self.excluded {
            let (code, place) = (&row.code, words.place(row.row));
            lines.push(words.say(
                format!("Excluded: principal diagnosis {code} ({place})"),
                format!("排除：主要诊断 {code}（{place}）"),
            ));
            return;
        }
        lines.extend(self.procedures.iter().map(|step| procedure(step, words)));
        lines.push(words.say(
            format!("Treatment: {}", self.class.word()),
            format!("治疗方式：{}", self.class.chinese()),
        ));
        for step in &self.steps {
            step_lines(step, words, lines);
        }
    }
}

fn procedure(step: &ProcedureStep<'_>, words: Words<'_>) -> String {
    let code = &step.code;
    let mut text = words.say(
        format!("Procedure {code}: {}", step.class.word()),
        format!("手术操作 {code}：{}", step.class.chinese()),
    );
    if step.is_main {
        text += &words.say(", the main one", "，主要手术操作");
    }
    if let Some(row) = step.rule {
        let (english, chinese) = match row.rule {
            ProcedureRule::Conservative => ("counts as none", "按保守治疗入组"),
            ProcedureRule::NotMain => ("cannot be the main one", "不可作为主要手术操作"),
            ProcedureRule::MainInScope(_) => {
                ("can be the main one in its scope", "限范围可作主要手术操作")
            }
        };
        let place = words.place(row.row);
        text += &words.say(
            format!(", {english} ({place})"),
            format!("，{chinese}（{place}）"),
        );
    }
    text
}

fn step_lines(step: &StepTrace<'_>, words: Words<'_>, lines: &mut Vec<String>) {
    let english: Vec<&str> = step.layers.iter().map(|layer| layer.word()).collect();
    let chinese: Vec<&str> = step.layers.iter().map(|layer| layer.chinese()).collect();
    let count = step.candidates.len();
    let layer = words.say(english.join(", "), chinese.join("、"));
    let Some(chosen) = &step.chosen else {
        lines.push(words.say(
            format!("Layer {layer}: no row takes the case"),
            format!("{layer}：没有符合的病种"),
        ));
        return;
    };
    lines.push(words.say(
        format!("Layer {layer}: {count} rows take the case"),
        format!("{layer}：符合的病种 {count} 个"),
    ));
    lines.extend(
        step.candidates
            .iter()
            .take(MOST_NAMED)
            .map(|row| candidate(row, words)),
    );
    if let Some(more) = count.checked_sub(MOST_NAMED).filter(|more| *more > 0) {
        lines.push(words.say(format!("  and {more} more"), format!("  另有 {more} 个")));
    }
    let code = &chosen.group.code;
    let why = decision(step.decision, words);
    lines.push(words.say(
        format!("  taken: {code}, {why}"),
        format!("  取 {code}：{why}"),
    ));
    for (codes, english, chinese) in [
        (&step.matched, "matched procedures", "匹配的手术操作"),
        (&step.unmatched, "unmatched procedures", "未匹配的手术操作"),
    ] {
        if !codes.is_empty() {
            let codes = codes.join(" ");
            lines.push(words.say(
                format!("  {english}: {codes}"),
                format!("  {chinese}：{codes}"),
            ));
        }
    }
}

fn candidate(candidate: &Candidate<'_>, words: Words<'_>) -> String {
    let group = words.named(&candidate.group.code, &candidate.group.name);
    let place = words.place(candidate.row.row);
    words.say(
        format!("  {group} ({place})"),
        format!("  {group}（{place}）"),
    )
}

fn decision(decision: Decision, words: Words<'_>) -> String {
    match decision {
        Decision::NoRow => words.say("no row", "无"),
        Decision::OnlyRow => words.say("the only row", "唯一符合"),
        Decision::Order => words.say("the first in the order of the table", "按表内次序取首个"),
        Decision::UnmatchedSurgery => words.say(
            "because the row of the core group leaves a surgery unmatched",
            "核心病种有未匹配的手术，入综合手术病种",
        ),
        Decision::Test(test) => {
            let (english, chinese) = test_words(test);
            words.say(
                format!("by the tie-break {} ({english})", test.word()),
                format!("按择优规则 {}（{chinese}）", test.word()),
            )
        }
    }
}

const fn test_words(test: Test) -> (&'static str, &'static str) {
    match test {
        Test::MostRelated => ("the most related procedures", "匹配的相关手术最多"),
        Test::MostJoined => ("the most joined codes", "“+”最多"),
        Test::MostMatched => ("the most matched codes", "匹配的手术操作最多"),
        Test::NamesMain => ("it names the main procedure", "含主要手术操作"),
        Test::NoSurplus => ("it names every procedure", "手术操作无剩余"),
        Test::LongestKey => ("the longest key", "诊断编码最细"),
        Test::NearestMeanCost => ("the nearest mean cost", "次均费用最接近"),
        Test::HighestWeight => ("the highest weight", "权重最高"),
        Test::ClassOrder => ("the order of sorts", "病种类型次序"),
    }
}
