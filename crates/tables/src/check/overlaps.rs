//! ADRGs that want the same codes, so that their order decides.

use super::logic::Slot;
use super::tree::{AdrgNode, MdcNode, Tree};
use super::words::first_few;
use crate::error::{Place, Warning, WarningLevel};
use crate::rule::ListId;

/// How many pairs a note tells in full.
const EXAMPLES: usize = 3;

/// Two ADRGs of one MDC and kind, the earlier first, with the codes that lead into both.
struct Overlap<'t> {
    earlier: &'t str,
    later: &'t str,
    codes: Vec<String>,
}

/// One note for each MDC in which the order of ADRGs of the same kind decides.
pub(super) fn warn(tree: &Tree<'_>, warnings: &mut Vec<Warning>) {
    for mdc in &tree.mdcs {
        let mut overlaps = Vec::new();
        for (index, later) in mdc.adrgs.iter().enumerate() {
            let same_kind = |node: &&AdrgNode<'_>| node.adrg.kind == later.adrg.kind;
            let earlier = mdc.adrgs[..index].iter().filter(same_kind);
            overlaps.extend(earlier.filter_map(|earlier| overlap(tree, mdc, [earlier, later])));
        }
        if !overlaps.is_empty() {
            warnings.push(note(tree, mdc, &overlaps));
        }
    }
}

fn overlap<'t>(
    tree: &'t Tree<'_>,
    mdc: &'t MdcNode<'_>,
    pair: [&'t AdrgNode<'_>; 2],
) -> Option<Overlap<'t>> {
    let of_slot = |slot| {
        let [earlier, later] = pair.map(|node| wanted(node, slot));
        let shared = common(tree, &earlier, &later);
        (!shared.is_empty()).then_some((slot, shared))
    };
    let (slot, shared) = [Slot::MainOp, Slot::Principal]
        .into_iter()
        .find_map(of_slot)?;
    let rules = [&mdc.row, &pair[0].row, &pair[1].row].map(|row| &row.holds);
    let both = tree.admitted(slot, rules);
    let codes = shared
        .into_iter()
        .flat_map(|(list, classes)| tree.codes_of(list, &(&classes & &both), true));
    let codes = tree.texts(codes);
    let [earlier, later] = pair.map(|node| node.row.code);
    (!codes.is_empty()).then_some(Overlap {
        earlier,
        later,
        codes,
    })
}

/// The lists that an ADRG wants a code of in a slot.
fn wanted(node: &AdrgNode<'_>, slot: Slot) -> Vec<ListId> {
    let mut lists = Vec::new();
    node.row.holds.each_wanted_list(&mut |wanted, list| {
        if wanted == slot {
            lists.push(list);
        }
    });
    lists
}

/// The lists of one side with the classes that stand in a list of the other, too.
fn common(
    tree: &Tree<'_>,
    earlier: &[ListId],
    later: &[ListId],
) -> Vec<(ListId, fixedbitset::FixedBitSet)> {
    let mut shared = Vec::new();
    for one in earlier {
        for other in later {
            let classes = tree.universe.list(*one) & tree.universe.list(*other);
            if !classes.is_clear() {
                shared.push((*one, classes));
            }
        }
    }
    shared
}

fn note(tree: &Tree<'_>, mdc: &MdcNode<'_>, overlaps: &[Overlap<'_>]) -> Warning {
    let mut largest: Vec<&Overlap<'_>> = overlaps.iter().collect();
    largest.sort_by_key(|overlap| std::cmp::Reverse(overlap.codes.len()));
    let examples = largest.iter().take(EXAMPLES).map(|overlap| {
        let Overlap {
            earlier,
            later,
            codes,
        } = overlap;
        let count = codes.len();
        format!(
            "`{earlier}` before `{later}` ({count}: {})",
            first_few(codes)
        )
    });
    let examples: Vec<String> = examples.collect();
    let pairs = overlaps.len();
    let message = format!(
        "In `{}` the order decides between {pairs} {} of ADRGs that want the same codes, such as \
         {}.",
        mdc.row.code,
        if pairs == 1 { "pair" } else { "pairs" },
        examples.join(", "),
    );
    let named = overlaps
        .iter()
        .map(|overlap| format!("{} {}", overlap.earlier, overlap.later));
    Warning {
        place: Place {
            field: Some("order".to_owned()),
            ..tree.plan.place(mdc.row.rule.row)
        },
        code: "order_decides",
        level: WarningLevel::Note,
        subjects: named.collect(),
        message,
    }
}
