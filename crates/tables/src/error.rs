//! What can be wrong with a table or a policy, and where.

use crate::load::PlanProblem;
use std::fmt;

/// Where in a plan or policy something stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file as a person knows it: the folder's label and the path inside it.
    pub file: String,
    /// The line in the file, from 1.
    pub line: Option<u64>,
    /// The column of a CSV file or the key of a TOML file.
    pub field: Option<String>,
}

/// The line, from 1, in which a byte of a text stands.
pub(crate) fn line_of(text: &str, byte: usize) -> u64 {
    let before = text.bytes().take(byte);
    before.filter(|byte| *byte == b'\n').count() as u64 + 1
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        if let Some(field) = &self.field {
            write!(f, ", {field}")?;
        }
        Ok(())
    }
}

/// A table or policy that cannot be used, with the place of the fault and what to do.
///
/// Loading stops at the first error, before any claim is read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct Error {
    /// Where it is.
    pub place: Place,
    /// What it is, a full sentence with the values in it.
    pub problem: Problem,
}

/// How much a warning asks of whoever keeps a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WarningLevel {
    /// Something that must be known, so that it is either mended or meant.
    Warning,
    /// A count that helps to read the plan.
    Note,
}

impl WarningLevel {
    /// As written in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// Something odd that published tables have, and that does not stop a load.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Warning {
    /// Where it is.
    pub place: Place,
    /// A stable code, such as `unreachable_group`.
    pub code: &'static str,
    /// How much it asks of whoever keeps the plan.
    pub level: WarningLevel,
    /// What it is about: all the groups, lists or codes that the message may only count.
    pub subjects: Vec<String>,
    /// A full sentence with the values in it.
    pub message: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} [{}]", self.place, self.message, self.code)
    }
}

/// The kinds of fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A file that a plan or policy must have is not there.
    #[error("the file is missing")]
    FileMissing,
    /// A fault in the tables of a grouping plan.
    #[error(transparent)]
    Plan(Box<PlanProblem>),
    /// A fault in the tables of a DIP plan.
    #[error(transparent)]
    Dip(Box<crate::dip::DipProblem>),
    /// A file or folder that is there but cannot be read.
    #[error("it cannot be read: {reason}")]
    Unreadable {
        /// What the system says.
        reason: String,
    },
    /// A link that leads out of the folder.
    #[error("the link leads out of the folder; put the file itself there")]
    LinkLeadsOut,
    /// A file larger than any table.
    #[error("the file has {bytes} bytes; at most {most} are read")]
    FileTooLarge {
        /// Its size.
        bytes: u64,
        /// The limit.
        most: u64,
    },
    /// More files than any plan has.
    #[error("the folder has more than {most} files; is it the folder of one plan?")]
    TooManyFiles {
        /// The limit.
        most: usize,
    },
    /// Folders nested deeper than any plan has them.
    #[error("folders are nested more than {most} deep; is it the folder of one plan?")]
    FoldersTooDeep {
        /// The limit.
        most: usize,
    },
    /// A file name that is not UTF-8.
    #[error("the name of the file is not UTF-8; rename it")]
    NameNotUtf8,
    /// A fault in the checks of claims.
    #[error("{reason}")]
    Checks {
        /// What it is.
        reason: String,
    },
    /// A fault of a payment policy.
    #[error(transparent)]
    Policy(Box<crate::policy::PolicyProblem>),
}

impl From<PlanProblem> for Problem {
    fn from(problem: PlanProblem) -> Self {
        Self::Plan(Box::new(problem))
    }
}

impl From<crate::dip::DipProblem> for Problem {
    fn from(problem: crate::dip::DipProblem) -> Self {
        Self::Dip(Box::new(problem))
    }
}
