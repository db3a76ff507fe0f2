//! Sorting many cases on all threads, with looks at whether the user wants to stop.

use crate::{Error, Progress};

/// How many cases are sorted between two looks: some hundredths of a second.
const PIECE: usize = 1 << 17;

/// Sorts by a key on the threads of the pool that it is called in.
///
/// # Errors
/// An interruption, which leaves the items in some order.
pub(crate) fn sort_watched<T: Send, K: Ord>(
    items: &mut [T],
    key: &(impl Fn(&T) -> K + Sync),
    progress: &dyn Progress,
) -> Result<(), Error> {
    progress.look()?;
    if items.len() <= PIECE {
        items.sort_unstable_by_key(key);
        return Ok(());
    }
    let middle = items.len() / 2;
    let (lower, _, upper) = items.select_nth_unstable_by_key(middle, key);
    let (lower, upper) = rayon::join(
        || sort_watched(lower, key, progress),
        || sort_watched(upper, key, progress),
    );
    lower.and(upper)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Silent;

    #[test]
    fn more_than_a_piece_is_sorted() {
        let items = 3 * PIECE + 1;
        let mut strewn: Vec<usize> = (0..items).map(|n| n * 7_919 % items).collect();
        sort_watched(&mut strewn, &|n| *n, &Silent).unwrap();
        assert_eq!(strewn, (0..items).collect::<Vec<_>>());
    }
}
