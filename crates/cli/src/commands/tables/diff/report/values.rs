//! Severity, exclusions and weights.

use super::Report;
use crate::commands::tables::diff::section;
use crate::layout::Align;
use drgdip_tables::diff::ExclusionChange;
use std::collections::BTreeMap;

impl Report<'_> {
    pub(super) fn severity(&self) -> String {
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

    pub(super) fn exclusions(&self) -> String {
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

    pub(super) fn weights(&self) -> String {
        let weights = &self.diff.weights;
        let mut rows: Vec<Vec<String>> = Vec::new();
        for row in &weights.changed {
            rows.push(vec![
                row.group.clone(),
                weight(row.before),
                weight(row.after),
            ]);
        }
        let only = [
            ("新增 added", &weights.added),
            ("删除 removed", &weights.removed),
        ];
        let only = only.into_iter().filter(|(_, rows)| !rows.is_empty());
        let only = only.map(|(change, rows)| {
            let groups: Vec<String> = rows.iter().map(|row| row.group.clone()).collect();
            vec![change.to_owned(), self.codes(&groups)]
        });
        let only = self.table(
            "有或无权重的细分组 Groups with and without weight",
            &["变化 Change", "细分组 Groups"],
            only.collect(),
        );
        let changed = section(
            "权重 Weights",
            &[
                ("细分组 Group", Align::Left),
                ("原 Before", Align::Right),
                ("新 After", Align::Right),
            ],
            rows,
            self.is_full,
        );
        changed + &only
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
