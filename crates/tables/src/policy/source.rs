//! One TOML file with the places of its keys, for messages.

use super::problem::PolicyProblem;
use crate::error::{Error, Place, Problem, line_of};
use crate::files::FileSet;
use jiff::civil::Date;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A table of a file, its keys in the order of the file.
pub(super) type Table<'t> = Spanned<DeTable<'t>>;
/// A value of a file.
pub(super) type Item<'t> = Spanned<DeValue<'t>>;

/// A file of a policy: what messages call it, and its text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source<'t> {
    pub(super) name: &'t str,
    pub(super) text: &'t str,
}

impl<'t> Source<'t> {
    /// The text of a file, or an error when it is missing or not UTF-8.
    pub(super) fn text_of(files: &'t FileSet, path: &str) -> Result<&'t str, Error> {
        let place = Place {
            file: files.name_of(path),
            line: None,
            field: None,
        };
        let Some(bytes) = files.get(path) else {
            return Err(Error {
                place,
                problem: Problem::FileMissing,
            });
        };
        std::str::from_utf8(bytes).map_err(|_| Error {
            place,
            problem: PolicyProblem::NotUtf8.into(),
        })
    }

    /// Reads the file as TOML.
    pub(super) fn parse(self) -> Result<Table<'t>, Error> {
        DeTable::parse(self.text).map_err(|error| {
            let line = error.span().map(|span| self.line(&span));
            let message = error.message().to_owned();
            Error {
                place: Place {
                    file: self.name.to_owned(),
                    line,
                    field: None,
                },
                problem: PolicyProblem::Syntax { message }.into(),
            }
        })
    }

    /// The line of a span, from 1.
    pub(super) fn line(self, span: &Range<usize>) -> u64 {
        line_of(self.text, span.start)
    }

    /// An error about a key.
    pub(super) fn error(self, at: &Range<usize>, key: &str, problem: PolicyProblem) -> Error {
        self.error_in_line(self.line(at), key, problem)
    }

    /// An error about a key in a line.
    pub(super) fn error_in_line(self, line: u64, key: &str, problem: PolicyProblem) -> Error {
        Error {
            place: Place {
                file: self.name.to_owned(),
                line: Some(line),
                field: (!key.is_empty()).then(|| key.to_owned()),
            },
            problem: problem.into(),
        }
    }

    /// Looks into one table for its fields.
    pub(super) fn fields<'a>(
        self,
        table: &'a DeTable<'t>,
        span: Range<usize>,
        key: &'a str,
    ) -> Fields<'a, 't> {
        Fields {
            source: self,
            table,
            span,
            key,
        }
    }
}

/// One table that is asked for its fields by name.
#[derive(Clone, Debug)]
pub(super) struct Fields<'a, 't> {
    pub(super) source: Source<'t>,
    pub(super) table: &'a DeTable<'t>,
    pub(super) span: Range<usize>,
    pub(super) key: &'a str,
}

impl<'a, 't> Fields<'a, 't> {
    /// An error about the table as a whole.
    pub(super) fn wrong(&self, problem: PolicyProblem) -> Error {
        self.source.error(&self.span, self.key, problem)
    }

    /// An error about one value in it.
    pub(super) fn wrong_at(&self, at: &Range<usize>, problem: PolicyProblem) -> Error {
        self.source.error(at, self.key, problem)
    }

    /// An error about one field, or about the table where the field is not there.
    pub(super) fn wrong_in(&self, field: &str, problem: PolicyProblem) -> Error {
        match self.get(field) {
            Some(item) => self.wrong_at(&item.span(), problem),
            None => self.wrong(problem),
        }
    }

    /// The value of a field.
    pub(super) fn get(&self, field: &str) -> Option<&'a Item<'t>> {
        let mut entries = self.table.iter();
        let entry = entries.find(|(name, _)| name.get_ref() == field);
        entry.map(|(_, value)| value)
    }

    /// Refuses fields that are not known.
    pub(super) fn check_known(&self, known: &[&str]) -> Result<(), Error> {
        let mut names = self.table.keys();
        match names.find(|name| !known.contains(&name.get_ref().as_ref())) {
            None => Ok(()),
            Some(name) => Err(self.wrong_at(
                &name.span(),
                PolicyProblem::UnknownField {
                    field: name.get_ref().to_string(),
                    known: known.join(", "),
                },
            )),
        }
    }

    /// The text of a field that may be absent.
    pub(super) fn optional_text(&self, field: &str) -> Result<Option<&'a str>, Error> {
        self.get(field)
            .map(|item| self.text_of(field, item))
            .transpose()
    }

    /// The text of a field that must be there and not be empty.
    pub(super) fn text(&self, field: &str) -> Result<&'a str, Error> {
        match self.optional_text(field)? {
            Some(text) if !text.is_empty() => Ok(text),
            _ => Err(self.wrong(PolicyProblem::FieldMissing {
                field: field.to_owned(),
            })),
        }
    }

    /// The text of a value; a number or date without quotes is refused with its spelling.
    pub(super) fn text_of(&self, field: &str, item: &'a Item<'t>) -> Result<&'a str, Error> {
        let written = || self.source.text[item.span()].to_owned();
        match item.get_ref() {
            DeValue::String(text) => Ok(text.as_ref()),
            DeValue::Integer(_) | DeValue::Float(_) | DeValue::Datetime(_) => {
                Err(self.wrong_at(&item.span(), PolicyProblem::NotQuoted { text: written() }))
            }
            _ => Err(self.wrong_at(
                &item.span(),
                PolicyProblem::NotText {
                    field: field.to_owned(),
                },
            )),
        }
    }

    /// The date of a field that may be absent.
    pub(super) fn optional_date(&self, field: &str) -> Result<Option<Date>, Error> {
        let Some(item) = self.get(field) else {
            return Ok(None);
        };
        let text = self.text_of(field, item)?;
        // The parser also takes other spellings of a date; one spelling is enough.
        let is_plain = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
        let date = text.parse().ok().filter(|_| is_plain);
        date.map(Some).ok_or_else(|| {
            let text = text.to_owned();
            self.wrong_at(&item.span(), PolicyProblem::NotADate { text })
        })
    }

    /// The first and the last day of the table; no last day is open.
    pub(super) fn range(&self) -> Result<(Date, Option<Date>), Error> {
        let from = self.optional_date("from")?;
        let from = from.ok_or_else(|| {
            self.wrong(PolicyProblem::FieldMissing {
                field: "from".to_owned(),
            })
        })?;
        let until = self.optional_date("until")?;
        match until {
            Some(until) if until < from => {
                Err(self.wrong(PolicyProblem::UntilBeforeFrom { from, until }))
            }
            _ => Ok((from, until)),
        }
    }
}
