//! The budget tree (总额预算分解): a budget cut into parts until each part is a pool or a line.

use super::period::Period;
use crate::Error;
use crate::inputs::{InputTable, Inputs, SheetRow};
use drgdip_claims::Yuan;
use drgdip_points::Ratio;
use drgdip_points::clear::share_by;
use std::collections::BTreeMap;

/// The amount of every node of a period.
#[derive(Clone, Debug, Default)]
pub(super) struct Tree(BTreeMap<String, Yuan>);

impl Tree {
    /// Reads the nodes of a period and makes sure that every cut adds up.
    ///
    /// A node has an amount, or a share of its parent. Shares of one parent are 1 together and
    /// are brought to the fen by largest remainder, ties by the name of the node.
    ///
    /// # Errors
    /// A parent that is no node, a node with neither or both, children that do not add up.
    pub(super) fn read(inputs: &Inputs, period: &Period) -> Result<Self, Error> {
        let rows = inputs.rows(InputTable::BudgetTree).iter();
        let nodes: BTreeMap<&str, &SheetRow> = rows
            .filter(|row| row.required("period") == period.text)
            .map(|row| (row.required("node"), row))
            .collect();
        let mut children: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (name, row) in &nodes {
            let Some(parent) = row.text("parent") else {
                continue;
            };
            if !nodes.contains_key(parent) {
                let problem = format!("the parent {parent:?} of {name:?} is no node.");
                return Err(row
                    .wrong(problem)
                    .with_hint("Add its row, or correct the name."));
            }
            children.entry(parent).or_default().push(name);
        }
        let mut tree = Self::default();
        let roots = nodes.iter().filter(|(_, row)| !row.has("parent"));
        let mut open: Vec<&str> = Vec::new();
        for (name, row) in roots {
            tree.0.insert((*name).to_owned(), stated(row, name)?);
            open.push(name);
        }
        while let Some(parent) = open.pop() {
            let below = children.remove(parent).unwrap_or_default();
            if !below.is_empty() {
                let whole = tree.0[parent];
                tree.cut((parent, whole), &below, &nodes)?;
                open.extend(below);
            }
        }
        match children.keys().next() {
            None => Ok(tree),
            Some(name) => {
                let problem = format!("the node {name:?} is above itself, so it has no amount.");
                Err(nodes[name]
                    .wrong(problem)
                    .with_hint("Begin at a node without a parent."))
            }
        }
    }

    /// The amount of a node, where there is such a node.
    pub(super) fn amount(&self, node: &str) -> Option<Yuan> {
        self.0.get(node).copied()
    }

    fn cut(
        &mut self,
        (parent, whole): (&str, Yuan),
        below: &[&str],
        nodes: &BTreeMap<&str, &SheetRow>,
    ) -> Result<(), Error> {
        let wrong = |e: drgdip_points::Error| nodes[parent].wrong(e);
        let (by_share, by_amount): (Vec<&str>, Vec<&str>) =
            below.iter().partition(|name| nodes[*name].has("share"));
        if !by_share.is_empty() && !by_amount.is_empty() {
            let problem = format!("the parts of {parent:?} have shares and amounts.");
            return Err(nodes[parent]
                .wrong(problem)
                .with_hint("State all of them one way."));
        }
        let mut sum = Yuan::ZERO;
        for name in &by_amount {
            let amount = stated(nodes[name], name)?;
            sum = sum.plus(amount).map_err(|e| nodes[name].wrong(e))?;
            self.0.insert((*name).to_owned(), amount);
        }
        if by_share.is_empty() {
            return adds_up(nodes[parent], parent, (whole, sum));
        }
        let share = |name: &&str| nodes[name].number("share").unwrap_or(0);
        let shares: Vec<i64> = by_share.iter().map(share).collect();
        let all: i64 = shares.iter().sum();
        if all != 10_000 {
            let all = rust_decimal::Decimal::new(all, 4);
            let problem = format!("the shares of the parts of {parent:?} add up to {all}, not 1.");
            return Err(nodes[parent].wrong(problem));
        }
        let ratios = shares.into_iter().map(Ratio::from_ten_thousandths);
        let ratios: Vec<Ratio> = ratios.collect::<Result<_, _>>().map_err(wrong)?;
        let parts = share_by(whole, &ratios).map_err(wrong)?;
        for (name, amount) in by_share.iter().zip(parts) {
            self.0.insert((*name).to_owned(), amount);
        }
        Ok(())
    }
}

fn stated(row: &SheetRow, name: &str) -> Result<Yuan, Error> {
    if !row.has("amount") || row.has("share") {
        let problem = format!("the node {name:?} has no amount of its own.");
        let hint = "State an amount, or a share of a parent, and not both.";
        return Err(row.wrong(problem).with_hint(hint));
    }
    Ok(row.yuan("amount"))
}

fn adds_up(row: &SheetRow, parent: &str, (whole, sum): (Yuan, Yuan)) -> Result<(), Error> {
    if whole == sum {
        return Ok(());
    }
    let difference = whole.minus(sum).map_err(|e| row.wrong(e))?;
    let problem = format!(
        "the parts of {parent:?} add up to {sum} yuan; it has {whole}, a difference of \
         {difference}."
    );
    Err(row
        .wrong(problem)
        .with_hint("Correct the parts or the whole."))
}
