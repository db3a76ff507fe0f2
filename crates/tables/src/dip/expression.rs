//! Procedures as cells of a catalogue state them: `|` is or, `+` is and.

/// Procedures of which one alternative must be there; an alternative is one code or several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expression(Vec<Vec<String>>);

/// A sign that stands where it has nothing to join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// `|`
    Or,
    /// `+`
    And,
}

impl Expression {
    /// Reads a cell; `+` binds tighter than `|`.
    ///
    /// # Errors
    /// The first sign that has no code before or behind it.
    pub fn parse(text: &str) -> Result<Self, Sign> {
        let mut alternatives = Vec::new();
        for alternative in text.split('|') {
            if alternative.is_empty() {
                return Err(Sign::Or);
            }
            let codes: Vec<String> = alternative.split('+').map(str::to_owned).collect();
            if codes.iter().any(String::is_empty) {
                return Err(Sign::And);
            }
            alternatives.push(codes);
        }
        Ok(Self(alternatives))
    }

    /// The alternatives, each with its codes, as written.
    #[must_use]
    pub fn alternatives(&self) -> &[Vec<String>] {
        &self.0
    }

    /// All codes, as written, repeats included.
    pub fn codes(&self) -> impl Iterator<Item = &str> {
        self.0.iter().flatten().map(String::as_str)
    }
}

impl std::fmt::Display for Expression {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let alternatives: Vec<String> = self.0.iter().map(|codes| codes.join("+")).collect();
        f.write_str(&alternatives.join("|"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn and_binds_tighter_than_or_and_no_part_is_empty() {
        let read = Expression::parse("A|B+C").expect("an expression");
        assert_eq!(read.alternatives(), [vec!["A"], vec!["B", "C"]]);
        assert_eq!(read.to_string(), "A|B+C");
        assert_eq!(read.codes().collect::<Vec<_>>(), ["A", "B", "C"]);
        for (text, sign) in [
            ("", Sign::Or),
            ("A|", Sign::Or),
            ("|A", Sign::Or),
            ("A+", Sign::And),
            ("A|+B", Sign::And),
        ] {
            assert_eq!(Expression::parse(text), Err(sign), "{text}");
        }
    }
}
