//! What is written when the pools know what a point is worth.

use super::columns::{self, CaseNames};
use super::links::Adjustments;
use super::payments::Payments;
use super::point_file::PointFile;
use crate::Error;
use crate::run::{InOrder, Run, in_turn};
use crate::table::{CHUNK_ROWS, Chunks, TableEncoder, TableWriter, chunk_len};
use arrow::array::ArrayRef;

/// What is known only after the first pass.
pub(super) struct Late<'l> {
    /// The points of the first pass, where other cases may have changed them.
    pub(super) points: Option<PointFile>,
    pub(super) adjusted: &'l Adjustments,
    pub(super) payments: Payments,
}

/// Writes the row groups of the first pass with what was found after it.
///
/// All threads encode; whoever ends a row group that is next writes it.
pub(super) fn append_late(
    run: &Run<'_>,
    writer: &mut TableWriter,
    (encoder, names): (&TableEncoder, &CaseNames),
    (chunks, late): (Vec<Chunks>, &Late<'_>),
) -> Result<(), Error> {
    let rows = chunk_len();
    let first_column = chunks.first().map_or(0, Vec::len);
    let mut chunks = chunks.into_iter();
    let order = InOrder::new(|late: Chunks| {
        let early = chunks.next().expect("every row group had a first pass");
        writer.append(early.into_iter().chain(late))
    });
    let write = |(): &mut (), part| {
        let first_row = late.payments.rows_of(part).start;
        let payments = late.payments.of_part(part)?;
        for (paid, number) in payments.chunks(rows).zip(0..) {
            run.progress.look()?;
            let first_row = first_row + number * CHUNK_ROWS;
            let columns = late.columns(first_row, paid, names)?;
            let number = usize::try_from(first_row / CHUNK_ROWS).expect("fewer than addresses");
            order.put(number, encoder.encode(number, first_column, &columns)?)?;
            run.progress.advance(paid.len() as u64);
        }
        Ok(())
    };
    in_turn((run.pool, late.payments.parts()), || (), write, Ok)
}

impl Late<'_> {
    /// The columns of consecutive rows that the first pass left out.
    fn columns(
        &self,
        first_row: u64,
        paid: &[i64],
        names: &CaseNames,
    ) -> Result<Vec<Vec<ArrayRef>>, Error> {
        let mut all = Vec::new();
        if let Some(points) = &self.points {
            let points = points.read(first_row, paid.len())?;
            all = columns::link_columns(points, first_row, self.adjusted, names);
        }
        all.push(columns::all_decimals(paid.to_vec(), &columns::MONEY));
        Ok(all)
    }
}
