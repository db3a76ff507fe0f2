//! How many threads fit into a bound on memory.

/// What a run takes before any thread works: the program, its tables, what is counted, and the parts
/// of temporary files that one thread works on while the others wait.
const BASE: u64 = 176 << 20;
/// What a thread takes: a chunk of rows with its pages, and up to 32 MiB of cases with half as
/// much again for their places while the cases of hospitals are sorted.
///
/// Both are above what was measured; the figures stand in `benches/README.md`.
const EACH: u64 = 64 << 20;

/// The least bound that a run can keep, in bytes: one thread.
pub const LEAST_MEMORY: u64 = BASE + EACH;

/// How many threads keep a run within so many bytes, at most as many as are asked for or as there
/// are cores.
///
/// What does not fit into memory is in temporary files whatever the bound is, so that memory goes
/// by threads and hardly by claims; what is left are counts of hospitals, groups and rare findings.
/// A history grows with its claims all the same: `weigh`, `catalogue` and `supervise` keep some bytes
/// of each, which no number of threads changes.
#[must_use]
pub fn threads_within(memory: u64, asked: Option<usize>) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    let fit = memory.saturating_sub(BASE) / EACH;
    let fit = usize::try_from(fit).unwrap_or(usize::MAX);
    asked.unwrap_or_else(cores).min(fit).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_go_by_memory_and_never_beyond_what_is_asked() {
        for (memory, asked, threads) in [
            (LEAST_MEMORY, 8, 1),
            (LEAST_MEMORY + EACH - 1, 8, 1),
            (LEAST_MEMORY + EACH, 8, 2),
            (256 << 20, 8, 1),
            (512 << 20, 8, 5),
            (512 << 20, 2, 2),
            (0, 8, 1),
        ] {
            assert_eq!(threads_within(memory, Some(asked)), threads, "{memory}");
        }
    }
}
