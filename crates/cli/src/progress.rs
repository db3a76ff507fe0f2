//! How far a run is, on standard error: a bar on a terminal, plain lines otherwise.

use drgdip_batch::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{self, IsTerminal, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// Set when the user asks to stop.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Progress for a person, and the ear for Ctrl-C.
pub(crate) struct Reporter {
    mode: Mode,
    bar: Mutex<ProgressBar>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// Only errors are told.
    Quiet,
    /// A line when a stage begins.
    Lines,
    /// A bar that is drawn again and again.
    Bars,
}

/// Begins to listen for Ctrl-C and says how progress is told.
pub(crate) fn start(is_quiet: bool) -> Reporter {
    // Without a handler Ctrl-C ends the process at once, which loses no output either: whatever
    // is written stands beside its place until it is whole.
    let _ = ctrlc::set_handler(|| {
        if INTERRUPTED.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    });
    let mode = match (is_quiet, io::stderr().is_terminal()) {
        (true, _) => Mode::Quiet,
        (false, true) => Mode::Bars,
        (false, false) => Mode::Lines,
    };
    Reporter {
        mode,
        bar: Mutex::new(ProgressBar::hidden()),
    }
}

impl Reporter {
    /// Takes the bar away, so that it does not run into other text.
    pub(crate) fn finish(&self) {
        self.replace(ProgressBar::hidden());
    }

    fn replace(&self, next: ProgressBar) {
        if let Ok(mut bar) = self.bar.lock() {
            bar.finish_and_clear();
            *bar = next;
        }
    }

    fn line(&self, text: &str) {
        // Progress that nobody can read is no reason to stop a run.
        let _ = writeln!(io::stderr(), "{text}");
    }
}

impl Progress for Reporter {
    fn stage(&self, name: &str, rows: Option<u64>) {
        match self.mode {
            Mode::Quiet => {}
            Mode::Lines => self.line(&match rows {
                Some(rows) => format!("{name}: {rows} rows"),
                None => name.to_owned(),
            }),
            Mode::Bars => self.replace(bar(name, rows)),
        }
    }

    fn advance(&self, rows: u64) {
        if self.mode == Mode::Bars
            && let Ok(bar) = self.bar.lock()
        {
            bar.inc(rows);
        }
    }

    fn note(&self, text: &str) {
        match self.mode {
            Mode::Quiet => {}
            Mode::Lines => self.line(text),
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
