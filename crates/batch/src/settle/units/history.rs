//! The cost of cases of the past without their negotiated drugs, as a settlement takes them out.
//!
//! Weights, catalogues, indices and candidates for groups are counted from that cost: a line pays
//! these drugs, and the weight of a group would pay them once more.
//!
//! Source: policies/units.md, negotiated drugs.

use super::case::Listed;
use super::columns::{UnitColumns, UnitUse};
use crate::Error;
use crate::read::{ClaimFile, Column, ColumnNeeds, MoneyCell, column_array};
use crate::settle::period::date_of;
use arrow::array::{Array, Date32Array, RecordBatch};
use drgdip_claims::Yuan;
use drgdip_tables::Policy;
use drgdip_tables::policy::{NegotiatedTerms, TechnologyRegistry};
use jiff::civil::Date;

/// The negotiated drugs of a policy, for cases of the past.
pub(crate) struct PastDrugs<'p> {
    registry: &'p TechnologyRegistry,
    /// The column of drugs, and that with what new technologies are known by.
    drugs: UnitUse,
    all: UnitUse,
    /// What the policy says of drugs from each day on, ascending.
    terms: Vec<(Date, Option<NegotiatedTerms>)>,
}

/// What was taken out of the cost of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TakenOut {
    /// The row in its batch.
    pub(crate) row: usize,
    pub(crate) fen: i64,
}

impl<'p> PastDrugs<'p> {
    /// The drugs that the policy has on a day, for cases of all days within their windows.
    ///
    /// A drug whose window is over by then is none of them: weights of this day pay it again, so
    /// that the whole history counts it. `None` where the policy has no such drugs.
    ///
    /// # Errors
    /// The policy states nothing on the day.
    pub(crate) fn known_on(policy: &'p Policy, day: Date) -> Result<Option<Self>, Error> {
        let terms = policy.at(day)?.units.negotiated;
        Ok(Self::new(policy, vec![(Date::MIN, terms)]))
    }

    /// The drugs that the policy has on the day of each case; `None` where it never has some.
    pub(crate) fn of_each_day(policy: &'p Policy) -> Option<Self> {
        let on = |day: Date| policy.at(day).ok().and_then(|terms| terms.units.negotiated);
        let terms = policy.changes().into_iter().map(|day| (day, on(day)));
        Self::new(policy, terms.collect())
    }

    fn new(policy: &'p Policy, terms: Vec<(Date, Option<NegotiatedTerms>)>) -> Option<Self> {
        let has_drugs = |terms: &NegotiatedTerms| !terms.drugs.is_empty();
        let mut stated = terms.iter().filter_map(|(_, terms)| terms.as_ref());
        stated.any(has_drugs).then(|| Self {
            registry: policy.new_technologies(),
            drugs: UnitUse::of_drugs(),
            all: UnitUse::of_drugs_and_technologies(policy),
            terms,
        })
    }

    /// The columns that are read where claims have them.
    pub(crate) fn columns(&self) -> ColumnNeeds {
        let mut optional = self.all.columns();
        optional.push(Column::DischargeDate);
        if self.all.looks_at_procedures() {
            optional.extend([Column::MainProcedure, Column::OtherProcedures]);
        }
        ColumnNeeds {
            required: Vec::new(),
            optional,
        }
    }

    /// Takes the drugs of each row out of its cost, as on the day of its discharge.
    ///
    /// Rows without a day or a cost above 0 stay as they are. A cost becomes unusable where a
    /// settlement would refuse the items. Rows come back in order.
    ///
    /// # Errors
    /// A file that cannot be read, and numbers that do not fit.
    pub(crate) fn take_out(
        &self,
        (file, batch): (&ClaimFile, &RecordBatch),
        costs: &mut [MoneyCell],
    ) -> Result<Vec<TakenOut>, Error> {
        let array = |column| column_array(batch, file.position(column, false));
        let (Some(_), Some(days)) = (array(Column::NegotiatedDrugs), array(Column::DischargeDate))
        else {
            return Ok(Vec::new());
        };
        let days = crate::read::dates(file, days)?;
        let read = |used| UnitColumns::read((file, batch), (used, self.registry), &days);
        let drugs = read(&self.drugs)?;
        let mut rows = drugs.rows();
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        rows.sort_unstable();
        let all = read(&self.all)?;
        let mut taken = Vec::new();
        for row in rows {
            let (MoneyCell::Fen(fen @ 1..), Some(day)) = (costs[row], day_at(&days, row)) else {
                continue;
            };
            costs[row] = self.left((fen, day), &all, row)?;
            if let MoneyCell::Fen(left) = costs[row]
                && left < fen
            {
                let fen = fen - left;
                taken.push(TakenOut { row, fen });
            }
        }
        Ok(taken)
    }

    fn left(
        &self,
        (fen, day): (i64, Date),
        columns: &UnitColumns,
        row: usize,
    ) -> Result<MoneyCell, Error> {
        let after = self.terms.partition_point(|(from, _)| *from <= day);
        let terms = after.checked_sub(1).map(|place| &self.terms[place].1);
        let (Some(Some(terms)), Some(facts)) = (terms, columns.row(row)) else {
            return Ok(MoneyCell::Fen(fen));
        };
        let listed = Listed {
            facts,
            registry: self.registry,
            terms: Some(terms),
            day,
        };
        let divided = listed.divided(Yuan::from_fen(fen), &mut Vec::new());
        let divided = divided.map_err(|e| Error::input("history", e))?;
        Ok(divided.map_or(MoneyCell::Unusable, |(_, cost)| MoneyCell::Fen(cost.fen())))
    }
}

fn day_at(days: &Date32Array, row: usize) -> Option<Date> {
    let day = days.is_valid(row).then(|| days.value(row))?;
    date_of(day)
}
