//! Settlement inputs that fit generated claims: what the funds paid becomes the budget, what the
//! hospitals did becomes last year's points.

use super::SynthJob;
use super::units::{PolicyUnits, efficacy_rows, group_rows, percent};
use crate::Error;
use crate::flat::four_places;
use crate::inputs::{Hospital, Insurance};
use crate::output::StagedFiles;
use crate::settle::setting::{Period, day_number, units};
use drgdip_claims::Yuan;
use drgdip_synth::{ClaimRows, Synth};
use drgdip_tables::policy::{Line, PolicyAt};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What the generated claims add up to.
pub(super) struct Experience {
    hospitals: Vec<String>,
    regions: Vec<String>,
    insurances: Vec<String>,
    days: std::ops::RangeInclusive<i32>,
    /// By region, insurance and hospital: what the fund paid, in fen.
    fund: BTreeMap<(u16, u16, u32), i128>,
    /// By region, insurance and hospital: the total cost, in fen.
    cost: BTreeMap<(u16, u16, u32), i128>,
    /// What claims can state for payment units, where they do.
    units: Option<PolicyUnits>,
    /// By region, insurance and line: about what is asked of the line, in fen.
    asked: BTreeMap<(u16, u16, Line), i128>,
    /// TCM cases with the number of their disease.
    tcm: Vec<(String, usize)>,
}

/// A row of a table, cell by cell.
pub(super) type Row = Vec<String>;

impl Experience {
    pub(super) fn new(synth: &Synth, period: &Period, units: Option<PolicyUnits>) -> Self {
        Self {
            hospitals: synth.hospitals().to_vec(),
            regions: synth.regions().to_vec(),
            insurances: synth.insurances().to_vec(),
            days: day_number(period.first)..=day_number(period.last),
            fund: BTreeMap::new(),
            cost: BTreeMap::new(),
            units,
            asked: BTreeMap::new(),
            tcm: Vec::new(),
        }
    }

    /// The same world with nothing seen in it.
    pub(super) fn empty(&self) -> Self {
        Self {
            hospitals: Vec::new(),
            regions: Vec::new(),
            insurances: Vec::new(),
            days: self.days.clone(),
            fund: BTreeMap::new(),
            cost: BTreeMap::new(),
            units: self.units.clone(),
            asked: BTreeMap::new(),
            tcm: Vec::new(),
        }
    }

    /// Adds the claims that a settlement would pay.
    pub(super) fn see(&mut self, rows: &ClaimRows) {
        for row in 0..rows.len() {
            let (Some(region), Some(cost), Some(day)) = (
                rows.region[row],
                rows.total_cost[row],
                rows.discharge_date[row],
            ) else {
                continue;
            };
            if cost <= 0 || !self.days.contains(&day) {
                continue;
            }
            let insurance = rows.insurance[row];
            let key = (region, insurance, rows.hospital[row]);
            *self.fund.entry(key).or_default() += i128::from(rows.fund_paid[row]);
            *self.cost.entry(key).or_default() += i128::from(cost);
        }
        self.see_units(rows);
    }

    /// Adds what the claims ask of lines, which pools then need not pay.
    fn see_units(&mut self, rows: &ClaimRows) {
        let Some(units) = &self.units else {
            return;
        };
        for (row, facts) in &rows.units {
            let (Some(region), Some(day)) = (rows.region[*row], rows.discharge_date[*row]) else {
                continue;
            };
            if !self.days.contains(&day) {
                continue;
            }
            let insurance = rows.insurance[*row];
            for (line, fen) in units.asked(insurance, rows.fund_paid[*row], facts) {
                *self.asked.entry((region, insurance, line)).or_default() += fen;
                let key = (region, insurance, rows.hospital[*row]);
                *self.fund.entry(key).or_default() -= fen;
            }
            if let Some((disease, _)) = facts.tcm {
                let id = String::from_utf8_lossy(&rows.case_id[*row]);
                self.tcm.push((id.into_owned(), disease));
            }
        }
    }

    pub(super) fn add(&mut self, more: &Self) {
        for (key, fen) in &more.fund {
            *self.fund.entry(*key).or_default() += fen;
        }
        for (key, fen) in &more.cost {
            *self.cost.entry(*key).or_default() += fen;
        }
        for (key, fen) in &more.asked {
            *self.asked.entry(*key).or_default() += fen;
        }
        self.tcm.extend_from_slice(&more.tcm);
    }
}

/// Writes hospitals, budgets and prior points.
pub(super) fn write(
    job: &SynthJob<'_>,
    experience: &Experience,
    hospitals: &[Hospital],
    period: &Period,
    staged: &mut StagedFiles,
) -> Result<Vec<PathBuf>, Error> {
    let mut tables = vec![
        ("hospitals.csv", hospital_rows(hospitals)),
        (
            "budgets.csv",
            budget_rows(job, experience, (hospitals, period))?,
        ),
        ("prior.csv", prior_rows(job, experience, hospitals, period)?),
    ];
    if let Some(units) = &experience.units {
        tables.push(("groups.csv", group_rows(job, period)?));
        let terms = job.policy.policy.at(period.last)?;
        let cases = experience.tcm_cases();
        tables.push((
            "efficacy.csv",
            efficacy_rows(&cases, &units.mix, &terms.units),
        ));
    }
    let mut written = Vec::new();
    for (name, rows) in tables {
        let target = job.inputs.join(name);
        write_csv(&staged.stage(&target)?, &rows)?;
        written.push(target);
    }
    Ok(written)
}

/// Writes an input table, its header first.
pub(crate) fn write_csv(path: &Path, rows: &[Vec<String>]) -> Result<(), Error> {
    let wrong = |e: csv::Error| Error::file(path, "write it", &std::io::Error::other(e));
    let mut writer = csv::Writer::from_path(path).map_err(wrong)?;
    for row in rows {
        writer.write_record(row).map_err(wrong)?;
    }
    writer
        .flush()
        .map_err(|e| Error::file(path, "write it", &e))
}

fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(str::to_owned).to_vec()
}

fn hospital_rows(hospitals: &[Hospital]) -> Vec<Vec<String>> {
    let mut rows = vec![row([
        "hospital_id",
        "name",
        "level",
        "unit",
        "primary_care",
        "coefficient",
        "from",
        "until",
        "region",
    ])];
    let date = |date: Option<jiff::civil::Date>| date.map(|d| d.to_string()).unwrap_or_default();
    rows.extend(hospitals.iter().map(|hospital| {
        row([
            &hospital.hospital_id,
            &hospital.name,
            &hospital.level,
            hospital.unit.as_deref().unwrap_or_default(),
            if hospital.is_primary_care {
                "yes"
            } else {
                "no"
            },
            &hospital.coefficient.map(four_places).unwrap_or_default(),
            &date(hospital.from),
            &date(hospital.until),
            hospital.region.as_deref().unwrap_or_default(),
        ])
    }));
    rows
}

/// A budget that pays a little more than the fund paid, in whole ten thousand yuan.
fn budget_rows(
    job: &SynthJob<'_>,
    experience: &Experience,
    (hospitals, period): (&[Hospital], &Period),
) -> Result<Vec<Vec<String>>, Error> {
    const TEN_THOUSAND_YUAN: i128 = 1_000_000;
    let terms = job.policy.policy.at(period.last)?;
    let mut rows = vec![row([
        "region",
        "insurance",
        "unit",
        "period",
        "amount",
        "line",
    ])];
    for region in terms.regions.keys() {
        for insurance in terms.insurances.keys() {
            let units = units(&terms);
            for unit in &units {
                let is_of_unit = |id: &str| unit_of(&units, hospitals, id) == *unit;
                let fund = experience.fund_of(region, insurance, is_of_unit);
                let fen = fund * 108 / 100 / TEN_THOUSAND_YUAN * TEN_THOUSAND_YUAN;
                let fen = fen + TEN_THOUSAND_YUAN;
                let amount = Yuan::try_from_fen(fen).map_err(|e| Error::input("budget", e))?;
                let amount = amount.to_string();
                rows.push(row([region, insurance, unit, &period.text, &amount, ""]));
            }
            rows.extend(experience.line_rows((region, insurance, &units[0]), period)?);
        }
    }
    Ok(rows)
}

/// The unit whose pools pay a hospital; one that no table has is paid by the first.
fn unit_of(units: &[String], hospitals: &[Hospital], id: &str) -> String {
    let hospital = hospitals.iter().find(|known| known.hospital_id == id);
    let stated = hospital.and_then(|hospital| hospital.unit.as_ref());
    let found = units.iter().find(|unit| Some(*unit) == stated);
    found.unwrap_or(&units[0]).clone()
}

impl Experience {
    /// TCM cases with the number of their disease, each once, in the order of their ids.
    fn tcm_cases(&self) -> Vec<(String, usize)> {
        let mut cases = self.tcm.clone();
        cases.sort();
        cases.dedup_by(|one, other| one.0 == other.0);
        cases
    }

    /// The budgets of the lines that cases draw on, in whole thousand yuan.
    fn line_rows(
        &self,
        (region, insurance, unit): (&str, &str, &str),
        period: &Period,
    ) -> Result<Vec<Row>, Error> {
        const THOUSAND_YUAN: i128 = 100_000;
        let mut rows = Vec::new();
        for (line, overrun) in self.units.iter().flat_map(|units| &units.lines) {
            let mine = self.asked.iter().filter(|((r, i, l), _)| {
                l == line
                    && self.regions[usize::from(*r)] == region
                    && self.insurances[usize::from(*i)] == insurance
            });
            let asked: i128 = mine.map(|(_, fen)| fen).sum();
            let fen = asked * percent(*overrun) / 100 / THOUSAND_YUAN * THOUSAND_YUAN;
            let amount = Yuan::try_from_fen(fen).map_err(|e| Error::input("budget", e))?;
            let amount = amount.to_string();
            let cells = [region, insurance, unit, &period.text, &amount, line.code()];
            rows.push(row(cells));
        }
        Ok(rows)
    }

    fn fund_of(&self, region: &str, insurance: &str, pays: impl Fn(&str) -> bool) -> i128 {
        let mine = self.fund.iter().filter(|((r, i, h), _)| {
            self.regions[usize::from(*r)] == region
                && self.insurances[usize::from(*i)] == insurance
                && pays(&self.hospitals[*h as usize])
        });
        mine.map(|(_, fen)| fen).sum()
    }
}

/// Last year's points: this year's volume by cost, less or more by hospital, so that some
/// hospitals grow and some shrink. Every hospital of a region has a row in each of its pools.
fn prior_rows(
    job: &SynthJob<'_>,
    experience: &Experience,
    hospitals: &[Hospital],
    period: &Period,
) -> Result<Vec<Vec<String>>, Error> {
    let terms = job.policy.policy.at(period.last)?;
    let mean = i128::from(terms.case.mean_cost_fen);
    // A point is worth M / scale, in ten-thousandths of a yuan, less what costs have grown.
    let value = mean * 100 / i128::from(terms.case.scale) * 97 / 100;
    let value = i64::try_from(value).map_err(|e| Error::input("prior value", e))?;
    let value = four_places(value);
    let mut rows = vec![row(["pool", "hospital_id", "points", "value"])];
    for region in terms.regions.keys() {
        for word in terms.insurances.keys() {
            let insurance = Insurance::from_word(word);
            let insurance = insurance.map_or_else(|| word.clone(), |known| known.to_string());
            for (number, hospital) in hospitals.iter().enumerate() {
                let unit = unit_of(&units(&terms), hospitals, &hospital.hospital_id);
                let pool = format!("{region}-{insurance}-{unit}");
                let cost = experience.cost_of(region, word, &hospital.hospital_id);
                if cost == 0 && hospital.region.as_ref() != Some(region) {
                    continue;
                }
                let points = prior_points(cost, number, &terms)?;
                let points = four_places(points);
                rows.push(row([&pool, &hospital.hospital_id, &points, &value]));
            }
        }
    }
    Ok(rows)
}

/// Last year's points of a hospital, in ten-thousandths.
fn prior_points(cost: i128, number: usize, terms: &PolicyAt) -> Result<i64, Error> {
    let share = 88 + i128::try_from(number * 7 % 17).expect("a small number");
    let mean = i128::from(terms.case.mean_cost_fen);
    let points = cost * i128::from(terms.case.scale) * 10_000 / mean * share / 100;
    i64::try_from(points).map_err(|e| Error::input("prior points", e))
}

impl Experience {
    fn cost_of(&self, region: &str, insurance: &str, hospital: &str) -> i128 {
        let mine = self.cost.iter().filter(|((r, i, h), _)| {
            self.regions[usize::from(*r)] == region
                && self.insurances[usize::from(*i)] == insurance
                && self.hospitals[*h as usize] == hospital
        });
        mine.map(|(_, fen)| fen).sum()
    }
}
