//! Payment units of single cases (多元支付): new technologies and negotiated drugs, beside groups.
//!
//! A policy without such units reads no column for them. Where it has some, only the claims that
//! list something are looked at; what was found and decided about each is noted for traces, and
//! what is asked of the lines is settled at the barrier, line by line, against budgets of their
//! own.

mod audits;
mod book;
mod case;
mod columns;
mod history;
pub(crate) mod redo;
pub(crate) mod reports;
mod rules;
mod stay;
mod tcm;
pub(crate) mod totals;

pub(super) use audits::ItemAudits;
pub(crate) use book::{LineEntry, UnitNote, UnitSums, overrun};
pub(super) use book::{LineReport, audited, settle_lines};
pub(crate) use case::{CARVED_OUT, EFFECT};
pub(super) use case::{Change, Judged, UnitCase, UnitKey};
pub(super) use columns::{UnitColumns, UnitUse};
pub(crate) use history::{PastDrugs, TakenOut};
pub(crate) use rules::UnitRules;
pub(super) use stay::{NamedUnit, StayPricing, StayUnit};
pub(super) use tcm::FollowUps;
pub use totals::{UnitExample, UnitTotal, UnitTotals};

use super::setting::Setting;
use crate::Error;
use crate::manifest::OutputFile;
use drgdip_tables::policy::Line;
use std::path::Path;

/// The payment unit of what is registered as a new technology.
pub(crate) const NEW_TECHNOLOGY: &str = "new_technology";
/// The payment unit of negotiated drugs.
pub(crate) const NEGOTIATED: &str = "negotiated_drugs";

/// The key of the policy that says what becomes of claims above the budget of a line.
pub(crate) const fn overrun_key(line: Line) -> &'static str {
    match line {
        Line::NewTechnology => "unit.new_technology.overrun",
        Line::NegotiatedDrugs => "unit.negotiated_drugs.overrun",
        Line::BedDay => "unit.bed_day.overrun",
        Line::SingleDisease => "unit.single_disease.overrun",
        Line::Item => "unit.item.overrun",
        Line::TcmTail => "unit.tcm.overrun",
        _ => "unit.lines.surplus",
    }
}

/// The unit whose items a line pays.
pub(crate) const fn unit_of(line: Line) -> &'static str {
    line.code()
}

/// Writes the tables of lines and, where the policy has units of single cases, those about them.
pub(super) fn write(
    folder: &Path,
    setting: &Setting<'_>,
    (lines, totals): (&[LineReport], &UnitTotals),
    sums: &mut UnitSums,
) -> Result<Vec<OutputFile>, Error> {
    let mut outputs = vec![reports::lines(folder, setting, lines)?];
    if setting.unit_use.is_some() {
        outputs.push(reports::line_budgets(folder, setting, lines)?);
        if lines.iter().any(|line| !line.owed.is_empty()) {
            outputs.push(reports::line_debts(folder, setting, lines)?);
        }
        let notes = std::mem::take(&mut sums.notes);
        outputs.push(reports::notes(folder, setting, notes)?);
        outputs.push(totals::write(folder, &totals.by_pool)?);
    }
    Ok(outputs)
}
