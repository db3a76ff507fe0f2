//! The differences of two plans as a person reads them.

mod rows;
mod rules;
mod values;

use super::section;
use crate::layout::{Align, Layout};
use drgdip_tables::diff::{ListChange, PlanDiff, RowChanges};

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

/// How many characters of a rule are shown unless all are asked for.
const MOST_OF_RULE: usize = 60;

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
        match rule.char_indices().nth(MOST_OF_RULE) {
            Some((end, _)) if !self.is_full => format!("{}…", &rule[..end]),
            _ => rule.to_owned(),
        }
    }
}
