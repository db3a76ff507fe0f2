//! 费用: whether the amounts of a claim fit each other.

use super::{Amount, Facts, Findings};
use crate::{Rule, Yuan};

/// The amounts of a claim with their columns.
const fn stated(facts: &Facts<'_>) -> [(&'static str, Amount); 7] {
    [
        ("total_cost", facts.total),
        ("drug_cost", facts.drugs),
        ("consumable_cost", facts.consumables),
        ("service_cost", facts.services),
        ("fund_paid", facts.fund),
        ("other_funds_paid", facts.other_funds),
        ("patient_paid", facts.patient),
    ]
}

/// Checks the amounts of one claim.
pub(super) fn amounts(facts: &Facts<'_>, found: &mut Findings<'_>) {
    let limits = found.asked.limits;
    if let Some(total) = facts.total.fen() {
        let parts = [facts.drugs, facts.consumables, facts.services];
        let sum = sum_of(parts.iter().filter_map(|part| part.fen()));
        if sum > i128::from(total).saturating_add(i128::from(limits.tolerance_fen)) {
            found.say(Rule::PartsExceedTotal, || yuan(total));
        }
        payers(facts, total, found);
    }
    for (column, amount) in stated(facts) {
        match amount {
            Amount::Fen(fen) if fen < 0 => {
                found.say_of(Rule::AmountNegative, column, || yuan(fen));
            }
            Amount::Unusable => found.say_of(Rule::AmountUnusable, column, String::new),
            Amount::Absent | Amount::Fen(_) => {}
        }
    }
    if let Some(total) = facts.total.fen().filter(|total| *total > 0) {
        for (column, part) in &stated(facts)[1..3] {
            let part = part.fen().unwrap_or(0);
            let share = i128::from(part).saturating_mul(10_000);
            if share > i128::from(total).saturating_mul(i128::from(limits.share_above)) {
                found.say_of(Rule::DrugShareHigh, column, || yuan(part));
            }
        }
    }
}

/// Who paid what must add up to the total, where the claim states all of them.
fn payers(facts: &Facts<'_>, total: i64, found: &mut Findings<'_>) {
    let payers = [facts.fund, facts.other_funds, facts.patient];
    if payers.iter().any(|payer| payer.fen().is_none()) {
        return;
    }
    let paid = sum_of(payers.iter().filter_map(|payer| payer.fen()));
    let difference = paid.saturating_sub(i128::from(total)).saturating_abs();
    if difference > i128::from(found.asked.limits.tolerance_fen) {
        found.say(Rule::PayersDiffer, || yuan(total));
    }
}

/// A handful of amounts of 64 bits cannot exceed 128 bits.
fn sum_of(amounts: impl Iterator<Item = i64>) -> i128 {
    amounts.fold(0, |sum, fen| sum.saturating_add(i128::from(fen)))
}

fn yuan(fen: i64) -> String {
    Yuan::from_fen(fen).to_string()
}
