//! The `drgdip` command.

mod args;
mod commands;
mod fail;
mod layout;
mod out;
mod plans;
mod progress;
mod workbook;

use args::LogForm;
use clap::Parser;
use fail::{Done, Failure};
use std::ffi::OsString;
use std::process::ExitCode;

/// Batches come and go by the thousand; this allocator keeps their pages instead of asking the
/// system for fresh ones each time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let args = match args::Args::try_parse() {
        Ok(args) => args,
        Err(error) if error.use_stderr() && asks_for_json(std::env::args_os()) => {
            let text = error.render().to_string();
            let failure = Failure::usage(text.trim_end(), "");
            progress::start(false, LogForm::Json).log(&failure.json());
            return ExitCode::from(failure.exit_code());
        }
        Err(error) => error.exit(),
    };
    quiet_decoder();
    let progress = progress::start(args.global.quiet, args.global.log);
    match commands::run(&args, &progress) {
        Ok(Done::Clean) => ExitCode::SUCCESS,
        Ok(Done::WithDifferences) => ExitCode::from(1),
        Err(failure) => {
            progress.finish();
            match progress.logs_json() {
                true => progress.log(&failure.json()),
                false => failure.report(),
            }
            ExitCode::from(failure.exit_code())
        }
    }
}

/// Whether a command line that cannot be read asks for a JSON log all the same.
fn asks_for_json(arguments: impl Iterator<Item = OsString>) -> bool {
    let arguments: Vec<OsString> = arguments.collect();
    arguments.iter().any(|one| one == "--log=json")
        || arguments
            .windows(2)
            .any(|two| two[0] == "--log" && two[1] == "json")
}

/// Keeps quiet about panics of the Parquet decoder, which are told as errors of their file.
fn quiet_decoder() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !drgdip_batch::is_decoding() {
            usual(panic);
        }
    }));
}
