//! The papers that a policy's values come from.

use super::problem::PolicyProblem;
use super::source::Source;
use crate::error::Error;
use crate::files::FileSet;
use toml::de::DeValue;

/// A paper, a transcription or a model that values come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceRow {
    /// What entries write as their `source`.
    pub key: String,
    /// The title for people.
    pub title: String,
    /// The short mark used in tables and reports.
    pub tag: String,
    /// How far it can be relied on, such as `official`, `third_party` or `model`.
    pub reliability: String,
}

/// The sources of a policy.
#[derive(Clone, Debug, Default)]
pub(super) struct Sources {
    /// What messages call the file.
    pub(super) file: String,
    pub(super) rows: Vec<SourceRow>,
}

const RELIABILITIES: [&str; 4] = ["official", "third_party", "recalled", "model"];

impl Sources {
    pub(super) fn find(&self, key: &str) -> Option<&SourceRow> {
        self.rows.iter().find(|row| row.key == key)
    }

    /// Reads `SOURCES.toml` in the folder of the policy's tables.
    pub(super) fn load(files: &FileSet, path: &str) -> Result<Self, Error> {
        let name = files.name_of(path);
        let source = Source {
            name: &name,
            text: Source::text_of(files, path)?,
        };
        let table = source.parse()?;
        let mut rows: Vec<SourceRow> = Vec::new();
        for (key, item) in table.get_ref() {
            let key_name = key.get_ref().as_ref();
            let DeValue::Array(items) = item.get_ref() else {
                return Err(source.error(&key.span(), key_name, PolicyProblem::UnknownKey));
            };
            if key_name != "sources" {
                return Err(source.error(&key.span(), key_name, PolicyProblem::UnknownKey));
            }
            for item in items.iter() {
                let row = row(source, item)?;
                if rows.iter().any(|known| known.key == row.key) {
                    let problem = PolicyProblem::SourceTwice {
                        source_key: row.key,
                    };
                    return Err(source.error(&item.span(), key_name, problem));
                }
                rows.push(row);
            }
        }
        Ok(Self {
            file: name.clone(),
            rows,
        })
    }
}

fn row(source: Source<'_>, item: &super::source::Item<'_>) -> Result<SourceRow, Error> {
    let DeValue::Table(table) = item.get_ref() else {
        let key = "sources".to_owned();
        return Err(source.error(&item.span(), "sources", PolicyProblem::NotEntries { key }));
    };
    let fields = source.fields(table, item.span(), "sources");
    fields.check_known(&["key", "title", "tag", "reliability", "note"])?;
    let reliability = fields.text("reliability")?;
    if !RELIABILITIES.contains(&reliability) {
        let (word, allowed) = (reliability.to_owned(), RELIABILITIES.join(", "));
        return Err(fields.wrong_in("reliability", PolicyProblem::WordUnknown { word, allowed }));
    }
    Ok(SourceRow {
        key: fields.text("key")?.to_owned(),
        title: fields.text("title")?.to_owned(),
        tag: fields.text("tag")?.to_owned(),
        reliability: reliability.to_owned(),
    })
}
