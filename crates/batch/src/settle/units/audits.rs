//! What audits take off single cases that are paid by item (审核扣减).

use crate::Error;
use crate::inputs::{InputTable, Inputs};
use crate::settle::conduct::{ByAccount, is_audited_in};
use crate::settle::ledger::Account;
use crate::settle::period::Period;
use drgdip_claims::{MoneyError, Yuan};
use std::collections::HashMap;

/// What audits say of single cases, and what of it was taken off them.
#[derive(Debug, Default)]
pub(in crate::settle) struct ItemAudits {
    stated: HashMap<String, Vec<Stated>>,
    taken: ByAccount<Yuan>,
}

/// A row of the audits that names a case.
#[derive(Debug)]
struct Stated {
    hospital_id: String,
    pool: Option<String>,
    amount: Yuan,
}

/// What an audit took off a case that is paid by item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Audited {
    pub(super) row: u64,
    pub(super) account: Account,
    pub(super) amount: Yuan,
}

impl ItemAudits {
    /// The audits of a period that name a case.
    pub(in crate::settle) fn new(inputs: &Inputs, period: &Period) -> Self {
        let mut stated: HashMap<String, Vec<Stated>> = HashMap::new();
        for row in inputs.rows(InputTable::Audits) {
            let Some(case_id) = row.text("case_id") else {
                continue;
            };
            if is_audited_in(period, row.text("period")) {
                stated.entry(case_id.to_owned()).or_default().push(Stated {
                    hospital_id: row.required("hospital_id").to_owned(),
                    pool: row.text("pool").map(str::to_owned),
                    amount: row.yuan("amount"),
                });
            }
        }
        let taken = ByAccount::new();
        Self { stated, taken }
    }

    /// What audits take off a case of a hospital; a row about another hospital or pool does not.
    ///
    /// # Errors
    /// A sum that does not fit.
    pub(in crate::settle) fn of(
        &self,
        case_id: &str,
        (pool, hospital_id): (&str, &str),
    ) -> Result<Yuan, MoneyError> {
        let rows = self.stated.get(case_id).into_iter().flatten();
        let is_meant = |row: &&Stated| {
            row.hospital_id == hospital_id && row.pool.as_deref().is_none_or(|own| own == pool)
        };
        Yuan::total(rows.filter(is_meant).map(|row| row.amount))
    }

    /// Books what was taken off cases, which is then not taken off their hospitals again.
    ///
    /// # Errors
    /// A sum that does not fit.
    pub(in crate::settle) fn book(
        &mut self,
        taken: impl Iterator<Item = ((String, String), Yuan)>,
    ) -> Result<(), Error> {
        for (key, amount) in taken {
            let sum = self.taken.entry(key).or_default();
            let new = sum.plus(amount);
            *sum = new.map_err(|e| Error::input(InputTable::Audits.stem(), e))?;
        }
        Ok(())
    }

    /// What was taken off cases, by pool and hospital.
    pub(in crate::settle) const fn taken(&self) -> &ByAccount<Yuan> {
        &self.taken
    }
}
