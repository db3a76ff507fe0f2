//! Negotiated innovative drugs on a budget of their own (谈判创新药单列预算).

use super::{AMOUNT, CostItem, LinePart, not_negative};
use crate::exact::{divide, product};
use crate::{Error, Ratio, Rounding};
use drgdip_claims::Yuan;
use drgdip_tables::policy::Line;

/// A drug, consumable or service of a claim, with what it cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodedItem {
    /// The code, as the claim writes it.
    pub code: String,
    /// What it cost, zero or more.
    pub cost: Yuan,
}

/// `C' = C − Σ negotiated`: the cost that ratios, indices and means see.
///
/// Source: `policies/units.md`, Negotiated drugs. Errors: an item below zero, or more drugs than
/// the case cost.
pub fn cost_without(total_cost: Yuan, drugs: &[CodedItem]) -> Result<Yuan, Error> {
    for drug in drugs {
        not_negative(drug.cost)?;
    }
    let left = total_cost.minus(Yuan::total(drugs.iter().map(|drug| drug.cost))?)?;
    if left.is_negative() {
        return Err(Error::ItemsAboveCost(total_cost));
    }
    Ok(left)
}

/// What the line pays for the negotiated drugs of a case: `amount × ratio`, each rounded once.
///
/// The rest of the amount is the patient's. `None` where the case has no such drug. Source:
/// `policies/units.md`, Negotiated drugs. Errors: an item below zero, or a number that does not
/// fit.
pub fn drugs_on_line(
    drugs: &[CodedItem],
    fund_share: Ratio,
    rounding: Rounding,
) -> Result<Option<LinePart>, Error> {
    if drugs.is_empty() {
        return Ok(None);
    }
    let pay = |drug: &CodedItem| {
        let fen = i128::from(not_negative(drug.cost)?.fen());
        let exact = product(fen, i128::from(fund_share.millionths()), AMOUNT)?;
        Ok::<_, Error>(Yuan::try_from_fen(divide(exact, 1_000_000, rounding)?)?)
    };
    let paid: Vec<Yuan> = drugs.iter().map(pay).collect::<Result<_, _>>()?;
    Ok(Some(LinePart {
        line: Line::NegotiatedDrugs,
        amount: Yuan::total(paid)?,
        items: drugs
            .iter()
            .map(|drug| CostItem::Item(drug.code.clone()))
            .collect(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drug(code: &str, yuan: &str) -> CodedItem {
        CodedItem {
            code: code.to_owned(),
            cost: yuan.parse().unwrap(),
        }
    }

    #[test]
    fn the_cost_of_a_case_is_seen_without_its_negotiated_drugs() {
        let cost = |total: &str, drugs: &[CodedItem]| cost_without(total.parse().unwrap(), drugs);
        let drugs = [drug("a", "12000.00"), drug("b", "0.50")];
        assert_eq!(cost("20000.00", &drugs).unwrap().to_string(), "7999.50");
        assert_eq!(cost("20000.00", &[]).unwrap().to_string(), "20000.00");
        assert_eq!(
            cost("12000.00", &drugs).unwrap_err().to_string(),
            "the items of a case cost more than the 12000.00 yuan of the whole case; correct the \
             claim"
        );
    }

    #[test]
    fn the_line_pays_each_drug_by_the_ratio_to_the_fen() {
        let drugs = [drug("a", "0.05"), drug("b", "0.05")];
        let ratio = "0.7".parse().unwrap();
        let part = drugs_on_line(&drugs, ratio, Rounding::HalfAwayFromZero).unwrap();
        let part = part.unwrap();
        assert_eq!(part.amount.to_string(), "0.08");
        assert_eq!(part.items.len(), 2);
        let down = drugs_on_line(&drugs, ratio, Rounding::Down).unwrap();
        assert_eq!(down.unwrap().amount.to_string(), "0.06");
        assert_eq!(drugs_on_line(&[], ratio, Rounding::Down), Ok(None));
    }
}
