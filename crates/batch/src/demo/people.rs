//! The inputs of units of people in the demo: an alliance a region, packages, home beds and
//! family-doctor teams of its primary care, with budgets for their lines.
//!
//! Numbers follow from the order of the hospitals, so that the demo is the same each time.

use crate::Error;
use crate::inputs::{Hospital, Inputs};
use crate::policy::PreparedPolicy;
use crate::settle::setting::Period;
use crate::synth::write_csv;
use drgdip_claims::Yuan;
use drgdip_points::Rounding;
use drgdip_points::units::{community, family_doctor};
use drgdip_tables::policy::{Line, Pays, PolicyAt, UnitTerms};
use std::collections::BTreeMap;
use std::path::Path;

/// Rows of a CSV table, the heading first.
type Rows = Vec<Vec<String>>;

/// Adds the tables of people to the inputs of a generated month, as far as the policy has such
/// units.
///
/// # Errors
/// A table that cannot be read again or written, and amounts that do not fit.
pub(super) fn add(folder: &Path, policy: &PreparedPolicy, period: &str) -> Result<(), Error> {
    let period = Period::parse(period)?;
    let terms = policy.policy.at(period.last)?;
    let inputs = Inputs::read(Some(folder), &policy.standing)?;
    let city = City {
        terms: &terms,
        period: &period,
        hospitals: &inputs.hospitals,
    };
    city.write(folder)
}

struct City<'c> {
    terms: &'c PolicyAt,
    period: &'c Period,
    hospitals: &'c [Hospital],
}

/// A table that grows, and what its rows ask of a line.
struct Asking {
    rows: Rows,
    /// In fen, by region.
    asked: BTreeMap<String, i128>,
}

impl Asking {
    fn new(heading: &[&str]) -> Self {
        Self {
            rows: vec![heading.iter().map(|name| (*name).to_owned()).collect()],
            asked: BTreeMap::new(),
        }
    }

    fn add(&mut self, region: &str, cells: &[&str], amount: Yuan) {
        self.rows
            .push(cells.iter().map(|cell| (*cell).to_owned()).collect());
        *self.asked.entry(region.to_owned()).or_default() += i128::from(amount.fen());
    }
}

fn wrong(error: drgdip_points::Error) -> Error {
    Error::input("inputs of the demo", error)
}

impl City<'_> {
    fn write(&self, folder: &Path) -> Result<(), Error> {
        let units = &self.terms.units;
        let tables = [
            (Line::ChronicPackages, "packages.csv", self.packages(units)?),
            (Line::HomeBeds, "home_beds.csv", self.home_beds(units)?),
            (Line::Capitation, "members.csv", self.members(units)),
            (Line::FamilyDoctor, "teams.csv", self.teams(units)?),
        ];
        let mut budgets = read(&folder.join("budgets.csv"))?;
        for (line, name, table) in tables {
            let Some(table) = table else {
                continue;
            };
            for (region, fen) in &table.asked {
                budgets.push(self.budget(line, region, *fen)?);
            }
            write_csv(&folder.join(name), &table.rows)?;
        }
        write_csv(&folder.join("budgets.csv"), &budgets)?;
        if units.capitation.is_some() {
            self.join_alliances(&folder.join("hospitals.csv"))?;
        }
        Ok(())
    }

    /// The primary care of a region, with numbers that differ from one to the next.
    fn primary_care(&self) -> impl Iterator<Item = (&str, &Hospital, u64)> {
        let all = self.hospitals.iter().zip(0_u64..);
        let care = all.filter(|(hospital, _)| hospital.is_primary_care);
        care.filter_map(|(hospital, number)| Some((hospital.region.as_deref()?, hospital, number)))
    }

    fn packages(&self, units: &UnitTerms) -> Result<Option<Asking>, Error> {
        let community = units.community.as_ref();
        let Some(terms) = community.filter(|terms| terms.packages_overrun.is_some()) else {
            return Ok(None);
        };
        let mut table = Asking::new(&["package", "hospital_id", "persons"]);
        for (region, hospital, number) in self.primary_care() {
            for (package, more) in terms.packages.keys().zip(0_u64..) {
                let persons = 240 + 17 * (number % 11) + 60 * more;
                let amount = community::package_months(package, persons, terms).map_err(wrong)?;
                let cells = [package, &hospital.hospital_id, &persons.to_string()];
                table.add(region, &cells.map(String::as_str), amount);
            }
        }
        Ok(Some(table))
    }

    fn home_beds(&self, units: &UnitTerms) -> Result<Option<Asking>, Error> {
        let community = units.community.as_ref();
        let is_paid = |pays: Pays| matches!(pays, Pays::Line(_));
        let Some(terms) = community.filter(|terms| is_paid(terms.home_bed_pays)) else {
            return Ok(None);
        };
        let mut table = Asking::new(&["hospital_id", "visit_days"]);
        for (region, hospital, number) in self.primary_care() {
            let days = 60 + u32::try_from(number % 13).expect("a small number") * 7;
            let amount = community::home_bed(days, terms).map_err(wrong)?;
            table.add(region, &[&hospital.hospital_id, &days.to_string()], amount);
        }
        Ok(Some(table))
    }

    fn teams(&self, units: &UnitTerms) -> Result<Option<Asking>, Error> {
        let Some(terms) = units.family_doctor else {
            return Ok(None);
        };
        let month = self.period.first.month().unsigned_abs();
        let mut table = Asking::new(&["team", "members", "score", "hospital_id"]);
        for (region, hospital, number) in self.primary_care() {
            for team in 1..=2_u64 {
                let members = 1_400 + 37 * (number % 9) + 110 * team;
                let rounding = Rounding::HalfAwayFromZero;
                let fee = family_doctor::month(members, month, &terms, rounding).map_err(wrong)?;
                let name = format!("{}-T{team}", hospital.hospital_id);
                let score = (80 + number % 15 + team).to_string();
                let cells = [&name, &members.to_string(), &score, &hospital.hospital_id];
                table.add(region, &cells.map(String::as_str), fee);
            }
        }
        Ok(Some(table))
    }

    /// Members of every band; a month only watches, so that nothing is asked.
    fn members(&self, units: &UnitTerms) -> Option<Asking> {
        let terms = units.capitation.as_ref()?;
        let mut table = Asking::new(&["alliance", "age_band", "persons"]);
        for region in self.terms.regions.keys() {
            if !self
                .hospitals
                .iter()
                .any(|h| h.region.as_ref() == Some(region))
            {
                continue;
            }
            for (band, number) in terms.rates.keys().zip(1_u64..) {
                let persons = (9_000 + 2_500 * number).to_string();
                table.add(region, &[&alliance(region), band, &persons], Yuan::ZERO);
            }
        }
        Some(table)
    }

    /// A budget a little below what packages ask, and a little above what others do.
    fn budget(&self, line: Line, region: &str, asked: i128) -> Result<Vec<String>, Error> {
        const THOUSAND_YUAN: i128 = 100_000;
        let percent = if line == Line::ChronicPackages {
            97
        } else {
            102
        };
        let fen = asked * percent / 100 / THOUSAND_YUAN * THOUSAND_YUAN;
        let amount = Yuan::try_from_fen(fen).map_err(|e| Error::input("budget", e))?;
        let insurance = self.terms.insurances.keys().next();
        let insurance = insurance.cloned().unwrap_or_default();
        let (period, amount) = (&self.period.text, amount.to_string());
        let cells = [region, &insurance, "", period, &amount, line.code()];
        Ok(cells.map(str::to_owned).to_vec())
    }

    /// The first hospital of each region and all its primary care make its alliance.
    fn join_alliances(&self, path: &Path) -> Result<(), Error> {
        let mut rows = read(path)?;
        let mut firsts: BTreeMap<&str, &str> = BTreeMap::new();
        for hospital in self.hospitals {
            let region = hospital.region.as_deref().unwrap_or_default();
            firsts.entry(region).or_insert(&hospital.hospital_id);
        }
        let members: BTreeMap<&str, &str> = self
            .hospitals
            .iter()
            .filter_map(|h| Some((h.hospital_id.as_str(), h.region.as_deref()?, h)))
            .filter(|(id, region, h)| h.is_primary_care || firsts.get(region) == Some(id))
            .map(|(id, region, _)| (id, region))
            .collect();
        for (number, row) in rows.iter_mut().enumerate() {
            let region = row.first().and_then(|id| members.get(id.as_str()));
            let cell = match (number, region) {
                (0, _) => "alliance".to_owned(),
                (_, Some(region)) => alliance(region),
                _ => String::new(),
            };
            row.push(cell);
        }
        write_csv(path, &rows)
    }
}

fn alliance(region: &str) -> String {
    format!("{region}-L1")
}

fn read(path: &Path) -> Result<Rows, Error> {
    let wrong = |e: csv::Error| Error::file(path, "read it again", &std::io::Error::other(e));
    let mut reader = csv::ReaderBuilder::new();
    let mut reader = reader.has_headers(false).from_path(path).map_err(wrong)?;
    let rows = reader.records().map(|record| {
        let record = record.map_err(wrong)?;
        Ok(record.iter().map(str::to_owned).collect())
    });
    rows.collect()
}
