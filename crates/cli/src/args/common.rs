//! Arguments that several commands take.

use clap::{Args as ClapArgs, ValueEnum};
use drgdip_batch::ReadOptions;
use std::path::PathBuf;

/// What every command takes.
#[derive(Debug, ClapArgs)]
pub(crate) struct GlobalArgs {
    /// How many threads work; one for each core unless told otherwise.
    #[arg(long, global = true, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) threads: Option<u16>,
    /// Tell only errors, not progress.
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// How progress, notes and errors are told on standard error: for people, or a JSON line each.
    #[arg(long, global = true, value_enum, value_name = "FORM", default_value_t)]
    pub(crate) log: LogForm,
    /// How much memory a run may take, such as 512M or 2G; fewer threads work where it is little.
    #[arg(long, global = true, value_name = "SIZE", value_parser = memory)]
    pub(crate) memory: Option<u64>,
    /// Print the result as JSON, for programs.
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

impl GlobalArgs {
    /// The number of threads as the batch runner takes it.
    pub(crate) fn threads(&self) -> Option<usize> {
        let asked = self.threads.map(usize::from);
        match self.memory {
            None => asked,
            Some(memory) => Some(drgdip_batch::threads_within(memory, asked)),
        }
    }
}

/// How a run talks on standard error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogForm {
    /// Lines or bars for people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// A size in bytes, with K, M or G for powers of 1024.
fn memory(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit: u64 = match text[digits.len()..].to_ascii_uppercase().as_str() {
        "" | "B" => 1,
        "K" | "KIB" => 1 << 10,
        "M" | "MIB" => 1 << 20,
        "G" | "GIB" => 1 << 30,
        _ => return Err("write a whole number with K, M or G, such as 512M".to_owned()),
    };
    let number: u64 = digits
        .parse()
        .map_err(|_| "write a whole number with K, M or G, such as 512M".to_owned())?;
    let bytes = number.checked_mul(unit).ok_or("the size is too large")?;
    match bytes < drgdip_batch::LEAST_MEMORY {
        true => Err(format!(
            "a run takes at least {} MiB",
            drgdip_batch::LEAST_MEMORY >> 20
        )),
        false => Ok(bytes),
    }
}

/// At which findings a finished run exits with 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    /// Never.
    #[default]
    None,
    /// At any finding.
    Warn,
    /// At findings that keep a claim from being grouped or paid.
    Reject,
}

/// Where plans and their tables are taken from.
#[derive(Debug, ClapArgs)]
pub(crate) struct TableArgs {
    /// A folder of plans with a COVERAGE.toml, in place of the bundled ones.
    #[arg(long, value_name = "DIR")]
    pub(crate) tables: Option<PathBuf>,
    /// Codes that cannot be the principal diagnosis (灰码): a CSV file with code and name.
    #[arg(long, value_name = "FILE")]
    pub(crate) grey_list: Option<PathBuf>,
}

/// In which types amounts may be stored, beside decimal numbers of yuan.
#[derive(Clone, Copy, Debug, ClapArgs)]
pub(crate) struct AmountArgs {
    /// Accept amounts stored as floating-point numbers, each rounded to the fen.
    #[arg(long)]
    pub(crate) allow_float_money: bool,
    /// Take amounts stored as whole numbers for fen, which are refused otherwise.
    #[arg(long)]
    pub(crate) money_in_fen: bool,
}

impl AmountArgs {
    /// How the batch runner reads claims.
    pub(crate) const fn options(self) -> ReadOptions {
        ReadOptions {
            allow_float_money: self.allow_float_money,
            money_in_fen: self.money_in_fen,
            keep_going: false,
        }
    }
}

/// How claims are read and judged.
#[derive(Debug, ClapArgs)]
pub(crate) struct ReadArgs {
    #[command(flatten)]
    pub(crate) money: AmountArgs,
    /// Leave out files and row groups that cannot be read, count them, and go on with the rest.
    #[arg(long)]
    pub(crate) keep_going: bool,
    /// Exit with 1 when there are findings of this level.
    #[arg(long, value_enum, value_name = "LEVEL", default_value_t = FailOn::None)]
    pub(crate) fail_on: FailOn,
}

impl ReadArgs {
    /// How the batch runner reads claims.
    pub(crate) const fn options(&self) -> ReadOptions {
        ReadOptions {
            keep_going: self.keep_going,
            ..self.money.options()
        }
    }
}
