//! Payment policies (支付政策): dated, sourced values, read from TOML and resolved at a date.

mod terms;

pub use terms::*;

/// A payment policy: every parameter with its dated values.
#[derive(Clone, Debug)]
pub struct Policy;
