//! The words and signs of a condition.

use crate::rule::{RuleError, RuleProblem};

/// One piece of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    Word(&'a str),
    /// Digits, with a point and a sign where there are.
    Number(&'a str),
    /// What stands between quotes.
    Text(&'a str),
    Sign(&'a str),
    End,
}

/// A condition while it is being read.
pub(super) struct Tokens<'a> {
    text: &'a str,
    /// The byte where the next token or the blanks before it begin.
    at: usize,
}

/// The quotes that texts stand in, with the ones that close them.
const QUOTES: [(char, char); 4] = [('\'', '\''), ('"', '"'), ('‘', '’'), ('“', '”')];
/// Signs of two characters.
const LONG_SIGNS: [&str; 4] = [">=", "<=", "==", "!="];

impl<'a> Tokens<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// The byte where the next token begins.
    pub(super) fn start(&self) -> usize {
        let rest = &self.text[self.at..];
        self.at + (rest.len() - rest.trim_start().len())
    }

    pub(super) fn peek(&self) -> Token<'a> {
        self.token().0
    }

    /// The next token with its length in bytes.
    fn token(&self) -> (Token<'a>, usize) {
        let rest = &self.text[self.start()..];
        let Some(first) = rest.chars().next() else {
            return (Token::End, 0);
        };
        if let Some((_, close)) = QUOTES.into_iter().find(|(open, _)| *open == first) {
            let inner = &rest[first.len_utf8()..];
            if let Some(length) = inner.find(close) {
                let whole = first.len_utf8() + length + close.len_utf8();
                return (Token::Text(&inner[..length]), whole);
            }
        }
        let (kind, length): (fn(&'a str) -> Token<'a>, _) = if is_number(rest) {
            (
                Token::Number,
                length_of(rest, |c| c.is_ascii_digit() || c == '.' || c == '-'),
            )
        } else if is_word(first) {
            (Token::Word, length_of(rest, is_word))
        } else if LONG_SIGNS.iter().any(|sign| rest.starts_with(sign)) {
            (Token::Sign, 2)
        } else {
            (Token::Sign, first.len_utf8())
        };
        (kind(&rest[..length]), length)
    }

    pub(super) fn take(&mut self) {
        self.at = self.start() + self.token().1;
    }

    pub(super) fn take_if(&mut self, token: Token<'_>) -> bool {
        let is_next = self.peek() == token;
        if is_next {
            self.take();
        }
        is_next
    }

    pub(super) fn word(&mut self, expected: &'static str) -> Result<&'a str, RuleError> {
        let Token::Word(word) = self.peek() else {
            return Err(self.unexpected(expected));
        };
        self.take();
        Ok(word)
    }

    pub(super) fn sign(&mut self, sign: &str, expected: &'static str) -> Result<(), RuleError> {
        if self.take_if(Token::Sign(sign)) {
            Ok(())
        } else {
            Err(self.unexpected(expected))
        }
    }

    pub(super) fn unexpected(&self, expected: &'static str) -> RuleError {
        let found = match self.peek() {
            Token::Word(text) | Token::Number(text) | Token::Text(text) | Token::Sign(text) => {
                format!("`{text}`")
            }
            Token::End => "the end of the rule".to_owned(),
        };
        self.error(RuleProblem::Unexpected { expected, found })
    }

    pub(super) fn error(&self, problem: RuleProblem) -> RuleError {
        self.error_at(self.start(), problem)
    }

    pub(super) fn error_at(&self, byte: usize, problem: RuleProblem) -> RuleError {
        RuleError {
            position: self.text[..byte].chars().count() + 1,
            problem,
        }
    }
}

fn length_of(text: &str, belongs: fn(char) -> bool) -> usize {
    text.find(|character| !belongs(character))
        .unwrap_or(text.len())
}

fn is_number(rest: &str) -> bool {
    let digits = rest.strip_prefix('-').unwrap_or(rest);
    digits.starts_with(|first: char| first.is_ascii_digit())
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}
