//! What lines with budgets of their own pay a hospital, beside its points.

use super::line::{Line, Section};
use crate::settle::ledger::Account;
use crate::settle::units::{LineReport, overrun_key};
use crate::{Class, Error};
use drgdip_claims::Yuan;
use std::collections::BTreeMap;

/// The lines of every hospital that cases have something on, by pool and hospital.
pub(super) fn beside(reports: &[LineReport]) -> Result<BTreeMap<Account, Vec<Line>>, Error> {
    let mut found: BTreeMap<Account, Vec<Line>> = BTreeMap::new();
    for report in reports {
        let mut sums: BTreeMap<Account, (u64, Yuan, Yuan)> = BTreeMap::new();
        for (entry, paid) in report.entries.iter().zip(&report.settled.paid) {
            let sum = sums.entry(entry.account).or_default();
            sum.0 += 1;
            sum.1 = sum.1.plus(entry.asked).map_err(overflow)?;
            sum.2 = sum.2.plus(*paid).map_err(overflow)?;
        }
        let code = report.settled.line.code();
        for (account, (cases, asked, paid)) in sums {
            let text = format!(
                "申请 asked {asked}; 单列预算 budget {} + 储备补足 supplement {}, 全部支付 paid to all {}",
                report.budget,
                report.settled.supplement,
                Yuan::total(report.settled.paid.iter().copied()).map_err(overflow)?
            );
            let mut line = Line::new(Section::Lines, format!("单列支付 {code}"))
                .cases(cases)
                .amount(paid)
                .arithmetic(text);
            line.keys = vec![overrun_key(report.settled.line), "unit.lines.surplus"];
            found.entry(account).or_default().push(line);
        }
    }
    Ok(found)
}

fn overflow(error: drgdip_claims::MoneyError) -> Error {
    Error::new(Class::Reconcile, "lines", error, "")
}
