//! A case of a settled folder, from its claim to the fen.

use super::dip::Catalogue;
use super::facts::Facts;
use super::of_units::{self, Redo, Units};
use super::points::{Award, Awarded, NEEDS_CLAIM};
use super::run::SettledRun;
use super::share::{Amounts, Place, before, decimal};
use super::{Explanation, Part, Step, coefficient, hospital, linked, share};
use crate::find::{FoundClaim, TextRow};
use crate::settle::units::reports::NOTES;
use crate::{Error, Progress};
use drgdip_claims::Finding;
use drgdip_points::Ratio;
use drgdip_tables::policy::{DateSelector, PolicyAt, ValueFamily};
use jiff::civil::Date;
use std::path::{Path, PathBuf};

/// Explains every row of a settled folder that has this `case_id`.
///
/// `claims` are the files of the claims; none takes them from where the run found them. They are
/// only read where a step needs what only they hold, such as the days of a stay.
///
/// # Errors
/// A folder that is no settlement or whose copies were changed, a case that it does not have,
/// claims that are not those of the run, and an interruption.
pub fn explain_case(
    folder: &Path,
    case_id: &str,
    claims: &[PathBuf],
    progress: &dyn Progress,
) -> Result<Vec<Explanation>, Error> {
    let run = SettledRun::open(folder)?;
    let rows = run.rows("cases.parquet", ("case_id", case_id), progress)?;
    if rows.is_empty() {
        let problem = format!("the settled run has no case {case_id}.");
        return Err(Error::input(folder.display(), problem).with_hint("Check the key."));
    }
    let findings = run.rows("findings.parquet", ("case_id", case_id), progress)?;
    let has_units = run.has(NOTES) && !run.rows(NOTES, ("case_id", case_id), progress)?.is_empty();
    let needs_claim = has_units || rows.iter().any(|row| needs_claim(&run, row, &findings));
    let facts = match needs_claim || !claims.is_empty() {
        true => Facts::find(&run, case_id, claims, progress)?,
        false => Facts::Found(Vec::new()),
    };
    let mut explained = Vec::new();
    for (number, row) in rows.iter().enumerate() {
        let case = Case {
            run: &run,
            case_id,
            row,
            findings: &findings,
            claim: match &facts {
                Facts::Found(found) => found.get(number),
                Facts::Missing(_) => None,
            },
            missing: match &facts {
                Facts::Missing(file) if needs_claim => Some(file),
                _ => None,
            },
        };
        explained.push(case.explain(progress)?);
    }
    Ok(explained)
}

/// Whether a case can only be explained with its claim.
fn needs_claim(run: &SettledRun, row: &TextRow, findings: &[TextRow]) -> bool {
    let class = row.get("case_class").map_or("", String::as_str);
    let is_by_stay = matches!(class, "bed_day" | "transfer" | "short_stay");
    let is_late =
        has(findings, Finding::LateUpload) || has(findings, Finding::DischargeBeforePeriod);
    let changes = run.policy.changes().len() > 1;
    // The catalogue is asked again for the group and the subtype.
    let is_dip = row.contains_key("layer");
    is_by_stay || is_late || changes || is_dip
}

fn has(findings: &[TextRow], finding: Finding) -> bool {
    let code = finding.code();
    findings
        .iter()
        .any(|row| row.get("code").is_some_and(|stated| stated == code))
}

struct Case<'c> {
    run: &'c SettledRun,
    case_id: &'c str,
    row: &'c TextRow,
    findings: &'c [TextRow],
    claim: Option<&'c FoundClaim>,
    /// The claim file that is gone, where a step needs it.
    missing: Option<&'c String>,
}

impl Case<'_> {
    fn text(&self, column: &str) -> &str {
        self.row.get(column).map_or("", String::as_str)
    }

    fn explain(&self, progress: &dyn Progress) -> Result<Explanation, Error> {
        let mut parts = vec![self.facts()];
        let mut differences = Vec::new();
        let catalogue = Catalogue::of(self.run, self.row);
        parts.extend(self.regrouped(&catalogue, &mut differences));
        let catalogue = catalogue.ok().flatten();
        let date = self.date();
        if self.text("case_class") == "unpaid" {
            parts.push(self.unpaid(progress)?);
        } else if let Some(date) = date {
            let terms = self.run.terms(date)?;
            let with = (&terms, catalogue.as_ref());
            parts.push(self.points(with, &mut differences, progress)?);
            parts.extend(self.money(&mut differences, progress)?);
            let case = (self.case_id, self.text("pool"));
            let by = (self.run, &terms);
            parts.extend(of_units::lines(by, case, &mut differences, progress)?);
        } else {
            let step = Step::new("政策日期 date of the policy", "").by(NEEDS_CLAIM);
            parts.push(Part {
                title: "点数 points".to_owned(),
                steps: vec![step.keys(&["dates.selected_by"])],
            });
            parts.extend(self.money(&mut differences, progress)?);
        }
        let steps = parts.iter().flat_map(|part| &part.steps);
        let at = date.unwrap_or(self.run.period.last);
        Ok(Explanation {
            title: format!(
                "病例 Case {} · 医院 hospital {} · 基金池 pool {} · {}",
                self.case_id,
                self.text("hospital_id"),
                self.text("pool"),
                self.run.period.text
            ),
            parameters: self.run.parameters(steps, at)?,
            parts,
            differences,
        })
    }

    /// The day on which the policy is read; `None` where only the claim could say it.
    fn date(&self) -> Option<Date> {
        let last = self.run.period.last;
        let by_discharge = self.run.terms(last).ok()?.selected_by == DateSelector::Discharge;
        if !by_discharge || self.run.policy.changes().len() == 1 {
            return Some(last);
        }
        self.claim.and_then(|claim| claim.discharge_date)
    }

    fn facts(&self) -> Part {
        let mut steps = Vec::new();
        let mut add = |item: &str, column: &str| {
            if let Some(value) = self.row.get(column) {
                steps.push(Step::new(item, value));
            }
        };
        add("病组 group", "group");
        add("总费用 C total cost", "total_cost");
        add("个人及其他基金 U patient side", "patient_side");
        if let Some(claim) = self.claim {
            let place = format!("{}, row {}", claim.file.display(), claim.row);
            steps.push(Step::new("结算清单 claim", place));
            if let Some(date) = claim.discharge_date {
                steps.push(Step::new("出院日期 date of discharge", date));
            }
        }
        if let Some(file) = self.missing {
            let text =
                format!("{file}: 文件不在或已改变 not there, or another file than the run had");
            steps.push(Step::new("结算清单 claim", "").by(text));
        }
        for row in self.findings {
            let get = |column: &str| row.get(column).map_or("", String::as_str);
            let text = format!("{} {}", get("message_zh"), get("message_en"));
            let step = Step::new("质控发现 finding", get("code")).by(text);
            steps.push(match get("code") == Finding::DischargeBeforePeriod.code() {
                true => step.keys(&["case.late"]),
                false => step,
            });
        }
        Part {
            title: "病例 the case".to_owned(),
            steps,
        }
    }

    /// What the DIP catalogue says of the case, found again.
    fn regrouped(
        &self,
        catalogue: &Result<Option<Catalogue>, String>,
        differences: &mut Vec<String>,
    ) -> Option<Part> {
        let item = "病种库 catalogue";
        let steps = match (catalogue, self.claim) {
            (Ok(None), _) => return None,
            (Ok(Some(catalogue)), Some(claim)) => {
                let again = catalogue.regroup(claim, self.row);
                differences.extend(again.differences);
                again.steps
            }
            (Ok(Some(_)), None) => vec![Step::new(item, self.text("plan")).by(NEEDS_CLAIM)],
            (Err(why), _) => vec![Step::new(item, self.text("plan")).by(why.clone())],
        };
        Some(Part {
            title: "分组 grouping".to_owned(),
            steps,
        })
    }

    fn unpaid(&self, progress: &dyn Progress) -> Result<Part, Error> {
        let code = self.text("unpaid_reason");
        let finding = Finding::ALL.iter().find(|finding| finding.code() == code);
        let text = finding.map_or_else(String::new, |finding| {
            let (zh, en, hint) = (finding.chinese(), finding.english(), finding.hint());
            format!("{zh} {en} → {hint}")
        });
        let step = Step::new("不支付 unpaid", code).by(text);
        let mut steps = vec![step.keys(finding.map_or(&[], |f| behind(*f)))];
        if finding == Some(&Finding::CheckRejected) {
            steps.extend(self.run.rejecting_rules(self.case_id, progress)?);
        }
        steps.push(Step::new("点数与支付 points and payment", "0"));
        Ok(Part {
            title: "不支付原因 why it is not paid".to_owned(),
            steps,
        })
    }

    fn points(
        &self,
        (terms, catalogue): (&PolicyAt, Option<&Catalogue>),
        differences: &mut Vec<String>,
        progress: &dyn Progress,
    ) -> Result<Part, Error> {
        let is_late = has(self.findings, Finding::LateUpload);
        let mut units = Units::find(self.run, self.case_id, progress)?;
        differences.extend(self.redo(&mut units, (terms, catalogue), progress)?);
        let mut steps = std::mem::take(&mut units.steps);
        let award = Award::new((self.run, terms), self.row, (self.claim, is_late))?;
        let awarded = award.with(units).of_catalogue(catalogue).steps()?;
        let Awarded { points, .. } = awarded;
        steps.extend(awarded.steps);
        let (linked, after) = linked::steps(self.run, self.case_id, progress)?;
        steps.extend(linked);
        let stated = self.text("points");
        let found = after.or_else(|| points.map(|points| points.to_string()));
        if let Some(found) = found.filter(|found| found != stated) {
            differences.push(format!(
                "重算点数 {found} 与文件 {stated} 不符: the points computed again differ from the file."
            ));
        }
        let rounding = Step::new("病例点数 p points of the case", stated);
        steps.push(rounding.keys(&["points.rounding", "dates.selected_by"]));
        Ok(Part {
            title: format!("点数 points（政策日期 policy of {}）", terms.date),
            steps,
        })
    }

    /// Judges what units did again, where the claim is at hand.
    fn redo(
        &self,
        units: &mut Units,
        (terms, catalogue): (&PolicyAt, Option<&Catalogue>),
        progress: &dyn Progress,
    ) -> Result<Vec<String>, Error> {
        let Some(claim) = self.claim.filter(|_| units.has_notes()) else {
            return Ok(Vec::new());
        };
        let day = claim.discharge_date;
        let Some(hospital) = coefficient::hospital(self.run, self.text("hospital_id"), day) else {
            return Ok(Vec::new());
        };
        let group = self.row.get("group").map(String::as_str);
        if terms.primary_care_price && self.row.contains_key("layer") && catalogue.is_none() {
            // Without the catalogue nobody knows whether the group has one price.
            return Ok(Vec::new());
        }
        let code = group.unwrap_or_default();
        let k = match catalogue.is_some_and(|catalogue| catalogue.has_one_price(code, terms)) {
            true => Ratio::ONE,
            false => coefficient::coefficient(self.run, terms, (hospital, group))?.0,
        };
        units.redo(&Redo {
            run: self.run,
            terms,
            case_id: self.case_id,
            row: self.row,
            file: &claim.file,
            hospital,
            coefficient: k,
            progress,
        })
    }

    /// From points to the payment: the pool's value, the hospital's gross, the case's share.
    fn money(
        &self,
        differences: &mut Vec<String>,
        progress: &dyn Progress,
    ) -> Result<Vec<Part>, Error> {
        let (pool, id) = (self.text("pool"), self.text("hospital_id"));
        let all = hospital::lines(self.run, (id, Some(pool)), progress)?;
        let lines = all.get(pool).map_or(&[][..], Vec::as_slice);
        let mut parts = hospital::parts(lines, &["value", "points", "earned"]);
        let of_hospital = self
            .run
            .rows("hospitals.parquet", ("hospital_id", id), progress)?;
        let row = of_hospital
            .iter()
            .find(|row| row.get("pool").is_some_and(|p| p == pool));
        let Some(row) = row else {
            let problem = format!("the run has no row for hospital {id} in pool {pool}.");
            return Err(Error::input("hospitals.parquet", problem));
        };
        let place = Place {
            case_id: self.case_id,
            pool,
            hospital: id,
        };
        let terms = self.run.terms(self.run.period.last)?;
        let pools = self.run.rows("pools.parquet", ("pool", pool), progress)?;
        // A pool without points pays nothing, so there is nothing to take the patient side off.
        let has_points = pools.first().is_some_and(|row| units(row, "points") != 0);
        let is_net = terms.value.family == ValueFamily::C && has_points;
        let amounts = Amounts {
            gross: units(row, "gross"),
            all_points: units(row, "points"),
            cases: row
                .get("cases")
                .and_then(|cases| cases.parse().ok())
                .unwrap_or(0),
            points: units(self.row, "points"),
            side: is_net.then(|| units(self.row, "patient_side")),
        };
        let (steps, paid) = share::steps(before(self.run, &place, progress)?, &amounts);
        parts.push(Part {
            title: "本例份额 its share, by cumulative rounding in case_id order".to_owned(),
            steps,
        });
        let stated = units(self.row, "payment");
        if paid != stated {
            let (paid, stated) = (decimal(paid, 2), decimal(stated, 2));
            differences.push(format!(
                "重算支付 {paid} 与文件 {stated} 不符: the payment computed again differs from the file."
            ));
        }
        Ok(parts)
    }
}

/// A decimal column in units of its last place.
fn units(row: &TextRow, column: &str) -> i128 {
    let digits = row
        .get(column)
        .map_or_else(String::new, |text| text.replace('.', ""));
    digits.parse().unwrap_or(0)
}

/// The keys of the policy that keep a case from being paid.
const fn behind(finding: Finding) -> &'static [&'static str] {
    match finding {
        Finding::GroupWithoutWeight => &["case.without_weight"],
        Finding::UngroupedUnpaid => &["case.ungrouped", "case.ambiguous"],
        Finding::UnstableGroup => &[
            "case.unstable.treatment",
            "case.unstable.cases",
            "case.unstable.variation",
            "case.unstable.groups",
        ],
        Finding::DischargeBeforePeriod => &["case.late"],
        Finding::RegionNotSettled => &["pool.regions", "pool.units", "pool.out_of_area"],
        Finding::InsuranceUnknown => &["pool.insurances"],
        Finding::PolicyDateMissing => &["dates.selected_by"],
        Finding::PaymentPartsMissing => &["value.family", "value.patient_side"],
        _ => &[],
    }
}
