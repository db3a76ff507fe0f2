//! Reads the folder of payment units of a policy: parameters and tables.

use super::problem::UnitProblem;
use super::tables::{self, Table};
use crate::error::Error;
use crate::files::FileSet;
use crate::policy::parameter::Parameter;
use crate::policy::read;
use crate::policy::source::Source;
use crate::policy::sources::Sources;

/// Reads `<stem>/units/`, adds its parameters to those of the policy file, and returns its tables.
pub(in crate::policy) fn load(
    files: &FileSet,
    stem: &str,
    sources: &Sources,
    parameters: &mut Vec<Parameter>,
) -> Result<Vec<Table>, Error> {
    let folder = format!("{stem}/units/");
    for path in files.paths() {
        let is_inside = path.starts_with(&folder) && path.ends_with(".toml");
        if !is_inside {
            continue;
        }
        let name = files.name_of(path);
        let source = Source {
            name: &name,
            text: Source::text_of(files, path)?,
        };
        let table = source.parse()?;
        let foreign = table
            .get_ref()
            .iter()
            .find(|(key, _)| key.get_ref() != "unit");
        if let Some((key, _)) = foreign {
            let problem = UnitProblem::NotAUnitKey.into();
            return Err(source.error(&key.span(), key.get_ref(), problem));
        }
        for parameter in read::parameters(source, table.get_ref(), sources)? {
            add(parameter, parameters)?;
        }
    }
    parameters.sort_by_key(|parameter| read::position(parameter.key));
    let tables = tables::load(files, &folder, sources)?;
    check_used(&tables, parameters)?;
    Ok(tables)
}

fn add(parameter: Parameter, parameters: &mut Vec<Parameter>) -> Result<(), Error> {
    if let Some(other) = parameters.iter().find(|other| other.key == parameter.key) {
        let line = parameter.entries.first().map(|entry| entry.line);
        let problem = UnitProblem::KeyInTwoFiles {
            other: other.file.clone(),
        };
        return Err(tables::error(&parameter.file, line, parameter.key, problem));
    }
    parameters.push(parameter);
    Ok(())
}

fn check_used(tables: &[Table], parameters: &[Parameter]) -> Result<(), Error> {
    for table in tables {
        let key = table.shape.used_by;
        if !parameters.iter().any(|parameter| parameter.key == key) {
            return Err(tables::error(
                &table.file,
                None,
                "",
                UnitProblem::TableUnused { key },
            ));
        }
    }
    Ok(())
}
