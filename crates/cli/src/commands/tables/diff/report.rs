//! The differences of two plans as a person reads them.

use super::section;
use crate::layout::{Align, Layout};
use drgdip_tables::diff::{
    ExclusionChange, ListChange, PlanDiff, RowChanges, RowKind, RowName, Split,
};
use std::collections::{BTreeMap, BTreeSet};

/// A report of all differences; long lists and tables are cut unless `is_full`.
pub(super) fn text(diff: &PlanDiff, is_full: bool) -> String {
    let (before, after) = (&diff.before, &diff.after);
    let mut text = format!(
        "{} → {}\n{} → {}\n",
        before.id, after.id, before.title, after.title
    );
    if diff.is_empty() {
        return text + "\n两个方案相同 The plans say the same.\n";
    }
    let report = Report { diff, is_full };
    text += &format!("\n{}", report.summary());
    for part in [
        report.settings(),
        report.rows(),
        report.splits(),
        report.rules(),
        report.lists(),
        report.moves(),
        report.severity(),
        report.exclusions(),
        report.weights(),
    ] {
        text += &part;
    }
    text
}

struct Report<'d> {
    diff: &'d PlanDiff,
    is_full: bool,
}

const LEFT: Align = Align::Left;

impl Report<'_> {
    fn table(&self, heading: &str, names: &[&str], rows: Vec<Vec<String>>) -> String {
        let columns: Vec<(&str, Align)> = names.iter().map(|name| (*name, LEFT)).collect();
        section(heading, &columns, rows, self.is_full)
    }

    /// Counts of everything that differs.
    fn summary(&self) -> String {
        let mut table = Layout::new(&[
            ("内容 What", Align::Left),
            ("新增 Added", Align::Right),
            ("删除 Removed", Align::Right),
            ("改变 Changed", Align::Right),
        ]);
        for (name, counts) in self.counts() {
            if counts != [0; 3] {
                let counts = counts.map(|count| count.to_string());
                table.row(std::iter::once(name.to_owned()).chain(counts));
            }
        }
        table.render()
    }

    fn counts(&self) -> Vec<(&'static str, [usize; 3])> {
        let diff = self.diff;
        let rows = |rows: &RowChanges| {
            let changed = rows.renamed.len() + rows.moved.len() + rows.reordered.len();
            [rows.added.len(), rows.removed.len(), changed]
        };
        let codes = |codes: fn(&ListChange) -> &Vec<String>| {
            diff.lists.iter().map(|list| codes(list).len()).sum()
        };
        let moved: usize = diff.moves.iter().map(|codes| codes.codes.len()).sum();
        let severity = &diff.severity;
        let excluded = severity.exclusions.iter().map(|change| change.codes.len());
        let weights = &diff.weights;
        vec![
            ("设置 settings", [0, 0, diff.settings.len()]),
            ("MDC", rows(&diff.mdcs)),
            ("ADRG", rows(&diff.adrgs)),
            ("细分组 groups", rows(&diff.groups)),
            ("重新细分的 ADRG re-split", [0, 0, diff.splits.len()]),
            ("规则 rules", [0, 0, diff.rules.len()]),
            ("编码表 lists", [0, 0, diff.lists.len()]),
            (
                "编码表中的编码 codes of lists",
                [codes(|list| &list.added), codes(|list| &list.removed), 0],
            ),
            ("换组的编码 moved codes", [0, 0, moved]),
            (
                "MCC/CC severity",
                [
                    severity.added.len(),
                    severity.removed.len(),
                    severity.levels.len(),
                ],
            ),
            ("排除改变的诊断 exclusions", [0, 0, excluded.sum()]),
            (
                "权重 weights",
                [
                    weights.added.len(),
                    weights.removed.len(),
                    weights.changed.len(),
                ],
            ),
        ]
    }

    fn settings(&self) -> String {
        let rows = self.diff.settings.iter().map(|change| {
            vec![
                change.key.to_owned(),
                change.before.clone(),
                change.after.clone(),
            ]
        });
        self.table(
            "设置 Settings",
            &["设置 Setting", "原 Before", "新 After"],
            rows.collect(),
        )
    }

    /// Rows added, removed, renamed, moved and re-ordered; groups of re-split ADRGs have their
    /// own table.
    fn rows(&self) -> String {
        let split: BTreeSet<&str> = self
            .diff
            .splits
            .iter()
            .map(|split| split.adrg.as_str())
            .collect();
        let kinds = [
            ("MDC", &self.diff.mdcs),
            ("ADRG", &self.diff.adrgs),
            ("细分组 group", &self.diff.groups),
        ];
        let mut rows = Vec::new();
        for (kind, changes) in kinds {
            row_changes(kind, changes, &split, &mut rows);
        }
        self.table(
            "增删、改名与顺序 Rows",
            &[
                "种类 Kind",
                "变化 Change",
                "编码 Code",
                "原 Before",
                "新 After",
            ],
            rows,
        )
    }

    fn splits(&self) -> String {
        let mut rows = Vec::new();
        for split in &self.diff.splits {
            self.split_rows(split, &mut rows);
        }
        self.table(
            "重新细分 Re-split",
            &[
                "ADRG",
                "细分组 Group",
                "原规则 Before",
                "新规则 After",
                "名称 Name",
            ],
            rows,
        )
    }

    /// One row for each group that either plan has.
    fn split_rows(&self, split: &Split, rows: &mut Vec<Vec<String>>) {
        let before: BTreeMap<&str, &str> = split
            .before
            .iter()
            .map(|group| (group.group.as_str(), group.rule.as_str()))
            .collect();
        let after: BTreeSet<&str> = split
            .after
            .iter()
            .map(|group| group.group.as_str())
            .collect();
        let gone = split
            .before
            .iter()
            .filter(|group| !after.contains(group.group.as_str()));
        let gone = gone.map(|group| (group, self.rule(&group.rule), "—".to_owned()));
        let new = split.after.iter().map(|group| {
            let old = before.get(group.group.as_str());
            let old = old.map_or("—".to_owned(), |rule| self.rule(rule));
            (group, old, self.rule(&group.rule))
        });
        for (index, (group, old, new)) in new.chain(gone).enumerate() {
            let adrg = if index == 0 { split.adrg.as_str() } else { "" };
            rows.push(vec![
                adrg.to_owned(),
                group.group.clone(),
                old,
                new,
                group.name.clone(),
            ]);
        }
    }

    fn rules(&self) -> String {
        let rows = self.diff.rules.iter().map(|change| {
            vec![
                row_name(&change.row),
                self.rule(&change.before),
                self.rule(&change.after),
                self.codes(&change.added),
                self.codes(&change.removed),
            ]
        });
        self.table(
            "规则 Rules",
            &[
                "行 Row",
                "原 Before",
                "新 After",
                "新增编码 Codes added",
                "删除编码 Codes removed",
            ],
            rows.collect(),
        )
    }

    fn lists(&self) -> String {
        let rows = self.diff.lists.iter().map(|change| {
            let users: Vec<String> = change.rows.iter().map(|row| row.code.clone()).collect();
            vec![
                self.first(&change.lists),
                self.first(&users),
                change.scopes.join(" "),
                self.codes(&change.added),
                self.codes(&change.removed),
            ]
        });
        self.table(
            "编码表 Lists",
            &[
                "编码表 List",
                "用于 Used by",
                "条件 Scope",
                "新增编码 Codes added",
                "删除编码 Codes removed",
            ],
            rows.collect(),
        )
    }

    fn moves(&self) -> String {
        let rows = self.diff.moves.iter().map(|codes| {
            vec![
                kind_name(codes.kind).to_owned(),
                self.first(&codes.from),
                self.first(&codes.to),
                self.codes(&codes.codes),
            ]
        });
        self.table(
            "换组的编码 Moved codes",
            &["种类 Kind", "从 From", "到 To", "编码 Codes"],
            rows.collect(),
        )
    }

    fn severity(&self) -> String {
        let severity = &self.diff.severity;
        let mut by_change: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
        let mut add = |before, after, code: &String| {
            let codes = by_change.entry((before, after)).or_default();
            codes.push(code.clone());
        };
        severity
            .added
            .iter()
            .for_each(|row| add("—", row.level, &row.code));
        severity
            .removed
            .iter()
            .for_each(|row| add(row.level, "—", &row.code));
        for row in &severity.levels {
            add(row.before, row.after, &row.code);
        }
        let rows = by_change.into_iter().map(|((before, after), codes)| {
            vec![before.to_owned(), after.to_owned(), self.codes(&codes)]
        });
        self.table(
            "严重程度 Severity",
            &["原 Before", "新 After", "诊断 Diagnoses"],
            rows.collect(),
        )
    }

    fn exclusions(&self) -> String {
        let row = |change: &ExclusionChange| {
            vec![
                self.codes(&change.codes),
                self.codes(&change.added),
                self.codes(&change.removed),
            ]
        };
        self.table(
            "排除 Exclusions",
            &[
                "MCC/CC 诊断 Diagnoses",
                "新增排除它们的主诊断 Excluded also by",
                "不再排除它们的主诊断 No longer by",
            ],
            self.diff.severity.exclusions.iter().map(row).collect(),
        )
    }

    fn weights(&self) -> String {
        let weights = &self.diff.weights;
        let absent = || "—".to_owned();
        let mut rows: Vec<Vec<String>> = Vec::new();
        for row in &weights.changed {
            rows.push(vec![
                row.group.clone(),
                weight(row.before),
                weight(row.after),
            ]);
        }
        for row in &weights.added {
            rows.push(vec![
                row.group.clone(),
                absent(),
                weight(row.ten_thousandths),
            ]);
        }
        for row in &weights.removed {
            rows.push(vec![
                row.group.clone(),
                weight(row.ten_thousandths),
                absent(),
            ]);
        }
        section(
            "权重 Weights",
            &[
                ("细分组 Group", Align::Left),
                ("原 Before", Align::Right),
                ("新 After", Align::Right),
            ],
            rows,
            self.is_full,
        )
    }

    /// Codes with their number, the first few of many.
    fn codes(&self, codes: &[String]) -> String {
        match codes.len() {
            0 => String::new(),
            count => format!("{count}: {}", self.first(codes)),
        }
    }

    /// The first few of many items.
    fn first(&self, items: &[String]) -> String {
        /// One item more than this is no reason to leave it out.
        const FEW: usize = 4;
        if self.is_full || items.len() <= FEW {
            return items.join(" ");
        }
        format!("{} …", items[..FEW - 1].join(" "))
    }

    /// The text of a rule, cut where it is long.
    fn rule(&self, rule: &str) -> String {
        const MOST: usize = 60;
        match rule.char_indices().nth(MOST) {
            Some((end, _)) if !self.is_full => format!("{}…", &rule[..end]),
            _ => rule.to_owned(),
        }
    }
}

fn row_changes(
    kind: &str,
    changes: &RowChanges,
    split: &BTreeSet<&str>,
    rows: &mut Vec<Vec<String>>,
) {
    let mut push = |change: &str, code: &str, before: String, after: String| {
        rows.push(vec![
            kind.to_owned(),
            change.to_owned(),
            code.to_owned(),
            before,
            after,
        ]);
    };
    let is_told_elsewhere = |parent: &Option<String>| {
        let parent = parent.as_deref().unwrap_or_default();
        split.contains(parent)
    };
    for row in &changes.added {
        if !is_told_elsewhere(&row.parent) {
            push("新增 added", &row.code, String::new(), row.name.clone());
        }
    }
    for row in &changes.removed {
        if !is_told_elsewhere(&row.parent) {
            push("删除 removed", &row.code, row.name.clone(), String::new());
        }
    }
    for row in &changes.renamed {
        let change = if row.only_form {
            "改写 form of name"
        } else {
            "改名 renamed"
        };
        push(change, &row.code, row.before.clone(), row.after.clone());
    }
    for row in &changes.moved {
        let change = match row.what {
            "parent" => "移动 moved",
            "kind" => "类型 kind",
            _ => "无细分组时 fallback",
        };
        push(change, &row.code, row.before.clone(), row.after.clone());
    }
    for row in &changes.reordered {
        let [before, after] = [&row.before, &row.after].map(|behind| match behind {
            Some(code) => format!("在 {code} 之后 behind {code}"),
            None => "最先 first".to_owned(),
        });
        push("顺序 order", &row.code, before, after);
    }
}

const fn kind_name(kind: RowKind) -> &'static str {
    match kind {
        RowKind::Mdc => "MDC",
        RowKind::Adrg => "ADRG",
        RowKind::Group => "细分组 group",
    }
}

fn row_name(row: &RowName) -> String {
    match row.kind {
        RowKind::Mdc | RowKind::Adrg => row.code.clone(),
        RowKind::Group => format!("{} (组 group)", row.code),
    }
}

/// A weight with four decimals.
fn weight(ten_thousandths: i64) -> String {
    format!(
        "{}.{:04}",
        ten_thousandths / 10_000,
        ten_thousandths % 10_000
    )
}
