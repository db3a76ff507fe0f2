//! Which rows there are, and how ADRGs are split.

use super::Report;
use drgdip_tables::diff::{RowChanges, Split, SplitGroup};
use std::collections::{BTreeMap, BTreeSet};

impl Report<'_> {
    /// Rows added, removed, renamed, moved and re-ordered; groups of re-split ADRGs have their
    /// own table.
    pub(super) fn rows(&self) -> String {
        let splits = self.diff.splits.iter();
        let split: BTreeSet<&str> = splits.map(|split| split.adrg.as_str()).collect();
        let kinds = [
            ("MDC", &self.diff.mdcs),
            ("ADRG", &self.diff.adrgs),
            ("细分组 Groups", &self.diff.groups),
        ];
        let mut text = String::new();
        let mut forms = Vec::new();
        for (kind, changes) in kinds {
            text += &self.table(
                kind,
                &["变化 Change", "编码 Code", "原 Before", "新 After"],
                row_changes(changes, &split),
            );
            let renamed = changes.renamed.iter().filter(|row| row.only_form);
            forms.extend(renamed.map(|row| {
                let cells = [&row.code, &row.before, &row.after];
                cells.map(String::clone).to_vec()
            }));
        }
        text + &self.table(
            "名称写法 Form of names",
            &["编码 Code", "原 Before", "新 After"],
            forms,
        )
    }

    /// How ADRGs are split, by pattern; each group with its rules where there are few of them.
    pub(super) fn splits(&self) -> String {
        /// So many ADRGs are told group by group.
        const FEW: usize = 10;
        let splits = &self.diff.splits;
        let mut patterns: BTreeMap<[String; 2], Vec<String>> = BTreeMap::new();
        for split in splits {
            let pattern = [&split.before, &split.after].map(|groups| pattern(split, groups));
            patterns
                .entry(pattern)
                .or_default()
                .push(split.adrg.clone());
        }
        let mut patterns: Vec<_> = patterns.into_iter().collect();
        patterns.sort_by_key(|(_, adrgs)| std::cmp::Reverse(adrgs.len()));
        let rows = patterns
            .into_iter()
            .map(|([before, after], adrgs)| vec![before, after, self.codes(&adrgs)]);
        let mut text = self.table(
            "重新细分 Re-split",
            &["原 Before", "新 After", "ADRG"],
            rows.collect(),
        );
        if self.is_full || splits.len() <= FEW {
            text += &self.split_groups();
        } else {
            text += "逐组列出 --full lists every group.\n";
        }
        text
    }

    fn split_groups(&self) -> String {
        let mut rows = Vec::new();
        for split in &self.diff.splits {
            self.split_rows(split, &mut rows);
        }
        self.table(
            "重新细分的细分组 Groups of re-split ADRGs",
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
}

/// The groups of an ADRG without its code, such as `1 3 5`.
fn pattern(split: &Split, groups: &[SplitGroup]) -> String {
    let endings = groups.iter().map(|group| {
        let ending = group.group.strip_prefix(split.adrg.as_str());
        ending.filter(|ending| !ending.is_empty()).unwrap_or("=")
    });
    let endings: Vec<&str> = endings.collect();
    match endings.is_empty() {
        true => "—".to_owned(),
        false => endings.join(" "),
    }
}

/// What changed about the rows of one kind, but for the form of names.
fn row_changes(changes: &RowChanges, split: &BTreeSet<&str>) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let mut push = |change: &str, code: &str, before: String, after: String| {
        rows.push(vec![change.to_owned(), code.to_owned(), before, after]);
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
    for row in changes.renamed.iter().filter(|row| !row.only_form) {
        push(
            "改名 renamed",
            &row.code,
            row.before.clone(),
            row.after.clone(),
        );
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
    rows
}
