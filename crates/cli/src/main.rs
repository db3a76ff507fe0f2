//! The `drgdip` command.

mod args;
mod commands;
mod fail;
mod layout;
mod out;
mod plans;
mod progress;
mod workbook;

use clap::Parser;
use fail::Done;
use std::process::ExitCode;

/// Batches come and go by the thousand; this allocator keeps their pages instead of asking the
/// system for fresh ones each time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let args = args::Args::parse();
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

/// Keeps quiet about panics of the Parquet decoder, which are told as errors of their file.
fn quiet_decoder() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !drgdip_batch::is_decoding() {
            usual(panic);
        }
    }));
}
