//! The files of a plan or policy, from a folder or from the binary.

/// Files by their path inside a folder.
#[derive(Clone, Debug, Default)]
pub struct FileSet;
