//! Texts of claims and people in files that spreadsheets open.

/// A text cell that a spreadsheet shows and does not compute.
///
/// A cell that begins with one of these signs, or their full-width forms, is a formula to
/// spreadsheets; an apostrophe before it makes it text. Control characters become spaces.
pub(crate) fn spreadsheet_text(cell: &str) -> String {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b == b'.';
    if cell.bytes().all(is_plain) {
        return cell.to_owned();
    }
    let clean: String = cell
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let first = cell.trim_start().chars().next();
    let is_formula = |c: char| matches!(c, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠');
    let starts_with_control = cell.starts_with(|c: char| c.is_control());
    if first.is_some_and(is_formula) || starts_with_control {
        format!("'{clean}")
    } else {
        clean
    }
}

/// A cell of a table for people and programs: numbers stay as they are, other texts are made safe.
pub(crate) fn spreadsheet_cell(cell: &str) -> String {
    let digits = cell.strip_prefix(['-', '+']).unwrap_or(cell);
    let is_number = digits.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    match is_number {
        true => cell.to_owned(),
        false => spreadsheet_text(cell),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_numbers_and_a_lone_sign_stays_a_sign() {
        for cell in ["-1.00", "+3", "12345678901234567890.12", "-", "", "3.5"] {
            assert_eq!(spreadsheet_cell(cell), cell);
        }
        assert_eq!(spreadsheet_cell("-1+1"), "'-1+1");
        assert_eq!(spreadsheet_cell("-1.0a"), "'-1.0a");
        assert_eq!(spreadsheet_cell("=1"), "'=1");
        assert_eq!(spreadsheet_cell("a\tb"), "a b");
    }

    #[test]
    fn a_cell_that_would_be_a_formula_becomes_text() {
        for (cell, safe) in [
            ("=1+1", "'=1+1"),
            ("+86 10", "'+86 10"),
            ("-人民医院", "'-人民医院"),
            ("@cmd", "'@cmd"),
            ("＝1", "'＝1"),
            ("  =1", "'  =1"),
            ("\t=1", "' =1"),
            ("\r\n=1", "'  =1"),
            ("人民\n医院", "人民 医院"),
            ("第一=医院", "第一=医院"),
            ("", ""),
        ] {
            assert_eq!(spreadsheet_text(cell), safe);
        }
    }
}
