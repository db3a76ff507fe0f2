//! Cuts the text of a CSV file into records, with the line on which each begins.

use csv::{Position, ReaderBuilder, StringRecord};

/// Calls `visit` with the line, from 1, and the fields of every record; blank lines are none.
///
/// Stops at the first error. A text without quotes is cut at its commas and line ends, since plans
/// are mostly that and are loaded at every start; any other goes through the CSV reader.
pub(super) fn each_record<E>(
    text: &str,
    visit: impl FnMut(u32, &[&str]) -> Result<(), E>,
) -> Result<(), E> {
    let is_plain = !text.bytes().any(|byte| matches!(byte, b'"' | b'\r'));
    if is_plain {
        plain(text, visit)
    } else {
        quoted(text, visit)
    }
}

fn plain<'t, E>(
    text: &'t str,
    mut visit: impl FnMut(u32, &[&'t str]) -> Result<(), E>,
) -> Result<(), E> {
    let mut fields = Vec::new();
    for (line, record) in (1..)
        .zip(text.split('\n'))
        .filter(|(_, record)| !record.is_empty())
    {
        fields.clear();
        fields.extend(record.split(','));
        visit(line, &fields)?;
    }
    Ok(())
}

fn quoted<E>(text: &str, mut visit: impl FnMut(u32, &[&str]) -> Result<(), E>) -> Result<(), E> {
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut record = StringRecord::new();
    // The text is UTF-8 and in memory, and records may have any length, so nothing can fail.
    while reader.read_record(&mut record).unwrap_or(false) {
        let fields: Vec<&str> = record.iter().collect();
        visit(line_of(text, &record), &fields)?;
    }
    Ok(())
}

/// The line on which a record begins, past the line ends that the reader counts to it.
fn line_of(text: &str, record: &StringRecord) -> u32 {
    let position = record.position().cloned().unwrap_or_else(Position::new);
    let start = usize::try_from(position.byte()).unwrap_or(usize::MAX);
    let rest = text.as_bytes().get(start..).unwrap_or_default();
    let blanks = rest.iter().take_while(|byte| matches!(byte, b'\n' | b'\r'));
    let skipped = blanks.filter(|byte| **byte == b'\n').count() as u64;
    u32::try_from(position.line().saturating_add(skipped)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::convert::Infallible;

    type Records = Vec<(u32, Vec<String>)>;

    fn collect(read: impl FnOnce(&mut Records) -> Result<(), Infallible>) -> Records {
        let mut records = Records::new();
        let Ok(()) = read(&mut records);
        records
    }

    fn all(text: &str) -> Records {
        collect(|records| {
            each_record(text, |line, fields| {
                records.push((line, fields.iter().map(|&field| field.to_owned()).collect()));
                Ok(())
            })
        })
    }

    #[track_caller]
    fn check(text: &str, expected: &[(u32, &[&str])]) {
        let found = all(text);
        let found: Vec<(u32, Vec<&str>)> = found
            .iter()
            .map(|(line, fields)| (*line, fields.iter().map(String::as_str).collect()))
            .collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|(line, fields)| (*line, fields.to_vec()))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn lines_are_counted_whatever_ends_them() {
        check("", &[]);
        check("a,b\n1,2\n", &[(1, &["a", "b"]), (2, &["1", "2"])]);
        check("a,b\n\n\n1,", &[(1, &["a", "b"]), (4, &["1", ""])]);
        check(
            "a,b\r\n1,2\r\n\r\n3,4",
            &[(1, &["a", "b"]), (2, &["1", "2"]), (4, &["3", "4"])],
        );
        check("\n\"a\n,b\",c\n\nd\n", &[(2, &["a\n,b", "c"]), (5, &["d"])]);
    }

    proptest! {
        #[test]
        fn a_plain_text_is_cut_as_the_csv_reader_cuts_it(text in "[a,\n 科]{0,60}") {
            let by_reader = collect(|records| {
                quoted(&text, |line, fields| {
                    records.push((line, fields.iter().map(|&field| field.to_owned()).collect()));
                    Ok(())
                })
            });
            prop_assert_eq!(all(&text), by_reader);
        }
    }
}
