//! Turns the rows that people accepted into what the catalogue takes.

use crate::Error;
use crate::inputs::{Accepted, accepted};
use drgdip_calibrate::catalogue::{Decisions, Join, ProposalKind, Split};
use rust_decimal::Decimal;
use std::path::Path;

/// What people decided, and the file that says so.
#[derive(Default)]
pub(super) struct Decided {
    pub(super) decisions: Decisions,
    pub(super) file: Option<(String, String, u64)>,
}

impl Decided {
    pub(super) fn read(path: Option<&Path>) -> Result<Self, Error> {
        let mut decided = Self::default();
        if let Some(path) = path {
            let (rows, file) = accepted(path)?;
            for row in rows {
                decided.take(row)?;
            }
            decided.file = Some(file);
        }
        Ok(decided)
    }

    fn take(&mut self, row: Accepted) -> Result<(), Error> {
        let kind = ProposalKind::ALL
            .into_iter()
            .find(|kind| kind.word() == row.kind);
        let decisions = &mut self.decisions;
        match kind {
            Some(ProposalKind::Merge | ProposalKind::Reassign) => decisions.joins.push(Join {
                members: row.groups,
                into: row.value,
            }),
            Some(ProposalKind::Split) => decisions.splits.push(Split {
                group: one(&row)?,
                related: row.value.split('+').map(str::to_owned).collect(),
            }),
            Some(ProposalKind::Rename) => {
                let group = one(&row)?;
                let other = decisions.names.insert(group, row.value.clone());
                refuse_second(&row, other.is_some())?;
            }
            Some(ProposalKind::WeightChange) => {
                let (group, weight) = (one(&row)?, weight(&row)?);
                let other = decisions.weights.insert(group, weight);
                refuse_second(&row, other.is_some())?;
            }
            None => {
                let words = ProposalKind::ALL.map(ProposalKind::word).join(", ");
                let problem = format!(
                    "{:?} is no kind of proposal; write one of {words}.",
                    row.kind
                );
                return Err(Error::input(&row.place, problem));
            }
        }
        Ok(())
    }

    /// Why a history gives no catalogue.
    pub(super) fn cannot(&self, error: &drgdip_calibrate::Error) -> Error {
        use drgdip_calibrate::Error::{ChangedTwice, ChangesTakeAll, DecidedTwice, DecisionNames};
        let of_people = matches!(
            error,
            DecisionNames(_) | DecidedTwice(_) | ChangedTwice(_) | ChangesTakeAll
        );
        let place = match &self.file {
            Some((path, _, _)) if of_people => path,
            _ => "history",
        };
        Error::input(place, format!("no catalogue can be grown: {error}."))
    }
}

fn one(row: &Accepted) -> Result<String, Error> {
    match &row.groups[..] {
        [group] => Ok(group.clone()),
        groups => {
            let problem = format!("{} is about one group, not {}.", row.kind, groups.len());
            Err(Error::input(&row.place, problem))
        }
    }
}

fn refuse_second(row: &Accepted, is_second: bool) -> Result<(), Error> {
    match is_second {
        false => Ok(()),
        true => {
            let problem = format!(
                "{} has another {} before; keep one.",
                row.groups[0], row.kind
            );
            Err(Error::input(&row.place, problem))
        }
    }
}

/// A weight above zero with at most four decimals.
fn weight(row: &Accepted) -> Result<i64, Error> {
    let number = Decimal::from_str_exact(&row.value).ok();
    let places = number.filter(|number| number.normalize().scale() <= 4);
    let units = places.and_then(|number| {
        let mut number = number.normalize();
        number.rescale(4);
        i64::try_from(number.mantissa()).ok()
    });
    units.filter(|units| *units > 0).ok_or_else(|| {
        let problem = format!(
            "{:?} is no weight; write a number above 0 with at most four decimals.",
            row.value
        );
        Error::input(&row.place, problem)
    })
}
