//! What is written when the pools know what a point is worth.

use super::columns::{self, CaseNames};
use super::links::Adjustments;
use crate::table::{CHUNK_ROWS, Chunks, TableEncoder, TableWriter};
use crate::{Error, Progress};
use std::sync::atomic::{AtomicI64, Ordering};

/// What is known only after the first pass.
pub(super) struct Late {
    /// The points of the first pass, where other cases may have changed them.
    pub(super) points: Vec<i64>,
    pub(super) adjusted: Adjustments,
    pub(super) payments: Vec<AtomicI64>,
}

/// Writes the row groups of the first pass with what was found after it.
pub(super) fn append_late(
    writer: &mut TableWriter,
    (encoder, names): (&TableEncoder, &CaseNames),
    (chunks, late): (Vec<Chunks>, &Late),
    progress: &dyn Progress,
) -> Result<(), Error> {
    let rows = usize::try_from(CHUNK_ROWS).expect("a row group fits into memory");
    let parts = chunks.into_iter().enumerate();
    for ((number, encoded), paid) in parts.zip(late.payments.chunks(rows)) {
        if progress.is_interrupted() {
            return Err(Error::interrupted());
        }
        let first = number * rows;
        let mut columns = match late.points.get(first..first + paid.len()) {
            Some(points) => columns::link_columns(points, first as u64, &late.adjusted, names),
            None => Vec::new(),
        };
        let values = paid
            .iter()
            .map(|payment| Some(payment.load(Ordering::Relaxed)));
        columns.push(columns::decimals(values, &columns::MONEY));
        let late = encoder.encode(number, encoded.len(), &columns)?;
        writer.append(encoded.into_iter().chain(late))?;
        progress.advance(paid.len() as u64);
    }
    Ok(())
}
