//! A trace as lines of text.

use super::words::{Language, Words};
use super::{AdrgStep, GroupStep, MdcStep, SeverityStep, Trace, Walk};
use crate::outcome::Severity;
use crate::resolve::CodeFinding;
use drgdip_tables::plan::{Level, StatedRule};

impl Trace<'_> {
    /// The trace as lines in one language, nested by two blanks a level.
    #[must_use]
    pub fn lines(&self, language: Language) -> Vec<String> {
        let words = Words {
            plan: self.plan,
            language,
        };
        let plan = words.named(&self.plan.id, &self.plan.title);
        let mut lines = vec![words.say(format!("Plan {plan}"), format!("分组方案 {plan}"))];
        lines.extend(self.codes.iter().map(|found| code_line(found, words)));
        lines.extend(self.checks(words));
        if let Some(walk) = &self.catalogue {
            walk.lines(words, &mut lines);
        }
        if self.plan.dip.is_some() {
            lines.push(self.outcome_line(words));
            return lines;
        }
        lines.push(self.severity_line(words));
        lines.extend(
            self.severity_rows
                .iter()
                .map(|step| severity_row(step, words)),
        );
        for walk in &self.walks {
            walk_lines(walk, words, &mut lines);
        }
        lines.push(self.outcome_line(words));
        lines
    }

    fn checks(&self, words: Words<'_>) -> Option<String> {
        let failed = self.checks.iter().find(|step| step.is_failed);
        if let Some(step) = failed {
            let what = words.failure(step.reason);
            return Some(words.say(
                format!("Check failed: {what}"),
                format!("检查未通过：{what}"),
            ));
        }
        let passed = self.checks.iter().map(|step| words.check(step.reason));
        let passed = passed.collect::<Vec<_>>().join(&words.say(", ", "、"));
        let is_silent = self.checks.is_empty();
        let line = words.say(
            format!("Checks passed: {passed}"),
            format!("检查通过：{passed}"),
        );
        (!is_silent).then_some(line)
    }

    fn severity_line(&self, words: Words<'_>) -> String {
        let (english, chinese) = match self.severity {
            Severity::Mcc => ("MCC", "严重并发症或合并症（MCC）"),
            Severity::Cc => ("CC", "一般并发症或合并症（CC）"),
            Severity::None => ("none", "无"),
        };
        words.say(
            format!("Severity: {english}"),
            format!("严重程度：{chinese}"),
        )
    }

    fn outcome_line(&self, words: Words<'_>) -> String {
        let outcome = words.outcome(self.outcome);
        let reason = self.outcome.reason();
        if let Some(chosen) = self.catalogue.as_ref().and_then(|walk| walk.chosen) {
            let group = words.named(&chosen.group.code, &chosen.group.name);
            let place = words.place(chosen.row.row);
            return words.say(
                format!("Outcome: {group} — {outcome} [{reason}] ({place})"),
                format!("结果：{group} — {outcome} [{reason}]（{place}）"),
            );
        }
        let Some(landing) = &self.landing else {
            return words.say(
                format!("Outcome: {outcome} [{reason}]"),
                format!("结果：{outcome} [{reason}]"),
            );
        };
        let (code, name, row) = match landing.drg {
            Some(drg) => (&drg.code, &drg.name, drg.rule.row),
            None => (
                &landing.adrg.code,
                &landing.adrg.name,
                landing.adrg.rule.row,
            ),
        };
        let group = words.named(code, name);
        let place = words.place(row);
        words.say(
            format!("Outcome: {group} — {outcome} [{reason}] ({place})"),
            format!("结果：{group} — {outcome} [{reason}]（{place}）"),
        )
    }
}

/// What was found about a code before it was looked up.
fn code_line(found: &CodeFinding, words: Words<'_>) -> String {
    let (column, code) = (found.role.column(), found.finding.code());
    let (english, chinese) = (found.finding.english(), found.finding.chinese());
    let value = &found.value;
    words.say(
        format!("{column} {value}: {english} [{code}]"),
        format!("{column} {value}：{chinese} [{code}]"),
    )
}

fn severity_row(step: &SeverityStep<'_>, words: Words<'_>) -> String {
    let (english, chinese) = match step.row.level {
        Level::Mcc => ("an MCC", "MCC"),
        Level::Cc => ("a CC", "CC"),
    };
    let (code, place) = (step.code, words.place(step.row.row));
    let table = step.row.exclusion_table.as_deref();
    let table = match table {
        Some(table) => words.say(
            format!("exclusion table {table}"),
            format!("排除表 {table}"),
        ),
        None => words.say("no exclusion table", "无排除表"),
    };
    let effect = match step.excluded_by {
        None => words.say("counts", "计入"),
        Some(row) => {
            let principal = words.plan.codes.text(row.principal);
            let place = words.place(row.row);
            words.say(
                format!("excluded by principal diagnosis {principal} ({place})"),
                format!("被主要诊断 {principal} 排除（{place}）"),
            )
        }
    };
    words.say(
        format!("  {code} is {english}, {table} ({place}): {effect}"),
        format!("  {code} 为 {chinese}，{table}（{place}）：{effect}"),
    )
}

fn walk_lines(walk: &Walk<'_>, words: Words<'_>, lines: &mut Vec<String>) {
    if let Some(code) = &walk.only_procedure {
        lines.push(words.say(
            format!("Again, with {code} as the main and only procedure"),
            format!("以 {code} 作为唯一主要手术操作重试"),
        ));
    }
    let mut not_entered = Vec::new();
    for step in &walk.mdcs {
        if step.gate.holds {
            lines.extend(not_entered_line(&mut not_entered, words));
            mdc_lines(step, words, lines);
        } else {
            not_entered.push(step.mdc.code.as_str());
        }
    }
    lines.extend(not_entered_line(&mut not_entered, words));
}

/// One line for a run of MDCs that the case did not enter.
fn not_entered_line(codes: &mut Vec<&str>, words: Words<'_>) -> Option<String> {
    let all = std::mem::take(codes).join(" ");
    let line = words.say(format!("Not entered: {all}"), format!("未进入：{all}"));
    (!all.is_empty()).then_some(line)
}

fn mdc_lines(step: &MdcStep<'_>, words: Words<'_>, lines: &mut Vec<String>) {
    let mdc = words.named(&step.mdc.code, &step.mdc.name);
    let because = words.because(&step.gate);
    let rule = stated(&step.mdc.gate, words);
    lines.push(words.say(
        format!("Entered {mdc}: {because} — {rule}"),
        format!("进入 {mdc}：{because} — {rule}"),
    ));
    for adrg in &step.adrgs {
        adrg_lines(adrg, words, lines);
    }
}

fn adrg_lines(step: &AdrgStep<'_>, words: Words<'_>, lines: &mut Vec<String>) {
    let name = words.named(&step.adrg.code, &step.adrg.name);
    let verdict = verdict(step.rule.holds, words);
    let because = words.because(&step.rule);
    let rule = stated(&step.adrg.rule, words);
    lines.push(format!("  {name} {verdict}{because} — {rule}"));
    lines.extend(step.groups.iter().map(|group| group_line(group, words)));
}

fn group_line(step: &GroupStep<'_>, words: Words<'_>) -> String {
    let name = words.named(&step.drg.code, &step.drg.name);
    let verdict = verdict(step.rule.holds, words);
    let because = words.because(&step.rule);
    let rule = stated(&step.drg.rule, words);
    format!("    {name} {verdict}{because} — {rule}")
}

/// Whether a rule matches, up to the colon after it.
fn verdict(holds: bool, words: Words<'_>) -> String {
    match holds {
        true => words.say("matches: ", "符合："),
        false => words.say("does not match: ", "不符："),
    }
}

/// The rule as written, and where.
fn stated(rule: &StatedRule, words: Words<'_>) -> String {
    let (text, place) = (&rule.text, words.place(rule.row));
    words.say(format!("{text} ({place})"), format!("{text}（{place}）"))
}
