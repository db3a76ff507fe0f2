//! What must hold in a finished run of `weigh`.

use super::Verification;
use super::files::{RunFiles, WeighCounts};
use crate::Error;
use std::collections::BTreeMap;

const CALIBRATION: &str = "calibration.csv";

/// The columns of `calibration.csv` that add up to what the manifest names otherwise.
const COLUMNS: [(&str, &str); 5] = [
    ("cases", "usable"),
    ("trimmed_low", "trimmed_low"),
    ("trimmed_high", "trimmed_high"),
    ("trimmed_again", "trimmed_again"),
    ("used", "used"),
];

/// Every row is left out for a reason or usable; every usable case is trimmed or used; the groups
/// add up to the whole.
pub(super) fn check(
    files: &RunFiles,
    counts: &WeighCounts,
    result: &mut Verification,
) -> Result<(), Error> {
    let of = |name: &str| counts.cases.get(name).copied().unwrap_or(0);
    let left_out: u64 = counts.left_out.values().sum();
    let trimmed = of("trimmed_low") + of("trimmed_high") + of("trimmed_again");
    equal(("rows", left_out + of("usable"), files.rows), result);
    equal(
        ("outcomes", files.outcomes.values().sum(), files.rows),
        result,
    );
    equal(
        ("trimmed and used", trimmed + of("used"), of("usable")),
        result,
    );
    let by_year: u64 = counts.used_by_year.values().sum();
    equal(("used by year", by_year, of("used")), result);
    let sums = sums(files)?;
    for (column, name) in COLUMNS {
        let sum = sums.get(column).copied().unwrap_or(0);
        let states = of(name);
        if sum != states {
            let problem = format!("the groups add up to {sum}; the manifest states {states}.");
            result.mismatch("counts", format!("{CALIBRATION}, {column}"), problem);
        }
    }
    Ok(())
}

fn equal((what, sum, states): (&str, u64, u64), result: &mut Verification) {
    if sum != states {
        let problem = format!("{what} add up to {sum}; the manifest states {states}.");
        result.mismatch("counts", "manifest", problem);
    }
}

/// The sum of each column that is checked.
fn sums(files: &RunFiles) -> Result<BTreeMap<&'static str, u64>, Error> {
    let path = files.path(CALIBRATION);
    let wrong = |problem: &dyn std::fmt::Display| {
        Error::input(path.display(), format!("it cannot be added up: {problem}."))
    };
    let bytes = std::fs::read(&path).map_err(|e| Error::file(&path, "read it", &e))?;
    let mut reader = csv::Reader::from_reader(&bytes[..]);
    let heading = reader.headers().map_err(|e| wrong(&e))?.clone();
    let mut sums = BTreeMap::new();
    for row in reader.records() {
        let row = row.map_err(|e| wrong(&e))?;
        for (column, _) in COLUMNS {
            let position = heading.iter().position(|name| name == column);
            let cell = position.and_then(|position| row.get(position));
            let count: u64 = cell.unwrap_or("0").parse().map_err(|e| wrong(&e))?;
            *sums.entry(column).or_default() += count;
        }
    }
    Ok(sums)
}
