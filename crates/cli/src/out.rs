//! Standard output, without a panic when the reader goes away.

use std::borrow::Cow;
use std::io::{self, Write};

/// A text that changes nothing of the terminal that shows it: texts of claims may hold control
/// characters, which are shown by their code.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    let is_harmful = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    if !text.contains(is_harmful) {
        return Cow::Borrowed(text);
    }
    let shown = |c: char| match is_harmful(c) {
        true => format!("\\u{{{:x}}}", u32::from(c)),
        false => c.to_string(),
    };
    Cow::Owned(text.chars().map(shown).collect())
}

/// Writes text to standard output.
///
/// A closed pipe, as with `head`, is no error: whoever reads has seen enough.
pub(crate) fn print(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout
        .write_all(printable(text).as_bytes())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_shown_and_not_sent() {
        for (text, shown) in [
            ("病例\tA1\n", "病例\tA1\n"),
            (
                "\u{1b}[2J\u{9b}1m\r\u{7f}",
                "\\u{1b}[2J\\u{9b}1m\\u{d}\\u{7f}",
            ),
        ] {
            assert_eq!(printable(text), shown);
        }
    }
}
