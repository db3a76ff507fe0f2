//! Tables for a terminal, aligned by display width, so that Chinese and Latin text line up.

use unicode_width::UnicodeWidthStr;

/// How a column is aligned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    /// Text.
    Left,
    /// Numbers.
    Right,
}

/// A table of text cells under a heading row.
#[derive(Debug)]
pub(crate) struct Layout {
    align: Vec<Align>,
    rows: Vec<Vec<String>>,
}

impl Layout {
    /// A table with these headings.
    pub(crate) fn new(headings: &[(&str, Align)]) -> Self {
        Self {
            align: headings.iter().map(|(_, align)| *align).collect(),
            rows: vec![
                headings
                    .iter()
                    .map(|(text, _)| (*text).to_owned())
                    .collect(),
            ],
        }
    }

    /// Adds a row; it has as many cells as there are headings.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let row: Vec<String> = cells.into_iter().collect();
        assert_eq!(row.len(), self.align.len(), "a row has one cell a heading");
        self.rows.push(row);
    }

    /// The table as lines, two spaces between columns, a rule under the headings.
    pub(crate) fn render(&self) -> String {
        let widths = self.widths();
        let mut text = String::new();
        for (index, row) in self.rows.iter().enumerate() {
            push_row(&mut text, row, &widths, &self.align);
            if index == 0 {
                let rule = widths.iter().map(|width| "─".repeat(*width));
                text.push_str(&rule.collect::<Vec<_>>().join("  "));
                text.push('\n');
            }
        }
        text
    }

    fn widths(&self) -> Vec<usize> {
        let column = |c: usize| self.rows.iter().map(move |row| row[c].width()).max();
        (0..self.align.len())
            .map(|c| column(c).unwrap_or(0))
            .collect()
    }
}

fn push_row(text: &mut String, row: &[String], widths: &[usize], align: &[Align]) {
    let mut line = String::new();
    for (index, cell) in row.iter().enumerate() {
        let padding = " ".repeat(widths[index].saturating_sub(cell.width()));
        if index > 0 {
            line.push_str("  ");
        }
        match align[index] {
            Align::Left => line.extend([cell.as_str(), &padding]),
            Align::Right => line.extend([padding.as_str(), cell]),
        }
    }
    text.push_str(line.trim_end());
    text.push('\n');
}

/// Decimal text with thousands separators, such as `1,234,567.89`.
pub(crate) fn grouped_digits(number: &str) -> String {
    let (sign, unsigned) = number
        .strip_prefix('-')
        .map_or(("", number), |rest| ("-", rest));
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let mut digits = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            digits.push(',');
        }
        digits.push(digit);
    }
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{digits}{point}{fraction}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chinese_and_latin_cells_line_up() {
        let mut table = Layout::new(&[("医院 Hospital", Align::Left), ("元", Align::Right)]);
        table.row(["第一人民医院".to_owned(), "1.00".to_owned()]);
        table.row(["A".to_owned(), "20.00".to_owned()]);
        let expected = "\
医院 Hospital     元
─────────────  ─────
第一人民医院    1.00
A              20.00
";
        assert_eq!(table.render(), expected);
    }

    #[test]
    fn thousands_are_separated() {
        for (plain, grouped) in [
            ("0", "0"),
            ("-123", "-123"),
            ("1234", "1,234"),
            ("-1234567.89", "-1,234,567.89"),
        ] {
            assert_eq!(grouped_digits(plain), grouped);
        }
    }
}
