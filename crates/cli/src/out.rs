//! Standard output, without a panic when the reader goes away.

use std::io::{self, Write};

/// Writes text to standard output.
///
/// A closed pipe, as with `head`, is no error: whoever reads has seen enough.
pub(crate) fn print(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => done,
    }
}

/// Writes a JSON value to standard output, indented, with a line end.
pub(crate) fn print_json(value: &serde_json::Value) -> io::Result<()> {
    print(&format!("{value:#}\n"))
}
