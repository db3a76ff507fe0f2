//! Who may stop a computation that takes seconds.

use crate::Error;

/// How many items are sorted, or gone through, between two questions: some hundredths of a second.
const PIECE: usize = 1 << 17;

/// What a computation asks, several times a second, whether it is to stop.
///
/// Only the caller knows of a user who asks for it; here it is a question, so that nothing of this
/// crate depends on who answers it.
#[derive(Clone, Copy)]
pub struct Watch<'w>(&'w dyn Fn() -> bool);

impl<'w> Watch<'w> {
    /// A computation that goes on to its end.
    pub const NEVER: Watch<'static> = Watch(&|| false);

    /// Stops once `is_stopped` says so.
    pub const fn new(is_stopped: &'w dyn Fn() -> bool) -> Self {
        Self(is_stopped)
    }

    /// Fails where the computation is to stop.
    pub(crate) fn ask(self) -> Result<(), Error> {
        match (self.0)() {
            true => Err(Error::Interrupted),
            false => Ok(()),
        }
    }

    /// Cuts items into pieces and asks before each of them.
    pub(crate) fn pieces<T>(self, items: &[T]) -> impl Iterator<Item = Result<&[T], Error>> {
        items
            .chunks(PIECE)
            .map(move |piece| self.ask().map(|()| piece))
    }

    /// Sorts by a key; items that are in order already cost one look.
    pub(crate) fn sort_by_key<T, K: Ord>(
        self,
        items: &mut [T],
        key: impl Fn(&T) -> K,
    ) -> Result<(), Error> {
        match items.is_sorted_by_key(&key) {
            true => self.ask(),
            false => self.halve(items, &key),
        }
    }

    /// Puts the lower half of the items before the upper one until a piece is small enough to be
    /// sorted at once.
    fn halve<T, K: Ord>(self, items: &mut [T], key: &impl Fn(&T) -> K) -> Result<(), Error> {
        self.ask()?;
        if items.len() <= PIECE {
            items.sort_unstable_by_key(key);
            return Ok(());
        }
        let middle = items.len() / 2;
        let (lower, _, upper) = items.select_nth_unstable_by_key(middle, key);
        self.halve(lower, key)?;
        self.halve(upper, key)
    }
}

#[cfg(test)]
#[expect(
    clippy::arithmetic_side_effects,
    reason = "a test that overflows fails"
)]
mod tests {
    use super::*;
    use std::cell::Cell;

    fn strewn(items: u64) -> Vec<u64> {
        (0..items).map(|n| n.wrapping_mul(7_919) % items).collect()
    }

    #[test]
    fn items_are_sorted_and_the_question_comes_with_every_piece() {
        let items = 1_000_003;
        let asked = Cell::new(0_usize);
        let ask = || {
            asked.set(asked.get() + 1);
            false
        };
        let mut sorted = strewn(items);
        let watch = Watch::new(&ask);
        watch.sort_by_key(&mut sorted, |n| *n).expect("sorted");
        assert_eq!(sorted, (0..items).collect::<Vec<_>>());
        assert!(asked.get() >= sorted.len() / PIECE, "{}", asked.get());
        let before = asked.get();
        watch.sort_by_key(&mut sorted, |n| *n).expect("sorted");
        assert_eq!(asked.get(), before + 1, "what is in order is left alone");
    }

    #[test]
    fn a_sort_stops_where_it_is_told() {
        for stop in 0..6 {
            let asked = Cell::new(0);
            let ask = || asked.replace(asked.get() + 1) == stop;
            let mut items = strewn(1_000_003);
            let stopped = Watch::new(&ask).sort_by_key(&mut items, |n| *n);
            assert_eq!(stopped, Err(Error::Interrupted));
            assert_eq!(asked.get(), stop + 1, "nothing is asked after the answer");
        }
    }
}
