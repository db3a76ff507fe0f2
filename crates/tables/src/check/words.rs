//! Lists in sentences.

/// How many items a sentence names.
const MOST: usize = 8;

/// Items joined by commas and `and`; the last ones are counted where there are many.
pub(super) fn listed(items: impl ExactSizeIterator<Item = String>) -> String {
    let count = items.len();
    let shown = if count > MOST { MOST - 1 } else { count };
    let mut items: Vec<String> = items.take(shown).collect();
    if count > shown {
        items.push(format!("{} more", count - shown));
    }
    match items.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => items.concat(),
    }
}

/// Codes in back quotes, joined.
pub(super) fn and_more(codes: &[String]) -> String {
    listed(codes.iter().map(|code| format!("`{code}`")))
}

/// The first few codes.
pub(super) fn first_few(codes: &[String]) -> String {
    const FEW: usize = 3;
    let rest = if codes.len() > FEW { " …" } else { "" };
    format!("{}{rest}", codes[..codes.len().min(FEW)].join(" "))
}
