//! Runs a stage over all claims in parallel and hands its results on in row order.
//!
//! Input is cut into units (rows of one row group), output into chunks of a fixed number of rows
//! counted over all inputs. A chunk depends only on its rows, so neither the number of threads
//! nor how the input is cut can show in an output.

use crate::read::{ClaimFile, ClaimFiles, Unit};
use crate::{Error, Progress};
use arrow::array::RecordBatch;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// What is done with claims, batch by batch.
pub(crate) trait Stage: Sync {
    /// The state of one worker, which goes through units one after the other.
    type Worker<'s>: Worker<Rows = Self::Rows>
    where
        Self: 's;
    /// What some consecutive rows amount to.
    type Rows: Send;
    /// A whole chunk, ready to be written.
    type Encoded: Send;

    /// A worker for one thread.
    fn worker(&self) -> Self::Worker<'_>;

    /// The columns to read; `true` reads all of them.
    fn reads_everything(&self) -> bool {
        false
    }

    /// Joins two consecutive runs of rows.
    fn join(&self, earlier: &mut Self::Rows, later: Self::Rows);

    /// Turns the rows of a whole chunk into what is written.
    fn encode(&self, chunk: usize, rows: Self::Rows) -> Result<Self::Encoded, Error>;
}

/// One worker of a stage.
pub(crate) trait Worker {
    /// What some consecutive rows amount to.
    type Rows;

    /// Takes in a batch.
    fn load(&mut self, file: &ClaimFile, batch: RecordBatch) -> Result<(), Error>;

    /// Works on some rows of the batch; `first_row` is the number of the first one in the run.
    fn take(
        &mut self,
        span: Range<usize>,
        first_row: u64,
        rows: &mut Option<Self::Rows>,
    ) -> Result<(), Error>;

    /// Hands in what was gathered beside the rows, after the last unit.
    fn finish(&mut self) -> Result<(), Error> {
        Ok(())
    }
}

/// How a stage is run.
pub(crate) struct Run<'r> {
    pub(crate) files: &'r ClaimFiles,
    pub(crate) pool: &'r rayon::ThreadPool,
    pub(crate) chunk_rows: u64,
    pub(crate) progress: &'r dyn Progress,
}

impl Run<'_> {
    /// Runs the stage; `sink` gets every chunk, in order.
    pub(crate) fn stage<S: Stage>(
        &self,
        stage: &S,
        sink: impl FnMut(S::Encoded) -> Result<(), Error> + Send,
    ) -> Result<(), Error> {
        let job = Job {
            run: self,
            stage,
            pending: Mutex::new(BTreeMap::new()),
            order: InOrder::new(sink),
        };
        let units = &self.files.units;
        let work = |worker: &mut S::Worker<'_>, number: usize| job.unit(worker, &units[number]);
        in_turn(
            (self.pool, units.len()),
            || stage.worker(),
            work,
            |mut worker| worker.finish(),
        )
    }
}

/// Does numbered pieces of work on all threads, each begun in its turn; fails as the earliest
/// piece that failed. Each thread begins with a state of its own, and ends it after its last piece.
pub(crate) fn in_turn<W>(
    (pool, pieces): (&rayon::ThreadPool, usize),
    begin: impl Fn() -> W + Sync,
    work: impl Fn(&mut W, usize) -> Result<(), Error> + Sync,
    end: impl Fn(W) -> Result<(), Error> + Sync,
) -> Result<(), Error> {
    let next = AtomicUsize::new(0);
    let stopped = AtomicBool::new(false);
    let failure: Mutex<Option<(usize, Error)>> = Mutex::new(None);
    let fail = |number, error| {
        stopped.store(true, Ordering::Relaxed);
        let mut failure = failure.lock().expect("no worker panicked");
        let earlier = failure.as_ref().map(|(number, _)| *number);
        if earlier.is_none_or(|earlier| number < earlier) {
            *failure = Some((number, error));
        }
    };
    let worker = || {
        let mut state = begin();
        while !stopped.load(Ordering::Relaxed) {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= pieces {
                if let Err(error) = end(state) {
                    fail(pieces, error);
                }
                return;
            }
            if let Err(error) = work(&mut state, number) {
                fail(number, error);
            }
        }
    };
    pool.scope(|scope| {
        for _ in 0..pool.current_num_threads() {
            scope.spawn(|_| worker());
        }
    });
    match failure.into_inner().expect("no worker panicked") {
        Some((_, error)) => Err(error),
        None => Ok(()),
    }
}

/// Hands numbered things on in their order, whenever they come.
pub(crate) struct InOrder<T, F>(Mutex<Waiting<T, F>>);

struct Waiting<T, F> {
    next: usize,
    early: BTreeMap<usize, T>,
    sink: F,
}

impl<T, F: FnMut(T) -> Result<(), Error>> InOrder<T, F> {
    pub(crate) const fn new(sink: F) -> Self {
        Self(Mutex::new(Waiting {
            next: 0,
            early: BTreeMap::new(),
            sink,
        }))
    }

    /// Takes a thing; `sink` gets it when it has had all before it.
    pub(crate) fn put(&self, number: usize, thing: T) -> Result<(), Error> {
        let mut waiting = self.0.lock().expect("no worker panicked");
        waiting.early.insert(number, thing);
        loop {
            let next = waiting.next;
            let Some(thing) = waiting.early.remove(&next) else {
                return Ok(());
            };
            (waiting.sink)(thing)?;
            waiting.next += 1;
        }
    }
}

/// Rows of a chunk that have come so far, with the number of the first row of each part.
struct Pending<R> {
    rows: u64,
    parts: Vec<(u64, R)>,
}

struct Job<'j, S: Stage, F> {
    run: &'j Run<'j>,
    stage: &'j S,
    pending: Mutex<BTreeMap<u64, Pending<S::Rows>>>,
    order: InOrder<S::Encoded, F>,
}

impl<S: Stage, F: FnMut(S::Encoded) -> Result<(), Error> + Send> Job<'_, S, F> {
    fn unit(&self, worker: &mut S::Worker<'_>, unit: &Unit) -> Result<(), Error> {
        let file = &self.run.files.files[unit.file];
        let mut reader = file.read(unit, self.stage.reads_everything())?;
        let mut part = Part {
            first_row: unit.first_row,
            next_row: unit.first_row,
            rows: None,
        };
        while let Some(batch) = file.next_batch(&mut reader)? {
            self.run.progress.look()?;
            let rows = batch.num_rows();
            worker.load(file, batch)?;
            self.batch(worker, rows, &mut part)?;
            self.run.progress.advance(rows as u64);
        }
        if part.next_row != unit.first_row + unit.rows {
            return Err(file.broken(&"a row group ends early"));
        }
        self.submit(part)
    }

    fn batch(
        &self,
        worker: &mut S::Worker<'_>,
        rows: usize,
        part: &mut Part<S::Rows>,
    ) -> Result<(), Error> {
        let mut from = 0;
        while from < rows {
            let left_in_chunk = self.run.chunk_rows - part.next_row % self.run.chunk_rows;
            let take = usize::try_from(left_in_chunk)
                .unwrap_or(usize::MAX)
                .min(rows - from);
            worker.take(from..from + take, part.next_row, &mut part.rows)?;
            from += take;
            part.next_row += take as u64;
            if part.next_row.is_multiple_of(self.run.chunk_rows) {
                let next = Part {
                    first_row: part.next_row,
                    next_row: part.next_row,
                    rows: None,
                };
                self.submit(std::mem::replace(part, next))?;
            }
        }
        Ok(())
    }

    fn submit(&self, part: Part<S::Rows>) -> Result<(), Error> {
        let Some(rows) = part.rows else { return Ok(()) };
        let chunk = part.first_row / self.run.chunk_rows;
        let chunk_start = chunk * self.run.chunk_rows;
        let whole = self.run.chunk_rows.min(self.run.files.rows - chunk_start);
        let count = part.next_row - part.first_row;
        if count == whole {
            return self.finish(chunk, rows);
        }
        let complete = {
            let mut all = self.pending.lock().expect("no worker panicked");
            let pending = all.entry(chunk).or_insert(Pending {
                rows: 0,
                parts: Vec::new(),
            });
            pending.rows += count;
            pending.parts.push((part.first_row, rows));
            if pending.rows == whole {
                all.remove(&chunk)
            } else {
                None
            }
        };
        match complete {
            Some(pending) => self.finish(chunk, self.joined(pending.parts)),
            None => Ok(()),
        }
    }

    fn joined(&self, mut parts: Vec<(u64, S::Rows)>) -> S::Rows {
        parts.sort_by_key(|(first_row, _)| *first_row);
        let mut parts = parts.into_iter().map(|(_, rows)| rows);
        let mut all = parts.next().expect("a chunk has a first part");
        for later in parts {
            self.stage.join(&mut all, later);
        }
        all
    }

    fn finish(&self, chunk: u64, rows: S::Rows) -> Result<(), Error> {
        let chunk = usize::try_from(chunk).expect("fewer chunks than addresses");
        let encoded = self.stage.encode(chunk, rows)?;
        self.order.put(chunk, encoded)
    }
}

struct Part<R> {
    first_row: u64,
    next_row: u64,
    rows: Option<R>,
}
