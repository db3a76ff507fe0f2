//! How far a run is, on standard error: a bar on a terminal, plain lines otherwise, or a JSON
//! object a line.

mod pace;

use crate::args::LogForm;
use drgdip_batch::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use pace::{Pace, peak_memory};
use serde_json::{Value, json};
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Set when the user asks to stop.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// How often lines say how far a run is.
const LINE_EVERY: Duration = Duration::from_secs(10);
const JSON_EVERY: Duration = Duration::from_secs(1);

/// Progress for a person, and the ear for Ctrl-C.
pub(crate) struct Reporter {
    mode: Mode,
    started: Instant,
    bar: Mutex<ProgressBar>,
    pace: Mutex<Pace>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// Only errors are told.
    Quiet,
    /// A line when a stage begins, and now and then how far it is.
    Lines,
    /// A bar that is drawn again and again.
    Bars,
    /// A JSON object for everything that lines say.
    Json,
}

/// What became of the claims of a run.
pub(crate) struct RunCounts<'a> {
    pub(crate) command: &'static str,
    /// What was written.
    pub(crate) output: &'a Path,
    /// All rows, with those that could not be read.
    pub(crate) rows_in: u64,
    /// `None` where the command groups nothing.
    pub(crate) grouped: Option<u64>,
    /// Rows that were not grouped, not paid, or sent back.
    pub(crate) rejected: u64,
    pub(crate) quarantined: u64,
}

/// Begins to listen for Ctrl-C and says how progress is told.
pub(crate) fn start(is_quiet: bool, form: LogForm) -> Reporter {
    // Without a handler Ctrl-C ends the process at once, which loses no output either: whatever
    // is written stands beside its place until it is whole.
    let _ = ctrlc::set_handler(|| {
        if INTERRUPTED.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    });
    let mode = match (is_quiet, form, io::stderr().is_terminal()) {
        (true, _, _) => Mode::Quiet,
        (false, LogForm::Json, _) => Mode::Json,
        (false, LogForm::Text, true) => Mode::Bars,
        (false, LogForm::Text, false) => Mode::Lines,
    };
    Reporter {
        mode,
        started: Instant::now(),
        bar: Mutex::new(ProgressBar::hidden()),
        pace: Mutex::new(Pace::default()),
    }
}

impl Reporter {
    /// Takes the bar away, so that it does not run into other text.
    pub(crate) fn finish(&self) {
        self.replace(ProgressBar::hidden());
    }

    /// Whether events are told as JSON.
    pub(crate) fn logs_json(&self) -> bool {
        self.mode == Mode::Json
    }

    /// Tells an event as JSON.
    pub(crate) fn log(&self, event: &Value) {
        self.line(&event.to_string());
    }

    /// Tells at the end of a run what it did, with its tables, and what it wrote; a JSON log only
    /// has the latter, since its summary and the files have the numbers.
    pub(crate) fn report(&self, text: &str, output: &Path) {
        match self.mode {
            Mode::Json => {
                let output = output.display().to_string();
                self.log(&json!({ "event": "wrote", "output": output }));
            }
            _ => self.note(text),
        }
    }

    /// Says at the end of a run what became of its claims, how fast, and with how much memory.
    pub(crate) fn summary(&self, counts: &RunCounts<'_>) {
        let seconds = self.started.elapsed().as_secs_f64();
        // A rate for people; no amount and no output goes by it.
        let rate = (counts.rows_in as f64 / seconds.max(1e-3)) as u64;
        let memory = peak_memory();
        match self.mode {
            Mode::Quiet => {}
            Mode::Json => {
                let mut event = json!({
                    "event": "summary",
                    "command": counts.command,
                    "output": counts.output.display().to_string(),
                    "rows_in": counts.rows_in,
                    "rejected": counts.rejected,
                    "quarantined": counts.quarantined,
                    "seconds": (seconds * 1000.0).round() / 1000.0,
                    "rows_per_second": rate,
                    "peak_memory_bytes": memory,
                });
                if let Some(grouped) = counts.grouped {
                    event["grouped"] = json!(grouped);
                }
                self.log(&event);
            }
            Mode::Lines | Mode::Bars => {
                let memory = memory.map_or_else(String::new, |bytes| {
                    format!(", 内存峰值 peak memory {} MiB", bytes >> 20)
                });
                self.note(&format!(
                    "用时 {seconds:.1} s, 每秒 {rate} 行 rows a second{memory}"
                ));
            }
        }
    }

    fn replace(&self, next: ProgressBar) {
        if let Ok(mut bar) = self.bar.lock() {
            bar.finish_and_clear();
            *bar = next;
        }
    }

    fn line(&self, text: &str) {
        // Progress that nobody can read is no reason to stop a run.
        let _ = writeln!(io::stderr(), "{}", crate::out::printable(text));
    }

    /// Counts rows, and says now and then how far the stage is.
    fn paced(&self, rows: u64, every: Duration) {
        let Ok(mut pace) = self.pace.lock() else {
            return;
        };
        let Some(now) = pace.advance(rows, every) else {
            return;
        };
        match self.mode {
            Mode::Json => self.log(&now.json()),
            _ => self.line(&now.text()),
        }
    }
}

impl Progress for Reporter {
    fn stage(&self, name: &str, rows: Option<u64>) {
        if let Ok(mut pace) = self.pace.lock() {
            *pace = Pace::new(name, rows);
        }
        match self.mode {
            Mode::Quiet => {}
            Mode::Json => self.log(&json!({ "event": "stage", "name": name, "rows": rows })),
            Mode::Lines => self.line(&match rows {
                Some(rows) => format!("{name}: {rows} rows"),
                None => name.to_owned(),
            }),
            Mode::Bars => self.replace(bar(name, rows)),
        }
    }

    fn advance(&self, rows: u64) {
        match self.mode {
            Mode::Quiet => {}
            Mode::Lines => self.paced(rows, LINE_EVERY),
            Mode::Json => self.paced(rows, JSON_EVERY),
            Mode::Bars => {
                if let Ok(bar) = self.bar.lock() {
                    bar.inc(rows);
                }
            }
        }
    }

    fn note(&self, text: &str) {
        match self.mode {
            Mode::Quiet => {}
            Mode::Lines => self.line(text),
            Mode::Json => self.log(&json!({ "event": "note", "text": text })),
            Mode::Bars => {
                if let Ok(bar) = self.bar.lock() {
                    bar.suspend(|| self.line(text));
                }
            }
        }
    }

    fn is_interrupted(&self) -> bool {
        INTERRUPTED.load(Ordering::Relaxed)
    }
}

impl Drop for Reporter {
    fn drop(&mut self) {
        self.finish();
    }
}

fn bar(name: &str, rows: Option<u64>) -> ProgressBar {
    let template = match rows {
        Some(_) => "{prefix:24} [{bar:32}] {human_pos}/{human_len} rows  {per_sec}  {eta}",
        None => "{prefix:24} {spinner} {human_pos} rows  {per_sec}",
    };
    let style = ProgressStyle::with_template(template).expect("the template is well-formed");
    let bar = ProgressBar::with_draw_target(rows, ProgressDrawTarget::stderr_with_hz(10));
    bar.set_style(style.progress_chars("█▉▊▋▌▍▎▏ "));
    bar.set_prefix(name.to_owned());
    bar
}
