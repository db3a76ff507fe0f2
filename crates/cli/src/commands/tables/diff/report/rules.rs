//! Rules, lists and codes that moved.

use super::{MOST_OF_RULE, Report};
use drgdip_tables::diff::{RowKind, RowName, RuleChange};
use std::collections::BTreeSet;

impl Report<'_> {
    /// Rules by what changed in them: rows of which the rules differ only by the code of the row
    /// are told together.
    pub(super) fn rules(&self) -> String {
        let mut alike: Vec<([String; 2], Vec<&RuleChange>)> = Vec::new();
        for change in &self.diff.rules {
            let shape = [&change.before, &change.after]
                .map(|rule| rule.replace(change.row.code.as_str(), "*"));
            match alike.iter_mut().find(|(known, _)| *known == shape) {
                Some((_, changes)) => changes.push(change),
                None => alike.push((shape, vec![change])),
            }
        }
        alike.sort_by_key(|(_, changes)| std::cmp::Reverse(changes.len()));
        let rows = alike
            .iter()
            .map(|(shape, changes)| self.rule_row(shape, changes));
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

    /// One row for rules that changed alike; `*` stands for the code of the row.
    fn rule_row(&self, shape: &[String; 2], changes: &[&RuleChange]) -> Vec<String> {
        let (names, [before, after]) = match changes {
            [only] => (row_name(&only.row), [&only.before, &only.after]),
            _ => {
                let names: Vec<String> =
                    changes.iter().map(|change| row_name(&change.row)).collect();
                (self.codes(&names), [&shape[0], &shape[1]])
            }
        };
        let same = self.same_beginning(before, after);
        let [before, after] = [before, after].map(|rule| {
            let mark = if same == 0 { "" } else { "…" };
            format!("{mark}{}", self.rule(&rule[same..]))
        });
        let all = |codes: fn(&RuleChange) -> &Vec<String>| {
            let all: BTreeSet<&String> = changes.iter().flat_map(|change| codes(change)).collect();
            let all: Vec<String> = all.into_iter().cloned().collect();
            self.codes(&all)
        };
        vec![
            names,
            before,
            after,
            all(|change| &change.added),
            all(|change| &change.removed),
        ]
    }

    pub(super) fn lists(&self) -> String {
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

    pub(super) fn moves(&self) -> String {
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

    /// How many bytes of two long rules are left out because both begin with them.
    fn same_beginning(&self, before: &str, after: &str) -> usize {
        let pairs = before.char_indices().zip(after.chars());
        let same = pairs.take_while(|((_, one), other)| one == other);
        let spaces = same.filter(|((_, sign), _)| *sign == ' ');
        let places: Vec<usize> = spaces.map(|((place, _), _)| place).collect();
        // A few words before the difference stay, so that it can be understood.
        let keep = places.len().checked_sub(3).map(|index| places[index]);
        let is_long = before.len().max(after.len()) > MOST_OF_RULE;
        keep.filter(|_| is_long && !self.is_full).unwrap_or(0)
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
