//! What teams and hospitals ask of their lines.

use super::{Asked, AskedParty, Party, Step, alliances, rounding, wrong};
use crate::Error;
use crate::inputs::{Hospital, InputTable, Inputs, SheetRow};
use crate::settle::PoolReport;
use crate::settle::setting::Setting;
use crate::settle::units::LineReport;
use drgdip_claims::Yuan;
use drgdip_points::Ratio;
use drgdip_points::units::{community, family_doctor};
use drgdip_tables::policy::{CommunityTerms, FamilyDoctorTerms, Line};
use std::collections::BTreeMap;

/// Asks for a region.
pub(super) struct Asker<'a> {
    pub(super) setting: &'a Setting<'a>,
    pub(super) inputs: &'a Inputs,
    pub(super) pools: &'a [PoolReport],
    /// What lines pay of cases.
    pub(super) lines: &'a [LineReport],
    pub(super) region: &'a str,
}

impl Asker<'_> {
    pub(super) fn of(&self, line: Line) -> Result<Asked, Error> {
        let units = &self.setting.terms.units;
        match (
            line,
            &units.community,
            &units.capitation,
            units.family_doctor,
        ) {
            (Line::ChronicPackages, Some(terms), ..) => self.packages(terms),
            (Line::HomeBeds, Some(terms), ..) => self.home_beds(terms),
            (Line::Capitation, _, Some(terms), _) => alliances::ask(self, terms),
            (Line::FamilyDoctor, .., Some(terms)) => self.teams(&terms),
            _ => Ok(Asked::default()),
        }
    }

    /// The hospital that a row names, or an error at the row.
    fn hospital(&self, row: &SheetRow, id: &str) -> Result<&Hospital, Error> {
        let number = self.setting.hospital_numbers.get(id);
        let rows = number.and_then(|number| self.setting.hospitals.get(*number as usize));
        rows.and_then(|rows| rows.last()).ok_or_else(|| {
            row.wrong(format!("the hospitals table has no hospital {id}."))
                .with_hint("Correct the key, or add the hospital.")
        })
    }

    /// Whether a hospital stands in the region; one without a region does where there is only one.
    pub(super) fn is_here(&self, hospital: &Hospital) -> bool {
        let regions = &self.setting.terms.regions;
        match &hospital.region {
            Some(region) => region == self.region,
            None => regions.len() == 1,
        }
    }

    /// The rows of a table about hospitals of the region, by hospital.
    fn by_hospital(&self, table: InputTable) -> Result<BTreeMap<&str, Vec<&SheetRow>>, Error> {
        let mut found: BTreeMap<&str, Vec<&SheetRow>> = BTreeMap::new();
        for row in self.inputs.rows(table) {
            let id = row.required("hospital_id");
            if self.is_here(self.hospital(row, id)?) {
                found.entry(id).or_default().push(row);
            }
        }
        Ok(found)
    }

    /// How many months the period has.
    fn months(&self) -> u64 {
        if self.setting.period.is_year() { 12 } else { 1 }
    }

    /// Patient-months of packages; in a month each patient counts once.
    fn packages(&self, terms: &CommunityTerms) -> Result<Asked, Error> {
        let mut asked = Asked::default();
        for (id, rows) in self.by_hospital(InputTable::Packages)? {
            let (mut steps, mut amounts) = (Vec::new(), Vec::new());
            for row in rows {
                let package = row.required("package");
                let persons = count(row, "persons");
                let stated = row.has("months").then(|| count(row, "months"));
                if stated.is_some_and(|months| months > 12) {
                    return Err(row.wrong("a year has no more than 12 months."));
                }
                let months = stated.unwrap_or(self.months()).min(self.months());
                let number = persons.saturating_mul(months);
                let amount = community::package_months(package, number, terms);
                let amount = amount.map_err(|e| row.wrong(e))?;
                let price = terms.packages[package].month_fen;
                let title = &terms.packages[package].title;
                amounts.push(amount);
                steps.push(
                    Step::amount(format!("服务包 package {package} {title}"), amount)
                        .by(format!(
                            "{persons} 人 persons × {months} 月 months × {}",
                            Yuan::from_fen(price)
                        ))
                        .keys(&["unit.community.packages (table)"]),
                );
            }
            asked.parties.push(AskedParty {
                party: hospital_party(id),
                steps,
                amount: Yuan::total(amounts).map_err(super::overflow)?,
                borne: None,
            });
        }
        Ok(asked)
    }

    fn home_beds(&self, terms: &CommunityTerms) -> Result<Asked, Error> {
        let mut asked = Asked::default();
        for (id, rows) in self.by_hospital(InputTable::HomeBeds)? {
            let row = rows[0];
            let days = u32::try_from(count(row, "visit_days"));
            let days = days.map_err(|_| row.wrong("there are too many visit-days."))?;
            let amount = community::home_bed(days, terms).map_err(|e| row.wrong(e))?;
            let price = Yuan::from_fen(terms.home_bed_fen.unwrap_or_default());
            asked.parties.push(AskedParty {
                party: hospital_party(id),
                steps: vec![
                    Step::amount("家庭病床 home beds", amount)
                        .by(format!("{days} 床日 visit-days × {price}"))
                        .keys(&["unit.community.home_bed", "unit.community.home_bed_pays"]),
                ],
                amount,
                borne: None,
            });
        }
        Ok(asked)
    }

    /// In a month what is fixed, on account; for the year the whole fee.
    fn teams(&self, terms: &FamilyDoctorTerms) -> Result<Asked, Error> {
        let mut rows: Vec<&SheetRow> = self.inputs.rows(InputTable::Teams).iter().collect();
        rows.sort_by_key(|row| row.required("team"));
        let mut asked = Asked::default();
        for row in rows {
            let hospital = row.text("hospital_id");
            let is_here = match hospital {
                Some(id) => self.is_here(self.hospital(row, id)?),
                None if self.setting.terms.regions.len() == 1 => true,
                None => {
                    let hint = "The policy settles several regions: add hospital_id.";
                    return Err(row.wrong("the team has no hospital.").with_hint(hint));
                }
            };
            if !is_here {
                continue;
            }
            let (steps, amount) = self.team(row, terms)?;
            asked.parties.push(AskedParty {
                party: Party {
                    kind: "team",
                    id: row.required("team").to_owned(),
                    hospital: hospital.unwrap_or_default().to_owned(),
                },
                steps,
                amount,
                borne: None,
            });
        }
        Ok(asked)
    }

    fn team(&self, row: &SheetRow, terms: &FamilyDoctorTerms) -> Result<(Vec<Step>, Yuan), Error> {
        const FIXED: [&str; 2] = ["unit.family_doctor.rate", "unit.family_doctor.fixed_share"];
        const FEE: [&str; 3] = [FIXED[0], FIXED[1], "unit.family_doctor.full_score"];
        let persons = count(row, "members");
        let rate = Yuan::from_fen(terms.rate_fen);
        let rounding = rounding(self.setting);
        let bad = |e| wrong(Line::FamilyDoctor, e);
        let fixed = terms.fixed_share.normalize();
        let mut steps = vec![Step::quantity(
            "签约服务人数 persons served",
            row.number("members").unwrap_or_default(),
        )];
        let month = |month| family_doctor::month(persons, month, terms, rounding).map_err(bad);
        if !self.setting.period.is_year() {
            let number = self.setting.period.first.month().unsigned_abs();
            let amount = month(number)?;
            let how = format!("{persons} × {rate} × {fixed} / 12");
            let item = "按月预付 on account for the month";
            steps.push(Step::amount(item, amount).by(how).keys(&FIXED));
            return Ok((steps, amount));
        }
        let Some(score) = row.number("score") else {
            let problem = "the team has no score, which its fee for the year hangs on.";
            return Err(row.wrong(problem));
        };
        steps.push(Step::quantity("考核得分 score", score));
        let team = family_doctor::Team {
            persons,
            score: Ratio::from_ten_thousandths(score).map_err(bad)?,
        };
        let fee = family_doctor::fee(team, terms, rounding).map_err(bad)?;
        let months = (1..=12).map(month).collect::<Result<Vec<_>, _>>()?;
        let tail = family_doctor::tail(fee, &months).map_err(bad)?;
        let on_account = Yuan::total(months).map_err(super::overflow)?;
        let full = terms.full_score.normalize();
        let how =
            format!("{persons} × {rate} × ({fixed} + (1 − {fixed}) × min(score / {full}, 1))");
        let item = "签约服务费 fee of the year";
        steps.push(Step::amount(item, fee).by(how).keys(&FEE));
        let item = "其中按月部分 of which twelve months on account";
        steps.push(Step::amount(item, on_account).keys(&FIXED));
        let item = "年终尾款 tail at the end of the year";
        steps.push(Step::amount(item, tail).by(format!("{fee} − {on_account}")));
        Ok((steps, fee))
    }
}

/// A whole number of a row.
pub(super) fn count(row: &SheetRow, column: &str) -> u64 {
    let number = row.number(column).unwrap_or_default() / 10_000;
    u64::try_from(number).unwrap_or_default()
}

fn hospital_party(id: &str) -> Party {
    Party {
        kind: "hospital",
        id: id.to_owned(),
        hospital: id.to_owned(),
    }
}
