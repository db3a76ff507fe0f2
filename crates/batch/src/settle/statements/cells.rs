//! Cells that no spreadsheet takes for a formula, and file names that any file system takes.

use crate::output::sha256;

pub(super) use crate::safe_text::spreadsheet_text as text;

/// How many bytes of a name are kept before it is cut and told apart by its hash.
const LONGEST: usize = 120;

/// A file name for a code that people chose; different codes have different names.
///
/// ASCII letters, digits, `-` and `_` stay; every other byte becomes `%` and two hexadecimal digits.
/// Names that Windows keeps for devices and names that are too long get a piece of their hash.
pub(super) fn file_name(code: &str) -> String {
    use std::fmt::Write;
    let mut name = String::new();
    for byte in code.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') {
            name.push(char::from(byte));
        } else {
            write!(name, "%{byte:02X}").expect("a String takes every write");
        }
    }
    let is_long = name.len() > LONGEST;
    if is_long || name.is_empty() || is_device(&name) {
        name.truncate(LONGEST);
        name.push('~');
        name += &sha256(code.as_bytes())[..16];
    }
    name
}

/// The same name where another one differs only in the case of its letters, which some file
/// systems do not tell apart.
pub(super) fn told_apart(code: &str) -> String {
    let mut name = file_name(code);
    name.truncate(LONGEST);
    format!("{name}~{}", &sha256(code.as_bytes())[..16])
}

fn is_device(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let numbered = |stem: &str| {
        upper
            .strip_prefix(stem)
            .is_some_and(|rest| rest.len() == 1 && rest.bytes().all(|b| b.is_ascii_digit()))
    };
    matches!(upper.as_str(), "CON" | "PRN" | "AUX" | "NUL") || numbered("COM") || numbered("LPT")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_file_name_of_its_own() {
        assert_eq!(file_name("H99010000001"), "H99010000001");
        assert_eq!(
            file_name("../../etc/passwd"),
            "%2E%2E%2F%2E%2E%2Fetc%2Fpasswd"
        );
        assert_eq!(file_name("a/b"), "a%2Fb");
        assert_eq!(file_name("a%2Fb"), "a%252Fb");
        assert_eq!(file_name("甲"), "%E7%94%B2");
        assert!(file_name("").starts_with('~'));
        assert!(file_name("nul").starts_with("nul~"));
        assert!(file_name("COM1").starts_with("COM1~"));
        assert_eq!(file_name("COM12"), "COM12");
        let long = file_name(&"x".repeat(4_000));
        assert_eq!(long.len(), LONGEST + 17);
        assert_ne!(long, file_name(&"x".repeat(4_001)));
        assert_ne!(told_apart("h1"), told_apart("H1").to_ascii_lowercase());
    }
}
