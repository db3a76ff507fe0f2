//! MDCs, ADRGs and groups that no case can reach, each with the rules that shadow it.

use super::logic::Formula;
use super::tree::{AdrgNode, Level, MdcNode, Row, Tree};
use super::words::{and_more, listed};
use crate::error::{Place, Warning, WarningLevel};
use crate::rule::Rule;
use std::collections::BTreeMap;

/// Why a row is out of reach.
#[derive(Debug)]
enum Reason<'t> {
    /// These rules, of the row and of what it stands in, never hold together.
    Never(Vec<&'t Row<'t>>),
    /// The checks of the plan leave out every case that the rules ask for.
    Unchecked,
    /// These rows together take every case before.
    Shadowed(Vec<&'t Row<'t>>),
}

/// The way to a row: the rules that must hold, its own first, and the rows that are tried before,
/// its siblings first, each in the order in which they are tried. So the row that is named as the
/// shadow is the nearest kin, and among kin the one that does take the cases.
struct Road<'t> {
    rules: Vec<&'t Row<'t>>,
    before: Vec<&'t Row<'t>>,
}

type Found<'t> = Vec<(&'t Row<'t>, Reason<'t>)>;

/// Warns of every row that is out of reach; of the outermost one only, where all below it is.
pub(super) fn warn(tree: &Tree<'_>, warnings: &mut Vec<Warning>) {
    let mut found = Vec::new();
    for index in 0..tree.mdcs.len() {
        found.extend(mdc(tree, index));
    }
    warnings.extend(catch_alls(tree, &found));
    warnings.extend(found.iter().map(|(row, reason)| warning(tree, row, reason)));
}

fn mdc<'t>(tree: &'t Tree<'_>, index: usize) -> Found<'t> {
    let node = &tree.mdcs[index];
    let before: Vec<&Row<'_>> = tree.mdcs[..index].iter().map(|node| &node.row).collect();
    let mut is_reached = false;
    let mut found = Vec::new();
    for index in 0..node.adrgs.len() {
        let (adrg_is_reached, more) = adrg(tree, (node, index), &before);
        is_reached |= adrg_is_reached;
        found.extend(more);
    }
    let road = || Road {
        rules: vec![&node.row],
        before,
    };
    match (!is_reached).then(|| tree.reason(&road())).flatten() {
        Some(reason) => vec![(&node.row, reason)],
        None => found,
    }
}

/// Whether a case can enter the ADRG, and what is out of reach of it or in it.
fn adrg<'t>(
    tree: &'t Tree<'_>,
    (mdc, index): (&'t MdcNode<'_>, usize),
    mdcs_before: &[&'t Row<'t>],
) -> (bool, Found<'t>) {
    let node: &AdrgNode<'_> = &mdc.adrgs[index];
    let earlier = mdc.adrgs[..index].iter().map(|node| &node.row);
    let before: Vec<&Row<'_>> = earlier.chain(mdcs_before.iter().copied()).collect();
    let mut found = Vec::new();
    for (index, row) in node.groups.iter().enumerate() {
        let siblings = node.groups[..index].iter();
        let road = Road {
            rules: vec![row, &node.row, &mdc.row],
            before: siblings.chain(before.iter().copied()).collect(),
        };
        found.extend(tree.reason(&road).map(|reason| (row, reason)));
    }
    if found.len() < node.groups.len() {
        return (true, found);
    }
    let road = Road {
        rules: vec![&node.row, &mdc.row],
        before,
    };
    match tree.reason(&road) {
        Some(reason) => (false, vec![(&node.row, reason)]),
        None => (true, found),
    }
}

impl Tree<'_> {
    /// Why a row is out of reach; `None` when a case can reach it.
    fn reason<'t>(&'t self, road: &Road<'t>) -> Option<Reason<'t>> {
        let holding: Vec<&Formula> = road.rules.iter().map(|row| &row.holds).collect();
        let misses = |before: &[&'t Row<'t>]| {
            let lets_go = before.iter().map(|row| &row.lets_go);
            self.is_possible(holding.iter().copied().chain(lets_go))
        };
        if misses(&road.before) {
            return None;
        }
        if !misses(&[]) {
            return Some(self.contradiction(road));
        }
        let one = road.before.iter().find(|row| !misses(&[**row]));
        let shadows = match one {
            Some(row) => vec![*row],
            None => needed(&road.before, |rows| !misses(rows)),
        };
        Some(Reason::Shadowed(shadows))
    }

    /// Which of the rules on the way to a row exclude each other.
    fn contradiction<'t>(&'t self, road: &Road<'t>) -> Reason<'t> {
        let is_never = |rows: &[&Row<'_>]| {
            let holding = rows.iter().map(|row| &row.holds);
            !self.universe.is_possible(holding)
        };
        if is_never(&road.rules) {
            Reason::Never(needed(&road.rules, is_never))
        } else {
            Reason::Unchecked
        }
    }
}

/// The rows without which the proof fails; the first ones are kept where there is a choice.
fn needed<'t>(rows: &[&'t Row<'t>], proves: impl Fn(&[&'t Row<'t>]) -> bool) -> Vec<&'t Row<'t>> {
    let mut kept = rows.to_vec();
    for index in (0..rows.len()).rev() {
        let row = kept.remove(index);
        if !proves(&kept) {
            kept.insert(index, row);
        }
    }
    kept
}

fn warning(tree: &Tree<'_>, row: &Row<'_>, reason: &Reason<'_>) -> Warning {
    let because = because(tree, row, reason);
    let code = &row.code;
    let (name, sentence) = match row.level {
        Level::Mdc => ("unreachable_mdc", format!("No case can enter `{code}`")),
        Level::Adrg => ("unreachable_adrg", format!("No case can enter `{code}`")),
        Level::Group => (
            "unreachable_group",
            format!("No case can reach the group `{code}`"),
        ),
    };
    Warning {
        place: place(tree, row),
        code: name,
        level: WarningLevel::Warning,
        subjects: vec![row.code.to_owned()],
        message: format!("{sentence}, because {because}."),
    }
}

fn place(tree: &Tree<'_>, row: &Row<'_>) -> Place {
    Place {
        field: Some(field(row).to_owned()),
        ..tree.plan.place(row.rule.row)
    }
}

const fn field(row: &Row<'_>) -> &'static str {
    match row.level {
        Level::Mdc => "gate",
        Level::Adrg | Level::Group => "rule",
    }
}

fn because(tree: &Tree<'_>, row: &Row<'_>, reason: &Reason<'_>) -> String {
    match reason {
        Reason::Never(rows) if rows.len() == 1 && rows[0].code == row.code => {
            format!("its {} is never true", field(row))
        }
        Reason::Never(rows) => {
            let rows = listed(rows.iter().map(|other| in_words(tree, other, row)));
            format!("these rules never hold together: {rows}")
        }
        Reason::Unchecked => "the plan's checks call every such case invalid".to_owned(),
        Reason::Shadowed(rows) => {
            let names = listed(rows.iter().map(|shadow| in_words(tree, shadow, row)));
            let take = if rows.len() == 1 {
                "takes"
            } else {
                "together take"
            };
            format!("{names} before it {take} every such case")
        }
    }
}

/// A row as the code, place and text of its rule, in a sentence about another row.
fn in_words(tree: &Tree<'_>, row: &Row<'_>, about: &Row<'_>) -> String {
    /// Rules of more characters are cut.
    const MOST: usize = 120;
    let mut text = row.rule.text.clone();
    if let Some((end, _)) = text.char_indices().nth(MOST) {
        text.truncate(end);
        text.push('…');
    }
    let place = if row.rule.row.file == about.rule.row.file {
        format!("line {}", row.rule.row.line)
    } else {
        tree.plan.place(row.rule.row).to_string()
    };
    format!("`{}` ({place}: {text})", row.code)
}

/// One note for each row with the rule `true` that others stand behind.
fn catch_alls(tree: &Tree<'_>, found: &Found<'_>) -> Vec<Warning> {
    let mut behind: BTreeMap<_, (&Row<'_>, Vec<String>)> = BTreeMap::new();
    for (row, reason) in found {
        if let Reason::Shadowed(shadows) = reason
            && let [shadow] = shadows[..]
            && shadow.rule.rule == Rule::True
        {
            let (_, codes) = behind
                .entry(shadow.rule.row)
                .or_insert_with(|| (shadow, Vec::new()));
            codes.push(row.code.to_owned());
        }
    }
    let note = |(shadow, codes): (&Row<'_>, Vec<String>)| Warning {
        place: place(tree, shadow),
        code: "catch_all_shadows",
        level: WarningLevel::Note,
        message: format!(
            "`{}` takes every case that comes to it, so nothing is left for what stands behind \
             it: {}.",
            shadow.code,
            and_more(&codes),
        ),
        subjects: codes,
    };
    behind.into_values().map(note).collect()
}
