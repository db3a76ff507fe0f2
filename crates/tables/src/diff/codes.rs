//! Codes that changed their home.

use super::RowKind;
use super::content::{Pair, Side, each_wanted_list};
use crate::plan::CodeId;
use crate::rule::Rule;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Codes that left the lists of some MDCs or ADRGs and entered those of others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CodeMove {
    /// Whether it is about the gates of MDCs or the rules of ADRGs.
    pub kind: RowKind,
    /// What they left.
    pub from: Vec<String>,
    /// What they entered.
    pub to: Vec<String>,
    /// The codes.
    pub codes: Vec<String>,
}

/// The rows that want a code.
type Homes<'p> = BTreeMap<CodeId, BTreeSet<&'p str>>;

/// Moves between MDCs, then between ADRGs; the largest first.
pub(super) fn moves(pair: &Pair<'_>) -> Vec<CodeMove> {
    let gates = [&pair.before, &pair.after].map(|side| {
        let rows = side.plan.mdcs.iter();
        homes(side, rows.map(|mdc| (mdc.code.as_str(), &mdc.gate.rule)))
    });
    let adrgs = [&pair.before, &pair.after].map(|side| {
        let rows = side.plan.adrgs();
        homes(
            side,
            rows.map(|(_, adrg)| (adrg.code.as_str(), &adrg.rule.rule)),
        )
    });
    let mut moves = moves_of(pair, RowKind::Mdc, &gates);
    moves.extend(moves_of(pair, RowKind::Adrg, &adrgs));
    moves
}

fn homes<'p>(side: &Side<'p>, rows: impl Iterator<Item = (&'p str, &'p Rule)>) -> Homes<'p> {
    let mut homes = Homes::new();
    for (row, rule) in rows {
        each_wanted_list(rule, true, &mut |list| {
            for code in side.list(list) {
                homes.entry(*code).or_default().insert(row);
            }
        });
    }
    homes
}

fn moves_of(pair: &Pair<'_>, kind: RowKind, [before, after]: &[Homes<'_>; 2]) -> Vec<CodeMove> {
    let mut by_road: BTreeMap<(Vec<&str>, Vec<&str>), Vec<CodeId>> = BTreeMap::new();
    for (code, old) in before {
        let Some(new) = after.get(code) else {
            continue;
        };
        let left: Vec<&str> = old.difference(new).copied().collect();
        let entered: Vec<&str> = new.difference(old).copied().collect();
        if !left.is_empty() && !entered.is_empty() {
            by_road.entry((left, entered)).or_default().push(*code);
        }
    }
    let owned = |rows: Vec<&str>| rows.into_iter().map(str::to_owned).collect();
    let moves = by_road.into_iter().map(|((from, to), codes)| CodeMove {
        kind,
        from: owned(from),
        to: owned(to),
        codes: pair.texts(codes),
    });
    let mut moves: Vec<CodeMove> = moves.collect();
    // A stable sort keeps equally large moves in the order of what was left.
    moves.sort_by_key(|code_move| std::cmp::Reverse(code_move.codes.len()));
    moves
}
