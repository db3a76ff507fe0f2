//! The codes and practices of a history, numbered by all workers together and sorted in the end.

use super::base::{Treated, begins};
use drgdip_calibrate::catalogue::{Practice, TreatedCase};
use std::collections::{HashMap, HashSet};
use std::sync::Mutex;

/// The codes and practices that were met so far.
#[derive(Default)]
pub(super) struct Book(Mutex<Entries>);

#[derive(Default)]
struct Entries {
    codes: HashMap<String, u32>,
    practices: HashMap<Practice, u32>,
}

impl Entries {
    fn code(&mut self, text: &str) -> u32 {
        let next = u32::try_from(self.codes.len()).expect("fewer than 2^32 codes");
        match self.codes.get(text) {
            Some(number) => *number,
            None => *self.codes.entry(text.to_owned()).or_insert(next),
        }
    }
}

/// The codes and practices in their final order.
pub(super) struct Sorted {
    pub(super) codes: Vec<String>,
    pub(super) practices: Vec<Practice>,
    /// By the number that a practice was given first, the final one.
    numbers: Vec<u32>,
}

impl Book {
    /// The number of a practice.
    pub(super) fn practice(&self, principal: &str, treated: &Treated<'_>) -> u32 {
        let mut entries = self.0.lock().expect("no worker panicked");
        let diagnosis = begins(principal, 5).map(|code| entries.code(code));
        let category = begins(principal, 3).map(|code| entries.code(code));
        let main = treated.main.map(|code| entries.code(code));
        let related: HashSet<u32> = treated.related.iter().map(|c| entries.code(c)).collect();
        let mut related: Vec<u32> = related.into_iter().collect();
        related.sort_unstable();
        let practice = Practice {
            diagnosis,
            category,
            main,
            related: related.into(),
            class: treated.class,
        };
        let next = u32::try_from(entries.practices.len()).expect("fewer than 2^32 practices");
        *entries.practices.entry(practice).or_insert(next)
    }

    /// Puts everything into an order that does not depend on who came first.
    pub(super) fn sorted(self) -> Sorted {
        let entries = self.0.into_inner().expect("no worker panicked");
        let mut codes: Vec<(String, u32)> = entries.codes.into_iter().collect();
        codes.sort_unstable();
        let mut final_code = vec![0; codes.len()];
        for (number, (_, old)) in (0..).zip(&codes) {
            final_code[*old as usize] = number;
        }
        let of = |old: u32| final_code[old as usize];
        let renumbered = |(mut practice, old): (Practice, u32)| {
            practice.diagnosis = practice.diagnosis.map(of);
            practice.category = practice.category.map(of);
            practice.main = practice.main.map(of);
            for code in &mut practice.related {
                *code = of(*code);
            }
            practice.related.sort_unstable();
            (practice, old)
        };
        let mut practices: Vec<(Practice, u32)> =
            entries.practices.into_iter().map(renumbered).collect();
        practices.sort_unstable();
        let mut numbers = vec![0; practices.len()];
        for (number, (_, old)) in (0..).zip(&practices) {
            numbers[*old as usize] = number;
        }
        Sorted {
            codes: codes.into_iter().map(|(code, _)| code).collect(),
            practices: practices
                .into_iter()
                .map(|(practice, _)| practice)
                .collect(),
            numbers,
        }
    }
}

impl Sorted {
    /// Gives cases the final numbers, and counts the claims of each practice: the cases and the
    /// rows that cannot be used.
    pub(super) fn renumber(&self, cases: &mut [TreatedCase], unusable: &[u32]) -> Vec<u64> {
        let mut claims = vec![0; self.practices.len()];
        for case in cases {
            case.practice = self.numbers[case.practice as usize];
            claims[case.practice as usize] += 1;
        }
        for practice in unusable {
            claims[self.numbers[*practice as usize] as usize] += 1;
        }
        claims
    }
}
