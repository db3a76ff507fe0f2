//! How fast a stage goes, and when it will be done.

use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// The pace of the stage that goes on.
pub(super) struct Pace {
    name: String,
    rows: Option<u64>,
    done: u64,
    started: Instant,
    told: Instant,
}

/// How far a stage is.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Now {
    name: String,
    rows: Option<u64>,
    done: u64,
    per_second: u64,
    /// Seconds until it is done, where that can be said.
    left: Option<u64>,
}

impl Default for Pace {
    fn default() -> Self {
        Self::new("", None)
    }
}

impl Pace {
    pub(super) fn new(name: &str, rows: Option<u64>) -> Self {
        let now = Instant::now();
        Self {
            name: name.to_owned(),
            rows,
            done: 0,
            started: now,
            told: now,
        }
    }

    /// Counts rows; says how far the stage is where the last time is so long ago.
    pub(super) fn advance(&mut self, rows: u64, every: Duration) -> Option<Now> {
        self.done += rows;
        if self.told.elapsed() < every {
            return None;
        }
        self.told = Instant::now();
        Some(self.after(self.started.elapsed()))
    }

    fn after(&self, passed: Duration) -> Now {
        let millis = passed.as_millis().max(1);
        let per_second = u128::from(self.done) * 1_000 / millis;
        let per_second = u64::try_from(per_second).unwrap_or(u64::MAX);
        let left = self.rows.map(|rows| rows.saturating_sub(self.done));
        Now {
            name: self.name.clone(),
            rows: self.rows,
            done: self.done,
            per_second,
            left: left
                .filter(|_| per_second > 0)
                .map(|left| left / per_second),
        }
    }
}

impl Now {
    pub(super) fn json(&self) -> Value {
        json!({
            "event": "progress",
            "stage": self.name,
            "done": self.done,
            "rows": self.rows,
            "rows_per_second": self.per_second,
            "seconds_left": self.left,
        })
    }

    pub(super) fn text(&self) -> String {
        let of = self
            .rows
            .map_or_else(String::new, |rows| format!(" of {rows}"));
        let left = self
            .left
            .map_or_else(String::new, |left| format!(", {left} s left"));
        let (name, done, rate) = (&self.name, self.done, self.per_second);
        format!("{name}: {done}{of} rows, {rate} a second{left}")
    }
}

/// The most memory that the process has had so far, in bytes, where the system says it.
pub(super) fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_says_how_far_how_fast_and_how_long() {
        let mut pace = Pace::new("group", Some(1_000));
        assert_eq!(pace.advance(200, Duration::from_secs(3_600)), None);
        let now = pace.after(Duration::from_secs(4));
        assert_eq!(
            now.text(),
            "group: 200 of 1000 rows, 50 a second, 16 s left"
        );
        assert_eq!(now.json()["seconds_left"], 16);
        let open = Pace::new("read", None).after(Duration::from_secs(1));
        assert_eq!(open.text(), "read: 0 rows, 0 a second");
    }

    #[test]
    fn a_stage_is_told_when_the_last_time_is_long_ago() {
        let mut pace = Pace::new("group", Some(10));
        let now = pace.advance(10, Duration::ZERO).unwrap();
        assert_eq!((now.done, now.rows), (10, Some(10)));
    }
}
