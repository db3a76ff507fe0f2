use drgdip_tables as tables;
use std::fmt;
use std::path::Path;

/// Which of the tool's exit codes an error belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The command was used wrongly: exit code 2.
    Usage,
    /// An input cannot be read, or an output cannot be written: exit code 3.
    Input,
    /// A table or policy cannot be used: exit code 4.
    Table,
    /// Totals do not reconcile: exit code 5.
    Reconcile,
    /// The user stopped the run: exit code 130.
    Interrupted,
}

/// What stopped a run: where, what, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub struct Error {
    class: Class,
    place: String,
    problem: String,
    hint: String,
}

impl Error {
    /// A new error; `place` names file, row, column or key, `hint` may be empty.
    pub fn new(
        class: Class,
        place: impl fmt::Display,
        problem: impl fmt::Display,
        hint: impl fmt::Display,
    ) -> Self {
        Self {
            class,
            place: place.to_string(),
            problem: problem.to_string(),
            hint: hint.to_string(),
        }
    }

    /// An input that cannot be used.
    pub fn input(place: impl fmt::Display, problem: impl fmt::Display) -> Self {
        Self::new(Class::Input, place, problem, "")
    }

    /// A command that was used wrongly.
    pub fn usage(problem: impl fmt::Display, hint: impl fmt::Display) -> Self {
        Self::new(Class::Usage, "", problem, hint)
    }

    /// A file that the operating system does not let us read or write.
    pub fn file(path: &Path, action: &str, error: &std::io::Error) -> Self {
        let hint = match error.kind() {
            std::io::ErrorKind::StorageFull => {
                "Free some space or choose another disk; nothing was published."
            }
            std::io::ErrorKind::NotFound => "Check the path.",
            std::io::ErrorKind::PermissionDenied => "Check the permissions.",
            _ => "",
        };
        let problem = format!("cannot {action}: {error}");
        Self::new(Class::Input, path.display(), problem, hint)
    }

    /// The user stopped the run.
    #[must_use]
    pub fn interrupted() -> Self {
        Self::new(
            Class::Interrupted,
            "",
            "interrupted; nothing was published",
            "",
        )
    }

    /// The same error with a hint on what to do.
    #[must_use]
    pub fn with_hint(mut self, hint: impl fmt::Display) -> Self {
        self.hint = hint.to_string();
        self
    }

    /// Which exit code it belongs to.
    #[must_use]
    pub const fn class(&self) -> Class {
        self.class
    }

    /// The exit code of the `drgdip` command.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self.class {
            Class::Usage => 2,
            Class::Input => 3,
            Class::Table => 4,
            Class::Reconcile => 5,
            Class::Interrupted => 130,
        }
    }

    /// File, row, column or key; empty where there is none.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// What is wrong.
    #[must_use]
    pub fn problem(&self) -> &str {
        &self.problem
    }

    /// What to do; empty where nothing more can be said.
    #[must_use]
    pub fn hint(&self) -> &str {
        &self.hint
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.place.is_empty() {
            write!(f, "{}: ", self.place)?;
        }
        f.write_str(&self.problem)?;
        if !self.hint.is_empty() {
            write!(f, " {}", self.hint)?;
        }
        Ok(())
    }
}

impl From<tables::Error> for Error {
    fn from(error: tables::Error) -> Self {
        Self::new(Class::Table, &error.place, &error.problem, "")
    }
}
