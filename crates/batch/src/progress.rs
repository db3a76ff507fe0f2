use crate::Error;

/// Who is told how far a run is, and who may stop it.
pub trait Progress: Sync {
    /// A stage begins; `rows` is how many rows it has, where that is known.
    fn stage(&self, name: &str, rows: Option<u64>);

    /// So many more rows of the stage are done.
    fn advance(&self, rows: u64);

    /// Something the user should read.
    fn note(&self, text: &str);

    /// Whether the user asked to stop; a run looks at it between batches.
    fn is_interrupted(&self) -> bool;
}

impl dyn Progress + '_ {
    /// Fails where the user asked to stop.
    pub(crate) fn look(&self) -> Result<(), Error> {
        match self.is_interrupted() {
            true => Err(Error::interrupted()),
            false => Ok(()),
        }
    }
}

/// Tells nobody and is never stopped.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn stage(&self, _name: &str, _rows: Option<u64>) {}
    fn advance(&self, _rows: u64) {}
    fn note(&self, _text: &str) {}
    fn is_interrupted(&self) -> bool {
        false
    }
}
