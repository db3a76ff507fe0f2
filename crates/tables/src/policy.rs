//! Payment policies.

/// A payment policy.
#[derive(Clone, Debug)]
pub struct Policy;
